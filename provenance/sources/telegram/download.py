"""The bytes of an image: from the data centre that holds it, counted, into a file of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from telethon import errors
from telethon.tl import types

from provenance.core.model import MediaKind, Remote
from provenance.sources.telegram.client import Lost, Telegram

_PART_SECONDS = 60
"""How long one part of a file may take."""
_PART = 512 * 1024
_EXPIRED = (
    errors.FileReferenceExpiredError,
    errors.FileReferenceInvalidError,
    errors.FileReferenceEmptyError,
    errors.FilerefUpgradeNeededError,
)


class Expired(Exception):  # a finding about one download
    """The file reference has expired: a fresh copy of the post brings another."""


class Damaged(Exception):  # a finding about one download
    """What came is not what was declared; the argument says how."""


class Unwritable(Exception):  # a finding about the disk, not about the connection
    """The disk does not take the bytes; the argument says why."""


async def fetch(telegram: Telegram, remote: Remote, target: Path, max_bytes: int) -> None:
    """Write the bytes to `target`. Raises Expired, Damaged, Unwritable, and what `Telegram.call` raises."""
    await telegram.persist(lambda: _fetch(telegram, remote, target, max_bytes), "GetFileRequest")


async def _fetch(telegram: Telegram, remote: Remote, target: Path, max_bytes: int) -> None:
    parts = telegram.client.iter_download(
        _location(remote), request_size=_PART, file_size=remote.size or None, dc_id=remote.dc
    )
    length = 0
    try:
        with _writable(target) as write:
            while (part := await _next(parts)) is not None:
                length += len(part)
                if length > max(max_bytes, remote.size):
                    raise Damaged(f"larger than the limit of {max_bytes >> 20} MiB")
                write(part)
    except _EXPIRED as error:
        raise Expired from error
    except KeyError as error:
        # Telethon has closed its connections to other data centres meanwhile.
        raise Lost("the connection to the file's data centre was closed") from error
    finally:
        if getattr(parts, "_sender", None) is not None:
            # A part that failed leaves its borrowed connection behind otherwise.
            with suppress(KeyError):  # closed meanwhile, with all the others
                await parts.close()
    if not length:
        raise Damaged("Telegram sent nothing")
    # Telethon takes short, empty and doubled answers for whole files.
    if remote.size and length != remote.size:
        raise Damaged(f"Telegram sent {length} bytes instead of {remote.size}")


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    async with asyncio.timeout(_PART_SECONDS):
        return await anext(parts, None)


@contextmanager
def _writable(target: Path) -> Iterator[Callable[[bytes], object]]:
    """Open a file and hand out its `write`; what the disk refuses is told apart from what the network does."""
    try:
        stream = target.open("wb", buffering=0)
    except OSError as error:
        raise Unwritable(error.strerror or error) from error

    def write(part: bytes) -> None:
        left = memoryview(part)
        try:
            while left:  # a disk that is nearly full takes less than all of it
                left = left[stream.write(left) :]
        except OSError as error:
            raise Unwritable(error.strerror or error) from error

    with stream:
        yield write


def _location(remote: Remote) -> types.InputPhotoFileLocation | types.InputDocumentFileLocation:
    kind = types.InputPhotoFileLocation if remote.media is MediaKind.PHOTO else types.InputDocumentFileLocation
    return kind(
        id=remote.media_id,
        access_hash=remote.access_hash,
        file_reference=remote.reference,
        thumb_size=remote.part,
    )
