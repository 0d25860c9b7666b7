"""`picture split`, `picture splits`, `picture unsplit`."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.cli.conftest import HOSTILE, MONDAY, in_process, is_harmless, keys, too_wide
from tests.stories import message, random_photo, save, write_export

COMMANDS = [["split", "1", "0123456789ab"], ["splits"], ["unsplit", "1"]]


@pytest.fixture
def joined(tmp_path: Path) -> tuple[Path, str, str]:
    """An archive in which two files are one picture, and their hashes."""
    folder = tmp_path / "export"
    (folder / "photos").mkdir(parents=True)
    for name in ("q90", "q30"):
        save(random_photo(1), folder / "photos" / f"{name}.jpg", name)
    write_export(
        folder,
        channel_id=11,
        name="News",
        messages=[message(2, MONDAY, photo="photos/q90.jpg"), message(3, MONDAY, photo="photos/q30.jpg")],
    )
    archive = tmp_path / "archive"
    assert in_process("import", "telegram-export", folder, archive=archive).status == 0
    first, second = (hashlib.sha256((folder / "photos" / f"{name}.jpg").read_bytes()) for name in ("q90", "q30"))
    return archive, first.hexdigest(), second.hexdigest()


def test_said_in_words(joined: tuple[Path, str, str]) -> None:
    archive, first, second = joined
    said = in_process("picture", "split", "picture:1", second[:12], archive=archive)
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines() == [
        "Separation 1: set apart, whatever comes in, until",
        "  provenance picture unsplit 1",
        "picture:1: 1 file",
        f"  {first[:12]}",
        "picture:2: 1 file, split off",
        f"  {second[:12]}",
    ]
    listed = in_process("picture", "splits", archive=archive)
    assert (listed.status, listed.err) == (0, "")
    assert re.fullmatch(
        rf"Separation 1, .* UTC: stands\n  split off: {second[:12]} *\n  from: {first[:12]} *\n", listed.out
    )
    said = in_process("picture", "unsplit", "1", archive=archive)
    assert (said.status, said.err) == (0, "")
    assert [each.rstrip() for each in said.out.splitlines()] == [
        "Separation 1 is withdrawn: what shows one picture is joined again.",
        "picture:1: 2 files",
        f"  {first[:12]} {second[:12]}",
    ]
    assert ": withdrawn 20" in in_process("picture", "splits", archive=archive).out


def test_as_json(joined: tuple[Path, str, str]) -> None:
    archive, first, second = joined
    apart = in_process("picture", "split", "1", second[:6], "--json", archive=archive)
    assert (apart.status, apart.err) == (0, "")
    assert apart.json == {
        "schema": "provenance/picture/1",
        "separation": 1,
        "pictures": [{"picture": 1, "files": [first]}, {"picture": 2, "files": [second]}],
        "waiting": [],
    }
    (stands,) = in_process("picture", "splits", "--json", archive=archive).json["separations"]
    assert keys(stands, "separation", "at", "withdrawn_at", "off", "rest") == []
    assert (stands["withdrawn_at"], stands["off"], stands["rest"]) == (None, [second], [first])
    one = in_process("picture", "unsplit", "1", "--json", archive=archive)
    assert (one.status, one.err) == (0, "")
    assert one.json["pictures"] == [{"picture": 1, "files": [first, second]}]
    (withdrawn,) = in_process("picture", "splits", "--json", archive=archive).json["separations"]
    assert withdrawn["withdrawn_at"] >= withdrawn["at"] == stands["at"]


def test_nothing_is_set_apart(sample: Path) -> None:
    assert "Nothing is set apart." in in_process("picture", "splits", archive=sample).out
    none = in_process("picture", "splits", "--json", archive=sample).json
    assert none == {"schema": "provenance/separations/1", "separations": []}


@pytest.mark.parametrize(
    "words",
    [
        ["split", "picture:999", "012345"],
        ["split", "99999999999999999999", "012345"],
        ["split", "picture:1", "ffffffffffff"],
        ["split", "picture:1", "0"],
        ["split", "Attic Archive", "012345"],
        ["split", HOSTILE, "012345"],
        ["split", "picture:1", HOSTILE],
        ["unsplit", "1"],
        ["unsplit", "99999999999999999999"],
    ],
    ids=str,
)
@pytest.mark.parametrize("option", [[], ["--json"]], ids=["text", "json"])
def test_what_cannot_be_done_is_one_line(words: list[str], option: list[str], sample: Path) -> None:
    said = in_process("picture", *words, *option, archive=sample)
    assert (said.status, said.is_one_line) == (2, True)
    assert is_harmless(said.err)


def test_all_files_or_twice_withdrawn_is_one_line(joined: tuple[Path, str, str]) -> None:
    archive, first, second = joined
    for words in (["split", "1", first, second], ["unsplit", "1"]):
        said = in_process("picture", *words, archive=archive)
        assert (said.status, said.is_one_line) == (2, True)
    in_process("picture", "split", "1", second, archive=archive)
    in_process("picture", "unsplit", "1", archive=archive)
    said = in_process("picture", "unsplit", "1", archive=archive)
    assert (said.status, said.is_one_line) == (2, True)
    assert "was withdrawn on" in said.err


@pytest.mark.parametrize("words", [["split"], ["split", "picture:1"], ["unsplit"], ["unsplit", "x"], ["splits", "1"]])
def test_words_that_are_missing_or_too_many(words: list[str], sample: Path) -> None:
    said = in_process("picture", *words, archive=sample)
    assert (said.status, said.out) == (2, "")
    assert said.err


@pytest.mark.parametrize("words", COMMANDS, ids=str)
def test_without_an_archive(words: list[str], empty: Path) -> None:
    said = in_process("picture", *words, archive=empty)
    assert (said.status, said.is_one_line) == (2, True)
    assert str(empty) in said.err
    assert not empty.exists()


@pytest.mark.parametrize("words", [[], ["split"], ["splits"], ["unsplit"]], ids=str)
def test_help(words: list[str]) -> None:
    shown = in_process("picture", *words, "--help")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith(" ".join(["Usage: provenance picture", *words]))
    assert too_wide(shown.out) == []
    assert "--json" in shown.out or not words
