"""One opening of a file gives what each of the two tasks gives by itself."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from provenance.core.metadata import Metadata
from provenance.images.decode import Refused
from provenance.images.examine import examine
from provenance.images.metadata import read
from provenance.images.reduce import reduce
from provenance.images.sandbox import Refusal

DATA = Path(__file__).parents[1] / "data/metadata"
PIXELS = 10**7


IMAGES = sorted(path for path in DATA.glob("*.*") if path.suffix != ".json")


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_gives_what_the_two_give_apart(path: Path) -> None:
    found = examine(path, PIXELS)
    assert (found.reduced, found.told) == (reduce(path, PIXELS), read(path, PIXELS))


def test_some_of_them_hold_a_thumbnail_for_which_they_are_decoded() -> None:
    assert sum(bool(read(path, PIXELS).thumbnails) for path in DATA.glob("*.jpg")) > 1


def test_what_cannot_be_decoded_to_the_end_still_tells_about_itself(tmp_path: Path, photo: Image.Image) -> None:
    path = tmp_path / "cut.jpg"
    photo.save(path, quality=95)
    path.write_bytes(path.read_bytes()[:3000])
    found = examine(path, PIXELS)
    assert isinstance(found.reduced, Refusal)
    assert isinstance(found.told, Metadata)
    assert found.told == read(path, PIXELS)
    with pytest.raises(Refused) as refused:
        reduce(path, PIXELS)
    assert found.reduced.reason == str(refused.value)


def test_refuses_what_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(b"words")
    with pytest.raises(Refused):
        examine(path, PIXELS)


def test_imports_no_numpy() -> None:
    code = "import sys, provenance.images.examine; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
