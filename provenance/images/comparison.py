"""Two pictures laid on one raster by an affine map, and how far their pixels agree there.

The raster is that of the coarser picture. The map is refined on the pixels, tones and sharpness are made equal and
clipped places left out, so that what remains is what recompression leaves, or another picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.core.alignment import Agreement
from provenance.images.patches import DIFFERS, box, drawn, patches, plain
from provenance.images.quantized import misfit
from provenance.images.registration import REACH, registered
from provenance.images.resaving import Saved, resaved, saved_again, step
from provenance.images.tones import (
    FEW,
    WINDOW,
    Mask,
    Plane,
    blurred,
    equally_sharp,
    excused,
    fine,
    finest,
    gradient,
    known,
    means,
    near,
    share,
    toned,
)

Grey = NDArray[np.uint8]
"""Height x width grey levels."""
Affine = NDArray[np.float64]
"""2 x 3: where a pixel (x, y, 1) of one picture lies in another."""

_RASTER = 640
"""Longest side of the raster of comparison."""
_SMALLEST = 24
"""Shortest side of a raster on which a comparison means something."""
_COARSER = 1.25
"""From this ratio of their pixels on one picture is the coarser; below, the one that was saved with less care."""
_EDGE = 3
"""Pixels at the border of the overlap that are left out: interpolation reaches beyond them."""
_NOTHING = 0.2
"""Mean likeness of textured places below which features agreed by chance: of 256 crops, collages, photographs of
screens, blurred and covered pictures the least had 0.49, of 20 stereo pairs 0.24; half of 190 other cards have less."""
_LEAST_LEFT, _MOST_LEFT = 0.2, 0.6
"""Share of the raster on which ECC still works, and from which on more would not help it."""

_AGREES, _HALF, _CONFLICTS = 0.7, 0.5, 0.3
_GRID = 24
"""Steps each way in which differing borders are cut off."""
_KEPT = 0.46
"""Share of the texture that must lie within; of cards of one design with other contents at most 0.45 agrees."""

_BEYOND = 0.25
"""Share of the texture beyond that must conflict, for the border to be another picture's: less is a watermark."""

_FLOOR = 2.5
"""Grey levels that recompression leaves anywhere."""

_STEPS = 0.042
"""What coarse tables leave, by their steps: from JPEG q30 down it is more than _FLOOR."""

_SURE = 0.96
"""Correlation of the fine detail below which it is asked how much of it two compressions leave."""

_STEP, _BETTER, _FOLLOWED = 0.7, 0.1, 0.85
"""A place has moved when following it by more than _STEP pixels betters its correlation by _BETTER, to _FOLLOWED."""

_BESIDE = 15

_FITS = 0.01
"""Misfit from which on it is tried whether other tones fit better."""
_ON_PIXELS = 0.5
"""Pixels beside a whole number of them by which the map may lie anywhere: a fit is not better than that, and whether
the pixels are the same the pixels say."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Where two pictures were compared, and how far they agree."""

    matrix: Affine
    """The refined map, query pixel to archived pixel."""
    frame: NDArray[np.float64]
    """Left, top; right, bottom: the upright rectangle of the archived picture that was compared, in its pixels."""
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class _Raster:
    """Both pictures on one raster, and where both are seen."""

    query: Plane
    archived: Plane
    valid: Mask


def overlap(query: tuple[int, ...], archived: tuple[int, ...], matrix: Affine) -> Plane:
    """The corners (n x 2, pixels of the archived picture) of the query's part inside it; shapes as height, width."""
    corners = _corners(query).astype(np.float64)
    there = (corners @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    _, polygon = cv2.intersectConvexConvex(there, _corners(archived))
    return np.zeros((1, 2), np.float32) if polygon is None else polygon.reshape(-1, 2).astype(np.float32)


def _corners(shape: tuple[int, ...]) -> Plane:
    bottom, right = shape[0] - 0.5, shape[1] - 0.5
    return np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]], np.float32)


def compare(
    query: Grey,
    archived: Grey,
    matrix: Affine,
    query_saved: Saved | None = None,
    archived_saved: Saved | None = None,
    *,
    granted: bool = False,
) -> Comparison | None:
    """Compare the query with the archived picture that `matrix` lays it on.

    None where the overlap is too small, or nothing agrees there; a map that is `granted`, and was not found by
    features, may lie beside its place for that. Where it is known how the coarser one was saved, the other is compared
    as it would look saved like that.
    """
    polygon = overlap(query.shape, archived.shape, matrix)
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    zoom = float(np.sqrt(np.linalg.det(matrix[:, :2])))
    pitch = max(1.0, zoom, float((high - low).max()) / _RASTER)
    size = int((high - low)[0] / pitch), int((high - low)[1] / pitch)
    if min(size) < _SMALLEST:
        return None
    place = np.array([[pitch, 0, low[0] + pitch / 2], [0, pitch, low[1] + pitch / 2]])
    coarse, small = _coarser(place, size)
    laid = _raster(query, archived, matrix, coarse, small)
    if not granted and _agreement(laid) < _NOTHING:
        return None
    matrix = _refined(query, archived, matrix, coarse, laid)
    if query_saved and (zoom > _COARSER or (zoom > 1 / _COARSER and step(query_saved) >= step(archived_saved))):
        back: Affine = np.asarray(np.linalg.inv(_square(matrix))[:2])
        through = _Through(archived, archived_saved, query, query_saved, back)
        raster, place = _Raster(query.astype(np.float32), through.made, through.valid), matrix
    elif archived_saved and zoom < _COARSER:
        through = _Through(query, query_saved, archived, archived_saved, matrix)
        raster, place = _Raster(through.made, archived.astype(np.float32), through.valid), np.eye(2, 3)
    else:
        return _compared(_raster(query, archived, matrix, place, size), matrix, place)
    return _compared(raster, matrix, place, through) if raster.valid.sum() >= _SMALLEST**2 else None


class _Through:
    """The finer picture laid on the coarser one's pixels, in its tones and as sharp, saved as that was."""

    def __init__(self, finer: Grey, finer_saved: Saved | None, coarser: Grey, saved: Saved, matrix: Affine) -> None:
        """`matrix`: a pixel of the finer one to one of the coarser."""
        self._finer = finer
        self._finer_saved = finer_saved
        self.goal = coarser.astype(np.float32)
        self._saved = saved
        self._back: Affine = np.asarray(np.linalg.inv(_square(matrix))[:2])
        self.steps = step(saved)
        self.matched, self.made, self.valid = self._make(finer)

    def again(self) -> Plane | None:
        """The same, had the finer one been saved twice; None where it is not known how it was saved."""
        if self._finer_saved is None:
            return None
        noisy = saved_again(self._finer.astype(np.float32), self._finer_saved)
        return self._make(np.rint(noisy).astype(np.uint8))[1]

    def misfit(self, among: Mask) -> float:
        """See core.alignment.Agreement; tones are made equal where that fits better."""
        shift = np.rint(self._back[:, 2])
        exact: Affine = np.column_stack([np.eye(2), shift])
        corners = _corners(self.goal.shape)
        if np.abs(corners @ (self._back - exact)[:, :2].T + (self._back - exact)[:, 2]).max() > _ON_PIXELS:
            return 1.0
        height, width = self.goal.shape
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
        laid = np.asarray(cv2.warpAffine(self._finer, exact, (width, height), flags=flags), np.float32)
        among = among & self.valid
        found = misfit(self.goal, self._saved, laid, self._finer_saved, among)
        if found <= _FITS:
            return found
        sure = among & known(laid, self.goal)
        matched, _ = toned(laid, self.goal, sure if sure.sum() >= FEW else among)
        return min(found, misfit(self.goal, self._saved, matched, self._finer_saved, among))

    def _make(self, finer: Grey) -> tuple[Plane, Plane, Mask]:
        """Before it is saved and thereafter, and where both are seen."""
        height, width = self.goal.shape
        laid, seen = _warped(finer, self._back, (width, height))
        valid = _inside(seen)
        likeness, either, both = _likeness(_Raster(laid, self.goal, valid))
        sure = valid & known(laid, self.goal) & ~(either & (likeness < _HALF))
        if sure.sum() < FEW:
            sure = valid
        matched, _ = toned(laid, self.goal, sure)
        matched, _ = equally_sharp(matched, self.goal, sure & both)
        matched = np.where(seen, matched, self.goal)
        return matched, resaved(matched, self._saved), valid


def _inside(seen: Mask) -> Mask:
    border = np.ones((2 * _EDGE + 1,) * 2, np.uint8)
    return cv2.erode(seen.astype(np.uint8), border, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0


def _raster(query: Grey, archived: Grey, matrix: Affine, place: Affine, size: tuple[int, int]) -> _Raster:
    """`place`: raster pixel to archived pixel; `size`: the raster's width and height."""
    back = np.linalg.inv(_square(matrix)) @ _square(place)
    (laid, ours), (shown, theirs) = _warped(query, back[:2], size), _warped(archived, place, size)
    return _Raster(laid, shown, _inside(ours & theirs))


def _warped(picture: Grey, matrix: Affine, size: tuple[int, int]) -> tuple[Plane, Mask]:
    """The picture on a raster of `size`, whose pixels lie in the picture where `matrix` says, and where it is seen."""
    steps = np.linalg.svd(matrix[:, :2], compute_uv=False)
    step = float(np.sqrt(steps[0] * steps[1]))
    smooth = picture.astype(np.float32)
    if step > 1.2:  # Shrinking: without a filter fine detail would turn into noise.
        smooth = blurred(smooth, 0.5 * float(np.sqrt(step**2 - 1)))
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if step > 2 else cv2.INTER_CUBIC)
    laid = cv2.warpAffine(smooth, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpAffine(
        np.full(picture.shape, 255, np.uint8), matrix, size, flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    )
    return np.clip(laid, 0, 255).astype(np.float32), seen > 250


def _coarser(place: Affine, size: tuple[int, int]) -> tuple[Affine, tuple[int, int]]:
    """The raster no longer than REACH: see `_raster`."""
    step = max(1.0, max(size) / REACH)
    shift = (step - 1) / 2
    coarse = _square(place) @ np.array([[step, 0, shift], [0, step, shift], [0, 0, 1]])
    return coarse[:2], (max(1, int(size[0] / step)), max(1, int(size[1] / step)))


def _refined(query: Grey, archived: Grey, matrix: Affine, place: Affine, raster: _Raster) -> Affine:
    """The map after ECC on what agrees already in the raster that it makes; the one given where that leads nowhere."""
    height, width = raster.valid.shape
    likeness, textured, _ = _likeness(raster)
    agreeing = raster.valid & _agreeing_frame(likeness, textured)[0]
    conflict = textured & (likeness < _CONFLICTS)
    # What was laid over would draw the map along, and its surroundings do; but a blurred picture, too, conflicts a
    # little everywhere, and needs all of it.
    masks = [agreeing & ~near(conflict, 2 * WINDOW)]
    if masks[0].mean() < _MOST_LEFT:
        masks.append(agreeing & ~conflict)
    tried = [matrix]
    for mask in masks:
        among = mask if mask.mean() > _LEAST_LEFT else raster.valid
        fitted = registered(raster.archived, raster.query, among)
        if fitted is not None:
            # It leads from a raster pixel to where the query was laid on the raster: undo it in between.
            there, undone = _square(place), np.linalg.inv(fitted)
            tried.append(np.asarray((there @ undone @ np.linalg.inv(there) @ _square(matrix))[:2]))
    if len(tried) < 3:
        return tried[-1]
    return max(tried, key=lambda each: _agreement(_raster(query, archived, each, place, (width, height))))


def _agreement(raster: _Raster) -> float:
    """Mean likeness of the textured places."""
    likeness, textured, _ = _likeness(raster)
    return float(np.clip(likeness, 0, 1)[textured].mean()) if textured.any() else 0.0


def _square(matrix: Affine) -> Affine:
    return np.vstack([matrix, [0, 0, 1]])


def _likeness(raster: _Raster) -> tuple[Plane, Mask, Mask]:
    """Local correlation; where at least one picture has texture, and where both have it."""
    one, other = blurred(raster.query, 1), blurred(raster.archived, 1)
    mean_one, mean_other = means(one), means(other)
    var_one = np.maximum(means(one * one) - mean_one**2, 0)
    var_other = np.maximum(means(other * other) - mean_other**2, 0)
    both = means(one * other) - mean_one * mean_other
    likeness = both / np.sqrt(np.maximum(var_one * var_other, 1e-3))
    rough_one = var_one > _roughness(one, raster.valid)
    rough_other = var_other > _roughness(other, raster.valid)
    return likeness, (rough_one | rough_other) & raster.valid, rough_one & rough_other & raster.valid


def _roughness(plane: Plane, valid: Mask) -> float:
    """Variance from which a window has texture: a tenth of the picture's own contrast, at least 2 grey levels."""
    contrast = float(plane[valid].std()) if valid.any() else 0.0
    return max(2.0, 0.1 * contrast) ** 2


def _compared(
    raster: _Raster, matrix: Affine, place: Affine, through: _Through | None = None, boxed: float = 0.0
) -> Comparison:
    """`through`: what made both pictures as coarse as one of them. `boxed`: share that was left out already."""
    likeness, either, both = _likeness(raster)
    frame, kept = _agreeing_frame(likeness, either)
    valid = raster.valid & frame
    either, both = either & frame, both & frame
    # Flat places count: they, too, have tones to be made equal.
    sure = valid & known(raster.query, raster.archived) & ~(either & (likeness < _HALF))
    if sure.sum() < FEW:
        sure = valid
    matched, slope = toned(raster.query, raster.archived, sure)
    one, other = equally_sharp(matched, raster.archived, sure & both)
    difference = blurred(excused(raster.query, raster.archived, one - other), 2)
    steep = np.maximum(gradient(blurred(one, 2)), gradient(blurred(other, 2)))
    floor = max(_FLOOR * max(1.0, slope), _STEPS * through.steps if through else 0.0)
    residual = (np.abs(difference) / (floor + steep)).astype(np.float32)
    if not boxed and (covered := box(residual, raster.valid, one, other)) is not None:
        rest = _Raster(raster.query, raster.archived, raster.valid & ~covered)
        return _compared(rest, matrix, place, through, share(covered, raster.valid))
    # Not beside what was laid over: its edges are another picture's.
    clear = sure & both & (likeness > _AGREES) & ~near(residual > DIFFERS, _BESIDE)
    correlation, foreign = fine(matched, raster.archived, clear)
    detail = finest(matched, raster.archived, clear)
    if through:
        # Grain has kept what saving takes from a picture without it.
        foreign = min(foreign, fine(through.matched, through.goal, clear)[1])
    expected = 1.0
    if through and correlation < _SURE and (again := through.again()) is not None:
        expected, _ = fine(through.made, again, clear)
    ground = residual[valid] if valid.any() else np.zeros(1, np.float32)
    rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) - 0.5
    there = corners @ place[:, :2].T + place[:, 2]
    differing = patches(residual, valid, one, other)
    agreement = Agreement(
        kept=kept,
        compared=int(valid.sum()),
        textured=share(both, valid),
        plain=share(plain(raster.query) & plain(raster.archived), valid),
        agreement=share(likeness > _AGREES, either),
        conflict=share(likeness < _CONFLICTS, both),
        moved=_moved(matched, raster.archived, valid, likeness, both),
        fine=correlation,
        expected=expected,
        foreign=foreign,
        detail=detail,
        residual=float(np.percentile(ground, 99.9)),
        patched=differing.patched,
        sharper=differing.sharper,
        softer=differing.softer,
        coarse=differing.coarse,
        drawn=drawn(residual, valid, raster.query, raster.archived),
        boxed=boxed,
        misfit=through.misfit(valid & ~near(residual > DIFFERS, _BESIDE)) if through else 1.0,
    )
    return Comparison(matrix, np.stack([there.min(axis=0), there.max(axis=0)]), agreement)


def _agreeing_frame(likeness: Plane, either: Mask) -> tuple[Mask, float]:
    """The upright rectangle that holds most of what agrees and least of what does not, and the texture's share in it.

    The whole, where that rectangle would hold less than _KEPT of the texture, or where what lies beyond hardly
    conflicts: then it is not the border that differs.
    """
    whole = np.ones(either.shape, bool)
    score = np.where(likeness > _AGREES, 1.0, np.where(likeness < _CONFLICTS, -2.0, 0.0)) * either
    height, width = either.shape
    rows, columns = np.linspace(0, height, _GRID + 1).astype(int), np.linspace(0, width, _GRID + 1).astype(int)
    sums = np.zeros((height + 1, width + 1))
    sums[1:, 1:] = score.cumsum(axis=0).cumsum(axis=1)
    sums = sums[np.ix_(rows, columns)]
    # gain[i, j, k, l]: the score between rows i and j, columns k and l.
    bands = sums[None, :, :] - sums[:, None, :]
    gain = bands[:, :, None, :] - bands[:, :, :, None]
    nowhere = np.tril(np.ones((_GRID + 1, _GRID + 1), bool))
    gain[nowhere] = -1
    gain[:, :, nowhere] = -1
    top, bottom, left, right = np.unravel_index(int(gain.argmax()), gain.shape)
    if gain[top, bottom, left, right] <= 0:
        return whole, 1.0
    frame = np.zeros(either.shape, bool)
    frame[rows[top] : rows[bottom], columns[left] : columns[right]] = True
    kept = share(frame, either)
    beyond = share(likeness < _CONFLICTS, either & ~frame)
    return (frame, kept) if kept >= _KEPT and beyond > _BEYOND else (whole, 1.0)


def _moved(one: Plane, other: Plane, valid: Mask, likeness: Plane, both: Mask) -> float:
    """Share of the textured places that agree better when one follows the optical flow for more than _STEP pixels."""
    tracker = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    first, second = (np.clip(each, 0, 255).astype(np.uint8) for each in (one, other))
    flow = np.asarray(tracker.calc(second, first, None), np.float32)  # type: ignore[call-overload]
    height, width = one.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    followed = cv2.remap(one, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    after, _, _ = _likeness(_Raster(np.asarray(followed, np.float32), other, valid))
    far = np.asarray(cv2.magnitude(flow[..., 0], flow[..., 1])) > _STEP
    return share(far & (after > likeness + _BETTER), both & (after > _FOLLOWED))
