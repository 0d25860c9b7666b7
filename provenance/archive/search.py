"""Which files tell of a device, a document, a program, a time or a place."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.metadata import VERSION
from provenance.archive.read import chunks
from provenance.core.found import MatchedTime
from provenance.core.metadata import EAST, WEST
from provenance.core.places import boxes, distance_km
from provenance.core.traits import Trait, folded


def with_trait(connection: sa.Connection, traits: Collection[Trait], value: str) -> dict[int, set[str]]:
    """Return {file: the traits} of those that have this value in one of these traits."""
    table = schema.traits
    return _by_file(
        connection,
        sa.select(table.c.file_id, table.c.trait).where(
            table.c.trait.in_(traits), table.c.value == folded(value), table.c.version == VERSION
        ),
    )


def with_text(connection: sa.Connection, trait: Trait, text: str) -> dict[int, set[str]]:
    """Return {file: the values} of those whose value of this trait contains the text."""
    table = schema.traits
    return _by_file(
        connection,
        sa.select(table.c.file_id, table.c.value).where(
            table.c.trait == trait, table.c.value.contains(folded(text), autoescape=True), table.c.version == VERSION
        ),
    )


def near(connection: sa.Connection, latitude: float, longitude: float, km: float) -> dict[int, float]:
    """Return {file: kilometres} of those that say they were taken within `km` of the place."""
    table = schema.captures
    found: dict[int, float] = {}
    for box in boxes(latitude, longitude, km):
        query = sa.select(table.c.file_id, table.c.latitude, table.c.longitude).where(
            table.c.latitude.between(box.south, box.north),
            table.c.longitude.between(box.west, box.east),
            table.c.version == VERSION,
        )
        for row in connection.execute(query):
            away = distance_km((latitude, longitude), (row.latitude, row.longitude))
            if away <= km:
                found[row.file_id] = min(away, found.get(row.file_id, away))
    return found


def taken_between(connection: sa.Connection, start: datetime, end: datetime) -> dict[int, list[MatchedTime]]:
    """Return {file: times} of those that say they were taken in [start, end).

    A time of an unknown zone is found where it lies there in any of the zones that there are.
    """
    table = schema.captures
    first, last = _shifted(start, -WEST), _shifted(end, EAST)
    day_before = _shifted(start, -WEST - timedelta(days=1))
    # The local time lies within these in every case, and it has an index.
    query = sa.select(table).where(table.c.taken_at > day_before, table.c.taken_at < last, table.c.version == VERSION)
    inside = sa.case(
        (table.c.taken_at_utc.is_(None), table.c.whole_day | (table.c.taken_at >= first)),
        else_=(table.c.taken_at_utc >= start) & (table.c.taken_at_utc < end),
    )
    found: dict[int, list[MatchedTime]] = defaultdict(list)
    for row in connection.execute(query.where(inside).order_by(table.c.file_id, table.c.position)):
        found[row.file_id].append(_taken(row))
    return dict(found)


def sharing(connection: sa.Connection, traits: Collection[Trait], value: str, limit: int) -> list[int]:
    """Return the first `limit` files that have this value in one of these traits."""
    table = schema.traits
    query = sa.select(table.c.file_id).where(
        table.c.trait.in_(traits), table.c.value == folded(value), table.c.version == VERSION
    )
    return list(connection.scalars(query.distinct().order_by(table.c.file_id).limit(limit)))


def values(connection: sa.Connection, trait: Trait, file_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return {file: its folded values of this trait}."""
    table = schema.traits
    found: dict[int, set[str]] = {}
    for chunk in chunks(file_ids):
        query = sa.select(table.c.file_id, table.c.value).where(
            table.c.file_id.in_(chunk), table.c.trait == trait, table.c.version == VERSION
        )
        found |= _by_file(connection, query)
    return found


def taken(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, list[MatchedTime]]:
    """Return {file: when it says that it was taken}."""
    table = schema.captures
    found: dict[int, list[MatchedTime]] = defaultdict(list)
    for chunk in chunks(file_ids):
        query = sa.select(table).where(
            table.c.file_id.in_(chunk), table.c.taken_at.is_not(None), table.c.version == VERSION
        )
        for row in connection.execute(query.order_by(table.c.file_id, table.c.position)):
            found[row.file_id].append(_taken(row))
    return dict(found)


def _by_file(connection: sa.Connection, query: sa.Select[Any]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for file_id, value in connection.execute(query):
        found[file_id].add(value)
    return dict(found)


def _taken(row: Any) -> MatchedTime:
    offset = None if row.offset_minutes is None else timedelta(minutes=row.offset_minutes)
    return MatchedTime(row.taken_at, offset, row.taken_at_utc, row.whole_day)


def _shifted(at: datetime, by: timedelta) -> datetime:
    """By the clock of a zone, as far as the calendar goes."""
    naive = at.astimezone(UTC).replace(tzinfo=None)
    try:
        return naive + by
    except OverflowError:
        return datetime.max if by > timedelta(0) else datetime.min  # noqa: DTZ901 - as clocks show it
