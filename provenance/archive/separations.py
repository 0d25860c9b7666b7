"""What a user has set apart: files that are never to be one picture again. Kept until it is withdrawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from provenance.archive import matches, schema
from provenance.archive.read import chunks
from provenance.archive.unresolved import unresolve
from provenance.core.partition import Side


@dataclass(frozen=True, slots=True)
class Separation:
    """Two sets of files, by their hashes, that a user has set apart."""

    id: int
    at: datetime
    withdrawn_at: datetime | None
    off: tuple[str, ...]
    """What was split off."""
    rest: tuple[str, ...]
    """What it was split from."""


def add(connection: sa.Connection, run_id: int, at: datetime, off: Iterable[int], rest: Iterable[int]) -> int:
    """Record that files are to be kept apart; return the separation's number."""
    table = schema.separations
    made = connection.execute(table.insert().returning(table.c.id), {"run_id": run_id, "at": at}).scalar_one()
    rows = [
        {"separation_id": made, "file_id": each, "side": side}
        for side, files in enumerate((off, rest))
        for each in files
    ]
    connection.execute(schema.separation_files.insert(), rows)
    return int(made)


def withdraw(connection: sa.Connection, separation: int, at: datetime) -> list[int]:
    """Let the files of a separation be one picture again; return them. Empty where there is no such separation."""
    table, files = schema.separations, schema.separation_files
    open_ = (table.c.id == separation) & table.c.withdrawn_at.is_(None)
    if not connection.execute(table.update().where(open_).values(withdrawn_at=at)).rowcount:
        return []
    return list(connection.scalars(sa.select(files.c.file_id).where(files.c.separation_id == separation)))


def sides(connection: sa.Connection, file_ids: Iterable[int]) -> list[tuple[int, Side]]:
    """Return (file, side) for those of the files that belong to a separation that stands."""
    table, files = schema.separations, schema.separation_files
    query = sa.select(files.c.file_id, files.c.separation_id, files.c.side).join(table)
    return [
        (row.file_id, (row.separation_id, row.side))
        for chunk in chunks(file_ids)
        for row in connection.execute(query.where(table.c.withdrawn_at.is_(None), files.c.file_id.in_(chunk)))
    ]


def listed(connection: sa.Connection) -> list[Separation]:
    """Return all separations, the withdrawn ones as well, oldest first."""
    table, files = schema.separations, schema.separation_files
    held: dict[int, tuple[list[str], list[str]]] = {}
    query = sa.select(files.c.separation_id, files.c.side, schema.files.c.sha256).join(schema.files)
    for row in connection.execute(query.order_by(files.c.file_id)):
        held.setdefault(row.separation_id, ([], []))[row.side].append(row.sha256)
    return [
        Separation(row.id, row.at, row.withdrawn_at, *map(tuple, held.get(row.id, ((), ()))))
        for row in connection.execute(sa.select(table).order_by(table.c.id))
    ]


def dissolve(connection: sa.Connection, pictures: Iterable[int]) -> None:
    """Let the files of pictures be resolved anew, without what was measured of them."""
    members, links = schema.picture_files, schema.links
    for chunk in chunks(pictures):
        files = list(connection.scalars(sa.select(members.c.file_id).where(members.c.picture_id.in_(chunk))))
        connection.execute(links.delete().where(links.c.picture_id.in_(chunk)))
        connection.execute(members.delete().where(members.c.picture_id.in_(chunk)))
        connection.execute(schema.pictures.delete().where(schema.pictures.c.id.in_(chunk)))
        matches.forget(connection, files)
        unresolve(connection, files)
