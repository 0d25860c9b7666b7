"""The squares that the copy-detection network looks at: a picture whole, and its parts; a task for the sandbox.

A part of a suspect image can be the whole of an archived one: a screenshot, a collage, a framed or captioned
picture. So a query is looked at by its parts too. `parts` says which; `inner` finds the picture inside frames,
bars and captions of a plain colour. Runs in the workers, so it imports no numpy.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import add
from pathlib import Path
from typing import NamedTuple, cast

from PIL import Image, ImageChops

from provenance.images.decode import open_image, upright_rgb


class Region(NamedTuple):
    """A rectangle as shares of the picture's width and height, from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


WHOLE = Region(0, 0, 1, 1)


class Wanted(Enum):
    """Which squares to cut."""

    WHOLE = "whole"
    INNER = "inner"
    """The whole, and the inner picture where there is one."""
    PARTS = "parts"
    """The whole, the inner picture, and all fixed parts."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of RGB bytes, row by row, and which part of the picture it shows."""

    name: str
    region: Region
    pixels: bytes


# So many times the square's side is decoded at least, so that no part has to be enlarged.
_DECODED = {Wanted.WHOLE: 2, Wanted.INNER: 2, Wanted.PARTS: 3}

_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")
_HALVES = ((0.0, 0.5), (0.25, 0.75), (0.5, 1.0))
_THIRDS = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))

_CELLS = 48
"""Cells along the longer side among which the inner picture is looked for."""
_CELL = 4
"""Pixels of a cell each way."""
_GROUNDS = 4
_GROUND_SHARE = 0.03
"""Share of all pixels that have one and the same colour, from which on that colour is plain ground. Photographs reach
it in what is burnt out, and then lose nothing but that."""
_TOLERANCE = 20
"""Levels by which compression may change the ground."""
_TEXT = 0.55
"""Share of a cell that is not ground, above which it belongs to a picture: text leaves more ground than this."""
_PLAIN = 0.7
"""Share of ground around the inner picture, below which this is no border. Captions leave 0.76 and more, chrome 0.9;
of 500 photographs 26 reach it, with a burnt-out sky or a black shadow."""
_WORTH = (0.04, 0.96)
"""Share of the area within which the inner picture is worth a square of its own."""
_ROUNDING = 1e-9
"""By which sums of floats may come out smaller in another order."""


def tiles(path: Path, max_pixels: int, side: int, wanted: Wanted) -> list[Tile]:
    """Decode the file at `path` once and return its squares, `side` pixels each way; the whole comes first.

    The square is the picture pressed into it, its shape not kept: so the network was taught. Raises Refused.
    """
    opened = open_image(path, max_pixels)
    with opened.image:
        image = upright_rgb(opened, side * _DECODED[wanted])
    return [Tile(name, region, _square(image, region, side)) for name, region in _regions(image, wanted)]


def parts() -> Iterator[tuple[str, Region]]:
    """Yield the fixed parts, named: quarters and the centre, halves (a middle one as well), thirds."""
    for row, column in ((0, 0), (0, 2), (2, 0), (2, 2), (1, 1)):
        (top, bottom), (left, right) = _HALVES[row], _HALVES[column]
        yield f"{_ROWS[row]} {_COLUMNS[column]}", Region(left, top, right, bottom)
    for cuts, kind in ((_HALVES, "half"), (_THIRDS, "third")):
        for index, (start, end) in enumerate(cuts):
            yield f"{_ROWS[index]} {kind}", Region(0, start, 1, end)
            yield f"{_COLUMNS[index]} {kind}", Region(start, 0, end, 1)


def inner(image: Image.Image) -> Region | None:
    """Return where the picture lies inside frames, bars, captions and margins; None where it fills the image.

    Ground is what has one of a few colours that occur far too often for a photograph; the picture is the rectangle
    that holds the most of the rest and the least of the ground. Text on plain ground is more ground than text.
    """
    scale = _CELLS / max(image.size)
    across, down = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    size = across * _CELL, down * _CELL
    # The nearest pixel and no mean of several: means would make new colours.
    content = _content(image.resize(size, Image.Resampling.NEAREST))
    if content is None:
        return None
    shares = content.resize((across, down), Image.Resampling.BOX).tobytes()
    weights = [[share / 255 - _TEXT for share in shares[row * across : (row + 1) * across]] for row in range(down)]
    found = heaviest(weights)
    if found is None or _ground_around(weights, found) < _PLAIN:
        return None
    left, top, right, bottom = _sharpened(content, found)
    region = Region(left / size[0], top / size[1], right / size[0], bottom / size[1])
    area = (region.right - region.left) * (region.bottom - region.top)
    return region if _WORTH[0] <= area <= _WORTH[1] else None


def heaviest(weights: Sequence[Sequence[float]]) -> tuple[int, int, int, int] | None:
    """Return (left, top, right, bottom) of the rectangle with the largest sum; None where no weight is positive."""
    best, found = 0.0, None
    most = [sum(weight for weight in row if weight > 0) + _ROUNDING for row in weights]
    for top in range(len(weights)):
        if sum(most[top:]) <= best:  # Even all that is positive in these rows is no more.
            break
        sums, reach = [0.0] * len(weights[top]), 0.0
        for bottom in range(top, len(weights)):
            sums = list(map(add, sums, weights[bottom]))
            reach += most[bottom]
            if reach <= best:
                continue
            running, left = 0.0, 0
            for column, total in enumerate(sums):
                if running <= 0:
                    running, left = total, column
                else:
                    running += total
                if running > best:
                    best, found = running, (left, top, column + 1, bottom + 1)
    return found


def _regions(image: Image.Image, wanted: Wanted) -> Iterator[tuple[str, Region]]:
    yield "whole", WHOLE
    if wanted is Wanted.WHOLE:
        return
    if (found := inner(image)) is not None:
        yield "inner", found
    if wanted is Wanted.PARTS:
        yield from parts()


def _square(image: Image.Image, region: Region, side: int) -> bytes:
    # A picture of one or two pixels has no half: a box must not be empty.
    left, top = min(region.left * image.width, image.width - 1), min(region.top * image.height, image.height - 1)
    box = (left, top, max(region.right * image.width, left + 1), max(region.bottom * image.height, top + 1))
    return image.resize((side, side), Image.Resampling.BILINEAR, box=box).tobytes()


def _content(image: Image.Image) -> Image.Image | None:
    """Return white where there is content and black where there is ground; None where no colour is a ground."""
    sample = image.resize((image.width // 2, image.height // 2), Image.Resampling.NEAREST)
    pixels = sample.width * sample.height
    least = _GROUND_SHARE * pixels
    # Whose colour is so frequent has a level in each channel that is: few photographs do, and counting colours is slow.
    levels = sample.histogram()
    if any(max(levels[channel : channel + 256]) < least for channel in (0, 256, 512)):
        return None
    counted = cast("list[tuple[int, tuple[int, int, int]]]", sample.getcolors(pixels))
    grounds = sorted((each for each in counted if each[0] >= least), reverse=True)
    content: Image.Image | None = None
    for _, colour in grounds[:_GROUNDS]:
        difference = ImageChops.difference(image, Image.new("RGB", image.size, colour))
        away = functools.reduce(ImageChops.lighter, difference.split()).point(_BEYOND)
        content = away if content is None else ImageChops.darker(content, away)
    return content


_BEYOND = [255 * (level > _TOLERANCE) for level in range(256)]


def _ground_around(weights: Sequence[Sequence[float]], cells: tuple[int, int, int, int]) -> float:
    left, top, right, bottom = cells
    outside = len(weights) * len(weights[0]) - (right - left) * (bottom - top)
    inside = sum(sum(row[left:right]) for row in weights[top:bottom])
    return 1 - _TEXT - (sum(map(sum, weights)) - inside) / outside if outside else 0.0


def _sharpened(content: Image.Image, cells: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Move each edge of a rectangle of cells, by one cell at most, to the pixel where the content really ends."""
    left, top, right, bottom = (edge * _CELL for edge in cells)
    rows = content.crop((left, 0, right, content.height)).resize((1, content.height), Image.Resampling.BOX).tobytes()
    top, bottom = len(rows) - _end(rows[::-1], len(rows) - top), _end(rows, bottom)
    columns = content.crop((0, top, content.width, bottom)).resize((content.width, 1), Image.Resampling.BOX).tobytes()
    left, right = len(columns) - _end(columns[::-1], len(columns) - left), _end(columns, right)
    return left, top, right, bottom


def _end(lines: bytes, near: int) -> int:
    """Return the end near `near` that takes in the most content and the least ground; `lines` are shares of 255."""
    ends = range(near - _CELL + 1, min(near + _CELL, len(lines)) + 1)
    return max(ends, key=lambda end: sum(share - 255 * _TEXT for share in lines[ends[0] - 1 : end]))
