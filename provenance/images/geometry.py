"""How one picture lies in another, and how far their pixels agree there. `core/alignment.py` judges.

Local features give an affine map (RootSIFT, MAGSAC), ECC refines it on the pixels, and then both pictures are laid
on one raster, that of the coarser of the two, and compared there: sharpness and tones made equal, clipped places
left out. A photograph of a screen is seen from the front first (`perspective.py`). Wants pixels that are decoded
already; OpenCV is imported only when something is measured.
"""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from provenance.core.alignment import Alignment, Relation, judge
from provenance.core.outline import SQUARE, area, clipped, inverse, mapped

if TYPE_CHECKING:
    from provenance.images.resaving import Saved

Grey = NDArray[np.uint8]
"""Height x width grey levels."""
Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Affine = NDArray[np.float64]
"""2 x 3: where a pixel (x, y, 1) of one picture lies in another."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How closely pictures are looked at: longest side in pixels for features and raster, and features at most."""

    side: int
    features: int
    contrast: float = 0.02
    """How much a feature must stand out (SIFT's contrast threshold)."""
    ratio: float = 0.8
    """Lowe's ratio: a feature's nearest neighbour must be this much nearer than the second."""


NORMAL = Effort(800, 1500)
"""With 500 features a third of the photographs inside branded cards is missed: text and logo eat them up."""
CLOSE = Effort(1600, 4000, 0.008, 0.85)
"""For small parts of large pictures, and for smooth ones."""

_TOLERANCE = 3.0
"""Pixels of the archived picture that a feature may lie beside its place (MAGSAC's upper bound)."""
_PLACE = 4.0
"""Pixels within which features count as one place."""
_LEAST = 6
"""Inliers below which there is nothing to measure; unrelated photographs reach 4 or 5."""
_ENOUGH = 30
"""Inliers that spare the mirrored attempt."""
_TILTED, _MORE = 20, 1.1
"""Inliers of a picture seen at an angle, and by how much they must exceed those of the best affine map: it has two
numbers more to fit them with."""
_OFF, _NEARER = 0.4, 0.6
"""Or the affine map's lie so many pixels beside their places, and these nearer by that ratio (templates: 0.14)."""
_ZOOM = 16.0
_SQUEEZE = 2.0
"""Largest zoom, and largest ratio of the zooms along and across, that count as a copy's."""
_CELLS = 8
_FLAT = 1e-9
"""Terms of a projection below this are rounding."""


class Picture:
    """A picture with its features, which are made once and kept for all candidates."""

    def __init__(self, grey: Grey, effort: Effort = NORMAL, saved: "Saved | None" = None, reduced: float = 1.0) -> None:
        """`saved`: how the file was saved that the grey levels come from, where that is known. `reduced`: their size,
        by that of the file's own pixels, along a side."""
        self.grey = grey
        self.reduced = reduced
        self.effort = effort
        self.saved = saved

    @cached_property
    def features(self) -> tuple[Plane, Plane]:
        """Places (n x 2, x and y in pixels of `grey`) and RootSIFT descriptors (n x 128, of length 1)."""
        import cv2

        height, width = self.grey.shape
        shrink = min(1.0, self.effort.side / max(height, width))
        small = self.grey
        if shrink < 1:
            size = max(1, round(width * shrink)), max(1, round(height * shrink))
            small = np.asarray(cv2.resize(self.grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        sift = cv2.SIFT.create(nfeatures=self.effort.features, contrastThreshold=self.effort.contrast)
        found, descriptors = sift.detectAndCompute(small, None)
        if descriptors is None:
            return np.empty((0, 2), np.float32), np.empty((0, 128), np.float32)
        places = np.array([each.pt for each in found], np.float32)
        # SIFT's limit is exceeded by ties.
        places, descriptors = places[: self.effort.features], descriptors[: self.effort.features]
        scale = np.array([width / small.shape[1], height / small.shape[0]], np.float32)
        root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
        return (places + 0.5) * scale - 0.5, root.astype(np.float32)

    @cached_property
    def mirrored(self) -> "Picture":
        """The same, left and right exchanged."""
        saved = self.saved and replace(self.saved, flipped=not self.saved.flipped)
        return Picture(np.ascontiguousarray(self.grey[:, ::-1]), self.effort, saved, self.reduced)


def align(query: Grey | Picture, archived: Grey | Picture, effort: Effort = NORMAL) -> Alignment | None:
    """Find the query in the archived picture, mirrored too; None where no map holds.

    Where it is no copy as it lies there, it may be a photograph of one, taken at an angle: that is tried as well.
    Give a Picture instead of pixels when it is compared more than once.
    """
    query = query if isinstance(query, Picture) else Picture(query, effort)
    archived = archived if isinstance(archived, Picture) else Picture(archived, effort)
    seen, pairs = query, _matched(query, archived)
    found = _mapped(*pairs)
    if _support(found) < _ENOUGH:
        other = _matched(query.mirrored, archived)
        if _support(mirrored := _mapped(*other)) > _support(found):
            seen, pairs, found = query.mirrored, other, mirrored
    measured = None if found is None else _measured(seen, archived, found, seen is not query)
    if judge(measured).is_copy:
        return measured
    tilted = _tilted(seen, archived, pairs, found, seen is not query)
    verdict = judge(tilted)
    better = verdict.is_copy or judge(measured).relation is not Relation.SAME
    return tilted if better and verdict.relation is Relation.SAME else measured


def _tilted(
    query: Picture, archived: Picture, pairs: tuple[Plane, Plane], affine: "_Map | None", mirrored: bool
) -> Alignment | None:
    """Take the query for a photograph of the archived picture; None where no more speaks for it than for `affine`."""
    # Not at the top: OpenCV takes a fifth of a second to load.
    from provenance.images.perspective import closer, fitted, projected, upright

    source, target = pairs
    if len(source) < _TILTED or (fit := fitted(source, target, _TOLERANCE)) is None:
        return None
    projection, held = fit
    places = min(_distinct(source[held]), _distinct(target[held]))
    if places < _TILTED:
        return None
    there, _ = projected(projection, source[held].astype(np.float64))
    error = float(np.median(np.linalg.norm(there - target[held], axis=1)))
    nearer = affine is None or (affine.error > _OFF and error < _NEARER * affine.error)
    if places < _MORE * _support(affine) and not nearer:
        return None
    front = upright(query.grey, archived.grey.shape, projection, query.effort.side)
    if front is None:
        return None
    front = upright(query.grey, archived.grey.shape, closer(front, archived.grey), query.effort.side)
    if front is None:
        return None
    found = _Map(front.there, places, target[held], error)
    # The grid of its tables is not that of these pixels any more.
    turned = Picture(front.grey, query.effort, None, query.reduced)
    return _measured(turned, archived, found, mirrored, query.grey, front.taken)


def lay(query: Picture, archived: Picture, mirrored: bool, rotated: int) -> Alignment | None:
    """Measure two pictures of which one is taken to be the whole other, mirrored and then turned by quarters.

    `rotated`: degrees clockwise, as for `core.model.Match`. None where they are too small to be compared.
    """
    (high, wide), (height, width) = query.grey.shape, archived.grey.shape
    # One quarter clockwise takes the point (u, v), in shares from the middle, to (-v, u); this is the way back.
    quarters = rotated // 90 % 4
    back = np.linalg.matrix_power(np.array([[0.0, 1.0], [-1.0, 0.0]]), quarters)
    # The mirrored query shows the archived picture turned the other way.
    linear = back.T if mirrored else back
    linear = np.diag([width, height]) @ linear @ np.diag([1 / wide, 1 / high])
    middle, here = np.array([width - 1, height - 1]) / 2, np.array([wide - 1, high - 1]) / 2
    matrix = np.column_stack([linear, middle - linear @ here])
    if not _sane(matrix):
        return None
    granted = _Map(matrix, None, np.empty((0, 2), np.float32), 0.0)
    return _measured(query.mirrored if mirrored else query, archived, granted, mirrored)


def _in_shares(projection: Affine, query: Grey, archived: Grey) -> tuple[float, ...]:
    """The matrix (3 x 3, for pixels) for points given as shares of both pictures' widths and heights."""
    # The middle of the first pixel is the point (0.5, 0.5) of the picture.
    ours, theirs = (
        np.array([[1 / width, 0, 0.5 / width], [0, 1 / height, 0.5 / height], [0, 0, 1]])
        for height, width in (query.shape, archived.shape)
    )
    shares = theirs @ projection @ np.linalg.inv(ours)
    shares /= shares[2, 2]
    numbers: list[float] = shares.ravel().tolist()
    return tuple(numbers if np.abs(shares[2, :2]).max() > _FLAT else numbers[:6])


@dataclass(frozen=True, slots=True)
class _Map:
    matrix: Affine
    inliers: int | None
    places: Plane
    """n x 2, the inliers in the archived picture."""
    error: float
    """Median distance of the inliers from their places, in pixels of the archived picture."""


def _support(found: _Map | None) -> int:
    return (found.inliers or 0) if found else 0


def _mapped(source: Plane, target: Plane) -> _Map | None:
    """The affine map that most pairs of places keep to."""
    import cv2

    if len(source) < _LEAST:
        return None
    matrix, inside = cv2.estimateAffine2D(
        source, target, method=cv2.USAC_MAGSAC, ransacReprojThreshold=_TOLERANCE, maxIters=5000, confidence=0.999
    )
    if matrix is None or not _sane(np.asarray(matrix, np.float64)):
        return None
    fitted = np.asarray(matrix, np.float64)
    distance = np.linalg.norm(source @ fitted[:, :2].T + fitted[:, 2] - target, axis=1)
    held = (inside.ravel() > 0) & (distance < _TOLERANCE)
    places = min(_distinct(source[held]), _distinct(target[held]))
    if places < _LEAST:
        return None
    return _Map(fitted, places, target[held], float(np.median(distance[held])))


def _matched(query: Picture, archived: Picture) -> tuple[Plane, Plane]:
    """The places (n x 2 each) of features that look alike, in the query and in the archived picture."""
    (here, ours), (there, theirs) = query.features, archived.features
    if len(here) < _LEAST or len(there) < _LEAST:
        return here[:0], there[:0]
    pairs = _pairs(ours @ theirs.T, query.effort.ratio)
    return here[pairs[:, 0]], there[pairs[:, 1]]


def _pairs(likeness: Plane, ratio: float) -> NDArray[np.intp]:
    """Pairs (n x 2) of which each is the other's nearest, by Lowe's ratio, from cosines (one row per query feature)."""
    nearest, back = likeness.argmax(axis=1), likeness.argmax(axis=0)
    rows = np.arange(len(likeness))
    best = likeness[rows, nearest]
    rest = likeness.copy()
    rest[rows, nearest] = -1
    clear = (2 - 2 * best) < ratio**2 * (2 - 2 * rest.max(axis=1))
    kept = rows[clear & (back[nearest] == rows)]
    return np.stack([kept, nearest[kept]], axis=1)


def _distinct(places: Plane) -> int:
    return len(np.unique(np.floor(places / _PLACE), axis=0)) if len(places) else 0


def _sane(matrix: Affine) -> bool:
    """Whether a copy may be laid like that: not mirrored (that is tried apart), not squeezed, not zoomed away."""
    if not np.isfinite(matrix).all() or np.linalg.det(matrix[:, :2]) <= 0:
        return False
    large, small = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(large < _ZOOM and small > 1 / _ZOOM and large / small < _SQUEEZE)


def _measured(
    query: Picture,
    archived: Picture,
    found: _Map,
    mirrored: bool,
    taken: Grey | None = None,
    front: Affine | None = None,
) -> Alignment | None:
    """`taken`: the photograph that the query was cut out of; `front`: where a pixel of it lies in the query (3 x 3)."""
    # Not at the top: OpenCV takes a fifth of a second to load.
    from provenance.images.comparison import compare, overlap
    from provenance.images.perspective import slope

    granted = found.inliers is None
    pixels = compare(query.grey, archived.grey, found.matrix, query.saved, archived.saved, granted=granted)
    if pixels is None or not _sane(pixels.matrix):
        return None
    polygon = overlap(query.grey.shape, archived.grey.shape, pixels.matrix)
    height, width = archived.grey.shape
    left, top = np.maximum(polygon.min(axis=0), pixels.frame[0])
    right, bottom = np.minimum(polygon.max(axis=0), pixels.frame[1])
    projection = np.vstack([pixels.matrix, [0, 0, 1]])
    if front is not None:
        projection = projection @ front
    shown = query.grey if taken is None else taken
    # What was done to the archived picture: the way back, mirroring first.
    undone = slope(np.linalg.inv(projection), polygon.mean(axis=0).astype(np.float64))
    turned = np.degrees(np.arctan2(undone[1, 0] - undone[0, 1], undone[0, 0] + undone[1, 1]))
    if mirrored:
        projection = projection @ np.array([[-1.0, 0, shown.shape[1] - 1], [0, 1, 0], [0, 0, 1]])
        turned = -turned  # The way back mirrors last; mirroring first, one has to turn the other way.
    matrix = _in_shares(projection, shown, archived.grey)
    back = inverse(matrix)
    return Alignment(
        matrix=matrix,
        mirrored=mirrored,
        rotated=float(turned % 360 % 360),  # A tiny negative angle leaves 360 the first time.
        scale=archived.reduced / query.reduced * float(np.sqrt(np.linalg.det(undone))),
        inliers=found.inliers,
        error=found.error,
        spread=_spread(found.places, polygon),
        overlap=abs(area(clipped(mapped(back, SQUARE)))) if back else 0.0,
        visible=_area(polygon) / archived.grey.size,
        region=(
            float((left + 0.5) / width),
            float((top + 0.5) / height),
            float((right - left) / width),
            float((bottom - top) / height),
        ),
        **asdict(pixels.agreement),
    )


def _area(polygon: Plane) -> float:
    return abs(area(tuple((float(x), float(y)) for x, y in polygon)))


def _spread(places: Plane, polygon: Plane) -> float:
    """Share of the cells with an inlier, of 8 x 8 that the overlap's upright frame is cut into.

    Cells whose centre lies outside the overlap do not count.
    """
    import cv2

    low, high = polygon.min(axis=0), polygon.max(axis=0)
    cells = np.clip(((places - low) / np.maximum(high - low, 1e-6) * _CELLS).astype(int), 0, _CELLS - 1)
    taken = {(int(x), int(y)) for x, y in cells}
    steps = (np.arange(_CELLS) + 0.5) / _CELLS
    inside = {
        (column, row)
        for column, x in enumerate(low[0] + steps * (high[0] - low[0]))
        for row, y in enumerate(low[1] + steps * (high[1] - low[1]))
        if cv2.pointPolygonTest(polygon.reshape(-1, 1, 2), (float(x), float(y)), False) >= 0
    }
    return len(taken & inside) / max(1, len(inside))
