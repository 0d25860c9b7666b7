"""A picture photographed at an angle, from a screen or from paper: where it lies, and how it looks from the front.

What an affine map cannot follow. The greater freedom is paid for with more features that must keep to the map, and
with limits on what a camera before a flat picture can do to it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.images.registration import REACH, registered

Grey = NDArray[np.uint8]
"""Height x width grey levels."""
Plane = NDArray[np.float32]
Projection = NDArray[np.float64]
"""3 x 3: where a pixel (x, y, 1) of one picture lies in another, to be divided by the third coordinate."""

_STEEPEST = 4.0
"""Largest ratio of the areas that a small place at one corner and at another has in the photograph."""
_SQUEEZE = 2.5
"""Largest ratio of the zooms along and across, in the middle."""
_ZOOM = 16.0


@dataclass(frozen=True, slots=True)
class Upright:
    """The part of a photograph that shows another picture, as it looks from the front."""

    grey: Grey
    there: NDArray[np.float64]
    """2 x 3: a pixel of `grey` to one of the other picture."""
    taken: Projection
    """A pixel of the photograph to one of `grey`."""


def fitted(source: Plane, target: Plane, tolerance: float) -> tuple[Projection, NDArray[np.bool_]] | None:
    """Return the map that most of the pairs of places (n x 2 each) keep to, and which do; None where there is none.

    `tolerance`: pixels beside which they may lie there.
    """
    if len(source) < 4:
        return None
    found, _ = cv2.findHomography(
        source, target, method=cv2.USAC_MAGSAC, ransacReprojThreshold=tolerance, maxIters=5000, confidence=0.999
    )
    if found is None or not np.isfinite(found).all() or not found[2, 2]:
        return None
    projection = np.asarray(found, np.float64) / found[2, 2]
    there, far = projected(projection, source.astype(np.float64))
    return projection, (far > 0) & (np.linalg.norm(there - target, axis=1) < tolerance)


def projected(projection: Projection, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where points (n x 2) lie, and their third coordinates: 0 and less lies behind the camera."""
    there = np.column_stack([points, np.ones(len(points))]) @ projection.T
    far = there[:, 2]
    return there[:, :2] / np.where(np.abs(far) < 1e-12, 1e-12, far)[:, None], far


def slope(projection: Projection, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 2 x 2 linear map that the projection is near to a point."""
    (there,), (far,) = projected(projection, point[None])
    return np.asarray((projection[:2, :2] - np.outer(there, projection[2, :2])) / far)


def upright(query: Grey, shape: tuple[int, ...], projection: Projection, side: int) -> Upright | None:
    """Cut the part out of a photograph that shows a picture of this shape (height, width), seen from the front.

    None where no camera before a flat picture makes such a photograph. No side is longer than `side` pixels.
    """
    height, width = shape
    back: Projection = np.asarray(np.linalg.inv(projection))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    seen, far = projected(back, corners)
    if (far / far[0] <= 0).any() or not _is_seen(back, corners):
        return None
    high, wide = query.shape
    here = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    area, polygon = cv2.intersectConvexConvex(seen.astype(np.float32), here)
    if not area or polygon is None:
        return None
    # The frame, in the other picture, of what the photograph shows of it.
    shown, _ = projected(projection, polygon.reshape(-1, 2).astype(np.float64))
    low, high_ = np.maximum(shown.min(axis=0), 0), np.minimum(shown.max(axis=0), (width, height))
    size = high_ - low
    zoom = float(np.sqrt(abs(np.linalg.det(slope(back, (low + high_) / 2)))))
    zoom = min(zoom, side / float(size.max()))
    if min(size) * zoom < 1:
        return None
    there = np.array([[1 / zoom, 0, low[0] + 0.5 / zoom - 0.5], [0, 1 / zoom, low[1] + 0.5 / zoom - 0.5]])
    taken = np.linalg.inv(np.vstack([there, [0, 0, 1]])) @ projection
    pixels = max(1, round(float(size[0] * zoom))), max(1, round(float(size[1] * zoom)))
    grey = cv2.warpPerspective(query, taken, pixels, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Upright(np.asarray(grey, np.uint8), there, taken / taken[2, 2])


def closer(front: Upright, other: Grey) -> Projection:
    """Return the photograph's map to the other picture, refined on the pixels; the one it had, where that fails."""
    there = np.vstack([front.there, [0, 0, 1]])
    high, wide = front.grey.shape
    shrink = min(1.0, REACH / max(high, wide))
    size = max(1, round(wide * shrink)), max(1, round(high * shrink))
    # A pixel of the raster to one of the front view: their middles, not their corners, are what numbers them.
    step = np.array([[wide / size[0], 0, (wide / size[0] - 1) / 2], [0, high / size[1], (high / size[1] - 1) / 2]])
    step = np.vstack([step, [0, 0, 1]])
    shown = cv2.resize(front.grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    goal = cv2.warpAffine(
        other, (there @ step)[:2], size, flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    found = registered(goal, shown, np.ones(goal.shape, bool), projective=True)
    undone = np.eye(3) if found is None else step @ np.linalg.inv(found) @ np.linalg.inv(step)
    projection = there @ undone @ front.taken
    return np.asarray(projection / projection[2, 2])


def _is_seen(back: Projection, corners: NDArray[np.float64]) -> bool:
    """Whether a flat picture with these corners can look like that from where a camera stands."""
    areas = [float(np.linalg.det(slope(back, corner))) for corner in corners]
    if min(areas) <= 0 or max(areas) > _STEEPEST * min(areas):
        return False
    large, small = np.linalg.svd(slope(back, corners.mean(axis=0)), compute_uv=False)
    return bool(small > 1 / _ZOOM and large < _ZOOM and large < _SQUEEZE * small)
