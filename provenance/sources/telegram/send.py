"""Sending documents to a chat of one's own; what is sent again after a lost answer does not come twice."""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from telethon import errors
from telethon.tl import functions, types

from provenance.core.delivery import MYSELF
from provenance.sources.telegram import client, peers
from provenance.sources.telegram.client import Telegram

CAPTION = 1024
"""UTF-16 units that a caption may have."""


async def send(telegram: Telegram, to: str, caption: str, files: Sequence[tuple[str, bytes]], key: str) -> None:
    """Send files to `to` ("me", @name or number), the caption with the first; `key` names what is sent.

    Raises ChannelRefused, UsageProblem, and what `Telegram.call` raises.
    """
    peer = await _peer(telegram, to)
    for number, (name, data) in enumerate(files):
        await _document(telegram, peer, "" if number else _cut(caption), name, data, _once(f"{key} {name}"))


async def _peer(telegram: Telegram, to: str) -> Any:
    if to == MYSELF:
        return types.InputPeerSelf()
    found = await peers.resolve(telegram, to, join=False)
    return types.InputPeerChannel(found.channel.id, found.access_hash)


async def _document(telegram: Telegram, peer: Any, caption: str, name: str, data: bytes, once: int) -> None:
    async def upload() -> Any:
        return await telegram.client.upload_file(data, file_name=name, part_size_kb=512)

    uploaded = await telegram.persist(upload, "SaveFilePartRequest")
    kind = "application/pdf" if name.endswith(".pdf") else "text/html"
    media = types.InputMediaUploadedDocument(uploaded, kind, [types.DocumentAttributeFilename(name)], force_file=True)
    request = functions.messages.SendMediaRequest(peer, media, caption, random_id=once)

    async def hand_in() -> None:
        # In here: it counts as trouble of Telegram's own, which would be tried again.
        with suppress(errors.RandomIdDuplicateError):
            async with asyncio.timeout(client.ANSWER_SECONDS):
                await telegram.client(request)

    await telegram.persist(hand_in, "SendMediaRequest")


def _once(key: str) -> int:
    """The number by which Telegram knows that it has a message already."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * CAPTION:
        return text
    return units[: 2 * (CAPTION - 1)].decode("utf-16-le", errors="ignore") + "…"
