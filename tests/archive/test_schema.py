from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from provenance.archive import schema
from provenance.archive.store import Archive
from provenance.errors import ArchiveUnusable
from tests.archive.conftest import Desk
from tests.core.build import NOON

OBSERVED = (
    "attachments",
    "chain_revisions",
    "channel_names",
    "channels",
    "coverage",
    "files",
    "post_versions",
    "posts",
    "reports",
    "run_problems",
    "runs",
)
WANTED = {"deliveries", "downloads", "follows", "peers"}
"""What is wanted and how it stands: neither observed nor derived."""
DECIDED = {"separations", "separation_files"}
"""What a user has said."""


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        datetime(2024, 12, 17, 12, 0, 0, 123456, UTC),
        datetime(2024, 12, 17, 23, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_times_come_back_as_they_went_in_aware_and_in_utc(archive: Archive, at: datetime) -> None:
    with archive.write() as connection:
        run = {"command": "x", "details": "", "started_at": at, "outcome": ""}
        connection.execute(schema.runs.insert(), run)
        found = connection.execute(sa.select(schema.runs)).one()
    assert (found.started_at, found.ended_at) == (at, None)
    assert found.started_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(archive: Archive) -> None:
    naive = datetime(2024, 12, 17, 12)  # noqa: DTZ001
    run = {"command": "x", "details": "", "started_at": naive, "outcome": ""}
    with archive.write() as connection, pytest.raises(StatementError, match="without a zone"):
        connection.execute(schema.runs.insert(), run)


def change(desk: Desk, statement: str) -> None:
    with desk.archive.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0


def test_every_table_has_rows_to_try(filled: Desk) -> None:
    assert [table.name for table in schema.metadata.sorted_tables if not filled.rows(table)] == []


@pytest.mark.parametrize("table", OBSERVED)
def test_what_was_observed_is_never_deleted(filled: Desk, table: str) -> None:
    before = filled.rows(schema.metadata.tables[table])
    with pytest.raises(ArchiveUnusable, match=f"never deleted: {table}"):
        change(filled, f"DELETE FROM {table}")
    assert filled.rows(schema.metadata.tables[table]) == before


@pytest.mark.parametrize(
    ("table", "change_of"),
    [
        ("run_problems", "what = 'nothing'"),
        ("post_versions", "text = ''"),
        ("post_versions", "posted_at = NULL"),
        ("post_versions", "sha256 = ''"),
        ("chain_revisions", "reason = ''"),
        ("reports", "sha256 = ''"),
        ("files", "sha256 = sha256 || 'a'"),
        ("files", "size = 0"),
        ("files", "observed_at = NULL"),
        ("attachments", "file_id = NULL, missing = 'x' WHERE file_id IS NOT NULL"),
        ("attachments", "kind = 'x' WHERE file_id IS NOT NULL"),
        ("attachments", "download_id = 1 WHERE file_id IS NOT NULL"),
        ("attachments", "position = 9 WHERE file_id IS NULL"),
        ("attachments", "version_id = 2 WHERE file_id IS NULL"),
        # Filling in a file is the one thing that may happen to an attachment.
        ("attachments", "kind = 'x' WHERE file_id IS NULL"),
        ("attachments", "media_id = 1 WHERE file_id IS NULL"),
        ("attachments", "uploaded_at = '2020-01-01' WHERE file_id IS NULL"),
        ("attachments", "missing = 'x' WHERE file_id IS NULL"),
        ("posts", "message_id = message_id + 100"),
        ("channels", "peer_id = 99"),
        ("channel_names", "title = ''"),
        ("runs", "command = ''"),
    ],
)
def test_what_was_observed_is_never_overwritten(filled: Desk, table: str, change_of: str) -> None:
    with pytest.raises(ArchiveUnusable, match=f"never overwritten: {table}"):
        change(filled, f"UPDATE {table} SET {change_of}")


def test_replacing_a_row_counts_as_deleting_it(filled: Desk) -> None:
    # SQLite's REPLACE fires no delete triggers unless it is told to.
    copy = (
        "INSERT OR REPLACE INTO run_problems (id, run_id, place, what) SELECT id, run_id, place, '' FROM run_problems"
    )
    with pytest.raises(ArchiveUnusable, match="never deleted: run_problems"):
        change(filled, copy)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attachments SET file_id = 1 WHERE file_id IS NULL",
        "UPDATE attachments SET download_id = 1 WHERE file_id IS NULL AND download_id IS NULL",
        "UPDATE files SET format = 'PNG', width = 1, height = 2",
        "UPDATE posts SET deleted_seen_at = '2024-12-18 00:00:00.000000'",
        "UPDATE channel_names SET seen_to = '2024-12-18 00:00:00.000000'",
        "UPDATE runs SET outcome = 'done', ended_at = '2024-12-18 00:00:00.000000', summary = '{}'",
        "UPDATE coverage SET messages = messages + 1",
    ],
)
def test_what_comes_to_be_known_later_is_added(filled: Desk, statement: str) -> None:
    change(filled, statement)


def test_what_is_derived_can_be_emptied_in_its_order(filled: Desk) -> None:
    for table in schema.DERIVED:
        change(filled, f"DELETE FROM {table.name}")
    derived = {table.name for table in schema.DERIVED} | {"unresolved"}
    assert derived.isdisjoint(OBSERVED)
    assert derived | set(OBSERVED) | WANTED | DECIDED == set(schema.metadata.tables)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (schema.posts, {"channel_id": 999, "message_id": 1, "album_inferred": False}),
        (schema.posts, {"channel_id": 1, "message_id": 1, "album_inferred": False}),
        (schema.channels, {"kind": "channel", "peer_id": 1}),
        (schema.attachments, {"version_id": 1, "position": 7, "kind": "photo"}),
        (schema.attachments, {"version_id": 1, "position": 0, "kind": "photo", "missing": "x"}),
        (schema.unresolved, {"file_id": 999}),
        (schema.attachments, {"version_id": 1, "position": 8, "kind": "photo", "missing": "x", "download_id": 999}),
        (
            schema.follows,
            {"asked": "again", "join": False, "added_at": NOON, "channel_id": 1, "joined": False, "attempts": 0},
        ),
        (
            schema.matches,
            {"file_a": 2, "file_b": 1, "stage": "x", "version": 9, "kind": "", "confidence": "", "distance": 0}
            | {"mirrored": False, "rotated": 0},
        ),
    ],
)
def test_rows_that_make_no_sense_are_refused(filled: Desk, table: sa.Table, values: dict[str, Any]) -> None:
    with filled.archive.write() as connection, pytest.raises(IntegrityError):
        connection.execute(table.insert(), values)


def test_numbers_are_never_given_out_twice(archive: Archive) -> None:
    match = {"stage": "x", "version": 1, "kind": "", "confidence": "", "distance": 0, "mirrored": False, "rotated": 0}
    with archive.write() as connection:
        for sha256 in "ab":
            connection.execute(schema.files.insert(), {"sha256": sha256, "size": 1, "observed_at": NOON})
        for _ in range(2):
            connection.execute(schema.matches.delete())
            connection.execute(schema.matches.insert(), match | {"file_a": 1, "file_b": 2})
        assert connection.scalar(sa.select(schema.matches.c.id)) == 2
