"""Small safe copies for pages: decoded under the limits, encoded anew; a task for the sandbox."""

import io
from pathlib import Path

from provenance.images.decode import open_image, upright_colour

SIDE = 160
LARGE = 480
"""Pixels along the longer side where details are to be compared."""


def thumbnail(path: Path, max_pixels: int, side: int = SIDE) -> bytes:
    """Return a JPEG of the image at `path`, its longer side `side` pixels. Raises Refused."""
    opened = open_image(path, max_pixels)
    with opened.image:
        stream = io.BytesIO()
        upright_colour(opened, side).save(stream, "JPEG", quality=75)
        return stream.getvalue()
