"""What the archive has seen of a week, channel by channel."""

from datetime import timedelta

import pytest

from provenance.archive import follow, observe, week
from provenance.core.attendance import ChannelWeek, State
from provenance.core.model import Source
from tests.archive.conftest import Desk, arrived
from tests.core.build import FOLDER, NEWS, NOON, channel, hour

START, END = NOON - timedelta(days=3), NOON + timedelta(days=4)
BEFORE, AFTER = START - timedelta(hours=1), END


def told(desk: Desk) -> list[ChannelWeek]:
    with desk.archive.read() as connection:
        return week.per_channel(connection, START, END)


def test_a_covered_channel(desk: Desk) -> None:
    desk.add(
        arrived(1, b"a", posted_at=BEFORE), arrived(3, b"a", None), arrived(4, b"b", b"c"), arrived(6, service="pin"),
        arrived(9, posted_at=AFTER), covered=(1, 9),
    )  # fmt: skip
    (news,) = told(desk)
    assert (news.posts, news.images, news.missing) == (2, 3, 1)
    assert (news.absent, news.unknown, news.state) == (4, 0, State.COVERED)  # 2, 5, 7, 8


def test_an_edited_post_and_its_image_count_once(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    desk.add(arrived(1, b"a", text="edited", edited_at=hour(1)))
    (news,) = told(desk)
    assert (news.posts, news.images) == (1, 1)


def test_ids_that_nobody_asked_for_are_not_absent(desk: Desk) -> None:
    desk.add(arrived(1, posted_at=BEFORE), arrived(3), covered=(1, 4))
    desk.start()
    desk.add(arrived(10), arrived(12, posted_at=AFTER), covered=(9, 12))
    (news,) = told(desk)
    assert (news.absent, news.unknown, news.state) == (4, 4, State.PARTLY)  # 2, 4, 9, 11; 5 to 8


@pytest.mark.parametrize(("covered", "state"), [((1, 9), State.SILENT), (None, State.NOT_COVERED)])
def test_silence_is_told_from_ignorance(desk: Desk, covered: tuple[int, int] | None, state: State) -> None:
    desk.add(arrived(1, posted_at=BEFORE), covered=(1, 1) if covered is None else (1, 9))
    desk.start()
    desk.add(arrived(9, posted_at=AFTER), covered=(9, 9) if covered is None else covered)
    (news,) = told(desk)
    assert (news.posts, news.state) == (0, state)


@pytest.mark.parametrize(("checked", "state"), [(END, State.SILENT), (END - timedelta(1), State.NOT_COVERED)])
def test_who_was_asked_after_the_week_was_silent(desk: Desk, checked: object, state: State) -> None:
    desk.add(arrived(1, posted_at=BEFORE), covered=(1, 1), source=Source.BACKFILL)
    with desk.archive.write() as connection:
        wish = follow.ask(connection, "@news", join=False, since=None, now=NOON)
        follow.settle(connection, wish, observe.add_channel(connection, NEWS, NOON), 1, joined=False)
        connection.execute(follow._TABLE.update().values(checked_at=checked))
    (news,) = told(desk)
    assert (news.state, news.latest) == (state, BEFORE)


def test_folders_have_no_weeks_and_a_later_channel_is_not_covered(desk: Desk) -> None:
    desk.add(arrived(5, b"x", posted_at=None, claimed_at=NOON), channel=FOLDER)
    desk.add(arrived(70, posted_at=AFTER), channel=channel(2))
    (later,) = told(desk)
    assert (later.channel.id, later.state, later.latest) == (2, State.NOT_COVERED, None)
    assert "begins after this week" in later.words


def test_the_times_of_the_week(desk: Desk) -> None:
    desk.add(arrived(1), arrived(2, posted_at=BEFORE), arrived(3, service="pin"), arrived(4, posted_at=AFTER))
    desk.add(arrived(1, text="edited", edited_at=hour(1)), arrived(5, posted_at=hour(3)))
    with desk.archive.read() as connection:
        assert sorted(week.post_times(connection, START, END)) == [NOON, hour(3)]
