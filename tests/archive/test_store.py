import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from provenance.archive import schema
from provenance.archive.store import DATABASE, Archive
from provenance.errors import ArchiveError, ArchiveTooNew, ArchiveTooOld, ArchiveUnusable, NoArchive
from tests.archive.conftest import Desk, arrived


def test_an_empty_archive_opens(archive: Archive, directory: Path) -> None:
    assert archive.revision() == schema.HEAD
    assert (archive.database, archive.files.root) == (directory / DATABASE, directory / "media")
    assert archive.check_database() == []


@pytest.mark.parametrize("missing", ["", "nothing/here"])
def test_where_there_is_none_nothing_is_made(tmp_path: Path, missing: str) -> None:
    with pytest.raises(NoArchive, match="There is no archive"):
        Archive.open(tmp_path / missing)
    assert list(tmp_path.iterdir()) == []


def set_revision(directory: Path, revision: str) -> None:
    with closing(sqlite3.connect(directory / DATABASE)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])


@pytest.mark.parametrize(("revision", "error"), [("0000", ArchiveTooOld), ("9999", ArchiveTooNew)])
def test_tables_of_another_version_are_refused(directory: Path, revision: str, error: type[ArchiveError]) -> None:
    set_revision(directory, revision)
    before = (directory / DATABASE).read_bytes()
    with pytest.raises(error, match=f"(?s){revision}.*{schema.HEAD}"):
        Archive.open(directory)
    assert (directory / DATABASE).read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"This is not a database. " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE).write_bytes(content)
    with pytest.raises(ArchiveUnusable, match="cannot be used"):
        Archive.open(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == content


def test_another_programs_database_is_no_archive(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE posts (id)")
    with pytest.raises(ArchiveUnusable, match="not an archive of Provenance"):
        Archive.open(tmp_path)


def test_reading_needs_no_helper_files_and_leaves_the_database_alone(desk: Desk) -> None:
    desk.add(arrived(1))
    archive = desk.archive
    helpers = [archive.database.with_name(DATABASE + suffix) for suffix in ("-wal", "-shm")]
    assert [path.exists() for path in helpers] == [False, False]
    before = archive.database.read_bytes()
    assert len(desk.rows(schema.posts)) == 1
    assert archive.database.read_bytes() == before


def test_a_broken_reference_is_found(filled: Desk) -> None:
    with closing(sqlite3.connect(filled.archive.database)) as connection, connection:
        connection.execute("INSERT INTO unresolved VALUES (4711)")
    assert filled.archive.check_database() == [f"{DATABASE}: a row of unresolved refers to nothing in files"]


def test_damaged_pages_are_found(filled: Desk) -> None:
    content = bytearray(filled.archive.database.read_bytes())
    content[4096 : len(content) // 2] = b"\xaa" * (len(content) // 2 - 4096)
    filled.archive.database.write_bytes(content)
    problems = filled.archive.check_database()
    assert problems
    assert all(each.startswith(f"{DATABASE}: ") for each in problems)


def test_reading_a_damaged_archive_is_said_in_words(filled: Desk) -> None:
    content = bytearray(filled.archive.database.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    filled.archive.database.write_bytes(content)
    with pytest.raises(ArchiveUnusable, match="malformed"):
        filled.rows(schema.posts)
