"""Bytes of images from whichever data centre holds them: counted, whole, and every failure told apart."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provenance.core.model import AttachmentKind, MediaKind, Remote
from provenance.errors import AccountLost
from provenance.sources.telegram import download
from provenance.sources.telegram.client import Lost, Refused, Telegram
from provenance.sources.telegram.convert import Policy
from provenance.sources.telegram.download import Damaged, Expired, Unwritable, fetch
from provenance.sources.telegram.history import by_number
from provenance.sources.telegram.peers import Reference
from provenance.sources.telegram.session import Access
from tests.sources.telegram.conftest import Run
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel as Hosted
from tests.telegram_dc.clients import jpeg, until

MIB = 1 << 20
PHOTO = jpeg(1)
HOMES = pytest.mark.parametrize("home", [2, 4])


@pytest.fixture
def news(dc: DataCentre) -> Hosted:
    return dc.channel("The News", username="news")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "part"


async def remotes(telegram: Telegram, hosted: Hosted, number: int = 1) -> dict[AttachmentKind, Remote]:
    """Where the images of a post are, as Telegram says now."""
    told = await by_number(
        telegram, Reference(hosted.id, hosted.access_hash), Policy(), lambda: datetime.now(UTC), [number]
    )
    return {each.kind: each.remote for each in told.posts[0].attachments if each.remote is not None}


async def remote(telegram: Telegram, hosted: Hosted, number: int = 1) -> Remote:
    (only,) = (await remotes(telegram, hosted, number)).values()
    return only


def borrowed(telegram: Telegram) -> int:
    """How many downloads hold a connection to another data centre, as Telethon counts them."""
    return sum(state._n for state, _ in telegram.client._borrowed_senders.values())


def content(path: Path) -> bytes:
    return path.read_bytes()


async def works(telegram: Telegram, there: Remote, target: Path, data: bytes = PHOTO) -> None:
    """A download goes well, and nothing is left borrowed after it."""
    await fetch(telegram, there, target, MIB)
    assert content(target) == data
    assert borrowed(telegram) == 0


# What goes well


@HOMES
def test_photos(dc: DataCentre, run: Run, news: Hosted, target: Path, home: int) -> None:
    target.write_bytes(b"what was left of an earlier try, and longer" + PHOTO)
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        assert (there.media, there.dc, there.size) == (MediaKind.PHOTO, home, len(PHOTO))
        for _ in range(2):
            await works(telegram, there, target)

    run(work)
    assert dc.calls["GetFileRequest"] == 2
    assert dc.calls["ExportAuthorizationRequest"] == (home == 4)


@HOMES
@pytest.mark.parametrize("size", [512 * 1024 - 1, 512 * 1024, MIB + 5])
def test_files_of_many_parts(dc: DataCentre, run: Run, news: Hosted, target: Path, home: int, size: int) -> None:
    data = (PHOTO + bytes(range(256)) * 5000)[:size]
    news.post(media=dc.document(data, "image/jpeg", "big.jpg", dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        assert (there.media, there.part, there.size) == (MediaKind.DOCUMENT, "", size)
        await works(telegram, there, target, data)

    run(work)
    assert dc.calls["GetFileRequest"] == -(-size // (512 * 1024))


def test_the_thumbnail_of_a_video(dc: DataCentre, run: Run, news: Hosted, target: Path) -> None:
    thumb = jpeg(2, (320, 180))
    news.post(media=dc.document(b"a video", "video/mp4", "clip.mp4", video=True, thumb=thumb))

    async def work(telegram: Telegram) -> None:
        there = (await remotes(telegram, news))[AttachmentKind.VIDEO_THUMBNAIL]
        assert there.part == "m"
        await works(telegram, there, target, thumb)

    run(work)


def test_a_size_that_is_not_declared(dc: DataCentre, run: Run, news: Hosted, target: Path) -> None:
    news.post(media=dc.photo(PHOTO))

    async def work(telegram: Telegram) -> None:
        await works(telegram, replace(await remote(telegram, news), size=0), target)

    run(work)


def test_a_file_that_has_moved_away(dc: DataCentre, run: Run, news: Hosted, target: Path) -> None:
    photo = dc.photo(PHOTO, dc_id=2)
    news.post(media=photo)

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        dc.faults.move(photo, 4)
        await works(telegram, there, target)

    run(work)


def test_floods_are_waited_out_and_told_of(dc: DataCentre, access: Access, news: Hosted, target: Path) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=4))
    told: list[tuple[str, int]] = []

    async def flood(what: str, seconds: int) -> None:
        told.append((what, seconds))

    async def run() -> None:
        async with Telegram(access, 6000, flood) as telegram:
            there = await remote(telegram, news)
            dc.faults.flood("GetFileRequest", 3)
            await works(telegram, there, target)

    asyncio.run(run())
    assert told == [("GetFileRequest", 3)]


def test_several_at_once(dc: DataCentre, run: Run, news: Hosted, tmp_path: Path) -> None:
    for seed in range(6):
        news.post(media=dc.photo(jpeg(seed), dc_id=2 + seed % 2 * 2))

    async def work(telegram: Telegram) -> None:
        there = [await remote(telegram, news, number) for number in range(1, 7)]
        await asyncio.gather(*(fetch(telegram, each, tmp_path / f"{at}", MIB) for at, each in enumerate(there)))
        assert [content(tmp_path / f"{at}") for at in range(6)] == [jpeg(seed) for seed in range(6)]
        assert borrowed(telegram) == 0

    run(work)


# What comes damaged


@HOMES
@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("truncate", f"{len(PHOTO) // 2} bytes instead of {len(PHOTO)}"),
        ("empty", "sent nothing"),
        ("double", f"{2 * len(PHOTO)} bytes instead of {len(PHOTO)}"),
    ],
)
def test_a_length_that_is_not_the_declared_one(
    dc: DataCentre, run: Run, news: Hosted, target: Path, home: int, how: str, text: str
) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        getattr(dc.faults, how)()
        with pytest.raises(Damaged, match=text):
            await fetch(telegram, there, target, MIB)
        await works(telegram, there, target)

    run(work)


@HOMES
def test_more_than_the_limit(dc: DataCentre, run: Run, news: Hosted, target: Path, home: int) -> None:
    data = PHOTO + bytes(2 * MIB)
    news.post(media=dc.document(data, "image/jpeg", "big.jpg", dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        with pytest.raises(Damaged, match="larger than the limit of 1 MiB"):
            await fetch(telegram, replace(there, size=0), target, MIB)
        assert len(content(target)) <= MIB
        assert borrowed(telegram) == 0
        # Whoever asks has looked at the declared size before.
        await works(telegram, there, target, data)

    run(work)


# What is refused


@HOMES
@pytest.mark.parametrize("how", ["expire_references", "invalid_references"])
def test_old_references(dc: DataCentre, run: Run, news: Hosted, target: Path, home: int, how: str) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        getattr(dc.faults, how)()
        for stale in (there, replace(there, reference=b"")):
            with pytest.raises(Expired):
                await fetch(telegram, stale, target, MIB)
            assert borrowed(telegram) == 0
        await works(telegram, await remote(telegram, news), target)

    run(work)


@HOMES
def test_files_that_are_gone(dc: DataCentre, run: Run, news: Hosted, target: Path, home: int) -> None:
    gone = dc.photo(PHOTO, dc_id=home)
    news.post(media=gone)
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        dc.faults.gone(gone)
        with pytest.raises(Refused, match="LOCATION_INVALID"):
            await fetch(telegram, there, target, MIB)
        with pytest.raises(Refused, match="FILE_ID_INVALID"):
            other = await remote(telegram, news, 2)
            await fetch(telegram, replace(other, access_hash=1), target, MIB)
        await works(telegram, await remote(telegram, news, 2), target)

    run(work)


def test_the_end_of_the_account(dc: DataCentre, run: Run, news: Hosted, target: Path) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=4))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        await works(telegram, there, target)
        dc.faults.revoke()
        with pytest.raises(AccountLost, match="SESSION_REVOKED"):
            await fetch(telegram, there, target, MIB)

    run(work)


# The connection


def test_a_connection_dropped_in_the_middle(dc: DataCentre, run: Run, news: Hosted, target: Path) -> None:
    news.post(media=dc.document(PHOTO + bytes(MIB), "image/jpeg", "big.jpg"))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        dc.faults.drop_on("GetFileRequest")
        with pytest.raises(Lost):
            await fetch(telegram, there, target, 2 * MIB)
        await telegram.disconnect()
        await telegram.connect()
        await works(telegram, there, target, PHOTO + bytes(MIB))

    run(work)


def test_telethon_makes_dropped_connections_to_other_data_centres_again(
    dc: DataCentre, run: Run, news: Hosted, target: Path
) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=4))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        dc.faults.drop_on("GetFileRequest")
        await works(telegram, there, target)
        dc.faults.drop_connections()
        await telegram.disconnected()
        await telegram.disconnect()
        await telegram.connect()
        await works(telegram, there, target)

    run(work)


@HOMES
def test_closing_the_connection_during_a_download(
    dc: DataCentre, run: Run, news: Hosted, target: Path, home: int
) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        dc.faults.silence("GetFileRequest")
        waiting = asyncio.ensure_future(fetch(telegram, there, target, MIB))
        await until(lambda: dc.calls["GetFileRequest"] == 1)
        await telegram.disconnect()
        with pytest.raises(Lost):
            await waiting
        await telegram.connect()
        await works(telegram, there, target)

    run(work)


@HOMES
def test_a_part_that_never_comes(
    dc: DataCentre, run: Run, news: Hosted, target: Path, home: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        with monkeypatch.context() as shorter, pytest.raises(Lost, match="TimeoutError"):
            shorter.setattr(download, "_PART_SECONDS", 0.4)
            dc.faults.silence("GetFileRequest")
            await fetch(telegram, there, target, MIB)
        assert borrowed(telegram) == 0
        await works(telegram, there, target)

    run(work)


@HOMES
def test_a_cancelled_download_stays_cancelled(dc: DataCentre, run: Run, news: Hosted, target: Path, home: int) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        dc.faults.silence("GetFileRequest")
        waiting = asyncio.ensure_future(fetch(telegram, there, target, MIB))
        await until(lambda: dc.calls["GetFileRequest"] == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert borrowed(telegram) == 0
        await works(telegram, there, target)

    run(work)


# The disk


def _in_no_folder(tmp_path: Path) -> Path:
    return tmp_path / "missing" / "part"


def _on_a_full_disk(tmp_path: Path) -> Path:
    return Path("/dev/full")


@HOMES
@pytest.mark.parametrize(
    ("place", "text"), [(_in_no_folder, "No such file or directory"), (_on_a_full_disk, "No space left on device")]
)
def test_a_disk_that_does_not_take_it(
    dc: DataCentre, run: Run, news: Hosted, tmp_path: Path, home: int, place: Callable[[Path], Path], text: str
) -> None:
    news.post(media=dc.photo(PHOTO, dc_id=home))

    async def work(telegram: Telegram) -> None:
        there = await remote(telegram, news)
        with pytest.raises(Unwritable, match=text):
            await fetch(telegram, there, place(tmp_path), MIB)
        assert borrowed(telegram) == 0
        await works(telegram, there, tmp_path / "part")

    run(work)


def test_a_disk_that_takes_only_half(
    dc: DataCentre, run: Run, news: Hosted, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A raw `write` may take fewer bytes than it was given."""
    news.post(media=dc.photo(PHOTO))
    opens = Path.open

    class Sluggish:
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __enter__(self) -> "Sluggish":
            return self

        def __exit__(self, *error: object) -> None:
            self._stream.close()

        def write(self, data: bytes) -> int:
            taken: int = self._stream.write(data[:1000])
            return taken

    def sluggishly(path: Path, mode: str = "r", **more: Any) -> Any:
        stream = opens(path, mode, **more)
        return Sluggish(stream) if path == target and "w" in mode else stream

    monkeypatch.setattr(Path, "open", sluggishly)

    async def work(telegram: Telegram) -> None:
        await works(telegram, await remote(telegram, news), target)

    run(work)
