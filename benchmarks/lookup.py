"""How fast a lookup is in a large archive.

    python -m benchmarks.lookup --codes 100000 1000000 --photos FOLDER --model FILE

Around the archived photographs come as many strangers as --codes says, each with a file, a post in one of 200
channels, a picture, a hash and, with a model, a descriptor. Hashes are random bits; descriptors are drawn so that
strangers come as close to each other as the photographs do (within-radius share and spread of the distances).

Printed are: the scan of hashes and of descriptors' signs in a process of its own, first with the archive's pages
dropped from memory and then warm, beside one pass over the same memory (how many passes the scan takes, for all queries
at once and per query: one query is to take two at most); whether it is exact; and the whole command
for a suspect that is nowhere, one whose recompressed copy is archived, and one that was cut out of an archived photo.
The files that the command will lay over a suspect are photographs too: what it compares is there to be compared.
Beyond a million codes the strangers have no descriptors, and no codes but the upright one.
"""

import argparse
import hashlib
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from PIL import Image

from benchmarks import machine
from provenance.app import altered
from provenance.archive import read, schema
from provenance.archive.codes import Codes
from provenance.archive.read import MEASURE_TOOL
from provenance.archive.store import Archive
from provenance.core.matching import (
    ALGORITHM,
    ALGORITHM_VERSION,
    BYTES,
    DESCRIPTOR_VERSION,
    RESOLVE_VERSION,
    SEARCH_RADIUS,
    SIGNS,
    SIGNS_RADIUS,
)
from provenance.images.descriptor import DIMENSIONS, SCALE, Model
from provenance.images.sandbox import Limits
from provenance.images.tiles import Wanted, tiles

_MODEL = "PROVENANCE_IMAGES_MODEL"
_WHOLE_UP_TO = 1_000_000
_HELD = 60
"""Photographs that are needed: some are looked up, some stand for strangers' bytes."""
_PAGE = 20_000
_CHANNELS = 200
_QUERIES = (1, 8, 20)
_PLANTED = (0, 7, 31, 60, SEARCH_RADIUS, SEARCH_RADIUS + 1)
"""Bits by which some strangers' hashes differ from those that are asked for."""
_EVEN = 0.5
"""Share of the descriptors' spread that is the same in all directions. With it 0.26 % of pairs of a photograph and a
stranger lie within the radius, and of two photographs 0.27 % (distances 252 +- 13 and 252 +- 12 bits)."""
_NOW = "2026-01-01 00:00:00.000000"
_RAW = '{"id": 1, "type": "message", "text": "' + "word " * 60 + '"}'
_PRINTS = "file_id, algorithm, version, code, turned, quality"

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Scanned:
    """Milliseconds of the first scan, of later ones, of passes over as many bytes; MiB that the process grew by."""

    first: float
    later: list[float]
    passes: list[float]
    grown: float
    faiss: bool
    found: list[tuple[int, int]]


class Strangers:
    """Makes hashes, and descriptors that lie to each other and to the photographs as photographs do."""

    def __init__(self, seed: int, seen: NDArray[np.float64]) -> None:
        self.rng = np.random.default_rng(seed)
        self._spread = None
        if len(seen):
            directions = seen / np.linalg.norm(seen, axis=1, keepdims=True)
            self._mean = directions.mean(axis=0)
            spread = np.cov(directions.T)
            even = np.eye(DIMENSIONS) * np.trace(spread) / DIMENSIONS
            self._spread = np.linalg.cholesky((1 - _EVEN) * spread + _EVEN * even).T.astype(np.float32)

    def hashes(self, count: int) -> Bytes:
        return self.rng.integers(0, 256, (count, BYTES), dtype=np.uint8)

    def descriptors(self, count: int) -> tuple[Bytes, NDArray[np.int8]]:
        """Return signs and values as the archive keeps them; none where no photograph was described."""
        if self._spread is None:
            return np.empty((0, SIGNS), np.uint8), np.empty((0, DIMENSIONS), np.int8)
        floats = self._mean + self.rng.standard_normal((count, DIMENSIONS), dtype=np.float32) @ self._spread
        largest = np.abs(floats).max(axis=1, keepdims=True)
        return np.packbits(floats > 0, axis=1), np.rint(floats / largest * SCALE).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Suspect:
    """An image that is looked up, and the exit status that the command ends with."""

    name: str
    path: Path
    status: int
    hashed: bool = True
    """Whether it is worth a lookup without a model."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs, 50 at least")
    parser.add_argument("--model", type=Path, help="the descriptor's ONNX file")
    parser.add_argument("--rounds", type=int, default=15, help="of scans; the command runs a third as often")
    parser.add_argument("--folder", type=Path, help="where the archives are made for the time")
    options = parser.parse_args()
    photos = sorted(options.photos.glob("*.jpg"))
    if len(photos) < _HELD:
        parser.error(f"{options.photos} holds {len(photos)} photographs")
    print(machine.describe())
    named = str(options.model.absolute()) if options.model else "off"
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        base = Path(folder)
        suspects = _suspects(base, photos)
        (base / "photos").mkdir()
        for photo in photos[1:]:
            shutil.copy(photo, base / "photos")
        line = machine.provenance(base / "archive", "import", "folder", str(base / "photos"), "--name", "photos")
        machine.run(line, environment={_MODEL: named})
        for count in options.codes:
            large = base / "large"
            shutil.copytree(base / "archive", large)
            model = Model(options.model) if options.model and count <= _WHOLE_UP_TO else None
            _measure(large, count, model, suspects, photos[3:_HELD], options.rounds)
            shutil.rmtree(large)


def _suspects(folder: Path, photos: list[Path]) -> list[Suspect]:
    """Make the images that are looked up: the first photograph will not be archived, the next two will."""
    nowhere, copy, part = (folder / f"{name}.jpg" for name in ("nowhere", "copy", "part"))
    shutil.copy(photos[0], nowhere)
    with Image.open(photos[1]) as image:
        image.resize((image.width * 4 // 5, image.height * 4 // 5)).save(copy, quality=60)
    with Image.open(photos[2]) as image:
        wide, high = image.size
        image.crop((wide // 4, high // 4, wide // 4 + wide // 2, high // 4 + high // 2)).save(part, quality=85)
    return [
        Suspect("nowhere", nowhere, 1),
        Suspect("a recompressed copy is archived", copy, 0),
        Suspect("25 % of an archived photo", part, 0, hashed=False),
    ]


def _measure(
    directory: Path, count: int, model: Model | None, suspects: list[Suspect], spare: list[Path], rounds: int
) -> None:
    archive = Archive.open(directory)
    strangers = Strangers(count, _described(archive, model))
    asked, signs = strangers.hashes(max(_QUERIES)), strangers.descriptors(max(_QUERIES))[0]
    began = time.perf_counter()
    _fill(archive, count, strangers, asked, model)
    filled, began = time.perf_counter() - began, time.perf_counter()
    with archive.read() as connection:
        archive.codes.update(connection)
        if model is not None:
            archive.signs(model.key).update(connection)
    packed, size = time.perf_counter() - began, archive.database.stat().st_size / 2**30
    print(f"\n{count:,} strangers: {filled:.0f} s for their rows, {packed:.1f} s to pack the codes; {size:.1f} GiB\n")
    print("            queries  first ms  warm ms  one pass ms  passes  per query  more MiB    found  exact")
    _print_scans(archive, ALGORITHM, ALGORITHM_VERSION, asked, SEARCH_RADIUS, rounds, check=count <= _WHOLE_UP_TO)
    if model is not None:
        _print_scans(archive, model.key, DESCRIPTOR_VERSION, signs, SIGNS_RADIUS, rounds, check=True)
    print("\n`provenance lookup`                      pages dropped s   warm s    CPU s  peak MiB  compared")
    for suspect in suspects:
        compared = 0 if model is None else _lay_out(archive, model, suspect, spare)
        if suspect.hashed:
            _print_command(archive, suspect, None, max(3, rounds // 3), 0)
        if model is not None:
            _print_command(archive, suspect, model, max(3, rounds // 3), compared)


def _print_scans(
    archive: Archive, algorithm: str, version: int, queries: Bytes, radius: int, rounds: int, *, check: bool
) -> None:
    files, codes = _rows(archive, algorithm) if check else ([], np.empty((0, 4), np.uint64))
    for number in _QUERIES:
        _drop_pages(archive)
        asked = queries[:number]
        # A process of its own: whether faiss is loaded, and how much memory all takes, must not depend on ours.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            task = pool.submit(
                scan, archive.directory, algorithm, version, asked.tobytes(), asked.shape[1], radius, rounds
            )
            done = task.result()
        exact = "not checked"
        if files:
            exact = str(done.found == _brute_force(files, codes, asked, radius))
        warm, limit = statistics.median(done.later), statistics.median(done.passes)
        name, by = ("hashes" if algorithm == ALGORITHM else "signs"), ("faiss" if done.faiss else "numpy")
        print(
            f"{name:7}{by:6}{number:6}{done.first:10.1f}{warm:9.2f}{limit:13.2f}{warm / limit:8.1f}"
            f"{warm / limit / number:11.2f}{done.grown:10.0f}{len(done.found):9}  {exact}"
        )


def _print_command(archive: Archive, suspect: Suspect, model: Model | None, rounds: int, compared: int) -> None:
    line = machine.provenance(archive.directory, "lookup", str(suspect.path))
    environment = {_MODEL: str(model.path.absolute()) if model else "off"}
    cold, warm = [], []
    for _ in range(3):
        _drop_pages(archive)
        cold.append(machine.run(line, (suspect.status,), environment).wall)
    for _ in range(rounds):
        warm.append(machine.run(line, (suspect.status,), environment))
    wall, cpu = statistics.median(each.wall for each in warm), statistics.median(each.cpu for each in warm)
    print(
        f"{suspect.name + ('' if model else ', no model'):39}{statistics.median(cold):17.2f}{wall:9.2f}{cpu:9.2f}"
        f"{max(each.peak for each in warm):10.0f}{compared:10}"
    )


def scan(
    directory: Path, algorithm: str, version: int, queries: bytes, width: int, radius: int, rounds: int
) -> Scanned:
    """Scan the codes of an archive, in a process that has done nothing else yet."""
    archive, codes = Archive.open(directory), Codes(directory, algorithm, version, width)
    before = _peak()
    times = []
    with archive.read() as connection:
        for _ in range(rounds + 1):
            began = time.perf_counter()
            found = codes.near(connection, queries, radius)
            times.append((time.perf_counter() - began) * 1000)
    grown = (_peak() - before) / 1024
    words = np.fromfile(directory / f"codes-{algorithm}-{version}.bin", dtype=np.uint64)
    passes = []
    for _ in range(rounds):
        began = time.perf_counter()
        words.max()
        passes.append((time.perf_counter() - began) * 1000)
    return Scanned(times[0], times[1:], passes, grown, "faiss" in sys.modules, found)


def _peak() -> int:
    """KiB, the largest that this process was; getrusage counts what it came from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return max(int(line.split()[1]) for line in lines if line.startswith(("VmHWM", "VmRSS")))


def _described(archive: Archive, model: Model | None) -> NDArray[np.float64]:
    """Return the photographs' descriptors, from which those of strangers are drawn."""
    if model is None:
        return np.empty((0, DIMENSIONS))
    table = schema.fingerprints
    with archive.read() as connection:
        values = b"".join(connection.scalars(sa.select(table.c.turned).where(table.c.algorithm == model.key)))
    return np.frombuffer(values, dtype=np.int8).reshape(-1, DIMENSIONS).astype(np.float64)


def _fill(archive: Archive, count: int, strangers: Strangers, asked: Bytes, model: Model | None) -> None:
    """Write the strangers' rows, past SQLAlchemy: it would take most of an hour."""
    planted = {count // 7 * (place + 1): place for place in range(len(_PLANTED))}
    with closing(sqlite3.connect(archive.database)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -500000")
        # One number for all the rows that belong to one file.
        first = 1 + max(
            int(database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])  # noqa: S608
            for table in ("files", "posts", "post_versions", "attachments", "fingerprints", "channels")
        )
        channels = [first + n for n in range(_CHANNELS)]
        with database:
            _insert(database, "channels", "id, kind, peer_id", ((n, "channel", 10**9 + n) for n in channels))
            names = ((n, f"Channel {n}", _NOW, _NOW) for n in channels)
            _insert(database, "channel_names", "channel_id, title, seen_from, seen_to", names)
        for start in range(0, count, _PAGE):
            page = range(start, min(start + _PAGE, count))
            hashes = strangers.hashes(len(page))
            for at in planted.keys() & set(page):
                place = planted[at]
                hashes[at - start] = _near(asked[place % len(asked)], _PLANTED[place])
            with database:
                ids = [first + n for n in page]
                _write(database, ids, channels, hashes, bytes(7 * BYTES if count <= _WHOLE_UP_TO else 0))
                if model is not None:
                    _describe(database, ids, strangers, model.key)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _write(database: sqlite3.Connection, ids: list[int], channels: list[int], hashes: Bytes, turned: bytes) -> None:
    of = {n: channels[n % len(channels)] for n in ids}
    digests = {n: hashlib.sha256(b"%d" % n).hexdigest() for n in ids}
    _insert(
        database,
        "files",
        "id, sha256, size, observed_at, format, width, height",
        ((n, digests[n], 99_999, _NOW, "JPEG", 1280, 960) for n in ids),
    )
    posts = ((n, of[n], n, False) for n in ids)
    _insert(database, "posts", "id, channel_id, message_id, album_inferred", posts)
    _insert(
        database,
        "post_versions",
        "id, post_id, run_id, source, observed_at, posted_at, text, forward_imported, scheduled, raw, sha256",
        ((n, n, 1, "import", _NOW, _posted(n), "words " * 10, False, False, _RAW, digests[n]) for n in ids),
    )
    _insert(
        database,
        "attachments",
        "id, version_id, position, kind, file_id, width, height",
        ((n, n, 0, "photo", n, 1280, 960) for n in ids),
    )
    _insert(database, "pictures", "id, version", ((n, RESOLVE_VERSION) for n in ids))
    _insert(database, "picture_files", "file_id, picture_id", ((n, n) for n in ids))
    seen = ((n, MEASURE_TOOL, ALGORITHM_VERSION) for n in ids)
    _insert(database, "inspections", "file_id, tool, version", seen)
    codes = hashes.tobytes()
    _insert(
        database,
        "fingerprints",
        _PRINTS,
        ((n, ALGORITHM, ALGORITHM_VERSION, codes[i * BYTES : (i + 1) * BYTES], turned, 90) for i, n in enumerate(ids)),
    )


def _describe(database: sqlite3.Connection, ids: list[int], strangers: Strangers, key: str) -> None:
    _insert(database, "inspections", "file_id, tool, version", ((n, key, DESCRIPTOR_VERSION) for n in ids))
    signs, values = strangers.descriptors(len(ids))
    rows = zip(ids, signs, values, strict=True)
    _insert(
        database,
        "fingerprints",
        _PRINTS,
        ((n, key, DESCRIPTOR_VERSION, one.tobytes(), other.tobytes(), 100) for n, one, other in rows),
    )


def _insert(database: sqlite3.Connection, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    marks = ", ".join("?" for _ in columns.split(","))
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608


def _posted(number: int) -> str:
    return f"{datetime(2024, 1, 1) + timedelta(minutes=number % 1_000_000)}.000000"  # noqa: DTZ001 - as SQLite keeps it


def _near(code: Bytes, bits: int) -> Bytes:
    """Return the code with its first bits changed."""
    flips = np.zeros(len(code) * 8, dtype=np.uint8)
    flips[:bits] = 1
    return code ^ np.packbits(flips)


def _rows(archive: Archive, algorithm: str) -> tuple[list[int], NDArray[np.uint64]]:
    """Return files and codes, in the rows' order."""
    table = schema.fingerprints
    with archive.read() as connection:
        rows = connection.execute(sa.select(table.c.file_id, table.c.code).where(table.c.algorithm == algorithm)).all()
    return [row[0] for row in rows], np.frombuffer(b"".join(row[1] for row in rows), np.uint64).reshape(len(rows), -1)


def _brute_force(files: list[int], codes: NDArray[np.uint64], queries: Bytes, radius: int) -> list[tuple[int, int]]:
    best = np.full(len(codes), 10_000, dtype=np.int64)
    for query in np.ascontiguousarray(queries).view(np.uint64):
        np.minimum(best, np.bitwise_count(codes ^ query).sum(axis=1, dtype=np.int64), out=best)
    return sorted((int(best[hit]), files[hit]) for hit in np.flatnonzero(best <= radius))


def _lay_out(archive: Archive, model: Model, suspect: Suspect, spare: list[Path]) -> int:
    """Put photographs where the bytes of the strangers would be that this suspect is compared with; count them."""
    cut = tiles(suspect.path, Limits().max_pixels, side=model.side, wanted=Wanted.PARTS)
    with archive.read() as connection:
        ranked = altered.candidates(archive, connection, model, altered.queries(model, cut), ())
        wanted = read.files(connection, ranked).values()
    for file, photo in zip(wanted, cycle(spare)):
        path = archive.files.path(file.sha256)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            shutil.copy(photo, path)
    return len(ranked)


def _drop_pages(archive: Archive) -> None:
    """Have the system forget what it holds of the archive's files in memory, as after a start of the machine."""
    for path in archive.directory.iterdir():
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


if __name__ == "__main__":
    main()
