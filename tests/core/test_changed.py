"""What happened to image posts in a week: told once for each post, with what was before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provenance.core import changed, fold
from provenance.core.changed import Changed
from provenance.core.model import AttachmentKind, Media, Sighting, Source, Version
from provenance.core.weekly import week
from tests.core.build import NOON, channel, file, hour, sighting, version

WEEK = week("2024-W51", UTC)  # 16 to 22 December; NOON is on the 17th


@pytest.mark.parametrize(
    ("about", "at"),
    [
        ({"uploaded_at": hour(2)}, hour(2)),
        ({"media": Media.SWAPPED, "swapped_at": hour(2)}, hour(2)),
        ({"media": Media.SWAPPED, "observed_at": hour(2)}, hour(2)),
        ({"media": Media.SWAPPED, "observed_at": hour(2), "source": Source.IMPORT}, hour(2)),
        ({"uploaded_at": hour(2), "kind": AttachmentKind.WEB_PAGE}, None),
        ({"media": Media.EDITED}, None),
        ({"media": Media.DISPUTED}, None),
        ({"uploaded_at": hour(-2)}, None),
    ],
)
def test_pictures_that_were_swapped_in(about: dict[str, Any], at: datetime | None) -> None:
    swapped = sighting(**about)
    assert [(each.sighting, each.change, each.at) for each in changed.changes(WEEK.holds, [swapped])] == (
        [(swapped, "picture swapped in", at)] if at else []
    )


def test_a_swap_of_another_week_is_none_of_this_one() -> None:
    late = sighting(uploaded_at=WEEK.end)
    assert changed.changes(WEEK.holds, [late]) == []
    early = sighting(hour(-24 * 30), uploaded_at=hour(-24 * 20), edited_at=NOON)
    assert [each.change for each in changed.changes(WEEK.holds, [early])] == ["edited"]


def test_an_edit_that_swapped_the_picture_is_both() -> None:
    both = sighting(media=Media.SWAPPED, swapped_at=hour(2), edited_at=hour(2))
    assert [each.change for each in changed.changes(WEEK.holds, [both])] == ["picture swapped in", "edited"]


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        (WEEK.start - timedelta(seconds=1), False),
        (WEEK.start, True),
        (WEEK.end - timedelta(seconds=1), True),
        (WEEK.end, False),
    ],
)
def test_changes_of_the_week(at: datetime, inside: bool) -> None:
    edited, deleted = sighting(edited_at=at), sighting(deleted_seen_at=at)
    found = changed.changes(WEEK.holds, [edited, deleted, sighting()])
    assert [(each.change, each.at) for each in found] == ([("edited", at), ("deleted", at)] if inside else [])


def told(*seen: Sighting) -> list[Changed]:
    return list(changed.in_order(changed.changes(WEEK.holds, seen)))


def folded(*versions: Version) -> tuple[Changed, ...]:
    return changed.explained(told(*fold.sightings(versions)), versions)


def test_every_edit_of_the_week_is_told_though_there_were_later_ones() -> None:
    posted = sighting(edited_at=WEEK.end, edits=(hour(1), hour(2), WEEK.end))
    assert [(each.change, each.at) for each in told(posted)] == [("edited", hour(1)), ("edited", hour(2))]


def test_a_post_of_many_pictures_is_told_once() -> None:
    seen = [sighting(attachment_id=n, file=file(n), edited_at=hour(1), deleted_seen_at=hour(2)) for n in range(9)]
    other = sighting(channel=channel(2), deleted_seen_at=hour(2))
    assert [(each.sighting, each.change) for each in told(*seen, other)] == [
        (seen[0], "edited"), (seen[0], "deleted"), (other, "deleted"),
    ]  # fmt: skip


def test_a_swap_is_told_once_with_what_was_there_before() -> None:
    first = version(file(1), text="Old words")
    second = version(file(2, seed=2), id=2, edited_at=hour(3), text="New words")
    (swap,) = folded(first, second)
    assert (swap.change, swap.at, swap.sighting.file) == ("picture swapped in", hour(3), file(2, seed=2))
    assert swap.before is not None
    assert swap.before.file == file(1)
    assert (swap.text_before, swap.text_since) == ("Old words", "New words")


def test_an_edit_is_told_with_the_text_before_and_since() -> None:
    texts = ("one", "two", "three")
    versions = [version(file(1), id=n + 1, edited_at=hour(n) if n else None, text=text) for n, text in enumerate(texts)]
    found = folded(*reversed(versions))
    assert [(each.at, each.text_before, each.text_since) for each in found] == [
        (hour(1), "one", "two"),
        (hour(2), "two", "three"),
    ]


def test_what_is_not_archived_is_not_told() -> None:
    for versions in ([version(file(1), edited_at=hour(1))], [version(file(1)), version(file(1), id=2, edited_at=NOON)]):
        (edit,) = folded(*versions)
        assert (edit.before, edit.text_before, edit.text_since) == (None, None, None)
