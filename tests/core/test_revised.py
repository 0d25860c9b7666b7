"""What a report says that the one before did not."""

from provenance.core.revised import Revision, Snapshot, Told, revision
from tests.core.build import NOON

FIRST = Told("1/10 at noon", frozenset({"1/10", "2/3"}))


def test_the_same_is_no_change() -> None:
    assert revision(Snapshot(5, {1: FIRST}), Snapshot(5, {1: FIRST}), NOON) is None


def test_what_came_what_went_and_what_changed() -> None:
    before = Snapshot(5, {1: FIRST, 2: FIRST, 3: FIRST, 5: FIRST})
    now = Snapshot(
        9,
        {
            1: FIRST,
            3: Told("1/2 at dawn", frozenset({"1/10", "2/3", "3/3", "4/4"})),
            4: FIRST,
            5: Told("1/10 at noon", frozenset({"1/10"})),
        },
    )
    assert revision(before, now, NOON) == Revision(
        NOON,
        4,
        (4,),
        (2,),
        ((3, "first seen was 1/10 at noon, is 1/2 at dawn; 2 more posts"), (5, "1 post no longer")),
    )


def test_more_posts_alone_are_told() -> None:
    assert revision(Snapshot(5, {}), Snapshot(7, {}), None) == Revision(None, 2, (), (), ())
