"""Moments as spans of UTC: wide where no zone is told, and never wider than the world's clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from provenance.core.metadata import Block, Moment
from provenance.images.windows import apart, at_least, source, told, window


def moment(day: int, hour: int = 0, *, offset: float | None = None, whole_day: bool = False) -> Moment:
    local = datetime(2024, 12, day, hour)  # noqa: DTZ001 - as a file tells it
    zone = None if offset is None else timedelta(hours=offset)
    return Moment(local, zone, Block.XMP, "xmp:CreateDate", whole_day)


def utc(day: int, hour: int) -> datetime:
    return datetime(2024, 12, day, hour, tzinfo=UTC)


def test_a_zone_makes_it_one_time() -> None:
    assert window(moment(25, 8, offset=3)) == (utc(25, 5), utc(25, 5))


def test_without_one_it_is_as_wide_as_the_world() -> None:
    assert window(moment(25, 8)) == (utc(24, 18), utc(25, 20))
    assert window(moment(25, whole_day=True)) == (utc(24, 10), utc(26, 12))


@pytest.mark.parametrize(
    ("one", "other", "hours"),
    [
        (moment(25, 8, offset=0), moment(25, 8, offset=3), 3),
        (moment(25, 8), moment(26, 8), 0),
        (moment(25, 8), moment(27, 8, offset=0), 36),
        (moment(25, whole_day=True), moment(26, 12, offset=0), 0),
        (moment(25, whole_day=True), moment(26, 13, offset=0), 1),
    ],
)
def test_how_far_two_are_apart_at_least(one: Moment, other: Moment, hours: int) -> None:
    assert apart(one, other) == apart(other, one) == timedelta(hours=hours)


def test_words() -> None:
    assert told(moment(25, 8, offset=-3.5)) == "2024-12-25 08:00:00 -03:30"
    assert told(moment(25, 8)) == "2024-12-25 08:00:00 (no time zone given)"
    assert source(moment(25, whole_day=True)) == "XMP xmp:CreateDate: 2024-12-25"
    assert at_least(moment(25, 8), "2 days") == "at least 2 days"
    assert at_least(moment(25, 8, offset=0), "2 days") == "2 days"
