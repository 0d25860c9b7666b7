"""The test data centre's channels: history, membership, updates and differences."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from PIL import Image
from telethon import errors, events, utils
from telethon.tl import functions, types

from tests.telegram_dc import DataCentre
from tests.telegram_dc.clients import client_of, jpeg, keep, location, until, using


def test_history_in_both_directions(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    for number in range(1, 251):
        assert news.post(f"post {number}") == number
    news.delete(7, 240)
    news.service(types.MessageActionChatEditTitle("News"))

    async def work(client: Any) -> None:
        entity = await client.get_entity("news")
        assert (entity.id, entity.title, entity.left) == (news.id, "News", False)
        down = [message async for message in client.iter_messages(entity, wait_time=0)]
        assert [each.id for each in down] == news.ids[::-1]
        assert isinstance(down[0], types.MessageService)
        up = [message.id async for message in client.iter_messages(entity, reverse=True, min_id=100, wait_time=0)]
        assert up == [each for each in news.ids if each > 100]
        counted = await client.get_messages(entity, limit=0)
        assert counted.total == len(news.ids) == 249
        few = await client.get_messages(entity, ids=[3, 7, 999])
        assert few[0].message == "post 3"
        assert few[1:] == [None, None]
        old = await client.get_messages(entity, limit=1, offset_id=50, add_offset=-1)
        assert [each.id for each in old] == [50]
        between = await client(
            functions.messages.GetHistoryRequest(entity, 0, None, 0, 100, max_id=245, min_id=238, hash=0)
        )
        assert [each.id for each in between.messages] == [244, 243, 242, 241, 239]
        assert (between.count, between.pts) == (249, news.pts)

    using(dc, tmp_path, work)


def test_short_and_empty_pages(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    for _ in range(30):
        news.post("a post")

    async def work(client: Any) -> None:
        dc.faults.short_pages(2, 5)
        up = [message.id async for message in client.iter_messages("news", reverse=True, wait_time=0)]
        assert up == news.ids
        dc.faults.empty_page()
        page = await client.get_messages("news", limit=100)
        assert list(page) == []
        assert page.total == 30

    using(dc, tmp_path, work)


def test_ten_thousand_posts_page_quickly(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    begin = monotonic()
    for _ in range(10_000):
        news.post("a post")
    assert monotonic() - begin < 5

    async def work(client: Any) -> None:
        count = 0
        async for _ in client.iter_messages("news", wait_time=0):
            count += 1
        assert count == 10_000

    begin = monotonic()
    using(dc, tmp_path, work)
    assert monotonic() - begin < 20


def test_what_a_message_can_say(dc: DataCentre, tmp_path: Path) -> None:
    origin, copycat = dc.channel("Origin", username="origin"), dc.channel("Copycat", username="copycat")
    then = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
    photo = dc.photo(jpeg(), date=then - timedelta(days=1))
    video = dc.document(b"video" * 100, "video/mp4", "v.mp4", thumb=jpeg(2), video=True, cover=dc.photo(jpeg(3)))
    first = origin.post("look", media=photo, date=then, grouped_id=77, scheduled=True, views=5)
    origin.post(media=video, entities=[types.MessageEntityBold(0, 1)])
    copycat.post(forward=(origin, first))
    copycat.post("chain", forward=(copycat, 1), noforwards=True)

    async def work(client: Any) -> None:
        mine = await client.get_messages("origin", ids=first)
        assert (mine.message, mine.date, mine.grouped_id, mine.from_scheduled, mine.views) == (
            "look",
            then,
            77,
            True,
            5,
        )
        assert (mine.photo.id, mine.photo.date, mine.photo.dc_id) == (photo.id, then - timedelta(days=1), 2)
        stripped, small, large = mine.photo.sizes
        assert Image.open(BytesIO(utils.stripped_photo_to_jpg(stripped.bytes))).size == (40, 27)
        assert (small.type, large.type, max(large.sizes)) == ("m", "y", len(jpeg()))
        thumb = await client.download_file(location(mine.photo, "m"), bytes)
        assert Image.open(BytesIO(thumb)).size == (small.w, small.h)
        film = (await client.get_messages("origin", ids=2)).media
        assert film.video
        assert film.video_cover.id
        assert await client.download_file(location(film.document, "m"), bytes) == jpeg(2)
        for number in (1, 2):
            again = await client.get_messages("copycat", ids=number)
            assert again.photo.id == photo.id
            assert (again.fwd_from.from_id.channel_id, again.fwd_from.channel_post) == (origin.id, first)
            assert again.fwd_from.date == then

    using(dc, tmp_path, work)
    assert [what for _, what in dc.served.messages[origin.id][first]] == [("look", None, photo.id)]
    assert dc.served.files[photo.id] == jpeg()


def test_names_invitations_and_membership(dc: DataCentre, tmp_path: Path) -> None:
    open_one = dc.channel("Open", username="open_one", joined=False)
    closed = dc.channel("Closed", joined=False, private=True, invite="AbCdEf")
    closed.post("secret")

    async def work(client: Any) -> None:
        entity = await client.get_entity("open_one")
        assert entity.left
        await client(functions.channels.JoinChannelRequest(entity))
        assert open_one.joined
        await client(functions.channels.LeaveChannelRequest(entity))
        assert not open_one.joined
        with pytest.raises(errors.ChannelInvalidError):
            await client.get_messages(types.InputPeerChannel(open_one.id, 5), limit=1)
        peer = types.InputPeerChannel(closed.id, closed.access_hash)
        with pytest.raises(errors.ChannelPrivateError):
            await client.get_messages(peer, limit=1)
        assert (await client(functions.messages.CheckChatInviteRequest("AbCdEf"))).title == "Closed"
        await client(functions.messages.ImportChatInviteRequest("AbCdEf"))
        assert (await client.get_messages(peer, limit=1))[0].message == "secret"
        assert (await client(functions.messages.CheckChatInviteRequest("AbCdEf"))).chat.id == closed.id
        with pytest.raises(errors.UserAlreadyParticipantError):
            await client(functions.messages.ImportChatInviteRequest("AbCdEf"))
        with pytest.raises(errors.InviteHashExpiredError):
            await client(functions.messages.CheckChatInviteRequest("gone"))
        full = await client(functions.channels.GetFullChannelRequest(peer))
        assert full.full_chat.pts == closed.pts
        assert [dialog.title async for dialog in client.iter_dialogs()] == ["Closed"]
        dc.faults.ban(closed)
        with pytest.raises(errors.ChannelPrivateError):
            await client.get_messages(peer, limit=1)
        dc.faults.unban(closed)
        dc.faults.vanish("open_one")
        with pytest.raises(ValueError, match="No user has"):
            await client.get_entity("open_one")

    using(dc, tmp_path, work)


# Updates


def test_updates_arrive_while_connected(dc: DataCentre, tmp_path: Path) -> None:
    news, other = dc.channel("News", username="news"), dc.channel("Other", joined=False)
    seen: list[Any] = []

    async def work(client: Any) -> None:
        client.add_event_handler(lambda event: keep(seen, event), events.NewMessage())
        client.add_event_handler(lambda event: keep(seen, event), events.MessageEdited())
        client.add_event_handler(lambda event: keep(seen, event), events.MessageDeleted())
        other.post("nobody hears this")
        number = await asyncio.to_thread(news.post, "hello", media=dc.photo(jpeg()))
        await until(lambda: len(seen) == 1)
        assert (seen[0].message.id, seen[0].message.message, seen[0].chat.title) == (number, "hello", "News")
        changed = dc.photo(jpeg(2))
        news.edit(number, media=changed, hide=True)
        await until(lambda: len(seen) == 2)
        assert (seen[1].message.photo.id, seen[1].message.message, seen[1].message.edit_hide) == (
            changed.id,
            "hello",
            True,
        )
        assert seen[1].message.edit_date is not None
        news.delete(number)
        await until(lambda: len(seen) == 3)
        assert seen[2].deleted_ids == [number]
        news.rename("New name", username="new_name")
        assert (await client.get_entity("new_name")).title == "New name"

    using(dc, tmp_path, work)
    versions = [what for _, what in dc.served.messages[news.id][1]]
    assert versions[0][0] == "hello"
    assert versions[2] == "deleted"
    assert len(versions) == 3


def test_a_lost_update_is_in_the_difference(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    seen: list[str] = []

    async def work(client: Any) -> None:
        client.add_event_handler(lambda event: keep(seen, event.message.message), events.NewMessage())
        news.post("first")
        await until(lambda: seen == ["first"])
        dc.faults.lose()
        news.post("lost")
        news.post("third")
        await until(lambda: sorted(seen) == ["first", "lost", "third"])
        assert dc.calls["GetChannelDifferenceRequest"] == 1
        dc.faults.lose_updates(True)
        news.post("unheard")
        dc.faults.lose_updates(False)
        dc.faults.channel_too_long_update(news)
        await until(lambda: "unheard" in seen)

    using(dc, tmp_path, work)


def test_differences(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    begin = news.pts
    for number in range(10):
        news.post(f"post {number}")
    news.edit(3, "changed")
    news.delete(1, 2)

    async def work(client: Any) -> None:
        async def since(pts: int) -> Any:
            named, every = types.InputChannel(news.id, news.access_hash), types.ChannelMessagesFilterEmpty()
            return await client(functions.updates.GetChannelDifferenceRequest(named, every, pts, 100))

        told = await since(begin)
        assert [each.message for each in told.new_messages] == ["changed", *(f"post {each}" for each in range(3, 10))]
        assert told.other_updates[0].message.message == "changed"
        assert told.other_updates[1].messages == [1, 2]
        assert (told.pts, told.final) == (news.pts, True)
        assert isinstance(await since(news.pts), types.updates.ChannelDifferenceEmpty)
        with pytest.raises(errors.PersistentTimestampInvalidError):
            await since(news.pts + 1)
        dc.faults.too_long(news)
        assert isinstance(await since(news.pts), types.updates.ChannelDifferenceTooLong)
        for _ in range(101):
            news.post("many", push=False)
        long = await since(begin)
        assert isinstance(long, types.updates.ChannelDifferenceTooLong)
        assert long.dialog.pts == news.pts

    using(dc, tmp_path, work)


def test_what_was_posted_while_nobody_was_connected_is_caught_up(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    session = tmp_path / "me.session"
    dc.sign_in(session)

    async def once(expected: list[str], post: str | None, **more: Any) -> None:
        seen: list[str] = []
        client = client_of(session, **more)
        client.add_event_handler(lambda event: keep(seen, event.message.message), events.NewMessage())
        await client.connect()
        if post:
            news.post(post)
        await until(lambda: seen == expected)
        await client.disconnect()

    asyncio.run(once(["first"], "first"))
    news.post("second")
    news.post("third", push=False)
    asyncio.run(once(["second", "third"], None, catch_up=True))
    assert dc.calls["GetDifferenceRequest"] >= 1
    assert dc.calls["GetChannelDifferenceRequest"] == 1


def test_a_client_that_wants_no_updates_gets_none(dc: DataCentre, tmp_path: Path) -> None:
    dc.sign_in(tmp_path / "me.session")

    async def run(**more: Any) -> int:
        client = client_of(tmp_path / "me.session", **more)
        await client.connect()
        await client.get_me()
        listening = dc.listening
        await client.disconnect()
        return listening

    assert asyncio.run(run(receive_updates=False)) == 0
    assert asyncio.run(run()) == 1
