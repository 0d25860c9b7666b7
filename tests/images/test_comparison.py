"""The comparison on one raster: the map is refined, the overlap found, and differing borders are cut off."""

import numpy as np
import pytest

from provenance.images.comparison import Affine, Grey, compare, overlap
from tests.stories import random_photo

GREY: Grey = np.asarray(random_photo(6).convert("L"))


def shifted(across: float, down: float) -> Affine:
    return np.array([[1.0, 0, across], [0, 1.0, down]])


def test_the_overlap_of_a_shifted_picture() -> None:
    corners = overlap((100, 200), (100, 200), shifted(50, 25))
    assert corners.min(axis=0).tolist() == [49.5, 24.5]
    assert corners.max(axis=0).tolist() == [199.5, 99.5]


def test_a_map_that_is_a_pixel_off_is_refined() -> None:
    found = compare(GREY, GREY, shifted(1.2, -0.8))
    assert found is not None
    assert found.matrix[:, 2] == pytest.approx((0, 0), abs=0.05)
    assert found.agreement.residual < 0.3


def test_no_comparison_on_a_sliver() -> None:
    assert compare(GREY, GREY, shifted(470, 0)) is None


def test_a_map_by_which_nothing_agrees_is_given_up_unless_it_was_granted() -> None:
    other: Grey = np.asarray(random_photo(7).convert("L"))
    assert compare(GREY, other, shifted(0, 0)) is None
    found = compare(GREY, other, shifted(0, 0), granted=True)
    assert found is not None
    assert found.agreement.agreement < 0.3


def test_a_differing_border_is_cut_off_and_a_differing_middle_is_not() -> None:
    noise = np.random.default_rng(2).integers(0, 256, GREY.shape, dtype=np.uint8)
    border, middle = GREY.copy(), GREY.copy()
    border[:80] = noise[:80]
    middle[80:240, 120:360] = noise[80:240, 120:360]
    cut, whole = compare(border, GREY, shifted(0, 0)), compare(middle, GREY, shifted(0, 0))
    assert cut is not None
    assert whole is not None
    assert cut.frame[0, 1] == pytest.approx(80, abs=15)
    assert cut.agreement.kept < 0.9
    assert cut.agreement.conflict < 0.03
    assert whole.agreement.conflict > 0.15
