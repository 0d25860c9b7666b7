"""What is measured of every image that comes in: one decode in the sandbox, then the fingerprint of what it left."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

from provenance.core.metadata import Metadata
from provenance.images.examine import examine
from provenance.images.fingerprint import Fingerprint, fingerprint
from provenance.images.metadata import read
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
        yield _measured(reduced)


def measure_and_read(
    sandbox: Sandbox, paths: Iterable[Path]
) -> Iterator[tuple[Measured | Refusal, Metadata | Refusal]]:
    """Measure the files at `paths`, and read what they tell about themselves, in their order."""
    paths, sent = tee(paths)
    for path, answer in zip(paths, sandbox.map(examine, sent), strict=True):
        if isinstance(answer, Refusal):
            # It cannot be opened, or one of the two was too much for the limits: each by itself then.
            yield next(measure(sandbox, [path])), next(sandbox.map(read, [path]))
        else:
            yield _measured(answer.reduced), answer.told


def _measured(reduced: Reduced | Refusal) -> Measured | Refusal:
    if isinstance(reduced, Refusal):
        return reduced
    return Measured(reduced.format, reduced.width, reduced.height, fingerprint(reduced.grey))
