"""Clients of the test data centre: Telethon as the tests connect it, and what they do with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.tl import types

from tests.stories import random_photo
from tests.telegram_dc import DataCentre


def jpeg(seed: int = 1, size: tuple[int, int] = (480, 320)) -> bytes:
    """A photo as JPEG bytes; other seeds give unrelated ones."""
    target = BytesIO()
    random_photo(seed, size).save(target, "JPEG", quality=90)
    return target.getvalue()


def client_of(session: Path, **more: Any) -> Any:
    """The client under test, in the way that a careful program makes it."""
    return TelegramClient(
        str(session),
        1,
        "0" * 32,
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        request_retries=1,
        auto_reconnect=False,
        **more,
    )


@asynccontextmanager
async def connected(dc: DataCentre, session: Path, signed_in: bool = True) -> AsyncIterator[Any]:
    """A connected client; its session file is made when the data centre knows no key yet."""
    if signed_in and not dc.keys:
        dc.sign_in(session)
    client = client_of(session)
    if not signed_in:
        client.session.set_dc(2, "127.0.0.1", dc.port)
    await client.connect()
    try:
        yield client
    finally:
        await client.disconnect()


def using(dc: DataCentre, tmp_path: Path, work: Callable[[Any], Awaitable[None]], signed_in: bool = True) -> None:
    """Run some work with a connected client, in a loop of its own."""

    async def run() -> None:
        async with connected(dc, tmp_path / "me.session", signed_in) as client:
            await work(client)

    asyncio.run(run())


async def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for something that another thread or task brings about."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is in another thread
            await asyncio.sleep(0.005)


def location(media: Any, size: str = "") -> Any:
    """Where the file of a photo or document is; by default the largest size."""
    kind = types.InputPhotoFileLocation if isinstance(media, types.Photo) else types.InputDocumentFileLocation
    size = size or ("y" if isinstance(media, types.Photo) else "")
    return kind(media.id, media.access_hash, media.file_reference, size)


async def fetch(client: Any, media: Any) -> bytes:
    """Download a file from the data centre that its media names."""
    data: bytes = await client.download_file(location(media), bytes, part_size_kb=512, dc_id=media.dc_id)
    return data


async def keep(seen: list[Any], event: Any) -> None:
    """An event handler's body: note the event."""
    seen.append(event)
