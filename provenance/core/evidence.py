"""Why files are taken for one picture: what was measured of pairs, and what follows by way of others."""

from collections.abc import Iterable
from dataclasses import replace

from provenance.core.matching import BITS, compare
from provenance.core.model import Confidence, File, Match, MatchKind
from provenance.core.outline import area, inverse, outlines
from provenance.core.partition import Partition

_RANK = {Confidence.POSSIBLE: 0, Confidence.STRONG: 1, Confidence.CERTAIN: 2}


def weaker(one: Confidence, other: Confidence) -> Confidence:
    """Return the weaker of two."""
    return min(one, other, key=_RANK.__getitem__)


class Evidence:
    """The measured matches among some files, each told from the file with the lower id to the other."""

    def __init__(self, measured: Iterable[tuple[int, int, Match]] = ()) -> None:
        self._measured: dict[tuple[int, int], Match] = {}
        # The files that matches of at least this confidence lead to from one another.
        self._reached = {sure: Partition({}) for sure in (Confidence.CERTAIN, Confidence.STRONG)}
        for one, other, match in measured:
            key = min(one, other), max(one, other)
            known = self._measured.get(key)
            if known is None or _RANK[match.confidence] > _RANK[known.confidence]:
                self._measured[key] = match
            for sure, files in self._reached.items():
                if _RANK[match.confidence] >= _RANK[sure]:
                    files.join(one, other)

    def sure(self, one: int, other: int) -> Confidence | None:
        """Return how sure it is that two files show one picture: the weakest match of the best way between them.

        None where no matches lead from one to the other.
        """
        for sure, files in self._reached.items():
            if files.picture(one) == files.picture(other):
                return sure
        return None

    def between(self, query: File, archived: File) -> Match | None:
        """Return what is known of two files of one picture: what was measured, else by their hashes, else that others
        lead from one to the other; None where nothing does.
        """
        match = self._measured.get((min(query.id, archived.id), max(query.id, archived.id)))
        if match is None:
            sure = self.sure(query.id, archived.id)
            found = compare(query, archived)
            if found is None:
                return None if sure is None else Match(MatchKind.PARTIAL, "descriptor", BITS, sure)
            # Nobody has compared their pixels: it is as sure as the way from one to the other.
            return found if sure is None else replace(found, confidence=weaker(found.confidence, sure))
        if archived.id < query.id:
            return match
        return turned_round(match)


def turned_round(match: Match) -> Match:
    """Return a match told from the other image: the same pair, asked the other way round."""
    rotated = match.rotated if match.mirrored else -match.rotated % 360
    matrix = match.matrix and inverse(match.matrix)
    shared = matrix and outlines(matrix)
    if not matrix or not shared:
        return replace(match, rotated=rotated, region=None, visible=None, scale=None, matrix=None)
    across, down = zip(*shared.other, strict=True)
    return replace(
        match,
        rotated=rotated,
        region=(min(across), min(down), max(across) - min(across), max(down) - min(down)),
        visible=round(abs(area(shared.other)), 4),
        scale=None if not match.scale else round(1 / match.scale, 4),
        matrix=matrix,
    )
