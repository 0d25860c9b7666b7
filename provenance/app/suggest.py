"""Which archived files may show the picture of a new file, by its hash and its descriptors: what pixels then decide."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from provenance.app.pixels import suggested
from provenance.app.similar import most_similar
from provenance.archive import descriptors, read
from provenance.archive.descriptors import INNER
from provenance.archive.index import HammingIndex
from provenance.archive.neighbours import Neighbours
from provenance.archive.store import Archive, Connection
from provenance.core.matching import FLAT_BELOW, JOIN_RADIUS, JOIN_SIMILAR, SEARCH_RADIUS, compare
from provenance.core.model import File, Match
from provenance.images.descriptor import Descriptor

_PER_PICTURE = 3
"""Files of one picture that are compared with a new file, the nearest first, before that picture is given up."""
_PICTURES = 8
"""Pictures that a new file is compared with by its hash: channels post cards of one design by the hundred."""
_PARTS = 5
"""Files that a new file is compared with by its descriptors."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Two files that may show one picture, and the match that says so: how `file` lies in `other`, which is lower."""

    other: int
    file: int
    match: Match

    @property
    def rank(self) -> tuple[int, float]:
        """The likeliest first: the nearest hashes, then the most similar descriptors."""
        return self.match.distance, -(self.match.similarity or 0.0)


class Suggester:
    """Suggests edges for new files, one after another; each is found by those that come after it."""

    def __init__(
        self,
        archive: Archive,
        connection: Connection,
        index: HammingIndex,
        model: str | None,
        neighbours: Neighbours | None = None,
    ) -> None:
        """`index`: the hashes of all resolved files; new ones are added to it. `model`: the key of descriptors.

        `neighbours`: those of all files, where so many are new that a scan for each would take too long.
        """
        self._archive = archive
        self._connection = connection
        self._index = index
        self._model = model
        self._neighbours = neighbours

    def edges(self, new: Iterable[File]) -> list[Edge]:
        """Return the edges from new files to resolved ones, and among themselves."""
        found: list[Edge] = []
        passed: dict[int, File] = {}
        for file in new:
            hashed = list(self._hashed(file, passed))
            found += hashed
            if self._model is not None:
                found += self._described(
                    file, self._model, {each for edge in hashed for each in (edge.other, edge.file)}, passed
                )
            passed[file.id] = file
            if file.codes:
                self._index.add(file.id, file.codes[:32])
        return found

    def _hashed(self, file: File, passed: dict[int, File]) -> Iterator[Edge]:
        if not file.codes or file.quality < FLAT_BELOW:
            return
        near = self._near(file)
        picture_of = read.picture_of(self._connection, near)
        if self._neighbours is not None:
            near = [file_id for file_id in near if file_id in picture_of or file_id in passed]
        taken: dict[int, list[int]] = {}
        for file_id in near:
            # A file that has just come stands for itself; no picture has a number below 0.
            hits = taken.setdefault(picture_of.get(file_id, -file_id), [])
            if len(hits) < _PER_PICTURE:
                hits.append(file_id)
        chosen = [file_id for hits in list(taken.values())[:_PICTURES] for file_id in hits]
        known = read.files(self._connection, (file_id for file_id in chosen if file_id not in passed)) | passed
        for file_id in chosen:
            low, high = sorted((known[file_id], file), key=lambda each: each.id)
            if match := compare(high, low):
                yield Edge(low.id, high.id, match)

    def _near(self, file: File) -> list[int]:
        if self._neighbours is not None:
            return self._neighbours.near(file.id)
        return [file_id for _, file_id in self._index.near(file.codes, SEARCH_RADIUS)]

    def _described(self, file: File, model: str, hashed: set[int], passed: Mapping[int, File]) -> list[Edge]:
        """A new file, or the picture inside its frame, as a part of archived ones or the other way round."""
        keys = (model, model + INNER)
        held = [descriptors.values(self._connection, key, [file.id]).get(file.id) for key in keys]
        asked = [Descriptor(*each) for each in held if each]
        if not asked:
            return []

        def chosen(near: Collection[int]) -> Collection[int]:
            hits = set(near) - hashed - {file.id}
            return read.picture_of(self._connection, hits).keys() | (hits & passed.keys())

        likely = most_similar(self._archive, self._connection, model, asked, JOIN_RADIUS, JOIN_SIMILAR, chosen)
        return [
            Edge(min(file_id, file.id), max(file_id, file.id), suggested(value)) for file_id, value in likely[:_PARTS]
        ]
