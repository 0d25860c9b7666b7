"""The whole history, once: through limits, dates, floods, lost connections and interruptions."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provenance.app.collect import backfill as module
from provenance.app.collect import channels
from provenance.app.collect.backfill import backfill
from provenance.app.progress import Progress, Quiet
from provenance.archive import schema
from provenance.core.answers import Backfilled
from provenance.errors import AccountLost, NothingFound, NotLoggedIn, SessionInUse, Unreachable
from provenance.sources.telegram import session
from tests.app.collect.conftest import Collector, pictures, posts
from tests.app.conftest import jpeg
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel

EVERYTHING: dict[str, Any] = {"since": None, "limit": None}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Told(Quiet):
    """Progress that remembers its stages and how far each came."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.steps: list[int] = []

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages.append((name, total))
        self.steps.append(0)

    def advance(self, steps: int = 1) -> None:
        self.steps[-1] += steps


def fetch(collector: Collector, *names: str, progress: Progress | None = None, **more: Any) -> Backfilled:
    told = progress or Quiet()
    work = backfill(collector.archive, collector.collecting, names, collector.sandbox, told, **EVERYTHING | more)
    return asyncio.run(work)


def outcomes(collector: Collector) -> list[tuple[str, str]]:
    return [(row.command, row.outcome) for row in collector.rows(schema.runs) if row.command == "backfill"]


@pytest.fixture
def news(dc: DataCentre, collector: Collector) -> Channel:
    """A followed channel of 230 posts, the last three with photos."""
    channel = dc.channel("News", "news")
    posts(channel, 227)
    pictures(dc, channel, 1, 2, 3)
    collector.follow(channel)
    return channel


@pytest.fixture
def other(dc: DataCentre, collector: Collector, news: Channel) -> Channel:
    """A second followed channel: it repeats a photo of the first and has one of its own."""
    channel = dc.channel("Other", "other")
    channel.post(forward=(news, 228))
    pictures(dc, channel, 4)
    collector.follow(channel)
    return channel


def test_everything_of_two_channels(dc: DataCentre, news: Channel, other: Channel, collector: Collector) -> None:
    progress = Told()
    done = fetch(collector, progress=progress)
    assert (done.channels, done.posts_new, done.posts_known, done.posts_changed) == (2, 232, 0, 0)
    assert (done.images, done.images_missing, done.files, done.waiting, done.problems) == (5, 0, 4, 0, ())
    assert collector.numbers(news) == news.ids
    assert collector.numbers(other) == other.ids
    assert [collector.bytes_of(number) for number in (228, 229, 230)] == [[jpeg(1)], [jpeg(2)], [jpeg(3)]]
    assert collector.incoming() == []
    assert outcomes(collector) == [("backfill", "done")]
    assert len(collector.derived()) == 4  # the pictures are resolved
    (link,) = collector.rows(schema.links)
    assert link.kind == "forward"
    assert [name for name, _ in progress.stages][:3] == ["News", "Other", "Downloading images"]
    assert progress.stages[0] == ("News", 230)
    assert progress.steps[:3] == [230, 2, 4]


def test_once_more_brings_nothing_new(dc: DataCentre, news: Channel, other: Channel, collector: Collector) -> None:
    fetch(collector)
    before = collector.observed()
    files = dc.calls["GetFileRequest"]
    done = fetch(collector)
    assert (done.posts_new, done.posts_changed, done.files) == (0, 0, 0)
    assert collector.observed() == before
    assert dc.calls["GetFileRequest"] == files


def test_only_the_channels_that_are_named(news: Channel, other: Channel, collector: Collector) -> None:
    done = fetch(collector, "@other", "Other")
    assert done.channels == 1
    assert collector.numbers(news) == []
    assert collector.numbers(other) == other.ids


def test_a_limit_stops_and_the_next_time_goes_on_below(
    dc: DataCentre, news: Channel, other: Channel, collector: Collector
) -> None:
    assert fetch(collector, limit=120).posts_new == 120 + 2
    assert collector.numbers(news) == list(range(111, 231))
    fetch(collector, limit=50)
    assert collector.numbers(news) == list(range(61, 231))
    fetch(collector)
    assert collector.numbers(news) == news.ids


def test_a_small_limit_takes_no_more_than_that(news: Channel, collector: Collector) -> None:
    assert fetch(collector, limit=5).posts_new == 5
    assert collector.numbers(news) == list(range(226, 231))


def test_no_further_back_than_a_date(dc: DataCentre, collector: Collector) -> None:
    old = dc.channel("Old", "old_news")
    for number in range(400):
        old.post(f"post {number}", date=LONG_AGO + timedelta(days=number), push=False)
    collector.follow(old)
    since = LONG_AGO + timedelta(days=250)
    assert fetch(collector, since=since).posts_new == 200
    assert collector.numbers(old) == list(range(201, 401))
    assert fetch(collector).posts_new == 200
    assert collector.numbers(old) == list(range(1, 401))


# What goes wrong on the way


@pytest.mark.parametrize("request_name", ["GetHistoryRequest", "GetFileRequest", "GetStateRequest"])
def test_a_dropped_connection_costs_nothing(
    dc: DataCentre, news: Channel, other: Channel, collector: Collector, request_name: str
) -> None:
    dc.faults.delay(request_name, 0)
    dc.faults.drop_on(request_name, times=2)
    done = fetch(collector)
    assert (done.posts_new, done.files, done.problems) == (232, 4, ())
    assert collector.numbers(news) == news.ids
    assert collector.incoming() == []


def test_a_drop_in_the_middle_asks_for_no_page_twice(dc: DataCentre, news: Channel, collector: Collector) -> None:
    dc.faults.delay("GetHistoryRequest", 0, times=2)
    dc.faults.drop_on("GetHistoryRequest")
    assert fetch(collector).posts_new == 230
    # The newest page, a second, a lost one, the newest again (what was posted meanwhile?), the last.
    assert dc.calls["GetHistoryRequest"] == 5


def test_an_account_that_is_lost_ends_it(dc: DataCentre, news: Channel, collector: Collector) -> None:
    dc.faults.delay("GetHistoryRequest", 0)
    dc.faults.fail("GetHistoryRequest", 401, "SESSION_REVOKED")
    with pytest.raises(AccountLost, match="SESSION_REVOKED"):
        fetch(collector)
    assert outcomes(collector) == [("backfill", "failed")]
    assert collector.numbers(news) == list(range(131, 231))


def test_a_telegram_that_is_never_there_is_given_up(
    dc: DataCentre, news: Channel, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RECONNECTIONS", 2)  # all eight would take a minute
    dc.faults.refuse(60)
    with pytest.raises(Unreachable):
        fetch(collector)
    assert outcomes(collector) == [("backfill", "failed")]


def test_a_flood_is_waited_out_and_shown(dc: DataCentre, news: Channel, collector: Collector) -> None:
    dc.faults.flood("GetHistoryRequest", 1)
    progress = Told()
    assert fetch(collector, progress=progress).posts_new == 230
    assert ("Telegram asks to wait 1 s", 1) in progress.stages


def test_a_banned_channel_is_a_problem_and_the_other_goes_on(
    dc: DataCentre, news: Channel, other: Channel, collector: Collector
) -> None:
    dc.faults.ban(news)
    done = fetch(collector)
    (problem,) = done.problems
    assert (problem.where, "private" in problem.what) == ("@news", True)
    assert collector.numbers(other) == other.ids
    assert outcomes(collector) == [("backfill", "damaged")]
    assert [row.place for row in collector.rows(schema.run_problems)] == ["@news"]
    (troubled, fine) = channels.followed(collector.archive)
    assert "private" in (troubled.trouble or "")
    assert fine.trouble is None
    dc.faults.unban(news)
    assert fetch(collector).problems == ()
    assert collector.numbers(news) == news.ids
    assert [each.trouble for each in channels.followed(collector.archive)] == [None, None]


def test_a_wish_is_settled_first(dc: DataCentre, news: Channel, collector: Collector) -> None:
    later = dc.channel("Later", "later_news")
    posts(later, 3)
    with session.held(collector.access.session):
        collector.add("@later_news", "@nobody_here")
    done = fetch(collector, "@later_news")
    assert done.posts_new == 3
    (problem,) = fetch(collector, "@nobody_here").problems
    assert (problem.where, problem.what) == ("@nobody_here", "nobody has this name")


def test_an_image_that_is_none_is_a_problem_on_record(dc: DataCentre, news: Channel, collector: Collector) -> None:
    news.post(media=dc.document(b"no image at all", "image/png"), push=False)
    done = fetch(collector)
    assert done.files == 4
    (problem,) = done.problems
    assert "«News», message 231" in problem.where
    assert outcomes(collector) == [("backfill", "done")]


def test_what_cannot_be_had_waits_and_is_counted(dc: DataCentre, collector: Collector) -> None:
    channel = dc.channel("News", "news")
    photo = dc.photo(jpeg(1))
    channel.post(media=photo)
    collector.follow(channel)
    dc.faults.gone(photo)
    done = fetch(collector)
    assert (done.images, done.files, done.waiting) == (1, 0, 1)


def test_what_the_settings_leave_out_is_counted(dc: DataCentre, collector: Collector) -> None:
    secret = dc.channel("Secret", "secret", noforwards=True)
    pictures(dc, secret, 1)
    collector.follow(secret)
    done = fetch(collector)
    assert (done.images, done.images_missing, done.files) == (0, 1, 0)


# What is refused


def test_nothing_followed_is_said(collector: Collector) -> None:
    with pytest.raises(NothingFound, match="channels add"):
        fetch(collector)


@pytest.mark.parametrize("name", ["@nobody", "Nobody", "1"])
def test_a_channel_that_is_not_followed_is_refused(news: Channel, collector: Collector, name: str) -> None:
    with pytest.raises(NothingFound, match="channels list"):
        fetch(collector, "@news", name)
    assert collector.numbers(news) == []


def test_a_session_in_use_is_left_alone(dc: DataCentre, news: Channel, collector: Collector) -> None:
    calls = dict(dc.calls)
    with session.held(collector.access.session), pytest.raises(SessionInUse):
        fetch(collector)
    assert dict(dc.calls) == calls
    assert outcomes(collector) == []


def test_without_a_login_it_says_so(news: Channel, collector: Collector) -> None:
    session.forget(collector.access.session)
    with pytest.raises(NotLoggedIn, match="login"):
        fetch(collector)


# Cancelled


@pytest.mark.parametrize("request_name", ["GetHistoryRequest", "GetFileRequest"])
def test_cancelled_in_the_middle_it_goes_on_the_next_time(
    dc: DataCentre, news: Channel, other: Channel, collector: Collector, request_name: str
) -> None:
    async def run() -> None:
        dc.faults.delay(request_name, 0)
        dc.faults.delay(request_name, 30)
        before = dc.calls[request_name]
        work = backfill(collector.archive, collector.collecting, [], collector.sandbox, Quiet(), **EVERYTHING)
        task = asyncio.ensure_future(work)
        await asyncio.to_thread(dc.wait_for, lambda: dc.calls[request_name] >= before + 2)
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        assert task.cancelled()

    asyncio.run(run())
    assert outcomes(collector) == [("backfill", "interrupted")]
    assert not session.is_held(collector.access.session)
    assert 0 < len(collector.numbers(news)) <= 230
    fetch(collector)
    assert collector.numbers(news) == news.ids
    assert len(collector.rows(schema.files)) == 4
    assert collector.incoming() == []


def test_cancelled_while_images_are_measured_it_does_not_go_through_them_all(
    dc: DataCentre, collector: Collector
) -> None:
    news = dc.channel("News", "news")
    for number in range(100):
        news.post(media=dc.document(jpeg(1) + bytes([number]), "image/jpeg"), push=False)
    collector.follow(news)

    async def run() -> None:
        loop = asyncio.get_running_loop()

        class Cancelling(Quiet):
            def stage(self, name: str, total: int | None = None) -> None:
                if name.startswith("Fingerprinting"):
                    loop.call_soon_threadsafe(task.cancel)

        work = backfill(collector.archive, collector.collecting, [], collector.sandbox, Cancelling(), **EVERYTHING)
        task = asyncio.ensure_future(work)
        await asyncio.wait({task})
        assert task.cancelled()

    asyncio.run(run())
    assert outcomes(collector) == [("backfill", "interrupted")]
    assert collector.rows(schema.fingerprints) == []
    fetch(collector)
    assert len(collector.rows(schema.fingerprints)) == 100


def test_what_a_killed_process_left_behind_is_cleared_away(news: Channel, collector: Collector) -> None:
    collector.archive.files.incoming("77").write_bytes(b"half a file")
    fetch(collector)
    assert collector.incoming() == []
