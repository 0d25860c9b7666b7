"""Finds altered copies of a suspect image: crops, frames, captions, screenshots, collages.

The descriptors of the suspect and of its parts name candidates; each is laid over the suspect and believed only where
the pixels agree. A mirrored suspect is looked for mirrored.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from provenance.app import pixels
from provenance.app.pixels import Compared, Suggestion
from provenance.archive import descriptors, read
from provenance.archive.descriptors import INNER
from provenance.archive.store import Archive, Connection
from provenance.core.alignment import Relation
from provenance.core.matching import LEAST_SIMILAR, SIGNS_RADIUS, candidates_of
from provenance.core.model import Confidence
from provenance.images.descriptor import Descriptor, Model, similarities
from provenance.images.sandbox import Refusal, Sandbox
from provenance.images.tiles import Tile, Wanted, tiles

_MIRRORED = {"whole", "inner"}
_RANKED = 2000
"""Files, the nearest by their signs first, whose 8-bit values are read and compared."""
_AT_ONCE = 16
"""Candidates that are compared before it is asked whether more are worth it."""
_CLOSELY, _CLOSE_SIMILAR = 6, 0.33
"""So many candidates, if they are as similar as few strangers are, are looked at once more at full resolution when the
usual effort does not settle what they are: small parts of large pictures have few features at the usual size."""


def find(
    archive: Archive,
    connection: Connection,
    path: Path,
    model: Model,
    sandbox: Sandbox,
    known: Collection[int],
    *,
    found_already: bool,
) -> dict[int, Compared]:
    """Look for the suspect among the archived files beside those that are `known`; return what they are to it.

    Once a copy is found (or was, by its hash) the search ends with the first candidates that bring no more.
    """
    (cut,) = sandbox.map(partial(tiles, side=model.side, wanted=Wanted.PARTS), [path])
    if isinstance(cut, Refusal):
        return {}
    ranked = candidates(archive, connection, model, queries(model, cut), known)
    files = read.files(connection, ranked)
    asked = {
        file_id: Suggestion(path, archive.files.path(files[file_id].sha256), pixels.suggested(similar))
        for file_id, similar in ranked.items()
    }
    found: dict[int, Compared] = {}
    waiting = list(asked)
    for start in range(0, len(waiting), _AT_ONCE):
        some = waiting[start : start + _AT_ONCE]
        answers = list(pixels.compare(sandbox, [asked[file_id] for file_id in some]))
        found |= zip(some, answers, strict=True)
        if any(map(_is_copy, answers)):
            found_already = True
        elif found_already:
            break
    if found_already:
        return found
    close = [file_id for file_id in found if ranked[file_id] >= _CLOSE_SIMILAR][:_CLOSELY]
    again = [file_id for file_id in close if _is_open(found[file_id])]
    closer = pixels.compare(sandbox, [replace(asked[file_id], closely=True) for file_id in again])
    for file_id, compared in zip(again, closer, strict=True):
        if compared.relation is not Relation.NOTHING:
            found[file_id] = compared
    return found


def queries(model: Model, cut: list[Tile]) -> list[Descriptor]:
    """Return the descriptors of a suspect's parts, and of the whole and the inner picture mirrored."""
    shape = (model.side, model.side, 3)
    squares = [np.frombuffer(each.pixels, np.uint8).reshape(shape) for each in cut]
    mirrored = [square[:, ::-1] for tile, square in zip(cut, squares, strict=True) if tile.name in _MIRRORED]
    return model.embed([*squares, *mirrored])


def candidates(
    archive: Archive, connection: Connection, model: Model, asked: list[Descriptor], known: Collection[int]
) -> dict[int, float]:
    """Return {file: similarity} of the likeliest files beside the `known` ones, most similar first."""
    signs = b"".join(each.signs for each in asked)
    best: dict[int, float] = {}
    for algorithm in (model.key, model.key + INNER):
        near = archive.signs(algorithm).near(connection, signs, SIGNS_RADIUS)[:_RANKED]
        held = descriptors.values(connection, algorithm, (file_id for _, file_id in near if file_id not in known))
        likest = similarities(asked, [Descriptor(*stored) for stored in held.values()]).max(axis=0, initial=-1.0)
        for file_id, value in zip(held, likest.tolist(), strict=True):
            best[file_id] = max(value, best.get(file_id, 0.0))
    likely = sorted((-value, file_id) for file_id, value in best.items() if value >= LEAST_SIMILAR)
    most = candidates_of(archive.signs(model.key).packed())
    return {file_id: -value for value, file_id in likely[:most]}


def _is_copy(compared: Compared) -> bool:
    return compared.relation is Relation.SAME and compared.match.confidence is not Confidence.POSSIBLE


def _is_open(compared: Compared) -> bool:
    """Whether a closer look may tell more."""
    if compared.relation is Relation.SAME:
        return not _is_copy(compared)
    return compared.relation is Relation.NOTHING
