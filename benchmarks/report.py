"""How long the weekly report takes of a busy week, and how much memory.

    python -m benchmarks.report --posts 100000 --reposted 5000 --out FOLDER

The archive is made up: posts of 200 channels with one image each, as live posts leave them (with their records, media
ids and coverage). So many pictures are reposted, three or four times each, every fifth of them first seen the year
before; every second repost is another file of the picture, with a match. Those pictures' files are real JPEGs for the
thumbnails. The command is a process of its own; printed is its cost beside the limits.
"""

import argparse
import hashlib
import io
import json
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from benchmarks import machine
from provenance.archive import metadata, migrate
from provenance.archive.read import MEASURE_TOOL
from provenance.archive.store import Archive
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION, RESOLVE_VERSION
from provenance.core.metadata import Metadata

SECONDS, MEBIBYTES, MEGABYTES = 60, 500, 15
_WEEK, _MONDAY = "2024-W51", datetime(2024, 12, 16, tzinfo=UTC)
_CHANNELS = 200
_WORDS = ("lake", "quiet", "at", "dawn", "when", "somebody", "saw", "smoke", "above", "the", "bridge")


@dataclass(frozen=True, slots=True)
class Made:
    """One post that is to be written: its numbers, when, which file of which picture."""

    number: int
    channel: int
    message: int
    at: datetime
    file: int
    picture: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--reposted", type=int, default=5_000)
    parser.add_argument("--out", type=Path, help="where the report stays; default: nowhere")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="provenance-report-") as folder:
        directory = Path(folder)
        migrate.create_or_open(directory)
        archive = Archive.open(directory)
        fill(archive, options.posts, options.reposted)
        print(f"{archive.database.stat().st_size / 2**20:.0f} MiB of database")
        out = options.out or directory / "reports"
        for formats in ("json", "csv", "html,json,csv"):
            cost = machine.run(
                machine.provenance(directory, "report", "--week", _WEEK, "--out", str(out), "--format", formats)
            )
            print(
                f"{formats:14} CPU {cost.cpu:6.1f} s ({cost.cpu / SECONDS:.2f} of the limit), wall {cost.wall:6.1f} s "
                f"({cost.wall / SECONDS:.2f}), largest process {cost.peak:5.0f} MiB ({cost.peak / MEBIBYTES:.2f})"
            )
        for path in sorted(out.glob(f"report-{_WEEK}.*")):
            size = path.stat().st_size / 1e6
            print(f"{path.name}: {size:.1f} MB" + (f" ({size / MEGABYTES:.2f})" if path.suffix == ".html" else ""))
        totals = json.loads((out / f"report-{_WEEK}.json").read_text())["totals"]
        print(", ".join(f"{count} {name}" for name, count in totals.items()))


def fill(archive: Archive, posts: int, reposted: int) -> None:
    """Write the rows, past SQLAlchemy, and the files of the reposted pictures."""
    made = list(_posts(posts, reposted))
    hashes = {each.file: hashlib.sha256(b"%d" % each.file).hexdigest() for each in made}
    several = {each.file for each in made if each.picture <= reposted}
    for number in several:
        content = _jpeg(number)
        hashes[number] = hashlib.sha256(content).hexdigest()
        path = archive.files.path(hashes[number])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    rng = random.Random(3)
    codes = {picture: rng.randbytes(32) for picture in {each.picture for each in made}}
    told = Counter(each.channel for each in made)
    picture_of = {each.file: each.picture for each in made}
    seen = "2024-12-24 00:00:00.000000"
    with closing(sqlite3.connect(archive.database)) as database, database:
        _insert(database, "runs", "id, command, details, started_at, outcome", [(1, "watch", "[]", seen, "done")])
        channels = range(1, _CHANNELS + 1)
        _insert(database, "channels", "id, kind, peer_id", ((n, "channel", 10**9 + n) for n in channels))
        names = ((n, f"Channel {n} of the town", seen, seen) for n in channels)
        _insert(database, "channel_names", "channel_id, title, seen_from, seen_to", names)
        _insert(
            database, "files", "id, sha256, size, observed_at, format, width, height",
            ((n, hashes[n], 90_000, seen, "JPEG", 960, 640) for n in picture_of),
        )  # fmt: skip
        _insert(
            database, "posts", "id, channel_id, message_id, album_inferred",
            ((each.number, each.channel, each.message, 0) for each in made),
        )  # fmt: skip
        _insert(
            database, "post_versions",
            "id, post_id, run_id, source, observed_at, posted_at, text, forward_imported, scheduled, raw, sha256",
            ((each.number, each.number, 1, "live", seen, _stored(each.at), _text(each.number), 0, 0,
              json.dumps({"id": each.number, "filler": "x" * 900}), f"{each.number:064x}") for each in made),
        )  # fmt: skip
        _insert(
            database, "attachments", "id, version_id, position, kind, file_id, media_id, uploaded_at",
            ((each.number, each.number, 0, "photo", each.file, each.number, _stored(each.at)) for each in made),
        )  # fmt: skip
        _insert(
            database, "fingerprints", "file_id, algorithm, version, code, turned, quality",
            ((n, ALGORITHM, ALGORITHM_VERSION, codes[p], codes[p] * 7, 90) for n, p in picture_of.items()),
        )  # fmt: skip
        _insert(
            database, "inspections", "file_id, tool, version",
            ((n, MEASURE_TOOL, ALGORITHM_VERSION) for n in picture_of),
        )  # fmt: skip
        read = msgspec.json.encode(Metadata(format="JPEG")).decode()
        _insert(
            database, "inspections", "file_id, tool, version, findings",
            ((n, metadata.TOOL, metadata.VERSION, read) for n in picture_of),
        )  # fmt: skip
        first: dict[int, int] = {}
        for n, p in picture_of.items():
            first[p] = min(n, first.get(p, n))
        _insert(database, "pictures", "id, version", ((n, RESOLVE_VERSION) for n in first.values()))
        _insert(database, "picture_files", "file_id, picture_id", ((n, first[p]) for n, p in picture_of.items()))
        _insert(
            database, "matches", "file_a, file_b, stage, version, kind, confidence, distance, mirrored, rotated",
            ((first[p], n, "phash", RESOLVE_VERSION, "recompressed", "certain", 4, 0, 0)
             for n, p in picture_of.items() if n != first[p]),
        )  # fmt: skip
        _insert(
            database, "coverage", "run_id, channel_id, source, first_message_id, last_message_id, messages",
            ((1, n, "live", 1, told[n], told[n]) for n in channels),
        )  # fmt: skip


def _posts(count: int, reposted: int) -> Iterator[Made]:
    """Posts in time order within each channel; the pictures up to `reposted` are those that are shown again."""
    rng = random.Random(1)
    planned: list[tuple[datetime, int, int]] = []
    for picture in range(1, reposted + 1):
        at = _MONDAY + timedelta(seconds=rng.randrange(5 * 86_400))
        for place in range(rng.choice((3, 4))):
            planned.append((at + timedelta(seconds=rng.randrange(86_400) * place), picture, picture * 2 + place % 2))
        if picture % 5 == 0:
            planned.append((at - timedelta(days=365), picture, picture * 2))
    for other in range(count - len(planned)):
        number = 2 * reposted + 2 + other
        planned.append((_MONDAY + timedelta(seconds=rng.randrange(7 * 86_400)), number, number))
    told = Counter[int]()
    for number, (at, picture, file) in enumerate(sorted(planned), 1):
        channel = rng.randrange(_CHANNELS) + 1
        told[channel] += 1
        yield Made(number, channel, told[channel], at, file, picture)


def _jpeg(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).resize((320, 240), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def _text(number: int) -> str:
    return " ".join(random.Random(number).choices(_WORDS, k=25))


def _stored(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"


def _insert(database: sqlite3.Connection, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * len(columns.split(",")))
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - only our own words


if __name__ == "__main__":
    main()
