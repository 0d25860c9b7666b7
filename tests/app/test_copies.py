"""What the pixels make of suggested files, and where the pictures of those that are copies lead."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from provenance.app.copies import BY_WAY, Copies, confirm
from provenance.app.pixels import Compared
from provenance.archive import derive, matches, schema
from provenance.core.alignment import Relation
from provenance.core.model import Confidence, Match, MatchKind
from tests.app.conftest import AT, Desk, export, flat, jpeg, put, shot
from tests.stories import random_photo

SAME_BYTES = Match(MatchKind.IDENTICAL, "sha256", 0, Confidence.CERTAIN)
PIXELS = Match(MatchKind.PARTIAL, "descriptor", 256, Confidence.STRONG, reason="the pixels agree")

Ask = Callable[[bytes, Mapping[int, Match]], Copies]


def near(distance: int = 4, confidence: Confidence = Confidence.CERTAIN) -> Match:
    """What a hash suggests."""
    return Match(MatchKind.RECOMPRESSED, "phash", distance, confidence)


@pytest.fixture
def ask(desk: Desk, tmp_path: Path) -> Ask:
    """Lets the pixels confirm what is suggested for these bytes."""

    def make(suspect: bytes, suggested: Mapping[int, Match]) -> Copies:
        path = put(tmp_path / "suspect.jpg", suspect)
        with desk.archive.read() as connection:
            return confirm(desk.archive, connection, path, suggested, desk.sandbox)

    return make


@pytest.fixture
def take(desk: Desk, tmp_path: Path) -> Callable[..., None]:
    """Archives these bytes as the files 1, 2, 3 and so on, resolved."""

    def make(*contents: bytes) -> None:
        folder = tmp_path / "export"
        desk.take(export(folder, *(shot(folder, number, AT, each) for number, each in enumerate(contents, 1))))
        assert [row.id for row in desk.rows(schema.files)] == [*range(1, len(contents) + 1)]

    return make


def pictures(desk: Desk) -> list[int]:
    return [row.picture_id for row in desk.rows(schema.picture_files)]


def one_picture(desk: Desk, *measured: tuple[int, int, Confidence]) -> None:
    """Make one picture of all files, and say how sure it is of which two."""
    files = [row.id for row in desk.rows(schema.files)]
    merged = {picture: 1 for picture in pictures(desk) if picture != 1}
    with desk.archive.write() as connection:
        derive.save_partition(connection, {}, merged)
        matches.forget(connection, files)
        matches.save(connection, [(one, other, replace(near(), confidence=sure)) for one, other, sure in measured])


def unresolve(desk: Desk) -> None:
    with desk.archive.write() as connection:
        connection.execute(schema.picture_files.delete())


def encoded(pixels: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def frame(seed: int) -> bytes:
    """Photo `seed` a moment later: everything has moved a little, by its own way."""
    y, x = np.mgrid[0:320, 0:480]
    step = np.round(2 * np.sin(x / 60) * np.cos(y / 50)).astype(int)
    return encoded(np.asarray(random_photo(seed))[np.clip(y + step, 0, 319), np.clip(x + step, 0, 479)])


def exposure(seed: int) -> bytes:
    """Photo 1 with a noise of its own."""
    noise = np.random.default_rng(seed).normal(0, 8, (320, 480, 1))
    return encoded(np.clip(np.asarray(random_photo(1)) + noise, 0, 255))


def test_the_same_bytes_lead_to_the_other_files_of_the_picture(desk: Desk, take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(1), jpeg(1, "q30"), jpeg(2))
    assert pictures(desk) == [1, 1, 3]
    found = ask(jpeg(1), {1: SAME_BYTES})
    assert found.same.keys() == {1, 2}
    assert found.same[1] == SAME_BYTES
    # No hash suggests the second: it is as sure as its way to the first.
    (row,) = desk.rows(schema.matches)
    assert (found.same[2].kind, found.same[2].confidence) == (MatchKind.PARTIAL, row.confidence)
    assert (found.possible, found.same_scene, found.same_template) == ({}, {}, {})


def test_a_file_that_follows_keeps_its_own_hash_but_is_as_sure_as_the_way(
    desk: Desk, take: Callable[..., None], ask: Ask
) -> None:
    take(jpeg(1), jpeg(1, "q30"))
    one_picture(desk, (1, 2, Confidence.STRONG))
    found = ask(jpeg(1), {1: SAME_BYTES, 2: near(7)})
    assert found.same == {1: SAME_BYTES, 2: replace(near(7, Confidence.STRONG), reason=BY_WAY)}


@pytest.mark.parametrize("link", [Confidence.CERTAIN, Confidence.STRONG, Confidence.POSSIBLE])
def test_a_way_is_as_sure_as_its_weakest_link(
    desk: Desk, take: Callable[..., None], ask: Ask, link: Confidence
) -> None:
    take(jpeg(1), jpeg(2), jpeg(3))
    one_picture(desk, (1, 2, Confidence.CERTAIN), (2, 3, link))
    found = ask(jpeg(1), {1: SAME_BYTES})
    told = {file_id: each.confidence for file_id, each in (found.same | found.possible).items()}
    assert told == {1: Confidence.CERTAIN, 2: Confidence.CERTAIN, 3: link}
    assert found.possible.keys() == ({3} if link is Confidence.POSSIBLE else set())


def test_where_no_match_leads_it_is_only_possible(desk: Desk, take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(1), jpeg(2))
    one_picture(desk)
    found = ask(jpeg(1), {1: SAME_BYTES})
    assert (set(found.same), set(found.possible)) == ({1}, {2})
    assert found.possible[2].confidence is Confidence.POSSIBLE


def test_a_hit_that_is_strong_makes_no_other_certain(desk: Desk, take: Callable[..., None]) -> None:
    take(jpeg(1), jpeg(2))
    one_picture(desk, (1, 2, Confidence.CERTAIN))
    found = Copies({})
    with desk.archive.read() as connection:
        found.accept(connection, {1: PIXELS})
    assert found.same[2].confidence is Confidence.STRONG


def test_a_copy_is_confirmed_and_its_picture_compared_no_further(take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(1), jpeg(1, "q30"))
    found = ask(jpeg(1, "small"), {1: near(9), 2: near(5)})
    assert found.same.keys() == {1, 2}
    assert {file_id: each.reason == BY_WAY for file_id, each in found.same.items()} == {1: True, 2: False}


def test_another_frame_is_reported_and_joins_nothing(desk: Desk, take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(1), jpeg(1, "q30"), jpeg(2))
    assert pictures(desk) == [1, 1, 3]
    found = ask(frame(1), {1: near(5), 2: near(9)})
    assert (found.same, found.possible) == ({}, {})
    assert found.same_scene.keys() == {1, 2}
    assert {each.reason for each in found.same_scene.values()} == {"parts of the picture have moved"}


@pytest.mark.parametrize("place", range(4))
def test_a_picture_is_given_up_after_three_of_its_files(
    desk: Desk, take: Callable[..., None], ask: Ask, place: int
) -> None:
    take(jpeg(1), jpeg(2), jpeg(3), jpeg(4))
    one_picture(desk, (1, 2, Confidence.STRONG), (2, 3, Confidence.STRONG), (3, 4, Confidence.STRONG))
    # Files 1 to 4 lie ever farther; the copy is of one of them.
    suggested = {file_id: near(10 * file_id, Confidence.POSSIBLE) for file_id in range(1, 5)}
    found = ask(jpeg(place + 1, "bright"), suggested)
    assert found.same.keys() == ({1, 2, 3, 4} if place < 3 else set())


def test_strangers_with_near_hashes_are_nothing_or_possible(take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(2), jpeg(3))
    found = ask(jpeg(1), {1: near(60, Confidence.STRONG), 2: near(70, Confidence.POSSIBLE)})
    assert found.same == {}
    assert {file_id: each.confidence for file_id, each in found.possible.items()} == {1: Confidence.POSSIBLE}


def test_what_cannot_be_decoded_is_possible_by_its_hash(take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(1))
    found = ask(b"broken", {1: near()})
    assert found.same == {}
    (guess,) = found.possible.values()
    assert guess.confidence is Confidence.POSSIBLE
    assert (guess.reason or "").startswith("not compared: ")


def test_another_exposure_is_possible(take: Callable[..., None], ask: Ask) -> None:
    take(exposure(0))
    found = ask(exposure(1), {1: near()})
    assert found.same == {}
    assert found.possible[1].reason == "the pixels agree, but for their noise"


def test_beyond_forty_pictures_nothing_is_compared_and_all_is_possible(
    desk: Desk, take: Callable[..., None], ask: Ask
) -> None:
    take(*(flat(5 * level) for level in range(42)), jpeg(1))
    assert pictures(desk) == [*range(1, 44)]
    suggested = {file_id: near(20 + file_id, Confidence.POSSIBLE) for file_id in range(1, 43)}
    # File 43 would be the copy: the nearest is tried, the farthest is not.
    farthest, nearest = (ask(jpeg(1), suggested | {43: near(distance)}) for distance in (76, 1))
    assert (set(farthest.same), set(farthest.possible)) == (set(), {41, 42, 43})
    assert {each.confidence for each in farthest.possible.values()} == {Confidence.POSSIBLE}
    assert {each.reason for each in farthest.possible.values()} == {None}
    assert (set(nearest.same), set(nearest.possible)) == ({43}, {40, 41, 42})


def test_a_file_that_is_not_resolved_yet_stands_for_itself(desk: Desk, take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(1), jpeg(1, "q30"), jpeg(2))
    unresolve(desk)
    found = ask(jpeg(1, "small"), {1: near(9), 2: near(5), 3: near(70, Confidence.POSSIBLE)})
    # Neither follows from the other: both are compared.
    assert {file_id: each.reason for file_id, each in found.same.items()} == dict.fromkeys((1, 2), "the pixels agree")
    assert found.possible == {}


def test_the_same_bytes_are_found_before_they_are_resolved(desk: Desk, take: Callable[..., None], ask: Ask) -> None:
    take(jpeg(1), jpeg(1, "q30"))
    unresolve(desk)
    assert ask(jpeg(1), {1: SAME_BYTES}).same == {1: SAME_BYTES}


def test_a_closer_look_overrules_what_was_said_before(desk: Desk, take: Callable[..., None]) -> None:
    take(jpeg(1))
    found = Copies({})
    with desk.archive.read() as connection:
        for relation, kept in (
            (Relation.SAME_SCENE, found.same_scene),
            (Relation.SAME_TEMPLATE, found.same_template),
            (Relation.SAME, found.same),
        ):
            found.add(connection, {1: Compared(relation, PIXELS)})
            holding = [each for each in (found.same, found.possible, found.same_scene, found.same_template) if each]
            assert holding == [kept] == [{1: PIXELS}]
