"""What files tell about themselves: written down whole, and beside it what can be searched. Derived."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from provenance.archive import schema
from provenance.archive.read import chunks
from provenance.archive.text import storable
from provenance.core.matching import BYTES, ORIENTATIONS
from provenance.core.metadata import Block, Metadata, Moment, Thumbnail
from provenance.core.places import is_place
from provenance.core.traits import folded, traits

TOOL = "metadata"
VERSION = 2
"""Raise it when reading tells more or something else: every file is then read again."""
THUMBNAIL = "thumbnail256"
"""The algorithm under which a thumbnail's hash is kept: never mixed up with those of the files themselves."""
LARGEST = 256 << 10
"""Bytes of one file's metadata that are kept."""
_TOO_MUCH = f"more than {LARGEST >> 10} KiB in all: its texts and histories are not kept"
_MOST = 32
"""Times and places, and values of one kind, that can be searched for one file."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Metadata).decode


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of reading one file: either a problem, or what it tells."""

    file_id: int
    read: Metadata | None = None
    problem: str | None = None


def unread(connection: sa.Connection, *, arrived: bool = False) -> list[tuple[int, str]]:
    """Return (file, hash) of every file that the reading known here has not seen.

    With `arrived` only of those that have come in since and are not resolved yet.
    """
    files, inspections = schema.files, schema.inspections
    done = (inspections.c.file_id == files.c.id) & _ours()
    query = sa.select(files.c.id, files.c.sha256).outerjoin(inspections, done)
    if arrived:
        query = query.join(schema.unresolved, schema.unresolved.c.file_id == files.c.id)
    rows = connection.execute(query.where(inspections.c.file_id.is_(None)).order_by(files.c.id))
    return [(row[0], row[1]) for row in rows]


def save(connection: sa.Connection, readings: Sequence[Reading]) -> None:
    """Record what was read, refusals included; what another process recorded meanwhile stays."""
    rows, searched_traits, searched_captures, thumbnails = [], [], [], []
    for reading in readings:
        text, problem = _text(reading)
        rows.append({"file_id": reading.file_id, "tool": TOOL, "version": VERSION, "problem": problem,
                     "findings": text})  # fmt: skip
        if text is not None and reading.read is not None:
            searched_traits += _traits(reading.file_id, reading.read)
            searched_captures += _captures(reading.file_id, reading.read)
            thumbnails += _thumbnails(reading.file_id, reading.read)
    for table, found in (
        (schema.inspections, rows),
        (schema.traits, searched_traits),
        (schema.captures, searched_captures),
        (schema.fingerprints, thumbnails),
    ):
        if found:
            connection.execute(insert(table).on_conflict_do_nothing(), found)


def load(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, Metadata]:
    """Return {file: what it tells} of those that were read."""
    table = schema.inspections
    query = sa.select(table.c.file_id, table.c.findings).where(_ours(), table.c.findings.is_not(None))
    return {
        row.file_id: _decode(row.findings)
        for chunk in chunks(file_ids)
        for row in connection.execute(query.where(table.c.file_id.in_(chunk)))
    }


def thumbnail_codes(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, tuple[bytes, int]]:
    """Return {file: (hash of its thumbnail in all orientations, quality)}."""
    table = schema.fingerprints
    query = sa.select(table).where(table.c.algorithm == THUMBNAIL, table.c.version == VERSION)
    return {
        row.file_id: (row.code + row.turned, row.quality)
        for chunk in chunks(file_ids)
        for row in connection.execute(query.where(table.c.file_id.in_(chunk)))
    }


def count(connection: sa.Connection) -> tuple[int, int, int]:
    """Return how many files were read, how many of those could not be, and how many still wait for it."""
    table = schema.inspections
    counting = sa.select(sa.func.count()).select_from(table)
    seen = connection.scalar(counting.where(_ours())) or 0
    refused = connection.scalar(counting.where(_ours(), table.c.problem.is_not(None))) or 0
    files = connection.scalar(sa.select(sa.func.count()).select_from(schema.files)) or 0
    return seen, refused, files - seen


def _ours() -> sa.ColumnElement[bool]:
    table = schema.inspections
    return (table.c.tool == TOOL) & (table.c.version == VERSION)


def _text(reading: Reading) -> tuple[str | None, str | None]:
    """Return (the metadata as JSON, the problem): whatever a file holds, it can be read back."""
    if reading.read is None:
        return None, reading.problem or "nothing was read"
    try:
        encoded = _encode(reading.read)
        if len(encoded) > LARGEST:
            encoded = _encode(_shortened(reading.read))
        if len(encoded) > LARGEST:
            return None, f"its metadata is larger than {LARGEST >> 10} KiB"
        _decode(encoded)
    except (ValueError, msgspec.ValidationError) as error:
        # Half of a surrogate pair, a number that is none.
        return None, storable(f"its metadata cannot be kept: {error}")
    return encoded.decode(), None


def _shortened(read: Metadata) -> Metadata:
    documents = read.documents
    return replace(
        read,
        texts=(),
        history=(),
        credits={},
        documents=replace(documents, ingredients=documents.ingredients[:_MOST]),
        jpeg=read.jpeg and replace(read.jpeg, comments=(), segments=read.jpeg.segments[:_MOST]),
        unread=((Block.CONTAINER, _TOO_MUCH), *read.unread[:_MOST]),
    )


def _traits(file_id: int, read: Metadata) -> list[dict[str, object]]:
    found: dict[tuple[str, str], None] = {}
    of_kind: dict[str, int] = {}
    for trait, value in traits(read):
        of_kind[trait] = of_kind.get(trait, 0) + 1
        if of_kind[trait] <= _MOST:
            found[trait, folded(storable(value))] = None
    return [{"file_id": file_id, "version": VERSION, "trait": trait, "value": value} for trait, value in found]


def _captures(file_id: int, read: Metadata) -> list[dict[str, object]]:
    moments = {(each.local, each.offset, each.whole_day): each for each in read.captured}
    times = list(moments.values())[:_MOST]
    places = dict.fromkeys((each.latitude, each.longitude) for each in read.places)
    where = [place for place in places if is_place(*place)][:_MOST]
    return [
        {
            "file_id": file_id,
            "version": VERSION,
            "position": position,
            "taken_at": taken and taken.local,
            "whole_day": taken is not None and taken.whole_day,
            "offset_minutes": None if taken is None or taken.offset is None else taken.offset // timedelta(minutes=1),
            "taken_at_utc": taken and _utc(taken),
            "latitude": place and place[0],
            "longitude": place and place[1],
        }
        for position, (taken, place) in enumerate(zip_longest(times, where))
    ]


def _utc(taken: Moment) -> datetime | None:
    try:
        return taken.utc
    except OverflowError:
        return None  # in the first or last hours of the calendar


def _thumbnails(file_id: int, read: Metadata) -> list[dict[str, object]]:
    """The one that differs most from the picture itself: the others are found with the file's own hash."""
    whole: list[Thumbnail] = [each for each in read.thumbnails if len(each.codes) == BYTES * len(ORIENTATIONS)]
    if not whole:
        return []
    chosen = max(whole, key=lambda each: each.distance)
    return [
        {
            "file_id": file_id,
            "algorithm": THUMBNAIL,
            "version": VERSION,
            "code": chosen.codes[:BYTES],
            "turned": chosen.codes[BYTES:],
            "quality": chosen.quality,
        }
    ]
