"""The answer for a suspect: the true first post, nothing for what is absent, and not a byte of the archive changed."""

import hashlib
import io
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from provenance.app import lookup as module
from provenance.app.lookup import Narrowing, lookup
from provenance.archive import schema
from provenance.core.answers import LookupAnswer
from provenance.core.model import Confidence, LinkKind, MatchKind, Sighting
from provenance.core.times import dated
from provenance.errors import ImageRefused, NothingFound
from provenance.images import measure
from provenance.images.sandbox import Limits, Sandbox
from tests.app.conftest import AT, MAX_BYTES, SAMPLES, Desk, NewDesk, after, export, flat, jpeg, posted, put, shot
from tests.stories import CHANGES, Story, make_story, random_photo

MakeSuspect = Callable[..., Path]


def refs(answer: LookupAnswer) -> list[str]:
    return [each.sighting.ref for each in answer.sightings]


# The main promise


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("many")
    paths = [folder / f"many{seed}.jpg" for seed in range(100, 124)]
    for seed, path in enumerate(paths, 100):
        random_photo(seed, (640, 480) if seed % 2 else (400, 600)).save(path, "JPEG", quality=92)
    return paths


@pytest.fixture(scope="module", params=[(1, True), (2, False), (3, True), (4, False)], ids=lambda p: f"story{p[0]}")
def told(
    request: pytest.FixtureRequest, many: list[Path], new_desk: NewDesk, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Desk, Story]:
    """A story, imported in random order: all at once or one by one."""
    seed, at_once = request.param
    root = tmp_path_factory.mktemp("story")
    rng = random.Random(seed)
    photos = rng.sample(many, len(many))
    story = make_story(root, photos[:12], photos[12:], seed=seed, channels=5, suspects_per_change=4)
    desk = new_desk(root / "archive")
    exports = rng.sample(story.exports, len(story.exports))
    for batch in [exports] if at_once else [[each] for each in exports]:
        desk.take(*batch)
    return desk, story


@pytest.mark.parametrize("how", CHANGES)
def test_every_suspect_finds_its_true_first_post(told: tuple[Desk, Story], how: str) -> None:
    desk, story = told
    suspects = [each for each in story.suspects if each.how == how and each.first]
    assert len(suspects) == 4
    for suspect in suspects:
        answer = desk.ask(suspect.path)
        first = answer.chain.first
        assert answer.found
        assert first is not None
        assert suspect.first is not None
        assert (first.channel.id, first.message_id, dated(first).at) == (
            suspect.first.channel_id, suspect.first.message_id, suspect.first.at,
        )  # fmt: skip
        posts = sorted((each.at, f"{each.channel_id}/{each.message_id}") for each in story.posted
                       if each.photo == suspect.photo)  # fmt: skip
        assert refs(answer) == [ref for _, ref in posts]


def test_no_absent_suspect_is_found(told: tuple[Desk, Story]) -> None:
    desk, story = told
    absent = [each for each in story.suspects if each.first is None]
    assert len(absent) == 12
    for suspect in absent:
        answer = desk.ask(suspect.path)
        assert (answer.found, answer.chain.first, refs(answer), answer.picture) == (False, None, [], None)


def test_forwards_lead_to_the_channel_that_they_credit(told: tuple[Desk, Story]) -> None:
    desk, story = told
    forwards = {f"{each.channel_id}/{each.message_id}" for each in story.posted if each.how == "forward"}
    seen = set()
    for suspect in story.suspects:
        for link in desk.ask(suspect.path).chain.links:
            assert isinstance(link.source, Sighting)
            assert dated(link.source).at < dated(link.target).at
            assert (link.kind is LinkKind.FORWARD) == (link.target.ref in forwards)
            if link.kind is LinkKind.FORWARD:
                assert link.target.forward is not None
                assert link.target.forward.peer_id == link.source.channel.id
                seen.add(link.target.ref)
    assert seen


# How a match is told


@pytest.mark.parametrize(
    ("how", "kind", "mirrored", "rotated"),
    [
        ("q30", MatchKind.RECOMPRESSED, False, 0),
        ("small", MatchKind.RECOMPRESSED, False, 0),
        ("grey", MatchKind.RECOMPRESSED, False, 0),
        ("stretch", MatchKind.TRANSFORMED, False, 0),
        ("mirror", MatchKind.TRANSFORMED, True, 0),
        ("turn180", MatchKind.TRANSFORMED, False, 180),
    ],
)
def test_the_match_says_how_the_copy_differs(
    desk: Desk, tmp_path: Path, suspect: MakeSuspect, how: str, kind: MatchKind, mirrored: bool, rotated: int
) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    answer = desk.ask(suspect(1, how))
    (seen,) = answer.sightings
    assert seen.match is not None
    assert (seen.match.kind, seen.match.mirrored, seen.match.rotated) == (kind, mirrored, rotated)
    assert answer.best is Confidence.CERTAIN
    assert answer.picture == 1


def test_copies_of_a_hit_are_sightings_too(desk: Desk, tmp_path: Path) -> None:
    """What the suspect itself is too far from is found by way of what lies between."""

    photo = random_photo(1)
    width, height = photo.size
    across, down = round(width * 0.03), round(height * 0.03)

    def cropped(left: int, top: int, right: int, bottom: int) -> bytes:
        stream = io.BytesIO()
        photo.crop((left, top, width - right, height - bottom)).save(stream, "JPEG", quality=95)
        return stream.getvalue()

    crops = (cropped(across, down, 0, 0), cropped(0, 0, 0, 0))
    desk.take(*(posted(tmp_path / str(n), crop, after(n), number=n + 1) for n, crop in enumerate(crops)))
    answer = desk.ask(put(tmp_path / "suspect.jpg", cropped(0, 0, across, down)))
    assert refs(answer) == ["1/10", "2/10"]
    far, near = answer.sightings
    assert far.match is not None
    assert near.match is not None
    assert near.match.distance < 76
    assert near.match.visible == pytest.approx(0.97**2, abs=0.01)
    assert (far.match.kind, far.match.distance, far.match.inliers) == (MatchKind.PARTIAL, 256, None)


def test_possible_is_not_found(desk: Desk, tmp_path: Path) -> None:
    """Two exposures of a scene in which nothing moves: only their noise tells them apart."""

    def exposure(seed: int) -> bytes:
        noise = np.random.default_rng(seed).normal(0, 6, (320, 480, 3))
        pixels = np.clip(np.asarray(random_photo(1), np.float32) + noise, 0, 255).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=95)
        return stream.getvalue()

    desk.take(posted(tmp_path / "a", exposure(1)))
    answer = desk.ask(put(tmp_path / "suspect.jpg", exposure(2)))
    assert not answer.found
    assert answer.chain.first is None
    assert answer.sightings == []
    (guess,) = answer.possible
    assert guess.sighting.ref == "1/10"
    assert guess.match is not None
    assert (guess.match.stage, guess.match.confidence) == ("phash", Confidence.POSSIBLE)
    assert guess.match.reason == "the pixels agree, but for their noise"


def test_another_frame_of_the_scene_is_no_copy(desk: Desk, tmp_path: Path) -> None:
    """What moves between two frames of a still camera: their hashes are those of copies."""

    def frame(at: int) -> bytes:
        image = random_photo(1)
        image.paste(random_photo(2).resize((90, 60)), (at, 160))
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=90)
        return stream.getvalue()

    desk.take(posted(tmp_path / "a", frame(60)))
    desk.take(posted(tmp_path / "b", frame(110), after(1), number=2))
    assert len(desk.rows(schema.pictures)) == 2
    answer = desk.ask(put(tmp_path / "suspect.jpg", frame(90)))
    assert not answer.found
    assert answer.possible == ()
    assert [each.sighting.ref for each in answer.same_scene] == ["1/10", "2/10"]


# Narrowing


@pytest.fixture
def spread(desk: Desk, tmp_path: Path) -> Desk:
    """One photo in three channels: at 0, 2 and 4 hours, in the first channel again at 6."""
    first = tmp_path / "1"
    again = shot(first, 20, after(6), jpeg(1, "small"))
    desk.take(export(first, shot(first, 10, AT, jpeg(1)), again, name="One"))
    desk.take(*(posted(tmp_path / str(n), jpeg(1), after(2 * n - 2), number=n) for n in (2, 3)))
    return desk


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        ({}, ["1/10", "2/10", "3/10", "1/20"]),
        ({"channel": "One"}, ["1/10", "1/20"]),
        ({"channel": "one"}, ["1/10", "1/20"]),
        ({"channel": "3"}, ["3/10"]),
        ({"since": after(2)}, ["2/10", "3/10", "1/20"]),
        ({"until": after(4)}, ["1/10", "2/10"]),
        ({"since": after(1), "until": after(5)}, ["2/10", "3/10"]),
        ({"since": after(1), "channel": "One"}, ["1/20"]),
        ({"since": after(7)}, []),
    ],
)
def test_narrowing(spread: Desk, suspect: MakeSuspect, narrowing: dict[str, object], expected: list[str]) -> None:
    answer = spread.ask(suspect(1), **narrowing)
    assert refs(answer) == expected
    assert answer.found is bool(expected)
    assert (answer.chain.first.ref if answer.chain.first else None) == (expected[0] if expected else None)
    assert any("first within" in words for words in answer.warnings) == bool(narrowing)
    assert bool(answer.narrowed) == bool(narrowing)


def test_a_limit_only_shortens_what_is_shown(spread: Desk, suspect: MakeSuspect) -> None:
    answer = spread.ask(suspect(1), limit=2)
    assert refs(answer) == ["1/10", "2/10"]
    assert len(answer.chain.sightings) == 4
    assert answer.warnings == ()


def test_an_unknown_channel_is_an_error(spread: Desk, suspect: MakeSuspect) -> None:
    with pytest.raises(NothingFound):
        spread.ask(suspect(1), channel="None")


def test_an_answer_states_its_coverage(spread: Desk, suspect: MakeSuspect) -> None:
    covered = spread.ask(suspect(2)).coverage
    assert (covered.channels, covered.posts, covered.images, covered.earliest, covered.latest) == (
        3, 4, 4, AT, after(6),
    )  # fmt: skip


# Odd suspects


def test_several_images_each_have_their_answer(spread: Desk, suspect: MakeSuspect, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    paths = [
        suspect(1),
        tmp_path / "none.jpg",
        suspect(2),
        tmp_path,
        put(tmp_path / "broken.jpg", b"no image"),
        put(tmp_path / "empty.jpg", b""),
        tmp_path / "pipe.jpg",
        Path("a\0b.jpg"),
        suspect(1, "mirror"),
    ]
    answers = lookup(spread.archive, paths, spread.sandbox, Narrowing(), MAX_BYTES)
    told = [str(each) if isinstance(each, ImageRefused) else each.found for each in answers]
    assert [each for each in told if isinstance(each, bool)] == [True, False, True]
    words = ["No such file", "not a file", "not an image", "not an image", "not a file", "null"]
    for word, line in zip(words, [each for each in told if isinstance(each, str)], strict=True):
        assert word in line
    assert all(str(path) in line for path, line in zip(paths, told, strict=True) if isinstance(line, str))


def test_a_suspect_that_is_too_large(spread: Desk, suspect: MakeSuspect) -> None:
    path = suspect(1)
    size = path.stat().st_size
    assert isinstance(lookup(spread.archive, [path], spread.sandbox, Narrowing(), size)[0], LookupAnswer)
    (refused,) = lookup(spread.archive, [path], spread.sandbox, Narrowing(), size - 1)
    assert "limit" in str(refused)


def test_an_unreadable_image_is_found_by_its_bytes(desk: Desk, tmp_path: Path) -> None:
    broken = jpeg(1)[:4000]
    desk.take(posted(tmp_path / "a", broken), posted(tmp_path / "b", jpeg(1), after(-1), number=2))
    answer = desk.ask(put(tmp_path / "suspect.jpg", broken))
    assert refs(answer) == ["1/10"]
    assert answer.sightings[0].match is not None
    assert answer.sightings[0].match.kind is MatchKind.IDENTICAL
    (warning,) = answer.warnings
    assert "exact bytes only" in warning


def test_flat_images_are_found_by_their_bytes_only(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", flat(100)), posted(tmp_path / "b", flat(101), after(-1), number=2))
    answer = desk.ask(put(tmp_path / "suspect.jpg", flat(100)))
    assert refs(answer) == ["1/10"]
    assert answer.warnings == (module.FLAT,)
    assert not desk.ask(put(tmp_path / "suspect.jpg", flat(102))).found
    assert any("flat image" in words for words in answer.coverage.not_searched)


def test_a_folder_is_found_but_never_first(desk: Desk, suspect: MakeSuspect, tmp_path: Path) -> None:
    path = put(tmp_path / "folder" / "a.jpg", jpeg(1, "small"))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    desk.take_folder(tmp_path / "folder", "My collection")
    answer = desk.ask(suspect(1))
    assert answer.chain.first is not None
    assert dated(answer.chain.first).basis == "claimed"
    desk.take(posted(tmp_path / "a", jpeg(1)))
    answer = desk.ask(suspect(1))
    assert answer.chain.first is not None
    assert answer.chain.first.ref == "1/10"
    assert len(refs(answer)) == 2
    (warning,) = answer.chain.warnings
    assert "«My collection»" in warning
    assert "2001-09-09" in warning


def test_an_unarchived_source_warns(desk: Desk, suspect: MakeSuspect, tmp_path: Path) -> None:
    forward = shot(tmp_path / "a", 1, AT, jpeg(1), forwarded_from="Elsewhere", forwarded_from_id="channel99")
    desk.take(export(tmp_path / "a", forward))
    (warning,) = desk.ask(suspect(1)).chain.warnings
    assert "«Elsewhere»" in warning
    assert "not archived" in warning


@pytest.mark.parametrize("edited", [after(5), None], ids=["edited", "no sign of an edit"])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_swapped_image_is_not_dated_by_the_old_post(
    desk: Desk, suspect: MakeSuspect, tmp_path: Path, edited: object, reverse: bool
) -> None:
    extra = {} if edited is None else {"edited_unixtime": str(int(after(5).timestamp()))}
    exports = [posted(tmp_path / "a", jpeg(1)), tmp_path / "b"]
    export(exports[1], shot(exports[1], 10, AT, jpeg(2), **extra))
    for each in reversed(exports) if reverse else exports:
        desk.take(each)
    old, new = desk.ask(suspect(1)), desk.ask(suspect(2))
    assert old.chain.first is not None
    assert new.chain.first is not None
    assert dated(old.chain.first).at == AT
    if edited:
        assert dated(new.chain.first).at == edited
    assert any("image" in words for words in dated(new.chain.first).warnings)


# The archive is left alone


def digests(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_a_lookup_changes_no_byte(spread: Desk, suspect: MakeSuspect, tmp_path: Path) -> None:
    before = digests(spread.archive.directory)
    assert "archive.db" in before
    assert len(before) > 2
    for image in (suspect(1), suspect(2), put(tmp_path / "flat.jpg", flat(3))):
        spread.ask(image)
        spread.ask(image, channel="One", limit=1)
    assert digests(spread.archive.directory) == before


def test_a_lookup_does_not_wait_for_a_writer(spread: Desk, suspect: MakeSuspect, tmp_path: Path) -> None:
    with spread.archive.write() as connection:
        connection.execute(sa.delete(schema.picture_files))
        connection.execute(sa.delete(schema.fingerprints))
        assert refs(spread.ask(suspect(1))) == ["1/10", "2/10", "3/10", "1/20"]
    assert not spread.ask(suspect(1)).found  # what was committed is seen


def _hang(path: Path, max_pixels: int) -> None:
    time.sleep(3600)


def test_ctrl_c_does_not_wait_for_an_image_that_takes_long(
    desk: Desk, suspect: MakeSuspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "measure", lambda sandbox, paths: sandbox.map(_hang, paths))
    monkeypatch.setattr(module, "_coverage", interrupted)
    with pytest.raises(KeyboardInterrupt), Sandbox(Limits(seconds=3600), workers=1) as sandbox:
        lookup(desk.archive, [suspect(1)], sandbox, Narrowing(), MAX_BYTES)


def test_the_samples_are_answered(sampled: Desk) -> None:

    expected = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
    for name, truth in expected["suspects"].items():
        answer = sampled.ask(SAMPLES / "suspects" / name)
        assert answer.found is truth["found"]
        told = [f"{each['channel_id']}/{each['message_id']}" for each in truth["sightings"]]
        assert refs(answer) == told
        if truth["first_seen"]:
            assert answer.chain.first is not None
            assert f"{dated(answer.chain.first).at:%Y-%m-%dT%H:%M:%SZ}" == truth["first_seen"]["at"]


def test_every_sample_picture_is_told_as_it_was(sampled: Desk) -> None:

    expected = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
    pictures = {
        frozenset((each["channel_id"], each["message_id"]) for each in picture["sightings"]): (
            f"{picture['sightings'][0]['channel_id']}/{picture['sightings'][0]['message_id']}",
            picture["sightings"][0]["at"],
        )
        for picture in expected["pictures"].values()
    }
    found = {
        frozenset(each[:2] for each in seen): (ref, f"{at:%Y-%m-%dT%H:%M:%SZ}")
        for seen, ref, at, _, _ in sampled.derived()
    }
    assert found == pictures
