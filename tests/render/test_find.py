"""What `find` says: every value with what it is, and a zone that is not known is said to be so."""

import io
from datetime import datetime, timedelta

from rich.console import Console, RenderableType

from provenance.core import chain
from provenance.core.found import FindAnswer, FoundFile, MatchedPlace, MatchedTime, MatchedTrait
from provenance.render import find
from tests.core.build import file, sighting


def shown(what: RenderableType) -> str:
    stream = io.StringIO()
    Console(file=stream, width=120, highlight=False, markup=False, emoji=False).print(what, crop=False)
    return stream.getvalue()


LOCAL = datetime(2024, 12, 17, 9, 30)  # noqa: DTZ001


def answer(*matched: MatchedTrait | MatchedTime | MatchedPlace, total: int = 1, refused: int = 0) -> FindAnswer:
    first = chain.build([sighting()]).first_seen
    return FindAnswer((FoundFile(file(1), 7, first, matched),), total, 9, refused, 2)


def test_every_value_is_told() -> None:
    said = shown(
        find.text(
            answer(
                MatchedTrait("camera_serial", "SN\x1b[31m1"),
                MatchedTime(LOCAL, timedelta(hours=-9, minutes=-30), None),
                MatchedTime(LOCAL, None, None, whole_day=True),
                MatchedPlace(50.45, 30.52, 12.345),
            )
        )
    )
    for words in (
        "camera serial: SN\\x1b[31m1",
        "2024-12-17 09:30:00, zone -09:30",
        "2024-12-17, no time of day, zone unknown",
        "50.45000, 30.52000, 12.3 km away",
        "picture:7",
        "first seen 2024-12-17",
    ):
        assert words in said


def test_what_was_not_searched_is_said() -> None:
    said = shown(find.text(answer(total=3, refused=4)))
    assert "1 of 3 files are shown" in said
    assert "4 could not be read. 2 were not read yet" in " ".join(said.split())


def test_the_document_keeps_local_times_as_they_are() -> None:
    (found,) = find.document(answer(MatchedTime(LOCAL, None, None)))["found"]
    assert found["matched"] == [
        {"kind": "captured", "local": "2024-12-17T09:30:00", "zone": "zone unknown", "utc": None, "whole_day": False}
    ]


def test_a_file_that_no_post_shows() -> None:
    lonely = FindAnswer((FoundFile(file(1), None, None, ()),), 1, 1, 0, 0)
    assert "in no archived post" in shown(find.text(lonely))
    assert find.document(lonely)["found"][0]["first_seen"] is None
