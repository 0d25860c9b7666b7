"""A preview of the same picture is known as such, however a camera lays it; one of something else is not."""

import io
import random
import struct
import tempfile
import time
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from provenance.core.metadata import Block, Thumbnail
from provenance.images import boxes
from provenance.images.decode import open_image
from provenance.images.findings import shows_another
from provenance.images.fingerprint import fingerprint
from provenance.images.metadata import read
from provenance.images.preview import thumbnails
from provenance.images.reduce import reduce
from tests.metadata_samples import SAMPLES

LIMIT = 10**7


def picture(seed: int, size: tuple[int, int] = (900, 600)) -> Image.Image:
    """Coloured shapes over a smooth ground."""
    dice = random.Random(seed)
    image = Image.new("RGB", size, tuple(dice.randrange(60, 190) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        left, top = dice.randrange(size[0]), dice.randrange(size[1])
        box = (left, top, left + dice.randrange(20, size[0] // 3), top + dice.randrange(20, size[1] // 3))
        draw.ellipse(box, fill=tuple(dice.randrange(256) for _ in range(3)))
    return image.filter(ImageFilter.GaussianBlur(2))


def jpeg(image: Image.Image, quality: int = 90, **more: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, **more)
    return stream.getvalue()


def compared(own: Image.Image, *previews: Image.Image) -> list[Thumbnail]:
    unread: list[tuple[Block, str]] = []
    with (opened := open_image(jpeg(own), LIMIT)).image:
        found = thumbnails(opened, [(Block.EXIF, jpeg(each, 75)) for each in previews], unread)
    assert not unread
    return list(found)


@pytest.mark.parametrize("size", [(900, 600), (600, 900), (960, 540), (800, 600), (700, 700)])
@pytest.mark.parametrize("colour", ["black", "white"])
def test_bars_turns_and_cuts_of_the_same_picture_change_little(size: tuple[int, int], colour: str) -> None:
    own = picture(1, size)
    small = (160, 120) if size[0] >= size[1] else (120, 160)
    made = [ImageOps.pad(own, small, color=colour), ImageOps.fit(own, small), own.resize((160, 120))]
    turned = [each.transpose(turn) for each in made for turn in Image.Transpose]
    for found in compared(own, *made, *turned):
        assert found.likeness > 0.85
        assert found.distance < 50
        assert not shows_another(found)


def test_bars_of_the_file_itself_are_taken_off_too() -> None:
    own = picture(2)
    [found] = compared(ImageOps.pad(own, (900, 900)), own.resize((150, 100)))
    assert found.bars
    assert found.likeness > 0.95


def test_another_picture_and_a_crop_are_told() -> None:
    own = picture(3)
    for seed in range(10, 20):
        [found] = compared(own, picture(seed).resize((160, 107)))
        assert shows_another(found)
    [crop] = compared(own.crop((300, 50, 700, 350)), ImageOps.pad(own, (160, 120)))
    assert shows_another(crop)


def test_its_hash_is_that_of_the_same_picture_as_a_file(tmp_path: Path) -> None:
    small = picture(4).resize((160, 107))
    path = tmp_path / "small.jpg"
    path.write_bytes(jpeg(small, 75))
    alone = fingerprint(reduce(path, LIMIT).grey)
    [found] = compared(picture(4), small)
    assert (found.width, found.height) == (160, 107)
    assert not found.bars
    assert len(found.codes) == len(alone.codes)
    apart = int.from_bytes(found.codes[:32]) ^ int.from_bytes(alone.codes[:32])
    assert apart.bit_count() <= 2


def test_the_same_picture_again_is_said_once_and_plain_ones_say_nothing() -> None:
    own = picture(5)
    small = own.resize((160, 107))
    assert len(compared(own, small, small)) == 1
    for colour in ("black", "white", "grey"):
        [found] = compared(own, Image.new("RGB", (160, 120), colour))
        assert found.quality == 0
        assert not shows_another(found)
        [plain] = compared(Image.new("RGB", (300, 200), colour), small)
        assert not shows_another(plain)


def test_the_smallest_pictures_are_compared() -> None:
    for size in ((1, 1), (1, 500), (500, 1), (2, 3)):
        [found] = compared(picture(6), picture(7).resize(size))
        assert -1 <= found.likeness <= 1
        [found] = compared(picture(6).resize(size), picture(7).resize((160, 107)))
        assert -1 <= found.likeness <= 1


def test_what_is_no_preview_is_named_and_the_picture_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    unread: list[tuple[Block, str]] = []
    large = jpeg(Image.new("L", (4000, 2000)))
    damaged = jpeg(picture(8))
    with (opened := open_image(jpeg(picture(8)), LIMIT)).image:
        monkeypatch.setattr(opened.image, "load", None)
        assert (
            thumbnails(opened, [(Block.EXIF, large), (Block.XMP, b"no image"), (Block.EXIF, damaged[:700])], unread)
            == ()
        )
    assert [block for block, _ in unread] == [Block.EXIF, Block.XMP, Block.EXIF]
    assert "limit" in unread[0][1]


def test_a_file_tells_of_its_preview(tmp_path: Path) -> None:
    for name, block in (("thumbnail.jpg", Block.EXIF), ("photoshop_thumbnail.jpg", Block.THUMBNAIL)):
        [found] = read(SAMPLES / name, LIMIT).thumbnails
        assert found.block is block
        assert (found.width, found.height) == (16, 12)
        assert found.likeness > 0.9
        assert not shows_another(found)
    for preview, other in ((picture(9), False), (picture(10), True)):
        path = tmp_path / "camera.jpg"
        path.write_bytes(jpeg(picture(9), exif=with_thumbnail(jpeg(ImageOps.pad(preview, (160, 120)), 75))))
        told = read(path, LIMIT)
        assert [shows_another(each) for each in told.thumbnails] == [other]
        assert Block.THUMBNAIL in told.blocks
        assert not told.unread


def heic(own: Image.Image, shown: Image.Image) -> bytes:
    """A HEIC with a thumbnail of another picture."""
    parts = []
    for each in (own, shown):
        stream = io.BytesIO()
        pillow_heif.from_pillow(each).save(stream, thumbnails=[160], quality=80)
        parts.append(stream.getvalue())
    whole, other = parts
    (place, size), (begin, length) = (places(data)[2] for data in parts)
    # Its place is told as where it begins, one piece, and a length; how it is coded is the same in both.
    told, instead = struct.pack(">IHII", place, 1, 0, size), struct.pack(">IHII", len(whole), 1, 0, length)
    assert whole.count(told) == 1
    return whole.replace(told, instead) + other[begin : begin + length]


def places(data: bytes) -> dict[int, tuple[int, int]]:
    start = data.index(b"iloc") + 4
    return {item: (at, length) for item, at, length, _ in boxes._places(data, start, len(data))}


def test_thumbnails_of_heic() -> None:
    own = picture(20, (800, 600))
    for shown, other in ((own, False), (picture(21, (800, 600)), True)):
        found = compared_in("x.heic", heic(own, shown))
        assert [(each.block, each.width, each.height) for each in found] == [(Block.CONTAINER, 160, 120)]
        assert [shows_another(each) for each in found] == [other]


def compared_in(name: str, data: bytes) -> tuple[Thumbnail, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        told = read(path, LIMIT)
    assert not told.unread
    return told.thumbnails


def indexed(own: Image.Image, other: Image.Image, kind: int) -> bytes:
    """A JPEG whose index names another one behind it."""
    body, behind = jpeg(own), jpeg(other, 75)
    head = b"MPF\0MM\0*\0\0\0\x08\0\1\xb0\2\0\7" + struct.pack(">II", 32, 26) + bytes(4)
    start = 2 + 4 + 4
    far = len(body) + 4 + len(head) + 32 - start
    pictures = struct.pack(">IIII", 0x030000, 0, 0, 0) + struct.pack(">IIII", kind, len(behind), far, 0)
    return body[:2] + struct.pack(">BBH", 0xFF, 0xE2, len(head) + 34) + head + pictures + body[2:] + behind


def test_large_previews_of_an_index() -> None:
    own = picture(22)
    for shown, other in ((own, False), (picture(23), True)):
        [found] = compared_in("x.jpg", indexed(own, shown.resize((640, 427)), 0x010001))
        assert (found.block, found.width, shows_another(found)) == (Block.CONTAINER, 640, other)
    for kind in (0x020002, 0x050000):
        assert compared_in("x.jpg", indexed(own, picture(24).resize((640, 427)), kind)) == ()


def with_thumbnail(body: bytes) -> bytes:
    """EXIF whose second directory holds a picture."""
    entries = [(0x0103, 3, 6 << 16), (0x0201, 4, 56), (0x0202, 4, len(body))]
    directory = b"".join(
        tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + b"\0\0\0\1" + value.to_bytes(4, "big")
        for tag, kind, value in entries
    )
    return b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\x0e\0\3" + directory + bytes(4) + body


def test_hostile_previews_cost_little() -> None:
    dice = random.Random(11)
    whole = jpeg(picture(12).resize((160, 107)))
    unread: list[tuple[Block, str]] = []
    started = time.process_time()
    with (opened := open_image(jpeg(picture(12)), LIMIT)).image:
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(5):
                data[dice.randrange(len(data))] = dice.randrange(256)
            thumbnails(
                opened, [(Block.EXIF, bytes(data)), (Block.XMP, bytes(data[: dice.randrange(len(data))]))], unread
            )
    assert unread
    assert time.process_time() - started < 10
