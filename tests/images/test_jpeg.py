"""What is told of a JPEG is what Pillow reads and wrote; hostile files cost no more than themselves."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.images.jpeg import ijg_tables, segments, structure
from tests.metadata_samples import SAMPLES


def picture(mode: str = "RGB") -> Image.Image:
    dice = np.random.default_rng(3)
    return Image.fromarray(dice.integers(0, 256, (48, 64, 3), dtype=np.uint8)).convert(mode)


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    picture(mode).save(stream, "JPEG", **options)
    return stream.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_quality_of_the_ijg_is_told_exactly(mode: str) -> None:
    for quality in range(1, 101):
        found = structure(jpeg(mode, quality=quality))
        assert found is not None
        assert (found.quality, found.ijg_quality) == (quality, quality)


def test_the_tables_stand_in_rows_as_pillow_gives_them() -> None:
    for path in [*SAMPLES.glob("*.jpg")]:
        found = structure(path.read_bytes())
        with Image.open(path) as image:
            assert found is not None
            assert [list(table) for table in found.tables] == [
                list(each) for _, each in sorted(vars(image)["quantization"].items())
            ]
            assert found.progressive == bool(image.info.get("progressive"))


def test_tables_of_others_have_a_nearest_quality_only() -> None:
    grey, colour = (list(table) for table in ijg_tables(83))
    grey[9] += 1
    found = structure(jpeg(qtables=[grey, colour]))
    assert found is not None
    assert (found.ijg_quality, found.quality) == (None, 83)
    mixed = structure(jpeg(qtables=[list(ijg_tables(83)[0]), list(ijg_tables(80)[1])]))
    assert mixed is not None
    assert mixed.ijg_quality is None


def test_tables_of_sixteen_bits_are_read() -> None:
    grey, colour = ijg_tables(5, most=32767)
    assert max(grey) > 255
    found = structure(jpeg(quality=5))
    assert found is not None
    assert found.ijg_quality == 5
    whole = jpeg(quality=5)
    wide = b"".join(
        segment(0xDB, bytes((0x10 | number,)) + b"".join(table[at].to_bytes(2, "big") for at in zigzag()))
        for number, table in enumerate((grey, colour))
    )
    found = structure(whole[:2] + b"".join(without_tables(whole, wide)))
    assert found is not None
    assert found.tables == (grey, colour)
    assert found.ijg_quality == 5


def zigzag() -> list[int]:
    places, row, column, up = [], 0, 0, True
    for _ in range(64):
        places.append(8 * row + column)
        if up:
            if column == 7:
                row, up = row + 1, False
            elif row == 0:
                column, up = column + 1, False
            else:
                row, column = row - 1, column + 1
        elif row == 7:
            column, up = column + 1, True
        elif column == 0:
            row, up = row + 1, True
        else:
            row, column = row + 1, column - 1
    return places


def without_tables(whole: bytes, instead: bytes) -> list[bytes]:
    parts, last = [instead], 2
    for marker, start, stop in segments(whole):
        if marker != 0xDB:
            parts.append(whole[start - 4 : stop])
        last = stop
    return [*parts, whole[last:]]


@pytest.mark.parametrize(
    ("option", "name"), [("4:4:4", "4:4:4"), ("4:2:2", "4:2:2"), ("4:2:0", "4:2:0"), ("4:1:1", "4:1:1")]
)
def test_how_colours_were_thinned_out(option: str, name: str) -> None:
    found = structure(whole) if (whole := with_sampling(option)) else None
    assert found is not None
    assert found.subsampling == name


def with_sampling(option: str) -> bytes:
    if option != "4:1:1":
        return jpeg(subsampling=option)
    # Pillow does not write it: its factors are put into the frame.
    whole = bytearray(jpeg(subsampling="4:2:2"))
    start = next(start for marker, start, _ in segments(bytes(whole)) if marker == 0xC0)
    whole[start + 7] = 0x41
    return bytes(whole)


def test_grey_and_odd_factors() -> None:
    grey, four = structure(jpeg("L")), structure(jpeg("CMYK"))
    assert grey is not None
    assert four is not None
    assert grey.subsampling == "grey"
    assert four.subsampling == "1x1,1x1,1x1,1x1"


def test_what_else_is_told() -> None:
    found = structure(
        jpeg(progressive=True, comment=b"by\x07 hand", exif=exif(), dpi=(72, 72), restart_marker_blocks=2)
    )
    assert found is not None
    assert found.progressive
    assert found.comments == ("by hand",)
    assert found.segments == ("APP0 JFIF", "APP1 Exif")
    assert found.restart_interval == 2
    assert found.trailing == 0
    adobe = structure(jpeg("CMYK"))
    assert adobe is not None
    assert "APP14 Adobe" in adobe.segments


def exif() -> Image.Exif:
    data = Image.Exif()
    data[0x010F] = "Maker"
    return data


def test_bytes_behind_the_end_are_counted() -> None:
    whole = jpeg()
    for behind, count in ((b"", 0), (b"PK\3\4" + b"zip" * 100, 304), (bytes(5000), 0)):
        found = structure(whole + behind)
        assert found is not None
        assert found.trailing == count


def box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def test_films_and_samsungs_trailer_are_accounted_for() -> None:
    whole = jpeg()
    film = box(b"ftyp", b"mp42\0\0\0\0") + box(b"mdat", b"x" * 500) + box(b"moov", b"y" * 50)
    record = b"\0\0\x01\x0a\x0d\0\0\0Image_UTC_Data1600000000000"
    head = b"SEFH\x6a\0\0\0\1\0\0\0\0\0\x01\x0a" + len(record).to_bytes(4, "little") * 2
    samsung = record + head + len(head).to_bytes(4, "little") + b"SEFT"
    for behind, count in (
        (film, 0), (samsung, 0), (film + samsung, 0), (film + b"hidden", 6), (b"hidden" + samsung, 6),
    ):  # fmt: skip
        found = structure(whole + behind)
        assert found is not None
        assert found.trailing == count


def test_what_stands_behind_costs_no_more_than_itself() -> None:
    records = bytes(12 * (4 << 20))
    head = b"SEFH\x6a\0\0\0\xff\xff\xff\x7f" + records
    for behind in (b"\0\0\0\x08ftyp" * (4 << 20), head + len(head).to_bytes(4, "little") + b"SEFT"):
        started = time.process_time()
        assert structure(jpeg() + behind) is not None
        assert time.process_time() - started < 0.5


def test_further_pictures_of_an_index_are_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "two.mpo"
    picture().save(path, "MPO", save_all=True, append_images=[picture("L").convert("RGB")])
    data = path.read_bytes()
    found, more = structure(data), structure(data + b"hidden")
    assert found is not None
    assert more is not None
    assert found.segments[-1] == "APP2 MPF"
    assert (found.trailing, more.trailing) == (0, 6)


def test_what_is_no_whole_jpeg_has_no_structure() -> None:
    assert structure(b"") is None
    assert structure(b"\x89PNG") is None
    assert structure(b"\xff\xd8\xff\xd9") is None
    assert structure(b"\xff\xd8" + segment(0xDB, bytes(65))) is None


def test_every_cut_and_every_damaged_byte_is_survived() -> None:
    whole = jpeg(progressive=True, comment=b"note")
    for at in range(len(whole)):
        structure(whole[:at])
        damaged = bytearray(whole)
        damaged[at] = 0xFF
        structure(bytes(damaged))


@pytest.mark.parametrize(
    "unit",
    [b"\xff", b"\xff\x00", b"\xff\xd0", b"\xff\xda\0\2", b"\xff\xd8", b"\xff\xfe\0\2", b"\xff\xe1\0\x08abcdef",
     segment(0xDB, bytes(65)), segment(0xDB, bytes(65) * 900), b"\xff\xda\0\2a"],
)  # fmt: skip
def test_millions_of_markers_cost_little(unit: bytes) -> None:
    whole = jpeg()
    hostile = whole[: len(whole) - 2] + unit * ((16 << 20) // len(unit))
    front = whole[:2] + unit * ((16 << 20) // len(unit)) + whole[2:]
    for data in (hostile, front, b"\xff\xd8\xff\xda\0\2" + hostile):
        started = time.process_time()
        found = structure(data)
        assert time.process_time() - started < 2
        assert found is None or len(found.segments) + len(found.comments) <= 220


def test_an_index_that_lies_is_not_followed() -> None:
    entries = b"".join(
        b"\0\0\0\0" + (2**32 - 1).to_bytes(4, "big") + at.to_bytes(4, "big") + b"\0\0\0\0" for at in range(1, 4000)
    )
    index = b"MPF\0MM\0*\0\0\0\x08\0\1\xb0\2\0\7" + len(entries).to_bytes(4, "big") + b"\0\0\0\x1a\0\0\0\0" + entries
    whole = jpeg()
    found = structure(whole[:2] + segment(0xE2, index[:65000]) + whole[2:] + b"hidden")
    assert found is not None
    assert found.trailing == 6
