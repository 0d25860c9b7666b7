"""The pages: nothing runs, nothing is loaded, hostile words are words."""

import base64
import io
from html.parser import HTMLParser

import pytest
from PIL import Image

from provenance.render import html
from provenance.render.text import visible
from tests.cli.conftest import HOSTILE, is_harmless
from tests.core.build import file
from tests.render import build
from tests.stories import random_photo

VOID = {"meta", "img", "br", "hr", "link", "input"}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3",
    "p", "small", "strong", "bdi", "section",
    "article", "table", "tr", "th", "td", "img", "a", "br", "ul", "li", "time", "span", "thead", "tbody", "div",
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


@pytest.fixture(params=["report", "lookup", "nothing found", "empty report", *build.UNARCHIVED])
def text(request: pytest.FixtureRequest, jpeg: bytes) -> str:
    thumbnails = {file(number).sha256: jpeg for number in (0, 1, 2)}
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
                prefix = {"img": "data:image/jpeg;base64,", "a": "https://t.me/"}[tag]
                assert value.startswith(prefix)
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
        (html.report(build.report(), dict.fromkeys(names, jpeg)), 4),
        (html.lookup([build.lookup()], dict.fromkeys(names, jpeg)), 3),
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
    assert Page(html.report(build.EMPTY_REPORT, {})).text.count("None.") == 3
    lookup = Page(html.lookup([build.lookup()], {})).text
    assert "First seen in this archive 2023-11-19 12:00:00 UTC" in lookup
    both = Page(html.lookup([build.lookup(), build.lookup(found=False)], {}))
    assert len(both.all("section")) == 2
    assert "No earlier copy of this image is in the archive." in both.text


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
    assert "Proven" not in Page(html.lookup([build.lookup()], {})).text


def test_possible_copies_are_on_the_page_as_they_are_in_the_text() -> None:
    page = Page(html.lookup([build.lookup(found=False)], {}))
    assert "5555" in page.text, "the terminal lists what is to be judged by eye, the page does not"


def test_the_first_seen_is_marked_once() -> None:
    page = Page(html.lookup([build.lookup()], {}))
    assert [each.get("class") for each in page.all("tr")].count("first") == 1
