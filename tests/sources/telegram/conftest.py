"""A data centre for each test, an account that is signed in at it, and the way to work with a connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from provenance.sources.telegram.client import Telegram
from provenance.sources.telegram.session import Access, Server
from tests.telegram_dc import DataCentre

Work = Callable[[Telegram], Awaitable[None]]
Run = Callable[[Work], None]

HASH = "0" * 32


@pytest.fixture
def dc() -> Iterator[DataCentre]:
    """Data centres 2 and 4; clients come to trust them by `Access.server`."""
    with DataCentre() as centre:
        yield centre
        assert centre.errors == []
        assert not centre.unknown


@pytest.fixture
def new(dc: DataCentre, tmp_path: Path) -> Access:
    """Access to the data centre before any login."""
    folder = tmp_path / "telegram"
    folder.mkdir(mode=0o700)
    return Access(folder / "me.session", 1, HASH, Server(dc.home, "127.0.0.1", dc.port, dc.public_key))


@pytest.fixture
def access(dc: DataCentre, new: Access) -> Access:
    """Access to a session that is signed in."""
    dc.sign_in(new.session)
    return new


@pytest.fixture
def run(access: Access) -> Run:
    """Run some work with a connected `Telegram`, in a loop of its own."""

    def runs(work: Work) -> None:
        async def connected() -> None:
            async with Telegram(access, requests_per_minute=6000) as telegram:
                await work(telegram)

        asyncio.run(connected())

    return runs
