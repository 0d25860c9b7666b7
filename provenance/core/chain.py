"""A picture's sightings in time order: which is the first seen, and which link leads to each later one.

Everything here is a function of the set of sightings, so the order in which they were archived cannot matter.
A link says what speaks for it. It never says that somebody copied: only that an earlier post is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from provenance.core.matching import BITS, measure
from provenance.core.model import File, Link, LinkKind, Match, MatchKind, PeerKind, Sighting
from provenance.core.times import dated, order


@dataclass(frozen=True, slots=True)
class Chain:
    """`sightings` in time order; `first` is None only when there are none."""

    sightings: tuple[Sighting, ...]
    first: Sighting | None
    links: tuple[Link, ...]
    warnings: tuple[str, ...]


def build(sightings: Sequence[Sighting]) -> Chain:
    """Order the sightings of one picture, choose the first seen and link the others to what came before."""
    ordered = sorted(sightings, key=order)
    first = first_seen(ordered)
    warnings = [
        *_earlier_claims(ordered, first),
        *_unarchived_sources(ordered),
        *_same_moment(ordered, first),
    ]
    return Chain(tuple(ordered), first, tuple(_links(ordered)), tuple(warnings))


def first_seen(ordered: Sequence[Sighting]) -> Sighting | None:
    """Return the earliest sighting whose time somebody vouches for, else the earliest claim."""
    return next((each for each in ordered if dated(each).vouched), ordered[0] if ordered else None)


def first_seen_warnings(first: Sighting) -> tuple[str, ...]:
    """Everything that weakens a first-seen: its time's warnings, and a header that credits somebody else."""
    credit = (_uncredited(first),) if first.forward else ()
    return (*dated(first).warnings, *credit)


def relation(first: Sighting, other: Sighting) -> Match | None:
    """Say how a sighting's file relates to that of the first seen, however altered it is."""
    return measure(other.file, first.file)


def revision_reason(before: str | None, after: Sighting, joined: bool) -> str:
    """Say why "first seen" became `after`; `before` is the post that it was."""
    if before is None:
        return "first record of this picture"
    if before == after.ref:
        return f"the time of {after.ref} was corrected by what was archived since"
    if joined:
        return f"joined with another picture, whose first post {after.ref} is earlier than {before}"
    return f"{after.ref} was archived, which is earlier than {before}"


def _earlier_claims(ordered: Sequence[Sighting], first: Sighting | None) -> list[str]:
    if first is None or not dated(first).vouched:
        return []
    return [
        f"«{each.channel.title}» holds this picture with an earlier file time, {dated(each).at:%Y-%m-%d %H:%M} UTC: "
        "a claim that anybody can set, so it is not taken as the first."
        for each in ordered[: ordered.index(first)]
    ]


def _unarchived_sources(ordered: Sequence[Sighting]) -> list[str]:
    posts = _posts(ordered)
    found = [_uncredited(each) for i, each in enumerate(posts) if each.forward and not _credited(each, posts[:i])]
    return list(dict.fromkeys(found))


def _uncredited(sighting: Sighting) -> str:
    label = sighting.forward.label if sighting.forward else ""
    return (
        f"{sighting.ref} in «{sighting.channel.title}» is a forward from «{label}»; "
        "that earlier post is not archived, so the picture was there before."
    )


def _same_moment(ordered: Sequence[Sighting], first: Sighting | None) -> list[str]:
    if first is None:
        return []
    at = dated(first).at
    rivals = {_post(each) for each in ordered if dated(each).at == at and dated(each).vouched} - {_post(first)}
    if not rivals:
        return []
    return [f"{len(rivals)} more post(s) carry this picture at the same second as the first; their order is not known."]


def _links(ordered: Sequence[Sighting]) -> list[Link]:
    posts = _posts(ordered)
    links = []
    for i, target in enumerate(posts):
        # A post is no copy of itself, whatever its versions hold.
        earlier = [each for each in posts[:i] if _post(each) != _post(target)]
        if earlier and (link := _link(target, earlier)):
            links.append(link)
    return links


def _posts(ordered: Sequence[Sighting]) -> list[Sighting]:
    """Leave out collections: a folder of images is nobody's post, nothing was copied from it or to it."""
    return [each for each in ordered if each.channel.kind is not PeerKind.COLLECTION]


def _post(sighting: Sighting) -> tuple[object, int]:
    return sighting.channel.key, sighting.message_id


def _link(target: Sighting, earlier: Sequence[Sighting]) -> Link | None:
    if target.forward is not None:
        if source := _credited(target, earlier):
            evidence = f"forward header names «{target.forward.label}»; {_likeness(target.file, source.file)}"
            return Link(source, target, LinkKind.FORWARD, f"{evidence}; {_later(source, target)}")
        # It came from a post that is not archived: any other earlier post would be a guess.
        return None
    if target.media_id is not None:
        same_media = next((each for each in earlier if each.media_id == target.media_id), None)
        if same_media:
            evidence = f"same Telegram media id; no forward header; {_later(same_media, target)}"
            return Link(same_media, target, LinkKind.SILENT_COPY, evidence)
    same_bytes = next((each for each in earlier if each.file.id == target.file.id), None)
    if same_bytes:
        evidence = f"same bytes; no forward header; {_later(same_bytes, target)}"
        return Link(same_bytes, target, LinkKind.IDENTICAL_REUPLOAD, evidence)
    return _nearest(target, earlier)


def _nearest(target: Sighting, earlier: Sequence[Sighting]) -> Link | None:
    measured: dict[int, Match | None] = {}
    best: tuple[int, int] | None = None
    for i, each in enumerate(earlier):
        if each.file.id not in measured:
            measured[each.file.id] = measure(target.file, each.file)
        match = measured[each.file.id]
        if match and (best is None or match.distance < best[0]):
            best = (match.distance, i)
    if best is None:
        return None
    source = earlier[best[1]]
    evidence = f"{_likeness(target.file, source.file)}; no forward header; {_later(source, target)}"
    return Link(source, target, LinkKind.ALTERED_REUPLOAD, evidence)


def _credited(target: Sighting, earlier: Sequence[Sighting]) -> Sighting | None:
    """The earlier sighting that the forward header credits; by id where it has one, else by a name that is unique."""
    header = target.forward
    if header is None:
        return None
    if header.peer_id is not None:
        posts = [each for each in earlier if each.channel.key == (header.kind, header.peer_id)]
    else:
        posts = [each for each in earlier if header.name in each.channel.names | {each.channel.title}]
        if len({each.channel.key for each in posts}) > 1:
            return None
    exact = [each for each in posts if each.message_id == header.message_id]
    same_bytes = [each for each in posts if each.file.id == target.file.id]
    return next(iter(exact or same_bytes or posts), None)


def _likeness(one: File, other: File) -> str:
    match = measure(one, other)
    if match is None:
        return "the images could not be compared"
    if match.kind is MatchKind.IDENTICAL:
        return "same bytes"
    return f"hash distance {match.distance} of {BITS} bits{transform_words(match)}"


def transform_words(match: Match) -> str:
    """Say in words what was done to the archived image, with a leading comma; empty for nothing."""
    words = ""
    if match.mirrored:
        words += ", mirrored"
    if match.rotated:
        words += f", turned by {match.rotated}°"
    if match.kind is MatchKind.TRANSFORMED and not words:
        words = ", stretched"
    return words


def _later(source: Sighting, target: Sighting) -> str:
    return f"{duration(_at(target) - _at(source))} later"


def _at(sighting: Sighting) -> datetime:
    return dated(sighting).at


def duration(span: timedelta) -> str:
    """Two largest units of a time span: "3 d 4 h", "2 h 5 min", "12 s"."""
    seconds = int(span.total_seconds())
    parts: list[str] = []
    for unit, size in (("y", 31_557_600), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
