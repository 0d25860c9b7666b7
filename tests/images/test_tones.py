"""Tones, sharpness and clipping between two versions of one picture."""

import numpy as np
import pytest

from provenance.images.tones import Plane, blurred, equally_sharp, excused, fine, known, near, toned
from tests.stories import random_photo

LEVELS: Plane = np.asarray(random_photo(5, (240, 160)).convert("L"), np.float32)
ALL = np.ones(LEVELS.shape, bool)


def test_a_curve_and_a_vignette_are_undone() -> None:
    y, x = np.mgrid[-1 : 1 : LEVELS.shape[0] * 1j, -1 : 1 : LEVELS.shape[1] * 1j]
    darker = (20 + 0.5 * LEVELS + 0.0005 * LEVELS**2) * (1 - 0.15 * (x**2 + y**2))
    matched, slope = toned(darker.astype(np.float32), LEVELS, ALL)
    assert np.abs(matched - LEVELS).mean() < 0.1 * np.abs(darker - LEVELS).mean()
    assert slope > 1


def test_a_patch_does_not_bend_the_tones() -> None:
    covered = LEVELS.copy()
    covered[:50, :80] = np.random.default_rng(3).uniform(60, 180, (50, 80))
    matched, _ = toned(covered, LEVELS, ALL)
    assert np.abs(matched - LEVELS)[60:].mean() < 2


def test_one_tone_becomes_the_other_one() -> None:
    grey = np.full((60, 80), 40, np.float32)
    matched, slope = toned(grey, grey + 25, np.ones(grey.shape, bool))
    assert matched == pytest.approx(65, abs=0.5)
    assert slope == pytest.approx(0, abs=1e-6)


def test_the_sharper_one_is_blurred_whichever_it_is() -> None:
    soft = blurred(LEVELS, 1.5)
    for one, other in ((soft, LEVELS), (LEVELS, soft)):
        first, second = equally_sharp(one, other, ALL)
        assert np.abs(first - second).mean() < 0.3 * np.abs(soft - LEVELS).mean()


def test_clipping_is_excused_in_its_direction_only() -> None:
    query, archived = np.full((20, 20), 255, np.float32), np.full((20, 20), 200, np.float32)
    # A white query may have been brighter still: less than the archived picture is excused, more is not.
    assert excused(query, archived, np.full((20, 20), -30, np.float32)).max() == 0
    assert excused(query, archived, np.full((20, 20), 30, np.float32)).min() == 30
    assert not known(query, archived).any()
    assert known(query, query).all()


def test_a_copy_lacks_detail_and_another_exposure_has_its_own() -> None:
    noise = np.random.default_rng(1)
    one, other = (LEVELS + noise.normal(0, 8, LEVELS.shape).astype(np.float32) for _ in range(2))
    correlation, foreign = fine(one, other, ALL)
    assert correlation < 0.9
    assert foreign > 0.1
    assert fine(blurred(one, 1), one, ALL)[1] < 0
    assert fine(one, one, ALL) == pytest.approx((1, 0), abs=1e-3)


def test_near_reaches_half_its_width() -> None:
    spot = np.zeros((9, 9), bool)
    spot[4, 4] = True
    assert near(spot, 5).sum() == 25
