"""The judgement: what each measurement alone can turn, from figures as benchmarks/alignment.py measures them."""

from dataclasses import replace

import pytest

from provenance.core.alignment import Alignment, Relation, judge
from provenance.core.model import Confidence

COPY = Alignment(
    matrix=(1, 0, 0, 0, 1, 0),
    mirrored=False,
    rotated=0,
    scale=1,
    inliers=600,
    error=0.1,
    spread=0.8,
    overlap=1,
    visible=1,
    region=(0, 0, 1, 1),
    kept=1,
    compared=150_000,
    textured=0.5,
    plain=0.1,
    agreement=1,
    conflict=0,
    moved=0,
    fine=0.99,
    expected=1,
    foreign=0,
    detail=1,
    residual=0.4,
    patched=0,
    sharper=0,
    softer=0,
    coarse=0,
    drawn=0,
    boxed=0,
    misfit=1,
)
STICKERS = replace(
    COPY, agreement=0.78, conflict=0.08, moved=0.007, residual=45, patched=0.13, sharper=0.7, softer=0.04, coarse=0.7
)


def judged(alignment: Alignment | None) -> tuple[Relation, Confidence]:
    verdict = judge(alignment)
    return verdict.relation, verdict.confidence


def test_no_alignment_is_nothing() -> None:
    assert judge(None).relation is Relation.NOTHING


def test_equal_pixels_are_certain() -> None:
    assert judged(COPY) == (Relation.SAME, Confidence.CERTAIN)


@pytest.mark.parametrize(
    ("measured", "confidence"),
    [
        ({"residual": 1.6}, Confidence.STRONG),
        ({"conflict": 0.015}, Confidence.STRONG),
        ({"agreement": 0.93}, Confidence.STRONG),
        ({"patched": 0.0005}, Confidence.STRONG),
        ({"kept": 0.7}, Confidence.STRONG),
        ({"kept": 0.5}, Confidence.STRONG),
        ({"kept": 0.7, "plain": 0.6}, Confidence.POSSIBLE),
        ({"moved": 0.002}, Confidence.STRONG),
        ({"moved": 0.005}, Confidence.POSSIBLE),
        ({"fine": 0.9, "foreign": 0.06}, Confidence.POSSIBLE),
        ({"fine": 0.9, "foreign": 0.06, "expected": 0.93}, Confidence.CERTAIN),
        ({"fine": 0.8, "foreign": 0.09, "expected": 0.8}, Confidence.POSSIBLE),
        ({"fine": 0.9, "foreign": 0.06, "detail": 0.4}, Confidence.STRONG),
        ({"fine": 0.9, "foreign": 0.06, "detail": 0.4, "moved": 0.001}, Confidence.POSSIBLE),
        ({"fine": 0.9, "foreign": 0.01}, Confidence.STRONG),
        ({"residual": 5, "agreement": 0.999}, Confidence.STRONG),
        ({"residual": 45, "patched": 0.13, "agreement": 0.8, "conflict": 0.08, "drawn": 0.3}, Confidence.STRONG),
        ({"boxed": 0.1}, Confidence.STRONG),
        ({"boxed": 0.1, "plain": 0.6}, Confidence.POSSIBLE),
        ({"scale": 0.4}, Confidence.STRONG),
        ({"scale": 2.5}, Confidence.STRONG),
        ({"scale": 0.4, "fine": 0.96, "foreign": 0.02}, Confidence.POSSIBLE),
        ({"fine": 0.96, "foreign": 0.02}, Confidence.CERTAIN),
        ({"compared": 1000}, Confidence.POSSIBLE),
        ({"inliers": 7}, Confidence.POSSIBLE),
    ],
)
def test_each_doubt_lowers_the_confidence(measured: dict[str, float], confidence: Confidence) -> None:
    assert judged(replace(COPY, **measured)) == (Relation.SAME, confidence)  # type: ignore[arg-type]


def test_a_smoothed_copy_has_lost_the_noise_that_would_make_it_certain() -> None:
    assert judged(replace(COPY, fine=0.77, foreign=-0.6)) == (Relation.SAME, Confidence.STRONG)
    assert judged(replace(COPY, fine=0.77, foreign=-0.6, misfit=0)) == (Relation.SAME, Confidence.CERTAIN)


def test_a_smoothed_copy_in_which_little_moves_has_to_agree_better() -> None:
    smoothed = replace(COPY, fine=0.93, foreign=-0.1, conflict=0.005)
    assert judged(smoothed) == (Relation.SAME, Confidence.CERTAIN)
    assert judged(replace(smoothed, fine=0.88)) == (Relation.SAME, Confidence.POSSIBLE)
    shrunk = replace(smoothed, scale=1.7, fine=0.955)
    assert judged(replace(shrunk, foreign=-0.15)) == (Relation.SAME, Confidence.STRONG)
    assert judged(replace(shrunk, foreign=-0.05)) == (Relation.SAME, Confidence.POSSIBLE)


Q10 = replace(
    COPY, agreement=0.7, conflict=0.02, moved=0.05, fine=0.85, foreign=0.1, expected=0.95, residual=2.2, misfit=0
)
"""A JPEG of quality 10: little of the texture is left, and nothing of the noise."""


def test_what_fits_all_that_is_stored_was_saved_again() -> None:
    assert judged(Q10) == (Relation.SAME, Confidence.CERTAIN)
    assert judged(replace(Q10, inliers=None)) == (Relation.SAME, Confidence.CERTAIN)
    assert judged(replace(Q10, agreement=0.45)) == (Relation.SAME, Confidence.CERTAIN)
    # Frames of a still camera, and other exposures.
    assert judged(replace(Q10, misfit=0.001)) == (Relation.SAME, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    ("measured", "confidence"),
    [
        ({"patched": 0.001}, Confidence.STRONG),
        ({"patched": 0.001, "residual": 3.8}, Confidence.STRONG),
        ({"boxed": 0.1}, Confidence.STRONG),
        ({"kept": 0.6}, Confidence.STRONG),
        ({"kept": 0.6, "plain": 0.6}, Confidence.POSSIBLE),
        ({"compared": 1000}, Confidence.POSSIBLE),
    ],
)
def test_what_was_saved_again_may_have_been_changed_as_well(measured: dict[str, float], confidence: Confidence) -> None:
    assert judged(replace(Q10, **measured)) == (Relation.SAME, confidence)  # type: ignore[arg-type]


def test_what_lies_beside_stickers_has_to_fit_what_is_stored() -> None:
    stickers = replace(STICKERS, drawn=0.5)
    assert judged(stickers) == (Relation.SAME, Confidence.STRONG)
    assert judged(replace(stickers, misfit=0.001)) == (Relation.SAME, Confidence.STRONG)
    # A frame of a still camera with stickers on it, and a picture that was changed all over.
    assert judged(replace(stickers, misfit=0.02)) == (Relation.SAME, Confidence.POSSIBLE)
    assert judged(replace(stickers, misfit=0.6)) == (Relation.SAME, Confidence.STRONG)
    assert judged(replace(stickers, fine=0.85, foreign=0.05)) == (Relation.SAME, Confidence.POSSIBLE)
    # The screenshot of a post with another photograph in it.
    assert judged(replace(stickers, patched=0.25)) == (Relation.SAME, Confidence.POSSIBLE)
    assert judged(replace(stickers, plain=0.44)) == (Relation.SAME, Confidence.POSSIBLE)


def test_stickers_may_hide_more_of_a_soft_photograph_where_all_beside_them_fits() -> None:
    covered = replace(STICKERS, drawn=0.5, conflict=0.2, agreement=0.6, misfit=0.001)
    assert judged(covered) == (Relation.SAME, Confidence.STRONG)
    for doubt in (
        {"misfit": 0.02},
        {"conflict": 0.3},
        {"agreement": 0.4},
        {"drawn": 0.1},
        {"plain": 0.5},
        {"patched": 0.3},
    ):
        assert judge(replace(covered, **doubt)).relation is not Relation.SAME  # type: ignore[arg-type]


def test_few_inliers_hold_only_with_agreeing_pixels() -> None:
    assert judge(replace(COPY, inliers=7, agreement=0.9)).relation is Relation.NOTHING
    assert judge(replace(COPY, inliers=5)).relation is Relation.NOTHING


def test_motion_makes_another_photograph() -> None:
    assert judged(replace(COPY, moved=0.09)) == (Relation.SAME_SCENE, Confidence.STRONG)


def test_a_slowly_creeping_camera_is_never_more_than_possible() -> None:
    creeping = replace(COPY, overlap=0.9957, error=0.3)
    assert judged(creeping) == (Relation.SAME, Confidence.POSSIBLE)
    assert judged(replace(creeping, overlap=0.9997)) == (Relation.SAME, Confidence.CERTAIN)
    assert judged(replace(creeping, error=0.05)) == (Relation.SAME, Confidence.CERTAIN)


def test_words_and_pixelation_are_seen_through() -> None:
    words = replace(COPY, agreement=0.8, conflict=0.04, residual=15, patched=0.04, sharper=0.99, coarse=0.32)
    pixelated = replace(COPY, agreement=0.9, conflict=0.02, residual=7, patched=0.01, softer=0.97, coarse=0.15)
    for each in (words, pixelated):
        assert judged(each) == (Relation.SAME, Confidence.STRONG)
        # A map with other arrows on it is another map.
        assert judged(replace(each, plain=0.7)) == (Relation.SAME, Confidence.POSSIBLE)
        assert judged(replace(each, fine=0.9, foreign=0.06)) == (Relation.SAME, Confidence.POSSIBLE)
        assert judge(replace(each, coarse=0.6)).confidence is Confidence.POSSIBLE


def test_more_may_seem_to_move_about_words_where_all_beside_them_fits() -> None:
    words = replace(
        COPY, agreement=0.8, conflict=0.04, residual=15, patched=0.06, sharper=0.99, coarse=0.32, moved=0.015
    )
    assert judged(words) == (Relation.SAME, Confidence.POSSIBLE)
    assert judged(replace(words, misfit=0.001)) == (Relation.SAME, Confidence.STRONG)


def test_words_that_are_seen_through_are_believed_where_all_beside_them_fits() -> None:
    watermark = replace(
        COPY,
        agreement=0.9,
        conflict=0.02,
        residual=15,
        patched=0.03,
        sharper=0.6,
        softer=0.04,
        coarse=0.34,
        misfit=0.001,
    )
    assert judged(watermark) == (Relation.SAME, Confidence.STRONG)
    # Other words on the same ground are softer in one place and sharper in another.
    for doubt in ({"misfit": 0.02}, {"softer": 0.2}, {"coarse": 0.6}, {"moved": 0.01}, {"plain": 0.5}):
        assert judge(replace(watermark, **doubt)).confidence is Confidence.POSSIBLE  # type: ignore[arg-type]


def test_another_light_is_seen_through_where_all_textures_are_in_place() -> None:
    lamp = replace(COPY, agreement=0.96, residual=20, patched=0.1, softer=0.9, coarse=0.9, fine=0.95, foreign=-0.15)
    assert judged(lamp) == (Relation.SAME, Confidence.STRONG)
    for doubt in ({"foreign": 0.0}, {"conflict": 0.03}, {"coarse": 0.5}, {"moved": 0.01}, {"agreement": 0.88}):
        assert judge(replace(lamp, **doubt)).confidence is Confidence.POSSIBLE  # type: ignore[arg-type]


def test_stickers_are_possible_and_passers_by_another_photograph() -> None:
    assert judged(STICKERS) == (Relation.SAME, Confidence.POSSIBLE)
    both_sides = replace(STICKERS, patched=0.04, sharper=0.45, softer=0.5)
    assert judge(both_sides).relation is Relation.SAME_SCENE
    assert judge(replace(STICKERS, patched=0.02, moved=0.02)).relation is Relation.SAME_SCENE


def test_conflict_tells_template_scene_and_chance_apart() -> None:
    card = replace(COPY, agreement=0.4, conflict=0.3, error=0.05, moved=0.07, residual=30)
    assert judge(card).relation is Relation.SAME_TEMPLATE
    assert judge(replace(card, error=1.0, moved=0.7)).relation is Relation.SAME_SCENE
    assert judge(replace(card, moved=0.7)).relation is Relation.SAME_SCENE
    assert judge(replace(card, inliers=8)).relation is Relation.NOTHING
    assert judge(replace(card, error=1.0, agreement=0.05)).relation is Relation.NOTHING


def test_no_copy_where_the_pixels_conflict() -> None:
    assert judge(replace(COPY, conflict=0.2)).relation is not Relation.SAME
    assert judge(replace(COPY, agreement=0.45)).relation is not Relation.SAME


def test_what_agrees_in_a_corner_of_both_is_possible() -> None:
    for corner in (replace(COPY, overlap=0.1, visible=0.1), replace(COPY, overlap=0.1, visible=0.1, misfit=0)):
        assert judged(corner) == (Relation.SAME, Confidence.POSSIBLE)
        assert judged(replace(corner, overlap=1)) == (Relation.SAME, Confidence.CERTAIN)
        assert judged(replace(corner, visible=1)) == (Relation.SAME, Confidence.CERTAIN)


def test_every_verdict_gives_its_reason() -> None:
    for each in (None, COPY, STICKERS, replace(COPY, moved=0.1), replace(COPY, conflict=0.3)):
        assert judge(each).reason
