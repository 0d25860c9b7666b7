"""How a JPEG was written: its markers, its tables, and what stands behind its end. Nothing is decoded.

Every length comes from a stranger: the walk ends where it points outside of the file, and its work is linear.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from provenance.core.metadata import JpegStructure
from provenance.images.boxes import end_of_boxes
from provenance.images.told import text

SOI, EOI, SOS, DQT, DRI, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})

_MOST_SEGMENTS = 50_000
_MOST_NAMED = 200
_MOST_COMMENTS = 20
_MOST_PICTURES = 64
"""Entries of an index of pictures, or of Samsung's records, that are followed."""
_MOST_FILMS = 4
"""Behind a picture, one after the other."""

_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
"""Within a scan: a byte FF of the picture is followed by 00, and restarts belong to the scan."""
_NAME = re.compile(rb"[ -~]{2,60}")

_SAMPLED = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}

_ZIGZAG = sorted(range(64), key=lambda at: (at // 8 + at % 8, at // 8 if (at // 8 + at % 8) % 2 else at % 8))
"""The place in rows of each number as it is stored."""

# The tables of the JPEG standard's annex K, which the IJG's library scales.
_GREY = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_COLOUR = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *(99,) * 32,
)  # fmt: skip

Table = tuple[int, ...]


@dataclass(slots=True)
class _Seen:
    tables: dict[int, Table] = field(default_factory=dict)
    components: list[tuple[int, int, int]] = field(default_factory=list)
    """Of each: its factors across and down, and the number of its table."""
    progressive: bool = False
    restart_interval: int = 0
    comments: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    pictures: list[tuple[int, int]] = field(default_factory=list)
    """Where other pictures of the file are said to begin and end."""


def structure(data: bytes) -> JpegStructure | None:
    """Return how a file was written; None where it is no JPEG, or its tables or its frame are missing."""
    if not data.startswith(b"\xff\xd8"):
        return None
    seen, end = _Seen(), len(data)
    for marker, start, stop in segments(data, beyond_scans=True):
        if marker == EOI:
            end = stop
        else:
            _note(seen, marker, data, start, stop)
    if not seen.tables or not seen.components:
        return None
    used = [seen.tables.get(table, ()) for _, _, table in seen.components]
    exact, nearest = _quality(used if all(used) else list(seen.tables.values()))
    return JpegStructure(
        tables=tuple(table for _, table in sorted(seen.tables.items())),
        ijg_quality=exact,
        quality=nearest,
        progressive=seen.progressive,
        subsampling=_subsampling([(across, down) for across, down, _ in seen.components]),
        restart_interval=seen.restart_interval,
        comments=tuple(seen.comments),
        segments=tuple(seen.names),
        trailing=_trailing(data, end, seen.pictures),
    )


def segments(data: bytes, *, beyond_scans: bool = False) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment's body: up to the first scan, or to the end of the picture."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 2 > len(data) or data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == EOI:
            if beyond_scans:
                yield marker, at + 2, at + 2
            return
        if marker == 0xFF:
            at = _behind_filling(data, at)
            continue
        if marker == 0x01 or 0xD0 <= marker <= SOI:
            at += 2
            continue
        if marker == SOS and not beyond_scans:
            return
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if stop < at + 4 or stop > len(data):
            return
        yield marker, at + 4, stop
        at = stop
        if marker == SOS:
            found = _MARKER.search(data, at)
            if found is None:
                return
            at = found.start()


_FILLED = re.compile(rb"\xff+")


def _behind_filling(data: bytes, at: int) -> int:
    """Where the last FF of a row of them stands: any number may come before a marker."""
    found = _FILLED.match(data, at)
    return found.end() - 1 if found and found.end() < len(data) else len(data)


def _note(seen: _Seen, marker: int, data: bytes, start: int, stop: int) -> None:
    if marker == DQT:
        _tables(data[start:stop], seen.tables)
    elif marker in _FRAMES and not seen.components and stop - start >= 6:
        seen.progressive = marker in _PROGRESSIVE
        parts = data[start + 6 : min(stop, start + 6 + 3 * min(data[start + 5], 4))]
        seen.components = [
            (parts[at + 1] >> 4, parts[at + 1] & 15, parts[at + 2]) for at in range(0, len(parts) - 2, 3)
        ]
    elif marker == DRI and stop - start == 2:
        seen.restart_interval = int.from_bytes(data[start:stop], "big")
    elif marker == COM:
        if len(seen.comments) < _MOST_COMMENTS and (comment := text(data[start:stop])):
            seen.comments.append(comment)
    elif 0xE0 <= marker <= 0xEF and len(seen.names) < _MOST_NAMED:
        name = _NAME.match(data, start, stop)
        seen.names.append(f"APP{marker - 0xE0}" + (f" {name[0].decode('ascii')}" if name else ""))
        if marker == 0xE2 and data.startswith(b"MPF\0", start) and not seen.pictures:
            seen.pictures = [(begin, end) for _, begin, end in indexed(data, start + 4, stop)]


def _tables(body: bytes, found: dict[int, Table]) -> None:
    at = 0
    while at < len(body):
        wide, number = body[at] >> 4, body[at] & 15
        size = 128 if wide else 64
        stored = body[at + 1 : at + 1 + size]
        if wide > 1 or number > 3 or len(stored) < size:
            return
        if wide:
            stored_numbers = [int.from_bytes(stored[each : each + 2], "big") for each in range(0, 128, 2)]
        else:
            stored_numbers = list(stored)
        rows = [0] * 64
        for place, value in zip(_ZIGZAG, stored_numbers, strict=True):
            rows[place] = value
        found[number] = tuple(rows)
        at += 1 + size


def _subsampling(factors: list[tuple[int, int]]) -> str:
    if len(factors) == 1:
        return "grey"
    (across, down), *others = factors
    if len(others) == 2 and others[0] == others[1] and all(others[0]):
        over, odd_over = divmod(across, others[0][0])
        under, odd_under = divmod(down, others[0][1])
        if not odd_over and not odd_under and (over, under) in _SAMPLED:
            return _SAMPLED[over, under]
    return ",".join(f"{one}x{other}" for one, other in factors)


# The quality of the tables


def ijg_tables(quality: int, most: int = 255) -> tuple[Table, Table]:
    """The tables of grey levels and of colours that the IJG's library makes at a quality of 1 to 100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    grey, colour = (tuple(min(max((step * scale + 50) // 100, 1), most) for step in base) for base in (_GREY, _COLOUR))
    return grey, colour


@cache
def _known() -> tuple[dict[tuple[Table, Table], int], list[int], list[int]]:
    """Quality by tables; and the tables' sums, of grey and of both, the coarsest first."""
    made = [ijg_tables(quality) for quality in range(1, 101)]
    by_tables = {tables: quality for quality, tables in enumerate(made, 1)}
    # Below 25, steps need not fit into a byte.
    by_tables |= {ijg_tables(quality, 32767): quality for quality in range(1, 25)}
    return by_tables, [-sum(grey) for grey, _ in made], [-sum(grey) - sum(colour) for grey, colour in made]


def _quality(used: list[Table]) -> tuple[int | None, int]:
    """The IJG quality that makes exactly these tables, if one does, and the nearest one."""
    by_tables, sums, both_sums = _known()
    grey, others = used[0], used[1:]
    if not others or (len(used) == 4 and set(others) == {grey}):
        wanted = -sum(grey)
        exact = next((quality for tables, quality in by_tables.items() if tables[0] == grey), None)
    else:
        colour, sums = others[0], both_sums
        wanted = -sum(grey) - sum(colour)
        # The fourth of four is black, and has the grey levels' table.
        exact = by_tables.get((grey, colour)) if set(others[:2]) | set(others[2:]) - {grey} == {colour} else None
    after = min(bisect_left(sums, wanted), len(sums) - 1)
    before = max(after - 1, 0)
    nearest = before if wanted - sums[before] < sums[after] - wanted else after
    return exact, exact or nearest + 1


# Behind the end


def indexed(data: bytes, start: int, stop: int) -> list[tuple[int, int, int]]:
    """The kind of each further picture of a Multi-Picture Format index (CIPA DC-007), where it begins and ends."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(data[start : start + 4])
    if order is None:
        return []

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : min(at + size, stop)], order)  # type: ignore[arg-type]

    found: list[tuple[int, int, int]] = []
    directory = start + number(start + 4, 4)
    for entry in range(directory + 2, min(directory + 2 + 12 * min(number(directory, 2), 20), stop), 12):
        if number(entry, 2) != 0xB002:
            continue
        first, count = start + number(entry + 8, 4), min(number(entry + 4, 4) // 16, _MOST_PICTURES)
        for at in range(first, min(first + 16 * count, stop - 15), 16):
            kind, size, offset = number(at, 4) & 0xFFFFFF, number(at + 4, 4), number(at + 8, 4)
            if offset:  # The first picture's is 0: the file itself.
                found.append((kind, start + offset, start + offset + size))
    return found


def _trailing(data: bytes, end: int, pictures: list[tuple[int, int]]) -> int:
    """Bytes behind `end` that are neither an indexed picture, a film (Motion Photo), Samsung's trailer nor filling."""
    known = [(begin, stop) for begin, stop in pictures if data.startswith(b"\xff\xd8", begin)]
    known += _samsung(data, end)
    left, at = 0, end
    for begin, stop in [*sorted(known), (len(data), len(data))]:
        begin, stop = min(begin, len(data)), min(stop, len(data))
        for _ in range(_MOST_FILMS):
            if at < begin and data.startswith(b"ftyp", at + 4):
                at = end_of_boxes(data, at, begin)
        left += begin - at if data[at:begin].strip(b"\0\xff") else 0
        at = max(at, stop)
    return left


def _samsung(data: bytes, end: int) -> list[tuple[int, int]]:
    """Samsung's trailer: records, their directory "SEFH", its length, and "SEFT" as the last word."""
    if not data.endswith(b"SEFT"):
        return []
    head = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    if head < end or not data.startswith(b"SEFH", head):
        return []
    count = int.from_bytes(data[head + 8 : head + 12], "little")
    count = min(count, _MOST_PICTURES, (len(data) - 8 - head - 12) // 12)
    entries = range(head + 12, head + 12 + 12 * count, 12)
    back = max((int.from_bytes(data[at + 4 : at + 8], "little") for at in entries), default=0)
    return [(max(head - back, end), len(data))]
