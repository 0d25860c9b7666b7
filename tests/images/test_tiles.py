"""The squares for the network: upright, of the right part, and the picture inside frames, bars and chrome."""

import io
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from provenance.images.decode import Refused
from provenance.images.sandbox import Refusal, Sandbox
from provenance.images.tiles import WHOLE, Region, Tile, Wanted, heaviest, inner, parts, tiles
from tests.stories import random_photo

SIDE = 96
LIMIT = 10**7
Box = tuple[int, int, int, int]


def pixels(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype=np.uint8).reshape(SIDE, SIDE, 3).astype(float)


def away(tile: Tile, expected: Image.Image) -> float:
    """Mean difference in levels between a tile and what it should show."""
    square = expected.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return float(np.abs(pixels(tile.pixels) - pixels(square.tobytes())).mean())


def cut(image: Image.Image, region: Region) -> Image.Image:
    wide, high = image.size
    return image.crop(
        (round(region.left * wide), round(region.top * high), round(region.right * wide), round(region.bottom * high))
    )


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def region_of(box: Box, image: Image.Image) -> Region:
    wide, high = image.size
    return Region(box[0] / wide, box[1] / high, box[2] / wide, box[3] / high)


def words(
    image: Image.Image, at: tuple[int, int], lines: int, size: int, fill: str | tuple[int, int, int] = "black"
) -> None:
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    for line in range(lines):
        text = "The quick brown fox jumps over it, they say"[line % 5 :]
        draw.text((at[0], at[1] + line * size * 1.3), text, fill=fill, font=font)


def letterboxed() -> tuple[Image.Image, Box]:
    image = Image.new("RGB", (800, 800), "black")
    image.paste(random_photo(1, (800, 450)), (0, 175))
    return image, (0, 175, 800, 625)


def pillarboxed() -> tuple[Image.Image, Box]:
    image = Image.new("RGB", (960, 540), (16, 16, 18))
    image.paste(random_photo(2, (304, 540)), (328, 0))
    return image, (328, 0, 632, 540)


def framed() -> tuple[Image.Image, Box]:
    image = Image.new("RGB", (720, 560), (200, 30, 40))
    image.paste(random_photo(3, (640, 480)), (40, 40))
    return image, (40, 40, 680, 520)


def captioned() -> tuple[Image.Image, Box]:
    image = Image.new("RGB", (640, 640), "white")
    image.paste(random_photo(4, (640, 420)), (0, 220))
    words(image, (20, 15), 4, 32)
    return image, (0, 220, 640, 640)


def polaroid() -> tuple[Image.Image, Box]:
    image = Image.new("RGB", (600, 720), "white")
    image.paste(random_photo(5, (540, 540)), (30, 30))
    words(image, (60, 600), 1, 40)
    return image, (30, 30, 570, 570)


def phone() -> tuple[Image.Image, Box]:
    image = Image.new("RGB", (720, 1480), (238, 240, 243))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 720, 170), fill=(81, 125, 162))
    words(image, (120, 80), 1, 34, "white")
    draw.rectangle((20, 200, 640, 1010), fill="white")
    image.paste(random_photo(6, (600, 420)), (30, 220))
    words(image, (40, 660), 6, 30)
    draw.rectangle((0, 1370, 720, 1480), fill="white")
    return image, (30, 220, 630, 640)


def desktop() -> tuple[Image.Image, Box]:
    image = Image.new("RGB", (1600, 900), (14, 22, 33))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 420, 900), fill=(23, 33, 43))
    words(image, (40, 40), 16, 26, (200, 210, 220))
    image.paste(random_photo(7, (560, 380)), (470, 200))
    words(image, (470, 600), 4, 26, "white")
    return image, (470, 200, 1030, 580)


BORDERED = [letterboxed, pillarboxed, framed, captioned, polaroid, phone, desktop]


@pytest.mark.parametrize("quality", [100, 75, 30])
@pytest.mark.parametrize("scale", [1, 0.5])
@pytest.mark.parametrize("made", BORDERED)
def test_finds_the_picture_inside(made: Callable[[], tuple[Image.Image, Box]], quality: int, scale: float) -> None:
    image, box = made()
    expected = region_of(box, image)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    found = inner(recompressed(image, quality))
    assert found is not None
    assert max(abs(is_ - should) for is_, should in zip(found, expected, strict=True)) < 0.01


def test_a_photo_without_a_border_has_no_inner_picture() -> None:
    assert [inner(random_photo(seed)) for seed in range(20)] == [None] * 20


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (300, 200), "white"),
        Image.new("RGB", (1, 1)),
        Image.new("RGB", (2000, 1), "teal"),
        Image.linear_gradient("L").convert("RGB"),
    ],
    ids=["white", "dot", "line", "gradient"],
)
def test_a_flat_image_has_no_inner_picture(image: Image.Image) -> None:
    assert inner(image) is None


def test_text_on_plain_ground_is_no_picture() -> None:
    image = Image.new("RGB", (700, 700), "white")
    words(image, (20, 20), 20, 26)
    assert inner(image) is None


def test_a_dot_on_plain_ground_is_not_worth_a_square() -> None:
    image = Image.new("RGB", (700, 700), "white")
    image.paste(random_photo(1, (80, 60)), (300, 300))
    assert inner(image) is None


def brute(weights: list[list[float]]) -> float:
    sums = [
        sum(sum(row[left:right]) for row in weights[top:bottom])
        for top in range(len(weights))
        for bottom in range(top + 1, len(weights) + 1)
        for left in range(len(weights[0]))
        for right in range(left + 1, len(weights[0]) + 1)
    ]
    return max(sums)


def test_the_heaviest_rectangle_is_the_heaviest() -> None:
    rng = random.Random(7)
    for _ in range(60):
        wide, high = rng.randint(1, 6), rng.randint(1, 6)
        weights = [[float(rng.randint(-5, 5)) for _ in range(wide)] for _ in range(high)]
        found = heaviest(weights)
        if found is None:
            assert brute(weights) <= 0
            continue
        left, top, right, bottom = found
        assert 0 <= left < right <= wide
        assert 0 <= top < bottom <= high
        assert sum(sum(row[left:right]) for row in weights[top:bottom]) == brute(weights)


def test_parts_are_inside_and_have_names_of_their_own() -> None:
    found = list(parts())
    assert len({name for name, _ in found}) == len({region for _, region in found}) == len(found) == 17
    for _, region in found:
        assert 0 <= region.left < region.right <= 1
        assert 0 <= region.top < region.bottom <= 1
    assert WHOLE not in dict(found).values()


@pytest.mark.parametrize(
    "names",
    [
        ("top left", "top right", "bottom left", "bottom right"),
        ("top half", "bottom half"),
        ("left half", "right half"),
        ("top third", "middle third", "bottom third"),
        ("left third", "centre third", "right third"),
    ],
)
def test_parts_that_belong_together_make_the_whole(names: tuple[str, ...]) -> None:
    regions = [dict(parts())[name] for name in names]
    area = sum((each.right - each.left) * (each.bottom - each.top) for each in regions)
    assert area == pytest.approx(1)
    assert min(each.left for each in regions) == min(each.top for each in regions) == 0
    assert max(each.right for each in regions) == max(each.bottom for each in regions) == 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_each_square_shows_its_part(tmp_path: Path, form: str) -> None:
    photo = random_photo(8, (900, 600))
    path = tmp_path / "photo"
    photo.save(path, form, quality=90)
    found = tiles(path, LIMIT, SIDE, Wanted.PARTS)
    assert [tile.name for tile in found] == ["whole", *(name for name, _ in parts())]
    for tile in found:
        assert len(tile.pixels) == SIDE * SIDE * 3
        assert away(tile, cut(photo, tile.region)) < (8 if form == "GIF" else 4), tile.name


@pytest.mark.parametrize("size", [(1800, 1200), (1200, 500), (300, 200), (120, 90)])
def test_a_jpeg_decoded_small_shows_the_same(tmp_path: Path, size: tuple[int, int]) -> None:
    photo = random_photo(9, size)
    path = tmp_path / "photo.jpg"
    photo.save(path, quality=80)
    with Image.open(path) as decoded:
        for wanted in Wanted:
            (whole, *_) = tiles(path, LIMIT, SIDE, wanted)
            assert whole.region == WHOLE
            assert away(whole, decoded) < 2.5


def test_a_huge_picture_is_made_smaller_before_it_is_cut(tmp_path: Path) -> None:
    photo = random_photo(10, (1500, 1300))
    path = tmp_path / "photo.png"
    photo.save(path, compress_level=1)
    for tile in tiles(path, LIMIT, SIDE, Wanted.PARTS):
        assert away(tile, cut(photo, tile.region)) < 2.5


def test_what_is_wanted_is_cut(tmp_path: Path) -> None:
    bordered, plain = tmp_path / "framed.png", tmp_path / "photo.png"
    framed()[0].save(bordered)
    random_photo(1).save(plain)

    def names(path: Path, wanted: Wanted) -> list[str]:
        return [tile.name for tile in tiles(path, LIMIT, SIDE, wanted)]

    fixed = [name for name, _ in parts()]
    assert names(plain, Wanted.WHOLE) == names(bordered, Wanted.WHOLE) == names(plain, Wanted.INNER) == ["whole"]
    assert names(bordered, Wanted.INNER) == ["whole", "inner"]
    assert names(bordered, Wanted.PARTS) == ["whole", "inner", *fixed]
    assert names(plain, Wanted.PARTS) == ["whole", *fixed]


def test_the_inner_square_shows_the_picture_in_the_frame(tmp_path: Path) -> None:
    image, box = framed()
    path = tmp_path / "framed.jpg"
    image.save(path, quality=85)
    found = tiles(path, LIMIT, SIDE, Wanted.INNER)[1]
    assert away(found, image.crop(box)) < 8


def test_squares_are_upright_and_colourful(tmp_path: Path) -> None:
    photo = random_photo(11)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photo.jpg"
    photo.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)
    for tile in tiles(path, LIMIT, SIDE, Wanted.PARTS):
        assert away(tile, cut(photo, tile.region)) < 4


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_gives_squares(tmp_path: Path, mode: str) -> None:
    photo = random_photo(12)
    path = tmp_path / "photo.tif"
    photo.convert("L" if mode == "I;16" else mode).convert(mode).save(path)
    assert len(tiles(path, LIMIT, SIDE, Wanted.WHOLE)[0].pixels) == SIDE * SIDE * 3


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3000), (3000, 1), (5000, 12)])
def test_lines_and_dots_have_squares_too(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "line.png"
    Image.new("RGB", size, "teal").save(path)
    found = tiles(path, LIMIT, SIDE, Wanted.PARTS)
    assert len(found) == 18
    assert {tile.pixels for tile in found} == {Image.new("RGB", (SIDE, SIDE), "teal").tobytes()}


def test_what_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    random_photo(1).save(path)
    with pytest.raises(Refused, match="pixels"):
        tiles(path, 480 * 320 - 1, SIDE, Wanted.WHOLE)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(Refused):
        tiles(path, LIMIT, SIDE, Wanted.WHOLE)
    path.write_bytes(b"words")
    with pytest.raises(Refused):
        tiles(path, LIMIT, SIDE, Wanted.PARTS)


def test_is_a_task_of_the_sandbox(photos: list[Path], sandbox: Sandbox, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    task = partial(tiles, side=SIDE, wanted=Wanted.PARTS)
    *found, refused = sandbox.map(task, [*photos, broken])
    assert found == [tiles(path, LIMIT, SIDE, Wanted.PARTS) for path in photos]
    assert isinstance(refused, Refusal)


def test_imports_no_numpy() -> None:
    code = "import sys, provenance.images.tiles; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
