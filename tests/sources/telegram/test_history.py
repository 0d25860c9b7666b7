"""Pages of history and posts by number, as Telegram tells them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telethon.tl import types

from provenance.core.model import Channel, Missing, PeerKind
from provenance.sources.telegram.client import Refused, Telegram
from provenance.sources.telegram.convert import Policy
from provenance.sources.telegram.history import PAGE, Told, by_number, credited, page, protected
from provenance.sources.telegram.peers import Reference
from provenance.sources.telegram.session import Access
from tests.sources.telegram.conftest import Run
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel as Hosted
from tests.telegram_dc.clients import jpeg

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STRICT = Policy()


def clock() -> datetime:
    return NOON


def reference(hosted: Hosted) -> Reference:
    return Reference(hosted.id, hosted.access_hash)


def numbers(told: Told) -> list[int]:
    return [post.message_id for post in told.posts]


@pytest.fixture
def news(dc: DataCentre) -> Hosted:
    return dc.channel("The News", username="news")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, range(130, 30, -1)),
        ({"before": 31}, range(30, 0, -1)),
        ({"before": 31, "floor": 20}, range(30, 19, -1)),
        ({"floor": 125}, range(130, 124, -1)),
        ({"floor": 131}, ()),
        ({"before": 1}, ()),
        ({"before": 50, "limit": 3}, (49, 48, 47)),
        ({"before": 130, "floor": 129}, (129,)),
        ({"before": 10_000, "limit": 2}, (130, 129)),
    ],
)
def test_pages(run: Run, news: Hosted, asked: dict[str, int], expected: range | tuple[int, ...]) -> None:
    for number in range(1, 131):
        news.post(f"post {number}", push=False)

    async def work(telegram: Telegram) -> None:
        told = await page(telegram, reference(news), STRICT, clock, **asked)
        assert numbers(told) == list(expected)
        assert told.ids == frozenset(expected)
        assert told.total == 130
        assert told.at == NOON
        assert [post.text for post in told.posts] == [f"post {number}" for number in expected]

    run(work)


def test_pages_that_telegram_cuts_short_meet_without_a_gap(dc: DataCentre, run: Run, news: Hosted) -> None:
    for _ in range(250):
        news.post("a post", push=False)
    news.delete(*range(100, 180), push=False)
    dc.faults.short_pages(2, 7)

    async def work(telegram: Telegram) -> None:
        seen: list[int] = []
        before, sizes = 0, []
        while told := numbers(await page(telegram, reference(news), STRICT, clock, before=before)):
            seen += told
            sizes.append(len(told))
            before = told[-1]
        assert seen == news.ids[::-1]
        assert sizes == [7, 7, PAGE, 56]

    run(work)


def test_an_empty_channel(run: Run, news: Hosted) -> None:
    async def work(telegram: Telegram) -> None:
        told = await page(telegram, reference(news), STRICT, clock)
        assert (told.posts, told.ids, told.total, told.peers) == ((), frozenset(), 0, ())
        assert told.channel == Channel(PeerKind.CHANNEL, news.id, "The News", "news")

    run(work)


def test_the_channel_as_it_is_called_now(run: Run, news: Hosted) -> None:
    news.post("a post")

    async def work(telegram: Telegram) -> None:
        await page(telegram, reference(news), STRICT, clock)
        news.rename("The Views", None)
        for told in (
            await page(telegram, reference(news), STRICT, clock),
            await by_number(telegram, reference(news), STRICT, clock, [1]),
        ):
            assert told.channel == Channel(PeerKind.CHANNEL, news.id, "The Views", None)

    run(work)


def test_posts_by_number_and_those_that_are_gone(run: Run, news: Hosted) -> None:
    for number in range(1, 6):
        news.post(f"post {number}", date=NOON - timedelta(days=number))
    news.edit(4, "edited")
    news.delete(2, 5)

    async def work(telegram: Telegram) -> None:
        told = await by_number(telegram, reference(news), STRICT, clock, [1, 2, 4, 5, 99])
        assert [(post.message_id, post.text) for post in told.posts] == [(1, "post 1"), (4, "edited")]
        assert [post.edited_at is not None for post in told.posts] == [False, True]
        assert told.posts[0].posted_at == NOON - timedelta(days=1)
        assert told.ids == {1, 2, 4, 5, 99}
        assert told.at == NOON

    run(work)


def test_more_numbers_than_telegram_takes(run: Run, news: Hosted) -> None:
    async def work(telegram: Telegram) -> None:
        await by_number(telegram, reference(news), STRICT, clock, range(1, 101))
        with pytest.raises(Refused, match="MESSAGE_IDS_TOO_MANY"):
            await by_number(telegram, reference(news), STRICT, clock, range(1, 102))

    run(work)


def test_service_messages_are_posts(run: Run, news: Hosted) -> None:
    news.service(types.MessageActionChatEditTitle("The Views"))

    async def work(telegram: Telegram) -> None:
        (post,) = (await page(telegram, reference(news), STRICT, clock)).posts
        assert post.service == "chat_edit_title"

    run(work)


def test_floods_are_waited_out(dc: DataCentre, run: Run, news: Hosted) -> None:
    news.post("a post")
    dc.faults.flood("GetHistoryRequest", 1)

    async def work(telegram: Telegram) -> None:
        assert numbers(await page(telegram, reference(news), STRICT, clock)) == [1]

    run(work)
    assert dc.calls["GetHistoryRequest"] == 2


@pytest.mark.parametrize("by_page", [True, False])
def test_history_is_paced(dc: DataCentre, access: Access, news: Hosted, by_page: bool) -> None:
    async def ask(telegram: Telegram) -> Told:
        if by_page:
            return await page(telegram, reference(news), STRICT, clock)
        return await by_number(telegram, reference(news), STRICT, clock, [1])

    async def run() -> None:
        async with Telegram(access, requests_per_minute=4) as telegram:  # one in fifteen seconds
            await ask(telegram)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await ask(telegram)

    asyncio.run(run())
    assert dc.calls["GetHistoryRequest"] + dc.calls["GetMessagesRequest"] == 1


@pytest.mark.parametrize("word", ["CHANNEL_PRIVATE", "CHANNEL_INVALID"])
def test_a_channel_that_cannot_be_read_any_more(dc: DataCentre, run: Run, news: Hosted, word: str) -> None:
    dc.faults.ban(news, word)

    async def work(telegram: Telegram) -> None:
        with pytest.raises(Refused, match=word):
            await page(telegram, reference(news), STRICT, clock)
        with pytest.raises(Refused, match=word):
            await by_number(telegram, reference(news), STRICT, clock, [1])

    run(work)


# Channels that forbid saving


@pytest.mark.parametrize("keep", [False, True])
def test_a_protected_channel(dc: DataCentre, run: Run, keep: bool) -> None:
    closed = dc.channel("Closed", username="closed", noforwards=True)
    photo = dc.photo(jpeg())
    closed.post(media=photo)

    async def work(telegram: Telegram) -> None:
        policy = Policy(keep_protected=keep)
        for told in (
            await page(telegram, reference(closed), policy, clock),
            await by_number(telegram, reference(closed), policy, clock, [1]),
        ):
            ((picture,),) = (post.attachments for post in told.posts)
            assert picture.media_id == photo.id
            assert picture.missing is (None if keep else Missing.PROTECTED)
            assert (picture.remote is None) is (not keep)

    run(work)


def test_only_the_channel_itself_protects(dc: DataCentre, news: Hosted) -> None:
    closed = dc.channel("Closed", noforwards=True)
    chats = [news.chat(), closed.chat(), types.ChatEmpty(news.id)]
    assert protected(chats, closed.id)
    assert not protected(chats, news.id)
    assert not protected([], closed.id)


# Who is credited


def test_credited_sources_come_with_their_names(
    dc: DataCentre, run: Run, news: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin, unnamed = dc.channel("Origin", username="origin"), dc.channel("Not credited")
    origin.post("first seen here")
    news.post(forward=(origin, 1))
    for source in (types.PeerUser(dc.me.id), types.PeerChat(5)):
        news.post("passed on", forward=types.MessageFwdHeader(NOON, from_id=source))
    news.post("by name only", forward=types.MessageFwdHeader(NOON, from_name="Somebody"))
    group = types.Chat(5, "A group", types.ChatPhotoEmpty(), 3, NOON, 1)
    told_by_the_data_centre = news.page

    def with_company(request: Any, limit: int) -> Any:
        answer = told_by_the_data_centre(request, limit)
        answer.chats += [origin.chat(), unnamed.chat(), group]
        answer.users.append(dc.me)
        return answer

    monkeypatch.setattr(news, "page", with_company)

    async def work(telegram: Telegram) -> None:
        told = await page(telegram, reference(news), STRICT, clock)
        assert [each.forward.message_id for each in told.posts if each.forward] == [None, None, None, 1]
        assert set(told.peers) == {
            Channel(PeerKind.CHANNEL, origin.id, "Origin", "origin"),
            Channel(PeerKind.GROUP, 5, "A group"),
            Channel(PeerKind.USER, dc.me.id, "Test Account"),
        }

    run(work)


def test_what_has_no_name_is_not_told() -> None:
    nameless = [
        types.Channel(1, "", types.ChatPhotoEmpty(), NOON),
        types.Chat(2, "", types.ChatPhotoEmpty(), 3, NOON, 1),
        types.ChatEmpty(3),
        types.ChannelForbidden(4, 5, "Forbidden"),
    ]
    people = [types.User(6), types.UserEmpty(7), types.User(8, last_name="Only", username="only")]
    assert credited(nameless, people) == (Channel(PeerKind.USER, 8, "Only", "only"),)
