"""A map between two pictures refined on their pixels (ECC), in even light: lamps and vignettes do not draw it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.images.tones import Mask, Plane, means

REACH = 400
"""Longest side of the raster that is worked on: a tenth of its pixel is enough."""
_FARTHEST = 8.0
"""Pixels of that raster by which a corner may be moved: more is another map, not a better one."""
_FAINT = 6.0
"""Deviation in grey levels that counts as texture where the light is made even."""
_SMOOTH = 5
_UNTIL = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-5)


def registered(goal: Plane, shown: Plane, mask: Mask, projective: bool = False) -> NDArray[np.float64] | None:
    """Return where a pixel of the goal lies in what is shown (3 x 3), both on one raster; None where it leads astray.

    An affine map, or a projection. The mask (of the goal) says where to look.
    """
    warp = np.eye(3, dtype=np.float32) if projective else np.eye(2, 3, dtype=np.float32)
    kind = cv2.MOTION_HOMOGRAPHY if projective else cv2.MOTION_AFFINE
    try:
        _, found = cv2.findTransformECC(_even(goal), _even(shown), warp, kind, _UNTIL, mask.astype(np.uint8), _SMOOTH)
    except cv2.error:  # It does not converge.
        return None
    fitted = np.eye(3)
    fitted[: len(found)] = found
    height, width = mask.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    there = corners @ fitted.T
    if (there[:, 2] <= 0).any():
        return None
    return None if np.abs(there[:, :2] / there[:, 2:] - corners[:, :2]).max() > _FARTHEST else fitted


def _even(plane: Plane) -> Plane:
    """What the picture shows, each place in its own light and contrast."""
    mean = means(plane)
    variance = np.maximum(means(plane * plane) - mean * mean, 0)
    return np.asarray((plane - mean) / np.sqrt(variance + _FAINT**2), np.float32)
