"""What follows from what has come in: fingerprints, chains, the weekly report. And that it ends when it should."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from provenance.app import clock, parcel
from provenance.app import report as reporting
from provenance.app.collect.derive import Deriver, Stopped
from provenance.app.collect.settings import Delivering, Reporting
from provenance.app.progress import Quiet
from provenance.app.runs import recorded
from provenance.archive import deliveries, schema
from provenance.archive.store import Archive
from provenance.core import weekly
from provenance.core.delivery import target
from provenance.core.weekly import ReportTime
from provenance.images.sandbox import Limits, Sandbox
from provenance.render import language
from tests.app.collect.conftest import Collector, pictures
from tests.app.conftest import Desk, export, jpeg
from tests.render.test_language import translate
from tests.stories import message
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel


@pytest.fixture
def news(dc: DataCentre, collector: Collector) -> Channel:
    """A channel that is followed, and empty."""
    channel = dc.channel("News", "news")
    collector.follow(channel)
    return channel


def take(collector: Collector, channel: Channel) -> None:
    """Bring in posts and files, and derive nothing from them."""
    collector.take_newest(channel)
    collector.drain()


def deriver(archive: Archive, sandbox: Sandbox) -> Deriver:
    with recorded(archive, "test", []) as run:
        return Deriver(archive, sandbox, run.id)


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """Workers that a test may stop."""
    with Sandbox(Limits(), workers=1) as sandbox:
        yield sandbox


async def reached(true: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - the work is in a thread
            await asyncio.sleep(0.02)


def test_what_lay_there_is_measured_and_resolved(dc: DataCentre, news: Channel, collector: Collector) -> None:
    first, _ = pictures(dc, news, 1, 2)
    news.post(forward=(news, first))
    take(collector, news)
    assert collector.rows(schema.fingerprints) == []
    deriver(collector.archive, collector.sandbox).once(arrived=False)
    assert len(collector.rows(schema.fingerprints)) == 2
    assert [row.tool for row in collector.rows(schema.inspections)].count("metadata") == 2
    assert len(collector.derived()) == 2
    assert [row.kind for row in collector.rows(schema.links)] == ["forward"]


def test_what_arrives_later_joins_what_was_there(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1)
    take(collector, news)
    made = deriver(collector.archive, collector.sandbox)
    made.once(arrived=False)
    pictures(dc, news, 2)
    news.post("again", dc.photo(jpeg(1)))
    take(collector, news)
    made.once(arrived=True)
    assert len(collector.derived()) == 2
    assert len(collector.rows(schema.links)) == 1


def test_a_file_that_is_no_image_becomes_a_problem_once(dc: DataCentre, news: Channel, collector: Collector) -> None:
    news.post(media=dc.document(b"no image at all", "image/png", "a.png"))
    take(collector, news)
    made = deriver(collector.archive, collector.sandbox)
    made.once(arrived=False)
    made.once(arrived=False)
    (problem,) = collector.rows(schema.run_problems)
    assert "«News», message 1" in problem.place
    assert "not an image" in problem.what


def test_it_works_whenever_it_is_woken(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1)
    take(collector, news)

    async def run() -> None:
        made = deriver(collector.archive, collector.sandbox)
        working = asyncio.ensure_future(made.run())
        await reached(lambda: len(collector.rows(schema.pictures)) == 1)
        pictures(dc, news, 2)
        await asyncio.to_thread(take, collector, news)
        await asyncio.sleep(0.1)
        assert len(collector.rows(schema.pictures)) == 1, "nobody has woken it"
        made.wake()
        await reached(lambda: len(collector.rows(schema.pictures)) == 2)
        assert not working.done()
        working.cancel()
        await asyncio.wait({working})

    asyncio.run(run())


def test_stopped_it_ends_by_itself_and_leaves_the_rest_for_the_next(
    dc: DataCentre, news: Channel, collector: Collector, own: Sandbox
) -> None:
    pictures(dc, news, *range(1, 13))
    take(collector, news)

    async def run() -> None:
        made = deriver(collector.archive, own)
        working = asyncio.ensure_future(made.run())
        await asyncio.sleep(0.05)
        made.stop()
        await asyncio.wait_for(working, 10)

    asyncio.run(run())
    deriver(collector.archive, collector.sandbox).once(arrived=False)
    assert len(collector.derived()) == 12


def test_a_stop_is_heard_between_two_steps(dc: DataCentre, news: Channel, collector: Collector, own: Sandbox) -> None:
    pictures(dc, news, 1)
    take(collector, news)
    made = deriver(collector.archive, own)
    made.stop()
    with pytest.raises(Stopped):
        made.once(arrived=False)
    assert collector.rows(schema.pictures) == []


def test_an_archive_in_trouble_is_tried_again(
    dc: DataCentre, news: Channel, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    pictures(dc, news, 1)
    take(collector, news)
    database = collector.archive.database
    aside = database.with_name("aside.db")

    async def run() -> None:
        made = deriver(collector.archive, collector.sandbox)
        content = database.read_bytes()
        database.rename(aside)
        database.write_bytes(b"not a database at all" * 500)
        working = asyncio.ensure_future(made.run())
        await reached(lambda: any("Trying again" in each.message for each in caplog.records))
        database.unlink()
        aside.rename(database)
        assert database.read_bytes()[:16] == content[:16]
        await reached(lambda: len(collector.rows(schema.pictures)) == 1)
        working.cancel()
        await asyncio.wait({working})

    with caplog.at_level(logging.WARNING, "provenance"):
        asyncio.run(run())


# The weekly report


def due(days_ago: int = 1, zone: str = "UTC") -> ReportTime:
    """A report time whose moment was so many days ago."""
    tz = ZoneInfo(zone)
    moment = clock.now().astimezone(tz) - timedelta(days=days_ago)
    return ReportTime(moment.weekday(), time(0, 0), tz)


def report(collector: Collector, when: ReportTime, seconds: float = 0, made: int = 1) -> None:
    """Let the reports that are due be made, until there are so many (or for so long)."""

    async def run() -> None:
        working = asyncio.ensure_future(deriver(collector.archive, collector.sandbox).report_weekly(Reporting(when)))
        if seconds:
            await asyncio.sleep(seconds)
        else:
            await reached(lambda: len(collector.rows(schema.reports)) >= made)
        working.cancel()
        await asyncio.wait({working})

    asyncio.run(run())


def monday_of(name: str) -> datetime:
    return datetime.fromisocalendar(int(name[:4]), int(name[-2:]), 1).replace(tzinfo=UTC)


@pytest.fixture
def reported(dc: DataCentre, news: Channel, collector: Collector) -> ReportTime:
    """Posts in the week that is to be reported."""
    when = due()
    week, _ = when.due(clock.now())
    for hours in (30, 60):
        at = monday_of(week) + timedelta(hours=hours)
        news.post("a photo", dc.photo(jpeg(1), at), date=at)
    take(collector, news)
    deriver(collector.archive, collector.sandbox).once(arrived=False)
    return when


def test_the_report_that_is_due_is_made(reported: ReportTime, collector: Collector) -> None:
    report(collector, reported)
    week, _ = reported.due(clock.now())
    (row,) = collector.rows(schema.reports)
    assert row.week == week
    folder = collector.archive.directory / "reports"
    assert sorted(path.name for path in folder.iterdir()) == [
        f"report-{week}.{kind}" for kind in ("csv", "html", "json")
    ]
    document = json.loads((folder / f"report-{week}.json").read_text())
    assert (document["week"], document["totals"]["posts"], document["totals"]["reposted"]) == (week, 2, 1)


def test_it_is_made_once(reported: ReportTime, collector: Collector) -> None:
    report(collector, reported)
    report(collector, reported, seconds=0.5)
    assert len(collector.rows(schema.reports)) == 1


def test_a_report_that_somebody_made_too_early_is_made_again(reported: ReportTime, collector: Collector) -> None:
    week, since = reported.due(clock.now())
    with collector.archive.write() as connection:
        early = {"run_id": 1, "week": week, "made_at": since - timedelta(seconds=1), "sha256": "0" * 64}
        connection.execute(schema.reports.insert(), early)
    report(collector, reported, made=2)
    report(collector, reported, seconds=0.5)
    assert [row.week for row in collector.rows(schema.reports)] == [week, week]


def test_a_week_without_posts_has_no_report(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1)  # of today
    take(collector, news)
    report(collector, due(), seconds=0.5)
    assert collector.rows(schema.reports) == []
    assert not (collector.archive.directory / "reports").exists()


def test_a_report_that_cannot_be_written_is_said_and_ends_nothing(
    reported: ReportTime, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    (collector.archive.directory / "reports").write_text("in the way")

    async def run() -> None:
        made = deriver(collector.archive, collector.sandbox)
        working = asyncio.ensure_future(made.report_weekly(Reporting(reported)))
        await reached(lambda: any("could not be made" in each.message for each in caplog.records))
        assert not working.done()
        working.cancel()
        await asyncio.wait({working})

    with caplog.at_level(logging.WARNING, "provenance"):
        asyncio.run(run())
    assert collector.rows(schema.reports) == []


# By a clock that is given

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_AT_SIX = ReportTime(0, time(6), BERLIN)


class Weeks:
    """An archive with a post on each Wednesday of a winter, and a clock that a test sets."""

    def __init__(self, desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.now = datetime(2024, 10, 1, tzinfo=UTC)
        self.wednesdays = [datetime(2024, 10, 2, 12, tzinfo=UTC) + timedelta(days=7 * week) for week in range(30)]
        desk.take(export(folder, *(message(number, at, text="x") for number, at in enumerate(self.wednesdays, 1))))
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def at(self, now: datetime, told: Reporting) -> None:
        """A daemon of its own does what is due at that moment."""
        self.now = now.astimezone(UTC)
        deriver(self.desk.archive, self.desk.sandbox).report_due(told)

    @property
    def made(self) -> list[str]:
        return [row.week for row in self.desk.rows(schema.reports)]

    def name(self, number: int) -> str:
        return weekly.week_name(self.wednesdays[number], BERLIN)


@pytest.fixture
def weeks(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weeks:
    return Weeks(desk, tmp_path / "export", monkeypatch)


def test_the_page_is_in_the_language_of_the_settings(
    weeks: Weeks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translate(tmp_path / "locale", "uk")
    monkeypatch.setattr(language, "LOCALE", tmp_path / "locale")
    weeks.at(weeks.wednesdays[3], Reporting(MONDAY_AT_SIX, language="uk"))
    (page,) = (weeks.desk.archive.directory / "reports").glob("*.html")
    assert '<html lang="uk" dir="ltr">' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("first", [2, 24])  # the clocks go back after the fourth Wednesday, and forward after the 26th
def test_every_week_has_one_report_on_the_hour_when_the_clocks_change(weeks: Weeks, first: int) -> None:
    told = Reporting(MONDAY_AT_SIX)
    for number in range(first, first + 4):
        moment = datetime.combine((weeks.wednesdays[number] + timedelta(days=5)).date(), time(6), BERLIN)
        before = len(weeks.made)
        if before:
            weeks.at(moment.astimezone(UTC) - timedelta(seconds=1), told)
            assert len(weeks.made) == before
        for minutes in (0, 59, 61, 60 * 24 * 3):
            weeks.at(moment.astimezone(UTC) + timedelta(minutes=minutes), told)
            assert len(weeks.made) == before + 1
    assert weeks.made == [weeks.name(number) for number in range(first, first + 4)]
    assert {"2024-W43", "2025-W13"} & set(weeks.made)


def test_weeks_that_were_due_while_nobody_was_here_are_made_in_their_order(weeks: Weeks) -> None:
    told = Reporting(MONDAY_AT_SIX)
    weeks.at(weeks.wednesdays[3], told)
    assert weeks.made == [weeks.name(2)], "the weeks before the first report were never promised"
    weeks.at(weeks.wednesdays[7], told)
    weeks.at(weeks.wednesdays[7], told)
    assert weeks.made == [weeks.name(number) for number in (2, 3, 4, 5, 6)]
    weeks.at(weeks.wednesdays[20], told)
    assert weeks.made[5:] == [weeks.name(number) for number in (15, 16, 17, 18, 19)], "no more than five"


def queued(weeks: Weeks) -> list[tuple[str, str]]:
    query = "SELECT r.week, d.target FROM deliveries AS d JOIN reports AS r ON r.id = d.report_id ORDER BY d.id"
    return [(row[0], row[1]) for row in weeks.desk.query(query)]


def test_each_report_is_queued_for_each_target_once(weeks: Weeks) -> None:
    desk = Reporting(MONDAY_AT_SIX, delivering=Delivering((target("folder:desk"),)))
    for number in (3, 3, 5):
        weeks.at(weeks.wednesdays[number], desk)
    expected = [(weeks.name(number), "folder:desk") for number in (2, 3, 4)]
    assert queued(weeks) == expected
    both = replace(desk, delivering=Delivering((target("folder:desk"), target("telegram:me"))))
    weeks.at(weeks.wednesdays[5], both)
    assert queued(weeks) == [*expected, (weeks.name(4), "telegram:me")]
    assert len(weeks.made) == 3, "a new target is no reason for a new report"


def test_what_somebody_made_by_hand_is_delivered_too(weeks: Weeks, tmp_path: Path) -> None:
    told = Reporting(MONDAY_AT_SIX, delivering=Delivering((target("folder:desk"),)))
    weeks.now = weeks.wednesdays[3]
    archive, sandbox = weeks.desk.archive, weeks.desk.sandbox
    by_hand = reporting.build(archive, weekly.week(weeks.name(2), BERLIN))
    reporting.write(archive, by_hand, archive.directory / "reports", reporting.FORMATS, sandbox, Quiet())
    weeks.at(weeks.wednesdays[3], told)
    assert (weeks.made, queued(weeks)) == ([weeks.name(2)], [(weeks.name(2), "folder:desk")])
    # Written elsewhere, it cannot be delivered from there: one is made in its place.
    by_hand = reporting.build(archive, weekly.week(weeks.name(3), BERLIN))
    weeks.now = weeks.wednesdays[4]
    reporting.write(archive, by_hand, tmp_path / "elsewhere", reporting.FORMATS, sandbox, Quiet())
    for _ in range(2):
        weeks.at(weeks.wednesdays[4], told)
    assert weeks.made == [weeks.name(2), weeks.name(3), weeks.name(3)]
    assert queued(weeks)[1:] == [(weeks.name(3), "folder:desk")]


def test_without_a_printer_the_page_goes_alone(weeks: Weeks, caplog: pytest.LogCaptureFixture) -> None:
    told = Reporting(
        MONDAY_AT_SIX, delivering=Delivering((target("folder:desk"),), pdf=True), browser="no-such-program"
    )
    with caplog.at_level(logging.WARNING, "provenance"):
        weeks.at(weeks.wednesdays[3], told)
    assert "no-such-program" in caplog.text
    assert len(queued(weeks)) == 1


def test_a_pdf_is_made_where_it_is_wished_and_goes_with_the_page(weeks: Weeks, tmp_path: Path) -> None:
    printer = tmp_path / "weasyprint"
    printer.write_text('#!/bin/sh\nprintf "%%PDF-1.7 %s" "$(wc -c < "$1")" > "$2"\n')
    printer.chmod(0o755)
    delivering = Delivering((target("folder:desk"),), pdf=True)
    weeks.at(weeks.wednesdays[3], Reporting(MONDAY_AT_SIX, delivering=delivering, browser=str(printer)))
    with weeks.desk.archive.read() as connection:
        made = deliveries.newest(connection, weeks.name(2))
    assert made is not None
    packed = parcel.packed(parcel.place(weeks.desk.archive.directory), made, "folder:desk", pdf=True)
    assert [name for name, _ in packed.files] == [f"report-{weeks.name(2)}.{kind}" for kind in ("html", "pdf")]
    assert packed.files[1][1].startswith(b"%PDF-1.7 ")
    assert "PDF could not be made" not in packed.text
