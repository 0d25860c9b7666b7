"""One message of a Telegram Desktop export, from its JSON to a Post."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from provenance.core.model import Attachment, AttachmentKind, ForwardHeader, Missing, PeerKind, Post, Problem
from provenance.sources.files import Refused, inside
from provenance.sources.folder import SUFFIXES

_PEER = re.compile(r"(channel|user|group|chat)(\d{1,18})")
_PEER_KINDS = {
    "channel": PeerKind.CHANNEL,
    "user": PeerKind.USER,
    "group": PeerKind.GROUP,
    "chat": PeerKind.GROUP,
}
_MAX_ID = 2**63 - 1

ALBUM = 10
"""Most posts that Telegram puts into one album."""


class _Message(msgspec.Struct, forbid_unknown_fields=False):
    """The fields that are used; everything else is kept in `raw`."""

    id: int
    type: str = "message"
    date: str | None = None
    date_unixtime: int | None = None
    edited_unixtime: int | None = None
    edited: str | None = None
    action: str | None = None
    from_id: str | None = None
    forwarded_from: str | msgspec.UnsetType | None = msgspec.UNSET
    forwarded_from_id: str | None = None
    photo: str | None = None
    file: str | None = None
    file_name: str | None = None
    thumbnail: str | None = None
    media_type: str | None = None
    mime_type: str | None = None
    width: int | None = None
    height: int | None = None
    text: str | list[str | dict[str, Any]] = ""


def convert(message: object, root: Path) -> Post | Problem:
    """Turn one message of the export whose folder is `root` into a Post; a Problem says why it cannot be."""
    number = message.get("id") if isinstance(message, dict) else None
    where = f"message {str(number)[:100]}" if isinstance(number, int | str) else "a message without a number"
    try:
        parsed = msgspec.convert(message, _Message, strict=False)
        return _post(parsed, json.dumps(message, default=_number), root)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        return Problem(where, " ".join(str(error).split()))
    except RecursionError:
        return Problem(where, "nested too deeply")


def continues_album(last: Post, following: Post) -> bool:
    """Whether two neighbouring posts look like parts of one album.

    An export does not name albums. Their parts have consecutive ids, one second and one forward header, and each
    carries an image; two albums posted in one second cannot be told apart.
    """
    return (
        following.message_id == last.message_id + 1
        and following.posted_at is not None
        and following.posted_at == last.posted_at
        and following.forward == last.forward
        and bool(last.attachments and following.attachments)
        and not (last.service or following.service)
    )


def as_album(posts: list[Post]) -> list[Post]:
    """Give the parts of one inferred album the id of its first post; a single post is no album."""
    if len(posts) < 2:
        return posts
    return [replace(post, album=posts[0].message_id, album_inferred=True) for post in posts]


def _post(message: _Message, raw: str, root: Path) -> Post:
    if not -_MAX_ID <= message.id <= _MAX_ID:
        raise ValueError("its `id` is out of range")
    service = (message.action or "unnamed") if message.type == "service" else None
    return Post(
        message_id=message.id,
        posted_at=_time(message.date_unixtime, "date"),
        claimed_at=None if message.date_unixtime else _local(message.date),
        edited_at=_time(message.edited_unixtime, "edited") or _local(message.edited),
        text=_text(message.text),
        forward=_forward(message),
        attachments=tuple(_attachments(message, root, service)),
        service=service,
        raw=raw,
    )


def _number(value: Decimal) -> float | str:
    """A number that is no integer, for `raw`."""
    return float(value) if math.isfinite(float(value)) else str(value)


def _time(unix: int | None, key: str) -> datetime | None:
    if not unix:
        return None
    try:
        return datetime.fromtimestamp(unix, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"its `{key}_unixtime` is no time: {unix}") from error


def _local(text: str | None) -> datetime | None:
    """The exporter's local time, read as if it were UTC: old exports have no other, and it is only a claim."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"its `date` is no time: {text[:40]!r}") from error


def _text(text: str | list[str | dict[str, Any]]) -> str:
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else str(part.get("text") or "") for part in text)


def _forward(message: _Message) -> ForwardHeader | None:
    if message.forwarded_from is msgspec.UNSET and message.forwarded_from_id is None:
        return None
    kind = peer_id = None
    if found := _PEER.fullmatch(message.forwarded_from_id or ""):
        kind, peer_id = _PEER_KINDS[found[1]], int(found[2])
    # Null stands for a source without a name (a deleted account): still a forward.
    unnamed = None if peer_id is not None else ""
    return ForwardHeader(name=message.forwarded_from or unnamed, kind=kind, peer_id=peer_id)


def _attachments(message: _Message, root: Path, service: str | None) -> list[Attachment]:
    found = []
    if message.photo is not None:
        kind = AttachmentKind.CHAT_PHOTO if service else AttachmentKind.PHOTO
        found.append(_attachment(message, root, kind, message.photo))
    if message.file is not None or message.thumbnail is not None:
        found += _from_file(message, root)
    return found


def _from_file(message: _Message, root: Path) -> list[Attachment]:
    """A file that is an image counts as itself; of anything else only its thumbnail is an image."""
    if _is_image(message) and message.file is not None:
        kind = AttachmentKind.STICKER if message.media_type == "sticker" else AttachmentKind.DOCUMENT
        whole = _attachment(message, root, kind, message.file)
        if whole.path is not None or message.thumbnail is None:
            return [whole]
        return [whole, _attachment(message, root, AttachmentKind.DOCUMENT_THUMBNAIL, message.thumbnail)]
    if message.thumbnail is None:
        return []
    if message.media_type == "sticker":
        kind = AttachmentKind.STICKER
    elif message.media_type or (message.mime_type or "").startswith("video/"):
        kind = AttachmentKind.VIDEO_THUMBNAIL
    else:
        kind = AttachmentKind.DOCUMENT_THUMBNAIL
    return [_attachment(message, root, kind, message.thumbnail)]


def _is_image(message: _Message) -> bool:
    names = (message.file_name or "", message.file or "")
    named_so = any(Path(name).suffix.lower() in SUFFIXES for name in names)
    if message.media_type not in {None, "sticker"}:
        return False  # A video or an animation, whatever its name.
    return (message.mime_type or "").startswith("image/") or (message.mime_type is None and named_so)


def _attachment(message: _Message, root: Path, kind: AttachmentKind, named: str) -> Attachment:
    path = missing = detail = None
    if named.startswith("(") and named.endswith(")"):
        # Where a file was left out, the exporter puts a sentence in the path's place.
        missing, detail = Missing.NOT_INCLUDED, named[:500]
    else:
        try:
            path = str(inside(root, named))
        except Refused as refused:
            missing, detail = refused.reason, str(refused)[:500]
    return Attachment(kind, path, missing, detail, message.file_name or named, message.width, message.height)
