"""Sorts what archived files are to a suspect, and what follows for the other files of their pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from provenance.app import pixels
from provenance.app.pixels import Compared, Suggestion
from provenance.archive import matches as stored
from provenance.archive import read, separations
from provenance.archive.store import Archive, Connection
from provenance.core.alignment import Relation
from provenance.core.evidence import Evidence, weaker
from provenance.core.matching import BITS
from provenance.core.model import Confidence, Match, MatchKind
from provenance.core.partition import Partition
from provenance.images.sandbox import Sandbox

_TRIES = 3
"""Files of one picture whose pixels are compared, the nearest first, before the picture is given up."""
_PICTURES = 40
"""Pictures that are tried, the nearest first; hashes that lie as near as a copy's seldom belong to more than one."""


BY_WAY = "by way of another copy"
SET_APART = "it matches, but a user has set it apart from the likelier copy"


@dataclass(slots=True)
class Copies:
    """What archived files are to the suspect, as {file: match}. Only `same` is certain or strong."""

    suggested: Mapping[int, Match]
    """By bytes and hash alone."""
    same: dict[int, Match] = field(default_factory=dict)
    possible: dict[int, Match] = field(default_factory=dict)
    same_scene: dict[int, Match] = field(default_factory=dict)
    same_template: dict[int, Match] = field(default_factory=dict)

    def add(self, connection: Connection, compared: Mapping[int, Compared]) -> None:
        """Sort what was compared, and follow the pictures of what is the same."""
        certain = {}
        for file_id, each in compared.items():
            # A closer look overrules what was said before.
            for said in (self.possible, self.same_scene, self.same_template):
                said.pop(file_id, None)
            if each.is_copy:
                certain[file_id] = each.match
            elif each.relation is Relation.SAME or self._is_near(file_id, each):
                self.possible[file_id] = replace(each.match, confidence=Confidence.POSSIBLE)
            elif each.relation is Relation.SAME_SCENE:
                self.same_scene[file_id] = each.match
            elif each.relation is Relation.SAME_TEMPLATE:
                self.same_template[file_id] = each.match
        self.accept(connection, certain)

    def accept(self, connection: Connection, found: Mapping[int, Match]) -> None:
        """Take files for the suspect's picture, and with them the others of the pictures that they belong to."""
        self.same |= found
        picture_of = read.picture_of(connection, found)
        members = read.files_of_pictures(connection, set(picture_of.values()))
        evidence = Evidence(stored.among(connection, (file_id for files in members.values() for file_id in files)))
        for hit, picture in picture_of.items():
            for file_id in members[picture]:
                # What the suspect's own pixels say overrules what others lead to.
                if file_id not in self.same | self.same_scene | self.same_template:
                    self._follow(file_id, found[hit], evidence.sure(hit, file_id))
        for file_id in self.same:
            self.possible.pop(file_id, None)

    @property
    def best(self) -> int | None:
        """The likeliest copy: the surest, then the nearest by its hash."""
        grades = list(Confidence)
        return min(
            self.same,
            key=lambda file_id: (grades.index(self.same[file_id].confidence), self.same[file_id].distance, file_id),
            default=None,
        )

    def keep_apart(self, connection: Connection) -> None:
        """Leave what a user has set apart from the likeliest copy out of its chain: it is only possible."""
        best = self.best
        if best is None:
            return
        members = read.files_of_pictures(connection, set(read.picture_of(connection, self.same).values()))
        picture_of = {file_id: picture for picture, files in members.items() for file_id in files}
        partition = Partition(picture_of, separations.sides(connection, picture_of))
        for file_id in [each for each in self.same if each != best and not partition.may_join(best, each)]:
            match = self.same.pop(file_id)
            self.possible[file_id] = replace(match, confidence=Confidence.POSSIBLE, reason=SET_APART)

    def _follow(self, file_id: int, hit: Match, way: Confidence | None) -> None:
        """Take in a file that the picture of a hit leads to, as sure as the weaker of the two."""
        sure = weaker(hit.confidence, way or Confidence.POSSIBLE)
        match = self.possible.get(file_id) or self.suggested.get(file_id)
        kept = self.possible if sure is Confidence.POSSIBLE else self.same
        kept[file_id] = (
            replace(match, confidence=sure, reason=BY_WAY)
            if match
            else Match(MatchKind.PARTIAL, "descriptor", BITS, sure)
        )

    def _is_near(self, file_id: int, compared: Compared) -> bool:
        """Whether the hash says what the pixels cannot confirm: too small, too plain, or not to be decoded."""
        hashed = self.suggested.get(file_id)
        near = hashed is not None and hashed.confidence is not Confidence.POSSIBLE
        return near and compared.relation is Relation.NOTHING


def confirm(
    archive: Archive, connection: Connection, path: Path, suggested: Mapping[int, Match], sandbox: Sandbox
) -> Copies:
    """Let the pixels confirm what bytes and hash suggest for the image at `path`: {archived file: match}."""
    found = Copies(suggested)
    found.accept(connection, {key: each for key, each in suggested.items() if each.kind is MatchKind.IDENTICAL})
    files = read.files(connection, suggested.keys() - found.same.keys())
    picture_of = read.picture_of(connection, files)
    waiting: dict[int, list[int]] = {}
    for file_id in sorted(files, key=lambda key: (suggested[key].distance, key)):
        # A file that is not resolved yet stands for itself; no picture has a number below 0.
        waiting.setdefault(picture_of.get(file_id, -file_id), []).append(file_id)
    tried = dict(list(waiting.items())[:_PICTURES])
    for attempt in range(_TRIES):
        asked = {
            hits[attempt]: Suggestion(path, archive.files.path(files[hits[attempt]].sha256), suggested[hits[attempt]])
            for hits in tried.values()
            if len(hits) > attempt and found.same.keys().isdisjoint(hits)
        }
        found.add(connection, dict(zip(asked, pixels.compare(sandbox, list(asked.values())), strict=True)))
    for picture in waiting.keys() - tried.keys():
        for file_id in waiting[picture]:
            found.possible[file_id] = replace(suggested[file_id], confidence=Confidence.POSSIBLE)
    return found
