"""What two images share: outlines that correspond, inside both, whatever the map."""

from math import cos, inf, nan, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core.outline import (
    SQUARE,
    Matrix,
    Point,
    area,
    clipped,
    inverse,
    mapped,
    outlines,
)

SAME: Matrix = (1, 0, 0, 0, 1, 0)
NUMBERS = st.floats(-3, 3)
MATRICES = st.tuples(*[NUMBERS] * 6)


def near(points: tuple[Point, ...], *expected: Point) -> bool:
    return len(points) == len(expected) and all(
        one == pytest.approx(other, abs=1e-9) for one, other in zip(points, expected, strict=True)
    )


@pytest.mark.parametrize(
    ("matrix", "one", "other"),
    [
        (SAME, SQUARE, SQUARE),
        # A crop: all of it lies in the middle of the other.
        ((0.5, 0, 0.25, 0, 0.5, 0.25), SQUARE, ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))),
        # A screenshot: the other lies in the middle of it.
        ((2, 0, -0.5, 0, 2, -0.5), ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)), SQUARE),
        # A crop that goes beyond the left edge.
        ((0.5, 0, -0.25, 0, 1, 0), ((0.5, 0), (1, 0), (1, 1), (0.5, 1)), ((0, 0), (0.25, 0), (0.25, 1), (0, 1))),
        # Mirrored: its upper left corner is the other's upper right one.
        ((-1, 0, 1, 0, 1, 0), SQUARE, ((1, 0), (0, 0), (0, 1), (1, 1))),
        # Turned by a quarter, by a half.
        ((0, 1, 0, -1, 0, 1), SQUARE, ((0, 1), (0, 0), (1, 0), (1, 1))),
        ((-1, 0, 1, 0, -1, 1), SQUARE, ((1, 1), (0, 1), (0, 0), (1, 0))),
    ],
    ids=["same", "crop", "screenshot", "beyond the edge", "mirrored", "quarter turn", "half turn"],
)
def test_the_corners_of_both_in_the_same_order(
    matrix: Matrix, one: tuple[Point, ...], other: tuple[Point, ...]
) -> None:
    found = outlines(matrix)
    assert found is not None
    assert near(found.one, *one)
    assert near(found.other, *other)
    assert found.right == 1


@pytest.mark.parametrize(
    "matrix",
    [
        (1, 0, 5, 0, 1, 0),
        (1, 0, 1, 0, 1, 0),
        (0, 0, 0.5, 0, 0, 0.5),
        (1, 2, 0, 2, 4, 0),
        (nan, 0, 0, 0, 1, 0),
        (1, 0, inf, 0, 1, 0),
        (1e-200, 0, 0, 0, 1e-200, 0),
        (1e300, 0, 0, 0, 1e300, 0),
    ],
    ids=["beside", "touching", "a point", "a line", "no number", "endless", "too small", "too large"],
)
def test_nothing_is_shared(matrix: Matrix) -> None:
    assert outlines(matrix) is None


def test_a_slanted_copy_has_more_corners() -> None:
    turn = pi / 4
    (a, b), (d, e) = (cos(turn), -sin(turn)), (sin(turn), cos(turn))
    found = outlines((a, b, 0.5 - (a + b) / 2, d, e, 0.5 - (d + e) / 2))
    assert found is not None
    assert len(found.one) == len(found.other) == 8
    assert area(found.one) == pytest.approx(2 * (2**0.5 - 1))
    assert found.right in range(1, 8)


@given(MATRICES)
def test_outlines_lie_in_both_images_and_correspond(matrix: Matrix) -> None:
    found = outlines(matrix)
    if found is None:
        return
    assert len(found.one) == len(found.other) >= 3
    assert all(0 <= share <= 1 for point in found.one + found.other for share in point)
    assert area(found.one) > 0
    assert (area(found.other) > 0) is (matrix[0] * matrix[4] - matrix[1] * matrix[3] > 0)
    for point, told in zip(mapped(matrix, found.one), found.other, strict=True):
        assert point == pytest.approx(told, abs=1e-4)
    assert 0 < found.right < len(found.one)


@given(MATRICES)
def test_the_way_back_leads_back(matrix: Matrix) -> None:
    size = matrix[0] * matrix[4] - matrix[1] * matrix[3]
    back = inverse(matrix)
    if abs(size) < 1e-3:
        return
    assert back is not None
    assert mapped(back, mapped(matrix, SQUARE)) == tuple(pytest.approx(point, abs=1e-6) for point in SQUARE)


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        (SQUARE, SQUARE),
        (((-1, -1), (2, -1), (2, 2), (-1, 2)), SQUARE),
        (((2, 2), (3, 2), (3, 3)), ()),
        ((), ()),
        (((0.5, -0.5), (1.5, 0.5), (0.5, 0.5)), ((0.5, 0), (1, 0), (1, 0.5), (0.5, 0.5))),
    ],
)
def test_clipped_to_the_square(polygon: tuple[Point, ...], expected: tuple[Point, ...]) -> None:
    found = clipped(polygon)
    assert {(round(x, 9), round(y, 9)) for x, y in found} == set(expected)


def test_a_picture_photographed_at_an_angle() -> None:
    tilted: Matrix = (1.1, 0.1, -0.1, 0.05, 1.2, -0.1, 0.2, -0.1, 1.0)
    back = inverse(tilted)
    assert back is not None
    assert near(mapped(tilted, mapped(back, SQUARE)), *SQUARE)
    shared = outlines(tilted)
    assert shared is not None
    assert near(mapped(tilted, shared.one), *shared.other)
    # Each corner of what they share is a corner or lies on an edge of one of them.
    for one, other in zip(shared.one, shared.other, strict=True):
        assert {round(each, 9) for each in (*one, *other)} & {0.0, 1.0}


def test_the_same_as_nine_numbers() -> None:
    crop: Matrix = (0.5, 0, 0.25, 0, 0.5, 0.25)
    assert outlines((*crop, 0, 0, 1)) == outlines(crop)
