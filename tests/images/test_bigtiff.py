"""BigTIFFs tell what the same TIFF of four-byte numbers tells; those that lie cost no more than themselves."""

import struct
import time
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base

from provenance.images.bigtiff import classic
from provenance.images.blocks import find
from provenance.images.exif import read_exif
from provenance.images.metadata import read
from tests.metadata_samples import SAMPLES

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}
INNER = {0x8769, 0x8825}


def widened(tiff: bytes) -> bytes:
    """A TIFF's first directory, with EXIF's and the position's, as a BigTIFF."""
    order = "<" if tiff[:2] == b"II" else ">"
    big = bytearray(struct.pack(f"{order}2sHHHQ", tiff[:2], 43, 8, 0, 0))

    def copied(start: int) -> int:
        entries = []
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(f"{order}HHI", tiff, at)
            (place,) = struct.unpack_from(f"{order}I", tiff, at + 8)
            size = number * SIZES[kind]
            value = tiff[at + 8 : at + 8 + size] if size <= 4 else tiff[place : place + size]
            if tag in INNER:
                kind, value = 18, struct.pack(f"{order}Q", copied(place))
            if len(value) > 8:
                big.extend(value)
                value = struct.pack(f"{order}Q", len(big) - len(value))
            entries.append(struct.pack(f"{order}HHQ", tag, kind, number) + value.ljust(8, b"\0"))
        big.extend(struct.pack(f"{order}Q", len(entries)) + b"".join(entries) + bytes(8))
        return len(big) - 8 - 20 * len(entries) - 8

    first = copied(struct.unpack_from(f"{order}I", tiff, 4)[0])
    struct.pack_into(f"{order}Q", big, 8, first)
    return bytes(big)


@pytest.mark.parametrize("name", ["all.tif", "motorola.tif", "gps.tif", "documents.tif", "iptc.tif"])
def test_all_that_the_same_tiff_tells(name: str) -> None:
    tiff = (SAMPLES / name).read_bytes()
    found, small = find(widened(tiff)), find(tiff)
    assert [read_exif(each) for each in found.exif] == [read_exif(each) for each in small.exif]
    assert (found.xmp, found.iptc, found.photoshop, found.unread) == (small.xmp, small.iptc, small.photoshop, [])


def test_a_picture_that_pillow_wrote(tmp_path: Path) -> None:
    path = tmp_path / "big.tif"
    exif = Image.Exif()
    exif[Base.Model] = "A model of some length"
    Image.new("RGB", (64, 48)).save(path, big_tiff=True, exif=exif)
    assert path.read_bytes().startswith(b"II+\0")
    found = read(path, 10**6)
    assert (found.format, found.camera.model, found.unread) == ("TIFF", "A model of some length", ())


def test_directories_that_lie_cost_little() -> None:
    whole = bytearray(widened((SAMPLES / "all.tif").read_bytes()))
    for at in range(0, len(whole) - 8, 3):
        for value in (0, len(whole) - 1, 2**63, 2**64 - 1):
            damaged = bytearray(whole)
            struct.pack_into("<Q", damaged, at, value)
            classic(bytes(damaged))
    # A directory of a thousand entries, each of which is the whole file.
    head = struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 1000)
    hostile = head + struct.pack("<HHQQ", 270, 2, 4 << 20, 0) * 1000 + bytes(4 << 20)
    started = time.process_time()
    assert len(classic(hostile)) < 17 << 20
    assert time.process_time() - started < 1
