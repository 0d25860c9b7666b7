"""What a file says in words and times, made harmless: bounded text, moments with or without a zone."""

import re
from datetime import datetime, timedelta

from provenance.core.metadata import Block, Moment, Place
from provenance.core.places import metres

MOST = 300
"""Characters of one text that are kept, unless a caller asks for more."""

_DATED = re.compile(
    r"\s*(\d{4})[:/.-]?(\d\d)[:/.-]?(\d\d)"
    r"(?:[T\s]\s*(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s*(Z|[+-]\d\d:?\d\d)?)?\s*",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1800, 9998
"""Photography is not older; and a moment must stay a moment when its zone is taken off."""

_HIGHEST = 1_000_000.0
"""Metres above the sea or below it: what is more was written by no device."""
_WIDEST = 20_040_000.0
"""Metres: no two places on the Earth are farther apart."""

Written = tuple[float, float]
"""A number, and what its last written digit stands for."""


def text(value: object, most: int = MOST) -> str | None:
    """Return one line without control characters, at most `most` long; None where nothing is left.

    Bytes are UTF-8 where they can be, else Latin-1, as old programs wrote it.
    """
    if isinstance(value, bytes):
        value = _decoded(value.split(b"\0", 1)[0], 4 * most)
    if not isinstance(value, str):
        return None
    line = value[: 4 * most].split("\0", 1)[0]
    line = " ".join("".join(char if char.isprintable() else " " for char in line).split())
    return line[:most] or None


def _decoded(value: bytes, most: int) -> str:
    start = value[:most]
    try:
        return start.decode("utf-8")
    except UnicodeDecodeError as error:
        # Cut within its last character, it is UTF-8 all the same.
        cut = len(value) > most and error.reason == "unexpected end of data"
        return start[: error.start].decode("utf-8") if cut else start.decode("latin-1")


def moment(value: object, block: Block, tag: str, *, offset: object = None, fraction: object = None) -> Moment | None:
    """Read a time as EXIF (2020:05:01 12:00:00) and XMP (2020-05-01T12:00:00+02:00) write it.

    Blanks, zeros and dates that no calendar has are no times; nor is a month without a day.
    """
    if not (line := text(value, 64)) or not (found := _DATED.fullmatch(line)):
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    digits = (found[7] or _digits(fraction) or "0")[:6].ljust(6, "0")
    clock = (int(found[4] or 0), int(found[5] or 0), int(found[6] or 0), int(digits))
    whole_day = found[4] is None
    try:
        # Naive on purpose: a zone is known only where the file tells it.
        local = datetime(year, month, day) if whole_day else datetime(year, month, day, *clock)  # noqa: DTZ001
    except ValueError:
        return None
    zone = None if whole_day else zone_of(found[8]) if found[8] else zone_of(offset)
    return Moment(local, zone, block, tag, whole_day)


def zone_of(value: object) -> timedelta | None:
    """Read a distance from UTC: "+02:00", "-0530" or "Z"."""
    line = text(value, 16)
    if line in {"Z", "z"}:
        return timedelta(0)
    if not line or not (found := _OFFSET.fullmatch(line)):
        return None
    hours, minutes = int(found[2]), int(found[3])
    if hours > 15 or minutes > 59:
        return None
    distance = timedelta(hours=hours, minutes=minutes)
    return -distance if found[1] == "-" else distance


def place(
    latitude: Written,
    longitude: Written,
    *,
    altitude: float | None,
    error: float | None,
    datum: str | None,
    block: Block,
) -> Place:
    """Return a position, as precise as its last written digit, or as the error that the receiver tells."""
    precision = max(metres(latitude[0], latitude[1], longitude[1]), error or 0.0)
    if altitude is not None and abs(altitude) > _HIGHEST:
        altitude = None
    return Place(latitude[0], longitude[0], altitude, datum, min(precision, _WIDEST), block)


def _digits(value: object) -> str | None:
    line = text(value, 16)
    return line if line and line.isascii() and line.isdigit() else None
