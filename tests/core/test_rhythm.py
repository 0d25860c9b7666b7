"""When posts were made: by the clocks of a zone, and each post once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from provenance.core.rhythm import Step, hours, spread
from tests.core.build import NOON, channel, file, sighting


def test_hours_are_those_of_the_zone() -> None:
    monday = datetime(2024, 12, 16, 23, 30, tzinfo=UTC)
    utc = hours([monday, monday + timedelta(minutes=29), monday + timedelta(hours=1)], UTC)
    assert (utc.counts[0][23], utc.counts[1][0], utc.most) == (2, 1, 2)
    there = hours([monday], ZoneInfo("Europe/Kyiv"))
    assert there.counts[1][1] == 1
    assert there.zone == "Europe/Kyiv"
    assert hours([], UTC).most == 0


def test_both_hours_of_an_autumn_night_are_one() -> None:
    first = datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    berlin = hours([first, first + timedelta(hours=1)], ZoneInfo("Europe/Berlin"))
    assert berlin.counts[6][2] == 2


def test_posts_and_channels_add_up() -> None:
    later = timedelta(hours=1)
    posts = [
        sighting(file=file(2), channel=channel(1), message_id=2, at=NOON + later),
        sighting(file=file(1), channel=channel(1), message_id=1, at=NOON),
        sighting(file=file(2), channel=channel(1), message_id=1, at=NOON),
        sighting(file=file(1), channel=channel(2), message_id=9, at=NOON + later),
    ]
    assert spread(posts) == (Step(NOON, 1, 1), Step(NOON + later, 3, 2))
    assert spread([]) == ()
