"""Which hashes lie near a given one: an exact scan over all of them, in memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CODE_BYTES = 32
_WORDS = CODE_BYTES // 8


class HammingIndex:
    """Codes of 256 bits with the ids of their files."""

    def __init__(self, rows: Sequence[tuple[int, bytes]] = ()) -> None:
        self._ids = np.array([file_id for file_id, _ in rows], dtype=np.int64)
        self._columns = columns(_words(b"".join(code for _, code in rows)))
        self._new_ids: list[int] = []
        self._new_codes: list[bytes] = []

    def __len__(self) -> int:
        return len(self._ids) + len(self._new_ids)

    def add(self, file_id: int, code: bytes) -> None:
        """Add one code; it is found from the next search on."""
        self._new_ids.append(file_id)
        self._new_codes.append(code)

    def near(self, codes: bytes, radius: int) -> list[tuple[int, int]]:
        """Return (distance, file id), nearest first, of all within `radius` bits of any of the given codes."""
        self._merge()
        if not len(self._ids):
            return []
        best = distances(self._columns, codes)
        hits = np.flatnonzero(best <= radius)
        return sorted((int(best[hit]), int(self._ids[hit])) for hit in hits)

    def _merge(self) -> None:
        # Amortised: growing the arrays for every single code would copy them each time.
        if not self._new_ids:
            return
        self._ids = np.concatenate([self._ids, np.array(self._new_ids, dtype=np.int64)])
        self._columns = np.concatenate([self._columns, columns(_words(b"".join(self._new_codes)))], axis=1)
        self._new_ids, self._new_codes = [], []


def columns(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return codes (n x words) as words x n: sums along rows of four would take most of a search's time."""
    return np.ascontiguousarray(codes.T)


def distances(columns: NDArray[np.uint64], queries: bytes) -> NDArray[np.uint16]:
    """Return for each of n codes, given as words x n, the bits by which the nearest of the `queries` differs."""
    words = columns.shape[0]
    best = np.full(columns.shape[1], words * 64 + 1, dtype=np.uint16)
    for query in np.frombuffer(queries, dtype=np.uint64).reshape(-1, words):
        bits = np.zeros(columns.shape[1], dtype=np.uint16)
        for column, word in zip(columns, query, strict=True):
            bits += np.bitwise_count(column ^ word)
        np.minimum(best, bits, out=best)
    return best


def _words(codes: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(codes, dtype=np.uint64).reshape(-1, _WORDS)
