"""The daemon in this process, where its inside can be asked; as one of its own: test_watch_process.py."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as daytime
from pathlib import Path
from typing import Any

import pytest
from telethon.tl import types

from provenance.app import clock
from provenance.app.collect.settings import Delivering, Reporting
from provenance.app.collect.watch import watch
from provenance.archive import schema
from provenance.core.delivery import target
from provenance.core.times import Basis
from provenance.core.weekly import ReportTime
from provenance.errors import AccountLost, NotLoggedIn, SessionInUse
from provenance.images.sandbox import Limits, Sandbox
from provenance.sources.telegram.session import held
from tests.app.collect.conftest import Collector, pictures, posts
from tests.app.conftest import jpeg
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel

PATIENCE = 20.0


@pytest.fixture
def workers() -> Iterator[Sandbox]:
    """Workers of the daemon's own: it stops them when it ends."""
    with Sandbox(Limits(), workers=1) as pool:
        yield pool


@pytest.fixture
def news(dc: DataCentre) -> Channel:
    return dc.channel("News", username="news_channel")


class Watching:
    """A daemon that is running, and ways to wait until it has done something."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait until something of the archive is so."""
        end = time.monotonic() + PATIENCE
        while not await asyncio.to_thread(true):
            assert time.monotonic() < end, f"not within {PATIENCE} s; {await asyncio.to_thread(self.status)}"
            await asyncio.sleep(0.05)

    async def settled(self, channel: Channel) -> None:
        """Wait until everything that the channel has is archived, and every image of it fingerprinted."""
        await self.until(lambda: self.collector.numbers(channel) == channel.ids and not self.waiting())

    def waiting(self) -> list[Any]:
        """What is not downloaded, measured or resolved yet."""
        return [
            *self.collector.query("SELECT id FROM downloads WHERE file_id IS NULL"),
            *self.collector.query("SELECT file_id FROM unresolved"),
        ]

    def status(self) -> dict[str, Any]:
        path = self.collector.access.session.with_name("status.json")
        return dict(json.loads(path.read_bytes())) if path.exists() else {}


def run(collector: Collector, workers: Sandbox, do: Callable[[Watching], Awaitable[None]], **changed: Any) -> None:
    """Let the daemon run while `do` goes on, then stop it; what ends it by itself is raised."""

    async def scenario() -> None:
        stop = asyncio.Event()
        daemon = asyncio.create_task(watch(collector.archive, replace(collector.collecting, **changed), workers, stop))
        work = asyncio.ensure_future(do(Watching(collector)))
        await asyncio.wait({daemon, work}, return_when=asyncio.FIRST_COMPLETED)
        if daemon.done():
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        stop.set()
        await daemon
        await work

    asyncio.run(scenario())


def at_rest(collector: Collector, workers: Sandbox, channel: Channel, **changed: Any) -> None:
    """Run until all of a channel is archived."""
    run(collector, workers, lambda watching: watching.settled(channel), **changed)


def test_history_and_live_posts_become_searchable(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel, tmp_path: Path
) -> None:
    pictures(dc, news, 1, 2)
    collector.follow(news)

    async def do(watching: Watching) -> None:
        await watching.settled(news)
        news.post("live", dc.photo(jpeg(3)))
        await watching.settled(news)

    run(collector, workers, do)
    sources = [row[0] for row in collector.query("SELECT source FROM post_versions ORDER BY id")]
    assert sources == ["backfill", "backfill", "live"]
    suspect = tmp_path / "suspect.jpg"
    suspect.write_bytes(jpeg(3))
    found = collector.ask(suspect)
    assert [each.ref for each in found.chain.sightings] == [f"{news.id}/3"]
    assert found.coverage.gaps == 0


def test_a_swapped_picture_is_kept_twice_and_never_gets_the_old_date(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel, tmp_path: Path
) -> None:
    long_ago = clock.now() - timedelta(days=300)
    number = news.post("old", dc.photo(jpeg(1), date=long_ago), date=long_ago)
    collector.follow(news)

    async def do(watching: Watching) -> None:
        await watching.settled(news)
        news.edit(number, media=dc.photo(jpeg(2)))
        await watching.until(lambda: len(collector.texts(number)) == 2 and not watching.waiting())

    run(collector, workers, do)
    assert collector.bytes_of(number) == [jpeg(1), jpeg(2)]
    suspects = [tmp_path / "old.jpg", tmp_path / "new.jpg"]
    for seed, path in enumerate(suspects, 1):
        path.write_bytes(jpeg(seed))
    old, new = (collector.ask(path).chain.first_seen for path in suspects)
    assert old is not None
    assert new is not None
    assert (old.at, old.basis) == (long_ago, Basis.POSTED)
    assert new.at > clock.now() - timedelta(minutes=5)
    assert any("swapped in by an edit" in words for words in new.warnings)


def test_a_picture_swapped_in_behind_a_hidden_edit_counts_from_when_it_was_seen(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel, tmp_path: Path
) -> None:
    long_ago = clock.now() - timedelta(days=300)
    number = news.post("old", dc.photo(jpeg(1), date=long_ago), date=long_ago)
    collector.follow(news)

    async def do(watching: Watching) -> None:
        await watching.settled(news)
        # Uploaded long before as well: only our own observation tells.
        news.edit(number, media=dc.photo(jpeg(2), date=long_ago), hide=True)
        await watching.until(lambda: len(collector.texts(number)) == 2 and not watching.waiting())

    run(collector, workers, do)
    suspect = tmp_path / "new.jpg"
    suspect.write_bytes(jpeg(2))
    first = collector.ask(suspect).chain.first
    assert first is not None
    assert first.media == "swapped"
    assert first.observed_at > clock.now() - timedelta(minutes=5)


@pytest.mark.parametrize("joined", [True, False])
def test_what_is_not_pushed_is_found_by_comparing(
    collector: Collector, workers: Sandbox, dc: DataCentre, joined: bool
) -> None:
    channel = dc.channel("Quiet", username="quiet_channel", joined=joined)
    posts(channel, 5)
    collector.follow(channel)
    dc.faults.lose_updates()

    async def do(watching: Watching) -> None:
        await watching.settled(channel)
        channel.post("new", dc.photo(jpeg(1)))
        channel.edit(2, text="edited")
        channel.delete(3)
        await watching.until(
            lambda: (
                collector.numbers(channel) == [1, 2, 3, 4, 5, 6]
                and collector.deleted(channel) == [3]
                and collector.texts(2)[-1] == "edited"
                and not watching.waiting()
            )
        )

    run(collector, workers, do)
    assert collector.covered(channel) == [(1, 6)]


def test_a_lost_connection_is_made_again_and_nothing_is_missing(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    collector.follow(news)

    async def do(watching: Watching) -> None:
        news.post("one")
        await watching.settled(news)
        for number in range(3):
            await asyncio.to_thread(dc.faults.refuse, 0.3)
            await asyncio.to_thread(dc.faults.drop_connections)
            news.post(f"while it was gone {number}", dc.photo(jpeg(number)))
            await watching.settled(news)

    # Comparing by the clock would take an hour: it is the connection that calls for it.
    run(collector, workers, do, reconcile_every=3600)
    assert collector.covered(news) == [(1, 4)]


def test_a_live_post_behind_a_hole_has_the_hole_filled(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    collector.follow(news)

    async def do(watching: Watching) -> None:
        news.post("one")
        await watching.settled(news)
        dc.faults.lose_updates()
        posts(news, 3)
        dc.faults.lose_updates(on=False)
        news.post("five")
        await watching.settled(news)

    run(collector, workers, do, reconcile_every=3600)
    assert collector.covered(news) == [(1, 5)]


def test_a_deletion_that_is_pushed_is_marked_at_once(collector: Collector, workers: Sandbox, news: Channel) -> None:
    collector.follow(news)

    async def do(watching: Watching) -> None:
        posts(news, 2)
        await watching.settled(news)
        news.delete(1)
        await watching.until(lambda: collector.deleted(news) == [1])

    run(collector, workers, do, reconcile_every=3600)


def test_a_long_history_does_not_keep_a_live_post_waiting(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    long = dc.channel("Long", username="long_channel")
    for number in range(600):
        long.post(f"old {number}", dc.photo(jpeg(number % 5)), push=False)
    collector.follow(news)
    collector.follow(long)
    dc.faults.delay("GetFileRequest", 0.02, times=600)

    async def do(watching: Watching) -> None:
        await watching.until(lambda: len(collector.numbers(long)) > 200)
        news.post("live", dc.photo(jpeg(99)))
        await watching.until(lambda: any(post[2] for post in collector.held() if post[0] == 1))
        assert len(watching.waiting()) > 50

    run(collector, workers, do)


def test_a_channel_that_is_closed_is_marked_and_the_others_go_on(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    other = dc.channel("Other", username="other_channel")
    collector.follow(news)
    collector.follow(other)
    dc.faults.ban(news)

    async def do(watching: Watching) -> None:
        other.post("still here")
        await watching.settled(other)
        await watching.until(lambda: collector.query("SELECT trouble FROM follows WHERE trouble IS NOT NULL"))

    run(collector, workers, do)
    ((trouble, attempts),) = collector.query("SELECT trouble, attempts FROM follows WHERE trouble IS NOT NULL")
    assert "private" in trouble
    assert attempts == 1


def test_a_closed_channel_is_followed_again_when_it_opens(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    collector.follow(news)
    # Meanwhile it has given up its name: its number is enough.
    dc.faults.vanish("news_channel")
    dc.faults.ban(news)
    troubled = "SELECT id FROM follows WHERE trouble IS NOT NULL"

    async def do(watching: Watching) -> None:
        await watching.until(lambda: collector.query(troubled))
        dc.faults.unban(news)
        news.post("open again", push=False)
        await asyncio.to_thread(collector.retry_now)
        await watching.settled(news)
        await watching.until(lambda: not collector.query(troubled))

    run(collector, workers, do)


def test_a_channel_added_meanwhile_is_taken_up(collector: Collector, workers: Sandbox, news: Channel) -> None:
    posts(news, 3)

    async def do(watching: Watching) -> None:
        await watching.until(lambda: watching.status().get("state") == "connected")
        added = await asyncio.to_thread(collector.add, "@news_channel")
        assert added.waiting is not None
        await watching.settled(news)

    run(collector, workers, do)


@pytest.mark.parametrize("message", ["SESSION_REVOKED", "AUTH_KEY_UNREGISTERED", "USER_DEACTIVATED_BAN"])
def test_the_end_of_the_login_ends_the_daemon(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel, message: str
) -> None:
    collector.follow(news)

    async def do(watching: Watching) -> None:
        posts(news, 1)
        await watching.settled(news)
        dc.faults.revoke(message)
        await asyncio.sleep(PATIENCE)

    with pytest.raises(AccountLost, match=message):
        run(collector, workers, do)
    (status,) = collector.query("SELECT outcome FROM runs WHERE command = 'watch'")
    assert status == ("failed",)
    assert Watching(collector).status()["state"] == "stopped"


def test_only_one_daemon_has_the_session(collector: Collector, workers: Sandbox, news: Channel) -> None:
    collector.follow(news)
    with held(collector.access.session), pytest.raises(SessionInUse):
        at_rest(collector, workers, news)


def test_without_a_login_there_is_nothing_to_watch(collector: Collector, workers: Sandbox, news: Channel) -> None:
    collector.access.session.unlink()
    with pytest.raises(NotLoggedIn, match=r"provenance --archive .* login"):
        at_rest(collector, workers, news)


def test_the_status_file_tells_how_it_stands(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    pictures(dc, news, 1)
    collector.follow(news)
    seen: list[dict[str, Any]] = []

    async def do(watching: Watching) -> None:
        await watching.settled(news)
        await watching.until(lambda: watching.status().get("posts") == 1)
        seen.append(watching.status())

    run(collector, workers, do)
    (status,) = seen
    assert (status["state"], status["channels"], status["downloads"]) == ("connected", 1, 0)
    assert Watching(collector).status()["state"] == "stopped"
    ((command, outcome, summary),) = collector.query(
        "SELECT command, outcome, summary FROM runs WHERE command = 'watch'"
    )
    assert (command, outcome) == ("watch", "done")
    assert json.loads(summary)["posts"] == 1


def test_an_image_that_cannot_be_decoded_is_on_record_and_the_rest_goes_on(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    news.post("broken", dc.photo(b"\xff\xd8 no picture" * 20), push=False)
    pictures(dc, news, 1)
    collector.follow(news)
    at_rest(collector, workers, news)
    (problem,) = collector.rows(schema.run_problems)
    assert "message 1" in problem.place
    assert len(collector.rows(schema.fingerprints)) == 1


def test_floods_are_waited_out(collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel) -> None:
    posts(news, 3)
    collector.follow(news)
    dc.faults.flood("GetHistoryRequest", 1)

    async def do(watching: Watching) -> None:
        await watching.until(lambda: "asks to wait" in watching.status().get("detail", ""))
        await watching.settled(news)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("provenance.app.collect.watch._STATUS_SECONDS", 0.1)
        run(collector, workers, do)


def test_a_service_message_with_a_new_chat_photo_is_taken_in(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    news.service(types.MessageActionChatEditPhoto(dc.photo(jpeg(5))), push=False)
    collector.follow(news)
    at_rest(collector, workers, news)
    assert collector.bytes_of(1) == [jpeg(5)]


def test_a_report_that_is_due_is_made_and_delivered(
    collector: Collector, workers: Sandbox, dc: DataCentre, news: Channel
) -> None:
    moment = clock.now() - timedelta(days=1)
    when = ReportTime(moment.weekday(), daytime(0), UTC)
    week, _ = when.due(clock.now())
    at = datetime.fromisocalendar(int(week[:4]), int(week[-2:]), 3).replace(tzinfo=UTC)
    news.post("a photo", dc.photo(jpeg(1), at), date=at)
    collector.follow(news)
    collector.take_newest(news)
    desk = collector.archive.directory / "desk"
    told = Delivering((target("folder:desk"), target("telegram:me"), target("folder:gone")))

    async def do(watching: Watching) -> None:
        await watching.until(lambda: dc.saved)
        await watching.until(lambda: [row for row in collector.rows(schema.deliveries) if row.trouble])
        # Nothing of that trouble keeps it from its work.
        news.post("live", dc.photo(jpeg(3)))
        await watching.settled(news)

    desk.mkdir()
    run(collector, workers, do, report=Reporting(when, delivering=told))
    (message,) = dc.saved
    page = (desk / f"report-{week}.html").read_bytes()
    assert dc.served.files[message.media.document.id] == page
    assert [row.delivered_at is not None for row in collector.rows(schema.deliveries)] == [True, True, False]
    assert "there is no folder" in collector.rows(schema.deliveries)[2].trouble
