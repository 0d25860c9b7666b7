"""Places in which two aligned pictures differ: patches, what was drawn, and a picture laid over the other."""

from dataclasses import dataclass

import cv2
import numpy as np

from provenance.images.tones import Mask, Plane, blurred, gradient, near, share

DIFFERS = 3.0
"""Residual from which a place differs."""
_SPECK = 25
_MOST = 30
"""A patch has this many pixels at least; so many are looked at."""
_PLAIN = 1.5
"""Grey levels by which a plain place varies within 5 x 5 pixels."""
_COARSE = 8.0
_SIDED = 0.1
_EDGE = 3
"""Pixels beside the outline of a box in which its edge lies."""

_CLOSED = 15
"""Pixels that may agree by chance inside a picture that was laid over."""
_BOX_SIDE, _BOX_SHARE, _BOX_FILLED = 0.15, 0.2, 0.75
"""A box laid over is that long along either side, covers no more than that, and differs nearly all over."""
_LINE, _ALONG = 0.3, 0.5
"""Each of its sides is a straight line that one picture alone has: by how much its contrast there exceeds the other's
(0 to 1), and along what share of its length. Things that came into a scene are round somewhere."""


def box(residual: Plane, valid: Mask, one: Plane, other: Plane) -> Mask | None:
    """The upright rectangle that differs nearly all over, as another picture laid over a corner does; or None.

    All its edges belong to one of the pictures: of a thing that moved, each picture has some.
    """
    differing = ((residual > DIFFERS) & valid).astype(np.uint8)
    closed = cv2.morphologyEx(differing, cv2.MORPH_CLOSE, np.ones((_CLOSED, _CLOSED), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    if count < 2:
        return None
    x, y, width, height, area = (int(each) for each in stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())])
    small = min(width / residual.shape[1], height / residual.shape[0]) < _BOX_SIDE
    if small or width * height > _BOX_SHARE * residual.size or area < _BOX_FILLED * width * height:
        return None
    edges = _edges(one, other, (x, y, width, height))
    if len(edges) < 2 or not (all(map(_is_side, edges)) or all(_is_side(edge[::-1]) for edge in edges)):
        return None
    covered = np.zeros(residual.shape, bool)
    covered[max(0, y - _EDGE) : y + height + _EDGE, max(0, x - _EDGE) : x + width + _EDGE] = True
    return covered


Edge = tuple[Plane, Plane]
"""How steep each of two pictures is across a side of a box: along it, by the places beside it (n x 2 * _EDGE)."""


def _edges(one: Plane, other: Plane, box: tuple[int, int, int, int]) -> list[Edge]:
    """The sides that lie within the pictures."""
    x, y, width, height = box
    edges = []
    lying = slice(y, y + height), slice(x, x + width)
    for turned, start, length, along in ((False, x, width, lying[0]), (True, y, height, lying[1])):
        steep = [_across(each.T if turned else each) for each in (one, other)]
        for here in (start, start + length):
            if 2 * _EDGE <= here <= steep[0].shape[1] - 2 * _EDGE:
                band = np.s_[along, here - _EDGE : here + _EDGE]
                edges.append((steep[0][band], steep[1][band]))
    return edges


def _across(plane: Plane) -> Plane:
    return np.abs(np.asarray(cv2.Sobel(blurred(plane, 1), cv2.CV_32F, 1, 0, scale=0.125), np.float32))


def _is_side(edge: Edge) -> bool:
    """Whether a straight line runs all along in the first picture, and none in the second."""
    ours, theirs = edge
    line = int(ours.mean(axis=0).argmax())
    strong, weak = float(ours[:, line].mean()), float(theirs.mean(axis=0).max())
    along = float((ours[:, line] > theirs.max(axis=1) + 1).mean())
    return strong - weak > _LINE * (strong + weak) and along > _ALONG


def drawn(residual: Plane, valid: Mask, query: Plane, archived: Plane) -> float:
    """See core.alignment.Agreement."""
    differing = (residual > DIFFERS) & valid
    if differing.sum() < _SPECK:
        return 0.0
    ours, theirs = plain(query), plain(archived)
    return abs(share(ours & ~theirs, differing) - share(theirs & ~ours, differing))


def plain(plane: Plane) -> Mask:
    mean = cv2.blur(plane, (5, 5))
    return np.asarray(cv2.blur(plane * plane, (5, 5)) - mean * mean < _PLAIN**2)


@dataclass(frozen=True, slots=True)
class Patches:
    """See core.alignment.Alignment."""

    patched: float = 0.0
    sharper: float = 0.0
    softer: float = 0.0
    coarse: float = 0.0


def patches(residual: Plane, valid: Mask, one: Plane, other: Plane) -> Patches:
    """Describe the connected places that differ, by their outlines in the query and in the archived picture."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        ((residual > DIFFERS) & valid).astype(np.uint8), connectivity=8
    )
    areas = stats[:, cv2.CC_STAT_AREA]
    largest = sorted((i for i in range(1, count) if areas[i] >= _SPECK), key=lambda i: -int(areas[i]))[:_MOST]
    if not largest:
        return Patches()
    edges_one, edges_other = gradient(blurred(one, 1)), gradient(blurred(other, 1))
    local, low = np.abs(blurred(one - other, 1)), np.abs(blurred(one - other, _COARSE))
    total = sharper = softer = left = differing = 0.0
    for index in largest:
        x, y, width, height = (int(value) for value in stats[index, :4])
        window = np.s_[max(0, y - 6) : y + height + 6, max(0, x - 6) : x + width + 6]
        inside = labels[window] == index
        outline = near(inside, 7) & near(~inside, 5) & valid[window]
        ours, theirs = float(edges_one[window][outline].sum()), float(edges_other[window][outline].sum())
        side = (ours - theirs) / max(1e-3, ours + theirs)
        area = float(areas[index])
        total += area
        sharper += area * (side > _SIDED)
        softer += area * (side < -_SIDED)
        left += float(low[window][inside].sum())
        differing += float(local[window][inside].sum())
    return Patches(total / max(1, int(valid.sum())), sharper / total, softer / total, left / max(1e-3, differing))
