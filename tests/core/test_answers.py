"""The little that answers work out by themselves."""

import pytest

from provenance.core.answers import ChannelCoverage, Coverage, LookupAnswer, Suspect
from provenance.core.chain import build
from provenance.core.model import Channel, Confidence, Match, MatchKind
from tests.core.build import FOLDER, NEWS, file, hour, sighting

EMPTY = Coverage(0, 0, 0, None, None, 0)


def match(confidence: Confidence, distance: int = 5) -> Match:
    return Match(MatchKind.RECOMPRESSED, "phash", distance, confidence)


def answer(posts: int, matches: dict[int, Match], limit: int | None = None) -> LookupAnswer:
    seen = [sighting(hour(number), message_id=number, file=file(number)) for number in range(1, posts + 1)]
    return LookupAnswer(Suspect("a.jpg", file(0)), build(seen), matches, None, (), EMPTY, (), limit)


@pytest.mark.parametrize(("posts", "limit", "shown"), [(0, None, 0), (3, None, 3), (3, 2, 2), (3, 9, 3), (0, 2, 0)])
def test_found_and_shown(posts: int, limit: int | None, shown: int) -> None:
    found = answer(posts, {1: match(Confidence.CERTAIN)}, limit)
    assert found.found is (posts > 0)
    assert [each.sighting.message_id for each in found.sightings] == list(range(1, shown + 1))
    assert [each.match is not None for each in found.sightings] == [number == 1 for number in range(1, shown + 1)]


@pytest.mark.parametrize(
    ("grades", "best"),
    [
        ([], None),
        ([Confidence.POSSIBLE], Confidence.POSSIBLE),
        ([Confidence.STRONG, Confidence.CERTAIN, Confidence.POSSIBLE], Confidence.CERTAIN),
        ([Confidence.POSSIBLE, Confidence.STRONG], Confidence.STRONG),
    ],
)
def test_the_best_grade(grades: list[Confidence], best: Confidence | None) -> None:
    assert answer(1, {number: match(grade) for number, grade in enumerate(grades)}).best is best


@pytest.mark.parametrize(
    ("channel", "first_id", "late"), [(NEWS, 1, False), (NEWS, 2, True), (NEWS, None, False), (FOLDER, 500, False)]
)
def test_coverage_that_starts_late(channel: Channel, first_id: int | None, late: bool) -> None:
    covered = ChannelCoverage(channel, 0, 0, 0, None, None, first_id, first_id, 0, (), ())
    assert covered.starts_late is late
