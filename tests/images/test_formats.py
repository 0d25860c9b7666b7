"""What is said to be readable is."""

from pathlib import Path

import pytest
from PIL import Image

from provenance.images.decode import FORMATS, open_image
from provenance.images.formats import readable


def test_names_each_format_once() -> None:
    names = readable()
    assert len(names) == len(set(names))
    assert set(names) <= {*FORMATS, "HEIF"}
    assert {"JPEG", "PNG", "GIF", "BMP", "TIFF"} <= set(names)


@pytest.mark.parametrize("name", readable())
def test_what_is_named_can_be_read(tmp_path: Path, photo: Image.Image, name: str) -> None:
    if name == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    path = tmp_path / "image"
    photo.save(path, name)
    opened = open_image(path, 10**6)
    with opened.image:
        assert (opened.format, opened.width, opened.height) == (name, *photo.size)
