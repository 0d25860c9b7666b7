"""The fingerprint against imagehash, against really turned pictures, and what its quality says of which picture."""

import io
from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from provenance.core.matching import BYTES, FLAT_BELOW, ORIENTATIONS, PLAIN_BELOW
from provenance.images.decode import SIDE
from provenance.images.fingerprint import Fingerprint, fingerprint
from tests.stories import random_photo

SIZE = (480, 320)
PHOTOS = [random_photo(seed) for seed in range(12)]
WORDS = ["the", "of", "to", "in", "that", "for", "it", "was", "with", "be", "by", "not", "but", "have", "from", "they"]


def grey(image: Image.Image) -> Image.Image:
    """As imagehash reduces it."""
    return image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def measured(image: Image.Image) -> Fingerprint:
    return fingerprint(grey(image).tobytes())


def codes(found: Fingerprint) -> list[bytes]:
    return [found.codes[start : start + BYTES] for start in range(0, len(found.codes), BYTES)]


def bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def reference(image: Image.Image) -> bytes:
    return np.packbits(imagehash.phash(image, hash_size=16).hash).tobytes()


@pytest.mark.parametrize("size", [SIZE, (320, 480), (64, 64), (1000, 90), (33, 47)])
def test_equals_imagehash_bit_for_bit(size: tuple[int, int]) -> None:
    for seed in range(100, 125):
        image = random_photo(seed, size)
        assert codes(measured(image))[0] == reference(image)


def test_equals_imagehash_for_pictures_that_are_no_photos() -> None:
    # A plain ground has coefficients of exactly zero, whose sign is left to rounding: so none is among them.
    noise = Image.fromarray(np.random.default_rng(5).integers(0, 256, SIZE[::-1], dtype=np.uint8))
    for image in (noise, card(1), PHOTOS[0].convert("1"), PHOTOS[1].quantize(8)):
        assert codes(measured(image))[0] == reference(image)


@pytest.mark.parametrize("orientation", range(8), ids=[f"{m and 'mirrored-'}{d}" for m, d in ORIENTATIONS])
def test_each_code_is_the_hash_of_the_turned_picture(orientation: int) -> None:
    mirrored, rotated = ORIENTATIONS[orientation]
    for photo in PHOTOS:
        # At the size that is transformed no resampling comes between: the codes must be equal.
        upright = grey(photo)
        turned = upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else upright
        turned = turned.rotate(-rotated)  # Pillow turns counter-clockwise
        assert codes(measured(upright))[orientation] == reference(turned)


@pytest.mark.parametrize("orientation", range(8))
def test_each_code_finds_a_picture_turned_at_full_size(orientation: int) -> None:
    mirrored, rotated = ORIENTATIONS[orientation]
    photo = PHOTOS[3]
    turned = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else photo
    expected = reference(turned.rotate(-rotated, expand=True))
    assert bits(codes(measured(photo))[orientation], expected) <= 4
    others = [bits(code, expected) for index, code in enumerate(codes(measured(photo))) if index != orientation]
    assert min(others) > 60


def test_the_same_picture_gives_the_same_fingerprint() -> None:
    assert measured(PHOTOS[0]) == measured(PHOTOS[0].copy())
    assert len(measured(PHOTOS[0]).codes) == len(ORIENTATIONS) * BYTES


def test_unrelated_photos_lie_far_apart() -> None:
    upright = [codes(measured(photo))[0] for photo in PHOTOS]
    assert min(bits(a, b) for i, a in enumerate(upright) for b in upright[:i]) > 84


def gradient(shade: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Image.Image:
    down, across = np.mgrid[0:1:320j, 0:1:480j]
    return Image.fromarray((255 * np.clip(shade(across, down), 0, 1)).astype(np.uint8))


def noise(strength: float, seed: int = 3) -> Image.Image:
    levels = np.random.default_rng(seed).normal(128, strength, (1280, 1920))
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def split(box: tuple[int, int, int, int], ground: str = "navy", colour: str = "gold") -> Image.Image:
    image = Image.new("RGB", SIZE, ground)
    image.paste(colour, box)
    return image


def disc(radius: int, ground: str = "white", colour: str = "red") -> Image.Image:
    image = Image.new("RGB", SIZE, ground)
    ImageDraw.Draw(image).circle((240, 160), radius, fill=colour)
    return image


def card(seed: int, lines: int = 4) -> Image.Image:
    """A news card: a header bar and black words on white."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (640, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, 60), fill=(20, 40, 120))
    for line in range(lines):
        words = " ".join(rng.choice(WORDS, 6))
        draw.text((30, 90 + 40 * line), words, fill="black", font=ImageFont.load_default(26))
    return image


FLAT = {
    "black": Image.new("L", SIZE, 0),
    "grey": Image.new("L", SIZE, 127),
    "white": Image.new("RGB", SIZE, "white"),
    "across": gradient(lambda x, y: x),
    "down": gradient(lambda x, y: y),
    "diagonal": gradient(lambda x, y: (x + y) / 2),
    "vignette": gradient(lambda x, y: 1 - np.hypot(x - 0.5, y - 0.5)),
    "faint noise": noise(2),
    "strong noise": noise(40),
    "halves": split((0, 160, 480, 320)),
    "sides": split((0, 0, 200, 320), "black", "white"),
    "small disc": disc(40),
    "disc": disc(80),
    "large disc": disc(120, "green", "yellow"),
}


@pytest.mark.parametrize("name", FLAT)
def test_flat_pictures_are_flat(name: str) -> None:
    assert measured(FLAT[name]).quality < FLAT_BELOW


@pytest.mark.parametrize("name", ["black", "grey", "white", "across", "down", "diagonal", "vignette", "faint noise"])
def test_pictures_without_any_detail_have_no_quality_at_all(name: str) -> None:
    assert measured(FLAT[name]).quality == 0


@pytest.mark.parametrize("lines", [1, 3, 5, 7])
def test_text_cards_are_plain(lines: int) -> None:
    assert all(measured(card(seed, lines)).quality < PLAIN_BELOW for seed in range(10))


def test_a_card_of_some_lines_is_not_flat() -> None:
    assert all(measured(card(seed, 5)).quality >= FLAT_BELOW for seed in range(10))


def test_photos_are_neither_flat_nor_plain() -> None:
    assert all(measured(photo).quality > PLAIN_BELOW for photo in PHOTOS)


@pytest.mark.parametrize("size", [SIZE, (240, 160), (160, 107), (1280, 853)])
@pytest.mark.parametrize("jpeg_quality", [30, 90])
def test_quality_survives_recompression_and_resizing(size: tuple[int, int], jpeg_quality: int) -> None:
    for photo in (*PHOTOS, card(1), card(2, 1), disc(80)):
        stream = io.BytesIO()
        photo.resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=jpeg_quality)
        with Image.open(stream) as again:
            assert abs(measured(again).quality - measured(photo).quality) <= 8
