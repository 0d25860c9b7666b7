"""Compares pairs of files by their pixels, in the sandbox's workers, and says what they are to each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from provenance.core.alignment import Alignment, Relation, judge
from provenance.core.matching import BITS
from provenance.core.model import Confidence, Match, MatchKind
from provenance.images.pairs import Pair, compare_pair
from provenance.images.sandbox import Refusal, Sandbox

_WHOLE = 0.97
"""Share of both images from which one counts as the other whole."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two files that hash or descriptor take for copies, and the match that they suggest."""

    query: Path
    archived: Path
    match: Match
    closely: bool = False
    """Look again at full resolution."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What two files are to each other by their pixels; NOTHING where that cannot be said."""

    relation: Relation
    match: Match

    @property
    def is_copy(self) -> bool:
        """Whether the two are copies, and surely enough to count."""
        return self.relation is Relation.SAME and self.match.confidence is not Confidence.POSSIBLE


def suggested(similarity: float) -> Match:
    """The match that a descriptor suggests: a part of the other, or the other way round."""
    # Its hash says nothing of a part.
    return Match(MatchKind.PARTIAL, "descriptor", BITS, Confidence.POSSIBLE, similarity=round(similarity, 3))


def compare(sandbox: Sandbox, suggestions: Sequence[Suggestion]) -> Iterator[Compared]:
    """Compare pairs of files; answers come in their order."""
    pairs = (Pair(each.query, each.archived, _orientation(each.match), each.closely) for each in suggestions)
    for suggestion, answer in zip(suggestions, sandbox.map(compare_pair, pairs), strict=True):
        found = None if isinstance(answer, Refusal) else answer
        verdict = judge(found)
        reason = f"not compared: {answer.reason}" if isinstance(answer, Refusal) else verdict.reason
        match = replace(suggestion.match, confidence=verdict.confidence, reason=reason)
        if found is not None:
            match = _placed(match, found)
        yield Compared(verdict.relation, match)


def _orientation(match: Match) -> tuple[bool, int] | None:
    return None if match.kind is MatchKind.PARTIAL else (match.mirrored, match.rotated)


def _placed(match: Match, found: Alignment) -> Match:
    """Add where one lies in the other; two whole images are placed by their hashes already."""
    whole = min(found.visible, found.overlap) >= _WHOLE
    if match.kind is not MatchKind.PARTIAL and whole:
        if found.inliers is None:
            return match
        turned = found.mirrored or round(found.rotated) % 360 != 0
        kind = MatchKind.TRANSFORMED if turned else match.kind
        return replace(
            match, kind=kind, mirrored=found.mirrored, rotated=round(found.rotated) % 360, inliers=found.inliers
        )
    return replace(
        match,
        kind=MatchKind.PARTIAL,
        mirrored=found.mirrored,
        rotated=round(found.rotated) % 360,
        inliers=found.inliers,
        region=found.region,
        visible=round(found.visible, 4),
        scale=round(found.scale, 4),
        matrix=found.matrix,
    )
