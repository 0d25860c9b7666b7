"""Texts are bounded and harmless; times keep their zone or its absence."""

from datetime import timedelta

import pytest

from provenance.core.metadata import Block
from provenance.images.told import moment, text, zone_of


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("  Canon\x00junk", "Canon"),
        ("a\x1b[31mred\nb\u202ec", "a [31mred b c"),
        (b"Jos\xc3\xa9", "José"),
        (b"Jos\xe9", "José"),
        ("\0\0", None),
        ("   ", None),
        (17, None),
        ("x" * 1000, "x" * 300),
        (("ä" * 1000).encode(), "ä" * 300),
        (b"x" + "ä".encode() * 3000, "x" + "ä" * 299),
    ],
)
def test_texts(value: object, line: str | None) -> None:
    assert text(value) == line


@pytest.mark.parametrize(
    ("value", "local", "offset"),
    [
        ("2020:05:01 12:00:00", "2020-05-01T12:00:00", None),
        ("2020-05-01T12:00", "2020-05-01T12:00:00", None),
        ("2020-05-01T12:00:01.5Z", "2020-05-01T12:00:01.500000", timedelta(0)),
        ("2020-05-01T12:00:00-03:30", "2020-05-01T12:00:00", -timedelta(hours=3, minutes=30)),
    ],
)
def test_times(value: str, local: str, offset: timedelta | None) -> None:
    found = moment(value, Block.XMP, "x")
    assert found is not None
    assert (found.local.isoformat(), found.offset, found.whole_day) == (local, offset, False)


@pytest.mark.parametrize(
    "value",
    ["0000:00:00 00:00:00", "    :  :     :  :  ", "2021:02:30 10:00:00", "2021:01:01 24:00:00", "2021", "2021-05",
     "0001:01:01 00:00:00", "9999:12:31 00:00:00", "yesterday", "", None, 5, "2020:05:01 12:00:00 and more"],
)  # fmt: skip
def test_what_no_calendar_has_is_no_time(value: object) -> None:
    assert moment(value, Block.EXIF, "x") is None


def test_a_day_without_a_time_says_so_and_has_no_zone() -> None:
    found = moment("2020-05-01", Block.IPTC, "DateCreated", offset="+02:00")
    assert found is not None
    assert found.whole_day
    assert found.utc is None


def test_fractions_and_zones_from_other_tags() -> None:
    found = moment("2020:05:01 12:00:00", Block.EXIF, "x", offset="+02:00", fraction="07  ")
    assert found is not None
    assert found.local.microsecond == 70000
    assert found.offset == timedelta(hours=2)


@pytest.mark.parametrize("value", ["+99:00", "+02:75", "02:00", "", None, "   :  "])
def test_impossible_zones_are_none(value: object) -> None:
    assert zone_of(value) is None
