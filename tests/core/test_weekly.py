"""Weeks and what happened in them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import weekly
from provenance.core.answers import Coverage
from provenance.core.chain import build
from provenance.core.model import AttachmentKind, ForwardHeader, PeerKind, Sighting
from provenance.core.weekly import Counting, Report, Week, week, week_name
from tests.core.build import FOLDER, NOON, channel, file, hour, sighting

ZONES = st.sampled_from(["UTC", "Europe/Kyiv", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"]).map(ZoneInfo)
UTC_ZONE = ZoneInfo("UTC")
WEEK = week("2024-W51", UTC_ZONE)  # 16 to 22 December; NOON is on the 17th
EMPTY = Coverage(0, 0, 0, None, None, 0)


@pytest.mark.parametrize(
    "name",
    [
        "", "2024", "2024-51", "2024-W5", "2024-W00", "2024-W53", "2024-W54", "2024-W99", "24-W51", "2024-W51 ",
        "2024-w51", "2024W51", "+024-W51", "2024-W511", "../../x", "0000-W01",
        "\u0662\u0660\u0662\u0664-W\u0665\u0661", "9999-W52", "2024-W51\n",
    ],
)  # fmt: skip
def test_what_is_no_week(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are this module's own or the calendar's
        week(name, UTC_ZONE)


def test_the_first_week_of_all_is_no_week_east_of_greenwich() -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        week("0001-W01", ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    ("name", "zone", "start", "hours"),
    [
        ("2024-W51", "UTC", datetime(2024, 12, 16, tzinfo=UTC), 168),
        ("2020-W53", "UTC", datetime(2020, 12, 28, tzinfo=UTC), 168),
        ("2025-W01", "UTC", datetime(2024, 12, 30, tzinfo=UTC), 168),
        ("2024-W51", "Europe/Kyiv", datetime(2024, 12, 15, 22, tzinfo=UTC), 168),
        ("2024-W13", "Europe/Berlin", datetime(2024, 3, 24, 23, tzinfo=UTC), 167),
        ("2024-W43", "Europe/Berlin", datetime(2024, 10, 20, 22, tzinfo=UTC), 169),
    ],
)
def test_a_week_by_its_name(name: str, zone: str, start: datetime, hours: int) -> None:
    assert week(name, ZoneInfo(zone)) == Week(name, start, start + timedelta(hours=hours))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), ZONES)  # noqa: DTZ001
def test_every_moment_lies_in_the_week_of_its_name(at: datetime, zone: ZoneInfo) -> None:
    name = week_name(at, zone)
    assert week(name, zone).holds(at)
    assert not week(week_name(at + timedelta(days=7), zone), zone).holds(at)


@pytest.mark.parametrize(
    ("about", "shown", "with_everything"),
    [
        ({}, True, True),
        ({"kind": AttachmentKind.DOCUMENT}, True, True),
        ({"kind": AttachmentKind.STICKER}, False, True),
        ({"kind": AttachmentKind.VIDEO_THUMBNAIL}, False, True),
        ({"kind": AttachmentKind.DOCUMENT_THUMBNAIL}, False, True),
        ({"kind": AttachmentKind.CHAT_PHOTO}, False, True),
        ({"file": file(1, quality=13)}, False, True),
        ({"file": file(1, quality=14)}, True, True),
        ({"file": file(1, width=63)}, False, True),
        ({"file": file(1, width=64)}, True, True),
        ({"file": file(1, width=None, height=None)}, True, True),
        ({"channel": FOLDER}, False, False),
    ],
)
def test_what_a_report_counts(about: dict[str, Any], shown: bool, with_everything: bool) -> None:
    seen = sighting(**about)
    assert (weekly.is_shown(seen), weekly.is_shown(seen, Counting(everything=True))) == (shown, with_everything)


def post(number: int, at: datetime, picture: int = 1, **about: object) -> Sighting:
    return sighting(at, channel=channel(number), file=file(picture, seed=picture), **about)


def made(*pictures: list[Sighting], counting: Counting = Counting()) -> Report:  # noqa: B008
    return weekly.build(WEEK, ((n, build(each)) for n, each in enumerate(pictures, 1)), 7, (), EMPTY, counting)


def test_pictures_are_sorted_into_reposted_and_recycled() -> None:
    old = hour(-24 * 30)
    report = made(
        [post(1, NOON), post(2, hour(2)), post(2, hour(3), message_id=11)],  # spread in the week
        [post(1, old, 2), post(3, NOON, 2)],  # old, shown again once
        [post(1, old, 3), post(2, NOON, 3), post(3, hour(1), 3)],  # both
        [post(1, NOON, 4)],  # shown once
        [post(1, old, 5), post(2, hour(24 * 30), 5)],  # not in the week
        [post(1, NOON, 6), post(2, hour(24 * 30), 6)],  # again only later
    )
    assert [each.picture for each in report.reposted] == [1, 3]
    assert [each.picture for each in report.recycled] == [3, 2] or [each.picture for each in report.recycled] == [2, 3]
    assert (report.posts, report.images, report.pictures) == (7, 8, 5)
    assert [(each.id, count) for each, count in report.originators] == [(1, 3)]
    assert [(each.id, count) for each, count in report.repeaters] == [(2, 3), (3, 2)]
    spread = report.reposted[0]
    assert (spread.channels, spread.spread, spread.age) == (2, timedelta(hours=3), timedelta(0))


def test_the_widest_spread_and_the_oldest_come_first() -> None:
    report = made(
        [post(1, hour(-200), 1), post(2, NOON, 1)],
        [post(1, hour(-900), 2), post(1, NOON, 2, message_id=11), post(2, NOON, 2)],
        [post(1, hour(-500), 3), post(1, NOON, 3), post(2, NOON, 3), post(3, NOON, 3)],
    )
    assert [each.picture for each in report.recycled] == [2, 3, 1]
    assert [each.picture for each in report.reposted] == [3, 2]


def test_a_picture_is_old_where_a_post_is_proven_that_is_not_archived() -> None:
    header = ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99, 7, hour(-24 * 30))
    uploaded = hour(-24 * 40)
    report = made(
        [post(1, NOON, forward=header), post(2, hour(1))],
        [post(1, NOON, 2, uploaded_at=uploaded, media_id=77)],
        [post(1, NOON, 3, forward=replace(header, at=hour(-1))), post(2, hour(1), 3)],  # not before the week
        [post(1, NOON, 4, forward=replace(header, at=None))],
    )
    assert [each.picture for each in report.recycled] == [2, 1]
    assert [each.age for each in report.recycled] == [NOON - uploaded, timedelta(days=30)]
    assert [each.picture for each in report.reposted] == [1, 3]
    first = report.recycled[1]
    assert (first.first, first.first_seen.ref) == (post(1, NOON, forward=header), "99/7")
    assert [each.first_seen.archived for each in report.recycled] == [False, False]
    # Nobody is known to have been first with these.
    assert report.originators == ()


def test_the_match_is_with_the_first_seen() -> None:
    first = post(1, NOON)
    (repost,) = made([first, sighting(hour(1), channel=channel(2), file=file(2, seed=1, flipped=7))]).reposted
    found = repost.match(repost.this_week[1])
    assert found is not None
    assert found.distance == 7


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("UTC", 168), ("Europe/Berlin", 169), ("America/New_York", 168), ("Pacific/Kiritimati", 168)],
)
def test_the_days_of_a_week_are_those_of_its_zone(zone: str, hours: int) -> None:
    """Berlin's clocks go back on the Sunday: the week is an hour longer, and still ends with that day."""
    autumn = week("2024-W43", ZoneInfo(zone))
    assert autumn.days == (date(2024, 10, 21), date(2024, 10, 27))
    assert (autumn.end - autumn.start) / timedelta(hours=1) == hours


def test_a_week_that_a_year_does_not_have() -> None:
    with pytest.raises(ValueError, match="the year 2024 has no week 60"):
        week("2024-W60", UTC)


# What is set apart, and what is told of the rest


def banner(posts: int, picture: int = 1, **about: object) -> list[Sighting]:
    """One channel shows a picture so many times."""
    return [post(1, hour(number), picture, message_id=100 + number, **about) for number in range(posts)]


@pytest.mark.parametrize("posts", [2, 3, 9])
def test_what_one_channel_repeats_alone_stands_by_itself(posts: int) -> None:
    report = made(banner(posts), [post(1, NOON, 2), post(2, hour(1), 2)])
    aside = posts >= 3
    assert [each.picture for each in report.repeated] == [1] * aside
    assert [each.picture for each in report.reposted] == ([2] if aside else [2, 1])
    assert {each.picture for each in report.told} | {each.picture for each in report.repeated} == {1, 2}
    whole = made(banner(posts), counting=Counting(everything=True))
    assert (whole.repeated, len(whole.reposted)) == ((), 1)
    assert made(banner(posts), counting=Counting(repeated_by_one=posts)).reposted == ()


def test_what_another_has_shown_or_is_credited_for_is_no_banner() -> None:
    elsewhere = ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99, 7)
    others = (
        [*banner(5), post(2, hour(-900))],
        [*banner(4), post(1, hour(9), forward=elsewhere, message_id=300)],
        banner(5, uploaded_at=hour(-24 * 40), media_id=7),
    )
    for each in others:
        assert made(each).repeated == ()


def test_a_banner_of_weeks_is_not_recycled_each_week() -> None:
    old = [post(1, hour(-24 * 7 * weeks), message_id=weeks) for weeks in range(1, 6)]
    report = made([*old, post(1, NOON, message_id=100)])
    assert (len(report.repeated), report.recycled) == (1, ())


def test_new_pictures_are_those_first_seen_in_the_week() -> None:
    report = made([post(1, NOON)], [post(1, hour(-900), 2), post(1, NOON, 2, message_id=11)], [post(2, hour(1), 3)])
    assert report.new == (1, 3)


def test_the_fastest_spread_comes_first() -> None:
    def spread(picture: int, *hours: float) -> list[Sighting]:
        return [post(number, hour(each), picture) for number, each in enumerate(hours, 1)]

    report = made(spread(1, 0, 5, 9), spread(2, 0, 1, 2, 50), spread(3, 0, 0.1))
    assert [(each.picture, each.reached(3)) for each in report.fastest] == [
        (2, timedelta(hours=2)),
        (1, timedelta(hours=9)),
    ]
    assert report.fastest[0].reached(1) == timedelta(0)
    assert [each.picture for each in made(spread(3, 0, 0.1), counting=Counting(fast_channels=2)).fastest] == [1]


def test_altered_copies_are_told_once_for_each_file() -> None:
    def copy(number: int, at: datetime, flipped: int, orientation: int) -> Sighting:
        turned = file(number, flipped=flipped)
        codes = turned.codes[32 * orientation :] + turned.codes[: 32 * orientation]
        return sighting(at, channel=channel(number), file=replace(turned, codes=codes))

    report = made([copy(1, NOON, 0, 0), copy(2, hour(1), 5, 0), copy(3, hour(2), 5, 4), copy(3, hour(3), 5, 4)])
    assert [(each.picture, seen.channel.id, match.kind.value) for each, seen, match in report.altered] == [
        (1, 3, "transformed")
    ]


# When the daemon makes its report

MONDAY_AT_SIX = weekly.ReportTime(0, time(6), UTC_ZONE)


@pytest.mark.parametrize(
    ("now", "name", "since"),
    [
        (datetime(2024, 12, 23, 5, 59, 59, tzinfo=UTC), "2024-W50", datetime(2024, 12, 16, 6, tzinfo=UTC)),
        (datetime(2024, 12, 23, 6, tzinfo=UTC), "2024-W51", datetime(2024, 12, 23, 6, tzinfo=UTC)),
        (datetime(2024, 12, 25, 1, tzinfo=UTC), "2024-W51", datetime(2024, 12, 23, 6, tzinfo=UTC)),
        (datetime(2024, 12, 30, 5, 59, 59, tzinfo=UTC), "2024-W51", datetime(2024, 12, 23, 6, tzinfo=UTC)),
        (datetime(2025, 1, 6, 7, tzinfo=UTC), "2025-W01", datetime(2025, 1, 6, 6, tzinfo=UTC)),
    ],
)
def test_a_report_is_due_from_its_moment_to_the_next(now: datetime, name: str, since: datetime) -> None:
    assert MONDAY_AT_SIX.due(now) == (name, since)


@pytest.mark.parametrize(
    ("weekday", "name", "day"),
    [(0, "2024-W51", 23), (1, "2024-W51", 24), (2, "2024-W51", 25), (3, "2024-W50", 19), (6, "2024-W50", 22)],
)
def test_whatever_the_day_the_week_reported_is_over(weekday: int, name: str, day: int) -> None:
    now = datetime(2024, 12, 25, 12, tzinfo=UTC)  # a Wednesday
    told, since = weekly.ReportTime(weekday, time(6), UTC_ZONE).due(now)
    assert (told, since) == (name, datetime(2024, 12, day, 6, tzinfo=UTC))
    assert week(told, UTC_ZONE).end <= since


@pytest.mark.parametrize(
    ("zone", "before", "since"),
    [
        ("Europe/Kyiv", datetime(2024, 12, 23, 3, 59, 59, tzinfo=UTC), datetime(2024, 12, 23, 4, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 12, 23, 10, 59, 59, tzinfo=UTC), datetime(2024, 12, 23, 11, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2024, 12, 23, 0, 29, 59, tzinfo=UTC), datetime(2024, 12, 23, 0, 30, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2024, 12, 22, 15, 59, 59, tzinfo=UTC), datetime(2024, 12, 22, 16, tzinfo=UTC)),
    ],
)
def test_the_moment_is_that_of_the_zone(zone: str, before: datetime, since: datetime) -> None:
    when = weekly.ReportTime(0, time(6), ZoneInfo(zone))
    assert when.due(before)[0] == "2024-W50"
    assert when.due(since) == ("2024-W51", since)


@pytest.mark.parametrize(
    ("monday", "hour_in_utc", "name"),
    [
        (datetime(2024, 3, 25, tzinfo=UTC), 5, "2024-W12"),
        (datetime(2024, 4, 1, tzinfo=UTC), 4, "2024-W13"),  # the clocks went forward the day before
        (datetime(2024, 10, 21, tzinfo=UTC), 4, "2024-W42"),
        (datetime(2024, 10, 28, tzinfo=UTC), 5, "2024-W43"),  # and back
    ],
)
def test_the_moment_moves_with_the_clocks(monday: datetime, hour_in_utc: int, name: str) -> None:
    when = weekly.ReportTime(0, time(6), ZoneInfo("Europe/Berlin"))
    moment = monday.replace(hour=hour_in_utc)
    assert when.due(moment) == (name, moment)
    assert when.due(moment - timedelta(seconds=1))[0] != name


@pytest.mark.parametrize("monday", [datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 10, 28, tzinfo=UTC)])
def test_at_midnight_after_the_clocks_moved_it_is_the_week_that_ends_there(monday: datetime) -> None:
    zone = ZoneInfo("Europe/Berlin")
    name, since = weekly.ReportTime(0, time(0), zone).due(monday.replace(hour=12))
    assert week(name, zone).end == since


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ZONES,
    st.integers(0, 6),
    st.integers(4, 23),  # no clock of these zones moves at these hours
)
def test_what_is_due_is_a_week_that_is_over_and_no_older_than_it_must_be(
    now: datetime, zone: ZoneInfo, weekday: int, hour_of_day: int
) -> None:
    when = weekly.ReportTime(weekday, time(hour_of_day), zone)
    name, since = when.due(now)
    assert since <= now < since + timedelta(days=7, hours=1)
    assert week(name, zone).end <= since < week(name, zone).end + timedelta(days=7)
    assert when.due(since) == (name, since)
