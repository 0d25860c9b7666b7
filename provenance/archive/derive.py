"""Writing down what is derived: fingerprints, matches, pictures, links. All of it can be made again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from provenance.archive import schema
from provenance.archive.read import MEASURE_TOOL, chunks
from provenance.core.chain import Chain, revision_reason
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION, RESOLVE_VERSION
from provenance.core.model import Sighting


@dataclass(frozen=True, slots=True)
class Measurement:
    """What became of measuring one file: either a problem, or format, size and fingerprint."""

    file_id: int
    problem: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    codes: bytes = b""
    quality: int = 0


def unmeasured(connection: sa.Connection, *, arrived: bool = False) -> list[tuple[int, str]]:
    """Return (file, hash) of every file that the measuring known here has not seen.

    With `arrived` only of those that have come in since and are not resolved yet, which does not go through them all.
    """
    files, inspections = schema.files, schema.inspections
    done = (
        (inspections.c.file_id == files.c.id)
        & (inspections.c.tool == MEASURE_TOOL)
        & (inspections.c.version == ALGORITHM_VERSION)
    )
    query = sa.select(files.c.id, files.c.sha256).outerjoin(inspections, done)
    if arrived:
        query = query.join(schema.unresolved, schema.unresolved.c.file_id == files.c.id)
    rows = connection.execute(query.where(inspections.c.file_id.is_(None)).order_by(files.c.id))
    return [(row[0], row[1]) for row in rows]


def save_measurements(connection: sa.Connection, measurements: Sequence[Measurement]) -> None:
    """Record what was measured, refusals included; what another process recorded meanwhile stays."""
    if not measurements:
        return
    connection.execute(
        insert(schema.inspections).on_conflict_do_nothing(),
        [
            {"file_id": each.file_id, "tool": MEASURE_TOOL, "version": ALGORITHM_VERSION, "problem": each.problem}
            for each in measurements
        ],
    )
    measured = [each for each in measurements if each.problem is None]
    if not measured:
        return
    connection.execute(
        insert(schema.fingerprints).on_conflict_do_nothing(),
        [
            {
                "file_id": each.file_id,
                "algorithm": ALGORITHM,
                "version": ALGORITHM_VERSION,
                "code": each.codes[:32],
                "turned": each.codes[32:],
                "quality": each.quality,
            }
            for each in measured
        ],
    )
    table = schema.files
    connection.execute(
        table.update()
        .where(table.c.id == sa.bindparam("row"))
        .values(format=sa.bindparam("found"), width=sa.bindparam("wide"), height=sa.bindparam("high")),
        [{"row": each.file_id, "found": each.format, "wide": each.width, "high": each.height} for each in measured],
    )


def without_picture(connection: sa.Connection) -> list[int]:
    """Return the unresolved files that have been measured but belong to no picture yet, oldest first."""
    table, inspections, members = schema.unresolved, schema.inspections, schema.picture_files
    query = (
        sa.select(table.c.file_id)
        .join(inspections, (inspections.c.file_id == table.c.file_id) & (inspections.c.tool == MEASURE_TOOL))
        .outerjoin(members, members.c.file_id == table.c.file_id)
        .where(members.c.file_id.is_(None), inspections.c.version == ALGORITHM_VERSION)
    )
    return list(connection.scalars(query.order_by(table.c.file_id)))


def unchained(connection: sa.Connection) -> list[int]:
    """Return the pictures whose chain is out of date."""
    table, members = schema.unresolved, schema.picture_files
    query = sa.select(members.c.picture_id).distinct().join(table, table.c.file_id == members.c.file_id)
    return list(connection.scalars(query.order_by(members.c.picture_id)))


def save_partition(connection: sa.Connection, new: dict[int, int], merged: dict[int, int]) -> None:
    """Record to which picture new files belong ({file: picture}), and which pictures became part of others."""
    pictures, members, links = schema.pictures, schema.picture_files, schema.links
    rows = [{"id": picture_id, "version": RESOLVE_VERSION} for picture_id in set(new.values()) | set(merged.values())]
    if rows:
        connection.execute(insert(pictures).on_conflict_do_nothing(), rows)
    if new:
        connection.execute(members.insert(), [{"file_id": file, "picture_id": pic} for file, pic in new.items()])
    for absorbed, target in merged.items():
        connection.execute(links.delete().where(links.c.picture_id == absorbed))
        connection.execute(members.update().where(members.c.picture_id == absorbed).values(picture_id=target))
        connection.execute(pictures.delete().where(pictures.c.id == absorbed))


@dataclass(frozen=True, slots=True)
class Built:
    """A picture with all its files and the chain that was built from their sightings."""

    picture: int
    files: Sequence[int]
    chain: Chain


def save_chains(connection: sa.Connection, run_id: int, built: Sequence[Built], now: datetime) -> None:
    """Replace the pictures' links and first seens, and keep a revision wherever a first seen became another one."""
    links, pictures = schema.links, schema.pictures
    for chunk in chunks(each.picture for each in built):
        connection.execute(links.delete().where(links.c.picture_id.in_(chunk)))
    rows = [
        {
            "picture_id": each.picture,
            "from_attachment_id": link.source.attachment_id,
            "to_attachment_id": link.target.attachment_id,
            "kind": link.kind,
            "evidence": link.evidence,
        }
        for each in built
        for link in each.chain.links
        if isinstance(link.source, Sighting)
    ]
    if rows:
        connection.execute(links.insert(), rows)
    firsts = [
        {"row": each.picture, "ref": first.ref, "at": first.at, "basis": first.basis}
        for each in built
        if (first := each.chain.first_seen)
    ]
    if firsts:
        columns: dict[str, Any] = {
            "first_ref": sa.bindparam("ref"),
            "first_at": sa.bindparam("at"),
            "first_basis": sa.bindparam("basis"),
        }
        connection.execute(pictures.update().where(pictures.c.id == sa.bindparam("row")).values(columns), firsts)
    _revise(connection, run_id, built, now)
    for chunk in chunks(file_id for each in built for file_id in each.files):
        connection.execute(schema.unresolved.delete().where(schema.unresolved.c.file_id.in_(chunk)))


def clear(connection: sa.Connection) -> None:
    """Throw away everything derived and mark every file for resolving. What the archive once said is kept."""
    for table in schema.DERIVED:
        connection.execute(table.delete())
    all_files = sa.select(schema.files.c.id).where(sa.literal(1) == 1)
    connection.execute(insert(schema.unresolved).from_select(["file_id"], all_files).on_conflict_do_nothing())


def revisions(connection: sa.Connection, file_ids: Iterable[int]) -> list[Any]:
    """Return the rows of chain_revisions of the picture of these files, under every number that it ever had."""
    table = schema.chain_revisions
    return [
        row
        for chunk in chunks(file_ids)
        for row in connection.execute(sa.select(table).where(table.c.picture_id.in_(chunk)).order_by(table.c.id))
    ]


def _revise(connection: sa.Connection, run_id: int, built: Sequence[Built], now: datetime) -> None:
    said = {row.picture_id: row for row in revisions(connection, (file for each in built for file in each.files))}
    rows = [row for each in built for row in _revisions(each, said)]
    if rows:
        stamp = {"run_id": run_id, "at": now}
        connection.execute(schema.chain_revisions.insert(), [row | stamp for row in rows])


def _revisions(built: Built, said: Mapping[int, Any]) -> Iterator[dict[str, Any]]:
    """Every number that the picture ever had (its files' ids) gets a revision, if what it last said is outdated."""
    first = built.chain.first_seen
    if first is None:
        return
    last = {number: said.get(number) for number in built.files if number in said or number == built.picture}
    for number, row in last.items():
        if row is not None and (row.after_ref, row.after_at) == (first.ref, first.at):
            continue
        joined = any(
            other is not None and key != number and other.after_ref == first.ref for key, other in last.items()
        )
        yield {
            "picture_id": number,
            "before_ref": row.after_ref if row else None,
            "before_at": row.after_at if row else None,
            "after_ref": first.ref,
            "after_at": first.at,
            "basis": first.basis,
            "reason": revision_reason(row.after_ref if row else None, row.after_at if row else None, first, joined),
        }
