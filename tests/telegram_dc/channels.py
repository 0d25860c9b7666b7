"""One channel: its messages with every version they had, its pts, its pages of history and its differences."""

import copy
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from tests.telegram_dc.media import access_hash, media_id, now
from tests.telegram_dc.refused import Refused

if TYPE_CHECKING:
    from tests.telegram_dc.world import World

DIFFERENCE_LIMIT = 100
PAGE_LIMIT = 100

Version = tuple[str, datetime | None, int | None]  # text, edit date, media id


@dataclass(frozen=True)
class Event:
    """A change that a difference has to tell."""

    pts: int  # after it
    count: int
    kind: str  # "new", "edit" or "delete"
    ids: tuple[int, ...]
    at: float  # Unix time


class Channel:
    """A channel, written to by a test and read by clients. The methods may be called from any thread."""

    def __init__(
        self,
        world: "World",
        number: int,
        title: str,
        username: str | None,
        joined: bool,
        megagroup: bool,
        private: bool,
        invite: str | None,
        noforwards: bool,
        photo: Any,
    ) -> None:
        self._world = world
        self.id = number
        self.access_hash = access_hash(number)
        self.title = title
        self.username = username
        self.joined = joined
        self.megagroup = megagroup
        self.private = private
        self.invite = invite
        self.noforwards = noforwards
        self.photo = photo
        self.about = ""
        self.date = now()
        self.pts = 1
        self.events: list[Event] = []
        self._messages: dict[int, Any] = {}
        self._ids: list[int] = []  # what is there, ascending
        self._last_id = 0

    # Written by the test

    def post(
        self,
        text: str = "",
        media: Any = None,
        date: datetime | None = None,
        grouped_id: int | None = None,
        forward: Any = None,
        scheduled: bool = False,
        push: bool = True,
        **more: Any,
    ) -> int:
        """Publish a message and return its id. A forward of (channel, id) carries the text and media of that post."""
        with self._world.lock:
            if isinstance(forward, tuple):
                origin = forward[0].message(forward[1])
                media = origin.media if media is None else media
                text = text or origin.message
                forward = _header(origin)
            fields = {
                "message": text,
                "media": self._world.media.as_media(media),
                "date": (date or now()).replace(microsecond=0),
                "grouped_id": grouped_id,
                "fwd_from": forward,
                "from_scheduled": scheduled or None,
                "post": (not self.megagroup) or None,
            }
            if not self.megagroup:
                fields |= {"views": 1, "forwards": 1}  # TL wants both or neither, and a zero counts as neither
            fields |= more
            return self._publish(types.Message(self._next_id(), types.PeerChannel(self.id), **fields), push)

    def service(self, action: Any, push: bool = True, date: datetime | None = None) -> int:
        """Publish a service message."""
        with self._world.lock:
            peer, post = types.PeerChannel(self.id), (not self.megagroup) or None
            made = types.MessageService(self._next_id(), peer, date=date or now(), action=action, post=post)
            return self._publish(made, push)

    def edit(
        self,
        number: int,
        text: str | EllipsisType = ...,
        media: Any = ...,
        hide: bool = False,
        date: datetime | None = None,
        push: bool = True,
    ) -> None:
        """Change a message and set its edit date; what is not given stays."""
        with self._world.lock:
            changed = copy.copy(self._messages[number])
            changed.edit_date = (date or now()).replace(microsecond=0)
            changed.edit_hide = hide or None
            if not isinstance(text, EllipsisType):
                changed.message = text
            if not isinstance(media, EllipsisType):
                changed.media = self._world.media.as_media(media)
            self._messages[number] = changed
            self._record(number, _version(changed))
            self._happened("edit", (number,))
            self._world.announce(self, types.UpdateEditChannelMessage(changed, self.pts, 1), push)

    def delete(self, *numbers: int, push: bool = True) -> None:
        """Take messages away."""
        with self._world.lock:
            for number in numbers:
                del self._messages[number]
                del self._ids[bisect_left(self._ids, number)]
                self._record(number, "deleted")
            self._happened("delete", numbers)
            update = types.UpdateDeleteChannelMessages(self.id, list(numbers), self.pts, len(numbers))
            self._world.announce(self, update, push)

    def rename(self, title: str | None = None, username: str | EllipsisType | None = ..., push: bool = True) -> None:
        """Change the title or the user name; None takes the name away."""
        with self._world.lock:
            self.title = self.title if title is None else title
            if not isinstance(username, EllipsisType):
                self.username = username
            self._world.announce(self, types.UpdateChannel(self.id), push)

    def message(self, number: int) -> Any:
        """The message as it would be served now."""
        with self._world.lock:
            return self._messages.get(number) or types.MessageEmpty(number, types.PeerChannel(self.id))

    @property
    def ids(self) -> list[int]:
        """The ids of the messages that are there, ascending."""
        with self._world.lock:
            return list(self._ids)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _publish(self, message: Any, push: bool) -> int:
        bytes(message)  # a message that cannot be sent should fail here, in the test
        self._messages[message.id] = message
        self._ids.append(message.id)
        self._record(message.id, _version(message))
        self._happened("new", (message.id,))
        self._world.announce(self, types.UpdateNewChannelMessage(message, self.pts, 1), push)
        return int(message.id)

    def _happened(self, kind: str, ids: tuple[int, ...]) -> None:
        self.pts += len(ids)
        self.events.append(Event(self.pts, len(ids), kind, ids, self._world.clock()))

    def _record(self, number: int, what: "Version | str") -> None:
        self._world.served.messages.setdefault(self.id, {}).setdefault(number, []).append((monotonic(), what))

    # Read by clients; the caller holds the lock

    def chat(self) -> Any:
        """The types.Channel as the account sees it."""
        return types.Channel(
            self.id,
            self.title,
            types.ChatPhotoEmpty(),
            self.date,
            left=(not self.joined) or None,
            broadcast=(not self.megagroup) or None,
            megagroup=self.megagroup or None,
            noforwards=self.noforwards or None,
            access_hash=self.access_hash,
            username=self.username,
        )

    def company(self, messages: Sequence[Any]) -> list[Any]:
        """The chats that come with messages: this one, and those that they are forwarded from."""
        headers = [each.fwd_from for each in messages if getattr(each, "fwd_from", None)]
        named = {each.from_id.channel_id for each in headers if isinstance(each.from_id, types.PeerChannel)}
        others = [
            self._world.channels[number] for number in sorted(named - {self.id}) if number in self._world.channels
        ]
        return [self.chat(), *(each.chat() for each in others if each.joined or not each.private)]

    def messages(self, numbers: Sequence[int]) -> Any:
        """A ChannelMessages with these, in this order; what is not there is a MessageEmpty."""
        found = [self.message(number) for number in numbers]
        return types.messages.ChannelMessages(self.pts, len(found), found, [], self.company(found), [])

    def page(self, request: Any, limit: int) -> Any:
        """A page of history, newest first: `limit` messages from an offset, cut to what is there."""
        ids = self._ids
        # Positions count from the newest. Telethon sends an offset_date along with every offset_id.
        start = 0
        if request.offset_id:
            start = len(ids) - bisect_left(ids, request.offset_id)
        elif request.offset_date and request.offset_date.timestamp() > 0:
            older = (at for at, number in enumerate(reversed(ids)) if self._messages[number].date < request.offset_date)
            start = next(older, len(ids))
        start += request.add_offset
        end = start + max(0, min(request.limit, PAGE_LIMIT))
        window = [ids[-1 - at] for at in range(max(start, 0), min(end, len(ids)))]
        window = [each for each in window if each > request.min_id and (not request.max_id or each < request.max_id)]
        if len(window) > limit:  # the end that is nearest to the offset is kept, else paging would skip messages
            window = window[len(window) - limit :] if request.add_offset < 0 else window[:limit]
        found = [self._messages[number] for number in window]
        return types.messages.ChannelMessages(self.pts, len(ids), found, [], self.company(found), [])

    def dialog(self) -> Any:
        """The channel's line in the list of dialogs."""
        top = self._ids[-1] if self._ids else 0
        peer = types.PeerChannel(self.id)
        return types.Dialog(peer, top, 0, 0, len(self._ids), 0, 0, 0, types.PeerNotifySettings(), pts=self.pts)

    def top(self, count: int = 1) -> list[Any]:
        """The newest messages, newest first."""
        return [self._messages[number] for number in reversed(self._ids[-count:])]

    def difference(self, pts: int, limit: int, too_long: bool) -> Any:
        """What happened since `pts`, or that it is too much to tell."""
        if pts < 1:
            raise Refused("PERSISTENT_TIMESTAMP_EMPTY")
        if pts > self.pts:
            raise Refused("PERSISTENT_TIMESTAMP_INVALID")
        missing = self.events[bisect_right(self.events, pts, key=lambda event: event.pts) :]
        if too_long or len(missing) > min(limit, DIFFERENCE_LIMIT):
            return types.updates.ChannelDifferenceTooLong(
                self.dialog(), self.top(10), self.company(self.top(10)), [], final=True
            )
        if not missing:
            return types.updates.ChannelDifferenceEmpty(self.pts, final=True)
        new = [self._messages[event.ids[0]] for event in missing if event.kind == "new" and self._has(event)]
        others: list[Any] = []
        for event in missing:
            if event.kind == "edit" and self._has(event):
                message = self._messages[event.ids[0]]
                others.append(types.UpdateEditChannelMessage(message, event.pts, event.count))
            elif event.kind == "delete":
                others.append(types.UpdateDeleteChannelMessages(self.id, list(event.ids), event.pts, event.count))
        return types.updates.ChannelDifference(self.pts, new, others, self.company(new), [], final=True)

    def _has(self, event: Event) -> bool:
        return event.ids[0] in self._messages


def _version(message: Any) -> Version:
    media = getattr(message, "media", None)
    return message.message or "", getattr(message, "edit_date", None), media_id(media)


def _header(origin: Any) -> Any:
    """The forward header that a forward of this post gets: a chain names its first post only."""
    if origin.fwd_from is not None:
        return origin.fwd_from
    return types.MessageFwdHeader(origin.date, from_id=origin.peer_id, channel_post=origin.id)
