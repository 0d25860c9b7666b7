"""Close pairs among all codes of 256 bits, without comparing each with each: by bands.

A code is 16 bands of 16 bits. Two codes that differ by 31 bits at most differ by one bit at most in some band, and so
do their words of 64 bits by seven: all such pairs are found. Farther pairs are found mostly.
Knows no rows and no files: arrays in, pairs of their indices out.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from provenance.archive.index import CODE_BYTES

Pairs = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]

BANDS = 16
EXACT = 31
"""The largest radius at which no pair is missed."""
_FLIPS = (0, *(1 << bit for bit in range(16)))
_IN_WORD = 18
"""Bits by which the words around a band may differ. Seven would do for what is exact; strangers lie at 32 and more
often than not above 20, so that this costs little and finds most of what lies beyond."""
_BLOCK = 1 << 17
"""Codes looked at together, and about the pairs in one answer: what bounds the memory."""


def close_pairs(
    codes: NDArray[np.uint8],
    radius: int,
    others: NDArray[np.uint8] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Pairs]:
    """Yield (i, j, distance) as arrays: the pairs of `codes` (n x 32 bytes) within `radius` bits, each once, i < j.

    With `others` (m x 32 bytes): i is one of the codes and j one of the others, in no order.
    Up to EXACT bits nothing is missed among codes that differ; beyond, a pair is found where it is close in a band.

    Equal codes stand for each other, so that fifty thousand of them do not make a billion pairs: all but the first
    get the pair (the one before, itself, 0), and only the first is compared with the rest. Of equal `others` the
    first gets all its pairs, each further one a single pair, with a code that the first was paired with; equal
    `codes` are not paired with each other then. Whoever joins what is paired misses nothing by this.

    `progress` is told how many of the bands are done, of how many.
    """
    left = _Distinct(codes)
    right = left if others is None else _Distinct(others)
    if others is None:
        yield from left.chains()
    partners = np.full(len(right.rows), -1, dtype=np.intp)
    bits = np.zeros(len(right.rows), dtype=np.uint16)
    for band in range(BANDS):
        for i, j, distance in _in_band(left.codes, right.codes, band, radius, within=others is None):
            if others is not None:
                partners[j], bits[j] = i, distance
                yield left.rows[i], right.rows[j], distance
                continue
            one, two = left.rows[i], left.rows[j]
            yield np.minimum(one, two), np.maximum(one, two), distance
        if progress is not None:
            progress(band + 1, BANDS)
    if others is not None:
        again = right.again[partners[right.number[right.again]] >= 0]
        number = right.number[again]
        for start in range(0, len(again), _BLOCK):
            part = slice(start, start + _BLOCK)
            yield left.rows[partners[number[part]]], again[part], bits[number[part]]


class _Distinct:
    """The different ones among some codes: of equal ones the first."""

    def __init__(self, codes: NDArray[np.uint8]) -> None:
        if codes.ndim != 2 or codes.shape[1] != CODE_BYTES:
            raise ValueError(f"codes of {CODE_BYTES} bytes are wanted, not {codes.shape}")
        words = np.ascontiguousarray(codes).view(np.uint64)
        # Sorted by rows, equal codes in the order in which they came: all sorts of `lexsort` are stable.
        order = np.lexsort(words.T)
        fresh = np.ones(len(order), dtype=np.bool_)
        for start in range(1, len(order), _BLOCK):
            here = order[start : start + _BLOCK]
            fresh[start : start + _BLOCK] = (words[here] != words[order[start - 1 : start - 1 + len(here)]]).any(axis=1)
        self.rows = order[fresh]
        """The row of each different code."""
        self.codes = words[self.rows]
        self.number = np.empty(len(order), dtype=np.intp)
        """For each row, which of the different codes it has."""
        self.number[order] = np.cumsum(fresh) - 1
        self.again = order[~fresh]
        """The rows whose code an earlier row has."""
        self._before = order[np.flatnonzero(~fresh) - 1]

    def chains(self) -> Iterator[Pairs]:
        for start in range(0, len(self.again), _BLOCK):
            later = self.again[start : start + _BLOCK]
            yield self._before[start : start + _BLOCK], later, np.zeros(len(later), dtype=np.uint16)


def _in_band(
    left: NDArray[np.uint64], right: NDArray[np.uint64], band: int, radius: int, *, within: bool
) -> Iterator[Pairs]:
    """Yield the pairs that are close in this band and in none before it."""
    word = band // 4
    keys, order = _sorted(left, band)
    words = left[order, word]
    if within:
        right_order, right_words, counts = order, words, np.bincount(keys, minlength=1 << 16)
    else:
        right_keys, right_order = _sorted(right, band)
        right_words, counts = right[right_order, word], np.bincount(right_keys, minlength=1 << 16)
    ends = np.cumsum(counts)
    lefts: list[NDArray[np.intp]] = []
    rights: list[NDArray[np.intp]] = []
    held = 0
    for flip in _FLIPS:
        for start in range(0, len(keys), _BLOCK):
            mine = np.arange(start, min(start + _BLOCK, len(keys)))
            if within and flip:  # The other half meets this one from the other side.
                mine = mine[keys[mine] & flip == 0]
            near = keys[mine] ^ flip
            last = ends[near]
            at = mine + 1 if within and not flip else last - counts[near]
            # Every code with the first of its bucket, then with the second, until no bucket has more.
            while True:
                going = at < last
                if not going.all():
                    mine, at, last = mine[going], at[going], last[going]
                if not len(mine):
                    break
                hits = np.flatnonzero(np.bitwise_count(words[mine] ^ right_words[at]) <= _IN_WORD)
                if len(hits):
                    lefts.append(order[mine[hits]])
                    rights.append(right_order[at[hits]])
                    held += len(hits)
                if held >= _BLOCK:
                    yield _kept(left, right, np.concatenate(lefts), np.concatenate(rights), band, radius)
                    lefts, rights, held = [], [], 0
                at += 1
    if held:
        yield _kept(left, right, np.concatenate(lefts), np.concatenate(rights), band, radius)


def _sorted(codes: NDArray[np.uint64], band: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the codes' values in this band in rising order, and which codes they are of."""
    values = codes.view(np.uint16)[:, band]
    order = np.argsort(values, kind="stable")
    return values[order].astype(np.intp), order


def _kept(
    left: NDArray[np.uint64],
    right: NDArray[np.uint64],
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    band: int,
    radius: int,
) -> Pairs:
    """Return those of the pairs that are within the radius and were not found in an earlier band."""
    different = left[i] ^ right[j]
    in_words = np.bitwise_count(different)
    distance = in_words.sum(axis=1, dtype=np.uint16)
    near = np.flatnonzero(distance <= radius)
    earlier = np.bitwise_count(different[near].view(np.uint16)[:, :band]) <= 1
    earlier &= np.repeat(in_words[near] <= _IN_WORD, 4, axis=1)[:, :band]
    near = near[~earlier.any(axis=1)]
    return i[near], j[near], distance[near]
