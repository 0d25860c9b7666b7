"""Pictures as their JPEGs show them, with how these were saved."""

import io

import numpy as np
from PIL import Image

from provenance.images.resaving import Plane, Saved


def saved(image: Image.Image, quality: int) -> tuple[Plane, Saved]:
    """The image as its JPEG shows it, and how that was saved."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    with Image.open(stream, formats=["JPEG"]) as opened:
        tables: dict[int, list[int]] = opened.quantization  # type: ignore[attr-defined]
        return np.asarray(opened, np.float32), Saved(*opened.size, tuple(tables[0]))
