"""The pages: nothing runs, nothing is loaded, hostile words are words."""

import base64
import io
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from provenance.core.answers import LookupAnswer
from provenance.core.metadata import Metadata
from provenance.core.model import Source
from provenance.render import figures, html
from provenance.render.text import visible
from tests.cli.conftest import HOSTILE, MONDAY, is_harmless
from tests.core.build import channel, file
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
        large = dict.fromkeys(figures.pictured(build.altered()), jpeg)
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
    assert Page(html.report(build.EMPTY_REPORT, {})).text.count("None.") == 6
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
        ("a post", f"(time in a forward header), in a post that is not archived: {visible(HOSTILE, 128)}, post 77."),
        ("a person", f"(time in a forward header), in a post that is not archived: {visible(HOSTILE, 128)}."),
        ("a name", f"(time in a forward header), in a post that is not archived: {visible(HOSTILE, 128)}."),
        ("an upload", "(Telegram's upload time), in a post that is not archived."),
    ],
)
def test_a_first_seen_that_is_not_archived(known: str, words: str) -> None:
    seen = build.unarchived(known)
    for text in (html.lookup([build.lookup(*seen)], {}), html.report(build.report(*seen), {})):
        page = " ".join(Page(text).text.split())
        assert f"Proven to have been there 2023-08-11 12:00:00 UTC {words}".replace("  ", " ") in page
        assert "post None" not in page
        assert is_harmless(text)
        assert any(each["href"].endswith("/1500000009/77") for each in Page(text).all("a")) == (known == "a post")
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


# What an answer claims


def said(*made: LookupAnswer, **more: Any) -> str:
    return " ".join(Page(html.lookup(made, {}, **more)).text.split())


def test_the_verdict_says_whose_word_the_time_is() -> None:
    assert "First seen in this archive on 2023-11-19 12:00:00 UTC (post time) in" in said(build.lookup())


def test_a_time_that_nobody_vouches_for_is_no_first_seen() -> None:
    claimed = build.seen(4, 0, channel=build.FOLDER, posted_at=None, claimed_at=build.LONG_AGO, text="old.jpg")
    words = said(build.lookup(claimed))
    verdict = words[words.index("There is a copy") : words.index("The picture's posts")]
    assert "nobody vouches for its time: that it was there on 2023-08-11 12:00:00 UTC is only claimed." in verdict
    assert "no proof of origin" not in words
    assert "old.jpg" in verdict, "a folder's file has a name"
    assert "post 4" not in words


def test_a_search_of_a_part_does_not_speak_for_the_whole() -> None:
    for found in (True, False):
        words = said(replace(build.lookup(found=found), narrowed=f"channel {HOSTILE}"))
        verdict = words[: words.index("What was searched")]
        assert "in the part of this archive that was asked for" in verdict
        assert "seen in this archive" not in verdict
        assert "copy in this archive" not in verdict


def test_links_name_channels_not_numbers() -> None:
    words = said(build.lookup(build.seen(1, -400, channel=channel(5, "Old desk")), build.seen(2, 0)))
    assert "altered reupload of Old desk, post 1: hash distance" in words
    assert "reupload of 5/1" not in words


def test_a_page_names_the_file_and_when_it_was_looked_up_but_not_where_it_lay() -> None:
    answer = replace(build.lookup(), suspect=replace(build.lookup().suspect, path="/home/zaphod/source/image.jpg"))
    words = said(answer, at=MONDAY, zone=ZoneInfo("Europe/Kyiv"))
    assert "image.jpg" in words
    assert "zaphod" not in words
    assert "Looked up 2024-12-23 12:00:00 UTC2024-12-23 14:00:00 Europe/Kyiv" in words


def test_that_a_file_tells_nothing_is_said_where_it_was_read() -> None:
    suspect = build.lookup().suspect
    read = replace(build.lookup(), suspect=replace(suspect, metadata=Metadata(format="JPEG", width=4, height=3)))
    assert "Nothing in this file speaks for or against the answer." in said(read)
    assert "Nothing in this file" not in said(build.lookup()), "it could not be read"


def test_that_an_export_tells_a_time_stands_beside_it() -> None:
    imported = [build.seen(1, -400, channel=build.OLD, source=Source.IMPORT), build.seen(2, 0, source=Source.IMPORT)]
    for words in (said(build.lookup(*imported)), " ".join(Page(html.report(build.report(*imported), {})).text.split())):
        assert "post time, as an export tells it" in words
        assert words.count("The time is the word of an imported export") == 1, "at the first seen, in full"
    assert "as an export tells it" not in said(build.lookup()).split("How to read this")[0]
