"""One decode, everything measured; by itself and in a worker."""

from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from provenance.core.matching import BYTES
from provenance.images.decode import Refused
from provenance.images.measure import Measured, measure
from provenance.images.sandbox import Refusal, Sandbox
from tests.stories import random_photo


def test_measures_format_size_and_fingerprint(tmp_path: Path, photo: Image.Image) -> None:
    path = tmp_path / "photo.png"
    photo.save(path)
    found = measure(path, 10**7)
    assert (found.format, found.width, found.height) == ("PNG", 480, 320)
    assert found.fingerprint.codes[:BYTES] == np.packbits(imagehash.phash(photo, hash_size=16).hash).tobytes()


@pytest.mark.parametrize("size", [(480, 320), (1280, 960), (2560, 1707), (4000, 600), (300, 3000)])
@pytest.mark.parametrize("quality", [30, 90])
def test_a_reduced_decode_moves_the_hash_by_a_few_bits_only(
    tmp_path: Path, size: tuple[int, int], quality: int
) -> None:
    path = tmp_path / "photo.jpg"
    random_photo(7, size).save(path, "JPEG", quality=quality)
    with Image.open(path) as full:
        expected = np.packbits(imagehash.phash(full, hash_size=16).hash).tobytes()
    code = measure(path, 10**8).fingerprint.codes[:BYTES]
    assert (int.from_bytes(code) ^ int.from_bytes(expected)).bit_count() <= 6


def test_refuses_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_text("Just words.")
    with pytest.raises(Refused, match="not an image"):
        measure(path, 10**7)


def test_answers_from_workers_are_the_same(photos: list[Path], sandbox: Sandbox) -> None:
    answers = list(sandbox.map(measure, photos))
    assert answers == [measure(path, 10**8) for path in photos]
    assert len({answer.fingerprint for answer in answers if isinstance(answer, Measured)}) == len(photos)


def test_a_refusal_comes_back_from_a_worker_as_a_value(tmp_path: Path, photos: list[Path], sandbox: Sandbox) -> None:
    path = tmp_path / "a.jpg"
    path.write_text("Just words.")
    first, refused, last = sandbox.map(measure, [photos[0], path, photos[1]])
    assert refused == Refusal("not an image of a known format")
    assert isinstance(first, Measured)
    assert isinstance(last, Measured)
