"""Which hashes lie near a given one: an exact scan over all of them, in memory.

By numpy; by faiss where it is installed and there is enough to do. Both give the same.
"""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODE_BYTES = 32
_WORDS = CODE_BYTES // 8
_WORTH_FAISS = 150_000_000
"""Words to compare from which on faiss pays for its import: that takes 0.1 s, and saves some 0.7 ns a word then."""

Scan = Callable[[NDArray[np.uint64]], tuple[NDArray[np.intp], NDArray[np.generic]]]
"""Takes codes (n x words, without gaps); returns which are near, perhaps more than once, and by how many bits."""


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


def scanner(queries: bytes, words: int, radius: int, count: int) -> Scan:
    """Return what finds the codes within `radius` bits of any of the `queries`; `count` codes are to be looked at."""
    if "faiss" in sys.modules or len(queries) // 8 * count >= _WORTH_FAISS:
        faiss = load_faiss()
        if faiss is not None:
            return by_faiss(faiss, queries, words, radius)
    return by_numpy(queries, radius)


def by_numpy(queries: bytes, radius: int) -> Scan:
    """The scan that always works."""

    def scan(codes: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.generic]]:
        bits = distances(columns(codes), queries)
        hits = np.flatnonzero(bits <= radius)
        return hits, bits[hits]

    return scan


def by_faiss(faiss: Any, queries: bytes, words: int, radius: int) -> Scan:
    """The same by faiss, which is two to five times as fast on one thread for 8 to 20 queries."""
    asked = np.frombuffer(queries, dtype=np.uint8).reshape(-1, words * 8)
    # Its own threads wait for each other by spinning: on a busy machine a scan takes a hundred times as long.
    faiss.omp_set_num_threads(1)

    def scan(codes: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.generic]]:
        result = faiss.RangeSearchResult(len(asked))
        pointers = faiss.swig_ptr(asked), faiss.swig_ptr(codes.view(np.uint8))
        # faiss looks for what is nearer than the radius, we for what is not farther.
        faiss.hamming_range_search(*pointers, len(asked), len(codes), radius + 1, words * 8, result)
        found = int(faiss.rev_swig_ptr(result.lims, len(asked) + 1)[-1])
        if not found:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.uint16)
        # Copied: the memory is the result's own.
        hits = np.array(faiss.rev_swig_ptr(result.labels, found), dtype=np.intp)
        return hits, np.array(faiss.rev_swig_ptr(result.distances, found)).astype(np.uint16)

    return scan


def load_faiss() -> Any:
    """Return the module; None where it is not installed."""
    if importlib.util.find_spec("faiss") is None:
        return None
    import faiss

    return faiss


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
