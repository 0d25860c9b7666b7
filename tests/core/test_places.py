"""Distances on the Earth, checked by vectors, and boxes that leave out nothing that is near."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.core.places import EARTH_KM, Box, boxes, distance_km, is_place, metres

LATITUDES = st.floats(-90, 90) | st.sampled_from([-90.0, 0.0, 89.999, 90.0])
LONGITUDES = st.floats(-180, 180) | st.sampled_from([-180.0, 0.0, 179.999, 180.0])
PLACES = st.tuples(LATITUDES, LONGITUDES)


def inside(place: tuple[float, float], box: Box) -> bool:
    return box.south <= place[0] <= box.north and box.west <= place[1] <= box.east


def by_vectors(one: tuple[float, float], other: tuple[float, float]) -> float:
    def vector(place: tuple[float, float]) -> tuple[float, float, float]:
        north, east = math.radians(place[0]), math.radians(place[1])
        return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)

    # Half the chord is the sine of half the angle.
    return 2 * EARTH_KM * math.asin(min(1.0, math.dist(vector(one), vector(other)) / 2))


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((50.4501, 30.5234), (49.8397, 24.0297), 468.0),
        ((0.0, 179.5), (0.0, -179.5), 111.2),
        ((90.0, 12.0), (90.0, -100.0), 0.0),
        ((90.0, 0.0), (-90.0, 0.0), 20015.1),
        ((48.8584, 2.2945), (48.8584, 2.2945), 0.0),
    ],
)
def test_known_distances(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert distance_km(one, other) == pytest.approx(km, abs=1.0)


@pytest.mark.parametrize(
    ("latitude", "north", "east", "long"), [(0, 1, 0, 111_195), (0, 0, 1, 111_195), (60, 0, 1, 55_597), (90, 0, 1, 0)]
)
def test_degrees_on_the_ground(latitude: float, north: float, east: float, long: float) -> None:
    assert metres(latitude, north, east) == pytest.approx(long, abs=1)
    assert metres(-latitude, north, east) == metres(latitude, north, east)


@settings(deadline=None)
@given(PLACES, PLACES)
def test_distances_are_those_between_vectors(one: tuple[float, float], other: tuple[float, float]) -> None:
    assert distance_km(one, other) == pytest.approx(by_vectors(one, other), abs=0.5)
    assert distance_km(one, other) == pytest.approx(distance_km(other, one), abs=1e-6)


@settings(deadline=None, max_examples=500)
@given(PLACES, st.floats(0, 360), st.floats(0, 1), st.floats(0.001, 20_100))
def test_what_is_near_lies_in_a_box(place: tuple[float, float], bearing: float, share: float, km: float) -> None:
    """Go a share of the way in any direction: where one comes to must be in a box."""
    angle, north, turn = share * km / EARTH_KM, math.radians(place[0]), math.radians(bearing)
    sine = math.sin(north) * math.cos(angle) + math.cos(north) * math.sin(angle) * math.cos(turn)
    latitude = math.asin(max(-1.0, min(1.0, sine)))
    east = math.atan2(
        math.sin(turn) * math.sin(angle) * math.cos(north), math.cos(angle) - math.sin(north) * math.sin(latitude)
    )
    there = math.degrees(latitude), (place[1] + math.degrees(east) + 540) % 360 - 180
    if distance_km(place, there) <= km:
        assert any(inside(there, box) for box in boxes(*place, km))


def test_boxes_keep_out_what_is_far() -> None:
    (box,) = boxes(50.0, 30.0, 10)
    assert not inside((50.2, 30.0), box)
    assert not inside((50.0, 30.3), box)
    assert len(boxes(0.0, 179.99, 10)) == len(boxes(0.0, -179.99, 10)) == 2


@pytest.mark.parametrize("place", [(91.0, 0.0), (0.0, -180.1), (math.nan, 0.0), (0.0, math.inf)])
def test_no_places(place: tuple[float, float]) -> None:
    assert not is_place(*place)
    assert is_place(-90.0, 180.0)
