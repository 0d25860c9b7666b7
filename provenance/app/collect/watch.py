"""The daemon: follows channels for months, through floods, lost connections, restarts and edits.

What Telegram pushes is taken in at once, and believed only as a hint: each channel is compared with its history after
every start, every lost connection, every sign of a hole, and from time to time.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic

from provenance.app import clock
from provenance.app.collect import channels, pauses, status
from provenance.app.collect.agenda import Agenda, Work
from provenance.app.collect.courier import LOCAL, REMOTE, Courier
from provenance.app.collect.derive import Deriver
from provenance.app.collect.files import Files
from provenance.app.collect.history import History
from provenance.app.collect.intake import Intake
from provenance.app.collect.settings import Collecting
from provenance.app.runs import recorded
from provenance.archive import coverage, downloads, follow
from provenance.archive.store import Archive
from provenance.core.answers import Daemon, Follow
from provenance.core.model import Source
from provenance.errors import ArchiveError, ChannelRefused, ProvenanceError
from provenance.images.sandbox import Sandbox
from provenance.sources.telegram import session
from provenance.sources.telegram.client import Lost, Refused, Telegram
from provenance.sources.telegram.live import Hint, Hints

log = logging.getLogger(__name__)

_THREADS = 4
_STATUS_SECONDS = 2.0
_LOOK_SECONDS = 2.0
"""How often it is looked whether a command has changed what is followed."""
_STEADY_SECONDS = 30
"""A connection that held so long has worked: the next loss counts as the first."""


async def watch(archive: Archive, collecting: Collecting, sandbox: Sandbox, stop: asyncio.Event) -> None:
    """Collect until `stop` is set. Raises NotLoggedIn, SessionInUse, AccountLost and the like; those end it."""
    # Every thread keeps some memory of its own; SQLite takes one writer at a time anyway.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    with session.held(collecting.access.session), recorded(archive, "watch", []) as run:
        archive.files.clear_incoming()
        daemon = _Daemon(archive, collecting, sandbox, run.id)
        work = asyncio.create_task(daemon.run())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            status.notify("STOPPING=1")
            daemon.deriver.stop()
            work.cancel()
            await asyncio.wait({work})
            run.summary = daemon.summary()
        if not work.cancelled() and (error := work.exception()) is not None:
            daemon.tell("stopped", str(_first(error)))
            raise _first(error)
        daemon.tell("stopped", "")


class _Daemon:
    def __init__(self, archive: Archive, collecting: Collecting, sandbox: Sandbox, run_id: int) -> None:
        self._archive = archive
        self._settings = collecting
        self._status = Daemon(os.getpid(), clock.now(), clock.now())
        self._status_file = collecting.access.session.with_name(status.FILE)
        self._intake = Intake(archive, run_id)
        self.deriver = Deriver(archive, sandbox, run_id, collecting.model)
        self._files = Files(self._intake, collecting.limits, self.deriver.wake)
        self._hints = Hints(collecting.policy)
        self._telegram = Telegram(collecting.access, collecting.requests_per_minute, self._flood)
        self._hints.listen(self._telegram)
        self._history = History(self._telegram, self._intake, collecting.policy, whole=collecting.backfill)
        self._agenda = Agenda(collecting.reconcile_every)
        self._courier = Courier(self._intake, collecting.report.delivering)

    async def run(self) -> None:
        """Do everything, until cancelled or until Telegram has ended the login."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._report_status())
            group.create_task(self.deriver.run())
            group.create_task(self.deriver.report_weekly(self._settings.report))
            group.create_task(self._courier.run(LOCAL))
            group.create_task(self._stay_connected())

    def summary(self) -> dict[str, object]:
        counts = self._intake.counts
        return {"posts": counts.posts_new, "changed": counts.posts_changed, "images": counts.images_queued}

    def tell(self, state: str, detail: str) -> None:
        """Say how it stands, in the status file and in the log."""
        if state != self._status.state:
            log.info("%s%s", state, f": {detail}" if detail else "")
        self._status.state, self._status.detail = state, detail
        self._status.updated_at = clock.now()
        self._write_status()

    async def _stay_connected(self) -> None:
        """Connect, work, and connect again, with pauses that grow while nothing works."""
        attempts = 0
        while True:
            began = monotonic()
            try:
                async with self._connection():
                    await self._session()
            except* (Lost, ArchiveError) as group:
                why = str(_first(group))
            attempts = 0 if monotonic() - began > _STEADY_SECONDS else attempts + 1
            pause = pauses.after(attempts, pauses.CONNECTIONS)
            self.tell("waiting", f"{why}; trying again in {pause:.0f} s")
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[None]:
        try:
            await self._telegram.connect()
            self._status.connected_at = clock.now()
            self.tell("connected", "")
            status.notify("READY=1")
            yield
        finally:
            await self._telegram.disconnect()

    async def _session(self) -> None:
        """Work while the connection lasts. What was pushed meanwhile is lost: every channel is compared anew."""
        self._agenda.everything_is_due()
        async with asyncio.TaskGroup() as group:
            for work in (self._until_lost, self._live, self._reconcile):
                group.create_task(work())
            group.create_task(self._files.run(self._telegram, self._history))
            group.create_task(self._courier.run(REMOTE, self._telegram))

    async def _until_lost(self) -> None:
        await self._telegram.disconnected()
        raise Lost("the connection was closed")

    async def _live(self) -> None:
        while True:
            hint = await self._hints.next()
            of = self._agenda.by_channel(hint.channel_id)
            if of is not None:
                await self._take(of, hint)

    async def _take(self, of: Follow, hint: Hint) -> None:
        if hint.post is not None:
            changed = await self._intake.posts(of, [hint.post], Source.LIVE, peers=hint.peers)
            self._came_in(changed)
            row, number = of.row, hint.post.message_id
            if row is not None and not await self._intake.read(
                partial(coverage.covers, channel_id=row, number=number - 1)
            ):
                self._agenda.is_due(of)
        elif hint.deleted:
            await self._intake.deleted(of, hint.deleted, clock.now())
            self.deriver.wake()
        else:
            self._agenda.is_due(of)

    async def _reconcile(self) -> None:
        """Take the channels in turn: first those that are due, then the holes, then a second look at older posts."""
        while True:
            self._agenda.update(await self._intake.read(follow.followed))
            job = self._agenda.next()
            if job is None:
                await self._agenda.wait(_LOOK_SECONDS)
                continue
            of, work = job
            try:
                await self._turn(of, work)
            except (ChannelRefused, Refused) as refused:
                why = channels.reason(refused)
                log.warning("%s: %s", of.channel.title if of.channel else of.asked, why)
                await channels.trouble(self._intake, of, why)
                self._agenda.leave(of)

    async def _turn(self, of: Follow, work: Work) -> None:
        if work is Work.SETTLE:
            await channels.settle(self._telegram, self._intake, of)
        elif work is Work.COMPARE:
            await self._compare(of)
        elif work is Work.FILL:
            found = await self._history.fill(of, self._agenda.top(of))
            self._came_in(max(0, found))
            if found < 0:
                self._agenda.filled(of)
        else:
            await self._sweep(of)

    async def _compare(self, of: Follow) -> None:
        try:
            seen = await self._history.newest(of, self._settings.recheck_posts)
        except ChannelRefused:
            if of.trouble is None:
                raise
            # Not for the first time: the way to it may be another one by now.
            await channels.settle(self._telegram, self._intake, of)
            followed = await self._intake.read(follow.followed)
            again = next((each for each in followed if each.id == of.id), of)
            seen = await self._history.newest(again, self._settings.recheck_posts)
        self._came_in(seen.changed)
        await self._intake.write(lambda connection: follow.checked(connection, of.id, clock.now()))
        holes = await self._history.holes(of, seen)
        missing = await self._history.missing(of, seen)
        if self._agenda.compared(of, seen.top, holes=holes, missing=missing):
            what = f"Telegram counts {missing} posts more than are archived; all are looked at again"
            await self._intake.problem(f"«{of.channel.title if of.channel else of.asked}»", what)
            await self._intake.write(lambda connection: follow.swept(connection, of.id, seen.top + 1))
        elif of.swept_id is None and seen.oldest > 1:
            await self._intake.write(lambda connection: follow.swept(connection, of.id, seen.oldest))

    async def _sweep(self, of: Follow) -> None:
        further = None
        if of.swept_id is not None:
            further = await self._history.sweep(of, of.swept_id)
            await self._intake.write(lambda connection: follow.swept(connection, of.id, further))
            self._came_in(0)
        self._agenda.swept(of, done=further is None)

    def _came_in(self, changed: int) -> None:
        if changed:
            self._status.posts += changed
            self._status.last_post_at = clock.now()
        self._files.wake()
        self.deriver.wake()

    async def _flood(self, what: str, seconds: int) -> None:
        for left in range(seconds, 0, -1):
            self._status.detail = f"Telegram asks to wait {left} s more ({what})"
            if left % 30 == 0:
                log.info("%s", self._status.detail)
            await asyncio.sleep(1)
        self._status.detail = ""

    async def _report_status(self) -> None:
        while True:
            waiting = await self._intake.read(downloads.counts)
            self._status.downloads, self._status.downloads_troubled = waiting
            self._status.channels, self._status.troubled, self._status.behind = self._agenda.counts()
            self._status.disk_full = self._files.full
            self._status.updated_at = clock.now()
            self._write_status()
            status.notify("WATCHDOG=1")
            await asyncio.sleep(_STATUS_SECONDS)

    def _write_status(self) -> None:
        try:
            status.write(self._status_file, self._status)
        except OSError as error:
            log.warning("the status file cannot be written: %s", error)


def _first(error: BaseException) -> BaseException:
    """The first error inside groups of errors; one that a user can act on before any other."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    found = [_first(each) for each in error.exceptions]
    return next((each for each in found if isinstance(each, ProvenanceError)), found[0])
