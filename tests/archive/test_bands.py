from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.archive import bands
from provenance.archive.bands import BANDS, EXACT, Pairs, close_pairs

Found = dict[tuple[int, int], int]


def random_codes(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def changed(codes: NDArray[np.uint8], bits: Iterable[int], seed: int = 1) -> NDArray[np.uint8]:
    """Each code with as many of its bits changed, at random places, as the list says."""
    rng = np.random.default_rng(seed)
    made = codes.copy()
    for row, count in zip(made, bits, strict=True):
        flips = np.zeros(256, dtype=np.uint8)
        flips[rng.permutation(256)[:count]] = 1
        row ^= np.packbits(flips)
    return made


def collected(pairs: Iterable[Pairs]) -> Found:
    """The pairs in one dictionary; each may come only once."""
    found: Found = {}
    for i, j, distance in pairs:
        assert i.shape == j.shape == distance.shape
        for one, two, bits in zip(i.tolist(), j.tolist(), distance.tolist(), strict=True):
            assert (one, two) not in found
            found[one, two] = bits
    return found


def brute_force(left: NDArray[np.uint8], right: NDArray[np.uint8], radius: int) -> Found:
    found: Found = {}
    for i, code in enumerate(left):
        bits = np.bitwise_count(right ^ code).sum(axis=1)
        found |= {(i, j): int(bits[j]) for j in np.flatnonzero(bits <= radius).tolist()}
    return found


def ordered(found: Found) -> Found:
    return {(i, j): bits for (i, j), bits in found.items() if i < j}


def test_up_to_31_bits_no_pair_is_missed() -> None:
    base = random_codes(1_000)
    codes = np.concatenate([base, changed(base, [n % 31 + 1 for n in range(1_000)]), random_codes(1_000, 5)])
    expected = ordered(brute_force(codes, codes, EXACT))
    assert len(expected) >= 1_000
    assert collected(close_pairs(codes, EXACT)) == expected


@pytest.mark.parametrize("bits", [31, 30, 1])
def test_the_hardest_spread_of_the_bits_is_found(bits: int) -> None:
    # Two bits in every band but one, which has one: no band is the same, and only the last is within one bit.
    for spared in range(BANDS):
        one = random_codes(1, spared)
        flips = np.zeros(256, dtype=np.uint8)
        for band in range(BANDS):
            flips[band * 16 + 3] = 1
            flips[band * 16 + 9] = band != spared
        flips[np.flatnonzero(flips)[bits:]] = 0
        assert collected(close_pairs(np.concatenate([one, one ^ np.packbits(flips)]), EXACT)) == {(0, 1): bits}


def test_beyond_that_only_true_pairs_come_and_most_of_them() -> None:
    base = random_codes(2_000)
    codes = np.concatenate([base, changed(base, [40] * 2_000)])
    expected = ordered(brute_force(codes, codes, 48))
    found = collected(close_pairs(codes, 48))
    assert found.items() <= expected.items()
    assert len(found) > 0.9 * len(expected)


def test_a_second_set_is_compared_with_the_first() -> None:
    codes = random_codes(500)
    others = np.concatenate([random_codes(300, 7), changed(codes[::-1], [n % 32 for n in range(500)])])
    assert collected(close_pairs(codes, EXACT, others)) == brute_force(codes, others, EXACT)


def test_equal_codes_make_a_chain() -> None:
    codes = random_codes(4)[[0, 1, 0, 2, 0, 1]]
    assert collected(close_pairs(codes, 20)) == {(0, 2): 0, (2, 4): 0, (1, 5): 0}


def test_only_the_first_of_equal_codes_is_compared_with_the_rest() -> None:
    base = random_codes(1)
    codes = np.concatenate([changed(base, [5]), base, base, base])
    assert collected(close_pairs(codes, 20)) == {(0, 1): 5, (1, 2): 0, (2, 3): 0}


def test_of_equal_others_each_has_a_pair() -> None:
    base = random_codes(1)
    codes = np.concatenate([base, base, changed(base, [3])])
    found = collected(close_pairs(codes, 20, np.concatenate([base, base, base, random_codes(2, 9)])))
    assert found.items() >= {(0, 0): 0, (2, 0): 3}.items()
    assert {j for _, j in found} == {0, 1, 2}
    assert {i for i, _ in found} <= {0, 2}
    assert len(found) == 4


def test_a_crowd_of_equal_codes_makes_no_crowd_of_pairs() -> None:
    codes = np.concatenate([random_codes(1)] * 50_000 + [random_codes(1_000, 2)])
    assert len(collected(close_pairs(codes, EXACT))) == 49_999
    assert len(collected(close_pairs(codes, EXACT, codes))) == 51_000


def test_small_blocks_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    base = random_codes(100)
    codes = np.concatenate([base, base, changed(base, range(100))])
    whole, cross = collected(close_pairs(codes, EXACT)), collected(close_pairs(codes, EXACT, base))
    monkeypatch.setattr(bands, "_BLOCK", 7)
    answers = list(close_pairs(codes, EXACT))
    assert max(len(i) for i, _, _ in answers) <= 14
    assert collected(answers) == whole
    assert collected(close_pairs(codes, EXACT, base)).keys() == cross.keys()


def test_none_and_one_have_no_pairs() -> None:
    for count in (0, 1):
        assert collected(close_pairs(random_codes(count), 60)) == {}
    assert collected(close_pairs(random_codes(3), 60, random_codes(0))) == {}


def test_it_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    list(close_pairs(random_codes(10), 10, progress=lambda done, of: told.append((done, of))))
    assert told == [(band + 1, BANDS) for band in range(BANDS)]


def test_other_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        list(close_pairs(np.zeros((3, 64), dtype=np.uint8), 10))
