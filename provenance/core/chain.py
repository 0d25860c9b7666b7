"""A picture's sightings in time order: which is the first seen, and which link leads to each later one.

Everything here is a function of the set of sightings, so the order in which they were archived cannot matter.
A link says what speaks for it. It never says that somebody copied: only that an earlier post is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from provenance.core.evidence import Evidence
from provenance.core.matching import BITS
from provenance.core.model import (
    METADATA_STAGE,
    AttachmentKind,
    Link,
    LinkKind,
    Match,
    MatchKind,
    PeerKind,
    Sighting,
    Unarchived,
)
from provenance.core.times import SWAP_SLACK, UPLOAD_SLACK, Basis, dated, duration, order, uploaded_early

_WHOLE = 0.97
"""Share of an image's area from which it counts as shown whole: borders are measured with that much doubt."""


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
            return _unarchived_first(self.unarchived[0])
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
    warnings = [
        *_earlier_claims(ordered, first),
        *_unarchived_sources(ordered),
        *_same_moment(ordered, first),
    ]
    links = tuple(_links(ordered, evidence))
    return Chain(tuple(ordered), first, links, tuple(warnings), _proven_before(ordered, first), evidence)


def first_seen(ordered: Sequence[Sighting]) -> Sighting | None:
    """Return the earliest sighting whose time somebody vouches for, else the earliest claim."""
    return next((each for each in ordered if dated(each).vouched), ordered[0] if ordered else None)


def first_seen_warnings(first: Sighting) -> tuple[str, ...]:
    """Everything that weakens a first-seen: its time's warnings, and a header that credits somebody else."""
    credit = (_uncredited(first),) if _has_undated_header(first) else ()
    return (*dated(first).warnings, *credit)


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


def _unarchived_first(post: Unarchived) -> FirstSeen:
    proof = f"{post.proof.ref} in «{post.proof.channel.title}»"
    basis = unarchived_basis(post)
    if post.header is None:
        why = (
            f"Telegram's upload time of the image in {proof}, {duration(_at(post.proof) - post.at)} before that post: "
            "it was posted elsewhere by then, which is not archived, or waited to be posted."
        )
    elif basis is Basis.FORWARD_HEADER:
        why = f"This post is not archived: the forward header of {proof} names it and its time."
    else:
        why = (
            f"This post is not archived: the forward header of {proof} names it. Its image was uploaded to Telegram "
            "after its time, swapped in by an edit: it counts from the upload."
        )
    return FirstSeen(post, post.at, basis, False, (why,))


def unarchived_basis(post: Unarchived) -> Basis:
    """Whose word the time of a post is that is not archived."""
    named = post.header is not None and post.at == post.header.at
    return Basis.FORWARD_HEADER if named else Basis.UPLOADED


def _proven_before(ordered: Sequence[Sighting], first: Sighting | None) -> tuple[Unarchived, ...]:
    """What headers and upload times prove to be earlier than the first archived sighting."""
    if first is None:
        return ()
    before = _at(first) if dated(first).vouched else None
    posts = _posts(ordered)
    named = [each for i, sighting in enumerate(posts) if (each := _named(sighting, posts[:i]))]
    proven = [each for each in named if before is None or each.at < before]
    early = min((before, *(each.at for each in proven)), default=None) if before else None
    # A copy of a scheduled post shows the same media, with the same upload time: nobody saw it until it was posted.
    waited = {sighting.media_id for sighting in posts if sighting.scheduled}
    proven += [
        Unarchived(sighting.uploaded_at, sighting)
        for sighting in posts
        if sighting.uploaded_at is not None
        and sighting.media_id not in waited
        and uploaded_early(sighting)
        and (early is None or sighting.uploaded_at < early - UPLOAD_SLACK)
    ]
    unique: dict[str, Unarchived] = {}
    for each in sorted(proven, key=lambda each: (each.at, each.ref, order(each.proof))):
        unique.setdefault(each.ref, each)
    return tuple(unique.values())


def _named(target: Sighting, earlier: Sequence[Sighting]) -> Unarchived | None:
    """The post that a forward header names with its time, where the archive has not seen the picture in it."""
    header = target.forward
    if header is None or header.at is None or not _is_forward(target) or _credited(target, earlier):
        return None
    if target.uploaded_at is not None and target.uploaded_at > header.at + SWAP_SLACK:
        # An edit put it into the named post: there too it counts from its upload.
        return Unarchived(min(target.uploaded_at, _at(target)), target, header)
    return Unarchived(header.at, target, header)


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
    found = [
        _uncredited(each)
        for i, each in enumerate(posts)
        if _has_undated_header(each) and not _credited(each, posts[:i])
    ]
    return list(dict.fromkeys(found))


def _uncredited(sighting: Sighting) -> str:
    label = sighting.forward.label if sighting.forward else ""
    return (
        f"{sighting.ref} in «{sighting.channel.title}» is a forward from «{label}»; "
        "that earlier post is not archived, so the picture was there before."
    )


def _has_undated_header(sighting: Sighting) -> bool:
    """Whether a header credits a post without its time. With one, that post is told of in the chain itself."""
    return _is_forward(sighting) and sighting.forward is not None and sighting.forward.at is None


def _is_forward(sighting: Sighting) -> bool:
    """Whether a header credits another post on Telegram; one of an import from elsewhere does not."""
    return sighting.forward is not None and not sighting.forward.imported


def _same_moment(ordered: Sequence[Sighting], first: Sighting | None) -> list[str]:
    if first is None:
        return []
    at = dated(first).at
    rivals = {_post(each) for each in ordered if dated(each).at == at and dated(each).vouched} - {_post(first)}
    if not rivals:
        return []
    return [f"{len(rivals)} more post(s) carry this picture at the same second as the first; their order is not known."]


def _links(ordered: Sequence[Sighting], evidence: Evidence) -> list[Link]:
    # Telegram makes the preview of a link: two posts that link one page have not copied it from each other.
    posts = [each for each in _posts(ordered) if each.kind is not AttachmentKind.WEB_PAGE]
    links = []
    for i, target in enumerate(posts):
        # A post is no copy of itself, whatever its versions hold.
        earlier = [each for each in posts[:i] if _post(each) != _post(target)]
        if link := _link(target, earlier, evidence):
            links.append(link)
    return links


def _posts(ordered: Sequence[Sighting]) -> list[Sighting]:
    """Leave out collections: a folder of images is nobody's post, nothing was copied from it or to it."""
    return [each for each in ordered if each.channel.kind is not PeerKind.COLLECTION]


def _post(sighting: Sighting) -> tuple[object, int]:
    return sighting.channel.key, sighting.message_id


def _link(target: Sighting, earlier: Sequence[Sighting], known: Evidence) -> Link | None:
    if target.forward is not None and _is_forward(target):
        if source := _credited(target, earlier):
            evidence = (
                f"forward header names «{target.forward.label}»; {_likeness(known.between(target.file, source.file))}"
            )
            return Link(source, target, LinkKind.FORWARD, f"{evidence}; {_later(source, target)}")
        # It came from a post that is not archived: any other earlier post would be a guess.
        named = _named(target, earlier)
        if named is None:
            return None
        swapped = unarchived_basis(named) is Basis.UPLOADED
        when = ", whose image was uploaded after its time" if swapped else " and its time"
        post = f", post {named.message_id}" if named.message_id is not None else ""
        evidence = f"forward header names «{target.forward.label}»{post}{when}; not archived"
        return Link(named, target, LinkKind.FORWARD, f"{evidence}; {duration(_at(target) - named.at)} later")
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
    evidence = f"{_likeness(measured[source.file.id])}; no forward header; {_later(source, target)}"
    return Link(source, target, LinkKind.ALTERED_REUPLOAD, evidence)


def _credited(target: Sighting, earlier: Sequence[Sighting]) -> Sighting | None:
    """The earlier sighting that the forward header credits; by id where it has one, else by a name that is unique."""
    header = target.forward
    if header is None or not _is_forward(target):
        return None
    if header.peer_id is not None:
        posts = [each for each in earlier if each.channel.key == (header.kind, header.peer_id)]
    else:
        posts = [each for each in earlier if header.name in each.channel.names | {each.channel.title}]
        if len({each.channel.key for each in posts}) > 1:
            return None
    exact = [each for each in posts if each.message_id == header.message_id]
    if header.message_id is not None:
        return next(iter(exact), None)
    same_bytes = [each for each in posts if each.file.id == target.file.id]
    return next(iter(same_bytes or posts), None)


def _likeness(match: Match | None) -> str:
    """Say in words what was measured of a post's image and an earlier one, and how sure a part makes us.

    Of whole images the hash speaks: how sure others make us depends on which of them came first.
    """
    if match is None:
        return "the images could not be compared"
    if match.kind is MatchKind.IDENTICAL:
        return "same bytes"
    if match.kind is MatchKind.PARTIAL:
        return f"{match_words(match)} ({match.confidence})"
    return f"hash distance {match.distance} of {BITS} bits{transform_words(match)}"


def match_words(match: Match) -> str:
    """Say in words what was measured of two images, without how sure that makes us."""
    if match.kind is MatchKind.IDENTICAL:
        return "identical, byte for byte"
    if match.stage == METADATA_STAGE:
        return "points to it by its metadata"
    if match.kind is MatchKind.PARTIAL:
        if match.inliers is None:
            return "shows the same photograph by way of other copies"
        return f"shows {_shown(match)}{transform_words(match)}{size_words(match)}: {match.inliers} places coincide"
    return f"{match.kind}{transform_words(match)}, {match.distance} of {BITS} bits differ"


def likeness_words(match: Match) -> str:
    """Say in words what two images have in common that are no copies of each other."""
    if match.kind is not MatchKind.PARTIAL or match.inliers is None:
        return match_words(match)
    share = "" if match.visible is None else f" over {percent(match.visible)} of the archived image"
    return f"{match.inliers} places coincide{share}{transform_words(match)}"


def size_words(match: Match) -> str:
    """Say in words how large the suspect shows the archived image, with a leading comma; empty for as large."""
    if match.scale is None or f"{match.scale:.2f}" == "1.00":
        return ""
    return f", at {match.scale:.2f} times its size"


def _shown(match: Match) -> str:
    if match.visible is None:
        return "a part of the archived image"
    if match.visible >= _WHOLE:
        return "all of the archived image, with something around it or in another shape"
    return f"{percent(match.visible)} of the archived image"


def percent(share: float) -> str:
    """A share as people say it."""
    return "less than 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"


def transform_words(match: Match) -> str:
    """Say in words what was done to the archived image, with a leading comma; empty for nothing."""
    words = ""
    if match.mirrored:
        words += ", mirrored"
    if match.rotated > 180 and match.rotated % 90:
        words += f", turned by {360 - match.rotated}° anticlockwise"
    elif match.rotated:
        words += f", turned by {match.rotated}°"
    if match.kind is MatchKind.TRANSFORMED and not words:
        words = ", stretched"
    return words


def _later(source: Sighting, target: Sighting) -> str:
    return f"{duration(_at(target) - _at(source))} later"


def _at(sighting: Sighting) -> datetime:
    return dated(sighting).at
