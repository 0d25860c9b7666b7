"""Measures every archived file that has not been measured by the present version. Interrupted, it goes on.

What files tell about themselves is read with it, and pictures are described where there is a model for that.
"""

from itertools import islice
from typing import TYPE_CHECKING

from provenance.app.inspect import inspect, reading
from provenance.app.progress import Progress
from provenance.archive import derive
from provenance.archive import metadata as stored
from provenance.archive.derive import Measurement
from provenance.archive.store import Archive
from provenance.images.measure import Measured, measure_and_read
from provenance.images.sandbox import Refusal, Sandbox

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

_BATCH = 256


def analyse(
    archive: Archive, sandbox: Sandbox, progress: Progress, model: "Model | None" = None, *, arrived: bool = False
) -> list[tuple[str, str]]:
    """Measure what is unmeasured, read its metadata, and describe it where there is a `model`.

    With `arrived` only what came in since. Returns (hash, reason) of what was refused.
    """
    refused = _measure(archive, sandbox, progress, arrived=arrived)
    inspect(archive, sandbox, progress, arrived=arrived)
    if model is not None:
        from provenance.app.describe import describe

        describe(archive, model, sandbox, progress, arrived=arrived)
    return refused


def _measure(archive: Archive, sandbox: Sandbox, progress: Progress, *, arrived: bool) -> list[tuple[str, str]]:
    with archive.read() as connection:
        waiting = derive.unmeasured(connection, arrived=arrived)
    if not waiting:
        return []
    progress.stage("Fingerprinting images", len(waiting))
    refused: list[tuple[str, str]] = []
    answers = measure_and_read(sandbox, (archive.files.path(sha256) for _, sha256 in waiting))
    pairs = zip(waiting, answers, strict=True)
    while batch := list(islice(pairs, _BATCH)):
        measurements, readings = [], []
        for (file_id, sha256), (measured, told) in batch:
            if isinstance(measured, Refusal):
                refused.append((sha256, measured.reason))
            measurements.append(_measurement(file_id, measured))
            readings.append(reading(file_id, told))
            progress.advance()
        with archive.write() as connection:
            derive.save_measurements(connection, measurements)
            stored.save(connection, readings)
        with archive.read() as connection:
            archive.codes.update(connection)
            archive.thumbnails.update(connection)
    return refused


def _measurement(file_id: int, answer: Measured | Refusal) -> Measurement:
    if isinstance(answer, Refusal):
        return Measurement(file_id, problem=answer.reason)
    return Measurement(
        file_id,
        format=answer.format,
        width=answer.width,
        height=answer.height,
        codes=answer.fingerprint.codes,
        quality=answer.fingerprint.quality,
    )
