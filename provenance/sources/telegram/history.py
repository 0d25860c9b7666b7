"""A channel's posts as Telegram tells them now: pages of its history, and posts by their numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from telethon.tl import functions, types

from provenance.core.model import Channel, PeerKind, Post
from provenance.sources.telegram.client import Telegram
from provenance.sources.telegram.convert import Policy, convert
from provenance.sources.telegram.peers import Reference
from provenance.sources.telegram.peers import channel as described

Clock = Callable[[], datetime]

PAGE = 100
"""Most posts that Telegram tells at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """What Telegram told of a channel. `ids` are all numbers that it named, with or without a post."""

    posts: tuple[Post, ...]
    ids: frozenset[int]
    total: int
    """How many posts it counts in the channel."""
    at: datetime
    """When the answer had come."""
    channel: Channel | None
    """How the channel is called now."""
    peers: tuple[Channel, ...] = field(default=(), repr=False)
    """How the sources are called that the posts credit."""


async def page(
    telegram: Telegram,
    of: Reference,
    policy: Policy,
    clock: Clock,
    *,
    before: int = 0,
    floor: int = 1,
    limit: int = PAGE,
) -> Told:
    """Return the newest posts with numbers below `before` (0: the newest of all) and from `floor` on."""
    answer = await telegram.call(
        functions.messages.GetHistoryRequest(
            peer=types.InputPeerChannel(of.channel_id, of.access_hash),
            offset_id=before,
            offset_date=None,
            add_offset=0,
            limit=limit,
            max_id=0,
            min_id=floor - 1,
            hash=0,
        ),
        paced=True,
    )
    return _told(answer, of.channel_id, policy, clock())


async def by_number(telegram: Telegram, of: Reference, policy: Policy, clock: Clock, ids: Sequence[int]) -> Told:
    """Return the posts with these numbers (at most 100); those that are not there are missing among `posts`."""
    numbers = [types.InputMessageID(number) for number in ids]
    answer = await telegram.call(functions.channels.GetMessagesRequest(of.input(), numbers), paced=True)
    return _told(answer, of.channel_id, policy, clock())


def protected(chats: Sequence[object], channel_id: int) -> bool:
    """Whether the channel forbids saving."""
    return any(isinstance(each, types.Channel) and each.id == channel_id and each.noforwards for each in chats)


def credited(chats: Sequence[object], users: Sequence[object]) -> tuple[Channel, ...]:
    """Return how the chats and people are called that came with an answer."""
    found = [described(each) for each in chats if isinstance(each, types.Channel) and each.title]
    found += [
        Channel(PeerKind.GROUP, each.id, each.title) for each in chats if isinstance(each, types.Chat) and each.title
    ]
    for each in users:
        if isinstance(each, types.User):
            name = " ".join(part for part in (each.first_name, each.last_name) if part)
            if name:
                found.append(Channel(PeerKind.USER, each.id, name, each.username))
    return tuple(found)


def _told(answer: object, channel_id: int, policy: Policy, at: datetime) -> Told:
    messages = list(getattr(answer, "messages", ()))
    chats = list(getattr(answer, "chats", ()))
    own = next((each for each in chats if isinstance(each, types.Channel) and each.id == channel_id), None)
    keep_back = protected(chats, channel_id)
    posts = [convert(message, policy, protected=keep_back) for message in messages]
    found = tuple(post for post in posts if post is not None)
    named = {(post.forward.kind, post.forward.peer_id) for post in found if post.forward is not None}
    return Told(
        posts=found,
        ids=frozenset(message.id for message in messages),
        total=int(getattr(answer, "count", len(messages))),
        at=at,
        channel=described(own) if own is not None else None,
        peers=tuple(each for each in credited(chats, getattr(answer, "users", ())) if each.key in named),
    )
