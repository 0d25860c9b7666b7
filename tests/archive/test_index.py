from hypothesis import given
from hypothesis import strategies as st

from provenance.archive.index import CODE_BYTES, HammingIndex
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
