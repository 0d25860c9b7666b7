"""Where the blocks of metadata lie in a file: a cheap walk over its structure, nothing is decoded.

Every length comes from a stranger: what points outside of the file ends the walk there.
"""

import zlib
from dataclasses import dataclass, field

from provenance.core.metadata import Block
from provenance.images import boxes
from provenance.images.bigtiff import classic
from provenance.images.jpeg import indexed, segments
from provenance.images.told import text
from provenance.images.xmp import extended_id

_INFLATED = 4 << 20
"""Bytes that the compressed blocks of a file may grow to, all together."""
_EXTENDED_MOST = 4 << 20
_MOST_TEXTS = 50
_MOST_PROFILES = 16
"""Raw profiles of a PNG: each is taken apart, and a file has one of each kind."""
_MOST_RECORDS = 1 << 20
"""Bytes of IPTC's records that are put into their order."""
_LARGEST_PREVIEW, _MOST_PREVIEWS = 8 << 20, 4
_MOST_CHUNKS = 50_000
_MOST_PARTS = 5000
"""Of one extension of a GIF; each holds 255 bytes."""
_LONGEST = 2000

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_PROFILE = b"ICC_PROFILE\0"
_INDEX = b"MPF\0"
_PREVIEWS = frozenset({0x010001, 0x010002})
"""Pictures of a JPEG's index that show the same in small; others are depths, other views, gains of light."""
_TELLING = frozenset({0xE1, 0xE2, 0xED})
"""Application segments of a JPEG that hold metadata."""


@dataclass(slots=True)
class Blocks:
    """The raw blocks of one file; each may be damaged."""

    exif: list[bytes] = field(default_factory=list)
    """TIFF structures; for a TIFF file, the file."""
    xmp: list[bytes] = field(default_factory=list)
    photoshop: bytes = b""
    """Image resources."""
    iptc: list[bytes] = field(default_factory=list)
    """IIM records that stand by themselves."""
    profile: bytes = b""
    texts: list[tuple[str, str]] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    """Small pictures that the format itself keeps beside the large one."""
    changed: str | None = None
    """PNG's time of the last change, in UTC."""
    unread: list[tuple[Block, str]] = field(default_factory=list)
    room: int = _INFLATED
    """Bytes that may still be inflated."""
    profiles: int = 0
    """Raw profiles that were met."""


def find(data: bytes) -> Blocks:
    """Find the blocks in a file's bytes. Raises nothing for damaged ones."""
    found = Blocks()
    for head, walk in _WALKS:
        if data.startswith(head):
            walk(data, found)
            break
    else:
        if data[4:8] == b"ftyp":
            _base_media(data, found)
    return found


def _jpeg(data: bytes, found: Blocks) -> None:
    extended: dict[bytes, list[tuple[int, bytes]]] = {}
    profile: list[tuple[int, bytes]] = []
    resources = []
    for marker, start, stop in segments(data):
        if marker not in _TELLING:
            continue
        body = data[start:stop]
        if marker == 0xE1 and body.startswith(b"Exif\0"):
            found.exif.append(body[6:])
        elif marker == 0xE1 and body.startswith(_XMP):
            found.xmp.append(body[len(_XMP) :])
        elif marker == 0xE1 and body.startswith(_EXTENDED):
            guid, rest = body[len(_EXTENDED) : len(_EXTENDED) + 32], body[len(_EXTENDED) + 32 :]
            extended.setdefault(guid, []).append((int.from_bytes(rest[4:8], "big"), rest[8:]))
        elif marker == 0xE2 and body.startswith(_INDEX) and not found.previews:
            pictures = indexed(data, start + len(_INDEX), stop)
            small = [each for each in pictures if each[0] in _PREVIEWS][:_MOST_PREVIEWS]
            found.previews += [data[begin : min(end, begin + _LARGEST_PREVIEW)] for _, begin, end in small]
        elif marker == 0xE2 and body.startswith(_PROFILE):
            profile.append((body[12] if len(body) > 12 else 0, body[14:]))
        elif marker == 0xED and body.startswith(_PHOTOSHOP):
            resources.append(body[len(_PHOTOSHOP) :])
    found.photoshop = b"".join(resources)
    found.profile = b"".join(part for _, part in sorted(profile))
    named = extended_id(found.xmp[0]) if found.xmp else None
    if named and (pieces := extended.get(named)):
        found.xmp.append(_joined(pieces))


def _joined(parts: list[tuple[int, bytes]]) -> bytes:
    """The pieces of an extended packet, as far as they follow one another without a hole."""
    whole = bytearray()
    for offset, part in sorted(parts):
        if offset != len(whole) or offset > _EXTENDED_MOST:
            break
        whole += part
    return bytes(whole)


def _png(data: bytes, found: Blocks) -> None:
    at = 8
    for _ in range(_MOST_CHUNKS):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind != b"IDAT":
            if len(kind) < 4 or kind == b"IEND" or at + 8 + size > len(data):
                return
            _png_chunk(kind, data[at + 8 : at + 8 + size], found)
        at += 12 + size


def _png_chunk(kind: bytes, body: bytes, found: Blocks) -> None:
    if kind == b"eXIf":
        found.exif.append(body.removeprefix(b"Exif\0\0"))
    elif kind == b"tIME" and len(body) == 7:
        year = int.from_bytes(body[:2], "big")
        found.changed = f"{year:04d}-{body[2]:02d}-{body[3]:02d}T{body[4]:02d}:{body[5]:02d}:{body[6]:02d}Z"
    elif kind == b"iCCP":
        found.profile = _inflated(body.partition(b"\0")[2][1:], Block.ICC, found)
    elif kind in {b"tEXt", b"zTXt", b"iTXt"}:
        keyword, _, rest = body.partition(b"\0")
        if kind == b"zTXt":
            rest = _inflated(rest[1:], Block.TEXT, found)
        elif kind == b"iTXt":
            packed, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
            rest = _inflated(rest, Block.TEXT, found) if packed else rest
        _png_text(keyword.decode("latin-1"), rest, kind == b"iTXt", found)


def _png_text(keyword: str, value: bytes, utf8: bool, found: Blocks) -> None:
    if keyword == "XML:com.adobe.xmp":
        found.xmp.append(value)
    elif keyword.startswith("Raw profile type "):
        _raw_profile(keyword.removeprefix("Raw profile type ").strip(), value, found)
    elif len(found.texts) < _MOST_TEXTS:
        line = text(value[: 4 * _LONGEST].decode("utf-8" if utf8 else "latin-1", "replace"), _LONGEST)
        if line and (name := text(keyword, 80)):
            found.texts.append((name, line))


def _raw_profile(kind: str, value: bytes, found: Blocks) -> None:
    """ImageMagick's way to put EXIF, IPTC and XMP into a PNG: name, length and bytes in hexadecimal, line by line."""
    found.profiles += 1
    if found.profiles > _MOST_PROFILES:
        return
    try:
        # The lines' ends need no care: they are white space, as it may stand between bytes.
        body = bytes.fromhex(value.strip().split(b"\n", 2)[-1].decode("ascii"))
    except ValueError:
        found.unread.append((Block.TEXT, f"{text(kind, 20)}: not hexadecimal"))
        return
    if kind in {"exif", "APP1"} and not body.startswith(_XMP):
        found.exif.append(body.removeprefix(b"Exif\0\0"))
    elif kind in {"xmp", "APP1"}:
        found.xmp.append(body.removeprefix(_XMP))
    elif kind == "8bim" or (kind == "iptc" and body.startswith(b"8BIM")):
        found.photoshop += body
    elif kind == "iptc":
        found.iptc.append(body)


def _inflated(data: bytes, block: Block, found: Blocks) -> bytes:
    engine = zlib.decompressobj()
    try:
        inflated = engine.decompress(data, found.room) if found.room else b""
    except zlib.error:
        found.unread.append((block, "its compression is damaged"))
        return b""
    found.room -= len(inflated)
    if not engine.eof and not found.room:
        found.unread.append((block, "is larger than any program writes it"))
    return inflated


def _riff(data: bytes, found: Blocks) -> None:
    at = 12
    for _ in range(_MOST_CHUNKS):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if len(kind) < 4 or at + 8 + size > len(data):
            return
        if kind == b"EXIF":
            found.exif.append(data[at + 8 : at + 8 + size].removeprefix(b"Exif\0\0"))
        elif kind == b"XMP ":
            found.xmp.append(data[at + 8 : at + 8 + size])
        elif kind == b"ICCP":
            found.profile = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _gif(data: bytes, found: Blocks) -> None:
    # Colour tables and pictures stand between extensions; XMP's own trailer shows where it ends.
    start = data.find(b"\x21\xff\x0bXMP DataXMP")
    if start >= 0 and (end := data.find(b"\x01\xff\xfe", start)) >= 0:
        found.xmp.append(data[start + 14 : end])
    at = 13 + (3 << ((data[10] & 7) + 1) if len(data) > 10 and data[10] & 0x80 else 0)
    for _ in range(_MOST_TEXTS):
        if data[at : at + 1] != b"\x21":
            return
        comment, parts, at = data[at + 1 : at + 2] == b"\xfe", [], at + 2
        for _ in range(_MOST_PARTS):
            size = int.from_bytes(data[at : at + 1], "big")
            parts.append(data[at + 1 : at + 1 + size])
            at += 1 + size
            if not size:
                break
        if comment and (line := text(b"".join(parts), _LONGEST)):
            found.texts.append(("Comment", line))


def _tiff(data: bytes, found: Blocks) -> None:
    found.exif.append(data)
    order = "little" if data.startswith(b"II") else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]

    start, met = number(4, 4), set()
    for entry in range(start + 2, start + 2 + 12 * min(number(start, 2), 1000), 12):
        tag, size = number(entry, 2), number(entry + 4, 4) * (4 if number(entry + 2, 2) == 4 else 1)
        if tag not in {700, 33723, 34377, 34675} or tag in met:
            continue
        met.add(tag)  # A directory has each once; a thousand of them would each hold the whole file.
        offset = number(entry + 8, 4)
        if size <= 4 or offset + size > len(data):
            found.unread.append((Block.CONTAINER, f"tag {tag} points outside of the file"))
            continue
        body = data[offset : offset + size]
        if tag == 700:
            found.xmp.append(body)
        elif tag == 33723:
            # Some programs wrote it as long words, of their own byte order.
            found.iptc.append(body if body[:1] == b"\x1c" else _swapped(body[:_MOST_RECORDS]))
        elif tag == 34377:
            found.photoshop = body
        else:
            found.profile = body


def _bigtiff(data: bytes, found: Blocks) -> None:
    _tiff(classic(data), found)


def _swapped(body: bytes) -> bytes:
    return b"".join(body[at : at + 4][::-1] for at in range(0, len(body), 4))


def _base_media(data: bytes, found: Blocks) -> None:
    for kind, body in boxes.items(data):
        if kind == boxes.EXIF:
            # Four bytes tell how many more stand before the TIFF header.
            found.exif.append(body[4 + int.from_bytes(body[:4], "big") :])
        elif kind == boxes.XMP:
            found.xmp.append(body)
        elif kind == boxes.PREVIEW:
            found.previews.append(body)
        elif not found.profile:
            found.profile = body


_WALKS = (
    (b"\xff\xd8", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"RIFF", _riff),
    (b"GIF8", _gif),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"II+\0", _bigtiff),
    (b"MM\0+", _bigtiff),
)
