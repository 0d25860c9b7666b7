"""Finds which files show one picture, and makes the chains anew of every picture that changed.

First all files get their picture, then all chains are built: a first seen is never recorded from half of the files.
Both steps are repeatable and take up after a crash where they were.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from filelock import FileLock

from provenance.app import clock, pixels
from provenance.app.pixels import Suggestion
from provenance.app.progress import Progress
from provenance.app.suggest import Edge, Suggester
from provenance.archive import derive, read, separations
from provenance.archive import matches as stored
from provenance.archive.derive import Built
from provenance.archive.index import HammingIndex
from provenance.archive.neighbours import Neighbours
from provenance.archive.store import Archive
from provenance.core import chain, fold
from provenance.core.evidence import Evidence
from provenance.core.matching import ORIENTATIONS, RICH
from provenance.core.model import Match, Sighting
from provenance.core.partition import Partition
from provenance.images.sandbox import Sandbox

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

_BATCH = 200
_CHAINS = 500
_BULK = 10_000
"""New files from which on all are compared with all at once: one scan for each takes longer then."""


class Resolver:
    """Resolves again and again, and keeps its index of hashes meanwhile."""

    def __init__(self, archive: Archive, sandbox: Sandbox, model: "Model | None" = None) -> None:
        self._archive = archive
        self._sandbox = sandbox
        self._model = None if model is None else model.key
        self._index = HammingIndex()

    def resolve(self, run_id: int, progress: Progress) -> None:
        """Bring pictures, links and first seens up to date with what has been archived and measured."""
        with self._archive.read() as connection:
            waiting = derive.without_picture(connection)
        neighbours = self._all_neighbours(progress) if len(waiting) >= _BULK else None
        if waiting:
            progress.stage("Looking for copies", len(waiting))
        for batch in _batches(waiting, _BATCH):
            # One process at a time joins pictures, and nobody waits for it who only archives or looks up.
            with FileLock(self._archive.directory / "resolve.lock"):
                self._join(batch, neighbours)
            progress.advance(len(batch))
        _chain(self._archive, run_id, progress)

    def _all_neighbours(self, progress: Progress) -> Neighbours:
        progress.stage("Comparing all hashes", len(ORIENTATIONS))
        with self._archive.read() as connection:
            return Neighbours(connection, RICH.strong, progress.advance)

    def _join(self, batch: Sequence[int], neighbours: Neighbours | None) -> None:
        """Give new files their picture."""
        with self._archive.read() as connection:
            if read.count_resolved(connection) != len(self._index):
                self._index = HammingIndex(read.resolved_codes(connection))
            done = read.picture_of(connection, batch)
            new = [each for file_id, each in sorted(read.files(connection, batch).items()) if file_id not in done]
            edges = Suggester(self._archive, connection, self._index, self._model, neighbours).edges(new)
            concerned = {edge.other for edge in edges} | {edge.file for edge in edges}
            pictures = read.picture_of(connection, concerned)
            members = read.files_of_pictures(connection, set(pictures.values()))
            joined = {file_id: picture for picture, files in members.items() for file_id in files}
            partition = Partition(joined, separations.sides(connection, joined.keys() | {each.id for each in new}))
            for file in new:
                partition.add(file.id)
            known = read.files(connection, concerned)
            paths = {file_id: self._archive.files.path(each.sha256) for file_id, each in known.items()}
        matches: list[tuple[int, int, Match]] = []
        # The likeliest pair of each picture that grows, all at once; then again, until no pair is left between two.
        while picks := _picks(partition, edges):
            picked = {(edge.other, edge.file) for edge in picks}
            edges = [edge for edge in edges if (edge.other, edge.file) not in picked]
            asked = [Suggestion(paths[edge.file], paths[edge.other], edge.match) for edge in picks]
            for edge, compared in zip(picks, pixels.compare(self._sandbox, asked), strict=True):
                if compared.is_copy and partition.join(edge.other, edge.file):
                    matches.append((edge.other, edge.file, compared.match))
        with self._archive.write() as connection:
            derive.save_partition(connection, partition.new(), partition.merged())
            stored.save(connection, matches)


def resolve(archive: Archive, run_id: int, sandbox: Sandbox, progress: Progress, model: "Model | None" = None) -> None:
    """Resolve once."""
    Resolver(archive, sandbox, model).resolve(run_id, progress)


def _picks(partition: Partition, edges: Sequence[Edge]) -> list[Edge]:
    """Return for each new file's picture the likeliest edge that leads out of it: comparing more would be in vain."""
    best: dict[int, Edge] = {}
    for edge in sorted(edges, key=lambda each: each.rank):
        one, other = partition.picture(edge.file), partition.picture(edge.other)
        if one != other and partition.may_join(one, other):
            best.setdefault(one, edge)
    return list(best.values())


def _batches(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _chain(archive: Archive, run_id: int, progress: Progress) -> None:
    with archive.read() as connection:
        waiting = derive.unchained(connection)
    if not waiting:
        return
    progress.stage("Building chains", len(waiting))
    for batch in _batches(waiting, _CHAINS):
        with archive.write() as connection:
            members = read.files_of_pictures(connection, batch)
            picture_of = {file_id: picture for picture, files in members.items() for file_id in files}
            found: dict[int, list[Sighting]] = {picture: [] for picture in members}
            for sighting in fold.sightings(read.versions_with_files(connection, picture_of)):
                if sighting.file.id in picture_of:
                    found[picture_of[sighting.file.id]].append(sighting)
            evidence = Evidence(stored.among(connection, picture_of))
            built = [
                Built(picture, members[picture], chain.build(sightings, evidence))
                for picture, sightings in found.items()
            ]
            derive.save_chains(connection, run_id, built, clock.now())
        progress.advance(len(batch))
