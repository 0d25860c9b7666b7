"""Thumbnails are small upright JPEGs without anything of the original but its pixels."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.images.decode import Refused
from provenance.images.thumbnail import SIDE, thumbnail


def opened(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail(path, 10**8)))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((480, 320), (160, 107)), ((320, 480), (107, 160)), ((1600, 400), (160, 40)), ((640, 640), (160, 160))],
)
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_keeps_the_shape(tmp_path: Path, size: tuple[int, int], expected: tuple[int, int], suffix: str) -> None:
    path = tmp_path / f"photo.{suffix}"
    Image.new("RGB", size, "teal").save(path)
    small = opened(path)
    assert small.format == "JPEG"
    assert small.size == expected


@pytest.mark.parametrize(("side", "expected"), [(160, (160, 107)), (480, (480, 320))])
def test_as_large_as_asked_for(tmp_path: Path, side: int, expected: tuple[int, int]) -> None:
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (960, 640), "teal").save(path)
    assert Image.open(io.BytesIO(thumbnail(path, 10**8, side))).size == expected


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 3000), (5000, 12)])
def test_lines_and_dots_have_thumbnails_too(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "line.png"
    Image.new("RGB", size, "teal").save(path)
    small = opened(path)
    assert 1 <= min(small.size) <= max(small.size) <= SIDE


def test_shows_the_picture_upright(tmp_path: Path, photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # as stored, it must be turned clockwise by 90 degrees to be seen
    path = tmp_path / "photo.jpg"
    photo.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)
    small = opened(path)
    expected = photo.resize(small.size, Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(small, dtype=float) - np.asarray(expected, dtype=float)).mean() < 8


def test_carries_no_metadata(tmp_path: Path, photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    path = tmp_path / "photo.jpg"
    photo.save(path, exif=exif, comment=b"my address", icc_profile=b"not a profile")
    assert b"taken at home" in path.read_bytes()
    data = thumbnail(path, 10**8)
    assert not any(secret in data for secret in (b"taken at home", b"my address", b"not a profile"))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_becomes_a_jpeg(tmp_path: Path, photo: Image.Image, mode: str) -> None:
    path = tmp_path / "photo.tif"
    photo.convert("L" if mode == "I;16" else mode).convert(mode).save(path)
    assert opened(path).mode == "RGB"


def test_16_bit_levels_are_not_clipped(tmp_path: Path, photo: Image.Image) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257).save(path)
    expected = photo.convert("L").resize((160, 107), Image.Resampling.BICUBIC)
    shown = np.asarray(opened(path).convert("L"), dtype=float)
    assert np.abs(shown - np.asarray(expected, dtype=float)).mean() < 8


def test_refuses_what_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"")
    with pytest.raises(Refused):
        thumbnail(path, 10**8)
