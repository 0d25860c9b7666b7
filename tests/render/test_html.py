"""The pages: nothing runs, nothing is loaded, hostile words are words."""

import base64
import io
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image

from provenance.core.answers import LookupAnswer, Matched
from provenance.core.model import MatchKind
from provenance.render import html
from provenance.render.text import visible
from tests.cli.conftest import HOSTILE, is_harmless
from tests.core.build import file
from tests.render import build
from tests.stories import random_photo

VOID = {"meta", "img", "br", "hr", "link", "input"}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3",
    "h4", "svg", "polygon", "circle",
    "p", "small", "strong", "bdi", "section",
    "article", "table", "tr", "th", "td", "img", "a", "br", "ul", "li", "time", "span", "thead", "tbody", "div", "code",
    "g", "path", "use", "defs", "clippath", "rect", "text", "desc",
    "details", "summary", "blockquote", "em",
}  # fmt: skip
PARENTS = {"tr": {"table", "thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "li": {"ul"}, "main": {"body"}}


class Page(HTMLParser):
    """Elements with their attributes, the text, and whatever is nested wrongly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in PARENTS and self._open[-1] not in PARENTS[tag]:
            self.wrong.append(f"{tag} in {self._open[-1]}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    stream = io.BytesIO()
    random_photo(1, (60, 40)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture(params=["report", "lookup", "nothing found", "empty report", "altered", *build.UNARCHIVED])
def text(request: pytest.FixtureRequest, jpeg: bytes) -> str:
    thumbnails = {file(number).sha256: jpeg for number in (0, 1, 2)}
    if request.param == "altered":
        large = dict.fromkeys(html.pictured(build.altered()), jpeg)
        return html.lookup([build.altered(), build.lookup(), build.altered()], thumbnails, large)
    if request.param in build.UNARCHIVED:
        return html.lookup([build.lookup(*build.unarchived(request.param))], thumbnails)
    if "report" in request.param:
        return html.report(build.report() if request.param == "report" else build.EMPTY_REPORT, thumbnails)
    return html.lookup([build.lookup(found=request.param == "lookup")], thumbnails)


def test_nothing_runs_and_nothing_is_loaded(text: str) -> None:
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "srcset", "background"}]
        for name in ("src", "href", "action", "data", "poster"):
            if (value := attributes.get(name)) is not None:
                prefixes = {
                    "img": ("data:image/jpeg;base64,",),
                    "a": ("https://t.me/", "#figure-", "#picture-"),
                    "use": ("#chain-", "#spread-", "#hours-"),
                }[tag]
                assert value.startswith(prefixes)
    (policy,) = [each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "img-src data:" in policy
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_is_well_formed(text: str) -> None:
    assert text.startswith("<!DOCTYPE html>")
    page = Page(text)
    assert page.wrong == []
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert page.all("meta")[0] == {"charset": "utf-8"}
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    text.encode()
    assert is_harmless(text)


def test_hostile_names_are_shown_as_text(jpeg: bytes) -> None:
    for text in (html.report(build.report(), {}), html.lookup([build.lookup()], {})):
        page = Page(text)
        assert "<script>alert(1)</script>" in page.text
        assert "onerror=alert(1)" in page.text
        assert "{{7*7}}" in page.text
        assert "49" not in page.text
        assert "\\u202eright" in page.text
        assert HOSTILE not in page.text
        assert page.all("bdi")


def test_images_have_words_and_are_jpegs(jpeg: bytes) -> None:
    names = [file(number).sha256 for number in (0, 1, 2)]
    for text, count in (
        (html.report(build.report(), dict.fromkeys(names, jpeg)), 2),
        (html.lookup([build.lookup()], dict.fromkeys(names, jpeg)), 4),
    ):
        images = Page(text).all("img")
        assert len(images) == count
        for each in images:
            assert each["alt"].strip()
            content = base64.b64decode(each["src"].removeprefix("data:image/jpeg;base64,"), validate=True)
            with Image.open(io.BytesIO(content)) as image:
                assert (image.format, image.size) == ("JPEG", (60, 40))
    assert "no preview" in Page(html.report(build.report(), {})).text


def test_what_the_pages_say(jpeg: bytes) -> None:
    report = Page(html.report(build.report(), {})).text
    assert "Reposted media, week 2024-W52" in report
    assert "first seen in this archive" in report
    assert "Not searched: parts of pictures" in report
    assert Page(html.report(build.EMPTY_REPORT, {})).text.count("None.") == 5
    lookup = Page(html.lookup([build.lookup()], {})).text
    assert "First seen in this archive 2023-11-19 12:00:00 UTC" in lookup
    both = Page(html.lookup([build.lookup(), build.lookup(found=False)], {}))
    assert len(both.all("section")) == 2
    assert "No earlier copy in this archive, which covers 2 channels and 3 posts from 2024" in " ".join(
        both.text.split()
    )
    assert "this is no proof of origin" in both.text
    assert "Provenance 0" in both.text


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ("a post", f"(forward header), in a post that is not archived: {visible(HOSTILE)}, post 77."),
        ("a person", f"(forward header), in a post that is not archived: {visible(HOSTILE)}."),
        ("a name", f"(forward header), in a post that is not archived: {visible(HOSTILE)}."),
        ("an upload", "(uploaded), in a post that is not archived."),
    ],
)
def test_a_first_seen_that_is_not_archived(known: str, words: str) -> None:
    seen = build.unarchived(known)
    for text in (html.lookup([build.lookup(*seen)], {}), html.report(build.report(*seen), {})):
        page = " ".join(Page(text).text.split())
        assert f"Proven to have been there 2023-08-11 12:00:00 UTC {words}".replace("  ", " ") in page
        assert "post None" not in page
        assert is_harmless(text)
        assert len([each for each in Page(text).all("a") if each["href"].endswith("/1500000009/77")]) == (
            text.count("Proven to") if known == "a post" else 0
        )
    report, lookup = Page(html.report(build.report(*seen), {})).text, Page(html.lookup([build.lookup(*seen)], {})).text
    assert "first archived" in report
    assert "first seen in this archive" not in report
    assert "First seen in this archive 2024-12-23 12:00:00 UTC" in lookup
    assert "Proven to" not in Page(html.lookup([build.lookup()], {})).text


def test_possible_copies_are_on_the_page_as_they_are_in_the_text() -> None:
    page = Page(html.lookup([build.lookup(found=False)], {}))
    assert "5555" in page.text, "the terminal lists what is to be judged by eye, the page does not"


def test_the_first_seen_is_marked_once() -> None:
    page = Page(html.lookup([build.lookup()], {}))
    assert [each.get("class") for each in page.all("tr")].count("first") == 1


# Figures


def figures(answer: LookupAnswer, jpeg: bytes) -> Page:
    return Page(html.lookup([answer], {}, dict.fromkeys(html.pictured(answer), jpeg)))


def overlays(page: Page) -> list[dict[str, str]]:
    return [each for each in page.all("svg") if each.get("class") != "chart"]


def test_each_file_that_was_aligned_is_drawn_once(jpeg: bytes) -> None:
    page = figures(build.altered(), jpeg)
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
    page = Page(html.lookup(answers, {}, dict.fromkeys(html.pictured(answers[0]), jpeg)))
    assert [each["id"] for each in page.all("article")] == [f"figure-{number}" for number in range(1, 11)]


def test_both_outlines_and_the_marks_of_corresponding_corners(jpeg: bytes) -> None:
    page = figures(build.altered(), jpeg)
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
    page = " ".join(figures(build.altered(), jpeg).text.split())
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
    page = figures(replace(build.altered(), matches={1: near, 2: build.match(1, 2)}), jpeg)
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
    assert html.pictured(answer) == set()


def test_without_a_picture_there_is_no_figure_and_nothing_leads_to_it(jpeg: bytes) -> None:
    answer = build.altered()
    pictures = dict.fromkeys(html.pictured(answer) - {file(1).sha256}, jpeg)
    page = Page(html.lookup([answer], {}, pictures))
    ids = {each["id"] for each in page.all("article")}
    assert ids == {f"figure-{number}" for number in range(1, 5)}
    assert {each["href"].removeprefix("#") for each in page.all("a") if each["href"].startswith("#")} == ids
    assert not overlays(Page(html.lookup([answer], {})))


def test_a_page_does_not_grow_without_end(jpeg: bytes) -> None:
    others = tuple(Matched(build.seen(number, 2), build.part()) for number in range(10, 40))
    page = figures(replace(build.altered(), possible=others), jpeg)
    assert len(page.all("article")) == 12
    assert "No more than 12 are drawn" in page.text
