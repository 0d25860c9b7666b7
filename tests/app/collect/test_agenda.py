"""The order of the work: what is most pressing, whose turn it is, and when there is nothing to do."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from provenance.app.collect.agenda import Agenda, Work
from provenance.core.answers import Follow
from provenance.core.model import Channel, PeerKind

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVERY = 60.0


class Clocks:
    """Both clocks of an agenda, moved by hand."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def seconds(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed - 1000)


def follow(number: int, **more: Any) -> Follow:
    """A channel that Telegram has been asked about."""
    channel = Channel(PeerKind.CHANNEL, 1000 + number, f"Channel {number}")
    usual = Follow(number, f"@c{number}", False, None, NOW, number, channel, 1, False, None, None, None, 0, None)
    return replace(usual, **more)


ONE, TWO, THREE = follow(1), follow(2), follow(3)
WISH = follow(4, row=None, channel=None)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def agenda(clocks: Clocks) -> Agenda:
    """Three channels, none of which has been looked at."""
    made = Agenda(EVERY, clocks.seconds, clocks.now)
    made.update([ONE, TWO, THREE])
    return made


def compare_all(agenda: Agenda, *holes: Follow) -> None:
    """Compare all channels; those named have holes. None is left to be swept."""
    for each in (ONE, TWO, THREE):
        agenda.compared(each, 100 + each.id, holes=each in holes)
        agenda.swept(each)


def test_nothing_followed_is_nothing_to_do(clocks: Clocks) -> None:
    empty = Agenda(EVERY, clocks.seconds, clocks.now)
    assert empty.next() is None
    assert empty.counts() == (0, 0, 0)


def test_a_wish_is_settled_before_anything_else(agenda: Agenda) -> None:
    agenda.update([ONE, WISH, TWO])
    assert agenda.next() == (WISH, Work.SETTLE)
    joining = follow(5, join=True)
    agenda.update([ONE, joining])
    assert agenda.next() == (joining, Work.SETTLE)
    agenda.update([ONE, replace(joining, joined=True)])
    assert agenda.next() == (ONE, Work.COMPARE)


def test_compare_then_fill_then_sweep(agenda: Agenda) -> None:
    agenda.update([ONE])
    done = []
    for _ in range(3):
        job = agenda.next()
        assert job is not None
        done.append(job[1])
        if job[1] is Work.COMPARE:
            agenda.compared(ONE, 10, holes=True)
        elif job[1] is Work.FILL:
            agenda.filled(ONE)
        else:
            agenda.swept(ONE)
    assert done == [Work.COMPARE, Work.FILL, Work.SWEEP]
    assert agenda.next() is None


def test_who_is_due_comes_before_all_holes_and_the_longest_due_first(agenda: Agenda, clocks: Clocks) -> None:
    for each in (THREE, ONE, TWO):
        agenda.compared(each, 10, holes=True)
        clocks.passed += 1
    clocks.passed += EVERY
    order = []
    for _ in range(3):
        job = agenda.next()
        assert job is not None
        order.append(job)
        agenda.compared(job[0], 10, holes=True)
    assert order == [(THREE, Work.COMPARE), (ONE, Work.COMPARE), (TWO, Work.COMPARE)]
    assert agenda.next() == (ONE, Work.FILL)


def test_nobody_is_compared_again_before_the_time_is_up(agenda: Agenda, clocks: Clocks) -> None:
    compare_all(agenda)
    clocks.passed += EVERY - 0.01
    assert agenda.next() is None
    clocks.passed += 0.02
    assert agenda.next() == (ONE, Work.COMPARE)


def test_holes_are_filled_in_turn(agenda: Agenda, clocks: Clocks) -> None:
    compare_all(agenda, ONE, THREE)
    filled = []
    for _ in range(4):
        clocks.passed += 1
        job = agenda.next()
        assert job is not None
        assert job[1] is Work.FILL
        filled.append(job[0])
    assert filled == [ONE, THREE, ONE, THREE]
    agenda.filled(ONE)
    assert agenda.next() == (THREE, Work.FILL)


def test_a_sign_of_a_hole_makes_a_channel_due_at_once(agenda: Agenda, clocks: Clocks) -> None:
    compare_all(agenda)
    clocks.passed += 10
    agenda.is_due(TWO)
    assert agenda.next() == (TWO, Work.COMPARE)


@pytest.mark.parametrize("signs", [1, 50])
def test_however_many_signs_come_two_comparisons_are_half_a_second_apart(
    agenda: Agenda, clocks: Clocks, signs: int
) -> None:
    compare_all(agenda)
    for _ in range(signs):
        agenda.is_due(TWO)
        clocks.passed += 0.4 / signs
    assert agenda.next() is None
    clocks.passed += 0.11
    assert agenda.next() == (TWO, Work.COMPARE)


def test_a_sign_that_comes_during_a_comparison_is_not_lost(agenda: Agenda, clocks: Clocks) -> None:
    """A post is pushed while the page of the newest posts is on its way without it."""
    agenda.update([ONE])
    assert agenda.next() == (ONE, Work.COMPARE)
    agenda.is_due(ONE)
    agenda.compared(ONE, 1, holes=False)
    assert agenda.next() != (ONE, Work.COMPARE)
    clocks.passed += 0.51
    assert agenda.next() == (ONE, Work.COMPARE)
    agenda.compared(ONE, 5, holes=True)
    clocks.passed += 0.51
    assert agenda.next() == (ONE, Work.FILL)


def test_a_sign_puts_nothing_off(agenda: Agenda, clocks: Clocks) -> None:
    compare_all(agenda)
    clocks.passed += EVERY + 1
    agenda.is_due(ONE)
    assert agenda.next() == (ONE, Work.COMPARE)


def test_who_could_not_be_read_is_left_alone_until_its_time(agenda: Agenda, clocks: Clocks) -> None:
    compare_all(agenda, ONE)
    agenda.leave(ONE)
    troubled = replace(ONE, trouble="private", retry_at=NOW + timedelta(seconds=30))
    agenda.update([troubled, TWO, THREE])
    assert agenda.next() is None
    assert agenda.counts() == (3, 1, 0)
    clocks.passed += 29
    agenda.is_due(troubled)
    assert agenda.next() is None
    clocks.passed += 1
    assert agenda.next() == (troubled, Work.COMPARE)


def test_a_wish_in_trouble_waits_and_does_not_hold_up_the_others(agenda: Agenda) -> None:
    agenda.update([replace(WISH, trouble="nobody", retry_at=NOW + timedelta(seconds=1)), ONE])
    assert agenda.next() == (ONE, Work.COMPARE)


def test_what_is_added_has_its_turn_and_what_is_removed_has_none(agenda: Agenda) -> None:
    compare_all(agenda)
    new = follow(9)
    agenda.update([ONE, THREE, new])
    assert agenda.next() == (new, Work.COMPARE)
    agenda.compared(new, 5, holes=False)
    agenda.swept(new)
    agenda.is_due(TWO)
    agenda.compared(TWO, 1, holes=True)
    agenda.leave(TWO)
    assert agenda.next() is None
    assert agenda.by_channel(1002) is None
    assert agenda.by_channel(1009) == new
    assert (agenda.top(TWO), agenda.top(new)) == (0, 5)


def test_an_update_forgets_nothing_of_who_stays(agenda: Agenda) -> None:
    compare_all(agenda, TWO)
    fresh = replace(TWO, checked_at=NOW)
    agenda.update([ONE, fresh, THREE])
    assert agenda.next() == (fresh, Work.FILL)
    assert agenda.top(fresh) == 102


def test_after_a_lost_connection_everything_is_due(agenda: Agenda) -> None:
    compare_all(agenda)
    assert agenda.next() is None
    agenda.everything_is_due()
    compared = set()
    while (job := agenda.next()) is not None:
        assert job[1] is Work.COMPARE
        compared.add(job[0].id)
        agenda.compared(job[0], 1, holes=False)
        agenda.swept(job[0])
    assert compared == {1, 2, 3}


def test_one_page_of_older_posts_after_each_comparison(agenda: Agenda, clocks: Clocks) -> None:
    agenda.update([ONE])
    for _ in range(2):
        assert agenda.next() == (ONE, Work.COMPARE)
        assert not agenda.compared(ONE, 100, holes=False)
        assert agenda.next() == (ONE, Work.SWEEP)
        agenda.swept(ONE, done=False)
        assert agenda.next() is None
        clocks.passed += EVERY


def test_where_posts_are_missing_all_older_ones_are_gone_through_once(agenda: Agenda, clocks: Clocks) -> None:
    agenda.update([ONE])
    assert agenda.compared(ONE, 100, holes=False, missing=3)
    for done in (False, False, True):
        assert agenda.next() == (ONE, Work.SWEEP)
        agenda.swept(ONE, done=done)
    assert agenda.next() is None
    clocks.passed += EVERY
    assert not agenda.compared(ONE, 100, holes=False, missing=3), "the same ones could not be had"
    agenda.swept(ONE, done=False)
    assert agenda.next() is None
    assert agenda.compared(ONE, 100, holes=False, missing=4)


def test_a_comparison_ends_no_pass_through_older_posts(agenda: Agenda) -> None:
    agenda.update([ONE])
    assert agenda.compared(ONE, 100, holes=False, missing=3)
    agenda.swept(ONE, done=False)
    assert not agenda.compared(ONE, 100, holes=False, missing=0)
    agenda.swept(ONE, done=False)
    assert agenda.next() == (ONE, Work.SWEEP)


def test_who_is_not_followed_has_nothing_missing(agenda: Agenda) -> None:
    assert not agenda.compared(WISH, 1, holes=True, missing=5)


def test_counts(agenda: Agenda) -> None:
    compare_all(agenda, ONE, TWO)
    agenda.update([ONE, TWO, replace(THREE, trouble="private")])
    assert agenda.counts() == (3, 1, 2)


# Waiting, with the clock on the wall


def waited(do: Callable[[], Coroutine[Any, Any, None]]) -> float:
    began = monotonic()
    asyncio.run(do())
    return monotonic() - began


def test_the_wait_ends_when_somebody_is_due() -> None:
    agenda = Agenda(0.2)
    agenda.update([ONE])
    agenda.compared(ONE, 1, holes=False)
    assert 0.1 < waited(lambda: agenda.wait(30)) < 5


def test_the_wait_is_no_longer_than_asked() -> None:
    agenda = Agenda(300)
    agenda.update([ONE])
    agenda.compared(ONE, 1, holes=False)
    assert 0.05 < waited(lambda: agenda.wait(0.1)) < 5


@pytest.mark.parametrize("sign", [lambda agenda: agenda.is_due(ONE), lambda agenda: agenda.everything_is_due()])
def test_a_sign_ends_the_wait(sign: Callable[[Agenda], None]) -> None:
    agenda = Agenda(300)
    agenda.update([ONE])
    agenda.compared(ONE, 1, holes=False)
    agenda.swept(ONE)
    assert agenda.next() is None

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.05, sign, agenda)
        await agenda.wait(30)

    assert waited(run) < 5


def test_a_sign_between_the_look_and_the_wait_is_not_lost() -> None:
    agenda = Agenda(300)
    agenda.update([ONE])
    agenda.compared(ONE, 1, holes=False)
    agenda.swept(ONE)
    assert agenda.next() is None
    agenda.everything_is_due()
    assert waited(lambda: agenda.wait(30)) < 5


def test_a_sign_that_was_looked_at_ends_no_later_wait() -> None:
    agenda = Agenda(300)
    agenda.update([ONE])
    agenda.everything_is_due()
    assert agenda.next() == (ONE, Work.COMPARE)
    agenda.compared(ONE, 1, holes=False)
    agenda.swept(ONE)
    assert 0.1 < waited(lambda: agenda.wait(0.2)) < 5


def test_what_was_compared_longest_ago_comes_first_after_a_restart(agenda: Agenda) -> None:
    # A daemon that is killed again and again would otherwise never come to the last of its channels.
    ago = {1: 10, 2: 300, 3: 20}
    agenda.update([replace(each, checked_at=NOW - timedelta(seconds=ago[each.id])) for each in (ONE, TWO, THREE)])
    agenda.everything_is_due()
    job = agenda.next()
    assert job is not None
    assert (job[0].id, job[1]) == (2, Work.COMPARE)
    agenda.update([ONE, *(replace(each, checked_at=NOW) for each in (TWO, THREE))])
    job = agenda.next()
    assert job is not None
    assert job[0].id == 1
