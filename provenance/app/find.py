"""Finds archived files by what they tell about themselves. Never writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from provenance.archive import matches, read, search
from provenance.archive import metadata as stored
from provenance.archive.store import Archive, Connection
from provenance.core import chain, fold
from provenance.core.chain import FirstSeen
from provenance.core.evidence import Evidence
from provenance.core.found import FindAnswer, FoundFile, MatchedPlace, MatchedTime, MatchedTrait
from provenance.core.metadata import Metadata
from provenance.core.places import distance_km, is_place
from provenance.core.traits import DOCUMENTS, Trait, folded, traits


@dataclass(frozen=True, slots=True)
class Near:
    """A place in degrees, and how far around it is looked."""

    latitude: float
    longitude: float
    km: float


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` on and before `end`, both in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a file must have all of it."""

    camera_serial: str | None = None
    document_id: str | None = None
    software: str | None = None
    near: Near | None = None
    captured: Span | None = None


def find(archive: Archive, wanted: Wanted, limit: int) -> FindAnswer:
    """Return the files that tell all that is wanted, in the order in which they were archived."""
    with archive.read() as connection:
        sets = list(_sets(connection, wanted))
        files = sorted(set.intersection(*sets)) if sets else []
        shown = files[:limit]
        return FindAnswer(tuple(_found(connection, shown, wanted)), len(files), *stored.count(connection))


def _sets(connection: Connection, wanted: Wanted) -> Iterator[set[int]]:
    if wanted.camera_serial is not None:
        yield set(search.with_trait(connection, {Trait.CAMERA_SERIAL}, wanted.camera_serial))
    if wanted.document_id is not None:
        yield set(search.with_trait(connection, DOCUMENTS, wanted.document_id))
    if wanted.software is not None:
        yield set(search.with_text(connection, Trait.SOFTWARE, wanted.software))
    if (near := wanted.near) is not None:
        yield set(search.near(connection, near.latitude, near.longitude, near.km))
    if (span := wanted.captured) is not None:
        yield set(search.taken_between(connection, span.start, span.end))


def _found(connection: Connection, file_ids: Sequence[int], wanted: Wanted) -> Iterator[FoundFile]:
    files = read.files(connection, file_ids)
    told = stored.load(connection, file_ids)
    picture_of = read.picture_of(connection, file_ids)
    members = read.files_of_pictures(connection, set(picture_of.values()))
    span = wanted.captured
    moments = search.taken_between(connection, span.start, span.end) if span else {}
    for file_id in file_ids:
        picture = picture_of.get(file_id)
        matched: list[MatchedTrait | MatchedTime | MatchedPlace] = [
            *_traits(told[file_id], wanted),
            *moments.get(file_id, ()),
            *_places(told[file_id], wanted.near),
        ]
        first = first_seen(connection, members[picture] if picture is not None else [file_id])
        yield FoundFile(files[file_id], picture, first, tuple(matched))


def first_seen(connection: Connection, file_ids: Sequence[int]) -> FirstSeen | None:
    """Return from when on the picture of these files is known; None where no post shows it."""
    wanted = set(file_ids)
    seen = fold.sightings(read.versions_with_files(connection, file_ids))
    evidence = Evidence(matches.among(connection, file_ids))
    return chain.build([each for each in seen if each.file.id in wanted], evidence).first_seen


def _traits(told: Metadata, wanted: Wanted) -> Iterator[MatchedTrait]:
    for trait, value in traits(told):
        is_wanted = (
            (trait is Trait.CAMERA_SERIAL and _is(value, wanted.camera_serial))
            or (trait in DOCUMENTS and _is(value, wanted.document_id))
            or (trait is Trait.SOFTWARE and wanted.software is not None and folded(wanted.software) in folded(value))
        )
        if is_wanted:
            yield MatchedTrait(trait, value)


def _is(value: str, wanted: str | None) -> bool:
    return wanted is not None and folded(value) == folded(wanted)


def _places(told: Metadata, near: Near | None) -> Iterator[MatchedPlace]:
    if near is None:
        return
    for place in dict.fromkeys((each.latitude, each.longitude) for each in told.places):
        away = distance_km((near.latitude, near.longitude), place)
        if is_place(*place) and away <= near.km:
            yield MatchedPlace(*place, away)
