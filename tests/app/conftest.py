"""A whole archive to import into and to ask, with real images, and ways to say what it holds without ids."""

import io
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase, settings
from hypothesis import strategies as st
from PIL import Image

from provenance.app.ingest import Imported, import_exports, import_folder
from provenance.app.lookup import Narrowing, lookup
from provenance.app.progress import Quiet
from provenance.archive import migrate, read, schema
from provenance.archive.store import Archive
from provenance.core import fold
from provenance.core.answers import LookupAnswer
from provenance.core.model import Sighting
from provenance.images.sandbox import Sandbox
from tests.stories import CHANGES, Story, make_story, message, random_photo, save, write_export

MAX_BYTES = 32 << 20
AT = datetime(2024, 12, 17, 6, 30, 12, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "samples"

Message = dict[str, object]
SEEDS = st.integers(0, 2**32)
# An example is a whole archive: making a failing one smaller would take minutes, and its seed is enough to repeat it.
FEW = settings(deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))

NewDesk = Callable[[Path], "Desk"]


def after(hours: float) -> datetime:
    """So many hours after AT."""
    return AT + timedelta(hours=hours)


@cache
def jpeg(seed: int, how: str = "original") -> bytes:
    """The bytes of photo `seed`, changed as one of CHANGES says."""
    stream = io.BytesIO()
    image = random_photo(seed)
    if how == "original":
        image.save(stream, "JPEG", quality=87)
    else:
        CHANGES[how](image).save(stream, "JPEG", quality=30 if how == "q30" else 80)
    return stream.getvalue()


@cache
def flat(level: int) -> bytes:
    """The bytes of a picture that shows nothing."""
    stream = io.BytesIO()
    Image.new("RGB", (320, 240), (level, level, level)).save(stream, "JPEG")
    return stream.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def shot(folder: Path, message_id: int, at: datetime, content: bytes, **extra: object) -> Message:
    """A message of an export in `folder` with a photo of these bytes."""
    put(folder / "photos" / f"{message_id}.jpg", content)
    return message(message_id, at, photo=f"photos/{message_id}.jpg", **extra)  # type: ignore[arg-type]


def export(folder: Path, *messages: Message, number: int = 1, name: str | None = None) -> Path:
    """The folder, made an export of channel `number` with these messages."""
    write_export(folder, channel_id=number, name=name or f"Channel {number}", messages=list(messages))
    return folder


def posted(folder: Path, content: bytes, at: datetime = AT, *, number: int = 1, message_id: int = 10) -> Path:
    """An export of channel `number` with one post of a photo."""
    return export(folder, shot(folder, message_id, at, content), number=number)


class Desk:
    """Imports into an archive and asks it, as the commands do."""

    def __init__(self, archive: Archive, sandbox: Sandbox) -> None:
        self.archive = archive
        self.sandbox = sandbox

    def take(self, *exports: Path) -> Imported:
        return import_exports(self.archive, exports, self.sandbox, Quiet(), MAX_BYTES)

    def take_folder(self, root: Path, name: str = "Folder") -> Imported:
        return import_folder(self.archive, root, name, self.sandbox, Quiet(), MAX_BYTES)

    def ask(self, image: Path, **narrowing: Any) -> LookupAnswer:
        (answer,) = lookup(self.archive, [image], self.sandbox, Narrowing(**narrowing), MAX_BYTES)
        assert isinstance(answer, LookupAnswer), answer
        return answer

    def rows(self, table: sa.Table) -> list[Any]:
        with self.archive.read() as connection:
            return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))

    def query(self, text: str) -> list[tuple[Any, ...]]:
        with self.archive.read() as connection:
            return [tuple(row) for row in connection.execute(sa.text(text))]

    def observed(self) -> Counter[tuple[Any, ...]]:
        """Everything observed, without ids and without the times and runs of observing it."""
        told = Counter(self.query(_ATTACHED))
        told.update(self.query(_POSTS))
        told.update(self.query("SELECT 'file', sha256, size, format, width, height FROM files"))
        told.update(self.query("SELECT DISTINCT 'name', kind, peer_id, title, username FROM channel_names AS n "
                               "JOIN channels AS c ON c.id = n.channel_id"))  # fmt: skip
        return told

    def derived(self) -> set[tuple[Any, ...]]:
        """The pictures: each with its sightings, first seen and links."""
        where = {row[0]: row[1:] for row in self.query(_SIGHTED)}
        found = set()
        for row in self.rows(schema.pictures):
            members = [each.file_id for each in self.rows(schema.picture_files) if each.picture_id == row.id]
            seen = frozenset(ref for ref in where.values() if ref[-1] in members)
            links = frozenset(
                (each.kind, where[each.from_attachment_id][:2], where[each.to_attachment_id][:2], each.evidence)
                for each in self.rows(schema.links)
                if each.picture_id == row.id
            )
            hashes = self._hashes()
            named = frozenset((channel, number, hashes[file]) for channel, number, file in seen)
            found.add((named, row.first_ref, row.first_at, row.first_basis, links))
        assert not self.rows(schema.unresolved)
        return found

    def counts(self, *, without: Sequence[str] = ("runs", "coverage")) -> dict[str, int]:
        """How many rows each table has."""
        return {name: len(self.rows(table)) for name, table in schema.metadata.tables.items() if name not in without}

    def sightings(self) -> list[Sighting]:

        with self.archive.read() as connection:
            files = [row.id for row in connection.execute(sa.select(schema.files))]
            return fold.sightings(read.versions_with_files(connection, files))

    def _hashes(self) -> dict[int, str]:
        return {row.id: row.sha256 for row in self.rows(schema.files)}


_POST = """
    c.kind, c.peer_id, p.message_id, p.album, p.album_inferred, p.deleted_seen_at, v.source, v.posted_at, v.edited_at,
    v.claimed_at, v.text, v.service, v.forward_name, v.forward_kind, v.forward_peer_id, v.raw, v.sha256
"""
_FROM = "FROM channels AS c JOIN posts AS p ON p.channel_id = c.id JOIN post_versions AS v ON v.post_id = p.id"
_POSTS = f"SELECT 'post', {_POST} {_FROM}"
_ATTACHED = f"""
    SELECT 'attachment', {_POST}, a.position, a.kind, a.missing, a.detail, a.name, a.width, a.height, f.sha256 {_FROM}
    JOIN attachments AS a ON a.version_id = v.id LEFT JOIN files AS f ON f.id = a.file_id
"""
_SIGHTED = f"SELECT a.id, c.peer_id, p.message_id, a.file_id {_FROM} JOIN attachments AS a ON a.version_id = v.id"


@contextmanager
def small_story(photos: Sequence[Path], seed: int, channels: int = 3) -> Iterator[Story]:
    """A story of two or three of the photos, in a folder that goes away again."""
    rng = random.Random(seed)
    with TemporaryDirectory() as folder:
        posted = rng.sample(photos, rng.randint(2, 3))
        yield make_story(Path(folder), posted, [], seed=seed, channels=channels)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("template")
    migrate.create_or_open(directory)
    return directory


@pytest.fixture(scope="session")
def new_desk(template: Path, sandbox: Sandbox) -> NewDesk:
    """Makes an empty archive in a folder that is not there yet."""

    def make(directory: Path) -> Desk:
        return Desk(Archive.open(Path(shutil.copytree(template, directory))), sandbox)

    return make


@pytest.fixture
def desk(new_desk: NewDesk, tmp_path: Path) -> Desk:
    """An empty archive."""
    return new_desk(tmp_path / "archive")


@pytest.fixture
def suspect(tmp_path: Path) -> Callable[..., Path]:
    """Writes photo `seed`, changed or not, as a file to look up."""

    def make(seed: int, how: str = "q30") -> Path:
        path = tmp_path / f"suspect-{seed}-{how}.jpg"
        save(CHANGES[how](random_photo(seed)), path, how)
        return path

    return make


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory, new_desk: NewDesk) -> Desk:
    """An archive of the shipped samples; do not import into it."""
    desk = new_desk(tmp_path_factory.mktemp("sampled") / "archive")
    desk.take(*sorted(path.parent for path in SAMPLES.glob("exports/*/result.json")))
    return desk
