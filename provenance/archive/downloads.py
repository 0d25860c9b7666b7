"""The queue of what is to be downloaded: one row for the same bytes, however many posts show them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from provenance.archive import schema
from provenance.archive.files import Stored
from provenance.archive.read import chunks
from provenance.archive.text import storable
from provenance.archive.unresolved import files_of_posts, unresolve
from provenance.core.model import MediaKind, Remote

Key = tuple[MediaKind, int, str]
"""What names the bytes: `Remote.key`."""
_KEYS_AT_ONCE = 300
"""Row values in one IN list: three parameters each."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of the queue, and the file that it brought (None: it has not yet)."""

    id: int
    file_id: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is to be downloaded, and the post where a fresh file reference is to be had."""

    id: int
    remote: Remote
    channel_id: int
    """The row of the channel."""
    message_id: int
    ref: str
    """The post's name: channel id / message id."""
    attempts: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be downloaded, since when it is on Telegram, and the post that shows it."""

    remote: Remote
    message_id: int
    uploaded_at: datetime | None


def queue(
    connection: sa.Connection, channel_id: int, wanted: Sequence[Wanted], now: datetime, *, urgent: bool
) -> dict[Key, Queued]:
    """Queue what is wanted, or freshen the references of what waits already."""
    if not wanted:
        return {}
    table = schema.downloads
    statement = insert(table)
    fresh = {
        name: statement.excluded[name]
        for name in ("access_hash", "reference", "dc", "size", "channel_id", "message_id")
    }
    statement = statement.on_conflict_do_update(
        index_elements=["media", "media_id", "part"],
        set_={**fresh, "urgent": table.c.urgent | statement.excluded.urgent},
        where=table.c.file_id.is_(None),
    )
    unique = {each.remote.key: each for each in wanted}
    connection.execute(
        statement,
        [
            {
                "media": each.remote.media,
                "media_id": each.remote.media_id,
                "part": each.remote.part,
                "access_hash": each.remote.access_hash,
                "reference": each.remote.reference,
                "dc": each.remote.dc,
                "size": each.remote.size,
                "channel_id": channel_id,
                "message_id": each.message_id,
                "urgent": urgent,
                "uploaded_at": each.uploaded_at,
                "queued_at": now,
                "attempts": 0,
            }
            for each in unique.values()
        ],
    )
    return _by_key(connection, list(unique))


def due(connection: sa.Connection, now: datetime, without: Collection[int], limit: int) -> list[Waiting]:
    """Return what may be downloaded now: urgent things first, then what was uploaded last; `without` are under way."""
    table = schema.downloads
    query = (
        sa.select(table, schema.channels.c.peer_id)
        .join(schema.channels, schema.channels.c.id == table.c.channel_id)
        .where(table.c.file_id.is_(None), table.c.retry_at.is_(None) | (table.c.retry_at <= now))
        .order_by(table.c.urgent.desc(), table.c.uploaded_at.desc(), table.c.id.desc())
        .limit(limit + len(without))
    )
    return [_waiting(row) for row in connection.execute(query) if row.id not in without][:limit]


def next_retry(connection: sa.Connection) -> datetime | None:
    """Return when the next download that had trouble may be tried again."""
    table = schema.downloads
    query = sa.select(sa.func.min(table.c.retry_at, type_=schema.UtcDateTime)).where(table.c.file_id.is_(None))
    found: datetime | None = connection.scalar(query)
    return found


def finish(connection: sa.Connection, download_id: int, stored: Stored, now: datetime) -> None:
    """Record the bytes of a download and give them to every attachment that waits for them.

    What the other versions of those posts hold is in question too: until now each might have been this image.
    """
    files, table, attachments, versions = schema.files, schema.downloads, schema.attachments, schema.post_versions
    file_id = connection.scalar(sa.select(files.c.id).where(files.c.sha256 == stored.sha256))
    if file_id is None:
        row = {"sha256": stored.sha256, "size": stored.size, "observed_at": now}
        file_id = connection.scalar(files.insert().returning(files.c.id), row)
    done = table.c.id == download_id
    connection.execute(table.update().where(done).values(file_id=file_id, trouble=None, retry_at=None))
    ours = (attachments.c.download_id == download_id) & attachments.c.file_id.is_(None)
    filled = attachments.update().where(ours).values(file_id=file_id).returning(attachments.c.version_id)
    version_ids = set(connection.scalars(filled))
    unresolve(connection, [file_id])
    for chunk in chunks(version_ids):
        posts = connection.scalars(sa.select(versions.c.post_id).distinct().where(versions.c.id.in_(chunk)))
        unresolve(connection, files_of_posts(connection, list(posts)))


def put_off(connection: sa.Connection, download_id: int, trouble: str, retry_at: datetime, *, counts: bool) -> None:
    """Record why a download did not work, and when to try again; `counts`: as one more failed attempt."""
    table = schema.downloads
    values: dict[str, Any] = {"trouble": storable(trouble), "retry_at": retry_at, "attempts": table.c.attempts + counts}
    connection.execute(table.update().where(table.c.id == download_id).values(values))


def counts(connection: sa.Connection) -> tuple[int, int]:
    """Return how many downloads wait, and how many of those have had trouble."""
    table = schema.downloads
    waiting = table.c.file_id.is_(None)
    query = sa.select(sa.func.count(), sa.func.count(table.c.trouble)).where(waiting)
    row = connection.execute(query).one()
    return row[0], row[1]


def _by_key(connection: sa.Connection, keys: Sequence[Key]) -> dict[Key, Queued]:
    table = schema.downloads
    columns = sa.tuple_(table.c.media, table.c.media_id, table.c.part)
    found = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        part: Iterable[Key] = keys[start : start + _KEYS_AT_ONCE]
        for row in connection.execute(sa.select(table).where(columns.in_(part))):
            found[MediaKind(row.media), row.media_id, row.part] = Queued(row.id, row.file_id)
    return found


def _waiting(row: Any) -> Waiting:
    remote = Remote(MediaKind(row.media), row.media_id, row.access_hash, row.reference, row.dc, row.size, row.part)
    ref = f"{row.peer_id}/{row.message_id}"
    return Waiting(row.id, remote, row.channel_id, row.message_id, ref, row.attempts)
