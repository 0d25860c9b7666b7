from collections.abc import Sequence
from itertools import pairwise, permutations
from typing import Any

import pytest

from provenance.archive import derive, read, schema
from provenance.archive.derive import Measurement
from provenance.core.chain import build
from provenance.core.matching import RESOLVE_VERSION
from provenance.core.model import ForwardHeader, PeerKind
from tests.archive.conftest import Desk, arrived, tell
from tests.core.build import DAILY, NOON, TIMES, channel, codes, hour


def derived(desk: Desk, *names: str) -> dict[str, list[Any]]:
    return {name: desk.rows(schema.metadata.tables[name]) for name in names}


def partition(desk: Desk, new: dict[int, int], merged: dict[int, int] | None = None) -> None:
    with desk.archive.write() as connection:
        derive.save_partition(connection, new, merged or {})


def members(desk: Desk) -> dict[int, int]:
    return {row.file_id: row.picture_id for row in desk.rows(schema.picture_files)}


# Measurements


def test_what_is_measured_is_not_asked_for_again(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    with desk.archive.write() as connection:
        waiting = derive.unmeasured(connection)
        assert [number for number, _ in waiting] == [1, 2, 3]
        good = Measurement(1, None, "PNG", 30, 20, codes(1), 55)
        derive.save_measurements(connection, [good, Measurement(3, "cannot be decoded: truncated")])
        assert derive.unmeasured(connection) == waiting[1:2]
        derive.save_measurements(connection, [])
    assert [(row.file_id, row.problem) for row in desk.rows(schema.inspections)] == [
        (1, None),
        (3, "cannot be decoded: truncated"),
    ]
    (row,) = desk.rows(schema.fingerprints)
    assert (row.file_id, row.code + row.turned, row.quality) == (1, codes(1), 55)
    assert [(row.format, row.width, row.height) for row in desk.rows(schema.files)] == [
        ("PNG", 30, 20),
        (None, None, None),
        (None, None, None),
    ]


def test_only_refusals(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    with desk.archive.write() as connection:
        derive.save_measurements(connection, [Measurement(1, "too large")])
    assert desk.rows(schema.fingerprints) == []


def test_what_another_process_measured_meanwhile_stays(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    with desk.archive.write() as connection:
        for seed in (1, 2):
            derive.save_measurements(connection, [Measurement(1, None, "PNG", 3, 2, codes(seed), seed)])
    assert [row.quality for row in desk.rows(schema.fingerprints)] == [1]


@pytest.mark.parametrize("table", [schema.inspections, schema.fingerprints])
def test_a_new_version_of_the_measuring_begins_anew(desk: Desk, table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.add(arrived(1, b"a"))
    desk.measure(b"a")
    monkeypatch.setattr(derive, "ALGORITHM_VERSION", 99)
    with desk.archive.write() as connection:
        assert [number for number, _ in derive.unmeasured(connection)] == [1]
        assert derive.without_picture(connection) == []
    desk.measure(b"a")
    assert sorted(row.version for row in desk.rows(table)) == [1, 99]


# Pictures


def test_files_without_a_picture_are_those_measured_and_not_placed(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    desk.measure(b"a", b"c")
    partition(desk, {1: 1})
    with desk.archive.read() as connection:
        assert derive.without_picture(connection) == [3]
        assert derive.unchained(connection) == [1]


def test_pictures_that_join_keep_all_their_files_and_lose_their_links(desk: Desk) -> None:
    for i, where in enumerate((channel(1), DAILY, TIMES)):
        desk.add(arrived(1, f"{i}".encode(), posted_at=hour(i)), channel=where)
        desk.add(arrived(2, f"{i}".encode(), posted_at=hour(i + 10)), channel=where)
    desk.measure(b"0", b"1", b"2")
    partition(desk, {1: 1, 2: 2, 3: 3})
    for picture in (1, 2, 3):
        desk.chain(picture, [picture])
    assert [row.picture_id for row in desk.rows(schema.links)] == [1, 2, 3]
    partition(desk, {}, {2: 1, 3: 1})
    assert members(desk) == {1: 1, 2: 1, 3: 1}
    assert [(row.id, row.version) for row in desk.rows(schema.pictures)] == [(1, RESOLVE_VERSION)]
    assert [row.picture_id for row in desk.rows(schema.links)] == [1]


def test_a_new_file_may_bring_pictures_together(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    partition(desk, {2: 2, 3: 3})
    partition(desk, {1: 1}, {2: 1, 3: 1})
    assert members(desk) == {1: 1, 2: 1, 3: 1}
    assert len(desk.rows(schema.pictures)) == 1


def test_nothing_new_changes_nothing(filled: Desk) -> None:
    before = derived(filled, "pictures", "picture_files", "links", "matches")
    partition(filled, {})
    assert derived(filled, "pictures", "picture_files", "links", "matches") == before


# Chains


def revisions(desk: Desk, *files: int) -> list[tuple[int, str | None, str, str]]:
    with desk.archive.read() as connection:
        found = derive.revisions(connection, files)
    return [(row.picture_id, row.before_ref, row.after_ref, row.reason) for row in found]


def first(desk: Desk, picture: int = 1) -> tuple[Any, ...]:
    (row,) = [row for row in desk.rows(schema.pictures) if row.id == picture]
    return row.first_ref, row.first_at, row.first_basis


def test_a_chain_is_kept_with_its_links_and_first_seen(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    desk.add(arrived(5, b"a", posted_at=hour(1)), channel=DAILY)
    partition(desk, {1: 1})
    desk.chain(1, [1], now=hour(100))
    assert first(desk) == ("1/1", NOON, "posted")
    (link,) = desk.rows(schema.links)
    assert (link.picture_id, link.from_attachment_id, link.to_attachment_id) == (1, 1, 2)
    assert (link.kind, link.evidence) == ("identical_reupload", "same bytes; no forward header; 1 h later")
    (row,) = desk.rows(schema.chain_revisions)
    assert (row.run_id, row.at, row.before_ref, row.before_at) == (desk.run, hour(100), None, None)
    assert (row.after_ref, row.after_at, row.basis) == ("1/1", NOON, "posted")
    assert desk.unresolved() == set()


def test_a_chain_that_begins_with_a_post_that_is_not_archived(desk: Desk) -> None:
    elsewhere = ForwardHeader(None, PeerKind.CHANNEL, 99, 7, hour(-1))
    desk.add(arrived(1, b"a"))
    partition(desk, {1: 1})
    desk.chain(1, [1])
    desk.add(arrived(5, b"a", posted_at=hour(1), forward=elsewhere), channel=DAILY)
    desk.add(arrived(6, b"a", posted_at=hour(2)), channel=DAILY)
    desk.chain(1, [1])
    assert first(desk) == ("99/7", hour(-1), "forward_header")
    # A link's ends are rows: one that leads from nowhere has none.
    assert [(row.from_attachment_id, row.to_attachment_id) for row in desk.rows(schema.links)] == [(1, 3)]
    assert revisions(desk, 1)[1:] == [
        (1, "1/1", "99/7", "99/7, which is not archived, is proven to be earlier than 1/1")
    ]
    desk.chain(1, [1])
    assert len(revisions(desk, 1)) == 2
    # Once it is archived it is the first as any other.
    desk.add(arrived(7, b"a", posted_at=hour(-1)), channel=channel(99))
    desk.chain(1, [1])
    assert first(desk) == ("99/7", hour(-1), "posted")
    assert len(desk.rows(schema.links)) == 3
    assert len(revisions(desk, 1)) == 2


def test_the_same_chain_again_is_no_revision(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    partition(desk, {1: 1})
    for _ in range(3):
        desk.chain(1, [1])
    assert len(revisions(desk, 1)) == 1


def test_a_later_copy_is_no_revision_but_a_link(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    partition(desk, {1: 1})
    desk.chain(1, [1])
    desk.add(arrived(1, b"a", posted_at=hour(1)), channel=DAILY)
    desk.chain(1, [1])
    assert (len(revisions(desk, 1)), len(desk.rows(schema.links))) == (1, 1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_first_seen_ends_the_same_in_every_order_and_each_revision_is_kept(desk: Desk, order: Sequence[int]) -> None:
    earliest: list[int] = []
    for n in order:
        desk.add(arrived(10, b"a", posted_at=hour(n)), channel=channel(n + 1))
        if not earliest:
            partition(desk, {1: 1})
        desk.chain(1, [1])
        if not earliest or n < earliest[-1]:
            earliest.append(n)
    assert first(desk) == ("1/10", NOON, "posted")
    refs = [f"{n + 1}/10" for n in earliest]
    assert [(before, after) for _, before, after, _ in revisions(desk, 1)] == list(
        zip([None, *refs[:-1]], refs, strict=True)
    )
    assert [reason for *_, reason in revisions(desk, 1)] == [
        "first record of this picture",
        *(f"{new} was archived, which is earlier than {old}" for old, new in pairwise(refs)),
    ]
    assert len(desk.rows(schema.links)) == 2


def joined(desk: Desk) -> None:
    """Two pictures with a chain each, found to be one."""
    desk.add(arrived(10, b"a", posted_at=hour(5)))
    desk.add(arrived(10, b"b", posted_at=hour(3)), channel=DAILY)
    desk.measure(b"a", b"b")
    partition(desk, {1: 1, 2: 2})
    desk.chain(1, [1])
    desk.chain(2, [2])
    partition(desk, {}, {2: 1})
    desk.chain(1, [1, 2])


def test_pictures_that_join_are_revised_under_every_number(desk: Desk) -> None:
    joined(desk)
    assert revisions(desk, 1, 2) == [
        (1, None, "1/10", "first record of this picture"),
        (2, None, "2/10", "first record of this picture"),
        (1, "1/10", "2/10", "joined with another picture, whose first post 2/10 is earlier than 1/10"),
    ]
    assert first(desk) == ("2/10", hour(3), "posted")
    desk.chain(1, [1, 2])
    assert len(revisions(desk, 1, 2)) == 3


def test_a_later_earlier_post_revises_every_number_of_the_picture(desk: Desk) -> None:
    joined(desk)
    desk.add(arrived(10, b"b", posted_at=hour(1)), channel=TIMES)
    desk.chain(1, [1, 2])
    assert revisions(desk, 1, 2)[3:] == [
        (number, "2/10", "3/10", "3/10 was archived, which is earlier than 2/10") for number in (1, 2)
    ]


def test_a_corrected_time_revises_every_number_with_that_reason(desk: Desk) -> None:
    joined(desk)
    desk.add(arrived(10, b"b", posted_at=hour(4)), channel=DAILY)  # Another export gives a later time.
    desk.chain(1, [1, 2])
    assert first(desk) == ("2/10", hour(4), "posted")
    assert revisions(desk, 1, 2)[3:] == [
        (number, "2/10", "2/10", "the time of 2/10 was corrected by what was archived since") for number in (1, 2)
    ]


def test_a_chain_without_sightings_says_nothing(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    partition(desk, {1: 1})
    with desk.archive.write() as connection:
        derive.save_chains(connection, desk.run, [derive.Built(1, [1], build([]))], NOON)
    assert (first(desk), desk.rows(schema.chain_revisions)) == ((None, None, None), [])
    assert desk.unresolved() == set()


# Throwing away


def test_clearing_keeps_what_was_observed_and_what_was_said(filled: Desk) -> None:
    kept = [table for table in schema.metadata.sorted_tables if table not in {*schema.DERIVED, schema.unresolved}]
    before = {table.name: filled.rows(table) for table in kept}
    with filled.archive.write() as connection:
        derive.clear(connection)
    assert {table.name: filled.rows(table) for table in kept} == before
    assert all(filled.rows(table) == [] for table in schema.DERIVED)
    assert filled.unresolved() == {row.id for row in filled.rows(schema.files)}
    with filled.archive.write() as connection:
        derive.clear(connection)
        assert [number for number, _ in derive.unmeasured(connection)] == sorted(filled.unresolved())


def test_what_is_made_again_is_the_same_and_no_revision(filled: Desk) -> None:
    names = ("inspections", "pictures", "picture_files", "chain_revisions")
    before = derived(filled, *names)
    prints = [row[1:] for row in filled.rows(schema.fingerprints)]
    said = [(row.kind, row.from_attachment_id, row.evidence) for row in filled.rows(schema.links)]
    with filled.archive.write() as connection:
        derive.clear(connection)
    filled.measure(b"one", b"two")
    tell(filled, 1, 2)
    partition(filled, {1: 1, 2: 1})
    filled.chain(1, [1, 2])
    assert derived(filled, *names) == before
    # Under new numbers, so that nobody takes them for those that are gone.
    assert [row[1:] for row in filled.rows(schema.fingerprints)] == prints
    assert {row.id for row in filled.rows(schema.fingerprints)} == {
        len(prints) + number for number in range(1, len(prints) + 1)
    }
    assert [(row.kind, row.from_attachment_id, row.evidence) for row in filled.rows(schema.links)] == said
    with filled.archive.read() as connection:
        assert read.files(connection, [1])[1].codes
