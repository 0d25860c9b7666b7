"""Where a changed picture is found in its original, and what is measured of copies and of other pictures."""

import subprocess
import sys
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from provenance.core.alignment import Alignment, Relation, judge
from provenance.core.model import Confidence
from provenance.core.outline import mapped
from provenance.images.geometry import Effort, Grey, Picture, align
from tests.stories import random_photo

PHOTO = random_photo(1)
OTHER = random_photo(2)


def grey(image: Image.Image) -> Grey:
    return np.asarray(image.convert("L"))


ARCHIVED = Picture(grey(PHOTO))


def found(image: Image.Image, archived: Image.Image | None = None) -> Alignment:
    alignment = align(grey(image), ARCHIVED if archived is None else grey(archived))
    assert alignment is not None
    return alignment


def test_the_picture_itself() -> None:
    same = found(PHOTO)
    assert same.matrix == pytest.approx((1, 0, 0, 0, 1, 0), abs=1e-2)
    assert (same.overlap, same.visible, same.scale) == pytest.approx((1, 1, 1), abs=1e-3)
    assert same.region == pytest.approx((0, 0, 1, 1), abs=5e-3)
    assert (same.conflict, same.agreement, same.moved) == (0, 1, 0)
    assert same.residual < 0.1
    assert judge(same).confidence is Confidence.CERTAIN


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_mirror_and_turns_as_matching_names_them(mirrored: bool, turns: int) -> None:
    image = ImageOps.mirror(PHOTO) if mirrored else PHOTO
    turned = found(image.rotate(-90 * turns, expand=True))
    assert turned.mirrored is mirrored
    assert (turned.rotated - 90 * turns + 180) % 360 == pytest.approx(180, abs=0.2)
    assert judge(turned).relation is Relation.SAME


def test_the_matrix_leads_from_the_query_to_the_archived_picture() -> None:
    crop = found(ImageOps.mirror(PHOTO.crop((120, 60, 360, 220)).resize((480, 320), Image.Resampling.LANCZOS)))
    width, height = PHOTO.size
    # The query's left border shows the archived column 360, its top row the archived row 60.
    assert crop.matrix == pytest.approx((-240 / width, 0, 360 / width, 0, 160 / height, 60 / height), abs=2e-3)
    assert crop.scale == pytest.approx(2, rel=0.01)


def test_the_matrix_in_shares_does_not_depend_on_sizes() -> None:
    query = grey(PHOTO.crop((120, 60, 360, 220)).resize((720, 480), Image.Resampling.LANCZOS))
    alignment = align(query, ARCHIVED)
    assert alignment is not None
    width, height = PHOTO.size
    expected = (240 / width, 0, 120 / width, 0, 160 / height, 60 / height)
    assert alignment.matrix == pytest.approx(expected, abs=2e-3)


def test_region_and_visible_share_of_a_crop() -> None:
    crop = found(PHOTO.crop((120, 80, 360, 240)))
    assert crop.region == pytest.approx((0.25, 0.25, 0.5, 0.5), abs=0.01)
    assert crop.visible == pytest.approx(0.25, abs=0.01)
    assert crop.overlap == pytest.approx(1, abs=0.01)
    assert judge(crop).relation is Relation.SAME


def test_overlap_of_a_picture_within_a_larger_sheet() -> None:
    sheet = Image.new("RGB", (960, 640), "white")
    sheet.paste(PHOTO, (300, 200))
    inside = found(sheet)
    assert inside.overlap == pytest.approx(0.25, abs=0.01)
    assert inside.visible == pytest.approx(1, abs=0.01)
    assert judge(inside).relation is Relation.SAME


def test_places_are_those_of_the_array_given_not_of_the_one_looked_at() -> None:
    large = PHOTO.resize((1440, 960), Image.Resampling.BICUBIC)
    crop = align(grey(large.crop((360, 240, 1080, 720))), grey(large), Effort(600, 1500))
    assert crop is not None
    assert crop.matrix[2::3] == pytest.approx((0.25, 0.25), abs=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.point(lambda level: level * 0.4),
        lambda image: image.resize((600, 320)),
        lambda image: image.resize((160, 107)),
        lambda image: image.filter(ImageFilter.GaussianBlur(1.2)),
    ],
    ids=["dark", "stretched", "thumbnail", "blurred"],
)
def test_tones_and_sharpness_leave_little(change: Any) -> None:
    changed = found(change(PHOTO))
    assert changed.conflict == 0
    assert changed.moved < 0.001
    assert changed.residual < 3
    verdict = judge(changed)
    assert (verdict.relation, verdict.confidence == Confidence.POSSIBLE) == (Relation.SAME, False)


def test_clipping_hides_but_does_not_conflict() -> None:
    clipped = found(PHOTO.point(lambda level: 128 + (level - 128) * 1.6))
    assert (clipped.conflict, clipped.moved) == (0, 0)
    assert judge(clipped).relation is Relation.SAME


def test_stretching_beyond_what_a_copy_would_is_no_alignment() -> None:
    assert align(grey(PHOTO.resize((480, 120))), ARCHIVED) is None


def test_nothing_in_common() -> None:
    assert judge(align(grey(OTHER), ARCHIVED)).relation is Relation.NOTHING


@pytest.mark.parametrize("size", [(1, 1), (10, 10), (480, 320), (3, 500)])
def test_blank_and_tiny_pictures_have_nothing_to_align(size: tuple[int, int]) -> None:
    assert align(np.full(size[::-1], 200, np.uint8), ARCHIVED) is None
    assert align(ARCHIVED, np.full(size[::-1], 200, np.uint8)) is None


def test_a_second_exposure_has_a_noise_of_its_own() -> None:
    noise = np.random.default_rng(0)
    one, other = (
        np.clip(grey(PHOTO) + noise.normal(0, 6, grey(PHOTO).shape), 0, 255).astype(np.uint8) for _ in range(2)
    )
    exposed = align(one, other)
    assert exposed is not None
    assert exposed.foreign > 0.05
    assert judge(exposed).confidence is Confidence.POSSIBLE
    # A copy that lost its noise is a copy all the same.
    smoothed = align(grey(Image.fromarray(other).filter(ImageFilter.GaussianBlur(1.2))), other)
    assert smoothed is not None
    assert smoothed.foreign < 0


def test_what_moves_a_little_is_another_photograph() -> None:
    y, x = np.mgrid[0:320, 0:480]
    step = np.round(2 * np.sin(x / 60) * np.cos(y / 50)).astype(int)
    moved = grey(PHOTO)[np.clip(y + step, 0, 319), np.clip(x + step, 0, 479)]
    alignment = align(moved, ARCHIVED)
    assert alignment is not None
    assert alignment.moved > 0.1
    assert judge(alignment).relation is Relation.SAME_SCENE


def test_pixelation_is_told_from_a_sticker() -> None:
    pixelated, sticker = PHOTO.copy(), PHOTO.copy()
    part = PHOTO.crop((200, 120, 290, 190)).resize((6, 5), Image.Resampling.BOX)
    pixelated.paste(part.resize((90, 70), Image.Resampling.NEAREST), (200, 120))
    ImageDraw.Draw(sticker).ellipse((180, 100, 300, 220), fill="gold", outline="black", width=3)
    blurred, covered = found(pixelated), found(sticker)
    assert blurred.softer > covered.softer
    assert covered.coarse > blurred.coarse
    assert covered.patched == pytest.approx(0.07, abs=0.03)
    assert covered.drawn > 0.22
    assert judge(covered).confidence is Confidence.STRONG


def test_another_picture_laid_over_a_corner_is_left_out() -> None:
    covered = PHOTO.copy()
    covered.paste(ImageOps.expand(ImageOps.fit(OTHER, (150, 100)), 3, "white"), (10, 200))
    seen = found(covered)
    assert seen.boxed == pytest.approx(156 * 106 / 480 / 320, abs=0.03)
    assert seen.conflict < 0.02
    assert (judge(seen).relation, judge(seen).confidence) == (Relation.SAME, Confidence.STRONG)


def test_a_screen_photographed_at_an_angle() -> None:
    corners = np.array([(60, 50), (590, 20), (560, 450), (90, 400)], np.float32)
    shape = np.array([(0, 0), (480, 0), (480, 320), (0, 320)], np.float32)
    tilt = cv2.getPerspectiveTransform(shape, corners)
    photograph = np.asarray(cv2.warpPerspective(grey(PHOTO), tilt, (640, 480), flags=cv2.INTER_CUBIC), np.uint8)
    for mirrored, query in ((False, photograph), (True, np.ascontiguousarray(photograph[:, ::-1]))):
        seen = align(query, ARCHIVED)
        assert seen is not None
        assert (seen.mirrored, judge(seen).is_copy) == (mirrored, True)
        assert seen.visible == pytest.approx(1, abs=0.02)
        assert seen.overlap == pytest.approx(cv2.contourArea(corners) / 640 / 480, abs=0.01)
        places = tuple(((1 - x / 640) if mirrored else x / 640, y / 480) for x, y in corners.tolist())
        at = mapped(seen.matrix, places)
        for one, other in zip(at, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
            assert one == pytest.approx(other, abs=0.01)


def card(seed: int, photo: Image.Image) -> Image.Image:
    image = Image.new("RGB", (640, 720), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, 100), fill="navy")
    draw.text((30, 20), "THE DAILY REPORT", fill="white", font=ImageFont.load_default(48))
    image.paste(ImageOps.fit(photo, (600, 400)), (20, 120))
    words = np.random.default_rng(seed).choice(["border", "soldier", "village", "official", "drone", "claim"], 6)
    for line in range(2):
        text = " ".join(words[line * 3 : line * 3 + 3])
        draw.text((30, 540 + line * 60), text, fill="black", font=ImageFont.load_default(40))
    draw.rectangle((0, 670, 640, 720), fill="maroon")
    draw.text((30, 672), "subscribe: t.me/daily_report", fill="white", font=ImageFont.load_default(36))
    return image


def test_cards_of_one_design_are_a_template() -> None:
    other = found(card(1, PHOTO), card(2, OTHER))
    assert (other.inliers or 0) >= 10
    assert other.conflict > 0.16
    assert judge(other).relation is Relation.SAME_TEMPLATE


def test_a_photo_out_of_a_card_is_measured_without_the_card() -> None:
    # The card shows the middle of the photograph: around it lie the card's own borders.
    wide = random_photo(3, (900, 400))
    out = found(wide, card(1, wide))
    assert out.kept < 1
    assert out.conflict < 0.02
    assert out.region == pytest.approx((20 / 640, 120 / 720, 600 / 640, 400 / 720), abs=0.05)
    assert judge(out).relation is Relation.SAME


def test_features_are_made_once_for_all_candidates() -> None:
    query = Picture(grey(PHOTO))
    assert query.features is query.features
    assert align(query, ARCHIVED) == align(grey(PHOTO), ARCHIVED)
    assert len(Picture(grey(PHOTO), Effort(800, 100)).features[0]) <= 100


def test_the_same_question_has_the_same_answer() -> None:
    crop = grey(PHOTO.crop((60, 40, 300, 200)))
    assert align(crop, grey(PHOTO)) == align(crop, grey(PHOTO))


def test_opencv_waits_until_something_is_measured() -> None:
    code = "import sys, provenance.images.geometry; sys.exit('cv2' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("seed", range(20))
def test_features_that_look_alike_and_lie_anywhere_make_no_map(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alike = np.eye(40, 128, dtype=np.float32)
    pictures = []
    for _ in range(2):
        picture = Picture(np.full((300, 400), 90, np.uint8))
        # As if found: forty features, each of its own look.
        vars(picture)["features"] = (rng.uniform((0, 0), (400, 300), (40, 2)).astype(np.float32), alike)
        vars(picture)["mirrored"] = picture
        pictures.append(picture)
    assert align(pictures[0], pictures[1]) is None
