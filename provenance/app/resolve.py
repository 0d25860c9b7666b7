"""Finds which files show one picture, and makes the chains anew of every picture that changed.

First all files get their picture, then all chains are built: a first seen is never recorded from half of the files.
Both steps are repeatable and take up after a crash where they were.
"""

from collections.abc import Iterator, Sequence

from provenance.app import clock
from provenance.app.progress import Progress
from provenance.archive import derive, read
from provenance.archive.derive import Built
from provenance.archive.index import HammingIndex
from provenance.archive.store import Archive
from provenance.core import chain, times
from provenance.core.matching import FLAT_BELOW, SEARCH_RADIUS, compare
from provenance.core.model import Confidence, File, Match, Sighting

_BATCH = 500


class Resolver:
    """Resolves again and again, and keeps its index of hashes meanwhile."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._index = HammingIndex()

    def resolve(self, run_id: int, progress: Progress) -> None:
        """Bring pictures, links and first seens up to date with what has been archived and measured."""
        self._index = _partition(self._archive, self._index, progress)
        _chain(self._archive, run_id, progress)


def resolve(archive: Archive, run_id: int, progress: Progress) -> None:
    """Resolve once."""
    Resolver(archive).resolve(run_id, progress)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _partition(archive: Archive, index: HammingIndex, progress: Progress) -> HammingIndex:
    """Give new files their picture; return the index, brought up to date."""
    with archive.read() as connection:
        waiting = derive.without_picture(connection)
    if not waiting:
        return index
    progress.stage("Looking for copies", len(waiting))
    for batch in _batches(waiting):
        with archive.write() as connection:
            # Another process may have resolved files meanwhile; inside this transaction none can.
            done = read.picture_of(connection, batch)
            if read.count_resolved(connection) != len(index):
                index = HammingIndex(read.resolved_codes(connection))
            union = _Union()
            matches: list[tuple[int, int, Match]] = []
            new = [each for file_id, each in sorted(read.files(connection, batch).items()) if file_id not in done]
            for file in new:
                near = index.near(file.codes, SEARCH_RADIUS) if file.codes and file.quality >= FLAT_BELOW else []
                hits = [file_id for _, file_id in near]
                found = read.files(connection, hits) if hits else {}
                pictures = read.picture_of(connection, hits) if hits else {}
                matches += union.add(file, [found[hit] for hit in hits], pictures)
                if file.codes:
                    index.add(file.id, file.codes[:32])
            derive.save_partition(connection, union.new(), union.merged())
            derive.save_matches(connection, matches)
        progress.advance(len(batch))
    return index


class _Union:
    """Union-find over pictures: each is named by its lowest file, so the outcome does not depend on the order."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        self._files: list[int] = []

    def add(self, file: File, near: Sequence[File], pictures: dict[int, int]) -> list[tuple[int, int, Match]]:
        """Join `file` with the pictures of all files that it certainly matches; return the matches that did it."""
        self._files.append(file.id)
        self._parent[file.id] = file.id
        matches = []
        for other in near:
            match = compare(file, other)
            if match is None or match.confidence is not Confidence.CERTAIN:
                continue
            one, two = self._root(file.id), self._root(pictures.get(other.id, other.id))
            if one != two:
                # The nearest file of each picture is match enough: the others follow from it.
                matches.append((other.id, file.id, match))
                self._parent[max(one, two)] = min(one, two)
        return matches

    def new(self) -> dict[int, int]:
        """Return {file: picture} of the files that were added."""
        return {file_id: self._root(file_id) for file_id in self._files}

    def merged(self) -> dict[int, int]:
        """Return {picture: the one that it became part of} of the pictures that were there before."""
        added = set(self._files)
        return {each: self._root(each) for each in self._parent if each not in added and self._root(each) != each}

    def _root(self, picture: int) -> int:
        parent = self._parent.setdefault(picture, picture)
        while parent != self._parent[parent]:
            parent = self._parent[parent]
        self._parent[picture] = parent
        return parent


def _chain(archive: Archive, run_id: int, progress: Progress) -> None:
    with archive.read() as connection:
        waiting = derive.unchained(connection)
    if not waiting:
        return
    progress.stage("Building chains", len(waiting))
    for batch in _batches(waiting):
        with archive.write() as connection:
            members = read.files_of_pictures(connection, batch)
            picture_of = {file_id: picture for picture, files in members.items() for file_id in files}
            found: dict[int, list[Sighting]] = {picture: [] for picture in members}
            for sighting in times.sightings(read.versions_with_files(connection, picture_of)):
                if sighting.file.id in picture_of:
                    found[picture_of[sighting.file.id]].append(sighting)
            built = [Built(picture, members[picture], chain.build(sightings)) for picture, sightings in found.items()]
            derive.save_chains(connection, run_id, built, clock.now())
        progress.advance(len(batch))
