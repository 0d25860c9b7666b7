"""What a search through metadata finds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from provenance.core.chain import FirstSeen
from provenance.core.model import File


@dataclass(frozen=True, slots=True)
class MatchedTrait:
    """A value that was asked for, as the file has it."""

    trait: str
    value: str


@dataclass(frozen=True, slots=True)
class MatchedTime:
    """When the file says that it was taken; `utc` is None where its zone is unknown.

    With `whole_day` only the day is told.
    """

    local: datetime
    offset: timedelta | None
    utc: datetime | None
    whole_day: bool = False


@dataclass(frozen=True, slots=True)
class MatchedPlace:
    """Where the file says that it was taken, and how far that is from the place that was asked for."""

    latitude: float
    longitude: float
    km: float


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, where its picture was first seen, and what of its metadata was asked for."""

    file: File
    picture: int | None
    first_seen: FirstSeen | None
    matched: tuple[MatchedTrait | MatchedTime | MatchedPlace, ...]


@dataclass(frozen=True, slots=True)
class FindAnswer:
    """`found` are the first of `total` files; `searched` have been read, `unread` still wait for that."""

    found: tuple[FoundFile, ...]
    total: int
    searched: int
    refused: int
    """Of those searched: files whose metadata could not be read."""
    unread: int
