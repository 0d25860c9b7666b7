"""Writes what Telegram tells into the archive: a page or a post at a time, each in one transaction.

The event loop never waits for the disk: everything here runs in threads.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from provenance.app import clock
from provenance.archive import coverage, downloads, follow, observe
from provenance.archive.files import Stored
from provenance.archive.observe import Arrived, Counts
from provenance.archive.store import Archive, Connection
from provenance.core.answers import Follow
from provenance.core.model import Channel, Post, Problem, Source

Found = TypeVar("Found")


class Intake:
    """The collector's hand on the archive. `counts` grows with everything that is taken in."""

    def __init__(self, archive: Archive, run_id: int) -> None:
        self.archive = archive
        self.run_id = run_id
        self.counts = Counts()

    async def write(self, change: Callable[[Connection], Found]) -> Found:
        """Run `change` in one transaction."""
        return await asyncio.to_thread(self._write, change)

    async def read(self, look: Callable[[Connection], Found]) -> Found:
        """Run `look` on one snapshot."""
        return await asyncio.to_thread(self._read, look)

    async def posts(
        self,
        to: Follow,
        posts: Sequence[Post],
        source: Source,
        *,
        covered: tuple[int, int] | None = None,
        channel: Channel | None = None,
        peers: Sequence[Channel] = (),
        observed_at: datetime | None = None,
    ) -> int:
        """Take in posts of a followed channel (and how it is called now); return how many were new or changed."""
        known = channel or to.channel
        if to.row is None or known is None:
            raise ValueError("a channel that Telegram has not been asked about has no posts")
        row, at = to.row, observed_at or clock.now()
        # Oldest first: the queue of downloads takes what was added last before the rest.
        unique = sorted({post.message_id: post for post in posts}.items())
        arrived = [Arrived(post, tuple((each, None) for each in post.attachments)) for _, post in unique]

        def change(connection: Connection) -> None:
            observe.add_channel(connection, known, at)
            follow.add_peers(connection, peers, at)
            observe.add_posts(
                connection, self.run_id, known, row, source, arrived, at, counts, covered, urgent=source is Source.LIVE
            )

        if not arrived and covered is None:
            return 0
        counts = Counts()
        await self.write(change)
        self.counts.add(counts)
        return counts.posts_new + counts.posts_changed

    async def deleted(self, to: Follow, ids: Sequence[int], observed_at: datetime) -> int:
        """Mark posts as found deleted; return how many of them were not yet."""
        row = to.row
        if row is None or not ids:
            return 0
        return await self.write(lambda connection: coverage.mark_deleted(connection, row, ids, observed_at))

    async def alive(self, to: Follow, first: int, last: int) -> set[int]:
        """Return the archived posts with these numbers that have not been found deleted."""
        row = to.row
        if row is None:
            return set()
        return await self.read(lambda connection: coverage.alive(connection, row, first, last))

    async def downloaded(self, download_id: int, stored: Stored) -> None:
        """Give the bytes of a download to every attachment that waits for them."""
        at = clock.now()
        await self.write(lambda connection: downloads.finish(connection, download_id, stored, at))

    async def problem(self, where: str, what: str) -> None:
        """Put trouble on record."""
        await self.write(lambda connection: observe.add_problems(connection, self.run_id, [Problem(where, what)]))

    def _write(self, change: Callable[[Connection], Found]) -> Found:
        with self.archive.write() as connection:
            return change(connection)

    def _read(self, look: Callable[[Connection], Found]) -> Found:
        with self.archive.read() as connection:
            return look(connection)
