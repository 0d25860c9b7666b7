"""IPTC's records and Photoshop's resources, whole and damaged."""

import struct
from datetime import timedelta

import pytest

from provenance.core.metadata import Block
from provenance.images.iptc import IPTC, read_iptc, resource_thumbnail, resources


def record(number: int, value: bytes, dataset: int = 2) -> bytes:
    return struct.pack(">BBBH", 0x1C, dataset, number, len(value)) + value


def resource(number: int, body: bytes, name: bytes = b"") -> bytes:
    label = bytes([len(name)]) + name
    return b"8BIM" + struct.pack(">H", number) + label.ljust(len(label) + len(label) % 2, b"\0") + struct.pack(
        ">I", len(body)
    ) + body + b"\0" * (len(body) % 2)  # fmt: skip


def test_resources_with_names_and_odd_lengths() -> None:
    data = resource(0x03ED, b"abc", b"name") + resource(IPTC, b"12345") + resource(0x040C, b"")
    assert list(resources(data)) == [(0x03ED, b"abc"), (IPTC, b"12345"), (0x040C, b"")]
    assert list(resources(data[:-20])) == [(0x03ED, b"abc")]
    assert list(resources(b"8BIM")) == []


def test_the_character_set_is_kept_to() -> None:
    assert read_iptc(record(90, b"\x1b%G", 1) + record(80, "José".encode())).credits == {"author": "José"}
    assert read_iptc(record(80, b"Jos\xe9")).credits == {"author": "José"}


def test_facebooks_mark_is_no_instruction() -> None:
    found = read_iptc(record(40, b"FBMD0100"))
    assert (found.fbmd, found.credits) == ("FBMD0100", {})
    other = read_iptc(record(40, b"Do not crop"))
    assert (other.fbmd, other.credits) == (None, {"instructions": "Do not crop"})


def test_day_and_time() -> None:
    [moment] = read_iptc(record(55, b"20200501") + record(60, b"120000+0130")).captured
    assert (moment.local.hour, moment.offset) == (12, timedelta(hours=1, minutes=30))
    assert read_iptc(record(55, b"20200501")).captured[0].whole_day
    assert read_iptc(record(55, b"00000000")).captured == ()


@pytest.mark.parametrize(
    "tail",
    [
        b"junk.",
        record(5, b"x")[:-1] + b"",
        struct.pack(">BBBH", 0x1C, 2, 5, 0x8004) + b"\0\0\0\1x",
        record(5, b"") * 600,
    ],
)
def test_what_stands_before_the_damage_is_read(tail: bytes) -> None:
    found = read_iptc(record(80, b"Ann") + tail)
    assert found.credits["author"] == "Ann"
    assert [block for block, _ in found.unread] == [Block.IPTC]


def test_thumbnail() -> None:
    assert resource_thumbnail(b"\0" * 28 + b"\xff\xd8x") == b"\xff\xd8x"
    assert resource_thumbnail(b"\0" * 28) is None
