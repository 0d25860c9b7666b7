"""A picture saved the way another one was comes out as that one did, and saved twice it loses as much again."""

import numpy as np
import pytest
from PIL import Image

from provenance.images.resaving import Plane, Saved, resaved, saved_again, step
from tests.images.jpegs import saved
from tests.stories import random_photo

GREY = random_photo(1).convert("L")
PLANE = np.asarray(GREY, np.float32)


def off(one: Plane, other: Plane) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize("quality", [10, 30, 60, 90])
def test_the_original_comes_out_as_its_copy_did(quality: int) -> None:
    copy, how = saved(GREY, quality)
    assert off(PLANE, copy) > 0.5
    assert off(resaved(PLANE, how), copy) == 0


@pytest.mark.parametrize("quality", [10, 30, 60, 90])
def test_what_was_saved_like_that_already_hardly_changes(quality: int) -> None:
    copy, how = saved(GREY, quality)
    assert off(resaved(copy, how), copy) < 0.01


def test_another_picture_stays_another() -> None:
    copy, how = saved(GREY, 10)
    other = np.asarray(random_photo(2).convert("L"), np.float32)
    assert off(resaved(other, how), copy) > 20


def test_a_flipped_picture_is_saved_on_the_grid_that_it_had() -> None:
    # No whole number of blocks: flipped, the grid begins elsewhere.
    odd = GREY.crop((0, 0, 475, 315))
    copy, how = saved(odd, 10)
    original = np.asarray(odd, np.float32)[:, ::-1]
    flipped = Saved(how.width, how.height, how.table, flipped=True)
    assert off(resaved(original, flipped), copy[:, ::-1]) == 0
    assert off(resaved(original, how), copy[:, ::-1]) > 2


def test_what_was_made_smaller_is_saved_at_the_size_of_the_file() -> None:
    size = GREY.width * 2, GREY.height * 2
    copy, how = saved(GREY.resize(size, Image.Resampling.BICUBIC), 10)
    reduced = np.asarray(Image.fromarray(copy.astype(np.uint8)).reduce(2), np.float32)
    made = resaved(PLANE, how)
    assert made.shape == PLANE.shape
    assert off(made, reduced) < 1 < off(PLANE, reduced)
    assert off(resaved(PLANE, Saved(GREY.width, GREY.height, how.table)), reduced) > 3


def test_levels_beyond_black_and_white_are_cut_off() -> None:
    _, how = saved(GREY, 90)
    made = resaved(np.full(PLANE.shape, 300, np.float32), how)
    assert (made.min(), made.max()) == (255, 255)
    assert resaved(np.full(PLANE.shape, -40, np.float32), how).max() == 0


def test_levels_are_rounded_and_not_cut_off() -> None:
    made = resaved(np.full((16, 16), 100.6, np.float32), Saved(16, 16, (1,) * 64))
    assert (made.min(), made.max()) == (101, 101)


@pytest.mark.parametrize("quality", [10, 30, 60, 90])
def test_saved_again_it_differs_about_as_much_but_elsewhere(quality: int) -> None:
    copy, how = saved(GREY, quality)
    again = saved_again(PLANE, how)
    assert again.shape == PLANE.shape
    assert off(again, PLANE) == pytest.approx(off(copy, PLANE), rel=0.1)
    # The same noise would lie on the copy's; independent noise adds to it.
    assert off(again, copy) > 1.1 * off(copy, PLANE)


def test_saved_again_the_picture_lies_where_it_lay() -> None:
    _, how = saved(GREY, 90)
    assert off(saved_again(PLANE, how), PLANE) < 1 < off(np.roll(PLANE, 1, 1), PLANE)


def test_step_grows_with_compression() -> None:
    steps = [step(saved(GREY, quality)[1]) for quality in (95, 60, 30, 10)]
    assert steps == sorted(set(steps))


def test_step_is_the_mean_of_the_twenty_finest() -> None:
    table = (*range(1, 21), *(255 for _ in range(44)))
    assert step(Saved(8, 8, table)) == 10.5
    assert step(Saved(8, 8, table[::-1])) == 10.5


def test_nothing_known_is_no_step() -> None:
    assert step(None) == 0
