"""Reads what every archived file tells about itself, where measuring it has not done so. Interrupted, it goes on."""

from itertools import islice

from provenance.app.progress import Progress
from provenance.archive import metadata as stored
from provenance.archive.metadata import Reading
from provenance.archive.store import Archive
from provenance.core.metadata import Metadata
from provenance.images.metadata import read
from provenance.images.sandbox import Refusal, Sandbox

_BATCH = 256
_STAGE = "Reading metadata"


def inspect(archive: Archive, sandbox: Sandbox, progress: Progress, *, arrived: bool = False) -> None:
    """Read what was not read by the present version (with `arrived`: of what came in since).

    What cannot be read is on record with its reason: it is no trouble with the picture.
    """
    with archive.read() as connection:
        waiting = stored.unread(connection, arrived=arrived)
    if not waiting:
        return
    progress.stage(_STAGE, len(waiting))
    answers = sandbox.map(read, (archive.files.path(sha256) for _, sha256 in waiting))
    pairs = zip(waiting, answers, strict=True)
    while batch := list(islice(pairs, _BATCH)):
        readings = []
        for (file_id, _), answer in batch:
            readings.append(reading(file_id, answer))
            progress.advance()
        save(archive, readings)


def save(archive: Archive, readings: list[Reading]) -> None:
    """Record what was read, and let the thumbnails be found."""
    with archive.write() as connection:
        stored.save(connection, readings)
    with archive.read() as connection:
        archive.thumbnails.update(connection)


def reading(file_id: int, answer: Metadata | Refusal) -> Reading:
    """Return what is kept of a worker's answer."""
    if isinstance(answer, Refusal):
        return Reading(file_id, problem=answer.reason)
    return Reading(file_id, answer)
