import sqlite3
from contextlib import closing

from provenance.archive import check, observe, schema
from tests.archive.conftest import Desk, arrived, stored
from tests.core.build import NOON, hour


def test_every_version_agrees_with_its_hash(filled: Desk) -> None:
    filled.add(arrived(1, b"one", text="changed", edited_at=hour(2)))
    with filled.archive.read() as connection:
        found = list(check.versions(connection))
        assert found == [(f"post 1/{number}", True) for number in (1, 2, 3, 1)]
        assert check.count_versions(connection) == len(found)


def test_a_row_that_was_changed_from_outside_is_found(filled: Desk) -> None:
    with closing(sqlite3.connect(filled.archive.database)) as connection, connection:
        connection.execute("DROP TRIGGER post_versions_unchanged")
        connection.execute("UPDATE post_versions SET posted_at = '2020-01-01 00:00:00.000000' WHERE id = 2")
    with filled.archive.read() as snapshot:
        assert list(check.versions(snapshot)) == [("post 1/1", True), ("post 1/2", False), ("post 1/3", True)]


def test_more_versions_than_a_page_are_all_seen(desk: Desk) -> None:
    desk.add(*(arrived(number) for number in range(1, 2_101)))
    with desk.archive.read() as connection:
        names = [name for name, sound in check.versions(connection) if sound]
    assert names == [f"post 1/{number}" for number in range(1, 2_101)]


def test_files_and_unfinished_runs(filled: Desk) -> None:
    with filled.archive.read() as connection:
        known = check.files(connection)
        assert known[stored(b"one").sha256] == 3
        assert len(known) == len(filled.rows(schema.files))
        assert check.unfinished_runs(connection) == 1
    with filled.archive.write() as connection:
        observe.finish_run(connection, filled.run, "done", {}, NOON)
        assert check.unfinished_runs(connection) == 0
