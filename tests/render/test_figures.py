"""Figures: each aligned pair once, with what the two share drawn in both."""

from dataclasses import replace
from typing import Any

import pytest

from provenance.core.answers import LookupAnswer, Matched
from provenance.core.model import MatchKind
from provenance.render import figures, html
from tests.core.build import file
from tests.render import build
from tests.render.test_html import Page, jpeg

__all__ = ("jpeg",)


def page_of(answer: LookupAnswer, jpeg: bytes) -> Page:
    return Page(html.lookup([answer], {}, dict.fromkeys(figures.pictured(answer), jpeg)))


def overlays(page: Page) -> list[dict[str, str]]:
    return [each for each in page.all("svg") if each.get("class") != "chart"]


def test_each_file_that_was_aligned_is_drawn_once(jpeg: bytes) -> None:
    page = page_of(build.altered(), jpeg)
    drawn = [each["id"] for each in page.all("article")]
    assert drawn == [f"figure-{number}" for number in range(1, 6)]
    # Two of the three sightings show one file; all that is listed leads to its figure.
    links = [each["href"].removeprefix("#") for each in page.all("a") if each["href"].startswith("#")]
    assert links == ["figure-1", "figure-2", "figure-1", "figure-3", "figure-4", "figure-5"]
    words = " ".join(page.text.split())
    for heading in ("(possible, to be judged by eye)", "another photograph: no copy)", "other contents: no copy)"):
        assert words.count(heading) == 1
    assert len(overlays(page)) == 2 * len(drawn) == len(page.all("img"))


def test_figures_are_numbered_through_the_page(jpeg: bytes) -> None:
    answers = [build.altered(), build.lookup(), build.altered()]
    page = Page(html.lookup(answers, {}, dict.fromkeys(figures.pictured(answers[0]), jpeg)))
    assert [each["id"] for each in page.all("article")] == [f"figure-{number}" for number in range(1, 11)]


def test_both_outlines_and_the_marks_of_corresponding_corners(jpeg: bytes) -> None:
    page = page_of(build.altered(), jpeg)
    # The pictures are 480 x 320. The suspect is mirrored: its upper left corner is the upper right one of the part.
    one, other = ([each["points"] for each in page.all("polygon") if each["class"] == "over"])[:2]
    assert one == "0.0,0.0 480.0,0.0 480.0,320.0 0.0,320.0"
    assert other == "360.0,80.0 120.0,80.0 120.0,240.0 360.0,240.0"
    marks = [(each["class"], float(each["cx"]), float(each["cy"])) for each in page.all("circle")]
    assert marks[:4] == [("left", 0, 0), ("right", 480, 0), ("left", 360, 80), ("right", 120, 80)]
    # A screenshot: what is drawn in it is the archived image, and all of that is outlined.
    one, other = ([each["points"] for each in page.all("polygon") if each["class"] == "over"])[2:4]
    assert one == "120.0,80.0 360.0,80.0 360.0,240.0 120.0,240.0"
    assert other == "0.0,0.0 480.0,0.0 480.0,320.0 0.0,320.0"
    assert {each["viewbox"] for each in overlays(page)} == {"0 0 480 320"}


def test_the_numbers_stand_below(jpeg: bytes) -> None:
    page = " ".join(page_of(build.altered(), jpeg).text.split())
    for words in (
        "Of the archived image it shows 25 % of its area",
        "25 to 75 % of its width, counted from the left; 25 to 75 % of its height, from the top",
        "at 0.50 times its size in pixels",
        "Mirrored yes",
        "Turned by 0°",
        "Turned by 10° anticlockwise, after mirroring",
        "Places that coincide 143",
        "Similarity of the descriptors 0.81 of 1",
    ):
        assert words in page
    assert "bits" not in page[page.index("How the image lies") : page.index("What was searched")]


def test_a_hash_match_with_a_map_is_drawn_too(jpeg: bytes) -> None:
    near = replace(build.match(1, 2), matrix=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), rotated=90)
    page = page_of(replace(build.altered(), matches={1: near, 2: build.match(1, 2)}), jpeg)
    words = " ".join(page.text.split())
    assert "Hash distance 1 of 256 bits" in words
    assert "Turned by 90° clockwise" in words
    assert len(page.all("article")) == 4, "one without a map is not drawn"


@pytest.mark.parametrize(
    "changed",
    [{"matrix": None}, {"kind": MatchKind.IDENTICAL}, {"matrix": (1.0, 0.0, 5.0, 0.0, 1.0, 0.0)}],
    ids=["no map", "identical", "apart"],
)
def test_what_is_not_drawn(changed: dict[str, Any]) -> None:
    none = replace(build.part(), **changed)
    answer = replace(build.altered(), matches={1: none, 2: none}, possible=(), same_scene=(), same_template=())
    assert figures.pictured(answer) == set()


def test_without_a_picture_there_is_no_figure_and_nothing_leads_to_it(jpeg: bytes) -> None:
    answer = build.altered()
    pictures = dict.fromkeys(figures.pictured(answer) - {file(1).sha256}, jpeg)
    page = Page(html.lookup([answer], {}, pictures))
    ids = {each["id"] for each in page.all("article")}
    assert ids == {f"figure-{number}" for number in range(1, 5)}
    assert {each["href"].removeprefix("#") for each in page.all("a") if each["href"].startswith("#")} == ids
    assert not overlays(Page(html.lookup([answer], {})))


def test_a_page_does_not_grow_without_end(jpeg: bytes) -> None:
    others = tuple(Matched(build.seen(number, 2), build.part()) for number in range(10, 40))
    page = page_of(replace(build.altered(), possible=others), jpeg)
    assert len(page.all("article")) == 12
    assert "No more than 12 are drawn" in page.text
