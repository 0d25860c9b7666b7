"""What is measured of every image that comes in: one decode in the sandbox, then the fingerprint of what it left."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from provenance.images.fingerprint import Fingerprint, fingerprint
from provenance.images.reduce import Reduced, reduce
from provenance.images.sandbox import Refusal, Sandbox


@dataclass(frozen=True, slots=True)
class Measured:
    """Format and size in pixels (after the EXIF orientation), and the fingerprint."""

    format: str
    width: int
    height: int
    fingerprint: Fingerprint


def measure(sandbox: Sandbox, paths: Iterable[Path]) -> Iterator[Measured | Refusal]:
    """Measure the files at `paths`, in their order; a file that cannot be decoded gives its Refusal."""
    for reduced in sandbox.map(reduce, paths):
        yield reduced if isinstance(reduced, Refusal) else _measured(reduced)


def _measured(reduced: Reduced) -> Measured:
    return Measured(reduced.format, reduced.width, reduced.height, fingerprint(reduced.grey))
