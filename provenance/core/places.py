"""Distances on the Earth, and the boxes in which whatever is near a place must lie."""

from dataclasses import dataclass
from math import asin, cos, degrees, hypot, isfinite, pi, radians, sin

EARTH_KM = 6371.0088
"""Mean radius: a sphere of it is wrong by half a percent at most."""
_SLACK = 1e-6
"""Degrees added to a box, so that rounding leaves nothing out."""


@dataclass(frozen=True, slots=True)
class Box:
    """Between two parallels and two meridians, in degrees; `west` is never above `east`."""

    south: float
    north: float
    west: float = -180.0
    east: float = 180.0


def is_place(latitude: float, longitude: float) -> bool:
    """Whether these are degrees of a place on the Earth."""
    return isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great circle's length between two places, each (latitude, longitude) in degrees."""
    south, north = radians(one[0]), radians(other[0])
    across = sin(radians(other[1] - one[1]) / 2) * (cos(south) * cos(north)) ** 0.5
    # The haversine formula: exact for near places, where others lose all their digits.
    return 2 * EARTH_KM * asin(min(1.0, hypot(sin((north - south) / 2), across)))


def metres(latitude: float, north: float, east: float) -> float:
    """Return how many metres so many degrees are there on the ground, to the north or to the east: the longer way."""
    return 1000 * radians(max(north, east * cos(radians(latitude)))) * EARTH_KM


def boxes(latitude: float, longitude: float, km: float) -> list[Box]:
    """Return one or two boxes that hold everything within `km` of the place: two where the date line divides it."""
    angle = km / EARTH_KM
    south, north = latitude - degrees(angle) - _SLACK, latitude + degrees(angle) + _SLACK
    if south <= -90 or north >= 90 or angle >= pi / 2:
        # A pole lies inside: every meridian does.
        return [Box(max(-90.0, south), min(90.0, north))]
    ratio = sin(angle) / cos(radians(latitude))
    if ratio >= 1:
        return [Box(south, north)]
    wide = degrees(asin(ratio)) + _SLACK
    west, east = longitude - wide, longitude + wide
    if west < -180:
        return [Box(south, north, west + 360, 180.0), Box(south, north, -180.0, east)]
    if east > 180:
        return [Box(south, north, west, 180.0), Box(south, north, -180.0, east - 360)]
    return [Box(south, north, west, east)]
