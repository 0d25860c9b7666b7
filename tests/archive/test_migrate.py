import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from provenance import resources
from provenance.archive import migrate, schema
from provenance.archive.engine import connect
from provenance.archive.store import DATABASE, Archive
from provenance.errors import ArchiveTooNew, ArchiveTooOld, ArchiveUnusable, NoArchive
from tests.archive.conftest import Desk, arrived, rows
from tests.core.build import NOON

SECOND = '''
"""One more column."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("posts", sa.Column("views", sa.Integer()))
    {then}
'''
BACKUP = "archive-0001-20241217T120000Z.db"


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations, to which a test may add one; this code then expects the new tables."""
    copy = tmp_path / "migrations"
    shutil.copytree(resources.folder("migrations"), copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(resources, "folder", lambda name: tmp_path / name)
    return copy


def second(scripts: Path, then: str = "") -> None:
    (scripts / "versions" / "0002_views.py").write_text(SECOND.format(then=then))


def objects(database: Path) -> dict[str, str]:
    """Every table, index and trigger with what makes it, the order and layout of its lines aside."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sorted(re.split(r"[\s,()]+", sql))) for name, sql in rows}


def columns(database: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def test_the_newest_migration_is_the_one_this_code_works_with() -> None:
    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_the_migrations_make_the_tables_of_the_schema(archive: Archive, tmp_path: Path) -> None:
    with connect(archive.database, write=False).begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
    # Alembic compares no CHECK, no ON DELETE and no AUTOINCREMENT: the statements themselves do.
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'direct.db'}")
    schema.metadata.create_all(engine)
    engine.dispose()
    migrated, direct = objects(archive.database), objects(tmp_path / "direct.db")
    rest = {name for name in migrated if not name.startswith("trigger ")} - {"table alembic_version"}
    assert {name: migrated[name] for name in rest} == direct


def test_down_to_nothing_and_up_again(filled: Desk) -> None:
    before = objects(filled.archive.database)
    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    config.attributes["engine"] = connect(filled.archive.database, write=True)
    command.downgrade(config, "base")
    assert set(objects(filled.archive.database)) == {"table alembic_version", "table sqlite_sequence"}
    migrate.upgrade_tables(filled.archive.directory)
    assert objects(filled.archive.database) == before
    Desk(Archive.open(filled.archive.directory)).add(arrived(1))


def test_an_archive_is_made_where_there_is_none_and_kept_where_there_is(tmp_path: Path) -> None:
    Desk(migrate.create_or_open(tmp_path / "new" / "archive")).add(arrived(1))
    again = Desk(migrate.create_or_open(tmp_path / "new" / "archive"))
    assert len(again.rows(schema.posts)) == 1


def test_an_archive_whose_making_was_interrupted_is_made_after_all(tmp_path: Path) -> None:
    # SQLite makes the file before the first transaction is committed.
    (tmp_path / DATABASE).touch()
    assert migrate.create_or_open(tmp_path).revision() == schema.HEAD


def test_another_programs_database_gets_no_tables(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    with pytest.raises(ArchiveUnusable):
        migrate.upgrade(tmp_path, NOON)
    with pytest.raises(ArchiveUnusable):
        migrate.create_or_open(tmp_path)
    assert set(objects(tmp_path / DATABASE)) == {"table theirs"}


def test_there_is_nothing_to_do_for_an_archive_of_today(desk: Desk) -> None:
    assert migrate.upgrade(desk.archive.directory, NOON) is None
    assert [path.name for path in desk.archive.directory.glob("*.db")] == [DATABASE]


def test_nothing_is_upgraded_where_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoArchive):
        migrate.upgrade(tmp_path, NOON)
    assert list(tmp_path.iterdir()) == []


def test_an_older_archive_is_migrated_after_a_copy(
    filled: Desk, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = filled.archive.directory
    before = {table.name: filled.rows(table) for table in schema.metadata.sorted_tables}
    second(scripts)
    monkeypatch.setattr(schema, "HEAD", "0002")
    with pytest.raises(ArchiveTooOld, match="0001"):
        Archive.open(directory)
    with pytest.raises(ArchiveTooOld):
        migrate.create_or_open(directory)

    with filled.archive.read() as reader:  # Keeps what was written last in the write-ahead log.
        reader.exec_driver_sql("SELECT 1 FROM posts")
        filled.start()
        copy = migrate.upgrade(directory, NOON)
    before["runs"] = filled.rows(schema.runs)
    assert len(before["runs"]) == 2

    assert copy == directory / BACKUP
    assert "views" in columns(directory / DATABASE, "posts")
    assert "views" not in columns(copy, "posts")
    shutil.copytree(directory, directory.parent / "old", ignore=lambda *_: [DATABASE])
    (directory.parent / "old" / BACKUP).rename(directory.parent / "old" / DATABASE)
    for each in (directory, directory.parent / "old"):
        assert {table.name: rows(Archive(each), table) for table in schema.metadata.sorted_tables} == before
    assert Archive.open(directory).check_database() == []


def test_a_newer_archive_is_left_alone(desk: Desk, scripts: Path) -> None:
    second(scripts)
    directory = desk.archive.directory
    migrate.upgrade_tables(directory)
    before = (directory / DATABASE).read_bytes()
    for attempt in (lambda: Archive.open(directory), lambda: migrate.upgrade(directory, NOON)):
        with pytest.raises(ArchiveTooNew, match="0002"):
            attempt()
    assert (directory / DATABASE).read_bytes() == before
    assert [path.name for path in directory.glob("*.db")] == [DATABASE]


@pytest.mark.parametrize(
    ("then", "error"),
    [
        ('raise RuntimeError("half way")', RuntimeError),
        ('op.execute("INSERT INTO nowhere VALUES (1)")', ArchiveUnusable),
        ('op.execute("INSERT INTO unresolved VALUES (4711)")', RuntimeError),  # refers to nothing
    ],
)
def test_a_migration_that_fails_leaves_the_archive_as_it_was(
    filled: Desk, scripts: Path, monkeypatch: pytest.MonkeyPatch, then: str, error: type[Exception]
) -> None:
    database = filled.archive.database
    before = objects(database), filled.rows(schema.posts)
    second(scripts, then)
    monkeypatch.setattr(schema, "HEAD", "0002")
    with pytest.raises(error):
        migrate.upgrade(database.parent, NOON)
    assert (objects(database), filled.rows(schema.posts)) == before
    assert filled.archive.revision() == "0001"
    assert (database.parent / BACKUP).is_file()


def test_a_rebuilt_table_keeps_its_children(filled: Desk, scripts: Path) -> None:
    # Batch mode copies a table and drops the old one; with foreign keys on, that would take the children along.
    before = filled.rows(schema.post_versions)
    second(
        scripts, 'with op.batch_alter_table("posts", recreate="always") as batch:\n        batch.drop_column("views")'
    )
    migrate.upgrade_tables(filled.archive.directory)
    assert filled.rows(schema.post_versions) == before
    assert filled.archive.check_database() == []
