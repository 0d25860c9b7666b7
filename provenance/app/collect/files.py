"""Downloads what waits: the newest first, a few side by side, each whole or not at all, the same bytes only once."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from provenance.app import clock
from provenance.app.collect import pauses
from provenance.app.collect.history import History
from provenance.app.collect.intake import Intake
from provenance.archive import downloads, follow
from provenance.archive.downloads import Waiting
from provenance.core.answers import Follow
from provenance.core.model import Remote
from provenance.errors import ChannelRefused
from provenance.sources.telegram.client import Refused, Telegram
from provenance.sources.telegram.download import Damaged, Expired, Unwritable, fetch

log = logging.getLogger(__name__)

_LOOK_AGAIN = 30.0
"""Seconds after which the queue is looked at again although nobody has added to it."""
_DISK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many downloads side by side, of how many bytes at most, and the free bytes that the disk must keep."""

    parallel: int
    max_bytes: int
    min_free: int


class Files:
    """The queue of downloads, worked off. `arrived` is called after every file that came in."""

    def __init__(self, intake: Intake, limits: Limits, arrived: Callable[[], None]) -> None:
        self._intake = intake
        self._limits = limits
        self._arrived = arrived
        self._busy: set[int] = set()
        self._changed = asyncio.Event()
        self.full = False
        """Whether downloads wait for free disk space."""

    def wake(self) -> None:
        """There is something new in the queue."""
        self._changed.set()

    async def run(self, telegram: Telegram, history: History) -> None:
        """Work the queue off until cancelled. Raises what `Telegram.call` raises, except Refused."""
        async with asyncio.TaskGroup() as group:
            while True:
                if not await self._start(group, telegram, history):
                    await self._wait()

    async def drain(self, telegram: Telegram, history: History) -> None:
        """Work off what can be had now, and return. Raises like `run`."""
        async with asyncio.TaskGroup() as group:
            while await self._start(group, telegram, history) or self._busy:
                await self._wait()

    async def _start(self, group: asyncio.TaskGroup, telegram: Telegram, history: History) -> bool:
        """Begin as many downloads as there is room for; whether any was begun."""
        self._changed.clear()
        room = self._limits.parallel - len(self._busy)
        if room <= 0 or not self._has_space():
            return False
        now, busy = clock.now(), frozenset(self._busy)
        due = await self._intake.read(lambda connection: downloads.due(connection, now, busy, room))
        for each in due:
            self._busy.add(each.id)
            group.create_task(self._one(each, telegram, history))
        return bool(due)

    async def _wait(self) -> None:
        pause = _DISK_SECONDS if self.full else _LOOK_AGAIN
        retry = await self._intake.read(downloads.next_retry)
        if retry is not None and not self.full:
            pause = min(pause, max(0.5, (retry - clock.now()).total_seconds()))
        try:
            async with asyncio.timeout(pause):
                await self._changed.wait()
        except TimeoutError:
            return

    def _has_space(self) -> bool:
        free = shutil.disk_usage(self._intake.archive.directory).free
        full = free < self._limits.min_free
        if full != self.full:
            self.full = full
            words = "downloads wait until there is more" if full else "downloads go on"
            log.warning("%d MiB free on the archive's disk: %s", free >> 20, words)
        return not full

    async def _one(self, what: Waiting, telegram: Telegram, history: History) -> None:
        target = self._intake.archive.files.incoming(str(what.id))
        try:
            remote = what.remote
            try:
                await fetch(telegram, remote, target, self._limits.max_bytes)
            except Expired:
                remote = await self._freshen(what, history)
                await fetch(telegram, remote, target, self._limits.max_bytes)
            stored = await asyncio.to_thread(self._intake.archive.files.adopt, target)
            await self._intake.downloaded(what.id, stored)
            self._arrived()
        except Unwritable as error:
            await self._put_off(what, f"the disk refused it: {error}", counts=False)
        except Damaged as error:
            await self._put_off(what, str(error))
        except Expired:
            await self._put_off(what, "Telegram refuses every reference to it")
        except Refused as refused:
            await self._put_off(what, f"Telegram refuses it ({refused.name})")
        except ChannelRefused as refused:
            await self._put_off(what, f"its channel: {refused.facts['what']}")
        finally:
            target.unlink(missing_ok=True)
            self._busy.discard(what.id)
            self._changed.set()

    async def _freshen(self, what: Waiting, history: History) -> Remote:
        """Ask for the post once more: its copy has a reference that is good again. Raises Damaged, where it has not."""
        of: Follow | None = await self._intake.read(partial(follow.of_channel, row=what.channel_id))
        if of is None:
            raise Damaged("its reference has expired, and its channel is not followed any more")
        told = await history.again(of, [what.message_id])
        remotes = [each.remote for post in told.posts for each in post.attachments if each.remote is not None]
        fresh = next((each for each in remotes if each.key == what.remote.key), None)
        if fresh is None:
            raise Damaged("the post does not show it any more")
        return fresh

    async def _put_off(self, what: Waiting, trouble: str, *, counts: bool = True) -> None:
        retry_at = clock.now() + timedelta(seconds=pauses.after(what.attempts, pauses.DOWNLOADS))
        log.info("a file of post %s cannot be had now: %s", what.ref, trouble)
        await self._intake.write(
            lambda connection: downloads.put_off(connection, what.id, trouble, retry_at, counts=counts)
        )
