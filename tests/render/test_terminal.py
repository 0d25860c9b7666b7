"""Answers for people at any width: no exception, no escape, nothing wider than the terminal but addresses."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console, RenderableType

from provenance.render import terminal
from tests.cli.conftest import HOSTILE, is_harmless, too_wide
from tests.render import build

ANSWERS: dict[str, Callable[[], RenderableType]] = {
    "lookup": lambda: terminal.lookup(build.lookup()),
    "lookup limited": lambda: terminal.lookup(build.lookup(limit=1)),
    "not found": lambda: terminal.lookup(build.lookup(found=False)),
    "import": lambda: terminal.imported([("posts", "3 new")], [build.PROBLEM] * 30),
    "report": lambda: terminal.report(build.report(), ["/" + "x" * 200, HOSTILE]),
    "empty report": lambda: terminal.report(build.EMPTY_REPORT, []),
    "coverage": lambda: terminal.coverage([build.coverage()], build.COVERAGE),
    "stats": lambda: terminal.stats(build.STATS),
    "doctor": lambda: terminal.doctor(build.CHECKS),
    "verify": lambda: terminal.verified(build.VERIFIED),
    **{f"show {type(each).__name__}": lambda each=each: terminal.show(each) for each in build.shows()},  # type: ignore[misc]
}


def printed(answer: RenderableType, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, emoji=False).print(answer)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_at_every_width(name: str, width: int) -> None:
    text = printed(ANSWERS[name](), width)
    assert text.strip()
    assert is_harmless(text)
    links = ("https://", "/", "=cmd")
    assert [line for line in too_wide(text, width) if not line.strip().startswith(links)] == []


def test_markup_is_not_obeyed() -> None:
    assert "[bold]" in printed(terminal.show(build.shows()[1]), 200)


def test_what_stands_on_top_and_what_below() -> None:
    text = printed(terminal.lookup(build.lookup()), 200)
    order = (
        "First seen in this archive: 2023-11-19 12:00:00 UTC",
        "sighting(s)",
        "found deleted",
        "Possible",
        "Coverage:",
    )
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "https://t.me/c/1500000001/1\n" in text
    assert "4 sighting(s) in 3 channel(s), picture:1; the first 1 are shown" in printed(
        ANSWERS["lookup limited"](), 200
    )
    nothing = printed(ANSWERS["not found"](), 200)
    assert "no earlier copy" in nothing
    assert "Coverage:" in nothing


def test_long_lists_are_cut_and_say_so() -> None:
    text = printed(ANSWERS["import"](), 200)
    assert "Problems (30)" in text
    assert "and 10 more" in text


def test_the_console_takes_no_markup_and_no_escape_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.console().print("[red]:smile:[/red]", style="bold red")
    assert capsys.readouterr().out == "[red]:smile:[/red]\n"
