"""The measured matches of two files: why they are taken for one picture. Derived.

A row tells how the file with the higher id lies in the one with the lower.
"""

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from provenance.archive import schema
from provenance.archive.read import chunks
from provenance.core.matching import RESOLVE_VERSION
from provenance.core.model import Confidence, Match, MatchKind


def save(connection: sa.Connection, matches: Iterable[tuple[int, int, Match]]) -> None:
    """Record matches as (lower file, higher file, match); what was recorded before stays."""
    rows = [_row(one, other, match) for one, other, match in matches]
    if rows:
        connection.execute(insert(schema.matches).on_conflict_do_nothing(), rows)


def among(connection: sa.Connection, file_ids: Iterable[int]) -> list[tuple[int, int, Match]]:
    """Return the matches of which both files are among these, oldest first."""
    table = schema.matches
    wanted = set(file_ids)
    rows = [
        row
        for chunk in chunks(sorted(wanted))
        for row in connection.execute(sa.select(table).where(table.c.file_a.in_(chunk)).order_by(table.c.id))
        if row.file_b in wanted
    ]
    return [(row.file_a, row.file_b, _match(row)) for row in rows]


def forget(connection: sa.Connection, file_ids: Iterable[int]) -> None:
    """Throw away what was measured of these files."""
    table = schema.matches
    for chunk in chunks(file_ids):
        connection.execute(table.delete().where(table.c.file_a.in_(chunk) | table.c.file_b.in_(chunk)))


def _row(one: int, other: int, match: Match) -> dict[str, Any]:
    if one >= other:
        raise ValueError(f"a match is told from the lower file to the higher, not from {one} to {other}")
    return {
        "file_a": one,
        "file_b": other,
        "stage": match.stage,
        "version": RESOLVE_VERSION,
        "kind": match.kind,
        "confidence": match.confidence,
        "distance": match.distance,
        "mirrored": match.mirrored,
        "rotated": match.rotated,
        "similarity": match.similarity,
        "inliers": match.inliers,
        "visible": match.visible,
        "scale": match.scale,
        "region": match.region and json.dumps(match.region),
        "matrix": match.matrix and json.dumps(match.matrix),
        "reason": match.reason,
    }


def _match(row: Any) -> Match:
    return Match(
        MatchKind(row.kind),
        row.stage,
        row.distance,
        Confidence(row.confidence),
        row.mirrored,
        row.rotated,
        similarity=row.similarity,
        inliers=row.inliers,
        region=row.region and tuple(json.loads(row.region)),
        visible=row.visible,
        scale=row.scale,
        matrix=row.matrix and tuple(json.loads(row.matrix)),
        reason=row.reason,
    )
