"""What all versions of a post say together: one sighting for each file that it ever held.

Imports disagree, edits can be hidden, and an export shows another size of the picture than Telegram does: here it is
decided whether an image was in the post from the start. The order in which versions were archived cannot matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

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
from provenance.core.times import order

_NEAREST = (Source.LIVE, Source.BACKFILL, Source.IMPORT)
"""How close to Telegram a version was taken, closest first."""
_NO_MATTER = datetime.max.replace(tzinfo=UTC)


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
            edits=tuple(sorted(set(edits))),
        )


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
    chosen = what.kind is not AttachmentKind.WEB_PAGE
    strangers = [version for version in post if chosen and not _may_hold(version, what)]
    if first.edited_at is None:
        unedited = [version for version in strangers if version.edited_at is None]
        if any(_ours(version) and _seen(version) < _seen(first) for version in unedited if _ours(first)):
            return Media.SWAPPED
        return Media.DISPUTED if any(not (_ours(version) and _ours(first)) for version in unedited) else Media.ORIGINAL
    if any(version.edited_at is None or version.edited_at < first.edited_at for version in strangers):
        return Media.SWAPPED
    return Media.EDITED


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
