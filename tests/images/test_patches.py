"""Places that differ: how they look, and which of them are another picture laid over."""

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.images.patches import box, drawn, patches, plain
from provenance.images.tones import Plane

SHAPE = (240, 320)
EVERYWHERE = np.ones(SHAPE, bool)


def textured(seed: int = 1) -> Plane:
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]] / 7.0
    return np.asarray(100 + 20 * np.sin(rows + seed) * np.cos(columns * 1.3 + seed), np.float32)


def residual(*places: tuple[slice, slice]) -> Plane:
    made = np.zeros(SHAPE, np.float32)
    for place in places:
        made[place] = 10
    return made


def laid(place: tuple[slice, slice], level: float = 230) -> Plane:
    made = textured()
    made[place] = level
    return made


CORNER = np.s_[20:100, 30:130]


def test_a_picture_laid_over_is_one_upright_box_with_all_its_edges_in_one_picture() -> None:
    for one, other in ((laid(CORNER), textured()), (textured(), laid(CORNER))):
        found = box(residual(CORNER), EVERYWHERE, one, other)
        assert found is not None
        assert found[CORNER].all()
        assert found.sum() == pytest.approx(80 * 100, rel=0.2)


def test_what_has_moved_has_edges_in_both() -> None:
    before, after = laid(np.s_[20:100, 30:100]), laid(np.s_[20:100, 70:140])
    assert box(residual(np.s_[20:100, 30:140]), EVERYWHERE, before, after) is None


def test_a_box_may_differ_less_in_a_corner() -> None:
    place = residual(CORNER)
    place[20:40, 30:55] = 0
    assert box(place, EVERYWHERE, laid(CORNER), textured()) is not None


def test_a_box_whose_sides_are_no_straight_lines_is_none() -> None:
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    # A lozenge with its corners cut off: it fills the rectangle about it well enough.
    thing = (
        (np.abs(rows - 100) / 50 + np.abs(columns - 120) / 60 < 1.3)
        & (abs(rows - 100) < 50)
        & (abs(columns - 120) < 60)
    )
    one = textured()
    one[thing] = 230
    assert box(np.where(thing, 10, 0).astype(np.float32), EVERYWHERE, one, textured()) is None


def test_what_is_round_is_no_box() -> None:
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    disc: NDArray[np.bool_] = (rows - 100) ** 2 / 50**2 + (columns - 120) ** 2 / 60**2 < 1
    one = textured()
    one[disc] = 230
    assert box(np.where(disc, 10, 0).astype(np.float32), EVERYWHERE, one, textured()) is None


@pytest.mark.parametrize(
    "place",
    [np.s_[20:40, 30:130], np.s_[0:240, 30:130], np.s_[10:230, 10:310], np.s_[0:0, 0:0]],
    ids=["flat", "a band", "nearly all", "nothing"],
)
def test_what_is_too_small_or_too_large_is_no_box(place: tuple[slice, slice]) -> None:
    assert box(residual(place), EVERYWHERE, laid(place), textured()) is None


def test_outlines_say_which_picture_has_the_thing() -> None:
    mine, theirs = laid(CORNER), textured()
    assert patches(residual(CORNER), EVERYWHERE, mine, theirs).sharper == 1
    assert patches(residual(CORNER), EVERYWHERE, theirs, mine).softer == 1
    assert patches(residual(CORNER), EVERYWHERE, mine, theirs).patched == pytest.approx(80 * 100 / 240 / 320)
    assert patches(residual(), EVERYWHERE, mine, theirs).patched == 0


def test_what_is_plain_in_one_alone_was_drawn() -> None:
    assert drawn(residual(CORNER), EVERYWHERE, laid(CORNER), textured()) > 0.8
    assert drawn(residual(CORNER), EVERYWHERE, textured(2), textured()) < 0.1
    assert drawn(residual(), EVERYWHERE, laid(CORNER), textured()) == 0
    assert plain(np.full(SHAPE, 7, np.float32)).all()
