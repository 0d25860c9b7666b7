"""Comparing with the history on Telegram, over real sockets: nothing is missed, nothing is believed too soon."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from telethon.tl import types

from provenance.app.collect.history import Seen
from provenance.archive import schema
from provenance.errors import ChannelRefused
from provenance.sources.telegram import session
from provenance.sources.telegram.convert import Policy
from tests.app.collect.conftest import Collector, Work, pictures, posts
from tests.app.conftest import jpeg
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def news(dc: DataCentre, collector: Collector) -> Channel:
    """A channel that is followed, and empty."""
    channel = dc.channel("News", "news")
    collector.follow(channel)
    return channel


def take_all(collector: Collector, channel: Channel) -> list[int]:
    """Take in the whole history; how many posts each page of a hole held."""

    async def do(work: Work) -> list[int]:
        await work.newest(channel)
        return await work.fill(channel)

    return collector.work(do)


# Forward


def test_the_first_look_takes_the_newest_page(news: Channel, collector: Collector) -> None:
    posts(news, 250)
    seen = collector.take_newest(news)
    assert (seen.top, seen.total, seen.oldest, seen.changed) == (250, 250, 151, 100)
    assert collector.numbers(news) == list(range(151, 251))
    assert collector.covered(news) == [(151, 250)]


def test_an_empty_channel_is_asked_twice_and_has_nothing(dc: DataCentre, news: Channel, collector: Collector) -> None:
    seen = collector.take_newest(news)
    assert (seen.top, seen.total, seen.changed) == (0, 0, 0)
    assert dc.calls["GetHistoryRequest"] == 2


def test_more_than_a_page_can_be_looked_at_again(news: Channel, collector: Collector) -> None:
    posts(news, 250)
    seen = collector.work(lambda work: _newest(work, news, 180))
    assert (seen.top, seen.oldest, seen.changed) == (250, 51, 200)


async def _newest(work: Work, channel: Channel, count: int) -> Seen:
    return await work.history.newest(await work.follow(channel), count)


def test_a_look_can_be_as_small_as_wished(dc: DataCentre, news: Channel, collector: Collector) -> None:
    posts(news, 20)

    async def do(work: Work) -> Seen:
        return await work.history.newest(await work.follow(news), 7, page=3)

    seen = collector.work(do)
    assert (seen.top, seen.oldest, seen.changed) == (20, 12, 9)
    assert dc.calls["GetHistoryRequest"] == 3


def test_the_hole_below_is_filled_page_by_page(dc: DataCentre, news: Channel, collector: Collector) -> None:
    posts(news, 250)
    assert take_all(collector, news) == [100, 50]
    assert collector.numbers(news) == list(range(1, 251))
    assert collector.covered(news) == [(1, 250)]
    assert dc.calls["GetHistoryRequest"] == 3


def test_the_newest_hole_comes_first(news: Channel, collector: Collector) -> None:
    posts(news, 150)
    collector.take_newest(news)
    posts(news, 300)
    collector.take_newest(news)
    assert collector.covered(news) == [(51, 150), (351, 450)]
    filled = []

    async def do(work: Work) -> None:
        of = await work.follow(news)
        while await work.history.fill(of, 450) >= 0:
            filled.append(collector.covered(news))

    collector.work(do)
    assert filled == [[(51, 150), (251, 450)], [(51, 450)], [(1, 450)]]
    assert collector.numbers(news) == news.ids


def test_what_was_filled_is_not_asked_for_again_by_a_new_process(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    posts(news, 320)
    collector.take_newest(news)

    async def one(work: Work) -> int:
        return await work.history.fill(await work.follow(news), 320)

    assert [collector.work(one) for _ in range(4)] == [100, 100, 20, -1]
    assert collector.numbers(news) == list(range(1, 321))
    assert dc.calls["GetHistoryRequest"] == 4


def test_a_page_is_no_larger_than_asked(news: Channel, collector: Collector) -> None:
    posts(news, 130)
    collector.take_newest(news)
    assert collector.work(lambda work: work.fill(news, 12)) == [12, 12, 6]


def test_the_history_before_a_date_is_left(dc: DataCentre, collector: Collector) -> None:
    news = dc.channel("News", "news")
    for number in range(350):
        news.post(f"post {number}", date=LONG_AGO + timedelta(days=number), push=False)
    collector.follow(news, since=LONG_AGO + timedelta(days=200))
    assert take_all(collector, news) == [100]
    assert collector.numbers(news) == list(range(151, 351))
    assert collector.work(lambda work: work.fill(news)) == []


def test_gaps_in_the_numbers_are_no_holes(news: Channel, collector: Collector) -> None:
    posts(news, 300)
    news.delete(*range(20, 290), push=False)
    news.delete(300, push=False)
    assert take_all(collector, news) == []
    assert collector.numbers(news) == [*range(1, 20), *range(290, 300)]
    assert collector.covered(news) == [(1, 299)]


def test_service_messages_are_part_of_it(news: Channel, collector: Collector) -> None:
    news.post("a post")
    news.service(types.MessageActionChatEditTitle("Newer News"))
    collector.take_newest(news)
    assert collector.query("SELECT service FROM post_versions ORDER BY id") == [(None,), ("chat_edit_title",)]


# Answers that are not to be believed


def test_one_empty_page_is_not_believed(dc: DataCentre, news: Channel, collector: Collector) -> None:
    posts(news, 130)
    dc.faults.empty_page()
    collector.take_newest(news)
    assert collector.covered(news) == [(31, 130)]
    dc.faults.empty_page()
    assert sum(collector.work(lambda work: work.fill(news))) == 30
    assert collector.numbers(news) == news.ids


def test_two_empty_pages_delete_nothing_that_is_there(dc: DataCentre, news: Channel, collector: Collector) -> None:
    posts(news, 120)
    take_all(collector, news)
    dc.faults.empty_page(2)
    seen = collector.take_newest(news)
    assert (seen.top, seen.changed) == (0, 0)
    assert collector.deleted(news) == []
    assert dc.calls["GetMessagesRequest"] == 2


def test_what_two_empty_pages_hid_is_missed_and_found_by_the_sweep(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    posts(news, 150)
    seen = collector.take_newest(news)
    dc.faults.empty_page(2)
    assert collector.work(lambda work: work.fill(news)) == [0]
    assert collector.covered(news) == [(1, 150)]
    collector.work(lambda work: _sweep(work, news, seen.oldest))
    assert collector.numbers(news) == news.ids


async def _sweep(work: Work, channel: Channel, before: int) -> list[int | None]:
    of, passed = await work.follow(channel), list[int | None]()
    at: int | None = before
    while at is not None:
        at = await work.history.sweep(of, at)
        passed.append(at)
    return passed


@pytest.mark.parametrize("limit", [1, 7, 99])
def test_short_pages_lose_nothing(dc: DataCentre, news: Channel, collector: Collector, limit: int) -> None:
    posts(news, 130)
    dc.faults.short_pages(12, limit)
    take_all(collector, news)
    assert collector.numbers(news) == list(range(1, 131))
    assert collector.covered(news) == [(1, 130)]
    assert collector.deleted(news) == []


# Deletions


def test_deleted_posts_are_marked_after_being_asked_for_once_more(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    posts(news, 60)
    collector.take_newest(news)
    assert dc.calls["GetMessagesRequest"] == 0
    news.delete(7, 60, push=False)
    seen = collector.take_newest(news)
    assert (seen.top, seen.changed) == (59, 2)
    assert dc.calls["GetMessagesRequest"] == 1
    assert collector.deleted(news) == [7, 60]
    assert collector.texts(7) == ["post 7"]
    collector.take_newest(news)
    assert dc.calls["GetMessagesRequest"] == 1


def test_many_deleted_posts_are_asked_for_a_hundred_at_a_time(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    posts(news, 260)
    take_all(collector, news)
    news.delete(*range(2, 261), push=False)
    assert collector.take_newest(news).changed == 259
    assert collector.deleted(news) == list(range(2, 261))
    assert dc.calls["GetMessagesRequest"] == 3


def test_a_channel_that_was_emptied_is_all_deleted(news: Channel, collector: Collector) -> None:
    posts(news, 5)
    collector.take_newest(news)
    news.delete(*news.ids, push=False)
    assert collector.take_newest(news).changed == 5
    assert collector.deleted(news) == [1, 2, 3, 4, 5]


def test_posts_below_the_page_are_not_in_question(dc: DataCentre, news: Channel, collector: Collector) -> None:
    posts(news, 150)
    take_all(collector, news)
    news.delete(3, push=False)
    collector.take_newest(news)
    assert collector.deleted(news) == []
    assert dc.calls["GetMessagesRequest"] == 0


def test_a_post_looked_at_by_its_number_is_taken_in_or_marked(news: Channel, collector: Collector) -> None:
    posts(news, 4)
    collector.take_newest(news)
    news.delete(2, push=False)
    news.edit(3, "corrected", push=False)

    async def do(work: Work) -> set[int]:
        told = await work.history.again(await work.follow(news), [2, 3])
        return {post.message_id for post in told.posts}

    assert collector.work(do) == {3}
    assert collector.deleted(news) == [2]
    assert collector.texts(3) == ["post 3", "corrected"]


# Edits


def test_an_edit_becomes_a_version(news: Channel, collector: Collector) -> None:
    posts(news, 3)
    collector.take_newest(news)
    news.edit(2, "corrected", push=False)
    assert collector.take_newest(news).changed == 1
    assert collector.take_newest(news).changed == 0
    assert collector.texts(2) == ["post 2", "corrected"]


def test_a_swapped_picture_is_kept_beside_the_first(dc: DataCentre, news: Channel, collector: Collector) -> None:
    (number,) = pictures(dc, news, 1)
    collector.take_newest(news)
    collector.drain()
    news.edit(number, media=dc.photo(jpeg(2)), push=False)
    collector.take_newest(news)
    collector.drain()
    assert collector.bytes_of(number) == [jpeg(1), jpeg(2)]


def test_a_reaction_makes_no_version(news: Channel, collector: Collector) -> None:
    posts(news, 2)
    collector.take_newest(news)
    news.edit(1, hide=True, push=False)
    assert collector.take_newest(news).changed == 0
    assert len(collector.rows(schema.post_versions)) == 2


def test_the_sweep_finds_what_happened_to_old_posts(news: Channel, collector: Collector) -> None:
    posts(news, 250)
    take_all(collector, news)
    news.edit(10, "corrected", push=False)
    news.delete(120, push=False)
    assert collector.take_newest(news).changed == 0
    assert collector.work(lambda work: _sweep(work, news, 151)) == [50, 1, None]
    assert collector.texts(10) == ["post 10", "corrected"]
    assert collector.deleted(news) == [120]


# How a channel stands


def test_a_hole_is_told_until_it_is_filled(news: Channel, collector: Collector) -> None:
    posts(news, 130)

    async def do(work: Work) -> tuple[bool, bool]:
        of, seen = await work.follow(news), await work.newest(news)
        before = await work.history.holes(of, seen)
        await work.fill(news)
        return before, await work.history.holes(of, seen)

    assert collector.work(do) == (True, False)


def test_what_is_older_than_the_date_is_no_hole(dc: DataCentre, collector: Collector) -> None:
    news = dc.channel("News", "news")
    for number in range(130):
        news.post(f"post {number}", date=LONG_AGO + timedelta(days=number), push=False)
    followed = collector.follow(news, since=LONG_AGO + timedelta(days=60))

    async def do(work: Work) -> tuple[bool, int]:
        seen = await work.newest(news)
        return await work.history.holes(followed, seen), await work.history.missing(followed, seen)

    assert collector.work(do) == (False, 0)


async def _missing(work: Work, channel: Channel) -> int:
    return await work.history.missing(await work.follow(channel), await work.newest(channel))


def test_what_telegram_counts_and_the_archive_lacks_is_missing_once_there_is_no_hole(
    dc: DataCentre, news: Channel, collector: Collector
) -> None:
    posts(news, 130)
    assert collector.work(lambda work: _missing(work, news)) == 0, "there is a hole, and that is known"
    dc.faults.empty_page(2)
    collector.work(lambda work: work.fill(news))
    assert collector.work(lambda work: _missing(work, news)) == 30
    collector.work(lambda work: _sweep(work, news, 131))
    assert collector.work(lambda work: _missing(work, news)) == 0


def test_a_deleted_post_counts_for_nobody(news: Channel, collector: Collector) -> None:
    posts(news, 5)
    collector.take_newest(news)
    news.delete(2, push=False)
    assert collector.work(lambda work: _missing(work, news)) == 0
    posts(news, 1)
    assert collector.work(lambda work: _missing(work, news)) == 0
    assert collector.numbers(news) == [1, 2, 3, 4, 5, 6]


def test_a_new_name_is_added_to_the_old_one(news: Channel, collector: Collector) -> None:
    posts(news, 1)
    collector.take_newest(news)
    news.rename("Newer News", "newer_news", push=False)
    collector.take_newest(news)
    assert collector.query("SELECT title, username FROM channel_names ORDER BY id") == [
        ("News", "news"),
        ("Newer News", "newer_news"),
    ]


def test_whom_posts_credit_is_named(dc: DataCentre, news: Channel, collector: Collector) -> None:
    source = dc.channel("Source", "source")
    news.post(forward=(source, source.post("original")))
    collector.take_newest(news)
    assert collector.query("SELECT forward_peer_id, forward_message_id FROM post_versions") == [(source.id, 1)]


@pytest.mark.parametrize(("reason", "words"), [("CHANNEL_PRIVATE", "private"), ("SOMETHING_NEW", "SOMETHING_NEW")])
def test_a_refused_channel_is_named_in_the_error(
    dc: DataCentre, news: Channel, collector: Collector, reason: str, words: str
) -> None:
    posts(news, 3)
    collector.take_newest(news)
    dc.faults.ban(news, reason)
    with pytest.raises(ChannelRefused, match=f"News: .*{words}"):
        collector.take_newest(news)
    assert collector.deleted(news) == []
    dc.faults.unban(news)
    assert collector.take_newest(news).total == 3


def test_what_telegram_was_not_asked_about_cannot_be_read(dc: DataCentre, collector: Collector) -> None:
    with session.held(collector.access.session):
        (wish,) = collector.add("@later").followed
    with pytest.raises(ValueError, match="not been asked"):
        collector.work(lambda work: work.history.newest(wish))


def test_two_channels_with_the_same_numbers_do_not_mix(dc: DataCentre, news: Channel, collector: Collector) -> None:
    other = dc.channel("Other", "other")
    collector.follow(other)
    posts(news, 3)
    posts(other, 5)
    other.delete(2, push=False)

    async def do(work: Work) -> None:
        await asyncio.gather(work.newest(news), work.newest(other))

    collector.work(do)
    assert (collector.numbers(news), collector.numbers(other)) == ([1, 2, 3], [1, 3, 4, 5])
    assert collector.deleted(news) == collector.deleted(other) == []


# What is not kept unless the user says so


@pytest.mark.parametrize("kept", [False, True])
def test_a_protected_channel(dc: DataCentre, collector: Collector, kept: bool) -> None:
    secret = dc.channel("Secret", "secret", noforwards=True)
    collector.follow(secret)
    (number,) = pictures(dc, secret, 1)
    policy = Policy(keep_protected=kept)
    collector.take_newest(secret, policy=policy)
    assert collector.held() == [(number, "not_yet" if kept else "protected", None)]
    collector.drain(policy=policy)
    assert collector.bytes_of(number) == ([jpeg(1)] if kept else [])
    assert dc.calls["GetFileRequest"] == kept


@pytest.mark.parametrize("kept", [False, True])
def test_media_that_destroys_itself(dc: DataCentre, news: Channel, collector: Collector, kept: bool) -> None:
    number = news.post(media=types.MessageMediaPhoto(photo=dc.photo(jpeg(1)), ttl_seconds=10))
    policy = Policy(keep_self_destructing=kept)
    collector.take_newest(news, policy=policy)
    assert collector.held() == [(number, "not_yet" if kept else "self_destructing", None)]
    collector.drain(policy=policy)
    assert collector.bytes_of(number) == ([jpeg(1)] if kept else [])


def test_what_was_kept_back_is_had_when_the_user_has_changed_his_mind(dc: DataCentre, collector: Collector) -> None:
    secret = dc.channel("Secret", "secret", noforwards=True)
    collector.follow(secret)
    (number,) = pictures(dc, secret, 1)
    collector.take_newest(secret)
    collector.take_newest(secret, policy=Policy(keep_protected=True))
    collector.drain()
    assert collector.bytes_of(number) == [jpeg(1)]
    assert len(collector.rows(schema.post_versions)) == 1
