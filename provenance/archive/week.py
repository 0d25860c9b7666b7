"""A week of the archive: when its posts were made, and what is known of each channel's part in it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.coverage import covered
from provenance.archive.read import channels
from provenance.core.attendance import ChannelWeek
from provenance.core.model import PeerKind


@dataclass(slots=True)
class _Part:
    """What one channel's rows say of the week."""

    posts: int = 0
    images: int = 0
    missing: int = 0
    first: int | None = None
    last: int | None = None
    latest: datetime | None = None


def post_times(connection: sa.Connection, start: datetime, end: datetime) -> list[datetime]:
    """Return the times of the posts of [start, end), service messages left out."""
    table = schema.post_versions
    query = (
        sa.select(sa.func.max(table.c.posted_at, type_=schema.UtcDateTime))
        .where(table.c.posted_at >= start, table.c.posted_at < end, table.c.service.is_(None))
        .group_by(table.c.post_id)
    )
    return list(connection.scalars(query))


def per_channel(connection: sa.Connection, start: datetime, end: datetime) -> list[ChannelWeek]:
    """Return what the archive has seen of every channel in [start, end), ordered by kind and id."""
    parts: dict[int, _Part] = defaultdict(_Part)
    for row in connection.execute(_posts(start, end)):
        part = parts[row.channel_id]
        part.posts, part.first, part.last, part.latest = row.posts, row.first, row.last, row.latest
    for row in connection.execute(_images(start, end)):
        parts[row.channel_id].images, parts[row.channel_id].missing = row.images, row.missing
    asked = _asked(connection)
    found = []
    for key, channel in channels(connection).items():
        if channel.kind is PeerKind.COLLECTION:
            continue
        part = parts[key]
        before, since = _edge(connection, key, sa.func.max, schema.post_versions.c.posted_at < start)
        after, _ = _edge(connection, key, sa.func.min, schema.post_versions.c.posted_at >= end)
        ranges = covered(connection, key) if channel.id > 0 else []
        first = before + 1 if before is not None else part.first
        last = after - 1 if after is not None else part.last
        absent, unknown = (0, 0) if first is None or last is None else _lacking(connection, key, ranges, first, last)
        checked = asked.get(key)
        found.append(
            ChannelWeek(
                channel=channel,
                posts=part.posts,
                images=part.images,
                missing=part.missing,
                absent=absent,
                unknown=unknown,
                from_start=before is not None or bool(ranges and ranges[0][0] <= 1 and part.first is not None),
                to_end=after is not None or (checked is not None and checked >= end),
                latest=part.latest or since,
            )
        )
    return sorted(found, key=lambda each: (each.channel.kind, each.channel.id))


def _posts(start: datetime, end: datetime) -> sa.Select[Any]:
    posts, versions = schema.posts, schema.post_versions
    return (
        sa.select(
            posts.c.channel_id,
            sa.func.count(sa.distinct(posts.c.id)).label("posts"),
            sa.func.min(posts.c.message_id).label("first"),
            sa.func.max(posts.c.message_id).label("last"),
            sa.func.max(versions.c.posted_at, type_=schema.UtcDateTime).label("latest"),
        )
        .join(versions, versions.c.post_id == posts.c.id)
        .where(versions.c.posted_at >= start, versions.c.posted_at < end, versions.c.service.is_(None))
        .group_by(posts.c.channel_id)
    )


def _images(start: datetime, end: datetime) -> sa.Select[Any]:
    """Count each image once: the same position of a post in two versions is one image."""
    posts, versions, attachments = schema.posts, schema.post_versions, schema.attachments
    each = (
        sa.select(posts.c.channel_id, sa.func.max(attachments.c.file_id).label("file"))
        .join(versions, versions.c.post_id == posts.c.id)
        .join(attachments, attachments.c.version_id == versions.c.id)
        .where(versions.c.posted_at >= start, versions.c.posted_at < end, versions.c.service.is_(None))
        .group_by(posts.c.channel_id, posts.c.id, attachments.c.position)
        .subquery()
    )
    held = sa.func.count(each.c.file)
    query = sa.select(each.c.channel_id, held.label("images"), (sa.func.count() - held).label("missing"))
    return query.group_by(each.c.channel_id)


def _edge(connection: sa.Connection, key: int, which: Any, inside: sa.ColumnElement[bool]) -> tuple[int | None, Any]:
    """Return the number of the post that is nearest to the week on one side of it, and its time."""
    posts, versions = schema.posts, schema.post_versions
    query = (
        sa.select(which(posts.c.message_id), which(versions.c.posted_at, type_=schema.UtcDateTime))
        .join(versions, versions.c.post_id == posts.c.id)
        .where(posts.c.channel_id == key, inside)
    )
    row = connection.execute(query).one()
    return row[0], row[1]


def _lacking(
    connection: sa.Connection, key: int, ranges: Sequence[tuple[int, int]], first: int, last: int
) -> tuple[int, int]:
    """Count the ids from `first` to `last` that were asked for and hold no post, and those nobody has asked for."""
    table = schema.posts
    query = sa.select(table.c.message_id).where(table.c.channel_id == key, table.c.message_id.between(first, last))
    held = set(connection.scalars(query))
    if not ranges:
        return 0, max(0, last - first + 1 - len(held)) if first > 0 else 0
    inside = [(max(first, low), min(last, high)) for low, high in ranges if high >= first and low <= last]
    told = sum(high - low + 1 for low, high in inside)
    held_inside = sum(any(low <= each <= high for low, high in inside) for each in held)
    return told - held_inside, max(0, last - first + 1) - told - (len(held) - held_inside)


def _asked(connection: sa.Connection) -> dict[int, datetime]:
    """Return {channel: when Telegram was last asked for its newest posts}."""
    table = schema.follows
    query = sa.select(table.c.channel_id, table.c.checked_at).where(
        table.c.channel_id.is_not(None), table.c.checked_at.is_not(None)
    )
    return {row.channel_id: row.checked_at for row in connection.execute(query)}
