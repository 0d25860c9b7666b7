"""Tones and sharpness of two pictures on one raster made equal, so that only what is shown can differ."""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

FEW = 200
"""Pixels below which nothing is fitted."""
TOP, BOTTOM = 252.0, 3.0
"""Grey levels beyond which a pixel counts as clipped."""
WINDOW = 11
"""Pixels each way of the windows in which places are compared."""
_STIFF = np.array([0, 0, 0.1, 0.1, *[1] * 10])
"""How reluctantly each term of the tones is used: see `_basis`."""


def blurred(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def means(plane: Plane) -> Plane:
    """Of the window about each pixel."""
    return np.asarray(cv2.blur(plane, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT), np.float32)


def known(query: Plane, archived: Plane) -> Mask:
    """Where the true tones of both are known: where neither is clipped, or both are white, or both black."""
    return ~(_clipped(query) | _clipped(archived)) | _ends(query, archived)


def _clipped(plane: Plane) -> Mask:
    """Where a pixel near by is at the end of the scale: its true tone is not known."""
    return near((plane < BOTTOM) | (plane > TOP), 7)


def near(mask: Mask, reach: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0)


def toned(query: Plane, archived: Plane, among: Mask) -> tuple[Plane, float]:
    """The query in the archived picture's tones, and how steep that makes it.

    A robust cubic of the tone with a gain and an offset that change slowly over the picture (vignettes, filters).
    """
    height, width = query.shape
    y, x = np.nonzero(among)
    if len(x) < 100:
        return query, 1.0
    chosen = slice(None, None, max(1, len(x) // 10000))
    y, x = y[chosen], x[chosen]
    tones, target = query[y, x].astype(np.float64), archived[y, x].astype(np.float64)
    middle, reach = float(tones.mean()), max(8.0, float(2 * tones.std()))
    u, v, w = (tones - middle) / reach, 2 * x / width - 1, 2 * y / height - 1
    basis = _basis(u, v, w)
    kept = np.ones(len(u), bool)
    for _ in range(4):
        ridge = basis[kept].T @ basis[kept] + 1e-3 * len(u) * np.eye(basis.shape[1]) * _STIFF
        # Where all of it is one tone, many curves fit: the least one will do.
        fit = np.linalg.lstsq(ridge, basis[kept].T @ target[kept])[0]
        off = np.abs(basis @ fit - target)
        kept = off <= max(4.0, 3 * float(np.median(off)))
    low, high = np.percentile(u, (0.1, 99.9))
    u = np.clip((query - np.float32(middle)) / np.float32(reach), low - 0.3, high + 0.3).astype(np.float32)
    w, v = (np.linspace(-1, 1, side, dtype=np.float32) for side in query.shape)
    v, w = v[None, :], w[:, None]
    # The sum of `_basis`, plane by plane: built as a table it would be fourteen pictures large.
    tone = np.polyval(fit[3::-1].astype(np.float32), u)
    offset, gain = (
        each[0] * v + each[1] * w + each[2] * v * v + each[3] * v * w + each[4] * w * w
        for each in (fit[4:9].astype(np.float32), fit[9:14].astype(np.float32))
    )
    return (tone + offset + gain * u).astype(np.float32), float(abs(fit[1]) / reach)


def _basis(u: NDArray[np.float64], v: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Terms of the tone `u` and the place `v`, `w` (across, down), one row for each pixel."""
    place = (v, w, v * v, v * w, w * w)
    return np.stack([np.ones_like(u), u, u * u, u**3, *place, *(each * u for each in place)], axis=1)


def excused(query: Plane, archived: Plane, difference: Plane) -> Plane:
    """Toned query minus archived, without what clipping explains: a clipped place may have been beyond the end."""
    above = near((query > TOP) | (archived < BOTTOM), 9)
    below = near((query < BOTTOM) | (archived > TOP), 9)
    left = np.where(above & ~below, np.maximum(difference, 0), difference)
    left = np.where(below & ~above, np.minimum(left, 0), left)
    return np.where(_at_one_end(query, archived), 0, left).astype(np.float32)


def _at_one_end(query: Plane, archived: Plane) -> Mask:
    """Where both pictures are white, or both black: as equal as can be told."""
    white = (query > TOP) & (archived > TOP)
    return white | ((query < BOTTOM) & (archived < BOTTOM))


def _ends(query: Plane, archived: Plane) -> Mask:
    """Where both are at one end, if hardly more is clipped in one than in the other: there the tones meet."""
    together = np.zeros(query.shape, bool)
    for one, other in (
        (query > TOP, archived > TOP),
        (query < BOTTOM, archived < BOTTOM),
    ):
        if (one & other).sum() > 0.6 * (one | other).sum():
            together |= one & other
    return together


def fine(one: Plane, other: Plane, among: Mask) -> tuple[float, float]:
    """Correlation of the fine detail, and the share of the poorer picture's detail that the other one lacks.

    What a copy has lost it does not replace: its detail is part of the original's, and the second number is about 0.
    Two exposures have each a noise of its own.
    """
    if among.sum() < FEW:
        return 1.0, 0.0
    a, b = ((blurred(each, 0.7) - blurred(each, 2.0))[among].astype(np.float64) for each in (one, other))
    both, first, second = float((a * b).mean()), float((a * a).mean()) + 1e-6, float((b * b).mean()) + 1e-6
    return both / (first * second) ** 0.5, 1 - both / min(first, second)


def finest(one: Plane, other: Plane, among: Mask) -> float:
    """The finest detail of the picture that has less of it, by that of the other: 0 to 1."""
    if among.sum() < FEW:
        return 1.0
    first, second = (float(((each - blurred(each, 0.8))[among] ** 2).mean()) + 1e-6 for each in (one, other))
    return min(first, second) / max(first, second)


def gradient(plane: Plane) -> Plane:
    x = cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.125)
    y = cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(cv2.magnitude(x, y), np.float32)


def equally_sharp(one: Plane, other: Plane, among: Mask) -> tuple[Plane, Plane]:
    """Blur the sharper one until both have the same gradients where they agree."""
    if among.sum() < 200:
        return one, other

    def edges(plane: Plane) -> float:
        return float((gradient(plane)[among] ** 2).mean())

    sharper, blunter = (one, other) if edges(one) > edges(other) else (other, one)
    best, least = sharper, np.inf
    goal = blurred(blunter, 1)[among]
    for sigma in (0.01, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 1.8, 2.2, 2.7, 3.3, 4.0):
        trial = blurred(sharper, sigma)
        miss = float(np.abs(blurred(trial, 1)[among] - goal).mean())
        if miss >= least:
            break
        best, least = trial, miss
    return (best, other) if sharper is one else (one, best)


def share(condition: Mask, among: Mask) -> float:
    total = int(among.sum())
    return float((condition & among).sum() / total) if total else 0.0
