"""Gives every measured file its descriptors, by which altered copies are looked for. Interrupted, it goes on."""

from functools import partial
from itertools import islice

from provenance.app.progress import Progress
from provenance.archive import descriptors
from provenance.archive.descriptors import INNER
from provenance.archive.store import Archive
from provenance.images.descriptor import Model
from provenance.images.sandbox import Refusal, Sandbox
from provenance.images.tiles import Tile, Wanted, tiles

_BATCH = 64


def describe(archive: Archive, model: Model, sandbox: Sandbox, progress: Progress, *, arrived: bool = False) -> None:
    """Describe what this model has not seen (with `arrived`: of what came in since)."""
    with archive.read() as connection:
        waiting = descriptors.undescribed(connection, model.key, arrived=arrived)
    if not waiting:
        return
    progress.stage("Describing images", len(waiting))
    task = partial(tiles, side=model.side, wanted=Wanted.INNER)
    answers = sandbox.map(task, (archive.files.path(sha256) for _, sha256 in waiting))
    pairs = zip(waiting, answers, strict=True)
    while batch := list(islice(pairs, _BATCH)):
        seen: list[tuple[int, str | None]] = []
        made: list[tuple[int, str, bytes, bytes]] = []
        for (file_id, _), answer in batch:
            if isinstance(answer, Refusal):
                seen.append((file_id, answer.reason))
            else:
                seen.append((file_id, None))
                made += [(file_id, *each) for each in _described(model, answer)]
            progress.advance()
        with archive.write() as connection:
            descriptors.save(connection, model.key, seen, made)
        with archive.read() as connection:
            for algorithm in (model.key, model.key + INNER):
                archive.signs(algorithm).update(connection)


def _described(model: Model, cut: list[Tile]) -> list[tuple[str, bytes, bytes]]:
    """Return (algorithm, signs, values) of the whole, and of the inner picture where there is one."""
    made = model.embed([each.pixels for each in cut])
    names = {"whole": model.key, "inner": model.key + INNER}
    return [(names[tile.name], each.signs, each.values) for tile, each in zip(cut, made, strict=True)]
