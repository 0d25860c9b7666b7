"""What a report says that the report made before of the same week did not: the archive has learnt more meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from provenance.core.wording import counted


@dataclass(frozen=True, slots=True)
class Told:
    """What a report tells of one picture, as far as a later one is compared with it."""

    first_seen: str
    """The post's name and its time."""
    posts: frozenset[str]
    """The names of its posts of the week."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A report as it was made."""

    posts: int
    pictures: Mapping[int, Told]


@dataclass(frozen=True, slots=True)
class Revision:
    """What is different, and since when. Pictures are named by their numbers."""

    since: datetime | None
    """When the report before was made."""
    posts: int
    """How many more posts of the week are archived."""
    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: tuple[tuple[int, str], ...]
    """(picture, what changed)."""


def revision(before: Snapshot, now: Snapshot, since: datetime | None) -> Revision | None:
    """Return what changed; None where both say the same."""
    if before == now:
        return None
    both = sorted(before.pictures.keys() & now.pictures.keys())
    changed = [(each, words) for each in both if (words := _changed(before.pictures[each], now.pictures[each]))]
    return Revision(
        since,
        now.posts - before.posts,
        tuple(sorted(now.pictures.keys() - before.pictures.keys())),
        tuple(sorted(before.pictures.keys() - now.pictures.keys())),
        tuple(changed),
    )


def _changed(before: Told, now: Told) -> str:
    more, fewer = len(now.posts - before.posts), len(before.posts - now.posts)
    said = [
        f"first seen was {before.first_seen}, is {now.first_seen}" if before.first_seen != now.first_seen else "",
        counted(more, "more post") if more else "",
        f"{counted(fewer, 'post')} no longer" if fewer else "",
    ]
    return "; ".join(filter(None, said))
