"""BigTIFF, the TIFF of more than four gigabytes: its metadata, brought to the form that readers of EXIF know."""

import struct

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of one value by its type. Numbers of eight bytes are left out: they tell where the pixels lie."""
_EIGHT = frozenset({16, 17, 18})
"""Types of those numbers."""
_DIRECTORIES = frozenset({0x8769, 0x8825})
"""EXIF's and the receiver's."""
_NOTE = 0x927C
"""A maker note's own offsets would lead elsewhere."""
_MOST_BYTES = 16 << 20
_MOST_ENTRIES = 1000


def classic(data: bytes) -> bytes:
    """Return the first directory, and in it those of EXIF and position, as a TIFF. Raises nothing.

    What points out of the file is left out.
    """
    order = "<" if data.startswith(b"II") else ">"
    tiff = bytearray(struct.pack(f"{order}2sHI", data[:2], 42, 0))
    struct.pack_into(f"{order}I", tiff, 4, _copied(data, _number(data, 8, 8, order), order, tiff, inner=False))
    return bytes(tiff)


def _copied(data: bytes, start: int, order: str, tiff: bytearray, *, inner: bool) -> int:
    """Copy a directory, its values before it; return where it stands."""
    entries = []
    end = start + 8 + 20 * min(_number(data, start, 8, order), _MOST_ENTRIES)
    for at in range(start + 8, min(end, len(data) - 19), 20):
        tag, kind, count = (_number(data, at + skip, size, order) for skip, size in ((0, 2), (2, 2), (4, 8)))
        size = count * _SIZES.get(kind, 0)
        if tag in _DIRECTORIES and not inner:
            below = _number(data, at + 12, 8 if kind in _EIGHT else 4, order)
            value = struct.pack(f"{order}I", _copied(data, below, order, tiff, inner=True))
            kind, count = 4, 1
        else:
            where = at + 12 if size <= 8 else _number(data, at + 12, 8, order)
            value = data[where : where + size]
            if not value or len(value) < size or len(tiff) + size > _MOST_BYTES or tag == _NOTE:
                continue
        if len(value) > 4:
            tiff += value
            value = struct.pack(f"{order}I", len(tiff) - len(value))
        entries.append(struct.pack(f"{order}HHI", tag, kind, count) + value.ljust(4, b"\0"))
    place = len(tiff)
    tiff += struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    return place


def _number(data: bytes, at: int, size: int, order: str) -> int:
    return int.from_bytes(data[at : at + size], "little" if order == "<" else "big")
