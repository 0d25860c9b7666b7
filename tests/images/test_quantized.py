"""What a JPEG stores fits the picture that it was saved from, whatever its quality, and no other exposure."""

import numpy as np
import pytest
from PIL import Image

from provenance.core.alignment import SAVED
from provenance.images.quantized import misfit
from provenance.images.resaving import Saved
from provenance.images.tones import Plane
from tests.images.jpegs import saved
from tests.stories import random_photo

PHOTO = random_photo(1).convert("L")
GREY = Image.fromarray(np.clip(np.asarray(PHOTO), 20, 230))
"""Nothing of it is clipped."""
PLANE = np.asarray(GREY, np.float32)
EVERYWHERE = np.ones(PLANE.shape, bool)


def noisy(levels: float) -> Plane:
    """Another exposure: the same but for its noise."""
    noise = np.random.default_rng(5).normal(0, levels, PLANE.shape)
    return np.rint(PLANE + noise).astype(np.float32)


@pytest.mark.parametrize("quality", [10, 30, 60, 80])
def test_the_original_fits_its_copy_and_another_exposure_does_not(quality: int) -> None:
    goal, how = saved(GREY, quality)
    kept, kept_how = saved(GREY, 87)
    assert misfit(goal, how, PLANE, None, EVERYWHERE) == 0
    assert misfit(goal, how, kept, kept_how, EVERYWHERE) < SAVED
    assert misfit(goal, how, noisy(4), kept_how, EVERYWHERE) > 50 * SAVED


def test_the_next_frame_of_a_still_film_does_not_fit() -> None:
    goal, how = saved(GREY, 10)
    moved = PLANE.copy()
    # A tenth of the picture, by one pixel.
    moved[100:200, 100:250] = PLANE[100:200, 101:251]
    assert misfit(goal, how, moved, None, EVERYWHERE) > 0.02


def test_what_lies_elsewhere_is_not_asked() -> None:
    goal, how = saved(GREY, 30)
    covered = PLANE.copy()
    covered[:100] = 128
    beside = EVERYWHERE.copy()
    beside[:100] = False
    assert misfit(goal, how, covered, None, EVERYWHERE) > 0.1
    assert misfit(goal, how, covered, None, beside) == 0


def test_a_flipped_picture_is_compared_on_the_grid_that_it_had() -> None:
    # No whole number of blocks: flipped, the grid begins elsewhere.
    odd = GREY.crop((0, 0, 475, 315))
    goal, how = saved(odd, 10)
    original = np.asarray(odd, np.float32)[:, ::-1]
    among = np.ones(original.shape, bool)
    flipped = Saved(how.width, how.height, how.table, flipped=True)
    assert misfit(goal[:, ::-1], flipped, original, None, among) == 0
    assert misfit(goal[:, ::-1], how, original, None, among) > 0.1


def test_other_pixels_than_the_files_say_nothing() -> None:
    goal, how = saved(GREY, 30)
    assert misfit(goal[::2, ::2], how, PLANE[::2, ::2], None, EVERYWHERE[::2, ::2]) == 1


def test_too_little_says_nothing() -> None:
    goal, how = saved(GREY, 30)
    nowhere = np.zeros(PLANE.shape, bool)
    assert misfit(goal, how, PLANE, None, nowhere) == 1
    nowhere[:32, :32] = True
    assert misfit(goal, how, PLANE, None, nowhere) == 1


def test_a_picture_changed_after_decoding_says_nothing() -> None:
    goal, how = saved(GREY, 10)
    assert misfit(np.rint(goal * 0.7), how, np.rint(PLANE * 0.7), None, EVERYWHERE) == 1


def test_clipped_blocks_are_left_out() -> None:
    bright = Image.fromarray(np.clip(np.asarray(GREY, np.int16) * 2, 0, 255).astype(np.uint8))
    goal, how = saved(bright, 10)
    plane = np.asarray(bright, np.float32)
    assert (plane == 255).any()
    assert misfit(goal, how, plane, None, EVERYWHERE) == 0
