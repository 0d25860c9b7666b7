"""The codes of all fingerprints, packed in a file beside the database: what a search scans.

Derived: the rows are the truth. The file is added to after the rows have been committed, so a reader takes what the
file has and then the rows that are newer; a file that is missing, torn or behind costs time and never an answer.
It holds whole blocks, and a block all its codes before the rows and files that they belong to: a scan reads no more
than the codes.
"""

import itertools
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

_MAGIC = b"provenance codes 2\n"
# The magic, then how many codes are whole: written when they are on disk.
_HEADER = struct.Struct("<24sQ")
_BLOCK = 16_384
"""Codes looked at together: they stay in the processor's cache."""


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
        self._words = width // 8
        self._block = np.dtype(
            [("code", "<u8", (_BLOCK, self._words)), ("row", "<u8", (_BLOCK,)), ("file", "<u8", (_BLOCK,))]
        )

    def near(self, connection: sa.Connection, queries: bytes, radius: int) -> list[tuple[int, int]]:
        """Return (distance, file), nearest first, of all within `radius` bits of any of the codes in `queries`.

        What is found may be out of date: compare it with its row.
        """
        found: dict[int, int] = {}
        last = 0
        with self._mapped() as (blocks, count):
            scan = scanner(queries, self._words, radius, count)
            for number in range(len(blocks)):
                codes, files = (blocks[name][number][: count - number * _BLOCK] for name in ("code", "file"))
                _keep(found, files, *scan(codes))
            if count:
                last = int(blocks["row"][divmod(count - 1, _BLOCK)])
        newer = [(row.file_id, row.code) for row in connection.execute(self._rows, {"last": last})]
        if newer:
            words = np.frombuffer(b"".join(code for _, code in newer), dtype=np.uint64).reshape(len(newer), -1)
            _keep(found, np.array([file_id for file_id, _ in newer]), *scan(words))
        return sorted((distance, file_id) for file_id, distance in found.items())

    def packed(self) -> int:
        """Return how many codes the file holds: about as many as there are rows."""
        with self._mapped() as (_, count):
            return count

    def update(self, connection: sa.Connection) -> int:
        """Add the rows that the file lacks; return how many there were. For a process that may write."""
        with FileLock(f"{self._path}.lock"), self._opened() as descriptor:
            before = count = self._count(descriptor)
            last = 0
            if count:
                last = int.from_bytes(os.pread(descriptor, 8, self._place("row", count - 1)), "little")
            # What stands behind the whole blocks was being written when a process was killed.
            os.ftruncate(descriptor, self._size(count))
            rows = iter(connection.execute(self._rows, {"last": last}))
            # To the end of the block that is begun, then block by block.
            while page := list(itertools.islice(rows, _BLOCK - count % _BLOCK)):
                _write(descriptor, self._place("code", count), b"".join(row.code for row in page))
                for name, of_each in (("row", [row.id for row in page]), ("file", [row.file_id for row in page])):
                    _write(descriptor, self._place(name, count), np.array(of_each, dtype="<u8").tobytes())
                count += len(page)
            if count > before:
                os.ftruncate(descriptor, self._size(count))
                os.fsync(descriptor)
                os.pwrite(descriptor, _HEADER.pack(_MAGIC, count), 0)
            return count - before

    def _size(self, count: int) -> int:
        """The length of a file with so many codes."""
        return _HEADER.size + -(-count // _BLOCK) * self._block.itemsize

    def _place(self, name: str, number: int) -> int:
        """Where in the file a column of one record lies."""
        column, offset = self._block.fields[name][:2]  # type: ignore[index]
        block, within = divmod(number, _BLOCK)
        return _HEADER.size + block * self._block.itemsize + offset + within * (column.itemsize // _BLOCK)

    def _count(self, descriptor: int) -> int:
        """How many codes there are in whole blocks."""
        head = os.pread(descriptor, _HEADER.size, 0)
        if len(head) != _HEADER.size:
            return 0
        magic, count = _HEADER.unpack(head)
        whole = (os.fstat(descriptor).st_size - _HEADER.size) // self._block.itemsize * _BLOCK
        return min(count, whole) if magic.rstrip(b"\0") == _MAGIC else 0

    @contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _mapped(self) -> Iterator[tuple[NDArray[np.void], int]]:
        """The blocks as they are on disk, and how many codes they hold; none where there is no file to be trusted."""
        nothing = np.empty(0, dtype=self._block), 0
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except OSError:
            yield nothing
            return
        try:
            if not (count := self._count(descriptor)):
                yield nothing
                return
            # Not closed by hand: the array goes away with the last that looks at it, and the map with it.
            mapped = mmap.mmap(descriptor, self._size(count), access=mmap.ACCESS_READ)
            yield np.frombuffer(mapped, dtype=self._block, offset=_HEADER.size), count
        finally:
            os.close(descriptor)


def clear(directory: Path) -> None:
    """Remove all files of codes; the next updates make them anew."""
    for path in directory.glob("codes-*.bin"):
        path.unlink(missing_ok=True)


def _keep(found: dict[int, int], files: NDArray[np.generic], hits: NDArray[np.intp], bits: NDArray[np.generic]) -> None:
    for file_id, distance in zip(files[hits].tolist(), bits.tolist(), strict=True):
        found[file_id] = min(distance, found.get(file_id, distance))


def _write(descriptor: int, place: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        written = os.pwrite(descriptor, left, place)
        left, place = left[written:], place + written
