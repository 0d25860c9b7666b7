"""Which ids of a channel have been asked for and told, where the holes are, and what was found deleted since.

An id inside a covered range that has no post holds none: it was deleted before, or never was one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.read import chunks
from provenance.archive.unresolved import files_of_posts, unresolve
from provenance.core.model import Source


def cover(
    connection: sa.Connection, run_id: int, channel_id: int, source: Source, first: int, last: int, messages: int
) -> None:
    """Record that all ids from `first` to `last` have been told; grows a range of this run that it touches."""
    table = schema.coverage
    touching = (table.c.first_message_id <= last + 1) & (table.c.last_message_id >= first - 1)
    ours = (table.c.run_id == run_id) & (table.c.channel_id == channel_id) & (table.c.source == source)
    row = connection.execute(sa.select(table).where(ours, touching).order_by(table.c.id.desc()).limit(1)).first()
    if row is None:
        values = {"run_id": run_id, "channel_id": channel_id, "source": source, "messages": messages}
        connection.execute(table.insert(), values | {"first_message_id": first, "last_message_id": last})
        return
    connection.execute(
        table.update()
        .where(table.c.id == row.id)
        .values(
            first_message_id=min(first, row.first_message_id),
            last_message_id=max(last, row.last_message_id),
            messages=row.messages + messages,
        )
    )


def covered(connection: sa.Connection, channel_id: int) -> list[tuple[int, int]]:
    """Return the (first, last) of the ranges that are covered, joined and in order."""
    table = schema.coverage
    query = sa.select(table.c.first_message_id, table.c.last_message_id).where(table.c.channel_id == channel_id)
    return merged((row[0], row[1]) for row in connection.execute(query))


def covers(connection: sa.Connection, channel_id: int, number: int) -> bool:
    """Whether the number is covered, or below the first that a post can have."""
    table = schema.coverage
    query = sa.select(table.c.id).where(
        table.c.channel_id == channel_id, table.c.first_message_id <= number, table.c.last_message_id >= number
    )
    return number < 1 or connection.scalar(query.limit(1)) is not None


def holes(connection: sa.Connection, channel_id: int, floor: int, top: int) -> list[tuple[int, int]]:
    """Return the (first, last) of the ranges between `floor` and `top` that are not covered, newest first."""
    ranges = [(first, last) for first, last in covered(connection, channel_id) if last >= floor and first <= top]
    edges = [(floor - 1, floor - 1), *ranges, (top + 1, top + 1)]
    return [(one[1] + 1, two[0] - 1) for one, two in reversed(list(pairwise(edges))) if two[0] - one[1] > 1]


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges that overlap or touch."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def alive(connection: sa.Connection, channel_id: int, first: int, last: int) -> set[int]:
    """Return the archived ids from `first` to `last` that have not been found deleted."""
    table = schema.posts
    query = sa.select(table.c.message_id).where(
        table.c.channel_id == channel_id, table.c.message_id.between(first, last), table.c.deleted_seen_at.is_(None)
    )
    return set(connection.scalars(query))


def last_before(connection: sa.Connection, channel_id: int, since: datetime) -> int:
    """Return the highest number of an archived post that was posted before `since`; 0 where there is none."""
    posts, versions = schema.posts, schema.post_versions
    query = (
        sa.select(sa.func.max(posts.c.message_id))
        .join(versions, versions.c.post_id == posts.c.id)
        .where(posts.c.channel_id == channel_id, versions.c.posted_at < since)
    )
    return connection.scalar(query) or 0


def count_alive(connection: sa.Connection, channel_id: int) -> int:
    """Count the archived posts of a channel that have not been found deleted."""
    table = schema.posts
    query = sa.select(sa.func.count()).where(table.c.channel_id == channel_id, table.c.deleted_seen_at.is_(None))
    return connection.scalar(query) or 0


def mark_deleted(connection: sa.Connection, channel_id: int, message_ids: Sequence[int], now: datetime) -> int:
    """Mark archived posts as found deleted; return how many were not marked yet. A mark is never taken back."""
    table = schema.posts
    count = 0
    for chunk in chunks(message_ids):
        ours = (table.c.channel_id == channel_id) & table.c.message_id.in_(chunk) & table.c.deleted_seen_at.is_(None)
        marked = list(connection.scalars(table.update().where(ours).values(deleted_seen_at=now).returning(table.c.id)))
        unresolve(connection, files_of_posts(connection, marked))
        count += len(marked)
    return count
