"""A picture photographed at an angle: the map that its features keep to, and the view from the front."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.images.perspective import Projection, closer, fitted, projected, slope, upright

TILT: Projection = np.array([[0.9, 0.1, 40], [-0.05, 0.8, 30], [2e-4, -1e-4, 1]])
"""A picture of 480 x 320 pixels in a photograph of it."""
BACK: Projection = np.asarray(np.linalg.inv(TILT) / np.linalg.inv(TILT)[2, 2])


def places(count: int = 200) -> NDArray[np.float64]:
    return np.random.default_rng(1).uniform((0, 0), (480, 320), (count, 2))


def picture() -> NDArray[np.uint8]:
    noise = np.random.default_rng(2).uniform(0, 255, (320, 480)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 6) * 4 - 380, np.float32).clip(0, 255).astype(np.uint8)


def photographed(size: tuple[int, int] = (640, 480)) -> NDArray[np.uint8]:
    return np.asarray(cv2.warpPerspective(picture(), TILT, size, flags=cv2.INTER_CUBIC), np.uint8)


def test_the_map_is_found_among_false_pairs() -> None:
    there, _ = projected(TILT, places())
    wrong = np.random.default_rng(3).uniform(0, 400, (60, 2))
    source = np.vstack([there, wrong]).astype(np.float32)
    target = np.vstack([places(), wrong[::-1]]).astype(np.float32)
    found = fitted(source, target, 3)
    assert found is not None
    projection, held = found
    assert held[:200].all()
    assert held[200:].sum() < 5
    assert projection == pytest.approx(BACK, abs=1e-2)


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_pairs_make_no_map(count: int) -> None:
    assert fitted(places(count).astype(np.float32), places(count).astype(np.float32), 3) is None


def test_pairs_on_one_line_make_no_sensible_map() -> None:
    line = np.stack([np.arange(50), np.full(50, 7)], axis=1).astype(np.float32)
    found = fitted(line, line[::-1], 3)
    assert found is None or upright(photographed(), (320, 480), found[0], 800) is None


def test_a_projection_is_nearly_linear_in_the_small() -> None:
    here, step = np.array([200.0, 100.0]), np.array([0.01, -0.02])
    (one, other), _ = projected(TILT, np.stack([here, here + step]))
    assert slope(TILT, here) @ step == pytest.approx(other - one, rel=1e-3)


def test_the_view_from_the_front() -> None:
    front = upright(photographed(), (320, 480), BACK, 800)
    assert front is not None
    high, wide = front.grey.shape
    assert wide / high == pytest.approx(1.5, rel=0.02)
    again = cv2.resize(front.grey, (480, 320)).astype(float)
    assert np.corrcoef(again.ravel(), picture().ravel())[0, 1] > 0.98
    # The two maps, one after the other, are the whole way.
    whole = np.vstack([front.there, [0, 0, 1]]) @ front.taken
    assert whole / whole[2, 2] == pytest.approx(BACK, abs=1e-6)


def test_a_map_that_is_a_little_off_is_refined_on_the_pixels() -> None:
    off: Projection = np.array([[1, 0.004, -1.5], [0, 0.995, 1.2], [8e-6, -6e-6, 1]]) @ BACK
    corners, _ = projected(TILT, np.array([[0.0, 0], [480, 0], [480, 320], [0, 320]]))
    places, _ = projected(BACK, corners)

    def beside(projection: Projection) -> float:
        there, _ = projected(projection, corners)
        return float(np.abs(there - places).max())

    front = upright(photographed(), (320, 480), off, 800)
    assert front is not None
    assert beside(closer(front, picture())) < 0.5 < 1.5 < beside(off)


def test_another_picture_leaves_the_map_as_it_was() -> None:
    front = upright(photographed(), (320, 480), BACK, 800)
    assert front is not None
    assert closer(front, np.full((320, 480), 90, np.uint8)) == pytest.approx(BACK, abs=1e-6)


def test_only_the_part_that_is_seen() -> None:
    front = upright(photographed((300, 480)), (320, 480), BACK, 800)
    assert front is not None
    high, wide = front.grey.shape
    assert wide / high < 1.2
    assert front.there[:, 2] == pytest.approx((0, 0), abs=1)


def test_no_side_is_longer_than_asked() -> None:
    front = upright(photographed(), (320, 480), BACK, 100)
    assert front is not None
    assert max(front.grey.shape) == 100


@pytest.mark.parametrize(
    "tilt",
    [
        [[1, 0, 0], [0, 1, 0], [-0.01, 0, 1]],  # a corner lies behind the camera
        [[1, 0, 0], [0, 1, 0], [0.005, 0, 1]],  # too steep
        [[-1, 0, 480], [0, 1, 0], [0, 0, 1]],  # mirrored
        [[1, 0, 0], [0, 0.3, 0], [0, 0, 1]],  # squeezed
        [[1, 0, 2000], [0, 1, 0], [0, 0, 1]],  # beside the photograph
    ],
    ids=["behind", "steep", "mirrored", "squeezed", "beside"],
)
def test_no_camera_sees_that(tilt: list[list[float]]) -> None:
    assert upright(photographed(), (320, 480), np.linalg.inv(np.array(tilt, float)), 800) is None
