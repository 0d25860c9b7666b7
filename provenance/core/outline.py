"""Which part of each of two aligned images lies in the other: convex outlines inside the unit square.

Points are shares of an image's width and height, from its upper left corner. Outlines run clockwise as the first image
shows them, and the two of a pair correspond point by point, so that a mirrored or turned copy shows as one.
"""

from dataclasses import dataclass
from math import isfinite

Point = tuple[float, float]
Matrix = tuple[float, ...]
"""Six numbers: x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5. Nine where the one was photographed at an angle: both are
then divided by m6 x + m7 y + m8."""

SQUARE: tuple[Point, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_LEAST = 1e-6
"""Share of an image's area below which nothing is left to be drawn."""
_SAME = 1e-9
"""Distance below which two corners are one."""


@dataclass(frozen=True, slots=True)
class Outlines:
    """What the two images share, as it lies in the one and, corner by corner, in the other.

    The first corner is the upper left one as the first image shows it; `right` is the number of the upper right one.
    """

    one: tuple[Point, ...]
    other: tuple[Point, ...]
    right: int


def outlines(matrix: Matrix) -> Outlines | None:
    """Return what two images share, given where a point of the one lies in the other; None for nothing."""
    back = inverse(matrix)
    if back is None:
        return None
    shared = clipped(mapped(back, SQUARE))
    if area(shared) < 0:
        shared = shared[::-1]
    other = clamped(mapped(matrix, shared))
    if len(shared) < 3 or min(area(shared), abs(area(other))) < _LEAST:
        return None
    first = min(range(len(shared)), key=lambda i: (round(sum(shared[i]), 6), i))
    shared, other = shared[first:] + shared[:first], other[first:] + other[:first]
    right = max(range(1, len(shared)), key=lambda i: (round(shared[i][0] - shared[i][1], 6), -i))
    return Outlines(shared, other, right)


def mapped(matrix: Matrix, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return where the points lie in the other image."""
    (a, b, c), (d, e, f), (g, h, i) = _rows(matrix)
    far = [g * x + h * y + i for x, y in points]
    return tuple(((a * x + b * y + c) / w, (d * x + e * y + f) / w) for (x, y), w in zip(points, far, strict=True))


def inverse(matrix: Matrix) -> Matrix | None:
    """Return the way back, or None where there is none."""
    (a, b, c), (d, e, f), (g, h, i) = _rows(matrix)
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    size = a * rows[0][0] + b * rows[1][0] + c * rows[2][0]
    if not size or not all(map(isfinite, matrix)):
        return None
    back = tuple(each / size for row in rows for each in row)[: len(matrix)]
    return back if all(map(isfinite, back)) else None


def _rows(matrix: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    return matrix[:3], matrix[3:6], matrix[6:] or (0.0, 0.0, 1.0)


def clipped(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return the part of a convex polygon that lies in the unit square; fewer than three points are nothing."""
    for axis, least, sign in ((0, 0.0, 1.0), (0, -1.0, -1.0), (1, 0.0, 1.0), (1, -1.0, -1.0)):
        polygon = _cut(polygon, axis, least, sign)
    return _distinct(clamped(polygon))


def clamped(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return the points moved into the unit square: rounding may have left them a hair outside."""
    return tuple((min(1.0, max(0.0, x)), min(1.0, max(0.0, y))) for x, y in points)


def area(polygon: tuple[Point, ...]) -> float:
    """Return the polygon's area; negative where it runs anticlockwise, y pointing down."""
    following = polygon[1:] + polygon[:1]
    return sum(x * v - u * y for (x, y), (u, v) in zip(polygon, following, strict=True)) / 2


def _cut(polygon: tuple[Point, ...], axis: int, least: float, sign: float) -> tuple[Point, ...]:
    """Keep what lies on one side of a line: `sign` times the coordinate is not below `least`."""
    kept: list[Point] = []
    for here, there in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        inside, next_inside = (sign * point[axis] - least for point in (here, there))
        if inside >= 0:
            kept.append(here)
        if inside * next_inside < 0:
            share = inside / (inside - next_inside)
            kept.append((here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])))
    return tuple(kept)


def _distinct(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(
        here
        for here, before in zip(polygon, polygon[-1:] + polygon[:-1], strict=True)
        if max(abs(here[0] - before[0]), abs(here[1] - before[1])) > _SAME
    )
