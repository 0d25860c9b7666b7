"""Pictures as sets of files: whatever the order of the joins, and never across what a user has set apart."""

from itertools import permutations

import pytest

from provenance.core.partition import Partition


@pytest.mark.parametrize("order", list(permutations([(1, 2), (2, 3), (4, 5)])))
def test_the_order_of_joins_does_not_matter(order: tuple[tuple[int, int], ...]) -> None:
    partition = Partition({})
    for file_id in range(1, 6):
        partition.add(file_id)
    for one, other in order:
        assert partition.join(one, other)
    assert partition.new() == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4}
    assert partition.merged() == {}


def test_a_new_file_brings_pictures_together() -> None:
    partition = Partition({2: 2, 7: 2, 3: 3})
    partition.add(9)
    assert partition.join(9, 7)
    assert partition.join(3, 9)
    assert not partition.join(2, 3)
    assert partition.new() == {9: 2}
    assert partition.merged() == {3: 2}


def test_an_older_file_that_comes_late_names_the_picture() -> None:
    partition = Partition({5: 5})
    partition.add(2)
    partition.join(5, 2)
    assert (partition.new(), partition.merged()) == ({2: 2}, {5: 2})


def test_what_was_set_apart_is_not_joined_by_any_way() -> None:
    partition = Partition({1: 1, 2: 2}, [(1, (8, 1)), (2, (8, 0))])
    partition.add(3)
    assert not partition.join(1, 2)
    assert partition.join(3, 1)
    assert not partition.may_join(2, 3)
    assert not partition.join(2, 3)
    assert partition.new() == {3: 1}
    assert partition.merged() == {}


def test_files_of_one_side_may_be_joined() -> None:
    partition = Partition({1: 1, 2: 2, 3: 3}, [(1, (8, 1)), (2, (8, 1)), (3, (8, 0))])
    assert partition.join(1, 2)
    assert not partition.join(3, 2)
