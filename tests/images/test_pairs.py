"""Two files laid over each other: by the orientation that the hash names, by features, and closely."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from provenance.core.alignment import Alignment, Relation, judge
from provenance.core.model import Confidence
from provenance.images.decode import Refused
from provenance.images.pairs import Pair, compare_pair
from tests.core.build import oriented
from tests.stories import random_photo

MAX_PIXELS = 10**8
PHOTO = random_photo(1)
UPRIGHT = (False, 0)
ORIENTATIONS = [(mirrored, rotated) for mirrored in (False, True) for rotated in (0, 90, 180, 270)]

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes an image as a JPEG under this name."""

    def make(name: str, image: Image.Image, quality: int = 90) -> Path:
        path = tmp_path / f"{name}.jpg"
        image.save(path, "JPEG", quality=quality)
        return path

    return make


@pytest.fixture
def archived(put: Put) -> Path:
    return put("archived", PHOTO)


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of 2400 x 1600 pixels, full of details."""
    image = Image.new("RGB", (2400, 1600))
    for place in range(25):
        image.paste(random_photo(100 + place), (place % 5 * 480, place // 5 * 320))
    path = tmp_path_factory.mktemp("wall") / "wall.jpg"
    image.save(path, "JPEG", quality=90)
    return path


def compared(
    query: Path, archived: Path, orientation: tuple[bool, int] | None = None, *, closely: bool = False
) -> Alignment | None:
    return compare_pair(Pair(query, archived, orientation, closely), MAX_PIXELS)


def found(
    query: Path, archived: Path, orientation: tuple[bool, int] | None = None, *, closely: bool = False
) -> Alignment:
    alignment = compared(query, archived, orientation, closely=closely)
    assert alignment is not None
    return alignment


def relation(alignment: Alignment | None) -> Relation:
    return judge(alignment).relation


def confidence(alignment: Alignment | None) -> Confidence | None:
    """How sure it is that the two are copies; None where they are not."""
    verdict = judge(alignment)
    return verdict.confidence if verdict.relation is Relation.SAME else None


def exposures(seed: int, deviation: float) -> tuple[Image.Image, Image.Image]:
    """One motif, photographed twice: each time with a noise of its own."""
    motif = np.asarray(random_photo(seed).convert("L"), np.float64)
    noise = np.random.default_rng(seed)
    taken = [np.clip(motif + noise.normal(0, deviation, motif.shape), 0, 255).astype(np.uint8) for _ in range(2)]
    return Image.fromarray(taken[0]), Image.fromarray(taken[1])


def test_a_file_and_itself(archived: Path) -> None:
    same = found(archived, archived, UPRIGHT)
    assert same.matrix == pytest.approx((1, 0, 0, 0, 1, 0), abs=1e-3)
    assert same.residual < 0.1
    assert confidence(same) is Confidence.CERTAIN


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_orientation_that_the_hash_names_needs_no_features(
    put: Put, archived: Path, orientation: tuple[bool, int]
) -> None:
    turned = found(put("turned", oriented(PHOTO, *orientation), 80), archived, orientation)
    assert turned.inliers is None
    assert (turned.mirrored, round(turned.rotated) % 360) == orientation
    assert confidence(turned) is Confidence.CERTAIN


@pytest.mark.parametrize("orientation", [(False, 90), (True, 0), (True, 270)])
def test_a_wrong_orientation_is_put_right_by_features(put: Put, archived: Path, orientation: tuple[bool, int]) -> None:
    wrong = not orientation[0], orientation[1]
    turned = found(put("turned", oriented(PHOTO, *orientation), 80), archived, wrong)
    assert (turned.inliers or 0) >= 100
    assert (turned.mirrored, round(turned.rotated) % 360) == orientation
    assert confidence(turned) is Confidence.CERTAIN


@pytest.mark.parametrize("orientation", [None, UPRIGHT])
def test_a_crop_is_found_where_it_was_taken(put: Put, archived: Path, orientation: tuple[bool, int] | None) -> None:
    crop = found(put("crop", PHOTO.crop((120, 80, 360, 240)), 85), archived, orientation)
    assert crop.region == pytest.approx((0.25, 0.25, 0.5, 0.5), abs=0.01)
    assert crop.visible == pytest.approx(0.25, abs=0.01)
    assert crop.inliers is not None
    assert relation(crop) is Relation.SAME


def test_strangers_have_no_map(put: Put, archived: Path) -> None:
    stranger = put("stranger", random_photo(2))
    assert compared(stranger, archived) is None
    assert relation(compared(stranger, archived, UPRIGHT)) is Relation.NOTHING


def test_what_has_no_features_is_measured_as_the_hash_lays_it(put: Put) -> None:
    soft = PHOTO.filter(ImageFilter.GaussianBlur(25))
    archived, query = put("soft", soft, 95), put("small", soft.resize((360, 240)))
    assert compared(query, archived) is None
    granted = found(query, archived, UPRIGHT)
    assert granted.inliers is None
    assert granted.scale == pytest.approx(0.75, rel=0.01)
    assert confidence(granted) is Confidence.POSSIBLE


def test_where_the_hash_leaves_doubts_features_are_asked(put: Put) -> None:
    taken, again = exposures(1, 6)
    doubtful = found(put("again", again), put("taken", taken), UPRIGHT)
    assert confidence(doubtful) is Confidence.POSSIBLE
    assert (doubtful.inliers or 0) >= 100


def test_what_is_too_small_for_anything_has_no_map(put: Put, archived: Path) -> None:
    small = put("small", PHOTO.resize((36, 24)))
    assert compared(small, archived, UPRIGHT) is None
    assert compared(small, archived) is None


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xe0 and no more"])
def test_broken_bytes_are_refused_on_either_side(tmp_path: Path, archived: Path, content: bytes) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(content)
    for query, other in ((broken, archived), (archived, broken)):
        with pytest.raises(Refused):
            compared(query, other, UPRIGHT)


def test_too_many_pixels_are_refused(archived: Path) -> None:
    with pytest.raises(Refused, match="more than the limit"):
        compare_pair(Pair(archived, archived), 480 * 320 - 1)


def test_a_file_that_changes_is_read_again(put: Put, archived: Path) -> None:
    query = put("query", PHOTO, 80)
    assert relation(compared(query, archived, UPRIGHT)) is Relation.SAME
    put("query", random_photo(2))
    later = archived.stat().st_mtime_ns + 10**9
    os.utime(query, ns=(later, later))
    assert relation(compared(query, archived, UPRIGHT)) is Relation.NOTHING


def test_only_a_close_look_finds_a_small_part_of_a_large_picture(put: Put, wall: Path) -> None:
    with Image.open(wall) as image:
        part = put("part", image.crop((1100, 700, 1340, 860)), 85)
    assert confidence(compared(part, wall)) in (None, Confidence.POSSIBLE)
    closely = found(part, wall, closely=True)
    assert confidence(closely) is Confidence.CERTAIN
    assert closely.region == pytest.approx((1100 / 2400, 700 / 1600, 0.1, 0.1), abs=2e-3)
    assert closely.visible == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("orientation", [None, UPRIGHT])
def test_the_scale_is_told_in_the_pixels_of_the_files(
    put: Put, wall: Path, orientation: tuple[bool, int] | None
) -> None:
    # Both are looked at with 800 pixels across.
    with Image.open(wall) as image:
        half = put("half", image.resize((1200, 800), Image.Resampling.LANCZOS))
    assert found(half, wall, orientation).scale == pytest.approx(0.5, rel=0.01)
    assert found(wall, half, orientation).scale == pytest.approx(2, rel=0.01)


def test_the_scale_of_a_part_of_a_picture_that_was_reduced(put: Put, wall: Path) -> None:
    # Only the large one is reduced; the part has as many pixels as it has there.
    with Image.open(wall) as image:
        part = put("part", image.crop((600, 400, 1380, 920)))
    assert found(part, wall).scale == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("orientation", [None, UPRIGHT])
def test_strong_compression_leaves_a_copy(put: Put, archived: Path, orientation: tuple[bool, int] | None) -> None:
    assert confidence(compared(put("q10", PHOTO, 10), archived, orientation)) is Confidence.CERTAIN


def test_what_is_open_is_looked_at_in_all_pixels(put: Put, wall: Path) -> None:
    # What a file of 1280 pixels stores is told by all of them alone, and 800 are looked at first.
    with Image.open(wall) as image:
        small = image.resize((1280, 853), Image.Resampling.LANCZOS)
    kept, copy = put("kept", small, 87), put("copy", small, 10)
    assert confidence(compared(copy, kept, UPRIGHT)) is Confidence.CERTAIN
    noise = np.random.default_rng(8).normal(0, 4, (853, 1280, 3))
    other = Image.fromarray(np.clip(np.asarray(small) + noise, 0, 255).astype(np.uint8))
    assert confidence(compared(put("other", other, 10), kept, UPRIGHT)) is not Confidence.CERTAIN


def test_strong_compression_does_not_make_two_exposures_one(put: Put) -> None:
    taken, again = exposures(1, 4)
    kept = put("kept", taken)
    assert confidence(compared(put("copy", taken, 10), kept, UPRIGHT)) is Confidence.CERTAIN
    assert confidence(compared(put("other", again, 10), kept, UPRIGHT)) is Confidence.POSSIBLE
    assert confidence(compared(put("fine", again, 90), kept, UPRIGHT)) is Confidence.POSSIBLE
