"""Small files, versions and sightings, where only what a test is about has to be said."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from provenance.core.chain import FirstSeen, build
from provenance.core.matching import BITS, BYTES, ORIENTATIONS
from provenance.core.model import (
    AttachmentKind,
    Channel,
    File,
    ForwardHeader,
    Held,
    LinkKind,
    PeerKind,
    Sighting,
    Source,
    Version,
)
from provenance.images.fingerprint import fingerprint
from provenance.images.reduce import reduce

NOON = datetime(2024, 12, 17, 12, tzinfo=UTC)


def hour(hours: float) -> datetime:
    """So many hours after noon."""
    return NOON + timedelta(hours=hours)


SEEN = hour(1000)
"""When the archive saw things, unless a test says otherwise."""


def channel(number: int, title: str | None = None, kind: PeerKind = PeerKind.CHANNEL) -> Channel:
    title = title or f"Channel {number}"
    return Channel(kind, number, title, names=frozenset({title}))


NEWS, DAILY, TIMES, OTHER = channel(1, "News"), channel(2, "Daily"), channel(3, "Times"), channel(4, "Other")
FOLDER = channel(-5, "A folder", PeerKind.COLLECTION)
FROM_NEWS = ForwardHeader("News", PeerKind.CHANNEL, 1)
ELSEWHERE = ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99, 7, hour(-1))
"""Names a post, and its time, of a channel that is in no archive."""


def codes(seed: int, flipped: int = 0) -> bytes:
    """All eight codes of an image made up from `seed`, each with its first bits flipped."""
    rng = random.Random(seed)
    mask = ((1 << flipped) - 1) << (BITS - flipped)
    return b"".join((rng.getrandbits(BITS) ^ mask).to_bytes(BYTES) for _ in ORIENTATIONS)


def file(number: int, seed: int = 0, flipped: int = 0, quality: int = 90, **more: Any) -> File:
    """The file with this row and hash; files of one seed show one picture, `flipped` bits apart."""
    shape: dict[str, Any] = {"width": 480, "height": 320, "codes": codes(seed, flipped)} | more
    return File(number, f"{number:064x}", 1000, "JPEG", quality=quality, **shape)


def held(what: File | None, number: int = 1, **more: Any) -> Held:
    kind = more.pop("kind", AttachmentKind.PHOTO)
    return Held(number, more.pop("position", 0), kind, what, **more)


def version(*what: File | None, **more: Any) -> Version:
    """A version of post 10 in NEWS, posted at noon, that holds these files (None: one whose bytes are missing)."""
    number = more.get("id", 1)
    fields: dict[str, Any] = {
        "id": number,
        "channel": NEWS,
        "message_id": 10,
        "posted_at": NOON,
        "edited_at": None,
        "claimed_at": None,
        "observed_at": SEEN,
        "deleted_seen_at": None,
        "forward": None,
        "source": Source.IMPORT,
        "text": "",
        "held": tuple(held(each, 10 * number + i, position=i) for i, each in enumerate(what)),
    }
    return Version(**fields | more)


def sighting(at: datetime | None = NOON, **more: Any) -> Sighting:
    """A photo that was posted at this time in NEWS."""
    fields: dict[str, Any] = {
        "attachment_id": 1,
        "channel": NEWS,
        "message_id": 10,
        "position": 0,
        "kind": AttachmentKind.PHOTO,
        "file": file(1),
        "posted_at": at,
        "uploaded_at": None,
        "edited_at": None,
        "claimed_at": None,
        "observed_at": SEEN,
        "deleted_seen_at": None,
        "media_id": None,
        "forward": None,
        "source": Source.BACKFILL,
        "text": "",
    }
    return Sighting(**fields | more)


def claimed(hours: float, where: Channel = FOLDER, **more: Any) -> Sighting:
    """A photo of which nobody but its file or its exporter tells the time."""
    return sighting(None, claimed_at=hour(hours), channel=where, **more)


def links(*all_of: Sighting) -> list[tuple[str, str, LinkKind]]:
    """How the sightings of one picture are linked."""
    return [(link.source.ref, link.target.ref, link.kind) for link in build(all_of).links]


def first(*all_of: Sighting) -> FirstSeen:
    """From when on the picture of these sightings is known."""
    found = build(all_of).first_seen
    assert found is not None
    return found


def measured(image: Image.Image, path: Path, number: int, quality: int = 90) -> File:
    """Write an image as JPEG and return it as the archive would know it."""
    image.save(path, "JPEG", quality=quality)
    found = reduce(path, 10**8)
    code = fingerprint(found.grey)
    return File(number, f"{number:064x}", 1, found.format, found.width, found.height, code.codes, code.quality)


MIRROR = Image.Transpose.FLIP_LEFT_RIGHT
TURNS: dict[int, Callable[[Image.Image], Image.Image]] = {
    0: lambda image: image,
    # Clockwise; Pillow counts the other way round.
    90: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    180: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    270: lambda image: image.transpose(Image.Transpose.ROTATE_90),
}


def oriented(image: Image.Image, mirrored: bool, rotated: int) -> Image.Image:
    """The image mirrored left to right first, then turned clockwise."""
    return TURNS[rotated](image.transpose(MIRROR) if mirrored else image)
