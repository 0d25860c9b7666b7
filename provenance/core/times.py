"""What each time proves, and whose word it is.

Trust, highest first: Telegram's upload time, the post time of a post whose image is unchanged, a forward
header's time, our own observation, a claim of a file or of an importer. A claim never displaces a time that
somebody else vouches for, however early it is; it warns.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from provenance.core.matching import compare
from provenance.core.model import (
    AttachmentKind,
    Confidence,
    ForwardHeader,
    Held,
    Media,
    PeerKind,
    Sighting,
    Source,
    Version,
)


class Basis(StrEnum):
    """Whose word a time is."""

    POSTED = "posted"
    UPLOADED = "uploaded"
    FORWARD_HEADER = "forward_header"
    OBSERVED = "observed"
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Dated:
    """From when on a sighting counts."""

    at: datetime
    basis: Basis
    warnings: tuple[str, ...] = ()

    @property
    def vouched(self) -> bool:
        """Whether anybody but the file itself stands for the time."""
        return self.basis is not Basis.CLAIMED


SWAP_SLACK = timedelta(minutes=1)
"""How much later than its post an image may be uploaded without a word: servers' clocks differ a little."""
UPLOAD_SLACK = timedelta(minutes=10)
"""How much earlier than its post an image may be uploaded: the parts of an album wait for each other."""

IMPORTED = "The time is the word of an imported export; this archive did not see it on Telegram itself."
CLAIMED = "The time is the file's own claim (its modification time), which anybody can set."
LOCAL_TIME = "The export gives only the exporter's local time, of an unknown zone: it may be off by up to 14 hours."
EDITED = "The post was edited before it was archived; whether its image was changed then is not known."
SWAPPED = "The image was put into the post by an edit: it counts from the edit's time, not from the post's."
SWAPPED_UNDATED = "The image was put into the post later, at an unknown time: it counts from when it was observed."
DISPUTED = "Two imports show different images in this post, and neither is marked as edited."
TIMES_DIFFER = "Two imports give different times for this post; the later one is used."
UPLOADED_LATER = "The image was uploaded to Telegram after the post's time: it was swapped in by an edit."
UPLOADED_EARLIER = (
    "The image had been uploaded to Telegram {before} before this post: in an earlier post, or waiting to be posted."
)
PREVIEW_LATER = "Telegram fetched this preview of the linked page after the post's time: it counts from then."
SCHEDULED = "The post was scheduled: it was written and its image uploaded before Telegram published it at this time."
IMPORTED_CHAT = "The post was brought in from another chat service: its time is the importer's claim."
SEEN_SWAPPED = "This archive saw the post with another image before: this one counts from when it was observed."
UNDATED = "No time is given for this post: it counts from when it was observed."


def dated(sighting: Sighting) -> Dated:
    """Say from when on a sighting counts, on whose word, and what speaks against it."""
    warnings: list[str] = []
    if sighting.times_differ:
        warnings.append(TIMES_DIFFER)
    at, basis = _moment(sighting, warnings)
    if basis is Basis.POSTED and sighting.source is Source.IMPORT:
        warnings.append(IMPORTED)
    return Dated(at, basis, tuple(warnings))


def uploaded_early(sighting: Sighting) -> bool:
    """Whether Telegram's upload time proves that the image was there well before the post that shows it."""
    told = [at for at in (sighting.posted_at, _header_time(sighting)) if at is not None]
    return sighting.uploaded_at is not None and bool(told) and sighting.uploaded_at < min(told) - UPLOAD_SLACK


def _header_time(sighting: Sighting) -> datetime | None:
    header = sighting.forward
    return None if header is None or header.imported else header.at


def _moment(sighting: Sighting, warnings: list[str]) -> tuple[datetime, Basis]:
    if sighting.posted_at is None:
        if sighting.uploaded_at is not None:
            return sighting.uploaded_at, Basis.UPLOADED
        if sighting.claimed_at is not None:
            warnings.append(CLAIMED if sighting.channel.kind is PeerKind.COLLECTION else LOCAL_TIME)
            return sighting.claimed_at, Basis.CLAIMED
        warnings.append(UNDATED)
        return sighting.observed_at, Basis.OBSERVED
    if sighting.forward is not None and sighting.forward.imported:
        warnings.append(IMPORTED_CHAT)
        if sighting.uploaded_at is not None:
            return sighting.uploaded_at, Basis.UPLOADED
        return sighting.posted_at, Basis.CLAIMED
    if sighting.uploaded_at is not None and sighting.uploaded_at > sighting.posted_at + SWAP_SLACK:
        warnings.append(UPLOADED_LATER if _chosen(sighting.kind) else PREVIEW_LATER)
        return sighting.uploaded_at, Basis.UPLOADED
    if sighting.media is Media.SWAPPED:
        # An edit after we had seen the image there was another one.
        seen = sighting.observed_at + SWAP_SLACK
        if sighting.swapped_at is not None and sighting.posted_at <= sighting.swapped_at <= seen:
            warnings.append(SWAPPED)
            return sighting.swapped_at, Basis.POSTED
        warnings.append(SWAPPED_UNDATED if sighting.source is Source.IMPORT else SEEN_SWAPPED)
        return sighting.observed_at, Basis.OBSERVED
    if sighting.media is Media.DISPUTED:
        warnings.append(DISPUTED)
    elif sighting.media is Media.EDITED:
        warnings.append(EDITED)
    if sighting.scheduled:
        warnings.append(SCHEDULED)
    elif sighting.forward is None and sighting.uploaded_at is not None and uploaded_early(sighting):
        warnings.append(UPLOADED_EARLIER.format(before=duration(sighting.posted_at - sighting.uploaded_at)))
    return sighting.posted_at, Basis.POSTED


def duration(span: timedelta) -> str:
    """Two largest units of a time span: "3 d 4 h", "2 h 5 min", "12 s"."""
    seconds = int(span.total_seconds())
    parts: list[str] = []
    for unit, size in (("y", 31_557_600), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def order(sighting: Sighting) -> tuple[datetime, bool, str, int, int, int, str]:
    """Sort key: time, then names that do not depend on the order in which things came in.

    Within one second a forward comes after what it may be a forward of.
    """
    return (
        dated(sighting).at,
        sighting.forward is not None,
        sighting.channel.kind,
        sighting.channel.id,
        sighting.message_id,
        sighting.position,
        sighting.file.sha256,
    )


def sightings(versions: Iterable[Version]) -> list[Sighting]:
    """Fold the versions of each post into one sighting for each file that it ever held, in time order."""
    posts: dict[tuple[PeerKind, int, int], list[Version]] = defaultdict(list)
    for version in versions:
        posts[*version.channel.key, version.message_id].append(version)
    return sorted((sighting for post in posts.values() for sighting in _fold(post)), key=order)


def _fold(post: list[Version]) -> Iterator[Sighting]:
    post = sorted(post, key=_version_order)
    posted = {version.posted_at for version in post if version.posted_at is not None}
    edits = [version.edited_at for version in post if version.edited_at is not None]
    claims = [version.claimed_at for version in post if version.claimed_at is not None]
    deletions = [version.deleted_seen_at for version in post if version.deleted_seen_at is not None]
    holders: dict[int, list[tuple[Version, Held]]] = defaultdict(list)
    for version in post:
        for held in version.held:
            if held.file is not None:
                holders[held.file.id].append((version, held))
    for group in holders.values():
        first, held = group[0]
        if held.file is None:
            continue
        media = _media(held, first, post)
        uploads = [each.uploaded_at for _, each in group if each.uploaded_at is not None]
        yield Sighting(
            attachment_id=min(each.attachment_id for _, each in group),
            channel=first.channel,
            message_id=first.message_id,
            position=held.position,
            kind=held.kind,
            file=held.file,
            # Two accounts of one post: the later time claims less.
            posted_at=max(posted, default=None),
            uploaded_at=min(uploads, default=None),
            edited_at=max(edits, default=None),
            claimed_at=max(claims, default=None),
            observed_at=min(version.observed_at for version, _ in group),
            deleted_seen_at=min(deletions, default=None),
            media_id=next((each.media_id for _, each in group if each.media_id is not None), None),
            forward=_fullest(version.forward for version, _ in group),
            source=min((version.source for version, _ in group), key=_NEAREST.index),
            text=first.text,
            media=media,
            # A reaction hides a post's edit: another version of the same image may still tell its time.
            swapped_at=min((at for version, _ in group if (at := version.edited_at)), default=None)
            if media is Media.SWAPPED
            else None,
            times_differ=len(posted) > 1,
            scheduled=any(version.scheduled for version, _ in group),
        )


_NEAREST = (Source.LIVE, Source.BACKFILL, Source.IMPORT)
"""How close to Telegram a version was taken, closest first."""
_NO_MATTER = datetime.max.replace(tzinfo=UTC)


def _fullest(headers: Iterable[ForwardHeader | None]) -> ForwardHeader | None:
    """The header that tells most: an export's has no time. All versions of a post share one forward."""
    known = [header for header in headers if header is not None]
    return max(known, key=lambda each: (each.at is not None, each.peer_id is not None), default=None)


def _version_order(version: Version) -> tuple[bool, datetime, tuple[datetime, int], str, str]:
    """Unedited first, then by the edit's time; then as we saw them; what was imported, by content.

    The order of import must not matter.
    """
    ours = _seen(version) if _ours(version) else (_NO_MATTER, 0)
    since = version.edited_at or version.posted_at or version.observed_at
    held = [
        (each.position, each.kind.value, each.file.sha256 if each.file else "", each.media_id, str(each.uploaded_at))
        for each in version.held
    ]
    rest = (held, version.forward, version.source.value)
    return (version.edited_at is not None, since, ours, version.text, repr(rest))


def _media(what: Held, first: Version, post: list[Version]) -> Media:
    """Compare `first`, the earliest version that holds the file, with the versions that certainly do not."""
    # Telegram makes, changes and drops previews of links without an edit.
    strangers = [version for version in post if _chosen(what.kind) and not _may_hold(version, what)]
    if first.edited_at is None:
        unedited = [version for version in strangers if version.edited_at is None]
        if any(_ours(version) and _seen(version) < _seen(first) for version in unedited if _ours(first)):
            return Media.SWAPPED
        return Media.DISPUTED if any(not (_ours(version) and _ours(first)) for version in unedited) else Media.ORIGINAL
    if any(version.edited_at is None or version.edited_at < first.edited_at for version in strangers):
        return Media.SWAPPED
    return Media.EDITED


def _chosen(kind: AttachmentKind) -> bool:
    """Whether somebody put the image into the post; otherwise Telegram did, for a link in it."""
    return kind is not AttachmentKind.WEB_PAGE


def _seen(version: Version) -> tuple[datetime, int]:
    """When we saw a version; within one second, in the order in which it was written down."""
    return version.observed_at, version.id


def _ours(version: Version) -> bool:
    """Whether this archive saw the version on Telegram itself, so that it knows when."""
    return version.source is not Source.IMPORT


def _may_hold(version: Version, what: Held) -> bool:
    """Whether the version holds the image, or lacks what could be it, or offers nothing of its kind to compare."""
    if any(_may_be(held, what) for held in version.held):
        return True
    return bool(version.held) and not any(_whole(held) == _whole(what) for held in version.held)


def _may_be(held: Held, what: Held) -> bool:
    if held.media_id is not None and what.media_id is not None:
        return held.media_id == what.media_id and _whole(held) == _whole(what)
    if held.file is None or what.file is None or held.file == what.file:
        return True
    # An export holds another size of the picture than the one that we downloaded.
    one_is_exported = (held.media_id is None) != (what.media_id is None)
    match = compare(held.file, what.file) if one_is_exported else None
    return match is not None and match.confidence is not Confidence.POSSIBLE


def _whole(held: Held) -> bool:
    return held.kind is not AttachmentKind.DOCUMENT_THUMBNAIL
