"""Downloads: in order, once, whole or not at all, and tried again for as long as it takes."""

import asyncio
import hashlib
import logging
from datetime import timedelta

import pytest

from provenance.app import clock
from provenance.app.collect.files import Limits
from provenance.archive import downloads, schema
from provenance.core.model import Source
from provenance.sources.telegram.client import Lost
from tests.app.collect.conftest import Collector, Work, pictures
from tests.app.conftest import jpeg
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel

ONE_BY_ONE = Limits(1, 32 << 20, 0)


@pytest.fixture
def news(dc: DataCentre, collector: Collector) -> Channel:
    """A channel that is followed, and empty."""
    channel = dc.channel("News", "news")
    collector.follow(channel)
    return channel


def arrival(collector: Collector) -> list[int]:
    """The posts in the order in which their files came in."""
    hashes = {sha256: number for number, _, sha256 in collector.held()}
    return [hashes[row.sha256] for row in collector.rows(schema.files)]


def troubles(collector: Collector) -> list[tuple[str | None, int]]:
    return [(row.trouble, row.attempts) for row in collector.rows(schema.downloads)]


# The order


def test_the_newest_come_first(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1, 2, 3, 4)
    collector.take_newest(news)
    assert collector.drain(limits=ONE_BY_ONE) == 4
    assert arrival(collector) == [4, 3, 2, 1]


def test_what_was_pushed_comes_before_all_that_waits(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1, 2, 3)

    async def do(work: Work) -> None:
        of = await work.follow(news)
        told = await work.history.again(of, [1])
        await work.intake.posts(of, told.posts, Source.LIVE)
        await work.newest(news)
        await work.drain()

    collector.work(do, limits=ONE_BY_ONE)
    assert arrival(collector) == [1, 3, 2]


def test_several_go_on_side_by_side(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, *range(1, 7))
    dc.faults.delay("GetFileRequest", 0.3, times=6)
    collector.take_newest(news)
    assert collector.drain(limits=Limits(6, 32 << 20, 0)) == 6
    asked = [at for at, request in dc.log if request == "GetFileRequest"]
    assert len(asked) == 6
    assert asked[-1] - asked[0] < 0.3


# Each once


def test_one_photo_in_several_posts_is_downloaded_once(dc: DataCentre, news: Channel, collector: Collector) -> None:
    other = dc.channel("Other", "other")
    collector.follow(other)
    photo = dc.photo(jpeg(1))
    first, second = news.post(media=photo), news.post("again", media=photo)
    other.post(forward=(news, first))
    collector.take_newest(news)
    collector.take_newest(other)
    assert collector.drain() == 1
    assert dc.calls["GetFileRequest"] == 1
    sha256 = hashlib.sha256(jpeg(1)).hexdigest()
    assert sorted(collector.held()) == [(first, None, sha256), (1, None, sha256), (second, None, sha256)]


def test_a_post_that_comes_later_gets_the_file_at_once(dc: DataCentre, news: Channel, collector: Collector) -> None:
    photo = dc.photo(jpeg(1))
    news.post(media=photo)
    collector.take_newest(news)
    collector.drain()
    later = news.post("again", media=photo)
    collector.take_newest(news)
    assert collector.bytes_of(later) == [jpeg(1)]
    assert collector.drain() == 0


def test_the_same_bytes_under_two_numbers_are_one_file(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1, 1)
    collector.take_newest(news)
    assert collector.drain() == 2
    assert len(collector.rows(schema.files)) == 1
    assert collector.bytes_of(1) == collector.bytes_of(2) == [jpeg(1)]


def test_documents_and_files_of_another_data_centre(dc: DataCentre, news: Channel, collector: Collector) -> None:
    large = jpeg(3) + bytes(700_000)  # more than one part
    news.post(media=dc.document(large, "image/jpeg", "a.jpg"))
    news.post(media=dc.photo(jpeg(2), dc_id=4))
    collector.take_newest(news)
    assert collector.drain() == 2
    assert (collector.bytes_of(1), collector.bytes_of(2)) == ([large], [jpeg(2)])


# Answers that are not the file


@pytest.mark.parametrize(
    ("fault", "words"),
    [("truncate", "bytes instead of"), ("empty", "sent nothing"), ("double", "bytes instead of")],
)
def test_damaged_bytes_are_never_kept_and_come_right_later(
    dc: DataCentre, news: Channel, collector: Collector, fault: str, words: str
) -> None:
    (number,) = pictures(dc, news, 1)
    collector.take_newest(news)
    getattr(dc.faults, fault)()
    assert collector.drain() == 0
    ((trouble, attempts),) = troubles(collector)
    assert words in (trouble or "")
    assert attempts == 1
    assert collector.held() == [(number, "not_yet", None)]
    assert collector.rows(schema.files) == []
    assert collector.incoming() == []
    assert collector.drain() == 0, "it has to wait first"
    collector.retry_now()
    assert collector.drain() == 1
    assert collector.bytes_of(number) == [jpeg(1)]
    assert troubles(collector) == [(None, 1)]


def test_a_file_that_is_too_large_is_not_taken(dc: DataCentre, news: Channel, collector: Collector) -> None:
    media = dc.document(jpeg(1), "image/jpeg", "a.jpg")
    media.size = 0  # Telegram does not say
    news.post(media=media)
    collector.take_newest(news)
    assert collector.drain(limits=Limits(1, len(jpeg(1)) - 1, 0)) == 0
    ((trouble, _),) = troubles(collector)
    assert "limit" in (trouble or "")
    assert collector.incoming() == []


def test_one_bad_file_does_not_hold_up_the_others(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1, 2, 3)
    collector.take_newest(news)
    dc.faults.truncate()
    assert collector.drain(limits=ONE_BY_ONE) == 2
    assert [number for number, missing, _ in collector.held() if missing] == [3]


# References and files that are gone


@pytest.mark.parametrize("order", ["expire_references", "invalid_references"])
def test_an_expired_reference_is_had_anew(dc: DataCentre, news: Channel, collector: Collector, order: str) -> None:
    (number,) = pictures(dc, news, 1)
    collector.take_newest(news)
    getattr(dc.faults, order)()
    assert collector.drain() == 1
    assert dc.calls["GetMessagesRequest"] == 1
    assert collector.bytes_of(number) == [jpeg(1)]


def test_a_swapped_post_does_not_give_its_new_picture_to_the_old_attachment(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    (number,) = pictures(dc, news, 1)
    collector.take_newest(news)
    news.edit(number, media=dc.photo(jpeg(2)), push=False)
    dc.faults.expire_references()
    assert collector.drain() == 1, "the new picture"
    assert collector.held() == [
        (number, "not_yet", None),
        (number, None, hashlib.sha256(jpeg(2)).hexdigest()),
    ]
    assert troubles(collector) == [("the post does not show it any more", 1), (None, 0)]


def test_a_deleted_post_has_no_fresh_reference(dc: DataCentre, news: Channel, collector: Collector) -> None:
    (number,) = pictures(dc, news, 1)
    collector.take_newest(news)
    news.delete(number, push=False)
    dc.faults.expire_references()
    assert collector.drain() == 0
    assert troubles(collector) == [("the post does not show it any more", 1)]
    assert collector.deleted(news) == [number]


def test_another_post_with_the_same_photo_helps_an_expired_reference(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    photo = dc.photo(jpeg(1))
    first = news.post(media=photo)
    collector.take_newest(news)
    news.delete(first, push=False)
    dc.faults.expire_references()
    assert collector.drain() == 0
    second = news.post("again", media=photo)
    collector.take_newest(news)
    collector.retry_now()
    assert collector.drain() == 1
    assert collector.bytes_of(first) == collector.bytes_of(second) == [jpeg(1)]


def test_what_is_gone_stays_on_record_with_its_reason(dc: DataCentre, news: Channel, collector: Collector) -> None:
    photo = dc.photo(jpeg(1))
    number = news.post(media=photo)
    dc.faults.gone(photo)
    collector.take_newest(news)
    began = clock.now()
    assert collector.drain() == 0
    (row,) = collector.rows(schema.downloads)
    assert "LOCATION_INVALID" in row.trouble
    assert timedelta(seconds=2) <= row.retry_at - began <= timedelta(seconds=10)
    assert collector.held() == [(number, "not_yet", None)]
    with collector.archive.read() as connection:
        assert downloads.counts(connection) == (1, 1)


def test_the_pauses_between_attempts_grow(dc: DataCentre, news: Channel, collector: Collector) -> None:
    photo = dc.photo(jpeg(1))
    news.post(media=photo)
    dc.faults.gone(photo)
    collector.take_newest(news)
    waits = []
    for _ in range(4):
        collector.retry_now()
        began = clock.now()
        collector.drain()
        (row,) = collector.rows(schema.downloads)
        waits.append((row.retry_at - began).total_seconds())
    assert waits == sorted(waits)
    assert waits[-1] >= 60
    assert row.attempts == 4


def test_a_banned_channel_gives_no_fresh_reference(dc: DataCentre, news: Channel, collector: Collector) -> None:
    pictures(dc, news, 1)
    collector.take_newest(news)
    dc.faults.expire_references()
    dc.faults.ban(news)
    assert collector.drain() == 0
    ((trouble, _),) = troubles(collector)
    assert "private" in (trouble or "")


# The disk and the connection


def test_downloads_wait_for_disk_space_and_say_so(
    dc: DataCentre, news: Channel, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    (number,) = pictures(dc, news, 1)
    collector.take_newest(news)
    with caplog.at_level(logging.WARNING, "provenance"):
        assert collector.drain(limits=Limits(4, 32 << 20, 1 << 62)) == 0
    assert any("downloads wait until there is more" in each.message for each in caplog.records)
    assert dc.calls["GetFileRequest"] == 0
    assert troubles(collector) == [(None, 0)]
    assert collector.drain() == 1
    assert collector.bytes_of(number) == [jpeg(1)]


def test_bytes_that_the_disk_refuses_count_as_no_attempt(dc: DataCentre, news: Channel, collector: Collector) -> None:
    (number,) = pictures(dc, news, 1)
    collector.take_newest(news)
    (row,) = collector.rows(schema.downloads)
    collector.archive.files.incoming(str(row.id)).symlink_to("/dev/full")
    assert collector.drain() == 0
    assert troubles(collector) == [("the disk refused it: No space left on device", 0)]
    collector.retry_now()
    assert collector.drain() == 1
    assert collector.bytes_of(number) == [jpeg(1)]


def test_a_lost_connection_is_told_and_a_later_run_completes(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    pictures(dc, news, 1, 2, 3)
    collector.take_newest(news)
    dc.faults.drop_on("GetFileRequest")

    async def do(work: Work) -> None:
        with pytest.RaisesGroup(Lost):
            await work.drain()

    collector.work(do, limits=ONE_BY_ONE)
    assert collector.incoming() == []
    assert troubles(collector) == [(None, 0)] * 3
    assert collector.drain() == 3
    assert [each for number in (1, 2, 3) for each in collector.bytes_of(number)] == [jpeg(1), jpeg(2), jpeg(3)]


def test_the_queue_is_worked_off_while_more_comes_in(dc: DataCentre, news: Channel, collector: Collector) -> None:
    async def do(work: Work) -> None:
        running = asyncio.ensure_future(work.files.run(work.telegram, work.history))
        for seed in (1, 2):
            pictures(dc, news, seed)
            await work.newest(news)
            work.files.wake()
            async with asyncio.timeout(5):
                while len(work.arrived) < seed:  # noqa: ASYNC110 - two tasks, no event between them
                    await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()

    collector.work(do)
    assert (collector.bytes_of(1), collector.bytes_of(2)) == ([jpeg(1)], [jpeg(2)])


def test_what_was_put_off_is_tried_again_without_being_woken(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    pictures(dc, news, 1)
    dc.faults.truncate()

    async def do(work: Work) -> None:
        await work.newest(news)
        running = asyncio.ensure_future(work.files.run(work.telegram, work.history))
        async with asyncio.timeout(10):
            while not work.arrived:  # noqa: ASYNC110 - two tasks, no event between them
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait({running})

    collector.work(do)
    assert collector.bytes_of(1) == [jpeg(1)]
    assert dc.faults.happened["truncate"] == 1
