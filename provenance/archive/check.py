"""Reading an archive the way `verify` does: every version of a post against the hash that it was stored with."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.observe import archived_post, identity, version_hash

_PAGE = 1_000


def files(connection: sa.Connection) -> dict[str, int]:
    """Return {hash: bytes} of every file that has a row."""
    return {row[0]: row[1] for row in connection.execute(sa.select(schema.files.c.sha256, schema.files.c.size))}


def count_versions(connection: sa.Connection) -> int:
    """Count the versions of posts."""
    return connection.scalar(sa.select(sa.func.count()).select_from(schema.post_versions)) or 0


def unfinished_runs(connection: sa.Connection) -> int:
    """Count the runs that have begun and not ended."""
    query = sa.select(sa.func.count()).select_from(schema.runs).where(schema.runs.c.outcome == "running")
    return connection.scalar(query) or 0


def versions(connection: sa.Connection) -> Iterator[tuple[str, bool]]:
    """Yield (post, whether the row agrees with its hash) for every version."""
    table, posts, channels = schema.post_versions, schema.posts, schema.channels
    query = (
        sa.select(table, posts.c.message_id, channels.c.kind, channels.c.peer_id)
        .join(posts, posts.c.id == table.c.post_id)
        .join(channels, channels.c.id == posts.c.channel_id)
        .order_by(table.c.id)
    )
    last = 0
    while page := list(connection.execute(query.where(table.c.id > last).limit(_PAGE))):
        attached = _attachments(connection, last, page[-1].id)
        last = page[-1].id
        for row in page:
            post = archived_post(row.message_id, row, attached[row.id])
            sound = version_hash(identity(row.kind, row.peer_id, post), row.raw) == row.sha256
            yield f"post {row.peer_id}/{row.message_id}", sound


def _attachments(connection: sa.Connection, after: int, last: int) -> dict[int, list[Any]]:
    table = schema.attachments
    query = sa.select(table).where(table.c.version_id > after, table.c.version_id <= last)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query.order_by(table.c.version_id, table.c.position)):
        found[row.version_id].append(row)
    return found
