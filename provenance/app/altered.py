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
from provenance.app.similar import most_similar
from provenance.archive import read
from provenance.archive.store import Archive, Connection
from provenance.core.alignment import Relation
from provenance.core.matching import LEAST_SIMILAR, SIMILAR, candidates_of, fewest_candidates, signs_radius
from provenance.images.descriptor import Descriptor, Model
from provenance.images.sandbox import Refusal, Sandbox
from provenance.images.tiles import Tile, Wanted, tiles

_MIRRORED = {"whole", "inner"}
_AT_ONCE = 16
"""Candidates that are compared before it is asked whether more are worth it."""
_CLOSELY, _CLOSE_SIMILAR = 6, 0.33
"""So many candidates, if they are as similar as few strangers are, are looked at once more at full resolution when the
usual effort does not settle what they are: small parts of large pictures have few features at the usual size."""


def find(
    archive: Archive,
    connection: Connection,
    path: Path,
    described: list[Descriptor],
    model: Model,
    sandbox: Sandbox,
    known: Collection[int],
    *,
    found_already: bool,
) -> dict[int, Compared]:
    """Look for what was `described` among the files beside those that are `known`; return what they are to it.

    Once a copy is found (or was, by its hash) the search ends with the first candidates that bring no more.
    """
    ranked = candidates(archive, connection, model, described, known)
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
        if any(each.is_copy for each in answers):
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


def describe(path: Path, model: Model, sandbox: Sandbox) -> list[Descriptor]:
    """Return what the suspect is looked for by; nothing where it cannot be decoded. Asks no archive."""
    (cut,) = sandbox.map(partial(tiles, side=model.side, wanted=Wanted.PARTS), [path])
    return [] if isinstance(cut, Refusal) else queries(model, cut)


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
    files = archive.signs(model.key).packed()
    found = most_similar(
        archive, connection, model.key, asked, signs_radius(files), LEAST_SIMILAR, lambda near: set(near) - set(known)
    )
    likely = sum(similar >= SIMILAR for _, similar in found)
    return dict(found[: min(candidates_of(files), max(fewest_candidates(files), likely))])


def _is_open(compared: Compared) -> bool:
    """Whether a closer look may tell more."""
    if compared.relation is Relation.SAME:
        return not compared.is_copy
    return compared.relation is Relation.NOTHING
