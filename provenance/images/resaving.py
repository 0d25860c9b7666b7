"""How a picture would look, had it been saved the way another one was.

Strong compression replaces a picture's fine detail by that of its tables, so that a copy and its original hardly agree
there. Sent through the same tables on the same grid of blocks, the original agrees with its copy again, and another
exposure does not.
"""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_OFF = 4
"""Pixels by which the grid of blocks is moved: half a block."""

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Saved:
    """How a JPEG was saved: its size in pixels, and the 64 steps of its grey levels in Pillow's order."""

    width: int
    height: int
    table: tuple[int, ...]
    flipped: bool = False
    """Left and right were exchanged after decoding."""


def step(saved: Saved | None) -> float:
    """How coarse the tables are: the mean of the finer third of the steps; 0 where nothing is known."""
    return float(np.mean(sorted(saved.table)[:20])) if saved else 0.0


def saved_again(plane: Plane, saved: Saved) -> Plane:
    """The picture with as much of the noise of its compression once more, but not the same: on another grid."""
    return np.roll(resaved(np.roll(plane, (_OFF, _OFF), (0, 1)), saved), (-_OFF, -_OFF), (0, 1))


def resaved(plane: Plane, saved: Saved) -> Plane:
    """The picture as it comes back out of a JPEG with these tables, of the size that the other file has."""
    height, width = plane.shape
    upright = plane[:, ::-1] if saved.flipped else plane
    if (width, height) != (saved.width, saved.height):
        upright = np.asarray(cv2.resize(upright, (saved.width, saved.height), interpolation=cv2.INTER_CUBIC))
    stream = io.BytesIO()
    Image.fromarray(np.rint(np.clip(upright, 0, 255)).astype(np.uint8)).save(
        stream, "JPEG", qtables=[list(saved.table)]
    )
    with Image.open(stream, formats=["JPEG"]) as image:
        made = np.asarray(image, np.float32)
    if made.shape != plane.shape:
        made = np.asarray(cv2.resize(made, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    return made[:, ::-1] if saved.flipped else made
