"""The boxes of HEIC and AVIF (ISO base media): which items of metadata they hold, and where."""

from collections.abc import Iterator

EXIF, XMP, PROFILE, PREVIEW = "exif", "xmp", "profile", "preview"

_MOST_BOXES = 4000
_MOST_ITEMS = 10_000
_MOST_PREVIEWS = 2
_MOST_BYTES = 16 << 20
"""Of all items of metadata together."""


def items(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield kind and content of EXIF, XMP, colour profile and previews, as far as they lie within the data."""
    for kind, start, size in _boxes(data, 0, len(data)):
        if kind == b"meta":
            yield from _of_meta(data, start + 4, start + size)
            return


def end_of_boxes(data: bytes, at: int, end: int) -> int:
    """Return where a row of boxes that begins at `at` comes to its end, `end` at most."""
    for _, start, size in _boxes(data, at, end):
        at = start + size
    return at


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and length of the contents of the boxes from `at` to `end`."""
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            return
        yield data[at + 4 : at + 8], at + head, size - head
        at += size


def _of_meta(data: bytes, at: int, end: int) -> Iterator[tuple[str, bytes]]:
    within = {kind: (start, start + size) for kind, start, size in _boxes(data, at, end) if size}
    if b"pitm" in within and b"iref" in within:
        yield from ((PREVIEW, each) for each in _previews(data, within[b"pitm"], within[b"iref"]))
    wanted = _kinds(data, *within[b"iinf"]) if b"iinf" in within else {}
    left = _MOST_BYTES
    inline = within.get(b"idat", (0, 0))
    for item, start, length, in_idat in _places(data, *within[b"iloc"]) if b"iloc" in within else ():
        if in_idat:
            start += inline[0]
        if item in wanted and 0 < length <= left and start + length <= (inline[1] if in_idat else len(data)):
            left -= length
            yield wanted.pop(item), data[start : start + length]
    for kind, start, size in _boxes(data, *within.get(b"iprp", (0, 0))):
        if kind == b"ipco":
            for inner, begin, length in _boxes(data, start, start + size):
                if inner == b"colr" and data[begin : begin + 4] in {b"prof", b"rICC"}:
                    yield PROFILE, data[begin + 4 : begin + length]
                    return


def _previews(data: bytes, main: tuple[int, int], references: tuple[int, int]) -> Iterator[bytes]:
    """Yield the file with a thumbnail of its picture put in the picture's place: decoders give nothing but that."""
    start, stop = main[0] + 4, main[1]
    picture, wide = data[start:stop], stop - start
    if wide != (2 if data[references[0] : references[0] + 1] == b"\0" else 4):
        return
    found = 0
    for _, at, _ in _boxes(data, references[0] + 4, references[1]):
        # From which item it refers, to how many, and to which.
        small, shown = data[at : at + wide], data[at + wide + 2 : at + wide + 2 + wide]
        if data[at - 4 : at] == b"thmb" and shown == picture and found < _MOST_PREVIEWS:
            found += 1
            changed = bytearray(data)
            changed[start:stop] = small
            # As somebody's thumbnail it would not be shown by itself.
            changed[at - 4 : at] = b"cdsc"
            yield bytes(changed)


def _kinds(data: bytes, at: int, end: int) -> dict[int, str]:
    """Which items are EXIF or XMP."""
    found = {}
    first = at + (6 if data[at] == 0 else 8)
    for kind, start, size in _boxes(data, first, end):
        if kind != b"infe" or size < 12 or data[start] < 2:
            continue
        wide = 4 if data[start] > 2 else 2
        item = int.from_bytes(data[start + 4 : start + 4 + wide], "big")
        rest = data[start + 4 + wide + 2 : start + size]
        if rest[:4] == b"Exif":
            found[item] = EXIF
        elif rest[:4] == b"mime" and rest[4:].split(b"\0", 2)[1:2] == [b"application/rdf+xml"]:
            found[item] = XMP
    return found


def _places(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, bool]]:
    """Yield item, offset, length and whether it lies in the idat box; of items in one piece."""
    version, sizes = data[at], int.from_bytes(data[at + 4 : at + 6], "big")
    offsets, lengths, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    wide = 4 if version == 2 else 2
    at += 6

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(min(number(wide), _MOST_ITEMS)):
        if at >= end:
            return
        item = number(wide)
        method = number(2) & 15 if version else 0
        number(2)
        begin = number(base)
        extents = number(2)
        places = [(number(index) if version else 0, number(offsets), number(lengths)) for _ in range(min(extents, 16))]
        if extents > 16:
            return
        if extents == 1:
            yield item, begin + places[0][1], places[0][2], method == 1
