"""How fast a lookup is in a large archive: `python -m benchmarks.lookup --codes 1000000`.

Synthetic archives of random codes with copies of known distance among them: the scan in this process, cold and warm,
beside what the memory of the machine allows; whether it is exact; and the whole command from its start to its answer.
"""

import argparse
import hashlib
import io
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from benchmarks import machine
from provenance.archive import schema
from provenance.archive.codes import Codes
from provenance.archive.index import CODE_BYTES
from provenance.archive.migrate import create_or_open
from provenance.archive.store import Archive
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION, SEARCH_RADIUS
from tests.stories import random_photo

_ROUNDS = 15

Bytes = NDArray[np.uint8]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, nargs="+", default=[100_000, 1_000_000])
    print(machine.describe())
    for count in parser.parse_args().codes:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), count)


def _measure(folder: Path, count: int) -> None:
    archive = create_or_open(folder / "archive")
    rng = np.random.default_rng(count)
    codes = rng.integers(0, 256, (count, CODE_BYTES), dtype=np.uint8)
    query = rng.integers(0, 256, (8, CODE_BYTES), dtype=np.uint8)
    for place, bits in enumerate((0, 7, 31, 60, 92, 93)):
        changed = query[place % 8].copy()
        changed[: bits // 8] ^= 0xFF
        changed[bits // 8] ^= (1 << bits % 8) - 1
        codes[count // 7 * (place + 1)] = changed
    _fill(archive, codes)
    with archive.read() as connection:
        began = time.perf_counter()
        archive.codes.update(connection)
        packed = time.perf_counter() - began
        asked = query.tobytes()
        scans = [_timed(archive.codes, connection, asked) for _ in range(_ROUNDS)]
        found = archive.codes.near(connection, asked, SEARCH_RADIUS)
    exact = found == _brute_force(codes, query)
    limit = statistics.median(_read_through(codes) for _ in range(_ROUNDS))
    print(
        f"\n{count:,} codes: packed in {packed:.1f} s; scan of eight queries warm {statistics.median(scans):.1f} ms, "
        f"first {scans[0]:.1f} ms; {len(found)} found, exact: {exact}"
    )
    print(
        f"  one pass over {codes.nbytes >> 20} MiB takes this machine {limit:.2f} ms: "
        f"the scan is {statistics.median(scans) / limit:.1f} times that for eight queries"
    )
    suspect = folder / "suspect.jpg"
    stream = io.BytesIO()
    random_photo(1).save(stream, "JPEG")
    suspect.write_bytes(stream.getvalue())
    line = machine.provenance(folder / "archive", "lookup", str(suspect))
    costs = [machine.run(line) for _ in range(5)]
    wall = statistics.median(each.wall for each in costs)
    peak = max(each.peak for each in costs)
    print(f"  `provenance lookup`: {wall:.2f} s from start to answer, peak {peak:.0f} MiB")


def _fill(archive: Archive, codes: Bytes) -> None:
    """Write rows of files and fingerprints, as many as there are codes."""
    files = schema.files.insert()
    prints = schema.fingerprints.insert()
    shared = {"algorithm": ALGORITHM, "version": ALGORITHM_VERSION, "quality": 90}
    now = datetime.now(UTC)
    with archive.write() as connection:
        for start in range(0, len(codes), 50_000):
            page = range(start, min(start + 50_000, len(codes)))
            connection.execute(
                files,
                [{"sha256": hashlib.sha256(b"%d" % n).hexdigest(), "size": 1, "observed_at": now} for n in page],
            )
            connection.execute(
                prints,
                [shared | {"file_id": n + 1, "code": codes[n].tobytes(), "turned": bytes(224)} for n in page],
            )


def _timed(codes: Codes, connection: sa.Connection, asked: bytes) -> float:
    began = time.perf_counter()
    codes.near(connection, asked, SEARCH_RADIUS)
    return (time.perf_counter() - began) * 1000


def _read_through(codes: Bytes) -> float:
    """Milliseconds for one pass over the codes that does next to nothing with them."""
    words = codes.view(np.uint64)
    began = time.perf_counter()
    words.max()
    return (time.perf_counter() - began) * 1000


def _brute_force(codes: Bytes, query: Bytes) -> list[tuple[int, int]]:
    best = np.full(len(codes), 999, dtype=np.int64)
    for each in query:
        for start in range(0, len(codes), 100_000):
            block = np.unpackbits(codes[start : start + 100_000] ^ each, axis=1).sum(axis=1, dtype=np.int64)
            np.minimum(best[start : start + 100_000], block, out=best[start : start + 100_000])
    return sorted((int(best[hit]), int(hit) + 1) for hit in np.flatnonzero(best <= SEARCH_RADIUS))


if __name__ == "__main__":
    main()
