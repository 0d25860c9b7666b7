"""Writing down what Telegram tells: counted, in one transaction, off the event loop."""

import asyncio
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

import pytest

from provenance.app.collect.intake import Intake
from provenance.app.runs import recorded
from provenance.archive import follow, schema
from provenance.archive.files import Stored
from provenance.archive.store import Archive, Connection
from provenance.core.answers import Follow
from provenance.core.model import Attachment, AttachmentKind, Channel, MediaKind, PeerKind, Post, Remote, Source
from tests.app.conftest import AT, Desk, jpeg, put

NEWS = Channel(PeerKind.CHANNEL, 1_700_000_001, "News", "news")
ELSEWHERE = Channel(PeerKind.CHANNEL, 1_700_000_099, "Elsewhere", "elsewhere")


@pytest.fixture
def intake(archive: Archive) -> Intake:
    with recorded(archive, "test", []) as run:
        return Intake(archive, run.id)


@pytest.fixture
def news(intake: Intake) -> Follow:
    """A channel that is followed."""

    def change(connection: Connection) -> Follow:
        from provenance.archive import observe

        wish = follow.ask(connection, "@news", join=False, since=None, now=AT)
        follow.settle(connection, wish, observe.add_channel(connection, NEWS, AT), 1, joined=False)
        return follow.followed(connection)[0]

    return asyncio.run(intake.write(change))


def post(number: int, text: str = "", *media: int, at: datetime = AT) -> Post:
    attachments = tuple(
        Attachment(AttachmentKind.PHOTO, media_id=each, remote=Remote(MediaKind.PHOTO, each, 1, b"r", 2, 9, "y"))
        for each in media
    )
    return Post(number, posted_at=at, text=text, attachments=attachments)


def take(intake: Intake, to: Follow, *posts: Post, source: Source = Source.BACKFILL, **more: object) -> int:
    return asyncio.run(intake.posts(to, posts, source, **more))  # type: ignore[arg-type]


def test_new_and_changed_posts_are_counted_and_known_ones_are_not(intake: Intake, news: Follow) -> None:
    assert take(intake, news, post(1, "one"), post(2, "two", 7)) == 2
    assert take(intake, news, post(1, "one"), post(2, "two", 7)) == 0
    assert take(intake, news, post(1, "one, corrected"), post(3)) == 2
    counts = intake.counts
    assert (counts.posts_new, counts.posts_known, counts.posts_changed, counts.images_queued) == (3, 2, 1, 2)


def test_a_post_that_comes_twice_in_one_answer_is_taken_as_it_was_last(
    intake: Intake, news: Follow, desk: Desk
) -> None:
    assert take(intake, news, post(1, "first"), post(1, "last")) == 1
    assert [row.text for row in desk.rows(schema.post_versions)] == ["last"]


def test_what_was_told_is_covered_although_nothing_is_there(intake: Intake, news: Follow, desk: Desk) -> None:
    assert take(intake, news, covered=(3, 9)) == 0
    (row,) = desk.rows(schema.coverage)
    assert (row.first_message_id, row.last_message_id, row.messages) == (3, 9, 0)


def test_nothing_told_is_nothing_written(intake: Intake, news: Follow, desk: Desk) -> None:
    before = desk.counts(without=())
    assert take(intake, news) == 0
    assert desk.counts(without=()) == before


def test_names_come_along_with_posts(intake: Intake, news: Follow, desk: Desk) -> None:
    take(intake, news, post(1), channel=replace(NEWS, title="Newer News"), peers=[ELSEWHERE])
    assert [row.title for row in desk.rows(schema.channel_names)] == ["News", "Newer News"]
    assert [(row.peer_id, row.title) for row in desk.rows(schema.peers)] == [(ELSEWHERE.id, "Elsewhere")]


@pytest.mark.parametrize(("source", "urgent"), [(Source.LIVE, True), (Source.BACKFILL, False)])
def test_only_what_was_pushed_is_urgent(intake: Intake, news: Follow, desk: Desk, source: Source, urgent: bool) -> None:
    take(intake, news, post(1, "", 7), source=source)
    assert [row.urgent for row in desk.rows(schema.downloads)] == [urgent]


def test_the_newest_post_of_a_page_is_downloaded_first(intake: Intake, news: Follow, desk: Desk) -> None:
    """Telegram tells a page newest first; of the queue, what was added last is taken first."""
    take(intake, news, post(3, "", 30), post(2, "", 20), post(1, "", 10))
    assert [row.message_id for row in desk.rows(schema.downloads)] == [1, 2, 3]


def test_a_channel_that_was_not_asked_about_has_no_posts(intake: Intake, news: Follow) -> None:
    wish = replace(news, row=None, channel=None)
    with pytest.raises(ValueError, match="not been asked"):
        take(intake, wish, post(1))
    assert asyncio.run(intake.deleted(wish, [1], AT)) == 0
    assert asyncio.run(intake.alive(wish, 1, 9)) == set()


def test_deletions_are_marked_once_with_the_time_they_were_seen_first(intake: Intake, news: Follow, desk: Desk) -> None:
    take(intake, news, post(1), post(2), post(3))
    assert asyncio.run(intake.deleted(news, [1, 3, 77], AT)) == 2
    assert asyncio.run(intake.deleted(news, [1, 2], AT + timedelta(hours=1))) == 1
    assert asyncio.run(intake.deleted(news, [], AT)) == 0
    assert [row.deleted_seen_at for row in desk.rows(schema.posts)] == [AT, AT + timedelta(hours=1), AT]
    assert asyncio.run(intake.alive(news, 1, 9)) == set()


def test_only_what_lies_between_and_is_there_is_alive(intake: Intake, news: Follow) -> None:
    take(intake, news, *(post(number) for number in range(1, 8)))
    asyncio.run(intake.deleted(news, [4], AT))
    assert asyncio.run(intake.alive(news, 3, 6)) == {3, 5, 6}


def test_a_download_is_given_to_every_post_that_waits_for_it(intake: Intake, news: Follow, desk: Desk) -> None:
    take(intake, news, post(1, "one", 7), post(2, "two", 7), post(3, "three", 8))
    stored: Stored = intake.archive.files.adopt(put(intake.archive.files.incoming("1"), jpeg(1)))
    download = next(row.id for row in desk.rows(schema.downloads) if row.media_id == 7)
    asyncio.run(intake.downloaded(download, stored))
    (file,) = desk.rows(schema.files)
    assert file.sha256 == stored.sha256
    assert sorted((row.media_id, row.file_id) for row in desk.rows(schema.attachments) if row.file_id) == [
        (7, file.id),
        (7, file.id),
    ]


def test_trouble_is_put_on_record(intake: Intake, desk: Desk) -> None:
    asyncio.run(intake.problem("@news", "it is private"))
    assert [(row.place, row.what, row.run_id) for row in desk.rows(schema.run_problems)] == [
        ("@news", "it is private", intake.run_id)
    ]


def test_a_write_that_fails_leaves_nothing(intake: Intake, news: Follow, desk: Desk) -> None:
    def fail(connection: Connection) -> None:
        follow.remove(connection, news.id, AT)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        asyncio.run(intake.write(fail))
    assert [row.removed_at for row in desk.rows(schema.follows)] == [None]


def test_the_loop_goes_on_while_the_archive_is_busy(intake: Intake, news: Follow) -> None:
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with intake.archive.write():
            locked.set()
            release.wait(10)

    async def run() -> float:
        thread = threading.Thread(target=hold)
        thread.start()
        locked.wait(5)
        writing = asyncio.ensure_future(intake.posts(news, [post(1)], Source.LIVE))
        began = monotonic()
        for _ in range(20):
            await asyncio.sleep(0.005)
        passed = monotonic() - began
        assert not writing.done()
        release.set()
        assert await writing == 1
        thread.join()
        return passed

    assert asyncio.run(run()) < 2
