"""Archived files that a suspect's metadata or thumbnail points to: hints to be judged by eye, and never more.

Anybody can write metadata, and a template or a camera is shared by many pictures.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from provenance.archive import metadata as stored
from provenance.archive import read, search
from provenance.archive.store import Archive, Connection
from provenance.core.matching import BITS, FLAT_BELOW, SEARCH_RADIUS, compare
from provenance.core.metadata import Metadata
from provenance.core.model import METADATA_STAGE, Confidence, File, Match, MatchKind
from provenance.core.traits import DEVICES, NAMES, Trait, counterparts, folded, is_telling, traits

MOST = 20
"""Files that one shared value, or one thumbnail, points to."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that tells one device or document from another, and that an archived file has as well."""

    file_id: int
    trait: Trait
    value: str
    """As it stands in the suspect."""


def shared(connection: Connection, suspect: Metadata, *, but: Collection[int] = ()) -> list[Shared]:
    """Return what archived files (`but` some) share with a file that tells this."""
    wanted: dict[tuple[frozenset[Trait], str], tuple[Trait, str]] = {}
    for trait, value in traits(suspect):
        if trait in NAMES and is_telling(trait, value):
            wanted.setdefault((counterparts(trait), folded(value)), (trait, value))
    found = []
    for (places, value), (trait, words) in wanted.items():
        # One more than is shown for each that may not be.
        files = set(search.sharing(connection, places, value, MOST + len(but))) - set(but)
        if trait in DEVICES and suspect.camera.make:
            files -= _of_another_maker(connection, files, suspect.camera.make)
        found += [Shared(file_id, trait, words) for file_id in sorted(files)[:MOST]]
    return found


def _of_another_maker(connection: Connection, files: Collection[int], make: str) -> set[int]:
    """Devices of two makers may have the same number; one maker writes its name in several ways."""
    told = search.values(connection, Trait.MAKE, files)
    return {file_id for file_id, makes in told.items() if _maker(make) not in map(_maker, makes)}


def _maker(make: str) -> str:
    return folded(make).partition(" ")[0]


def by_metadata(connection: Connection, suspect: Metadata, found: Sequence[Shared]) -> dict[int, Match]:
    """Return {file: hint} of those that share an id of the document, or a device and the second of the capture."""
    seconds = {each.local.replace(microsecond=0) for each in suspect.captured if not each.whole_day}
    devices = [each.file_id for each in found if each.trait in DEVICES]
    moments = search.taken(connection, devices) if seconds else {}
    reasons: dict[int, list[str]] = defaultdict(list)
    for each in found:
        words = f"{NAMES[each.trait]} {each.value}"
        if each.trait not in DEVICES:
            reasons[each.file_id].append(words)
            continue
        same = seconds & {
            taken.local.replace(microsecond=0) for taken in moments.get(each.file_id, ()) if not taken.whole_day
        }
        if same:
            reasons[each.file_id].append(f"{words} and the second of the capture, {min(same)}")
    return {file_id: _hint(f"shares {', '.join(dict.fromkeys(words))}") for file_id, words in reasons.items()}


def by_thumbnail(archive: Archive, connection: Connection, file: File, suspect: Metadata | None) -> dict[int, Match]:
    """Return {file: hint} of those that the suspect's thumbnail shows, or whose thumbnail shows the suspect."""
    found: dict[int, Match] = {}
    for file_id, bits in _in_thumbnails(archive, connection, file):
        found[file_id] = _hint(
            f"shares its picture with the thumbnail in the archived file ({bits} of {BITS} bits differ)"
        )
    for thumbnail in suspect.thumbnails if suspect else ():
        small = replace(file, sha256="", width=None, height=None, codes=thumbnail.codes, quality=thumbnail.quality)
        for file_id, bits in _in_files(archive, connection, small):
            words = f"shares its picture with the thumbnail in this image ({bits} of {BITS} bits differ)"
            found.setdefault(file_id, _hint(words))
    return found


def _in_files(archive: Archive, connection: Connection, query: File) -> Iterator[tuple[int, int]]:
    if not query.codes or query.quality < FLAT_BELOW:
        return
    near = archive.codes.near(connection, query.codes, SEARCH_RADIUS)[:MOST]
    files = read.files(connection, [file_id for _, file_id in near])
    yield from _alike(query, [files[file_id] for _, file_id in near if file_id in files])


def _in_thumbnails(archive: Archive, connection: Connection, query: File) -> Iterator[tuple[int, int]]:
    if not query.codes or query.quality < FLAT_BELOW:
        return
    near = archive.thumbnails.near(connection, query.codes, SEARCH_RADIUS)[:MOST]
    codes = stored.thumbnail_codes(connection, [file_id for _, file_id in near])
    small = [File(file_id, "-", 0, codes=code, quality=quality) for file_id, (code, quality) in codes.items()]
    yield from _alike(query, small)


def _alike(query: File, others: Sequence[File]) -> Iterator[tuple[int, int]]:
    """Return (file, bits) of what the hash alone would take for a copy: surely enough to be worth a look."""
    for other in others:
        match = compare(query, other)
        if match is not None and match.confidence is not Confidence.POSSIBLE:
            yield other.id, match.distance


def _hint(reason: str) -> Match:
    return Match(MatchKind.PARTIAL, METADATA_STAGE, BITS, Confidence.POSSIBLE, reason=reason)
