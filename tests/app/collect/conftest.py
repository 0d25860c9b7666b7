"""A data centre, an archive that collects from it, and work with new objects each time, as a new process has them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from provenance.app import clock
from provenance.app.collect import channels
from provenance.app.collect.channels import Added
from provenance.app.collect.files import Files, Limits
from provenance.app.collect.history import History, Seen
from provenance.app.collect.intake import Intake
from provenance.app.collect.settings import Collecting, Reporting
from provenance.app.runs import recorded
from provenance.archive import follow, schema
from provenance.archive.store import Archive
from provenance.core.answers import Follow
from provenance.core.weekly import ReportTime
from provenance.sources.telegram.client import Telegram
from provenance.sources.telegram.convert import Policy
from provenance.sources.telegram.session import Access, Server
from tests.app.conftest import Desk, jpeg
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel

Answer = TypeVar("Answer")

PACE = 60_000


@dataclass
class Work:
    """One connection and everything that works through it. `arrived` counts the files that came in."""

    telegram: Telegram
    intake: Intake
    history: History
    files: Files
    arrived: list[None] = field(default_factory=list)

    async def follow(self, channel: Channel) -> Follow:
        """How the archive says now that the channel is followed."""
        found = await self.intake.read(follow.followed)
        return next(each for each in found if each.channel is not None and each.channel.id == channel.id)

    async def newest(self, channel: Channel) -> Seen:
        return await self.history.newest(await self.follow(channel))

    async def fill(self, channel: Channel, most: int = 100) -> list[int]:
        """Take in all holes below what is archived; how many posts each page held."""
        of = await self.follow(channel)
        top = max(channel.ids)
        pages: list[int] = []
        while (found := await self.history.fill(of, top, most)) >= 0:
            pages.append(found)
        return pages

    async def drain(self) -> None:
        await self.files.drain(self.telegram, self.history)


class Collector(Desk):
    """An archive and the settings that it collects with."""

    collecting: Collecting

    @property
    def access(self) -> Access:
        return self.collecting.access

    def add(self, *names: str, **more: Any) -> Added:
        """Follow channels, as the command does."""
        options: dict[str, Any] = {"join": False, "since": None, "pace": PACE}
        return asyncio.run(channels.add(self.archive, self.access, names, **options | more))

    def follow(self, channel: Channel, **more: Any) -> Follow:
        """Follow a channel by its name."""
        (followed,) = self.add(f"@{channel.username}", **more).followed
        return followed

    def work(self, do: Callable[[Work], Awaitable[Answer]], **changed: Any) -> Answer:
        """Do some work with a new connection; `changed` are other settings than those of `collecting`."""
        told = replace(self.collecting, **changed)

        async def run() -> Answer:
            with recorded(self.archive, "test", []) as recording:
                intake = Intake(self.archive, recording.id)
                arrived: list[None] = []
                files = Files(intake, told.limits, lambda: arrived.append(None))
                async with Telegram(told.access, told.requests_per_minute) as telegram:
                    return await do(Work(telegram, intake, History(telegram, intake, told.policy), files, arrived))

        return asyncio.run(run())

    def take_newest(self, channel: Channel, **changed: Any) -> Seen:
        """Look at the newest posts of a channel."""
        return self.work(lambda work: work.newest(channel), **changed)

    def drain(self, **changed: Any) -> int:
        """Download what can be had now; how many files came in."""

        async def do(work: Work) -> int:
            await work.drain()
            return len(work.arrived)

        return self.work(do, **changed)

    def retry_now(self) -> None:
        """Let everything that was put off be tried again at once."""
        with self.archive.write() as connection:
            connection.execute(schema.downloads.update().values(retry_at=clock.now() - timedelta(seconds=1)))
            connection.execute(schema.follows.update().values(retry_at=clock.now() - timedelta(seconds=1)))

    def numbers(self, channel: Channel) -> list[int]:
        """The archived posts of a channel."""
        return [row[0] for row in self.query(f"{_POSTS} WHERE c.peer_id = {channel.id} ORDER BY p.message_id")]

    def deleted(self, channel: Channel) -> list[int]:
        """The archived posts of a channel that were found deleted."""
        marked = f"c.peer_id = {channel.id} AND p.deleted_seen_at IS NOT NULL"
        return [row[0] for row in self.query(f"{_POSTS} WHERE {marked} ORDER BY p.message_id")]

    def texts(self, number: int) -> list[str]:
        """The versions of a post, in the order in which they came."""
        return [row[0] for row in self.query(f"{_VERSIONS} WHERE p.message_id = {number} ORDER BY v.id")]

    def held(self) -> list[tuple[int, str | None, str | None]]:
        """Every attachment, in order: its post, why it has no file, the hash of its file."""
        return [(row[0], row[1], row[2]) for row in self.query(_HELD)]

    def bytes_of(self, number: int) -> list[bytes]:
        """The images of a post, in the order in which its versions came."""
        hashes = [sha256 for post, _, sha256 in self.held() if post == number and sha256]
        return [self.archive.files.path(each).read_bytes() for each in hashes]

    def covered(self, channel: Channel) -> list[tuple[int, int]]:
        """The ranges that are covered, joined."""
        from provenance.archive import coverage

        with self.archive.read() as connection:
            row = connection.scalar(sa.select(schema.channels.c.id).filter_by(peer_id=channel.id))
            assert row is not None
            return coverage.covered(connection, row)

    def incoming(self) -> list[Path]:
        """What lies where downloads are written."""
        return list((self.archive.files.root / ".incoming").glob("*"))


_POSTS = "SELECT p.message_id FROM posts AS p JOIN channels AS c ON c.id = p.channel_id"
_VERSIONS = "SELECT v.text FROM post_versions AS v JOIN posts AS p ON p.id = v.post_id"
_HELD = """
    SELECT p.message_id, CASE WHEN f.id IS NULL THEN a.missing END, f.sha256 FROM attachments AS a
    JOIN post_versions AS v ON v.id = a.version_id JOIN posts AS p ON p.id = v.post_id
    LEFT JOIN files AS f ON f.id = a.file_id ORDER BY a.id
"""


def posts(channel: Channel, count: int, **more: Any) -> None:
    """Publish so many texts."""
    for _ in range(count):
        channel.post(f"post {len(channel.ids) + 1}", push=False, **more)


def pictures(dc: DataCentre, channel: Channel, *seeds: int) -> list[int]:
    """Publish photos; return the numbers of their posts."""
    return [channel.post(f"photo {seed}", dc.photo(jpeg(seed)), push=False) for seed in seeds]


@pytest.fixture
def dc() -> Iterator[DataCentre]:
    """Data centres 2 and 4, with no fault of their own left unseen."""
    with DataCentre() as centre:
        yield centre
        assert centre.errors == []
        assert not centre.unknown


@pytest.fixture
def archive(desk: Desk) -> Archive:
    """An empty archive."""
    return desk.archive


@pytest.fixture
def collecting(dc: DataCentre, archive: Archive) -> Collecting:
    """Collecting into the archive with a session that is logged in."""
    session = archive.directory / "telegram" / "provenance.session"
    session.parent.mkdir(mode=0o700)
    dc.sign_in(session)
    server = Server(dc.home, "127.0.0.1", dc.port, dc.public_key)
    return Collecting(
        access=Access(session, 1, "0" * 32, server),
        requests_per_minute=PACE,
        policy=Policy(),
        limits=Limits(4, 32 << 20, 0),
        reconcile_every=0.5,
        recheck_posts=100,
        backfill=True,
        report=Reporting(ReportTime(0, time(6), UTC)),
    )


@pytest.fixture
def collector(desk: Desk, collecting: Collecting) -> Collector:
    """The archive, ready to collect."""
    made = Collector(desk.archive, desk.sandbox)
    made.collecting = collecting
    return made
