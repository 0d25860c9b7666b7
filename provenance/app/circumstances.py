"""What is known of a picture beside its file's own words, and what those words mean in its light."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from provenance.app import hints
from provenance.archive import find, read
from provenance.archive import metadata as stored
from provenance.archive.store import Connection
from provenance.core import fold, times
from provenance.core.chain import Chain, FirstSeen
from provenance.core.metadata import Camera, Finding, Metadata
from provenance.core.model import AttachmentKind, Confidence, File, Match, MatchKind, Sighting, Unarchived
from provenance.core.times import dated
from provenance.images.findings import Circumstances, Claim, Related, findings
from provenance.images.generators import GENERATED

_RELATED = 60
"""Files that are named as sharing something."""
_CARRIERS = 3
"""Copies that lend a picture what they tell: enough to see whether they agree."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """An archived copy that still tells what others have lost, and how it comes to speak for them."""

    read: Metadata
    words: str


def told(
    connection: Connection,
    file: File,
    own: Metadata | None,
    chain: Chain,
    claim: Claim | None = None,
    lent: Iterable[Carrier] = (),
) -> tuple[Finding, ...]:
    """Return what the metadata of a file means, and that of the copies which lend it theirs."""
    first = _vouched(chain.first_seen)
    at, words = (None, None) if first is None else (first.at, first_words(first))
    same_picture = {each.file.id for each in chain.sightings}
    found: list[Finding] = []
    if own is not None:
        related = related_to(connection, file, own, same_picture)
        found += findings(own, Circumstances(at, words, claim, related, None))
    for carrier in lent:
        found += findings(carrier.read, Circumstances(at, words, claim, (), carrier.words))
    return tuple(dict.fromkeys(found))


def own_findings(own: Metadata, chain: Chain) -> tuple[Finding, ...]:
    """Return what the metadata of one file means, held against the first seen of its picture and nothing else."""
    first = _vouched(chain.first_seen)
    at, words = (None, None) if first is None else (first.at, first_words(first))
    return findings(own, Circumstances(at, words, None, (), None))


def related_to(connection: Connection, file: File, own: Metadata, same_picture: Collection[int]) -> tuple[Related, ...]:
    """Return the archived files, but for the very same bytes, that share what tells one device or document apart."""
    itself = find.file_by_hash(connection, file.sha256)
    others = hints.shared(connection, own, but=() if itself is None else {itself})[:_RELATED]
    files = read.files(connection, {each.file_id for each in others})
    seen = _seen(connection, {each.file_id for each in others})
    return tuple(
        Related(
            each.trait,
            each.value,
            files[each.file_id].sha256,
            seen.get(each.file_id),
            each.file_id in same_picture,
        )
        for each in others
    )


def carriers(
    connection: Connection, chain: Chain, matches: Mapping[int, Match], own: Metadata | None, but: str | None
) -> list[Carrier]:
    """Return the copies among a chain's files that tell of the photograph what a file does not itself, documents first.

    `matches` says how sure each is to be the picture; parts are left out, since the rest may be another photograph.
    """
    by_file: dict[int, Sighting] = {}
    for seen in sorted(chain.sightings, key=lambda each: each.kind is not AttachmentKind.DOCUMENT):
        match = matches.get(seen.file.id)
        if match is None or match.kind is MatchKind.PARTIAL or match.confidence is Confidence.POSSIBLE:
            continue
        if seen.file.sha256 != but:
            by_file.setdefault(seen.file.id, seen)
    read_of = stored.load(connection, by_file)
    found = [
        Carrier(told, _way(seen, matches[file_id]))
        for file_id, seen in by_file.items()
        if file_id in read_of and (told := lent(read_of[file_id], own or Metadata())) is not None
    ]
    return found[:_CARRIERS]


def lent(read: Metadata, own: Metadata) -> Metadata | None:
    """Return what holds of the photograph, whatever file it is in, and is lacking in `own`; None if there is nothing.

    How that file was written is no part of it.
    """
    told = Metadata(
        captured=() if own.captured else read.captured,
        digitised=() if own.captured else read.digitised,
        places=() if own.places else read.places,
        camera=read.camera if own.camera == Camera() else Camera(),
        source_types=tuple(each for each in read.source_types if each in GENERATED and each not in own.source_types),
        credits=read.credits,
    )
    return told if told.captured or told.places or told.camera != Camera() or told.source_types else None


def first_words(first: FirstSeen) -> str:
    """Say where and on whose word the picture was first seen."""
    basis = _BASES[first.basis]
    post = first.post
    if isinstance(post, Unarchived):
        return f"{first.ref}, not archived ({basis})"
    return f"{_place(post)} ({basis})"


_BASES = {
    times.Basis.POSTED: "the time of the post",
    times.Basis.UPLOADED: "Telegram's upload time",
    times.Basis.FORWARD_HEADER: "the time in a forward header",
    times.Basis.OBSERVED: "when this archive observed it",
    times.Basis.CLAIMED: "the file's own claim",
}


def _vouched(first: FirstSeen | None) -> FirstSeen | None:
    """A file's own claim cannot speak for or against what another file claims."""
    return None if first is None or first.basis is times.Basis.CLAIMED else first


def _seen(connection: Connection, file_ids: Collection[int]) -> dict[int, str]:
    """When and where each file was first seen, and on whose word."""
    found: dict[int, str] = {}
    for each in sorted(_sightings(connection, file_ids), key=lambda one: dated(one).at):
        when = dated(each)
        words = f"{when.at:%Y-%m-%d %H:%M} UTC, {_place(each)} ({_BASES[when.basis]})"
        found.setdefault(each.file.id, words)
    return found


def _sightings(connection: Connection, file_ids: Collection[int]) -> Iterator[Sighting]:
    for each in fold.sightings(read.versions_with_files(connection, file_ids)):
        if each.file.id in file_ids:
            yield each


def _place(seen: Sighting) -> str:
    """A post by the name under which it can be shown, a folder's file by its own."""
    return f"«{seen.channel.title}», {seen.text}" if seen.channel.id < 0 else f"«{seen.channel.title}» post {seen.ref}"


def _way(seen: Sighting, match: Match) -> str:
    """The path of an inference, so that it can be gone again."""
    how = {AttachmentKind.DOCUMENT: " sent as a document", AttachmentKind.PHOTO: " sent as a photo"}.get(seen.kind, "")
    because = f": {match.reason}" if match.reason else ""
    return f"from {seen.file.sha256[:12]}{how} in {_place(seen)}; matched {match.confidence}{because}"
