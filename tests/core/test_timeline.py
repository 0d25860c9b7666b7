"""A chain laid out: everything is shown or counted, and few enough of it to be looked at."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provenance.core import chain
from provenance.core.model import ForwardHeader, LinkKind, PeerKind, Sighting
from provenance.core.timeline import MOST_ARROWS, MOST_ROWS, Timeline, timeline
from tests.core.build import NOON, channel, file, hour, sighting


def laid_out(*sightings: Sighting) -> Timeline:
    made = timeline(chain.build(sightings))
    assert made is not None
    return made


def post(number: int, hours: float, where: int | None = None, **more: Any) -> Sighting:
    fields: dict[str, Any] = {
        "channel": channel(where or number),
        "message_id": number,
        "attachment_id": number,
        "file": file(1),
    }
    return sighting(hour(hours), **fields | more)


def test_nothing_is_nothing() -> None:
    assert timeline(chain.build([])) is None


def test_rows_marks_arrows_and_the_first() -> None:
    made = laid_out(post(3, 5), post(1, 0), post(2, 2.5))
    assert [row.title for row in made.rows] == ["Channel 1", "Channel 2", "Channel 3"]
    assert [(mark.row, mark.x, mark.first) for mark in made.marks] == [(0, 0, True), (1, 0.5, False), (2, 1, False)]
    assert {(each.source, each.target, each.kind) for each in made.arrows} == {
        (0, 1, LinkKind.IDENTICAL_REUPLOAD),
        (0, 2, LinkKind.IDENTICAL_REUPLOAD),
    }
    assert made.to_scale
    assert [tick.at for tick in made.ticks] == [hour(0), hour(2.5), hour(5)]
    assert (made.posts, made.channels, made.links_left_out) == (3, 3, 0)


def test_two_files_of_a_post_are_one_mark() -> None:
    made = laid_out(post(1, 0), post(1, 0, file=file(2, flipped=1), attachment_id=2))
    assert [mark.posts for mark in made.marks] == [1]


def test_one_moment_lies_in_the_middle() -> None:
    made = laid_out(post(1, 0), post(2, 0))
    assert {mark.x for mark in made.marks} == {0.5}
    assert len(made.ticks) == 1
    assert [mark.row for mark in made.marks] == [0, 1], "posts of one second have their own rows"


def test_a_source_that_is_not_archived_is_hollow_and_first() -> None:
    header = ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99, 5, hour(-3))
    made = laid_out(post(1, 0, forward=header), post(2, 1))
    assert (made.rows[0].title, made.rows[0].archived) == ("Elsewhere", False)
    assert [(mark.archived, mark.first) for mark in made.marks] == [(False, True), (True, False), (True, False)]
    assert made.arrows[0].kind is LinkKind.FORWARD
    assert made.posts == 2


def test_an_upload_that_was_seen_nowhere_has_a_row_without_a_name() -> None:
    made = laid_out(post(1, 0, media_id=7, uploaded_at=hour(-30)))
    assert (made.rows[0].title, made.rows[0].archived, made.marks[0].first) == ("", False, True)


def test_long_pauses_are_shortened_and_said() -> None:
    made = laid_out(post(1, -10_000), *(post(number, number / 60) for number in range(2, 12)))
    assert not made.to_scale
    places = sorted(mark.x for mark in made.marks)
    assert min(b - a for a, b in pairwise(places)) > 0.02


def test_many_channels_stand_together_in_the_last_row() -> None:
    made = laid_out(*(post(number, number) for number in range(1, 501)))
    assert len(made.rows) == MOST_ROWS
    assert made.rows[-1].channels == 500 - MOST_ROWS + 1
    assert sum(mark.posts for mark in made.marks) == made.posts == 500
    assert len(made.arrows) <= MOST_ARROWS
    assert made.links_left_out + sum(each.links for each in made.arrows) == 499


def test_the_first_has_its_row_however_many_came_before() -> None:
    claims = [
        post(n, n - 900, channel=channel(-n, kind=PeerKind.COLLECTION), posted_at=None, claimed_at=hour(n - 900))
        for n in range(1, 60)
    ]
    made = laid_out(*claims, post(99, 0))
    (first,) = [mark for mark in made.marks if mark.first]
    assert made.rows[first.row].title == "Channel 99"


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10**8)), min_size=1, max_size=80))
def test_whatever_the_chain_nothing_is_lost_and_all_lies_inside(posts: list[tuple[int, int]]) -> None:
    seen = [
        sighting(NOON + timedelta(seconds=at), channel=channel(where), message_id=number, attachment_id=number)
        for number, (where, at) in enumerate(posts, 1)
    ]
    made = laid_out(*seen)
    assert sum(mark.posts for mark in made.marks) == len(posts)
    assert sum(mark.first for mark in made.marks) == 1
    assert all(0 <= mark.x <= 1 and 0 <= mark.row < len(made.rows) for mark in made.marks)
    assert all(one.x <= other.x for one in made.marks for other in made.marks if one.at < other.at)
    assert all(b.x - a.x >= 0.15 for a, b in pairwise(made.ticks)) or len(made.ticks) == 2
    assert len(made.rows) == min(MOST_ROWS, len({where for where, _ in posts}))
