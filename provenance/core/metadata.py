"""What a file tells about itself, as it was read: nothing here is believed, only put into types.

Anyone can write metadata. What it proves and what not is said in `images/findings.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

EAST, WEST = timedelta(hours=14), timedelta(hours=12)
"""How far the clocks of the world are ahead of UTC and behind it."""


class Block(StrEnum):
    """Where in a file something stood."""

    EXIF = "exif"
    GPS = "gps"
    MAKER_NOTE = "maker_note"
    XMP = "xmp"
    IPTC = "iptc"
    ICC = "icc"
    JPEG = "jpeg"
    TEXT = "text"
    """PNG's text chunks."""
    THUMBNAIL = "thumbnail"
    C2PA = "c2pa"
    CONTAINER = "container"
    """The file's own structure: WebP and ISO base media boxes, TIFF directories, PNG chunks."""

    @property
    def words(self) -> str:
        """As people call it."""
        return _CALLED.get(self, self.upper())


_CALLED = {
    Block.MAKER_NOTE: "maker note",
    Block.TEXT: "text",
    Block.THUMBNAIL: "preview",
    Block.CONTAINER: "file structure",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as a file tells it: by the clock of a device, which may be wrong."""

    local: datetime
    """Naive: as it was written."""
    offset: timedelta | None
    """Its distance from UTC, where the file tells it."""
    block: Block
    tag: str
    """The standard's name: DateTimeOriginal, photoshop:DateCreated, GPSDateStamp."""
    whole_day: bool = False
    """Only the day is told: `local` is its midnight, and no zone is known."""

    @property
    def utc(self) -> datetime | None:
        """The moment, where its zone is known."""
        return None if self.offset is None else (self.local - self.offset).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in degrees (north and east are positive), as a device or a hand wrote it."""

    latitude: float
    longitude: float
    altitude: float | None
    """Metres above the sea, below it negative."""
    datum: str | None
    """GPSMapDatum; None where the file does not say (WGS 84 is then usual)."""
    precision: float | None
    """Metres on the ground that the last written digit stands for, or the receiver's own error if that is larger."""
    block: Block


@dataclass(frozen=True, slots=True)
class Camera:
    """What the file says it was taken with."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None
    """Of the body."""
    lens: str | None = None
    lens_serial: str | None = None
    owner: str | None = None
    unique_id: str | None = None
    """ImageUniqueID: meant to differ from image to image."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One step of xmpMM:History."""

    action: str
    software: str | None
    at: Moment | None
    changed: str | None


@dataclass(frozen=True, slots=True)
class Documents:
    """The ids by which editing programs keep track of a master and what was made of it (xmpMM)."""

    document: str | None = None
    original: str | None = None
    instance: str | None = None
    derived_document: str | None = None
    derived_instance: str | None = None
    derived_original: str | None = None
    ingredients: tuple[str, ...] = ()
    """DocumentIDs of what was pasted in (xmpMM:Ingredients, photoshop:DocumentAncestors)."""


@dataclass(frozen=True, slots=True)
class JpegStructure:
    """How a JPEG was written."""

    tables: tuple[tuple[int, ...], ...]
    """The quantisation tables, 64 numbers each, in the order of the picture's rows (not zigzag)."""
    ijg_quality: int | None
    """1 to 100 where the tables are exactly those of the IJG's library at that quality."""
    quality: int
    """The nearest IJG quality, whoever's tables they are."""
    progressive: bool
    subsampling: str
    """ "4:2:0", "4:2:2", "4:4:4", "4:4:0", "4:1:1", "grey", or the factors."""
    restart_interval: int
    comments: tuple[str, ...]
    segments: tuple[str, ...]
    """Application segments in order, by number and name: "APP1 Exif", "APP13 Photoshop 3.0", "APP14 Adobe"."""
    trailing: int
    """Bytes behind the end of the picture that no known container (MPF, Motion Photo) accounts for."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture inside the file, and how it compares with the file's own."""

    block: Block
    width: int
    height: int
    codes: bytes = field(repr=False)
    """Its perceptual hash in all orientations, as `core.model.File.codes`."""
    quality: int
    """Of the hash, as `core.model.File.quality`."""
    distance: int
    """Bits to the file's own hash: the least over all orientations, uniform bars trimmed off both."""
    likeness: float
    """Correlation of the two at 64 x 64 grey levels, in the orientation that fits best: -1 to 1."""
    bars: bool
    """Whether bars were trimmed."""


class SignatureState(StrEnum):
    """What became of a C2PA manifest's checks, made offline."""

    TRUSTED = "trusted"
    """Intact, and signed by somebody on the trust list that was given."""
    VALID = "valid"
    """Intact; who signed it is not known to be trustworthy: names in it can be made up."""
    BROKEN = "broken"
    """The file was changed after signing, or the manifest is damaged."""
    REMOTE = "remote"
    """The manifest lies on a server; it was not fetched."""
    UNREAD = "unread"
    """There is a manifest, and nothing here that can read it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A C2PA manifest."""

    state: SignatureState
    issuer: str | None = None
    generator: str | None = None
    """The program that says it made the manifest."""
    title: str | None = None
    signed: Moment | None = None
    actions: tuple[str, ...] = ()
    """c2pa.created, c2pa.edited, ... as they stand."""
    source_types: tuple[str, ...] = ()
    """IPTC's digital source types, their last word: trainedAlgorithmicMedia, digitalCapture, ..."""
    problems: tuple[str, ...] = ()
    """Codes of the checks that failed."""
    url: str | None = None
    """Where a remote manifest is said to be."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """All that was read of one file."""

    format: str | None = None
    width: int | None = None
    height: int | None = None
    """Pixels, upright."""
    captured: tuple[Moment, ...] = ()
    """When the photograph was taken: what says it most directly first (DateTimeOriginal, then GPS, XMP, IPTC)."""
    digitised: tuple[Moment, ...] = ()
    modified: tuple[Moment, ...] = ()
    places: tuple[Place, ...] = ()
    camera: Camera = Camera()
    software: tuple[str, ...] = ()
    """Programs that name themselves as having written the file, without repetition."""
    history: tuple[Edit, ...] = ()
    documents: Documents = Documents()
    orientation: int | None = None
    source_types: tuple[str, ...] = ()
    """IPTC's DigitalSourceType as the XMP says it, its last word."""
    fbmd: str | None = None
    """IPTC 2:40 where it begins with FBMD: Facebook's mark."""
    credits: Mapping[str, str] = field(default_factory=dict)
    """{"author", "copyright", "caption", "headline", "credit", "source", "city", "country", ...: what it says}."""
    profile: str | None = None
    """The ICC profile's description."""
    jpeg: JpegStructure | None = None
    texts: tuple[tuple[str, str], ...] = ()
    """(keyword, text) of PNG's text chunks, and the user comment of EXIF as "UserComment"."""
    thumbnails: tuple[Thumbnail, ...] = ()
    signature: Signature | None = None
    blocks: tuple[Block, ...] = ()
    """What the file holds, read or not."""
    unread: tuple[tuple[Block, str], ...] = ()
    """(block, why) of what is there and could not be read."""


class Level(StrEnum):
    """How much a finding asks of the reader."""

    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What metadata means, in words: what was seen, what that shows, and what it does not."""

    kind: str
    level: Level
    text: str
    evidence: str
    """The very values, and where they stood."""
