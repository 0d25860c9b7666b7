"""From what a user wrote to a channel that can be read: names, links, invites, ids."""

import asyncio
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from telethon.tl import functions, types

from provenance.core.model import Channel, PeerKind
from provenance.errors import ChannelRefused, UsageProblem
from provenance.sources.telegram import client
from provenance.sources.telegram.client import Refused, Telegram

_HOST = r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/"
_NAME = r"[A-Za-z]\w{2,31}"
_INVITE = re.compile(rf"(?:{_HOST}(?:\+|joinchat/)|tg://join\?invite=|\+)([\w-]{{10,40}})/?", re.ASCII)
_INTERNAL = re.compile(rf"{_HOST}c/(\d{{1,18}})(?:/.*)?", re.ASCII)
_LINK = re.compile(rf"(?:{_HOST}(?:s/)?|tg://resolve\?domain=|@)?({_NAME})(?:/\d+)*/?(?:[?&].*)?", re.ASCII)
_ID = re.compile(r"(?:-100)?(\d{1,18})", re.ASCII)

_WORDS = {
    "CHANNEL_PRIVATE": "it is private, or this account has been banned from it",
    "CHANNEL_INVALID": "this account cannot see it (or it is gone)",
    "USERNAME_NOT_OCCUPIED": "nobody has this name",
    "USERNAME_INVALID": "no channel can have this name",
    "INVITE_HASH_EXPIRED": "the invite link has expired",
    "INVITE_HASH_INVALID": "the invite link is not valid",
    "INVITE_REQUEST_SENT": "asked to join; an administrator has to approve it",
    "CHANNELS_TOO_MUCH": "this account has joined as many channels as Telegram allows",
    "USER_BANNED_IN_CHANNEL": "this account has been banned from it",
}


class _How(StrEnum):
    NAME = "name"
    INVITE = "invite"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Found:
    """A channel as this account may read it."""

    channel: Channel
    access_hash: int
    joined: bool


class Reference(NamedTuple):
    """How a channel is named in requests."""

    channel_id: int
    access_hash: int

    def input(self) -> types.InputChannel:
        return types.InputChannel(self.channel_id, self.access_hash)


def well_formed(asked: str) -> None:
    """Raise UsageProblem where `asked` can name no channel."""
    _parse(asked)


async def resolve(telegram: Telegram, asked: str, *, join: bool) -> Found:
    """Find the channel that `asked` stands for, and join it where that is wished.

    Raises ChannelRefused, and what `Telegram.call` raises.
    """
    how, name = _parse(asked)
    try:
        if how is _How.INVITE:
            found = await _invited(telegram, asked, name, join=join)
        elif how is _How.ID:
            found = await _numbered(telegram, asked, int(name))
        else:
            answer = await telegram.call(functions.contacts.ResolveUsernameRequest(name))
            found = _found(asked, next(iter(answer.chats), None))
        if join and not found.joined:
            _joined(
                asked,
                await telegram.call(
                    functions.channels.JoinChannelRequest(types.InputChannel(found.channel.id, found.access_hash))
                ),
            )
            return Found(found.channel, found.access_hash, joined=True)
    except Refused as refused:
        waits = refused.name == "INVITE_REQUEST_SENT"
        raise ChannelRefused(name=asked, what=words(refused), waits=waits) from refused
    return found


def words(refused: Refused) -> str:
    """Say in words why Telegram refuses a channel."""
    return _WORDS.get(refused.name, f"Telegram refuses it ({refused.name})")


def channel(chat: types.Channel) -> Channel:
    """Return a channel as Telegram describes it."""
    active = [each.username for each in chat.usernames or () if each.active]
    return Channel(PeerKind.CHANNEL, chat.id, chat.title or "", chat.username or next(iter(active), None))


def _parse(asked: str) -> tuple[_How, str]:
    text = asked.strip()
    for how, pattern in (
        (_How.INVITE, _INVITE), (_How.ID, _INTERNAL), (_How.ID, _ID), (_How.NAME, _LINK),
    ):  # fmt: skip
        if found := pattern.fullmatch(text):
            return how, found[1]
    raise UsageProblem(
        what=f"{asked!r} names no channel: give @name, a t.me link, an invite link, or the number of a joined channel."
    )


async def _invited(telegram: Telegram, asked: str, code: str, *, join: bool) -> Found:
    invite = await telegram.call(functions.messages.CheckChatInviteRequest(code))
    if isinstance(invite, types.ChatInviteAlready):
        return _found(asked, invite.chat)
    if not join:
        raise ChannelRefused(
            name=asked, what="an invite link opens only to members; add --join to let this account join"
        )
    chats = _joined(asked, await telegram.call(functions.messages.ImportChatInviteRequest(code)))
    return _found(asked, next(iter(chats), None))


def _joined(asked: str, answer: object) -> list[object]:
    """Return the chats that came with the answer to joining."""
    if isinstance(answer, types.messages.ChatInviteJoinResultOk):
        return list(getattr(answer.updates, "chats", ()))
    raise ChannelRefused(name=asked, what="it has a web page to pass before joining; join it in the Telegram app")


async def _numbered(telegram: Telegram, asked: str, number: int) -> Found:
    """A number tells no access hash: only a channel that this account has met can be found by it."""
    wanted = types.PeerChannel(number)

    async def look_up() -> object:
        async with asyncio.timeout(client.ANSWER_SECONDS):  # because Telethon may ask Telegram
            return await telegram.client.get_input_entity(wanted)

    try:
        known = await telegram.persist(look_up, "GetChannelsRequest")
    except ValueError:
        # Telethon remembers the channels of every answer; the account's own chats may not have been among them.
        await telegram.call(
            functions.messages.GetDialogsRequest(
                offset_date=None, offset_id=0, offset_peer=types.InputPeerEmpty(), limit=100, hash=0
            )
        )
        try:
            known = await telegram.persist(look_up, "GetChannelsRequest")
        except ValueError:
            raise ChannelRefused(
                name=asked, what="this account has not met that channel; add it by its @name or link"
            ) from None
    answer = await telegram.call(functions.channels.GetChannelsRequest([known]))
    return _found(asked, next(iter(answer.chats), None))


def _found(asked: str, chat: object) -> Found:
    if isinstance(chat, types.Channel) and chat.access_hash is not None:
        return Found(channel(chat), chat.access_hash, joined=not chat.left)
    if isinstance(chat, types.ChannelForbidden):
        raise ChannelRefused(name=asked, what=_WORDS["CHANNEL_PRIVATE"])
    raise ChannelRefused(name=asked, what="it is no channel and no supergroup")
