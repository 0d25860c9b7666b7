"""The codes of all fingerprints, packed in a file beside the database: what a search scans.

Derived: the rows are the truth. The file is added to after the rows have been committed, so a reader takes what the
file has and then the rows that are newer; a file that is missing, torn or behind costs time and never an answer.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from filelock import FileLock
from numpy.typing import NDArray

from provenance.archive import schema
from provenance.archive.index import scanner

_MAGIC = b"provenance codes 1\n"
# The magic, then how many records are whole: written when they are on disk.
_HEADER = struct.Struct("<24sQ")
_BLOCK = 16_384
"""Records looked at together: they stay in the processor's cache."""
_PAGE = 20_000
"""Rows written at once."""


class Codes:
    """The packed codes of one archive that one version of an algorithm made, of `width` bytes each (whole words)."""

    def __init__(self, directory: Path, algorithm: str, version: int, width: int) -> None:
        self._path = directory / f"codes-{algorithm}-{version}.bin"
        table = schema.fingerprints
        ours = (table.c.algorithm == algorithm) & (table.c.version == version)
        # What is newer than the file has.
        self._rows = (
            sa.select(table.c.id, table.c.file_id, table.c.code)
            .where(ours, table.c.id > sa.bindparam("last"))
            .order_by(table.c.id)
        )
        self._record = np.dtype([("id", "<u8"), ("file", "<u8"), ("code", "<u8", (width // 8,))])

    def near(self, connection: sa.Connection, queries: bytes, radius: int) -> list[tuple[int, int]]:
        """Return (distance, file), nearest first, of all within `radius` bits of any of the codes in `queries`.

        What is found may be out of date: compare it with its row.
        """
        found: dict[int, int] = {}
        last = 0
        with self._mapped() as records:
            scan = scanner(queries, self._record["code"].shape[0], radius, len(records))
            for start in range(0, len(records), _BLOCK):
                block = records[start : start + _BLOCK]
                _keep(found, block["file"], *scan(block["code"]))
            if len(records):
                last = int(records["id"][-1])
        newer = [(row.file_id, row.code) for row in connection.execute(self._rows, {"last": last})]
        if newer:
            words = np.frombuffer(b"".join(code for _, code in newer), dtype=np.uint64).reshape(len(newer), -1)
            _keep(found, np.array([file_id for file_id, _ in newer]), *scan(words))
        return sorted((distance, file_id) for file_id, distance in found.items())

    def packed(self) -> int:
        """Return how many codes the file holds: about as many as there are rows."""
        with self._mapped() as records:
            return len(records)

    def update(self, connection: sa.Connection) -> int:
        """Add the rows that the file lacks; return how many there were. For a process that may write."""
        with FileLock(f"{self._path}.lock"), self._opened() as descriptor:
            count = _count(descriptor)
            last = 0
            if count:
                os.lseek(descriptor, _HEADER.size + (count - 1) * self._record.itemsize, os.SEEK_SET)
                last = int(np.frombuffer(os.read(descriptor, self._record.itemsize), dtype=self._record)["id"][0])
            # What stands behind the whole records was being written when a process was killed.
            os.ftruncate(descriptor, _HEADER.size + count * self._record.itemsize)
            os.lseek(descriptor, 0, os.SEEK_END)
            added = 0
            for page in connection.execute(self._rows, {"last": last}).partitions(_PAGE):
                records = np.empty(len(page), dtype=self._record)
                records["id"] = [row.id for row in page]
                records["file"] = [row.file_id for row in page]
                codes = np.frombuffer(b"".join(row.code for row in page), dtype="<u8")
                records["code"] = codes.reshape(len(page), -1)
                _write(descriptor, records.tobytes())
                added += len(page)
            if added:
                os.fsync(descriptor)
                os.pwrite(descriptor, _HEADER.pack(_MAGIC, count + added), 0)
            return added

    @contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _mapped(self) -> Iterator[NDArray[np.void]]:
        """The whole records, as they are on disk; none where there is no file to be trusted."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except OSError:
            yield np.empty(0, dtype=self._record)
            return
        try:
            count = min(_count(descriptor), (os.fstat(descriptor).st_size - _HEADER.size) // self._record.itemsize)
            if count <= 0:
                yield np.empty(0, dtype=self._record)
                return
            # Not closed by hand: the array goes away with the last that looks at it, and the map with it.
            mapped = mmap.mmap(descriptor, _HEADER.size + count * self._record.itemsize, access=mmap.ACCESS_READ)
            yield np.frombuffer(mapped, dtype=self._record, count=count, offset=_HEADER.size)
        finally:
            os.close(descriptor)


def clear(directory: Path) -> None:
    """Remove all files of codes; the next updates make them anew."""
    for path in directory.glob("codes-*.bin"):
        path.unlink(missing_ok=True)


def _keep(found: dict[int, int], files: NDArray[np.generic], hits: NDArray[np.intp], bits: NDArray[np.generic]) -> None:
    for file_id, distance in zip(files[hits].tolist(), bits.tolist(), strict=True):
        found[file_id] = min(distance, found.get(file_id, distance))


def _count(descriptor: int) -> int:
    head = os.pread(descriptor, _HEADER.size, 0)
    if len(head) != _HEADER.size:
        return 0
    magic, count = _HEADER.unpack(head)
    return int(count) if magic.rstrip(b"\0") == _MAGIC else 0


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
