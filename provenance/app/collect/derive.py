"""Derives what follows from what has come in, while more comes in: fingerprints, chains, the weekly report."""

import asyncio
import logging
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from provenance.app import clock, parcel, pdf, report
from provenance.app.analyse import analyse
from provenance.app.collect import pauses
from provenance.app.collect.settings import Reporting
from provenance.app.progress import Quiet
from provenance.app.resolve import Resolver
from provenance.archive import deliveries, observe, read, summary
from provenance.archive.store import Archive
from provenance.core import weekly
from provenance.core.model import Problem
from provenance.core.weekly import ReportTime
from provenance.errors import PdfNotMade, PdfUnavailable, ProvenanceError
from provenance.images.sandbox import Sandbox

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

log = logging.getLogger(__name__)

_REPORT_SECONDS = 30.0
_WEEKS_BACK = 5
"""Of so many weeks the report is made that was due while nobody was here."""


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
        self._folder = parcel.place(archive.directory)

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

    async def report_weekly(self, told: Reporting) -> None:
        """Make each week's report when it is due, and when it was due while nobody was here."""
        while True:
            try:
                async with self._alone:
                    await asyncio.to_thread(self.report_due, told)
            except Stopped:
                return
            if self._progress.asked.is_set():
                return
            await asyncio.sleep(_REPORT_SECONDS)

    def report_due(self, told: Reporting) -> None:
        """Make the reports that are due and not made, oldest first, and queue them for their targets."""
        for week, since in reversed(_due(told.when, clock.now())):
            try:
                self._report(weekly.week(week, told.when.zone), since, told)
            except ProvenanceError as error:
                if self._progress.asked.is_set():
                    return
                log.warning("the report of %s could not be made: %s", week, error)

    def _report(self, week: weekly.Week, since: datetime, told: Reporting) -> None:
        targets = [str(each) for each in told.delivering.targets]
        newest = week.name == told.when.due(clock.now())[0]
        with self._archive.read() as connection:
            made = deliveries.newest(connection, week.name, since)
            owed = newest or summary.reports_before(connection, since)
            if made is None and (not owed or not summary.posts_between(connection, week.start, week.end)):
                return
            missing = deliveries.not_queued(connection, week.name, since, targets)
        if made is not None and not (newest and missing):
            return
        # One that somebody made by hand is delivered as well, where it lies in its place.
        if made is None or not parcel.is_here(self._folder, made):
            self._make(week, told)
        with self._archive.write() as connection:
            made = deliveries.newest(connection, week.name, since)
            if made is not None:
                deliveries.queue(connection, made.id, missing, clock.now())

    def _make(self, week: weekly.Week, told: Reporting) -> None:
        made = report.build(self._archive, week, told.counting, self._folder)
        where = self._folder, report.FORMATS, self._sandbox, self._progress
        files = report.write(self._archive, made, *where, language=told.language)
        log.info("made the report of %s: %s", week.name, ", ".join(path.name for path in files))
        if told.delivering.pdf:
            try:
                page = self._folder / f"report-{week.name}.html"
                pdf.write(page.with_suffix(".pdf"), page.read_text(encoding="utf-8"), pdf.find(told.browser))
            except (PdfNotMade, PdfUnavailable, OSError) as error:
                log.warning("%s", error)


def _due(when: ReportTime, now: datetime) -> list[tuple[str, datetime]]:
    """The last weeks that should have been reported by now, newest first, and since when."""
    found = [when.due(now)]
    while len(found) < _WEEKS_BACK:
        found.append(when.due(found[-1][1] - timedelta(microseconds=1)))
    return found
