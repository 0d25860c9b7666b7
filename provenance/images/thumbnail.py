"""Small safe copies for pages: decoded under the limits, encoded anew; a task for the sandbox."""

import io
from pathlib import Path

from provenance.images.decode import open_image, upright_colour

SIDE = 160


def thumbnail(path: Path, max_pixels: int) -> bytes:
    """Return a JPEG of the image at `path`, no side longer than SIDE pixels. Raises Refused."""
    opened = open_image(path, max_pixels)
    with opened.image:
        stream = io.BytesIO()
        upright_colour(opened, SIDE).save(stream, "JPEG", quality=75)
        return stream.getvalue()
