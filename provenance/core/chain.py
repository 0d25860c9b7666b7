"""A picture's sightings in time order: which is the first seen, and which link leads to each later one.

Everything here is a function of the set of sightings, so the order in which they were archived cannot matter.
A link says what speaks for it. It never says that somebody copied: only that an earlier post is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from provenance.core import unarchived
from provenance.core.evidence import Evidence
from provenance.core.likeness import evidence_words
from provenance.core.model import (
    AttachmentKind,
    Link,
    LinkKind,
    Match,
    PeerKind,
    Sighting,
    Unarchived,
)
from provenance.core.times import Basis, dated, duration, order
from provenance.core.wording import counted


@dataclass(frozen=True, slots=True)
class Chain:
    """`sightings` in time order; `first`, the first archived one, is None only when there are none."""

    sightings: tuple[Sighting, ...]
    first: Sighting | None
    links: tuple[Link, ...]
    warnings: tuple[str, ...]
    unarchived: tuple[Unarchived, ...] = ()
    """What is proven to have been posted before `first`, and is not archived; in time order."""
    evidence: Evidence = field(default_factory=Evidence, compare=False)
    """Why its files are taken for one picture."""

    def relation(self, sighting: Sighting) -> Match | None:
        """Say how a sighting's file relates to that of the first; None where that is not known."""
        return None if self.first is None else self.evidence.between(sighting.file, self.first.file)

    @property
    def first_seen(self) -> "FirstSeen | None":
        """The earliest time of the picture that is known, and whether its post is archived."""
        if self.first is None:
            return None
        if self.unarchived:
            post = self.unarchived[0]
            return FirstSeen(post, post.at, unarchived.basis(post), False, (unarchived.proof_words(post),))
        when = dated(self.first)
        return FirstSeen(self.first, when.at, when.basis, True, first_seen_warnings(self.first))


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """From when on a picture is known, and on whose word."""

    post: Sighting | Unarchived
    at: datetime
    basis: Basis
    archived: bool
    warnings: tuple[str, ...]

    @property
    def ref(self) -> str:
        return self.post.ref


def build(sightings: Sequence[Sighting], evidence: Evidence | None = None) -> Chain:
    """Order the sightings of one picture, choose the first seen and link the others to what came before."""
    evidence = evidence or Evidence()
    ordered = sorted(sightings, key=order)
    first = first_seen(ordered)
    # A folder of images is nobody's post: nothing was copied from it or to it.
    posts = [each for each in ordered if each.channel.kind is not PeerKind.COLLECTION]
    warnings = (*_earlier_claims(ordered, first), *_undated_credits(posts), *_same_moment(ordered, first))
    links = tuple(_links(posts, evidence))
    vouched = dated(first).at if first is not None and dated(first).vouched else None
    return Chain(tuple(ordered), first, links, warnings, unarchived.proven_before(vouched, posts), evidence)


def first_seen(ordered: Sequence[Sighting]) -> Sighting | None:
    """Return the earliest sighting whose time somebody vouches for, else the earliest claim."""
    return next((each for each in ordered if dated(each).vouched), ordered[0] if ordered else None)


def first_seen_warnings(first: Sighting) -> tuple[str, ...]:
    """Everything that weakens a first-seen: its time's warnings, and a header that credits somebody else."""
    credit = unarchived.undated_credit(first)
    return (*dated(first).warnings, *([credit] if credit else []))


def revision_reason(before: str | None, before_at: datetime | None, after: FirstSeen, joined: bool) -> str:
    """Say why "first seen" became `after`; `before` is the post that it was, and its time."""
    if before is None:
        return "first record of this picture"
    if before == after.ref:
        return f"the time of {after.ref} was corrected by what was archived since"
    if before_at is not None and before_at < after.at:
        return f"{before} no longer counts as an earlier post of this picture"
    if joined:
        return f"joined with another picture, whose first post {after.ref} is earlier than {before}"
    if not after.archived:
        return f"{after.ref}, which is not archived, is proven to be earlier than {before}"
    return f"{after.ref} was archived, which is earlier than {before}"


def _earlier_claims(ordered: Sequence[Sighting], first: Sighting | None) -> list[str]:
    if first is None or not dated(first).vouched:
        return []
    return [
        f"«{each.channel.title}» holds this picture with an earlier file time, {dated(each).at:%Y-%m-%d %H:%M} UTC: "
        "a claim that anybody can set, so it is not taken as the first."
        for each in ordered[: ordered.index(first)]
    ]


def _undated_credits(posts: Sequence[Sighting]) -> list[str]:
    found = [
        words
        for i, each in enumerate(posts)
        if (words := unarchived.undated_credit(each)) and not unarchived.credited(each, posts[:i])
    ]
    return list(dict.fromkeys(found))


def _same_moment(ordered: Sequence[Sighting], first: Sighting | None) -> list[str]:
    if first is None:
        return []
    at = dated(first).at
    rivals = {_post(each) for each in ordered if dated(each).at == at and dated(each).vouched} - {_post(first)}
    if not rivals:
        return []
    others = counted(len(rivals), "more post")
    return [f"At the same second as the first, {others} carried this picture: their order is not known."]


def _links(posts: Sequence[Sighting], evidence: Evidence) -> list[Link]:
    # Telegram makes the preview of a link: two posts that link one page have not copied it from each other.
    posts = [each for each in posts if each.kind is not AttachmentKind.WEB_PAGE]
    links = []
    for i, target in enumerate(posts):
        # A post is no copy of itself, whatever its versions hold.
        earlier = [each for each in posts[:i] if _post(each) != _post(target)]
        if link := _link(target, earlier, evidence):
            links.append(link)
    return links


def _post(sighting: Sighting) -> tuple[object, int]:
    return sighting.channel.key, sighting.message_id


def _link(target: Sighting, earlier: Sequence[Sighting], known: Evidence) -> Link | None:
    if target.credit is not None:
        evidence = f"forward header names «{target.credit.label}»"
        if source := unarchived.credited(target, earlier):
            evidence += f"; {evidence_words(known.between(target.file, source.file))}; {_later(source, target)}"
            return Link(source, target, LinkKind.FORWARD, evidence)
        # It came from a post that is not archived: any other earlier post would be a guess.
        named = unarchived.named(target, earlier)
        if named is None:
            return None
        evidence += f", post {named.message_id}" if named.message_id is not None else ""
        swapped = unarchived.basis(named) is Basis.UPLOADED
        evidence += ", whose image was uploaded after its time" if swapped else " and its time"
        evidence += f"; not archived; {duration(_at(target) - named.at)} later"
        return Link(named, target, LinkKind.FORWARD, evidence)
    if target.media_id is not None:
        same_media = next((each for each in earlier if each.media_id == target.media_id), None)
        if same_media:
            evidence = f"same Telegram media id; no forward header; {_later(same_media, target)}"
            return Link(same_media, target, LinkKind.SILENT_COPY, evidence)
    same_bytes = next((each for each in earlier if each.file.id == target.file.id), None)
    if same_bytes:
        evidence = f"same bytes; no forward header; {_later(same_bytes, target)}"
        return Link(same_bytes, target, LinkKind.IDENTICAL_REUPLOAD, evidence)
    return _nearest(target, earlier, known)


def _nearest(target: Sighting, earlier: Sequence[Sighting], known: Evidence) -> Link | None:
    """Link to the earlier sighting that is most like the target: by hash, else by the places that coincide."""
    measured: dict[int, Match | None] = {}
    best: tuple[int, int, int] | None = None
    for i, each in enumerate(earlier):
        if each.file.id not in measured:
            measured[each.file.id] = known.between(target.file, each.file)
        match = measured[each.file.id]
        if match is None:
            continue
        rank = (match.distance, -(match.inliers or 0), i)
        if best is None or rank < best:
            best = rank
    if best is None:
        return None
    source = earlier[best[2]]
    evidence = f"{evidence_words(measured[source.file.id])}; no forward header; {_later(source, target)}"
    return Link(source, target, LinkKind.ALTERED_REUPLOAD, evidence)


def _later(source: Sighting, target: Sighting) -> str:
    return f"{duration(_at(target) - _at(source))} later"


def _at(sighting: Sighting) -> datetime:
    return dated(sighting).at
