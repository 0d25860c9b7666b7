"""The grey levels of an image at a working size; a task for the sandbox, so it imports no numpy."""

from dataclasses import dataclass
from pathlib import Path

from provenance.images.decode import open_image, upright_colour


@dataclass(frozen=True, slots=True)
class Levels:
    """`height` rows of `width` grey levels, one byte each, upright."""

    width: int
    height: int
    grey: bytes


def levels(path: Path, max_pixels: int, side: int) -> Levels:
    """Decode the file at `path`, no side longer than `side` pixels and nothing enlarged. Raises Refused."""
    opened = open_image(path, max_pixels)
    with opened.image:
        small = upright_colour(opened, min(side, max(opened.width, opened.height))).convert("L")
    return Levels(small.width, small.height, small.tobytes())
