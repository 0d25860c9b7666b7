"""EXIF: the picture's, the camera's and the receiver's directories, and maker notes as far as they are safe.

exifread reads them; what it would spend on a hostile file is limited here. A count of 10^9 in a maker note costs it
minutes and gigabytes, and it ends at the first entry that it does not understand.
"""

import io
import logging
import struct
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from exifread.core.exif_header import ExifHeader
from exifread.tags.fields import FieldType

from provenance.core.metadata import Block, Camera, Metadata, Moment, Place
from provenance.images.told import MOST, moment, place, text

EXIF_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, EOFError, KeyError, IndexError, MemoryError, OSError,
    RecursionError, TypeError, ValueError, struct.error,
)  # fmt: skip
"""What exifread was seen to raise on damaged files, and on some healthy ones."""

_WORK = 20_000
"""Numbers read of one file at most: a real one has some hundreds."""
_LIST = 1000
"""Numbers of one entry at most, as exifread has it."""
_LONG_TEXT = 4096
_COMMENT = 2000
"""Characters of a comment that are kept: generators write their settings behind long descriptions."""
_NOTE = 64
"""Bytes of the maker note that tell whose it is; the rest is read entry by entry. A comment is read as a whole."""
_THUMBNAIL = 1 << 20
_HEADS = {b"II*\0": "I", b"MM\0*": "M"}

logging.getLogger("exifread").setLevel(logging.CRITICAL)


class _TooMuch(Exception):
    """The directories ask for more work than any real file does."""


class _Header(ExifHeader):
    """exifread's reader, entry by entry within bounds."""

    def __init__(self, data: bytes, endian: str) -> None:
        super().__init__(io.BytesIO(data), endian, 0, 0, False)
        self.size = len(data)
        self.left = _WORK
        self.problem: str | None = None
        self.denominators: dict[str, list[int]] = {}

    def dump(self, ifd: int, name: str) -> None:
        try:
            self.dump_ifd(ifd, name)
        except EXIF_ERRORS as error:
            self.problem = self.problem or f"{name}: {type(error).__name__}"

    def _process_tag(self, *entry: Any) -> None:
        self._spend(1)
        try:
            super()._process_tag(*entry)
        except EXIF_ERRORS as error:
            self.problem = self.problem or f"{entry[5]}: {text(str(error), 80) or type(error).__name__}"

    def _process_field(self, tag_name: str, count: int, field_type: int, type_length: int, offset: int) -> list[Any]:
        if count * type_length > 4 and self.offset + offset + count * type_length > self.size:
            raise ValueError("points outside of the block")
        if tag_name in {"MakerNote", "UserComment"}:
            count = min(count, _NOTE)
        if count >= _LIST:
            return []
        self._spend(count)
        if field_type in {FieldType.RATIO, FieldType.SIGNED_RATIO}:
            # exifread reduces fractions; how finely a number was written is lost with that.
            self.denominators[tag_name] = [self.s2n(offset + 8 * i + 4, 4) for i in range(count)]
        return super()._process_field(tag_name, count, field_type, type_length, offset)

    def _process_ascii_field(self, ifd_name: str, tag_name: str, count: int, offset: int) -> str | bytes:
        if count > 4 and self.offset + offset + count > self.size:
            raise ValueError("points outside of the block")
        self._spend(1)
        line: str | bytes = super()._process_ascii_field(ifd_name, tag_name, min(count, _LONG_TEXT), offset)
        return line

    def _spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise _TooMuch


def read_exif(data: bytes) -> tuple[Metadata, bytes | None]:
    """Return what an EXIF block (a TIFF) tells, and its embedded thumbnail's bytes. Raises nothing."""
    endian = _HEADS.get(bytes(data[:4]))
    if endian is None:
        return Metadata(blocks=(Block.EXIF,), unread=((Block.EXIF, "does not begin like EXIF"),)), None
    header = _Header(data, endian)
    unread: list[tuple[Block, str]] = []
    try:
        _directories(header)
    except _TooMuch:
        header.problem = "has more entries than any camera writes"
    if header.problem:
        unread.append((Block.EXIF, header.problem))
    header.problem = None
    if "EXIF MakerNote" in header.tags and "Image Make" in header.tags:
        try:
            header.decode_maker_note()
        except (*EXIF_ERRORS, _TooMuch) as error:
            header.problem = header.problem or type(error).__name__.lstrip("_")
        if header.problem:
            unread.append((Block.MAKER_NOTE, header.problem))
    return _metadata(header, data, unread), _thumbnail(header, data)


def _directories(header: _Header) -> None:
    try:
        first = header.s2n(4, 4)
        header.dump(first, "Image")
        if following := header.s2n(first + 2 + 12 * header.s2n(first, 2), 4):
            header.dump(following, "Thumbnail")
        if pointer := _numbers(header, "Image ExifOffset"):
            header.dump(int(pointer[0]), "EXIF")
    except EXIF_ERRORS as error:
        header.problem = header.problem or type(error).__name__


def _metadata(header: _Header, data: bytes, unread: list[tuple[Block, str]]) -> Metadata:
    position, problem = _place(header)
    if problem:
        unread.append((Block.GPS, problem))
    blocks = [Block.EXIF]
    if any(name.startswith("GPS ") for name in header.tags):
        blocks.append(Block.GPS)
    if "EXIF MakerNote" in header.tags:
        blocks.append(Block.MAKER_NOTE)
    orientation = _numbers(header, "Image Orientation")
    credits = {
        "author": _text(header, "Image Artist"),
        "copyright": _text(header, "Image Copyright"),
        "caption": _text(header, "Image ImageDescription"),
    }
    return Metadata(
        captured=_moments(_dated(header, "DateTimeOriginal", "Original"), _satellite_time(header)),
        digitised=_moments(_dated(header, "DateTimeDigitized", "Digitized")),
        modified=_moments(_dated(header, "DateTime", "")),
        places=(position,) if position else (),
        camera=_camera(header),
        software=_texts(header, "Image Software", "Image ProcessingSoftware"),
        orientation=int(orientation[0]) if orientation and orientation[0] in range(1, 9) else None,
        credits={name: told for name, told in credits.items() if told},
        texts=tuple(_comments(header, data)),
        blocks=tuple(blocks),
        unread=tuple(unread),
    )


def _camera(header: _Header) -> Camera:
    return Camera(
        make=None if _graph(header, "Image Make") else _text(header, "Image Make"),
        model=None if _graph(header, "Image Model") else _text(header, "Image Model"),
        serial=_text(header, "EXIF BodySerialNumber") or _note_serial(header),
        lens=_text(header, "EXIF LensModel"),
        lens_serial=_text(header, "EXIF LensSerialNumber"),
        owner=_text(header, "EXIF CameraOwnerName") or _text(header, "MakerNote OwnerName"),
        unique_id=_text(header, "EXIF ImageUniqueID"),
    )


def _note_serial(header: _Header) -> str | None:
    """The body's number from the maker note; Canon writes a number, the others text."""
    if number := _numbers(header, "MakerNote SerialNumber"):
        return f"{int(number[0]):010d}" if number[0] else None
    for tag in ("MakerNote SerialNumber", "EXIF SerialNumber", "MakerNote InternalSerialNumber"):
        if serial := _text(header, tag):
            return serial.removeprefix("NO=").strip()
    return None


def _dated(header: _Header, tag: str, suffix: str) -> Moment | None:
    where = "EXIF" if f"EXIF {tag}" in header.tags else "Image"
    return moment(
        _text(header, f"{where} {tag}"),
        Block.EXIF,
        tag,
        offset=_text(header, f"EXIF OffsetTime{suffix}"),
        fraction=_text(header, f"EXIF SubSecTime{suffix}"),
    )


def _satellite_time(header: _Header) -> Moment | None:
    """The receiver's time: UTC by its nature."""
    clock = _numbers(header, "GPS GPSTimeStamp")
    day = moment(_text(header, "GPS GPSDate"), Block.GPS, "GPSDateStamp")
    if day is None or len(clock) != 3:
        return None
    hours, minutes, seconds = clock
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        return None
    since = timedelta(hours=float(hours), minutes=float(minutes), seconds=round(float(seconds), 6))
    return Moment(day.local + since, timedelta(0), Block.GPS, "GPSDateStamp")


def _place(header: _Header) -> tuple[Place | None, str | None]:
    if "GPS GPSLatitude" not in header.tags and "GPS GPSLongitude" not in header.tags:
        return None, None
    latitude = _degrees(header, "Latitude", "NS", 90)
    longitude = _degrees(header, "Longitude", "EW", 180)
    if latitude is None or longitude is None:
        return None, "no valid position: a number or the hemisphere is missing or out of range"
    below = _number(header, "GPS GPSAltitudeRef") in {1, 3}  # 3: below the ellipsoid
    height = _number(header, "GPS GPSAltitude")
    found = place(
        latitude,
        longitude,
        altitude=-height if height is not None and below else height,
        error=_number(header, "GPS Tag 0x001F"),  # GPSHPositioningError
        datum=_text(header, "GPS GPSMapDatum"),
        block=Block.GPS,
    )
    return found, None


def _degrees(header: _Header, name: str, ways: str, most: int) -> tuple[float, float] | None:
    """Return a coordinate, and how many degrees its last written digit stands for."""
    parts = _numbers(header, f"GPS GPS{name}")
    way = (_text(header, f"GPS GPS{name}Ref") or "").upper()[:1]
    units = (1, 1 / 60, 1 / 3600)
    if not 1 <= len(parts) <= 3 or way not in ways or not way or any(part < 0 for part in parts):
        return None
    degrees = sum(float(part) * unit for part, unit in zip(parts, units, strict=False))
    if degrees > most:
        return None
    written = header.denominators.get(f"GPS{name}", [])
    digit = min(
        (unit / (below or 1) for unit, below in zip(units, written, strict=False)), default=units[len(parts) - 1]
    )
    return (-degrees if way == ways[1] else degrees), digit


def _comments(header: _Header, data: bytes) -> Iterator[tuple[str, str]]:
    if (tag := header.tags.get("EXIF UserComment")) and (comment := _comment(header, data, tag)):
        yield "UserComment", comment
    for name in ("Image Make", "Image Model"):
        if graph := _graph(header, name):
            yield graph


def _comment(header: _Header, data: bytes, tag: Any) -> str | None:
    whole = data[tag.field_offset : tag.field_offset + min(tag.field_length, _LONG_TEXT)]
    code, body = whole[:8].rstrip(b"\0 "), whole[8:]
    if code == b"UNICODE":
        zeros_first = body[0::2].count(0) - body[1::2].count(0)
        big = zeros_first > 0 if zeros_first else header.endian == "M"
        return text(body.decode("utf-16-be" if big else "utf-16-le", "replace"), _COMMENT)
    if code == b"JIS":
        return text(body.decode("euc_jp", "replace"), _COMMENT)
    return text(body if code in {b"", b"ASCII"} else whole, _COMMENT)


def _graph(header: _Header, name: str) -> tuple[str, str] | None:
    """ComfyUI writes its graphs of nodes where cameras write their names: prompt:{...}."""
    keyword, _, graph = (_text(header, name, _COMMENT) or "").partition(":")
    return (keyword, graph) if graph.startswith("{") else None


def _thumbnail(header: _Header, data: bytes) -> bytes | None:
    start, length = (_numbers(header, f"Thumbnail JPEGInterchangeFormat{end}") for end in ("", "Length"))
    if not start or not length or not 0 < length[0] <= _THUMBNAIL:
        return None
    picture = bytes(data[int(start[0]) : int(start[0]) + int(length[0])])
    return picture if picture.startswith(b"\xff\xd8") else None


def _text(header: _Header, name: str, most: int = MOST) -> str | None:
    tag = header.tags.get(name) or header.tags.get(f"{name} ")
    values = getattr(tag, "values", None)
    return text(values, most) if isinstance(values, str | bytes) else None


def _texts(header: _Header, *names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(told for name in names if (told := _text(header, name))))


def _numbers(header: _Header, name: str) -> list[Any]:
    """The numbers of an entry; none if one of them is no number (a fraction over zero)."""
    values = getattr(header.tags.get(name), "values", None)
    if not isinstance(values, list) or any(getattr(value, "denominator", 0) == 0 for value in values):
        return []
    return values


def _number(header: _Header, name: str) -> float | None:
    values = _numbers(header, name)
    return float(values[0]) if values else None


def _moments(*moments: Moment | None) -> tuple[Moment, ...]:
    return tuple(one for one in moments if one is not None)
