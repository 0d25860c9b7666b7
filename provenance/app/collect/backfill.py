"""Fetches the history of followed channels once, newest posts first, and goes on where it stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from threading import Event

from provenance.app import clock
from provenance.app.analyse import analyse
from provenance.app.collect import channels, pauses
from provenance.app.collect.derive import Stopped
from provenance.app.collect.files import Files
from provenance.app.collect.history import History
from provenance.app.collect.intake import Intake
from provenance.app.collect.settings import Collecting
from provenance.app.progress import Progress
from provenance.app.resolve import resolve
from provenance.app.runs import Run, recorded
from provenance.archive import downloads, follow, read
from provenance.archive.store import Archive
from provenance.core.answers import Backfilled, Follow
from provenance.core.model import Problem
from provenance.errors import ChannelRefused, NothingFound, Unreachable
from provenance.images.sandbox import Sandbox
from provenance.sources.telegram import session
from provenance.sources.telegram.client import Lost, Refused, Telegram
from provenance.sources.telegram.history import PAGE

log = logging.getLogger(__name__)

_RECONNECTIONS = 8
"""Lost connections in a row, without a page between them, after which it is given up."""


async def backfill(
    archive: Archive,
    collecting: Collecting,
    names: Sequence[str],
    sandbox: Sandbox,
    progress: Progress,
    *,
    since: datetime | None,
    limit: int | None,
) -> Backfilled:
    """Fetch the history of the channels called `names` (of all that are followed, where there are none).

    Raises NothingFound, Unreachable, and what opening the session raises.
    """
    with archive.read() as connection:
        wanted = {channels.named(connection, name).id for name in names}
        if not wanted:
            wanted = {each.id for each in follow.followed(connection)}
    if not wanted:
        raise NothingFound(what="No channel is followed yet. Add one with `provenance channels add @NAME`.")
    with session.held(collecting.access.session), recorded(archive, "backfill", [*names]) as run:
        archive.files.clear_incoming()
        work = _Backfill(archive, collecting, progress, run, since, limit)
        await work.run(wanted)
        # In a thread, so that a signal is still heard.
        stoppable = _Stoppable(progress)
        try:
            refused = dict(await asyncio.to_thread(analyse, archive, sandbox, stoppable, collecting.model))
            await asyncio.to_thread(resolve, archive, run.id, sandbox, stoppable, collecting.model)
        finally:
            stoppable.asked.set()
        with archive.read() as connection:
            places = read.places(connection, refused)
            waiting, _ = downloads.counts(connection)
        run.problems += [Problem(places.get(sha256, f"file {sha256}"), reason) for sha256, reason in refused.items()]
        run.outcome = "damaged" if work.refused else "done"
        counts = work.intake.counts
        run.summary = {"posts": counts.posts_new, "changed": counts.posts_changed, "files": work.files}
        return Backfilled(
            channels=len(wanted),
            posts_new=counts.posts_new,
            posts_known=counts.posts_known,
            posts_changed=counts.posts_changed,
            images=counts.images_queued,
            images_missing=counts.images_missing,
            files=work.files,
            waiting=waiting,
            problems=tuple(run.problems),
        )


class _Stoppable:
    """Progress that ends the work of a thread at its next step, when nobody waits for it any more."""

    def __init__(self, progress: Progress) -> None:
        self.asked = Event()
        self._progress = progress

    def stage(self, name: str, total: int | None = None) -> None:
        self._stop()
        self._progress.stage(name, total)

    def advance(self, steps: int = 1) -> None:
        self._stop()
        self._progress.advance(steps)

    def _stop(self) -> None:
        if self.asked.is_set():
            raise Stopped


class _Backfill:
    def __init__(
        self,
        archive: Archive,
        collecting: Collecting,
        progress: Progress,
        run: Run,
        since: datetime | None,
        limit: int | None,
    ) -> None:
        self.intake = Intake(archive, run.id)
        self.files = 0
        self.refused = False
        self._collecting = collecting
        self._progress = progress
        self._run = run
        self._since = since
        self._limit = limit
        self._telegram = Telegram(collecting.access, collecting.requests_per_minute, self._flood)
        self._history = History(self._telegram, self.intake, collecting.policy)
        self._lost = 0
        self._taken = dict[int, int]()

    async def run(self, wanted: set[int]) -> None:
        try:
            for wish in sorted(wanted):
                await self._connected(partial(self._channel, wish))
            waiting, _ = await self.intake.read(downloads.counts)
            if waiting:
                self._progress.stage("Downloading images", waiting)
                await self._connected(self._download)
        finally:
            await self._telegram.disconnect()

    async def _connected(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do some work, as often as the connection is lost meanwhile: what was taken in is not asked for again."""
        while True:
            try:
                if not self._telegram.client.is_connected():
                    await self._telegram.connect()
                await work()
                return
            except* Lost as group:
                await self._telegram.disconnect()
                self._lost += 1
                why = group.exceptions[0]
                if self._lost > _RECONNECTIONS:
                    raise Unreachable(what=why) from None
                pause = pauses.after(self._lost, pauses.CONNECTIONS)
            log.info("the connection was lost (%s); trying again in %.0f s", why, pause)
            await asyncio.sleep(pause)

    async def _channel(self, wish: int) -> None:
        of = await self._follow(wish)
        try:
            if of.row is None or (of.join and not of.joined):
                await channels.settle(self._telegram, self.intake, of)
                of = await self._follow(wish)
            of = replace(of, since=self._since or of.since)
            first = max(1, min(PAGE, self._room(of)))
            seen = await self._history.newest(of, first, page=first)
            self._got(of, seen.changed)
            self._progress.stage(of.channel.title if of.channel else of.asked, max(seen.total, 1))
            self._progress.advance(min(first, seen.total))
            while (room := self._room(of)) > 0:
                found = await self._history.fill(of, seen.top, min(PAGE, room))
                if found < 0:
                    break
                self._got(of, found)
                self._progress.advance(found)
            await self.intake.write(lambda connection: follow.checked(connection, of.id, clock.now()))
        except (ChannelRefused, Refused) as error:
            why = channels.reason(error)
            self._run.problems.append(Problem(of.asked, why))
            self.refused = True
            await channels.trouble(self.intake, of, why)

    def _got(self, of: Follow, posts: int) -> None:
        self._lost = 0
        self._taken[of.id] = self._taken.get(of.id, 0) + posts

    def _room(self, of: Follow) -> int:
        return PAGE if self._limit is None else self._limit - self._taken.get(of.id, 0)

    async def _follow(self, wish: int) -> Follow:
        followed = await self.intake.read(follow.followed)
        return next(each for each in followed if each.id == wish)

    async def _download(self) -> None:
        await Files(self.intake, self._collecting.limits, self._arrived).drain(self._telegram, self._history)

    def _arrived(self) -> None:
        self._lost = 0
        self.files += 1
        self._progress.advance()

    async def _flood(self, what: str, seconds: int) -> None:
        self._progress.stage(f"Telegram asks to wait {seconds} s", seconds)
        for _ in range(seconds):
            await asyncio.sleep(1)
            self._progress.advance()
