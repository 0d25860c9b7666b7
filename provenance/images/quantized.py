"""Whether one picture can be what a JPEG was saved from: each coefficient within half a step of its tables.

Saving rounds the 64 coefficients of each block of 8 x 8 pixels to multiples of the tables' steps. However coarse the
steps, each number that is stored says between which limits the picture had been, and thousands of numbers together
tell the next frame of a still film from the picture itself. (Known as the quantisation constraint set: Rosenholtz and
Zakhor, "Iterative procedures for reduction of blocking effects in transform image coding", 1992.)
"""

import numpy as np
from numpy.typing import NDArray

from provenance.images.resaving import Saved
from provenance.images.tones import BOTTOM, TOP, Mask, Plane

_SIDE = 8
_ROUNDED = 3.0
"""Units of a coefficient by which rounding to whole grey levels may move it, in both pictures."""
_FEW = 500
"""Coefficients below which nothing is said."""


def misfit(goal: Plane, saved: Saved, other: Plane, other_saved: Saved | None, among: Mask) -> float:
    """Return the share of what is stored of the goal, as `saved`, that cannot have come from the other picture.

    Of its coefficients that are not zero, 0 to 1; the other picture's own steps are allowed for. Both lie on the
    goal's pixels, which must be those of the file. 1 where too little is left to say so.
    """
    if goal.shape != (saved.height, saved.width):
        return 1.0
    if saved.flipped:
        goal, other, among = goal[:, ::-1], other[:, ::-1], among[:, ::-1]
    clipped = (np.minimum(goal, other) < BOTTOM) | (np.maximum(goal, other) > TOP)
    usable = _blocks((among & ~clipped).astype(np.float32)).all(axis=(1, 2))
    steps, others = _table(saved), _table(other_saved)
    shown = _coefficients(_blocks(goal)[usable])
    stored = np.rint(shown / steps) * steps
    # Colours that were clipped, or a picture that was changed after decoding, are no multiples of the steps.
    kept = np.abs(shown - stored).max(axis=(1, 2), initial=0) <= _ROUNDED
    stored, given = stored[kept], _coefficients(_blocks(other)[usable][kept])
    beyond = np.abs(stored - given) > (steps + others) / 2 + _ROUNDED
    told = int(((stored != 0) | beyond).sum())
    return int(beyond.sum()) / told if told >= _FEW else 1.0


def _table(saved: Saved | None) -> NDArray[np.float32]:
    steps = saved.table if saved else (0,) * _SIDE**2
    return np.array(steps, np.float32).reshape(_SIDE, _SIDE)


def _blocks(plane: Plane) -> Plane:
    """The whole blocks, n x 8 x 8."""
    down, across = (side // _SIDE for side in plane.shape)
    cut = plane[: down * _SIDE, : across * _SIDE].reshape(down, _SIDE, across, _SIDE)
    return np.asarray(cut.swapaxes(1, 2).reshape(-1, _SIDE, _SIDE))


def _cosines() -> NDArray[np.float32]:
    """The discrete cosine transform as a matrix: a row for each frequency."""
    frequency, place = np.mgrid[:_SIDE, :_SIDE]
    rows = np.cos((2 * place + 1) * frequency * np.pi / (2 * _SIDE)) * np.sqrt(2 / _SIDE)
    rows[0] /= np.sqrt(2)
    return np.asarray(rows, np.float32)


_COSINES = _cosines()


def _coefficients(blocks: Plane) -> Plane:
    return np.asarray(_COSINES @ (blocks - 128) @ _COSINES.T, np.float32)
