"""`coverage`, `stats`, `doctor`, `verify`, `reindex`."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import EXPECTED, SUSPECT, in_process, keys
from tests.networks import network


def test_coverage_of_all_and_of_some(sample: Path) -> None:
    document = in_process("coverage", "--json", archive=sample).json
    assert document["schema"] == "provenance/coverage/1"
    assert document["total"]["channels"] == 5
    by_id = {each["channel"]["id"]: each for each in document["channels"]}
    for expected in EXPECTED["channels"]:
        each = by_id[expected["id"]]
        assert each["images_missing"] == expected["images_without_file"]
        assert not keys(each, "posts", "images", "earliest", "latest", "gaps", "sources", "absent_ids")
    some = in_process("coverage", "--json", "--", "Attic Archive", "-1001500000001", archive=sample).json
    assert {each["channel"]["id"] for each in some["channels"]} == {1500000005, 1500000001}
    assert some["total"] == document["total"]


@pytest.mark.parametrize("name", ["nix", "", "@", "picture:1"])
def test_coverage_of_a_stranger(name: str, sample: Path) -> None:
    said = in_process("coverage", name, archive=sample)
    assert (said.status, said.is_one_line) == (2, True)


def test_stats(sample: Path) -> None:
    document = in_process("stats", "--json", archive=sample).json
    assert document["counts"]["channels"] == 5
    assert document["counts"]["files"] == document["counts"]["fingerprints"]
    assert document["bytes"]["database"] == (sample / "archive.db").stat().st_size
    assert document["last_run"]["command"] == "import telegram-export"
    text = in_process("stats", archive=sample).out
    assert "Last run: import telegram-export" in text


def checks(archive: Path) -> tuple[int, dict[str, str], dict[str, str]]:
    said = in_process("doctor", "--json", archive=archive)
    found: list[dict[str, Any]] = said.json["checks"]
    return (
        said.status,
        {each["name"]: each["state"] for each in found},
        {each["name"]: each["detail"] for each in found},
    )


def test_doctor(sample: Path) -> None:
    status, states, details = checks(sample)
    assert status == 0
    assert set(states.values()) <= {"ok", "missing"}
    assert states["archive"] == "ok"
    assert "JPEG" in details["image formats"]


def test_doctor_without_an_archive_says_how_to_make_one(empty: Path) -> None:
    status, states, details = checks(empty)
    assert status == 0
    assert [name for name, state in states.items() if state != "ok"] == ["archive", "Telegram login", "altered copies"]
    assert f"--archive {empty} import" in details["archive"]
    assert "provenance login" in details["Telegram login"]
    assert not empty.exists()
    assert "import" in in_process("doctor", archive=empty).out


def test_doctor_tells_of_the_model(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, states, details = checks(sample)
    assert (status, states["altered copies"]) == (0, "missing")
    assert "are not looked for: it is switched off" in details["altered copies"]
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", str(network(tmp_path / "tiny.onnx")))
    status, states, details = checks(sample)
    assert (status, states["altered copies"]) == (0, "ok")
    assert "tiny.onnx" in details["altered copies"]
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", "none.onnx")
    status, states, details = checks(sample)
    assert (status, states["altered copies"]) == (1, "broken")
    assert f"there is no file {sample / 'none.onnx'}" in details["altered copies"]


def test_doctor_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"something else entirely" * 1000)
    status, states, _ = checks(tmp_path)
    assert (status, states["archive"]) == (1, "broken")


def test_doctor_says_what_is_wrong_with_the_settings(copied: Path) -> None:
    (copied / "provenance.toml").write_text("[images]\nworker = 1\n")
    said = in_process("doctor", archive=copied)
    assert said.status in {1, 2}
    assert "worker" in said.out + said.err


def test_verify_of_a_sound_archive(sample: Path) -> None:
    said = in_process("verify", "--json", archive=sample)
    assert (said.status, said.err) == (0, "")
    assert said.json["ok"] is True
    assert said.json["problems"] == []
    assert said.json["files"] == in_process("stats", "--json", archive=sample).json["counts"]["files"]
    assert "Everything agrees" in in_process("verify", archive=sample).out


def changed_byte(archive: Path) -> str:
    path = next(path for path in sorted((archive / "media").rglob("*")) if path.is_file())
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    return path.name


def removed_file(archive: Path) -> str:
    path = next(path for path in sorted((archive / "media").rglob("*")) if path.is_file())
    path.unlink()
    return path.name


def changed_row(archive: Path) -> str:
    with closing(sqlite3.connect(archive / "archive.db")) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE post_versions SET text = 'another' WHERE id = 3")
        database.commit()
    return "150000000"


@pytest.mark.parametrize("harm", [changed_byte, removed_file, changed_row])
def test_verify_finds_what_is_wrong(harm: Any, copied: Path) -> None:
    where = harm(copied)
    said = in_process("verify", "--json", archive=copied)
    assert (said.status, said.err) == (1, "")
    assert said.json["ok"] is False
    (problem,) = said.json["problems"]
    assert where in problem["where"]
    text = in_process("verify", archive=copied)
    assert text.status == 1
    assert "WRONG" in text.out
    assert "1 problem" in text.out


def test_reindex_ends_where_it_began(copied: Path) -> None:
    before = in_process("lookup", SUSPECT, "--json", archive=copied).json
    counts = in_process("stats", "--json", archive=copied).json["counts"]
    said = in_process("reindex", "--json", archive=copied)
    assert (said.status, said.err) == (0, "")
    assert said.json["schema"] == "provenance/reindex/1"
    derived = ("files", "fingerprints", "matches", "pictures", "links")
    assert [said.json["counts"][name] for name in derived] == [counts[name] for name in derived]
    assert in_process("lookup", SUSPECT, "--json", archive=copied).json == before
    assert f"pictures      {counts['pictures']}" in in_process("reindex", archive=copied).out


def test_doctor_tells_whether_there_can_be_pdfs(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printer = tmp_path / "weasyprint"
    printer.write_text("#!/bin/sh\n", encoding="utf-8")
    printer.chmod(0o755)
    monkeypatch.setenv("PROVENANCE_REPORT_BROWSER", str(printer))
    checks = in_process("doctor", "--json", archive=sample).json["checks"]
    assert [each for each in checks if each["name"] == "PDF"] == [
        {"name": "PDF", "state": "ok", "detail": f"printed by {printer}"}
    ]
    monkeypatch.setenv("PROVENANCE_REPORT_BROWSER", str(tmp_path / "none"))
    assert in_process("doctor", archive=sample).status == 1
