"""What each time proves, and whose word it is.

Trust, highest first: Telegram's upload time, the post time of a post whose image is unchanged, a forward
header's time, our own observation, a claim of a file. A claim never displaces a time that somebody
else than the file vouches for, however early it is; it warns.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provenance.core.model import AttachmentKind, Held, Media, PeerKind, Sighting, Source, Version


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


IMPORTED = "The time is the word of an imported export; this archive did not see it on Telegram itself."
CLAIMED = "The time is the file's own claim (its modification time), which anybody can set."
LOCAL_TIME = "The export gives only the exporter's local time, of an unknown zone: it may be off by up to 14 hours."
EDITED = "The post was edited before it was archived; whether its image was changed then is not known."
SWAPPED = "The image was put into the post by an edit: it counts from the edit's time, not from the post's."
SWAPPED_UNDATED = "The image was put into the post later, at an unknown time: it counts from when it was observed."
DISPUTED = "Two imports show different images in this post, and neither is marked as edited."
TIMES_DIFFER = "Two imports give different times for this post; the later one is used."
UPLOADED_LATER = "The image was uploaded to Telegram after the post's time: it was swapped in by an edit."
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


def _moment(sighting: Sighting, warnings: list[str]) -> tuple[datetime, Basis]:
    if sighting.posted_at is None:
        if sighting.uploaded_at is not None:
            return sighting.uploaded_at, Basis.UPLOADED
        if sighting.claimed_at is not None:
            warnings.append(CLAIMED if sighting.channel.kind is PeerKind.COLLECTION else LOCAL_TIME)
            return sighting.claimed_at, Basis.CLAIMED
        warnings.append(UNDATED)
        return sighting.observed_at, Basis.OBSERVED
    if sighting.uploaded_at is not None and sighting.uploaded_at > sighting.posted_at:
        warnings.append(UPLOADED_LATER)
        return sighting.uploaded_at, Basis.UPLOADED
    if sighting.media is Media.SWAPPED:
        if sighting.swapped_at is not None and sighting.swapped_at >= sighting.posted_at:
            warnings.append(SWAPPED)
            return sighting.swapped_at, Basis.POSTED
        warnings.append(SWAPPED_UNDATED)
        return sighting.observed_at, Basis.OBSERVED
    if sighting.media is Media.DISPUTED:
        warnings.append(DISPUTED)
    elif sighting.media is Media.EDITED:
        warnings.append(EDITED)
    return sighting.posted_at, Basis.POSTED


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
            media_id=held.media_id,
            forward=first.forward,
            source=first.source,
            text=first.text,
            media=media,
            swapped_at=first.edited_at if media is Media.SWAPPED else None,
            times_differ=len(posted) > 1,
        )


def _version_order(version: Version) -> tuple[bool, datetime, str, str]:
    """Unedited first, then by the edit's time; ties by content, never by the order of import."""
    since = version.edited_at or version.posted_at or version.observed_at
    held = [
        (each.position, each.kind.value, each.file.sha256 if each.file else "", each.media_id, str(each.uploaded_at))
        for each in version.held
    ]
    rest = (held, version.forward, version.source.value)
    return (version.edited_at is not None, since, version.text, repr(rest))


def _media(what: Held, first: Version, post: list[Version]) -> Media:
    """Compare `first`, the earliest version that holds the file, with the versions that certainly do not."""
    strangers = [version for version in post if not _may_hold(version, what)]
    if first.edited_at is None:
        return Media.DISPUTED if any(version.edited_at is None for version in strangers) else Media.ORIGINAL
    if any(version.edited_at is None or version.edited_at < first.edited_at for version in strangers):
        return Media.SWAPPED
    return Media.EDITED


def _may_hold(version: Version, what: Held) -> bool:
    """Whether the version holds the image, or lacks what could be it, or offers nothing of its kind to compare."""
    if any(held.file is None or held.file == what.file for held in version.held):
        return True
    return bool(version.held) and not any(_whole(held) == _whole(what) for held in version.held)


def _whole(held: Held) -> bool:
    return held.kind is not AttachmentKind.DOCUMENT_THUMBNAIL
