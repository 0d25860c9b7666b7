"""Pictures, first seens and their revisions: the same however and in whatever order things came in."""

import io
import json
import random
import shutil
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.app import resolve
from provenance.archive import schema
from tests.app.conftest import AT, FEW, SEEDS, Desk, NewDesk, after, jpeg, posted, shot, small_story
from tests.app.conftest import export as write
from tests.stories import FIRST_CHANNEL_ID, Story, make_story, random_photo


def truth(story: Story) -> set[tuple[Any, ...]]:
    """For each photo: its posts, and the first of them with its time."""
    found = set()
    for photo in {each.photo for each in story.posted}:
        first = story.first(photo)
        refs = frozenset((each.channel_id, each.message_id) for each in story.posted if each.photo == photo)
        found.add((refs, f"{first.channel_id}/{first.message_id}", first.at))
    return found


def outline(desk: Desk) -> set[tuple[Any, ...]]:
    return {
        (frozenset((channel, number) for channel, number, _ in seen), ref, at) for seen, ref, at, _, _ in desk.derived()
    }


def revised(story: Story, folder: Path, rng: random.Random) -> Path:
    """A later export of one of the story's channels: posts edited, deleted, with other photos, without their files."""
    number = rng.randrange(len(story.exports))
    shutil.copytree(story.exports[number], folder)
    result = folder / "result.json"
    chat = json.loads(result.read_text(encoding="utf-8"))
    photos = [each["photo"] for each in chat["messages"] if "photo" in each]
    kept = []
    for each in chat["messages"]:
        what = rng.choice(("same", "text", "swapped", "no file", "no photo", "deleted"))
        edited = int(each["date_unixtime"]) + rng.randint(1, 10**6)
        if what == "deleted":
            continue
        if what in {"text", "swapped"} and "photo" in each:
            each |= {"text": "Better words.", "edited_unixtime": str(edited)}
        if what == "swapped" and "photo" in each:
            each["photo"] = rng.choice(photos)
        if what == "no file" and "photo" in each:
            each["photo"] = "(File not included. Change data exporting settings to download.)"
        if what == "no photo":
            each.pop("photo", None)
        kept.append(each)
    result.write_text(json.dumps(chat | {"messages": kept}), encoding="utf-8")
    return folder


@given(seed=SEEDS, rng=st.randoms(use_true_random=False))
@settings(FEW, max_examples=8)
def test_the_order_of_imports_never_changes_the_chains(
    photos: list[Path], new_desk: NewDesk, seed: int, rng: random.Random
) -> None:
    with small_story(photos, seed) as story, TemporaryDirectory() as folder:
        exports = [*story.exports, revised(story, Path(folder, "later"), rng)]
        at_once, one_by_one = new_desk(Path(folder, "a")), new_desk(Path(folder, "b"))
        at_once.take(*exports)
        rng.shuffle(exports)
        for each in exports:
            one_by_one.take(each)
        assert one_by_one.derived() == at_once.derived()


@pytest.mark.parametrize("seed", range(6))
def test_every_story_is_told_as_it_was(photos: list[Path], desk: Desk, tmp_path: Path, seed: int) -> None:
    story = make_story(tmp_path / "story", photos, [], seed=seed)
    for each in random.Random(seed).sample(story.exports, len(story.exports)):
        desk.take(each)
    assert outline(desk) == truth(story)
    linked = {
        (target, source[0]) for *_, links in desk.derived() for kind, source, target, _ in links if kind == "forward"
    }
    assert linked == _forwards(story) != set()


def _forwards(story: Story) -> set[tuple[tuple[int, int], int]]:
    """Each forwarded post with the channel that its header names."""
    return {
        ((FIRST_CHANNEL_ID + number, each["id"]), int(each["forwarded_from_id"].removeprefix("channel")))
        for number, folder in enumerate(story.exports)
        for each in json.loads((folder / "result.json").read_text(encoding="utf-8"))["messages"]
        if "forwarded_from_id" in each
    }


def test_all_at_once_finds_what_one_after_the_other_finds(
    photos: list[Path], new_desk: NewDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_story(photos, 7) as story:
        one_by_one, at_once = new_desk(tmp_path / "a"), new_desk(tmp_path / "b")
        one_by_one.take(*story.exports)
        monkeypatch.setattr(resolve, "_BULK", 1)
        at_once.take(*story.exports)
    assert at_once.derived() == one_by_one.derived()


def test_an_earlier_copy_that_comes_later_revises_the_first_seen(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "b", jpeg(1, "small"), after(5), number=2))
    desk.take(posted(tmp_path / "c", jpeg(1, "mirror"), after(9), number=3))
    desk.take(posted(tmp_path / "a", jpeg(1), AT, number=1))
    first, second = desk.rows(schema.chain_revisions)
    assert (first.before_ref, first.after_ref, first.reason) == (None, "2/10", "first record of this picture")
    assert (second.before_ref, second.before_at, second.after_ref, second.after_at, second.basis) == (
        "2/10", after(5), "1/10", AT, "posted",
    )  # fmt: skip
    assert second.reason == "1/10 was archived, which is earlier than 2/10"
    assert second.run_id == 3
    (picture,) = desk.rows(schema.pictures)
    assert (picture.id, picture.first_ref, picture.first_at) == (1, "1/10", AT)


def test_a_later_copy_leaves_the_first_seen_alone(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    desk.take(posted(tmp_path / "b", jpeg(1, "small"), after(1), number=2))
    assert [row.after_ref for row in desk.rows(schema.chain_revisions)] == ["1/10"]
    ((_, _, _, _, links),) = desk.derived()
    ((kind, source, target, _),) = links
    assert (kind, source, target) == ("altered_reupload", (1, 10), (2, 10))


@pytest.fixture(scope="module")
def apart() -> tuple[bytes, bytes, bytes]:
    """Three crops: the hashes of the outer two are no match, the middle one's matches both."""

    photo = random_photo(1)
    width, height = photo.size
    across, down = round(width * 0.03), round(height * 0.03)
    boxes = ((across, down, width, height), (0, 0, width, height), (0, 0, width - across, height - down))

    def cropped(box: tuple[int, int, int, int]) -> bytes:
        stream = io.BytesIO()
        photo.crop(box).save(stream, "JPEG", quality=95)
        return stream.getvalue()

    first, middle, last = map(cropped, boxes)
    return first, middle, last


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_pictures_merge_through_one_that_matches_both(
    desk: Desk, tmp_path: Path, apart: tuple[bytes, bytes, bytes], order: tuple[int, ...]
) -> None:
    pictures = []
    for number in order:
        desk.take(posted(tmp_path / str(number), apart[number], after(number), number=number + 1))
        pictures.append(len(desk.rows(schema.pictures)))
    assert pictures == ([1, 2, 1] if order[2] == 1 else [1, 1, 1])
    assert outline(desk) == {(frozenset({(1, 10), (2, 10), (3, 10)}), "1/10", AT)}
    last = {row.picture_id: row.after_ref for row in desk.rows(schema.chain_revisions)}
    assert set(last.values()) == {"1/10"}
    if order == (2, 0, 1):
        reasons = [row.reason for row in desk.rows(schema.chain_revisions) if row.picture_id == 1]
        assert reasons[-1] == "joined with another picture, whose first post 1/10 is earlier than 3/10"


def test_a_picture_keeps_its_number(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)), posted(tmp_path / "b", jpeg(2), number=2))
    desk.take(posted(tmp_path / "c", jpeg(2, "q30"), after(-5), number=3))
    assert [(row.id, row.first_ref) for row in desk.rows(schema.pictures)] == [(1, "1/10"), (2, "3/10")]


@given(seed=SEEDS)
@settings(FEW, max_examples=5)
def test_importing_twice_changes_nothing(photos: list[Path], new_desk: NewDesk, seed: int) -> None:
    with small_story(photos, seed) as story, TemporaryDirectory() as folder:
        desk = new_desk(Path(folder, "archive"))
        desk.take(*story.exports)
        before = desk.counts(), desk.observed(), desk.derived(), desk.rows(schema.pictures), desk.rows(schema.links)
        imported = desk.take(*reversed(story.exports))
        after_ = desk.counts(), desk.observed(), desk.derived(), desk.rows(schema.pictures), desk.rows(schema.links)
        assert after_ == before
        assert (imported.counts.posts_new, imported.counts.posts_changed, imported.counts.images_new) == (0, 0, 0)


def test_a_renamed_channel_is_credited_under_every_name(desk: Desk, tmp_path: Path) -> None:
    """The forward header has no id: the name that it gives is known only after the channel's second export."""
    desk.take(write(tmp_path / "a", shot(tmp_path / "a", 1, AT, jpeg(1)), name="Old Name"))
    forward = shot(tmp_path / "b", 1, after(1), jpeg(1), forwarded_from="New Name")
    desk.take(write(tmp_path / "b", forward, number=2))
    assert [links for *_, links in desk.derived()] == [frozenset()]
    desk.take(write(tmp_path / "c", shot(tmp_path / "c", 1, AT, jpeg(1)), name="New Name"))
    ((kind, source, target, _),) = next(links for *_, links in desk.derived())
    assert (kind, source, target) == ("forward", (1, 1), (2, 1))
    assert [(row.channel_id, row.title) for row in desk.rows(schema.channel_names)] == [
        (1, "Old Name"), (2, "Channel 2"), (1, "New Name"),
    ]  # fmt: skip


def test_sightings_in_one_second_are_ordered_alike(new_desk: NewDesk, tmp_path: Path) -> None:
    exports = [posted(tmp_path / str(number), jpeg(1), number=number) for number in (1, 2, 3)]
    told = []
    for index, order in enumerate(permutations(exports)):
        desk = new_desk(tmp_path / f"archive{index}")
        for each in order:
            desk.take(each)
        told.append(desk.derived())
    assert all(each == told[0] for each in told)
    assert {ref for _, ref, *_ in told[0]} == {"1/10"}
