"""Answers for people at any width: no exception, no escape, nothing wider than the terminal but addresses."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from rich.console import Console, RenderableType

from provenance.core.answers import PictureAnswer
from provenance.render import layout, terminal, week_terminal
from provenance.render.text import visible
from tests.cli.conftest import HOSTILE, is_harmless, too_wide
from tests.render import build


def unarchived_lookup(known: str) -> RenderableType:
    return terminal.lookup(build.lookup(*build.unarchived(known)))


def unarchived_report(known: str) -> RenderableType:
    return week_terminal.report(build.report(*build.unarchived(known)), [])


ANSWERS: dict[str, Callable[[], RenderableType]] = {
    "lookup": lambda: terminal.lookup(build.lookup()),
    "lookup limited": lambda: terminal.lookup(build.lookup(limit=1)),
    "not found": lambda: terminal.lookup(build.lookup(found=False)),
    "altered": lambda: terminal.lookup(build.altered()),
    "in short": lambda: terminal.lookup_in_short(build.altered()),
    "not found in short": lambda: terminal.lookup_in_short(build.lookup(found=False)),
    "import": lambda: terminal.imported([("posts", "3 new")], [build.PROBLEM] * 30),
    "report": lambda: week_terminal.report(build.report(), ["/" + "x" * 200, HOSTILE]),
    "empty report": lambda: week_terminal.report(build.EMPTY_REPORT, []),
    "coverage": lambda: terminal.coverage([build.coverage()], build.COVERAGE),
    "stats": lambda: terminal.stats(build.STATS),
    "doctor": lambda: terminal.doctor(build.CHECKS),
    "verify": lambda: terminal.verified(build.VERIFIED),
    **{f"lookup of {known}": partial(unarchived_lookup, known) for known in build.UNARCHIVED},
    **{f"report of {known}": partial(unarchived_report, known) for known in build.UNARCHIVED},
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


def test_what_is_said_of_altered_copies() -> None:
    text = printed(ANSWERS["altered"](), 400)
    said = "this image shows 25 % of the archived image, mirrored, at 0.50 times its size: 143 places coincide: certain"
    assert said in text
    # What is no copy is not said to be shown.
    scene = text[text.index("The same scene") :]
    assert "(143 places coincide over 25 % of the archived image, mirrored)" in scene
    assert "shows" not in scene[: scene.index("Coverage")]


def test_in_short() -> None:
    lines = [line.strip() for line in printed(ANSWERS["in short"](), 400).splitlines()]
    assert lines[1] == "First seen in this archive: 2023-11-19 12:00:00 UTC"
    assert lines[2].endswith("post 1; 3 sightings")
    assert lines[3].startswith("this image shows 25 % of the archived image")
    assert len(lines) == 4
    assert "Not found" in printed(ANSWERS["not found in short"](), 400)


def test_markup_is_not_obeyed() -> None:
    assert "[bold]" in printed(terminal.show(build.shows()[1]), 200)


def test_what_stands_on_top_and_what_below() -> None:
    text = printed(terminal.lookup(build.lookup()), 200)
    order = (
        "First seen in this archive: 2023-11-19 12:00:00 UTC",
        "sighting",
        "found deleted",
        "Possible",
        "Coverage:",
    )
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "https://t.me/c/1500000001/1\n" in text
    assert "4 sightings in 3 channels, picture:1; the first 1 are shown" in printed(ANSWERS["lookup limited"](), 200)
    nothing = printed(ANSWERS["not found"](), 200)
    assert "no earlier copy" in nothing
    assert "Coverage:" in nothing


@pytest.mark.parametrize(
    ("known", "basis", "place"),
    [
        ("a post", "time in a forward header", "«{name}», post 77"),
        ("a person", "time in a forward header", "«{name}»"),
        ("a name", "time in a forward header", "{label}"),
        ("an upload", "Telegram's upload time", "which is not known"),
    ],
)
def test_a_first_seen_that_is_not_archived(known: str, basis: str, place: str) -> None:
    lines = [line.strip() for line in printed(unarchived_lookup(known), 400).splitlines()]
    start = lines.index(f"Proven to have been there: 2023-08-11 12:00:00 UTC ({basis})")
    where = place.format(name=visible(HOSTILE, 40), label=visible(HOSTILE, 60))
    assert lines[start + 1] == f"in a post that is not archived: {where}"
    rest = lines[start + 2 :]
    assert ("https://t.me/c/1500000009/77" in rest) is (known == "a post")
    assert any(line.startswith("! ") and "not archived" in line for line in rest)
    assert "First seen in this archive: 2024-12-23 12:00:00 UTC (post time)" in rest


@pytest.mark.parametrize("known", build.UNARCHIVED)
def test_the_tree_begins_with_what_is_not_archived(known: str) -> None:
    lines = printed(unarchived_lookup(known), 400).splitlines()
    posts = [line.rstrip() for line in lines if "── " in line]
    # What a header credits stands above its forward; an upload leads nowhere.
    forward = [
        "└── 2023-08-11 12:00:00 UTC  not archived",
        "    └── 2024-12-23 12:00:00 UTC  forward",
        "        └── 2024-12-24 12:00:00 UTC  altered reupload",
    ]
    upload = [
        "├── 2023-08-11 12:00:00 UTC  not archived",
        "└── 2024-12-23 12:00:00 UTC",
        "    └── 2024-12-24 12:00:00 UTC  altered reupload",
    ]
    assert posts == (upload if known == "an upload" else forward)


def test_a_picture_shows_what_its_first_seen_rests_on() -> None:
    made = build.built(*build.unarchived("a post"))
    text = printed(terminal.show(PictureAnswer(1, made, (), (), ())), 400)
    assert text.index("Proven to have been there: 2023-08-11") < text.index("First seen in this archive: 2024-12-23")


@pytest.mark.parametrize(("known", "where"), [("a post", f"«{visible(HOSTILE, 28)}»"), ("an upload", "not archived")])
def test_a_report_says_where_a_picture_was_first(known: str, where: str) -> None:
    lines = printed(unarchived_report(known), 400).splitlines()
    (row, *_) = [number for number, line in enumerate(lines) if "2023-08-11 12:00:00 UTC" in line]
    assert where in lines[row + 1]


def test_long_lists_are_cut_and_say_so() -> None:
    text = printed(ANSWERS["import"](), 200)
    assert "Problems (30)" in text
    assert "and 10 more" in text


def test_the_console_takes_no_markup_and_no_escape_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    layout.console().print("[red]:smile:[/red]", style="bold red")
    assert capsys.readouterr().out == "[red]:smile:[/red]\n"


def test_a_search_of_a_part_does_not_speak_for_the_whole() -> None:
    found, nothing = (
        printed(terminal.lookup(replace(build.lookup(found=each), narrowed="channel A")), 200) for each in (True, False)
    )
    assert "First seen in what was asked for: 2023-11-19" in found
    assert "in this archive" not in found
    assert "no earlier copy of this image is in the part of the archive that was asked for (channel A)." in nothing
