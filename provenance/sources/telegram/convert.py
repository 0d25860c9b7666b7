"""One message of Telegram's, from its TL object to a Post, and what is kept although Telegram asks clients not to.

Pure: it reads nothing but the message. It never raises on a message that Telethon can decode: what is strange in it
is left out of the Post and stays in `raw`.
"""

import base64
import json
import math
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from telethon.tl import types

from provenance.core.model import Attachment, ForwardHeader, Missing, PeerKind, Post
from provenance.sources.telegram.carriers import Found, carried, moment

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_PEERS = (types.PeerChannel, types.PeerChat, types.PeerUser)

_REFERENCE = "file_reference"
_INLINE = "bytes"
"""The field of `PhotoStrippedSize` and `PhotoCachedSize` that holds an image itself."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is kept although Telegram asks clients not to; both off unless the user says so."""

    keep_self_destructing: bool = False
    keep_protected: bool = False


def convert(message: types.Message | types.MessageService, policy: Policy, *, protected: bool = False) -> Post | None:
    """Turn a message into a Post; None for MessageEmpty, which is only the number of a message that is not there.

    `protected`: the whole chat forbids saving (`Channel.noforwards`). What the policy does not keep stays on record,
    with its media id and its times, but without a way to its bytes; `raw` then holds no thumbnails either.
    """
    if isinstance(message, types.MessageEmpty):
        return None
    protected = protected or bool(getattr(message, "noforwards", False))
    found = [replace(each, protected=each.protected or protected) for each in carried(message)]
    withheld = [_withheld(each, policy) for each in found]
    common = Post(
        message_id=message.id,
        posted_at=moment(message.date),
        attachments=tuple(_attachment(each, reason) for each, reason in zip(found, withheld, strict=True)),
        raw=_raw(message, {_REFERENCE, _INLINE} if any(withheld) else {_REFERENCE}),
    )
    if isinstance(message, types.MessageService):
        return replace(common, service=_service(message.action))
    return replace(
        common,
        # Hidden edits are Telegram's own, a reaction mostly; the time stays in `raw`.
        edited_at=None if message.edit_hide else moment(message.edit_date),
        text=message.message or "",
        forward=forward_header(message.fwd_from) if isinstance(message.fwd_from, types.MessageFwdHeader) else None,
        album=message.grouped_id,
        scheduled=bool(message.from_scheduled),
    )


def forward_header(header: types.MessageFwdHeader) -> ForwardHeader:
    """Return whom a forward credits: the first post of its chain.

    Who it was last passed on from (`saved_from_*`) is not the source and stays in `raw`.
    """
    kind, peer_id = peer(header.from_id) if isinstance(header.from_id, _PEERS) else (None, None)
    return ForwardHeader(
        name=header.from_name,
        kind=kind,
        peer_id=peer_id,
        message_id=header.channel_post,
        at=moment(header.date),
        imported=bool(header.imported),
    )


def peer(named: types.TypePeer) -> tuple[PeerKind, int]:
    """Return a peer's kind and its bare id, without the -100 of bots; anything else is a TypeError."""
    match named:
        case types.PeerChannel():
            return PeerKind.CHANNEL, named.channel_id
        case types.PeerChat():
            return PeerKind.GROUP, named.chat_id
        case types.PeerUser():
            return PeerKind.USER, named.user_id
    raise TypeError(f"{type(named).__name__} is no peer")


def _withheld(found: Found, policy: Policy) -> Missing | None:
    if found.self_destructing and not policy.keep_self_destructing:
        return Missing.SELF_DESTRUCTING
    if found.protected and not policy.keep_protected:
        return Missing.PROTECTED
    return None


def _attachment(found: Found, withheld: Missing | None) -> Attachment:
    if withheld is None or found.attachment.missing:  # What cannot be had anyway keeps its own reason.
        return found.attachment
    return replace(found.attachment, missing=withheld, remote=None)


def _service(action: Any) -> str:
    return _WORD.sub("_", type(action).__name__.removeprefix("MessageAction")).lower()


def _raw(message: types.Message | types.MessageService, dropped: set[str]) -> str:
    """The message as ASCII JSON, the same for the same message.

    Without its file references: they are other ones each time, and expire, and this is kept for ever. Without the
    images inside it where one is not to be kept.
    """
    try:
        return json.dumps(_tree(message, dropped), default=_text, sort_keys=True)
    except RecursionError:
        # Formatted text can be nested as deep as the stack allows; then what is not nested must do.
        flat = {key: value for key, value in vars(message).items() if isinstance(value, int | str | datetime)}
        kept = {key: value for key, value in flat.items() if not key.startswith("_")}  # Those are Telethon's own.
        named = {"_": type(message).__name__, "nested_too_deeply": True}
        return json.dumps(kept | named, default=_text, sort_keys=True)


def _tree(message: types.Message | types.MessageService, dropped: set[str]) -> dict[str, Any]:
    """The message as dicts and lists. Without recursion of its own, so that what could be decoded fits the stack."""
    tree: dict[str, Any] = message.to_dict()
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if key in dropped:
                del node[key]
            elif isinstance(value, types.TLObject):  # Telethon leaves objects in lists of lists as they are.
                node[key] = value.to_dict()
                waiting.append(node[key])
            elif isinstance(value, dict | list):
                waiting.append(value)
            elif isinstance(value, float) and not math.isfinite(value):
                node[key] = str(value)
    return tree


def _text(value: bytes | datetime) -> str:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value.isoformat()
