"""What should make an editor look twice at a post of the week: its times, its history, what its files tell."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from provenance.core.metadata import Level
from provenance.core.model import Sighting
from provenance.core.times import (
    DISPUTED,
    EDITED,
    IMPORTED_CHAT,
    SEEN_SWAPPED,
    SWAPPED,
    SWAPPED_UNDATED,
    TIMES_DIFFER,
    UPLOADED_EARLIER,
    UPLOADED_LATER,
    dated,
)

_KINDS = (
    (UPLOADED_LATER, "uploaded after the post's time", Level.WARNING),
    (SWAPPED, "image swapped by an edit", Level.WARNING),
    (SWAPPED_UNDATED, "image swapped, unknown when", Level.WARNING),
    (SEEN_SWAPPED, "image swapped, seen by this archive", Level.WARNING),
    (DISPUTED, "two accounts show different images", Level.WARNING),
    (TIMES_DIFFER, "two accounts give different times", Level.WARNING),
    (UPLOADED_EARLIER, "uploaded well before the post", Level.NOTICE),
    (IMPORTED_CHAT, "brought in from another chat service", Level.NOTICE),
    (EDITED, "edited before it was archived", Level.INFO),
)
_WEIGHT = {Level.WARNING: 0, Level.NOTICE: 1, Level.INFO: 2}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to look twice at a sighting. `kind` is what others of the same sort are called too."""

    sighting: Sighting
    kind: str
    level: Level
    words: str


def of_times(sightings: Iterable[Sighting]) -> list[Doubt]:
    """Return what speaks against the times of these sightings; that an export tells them is no doubt by itself."""
    return [
        Doubt(seen, kind, level, words)
        for seen in sightings
        for words in dated(seen).warnings
        for begins, kind, level in _KINDS
        if words.startswith(begins.partition("{")[0])
    ]


def grouped(doubts: Iterable[Doubt]) -> list[tuple[str, Level, list[Doubt]]]:
    """Put doubts of one kind together, the weightiest and rarest first: what every post has tells nothing of any."""
    groups: dict[tuple[str, Level], list[Doubt]] = defaultdict(list)
    for each in doubts:
        groups[each.kind, each.level].append(each)
    found = [(*key, group) for key, group in groups.items()]
    return sorted(found, key=lambda each: (_WEIGHT[each[1]], len(each[2]), each[0]))
