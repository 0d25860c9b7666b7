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
    PHOTO = "photo"
    DOCUMENT = "document"
    STICKER = "sticker"
    VIDEO_THUMBNAIL = "video_thumbnail"
    DOCUMENT_THUMBNAIL = "document_thumbnail"
    CHAT_PHOTO = "chat_photo"


PICTURES_OF_POSTS = frozenset({AttachmentKind.PHOTO, AttachmentKind.DOCUMENT})
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

    @property
    def label(self) -> str:
        """How the credited source is called, for people."""
        return self.name or (str(self.peer_id) if self.peer_id is not None else "an unnamed source")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One image of one post as its source offers it: `path` to its bytes, or why there are none."""

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

    @property
    def ref(self) -> str:
        """The post's name in links and on the command line: channel id / message id."""
        return f"{self.channel.id}/{self.message_id}"

    @property
    def url(self) -> str | None:
        """The post's address on Telegram, where it has one."""
        return post_url(self.channel, self.message_id)


class MatchKind(StrEnum):
    IDENTICAL = "identical"
    RECOMPRESSED = "recompressed"
    TRANSFORMED = "transformed"


class Confidence(StrEnum):
    CERTAIN = "certain"
    STRONG = "strong"
    POSSIBLE = "possible"


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


class LinkKind(StrEnum):
    FORWARD = "forward"
    SILENT_COPY = "silent_copy"
    IDENTICAL_REUPLOAD = "identical_reupload"
    ALTERED_REUPLOAD = "altered_reupload"


@dataclass(frozen=True, slots=True)
class Link:
    """A later sighting and the earlier one that it most likely comes from, with the reason to believe it."""

    source: Sighting
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
