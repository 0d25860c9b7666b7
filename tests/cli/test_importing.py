"""`import`: makes the archive, says what came in, and ends honestly where something was wrong."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import (
    EXPECTED,
    EXPORTS,
    HOSTILE,
    MONDAY,
    SUSPECT,
    as_process,
    hostile_export,
    in_process,
    is_harmless,
    keys,
)
from tests.stories import message, write_export

GOOD = EXPORTS[3]
FILES = len({hashlib.sha256(path.read_bytes()).digest() for each in EXPORTS for path in each.glob("*/*.*")})
"""How many different images the samples' exports hold."""
HEAD = '{"name": "Chan", "type": "public_channel", "id": 5, "messages": ['


def test_an_import_makes_the_archive_and_counts(empty: Path) -> None:
    first = in_process("import", "telegram-export", *EXPORTS, "--json", archive=empty)
    assert (first.status, first.err) == (0, "")
    document = first.json
    assert document["schema"] == "provenance/import/1"
    assert not keys(document, "channels", "posts", "images", "problems")
    assert document["channels"] == 5
    posts = sum(each["messages"] - each["service_messages"] for each in EXPECTED["channels"])
    missing = sum(each["images_without_file"] for each in EXPECTED["channels"])
    assert document["posts"]["new"] >= posts
    assert document["posts"] | {"new": 0} == {"new": 0, "known": 0, "changed": 0}
    assert document["images"]["new"] == FILES
    assert (document["images"]["missing"], document["images"]["refused"]) == (missing, 0)
    assert document["problems"] == []
    again = in_process("import", "telegram-export", *EXPORTS, "--json", archive=empty).json
    assert again["posts"] == {"new": 0, "known": document["posts"]["new"], "changed": 0}
    assert again["images"]["new"] == 0
    assert (empty / "archive.db").is_file()
    assert empty.stat().st_mode & 0o077 == 0


def test_the_counts_for_people(empty: Path) -> None:
    said = in_process("import", "telegram-export", GOOD / "result.json", archive=empty)
    assert said.status == 0
    assert said.out.splitlines()[0].split() == ["channels", "1"]
    assert "15 new, 0 known, 0 changed" in said.out
    assert "4 new, 0 known, 0 missing, 0 refused" in said.out


def test_a_changed_post_is_told(empty: Path, tmp_path: Path) -> None:
    old = message(1, MONDAY, text="old")
    new = message(1, MONDAY, text="new", edited_unixtime=str(int(MONDAY.timestamp()) + 60))
    for name, each in (("old", old), ("new", new)):
        path = write_export(tmp_path / name, channel_id=5, name="C", messages=[each])
        said = in_process("import", "telegram-export", path, "--json", archive=empty)
    assert said.json["posts"] == {"new": 0, "known": 0, "changed": 1}


def test_a_folder_becomes_a_collection(empty: Path) -> None:
    said = in_process("import", "folder", SUSPECT.parent, "--name", "Suspects", "--json", archive=empty)
    assert (said.status, said.err) == (0, "")
    assert said.json["images"]["new"] == len(list(SUSPECT.parent.glob("*.jpg")))
    found = in_process("lookup", SUSPECT, "--json", archive=empty)
    assert found.status == 0
    first = found.json["first_seen"]
    assert (first["basis"], first["url"], first["channel"]["title"]) == ("claimed", None, "Suspects")
    assert any("claim" in warning for warning in first["warnings"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not a Telegram Desktop export"),
        ("hello", "not a Telegram Desktop export"),
        ("{}", "not a Telegram Desktop export"),
        ("[]", "not a Telegram Desktop export"),
        ('{"messages": 3}', "not a Telegram Desktop export"),
        ('{"a": "\xff"}'.encode("latin-1"), "not a Telegram Desktop export"),
        (HEAD.encode("utf-16"), "UTF-16"),
        (f'{HEAD}{{"id": 1, "text": "a"}}, {{"id": 2, "te', "damaged after message 1 of «Chan»"),
        (f'{HEAD}{{"id": 1, "text": "a"}}, {{"id": "x\\u001b[31m"}}]}}', "the rest is archived"),
        (b"\x1b[31m\x07", "not a Telegram Desktop export"),
    ],
    ids=ascii,
)
def test_a_broken_export_is_one_line_with_status_2(content: str | bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes(content.encode() if isinstance(content, str) else content)
    archive = tmp_path / "archive"
    said = in_process("import", "telegram-export", tmp_path, "--json", archive=archive)
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert says in said.err
    assert str(tmp_path / "result.json") in said.err
    assert "Traceback" not in said.err
    assert is_harmless(said.out + said.err)
    if said.out:
        assert said.json["problems"]
        assert said.json["posts"]["new"] == 1
    if archive.exists():
        assert in_process("verify", archive=archive).status == 0


@pytest.mark.parametrize(
    "words",
    [["telegram-export", "none"], ["folder", "none", "--name", "x"], ["folder", SUSPECT, "--name", "x"]],
    ids=str,
)
def test_what_is_not_there_makes_no_archive(words: list[object], empty: Path) -> None:
    said = in_process("import", *words, archive=empty)
    assert (said.status, said.is_one_line) == (2, True)
    assert not empty.exists()


def test_html_exports_are_refused_with_advice(tmp_path: Path, empty: Path) -> None:
    (tmp_path / "messages.html").write_text("<html>")
    said = in_process("import", "telegram-export", tmp_path, archive=empty)
    assert (said.status, said.is_one_line) == (2, True)
    assert "JSON" in said.err


def test_one_bad_path_among_several_costs_only_itself(empty: Path) -> None:
    said = in_process("import", "telegram-export", "none", GOOD, "--json", archive=empty)
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert said.json["posts"]["new"] == 15
    (problem,) = said.json["problems"]
    assert problem["where"] == "none"


def test_a_place_that_cannot_be_an_archive(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = in_process("import", "telegram-export", GOOD, archive=tmp_path / "file" / "archive")
    assert (said.status, said.is_one_line) == (2, True)


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"not a database at all" * 100)
    said = in_process("import", "telegram-export", GOOD, archive=tmp_path)
    assert (said.status, said.is_one_line) == (2, True)
    assert (tmp_path / "archive.db").read_bytes() == b"not a database at all" * 100


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_hostile_exports_and_folders(form: list[str], tmp_path: Path, photos: list[Path]) -> None:
    folder = tmp_path / "x\x1b[31m\u202e\n"
    export = hostile_export(folder, 11, photos[0], MONDAY)
    chat = json.loads(export.read_text())
    chat["messages"].append({"id": f"\x1b[31m{HOSTILE}"})
    export.write_text(json.dumps(chat))
    archive = tmp_path / "archive"
    said = as_process("import", "telegram-export", export, *form, archive=archive)
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert is_harmless(said.out + said.err)
    said = as_process("import", "folder", folder, "--name", HOSTILE, *form, archive=archive)
    assert said.status == 0
    assert said.err == ""
    assert is_harmless(said.out)


def test_a_text_of_ten_megabytes(tmp_path: Path, photos: list[Path]) -> None:
    shutil.copyfile(photos[0], tmp_path / "p.jpg")
    text = "\x1b[31m" + "long " * 2_000_000 + "\u202e"
    long = message(1, MONDAY, text=text, photo="p.jpg", text_entities=[])
    write_export(tmp_path, channel_id=5, name="C", messages=[long])
    archive = tmp_path / "archive"
    assert in_process("import", "telegram-export", tmp_path, archive=archive).status == 0
    looked = in_process("lookup", tmp_path / "p.jpg", "--json", archive=archive)
    assert looked.json["sightings"][0]["text"] == text
    shown = in_process("show", "5/1", "--json", archive=archive)
    assert shown.json["versions"][0]["text"] == text
    for words in (["lookup", tmp_path / "p.jpg"], ["show", "5/1"]):
        said = in_process(*words, archive=archive)
        assert said.status == 0
        assert len(said.out) < 8_000
        assert is_harmless(said.out)


def test_images_that_cannot_be_read_are_counted(tmp_path: Path, photos: list[Path]) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    shutil.copyfile(photos[0], pictures / "good.jpg")
    (pictures / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n no")
    document = in_process("import", "folder", pictures, "--name", "x", "--json", archive=tmp_path / "a").json
    assert document["images"] == {"new": 1, "known": 0, "missing": 0, "refused": 1}
    assert len(document["problems"]) == 1
    assert in_process("stats", "--json", archive=tmp_path / "a").json["counts"]["run_problems"] == 1
