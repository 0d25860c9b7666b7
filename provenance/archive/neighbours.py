"""The nearest files of each of very many, found all at once: what a whole archive is resolved with.

One scan for each file would cost the square of their number; bands cost little more than the number itself, and find
nearly all that a scan finds (see `bands.py`).
"""

from collections.abc import Callable

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from provenance.archive import schema
from provenance.archive.bands import close_pairs
from provenance.archive.index import CODE_BYTES
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION, FLAT_BELOW, ORIENTATIONS

_NEAREST = 24
"""Neighbours kept of each file: a picture with more copies holds together by these."""
_HELD = 8_000_000
"""Pairs after which all but the nearest are let go."""
_PAGE = 50_000


class Neighbours:
    """Files with the files whose hashes lie near, nearest first."""

    def __init__(self, connection: sa.Connection, radius: int, advance: Callable[[], None]) -> None:
        """Compare all files with all others, in all orientations; `advance` is called at every step.

        Takes 256 bytes a file for the codes and at most as much again for the pairs.
        """
        self._files, codes = _codes(connection)
        self._pairs: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]] = []
        self._count = 0
        upright = np.ascontiguousarray(codes[:, 0])
        for orientation in range(len(ORIENTATIONS)):
            others = np.ascontiguousarray(codes[:, orientation]) if orientation else None
            for one, other, bits in close_pairs(upright, radius, others):
                different = one != other
                self._keep(one[different], other[different], bits[different])
            advance()
        one, other, bits = self._nearest()
        order = np.lexsort((bits, one))
        self._other = other[order]
        self._start = np.searchsorted(one[order], np.arange(len(self._files) + 1))

    def near(self, file_id: int) -> list[int]:
        """Return the files near to this one, nearest first."""
        at = int(np.searchsorted(self._files, file_id))
        if at == len(self._files) or self._files[at] != file_id:
            return []
        found = self._files[self._other[self._start[at] : self._start[at + 1]]]
        return list(dict.fromkeys(found.tolist()))

    def _keep(self, one: NDArray[np.intp], other: NDArray[np.intp], bits: NDArray[np.uint16]) -> None:
        self._pairs.append((one, other, bits))
        self._count += len(one)
        if self._count > _HELD:
            self._pairs = [self._nearest()]
            self._count = len(self._pairs[0][0])

    def _nearest(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]:
        """The pairs so far from both sides; of each file the nearest, and those of which it is among the nearest."""
        if not self._pairs:
            return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.uint16)
        one, other = (np.concatenate([pair[side] for pair in self._pairs]) for side in (0, 1))
        one, other = np.concatenate([one, other]), np.concatenate([other, one])
        bits = np.tile(np.concatenate([pair[2] for pair in self._pairs]), 2)
        order = np.lexsort((other, bits, one))
        one, other, bits = one[order], other[order], bits[order]
        fresh = np.ones(len(one), np.bool_)
        fresh[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
        one, other, bits = one[fresh], other[fresh], bits[fresh]
        rank = np.arange(len(one)) - np.searchsorted(one, one)
        kept = rank < _NEAREST
        ours = one[kept], other[kept], bits[kept]
        theirs = ours[1], ours[0], ours[2]
        return tuple(np.concatenate(sides) for sides in zip(ours, theirs, strict=True))  # type: ignore[return-value]


def _codes(connection: sa.Connection) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the files that have a shape of their own, in rising order, and their codes: n x 8 x 32 bytes."""
    table = schema.fingerprints
    ours = (table.c.algorithm == ALGORITHM) & (table.c.version == ALGORITHM_VERSION) & (table.c.quality >= FLAT_BELOW)
    count = connection.scalar(sa.select(sa.func.count()).select_from(table).where(ours)) or 0
    files = np.empty(count, np.int64)
    codes = np.empty((count, len(ORIENTATIONS), CODE_BYTES), np.uint8)
    query = sa.select(table.c.file_id, table.c.code, table.c.turned).where(ours).order_by(table.c.file_id)
    at = 0
    for page in connection.execute(query).partitions(_PAGE):
        files[at : at + len(page)] = [row.file_id for row in page]
        joined = b"".join(row.code + row.turned for row in page)
        codes[at : at + len(page)] = np.frombuffer(joined, np.uint8).reshape(-1, len(ORIENTATIONS), CODE_BYTES)
        at += len(page)
    return files[:at], codes[:at]
