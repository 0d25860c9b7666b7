from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from provenance.core import matching
from provenance.core.matching import (
    FLAT_BELOW,
    ORIENTATIONS,
    PLAIN_BELOW,
    candidates_of,
    compare,
    distance,
    fewest_candidates,
    signs_radius,
)
from provenance.core.model import Confidence, File, Match, MatchKind
from tests.core.build import codes, file, measured, oriented
from tests.stories import random_photo

CERTAIN, STRONG, POSSIBLE = Confidence.CERTAIN, Confidence.STRONG, Confidence.POSSIBLE


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return random_photo(1)


@pytest.fixture(scope="module")
def all_ways(photo: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> list[File]:
    """The photo in all eight orientations, each compressed anew."""
    folder = tmp_path_factory.mktemp("ways")
    return [
        measured(oriented(photo, mirrored, rotated), folder / f"{i}.jpg", i, quality=40 + 5 * i)
        for i, (mirrored, rotated) in enumerate(ORIENTATIONS)
    ]


@pytest.mark.parametrize(("mirrored", "rotated"), ORIENTATIONS)
def test_the_transform_is_what_was_done_to_the_archived_image(
    mirrored: bool, rotated: int, photo: Image.Image, tmp_path: Path
) -> None:
    archived = measured(photo, tmp_path / "archived.jpg", 1)
    query = measured(oriented(photo, mirrored, rotated), tmp_path / "query.jpg", 2, quality=40)
    match = compare(query, archived)
    assert match is not None
    assert (match.mirrored, match.rotated, match.stage, match.confidence) == (mirrored, rotated, "phash", CERTAIN)
    same = not mirrored and rotated == 0
    assert match.kind is (MatchKind.RECOMPRESSED if same else MatchKind.TRANSFORMED)


def test_every_orientation_finds_every_other_with_the_step_between_them(all_ways: list[File]) -> None:
    for archived in all_ways:
        for query in all_ways:
            bits, way = distance(query.codes, archived.codes)
            assert bits <= matching.RICH.certain
            # Doing that step to the archived orientation must give the query's: checked on a labelled square.
            square = Image.new("L", (2, 2))
            square.putdata([0, 1, 2, 3])
            start = oriented(square, *ORIENTATIONS[archived.id])
            assert oriented(start, *ORIENTATIONS[way]).tobytes() == oriented(square, *ORIENTATIONS[query.id]).tobytes()


def test_the_distance_is_the_same_both_ways(all_ways: list[File]) -> None:
    strangers = [file(100 + seed, seed=seed) for seed in range(8)]
    for one in [*all_ways, *strangers]:
        for other in [*all_ways, *strangers]:
            assert distance(one.codes, other.codes)[0] == distance(other.codes, one.codes)[0]


def test_another_photo_is_no_match(photo: Image.Image, tmp_path: Path) -> None:
    others = [measured(random_photo(seed), tmp_path / f"{seed}.jpg", seed) for seed in range(2, 8)]
    this = measured(photo, tmp_path / "this.jpg", 1)
    assert [compare(this, other) for other in others] == [None] * len(others)


@pytest.mark.parametrize(
    ("flipped", "quality", "confidence"),
    [
        (0, 90, CERTAIN),
        (48, 90, CERTAIN),
        (49, 90, STRONG),
        (60, 90, STRONG),
        (61, 90, POSSIBLE),
        (76, 90, POSSIBLE),
        (77, 90, None),
        (48, PLAIN_BELOW, CERTAIN),
        (24, PLAIN_BELOW - 1, CERTAIN),
        (25, PLAIN_BELOW - 1, STRONG),
        (30, PLAIN_BELOW - 1, STRONG),
        (33, PLAIN_BELOW - 1, POSSIBLE),
        (44, PLAIN_BELOW - 1, POSSIBLE),
        (45, PLAIN_BELOW - 1, None),
        (24, FLAT_BELOW, CERTAIN),
        (0, FLAT_BELOW - 1, None),
        (0, 0, None),
    ],
)
@pytest.mark.parametrize("poor_is_archived", [False, True])
def test_limits(flipped: int, quality: int, confidence: Confidence | None, poor_is_archived: bool) -> None:
    # The poorer of the two decides, whichever it is.
    poor, good = file(1, quality=quality), file(2, flipped=flipped, quality=90)
    match = compare(good, poor) if poor_is_archived else compare(poor, good)
    assert (match and match.confidence) == confidence
    if match:
        assert match.distance == flipped


def test_nothing_is_measured_without_a_hash() -> None:
    bare, full = file(1, codes=b""), file(2)
    assert [compare(bare, full), compare(full, bare)] == [None, None]


@pytest.mark.parametrize("quality", [0, 90])
def test_identical_bytes_match_even_without_a_hash(quality: int) -> None:
    one = file(1, quality=quality, codes=codes(1) if quality else b"")
    assert compare(one, one) == Match(MatchKind.IDENTICAL, "sha256", 0, CERTAIN)


@pytest.mark.parametrize(
    ("width", "height", "kind"),
    [
        (480, 320, MatchKind.RECOMPRESSED),
        (240, 160, MatchKind.RECOMPRESSED),
        (160, 107, MatchKind.RECOMPRESSED),  # rounded
        (490, 320, MatchKind.RECOMPRESSED),
        (500, 320, MatchKind.TRANSFORMED),
        (480, 340, MatchKind.TRANSFORMED),
        (None, None, MatchKind.RECOMPRESSED),  # nothing is known, so nothing is said
    ],
)
def test_another_aspect_is_a_transform(width: int | None, height: int | None, kind: MatchKind) -> None:
    other = replace(file(2, flipped=1), width=width, height=height)
    for match in (compare(file(1), other), compare(other, file(1))):
        assert match is not None
        assert (match.kind, match.mirrored, match.rotated) == (kind, False, 0)


def test_a_stretched_photo_is_found_and_called_transformed(photo: Image.Image, tmp_path: Path) -> None:
    wide = measured(photo.resize((photo.width * 5 // 4, photo.height)), tmp_path / "wide.jpg", 2)
    match = compare(wide, measured(photo, tmp_path / "plain.jpg", 1))
    assert match is not None
    assert (match.kind, match.confidence) == (MatchKind.TRANSFORMED, CERTAIN)


@pytest.mark.parametrize("colour", ["white", "black", "#336699"])
def test_blank_images_match_by_their_bytes_alone(colour: str, tmp_path: Path) -> None:
    blank = measured(Image.new("RGB", (480, 320), colour), tmp_path / "a.jpg", 1)
    other = measured(Image.new("RGB", (480, 320), colour), tmp_path / "b.jpg", 2, quality=50)
    assert compare(blank, other) is None
    assert compare(blank, blank) is not None


def test_the_orientations_begin_with_the_picture_as_it_is() -> None:
    assert ORIENTATIONS[0] == (False, 0)
    assert len(set(ORIENTATIONS)) == 8


@pytest.mark.parametrize(("files", "candidates"), [(0, 40), (250_000, 40), (500_000, 80), (10**6, 160), (10**7, 160)])
def test_larger_archives_have_more_candidates(files: int, candidates: int) -> None:
    assert candidates_of(files) == candidates


def test_in_small_archives_less_similar_files_are_candidates() -> None:
    assert [signs_radius(files) for files in (0, 6_000, 40_000, 10**6)] == [231, 231, 223, 215]
    assert [fewest_candidates(files) for files in (0, 40_000, 40_001)] == [8, 8, 0]
