"""How close pairs among all codes of an archive are found: `python -m benchmarks.bands --codes 100000 1000000`.

A fifth of the codes are copies of others, 0 to 60 bits away. Printed are time and peak memory of
`provenance.archive.bands.close_pairs`, the share of the copies that is found by their distance, and whether up to 31
bits the same pairs come out as by comparing each code with each (20,000 codes, copies among them).
"""

import argparse
import time
import tracemalloc
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from provenance.archive.bands import EXACT, close_pairs

_RADIUS = 60
_CODE_BYTES = 32
_COMPARED = 20_000
_STEPS = (0, 1, 16, 32, 36, 40, 44, 48, 52, 56, 61)
"""Distances at which the rows of the table begin."""

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(machine.describe())
    print(f"\nUp to {EXACT} bits the same as by brute force over {_COMPARED:,} codes: {is_exact()}")
    for count in options.codes:
        times = [measure(count, traced=False)[0] for _ in range(options.rounds)]
        _, grown, found, there = measure(count, traced=True)
        print(
            f"\n{count:,} codes, radius {_RADIUS}: {sorted(times)[len(times) // 2]:.2f} s, at most "
            f"{grown:.0f} MiB of its own, codes themselves {count * _CODE_BYTES >> 20} MiB"
        )
        print("\nbits        copies   found")
        for start, end in pairwise(_STEPS):
            copies, hits = there[start:end].sum(), found[start:end].sum()
            print(f"{start:2} to {end - 1:2}{copies:10}{hits / copies:8.4f}")


def measure(count: int, *, traced: bool) -> tuple[float, float, Numbers, Numbers]:
    """Return seconds, MiB that it took, and by distance the copies that were found and those that there are."""
    codes, ones, others, bits = _with_copies(count, count)
    wanted = np.sort(ones * count + others)
    found = np.zeros(len(wanted), dtype=np.bool_)
    if traced:
        tracemalloc.start()
    began = time.perf_counter()
    answers = 0.0
    for i, j, _ in close_pairs(codes, _RADIUS):
        paused = time.perf_counter()
        keys = np.asarray(i, np.int64) * count + j
        at = np.searchsorted(wanted, keys).clip(max=len(wanted) - 1)
        found[at[wanted[at] == keys]] = True
        answers += time.perf_counter() - paused
    seconds = time.perf_counter() - began - answers
    grown = tracemalloc.get_traced_memory()[1] / 2**20 if traced else 0.0
    distances = bits[np.argsort(ones * count + others)]
    return (
        seconds,
        grown,
        np.bincount(distances[found], minlength=_RADIUS + 1),
        np.bincount(distances, minlength=_RADIUS + 1),
    )


def is_exact() -> bool:
    """Whether just the right pairs of different codes come out, with the right distances."""
    codes, _, _, bits = _with_copies(_COMPARED, 1)
    codes = np.unique(codes, axis=0)
    words = codes.view(np.uint64)
    expected = []
    for i in range(len(words)):
        near = np.bitwise_count(words[i + 1 :] ^ words[i]).sum(axis=1, dtype=np.int64)
        expected += [(i, i + 1 + int(hit), int(near[hit])) for hit in np.flatnonzero(near <= EXACT)]
    found = [
        each
        for i, j, far in close_pairs(codes, EXACT)
        for each in zip(i.tolist(), j.tolist(), far.tolist(), strict=True)
    ]
    return len(expected) > len(bits) // 3 and sorted(found) == expected


def _with_copies(count: int, seed: int) -> tuple[Bytes, Numbers, Numbers, Numbers]:
    """Return codes, and for each copy the first code of its cluster, its own number, and how far it lies off.

    Clusters have 2 to 9 codes; those with the distance 0 have two, as equal codes are paired in a chain.
    """
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (count, _CODE_BYTES), dtype=np.uint8)
    copies = count // 5
    others = np.arange(count - copies, count, dtype=np.int64)
    bits = rng.integers(0, _RADIUS + 1, copies)
    ones = rng.integers(0, (count - copies) // 4, copies)
    # Equal codes have an original of their own.
    equal = np.flatnonzero(bits == 0)
    ones[equal] = (count - copies) // 2 + np.arange(len(equal))
    for start in range(0, copies, 10_000):
        part = slice(start, start + 10_000)
        ranks = rng.random((len(bits[part]), 256)).argsort(axis=1)
        flips = np.packbits(ranks < bits[part, None], axis=1)
        codes[others[part]] = codes[ones[part]] ^ flips
    return codes, ones, others, bits


if __name__ == "__main__":
    main()
