"""What is known of two files of one picture, and how sure that is."""

from dataclasses import replace

from provenance.core.evidence import Evidence, turned_round, weaker
from provenance.core.model import Confidence, File, Match, MatchKind
from tests.core.build import file

CERTAIN, STRONG, POSSIBLE = Confidence.CERTAIN, Confidence.STRONG, Confidence.POSSIBLE
PART = Match(
    MatchKind.PARTIAL,
    "descriptor",
    256,
    STRONG,
    rotated=25,
    inliers=80,
    region=(0, 0, 0.5, 0.5),
    visible=0.25,
    scale=1.5,
    matrix=(1, 0, 0, 0, 1, 0),
)
COPY = Match(MatchKind.RECOMPRESSED, "phash", 4, CERTAIN)


def between(evidence: Evidence, query: File, archived: File) -> Match:
    match = evidence.between(query, archived)
    assert match is not None
    return match


def test_the_weaker_of_two() -> None:
    assert [weaker(CERTAIN, STRONG), weaker(STRONG, POSSIBLE), weaker(CERTAIN, CERTAIN)] == [STRONG, POSSIBLE, CERTAIN]


def test_a_way_is_as_sure_as_its_weakest_match() -> None:
    evidence = Evidence([(1, 2, COPY), (2, 3, PART), (3, 4, COPY)])
    assert evidence.sure(1, 2) is CERTAIN
    assert evidence.sure(1, 4) is STRONG
    assert evidence.sure(3, 4) is CERTAIN
    assert evidence.sure(1, 9) is None


def test_the_best_way_counts() -> None:
    assert Evidence([(1, 3, PART), (1, 2, COPY), (2, 3, COPY)]).sure(1, 3) is CERTAIN


def test_what_was_measured_is_told_from_the_later_file_to_the_earlier() -> None:
    evidence = Evidence([(1, 2, PART)])
    assert between(evidence, file(2, seed=2), file(1, seed=1)) == PART
    back = between(evidence, file(1, seed=1), file(2, seed=2))
    assert (back.rotated, back.inliers, back.confidence) == (335, 80, STRONG)


def test_a_match_is_told_from_either_side() -> None:
    """The later file shows the middle half of the earlier, at twice its size; so the earlier shows all of the later."""
    crop = replace(PART, rotated=0, scale=2.0, region=(0.25, 0.25, 0.5, 0.5), matrix=(0.5, 0, 0.25, 0, 0.5, 0.25))
    back = turned_round(crop)
    assert back.matrix == (2, 0, -0.5, 0, 2, -0.5)
    assert (back.region, back.visible, back.scale) == ((0, 0, 1, 1), 1.0, 0.5)
    again = turned_round(back)
    assert (again.matrix, again.region, again.visible, again.scale) == (crop.matrix, crop.region, 0.25, 2.0)
    mirrored = turned_round(replace(crop, mirrored=True, matrix=(-0.5, 0, 0.75, 0, 0.5, 0.25)))
    assert (mirrored.region, mirrored.visible) == ((0, 0, 1, 1), 1.0)


def test_without_a_map_the_numbers_of_place_are_not_known_from_the_other_side() -> None:
    for matrix in (None, (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)):
        back = turned_round(replace(PART, matrix=matrix))
        assert (back.region, back.visible, back.scale, back.matrix) == (None, None, None, None)


def test_a_mirrored_turn_undoes_itself() -> None:
    evidence = Evidence([(1, 2, replace(COPY, mirrored=True, rotated=90))])
    assert between(evidence, file(1), file(2)).rotated == 90


def test_hashes_speak_where_nobody_has_compared_the_pixels_but_no_louder_than_the_way() -> None:
    evidence = Evidence([(1, 2, COPY), (2, 3, PART)])
    near = between(evidence, file(3, flipped=2), file(1))
    assert (near.stage, near.distance, near.confidence) == ("phash", 2, STRONG)
    assert between(Evidence(), file(3, flipped=2), file(1)).confidence is CERTAIN


def test_others_lead_from_one_to_the_other() -> None:
    evidence = Evidence([(1, 2, PART), (2, 3, COPY)])
    by_way = between(evidence, file(3, seed=3), file(1, seed=1))
    assert (by_way.kind, by_way.inliers, by_way.confidence) == (MatchKind.PARTIAL, None, STRONG)


def test_nothing_is_known_of_files_that_nothing_leads_between() -> None:
    assert Evidence().between(file(2, seed=2), file(1, seed=1)) is None
