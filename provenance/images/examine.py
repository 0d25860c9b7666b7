"""What is asked of every image that comes in, from one opening of its file; a task for the sandbox.

It imports no numpy, as `reduce` and `metadata` do not.
"""

from dataclasses import dataclass
from pathlib import Path

from provenance.core.metadata import Metadata
from provenance.images.decode import open_image
from provenance.images.metadata import tell
from provenance.images.reduce import Reduced, reduced
from provenance.images.sandbox import Refusal, attempt


@dataclass(frozen=True, slots=True)
class Examined:
    """What `reduce` and what `metadata.read` would have given."""

    reduced: Reduced | Refusal
    told: Metadata | Refusal


def examine(path: Path, max_pixels: int) -> Examined:
    """Open the file at `path` and do both. Raises Refused where it cannot be opened."""
    opened = open_image(path, max_pixels)
    with opened.image:
        # In this order: what reads metadata asks for an image that nobody has decoded at another scale.
        told = attempt(lambda: tell(path, opened))
        return Examined(attempt(lambda: reduced(opened)), told)
