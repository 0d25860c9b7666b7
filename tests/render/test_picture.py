"""What is said of files that were set apart: at any width, and as documents for programs."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from rich.console import Console, RenderableType

from provenance.render import as_json, picture
from tests.cli.conftest import MONDAY, is_harmless, too_wide

HASHES = [f"{number:02x}" * 32 for number in range(16)]
PICTURES = {1: HASHES[:2], 7: HASHES[2:3]}


@dataclass(frozen=True)
class Separation:
    id: int = 4
    at: datetime = MONDAY
    withdrawn_at: datetime | None = None
    off: tuple[str, ...] = (HASHES[2],)
    rest: tuple[str, ...] = tuple(HASHES[:2])


WITHDRAWN = replace(Separation(), id=5, withdrawn_at=MONDAY + timedelta(days=1))

ANSWERS: dict[str, Callable[[], RenderableType]] = {
    "split": lambda: picture.split(4, PICTURES, (), HASHES[2:3]),
    "split, many": lambda: picture.split(4, {1: HASHES}, (), HASHES),
    "split, not measured": lambda: picture.split(4, {1: HASHES[:2]}, HASHES[2:3], HASHES[2:3]),
    "unsplit": lambda: picture.unsplit(4, {1: HASHES[:3]}, ()),
    "unsplit, not measured": lambda: picture.unsplit(4, {}, HASHES),
    "listed": lambda: picture.listed([Separation(), WITHDRAWN, replace(WITHDRAWN, off=tuple(HASHES))]),
    "nothing listed": lambda: picture.listed([]),
}


def printed(answer: RenderableType, width: int = 120) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, emoji=False).print(answer, crop=False)
    return stream.getvalue()


def lines(answer: RenderableType) -> list[str]:
    return [each.rstrip() for each in printed(answer).splitlines()]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_at_every_width(name: str, width: int) -> None:
    text = printed(ANSWERS[name](), width)
    assert text.strip()
    assert is_harmless(text)
    assert too_wide(text, width) == []


def test_it_says_which_pictures_there_are_and_how_to_withdraw_it() -> None:
    assert lines(ANSWERS["split"]()) == [
        "Separation 4: set apart, whatever comes in, until",
        "  provenance picture unsplit 4",
        "picture:1: 2 files",
        "  000000000000 010101010101",
        "picture:7: 1 file, split off",
        "  020202020202",
    ]
    assert "  provenance picture unsplit 4" in printed(ANSWERS["split"](), 20).splitlines()


def test_a_withdrawal_says_what_is_one_again() -> None:
    assert lines(ANSWERS["unsplit"]()) == [
        "Separation 4 is withdrawn: what shows one picture is joined again.",
        "picture:1: 3 files",
        "  000000000000 010101010101 020202020202",
    ]


def test_many_files_are_counted() -> None:
    text = printed(ANSWERS["split, many"](), 400)
    assert "16 files" in text
    assert "0b0b0b0b0b0b and 4 more" in text
    assert "0c0c" not in text


def test_what_has_no_picture_yet_is_told() -> None:
    for name in ("split, not measured", "unsplit, not measured"):
        assert "still to be fingerprinted: the next import or `provenance reindex`" in printed(ANSWERS[name]())


def test_separations_are_listed_with_what_was_withdrawn() -> None:
    assert lines(picture.listed([Separation(), WITHDRAWN])) == [
        "Separation 4, 2024-12-23 12:00:00 UTC: stands",
        "  split off: 020202020202",
        "  from: 000000000000 010101010101",
        "Separation 5, 2024-12-23 12:00:00 UTC: withdrawn 2024-12-24 12:00:00 UTC",
        "  split off: 020202020202",
        "  from: 000000000000 010101010101",
    ]
    assert "provenance picture split picture:N FILE…" in printed(picture.listed([]))


def document(made: object) -> object:
    text = as_json.dumps(made)
    assert text.isascii()
    return json.loads(text)


def test_the_document_of_pictures() -> None:
    assert document(picture.document(4, PICTURES, HASHES[3:4])) == {
        "schema": "provenance/picture/1",
        "separation": 4,
        "pictures": [{"picture": 1, "files": HASHES[:2]}, {"picture": 7, "files": HASHES[2:3]}],
        "waiting": HASHES[3:4],
    }


def test_the_document_of_separations() -> None:
    stands = {"separation": 4, "at": "2024-12-23T12:00:00Z", "withdrawn_at": None}
    sides = {"off": HASHES[2:3], "rest": HASHES[:2]}
    assert document(picture.listed_document([Separation(), WITHDRAWN])) == {
        "schema": "provenance/separations/1",
        "separations": [
            stands | sides,
            stands | sides | {"separation": 5, "withdrawn_at": "2024-12-24T12:00:00Z"},
        ],
    }
    assert document(picture.listed_document([])) == {"schema": "provenance/separations/1", "separations": []}
