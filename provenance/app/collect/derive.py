"""Derives what follows from what has come in, while more comes in: fingerprints, chains, the weekly report."""

import asyncio
import logging
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

from provenance.app import clock, report
from provenance.app.analyse import analyse
from provenance.app.collect import pauses
from provenance.app.progress import Quiet
from provenance.app.resolve import Resolver
from provenance.archive import observe, read, summary
from provenance.archive.store import Archive
from provenance.core import weekly
from provenance.core.model import Problem
from provenance.core.weekly import ReportTime
from provenance.errors import ProvenanceError
from provenance.images.sandbox import Sandbox

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

log = logging.getLogger(__name__)

_REPORT_SECONDS = 30.0


class Stopped(Exception):  # a wish, not an error
    """The work was asked to stop."""


class _Stoppable(Quiet):
    """Progress that ends the work between two steps, where nothing is half done."""

    def __init__(self) -> None:
        self.asked = Event()

    def stage(self, name: str, total: int | None = None) -> None:
        """Stop here, if that is wished."""
        self.advance()

    def advance(self, steps: int = 1) -> None:
        """Stop here, if that is wished."""
        if self.asked.is_set():
            raise Stopped


class Deriver:
    """Works in a thread, one piece of work at a time, whenever something has come in."""

    def __init__(self, archive: Archive, sandbox: Sandbox, run_id: int, model: "Model | None" = None) -> None:
        self._archive = archive
        self._sandbox = sandbox
        self._run_id = run_id
        self._model = model
        self._resolver = Resolver(archive, sandbox, model)
        self._progress = _Stoppable()
        self._arrived = asyncio.Event()
        self._alone = asyncio.Lock()

    def wake(self) -> None:
        """Something has come in."""
        self._arrived.set()

    def stop(self) -> None:
        """End what is being done at its next step; what is being decoded is given up."""
        self._progress.asked.set()
        self._sandbox.stop()

    async def run(self) -> None:
        """Derive until cancelled. The first time everything is gone through: an earlier run may have been killed."""
        arrived, attempts = False, 0
        while True:
            self._arrived.clear()
            try:
                async with self._alone:
                    await asyncio.to_thread(self.once, arrived=arrived)
                arrived, attempts = True, 0
                await self._arrived.wait()
            except Stopped:
                return
            except ProvenanceError as error:
                if self._progress.asked.is_set():
                    return
                pause = pauses.after(attempts, pauses.CONNECTIONS)
                log.warning("%s Trying again in %.0f s.", error, pause)
                attempts += 1
                await asyncio.sleep(pause)

    def once(self, *, arrived: bool) -> None:
        """Measure and resolve what has come in (without `arrived`: everything that lacks it)."""
        refused = dict(analyse(self._archive, self._sandbox, self._progress, self._model, arrived=arrived))
        if refused:
            with self._archive.write() as connection:
                places = read.places(connection, refused)
                observe.add_problems(
                    connection,
                    self._run_id,
                    [Problem(places.get(sha256, f"file {sha256}"), reason) for sha256, reason in refused.items()],
                )
        self._resolver.resolve(self._run_id, self._progress)

    async def report_weekly(self, when: ReportTime) -> None:
        """Make each week's report when it is due, and when it was due while nobody was here."""
        while True:
            week, since = when.due(clock.now())
            try:
                async with self._alone:
                    await asyncio.to_thread(self._report, weekly.week(week, when.zone), since)
            except Stopped:
                return
            except ProvenanceError as error:
                if self._progress.asked.is_set():
                    return
                log.warning("the report of %s could not be made: %s", week, error)
            await asyncio.sleep(_REPORT_SECONDS)

    def _report(self, week: weekly.Week, since: datetime) -> None:
        with self._archive.read() as connection:
            done = summary.reported_since(connection, week.name, since)
            if done or not summary.posts_between(connection, week.start, week.end):
                return
        made = report.build(self._archive, week)
        files = report.write(
            self._archive, made, self._archive.directory / "reports", report.FORMATS, self._sandbox, self._progress
        )
        log.info("made the report of %s: %s", week.name, ", ".join(path.name for path in files))
