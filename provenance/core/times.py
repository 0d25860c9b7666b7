"""What each time proves, and whose word it is.

Trust, highest first: Telegram's upload time, the post time of a post whose image is unchanged, a forward
header's time, our own observation, a claim of a file or of an importer. A claim never displaces a time that
somebody else vouches for, however early it is; it warns.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from provenance.core.model import AttachmentKind, Media, PeerKind, Sighting, Source


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
    header_at = None if sighting.credit is None else sighting.credit.at
    told = [at for at in (sighting.posted_at, header_at) if at is not None]
    return sighting.uploaded_at is not None and bool(told) and sighting.uploaded_at < min(told) - UPLOAD_SLACK


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
        warnings.append(PREVIEW_LATER if sighting.kind is AttachmentKind.WEB_PAGE else UPLOADED_LATER)
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
