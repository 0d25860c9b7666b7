from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from provenance.archive import coverage, migrate, observe, schema
from provenance.core.model import Source
from tests.archive.conftest import Desk, arrived
from tests.core.build import NEWS, NOON, channel, hour

OTHER = channel(2)


@pytest.fixture(autouse=True)
def known(desk: Desk) -> None:
    """The channels with the rows 1 and 2."""
    with desk.archive.write() as connection:
        for each in (NEWS, OTHER):
            observe.add_channel(connection, each, NOON)


def cover(
    desk: Desk, *ranges: tuple[int, int], channel_id: int = 1, source: Source = Source.BACKFILL, messages: int = 0
) -> None:
    with desk.archive.write() as connection:
        for first, last in ranges:
            coverage.cover(connection, desk.run, channel_id, source, first, last, messages)


def stored(desk: Desk) -> list[tuple[int, int]]:
    return [(row.first_message_id, row.last_message_id) for row in desk.rows(schema.coverage)]


def holes(desk: Desk, floor: int, top: int) -> list[tuple[int, int]]:
    with desk.archive.read() as connection:
        return coverage.holes(connection, 1, floor, top)


@contextmanager
def undone(desk: Desk) -> Iterator[sa.Connection]:
    """A transaction that leaves nothing, so that many examples can share one archive."""
    with desk.archive.write() as connection, connection.begin_nested() as savepoint:
        yield connection
        savepoint.rollback()


# Covering


@pytest.mark.parametrize(
    ("told", "rows"),
    [
        ((21, 25), [(10, 25)]),
        ((5, 9), [(5, 20)]),
        ((12, 15), [(10, 20)]),
        ((10, 20), [(10, 20)]),
        ((5, 25), [(5, 25)]),
        ((18, 30), [(10, 30)]),
        ((20, 20), [(10, 20)]),
        ((22, 25), [(10, 20), (22, 25)]),
        ((1, 8), [(10, 20), (1, 8)]),
    ],
)
def test_a_range_grows_by_what_touches_it(desk: Desk, told: tuple[int, int], rows: list[tuple[int, int]]) -> None:
    cover(desk, (10, 20), told)
    assert stored(desk) == rows


def test_a_grown_range_counts_the_messages_of_both(desk: Desk) -> None:
    cover(desk, (10, 20), messages=7)
    cover(desk, (21, 22), messages=2)
    cover(desk, (40, 49), messages=1)
    assert [row.messages for row in desk.rows(schema.coverage)] == [9, 1]


def test_ranges_of_another_run_source_or_channel_do_not_grow(desk: Desk) -> None:
    cover(desk, (10, 20))
    cover(desk, (21, 25), source=Source.LIVE)
    cover(desk, (21, 26), channel_id=2)
    first = desk.run
    desk.start()
    cover(desk, (21, 27))
    found = [
        (row.run_id, row.channel_id, row.source, row.first_message_id, row.last_message_id)
        for row in desk.rows(schema.coverage)
    ]
    assert found == [
        (first, 1, "backfill", 10, 20),
        (first, 1, "live", 21, 25),
        (first, 2, "backfill", 21, 26),
        (desk.run, 1, "backfill", 21, 27),
    ]


def test_what_closes_a_hole_makes_the_newer_range_grow(desk: Desk) -> None:
    cover(desk, (1, 5), (10, 15), (6, 9))
    assert stored(desk) == [(1, 5), (6, 15)]
    assert holes(desk, 1, 15) == []


def test_what_is_covered_is_joined_over_runs_and_sources_in_order(desk: Desk) -> None:
    cover(desk, (30, 40))
    cover(desk, (41, 50), source=Source.LIVE)
    desk.start()
    cover(desk, (10, 20), (15, 25))
    cover(desk, (26, 29), channel_id=2)
    with desk.archive.read() as connection:
        assert coverage.covered(connection, 1) == [(10, 25), (30, 50)]
        assert coverage.covered(connection, 2) == [(26, 29)]
        assert coverage.covered(connection, 3) == []


def test_coverage_grows_with_the_run(desk: Desk) -> None:
    desk.add(arrived(20), arrived(30))
    desk.add(arrived(5), arrived(25))
    desk.add(arrived(7), channel=channel(2))
    desk.start()
    desk.add(arrived(31, service="pin_message"))
    found = [
        (row.run_id, row.channel_id, row.source, row.first_message_id, row.last_message_id, row.messages)
        for row in desk.rows(schema.coverage)
    ]
    assert found == [(1, 1, "import", 5, 30, 4), (1, 2, "import", 7, 7, 1), (2, 1, "import", 31, 31, 1)]


def test_posts_cover_the_range_that_their_source_has_told_all_about(desk: Desk) -> None:
    desk.add(arrived(15), arrived(12), covered=(10, 20))
    desk.add(covered=(21, 30))
    desk.add(arrived(35), arrived(33))
    assert [(row.messages, *pair) for row, pair in zip(desk.rows(schema.coverage), stored(desk), strict=True)] == [
        (2, 10, 30),
        (2, 33, 35),
    ]


@pytest.mark.parametrize(
    ("number", "covered"),
    [(-1, True), (0, True), (1, False), (9, False), (10, True), (15, True), (20, True), (21, False), (30, True)],
)
def test_whether_a_number_is_covered(desk: Desk, number: int, covered: bool) -> None:
    cover(desk, (10, 20))
    cover(desk, (30, 30), source=Source.LIVE)
    cover(desk, (1, 40), channel_id=2)
    with desk.archive.read() as connection:
        assert coverage.covers(connection, 1, number) is covered


def test_the_last_post_before_a_time(desk: Desk) -> None:
    desk.add(*(arrived(number, posted_at=hour(number)) for number in (1, 2, 3)), arrived(9, posted_at=None))
    desk.add(arrived(50), channel=OTHER)
    with desk.archive.read() as connection:
        found = [coverage.last_before(connection, 1, hour(hours)) for hours in (1, 1.5, 3, 3.1)]
    assert found == [0, 1, 2, 3]


# Holes


@pytest.mark.parametrize(
    ("covered", "floor", "top", "found"),
    [
        ([], 1, 9, [(1, 9)]),
        ([], 5, 5, [(5, 5)]),
        ([], 6, 5, []),
        ([(1, 9)], 1, 9, []),
        ([(3, 5)], 1, 9, [(6, 9), (1, 2)]),
        ([(2, 3), (6, 7)], 1, 9, [(8, 9), (4, 5), (1, 1)]),
        ([(1, 3), (5, 9)], 1, 9, [(4, 4)]),
        ([(1, 5)], 3, 9, [(6, 9)]),
        ([(1, 2)], 3, 9, [(3, 9)]),
        ([(1, 3)], 3, 9, [(4, 9)]),
        ([(8, 20)], 3, 9, [(3, 7)]),
        ([(9, 20)], 3, 9, [(3, 8)]),
        ([(10, 20)], 3, 9, [(3, 9)]),
        ([(1, 20)], 3, 9, []),
        ([(1, 2), (5, 6), (20, 30)], 4, 9, [(7, 9), (4, 4)]),
    ],
)
def test_holes_between_floor_and_top_newest_first(
    desk: Desk, covered: list[tuple[int, int]], floor: int, top: int, found: list[tuple[int, int]]
) -> None:
    cover(desk, *covered)
    assert holes(desk, floor, top) == found


RANGES = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)).map(lambda pair: (pair[0], sum(pair))), max_size=6)


@given(RANGES)
def test_merged_ranges_hold_the_same_ids_and_do_not_touch(ranges: list[tuple[int, int]]) -> None:
    found = coverage.merged(ranges)
    assert {each for first, last in found for each in range(first, last + 1)} == {
        each for first, last in ranges for each in range(first, last + 1)
    }
    assert all(one[1] + 1 < two[0] for one, two in pairwise(found))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(migrate.create_or_open(tmp_path_factory.mktemp("shared")))
    with desk.archive.write() as connection:
        observe.add_channel(connection, NEWS, NOON)
    return desk


@given(RANGES, st.integers(1, 30), st.integers(1, 30))
def test_holes_and_what_is_covered_make_the_whole(
    shared: Desk, ranges: list[tuple[int, int]], floor: int, top: int
) -> None:
    with undone(shared) as connection:
        for first, last in ranges:
            coverage.cover(connection, shared.run, 1, Source.BACKFILL, first, last, 0)
        found = coverage.holes(connection, 1, floor, top)
    told = {each for first, last in ranges for each in range(first, last + 1)}
    assert {each for first, last in found for each in range(first, last + 1)} == set(range(floor, top + 1)) - told
    assert found == sorted(found, reverse=True)
    assert all(first <= last for first, last in found)


# Deletions


def deleted(desk: Desk) -> dict[int, object]:
    return {row.message_id: row.deleted_seen_at for row in desk.rows(schema.posts)}


def mark(desk: Desk, *message_ids: int, hours: float = 5, channel_id: int = 1) -> int:
    with desk.archive.write() as connection:
        return coverage.mark_deleted(connection, channel_id, message_ids, hour(hours))


def test_a_deletion_marks_the_archived_posts_of_one_channel(desk: Desk) -> None:
    desk.add(arrived(1), arrived(2), arrived(3))
    desk.add(arrived(2), channel=OTHER)
    assert mark(desk, 1, 2, 99) == 2
    assert [(row.channel_id, row.message_id, row.deleted_seen_at) for row in desk.rows(schema.posts)] == [
        (1, 1, hour(5)),
        (1, 2, hour(5)),
        (1, 3, None),
        (2, 2, None),
    ]


def test_a_mark_is_never_taken_back_nor_dated_anew(desk: Desk) -> None:
    desk.add(arrived(1), arrived(2))
    mark(desk, 1)
    assert mark(desk, 1, 2, hours=6) == 1
    desk.add(arrived(1), arrived(2, text="back with other words"))
    assert deleted(desk) == {1: hour(5), 2: hour(6)}


def test_a_deletion_puts_all_files_of_the_post_in_question(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b"), arrived(2, b"c"), arrived(3, None))
    desk.add(arrived(1, b"d", edited_at=hour(1)))
    desk.chain(1, [1, 2, 3, 4])
    mark(desk, 1, 3)
    assert desk.unresolved() == {1, 2, 4}
    desk.chain(1, [1, 2, 3, 4])
    mark(desk, 1, hours=9)
    assert desk.unresolved() == set()


def test_more_deletions_than_one_query_takes(desk: Desk) -> None:
    desk.add(arrived(1), arrived(7_000))
    assert mark(desk, *range(1, 7_001)) == 2
    assert mark(desk) == 0


def test_what_is_alive(desk: Desk) -> None:
    desk.add(*(arrived(number) for number in (1, 5, 6, 9)))
    desk.add(arrived(7), channel=OTHER)
    mark(desk, 6)
    with desk.archive.read() as connection:
        assert coverage.alive(connection, 1, 5, 9) == {5, 9}
        assert coverage.alive(connection, 1, 2, 4) == set()
        assert [coverage.count_alive(connection, row) for row in (1, 2, 3)] == [3, 1, 0]
