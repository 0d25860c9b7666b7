"""What Telegram pushes: new posts, edits, deletions. A hint only: history is the truth, and hints get lost."""

import asyncio
import logging
from dataclasses import dataclass

from telethon import events
from telethon.tl import types

from provenance.core.model import Channel, Post
from provenance.sources.telegram.client import Telegram
from provenance.sources.telegram.convert import Policy, convert
from provenance.sources.telegram.history import credited, protected

log = logging.getLogger(__name__)

_AT_MOST = 2_000
"""Hints kept waiting; of what comes beyond, only the channel is remembered."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something happened in a channel. Without a post or deleted numbers: look at its history."""

    channel_id: int
    post: Post | None = None
    deleted: tuple[int, ...] = ()
    peers: tuple[Channel, ...] = ()


class Hints:
    """The hints that have come in and not been taken yet."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._waiting: asyncio.Queue[Hint] = asyncio.Queue(_AT_MOST)
        self._overflowed: set[int] = set()

    def listen(self, telegram: Telegram) -> None:
        """Take in what this connection pushes from now on."""
        telegram.client.add_event_handler(self._take, events.Raw())

    async def next(self) -> Hint:
        """Wait for the next hint."""
        if self._overflowed and self._waiting.empty():
            return Hint(self._overflowed.pop())
        return await self._waiting.get()

    async def _take(self, update: object) -> None:
        # Telethon only logs what a handler raises, and the update does not come again.
        try:
            hint = self._hint(update)
        except Exception:
            log.exception("an update could not be read")
            return
        if hint is None:
            return
        try:
            self._waiting.put_nowait(hint)
        except asyncio.QueueFull:
            self._overflowed.add(hint.channel_id)

    def _hint(self, update: object) -> Hint | None:
        if isinstance(update, types.UpdateNewChannelMessage | types.UpdateEditChannelMessage):
            return self._message(update)
        if isinstance(update, types.UpdateDeleteChannelMessages):
            return Hint(update.channel_id, deleted=tuple(update.messages))
        if isinstance(update, types.UpdateChannelTooLong | types.UpdateChannel):
            return Hint(update.channel_id)
        return None

    def _message(self, update: types.UpdateNewChannelMessage | types.UpdateEditChannelMessage) -> Hint | None:
        message = update.message
        where = getattr(message, "peer_id", None)
        if not isinstance(where, types.PeerChannel):
            return None
        # Telethon hands on the chats and people that came with the update.
        around = list(getattr(update, "_entities", {}).values())
        post = convert(message, self._policy, protected=protected(around, where.channel_id))
        if post is None:
            return None
        named = (post.forward.kind, post.forward.peer_id) if post.forward else None
        return Hint(where.channel_id, post, peers=tuple(each for each in credited(around, around) if each.key == named))
