"""What can be said of a channel's week."""

from typing import Any

import pytest

from provenance.core.attendance import ChannelWeek, State
from tests.core.build import NEWS, NOON


def attended(**facts: Any) -> ChannelWeek:
    given: dict[str, Any] = {
        "posts": 3, "images": 2, "missing": 1, "absent": 0, "unknown": 0, "from_start": True, "to_end": True,
        "latest": NOON,
    }  # fmt: skip
    return ChannelWeek(NEWS, **given | facts)


@pytest.mark.parametrize(
    ("facts", "state", "words"),
    [
        ({}, State.COVERED, "covered"),
        ({"absent": 2}, State.COVERED, "2 post numbers without a post"),
        ({"unknown": 4}, State.PARTLY, "4 post numbers not asked for"),
        ({"from_start": False}, State.PARTLY, "begins within the week"),
        ({"to_end": False}, State.PARTLY, "known up to 2024-12-17 12:00 UTC only"),
        ({"posts": 0}, State.SILENT, "silent: no posts in this week"),
        ({"posts": 0, "absent": 1}, State.SILENT, "no posts in this week; 1 post number without a post"),
        ({"posts": 0, "unknown": 1}, State.NOT_COVERED, "not covered: nothing newer than 2024-12-17 12:00 UTC"),
        ({"posts": 0, "to_end": False}, State.NOT_COVERED, "not covered: nothing newer than 2024-12-17 12:00 UTC"),
        ({"posts": 0, "from_start": False, "latest": None}, State.NOT_COVERED, "the archive begins after this week"),
        ({"posts": 0, "from_start": False, "to_end": False, "latest": None}, State.NOT_COVERED, "not covered"),
    ],
)
def test_states_and_words(facts: dict[str, Any], state: State, words: str) -> None:
    found = attended(**facts)
    assert found.state is state
    assert words in found.words
