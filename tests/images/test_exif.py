"""EXIF built byte by byte: positions, their precision, and what hostile directories cost."""

import struct
import time

import pytest

from provenance.core.metadata import Block, Camera
from provenance.images.exif import read_exif

Entry = tuple[int, int, bytes]
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}


def directory(at: int, entries: list[Entry], order: str, following: int = 0) -> bytes:
    """A directory that begins `at`, its longer values behind it."""
    behind = at + 2 + 12 * len(entries) + 4
    head, values = struct.pack(f"{order}H", len(entries)), b""
    for tag, kind, value in entries:
        head += struct.pack(f"{order}HHI", tag, kind, len(value) // SIZES[kind])
        if len(value) <= 4:
            head += value.ljust(4, b"\0")
        else:
            head += struct.pack(f"{order}I", behind + len(values))
            values += value
    return head + struct.pack(f"{order}I", following) + values


def with_gps(entries: list[Entry], order: str = "<") -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    pointer = [(0x8825, 4, struct.pack(f"{order}I", 26))]
    return head + directory(8, pointer, order) + directory(26, entries, order)


def ratios(order: str, *pairs: tuple[int, int]) -> bytes:
    return b"".join(struct.pack(f"{order}II", *pair) for pair in pairs)


def position(latitude: bytes, longitude: bytes, *more: Entry) -> list[Entry]:
    return [(1, 2, b"S\0"), (2, 5, latitude), (3, 2, b"E\0"), (4, 5, longitude), *more]


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_written_digits_tell_the_precision(order: str) -> None:
    zero = ratios(order, (0, 1), (0, 1), (0, 1))
    minutes = ratios(order, (10, 1), (3000, 100), (0, 1))
    found, _ = read_exif(with_gps(position(minutes, zero), order))
    [place] = found.places
    assert place.latitude == -10.5
    assert place.precision == pytest.approx(111_195 / 3600, rel=0.02)  # the seconds of the longitude
    hundredths = ratios(order, (10, 1), (30, 1), (4000, 100))
    found, _ = read_exif(with_gps(position(hundredths, hundredths), order))
    assert found.places[0].precision == pytest.approx(111_195 / 360_000, rel=0.01)


def test_the_receivers_own_error_counts_if_it_is_larger() -> None:
    fine = ratios("<", (10, 1), (30, 1), (4000, 100))
    error = (0x1F, 5, ratios("<", (65, 1)))
    assert read_exif(with_gps(position(fine, fine, error)))[0].places[0].precision == 65


@pytest.mark.parametrize(
    "latitude",
    [ratios("<", (0, 0), (0, 0), (0, 0)), ratios("<", (91, 1), (0, 1), (0, 1)), ratios("<", (1, 0)), b""],
)
def test_what_is_nowhere_on_earth_is_no_place(latitude: bytes) -> None:
    found, _ = read_exif(with_gps(position(latitude, ratios("<", (1, 1), (0, 1), (0, 1)))))
    assert found.places == ()
    assert Block.GPS in {block for block, _ in found.unread}


def test_below_the_sea() -> None:
    fine = ratios("<", (10, 1), (30, 1), (4000, 100))
    found, _ = read_exif(with_gps(position(fine, fine, (5, 1, b"\1"), (6, 5, ratios("<", (431, 10))))))
    assert found.places[0].altitude == -43.1


def with_exif(entries: list[Entry], *first: Entry) -> bytes:
    start = 8 + len(directory(8, [*first, (0x8769, 4, b"....")], "<"))
    pointer = (0x8769, 4, struct.pack("<I", start))
    return b"II*\0\x08\0\0\0" + directory(8, [*first, pointer], "<") + directory(start, entries, "<")


@pytest.mark.parametrize("kind", [2, 7])
def test_a_long_comment_is_read_to_where_the_settings_stand(kind: int) -> None:
    words = "a soldier " * 90 + "Steps: 20, Sampler: Euler a"
    for body in (b"UNICODE\0" + words.encode("utf-16-le"), b"UNICODE\0" + words.encode("utf-16-be"), words.encode()):
        found, _ = read_exif(with_exif([(0x9286, kind, body)]))
        assert found.texts == (("UserComment", words),)


def test_a_graph_of_nodes_is_no_camera() -> None:
    graph = '{"3": {"inputs": {"seed": 1}, "class_type": "KSampler"}}'
    found, _ = read_exif(
        with_exif([], (0x10F, 2, b'workflow:{"nodes": []}\0'), (0x110, 2, f"prompt:{graph}\0".encode()))
    )
    assert found.texts == (("workflow", '{"nodes": []}'), ("prompt", graph))
    assert found.camera == Camera()
    assert read_exif(with_exif([], (0x10F, 2, b"Make: it\0")))[0].camera == Camera("Make: it")


def test_an_entry_that_lies_does_not_hide_the_others() -> None:
    data = bytearray(
        b"II*\0\x08\0\0\0" + directory(8, [(0x10F, 2, b"Maker of it\0"), (0x110, 2, b"Model of it\0")], "<")
    )
    struct.pack_into("<I", data, 8 + 2 + 4, 10**9)
    found, _ = read_exif(bytes(data))
    assert found.camera.make is None
    assert found.camera.model == "Model of it"
    assert found.unread == ((Block.EXIF, "Make: points outside of the block"),)


def test_directories_without_end_are_left() -> None:
    entries: list[Entry] = [(0x9000 + n % 3, 3, b"\0\0" * 900) for n in range(200)]
    started = time.process_time()
    found, _ = read_exif(b"II*\0\x08\0\0\0" + directory(8, entries, "<"))
    assert time.process_time() - started < 1
    assert found.unread == ((Block.EXIF, "has more entries than any camera writes"),)


def test_a_directory_that_follows_itself_ends() -> None:
    found, _ = read_exif(b"II*\0\x08\0\0\0" + directory(8, [(0x10F, 2, b"Maker of it\0")], "<", following=8))
    assert found.camera.make == "Maker of it"


@pytest.mark.parametrize("data", [b"", b"II", b"II*\0", b"junk" * 9, b"MM\0*\xff\xff\xff\xff"])
def test_what_is_no_exif_is_told(data: bytes) -> None:
    found, thumbnail = read_exif(data)
    assert found.captured == ()
    assert thumbnail is None
