"""Photoshop's resources, and the IPTC records in one of them."""

from collections.abc import Iterator

from provenance.core.metadata import Block, Metadata, Moment
from provenance.images.told import moment, text

IPTC = 0x0404
THUMBNAIL = {0x0409, 0x040C}
"""The older one has its colours the wrong way round."""
_THUMBNAIL_HEAD = 28
"""Bytes before the JPEG in a thumbnail resource."""

_MOST_RECORDS = 500
_CREDITS = {
    5: "title", 40: "instructions", 80: "author", 90: "city", 95: "state", 101: "country", 105: "headline",
    110: "credit", 115: "source", 116: "copyright", 120: "caption",
}  # fmt: skip
_UTF8 = b"\x1b%G"


def resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of Photoshop's resources, as far as they lie within the data."""
    at = 0
    for _ in range(_MOST_RECORDS):
        at = data.find(b"8BIM", at)
        if at < 0 or at + 12 > len(data):
            return
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        name = data[at + 6] + 1
        start = at + 6 + name + name % 2 + 4
        size = int.from_bytes(data[start - 4 : start], "big")
        if start > len(data) or start + size > len(data):
            return
        yield number, data[start : start + size]
        at = start + size


def resource_thumbnail(body: bytes) -> bytes | None:
    """Return the JPEG within a thumbnail resource."""
    picture = body[_THUMBNAIL_HEAD:]
    return picture if picture.startswith(b"\xff\xd8") else None


def read_iptc(data: bytes) -> Metadata:
    """Return what IPTC's records (IIM) tell. Raises nothing."""
    records: dict[tuple[int, int], bytes] = {}
    problem = None
    try:
        for record, number, value in _records(data):
            records.setdefault((record, number), value)
    except ValueError as error:
        problem = str(error)
    utf8 = records.get((1, 90)) == _UTF8

    def line(number: int) -> str | None:
        value = records.get((2, number))
        if value is None:
            return None
        return text(value.decode("utf-8", "replace") if utf8 else value, 2000 if number == 120 else 300)

    fbmd = line(40)
    credits = {name: told for number, name in _CREDITS.items() if (told := line(number))}
    if fbmd and fbmd.startswith("FBMD"):
        del credits["instructions"]
    else:
        fbmd = None
    program = " ".join(part for part in (line(65), line(70)) if part)
    return Metadata(
        captured=_moments(line(55), line(60), "DateCreated"),
        digitised=_moments(line(62), line(63), "DigitalCreationDate"),
        software=(program,) if program else (),
        fbmd=fbmd,
        credits=credits,
        blocks=(Block.IPTC,),
        unread=((Block.IPTC, problem),) if problem else (),
    )


def _moments(day: str | None, clock: str | None, tag: str) -> tuple[Moment, ...]:
    """A day as 20200501, a time as 120000+0200; old programs put hyphens and colons in."""
    day, clock = (day or "").replace("-", "").replace(":", ""), (clock or "").replace(":", "")
    if len(day) != 8:
        return ()
    written = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if len(clock) >= 6:
        written += f"T{clock[:2]}:{clock[2:4]}:{clock[4:6]}{clock[6:]}"
    found = moment(written, Block.IPTC, tag)
    return (found,) if found else ()


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    for _ in range(_MOST_RECORDS):
        if at + 5 > len(data) or not any(data[at : at + 5]):
            return
        if data[at] != 0x1C:
            raise ValueError("a record does not begin like one")
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if size & 0x8000 or at + 5 + size > len(data):
            raise ValueError("a record is longer than the block")
        yield data[at + 1], data[at + 2], data[at + 5 : at + 5 + size]
        at += 5 + size
    raise ValueError("has more records than any program writes")
