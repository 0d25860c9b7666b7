import hashlib
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from provenance import resources
from provenance.archive import check, metadata, migrate, schema
from provenance.archive.engine import connect
from provenance.archive.store import DATABASE, Archive
from provenance.errors import ArchiveTooNew, ArchiveTooOld, ArchiveUnusable, NoArchive
from tests.archive.conftest import Desk, arrived, remote, rows, to_fetch
from tests.core.build import NOON

ONE_MORE = '''
"""One more column."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("posts", sa.Column("views", sa.Integer()))
    {then}
'''
BACKUP = "archive-0006-20241217T120000Z.db"


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations, to which a test may add one; this code then expects the new tables."""
    copy = tmp_path / "migrations"
    shutil.copytree(resources.folder("migrations"), copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(resources, "folder", lambda name: tmp_path / name)
    return copy


def one_more(scripts: Path, then: str = "") -> None:
    (scripts / "versions" / "0007_views.py").write_text(ONE_MORE.format(then=then))


def objects(database: Path) -> dict[str, str]:
    """Every table, index and trigger with what makes it, the order and layout of its lines aside."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    # SQLite puts quotes round the name of a table that was rebuilt.
    return {name: " ".join(sorted(re.split(r"[\s,()]+", sql.replace('"', "")))) for name, sql in rows}


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
    downgrade(filled.archive.database, "base")
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
    one_more(scripts)
    monkeypatch.setattr(schema, "HEAD", "0007")
    with pytest.raises(ArchiveTooOld, match="0006"):
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
    one_more(scripts)
    directory = desk.archive.directory
    migrate.upgrade_tables(directory)
    before = (directory / DATABASE).read_bytes()
    for attempt in (lambda: Archive.open(directory), lambda: migrate.upgrade(directory, NOON)):
        with pytest.raises(ArchiveTooNew, match="0007"):
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
    one_more(scripts, then)
    monkeypatch.setattr(schema, "HEAD", "0007")
    with pytest.raises(error):
        migrate.upgrade(database.parent, NOON)
    assert (objects(database), filled.rows(schema.posts)) == before
    assert filled.archive.revision() == "0006"
    assert (database.parent / BACKUP).is_file()


def test_a_rebuilt_table_keeps_its_children(filled: Desk, scripts: Path) -> None:
    # Batch mode copies a table and drops the old one; with foreign keys on, that would take the children along.
    before = filled.rows(schema.post_versions)
    one_more(
        scripts, 'with op.batch_alter_table("posts", recreate="always") as batch:\n        batch.drop_column("views")'
    )
    migrate.upgrade_tables(filled.archive.directory)
    assert filled.rows(schema.post_versions) == before
    assert filled.archive.check_database() == []


# From 0001 to 0002 and back

AT = "2024-12-17 12:00:00.000000"
NO_EDIT = '["2024-12-17T12:00:00+00:00", null, null]'
# What the code of 0001 hashed: the identity of a version and the source's own record.
PLAIN = f'["channel", 7, 10, {NO_EDIT}, "words", null, null, [["photo", null, null], ["photo", null, null]]]'
FORWARD = f'["channel", 7, 11, {NO_EDIT}, "", null, ["Daily", "channel", 9, null, null], [["photo", 5, null]]]'
FIRST_TABLES: dict[str, list[dict[str, Any]]] = {
    "channels": [{"id": number, "kind": "channel", "peer_id": number + 6} for number in (1, 2)],
    "channel_names": [
        {"channel_id": number, "title": f"Channel {number}", "seen_from": AT, "seen_to": AT} for number in (1, 2)
    ],
    "runs": [
        {"command": "import", "details": "[]", "started_at": AT, "ended_at": AT, "outcome": "done", "summary": "{}"}
    ]
    * 3,
    "run_problems": [{"run_id": 1, "place": "there", "what": "trouble"}],
    "posts": [{"channel_id": 1, "message_id": number, "album": 3, "album_inferred": True} for number in (10, 11)],
    "post_versions": [
        {"post_id": 1, "run_id": 1, "source": "import", "observed_at": AT, "posted_at": AT, "text": "words"}
        | {"raw": '{"id": 10}', "sha256": hashlib.sha256(f'{PLAIN}\n{{"id": 10}}'.encode()).hexdigest()},
        {"post_id": 2, "run_id": 1, "source": "import", "observed_at": AT, "posted_at": AT, "text": "", "raw": "{}"}
        | {"forward_name": "Daily", "forward_kind": "channel", "forward_peer_id": 9}
        | {"sha256": hashlib.sha256(f"{FORWARD}\n{{}}".encode()).hexdigest()},
    ],
    "files": [{"sha256": sha256 * 64, "size": 5, "observed_at": AT} for sha256 in "ab"],
    "attachments": [
        {"version_id": 1, "position": 0, "kind": "photo", "file_id": 1, "name": "a.jpg", "width": 4, "height": 3},
        {"version_id": 1, "position": 1, "kind": "photo", "missing": "not_found", "detail": "photos/b.jpg"},
        {"version_id": 2, "position": 0, "kind": "photo", "file_id": 2, "media_id": 5},
    ],
    "coverage": [
        {"run_id": run, "channel_id": channel, "source": "import", "messages": 2}
        | {"first_message_id": first, "last_message_id": first + 1}
        for run, channel, first in ((1, 1, 10), (1, 2, 70), (2, 1, 20), (3, 2, 80))
    ],
    "chain_revisions": [
        {"picture_id": 1, "run_id": 1, "at": AT, "after_ref": "7/10", "after_at": AT, "basis": "posted", "reason": "x"}
    ],
    "reports": [{"run_id": 1, "week": "2024-W51", "made_at": AT, "sha256": "0" * 64}],
    "pictures": [{"id": 1, "version": 1, "first_ref": "7/10", "first_at": AT, "first_basis": "posted"}],
    "picture_files": [{"file_id": number, "picture_id": 1} for number in (1, 2)],
    "links": [{"picture_id": 1, "from_attachment_id": 1, "to_attachment_id": 3, "kind": "forward", "evidence": "x"}],
    "unresolved": [{"file_id": 2}],
}


def contents(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, and where the numbering of each has come to."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'"
        names = [row["name"] for row in connection.execute(query)]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1")] for name in names}


def downgrade(database: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    config.attributes["engine"] = connect(database, write=True)
    command.downgrade(config, revision)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The database of an archive that was made at revision 0001, with rows in its tables."""
    migrate.upgrade_tables(tmp_path, revision="0001")
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        for table, added in FIRST_TABLES.items():
            for row in added:
                names, places = ", ".join(row), ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))
    return tmp_path / DATABASE


def triggers(database: Path) -> dict[str, str]:
    return {name: sql for name, sql in objects(database).items() if name.startswith("trigger ")}


def test_an_archive_of_0001_keeps_all_its_rows(first: Path) -> None:
    before = contents(first)
    assert migrate.upgrade(first.parent, NOON) is not None
    after = contents(first)
    # What was resolved by hashes alone is made anew; what is new is empty.
    for name in ("links", "matches", "pictures", "picture_files"):
        assert after.pop(name) == []
        before.pop(name)
    assert {row["file_id"] for row in after.pop("unresolved")} == {row["id"] for row in before["files"]}
    before.pop("unresolved")
    new = {"downloads", "follows", "peers", "separations", "separation_files", "traits", "captures", "deliveries"}
    for name in new:
        assert after.pop(name) == []
    assert after.keys() == before.keys()
    after["sqlite_sequence"] = [row for row in after["sqlite_sequence"] if row["name"] != "fingerprints"]
    added: dict[str, dict[str, Any]] = {
        "post_versions": {"forward_imported": 0, "scheduled": 0},
        "attachments": {"download_id": None},
    }
    for name, found in before.items():
        assert after[name] == [row | added.get(name, {}) for row in found], name
    assert Archive.open(first.parent).check_database() == []


def test_an_archive_of_0001_keeps_all_its_triggers(first: Path) -> None:
    before = triggers(first)
    assert {f"trigger {table}_kept" for table in ("attachments", "coverage", "post_versions")} <= before.keys()
    assert {"trigger attachments_unchanged", "trigger attachments_fixed"} <= before.keys()
    migrate.upgrade_tables(first.parent)
    assert triggers(first) == before
    desk = Desk(Archive.open(first.parent))
    for table in ("attachments", "coverage", "post_versions"):
        with pytest.raises(ArchiveUnusable, match=f"never deleted: {table}"), desk.archive.write() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")


def test_the_hashes_of_0001_are_still_good(first: Path) -> None:
    migrate.upgrade_tables(first.parent)
    with Archive.open(first.parent).read() as connection:
        assert list(check.versions(connection)) == [("post 7/10", True), ("post 7/11", True)]


def test_an_archive_of_0001_is_worked_with_as_any_other(first: Path, archive: Archive) -> None:
    migrate.upgrade_tables(first.parent)
    assert objects(first) == objects(archive.database)
    desk = Desk(Archive.open(first.parent))
    for number in (40, 50):
        desk.add(to_fetch(number, remote()))
    assert len(desk.rows(schema.coverage)) == 4 + 2


def test_down_to_0001_and_up_again_is_where_it_began(first: Path) -> None:
    def state() -> tuple[dict[str, str], dict[str, list[dict[str, Any]]]]:
        resolved_anew = {"links", "matches", "pictures", "picture_files", "unresolved"}
        return objects(first), {name: rows for name, rows in contents(first).items() if name not in resolved_anew}

    before = state()
    migrate.upgrade_tables(first.parent)
    migrated = state()
    downgrade(first, "0001")
    assert state() == before
    migrate.upgrade_tables(first.parent)
    assert state() == migrated


def test_down_to_0001_keeps_the_longest_range_of_each_run_and_channel(first: Path) -> None:
    migrate.upgrade_tables(first.parent)
    # (run, channel, first, last): those of run 1 in channel 1 compete with 10-11, and so on.
    more = [(1, 1, 30, 39), (1, 1, 50, 54), (1, 2, 90, 91), (3, 1, 5, 5), (3, 2, 60, 60)]
    with closing(sqlite3.connect(first)) as connection, connection:
        connection.executemany(
            "INSERT INTO coverage (run_id, channel_id, first_message_id, last_message_id, source, messages) "
            "VALUES (?, ?, ?, ?, 'backfill', 1)",
            more,
        )
    before = triggers(first)
    downgrade(first, "0001")
    kept = [
        (row["run_id"], row["channel_id"], row["first_message_id"], row["last_message_id"])
        for row in contents(first)["coverage"]
    ]
    # Of two that are as long, the newer one.
    assert sorted(kept) == [(1, 1, 30, 39), (1, 2, 90, 91), (2, 1, 20, 21), (3, 1, 5, 5), (3, 2, 80, 81)]
    assert triggers(first) == before


def test_down_to_0001_keeps_what_waited_for_a_download(filled: Desk) -> None:
    before = contents(filled.archive.database)
    assert [row["download_id"] for row in before["attachments"]].count(1) == 1
    downgrade(filled.archive.database, "0001")
    after = contents(filled.archive.database)
    assert after["attachments"] == [
        {name: value for name, value in row.items() if name != "download_id"} for row in before["attachments"]
    ]
    assert "not_yet" in {row["missing"] for row in after["attachments"]}


def test_fingerprints_keep_their_content_when_they_are_numbered(filled: Desk) -> None:
    database = filled.archive.database
    # Those of thumbnails go with what was read: 0005 came later.
    before = [row for row in filled.rows(schema.fingerprints) if row.algorithm != metadata.THUMBNAIL]
    downgrade(database, "0002")
    assert "id" not in columns(database, "fingerprints")
    migrate.upgrade_tables(database.parent)
    assert filled.rows(schema.fingerprints) == before
    assert [row.id for row in before] == [1, 2]


def test_down_to_0004_throws_away_what_was_read_and_nothing_else(filled: Desk) -> None:
    database = filled.archive.database
    before = {table.name: filled.rows(table) for table in schema.metadata.sorted_tables}
    downgrade(database, "0004")
    assert "traits" not in contents(database)
    migrate.upgrade_tables(database.parent)
    after = {table.name: filled.rows(table) for table in schema.metadata.sorted_tables}
    for name in ("traits", "captures", "deliveries"):
        assert before.pop(name)
        assert after.pop(name) == []
    for name, column, ours in (
        ("inspections", "tool", metadata.TOOL),
        ("fingerprints", "algorithm", metadata.THUMBNAIL),
    ):
        rest = [row for row in before.pop(name) if getattr(row, column) != ours]
        assert rest
        assert after.pop(name) == rest
    assert after == before
    with filled.archive.read() as connection:
        assert len(metadata.unread(connection)) == len(before["files"])


def test_down_to_0005_throws_away_the_deliveries_and_nothing_else(filled: Desk) -> None:
    database = filled.archive.database
    before = contents(database)
    downgrade(database, "0005")
    assert "deliveries" not in contents(database)
    migrate.upgrade_tables(database.parent)
    after = contents(database)
    assert before.pop("deliveries")
    assert after.pop("deliveries") == []
    for each in (before, after):
        each["sqlite_sequence"] = [row for row in each["sqlite_sequence"] if row["name"] != "deliveries"]
    assert after == before
    assert Archive.open(database.parent).check_database() == []
