"""Asking Telegram: what is answered, waited out, tried again, and what each way of failing becomes."""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions, types

from provenance.errors import AccountLost, ChannelRefused, NotLoggedIn, Unreachable
from provenance.sources.telegram import client
from provenance.sources.telegram.client import Lost, Refused, Telegram, name_of, translated
from provenance.sources.telegram.session import Access, Server
from tests.sources.telegram.conftest import Run
from tests.telegram_dc import DataCentre
from tests.telegram_dc.clients import until

STATE = functions.updates.GetStateRequest
NEAREST = functions.help.GetNearestDcRequest


async def answered(telegram: Telegram) -> None:
    """The connection works."""
    assert isinstance(await telegram.call(STATE()), types.updates.State)


def elsewhere(access: Access, port: int) -> Access:
    assert access.server is not None
    return replace(access, server=replace(access.server, port=port))


def nobody_listens() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


# Answers, floods, passing trouble


def test_a_call_is_answered(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        nearest = await telegram.call(NEAREST())
        assert (nearest.country, nearest.nearest_dc) == ("DE", 2)

    run(work)
    assert dc.calls["GetNearestDcRequest"] == 1


def test_floods_are_waited_out_and_told_of(dc: DataCentre, access: Access) -> None:
    told: list[tuple[str, int]] = []

    async def flood(what: str, seconds: int) -> None:
        told.append((what, seconds))

    async def run() -> None:
        async with Telegram(access, 6000, flood) as telegram:
            dc.faults.flood("GetNearestDcRequest", 3)
            dc.faults.flood("GetNearestDcRequest", 2)
            assert (await telegram.call(NEAREST())).country == "DE"

    asyncio.run(run())
    assert told == [("GetNearestDcRequest", 3), ("GetNearestDcRequest", 2)]
    assert dc.calls["GetNearestDcRequest"] == 3


def test_a_flood_of_no_seconds_is_waited_out_for_one(dc: DataCentre, access: Access) -> None:
    told: list[tuple[str, int]] = []

    async def flood(what: str, seconds: int) -> None:
        told.append((what, seconds))

    async def run() -> None:
        dc.faults.flood("GetConfigRequest", 0)  # in later requests Telethon makes it one itself
        async with Telegram(access, 6000, flood):
            pass

    asyncio.run(run())
    assert told == [("connect", 1)]


def test_without_a_callback_floods_are_slept_out(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        dc.faults.flood("GetNearestDcRequest", 1)
        begin = time.monotonic()
        await telegram.call(NEAREST())
        assert time.monotonic() - begin >= 1

    run(work)


async def asked(telegram: Telegram) -> Any:
    """An answer without Telethon's own second try, and the two seconds that it sleeps before."""

    async def ask() -> Any:
        return await telegram.client._sender.send(NEAREST())

    return await telegram.persist(ask, "the nearest")


@pytest.mark.parametrize("trouble", [(500, "INTERNAL"), (-503, "Timeout"), (500, "RPC_CALL_FAIL")])
def test_passing_trouble_is_tried_again(dc: DataCentre, run: Run, trouble: tuple[int, str]) -> None:
    async def work(telegram: Telegram) -> None:
        dc.faults.fail("GetNearestDcRequest", *trouble)
        assert (await asked(telegram)).country == "DE"

    run(work)
    assert dc.calls["GetNearestDcRequest"] == 2


def test_trouble_that_does_not_pass_is_a_lost_connection(
    dc: DataCentre, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_ATTEMPTS", 2)

    async def work(telegram: Telegram) -> None:
        dc.faults.fail("GetNearestDcRequest", 500, "INTERNAL", times=100)
        with pytest.raises(Lost, match=r"internal trouble \(INTERNAL\)"):
            await asked(telegram)
        await answered(telegram)

    run(work)
    assert dc.calls["GetNearestDcRequest"] == 2


def test_paced_requests_wait_for_their_turn(access: Access) -> None:
    async def run() -> float:
        # 240 a minute: 60 at once, then one every quarter of a second.
        async with Telegram(access, requests_per_minute=240) as telegram:
            begin = time.monotonic()
            for _ in range(64):
                await telegram.call(NEAREST(), paced=True)
            took = time.monotonic() - begin
            begin = time.monotonic()
            for _ in range(40):
                await telegram.call(NEAREST())
            assert time.monotonic() - begin < 9  # ten seconds, if they were paced
            return took

    assert 0.95 <= asyncio.run(run()) < 8


# Lost connections


def test_a_connection_dropped_during_a_call_is_lost_and_can_be_made_again(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        for _ in range(2):
            dc.faults.drop_on("GetNearestDcRequest")
            with pytest.raises(Lost, match=r"\w"):
                await telegram.call(NEAREST())
            await asyncio.wait_for(telegram.disconnected(), 5)
            with pytest.raises(Lost, match="disconnected"):
                await telegram.call(NEAREST())
            await telegram.disconnect()
            await telegram.connect()
            await answered(telegram)
        assert dc.connections == 1

    run(work)


def test_connections_that_drop_while_nobody_asks_are_noticed(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        gone = asyncio.ensure_future(telegram.disconnected())
        await asyncio.sleep(0.05)
        assert not gone.done()
        dc.faults.drop_connections()
        await asyncio.wait_for(gone, 5)

    run(work)


async def waiting(dc: DataCentre, telegram: Telegram) -> "asyncio.Future[Any]":
    """A call that gets no answer."""
    dc.faults.silence("GetNearestDcRequest")
    before = dc.calls["GetNearestDcRequest"]
    call = asyncio.ensure_future(telegram.call(NEAREST()))
    await until(lambda: dc.calls["GetNearestDcRequest"] > before)
    return call


def test_closing_the_connection_is_no_wish_to_stop_who_waits_for_an_answer(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        call = await waiting(dc, telegram)
        await telegram.disconnect()
        with pytest.raises(Lost, match="the connection was closed"):
            await call

    run(work)


def test_a_cancelled_task_stays_cancelled(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        call = await waiting(dc, telegram)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                dc.faults.silence("GetNearestDcRequest")
                await telegram.call(NEAREST())
        await answered(telegram)

    run(work)


def test_a_silent_server_is_lost_in_the_end(dc: DataCentre, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(telegram: Telegram) -> None:
        monkeypatch.setattr(client, "ANSWER_SECONDS", 0.2)
        dc.faults.silence("GetNearestDcRequest")
        with pytest.raises(Lost, match="TimeoutError"):
            await telegram.call(NEAREST())
        await answered(telegram)

    run(work)


def test_a_refused_connection_is_lost(dc: DataCentre, access: Access) -> None:
    async def run() -> None:
        telegram = Telegram(elsewhere(access, nobody_listens()), 6000)
        with pytest.raises(Lost, match="Connection to Telegram failed"):
            await telegram.connect()
        await telegram.disconnect()

    asyncio.run(run())


def test_a_server_that_hangs_up_at_once_is_lost_until_it_stays(dc: DataCentre, access: Access) -> None:
    async def run() -> None:
        telegram = Telegram(access, 6000)
        dc.faults.refuse(60)
        with pytest.raises(Lost):
            await telegram.connect()
        dc.faults.refuse(0)
        async with telegram:
            await answered(telegram)

    asyncio.run(run())


# Connecting half way


def _flood(dc: DataCentre) -> None:
    dc.faults.flood("GetConfigRequest", 1)


def _trouble(dc: DataCentre) -> None:
    dc.faults.fail("GetConfigRequest", 500, "INTERNAL", times=2)


def _flood_later(dc: DataCentre) -> None:
    dc.faults.flood("GetUsersRequest", 1)


@pytest.mark.parametrize("order", [_flood, _trouble, _flood_later])
def test_connecting_goes_on_after_floods_and_passing_trouble(
    dc: DataCentre, access: Access, order: Callable[[DataCentre], None]
) -> None:
    async def run() -> None:
        order(dc)
        async with Telegram(access, 6000) as telegram:
            await answered(telegram)
            await until(lambda: dc.connections == 1)
            # What an account in good order does at the end of connecting was done: it hears of what happens.
            await until(lambda: dc.listening == 1)
            assert telegram.client._updates_handle is not None

    asyncio.run(run())
    assert dc.faults.happened.total() >= 1


def _drop(dc: DataCentre) -> None:
    dc.faults.drop_on("GetConfigRequest")


def _silence(dc: DataCentre) -> None:
    dc.faults.silence("GetConfigRequest")


def _silence_later(dc: DataCentre) -> None:
    dc.faults.silence("GetUsersRequest")


@pytest.mark.parametrize("order", [_drop, _silence, _silence_later])
def test_connecting_that_fails_half_way_leaves_nothing_behind(
    dc: DataCentre, access: Access, monkeypatch: pytest.MonkeyPatch, order: Callable[[DataCentre], None]
) -> None:
    async def run() -> None:
        telegram = Telegram(access, 6000)
        order(dc)
        with monkeypatch.context() as shorter, pytest.raises(Lost):
            shorter.setattr(client, "ANSWER_SECONDS", 0.5)
            await telegram.connect()
        await until(lambda: dc.connections == 0)
        async with telegram:
            await answered(telegram)

    asyncio.run(run())


# The end of the account


@pytest.mark.parametrize(
    "word",
    [
        "SESSION_REVOKED",
        "SESSION_EXPIRED",
        "AUTH_KEY_UNREGISTERED",
        "AUTH_KEY_INVALID",
        "AUTH_KEY_DUPLICATED",
        "USER_DEACTIVATED",
        "USER_DEACTIVATED_BAN",
    ],
)
def test_a_revoked_session_is_the_end(dc: DataCentre, run: Run, word: str) -> None:
    async def work(telegram: Telegram) -> None:
        # Else Telethon's first difference may learn of it before our request, and close the connection.
        await until(lambda: dc.calls["GetDifferenceRequest"] >= 1)
        await answered(telegram)
        dc.faults.revoke(word)
        with pytest.raises(AccountLost, match=f"ended this login: {word}\\."):
            await telegram.call(STATE())

    run(work)


def test_a_frozen_account_is_the_end_and_not_a_flood(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        dc.faults.fail("GetNearestDcRequest", 420, "FROZEN_METHOD_INVALID")
        with pytest.raises(AccountLost, match="FROZEN_METHOD_INVALID"):
            await telegram.call(NEAREST())

    run(work)


@pytest.mark.parametrize("used_before", [False, True])
def test_connecting_with_a_revoked_session_is_the_end(dc: DataCentre, access: Access, used_before: bool) -> None:
    async def run() -> None:
        if used_before:
            async with Telegram(access, 6000) as telegram:
                await answered(telegram)
        dc.faults.revoke()
        for _ in range(3):
            telegram = Telegram(access, 6000)
            with pytest.raises(AccountLost, match="SESSION_REVOKED"):
                await telegram.connect()
            await telegram.disconnect()

    asyncio.run(run())


def test_a_session_that_telegram_does_not_know_is_the_end(dc: DataCentre, access: Access) -> None:
    async def run() -> None:
        telegram = Telegram(access, 6000)
        with dc.lock:
            dc.keys.clear()
        with pytest.raises(AccountLost, match="does not know this session"):
            await telegram.connect()
        await until(lambda: dc.connections == 0)

    asyncio.run(run())


def test_without_a_session_nobody_is_logged_in(new: Access) -> None:
    with pytest.raises(NotLoggedIn) as refused:
        Telegram(new, 6000)
    assert refused.value.facts == {"directory": new.session.parent.parent}
    assert not new.session.exists()


def test_a_session_without_an_account_is_no_login(access: Access) -> None:
    with pytest.raises(NotLoggedIn):
        Telegram(Access(access.session, server=Server(2, "127.0.0.1", 1, None)), 6000)


# Refusals


@pytest.mark.parametrize(
    ("code", "word", "name"),
    [
        (400, "CHANNEL_PRIVATE", "CHANNEL_PRIVATE"),
        (406, "CHANNEL_PRIVATE", "CHANNEL_PRIVATE"),
        (400, "USERNAME_NOT_OCCUPIED", "USERNAME_NOT_OCCUPIED"),
        (400, "MSG_ID_INVALID", "MSG_ID_INVALID"),
        (403, "CHAT_WRITE_FORBIDDEN", "CHAT_WRITE_FORBIDDEN"),
        (400, "NO_CLASS_OF_TELETHONS_9", "NO_CLASS_OF_TELETHONS_9"),
        (403, "NO_CLASS_EITHER", "NO_CLASS_EITHER"),
        (400, "FILE_PART_3_MISSING", "FILE_PART_MISSING"),
    ],
)
def test_a_refusal_keeps_telegrams_own_word(dc: DataCentre, run: Run, code: int, word: str, name: str) -> None:
    async def work(telegram: Telegram) -> None:
        dc.faults.fail("GetNearestDcRequest", code, word)
        with pytest.raises(Refused) as refused:
            await telegram.call(NEAREST())
        assert refused.value.name == str(refused.value) == name
        await answered(telegram)

    run(work)
    assert dc.calls["GetNearestDcRequest"] == 1


def test_names_of_errors() -> None:
    assert name_of(errors.ServerError(None, "INTERNAL", 500)) == "INTERNAL"
    assert name_of(errors.UserDeactivatedBanError(None)) == "USER_DEACTIVATED_BAN"
    assert name_of(errors.FloodWaitError(None, 3)) == "FLOOD_WAIT"


@pytest.mark.parametrize(
    ("found", "shown", "text"),
    [
        (Lost("it broke"), Unreachable, "cannot be reached: it broke"),
        (Refused("SOME_REASON"), ChannelRefused, r"it refuses a request \(SOME_REASON\)"),
        (AccountLost(what="X"), AccountLost, "X"),
    ],
)
def test_what_users_see_where_nobody_connects_again(found: Exception, shown: type[Exception], text: str) -> None:
    with pytest.raises(shown, match=text), translated():
        raise found
