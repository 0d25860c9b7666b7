"""An empty archive, and what an import would write into it."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from provenance.archive import (
    deliveries,
    derive,
    follow,
    matches,
    metadata,
    migrate,
    observe,
    read,
    schema,
    separations,
)
from provenance.archive.derive import Measurement
from provenance.archive.files import Stored
from provenance.archive.observe import Arrived, Counts
from provenance.archive.store import Archive
from provenance.core import chain, fold
from provenance.core.matching import compare
from provenance.core.metadata import Block, Camera, Documents, Metadata, Moment, Place, Thumbnail
from provenance.core.model import Attachment, AttachmentKind, Channel, MediaKind, Missing, Post, Problem, Remote, Source
from tests.core.build import NEWS, NOON, channel, codes, hour

TELLING = Metadata(
    format="JPEG",
    captured=(Moment(datetime(2024, 12, 17, 9, 30), timedelta(hours=2), Block.EXIF, "DateTimeOriginal"),),  # noqa: DTZ001
    places=(Place(50.45, 30.52, None, None, 5.0, Block.GPS),),
    camera=Camera("Maker", "Model One", "SN-4711-A"),
    software=("Editor 1.0",),
    documents=Documents("xmp.did:ab12", "xmp.did:cd34"),
    thumbnails=(Thumbnail(Block.THUMBNAIL, 160, 120, codes(9), 80, 90, 0.1, bars=False),),
)
"""What a file may tell about itself."""


def stored(content: bytes) -> Stored:
    return Stored(hashlib.sha256(content).hexdigest(), len(content))


def arrived(message_id: int, *contents: bytes | None, media: Sequence[dict[str, Any]] = (), **fields: Any) -> Arrived:
    """A post with photos of these bytes (None: one whose file is missing); `media` says more about each."""
    pairs = []
    for position, content in enumerate(contents):
        about: dict[str, Any] = {"kind": AttachmentKind.PHOTO, **(media[position] if media else {})}
        if content is None and "remote" not in about:
            about.setdefault("missing", Missing.NOT_INCLUDED)
        pairs.append((Attachment(**about), None if content is None else stored(content)))
    fields.setdefault("posted_at", NOON)
    return Arrived(Post(message_id, attachments=tuple(each for each, _ in pairs), **fields), tuple(pairs))


def remote(media_id: int = 7, **more: Any) -> Remote:
    """A photo on Telegram, of the size that is wanted of it."""
    return replace(Remote(MediaKind.PHOTO, media_id, 8, b"reference", 2, 9, "y"), **more)


def to_fetch(message_id: int, *remotes: Remote, **fields: Any) -> Arrived:
    """A post with photos that are to be downloaded."""
    media = [{"media_id": each.media_id, "remote": each} for each in remotes]
    return arrived(message_id, *(None for _ in remotes), media=media, **fields)


def rows(archive: Archive, table: sa.Table) -> list[Any]:
    with archive.read() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))


class Desk:
    """Writes into an archive as an import does, one transaction a call."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.run = self.start()

    def start(self) -> int:
        with self.archive.write() as connection:
            self.run = observe.start_run(connection, "import telegram-export", ["/exports/one"], NOON)
        return self.run

    def add(
        self,
        *posts: Arrived,
        channel: Channel = NEWS,
        now: datetime = NOON,
        source: Source = Source.IMPORT,
        covered: tuple[int, int] | None = None,
        urgent: bool = False,
    ) -> Counts:
        counts = Counts()
        with self.archive.write() as connection:
            row = observe.add_channel(connection, channel, now)
            observe.add_posts(connection, self.run, channel, row, source, posts, now, counts, covered, urgent=urgent)
        return counts

    def measure(self, *contents: bytes, seed: int = 0, flipped: int = 0) -> list[int]:
        """Record made-up fingerprints for these bytes; return their files."""
        with self.archive.write() as connection:
            ids = [self.file(connection, content) for content in contents]
            code = codes(seed, flipped)
            derive.save_measurements(connection, [Measurement(each, None, "JPEG", 480, 320, code, 90) for each in ids])
        return ids

    def chain(self, picture: int, file_ids: Sequence[int], now: datetime = NOON) -> chain.Chain:
        """Build and save the chain of one picture, as resolving does."""
        with self.archive.write() as connection:
            seen = fold.sightings(read.versions_with_files(connection, file_ids))
            built = chain.build([each for each in seen if each.file.id in file_ids])
            derive.save_chains(connection, self.run, [derive.Built(picture, file_ids, built)], now)
        return built

    def rows(self, table: sa.Table) -> list[Any]:
        return rows(self.archive, table)

    def unresolved(self) -> set[int]:
        return {row.file_id for row in self.rows(schema.unresolved)}

    @staticmethod
    def file(connection: sa.Connection, content: bytes) -> int:
        sha256 = stored(content).sha256
        return int(connection.execute(sa.select(schema.files.c.id).filter_by(sha256=sha256)).scalar_one())


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("template")
    migrate.create_or_open(directory)
    return directory


@pytest.fixture
def directory(template: Path, tmp_path: Path) -> Path:
    """The folder of an empty archive."""
    return Path(shutil.copytree(template, tmp_path / "archive"))


@pytest.fixture
def archive(directory: Path) -> Archive:
    return Archive.open(directory)


@pytest.fixture
def desk(archive: Archive) -> Desk:
    return Desk(archive)


def tell(desk: Desk, one: int, two: int) -> None:
    """Record what a file tells about itself, and that another cannot be read."""
    with desk.archive.write() as connection:
        metadata.save(connection, [metadata.Reading(one, TELLING), metadata.Reading(two, problem="cannot be read")])


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """An archive with at least one row in every table."""
    desk.add(arrived(1, b"one", None), arrived(2, b"two", posted_at=hour(1)))
    one, two = desk.measure(b"one", b"two")
    with desk.archive.write() as connection:
        observe.add_problems(connection, desk.run, [Problem("here", "trouble")])
        derive.save_partition(connection, {one: one, two: one}, {})
        found = read.files(connection, [one, two])
        match = compare(found[two], found[one])
        assert match is not None
        matches.save(connection, [(one, two, match)])
        separations.add(connection, desk.run, NOON, [two], [one])
        connection.execute(
            schema.reports.insert(), {"run_id": desk.run, "week": "2024-W51", "made_at": NOON, "sha256": "0" * 64}
        )
        deliveries.queue(connection, 1, ["folder:/desk"], NOON)
    tell(desk, one, two)
    desk.chain(one, [one, two])
    desk.add(arrived(3, b"three", None, media=[{}, {"media_id": 7, "remote": remote()}]))
    with desk.archive.write() as connection:
        wish = follow.ask(connection, "@news", join=False, since=None, now=NOON)
        follow.settle(connection, wish, observe.add_channel(connection, NEWS, NOON), 1, joined=False)
        follow.add_peers(connection, [channel(99, "Elsewhere")], NOON)
    return desk
