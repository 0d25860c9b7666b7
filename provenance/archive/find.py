"""From what a user typed (a REF) to rows: posts, files, pictures, channels."""

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.read import channels
from provenance.core.model import Channel, PeerKind
from provenance.errors import NothingFound

_POST_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(?!c/\d+/?$)(c/)?([\w-]+)/(?:\d+/)?(\d{1,18})/?(?:\?.*)?", re.ASCII
)
_POST_NAME = re.compile(r"@?([\w-]+)/(\d{1,18})", re.ASCII)
_PICTURE = re.compile(r"picture:(\d{1,18})")
_HASH = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class Found:
    """Exactly one of these is set; `post` is the row of posts."""

    post: int | None = None
    file: int | None = None
    picture: int | None = None
    channel: int | None = None


def by_ref(connection: sa.Connection, ref: str) -> Found:
    """Find what REF stands for: a post's link or name, `picture:N`, a SHA-256 prefix, a channel's name or id.

    Raises NothingFound, also where a prefix or a name fits several.
    """
    text = ref.strip()
    if found := _PICTURE.fullmatch(text):
        return Found(picture=_picture(connection, int(found[1])))
    if found := _POST_LINK.fullmatch(text):
        return Found(post=_post(connection, found[2], int(found[3]), internal=bool(found[1])))
    if found := _POST_NAME.fullmatch(text):
        return Found(post=_post(connection, found[1], int(found[2]), internal=False))
    candidates = channels_called(connection, text)
    if candidates:
        return Found(channel=one_channel(text, candidates))
    if _HASH.fullmatch(text.lower()):
        return Found(file=_file(connection, text.lower()))
    raise NothingFound(
        what=f"Nothing is called {ref!r} here. A REF is a post (https://t.me/c/ID/POST, @name/POST, ID/POST), "
        "a file (six or more digits of its SHA-256), picture:N, or a channel's name or id."
    )


def channels_called(connection: sa.Connection, name: str) -> dict[int, Channel]:
    """Return {row: channel} of the channels with this id, @name, link or title."""
    text = name.strip()
    handle = re.sub(r"^(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(?:c/)?|^@", "", text).rstrip("/").lower()
    return {
        row: channel
        for row, channel in channels(connection).items()
        if text in channel.names
        or str(channel.id) in {handle, handle.removeprefix("-100")}
        or (channel.username is not None and channel.username.lower() == handle)
        or text.casefold() in {title.casefold() for title in channel.names}
    }


def one_channel(name: str, candidates: dict[int, Channel]) -> int:
    """Return the only candidate's row. Raises NothingFound where there are none or several."""
    if not candidates:
        raise NothingFound(what=f"No archived channel is called {name!r}. `provenance coverage` lists them.")
    if len(candidates) > 1:
        ids = ", ".join(str(channel.id) for channel in candidates.values())
        raise NothingFound(what=f"{len(candidates)} channels are called {name!r}: name one by its id ({ids}).")
    return next(iter(candidates))


def post_row(connection: sa.Connection, post_id: int) -> Any:
    """Return the row of posts."""
    return connection.execute(sa.select(schema.posts).where(schema.posts.c.id == post_id)).one()


def version_rows(connection: sa.Connection, post_id: int) -> list[Any]:
    """Return the rows of a post's versions, oldest first."""
    table = schema.post_versions
    return list(connection.execute(sa.select(table).where(table.c.post_id == post_id).order_by(table.c.id)))


def attachments_without_file(connection: sa.Connection, version_id: int) -> list[Any]:
    """Return (position, missing, detail) of a version's attachments whose bytes are missing."""
    table, downloads = schema.attachments, schema.downloads
    detail = sa.func.coalesce(table.c.detail, downloads.c.trouble).label("detail")
    query = (
        sa.select(table.c.position, table.c.missing, detail)
        .outerjoin(downloads, downloads.c.id == table.c.download_id)
        .where(table.c.version_id == version_id, table.c.file_id.is_(None))
    )
    return list(connection.execute(query.order_by(table.c.position)))


def names(connection: sa.Connection, channel_id: int) -> list[Any]:
    """Return the rows of a channel's names, oldest first."""
    table = schema.channel_names
    return list(connection.execute(sa.select(table).where(table.c.channel_id == channel_id).order_by(table.c.id)))


def file_by_hash(connection: sa.Connection, sha256: str) -> int | None:
    """Return the file with exactly this hash."""
    return connection.scalar(sa.select(schema.files.c.id).where(schema.files.c.sha256 == sha256))


def _post(connection: sa.Connection, name: str, message_id: int, *, internal: bool) -> int:
    candidates = channels_called(connection, name)
    if internal:
        candidates = {row: each for row, each in candidates.items() if each.kind is PeerKind.CHANNEL}
    channel_id = one_channel(name, candidates)
    table = schema.posts
    post_id = connection.scalar(
        sa.select(table.c.id).where(table.c.channel_id == channel_id, table.c.message_id == message_id)
    )
    if post_id is None:
        raise NothingFound(what=f"«{candidates[channel_id].title}» has no archived post {message_id}.")
    return int(post_id)


def _picture(connection: sa.Connection, number: int) -> int:
    """A picture that became part of another is found under both numbers."""
    table = schema.picture_files
    picture = connection.scalar(sa.select(table.c.picture_id).where(table.c.file_id == number))
    if picture is None:
        raise NothingFound(what=f"There is no picture {number}.")
    return int(picture)


def _file(connection: sa.Connection, prefix: str) -> int:
    table = schema.files
    query = sa.select(table.c.id).where(table.c.sha256 >= prefix, table.c.sha256 < prefix + "g").limit(2)
    found = list(connection.scalars(query))
    if len(found) != 1:
        what = "No archived file has" if not found else "Several archived files have"
        raise NothingFound(what=f"{what} a SHA-256 that begins with {prefix}.")
    return int(found[0])
