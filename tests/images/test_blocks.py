"""Blocks are found where each format keeps them, and no length is believed that leads out of the file."""

import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from provenance.core.metadata import Block
from provenance.images.blocks import find
from tests.images.test_decode import chunk
from tests.metadata_samples import SAMPLES

XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
GUID = b"0123456789ABCDEF0123456789ABCDEF"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["jpg", "png", "webp", "tif", "heic", "avif"])
def test_exif_and_xmp_of_each_format(form: str) -> None:
    found = find((SAMPLES / f"all.{form}").read_bytes())
    assert len(found.exif) == len(found.xmp) == 1
    assert found.exif[0][:2] in {b"II", b"MM"}
    assert b"xmp.did:aa11" in found.xmp[0]
    assert found.unread == []


def test_extended_xmp_is_put_together_in_order() -> None:
    def piece(offset: int, body: bytes, guid: bytes = GUID) -> bytes:
        return segment(0xE1, EXTENDED + guid + struct.pack(">II", 9, offset) + body)

    main = segment(0xE1, XMP + b'<a xmpNote:HasExtendedXMP="' + GUID + b'"/>')
    whole = b"\xff\xd8" + main + piece(5, b"more") + piece(0, b"other", b"F" * 32) + piece(0, b"first") + b"\xff\xd9"
    assert find(whole).xmp[1:] == [b"firstmore"]
    holed = b"\xff\xd8" + main + piece(6, b"more") + piece(0, b"first") + b"\xff\xd9"
    assert find(holed).xmp[1:] == [b"first"]


def test_a_profile_in_pieces() -> None:
    data = b"\xff\xd8" + segment(0xE2, b"ICC_PROFILE\0\2\2two") + segment(0xE2, b"ICC_PROFILE\0\1\2one") + b"\xff\xd9"
    assert find(data).profile == b"onetwo"


def test_behind_the_picture_nothing_is_looked_for() -> None:
    assert find(b"\xff\xd8" + segment(0xDA, b"") + segment(0xE1, b"Exif\0\0II*\0")).exif == []


def test_texts_of_png_packed_and_not() -> None:
    data = png(
        chunk(b"tEXt", b"Author\0Jos\xe9"),
        chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"packed")),
        chunk(b"iTXt", b"Comment\0\1\0de\0Kommentar\0" + zlib.compress("Grüße".encode())),
        chunk(b"IDAT", b"xxx"),
        chunk(b"tEXt", b"Software\0after the picture"),
    )
    assert find(data).texts == [
        ("Author", "José"), ("Title", "packed"), ("Comment", "Grüße"), ("Software", "after the picture"),
    ]  # fmt: skip


def test_what_grows_without_end_is_cut_and_told() -> None:
    found = find(png(chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"\0" * (64 << 20)))))
    assert [block for block, _ in found.unread] == [Block.TEXT]
    damaged = find(png(chunk(b"iCCP", b"name\0\0junk")))
    assert [block for block, _ in damaged.unread] == [Block.ICC]


def test_many_that_grow_share_one_limit() -> None:
    piece = chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"\0" * (4 << 20)))
    started = time.process_time()
    find(png(*[piece] * 2500))
    assert time.process_time() - started < 2


def test_raw_profiles_cost_no_more_than_themselves() -> None:
    lines = png(chunk(b"tEXt", b"Raw profile type exif\0a" + b"\n" * (30 << 20) + b"a"))
    many = png(*[chunk(b"tEXt", b"Raw profile type 8bim\0\n8bim\n99\n" + b"41" * 100)] * 40_000)
    started = time.process_time()
    assert find(lines).unread == [(Block.TEXT, "exif: not hexadecimal")]
    assert len(find(many).photoshop) == 16 * 100
    assert time.process_time() - started < 1


def test_a_directory_does_not_hold_its_file_a_thousand_times() -> None:
    size = 1 << 20
    entry = struct.pack("<HHII", 700, 1, size, 8)
    found = find(b"II*\0\x08\0\0\0" + struct.pack("<H", 900) + entry * 900 + bytes(size))
    assert [len(each) for each in found.xmp] == [size]


def test_records_of_any_length_in_the_old_order_cost_little() -> None:
    entry = struct.pack("<HHHII", 1, 33723, 4, 10 << 20, 26) + b"\0" * 4
    started = time.process_time()
    assert len(find(b"II*\0\x08\0\0\0" + entry + bytes(40 << 20)).iptc) == 1
    assert time.process_time() - started < 1


def test_an_index_does_not_hold_its_file_many_times() -> None:
    entries = b"".join(struct.pack(">IIIHH", 0x010001, 10 << 20, at, 0, 0) for at in range(1, 60))
    index = b"MPF\0MM\0*\0\0\0\x08\0\1\xb0\2\0\7" + struct.pack(">II", len(entries), 26) + bytes(4) + entries
    found = find(b"\xff\xd8" + segment(0xE2, index) + bytes(12 << 20))
    assert [len(each) for each in found.previews] == [8 << 20] * 4


def test_a_gif_of_a_million_parts_costs_little() -> None:
    head = b"GIF89a\1\0\1\0\0\0\0"
    started = time.process_time()
    assert find(head + b"\x21\xfe" + b"\x01A" * (5 << 20) + b"\0").texts[0][1].startswith("AAAA")
    assert time.process_time() - started < 0.5


def test_many_texts_are_bounded() -> None:
    assert len(find(png(*[chunk(b"tEXt", b"a\0b")] * 1000)).texts) == 50


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("all.*")) + sorted(SAMPLES.glob("*.gif")), ids=lambda path: path.name
)
def test_no_cut_file_raises(path: Path) -> None:
    data = path.read_bytes()
    for end in range(0, len(data), 7):
        find(data[:end])


def test_the_old_byte_order_of_iptc_in_tiff(tmp_path: Path) -> None:
    records = b"\x1c\x02\x50\x00\x03Ann"
    swapped = b"".join(records[at : at + 4][::-1] for at in range(0, 8, 4))
    path = tmp_path / "x.tif"
    Image.new("L", (4, 4)).save(path, tiffinfo={700: b"<x/>  "})
    assert find(path.read_bytes()).xmp == [b"<x/>  "]
    entry = struct.pack("<HHHII", 1, 33723, 4, 2, 26) + b"\0" * 4
    assert find(b"II*\0\x08\0\0\0" + entry + swapped).iptc == [records]


def test_gif_comments_and_xmp() -> None:
    found = find((SAMPLES / "comments.gif").read_bytes())
    assert found.texts == [("Comment", "made by hand")]
    assert len(find((SAMPLES / "xmp.gif").read_bytes()).xmp) == 1
