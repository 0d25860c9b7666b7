from typing import Any

import pytest

from provenance.core.likeness import evidence_words, likeness_words, match_words, transform_words
from provenance.core.matching import BITS
from provenance.core.model import METADATA_STAGE, Confidence, Match, MatchKind


@pytest.mark.parametrize(
    ("kind", "mirrored", "rotated", "words"),
    [
        (MatchKind.RECOMPRESSED, False, 0, ""),
        (MatchKind.TRANSFORMED, True, 0, ", mirrored"),
        (MatchKind.TRANSFORMED, False, 90, ", turned by 90°"),
        (MatchKind.TRANSFORMED, True, 270, ", mirrored, turned by 270°"),
        (MatchKind.TRANSFORMED, False, 0, ", stretched"),
        (MatchKind.PARTIAL, False, 0, ""),
        (MatchKind.PARTIAL, False, 173, ", turned by 173°"),
        (MatchKind.PARTIAL, True, 353, ", mirrored, turned by 7° anticlockwise"),
    ],
)
def test_transform_words(kind: MatchKind, mirrored: bool, rotated: int, words: str) -> None:
    assert transform_words(Match(kind, "phash", 3, Confidence.CERTAIN, mirrored, rotated)) == words


WHOLE = "shows all of the archived image, with something around it or in another shape"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"visible": 0.48}, "shows 48 % of the archived image: 9 places coincide"),
        ({"visible": 0.004}, "shows less than 1 % of the archived image: 9 places coincide"),
        ({"visible": None}, "shows a part of the archived image: 9 places coincide"),
        ({"visible": 0.969}, "shows 97 % of the archived image: 9 places coincide"),
        ({"visible": 0.97}, f"{WHOLE}: 9 places coincide"),
        ({"visible": 1.0, "scale": 1.004}, f"{WHOLE}: 9 places coincide"),
        (
            {"visible": 1.0, "scale": 0.5, "mirrored": True, "rotated": 90},
            f"{WHOLE}, mirrored, turned by 90°, at 0.50 times its size: 9 places coincide",
        ),
    ],
)
def test_what_a_part_shows_of_the_archived_image(facts: dict[str, Any], words: str) -> None:
    assert match_words(Match(MatchKind.PARTIAL, "descriptor", 256, Confidence.STRONG, inliers=9, **facts)) == words


@pytest.mark.parametrize(
    ("match", "words"),
    [
        (None, "the images could not be compared"),
        (Match(MatchKind.IDENTICAL, "sha256", 0, Confidence.CERTAIN), "same bytes"),
        (Match(MatchKind.TRANSFORMED, "phash", 3, Confidence.STRONG, True), "hash distance 3 of 256 bits, mirrored"),
        (
            Match(MatchKind.PARTIAL, "descriptor", 256, Confidence.STRONG, inliers=9, visible=0.48),
            "shows 48 % of the archived image: 9 places coincide (strong)",
        ),
    ],
)
def test_what_speaks_for_a_link(match: Match | None, words: str) -> None:
    assert evidence_words(match) == words


def test_what_is_no_copy_is_not_said_to_be_shown() -> None:
    scene = Match(MatchKind.PARTIAL, "descriptor", 256, Confidence.STRONG, True, inliers=9, visible=0.48)
    assert likeness_words(scene) == "9 places coincide over 48 % of the archived image, mirrored"
    hashed = Match(MatchKind.RECOMPRESSED, "phash", 3, Confidence.STRONG)
    assert likeness_words(hashed) == match_words(hashed) == "recompressed, 3 of 256 bits differ"


def test_a_hint_is_never_said_to_show_anything() -> None:
    hint = Match(MatchKind.PARTIAL, METADATA_STAGE, BITS, Confidence.POSSIBLE, reason="shares an id")
    assert match_words(hint) == likeness_words(hint) == "points to it by its metadata"
