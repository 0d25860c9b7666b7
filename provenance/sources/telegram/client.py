"""The one way to ask Telegram something: paced, patient with floods and failures, its errors turned into ours.

An answer comes back, or one of: AccountLost (over), Lost (connect again), Refused (this request, for a reason).
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiolimiter import AsyncLimiter
from telethon import TelegramClient, errors
from telethon.errors.common import AuthKeyNotFound
from telethon.tl import TLRequest, functions
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential, wait_random

from provenance.errors import AccountLost, ChannelRefused, NotLoggedIn, Unreachable
from provenance.sources.telegram.session import Access, account, open_client

log = logging.getLogger(__name__)

ANSWER_SECONDS = 60
"""How long one answer may take before the connection counts as dead."""
_ATTEMPTS = 5
_LOST_ACCOUNT = (
    errors.AuthKeyUnregisteredError,
    errors.AuthKeyInvalidError,
    errors.AuthKeyDuplicatedError,
    errors.SessionRevokedError,
    errors.SessionExpiredError,
    errors.UserDeactivatedError,
    errors.UserDeactivatedBanError,
    errors.PhoneNumberBannedError,
    AuthKeyNotFound,
)
_PASSING = (
    errors.ServerError,
    errors.TimedOutError,
    errors.RpcCallFailError,
    errors.RpcMcgetFailError,
    errors.InterdcCallErrorError,
    errors.InterdcCallRichErrorError,
)

Flood = Callable[[str, int], Awaitable[None]]
"""Waits out a flood: told what was asked, and for how many seconds Telegram wants to be left alone."""


class Lost(Exception):  # a finding about the connection, for whoever connects again
    """The connection is gone; the argument says how."""


class Refused(Exception):  # a finding about one request
    """Telegram refuses this request; `name` is its own word for the reason, such as CHANNEL_PRIVATE."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


async def sleep_out(what: str, seconds: int) -> None:
    """Wait out a flood with nobody watching."""
    await asyncio.sleep(seconds)


class Telegram:
    """A connection to Telegram. Use it as an async context manager; it does not reconnect by itself.

    Raises NotLoggedIn where there is no session, and what `open_client` raises.
    """

    def __init__(self, access: Access, requests_per_minute: int, flood: Flood = sleep_out) -> None:
        if not access.session.exists():
            raise NotLoggedIn(directory=access.session.parent.parent)
        api_id, api_hash = account(access)
        self.client: TelegramClient = open_client(access, api_id, api_hash)
        # A quarter of a minute's requests may come at once; the rest is spread out.
        self._pace = AsyncLimiter(max(1, requests_per_minute // 4), 15)
        self._flood = flood

    async def __aenter__(self) -> "Telegram":
        await self.connect()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.disconnect()

    async def connect(self) -> None:
        """Connect, and ask whether the account is still ours. Raises Lost, AccountLost or Refused."""
        await self.persist(self._connect, "connect")
        await self.call(functions.updates.GetStateRequest())

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.client.connect()
        except BaseException:
            # Half connected, Telethon would take the next try for done.
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Close the connection; never raises for one that is gone already."""
        try:
            async with asyncio.timeout(5):
                await self.client.disconnect()
        except (OSError, TimeoutError) as error:
            log.debug("closing the connection: %s", error)

    async def disconnected(self) -> None:
        """Wait until the connection is gone."""
        try:
            await self.client.disconnected
        except (OSError, asyncio.IncompleteReadError, AuthKeyNotFound) as error:
            log.debug("the connection ended: %s", error)

    async def call(self, request: TLRequest, *, paced: bool = False) -> Any:
        """Ask Telegram something; `paced` requests wait for their turn.

        Floods are waited out and passing failures tried again. Raises AccountLost, Lost or Refused.
        """
        return await self.persist(lambda: self._ask(request, paced=paced), type(request).__name__)

    async def persist(self, ask: Callable[[], Awaitable[Any]], what: str) -> Any:
        """Run `ask` until it has an answer, waiting out floods and passing failures, like `call`."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(_PASSING),
                wait=wait_exponential(0.3, max=10) + wait_random(0, 0.5),
                stop=stop_after_attempt(_ATTEMPTS),
                reraise=True,
            ):
                with attempt:
                    return await self._patiently(ask, what)
        except errors.RPCError as error:
            raise _translated(error) from error

    async def _patiently(self, ask: Callable[[], Awaitable[Any]], what: str) -> Any:
        while True:
            try:
                return await ask()
            except errors.FloodError as flood:
                seconds = getattr(flood, "seconds", None)
                if seconds is None:
                    raise  # A frozen account answers like this; waiting would be in vain.
                log.info("Telegram asks to wait %d s (%s)", seconds, what)
                await self._flood(what, max(1, seconds))
            except (OSError, asyncio.IncompleteReadError, TimeoutError, AuthKeyNotFound) as error:
                if isinstance(error, AuthKeyNotFound):
                    raise AccountLost(what="it does not know this session any more") from error
                raise Lost(_words(error)) from error
            except asyncio.CancelledError:
                raise _lost_or_cancelled() from None

    async def _ask(self, request: TLRequest, *, paced: bool) -> Any:
        if paced:
            await self._pace.acquire()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self.client(request)


@contextmanager
def translated() -> Iterator[None]:
    """Turn findings about the connection into the errors that users see, where nobody connects again.

    Raises Unreachable or ChannelRefused.
    """
    try:
        yield
    except Lost as lost:
        raise Unreachable(what=lost) from lost
    except Refused as refused:
        raise ChannelRefused(name="Telegram", what=f"it refuses a request ({refused.name})") from refused


def _lost_or_cancelled() -> BaseException:
    """Telethon cancels what waits for an answer when the connection ends: that is no wish to stop this task."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        return asyncio.CancelledError()
    return Lost("the connection was closed")


def _translated(error: errors.RPCError) -> Exception:
    name = name_of(error)
    if isinstance(error, _LOST_ACCOUNT) or name.startswith("FROZEN"):
        return AccountLost(what=name)
    if isinstance(error, _PASSING):
        return Lost(f"Telegram has internal trouble ({name})")
    return Refused(name)


def name_of(error: errors.RPCError) -> str:
    """Telegram's own word for an error. Telethon keeps it only where it has no class for it."""
    known = type(error).__name__.removesuffix("Error")
    if type(error).__module__.endswith("rpcbaseerrors"):
        return str(error.message)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", known).upper()


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
