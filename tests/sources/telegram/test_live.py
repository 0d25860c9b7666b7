"""What is pushed comes in as hints, and nothing that happens to a hint harms the others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.tl import types

from provenance.core.model import Channel, ForwardHeader, Missing, PeerKind
from provenance.sources.telegram import live
from provenance.sources.telegram.client import Telegram
from provenance.sources.telegram.convert import Policy, convert
from provenance.sources.telegram.live import Hint, Hints
from tests.sources.telegram.conftest import Run
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel as Hosted
from tests.telegram_dc.clients import jpeg, until

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STRICT = Policy()

Listening = Callable[[Callable[[Telegram, Hints], Awaitable[None]]], None]


@pytest.fixture
def news(dc: DataCentre) -> Hosted:
    return dc.channel("The News", username="news")


@pytest.fixture
def listening(dc: DataCentre, run: Run) -> Listening:
    """Run some work with hints that are listening, when all that was there before has been told."""

    def runs(work: Callable[[Telegram, Hints], Awaitable[None]]) -> None:
        async def connected(telegram: Telegram) -> None:
            hints = Hints(STRICT)
            hints.listen(telegram)
            await until(lambda: dc.listening == 1 and dc.calls["GetDifferenceRequest"] > 0)
            await asyncio.sleep(0.05)
            await work(telegram, hints)

        run(connected)

    return runs


async def soon(hints: Hints) -> Hint:
    return await asyncio.wait_for(hints.next(), 5)


async def nothing_more(hints: Hints) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hints.next(), 0.1)


def test_new_posts(dc: DataCentre, listening: Listening, news: Hosted) -> None:
    async def work(telegram: Telegram, hints: Hints) -> None:
        photo = dc.photo(jpeg())
        news.post("look", media=photo, grouped_id=77)
        hint = await soon(hints)
        assert (hint.channel_id, hint.deleted, hint.peers) == (news.id, (), ())
        assert hint.post is not None
        assert (hint.post.message_id, hint.post.text, hint.post.album) == (1, "look", 77)
        (picture,) = hint.post.attachments
        assert picture.media_id == photo.id
        assert picture.remote is not None
        await nothing_more(hints)

    listening(work)


def test_edited_and_deleted_posts(listening: Listening, news: Hosted) -> None:
    for _ in range(3):
        news.post("before")

    async def work(telegram: Telegram, hints: Hints) -> None:
        news.edit(2, "after", date=NOON)
        edited = (await soon(hints)).post
        assert edited is not None
        assert (edited.message_id, edited.text, edited.edited_at) == (2, "after", NOON)
        news.delete(1, 3)
        assert await soon(hints) == Hint(news.id, deleted=(1, 3))
        await nothing_more(hints)

    listening(work)


def test_forwards_come_with_the_names_of_their_sources(listening: Listening, news: Hosted) -> None:
    news.post("first")

    async def work(telegram: Telegram, hints: Hints) -> None:
        news.post(forward=(news, 1))
        hint = await soon(hints)
        assert hint.post is not None
        date = news.message(1).date
        assert hint.post.forward == ForwardHeader(kind=PeerKind.CHANNEL, peer_id=news.id, message_id=1, at=date)
        assert hint.peers == (Channel(PeerKind.CHANNEL, news.id, "The News", "news"),)
        news.post("by name", forward=types.MessageFwdHeader(NOON, from_name="Somebody"))
        assert (await soon(hints)).peers == ()

    listening(work)


def test_a_protected_channel_stays_protected(dc: DataCentre, listening: Listening) -> None:
    closed = dc.channel("Closed", noforwards=True)

    async def work(telegram: Telegram, hints: Hints) -> None:
        closed.post(media=dc.photo(jpeg()))
        post = (await soon(hints)).post
        assert post is not None
        assert [each.missing for each in post.attachments] == [Missing.PROTECTED]

    listening(work)


def test_a_channel_that_changed_should_be_looked_at(listening: Listening, news: Hosted) -> None:
    async def work(telegram: Telegram, hints: Hints) -> None:
        news.rename("The Views")
        assert await soon(hints) == Hint(news.id)

    listening(work)


def test_what_telethon_asks_for_when_it_is_too_much_to_push_comes_as_well(
    dc: DataCentre, listening: Listening, news: Hosted
) -> None:
    async def work(telegram: Telegram, hints: Hints) -> None:
        news.post("pushed")
        await soon(hints)
        dc.faults.lose()
        news.post("lost")
        dc.faults.channel_too_long_update(news)
        lost = (await soon(hints)).post
        assert lost is not None
        assert lost.text == "lost"

    listening(work)


def test_too_much_to_tell_means_to_look_at_the_history(listening: Listening, news: Hosted) -> None:
    async def work(telegram: Telegram, hints: Hints) -> None:
        # Telethon takes these for itself, as long as it keeps count of the channel.
        await hints._take(types.UpdateChannelTooLong(news.id))
        assert await soon(hints) == Hint(news.id)

    listening(work)


def test_what_is_not_about_channels_is_no_hint(dc: DataCentre, listening: Listening, news: Hosted) -> None:
    async def work(telegram: Telegram, hints: Hints) -> None:
        for update in (
            types.UpdateUserStatus(dc.me.id, types.UserStatusRecently()),
            types.UpdateChannelMessageViews(news.id, 1, 100),
            types.UpdateNewMessage(types.Message(1, types.PeerUser(5), date=NOON, message="a note"), 2, 1),
            types.UpdateNewChannelMessage(types.MessageEmpty(9, types.PeerChannel(news.id)), 2, 1),
            types.UpdateNewChannelMessage(types.MessageEmpty(9, None), 3, 1),
        ):
            dc.wires.broadcast(bytes(types.Updates([update], [], [], NOON, 0)))
        news.pts = 3
        news.post("the only one")
        post = (await soon(hints)).post
        assert post is not None
        assert post.text == "the only one"
        await nothing_more(hints)

    listening(work)


def test_what_does_not_fit_is_remembered_by_its_channel(
    dc: DataCentre, listening: Listening, news: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = dc.channel("The Views")
    monkeypatch.setattr(live, "_AT_MOST", 2)

    async def work(telegram: Telegram, hints: Hints) -> None:
        for each in (news, news, news, views, news, views):
            each.post("a post")
        await until(lambda: hints._overflowed == {news.id, views.id})
        first, second = await soon(hints), await soon(hints)
        assert [each.post and each.post.message_id for each in (first, second)] == [1, 2]
        rest = [await soon(hints), await soon(hints)]
        assert sorted(rest, key=lambda hint: hint.channel_id) == [Hint(news.id), Hint(views.id)]
        news.post("when there is room again")
        again = (await soon(hints)).post
        assert again is not None
        assert again.message_id == 5
        await nothing_more(hints)

    listening(work)


def test_an_update_that_cannot_be_read_is_logged_and_the_next_one_comes(
    listening: Listening, news: Hosted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(message: Any, *rest: Any, **more: Any) -> Any:
        if message.message == "bad":
            raise ZeroDivisionError
        return convert(message, *rest, **more)

    monkeypatch.setattr(f"{live.__name__}.convert", failing)
    caplog.set_level(logging.INFO)

    async def work(telegram: Telegram, hints: Hints) -> None:
        news.post("bad")
        news.post("good")
        post = (await soon(hints)).post
        assert post is not None
        assert post.text == "good"

    listening(work)
    (logged,) = (each for each in caplog.records if each.exc_info)
    assert (logged.name, logged.getMessage()) == (live.__name__, "an update could not be read")


def test_hints_go_on_after_the_connection_was_made_again(dc: DataCentre, listening: Listening, news: Hosted) -> None:
    async def work(telegram: Telegram, hints: Hints) -> None:
        dc.faults.drop_connections()
        await telegram.disconnected()
        await telegram.disconnect()
        await telegram.connect()
        await until(lambda: dc.listening == 1)
        news.post("once")
        texts = []
        with pytest.raises(TimeoutError):
            while True:
                texts.append(post.text if (post := (await asyncio.wait_for(hints.next(), 0.5)).post) else None)
        assert texts.count("once") == 1

    listening(work)
