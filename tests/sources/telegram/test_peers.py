"""What names a channel, and what Telegram makes of it for this account."""

from collections.abc import Callable
from typing import Any

import pytest
from telethon.tl import functions, types

from provenance.core.model import Channel, PeerKind
from provenance.errors import ChannelRefused, UsageProblem
from provenance.sources.telegram import client, peers
from provenance.sources.telegram.client import Lost, Refused, Telegram
from provenance.sources.telegram.peers import Found, Reference, resolve, well_formed, words
from tests.sources.telegram.conftest import Run
from tests.telegram_dc import DataCentre, answers
from tests.telegram_dc.channels import Channel as Hosted
from tests.telegram_dc.clients import until

CODE = "AbCdEf-123_45678"


def found(hosted: Hosted, *, joined: bool = True) -> Found:
    """What resolving the channel should find."""
    return Found(Channel(PeerKind.CHANNEL, hosted.id, hosted.title, hosted.username), hosted.access_hash, joined=joined)


def refused(run: Run, asked: str, text: str, *, join: bool = False) -> None:
    async def work(telegram: Telegram) -> None:
        with pytest.raises(ChannelRefused, match=text) as error:
            await resolve(telegram, asked, join=join)
        assert error.value.facts["name"] == asked

    run(work)


# Words


@pytest.mark.parametrize(
    "asked",
    [
        "@daily_news",
        "daily_news",
        "  daily_news ",
        "t.me/daily_news",
        "t.me/daily_news/",
        "http://t.me/daily_news",
        "https://t.me/daily_news/12",
        "https://t.me/daily_news/12?single",
        "https://t.me/daily_news/12/34?comment=5&thread=6",
        "https://t.me/s/daily_news",
        "https://t.me/s/daily_news/12",
        "https://t.me/s/daily_news?before=50",
        "https://www.t.me/daily_news",
        "telegram.me/daily_news",
        "https://telegram.me/s/daily_news/12",
        "https://telegram.dog/daily_news",
        "tg://resolve?domain=daily_news",
        "tg://resolve?domain=daily_news&post=12",
    ],
)
def test_ways_to_write_a_name(asked: str) -> None:
    assert peers._parse(asked) == (peers._How.NAME, "daily_news")
    well_formed(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "1700000001",
        "-1001700000001",
        " -1001700000001",
        "t.me/c/1700000001",
        "t.me/c/1700000001/5",
        "https://t.me/c/1700000001/5/6?single",
        "https://telegram.me/c/1700000001/5",
    ],
)
def test_ways_to_write_a_number(asked: str) -> None:
    assert peers._parse(asked) == (peers._How.ID, "1700000001")


@pytest.mark.parametrize(
    "asked",
    [
        f"t.me/+{CODE}",
        f"https://t.me/+{CODE}/",
        f"https://t.me/joinchat/{CODE}",
        f"https://telegram.me/joinchat/{CODE}",
        f"tg://join?invite={CODE}",
        f"+{CODE}",
    ],
)
def test_ways_to_write_an_invite(asked: str) -> None:
    assert peers._parse(asked) == (peers._How.INVITE, CODE)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        " ",
        "@",
        "ab",
        "@a b",
        "1news",
        "a" * 33,
        "näws",
        "@١٢٣٤",
        "-1700000001",
        "-100",
        "1" * 22,
        "t.me",
        "t.me/",
        "t.me/c/",
        "t.me/c/news/5",
        "t.me/+",
        "https://example.org/daily_news",
        "https://t.me.example.org/daily_news",
        "daily_news/../x",
        "daily_news\nother",
        "tg://resolve?phone=123",
    ],
)
def test_nonsense_names_no_channel(asked: str) -> None:
    with pytest.raises(UsageProblem, match="names no channel"):
        well_formed(asked)


def test_reasons_in_words() -> None:
    assert words(Refused("CHANNEL_PRIVATE")) == "it is private, or this account has been banned from it"
    assert words(Refused("NEVER_HEARD_OF")) == "Telegram refuses it (NEVER_HEARD_OF)"


def test_a_reference_as_requests_name_it() -> None:
    assert Reference(5, -6).input() == types.InputChannel(5, -6)


def test_a_channel_with_other_names() -> None:
    names = [types.Username("old", active=False), types.Username("current", active=True)]
    chat = types.Channel(5, "News", types.ChatPhotoEmpty(), None, usernames=names)
    assert peers.channel(chat) == Channel(PeerKind.CHANNEL, 5, "News", "current")


# Names


def test_by_name_without_joining(dc: DataCentre, run: Run) -> None:
    news = dc.channel("The News", username="news", joined=False)

    async def work(telegram: Telegram) -> None:
        assert await resolve(telegram, "https://t.me/news/12", join=False) == found(news, joined=False)

    run(work)
    assert not news.joined


@pytest.mark.parametrize("joined", [False, True])
def test_by_name_and_joining_once(dc: DataCentre, run: Run, joined: bool) -> None:
    news = dc.channel("The News", username="news", joined=joined)

    async def work(telegram: Telegram) -> None:
        for _ in range(2):
            assert await resolve(telegram, "@NEWS", join=True) == found(news)

    run(work)
    assert news.joined
    assert dc.calls["JoinChannelRequest"] == (not joined)


def test_a_name_that_nobody_has(dc: DataCentre, run: Run) -> None:
    dc.channel("The News", username="news")
    dc.faults.vanish("news")
    refused(run, "@news", "nobody has this name")


def test_no_more_room_for_channels(dc: DataCentre, run: Run) -> None:
    dc.channel("The News", username="news", joined=False)
    dc.faults.fail("JoinChannelRequest", 400, "CHANNELS_TOO_MUCH")
    refused(run, "@news", "joined as many channels as Telegram allows", join=True)


def test_joining_a_channel_that_wants_a_web_page_first(
    dc: DataCentre, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    dc.channel("The News", username="news", joined=False)
    answer = types.messages.ChatInviteJoinResultWebView(bot_id=1, query_id=2, users=[])
    monkeypatch.setitem(answers._HANDLERS, functions.channels.JoinChannelRequest, lambda *_: answer)
    refused(run, "@news", "web page", join=True)


def _as_group(hosted: Hosted) -> Any:
    return types.Chat(5, "A group", types.ChatPhotoEmpty(), 3, hosted.date, 1)


def _as_forbidden(hosted: Hosted) -> Any:
    return types.ChannelForbidden(hosted.id, hosted.access_hash, hosted.title)


@pytest.mark.parametrize(
    ("shown", "text"), [(_as_group, "no channel and no supergroup"), (_as_forbidden, "private, or this account")]
)
def test_names_of_what_cannot_be_read(
    dc: DataCentre, run: Run, monkeypatch: pytest.MonkeyPatch, shown: Callable[[Hosted], Any], text: str
) -> None:
    news = dc.channel("The News", username="news")
    monkeypatch.setattr(news, "chat", lambda: shown(news))
    refused(run, "@news", text)


def test_the_name_of_a_person(dc: DataCentre, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = types.contacts.ResolvedPeer(types.PeerUser(dc.me.id), [], [dc.me])
    monkeypatch.setitem(answers._HANDLERS, functions.contacts.ResolveUsernameRequest, lambda *_: answer)
    refused(run, "@somebody", "no channel and no supergroup")


# Numbers


def test_by_number_when_the_channel_has_been_met(dc: DataCentre, run: Run) -> None:
    news = dc.channel("The News", username="news", joined=False)

    async def work(telegram: Telegram) -> None:
        await resolve(telegram, "@news", join=False)
        for asked in (f"-100{news.id}", f"{news.id}", f"t.me/c/{news.id}/5"):
            assert await resolve(telegram, asked, join=False) == found(news, joined=False)

    run(work)
    assert dc.calls["GetDialogsRequest"] == 0


def test_by_number_when_the_account_has_joined(dc: DataCentre, run: Run) -> None:
    news = dc.channel("The News", private=True)

    async def work(telegram: Telegram) -> None:
        assert await resolve(telegram, f"-100{news.id}", join=True) == found(news)

    run(work)
    assert (dc.calls["GetDialogsRequest"], dc.calls["JoinChannelRequest"]) == (1, 0)


def test_by_number_of_a_channel_never_met(dc: DataCentre, run: Run) -> None:
    dc.channel("The News", joined=False, id=1_234_567_890)
    refused(run, "-1001234567890", "has not met that channel; add it by its @name")


@pytest.mark.parametrize("reason", ["CHANNEL_PRIVATE", "CHANNEL_INVALID"])
def test_by_number_of_a_channel_that_threw_the_account_out(dc: DataCentre, run: Run, reason: str) -> None:
    news = dc.channel("The News", username="news")

    async def work(telegram: Telegram) -> None:
        await resolve(telegram, "@news", join=False)
        dc.faults.ban(news, reason)
        with pytest.raises(ChannelRefused, match=f"{news.id}: ") as error:
            await resolve(telegram, f"{news.id}", join=False)
        assert words(Refused(reason)) in str(error.value)

    run(work)


def test_floods_and_lost_connections_while_a_number_is_looked_up(dc: DataCentre, run: Run) -> None:
    news = dc.channel("The News")

    async def work(telegram: Telegram) -> None:
        dc.faults.flood("GetChannelsRequest", 1)
        dc.faults.flood("GetDialogsRequest", 1)
        assert await resolve(telegram, f"{news.id}", join=False) == found(news)
        dc.faults.drop_on("GetChannelsRequest")
        with pytest.raises(Lost):
            await resolve(telegram, "1999999999", join=False)
        await until(lambda: dc.connections == 0)

    run(work)


def test_silence_while_a_number_is_looked_up(dc: DataCentre, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(telegram: Telegram) -> None:
        monkeypatch.setattr(client, "ANSWER_SECONDS", 0.2)
        dc.faults.silence("GetChannelsRequest")
        with pytest.raises(Lost, match="TimeoutError"):
            await resolve(telegram, "1999999999", join=False)

    run(work)


# Invites


def test_an_invite_opens_to_those_who_join(dc: DataCentre, run: Run) -> None:
    club = dc.channel("The Club", joined=False, private=True, invite=CODE)

    async def work(telegram: Telegram) -> None:
        with pytest.raises(ChannelRefused, match="opens only to members; add --join"):
            await resolve(telegram, f"https://t.me/+{CODE}", join=False)
        assert not club.joined
        assert await resolve(telegram, f"https://t.me/+{CODE}", join=True) == found(club)

    run(work)
    assert club.joined
    assert (dc.calls["ImportChatInviteRequest"], dc.calls["JoinChannelRequest"]) == (1, 0)


@pytest.mark.parametrize("join", [False, True])
def test_an_invite_of_a_channel_that_was_joined_before(dc: DataCentre, run: Run, join: bool) -> None:
    club = dc.channel("The Club", private=True, invite=CODE)

    async def work(telegram: Telegram) -> None:
        assert await resolve(telegram, f"t.me/joinchat/{CODE}", join=join) == found(club)

    run(work)
    assert dc.calls["ImportChatInviteRequest"] == 0


@pytest.mark.parametrize("join", [False, True])
def test_an_invite_that_has_expired(run: Run, join: bool) -> None:
    refused(run, f"+{CODE}", "the invite link has expired", join=join)


def test_an_invite_that_an_administrator_has_to_approve(dc: DataCentre, run: Run) -> None:
    dc.channel("The Club", joined=False, private=True, invite=CODE)
    dc.faults.fail("ImportChatInviteRequest", 400, "INVITE_REQUEST_SENT")
    refused(run, f"+{CODE}", "an administrator has to approve it", join=True)
