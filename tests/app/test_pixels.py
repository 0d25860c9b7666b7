"""What two files are to each other once the sandbox's workers have compared them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.app.pixels import Compared, Suggestion, compare, suggested
from provenance.core.alignment import Relation
from provenance.core.matching import BITS
from provenance.core.model import Confidence, Match, MatchKind
from provenance.images.sandbox import Sandbox
from tests.app.conftest import jpeg, put
from tests.core.build import oriented
from tests.stories import random_photo

PHOTO = random_photo(1)
HASHED = Match(MatchKind.RECOMPRESSED, "phash", 4, Confidence.CERTAIN)
PLACED = ("region", "visible", "scale", "matrix")

Ask = Callable[[Image.Image | bytes, Match], Compared]


def numbers(match: Match) -> list[object]:
    """Where one lies in the other."""
    return [getattr(match, name) for name in PLACED]


@pytest.fixture
def archived(tmp_path: Path) -> Path:
    return put(tmp_path / "archived.jpg", jpeg(1))


@pytest.fixture
def ask(sandbox: Sandbox, tmp_path: Path, archived: Path) -> Ask:
    """Compares an image, or the bytes of a file, with photo 1."""

    def make(query: Image.Image | bytes, match: Match) -> Compared:
        path = tmp_path / "query.jpg"
        if isinstance(query, bytes):
            path.write_bytes(query)
        else:
            query.save(path, "JPEG", quality=85)
        (answer,) = compare(sandbox, [Suggestion(path, archived, match)])
        return answer

    return make


def test_a_whole_copy_keeps_what_its_hash_says(ask: Ask) -> None:
    said = ask(PHOTO, replace(HASHED, confidence=Confidence.STRONG))
    assert said.relation is Relation.SAME
    assert said.match == replace(HASHED, confidence=Confidence.CERTAIN, reason="one is the other saved again")


def test_a_turned_copy_keeps_how_it_was_turned(ask: Ask) -> None:
    match = replace(HASHED, kind=MatchKind.TRANSFORMED, mirrored=True, rotated=90)
    said = ask(oriented(PHOTO, True, 90), match)
    assert (said.relation, said.match) == (Relation.SAME, replace(match, reason="the pixels agree"))


def test_a_crop_that_the_hash_took_for_the_whole_becomes_a_part(ask: Ask) -> None:
    said = ask(PHOTO.crop((48, 32, 432, 288)), HASHED)
    assert said.relation is Relation.SAME
    match = said.match
    assert (match.kind, match.stage, match.distance) == (MatchKind.PARTIAL, "phash", 4)
    assert match.region == pytest.approx((0.1, 0.1, 0.8, 0.8), abs=0.01)
    assert match.visible == pytest.approx(0.64, abs=0.01)
    assert match.scale == pytest.approx(1, abs=0.01)
    assert match.matrix == pytest.approx((0.8, 0, 0.1, 0, 0.8, 0.1), abs=0.01)
    assert (match.inliers or 0) >= 10


def test_what_a_descriptor_suggests_is_placed_by_the_pixels(ask: Ask) -> None:
    said = ask(oriented(PHOTO.crop((120, 80, 360, 240)), True, 180), suggested(0.6))
    match = said.match
    assert (said.relation, match.kind, match.stage, match.similarity) == (
        Relation.SAME, MatchKind.PARTIAL, "descriptor", 0.6,
    )  # fmt: skip
    assert (match.mirrored, match.rotated) == (True, 180)
    assert match.region == pytest.approx((0.25, 0.25, 0.5, 0.5), abs=0.01)
    assert match.confidence is not Confidence.POSSIBLE


def test_a_whole_that_a_descriptor_suggests_is_placed_as_well(ask: Ask) -> None:
    match = ask(PHOTO, suggested(0.9)).match
    assert match.kind is MatchKind.PARTIAL
    assert match.region == pytest.approx((0, 0, 1, 1), abs=0.01)
    assert (match.visible, match.scale) == pytest.approx((1, 1), abs=0.01)


def test_turning_back_by_a_hair_is_no_turn_of_360_degrees(ask: Ask) -> None:
    for degrees in (0.3, -0.3):
        match = ask(PHOTO.rotate(degrees, Image.Resampling.BICUBIC).crop((20, 20, 460, 300)), suggested(0.6)).match
        assert match.inliers is not None
        assert match.rotated == 0


def test_a_stranger_is_nothing_whatever_the_hash_says(ask: Ask) -> None:
    said = ask(random_photo(2), HASHED)
    assert said.relation is Relation.NOTHING
    assert said.match.confidence is Confidence.POSSIBLE
    assert said.match.kind is MatchKind.RECOMPRESSED


def test_another_exposure_is_a_copy_only_perhaps(sandbox: Sandbox, tmp_path: Path) -> None:
    taken = []
    for seed in (0, 1):
        noise = np.random.default_rng(seed).normal(0, 8, (320, 480, 1))
        taken.append(tmp_path / f"{seed}.jpg")
        Image.fromarray(np.clip(np.asarray(PHOTO) + noise, 0, 255).astype(np.uint8)).save(taken[-1], quality=90)
    (said,) = compare(sandbox, [Suggestion(taken[0], taken[1], HASHED)])
    assert (said.relation, said.match.confidence) == (Relation.SAME, Confidence.POSSIBLE)
    assert said.match.reason == "the pixels agree, but for their noise"


@pytest.mark.parametrize("content", [b"", b"no image at all", jpeg(1)[:2000]], ids=["empty", "text", "torn"])
def test_what_cannot_be_decoded_is_nothing(ask: Ask, content: bytes) -> None:
    said = ask(content, HASHED)
    assert said.relation is Relation.NOTHING
    assert (said.match.reason or "").startswith("not compared: ")
    assert said.match == replace(HASHED, confidence=Confidence.POSSIBLE, reason=said.match.reason)
    assert numbers(said.match) == [None] * len(PLACED)


def test_a_file_that_went_is_nothing(sandbox: Sandbox, archived: Path, tmp_path: Path) -> None:
    (said,) = compare(sandbox, [Suggestion(tmp_path / "gone.jpg", archived, HASHED)])
    assert said.relation is Relation.NOTHING


def test_answers_come_in_the_order_of_the_questions(sandbox: Sandbox, archived: Path, tmp_path: Path) -> None:
    # More than one bundle, so that several workers answer.
    asked = [put(tmp_path / f"{seed}.jpg", jpeg(seed, "small")) for seed in (1, 2, 3) * 4]
    asked[5] = put(tmp_path / "broken.jpg", b"broken")
    told = [each.relation for each in compare(sandbox, [Suggestion(path, archived, HASHED) for path in asked])]
    assert told == [Relation.SAME if path.name == "1.jpg" else Relation.NOTHING for path in asked]


def test_nothing_to_compare(sandbox: Sandbox) -> None:
    assert list(compare(sandbox, [])) == []


def test_a_close_look_finds_a_small_part(sandbox: Sandbox, tmp_path: Path) -> None:
    wall = Image.new("RGB", (2400, 1600))
    for place in range(25):
        wall.paste(random_photo(100 + place), (place % 5 * 480, place // 5 * 320))
    whole, part = tmp_path / "wall.jpg", tmp_path / "part.jpg"
    wall.save(whole, "JPEG", quality=90)
    wall.crop((1100, 700, 1340, 860)).save(part, "JPEG", quality=85)
    glance, look = compare(sandbox, [Suggestion(part, whole, suggested(0.5), closely) for closely in (False, True)])
    assert glance.match.confidence is Confidence.POSSIBLE
    assert (look.relation, look.match.confidence) == (Relation.SAME, Confidence.CERTAIN)


def test_a_descriptor_says_that_one_may_be_a_part_and_no_more() -> None:
    match = suggested(0.51234)
    assert (match.kind, match.stage, match.confidence) == (MatchKind.PARTIAL, "descriptor", Confidence.POSSIBLE)
    assert (match.similarity, match.distance) == (0.512, BITS)
