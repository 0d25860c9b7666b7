"""Formats, orientation and refusals, over real files, and thousands of damaged ones."""

import io
import random
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from provenance.core.matching import BYTES
from provenance.images.decode import SIDE, Refused, open_image, reduced_grey, upright_colour
from provenance.images.fingerprint import fingerprint
from tests.stories import random_photo

LIMIT = 10**7
TURN = Image.Transpose
# What a camera stores when its EXIF says N: the upright picture turned the other way.
STORED = {
    1: None,
    2: TURN.FLIP_LEFT_RIGHT,
    3: TURN.ROTATE_180,
    4: TURN.FLIP_TOP_BOTTOM,
    5: TURN.TRANSPOSE,
    6: TURN.ROTATE_90,
    7: TURN.TRANSVERSE,
    8: TURN.ROTATE_270,
}


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(image).save(stream, **options)
    else:
        image.save(stream, form, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def turned_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "picture"
        path.write_bytes(data)
        return path

    return write


Write = Callable[[bytes], Path]


def code(path: Path) -> bytes:
    opened = open_image(path, LIMIT)
    with opened.image:
        return fingerprint(reduced_grey(opened)).codes[:BYTES]


def away(path: Path, photo: Image.Image) -> int:
    """Bits between the file and the photo."""
    reference = path.with_name("reference.png")
    photo.save(reference)
    return (int.from_bytes(code(path)) ^ int.from_bytes(code(reference))).bit_count()


FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")


@pytest.mark.parametrize("form", FORMATS)
def test_reads_every_format(file: Write, photo: Image.Image, form: str) -> None:
    path = file(encoded(photo, form))
    opened = open_image(path, LIMIT)
    opened.image.close()
    assert (opened.format, opened.width, opened.height, opened.orientation) == (form, 480, 320, 1)
    assert away(path, photo) <= 12


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP", "PNG", "MPO"])
def test_reads_the_first_of_several_frames(file: Write, photo: Image.Image, form: str) -> None:
    assert away(file(encoded(photo, form, save_all=True, append_images=[random_photo(2)])), photo) <= 12


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"quality": 20}, {"subsampling": 2}, {"restart_marker_blocks": 4}]
)
def test_reads_every_kind_of_jpeg(file: Write, photo: Image.Image, options: dict[str, object]) -> None:
    assert away(file(encoded(photo, "JPEG", **options)), photo) <= 6


@pytest.mark.parametrize(
    ("mode", "form"),
    [("L", "JPEG"), ("CMYK", "JPEG"), ("P", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("RGBA", "PNG"), ("P", "GIF"),
     ("CMYK", "TIFF"), ("P", "BMP"), ("YCbCr", "TIFF"), ("RGBA", "WEBP"), ("RGBA", "AVIF")],
)  # fmt: skip
def test_reads_every_mode(file: Write, photo: Image.Image, mode: str, form: str) -> None:
    assert away(file(encoded(photo.convert(mode), form)), photo) <= 14


def test_16_bit_levels_are_scaled_not_clipped(file: Write, photo: Image.Image) -> None:
    levels = np.asarray(photo.convert("L")).astype(np.uint16) * 257
    assert away(file(encoded(Image.fromarray(levels), "PNG")), photo) <= 2
    assert away(file(encoded(Image.fromarray(levels), "TIFF")), photo) <= 2
    rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(photo).astype(">u2") * 257)
    assert away(file(png(480, 320, 16, 2, rows)), photo) <= 2


@pytest.mark.parametrize("kind", ["int32", "float32"])
def test_tiffs_of_deep_levels_are_scaled_not_clipped(file: Write, photo: Image.Image, kind: str) -> None:
    levels = np.asarray(photo.convert("L"), dtype=kind) * 257
    assert away(file(encoded(Image.fromarray(levels), "TIFF")), photo) <= 2


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_hidden_colours_are_no_part_of_the_picture(file: Write, photo: Image.Image, form: str) -> None:
    hidden = Image.new("L", photo.size, 255)
    hidden.paste(0, (0, 0, 200, 320))
    transparent = photo.copy()
    transparent.putalpha(hidden)
    shown = photo.copy()
    shown.paste("white", (0, 0, 200, 320))
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    path = file(encoded(transparent, form, **options))
    assert away(path, shown) == 0
    opened = open_image(path, LIMIT)
    with opened.image:
        assert upright_colour(opened, 480).getpixel((100, 100)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "MPO"])
def test_exif_orientation_is_applied(file: Write, photo: Image.Image, form: str, orientation: int) -> None:
    turn = STORED[orientation]
    stored = photo if turn is None else photo.transpose(turn)
    path = file(encoded(stored, form, exif=turned_exif(orientation)))
    assert away(path, photo) <= 6
    opened = open_image(path, LIMIT)
    with opened.image:
        assert (opened.width, opened.height) == (480, 320)
        colour = upright_colour(opened, 480)
    difference = np.asarray(colour, dtype=float) - np.asarray(photo, dtype=float)
    assert np.abs(difference).mean() < 12


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_orientation_of_heif_is_applied_once(file: Write, photo: Image.Image, orientation: int) -> None:
    # HEIF turns by a box of its own; phones repeat that in EXIF, where it must not count a second time.
    turn = STORED[orientation]
    stored = photo if turn is None else photo.transpose(turn)
    pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    stored.save(stream, "HEIF", exif=turned_exif(orientation))
    path = file(stream.getvalue())
    opened = open_image(path, LIMIT)
    opened.image.close()
    assert (opened.width, opened.height) == (480, 320)
    assert away(path, photo) <= 6


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_an_orientation_that_is_none_is_ignored(file: Write, photo: Image.Image, value: int) -> None:
    path = file(encoded(photo, "JPEG", exif=turned_exif(value)))
    assert away(path, photo) <= 2
    opened = open_image(path, LIMIT)
    opened.image.close()
    assert opened.orientation == 1


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xee" * 40,
        b"Exif\0\0nonsense" + bytes(range(256)),
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\xff\x7f\x06\0\0\0",  # orientation as a long text
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0\x01\0\0\0\xf0\xff\xff\xff",  # as a fraction beyond the end
    ],
)
def test_broken_exif_is_ignored(file: Write, photo: Image.Image, exif: bytes) -> None:
    assert away(file(encoded(photo, "JPEG", exif=exif)), photo) <= 2


def refusal(path: Path, limit: int = LIMIT) -> str:
    """The reason why a file is refused; it must be one line for people."""
    with pytest.raises(Refused) as refused:
        code_within(path, limit)
    reason = str(refused.value)
    assert reason
    assert reason.isprintable()
    return reason


def code_within(path: Path, limit: int) -> bytes:
    opened = open_image(path, limit)
    with opened.image:
        return fingerprint(reduced_grey(opened)).codes


def test_more_pixels_than_the_limit_are_refused(file: Write, photo: Image.Image) -> None:
    path = file(encoded(photo, "PNG"))
    assert code_within(path, 480 * 320)
    assert "480 x 320 pixels" in refusal(path, 480 * 320 - 1)


@pytest.mark.parametrize(
    "data",
    [
        png(60_000, 60_000, 8, 2, bytes(100)),
        png(2**31 - 1, 2**31 - 1, 8, 0, b""),
        b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;",
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 10**6, 10**6, 1, 24, 0, 0, 0, 0, 0, 0),
    ],
    ids=["png", "largest png", "gif", "bmp"],
)
def test_a_tiny_file_with_huge_dimensions_is_refused_by_its_header(file: Write, data: bytes) -> None:
    assert "limit" in refusal(file(data))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_text_that_unpacks_to_a_giant_is_refused(file: Write, kind: bytes) -> None:
    packed = zlib.compress(bytes(80_000_000))
    head = b"words\0\0" if kind == b"zTXt" else b"words\0\x01\0\0\0"
    data = png(1, 1, 8, 0, b"\0\0", chunk(kind, head + packed))
    assert len(data) < 200_000
    assert "too large" in refusal(file(data))


def test_a_long_edit_history_is_no_reason_to_refuse_a_picture(file: Write) -> None:
    history = b"XML:com.adobe.xmp\0\x01\0\0\0" + zlib.compress(b"<rdf:li>step</rdf:li>" * 300_000)
    assert open_image(file(png(1, 1, 8, 0, b"\0\0", chunk(b"iTXt", history))), 10).format == "PNG"


@pytest.mark.parametrize("form", ["PPM", "ICO", "EPS", "TGA", "PCX", "JPEG2000", "DDS", "SGI", "ICNS", "PDF"])
def test_formats_that_are_not_on_the_list_are_refused(file: Write, photo: Image.Image, form: str) -> None:
    path = file(encoded(photo.resize((256, 256)), form))
    assert refusal(path) == "not an image of a known format"


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"Just words.", b"<html></html>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", bytes(1000),
     b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"],
)  # fmt: skip
def test_what_is_no_image_is_refused(file: Write, data: bytes) -> None:
    assert refusal(file(data))


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    assert "directory" in refusal(tmp_path)
    assert "No such file" in refusal(tmp_path / "gone.jpg")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_files_cut_off_are_refused(file: Write, photo: Image.Image, form: str, share: float) -> None:
    data = encoded(photo, form)
    assert refusal(file(data[: int(len(data) * share)]))


def test_a_gif_without_width_gives_no_picture_of_its_own(file: Write) -> None:
    data = b"GIF89a\0\0\0\0\x80\0\0" + b"\0\0\0\xff\xff\xff" + b",\0\0\0\0\0\0\0\0\0\x02\x02\x44\x01\0;"
    assert refusal(file(data))


def test_a_refused_file_is_closed(file: Write, photo: Image.Image) -> None:
    path = file(encoded(photo, "PNG"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refusal(path, 10)
    assert [str(each.message) for each in caught] == []


def seeds_to_damage() -> list[bytes]:
    small = random_photo(1, (48, 32))
    exif = turned_exif(6)
    return [
        encoded(small, "JPEG", exif=exif),
        encoded(small, "JPEG", progressive=True),
        encoded(small, "PNG", exif=exif),
        encoded(small.quantize(16), "PNG", transparency=3),
        encoded(small, "WEBP", exif=exif),
        encoded(small, "GIF", save_all=True, append_images=[random_photo(2, (48, 32))], transparency=3),
        encoded(small, "BMP"),
        encoded(small, "TIFF", exif=exif),
        encoded(small, "TIFF", compression="tiff_lzw"),
        encoded(small, "HEIF", exif=exif),
        encoded(small, "AVIF", exif=exif),
        encoded(small, "MPO", save_all=True, append_images=[random_photo(2, (48, 32))]),
    ]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Change, add, remove or cut a few bytes, mostly where the headers are."""
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        place = rng.randrange(min(len(broken), rng.choice((64, 300, 10**6))) or 1)
        way = rng.randrange(5)
        if way <= 1:
            broken[place : place + 1] = bytes([rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))])
        elif way == 2:
            broken[place : place + rng.randrange(1, 40)] = b""
        elif way == 3:
            broken[place:place] = broken[: rng.randrange(1, 30)]
        else:
            broken = broken[: max(place, 12)]
    return bytes(broken)


@pytest.mark.parametrize("which", range(len(seeds_to_damage())))
def test_damaged_files_give_a_picture_or_a_refusal_and_nothing_else(file: Write, which: int) -> None:
    data = seeds_to_damage()[which]
    rng = random.Random(which)
    reasons = []
    for _ in range(400):
        path = file(damaged(data, rng))
        try:
            opened = open_image(path, 10**6)
            with opened.image:
                assert len(reduced_grey(opened)) == SIDE * SIDE
                assert max(upright_colour(opened, 32).size) <= 32
        except Refused as error:
            reasons.append(str(error))
    assert reasons
    assert all(reason.isprintable() for reason in reasons)
