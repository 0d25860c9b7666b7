"""The faults that can be ordered do happen."""

import asyncio
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions, types

from tests.telegram_dc import DataCentre
from tests.telegram_dc.clients import client_of, connected, until, using


def test_floods_errors_and_unknown_requests(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    news.post("a post")

    async def work(client: Any) -> None:
        peer = types.InputPeerChannel(news.id, news.access_hash)
        dc.faults.flood("GetHistoryRequest", 2, times=2)
        for _ in range(2):
            with pytest.raises(errors.FloodWaitError) as flood:
                await client.get_messages(peer, limit=1)
            assert flood.value.seconds == 2
        assert len(await client.get_messages(peer, limit=1)) == 1
        dc.faults.fail("GetHistoryRequest", 400, "CHANNEL_PRIVATE")
        with pytest.raises(errors.ChannelPrivateError):
            await client.get_messages(peer, limit=1)
        dc.faults.delay("GetHistoryRequest", 0.3)
        begin = monotonic()
        slow = asyncio.ensure_future(client.get_messages(peer, limit=1))
        await client(functions.updates.GetStateRequest())
        assert monotonic() - begin < 0.25
        await slow
        assert monotonic() - begin >= 0.3
        dc.faults.silence("GetHistoryRequest")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.get_messages(peer, limit=1), 0.2)
        dc.faults.fail(None, 420, "FROZEN_METHOD_INVALID")
        with pytest.raises(errors.FloodError):
            await client(functions.updates.GetStateRequest())
        with pytest.raises(errors.BadRequestError, match="METHOD_NOT_SUPPORTED_HERE"):
            await client(functions.help.GetInviteTextRequest())

    using(dc, tmp_path, work)
    assert dc.unknown == {"GetInviteTextRequest": 1}
    dc.unknown.clear()


def test_a_dropped_connection_and_the_same_session_again(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    news.post("a post")

    async def run() -> None:
        async with connected(dc, tmp_path / "me.session") as client:
            dc.faults.drop_on("GetHistoryRequest")
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await client.get_messages("news", limit=1)
        async with connected(dc, tmp_path / "me.session") as client:
            await until(lambda: dc.connections == 1)
            dc.faults.drop_connections()
            assert dc.connections == 0
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await client.disconnected
        async with connected(dc, tmp_path / "me.session") as client:
            assert await client.is_user_authorized()
            assert len(await client.get_messages("news", limit=1)) == 1

    asyncio.run(run())


def test_refused_connections(dc: DataCentre, tmp_path: Path) -> None:
    async def run() -> None:
        dc.faults.refuse(0.4)
        dc.sign_in(tmp_path / "me.session")
        client = client_of(tmp_path / "me.session")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.connect()
        await client.disconnect()
        await asyncio.sleep(0.4)
        async with connected(dc, tmp_path / "me.session") as client:
            assert await client.is_user_authorized()

    asyncio.run(run())


def test_chance_is_seeded(dc: DataCentre) -> None:
    def drawn() -> list[str]:
        dc.faults.random(7, {"flood": 0.1, "fail": 0.1, "drop": 0.1, "delay": 0.1, "truncate": 0.3, "lose": 0.3})
        kinds = [rule.kind if (rule := dc.faults.take("GetHistoryRequest")) else "" for _ in range(200)]
        return [*kinds, *(str(len(dc.faults.spoil(bytes(10)))) for _ in range(50)), str(dc.faults.loses())]

    first = drawn()
    assert first == drawn()
    dc.faults.random(7, {"drop": 1.0}, spare=["GetConfigRequest"])
    assert dc.faults.take("GetConfigRequest") is None
    assert dc.faults.take("GetHistoryRequest") is not None
    assert {"flood", "fail", "drop", "delay", "", "5", "10"} <= set(first)
    with pytest.raises(ValueError, match="no such faults"):
        dc.faults.random(7, {"rain": 0.5})
