"""Writing down what was observed: runs, channels, posts and their versions. Nothing here is ever overwritten."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provenance.archive import downloads, schema
from provenance.archive.coverage import cover
from provenance.archive.downloads import Key, Queued, Wanted
from provenance.archive.files import Stored
from provenance.archive.read import forward_header
from provenance.archive.text import storable
from provenance.archive.unresolved import files_of_posts, unresolve
from provenance.core.model import (
    Attachment,
    AttachmentKind,
    Channel,
    ForwardHeader,
    Missing,
    Post,
    Problem,
    Source,
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A post with what became of its attachments: for each the stored bytes, or the attachment's own reason."""

    post: Post
    attachments: tuple[tuple[Attachment, Stored | None], ...] = ()


@dataclass(slots=True)
class Counts:
    """What a run brought. Posts and images are counted by what became of them."""

    posts_new: int = 0
    posts_known: int = 0
    posts_changed: int = 0
    images_known: int = 0
    images_missing: int = 0
    images_queued: int = 0
    """Named by the posts, to be downloaded (or downloaded before, for another post)."""
    images_refused: int = 0
    channels: set[int] = field(default_factory=set)
    new_files: set[str] = field(default_factory=set)
    """Hashes of the files that the archive did not have."""

    @property
    def images_new(self) -> int:
        return len(self.new_files)

    def add(self, other: "Counts") -> None:
        """Count what another has counted."""
        for name in ("posts_new", "posts_known", "posts_changed", "images_known", "images_missing", "images_queued"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.images_refused += other.images_refused
        self.channels |= other.channels
        self.new_files |= other.new_files


def start_run(connection: sa.Connection, command: str, details: object, now: datetime) -> int:
    """Record that a command begins to write; it stays "running" if it is killed."""
    values = {"command": command, "details": json.dumps(details), "started_at": now, "outcome": "running"}
    return _inserted(connection, schema.runs, values)


def finish_run(connection: sa.Connection, run_id: int, outcome: str, summary: object, now: datetime) -> None:
    """Record how a run ended: "done", "damaged" (part of the input could not be read) or "interrupted"."""
    values = {"ended_at": now, "outcome": outcome, "summary": json.dumps(summary)}
    connection.execute(schema.runs.update().where(schema.runs.c.id == run_id).values(values))


def add_problems(connection: sa.Connection, run_id: int, problems: Iterable[Problem]) -> None:
    """Record the trouble that a run had with single items."""
    rows = [{"run_id": run_id, "place": storable(each.where), "what": storable(each.what)} for each in problems]
    if rows:
        connection.execute(schema.run_problems.insert(), rows)


def add_report(connection: sa.Connection, run_id: int, week: str, sha256: str, now: datetime) -> None:
    """Record that a weekly report was made; `sha256` is that of its JSON."""
    row = {"run_id": run_id, "week": week, "made_at": now, "sha256": sha256}
    connection.execute(schema.reports.insert(), row)


def add_channel(connection: sa.Connection, channel: Channel, now: datetime) -> int:
    """Record a channel and the name it bears now; return its row's id."""
    table, names = schema.channels, schema.channel_names
    title = storable(channel.title)
    key = (table.c.kind == channel.kind) & (table.c.peer_id == channel.id)
    channel_id = connection.scalar(sa.select(table.c.id).where(key))
    if channel_id is None:
        channel_id = _inserted(connection, table, {"kind": channel.kind, "peer_id": channel.id})
    newest = connection.execute(
        sa.select(names).where(names.c.channel_id == channel_id).order_by(names.c.id.desc()).limit(1)
    ).first()
    username = (channel.username and storable(channel.username)) or (newest.username if newest else None)
    if newest is not None and (newest.title, newest.username) == (title, username):
        connection.execute(names.update().where(names.c.id == newest.id).values(seen_to=now))
        return int(channel_id)
    connection.execute(
        names.insert(),
        {"channel_id": channel_id, "title": title, "username": username, "seen_from": now, "seen_to": now},
    )
    if newest is not None:
        _channel_changed(connection, int(channel_id))
    return int(channel_id)


def add_posts(
    connection: sa.Connection,
    run_id: int,
    channel: Channel,
    channel_id: int,
    source: Source,
    arrived: Sequence[Arrived],
    now: datetime,
    counts: Counts,
    covered: tuple[int, int] | None = None,
    *,
    urgent: bool = False,
) -> None:
    """Add posts of one channel, each at most once in `arrived`: new ones, new versions of known ones, late files.

    `covered` are the first and the last id of the range that the source has told all about, where that is more
    than the posts themselves. What has to be downloaded is queued; what is `urgent` comes before the rest.
    """
    ids = [each.post.message_id for each in arrived]
    first, last = covered or (min(ids), max(ids))
    cover(connection, run_id, channel_id, source, first, last, len(ids))
    if not arrived:
        return
    arrived = [_storable(each) for each in arrived]
    post_ids = _post_ids(connection, channel_id, [each.post for each in arrived])
    known = _known_versions(connection, channel, [post_id for post_id, new in post_ids.values() if not new])
    file_ids = _file_ids(connection, arrived, now, counts)
    queued = downloads.queue(connection, channel_id, _wanted(arrived), now, urgent=urgent)
    fresh: list[tuple[int, Arrived]] = []
    late: list[dict[str, Any]] = []
    touched: set[int] = set()
    for each in arrived:
        post_id, new = post_ids[each.post.message_id]
        wanted = identity(channel.kind, channel.id, each.post)
        compatible = _compatible(each, wanted, known.get(post_id, ()))
        if compatible is None:
            fresh.append((post_id, each))
            changed = not new
        else:
            filled = _late_files(each, compatible, file_ids, queued)
            late += filled
            changed = any(row["file"] is not None for row in filled)
        if changed:
            touched.add(post_id)
        if each.post.service is None or each.attachments:
            counts.posts_new += new
            counts.posts_known += compatible is not None
            counts.posts_changed += not new and compatible is None
    held = _add_versions(connection, run_id, channel, source, fresh, file_ids, queued, now)
    if late:
        table = schema.attachments
        values: dict[str, Any] = {"file_id": sa.bindparam("file"), "download_id": sa.bindparam("download")}
        connection.execute(table.update().where(table.c.id == sa.bindparam("row")).values(values), late)
    unresolve(connection, held | files_of_posts(connection, list(touched)))


def identity(kind: str, peer_id: int, post: Post) -> str:
    """The JSON text of all that makes a version of a post what it is, except the bytes of its files.

    What is not in it (reactions, view counts, whether the exporter included a file) makes no new version.
    """
    forward = None if post.forward == ForwardHeader() else post.forward
    header = forward and [forward.name, forward.kind, forward.peer_id, forward.message_id, _iso(forward.at)]
    # Only where they say something: posts archived before these were known keep the hash they were stored with.
    if header and forward and forward.imported:
        header.append("imported")
    attached = [[each.kind, each.media_id, _iso(each.uploaded_at)] for each in post.attachments]
    times = [_iso(post.posted_at), _iso(post.edited_at), _iso(post.claimed_at)]
    if post.scheduled:
        times.append("scheduled")
    return json.dumps([kind, peer_id, post.message_id, times, post.text, post.service, header, attached])


def version_hash(identity_text: str, raw: str) -> str:
    """SHA-256 over a version's identity and its source's own record: what `verify` computes again."""
    return hashlib.sha256(f"{identity_text}\n{raw}".encode()).hexdigest()


def archived_post(message_id: int, row: Any, attached: Sequence[Any]) -> Post:
    """Return the Post that a row of post_versions and its rows of attachments, in order, were made from."""
    return Post(
        message_id,
        row.posted_at,
        row.edited_at,
        row.claimed_at,
        row.text,
        forward_header(row),
        tuple(
            Attachment(AttachmentKind(each.kind), media_id=each.media_id, uploaded_at=each.uploaded_at)
            for each in attached
        ),
        row.service,
        scheduled=row.scheduled,
        raw=row.raw,
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """An attachment in the archive: its row, its file's hash and its download, each None where there is none."""

    row: int
    sha256: str | None
    download: int | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A version in the archive: its identity and its attachments in order."""

    identity: str
    attachments: tuple[_Held, ...]


def _compatible(arrived: Arrived, wanted: str, versions: Iterable[_Known]) -> _Known | None:
    """The archived version that says the same; a file that one of the two lacks does not make them differ."""
    for version in versions:
        if version.identity == wanted and all(
            stored is None or held.sha256 is None or stored.sha256 == held.sha256
            for (_, stored), held in zip(arrived.attachments, version.attachments, strict=True)
        ):
            return version
    return None


def _late_files(
    arrived: Arrived, version: _Known, file_ids: dict[str, int], queued: Mapping[Key, Queued]
) -> list[dict[str, Any]]:
    """The rows of attachments that get a file, or a download to get it by (kept back before, and allowed now)."""
    late = []
    for (attachment, stored), held in zip(arrived.attachments, version.attachments, strict=True):
        if held.sha256 is not None:
            continue
        queue = queued.get(attachment.remote.key) if attachment.remote else None
        file_id = file_ids[stored.sha256] if stored else queue and queue.file_id
        download_id = queue.id if queue else held.download
        if file_id is not None or download_id != held.download:
            late.append({"row": held.row, "file": file_id, "download": download_id})
    return late


def _wanted(arrived: Sequence[Arrived]) -> list[Wanted]:
    """What is to be downloaded."""
    return [
        Wanted(attachment.remote, each.post.message_id, attachment.uploaded_at or each.post.posted_at)
        for each in arrived
        for attachment, stored in each.attachments
        if attachment.remote is not None and stored is None
    ]


def _storable(arrived: Arrived) -> Arrived:
    post = arrived.post
    forward = post.forward
    if forward is not None and forward.name is not None:
        forward = replace(forward, name=storable(forward.name))
    service = post.service and storable(post.service)
    return replace(arrived, post=replace(post, text=storable(post.text), service=service, forward=forward))


def _post_ids(connection: sa.Connection, channel_id: int, posts: Sequence[Post]) -> dict[int, tuple[int, bool]]:
    """Return {message id: (post row, whether it is new)}, adding the rows that are not there."""
    table = schema.posts
    wanted = [post.message_id for post in posts]
    rows = connection.execute(
        sa.select(table.c.message_id, table.c.id).where(
            table.c.channel_id == channel_id, table.c.message_id.in_(wanted)
        )
    )
    found = {row.message_id: (row.id, False) for row in rows}
    missing = [
        {
            "channel_id": channel_id,
            "message_id": post.message_id,
            "album": post.album,
            "album_inferred": post.album_inferred,
        }
        for post in posts
        if post.message_id not in found
    ]
    if missing:
        added = connection.execute(table.insert().returning(table.c.message_id, table.c.id), missing)
        found |= {row.message_id: (row.id, True) for row in added}
    return found


def _known_versions(connection: sa.Connection, channel: Channel, post_ids: Sequence[int]) -> dict[int, list[_Known]]:
    if not post_ids:
        return {}
    versions, attachments, files, posts = schema.post_versions, schema.attachments, schema.files, schema.posts
    attached: dict[int, list[Any]] = defaultdict(list)
    query = (
        sa.select(attachments, files.c.sha256)
        .join(versions, versions.c.id == attachments.c.version_id)
        .outerjoin(files, files.c.id == attachments.c.file_id)
        .where(versions.c.post_id.in_(post_ids))
        .order_by(attachments.c.version_id, attachments.c.position)
    )
    for row in connection.execute(query):
        attached[row.version_id].append(row)
    known: dict[int, list[_Known]] = defaultdict(list)
    query = sa.select(versions, posts.c.message_id).join(posts, posts.c.id == versions.c.post_id)
    for row in connection.execute(query.where(versions.c.post_id.in_(post_ids))):
        post = archived_post(row.message_id, row, attached[row.id])
        held = tuple(_Held(each.id, each.sha256, each.download_id) for each in attached[row.id])
        known[row.post_id].append(_Known(identity(channel.kind, channel.id, post), held))
    return known


def _file_ids(connection: sa.Connection, arrived: Sequence[Arrived], now: datetime, counts: Counts) -> dict[str, int]:
    """Return {hash: file row} for everything that arrived, adding rows, and count the images."""
    table = schema.files
    attachments = [pair for each in arrived for pair in each.attachments]
    stored = {file.sha256: file for _, file in attachments if file is not None}
    found: dict[str, int] = {}
    if stored:
        query = sa.select(table.c.sha256, table.c.id).where(table.c.sha256.in_(stored))
        found = {row.sha256: row.id for row in connection.execute(query)}
    fresh = stored.keys() - found.keys()
    new = [
        {"sha256": file.sha256, "size": file.size, "observed_at": now}
        for file in stored.values()
        if file.sha256 in fresh
    ]
    if new:
        added = connection.execute(table.insert().returning(table.c.sha256, table.c.id), new)
        found |= {row.sha256: row.id for row in added}
    counts.new_files |= fresh
    counts.images_known += sum(file is not None for _, file in attachments) - len(new)
    for attachment, file in attachments:
        if file is None:
            refused = attachment.missing in {Missing.OUTSIDE_EXPORT, Missing.NOT_A_FILE, Missing.TOO_LARGE}
            counts.images_refused += refused
            counts.images_queued += attachment.remote is not None
            counts.images_missing += not refused and attachment.remote is None
    return found


def _add_versions(
    connection: sa.Connection,
    run_id: int,
    channel: Channel,
    source: Source,
    fresh: Sequence[tuple[int, Arrived]],
    file_ids: dict[str, int],
    queued: Mapping[Key, Queued],
    now: datetime,
) -> set[int]:
    """Add versions with their attachments; return the files that these hold."""
    if not fresh:
        return set()
    table = schema.post_versions
    rows = [
        _version_row(each.post, channel) | {"post_id": post_id, "run_id": run_id, "source": source, "observed_at": now}
        for post_id, each in fresh
    ]
    added = connection.execute(table.insert().returning(table.c.post_id, table.c.id), rows)
    version_ids = {row.post_id: row.id for row in added}
    attached = []
    for post_id, each in fresh:
        for position, (attachment, stored) in enumerate(each.attachments):
            queue = queued.get(attachment.remote.key) if attachment.remote else None
            attached.append(
                _attachment_row(attachment)
                | {
                    "version_id": version_ids[post_id],
                    "position": position,
                    "file_id": file_ids[stored.sha256] if stored else queue and queue.file_id,
                    "download_id": queue and queue.id,
                }
            )
    if attached:
        connection.execute(schema.attachments.insert(), attached)
    return {row["file_id"] for row in attached if row["file_id"] is not None}


def _version_row(post: Post, channel: Channel) -> dict[str, Any]:
    forward = post.forward
    return {
        "posted_at": post.posted_at,
        "edited_at": post.edited_at,
        "claimed_at": post.claimed_at,
        "text": post.text,
        "service": post.service,
        "forward_name": forward and forward.name,
        "forward_kind": forward and forward.kind,
        "forward_peer_id": forward and forward.peer_id,
        "forward_message_id": forward and forward.message_id,
        "forwarded_at": forward and forward.at,
        "forward_imported": bool(forward and forward.imported),
        "scheduled": post.scheduled,
        "raw": post.raw,
        "sha256": version_hash(identity(channel.kind, channel.id, post), post.raw),
    }


def _attachment_row(attachment: Attachment) -> dict[str, Any]:
    return {
        "kind": attachment.kind,
        "missing": Missing.NOT_YET if attachment.remote else attachment.missing,
        "detail": attachment.detail and storable(attachment.detail),
        "name": attachment.name and storable(attachment.name),
        "width": attachment.width,
        "height": attachment.height,
        "media_id": attachment.media_id,
        "uploaded_at": attachment.uploaded_at,
    }


def _channel_changed(connection: sa.Connection, channel_id: int) -> None:
    """A new name may be the one that forwards elsewhere credit: chains that the channel is in are made again."""
    versions, attachments, posts = schema.post_versions, schema.attachments, schema.posts
    query = (
        sa.select(attachments.c.file_id)
        .distinct()
        .join(versions, versions.c.id == attachments.c.version_id)
        .join(posts, posts.c.id == versions.c.post_id)
        .where(posts.c.channel_id == channel_id, attachments.c.file_id.is_not(None))
    )
    unresolve(connection, connection.scalars(query))


def _inserted(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> int:
    key = connection.execute(table.insert(), values).inserted_primary_key
    if key is None:
        raise RuntimeError(f"no id for a new row of {table.name}")
    return int(key[0])


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
