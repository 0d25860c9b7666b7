from pathlib import Path

import pytest
from PIL import Image

from provenance.images.decode import Refused
from provenance.images.levels import levels
from tests.stories import random_photo


def test_a_large_image_is_brought_down_to_the_side(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    random_photo(1).resize((1200, 800)).save(path)
    found = levels(path, 10**8, 600)
    assert (found.width, found.height, len(found.grey)) == (600, 400, 240_000)


def test_nothing_is_enlarged_and_the_levels_are_those_of_the_image(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    Image.frombytes("L", (3, 2), bytes([0, 50, 100, 150, 200, 250])).save(path)
    found = levels(path, 10**8, 600)
    assert (found.width, found.height, list(found.grey)) == (3, 2, [0, 50, 100, 150, 200, 250])


def test_it_comes_out_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    random_photo(1).resize((300, 200)).save(path, exif=exif)
    found = levels(path, 10**8, 600)
    assert (found.width, found.height) == (200, 300)


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.jpg"
    path.write_bytes(b"nothing")
    with pytest.raises(Refused):
        levels(path, 10**8, 600)
