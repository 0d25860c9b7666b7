"""The nouns. What is observed (Post, Attachment), and what is reasoned about (Sighting, Match, Chain)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PeerKind(StrEnum):
    """Which space of numbers a peer id is from. Ids of different kinds may coincide."""

    CHANNEL = "channel"
    """Channels and supergroups."""
    GROUP = "group"
    """Basic groups."""
    USER = "user"
    """A private chat, with a person or a bot."""
    COLLECTION = "collection"
    """A folder of images; its ids are made from its name and are negative."""


class Source(StrEnum):
    """How a post came in."""

    IMPORT = "import"
    BACKFILL = "backfill"
    LIVE = "live"


class AttachmentKind(StrEnum):
    """What carries the image in a post."""

    PHOTO = "photo"
    DOCUMENT = "document"
    STICKER = "sticker"
    VIDEO_THUMBNAIL = "video_thumbnail"
    VIDEO_COVER = "video_cover"
    DOCUMENT_THUMBNAIL = "document_thumbnail"
    CHAT_PHOTO = "chat_photo"
    WEB_PAGE = "web_page"
    """The preview of a linked page, and the images of its instant view."""
    PAID_MEDIA = "paid_media"
    POLL = "poll"
    STORY = "story"
    INVOICE = "invoice"
    GAME = "game"
    RICH_TEXT = "rich_text"
    """An image inside a formatted message."""
    REPLY = "reply"
    """The media of a post elsewhere that is quoted in a reply."""


PICTURES_OF_POSTS = frozenset(
    {
        AttachmentKind.PHOTO,
        AttachmentKind.DOCUMENT,
        AttachmentKind.PAID_MEDIA,
        AttachmentKind.POLL,
        AttachmentKind.STORY,
        AttachmentKind.RICH_TEXT,
    }
)
"""The kinds that reports show unless asked for more: what somebody chose to post as an image."""


class Missing(StrEnum):
    """Why an attachment has no file."""

    NOT_INCLUDED = "not_included"
    """The exporter was told to leave it out, or could not have it; its own words are kept beside."""
    NOT_FOUND = "not_found"
    OUTSIDE_EXPORT = "outside_export"
    NOT_A_FILE = "not_a_file"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    NOT_YET = "not_yet"
    """Waits to be downloaded, or could not be had yet: `downloads` says which."""
    SELF_DESTRUCTING = "self_destructing"
    """Not kept, as the settings want it."""
    PROTECTED = "protected"
    """From a chat that does not allow saving; not kept, as the settings want it."""
    PREVIEW_ONLY = "preview_only"
    """Telegram shows this account a blurred preview and nothing else (paid media)."""
    EXPIRED = "expired"
    """Telegram says that it is gone."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, a chat or a collection. `kind` and `id` name it; the rest is how it is called today."""

    kind: PeerKind
    id: int
    title: str
    username: str | None = None
    names: frozenset[str] = frozenset()
    """Every title that it was seen under."""

    @property
    def key(self) -> tuple[PeerKind, int]:
        """What names the channel, whatever it is called."""
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class ForwardHeader:
    """Whom a post credits. Desktop exports give a name, sometimes an id, never a time."""

    name: str | None = None
    kind: PeerKind | None = None
    peer_id: int | None = None
    message_id: int | None = None
    at: datetime | None = None
    imported: bool = False
    """Brought in from another chat service: the name and the time are the importer's claim."""
    username: str | None = None

    @property
    def label(self) -> str:
        """How the credited source is called, for people."""
        return self.name or (str(self.peer_id) if self.peer_id is not None else "an unnamed source")


class MediaKind(StrEnum):
    """Which space of numbers a media id is from."""

    PHOTO = "photo"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Remote:
    """Where an image's bytes are on Telegram. `media`, `media_id` and `part` name it; the rest is how to get it."""

    media: MediaKind
    media_id: int
    access_hash: int
    reference: bytes
    """Telegram's file reference; it expires, and a fresh copy of the post brings another."""
    dc: int
    """The data centre that holds it."""
    size: int
    """How many bytes it must have, as Telegram declares; 0 where it does not say."""
    part: str = ""
    """The type of the size or thumbnail (one letter), "" for a document itself."""

    @property
    def key(self) -> tuple[MediaKind, int, str]:
        """What names the bytes, whatever post shows them."""
        return self.media, self.media_id, self.part


@dataclass(frozen=True, slots=True)
class Attachment:
    """One image of one post as its source offers it: `path` or `remote` to its bytes, or why there are none."""

    kind: AttachmentKind
    path: str | None = None
    missing: Missing | None = None
    detail: str | None = None
    """The source's own words for `missing`, or the place that was looked at."""
    name: str | None = None
    width: int | None = None
    height: int | None = None
    media_id: int | None = None
    uploaded_at: datetime | None = None
    remote: Remote | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A message as it was observed once. All times are aware and in UTC; None is "not known"."""

    message_id: int
    posted_at: datetime | None = None
    edited_at: datetime | None = None
    claimed_at: datetime | None = None
    """A time that only a file claims (its modification time)."""
    text: str = ""
    forward: ForwardHeader | None = None
    attachments: tuple[Attachment, ...] = ()
    service: str | None = None
    """The action of a service message ("create_channel"); None for ordinary posts."""
    album: int | None = None
    """Telegram's grouped_id, or the id of an inferred album's first post."""
    album_inferred: bool = False
    scheduled: bool = False
    """Written and uploaded earlier, and published by Telegram at the time set."""
    raw: str = "{}"
    """The source's own record as ASCII JSON."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Trouble with one item; the rest went on."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class File:
    """Unique bytes. `codes` are the 8 x 32 bytes of the hash in all orientations, b"" where there are none."""

    id: int
    sha256: str
    size: int
    format: str | None = None
    width: int | None = None
    height: int | None = None
    codes: bytes = field(default=b"", repr=False)
    quality: int = 0
    refused: str | None = None


class Media(StrEnum):
    """What the versions of a post say about whether an image was in it from the start."""

    ORIGINAL = "original"
    """Seen in a version without an edit, or the same before and after one."""
    EDITED = "edited"
    """The earliest version known is already an edited one: the image may have been swapped before."""
    SWAPPED = "swapped"
    """An earlier version of the post held something else."""
    DISPUTED = "disputed"
    """Two unedited versions of the post hold different images."""


@dataclass(frozen=True, slots=True)
class Held:
    """One archived attachment of one version of a post; `file` is None while its bytes are missing."""

    attachment_id: int
    position: int
    kind: AttachmentKind
    file: File | None
    media_id: int | None = None
    uploaded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A post as it was archived once, with all that it held then."""

    id: int
    channel: Channel
    message_id: int
    posted_at: datetime | None
    edited_at: datetime | None
    claimed_at: datetime | None
    observed_at: datetime
    deleted_seen_at: datetime | None
    forward: ForwardHeader | None
    source: Source
    text: str
    held: tuple[Held, ...] = ()
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file in a post, with its times: what all versions of the post say together."""

    attachment_id: int
    channel: Channel
    message_id: int
    position: int
    kind: AttachmentKind
    file: File
    posted_at: datetime | None
    uploaded_at: datetime | None
    edited_at: datetime | None
    """The last edit of the post that is known."""
    claimed_at: datetime | None
    observed_at: datetime
    deleted_seen_at: datetime | None
    media_id: int | None
    forward: ForwardHeader | None
    source: Source
    text: str
    """The text of the earliest version that holds the file."""
    media: Media = Media.ORIGINAL
    swapped_at: datetime | None = None
    """The edit by which the file had come into the post, where `media` is SWAPPED."""
    times_differ: bool = False
    """Two imports give different times for the post; the later one is used."""
    scheduled: bool = False
    edits: tuple[datetime, ...] = ()
    """All edits of the post that are known, in order."""

    @property
    def ref(self) -> str:
        """The post's name in links and on the command line: channel id / message id."""
        return f"{self.channel.id}/{self.message_id}"

    @property
    def credit(self) -> ForwardHeader | None:
        """The header, where it credits another post on Telegram; one of an import from elsewhere does not."""
        return None if self.forward is None or self.forward.imported else self.forward

    @property
    def url(self) -> str | None:
        """The post's address on Telegram, where it has one."""
        return post_url(self.channel, self.message_id)


@dataclass(frozen=True, slots=True)
class Unarchived:
    """A post that the archive lacks, and that an archived one proves to have shown the picture at this time."""

    at: datetime
    proof: Sighting
    header: ForwardHeader | None = None
    """The forward header that names it; None: only Telegram's upload time speaks for it."""

    @property
    def ref(self) -> str:
        """The post's name as far as it is known, or the number of the media that was uploaded."""
        if self.header is None:
            return f"media {self.proof.media_id}"
        if self.header.peer_id is None:
            return self.header.label
        post = "" if self.header.message_id is None else f"/{self.header.message_id}"
        return f"{self.header.peer_id}{post}"

    @property
    def channel(self) -> Channel | None:
        """The channel that the header credits, as far as it is known."""
        if self.header is None or self.header.kind is None or self.header.peer_id is None:
            return None
        return Channel(self.header.kind, self.header.peer_id, self.header.label, self.header.username)

    @property
    def message_id(self) -> int | None:
        return None if self.header is None else self.header.message_id

    @property
    def url(self) -> str | None:
        """The post's address on Telegram, where the header tells enough."""
        if self.channel is None or self.message_id is None:
            return None
        return post_url(self.channel, self.message_id)


class MatchKind(StrEnum):
    IDENTICAL = "identical"
    RECOMPRESSED = "recompressed"
    TRANSFORMED = "transformed"
    PARTIAL = "partial"
    """One shows a part of the other: a crop, a frame, a caption, a screenshot, a collage."""


class Confidence(StrEnum):
    CERTAIN = "certain"
    STRONG = "strong"
    POSSIBLE = "possible"


METADATA_STAGE = "metadata"
"""The stage of a match of which nothing is known but what the files tell about themselves: a hint, never a copy."""


@dataclass(frozen=True, slots=True)
class Match:
    """A measured relation of two files. The transform is what was done to the archived one."""

    kind: MatchKind
    stage: str
    distance: int
    confidence: Confidence
    mirrored: bool = False
    rotated: int = 0
    """Degrees clockwise, after mirroring."""
    similarity: float | None = None
    """Cosine of the two descriptors."""
    inliers: int | None = None
    """Places at which the two were found to coincide."""
    region: tuple[float, float, float, float] | None = None
    """The part of the archived image that the other shows: left, top, width, height, as shares."""
    visible: float | None = None
    """Share of the archived image's area that the other shows."""
    scale: float | None = None
    """Size of the other's copy in pixels, by that of the archived image, along a side."""
    matrix: tuple[float, ...] | None = None
    """Where a point of the other lies in the archived image, both as shares: see `core.outline.Matrix`."""
    reason: str | None = None
    """What the comparison of their pixels says; None where they have not been compared."""


class LinkKind(StrEnum):
    FORWARD = "forward"
    SILENT_COPY = "silent_copy"
    IDENTICAL_REUPLOAD = "identical_reupload"
    ALTERED_REUPLOAD = "altered_reupload"


@dataclass(frozen=True, slots=True)
class Link:
    """A later sighting and the earlier one that it most likely comes from, with the reason to believe it."""

    source: Sighting | Unarchived
    target: Sighting
    kind: LinkKind
    evidence: str


def post_url(channel: Channel, message_id: int) -> str | None:
    """Return the t.me address of a post, or None for chats and collections, which have none."""
    if channel.username:
        return f"https://t.me/{channel.username}/{message_id}"
    if channel.kind is PeerKind.CHANNEL:
        return f"https://t.me/c/{channel.id}/{message_id}"
    return None
