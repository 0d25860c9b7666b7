"""What is measured of every image that comes in, in one decode; a task for the sandbox."""

from dataclasses import dataclass
from pathlib import Path

from provenance.images.decode import open_image, reduced_grey
from provenance.images.fingerprint import Fingerprint, fingerprint


@dataclass(frozen=True, slots=True)
class Measured:
    """Format and size in pixels (after the EXIF orientation), and the fingerprint."""

    format: str
    width: int
    height: int
    fingerprint: Fingerprint


def measure(path: Path, max_pixels: int) -> Measured:
    """Decode the file at `path` and measure it. Raises Refused."""
    opened = open_image(path, max_pixels)
    with opened.image:
        return Measured(opened.format, opened.width, opened.height, fingerprint(reduced_grey(opened)))
