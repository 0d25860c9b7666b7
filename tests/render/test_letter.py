"""The subject and the text that go with a report."""

from typing import Any

import pytest

from provenance.render import letter
from tests.cli.conftest import HOSTILE, is_harmless

TOTALS = {
    "posts": 40,
    "images": 30,
    "pictures": 20,
    "new": 9,
    "reposted": 5,
    "recycled": 2,
    "repeated": 1,
    "altered": 3,
}
COVERAGE = {"channels": 6, "posts": 480, "images": 470, "gaps": 2, "not_searched": ["3 image file(s) not read"]}
DOCUMENT: dict[str, Any] = {
    "schema": "provenance/report/1",
    "week": "2024-W52",
    "from": "2024-12-22T22:00:00Z",
    "to": "2024-12-29T22:00:00Z",
    "timezone": "Europe/Kyiv",
    "totals": TOTALS,
    "doubts": [{}],
    "coverage": COVERAGE,
}


def test_the_subject_counts() -> None:
    assert letter.subject(DOCUMENT) == "Provenance, week 2024-W52: 5 reposted, 2 old pictures shown again"


def test_one_is_one() -> None:
    one = DOCUMENT | {"totals": TOTALS | {"recycled": 1}, "coverage": COVERAGE | {"channels": 1}}
    assert letter.subject(one).endswith("1 old picture shown again")
    assert "1 channel and 480 posts" in letter.letter(one)


def test_the_letter_tells_what_was_seen_and_what_was_not() -> None:
    text = letter.letter(DOCUMENT, "The PDF could not be made.")
    for words in (
        "Monday, 2024-12-23 to Sunday, 2024-12-29 (Europe/Kyiv)",
        "Posts in this week: 40. Different pictures: 20",
        "- shown in two posts or more: 5",
        "- old pictures shown again: 2",
        "- altered copies: 3",
        "Doubts about times or metadata: 1, see the page.",
        "6 channels and 480 posts",
        "2 known gaps",
        "Not searched: 3 image file(s) not read.",
        "The PDF could not be made.",
        "elsewhere a picture may have been shown earlier",
    ):
        assert words in text
    assert len(text) < 1024


def test_no_gaps_are_said_as_well() -> None:
    assert "No gaps are known" in letter.letter(DOCUMENT | {"coverage": COVERAGE | {"gaps": 0}})
    assert "1 known gap between" in letter.letter(DOCUMENT | {"coverage": COVERAGE | {"gaps": 1}})


def test_what_is_known_of_the_week_of_the_channels_is_said() -> None:
    weeks = [{"state": state} for state in ("covered", "partly", "partly", "not_covered", "silent")]
    told = "Of the 5 channels, 2 are archived for a part of this week only, 1 not at all."
    assert told in letter.letter(DOCUMENT | {"channel_weeks": weeks})
    assert "a part of this week" not in letter.letter(DOCUMENT | {"channel_weeks": [{"state": "covered"}]})
    assert "was not over" in letter.letter(DOCUMENT | {"over": False})
    assert "was not over" not in letter.letter(DOCUMENT)


def test_nothing_in_it_is_obeyed() -> None:
    evil = DOCUMENT | {"week": f"2024-W52{HOSTILE}", "timezone": HOSTILE}
    evil |= {"coverage": COVERAGE | {"not_searched": [HOSTILE * 50] * 9}}
    assert is_harmless(letter.subject(evil))
    assert "\n" not in letter.subject(evil)
    text = letter.letter(evil)
    assert is_harmless(text)
    assert len(text) < 2000


@pytest.mark.parametrize("broken", [{}, {"totals": 1}, DOCUMENT | {"coverage": None}, DOCUMENT | {"totals": {}}])
def test_what_is_no_report(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        letter.letter(broken)
