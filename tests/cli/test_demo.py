"""`demo`: the main job on the samples, and the words that lead on from it."""

import re
import shlex
import tempfile
from pathlib import Path

import pytest

from tests.cli.conftest import EXPECTED, FIRST, as_process, in_process, keys, too_wide
from tests.networks import network


def test_the_demo_shows_the_main_job(tmp_path: Path) -> None:
    said = as_process("demo", TMPDIR=str(tmp_path))
    assert (said.status, said.err) == (0, "")
    assert too_wide(said.out) == []
    words = ("1. Imported 5 sample channels", "2. Looked up", "First seen in this archive", FIRST, "3. Looked up",
             "Not found", "4. Crops and screenshots are not looked for", "5. Made the weekly report", "week 2024-W52",
             "provenance demo --keep")  # fmt: skip
    places = [said.out.index(each) for each in words]
    assert places == sorted(places)
    assert list(tmp_path.iterdir()) == [], "the throw-away archive is thrown away"


def test_the_demo_as_json() -> None:
    said = in_process("demo", "--json")
    assert (said.status, said.err) == (0, "")
    assert not keys(said.json, "schema", "lookups", "altered", "not_searched", "report", "kept")
    assert said.json["altered"] == []
    assert "switched off" in said.json["not_searched"]
    found, absent = said.json["lookups"]
    assert (found["found"], absent["found"]) == (True, False)
    assert found["first_seen"]["message_id"] == EXPECTED["suspects"]["suspect.jpg"]["first_seen"]["message_id"]
    assert len(said.json["report"]["recycled"]) == len(EXPECTED["weeks"]["2024-W52"]["first_seen_before"])
    assert said.json["kept"] is None


def test_with_a_model_the_demo_finds_a_crop_and_a_screenshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", str(network(tmp_path / "tiny.onnx")))
    said = in_process("demo")
    assert (said.status, said.err) == (0, "")
    assert too_wide(said.out) == []
    step = said.out[said.out.index("\n4. ") : said.out.index("\n5. ")]
    assert re.search(r"crop\.jpg.*\n +First seen .*\n.*\n +this image shows \d+ % of the archived image", step)
    assert "this image shows all of the archived image, with something around it" in step
    document = in_process("demo", "--json").json
    assert [each["found"] for each in document["altered"]] == [True, True]
    assert document["not_searched"] is None


def test_a_kept_demo_is_an_archive_and_its_hints_work(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "demo"
    said = in_process("demo", "--keep", folder)
    assert said.status == 0
    assert {path.suffix for path in (folder / "reports").iterdir()} == {".html", ".json", ".csv"}
    hints = re.findall(r"^  provenance (.+)$", said.out.replace(f"\n{folder}", str(folder)), re.MULTILINE)
    assert len(hints) == 2
    for hint in hints:
        assert in_process(*shlex.split(hint)).status == 0, hint


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    said = in_process("demo", "--keep", tmp_path)
    assert (said.status, said.is_one_line) == (2, True)
    assert "not empty" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["a folder with spaces", "new\x1b[31m\u202e"], ids=ascii)
def test_hints_name_the_folder_so_that_a_shell_takes_it(name: str, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as short:
        folder = Path(short) / name
        said = in_process("demo", "--keep", folder)
        assert said.status == 0
        assert "\x1b" not in said.out
        assert "\u202e" not in said.out
        if "\x1b" not in name:
            (hint,) = re.findall(r"^  provenance (.+ coverage)$", said.out, re.MULTILINE)
            assert in_process(*shlex.split(hint)).status == 0
