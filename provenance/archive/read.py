"""Reading posts, files and pictures back as the nouns of `core.model`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from provenance.archive import schema
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION
from provenance.core.model import (
    AttachmentKind,
    Channel,
    File,
    ForwardHeader,
    Held,
    PeerKind,
    Source,
    Version,
)

MEASURE_TOOL = "measure"
Key = TypeVar("Key", int, str)
_IN = 5_000
"""Ids in one IN list: below what any SQLite allows."""


def chunks(ids: Iterable[Key]) -> Iterator[list[Key]]:
    """Cut ids (or hashes) into lists that fit one query."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, _IN)):
        yield chunk


def channels(connection: sa.Connection) -> dict[int, Channel]:
    """Return {row: channel} with the newest name and all earlier ones."""
    table, names = schema.channels, schema.channel_names
    titles: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(sa.select(names).order_by(names.c.id)):
        titles[row.channel_id].append(row)
    return {
        row.id: Channel(
            PeerKind(row.kind),
            row.peer_id,
            titles[row.id][-1].title,
            titles[row.id][-1].username,
            frozenset(name.title for name in titles[row.id]),
        )
        for row in connection.execute(sa.select(table))
    }


_files, _prints, _seen = schema.files, schema.fingerprints, schema.inspections
# Put together once: it is asked for with each new file.
_FILES = (
    sa.select(_files, _prints.c.code, _prints.c.turned, _prints.c.quality, _seen.c.problem)
    .outerjoin(
        _prints,
        (_prints.c.file_id == _files.c.id)
        & (_prints.c.algorithm == ALGORITHM)
        & (_prints.c.version == ALGORITHM_VERSION),
    )
    .outerjoin(
        _seen,
        (_seen.c.file_id == _files.c.id) & (_seen.c.tool == MEASURE_TOOL) & (_seen.c.version == ALGORITHM_VERSION),
    )
    .where(_files.c.id.in_(sa.bindparam("wanted", expanding=True)))
)


def files(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, File]:
    """Return {row: file} with the fingerprints of the version known here."""
    return {
        row.id: File(
            row.id,
            row.sha256,
            row.size,
            row.format,
            row.width,
            row.height,
            row.code + row.turned if row.code else b"",
            row.quality or 0,
            row.problem,
        )
        for chunk in chunks(file_ids)
        for row in connection.execute(_FILES, {"wanted": chunk})
    }


def places(connection: sa.Connection, hashes: Iterable[str]) -> dict[str, str]:
    """Return {hash: "«channel», message N"} for files by their hash: one of the posts that hold each."""
    versions, attachments, posts = schema.post_versions, schema.attachments, schema.posts
    query = (
        sa.select(schema.files.c.sha256, posts.c.channel_id, posts.c.message_id, attachments.c.name)
        .join(attachments, attachments.c.file_id == schema.files.c.id)
        .join(versions, versions.c.id == attachments.c.version_id)
        .join(posts, posts.c.id == versions.c.post_id)
    )
    known = channels(connection)
    return {
        row.sha256: f"«{known[row.channel_id].title}», message {row.message_id}, {row.name or row.sha256}"
        for chunk in chunks(hashes)
        for row in connection.execute(query.where(schema.files.c.sha256.in_(chunk)))
    }


def posts_with_files(connection: sa.Connection, file_ids: Iterable[int]) -> set[int]:
    """Return the rows of all posts that hold one of the files in any of their versions."""
    versions, attachments = schema.post_versions, schema.attachments
    query = sa.select(versions.c.post_id).join(attachments, attachments.c.version_id == versions.c.id)
    return {
        post_id
        for chunk in chunks(file_ids)
        for post_id in connection.scalars(query.where(attachments.c.file_id.in_(chunk)))
    }


def versions(connection: sa.Connection, post_ids: Iterable[int]) -> list[Version]:
    """Return all versions of the posts, with all that they hold, in the order in which they were archived."""
    table, posts, attachments = schema.post_versions, schema.posts, schema.attachments
    rows: list[Any] = []
    attached: list[Any] = []
    # Without the source's own record: it is as large as all the rest, and nobody asks for it here.
    told = [column for column in table.c if column is not table.c.raw]
    for chunk in chunks(post_ids):
        query = sa.select(*told, posts.c.channel_id, posts.c.message_id, posts.c.deleted_seen_at)
        rows += connection.execute(query.join(posts).where(table.c.post_id.in_(chunk)).order_by(table.c.id))
        held_query = sa.select(attachments).join(table, table.c.id == attachments.c.version_id)
        attached += connection.execute(
            held_query.where(table.c.post_id.in_(chunk)).order_by(attachments.c.version_id, attachments.c.position)
        )
    known_files = files(connection, {row.file_id for row in attached if row.file_id is not None})
    known_channels = channels(connection)
    sources = peer_names(
        connection,
        {
            (PeerKind(row.forward_kind), row.forward_peer_id)
            for row in rows
            if row.forward_kind and row.forward_peer_id is not None
        },
    )
    held: dict[int, list[Held]] = defaultdict(list)
    for row in attached:
        file = known_files.get(row.file_id)
        kind = AttachmentKind(row.kind)
        held[row.version_id].append(Held(row.id, row.position, kind, file, row.media_id, row.uploaded_at))
    return [_version(row, known_channels[row.channel_id], held[row.id], sources) for row in rows]


def versions_with_files(connection: sa.Connection, file_ids: Iterable[int]) -> list[Version]:
    """Return all versions of all posts that ever held one of the files."""
    return versions(connection, sorted(posts_with_files(connection, file_ids)))


def picture_of(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, int]:
    """Return {file: picture} for those files that have been resolved."""
    table = schema.picture_files
    return {
        row.file_id: row.picture_id
        for chunk in chunks(file_ids)
        for row in connection.execute(sa.select(table).where(table.c.file_id.in_(chunk)))
    }


def files_of_pictures(connection: sa.Connection, picture_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return {picture: its files}."""
    table = schema.picture_files
    found: dict[int, list[int]] = defaultdict(list)
    for chunk in chunks(picture_ids):
        for row in connection.execute(sa.select(table).where(table.c.picture_id.in_(chunk))):
            found[row.picture_id].append(row.file_id)
    return found


def resolved_codes(connection: sa.Connection) -> Sequence[tuple[int, bytes]]:
    """Return (file, upright code) of every fingerprint of the version known here whose file belongs to a picture."""
    table = schema.fingerprints
    query = _resolved(sa.select(table.c.file_id, table.c.code))
    return [(row[0], row[1]) for row in connection.execute(query)]


def count_resolved(connection: sa.Connection) -> int:
    """Return how many `resolved_codes` there are."""
    return connection.scalar(_resolved(sa.select(sa.func.count()).select_from(schema.fingerprints))) or 0


def _current(query: sa.Select[Any]) -> sa.Select[Any]:
    table = schema.fingerprints
    return query.where(table.c.algorithm == ALGORITHM, table.c.version == ALGORITHM_VERSION)


def _resolved(query: sa.Select[Any]) -> sa.Select[Any]:
    members = schema.picture_files
    return _current(query).join(members, members.c.file_id == schema.fingerprints.c.file_id)


def peer_names(
    connection: sa.Connection, keys: Iterable[tuple[PeerKind, int]]
) -> dict[tuple[PeerKind, int], tuple[str, str | None]]:
    """Return {(kind, id): (title, username)} of sources that are archived, or that Telegram has named."""
    wanted = set(keys)
    table = schema.peers
    found: dict[tuple[PeerKind, int], tuple[str, str | None]] = {}
    for chunk in chunks({peer_id for _, peer_id in wanted}):
        for row in connection.execute(sa.select(table).where(table.c.peer_id.in_(chunk))):
            found[PeerKind(row.kind), row.peer_id] = (row.title, row.username)
    if wanted:
        found |= {each.key: (each.title, each.username) for each in channels(connection).values()}
    return {key: name for key, name in found.items() if key in wanted}


def forward_header(row: Any) -> ForwardHeader | None:
    """Return the forward header of a row of post_versions."""
    header = ForwardHeader(
        row.forward_name,
        PeerKind(row.forward_kind) if row.forward_kind else None,
        row.forward_peer_id,
        row.forward_message_id,
        row.forwarded_at,
        row.forward_imported,
    )
    return None if header == ForwardHeader() else header


def _version(
    row: Any, channel: Channel, held: list[Held], sources: Mapping[tuple[PeerKind, int], tuple[str, str | None]]
) -> Version:
    forward = forward_header(row)
    if forward is not None and forward.name is None and forward.kind is not None and forward.peer_id is not None:
        # A header credits by number; the name is for people.
        title, username = sources.get((forward.kind, forward.peer_id), (None, None))
        forward = replace(forward, name=title, username=username)
    return Version(
        id=row.id,
        channel=channel,
        message_id=row.message_id,
        posted_at=row.posted_at,
        edited_at=row.edited_at,
        claimed_at=row.claimed_at,
        observed_at=row.observed_at,
        deleted_seen_at=row.deleted_seen_at,
        forward=forward,
        scheduled=row.scheduled,
        source=Source(row.source),
        text=row.text,
        held=tuple(held),
    )
