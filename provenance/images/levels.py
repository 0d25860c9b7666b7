"""The grey levels of an image at a working size; a task for the sandbox, so it imports no numpy."""

from dataclasses import dataclass
from pathlib import Path

from provenance.images.decode import Opened, open_image, upright_colour


@dataclass(frozen=True, slots=True)
class Levels:
    """`height` rows of `width` grey levels, one byte each, upright."""

    width: int
    height: int
    grey: bytes
    native: tuple[int, int]
    """Width and height of the file's own pixels."""
    table: tuple[int, ...]
    """A JPEG's 64 quantisation steps of the grey levels; empty where there are none, or the file lay on its side."""


def levels(path: Path, max_pixels: int, side: int) -> Levels:
    """Decode the file at `path`, no side longer than `side` pixels and nothing enlarged. Raises Refused."""
    opened = open_image(path, max_pixels)
    table = _table(opened)
    with opened.image:
        small = upright_colour(opened, min(side, max(opened.width, opened.height))).convert("L")
    return Levels(small.width, small.height, small.tobytes(), (opened.width, opened.height), table)


def _table(opened: Opened) -> tuple[int, ...]:
    steps = tuple(getattr(opened.image, "quantization", {}).get(0, ()))
    usable = opened.orientation == 1 and len(steps) == 64 and all(0 < each < 256 for each in steps)
    return steps if usable else ()
