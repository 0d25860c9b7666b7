"""`db upgrade`."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import in_process


def test_nothing_to_do(sample: Path) -> None:
    before = (sample / "archive.db").read_bytes()
    said = in_process("db", "upgrade", "--json", archive=sample)
    assert (said.status, said.err) == (0, "")
    assert said.json == {"schema": "provenance/upgrade/1", "upgraded": False, "backup": None}
    assert in_process("db", "upgrade", archive=sample).out == "The archive is up to date; nothing was done.\n"
    assert (sample / "archive.db").read_bytes() == before
    assert not list(sample.glob("archive-*.db"))


def test_an_older_archive_is_named_by_the_others(copied: Path) -> None:
    with closing(sqlite3.connect(copied / "archive.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
        database.commit()
    said = in_process("stats", archive=copied)
    assert (said.status, said.is_one_line) == (2, True)
    assert f"provenance --archive {copied} db upgrade" in said.err


@pytest.mark.parametrize("content", [b"", b"something else" * 1000], ids=["empty", "other"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(content)
    said = in_process("db", "upgrade", archive=tmp_path)
    assert (said.status, said.is_one_line) == (2, True)
    assert (tmp_path / "archive.db").read_bytes() == content
