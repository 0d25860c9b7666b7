"""Adding, listing, removing, suggesting: with Telegram at hand, and while it is not."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from provenance.app import clock
from provenance.app.collect import channels
from provenance.archive import schema
from provenance.core.answers import Follow
from provenance.errors import ChannelRefused, NothingFound, UsageProblem
from provenance.sources.telegram import session
from tests.app.collect.conftest import Collector, Work, posts
from tests.telegram_dc import DataCentre

SINCE = datetime(2025, 1, 2, tzinfo=UTC)


def settle(collector: Collector, wish: Follow) -> None:
    collector.work(lambda work: channels.settle(work.telegram, work.intake, wish))


# Adding


@pytest.mark.parametrize("asked", ["@news", "news", "https://t.me/news", "https://t.me/news/17", "t.me/s/news"])
def test_a_channel_is_added_by_its_name_or_link(dc: DataCentre, collector: Collector, asked: str) -> None:
    news = dc.channel("News", "news", joined=False)
    added = collector.add(asked)
    (followed,) = added.followed
    assert followed.channel is not None
    assert (followed.channel.id, followed.channel.title, followed.channel.username) == (news.id, "News", "news")
    assert (followed.asked, followed.access_hash, followed.joined) == (asked, news.access_hash, False)
    assert (added.refused, added.waiting) == ((), None)
    assert channels.followed(collector.archive) == [followed]


def test_several_are_added_in_their_order(dc: DataCentre, collector: Collector) -> None:
    for name in ("one", "two", "three"):
        dc.channel(name.title(), name + "_channel")
    collector.add("@two_channel", "@one_channel", "@three_channel")
    assert {each.asked for each in channels.followed(collector.archive)} == {
        "@one_channel",
        "@two_channel",
        "@three_channel",
    }


def test_joining_is_done_only_where_it_is_wished(dc: DataCentre, collector: Collector) -> None:
    one, two = (dc.channel(name.title(), f"channel_{name}", joined=False) for name in ("one", "two"))
    collector.add("@channel_one")
    collector.add("@channel_two", join=True)
    assert (one.joined, two.joined) == (False, True)
    assert [each.joined for each in channels.followed(collector.archive)] == [False, True]


def test_a_private_channel_needs_its_invitation_and_joining(dc: DataCentre, collector: Collector) -> None:
    secret = dc.channel("Secret", private=True, joined=False, invite="AbCdEfGhIjKl")
    posts(secret, 2)
    (refused,) = collector.add("https://t.me/+AbCdEfGhIjKl").refused
    assert "--join" in str(refused)
    assert channels.followed(collector.archive) == []
    (followed,) = collector.add("https://t.me/+AbCdEfGhIjKl", join=True).followed
    assert followed.joined
    assert secret.joined
    collector.take_newest(secret)
    assert collector.numbers(secret) == [1, 2]


def test_a_joined_channel_is_added_by_its_number(dc: DataCentre, collector: Collector) -> None:
    secret = dc.channel("Secret", private=True)
    (followed,) = collector.add(f"-100{secret.id}").followed
    assert followed.channel is not None
    assert followed.channel.id == secret.id
    (refused,) = collector.add("-1001234567890").refused
    assert "has not met" in str(refused)


def test_one_channel_by_two_names_is_followed_once(dc: DataCentre, collector: Collector) -> None:
    dc.channel("News", "news")
    collector.add("@news")
    (again,) = collector.add("https://t.me/news", since=SINCE).followed
    assert [(each.asked, each.since) for each in channels.followed(collector.archive)] == [("https://t.me/news", SINCE)]
    assert again.since == SINCE


def test_a_name_that_nobody_has_is_not_followed_and_the_others_are(dc: DataCentre, collector: Collector) -> None:
    dc.channel("News", "news")
    added = collector.add("@nobody", "@news")
    assert [each.asked for each in added.followed] == ["@news"]
    assert [str(each) for each in added.refused] == ["@nobody: nobody has this name."]
    assert [each.asked for each in channels.followed(collector.archive)] == ["@news"]


def test_a_channel_that_is_followed_already_stays_so_when_it_is_refused_the_second_time(
    dc: DataCentre, collector: Collector
) -> None:
    news = dc.channel("News", "news")
    collector.follow(news)
    dc.faults.vanish("news")
    (refused,) = collector.add("@news").refused
    assert "nobody has this name" in str(refused)
    assert [each.asked for each in channels.followed(collector.archive)] == ["@news"]
    channels.remove(collector.archive, "@news")
    collector.add("@news")
    assert channels.followed(collector.archive) == []


@pytest.mark.parametrize("name", ["", "@", "a b", "https://example.org/news", "../x", "@news\n@other", "-12x"])
def test_what_can_name_no_channel_is_refused_before_anything_is_written(
    dc: DataCentre, collector: Collector, name: str
) -> None:
    dc.channel("News", "news")
    with pytest.raises(UsageProblem):
        collector.add("@news", name)
    assert collector.rows(schema.follows) == []
    assert not dc.calls


def test_while_another_process_holds_the_session_the_wish_waits(dc: DataCentre, collector: Collector) -> None:
    news = dc.channel("News", "news")
    with session.held(collector.access.session):
        added = collector.add("@news", since=SINCE)
    assert added.waiting is not None
    assert "daemon" in added.waiting
    (wish,) = added.followed
    assert (wish.asked, wish.channel, wish.since) == ("@news", None, SINCE)
    assert not dc.calls
    settle(collector, wish)
    (followed,) = channels.followed(collector.archive)
    assert followed.channel is not None
    assert (followed.id, followed.channel.id, followed.since) == (wish.id, news.id, SINCE)


def test_before_the_login_the_wish_waits(dc: DataCentre, collector: Collector) -> None:
    session.forget(collector.access.session)
    added = collector.add("@news")
    assert added.waiting is not None
    assert "login" in added.waiting
    assert [each.channel for each in added.followed] == [None]
    assert not dc.calls


def test_adding_is_on_record(dc: DataCentre, collector: Collector) -> None:
    dc.channel("News", "news")
    collector.add("@news")
    assert collector.query("SELECT command, details, outcome FROM runs") == [("channels add", '["@news"]', "done")]


# Removing


def test_what_was_archived_of_a_removed_channel_stays(dc: DataCentre, collector: Collector) -> None:
    news = dc.channel("News", "news")
    collector.follow(news)
    posts(news, 3)
    collector.take_newest(news)
    removed = channels.remove(collector.archive, "@news")
    assert removed.asked == "@news"
    assert channels.followed(collector.archive) == []
    assert collector.numbers(news) == [1, 2, 3]


@pytest.mark.parametrize("again", ["@news", "https://t.me/news"])
def test_a_removed_channel_can_be_added_again(dc: DataCentre, collector: Collector, again: str) -> None:
    news = dc.channel("News", "news")
    collector.follow(news)
    channels.remove(collector.archive, "news")
    (followed,) = collector.add(again).followed
    assert followed.channel is not None
    assert followed.channel.id == news.id
    assert len(channels.followed(collector.archive)) == 1


@pytest.mark.parametrize("name", ["@news", "news", "News", "1700000001", "-1001700000001"])
def test_a_channel_is_removed_by_whatever_it_is_called(dc: DataCentre, collector: Collector, name: str) -> None:
    collector.follow(dc.channel("News", "news"))
    assert channels.remove(collector.archive, name).asked == "@news"


def test_a_wish_that_waits_is_removed_by_its_words(collector: Collector) -> None:
    session.forget(collector.access.session)
    collector.add("https://t.me/+AbCdEfGhIjKl", join=True)
    channels.remove(collector.archive, "https://t.me/+AbCdEfGhIjKl")
    assert channels.followed(collector.archive) == []


def test_only_what_is_followed_can_be_removed(dc: DataCentre, collector: Collector) -> None:
    collector.follow(dc.channel("News", "news"))
    channels.remove(collector.archive, "@news")
    for name in ("@news", "@other", ""):
        with pytest.raises(NothingFound, match="channels list"):
            channels.remove(collector.archive, name)


def test_two_channels_of_one_title_have_to_be_told_apart(dc: DataCentre, collector: Collector) -> None:
    one, two = dc.channel("News", "news_one"), dc.channel("News", "news_two")
    collector.follow(one)
    collector.follow(two)
    with pytest.raises(NothingFound, match=f"{one.id}, {two.id}"):
        channels.remove(collector.archive, "News")
    channels.remove(collector.archive, str(two.id))
    assert [each.asked for each in channels.followed(collector.archive)] == ["@news_one"]


# Trouble


def test_a_name_that_now_belongs_to_another_channel_is_not_taken_for_the_first(
    dc: DataCentre, collector: Collector
) -> None:
    news = dc.channel("News", "news")
    followed = collector.follow(news)
    news.rename(username=None)
    thief = dc.channel("Thief", "news")
    with pytest.raises(ChannelRefused, match=rf"another channel \({thief.id}\) than «News» \({news.id}\)"):
        settle(collector, followed)
    (still,) = channels.followed(collector.archive)
    assert still.channel is not None
    assert still.channel.id == news.id


def test_trouble_is_tried_again_after_a_growing_pause_and_forgotten_when_it_is_over(
    dc: DataCentre, collector: Collector
) -> None:
    followed = collector.follow(dc.channel("News", "news"))
    waits = []
    for attempt in range(1, 5):

        async def do(work: Work) -> None:
            await channels.trouble(work.intake, channels.followed(collector.archive)[0], "it is private")

        began = clock.now()
        collector.work(do)
        (now,) = channels.followed(collector.archive)
        assert (now.trouble, now.attempts) == ("it is private", attempt)
        assert now.retry_at is not None
        waits.append(now.retry_at - began)
    assert timedelta(seconds=4) <= waits[0] <= timedelta(seconds=7)
    assert all(before < after for before, after in pairwise(waits))
    assert waits[-1] >= timedelta(minutes=30)
    settle(collector, followed)
    (now,) = channels.followed(collector.archive)
    assert (now.trouble, now.attempts, now.retry_at) == (None, 0, None)


def test_a_new_access_hash_is_taken_over(dc: DataCentre, collector: Collector) -> None:
    news = dc.channel("News", "news")
    followed = collector.follow(news)
    news.access_hash += 1
    settle(collector, followed)
    assert [each.access_hash for each in channels.followed(collector.archive)] == [news.access_hash]


def test_a_refused_channel_leaves_the_wish_as_it_was(dc: DataCentre, collector: Collector) -> None:
    followed = collector.follow(dc.channel("News", "news"))
    dc.faults.vanish("news")
    with pytest.raises(ChannelRefused, match="nobody has this name"):
        settle(collector, followed)
    assert channels.followed(collector.archive) == [followed]


# Suggesting


def test_the_most_credited_sources_that_are_not_followed_are_suggested(dc: DataCentre, collector: Collector) -> None:
    news, other = dc.channel("News", "news"), dc.channel("Other", "other")
    sources = [dc.channel(f"Source {number}", f"source_{number}") for number in range(3)]
    for count, source in enumerate(sources, 1):
        original = source.post("original")
        for _ in range(count):
            news.post(forward=(source, original))
    other.post(forward=(sources[0], 1))
    other.post(forward=(news, news.post("own")))
    for each in (news, other):
        collector.follow(each)
        collector.take_newest(each)
    found = channels.suggestions(collector.archive, 10)
    assert [(each.peer_id, each.posts, each.channels) for each in found] == [
        (sources[2].id, 3, 1),
        (sources[0].id, 2, 2),
        (sources[1].id, 2, 1),
    ]
    assert [each.peer_id for each in channels.suggestions(collector.archive, 1)] == [sources[2].id]
    collector.follow(sources[2])
    assert sources[2].id not in {each.peer_id for each in channels.suggestions(collector.archive, 10)}


def test_an_empty_archive_suggests_nothing(collector: Collector) -> None:
    assert channels.suggestions(collector.archive, 10) == []


def test_a_channel_whose_administrator_was_asked_stays_wished(dc: DataCentre, collector: Collector) -> None:
    dc.channel("Closed", joined=False, private=True, invite="AbCdEfGhIjKl")
    dc.faults.fail("ImportChatInviteRequest", 400, "INVITE_REQUEST_SENT")
    added = collector.add("https://t.me/+AbCdEfGhIjKl", join=True)
    assert ["administrator" in str(each.facts["what"]) for each in added.refused] == [True]
    assert [each.asked for each in added.followed] == ["https://t.me/+AbCdEfGhIjKl"]
