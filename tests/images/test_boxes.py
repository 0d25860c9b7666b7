"""Items of metadata in real HEIC and AVIF files, and boxes that lie."""

import struct
import tracemalloc

import pytest

from provenance.images import boxes
from tests.metadata_samples import SAMPLES


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


@pytest.mark.parametrize("name", ["all.heic", "all.avif", "pillow.heic"])
def test_real_files(name: str) -> None:
    found = dict(boxes.items((SAMPLES / name).read_bytes()))
    assert b"Capture NX" in found[boxes.EXIF]


def test_files_without_metadata() -> None:
    assert list(boxes.items((SAMPLES / "bare.avif").read_bytes())) == []


def with_item(where: bytes, version: int = 1, idat: bytes = b"") -> bytes:
    entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 7, 0) + b"Exif\0")
    info = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 1) + entry)
    place = box(b"iloc", bytes([version, 0, 0, 0, 0x44, 0]) + struct.pack(">H", 1) + where)
    return box(b"ftyp", b"heic") + box(b"meta", b"\0\0\0\0" + info + place + box(b"idat", idat))


def test_an_item_within_the_meta_box() -> None:
    data = with_item(struct.pack(">HHHHII", 7, 1, 0, 1, 2, 4), idat=b"..EXIF..")
    assert list(boxes.items(data)) == [(boxes.EXIF, b"EXIF")]


@pytest.mark.parametrize("where", [(10**9, 4), (0, 10**9), (2**32 - 1, 2**32 - 1), (0, 0)])
def test_what_lies_outside_is_left(where: tuple[int, int]) -> None:
    assert list(boxes.items(with_item(struct.pack(">HHHHII", 7, 1, 0, 1, *where)))) == []


def test_a_kind_of_a_million_words_costs_no_more_than_itself() -> None:
    entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 7, 0) + b"mime" + b"\0" * (1 << 20))
    data = box(b"ftyp", b"heic") + box(b"meta", b"\0" * 4 + box(b"iinf", b"\0\0\0\0\0\1" + entry))
    tracemalloc.start()
    assert list(boxes.items(data)) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_thousand_million_items_end_with_the_file() -> None:
    data = bytearray(with_item(struct.pack(">HHHHII", 7, 1, 0, 1, 2, 4)))
    at = data.index(b"iloc")
    struct.pack_into(">H", data, at + 10, 65535)
    list(boxes.items(bytes(data)))


def with_previews(*references: tuple[int, int], wide: str = "H") -> bytes:
    """Items that are said to be thumbnails of others; the picture is the first."""
    version = b"\0\0\0\0" if wide == "H" else b"\1\0\0\0"
    each = b"".join(box(b"thmb", struct.pack(f">{wide}H{wide}", small, 1, shown)) for small, shown in references)
    main = box(b"pitm", version + struct.pack(f">{wide}", 1))
    return box(b"ftyp", b"heic") + box(b"meta", b"\0\0\0\0" + main + box(b"iref", version + each))


@pytest.mark.parametrize("wide", ["H", "I"])
def test_the_pictures_own_thumbnails_take_its_place(wide: str) -> None:
    data = with_previews((7, 1), (8, 2), (9, 1), (10, 1), wide=wide)
    found = list(boxes.items(data))
    assert [kind for kind, _ in found] == [boxes.PREVIEW] * 2
    first, second = (changed for _, changed in found)
    main = data.index(b"pitm") + 8
    size = struct.calcsize(f">{wide}")
    assert [each[main : main + size] for each in (first, second)] == [struct.pack(f">{wide}", item) for item in (7, 9)]
    assert {len(each) for each in (first, second)} == {len(data)}
    assert first.count(b"thmb") == second.count(b"thmb") == 3


def test_references_that_are_cut_or_damaged() -> None:
    data = with_previews((7, 1))
    for at in range(len(data)):
        list(boxes.items(data[:at]))
        for value in (0, 1, 0xFF):
            list(boxes.items(data[:at] + bytes([value]) + data[at + 1 :]))


@pytest.mark.parametrize("kind", [b"iinf", b"iloc", b"iref", b"idat"])
def test_a_box_with_nothing_in_it_at_the_end(kind: bytes) -> None:
    assert list(boxes.items(box(b"ftyp", b"heic") + box(b"meta", b"\0\0\0\0" + box(kind, b"")))) == []
