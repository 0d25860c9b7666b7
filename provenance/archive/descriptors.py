"""The descriptors of files: written down, and read back for the ranking. Derived, like all fingerprints.

A row of `fingerprints` holds the signs as its code and the 8-bit values beside it; the algorithm is the model's key.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from provenance.archive import schema
from provenance.archive.read import MEASURE_TOOL, chunks
from provenance.core.matching import ALGORITHM_VERSION, DESCRIPTOR_VERSION

INNER = "-inner"
"""Behind a model's key: the descriptor of the picture inside a file's frame, bars or margins."""

_made = schema.fingerprints.c
# Put together once: it is asked for several times for each new file.
_VALUES = sa.select(_made.file_id, _made.code, _made.turned).where(
    _made.algorithm == sa.bindparam("made_by"),
    _made.version == DESCRIPTOR_VERSION,
    _made.file_id.in_(sa.bindparam("wanted", expanding=True)),
)


def undescribed(connection: sa.Connection, model: str, *, arrived: bool = False) -> list[tuple[int, str]]:
    """Return (file, hash) of every file that was measured and that this model has not seen.

    With `arrived` only of those that have come in since and are not resolved yet.
    """
    files, measured, described = schema.files, schema.inspections, schema.inspections.alias()
    query = (
        sa.select(files.c.id, files.c.sha256)
        .join(measured, (measured.c.file_id == files.c.id) & (measured.c.tool == MEASURE_TOOL))
        .outerjoin(
            described,
            (described.c.file_id == files.c.id)
            & (described.c.tool == model)
            & (described.c.version == DESCRIPTOR_VERSION),
        )
        .where(measured.c.version == ALGORITHM_VERSION, measured.c.problem.is_(None), described.c.file_id.is_(None))
    )
    if arrived:
        query = query.join(schema.unresolved, schema.unresolved.c.file_id == files.c.id)
    return [(row[0], row[1]) for row in connection.execute(query.order_by(files.c.id))]


def count_undescribed(connection: sa.Connection, model: str) -> int:
    """Count what `undescribed` returns, without going through all files."""
    table = schema.inspections

    def seen(tool: str, version: int) -> sa.ColumnElement[bool]:
        return (table.c.tool == tool) & (table.c.version == version)

    def count(*conditions: sa.ColumnElement[bool]) -> int:
        return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0

    measured = seen(MEASURE_TOOL, ALGORITHM_VERSION)
    refused = count(measured, table.c.problem.is_not(None))
    return count(measured) - refused - count(seen(model, DESCRIPTOR_VERSION))


def save(
    connection: sa.Connection,
    model: str,
    seen: Iterable[tuple[int, str | None]],
    made: Sequence[tuple[int, str, bytes, bytes]],
) -> None:
    """Record that a model has `seen` files (file, problem), and what it `made`: (file, algorithm, signs, values)."""
    looked = [
        {"file_id": file_id, "tool": model, "version": DESCRIPTOR_VERSION, "problem": problem}
        for file_id, problem in seen
    ]
    if looked:
        connection.execute(insert(schema.inspections).on_conflict_do_nothing(), looked)
    rows = [
        {
            "file_id": file_id,
            "algorithm": algorithm,
            "version": DESCRIPTOR_VERSION,
            "code": signs,
            "turned": values,
            "quality": 100,
        }
        for file_id, algorithm, signs, values in made
    ]
    if rows:
        connection.execute(insert(schema.fingerprints).on_conflict_do_nothing(), rows)


def values(connection: sa.Connection, algorithm: str, file_ids: Iterable[int]) -> dict[int, tuple[bytes, bytes]]:
    """Return {file: (signs, values)} of those that have a descriptor of this algorithm."""
    return {
        row.file_id: (row.code, row.turned)
        for chunk in chunks(file_ids)
        for row in connection.execute(_VALUES, {"made_by": algorithm, "wanted": chunk})
    }


def count(connection: sa.Connection, model: str) -> int:
    """Count the files that a model has described."""
    table = schema.fingerprints
    ours = (table.c.algorithm == model) & (table.c.version == DESCRIPTOR_VERSION)
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(ours)) or 0
