"""The week in short: what the page tells at length is counted here."""

from dataclasses import replace

from provenance.core.doubts import Doubt
from provenance.core.metadata import Level
from provenance.render import week_terminal
from tests.core.build import channel
from tests.render import build
from tests.render.test_terminal import printed
from tests.render.test_week_page import week_of


def test_the_week_in_short() -> None:
    said = printed(week_terminal.report(build.report(), []), 200)
    assert "Reposted media, week 2024-W52 (2024-12-23 to 2024-12-29, UTC)" in said
    assert "not over" not in said
    assert "The week is not over" in printed(week_terminal.report(replace(build.report(), over=False), []), 200)
    assert "3 posts carried 2 images of 1 picture, 0 of them new; 1 reposted, 1 seen before the week." in said
    assert "Of 2 channels this week: 1 not covered, 1 partly." in said
    assert "Since the report of 2024-12-23 12:00:00 UTC: posts +2; pictures added 1, gone 1, changed 1." in said


def test_who_came_after_whom_and_what_else_the_page_tells() -> None:
    made = week_of(3, 2)
    doubts = [Doubt(made.reposted[0].first, "odd", level, "x") for level in (Level.WARNING, Level.INFO)]
    said = printed(week_terminal.report(replace(made, doubts=tuple(doubts)), []), 200)
    assert f"   3  «{channel(2).title}» after «{channel(1).title}», median 1 h" in said
    assert "   1  to look at twice: odd" in said
    assert "Of 0 channels" not in said


def test_long_lists_are_cut_and_say_so() -> None:
    said = printed(week_terminal.report(week_of(37), []), 200)
    assert "7 more: see the files" in said
