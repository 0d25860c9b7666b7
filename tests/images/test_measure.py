"""One decode in a worker, and everything measured of it."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pytest
from PIL import Image

from provenance.core.matching import BYTES
from provenance.images.examine import examine
from provenance.images.measure import Measured, measure, measure_and_read
from provenance.images.metadata import read
from provenance.images.sandbox import Limits, Refusal, Sandbox
from tests.stories import random_photo


def measured(sandbox: Sandbox, path: Path) -> Measured:
    (found,) = measure(sandbox, [path])
    assert isinstance(found, Measured), found
    return found


def reference(path: Path) -> bytes:
    """The hash of a full decode."""
    with Image.open(path) as image:
        return np.packbits(imagehash.phash(image, hash_size=16).hash).tobytes()


@pytest.mark.parametrize("size", [(480, 320), (31, 200)])
def test_measures_format_size_and_fingerprint(tmp_path: Path, sandbox: Sandbox, size: tuple[int, int]) -> None:
    path = tmp_path / "photo.png"
    random_photo(8, size).save(path)
    found = measured(sandbox, path)
    assert (found.format, found.width, found.height) == ("PNG", *size)
    assert found.fingerprint.codes[:BYTES] == reference(path)


def test_size_is_that_of_the_upright_picture(tmp_path: Path, sandbox: Sandbox, photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    path = tmp_path / "photo.jpg"
    photo.save(path, exif=exif)
    found = measured(sandbox, path)
    assert (found.format, found.width, found.height) == ("JPEG", 320, 480)


@pytest.mark.parametrize("size", [(480, 320), (1280, 960), (2560, 1707), (4000, 600), (300, 3000)])
@pytest.mark.parametrize("quality", [30, 90])
def test_a_reduced_decode_moves_the_hash_by_a_few_bits_only(
    tmp_path: Path, sandbox: Sandbox, size: tuple[int, int], quality: int
) -> None:
    path = tmp_path / "photo.jpg"
    random_photo(7, size).save(path, "JPEG", quality=quality)
    code = measured(sandbox, path).fingerprint.codes[:BYTES]
    assert (int.from_bytes(code) ^ int.from_bytes(reference(path))).bit_count() <= 6


def test_answers_come_in_order_and_refusals_are_values(tmp_path: Path, photos: list[Path], sandbox: Sandbox) -> None:
    words = tmp_path / "a.jpg"
    words.write_text("Just words.")
    paths = [*photos, words, *reversed(photos)]
    answers = list(measure(sandbox, paths))
    assert answers.pop(len(photos)) == Refusal("not an image of a known format")
    assert answers == [measured(sandbox, path) for path in (*photos, *reversed(photos))]
    assert len({answer.fingerprint for answer in answers if isinstance(answer, Measured)}) == len(photos)


def test_the_limit_of_pixels_reaches_the_workers(photos: list[Path]) -> None:
    with Sandbox(Limits(max_pixels=480 * 320 - 1), workers=1) as small:
        (refusal,) = measure(small, photos[:1])
    assert isinstance(refusal, Refusal)
    assert "480 x 320 pixels" in refusal.reason


def test_measured_and_read_at_once_is_as_apart(tmp_path: Path, photos: list[Path], sandbox: Sandbox) -> None:
    words = tmp_path / "a.jpg"
    words.write_text("Just words.")
    paths = [*photos, words, *reversed(photos)]
    apart = list(zip(measure(sandbox, paths), sandbox.map(read, paths), strict=True))
    assert list(measure_and_read(sandbox, iter(paths))) == apart
    assert apart[len(photos)] == (Refusal("not an image of a known format"),) * 2


class Impatient(Sandbox):
    """Gives up what is asked of a file at once, as if it took too long or died."""

    def map(self, task: Callable[[Any, int], Any], items: Iterable[Any]) -> Iterator[Any]:
        if task is examine:
            return iter([Refusal("too much") for _ in items])
        return super().map(task, items)


def test_what_is_too_much_at_once_is_done_apart(photos: list[Path], sandbox: Sandbox) -> None:
    with Impatient(sandbox.limits, workers=1) as impatient:
        found = list(measure_and_read(impatient, photos))
    assert found == list(measure_and_read(sandbox, photos))
    assert all(isinstance(measured, Measured) for measured, _ in found)
