import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from provenance.archive import engine, migrate, schema
from provenance.archive.engine import translated
from provenance.archive.store import Archive
from provenance.errors import ArchiveBusy, ArchiveError, ArchiveUnusable
from tests.archive.conftest import Desk, arrived
from tests.core.build import NOON

COUNT = sa.select(sa.func.count()).select_from(schema.runs)
RUN = {"command": "import", "details": "[]", "started_at": NOON, "outcome": "running"}


@pytest.mark.parametrize("way", ["read", "write"])
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2), ("temp_store", 2)]
)
def test_settings_of_every_connection(archive: Archive, way: str, pragma: str, value: object) -> None:
    with getattr(archive, way)() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.parametrize("statement", ["DELETE FROM unresolved", "CREATE TABLE more (id)", "DROP TABLE links"])
def test_a_reader_cannot_write(archive: Archive, statement: str) -> None:
    with pytest.raises(ArchiveUnusable, match="readonly"), archive.read() as connection:
        connection.exec_driver_sql(statement)


def test_a_writer_holds_the_lock_from_its_beginning(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    first, second = Archive.open(directory), Archive.open(directory)
    # The first has not said a word yet.
    with first.write(), pytest.raises(ArchiveBusy, match="another process"), second.write():
        pytest.fail("two writers at once")
    with second.write() as connection:
        connection.execute(schema.runs.insert(), RUN)
    assert read_count(first) == 1


def test_a_reader_neither_waits_for_a_writer_nor_sees_what_is_not_committed(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    writer, reader = Archive.open(directory), Archive.open(directory)
    with writer.write() as connection:
        connection.execute(schema.runs.insert(), RUN)
        assert read_count(reader) == 0
    assert read_count(reader) == 1


def test_a_reader_keeps_its_snapshot_and_holds_up_no_writer(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    writer, reader = Archive.open(directory), Archive.open(directory)
    with reader.read() as snapshot:
        assert snapshot.scalar(COUNT) == 0
        with writer.write() as connection:
            connection.execute(schema.runs.insert(), RUN)
        assert snapshot.scalar(COUNT) == 0
    assert read_count(reader) == 1


def test_a_transaction_that_raises_leaves_nothing(archive: Archive) -> None:
    def interrupted() -> None:
        with archive.write() as connection:
            connection.execute(schema.runs.insert(), RUN)
            connection.exec_driver_sql("CREATE TABLE more (id)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert read_count(archive) == 0
    with archive.read() as connection:
        assert not sa.inspect(connection).has_table("more")


@pytest.mark.parametrize("name", ["a b", "50%20 off", "what?mode=memory", "#1&uri=false", "архив", "a%3Fb"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    desk = Desk(migrate.create_or_open(tmp_path / name))
    desk.add(arrived(1))
    assert (tmp_path / name / "archive.db").is_file()
    assert len(desk.rows(schema.posts)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (OperationalError("", {}, sqlite3.OperationalError("database is locked")), ArchiveBusy),
        (OperationalError("", {}, sqlite3.OperationalError("disk I/O error")), ArchiveUnusable),
        (ProgrammingError("", {}, sqlite3.ProgrammingError("closed")), ArchiveUnusable),
        (IntegrityError("", {}, sqlite3.IntegrityError("UNIQUE constraint failed")), ArchiveUnusable),
    ],
)
def test_what_the_database_raises_is_said_in_words(raised: Exception, error: type[ArchiveError]) -> None:
    with pytest.raises(error, match="/somewhere"), translated(Path("/somewhere")):
        raise raised


def test_mistakes_of_the_program_stay_what_they_are(archive: Archive) -> None:
    with pytest.raises(ZeroDivisionError), archive.write():
        1 / 0  # noqa: B018


def read_count(archive: Archive) -> int:
    with archive.read() as connection:
        return int(connection.execute(COUNT).scalar_one())
