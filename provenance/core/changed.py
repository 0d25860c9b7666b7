"""Image posts that were edited, deleted, or got another picture in a week: what they were, and what they are since."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from provenance.core import fold, times
from provenance.core.model import PeerKind, Sighting, Version
from provenance.core.times import SEEN_SWAPPED, SWAPPED, SWAPPED_UNDATED, UPLOADED_LATER, dated

SWAPPED_IN, EDITED, DELETED = "picture swapped in", "edited", "deleted"
_SWAPS = frozenset({UPLOADED_LATER, SWAPPED, SWAPPED_UNDATED, SEEN_SWAPPED})

_Post = tuple[tuple[PeerKind, int], int]


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened to an image post; a picture that was swapped in is `sighting` itself."""

    sighting: Sighting
    change: str
    at: datetime
    before: Sighting | None = None
    """What the post showed before a picture was swapped in, where that is archived."""
    text_before: str | None = None
    text_since: str | None = None
    """The post's text before and since, where both are archived and differ."""


def changes(holds: Callable[[datetime], bool], sightings: Iterable[Sighting]) -> list[Changed]:
    """Return the edits, swaps and deletions of the sightings' posts at the times that `holds` is true of."""
    found = []
    for each in sightings:
        when = dated(each)
        if _SWAPS.intersection(when.warnings) and holds(when.at):
            found.append(Changed(each, SWAPPED_IN, when.at))
        edits = {*each.edits, each.edited_at} - {None}
        found += [Changed(each, EDITED, at) for at in edits if at is not None and holds(at)]
        if each.deleted_seen_at is not None and holds(each.deleted_seen_at):
            found.append(Changed(each, DELETED, each.deleted_seen_at))
    return found


def in_order(changed: Iterable[Changed]) -> tuple[Changed, ...]:
    """Return changes as a report tells them: each once, though a post may have held several pictures."""
    posts: dict[_Post, list[Changed]] = defaultdict(list)
    for each in changed:
        posts[_post(each.sighting)].append(each)
    once = (each for group in posts.values() for each in _once(group))
    return tuple(sorted(once, key=lambda each: (each.at, each.sighting.ref)))


def explained(changed: Sequence[Changed], versions: Iterable[Version]) -> tuple[Changed, ...]:
    """Return the changes with what the posts were before and since, as far as their `versions` tell."""
    posts: dict[_Post, list[Version]] = defaultdict(list)
    for version in versions:
        posts[version.channel.key, version.message_id].append(version)
    return tuple(_explained(each, posts[_post(each.sighting)]) for each in changed)


def _once(group: Sequence[Changed]) -> Iterator[Changed]:
    kept: dict[object, Changed] = {}
    swaps = {each.at for each in group if each.change == SWAPPED_IN}
    for each in sorted(group, key=lambda each: times.order(each.sighting)):
        if each.change == SWAPPED_IN:
            kept[each.at, each.sighting.file.id] = each
        elif each.change != EDITED or each.at not in swaps:  # a swap is an edit
            kept.setdefault((each.change, each.at), each)
    return iter(kept.values())


def _explained(each: Changed, versions: Sequence[Version]) -> Changed:
    if each.change == DELETED:
        return each
    before = None
    if each.change == SWAPPED_IN:
        others = [other for other in fold.sightings(versions) if other.file.id != each.sighting.file.id]
        before = next((other for other in reversed(others) if dated(other).at < each.at), None)
    ordered = sorted(versions, key=lambda version: (version.edited_at or datetime.min.replace(tzinfo=UTC), version.id))
    old = [version.text for version in ordered if version.edited_at is None or version.edited_at < each.at]
    new = [version.text for version in ordered if version.edited_at is not None and version.edited_at >= each.at]
    texts = (old[-1], new[0]) if old and new and old[-1] != new[0] else (None, None)
    return replace(each, before=before, text_before=texts[0], text_since=texts[1])


def _post(seen: Sighting) -> _Post:
    return seen.channel.key, seen.message_id
