"""Which channels are followed, how each stands with Telegram, and which sources would be worth following."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from provenance.archive import schema
from provenance.archive.read import channels, peer_names
from provenance.archive.text import storable
from provenance.core.answers import Follow, Suggestion
from provenance.core.model import Channel, PeerKind

_TABLE = schema.follows


def ask(connection: sa.Connection, asked: str, *, join: bool, since: datetime | None, now: datetime) -> int:
    """Record that a channel is to be followed, by the words that name it; return the row.

    The same words again are the same wish; it takes the new options.
    """
    values = {"join": join, "since": since, "removed_at": None, "trouble": None, "attempts": 0, "retry_at": None}
    same = (_TABLE.c.asked == asked) & _TABLE.c.removed_at.is_(None)
    known = connection.scalar(sa.select(_TABLE.c.id).where(same).order_by(_TABLE.c.id.desc()).limit(1))
    if known is not None:
        connection.execute(_TABLE.update().where(_TABLE.c.id == known).values(values))
        return int(known)
    row = values | {"asked": asked, "added_at": now, "joined": False}
    return int(connection.execute(_TABLE.insert().returning(_TABLE.c.id), row).scalar_one())


def settle(connection: sa.Connection, follow_id: int, channel_id: int, access_hash: int, *, joined: bool) -> int:
    """Record which channel a wish stands for. Where that was wished before, by other words, the two become one."""
    wish = connection.execute(sa.select(_TABLE).where(_TABLE.c.id == follow_id)).one()
    found = {"access_hash": access_hash, "joined": joined, "trouble": None, "attempts": 0, "retry_at": None}
    other = connection.scalar(sa.select(_TABLE.c.id).where(_TABLE.c.channel_id == channel_id, _TABLE.c.id != follow_id))
    if other is not None:
        connection.execute(_TABLE.delete().where(_TABLE.c.id == follow_id))
        found |= {"asked": wish.asked, "join": wish.join, "since": wish.since, "removed_at": wish.removed_at}
        follow_id = other
    connection.execute(_TABLE.update().where(_TABLE.c.id == follow_id).values(found | {"channel_id": channel_id}))
    return follow_id


def followed(connection: sa.Connection) -> list[Follow]:
    """Return everything that is followed, in the order in which it was added."""
    query = sa.select(_TABLE).where(_TABLE.c.removed_at.is_(None)).order_by(_TABLE.c.id)
    known = channels(connection)
    return [_follow(row, known) for row in connection.execute(query)]


def of_channel(connection: sa.Connection, row: int) -> Follow | None:
    """Return how a channel is or was followed; None where it never was."""
    found = connection.execute(sa.select(_TABLE).where(_TABLE.c.channel_id == row)).first()
    return None if found is None else _follow(found, channels(connection))


def _follow(row: Any, known: Mapping[int, Channel]) -> Follow:
    return Follow(
        id=row.id,
        asked=row.asked,
        join=row.join,
        since=row.since,
        added_at=row.added_at,
        row=row.channel_id,
        channel=known.get(row.channel_id),
        access_hash=row.access_hash,
        joined=row.joined,
        checked_at=row.checked_at,
        swept_id=row.swept_id,
        trouble=row.trouble,
        attempts=row.attempts,
        retry_at=row.retry_at,
    )


def remove(connection: sa.Connection, follow_id: int, now: datetime) -> None:
    """Follow a channel no longer; what was archived of it stays."""
    connection.execute(_TABLE.update().where(_TABLE.c.id == follow_id).values(removed_at=now))


def checked(connection: sa.Connection, follow_id: int, now: datetime) -> None:
    """Record that a channel has just been compared with its history, and that all is well with it."""
    values = {"checked_at": now, "trouble": None, "attempts": 0, "retry_at": None}
    connection.execute(_TABLE.update().where(_TABLE.c.id == follow_id).values(values))


def swept(connection: sa.Connection, follow_id: int, swept_id: int | None) -> None:
    """Record how far down the slow pass over older posts has come; None: it begins anew."""
    connection.execute(_TABLE.update().where(_TABLE.c.id == follow_id).values(swept_id=swept_id))


def joined(connection: sa.Connection, follow_id: int) -> None:
    """Record that the account has joined a channel."""
    connection.execute(_TABLE.update().where(_TABLE.c.id == follow_id).values(joined=True))


def troubled(connection: sa.Connection, follow_id: int, trouble: str, retry_at: datetime) -> None:
    """Record why a channel could not be read, and when it is to be tried again."""
    values = {"trouble": storable(trouble), "attempts": _TABLE.c.attempts + 1, "retry_at": retry_at}
    connection.execute(_TABLE.update().where(_TABLE.c.id == follow_id).values(values))


def add_peers(connection: sa.Connection, peers: Iterable[Channel], now: datetime) -> None:
    """Record how sources are called that posts credit."""
    statement = insert(schema.peers)
    fresh = {name: statement.excluded[name] for name in ("title", "username", "seen_at")}
    rows = [
        {
            "kind": each.kind,
            "peer_id": each.id,
            "title": storable(each.title),
            "username": each.username and storable(each.username),
            "seen_at": now,
        }
        for each in peers
    ]
    if rows:
        connection.execute(statement.on_conflict_do_update(index_elements=["kind", "peer_id"], set_=fresh), rows)


def suggestions(connection: sa.Connection, limit: int) -> list[Suggestion]:
    """Return the sources that archived posts credit most and that are not followed, most credited first."""
    versions, posts = schema.post_versions, schema.posts
    followed_ids = (
        sa.select(schema.channels.c.peer_id)
        .join(_TABLE, _TABLE.c.channel_id == schema.channels.c.id)
        .where(_TABLE.c.removed_at.is_(None), schema.channels.c.kind == PeerKind.CHANNEL)
    )
    credited = (versions.c.forward_kind == PeerKind.CHANNEL) & versions.c.forward_imported.is_(False)
    query = (
        sa.select(
            versions.c.forward_peer_id,
            sa.func.max(versions.c.forward_name).label("name"),
            sa.func.count(sa.distinct(versions.c.post_id)).label("posts"),
            sa.func.count(sa.distinct(posts.c.channel_id)).label("channels"),
            sa.func.max(versions.c.posted_at, type_=schema.UtcDateTime).label("latest"),
        )
        .join(posts, posts.c.id == versions.c.post_id)
        .where(credited, versions.c.forward_peer_id.not_in(followed_ids))
        .group_by(versions.c.forward_peer_id)
        .order_by(sa.desc("posts"), versions.c.forward_peer_id)
        .limit(limit)
    )
    rows: list[Any] = list(connection.execute(query))
    names = peer_names(connection, {(PeerKind.CHANNEL, row.forward_peer_id) for row in rows})
    found = []
    for row in rows:
        title, username = names.get((PeerKind.CHANNEL, row.forward_peer_id), (row.name, None))
        found.append(Suggestion(row.forward_peer_id, title, username, row.posts, row.channels, row.latest))
    return found
