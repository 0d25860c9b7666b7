"""Compares a channel with its history on Telegram: new posts, edits, deletions, and the holes in what is archived.

Whatever was pushed or not, what stands here is made complete: every page covers all numbers down to its oldest post.
"""

from dataclasses import dataclass

from provenance.app import clock
from provenance.app.collect.intake import Intake
from provenance.archive import coverage
from provenance.archive.store import Connection
from provenance.core.answers import Follow
from provenance.core.model import Source
from provenance.errors import ChannelRefused
from provenance.sources.telegram import history, peers
from provenance.sources.telegram.client import Refused, Telegram
from provenance.sources.telegram.convert import Policy
from provenance.sources.telegram.history import PAGE, Told
from provenance.sources.telegram.peers import Reference

_LAST = 2**62
"""Above every number that a post can have."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the newest posts has shown."""

    top: int
    """The highest number; 0 where the channel is empty."""
    total: int
    """How many posts Telegram counts."""
    oldest: int
    """The lowest number that was looked at."""
    changed: int


class History:
    """Looks at channels' histories through one connection and takes in what they hold."""

    def __init__(self, telegram: Telegram, intake: Intake, policy: Policy, *, whole: bool = True) -> None:
        """`whole`: the history from its beginning is wanted, not only what comes after the oldest post archived."""
        self._telegram = telegram
        self._intake = intake
        self._policy = policy
        self._whole = whole

    async def newest(self, of: Follow, posts: int = PAGE, *, page: int = PAGE) -> Seen:
        """Look at the newest `posts` posts, `page` of them at once, and at one page at least.

        Raises ChannelRefused, and what `Telegram.call` raises.
        """
        told = await self._page(of, limit=page)
        if not told.ids:
            # An empty answer is believed only when it comes twice.
            told = await self._page(of, limit=page)
        if not told.ids:
            return Seen(0, told.total, 0, await self._missing(of, told, 1, _LAST))
        top, oldest = max(told.ids), min(told.ids)
        changed = await self._take(of, told, oldest, top)
        changed += await self._missing(of, told, oldest, _LAST)
        looked = len(told.ids)
        while looked < posts and oldest > 1:
            older = await self._page(of, before=oldest, limit=page)
            if not older.ids:
                changed += await self._missing(of, older, 1, oldest - 1)
                break
            changed += await self._range(of, older, oldest)
            looked, oldest = looked + len(older.ids), min(older.ids)
        return Seen(top, told.total, oldest, changed)

    async def fill(self, of: Follow, top: int, most: int = PAGE) -> int:
        """Take in one page of the newest hole below `top`; return how many posts it held, -1 when there is no hole.

        Raises ChannelRefused, and what `Telegram.call` raises.
        """
        hole = await self._hole(of, top)
        if hole is None:
            return -1
        first, last = hole
        told = await self._page(of, before=last + 1, floor=first, limit=most)
        if not told.ids:
            told = await self._page(of, before=last + 1, floor=first, limit=1)
        if not told.ids:
            await self._take(of, told, first, last)
            return 0
        await self._range(of, told, last + 1)
        return len(told.posts)

    async def sweep(self, of: Follow, before: int) -> int | None:
        """Look again at one page of posts below `before`; return where to go on, None at the beginning."""
        told = await self._page(of, before=before)
        if not told.ids:
            await self._missing(of, told, 1, before - 1)
            return None
        await self._range(of, told, before)
        return min(told.ids)

    async def again(self, of: Follow, ids: list[int]) -> Told:
        """Look at single posts, and mark those that are gone."""
        told = await self._ask(of, ids)
        await self._intake.posts(of, told.posts, Source.BACKFILL, peers=told.peers, observed_at=told.at)
        there = {post.message_id for post in told.posts}
        await self._intake.deleted(of, [number for number in ids if number not in there], told.at)
        return told

    async def holes(self, of: Follow, seen: Seen) -> bool:
        """Whether something below the newest post has never been asked for, and is wanted."""
        return await self._hole(of, seen.top) is not None

    async def missing(self, of: Follow, seen: Seen) -> int:
        """Return by how many posts Telegram counts more than are archived, where everything has been asked for."""
        row = of.row
        if row is None or of.since is not None or not self._whole or await self.holes(of, seen):
            return 0
        return max(0, seen.total - await self._intake.read(lambda connection: coverage.count_alive(connection, row)))

    async def _hole(self, of: Follow, top: int) -> tuple[int, int] | None:
        row, since = of.row, of.since
        if row is None or top < 1:
            return None

        def look(connection: Connection) -> tuple[int, int] | None:
            floor = 1 if since is None else coverage.last_before(connection, row, since) + 1
            if not self._whole:
                floor = max(floor, min((first for first, _ in coverage.covered(connection, row)), default=top))
            return next(iter(coverage.holes(connection, row, floor, top)), None)

        return await self._intake.read(look)

    async def _range(self, of: Follow, told: Told, before: int) -> int:
        """Take in a page of posts below `before`, with what it lacks of the archive's."""
        oldest = min(told.ids)
        changed = await self._take(of, told, oldest, before - 1)
        return changed + await self._missing(of, told, oldest, before - 1)

    async def _take(self, of: Follow, told: Told, first: int, last: int) -> int:
        return await self._intake.posts(
            of,
            told.posts,
            Source.BACKFILL,
            covered=(first, last),
            channel=told.channel,
            peers=told.peers,
            observed_at=told.at,
        )

    async def _missing(self, of: Follow, told: Told, first: int, last: int) -> int:
        """Ask once more for archived posts that a page does not show; what Telegram does not have is deleted."""
        lost = sorted(await self._intake.alive(of, first, last) - {post.message_id for post in told.posts})
        changed = 0
        for start in range(0, len(lost), PAGE):
            ids = lost[start : start + PAGE]
            found = await self.again(of, ids)
            changed += len(ids) - len(found.posts)
        return changed

    async def _page(self, of: Follow, *, before: int = 0, floor: int = 1, limit: int = PAGE) -> Told:
        try:
            return await history.page(
                self._telegram, _reference(of), self._policy, clock.now, before=before, floor=floor, limit=limit
            )
        except Refused as refused:
            raise _refused(of, refused) from refused

    async def _ask(self, of: Follow, ids: list[int]) -> Told:
        try:
            return await history.by_number(self._telegram, _reference(of), self._policy, clock.now, ids)
        except Refused as refused:
            raise _refused(of, refused) from refused


def _reference(of: Follow) -> Reference:
    if of.channel is None or of.access_hash is None:
        raise ValueError("Telegram has not been asked about this channel yet")
    return Reference(of.channel.id, of.access_hash)


def _refused(of: Follow, refused: Refused) -> ChannelRefused:
    return ChannelRefused(name=of.channel.title if of.channel else of.asked, what=peers.words(refused))
