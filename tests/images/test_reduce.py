"""The task of the sandbox: format, size and a small grey picture, and little to import."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.images.decode import SIDE, Refused
from provenance.images.reduce import reduce


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_tells_format_and_size(tmp_path: Path, photo: Image.Image, format_: str) -> None:
    path = tmp_path / "image"
    photo.save(path, format_)
    found = reduce(path, 10**6)
    assert (found.format, found.width, found.height, len(found.grey)) == (format_, *photo.size, SIDE * SIDE)
    expected = np.asarray(photo.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS), dtype=float)
    assert np.abs(np.frombuffer(found.grey, np.uint8).reshape(SIDE, SIDE) - expected).mean() < 4


def test_size_and_picture_are_upright(tmp_path: Path, photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    photo.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)
    plain = tmp_path / "plain.jpg"
    photo.save(plain, quality=95)
    found, expected = reduce(path, 10**6), reduce(plain, 10**6)
    assert (found.width, found.height) == photo.size
    difference = np.frombuffer(found.grey, np.uint8).astype(float) - np.frombuffer(expected.grey, np.uint8)
    assert np.abs(difference).mean() < 3


def test_refuses_too_many_pixels(tmp_path: Path, photo: Image.Image) -> None:
    path = tmp_path / "photo.png"
    photo.save(path)
    pixels = photo.width * photo.height
    assert reduce(path, pixels).width == photo.width
    with pytest.raises(Refused, match="pixels"):
        reduce(path, pixels - 1)


@pytest.mark.parametrize("content", [b"", b"words", b"\xff\xd8\xff\xe0"])
def test_refuses_what_is_no_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(content)
    with pytest.raises(Refused):
        reduce(path, 10**6)


def test_imports_no_numpy() -> None:
    code = "import sys, provenance.images.reduce; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
