"""An image reduced to what its fingerprint needs; a task for the sandbox, so it imports no numpy."""

from dataclasses import dataclass
from pathlib import Path

from provenance.images.decode import Opened, open_image, reduced_grey


@dataclass(frozen=True, slots=True)
class Reduced:
    """Format, size in pixels (after the EXIF orientation), and SIDE x SIDE grey levels."""

    format: str
    width: int
    height: int
    grey: bytes


def reduce(path: Path, max_pixels: int) -> Reduced:
    """Decode the file at `path`. Raises Refused."""
    opened = open_image(path, max_pixels)
    with opened.image:
        return reduced(opened)


def reduced(opened: Opened) -> Reduced:
    """Decode an image that is open. Raises Refused."""
    return Reduced(opened.format, opened.width, opened.height, reduced_grey(opened))
