"""What to do next: which channel is compared, filled or looked at again. In memory only; the archive is the truth."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from time import monotonic

from provenance.app import clock
from provenance.core.answers import Follow

_NEVER = datetime.min.replace(tzinfo=UTC)
_AT_LEAST = 0.5
"""Seconds between two comparisons of one channel, however many signs of holes come in."""


class Work(Enum):
    """What is to be done with a channel, most pressing first."""

    SETTLE = auto()
    """Ask Telegram what the user's words stand for, or join."""
    COMPARE = auto()
    """Look at its newest posts."""
    FILL = auto()
    """Take in a page of a hole."""
    SWEEP = auto()
    """Look again at a page of older posts."""


@dataclass(slots=True)
class _Item:
    of: Follow
    due_at: float = 0
    compared_at: float = 0
    signed: bool = False
    """A sign of something missed has come since the comparison that is running has begun."""
    filled_at: float = 0
    top: int = 0
    has_holes: bool = False
    to_sweep: bool = False
    thorough: bool = False
    """The sweep goes on to the beginning, not one page after each comparison."""
    missing: int = 0


class Agenda:
    """The followed channels and when each has its turn."""

    def __init__(self, every: float, seconds: Callable[[], float] = monotonic, now: Callable[[], datetime] = clock.now):
        self._every = every
        self._seconds = seconds
        self._now = now
        self._items: dict[int, _Item] = {}
        self._by_channel: dict[int, _Item] = {}
        self._changed = asyncio.Event()

    def update(self, followed: Sequence[Follow]) -> None:
        """Take over what the archive says is followed; a channel that is new has its turn at once."""
        items = {}
        for each in followed:
            item = self._items.get(each.id) or _Item(each)
            item.of = each
            items[each.id] = item
        self._items = items
        self._by_channel = {item.of.channel.id: item for item in items.values() if item.of.channel}

    def by_channel(self, channel_id: int) -> Follow | None:
        """Return the followed channel with this id."""
        item = self._by_channel.get(channel_id)
        return item.of if item else None

    def everything_is_due(self) -> None:
        """Nothing is known of what happened meanwhile."""
        for item in self._items.values():
            item.due_at = 0
        self._changed.set()

    def is_due(self, of: Follow) -> None:
        """There is a sign that something of this channel was missed."""
        if item := self._items.get(of.id):
            item.due_at = min(item.due_at, max(self._seconds(), item.compared_at + _AT_LEAST))
            item.signed = True
            self._changed.set()

    def compared(self, of: Follow, top: int, *, holes: bool, missing: int = 0) -> bool:
        """The newest posts of a channel have been looked at; `top` is its highest number.

        Returns whether all its posts are to be looked at again, since `missing` of them are: once for each such number.
        """
        item = self._items.get(of.id)
        if item is None:
            return False
        item.compared_at = self._seconds()
        # A sign that came meanwhile may be of a post that was not among those that were looked at.
        item.due_at = item.compared_at + (_AT_LEAST if item.signed else self._every)
        item.top, item.has_holes, item.to_sweep = top, holes, True
        anew = missing > 0 and missing != item.missing
        item.thorough, item.missing = item.thorough or anew, missing
        return anew

    def filled(self, of: Follow) -> None:
        """A channel has no hole any more."""
        if item := self._items.get(of.id):
            item.has_holes = False

    def swept(self, of: Follow, *, done: bool = True) -> None:
        """A channel has had a second look at a page of older posts; `done`: at the oldest of them."""
        if item := self._items.get(of.id):
            item.thorough = item.thorough and not done
            item.to_sweep = item.thorough

    def leave(self, of: Follow) -> None:
        """A channel could not be read: it is left alone until the archive says that it may be tried again."""
        if item := self._items.get(of.id):
            item.due_at = 0
            item.has_holes = item.to_sweep = False

    def top(self, of: Follow) -> int:
        """Return the highest number that a channel was seen to have."""
        item = self._items.get(of.id)
        return item.top if item else 0

    def counts(self) -> tuple[int, int, int]:
        """Return how many channels there are, how many have trouble, how many have holes."""
        items = self._items.values()
        return len(items), sum(item.of.trouble is not None for item in items), sum(item.has_holes for item in items)

    def next(self) -> tuple[Follow, Work] | None:
        """Return the most pressing work; None while there is nothing to do."""
        self._changed.clear()
        now, seconds = self._now(), self._seconds()
        ready = [item for item in self._items.values() if item.of.retry_at is None or item.of.retry_at <= now]
        for item in ready:
            if item.of.row is None or (item.of.join and not item.of.joined):
                return item.of, Work.SETTLE
        due = min((item for item in ready if item.due_at <= seconds), key=_urgency, default=None)
        if due is not None:
            due.signed = False
            return due.of, Work.COMPARE
        # In turn: a channel with a long history must not keep the others waiting.
        hole = min((item for item in ready if item.has_holes), key=lambda item: item.filled_at, default=None)
        if hole is not None:
            hole.filled_at = seconds
            return hole.of, Work.FILL
        return next(((item.of, Work.SWEEP) for item in ready if item.to_sweep), None)

    async def wait(self, longest: float) -> None:
        """Wait until there may be something to do."""
        seconds = self._seconds()
        pause = min((item.due_at - seconds for item in self._items.values() if item.due_at > seconds), default=longest)
        try:
            async with asyncio.timeout(min(pause, longest)):
                await self._changed.wait()
        except TimeoutError:
            return


def _urgency(item: _Item) -> tuple[float, datetime]:
    """Sort key: of those that are due alike, what was compared longest ago, also by a process that is gone."""
    return item.due_at, item.of.checked_at or _NEVER
