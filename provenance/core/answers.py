"""What the verbs answer, before anybody decides how it looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from provenance.core.chain import Chain
from provenance.core.metadata import Finding, Metadata
from provenance.core.model import Channel, Confidence, File, Match, Problem, Sighting, Version


@dataclass(frozen=True, slots=True)
class Gap:
    """Message ids that no import or run has covered, between two that were; both ends are exclusive."""

    after_id: int
    before_id: int


@dataclass(frozen=True, slots=True)
class ChannelCoverage:
    """What the archive holds of one channel. `absent` ids lie inside what was covered, but hold no post."""

    channel: Channel
    posts: int
    images: int
    missing: int
    """Images without a file."""
    earliest: datetime | None
    latest: datetime | None
    first_id: int | None
    last_id: int | None
    absent: int
    gaps: tuple[Gap, ...]
    sources: tuple[str, ...]

    @property
    def starts_late(self) -> bool:
        """Whether posts before the first covered one may exist on Telegram."""
        return self.channel.id > 0 and self.first_id is not None and self.first_id > 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the whole archive holds: the ground on which every answer stands."""

    channels: int
    posts: int
    images: int
    earliest: datetime | None
    latest: datetime | None
    gaps: int
    not_searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspect:
    """The image that was asked about. `file` has no row in the archive (its id is 0)."""

    path: str
    file: File
    metadata: Metadata | None = None
    """What the file tells about itself; None where that could not be read."""
    findings: tuple[Finding, ...] = ()
    """What that means in the light of the answer, and what copies tell that have not lost it."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A sighting and how its file relates to the suspect (in a report: to the first seen)."""

    sighting: Sighting
    match: Match | None


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """`chain` is that of all certain and strong sightings together; `picture` the one that matches best."""

    suspect: Suspect
    chain: Chain
    matches: Mapping[int, Match]
    """{file: its match with the suspect}."""
    picture: int | None
    possible: tuple[Matched, ...]
    coverage: Coverage
    warnings: tuple[str, ...]
    limit: int | None = None
    same_scene: tuple[Matched, ...] = ()
    """Other photographs of the same moment or place: no copies."""
    same_template: tuple[Matched, ...] = ()
    """Other contents in the same design: no copies."""
    narrowed: str = ""
    """The part of the archive that was asked for, in words; empty: all of it."""

    @property
    def found(self) -> bool:
        return bool(self.chain.sightings)

    @property
    def sightings(self) -> list[Matched]:
        """The certain and strong sightings in time order, at most `limit` of them."""
        shown = self.chain.sightings[: self.limit]
        return [Matched(each, self.matches.get(each.file.id)) for each in shown]

    @property
    def best(self) -> Confidence | None:
        """The confidence of the best match."""
        grades = {match.confidence for match in self.matches.values()}
        return next((grade for grade in Confidence if grade in grades), None)


@dataclass(frozen=True, slots=True)
class Revision:
    """What "first seen" of a picture was, what it became, when and why."""

    at: datetime
    before_ref: str | None
    before_at: datetime | None
    after_ref: str
    after_at: datetime
    basis: str
    reason: str


@dataclass(frozen=True, slots=True)
class PictureAnswer:
    """A picture: its chain, its files, how they were found to belong together, what was first seen when."""

    picture: int
    chain: Chain
    files: tuple[File, ...]
    matches: tuple[tuple[str, str, Match], ...]
    """(hash, hash, match) of the measured pairs that joined the files."""
    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...] = ()
    """What those of its files tell that have kept their metadata."""


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    """One version of a post, with the attachments that have no file: (position, reason, details)."""

    version: Version
    missing: tuple[tuple[int, str, str | None], ...]
    service: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """A post with all its versions; `pictures` is {file: picture}."""

    channel: Channel
    message_id: int
    url: str | None
    album: int | None
    album_inferred: bool
    deleted_seen_at: datetime | None
    versions: tuple[VersionAnswer, ...]
    pictures: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file, where it lies, and where it was seen."""

    file: File
    path: str
    picture: int | None
    sightings: tuple[Sighting, ...]
    metadata: Metadata | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """How a channel was called, and between which observations."""

    title: str
    username: str | None
    seen_from: datetime
    seen_to: datetime


@dataclass(frozen=True, slots=True)
class ChannelAnswer:
    """A channel: its names and what is archived of it."""

    coverage: ChannelCoverage
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Follow:
    """A channel that is followed. Until Telegram has been asked what `asked` stands for, `channel` is None."""

    id: int
    asked: str
    """The user's words: a name, a link, an invite, an id."""
    join: bool
    since: datetime | None
    """How far back the history is wanted; None: to its beginning."""
    added_at: datetime
    row: int | None
    channel: Channel | None
    access_hash: int | None
    joined: bool
    checked_at: datetime | None
    """When it was last compared with its history on Telegram."""
    swept_id: int | None
    trouble: str | None
    """Why it cannot be read at present."""
    attempts: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A channel that archived posts credit, and that is not followed."""

    peer_id: int
    title: str | None
    username: str | None
    posts: int
    channels: int
    """In how many archived channels it is credited."""
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What a backfill brought. `images` are those that its posts name; `waiting` downloads could not be had yet."""

    channels: int
    posts_new: int
    posts_known: int
    posts_changed: int
    images: int
    images_missing: int
    """Not kept as the settings want it, or never sent by Telegram."""
    files: int
    waiting: int
    problems: tuple[Problem, ...]


ShowAnswer = PictureAnswer | PostAnswer | FileAnswer | ChannelAnswer


@dataclass(slots=True)
class Daemon:
    """How the daemon stands, as it last told."""

    pid: int
    started_at: datetime
    updated_at: datetime
    state: str = "starting"
    """"starting", "connected", "waiting" (for a connection), "stopped"; "gone" when it has not been heard of since."""
    detail: str = ""
    """Why it waits, or what Telegram has asked it to wait for."""
    connected_at: datetime | None = None
    channels: int = 0
    troubled: int = 0
    """Channels that cannot be read at present."""
    behind: int = 0
    """Channels whose history has holes, as far as it has been looked at."""
    downloads: int = 0
    downloads_troubled: int = 0
    posts: int = 0
    """New and changed posts since the start."""
    last_post_at: datetime | None = None
    disk_full: bool = False

    @property
    def words(self) -> str:
        """In a line, for people."""
        parts = [f"{self.state} at {self.updated_at:%Y-%m-%d %H:%M:%S} UTC", f"{self.channels} channels"]
        parts += [self.detail] if self.detail else []
        parts += [f"{self.troubled} cannot be read"] if self.troubled else []
        parts += [f"{self.behind} with history to fetch"] if self.behind else []
        parts += [f"{self.downloads} files to download"] if self.downloads else []
        parts += ["downloads wait for disk space"] if self.disk_full else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of what an archive holds, and its size on disk in bytes."""

    counts: Mapping[str, int]
    bytes: Mapping[str, int]
    last_run: tuple[str, datetime, str] | None
    """(command, when it started, how it ended)."""
    daemon: Daemon | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `doctor` looked at. `ok` is None where something optional is missing."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` went through and what it found wrong; `notes` are harmless."""

    files: int
    versions: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
