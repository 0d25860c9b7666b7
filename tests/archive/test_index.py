import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.archive import index as scans
from provenance.archive.index import CODE_BYTES, HammingIndex, by_faiss, by_numpy, load_faiss, scanner
from tests.core.build import codes

# Few distinct bytes, so that near and equal codes really occur.
CODES = st.lists(st.sampled_from(b"\x00\x01\x80\xff"), min_size=CODE_BYTES, max_size=CODE_BYTES).map(bytes)


def brute_force(rows: list[tuple[int, bytes]], queries: bytes, radius: int) -> list[tuple[int, int]]:
    wanted = [queries[i : i + CODE_BYTES] for i in range(0, len(queries), CODE_BYTES)]
    found = [
        (min((int.from_bytes(code) ^ int.from_bytes(query)).bit_count() for query in wanted), number)
        for number, code in rows
    ]
    return sorted(pair for pair in found if pair[0] <= radius)


@given(
    st.lists(CODES, max_size=12),
    st.lists(CODES, max_size=4),
    st.lists(CODES, min_size=1, max_size=8),
    st.integers(0, 256),
)
def test_the_scan_is_exact(first: list[bytes], added: list[bytes], queries: list[bytes], radius: int) -> None:
    rows = [(7 * i + 3, code) for i, code in enumerate(first)]
    index = HammingIndex(rows)
    query = b"".join(queries)
    assert index.near(query, radius) == brute_force(rows, query, radius)
    for i, code in enumerate(added):
        index.add(1000 + i, code)
        rows.append((1000 + i, code))
    assert len(index) == len(rows)
    assert index.near(query, radius) == brute_force(rows, query, radius)


def test_an_empty_index_finds_nothing_until_something_is_added() -> None:
    index = HammingIndex()
    query = codes(1)
    assert (len(index), index.near(query, 256)) == (0, [])
    index.add(5, query[:CODE_BYTES])
    assert (len(index), index.near(query, 0)) == (1, [(0, 5)])


def test_the_radius_is_included_and_the_nearest_come_first() -> None:
    index = HammingIndex([(i, codes(1, flipped=i)[:CODE_BYTES]) for i in (9, 4, 0, 5)])
    query = codes(1)[:CODE_BYTES]
    assert index.near(query, 5) == [(0, 0), (4, 4), (5, 5)]


def test_large_ids_and_all_bits() -> None:
    index = HammingIndex([(2**62, b"\xff" * CODE_BYTES)])
    assert index.near(b"\0" * CODE_BYTES, 256) == [(256, 2**62)]
    assert index.near(b"\0" * CODE_BYTES, 255) == []


@given(
    words=st.sampled_from([4, 8]),
    count=st.integers(1, 60),
    queries=st.integers(1, 20),
    radius=st.integers(0, 512),
    seed=st.integers(0, 99),
)
def test_faiss_finds_what_numpy_finds(words: int, count: int, queries: int, radius: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2**64, (count, words), dtype=np.uint64)
    codes.flags.writeable = False  # as in a mapped file
    asked = rng.integers(0, 2**64, (queries, words), dtype=np.uint64)
    asked[0] = codes[0]
    found = []
    for scan in (by_numpy(asked.tobytes(), radius), by_faiss(load_faiss(), asked.tobytes(), words, radius)):
        best: dict[int, int] = {}
        for hit, bits in zip(*(each.tolist() for each in scan(codes)), strict=True):
            best[hit] = min(bits, best.get(hit, bits))
        found.append(best)
    assert found[0] == found[1]
    assert found[0][0] == 0


def test_faiss_is_loaded_only_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []
    monkeypatch.setattr(scans, "load_faiss", lambda: asked.append(None))
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    hash_, signs = bytes(8 * 32), bytes(20 * 64)
    scanner(hash_, 4, 92, 1_000_000)
    scanner(signs, 8, 215, 900_000)
    assert asked == []
    # Not installed: numpy it is.
    hits, bits = scanner(signs, 8, 215, 1_000_000)(np.zeros((3, 8), dtype=np.uint64))
    assert (len(asked), hits.tolist(), bits.tolist()) == (1, [0, 1, 2], [0, 0, 0])


def test_without_faiss_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert load_faiss() is None
