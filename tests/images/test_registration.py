"""A map refined on the pixels, whatever light falls on one of the two."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.images.registration import registered
from provenance.images.tones import Plane
from tests.stories import random_photo

PLANE = np.asarray(random_photo(1).convert("L").resize((300, 200)), np.float32)
EVERYWHERE = np.ones(PLANE.shape, bool)
AFFINE = np.array([[1.01, 0.004, 1.2], [-0.006, 0.99, -0.8], [0, 0, 1]])
PROJECTION = np.array([[1.0, 0.004, 0.5], [-0.003, 1.0, 0.4], [3e-5, -2e-5, 1]])


def moved(matrix: NDArray[np.float64]) -> Plane:
    """The picture whose pixel lies in `PLANE` where the way back of `matrix` says."""
    size = PLANE.shape[1], PLANE.shape[0]
    return np.asarray(cv2.warpPerspective(PLANE, matrix, size, borderMode=cv2.BORDER_REFLECT), np.float32)


def lit(plane: Plane) -> Plane:
    """In the light of a lamp, and darker towards the corners."""
    y, x = np.mgrid[-1 : 1 : plane.shape[0] * 1j, -1 : 1 : plane.shape[1] * 1j]
    lamp = 120 * np.exp(-((x - 0.4) ** 2 + (y + 0.3) ** 2) / 0.05)
    return np.asarray(np.clip(plane * (1 - 0.4 * (x**2 + y**2) / 2) + lamp, 0, 255), np.float32)


def beside(found: NDArray[np.float64] | None, true: NDArray[np.float64]) -> float:
    """Pixels by which the corners lie beside their places."""
    assert found is not None
    corners = np.array([[[0, 0]], [[299, 0]], [[0, 199]], [[299, 199]]], np.float64)
    return float(np.abs(cv2.perspectiveTransform(corners, found) - cv2.perspectiveTransform(corners, true)).max())


@pytest.mark.parametrize("light", [lambda plane: plane, lit], ids=["even light", "a lamp"])
def test_an_affine_map(light: object) -> None:
    assert callable(light)
    assert beside(registered(PLANE, light(moved(AFFINE)), EVERYWHERE), AFFINE) < 0.25


def test_a_projection() -> None:
    shown = lit(moved(PROJECTION))
    assert beside(registered(PLANE, shown, EVERYWHERE, projective=True), PROJECTION) < 0.35
    # What an affine map cannot follow.
    assert beside(registered(PLANE, shown, EVERYWHERE), PROJECTION) > 0.7


def test_only_where_the_mask_says() -> None:
    shown = moved(AFFINE)
    shown[:, 150:] = np.roll(PLANE, 3, axis=0)[:, 150:]
    left = EVERYWHERE.copy()
    left[:, 140:] = False
    found = registered(PLANE, shown, left)
    assert found is not None
    assert found[:2, 2] == pytest.approx(AFFINE[:2, 2], abs=0.2)


def test_another_picture_leads_nowhere() -> None:
    other = np.asarray(random_photo(9).convert("L").resize((300, 200)), np.float32)
    found = registered(PLANE, other, EVERYWHERE)
    assert found is None or beside(found, np.eye(3)) <= 8


def test_nothing_to_see_leads_nowhere() -> None:
    assert registered(np.full_like(PLANE, 90), np.full_like(PLANE, 90), EVERYWHERE) is None
