"""Who was first and who came after: counted only where it is known."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from provenance.core.following import Following, following, matrix, standings
from provenance.core.model import Sighting
from tests.core.build import FOLDER, NOON, channel, hour, sighting


def week(**hours: float) -> list[Sighting]:
    """Sightings of one picture: c1=0 is channel 1 at noon."""
    return [post(int(name[1:]), hour(at)) for name, at in hours.items()]


def post(number: int, at: datetime | None, **more: object) -> Sighting:
    return sighting(at, channel=channel(number), **more)


def pairs(found: tuple[Following, ...]) -> list[tuple[int, int, int, float]]:
    return [(each.leader.id, each.follower.id, each.pictures, each.median / timedelta(hours=1)) for each in found]


def test_pairs_with_their_median_delay() -> None:
    found = following([week(c1=0, c2=1), week(c1=0, c2=3, c3=4), week(c2=0, c1=9), week(c1=0, c2=8)])
    assert pairs(found) == [(1, 2, 3, 3), (1, 3, 1, 4), (2, 1, 1, 9)]
    assert found[0].quickest == timedelta(hours=1)


def test_a_channel_counts_once_for_each_picture() -> None:
    twice = [post(1, NOON), post(2, hour(1)), post(2, hour(5)), post(1, hour(6))]
    assert pairs(following([twice])) == [(1, 2, 1, 1)]
    assert following([[post(1, NOON), post(1, hour(1))]]) == ()


def test_of_two_posts_of_one_second_nobody_was_first() -> None:
    assert following([week(c1=0, c2=0, c3=1)]) == ()
    assert pairs(following([week(c1=0, c2=1, c3=1)])) == [(1, 2, 1, 1), (1, 3, 1, 1)]


def test_a_claimed_time_leads_nobody_and_follows_nobody() -> None:
    claimed = post(1, None, claimed_at=NOON)
    assert following([[claimed, post(2, hour(1)), post(3, hour(2))]]) == following([week(c2=1, c3=2)])
    assert following([[claimed], []]) == ()
    assert following([[sighting(None, channel=FOLDER, claimed_at=NOON), post(2, hour(1))]]) == ()


def test_the_standing_of_each_channel() -> None:
    found = standings([week(c1=0, c2=1), week(c1=0, c2=3, c3=4), week(c2=0, c1=9), week(c4=0), week(c5=0, c6=0)])
    assert [(each.channel.id, each.first, each.after) for each in found] == [(1, 2, 1), (2, 1, 2), (3, 0, 1)]
    assert [each.median for each in found] == [timedelta(hours=9), timedelta(hours=2), timedelta(hours=4)]
    assert [each.median for each in standings([week(c1=0, c2=1)])] == [None, timedelta(hours=1)]


@given(st.lists(st.dictionaries(st.integers(1, 5), st.integers(0, 4), max_size=5), max_size=6))
def test_the_sums_agree(weeks: list[dict[int, int]]) -> None:
    seen = [[post(number, hour(at)) for number, at in each.items()] for each in weeks]
    found, stood = following(seen), standings(seen)
    assert sum(each.pictures for each in found) == sum(each.after for each in stood)
    assert all(each.quickest > timedelta(0) for each in found)
    assert sum(each.first for each in stood) <= len(weeks)
    laid = matrix(found, 5)
    assert sum(laid.pictures.values()) == sum(each.pictures for each in found)
    assert laid.left_out == 0


def test_the_matrix_keeps_the_busiest() -> None:
    found = following([week(c1=0, c2=1), week(c1=0, c2=2), week(c3=0, c4=1)])
    laid = matrix(found, 2)
    assert ([each.id for each in laid.channels], laid.pictures, laid.left_out) == ([1, 2], {(0, 1): 2}, 2)
