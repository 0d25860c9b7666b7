"""Finds altered copies of a suspect image: crops, frames, captions, screenshots, collages.

The descriptors of the suspect and of its parts name candidates; each is laid over the suspect and believed only where
the pixels agree. A mirrored suspect is looked for mirrored.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from provenance.archive import descriptors, read
from provenance.archive.descriptors import INNER
from provenance.archive.store import Archive, Connection
from provenance.core.alignment import Relation, judge
from provenance.core.matching import BITS, CANDIDATES, LEAST_SIMILAR, SIGNS_RADIUS
from provenance.core.model import Match, MatchKind
from provenance.images.descriptor import Descriptor, Model, similarities
from provenance.images.geometry import NORMAL, Grey, Picture, align, in_shares
from provenance.images.levels import Levels, levels
from provenance.images.sandbox import Refusal, Sandbox
from provenance.images.tiles import Tile, Wanted, tiles

_MIRRORED = {"whole", "inner"}


@dataclass(slots=True)
class Altered:
    """What the candidates turned out to be, as {archived file: match}. Only `same` is the suspect's photograph."""

    same: dict[int, Match] = field(default_factory=dict)
    same_scene: dict[int, Match] = field(default_factory=dict)
    same_template: dict[int, Match] = field(default_factory=dict)


def find(
    archive: Archive, connection: Connection, path: Path, model: Model, sandbox: Sandbox, known: Iterable[int]
) -> Altered:
    """Look for the suspect among the archived files, beside those that are `known`."""
    found = Altered()
    (cut,) = sandbox.map(partial(tiles, side=model.side, wanted=Wanted.PARTS), [path])
    if isinstance(cut, Refusal):
        return found
    ranked = _candidates(archive, connection, model, _queries(model, cut), set(known))
    files = read.files(connection, ranked)
    paths = [path, *(archive.files.path(files[each].sha256) for each in ranked)]
    decoded = sandbox.map(partial(levels, side=NORMAL.side), paths if ranked else [])
    suspect = next(decoded, None)
    if suspect is None or isinstance(suspect, Refusal):
        return found
    query = Picture(_array(suspect))
    kinds = {
        Relation.SAME: found.same,
        Relation.SAME_SCENE: found.same_scene,
        Relation.SAME_TEMPLATE: found.same_template,
    }
    for file_id, answer in zip(ranked, decoded, strict=True):
        if isinstance(answer, Refusal):
            continue
        relation, match = _verified(query, _array(answer), ranked[file_id])
        if match is not None and relation in kinds:
            kinds[relation][file_id] = match
    return found


def _queries(model: Model, cut: list[Tile]) -> list[Descriptor]:
    shape = (model.side, model.side, 3)
    squares = [np.frombuffer(each.pixels, np.uint8).reshape(shape) for each in cut]
    mirrored = [square[:, ::-1] for tile, square in zip(cut, squares, strict=True) if tile.name in _MIRRORED]
    return model.embed([*squares, *mirrored])


def _candidates(
    archive: Archive, connection: Connection, model: Model, queries: list[Descriptor], known: set[int]
) -> dict[int, float]:
    """Return {file: similarity} of the likeliest files, most similar first."""
    signs = b"".join(each.signs for each in queries)
    best: dict[int, float] = {}
    for algorithm in (model.key, model.key + INNER):
        near = archive.signs(algorithm).near(connection, signs, SIGNS_RADIUS)
        held = descriptors.values(connection, algorithm, (file_id for _, file_id in near if file_id not in known))
        likest = similarities(queries, [Descriptor(*stored) for stored in held.values()]).max(axis=0, initial=-1.0)
        for file_id, value in zip(held, likest.tolist(), strict=True):
            best[file_id] = max(value, best.get(file_id, 0.0))
    likely = sorted((-value, file_id) for file_id, value in best.items() if value >= LEAST_SIMILAR)
    return {file_id: -value for value, file_id in likely[:CANDIDATES]}


def _verified(query: Picture, archived: Grey, similar: float) -> tuple[Relation, Match | None]:
    """Return what an archived image is to the suspect, and how it lies in it."""
    alignment = align(query, archived)
    if alignment is None:
        return Relation.NOTHING, None
    verdict = judge(alignment)
    match = Match(
        MatchKind.PARTIAL,
        "descriptor",
        BITS,  # Its hash says nothing of a part.
        verdict.confidence,
        alignment.mirrored,
        round(alignment.rotated) % 360,
        similarity=round(similar, 3),
        inliers=alignment.inliers,
        region=alignment.region,
        visible=round(alignment.visible, 4),
        scale=round(alignment.scale, 4),
        matrix=in_shares(alignment, query.grey, archived),
    )
    return verdict.relation, match


def _array(answer: Levels) -> Grey:
    return np.frombuffer(answer.grey, np.uint8).reshape(answer.height, answer.width)
