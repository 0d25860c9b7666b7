"""The pages as readers meet them: in a real browser, in the dark, on a phone, by keyboard and by ear."""

import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from provenance.app.pdf import BROWSERS
from provenance.render import html
from provenance.render.text import visible
from provenance.render.week_page import FULL
from tests.cli.conftest import HOSTILE, MONDAY, in_process
from tests.core.build import channel, file
from tests.render import build
from tests.render.test_week_page import week_of
from tests.stories import message, random_photo, write_export

SAMPLES = Path(__file__).parents[2] / "samples"
FOUND = next(filter(None, map(shutil.which, BROWSERS)), None)
pytestmark = pytest.mark.skipif(FOUND is None, reason="no Chromium here: `apt-get install chromium`")

NAMES = (
    "answer", "no copy", "report", "large answer", "large report", "hostile answer", "hostile report", "busy report",
)  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a network."""
    with sync_playwright() as playwright:
        sandbox = not hasattr(os, "geteuid") or os.geteuid() != 0
        alone = ["--host-resolver-rules=MAP * ~NOTFOUND"]
        started = playwright.chromium.launch(executable_path=FOUND, chromium_sandbox=sandbox, args=alone)
        yield started
        started.close()


def pages_of(folder: Path, archive: Path, week: str, *suspects: Path) -> list[Path]:
    """The pages that the commands write: one for each suspect, and the report."""
    made = [folder / f"{number}.html" for number, _ in enumerate(suspects)]
    for page, suspect in zip(made, suspects, strict=True):
        assert in_process("lookup", suspect, "--html", page, archive=archive).status in {0, 1}
    assert in_process("report", "--week", week, "--out", folder, "--format", "html", archive=archive).status == 0
    return [*made, folder / f"report-{week}.html"]


def five_hundred(folder: Path) -> Path:
    """Exports of 50 channels, each with ten posts of five pictures, all within a week; returns a picture."""
    for where in range(1, 51):
        home = folder / f"export{where}"
        (home / "photos").mkdir(parents=True)
        posts = []
        for number in range(10):
            name = f"photos/{number % 5}.jpg"
            random_photo(number % 5).save(home / name, "JPEG", quality=85 - where % 3)
            at = MONDAY + timedelta(minutes=number * 600 + where * 7)
            posts.append(message(number + 1, at, text=f"Post {number} of {where}", photo=name))
        write_export(home, channel_id=where, name=f"Channel {where}", messages=posts)
    return folder / "export1" / "photos" / "0.jpg"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The file of each page of NAMES."""
    folder = tmp_path_factory.mktemp("pages")
    sampled = folder / "sampled"
    exports = sorted(path.parent for path in SAMPLES.glob("exports/*/result.json"))
    assert in_process("import", "telegram-export", *exports, archive=sampled).status == 0
    suspects = [SAMPLES / "suspects" / name for name in ("suspect.jpg", "absent.jpg")]
    large = folder / "large"
    picture = five_hundred(folder / "exports")
    exports = sorted((folder / "exports").iterdir())
    assert in_process("import", "telegram-export", *exports, archive=large).status == 0
    made = pages_of(folder / "sample pages", sampled, "2024-W52", *suspects)
    made += pages_of(folder / "large pages", large, "2024-W52", picture)
    stream = io.BytesIO()
    random_photo(1).save(stream, "JPEG")
    pictures = {file(number).sha256: stream.getvalue() for number in range(8)}
    for name, text in (
        ("answer", html.lookup([build.altered(), build.lookup(*build.unarchived("a post"))], pictures, pictures)),
        ("report", html.report(build.report(), pictures)),
        ("busy", html.report(week_of(FULL + 12, 12), pictures)),
    ):
        made.append(folder / f"hostile {name}.html")
        made[-1].write_text(text, encoding="utf-8")
    return dict(zip(NAMES, made, strict=True))


class Reader:
    """A page that was opened, and all that it asked for and complained of meanwhile."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda words: self.said.append(words.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dismiss)
        page.goto(path.as_uri())

    def _dismiss(self, dialog: Dialog) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def asked_elsewhere(self) -> list[str]:
        return [url for url in self.asked[1:] if not url.startswith("data:image/jpeg;base64,")]


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_alone_and_without_a_word(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with browser.new_page() as page:
        reader = Reader(page, pages[name])
        # Pictures below the fold are loaded when they come into sight.
        page.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
        assert reader.asked[0] == pages[name].as_uri()
        assert reader.asked_elsewhere() == []
        assert reader.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(
    browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    with browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        page.goto(pages[name].as_uri())
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
        told = [
            (each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found.response["violations"]
        ]
        assert told == []


@pytest.mark.parametrize("width", [1280, 820, 390, 320])
@pytest.mark.parametrize("name", NAMES)
def test_nobody_has_to_scroll_sideways(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    with browser.new_page(viewport={"width": width, "height": 800}) as page:
        page.goto(pages[name].as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # Drawings may be wider than a phone: they scroll on their own, and the keyboard reaches them.
        outside = """width => [...document.querySelectorAll('main *')].filter(each =>
            !each.closest('.chart-box > *, .picture') && each.getBoundingClientRect().right > width + 1).length"""
        assert page.evaluate(outside, width) == 0


@pytest.mark.parametrize("name", NAMES)
def test_on_paper_nothing_is_cut_off(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with browser.new_page(viewport={"width": 700, "height": 900}) as page:
        page.emulate_media(media="print")
        page.goto(pages[name].as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 700
        assert page.pdf(format="A4").startswith(b"%PDF-")


@pytest.mark.parametrize("name", ["hostile answer", "hostile report"])
def test_hostile_words_are_words(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with browser.new_page() as page:
        reader = Reader(page, pages[name])
        assert visible(HOSTILE)[:20] in page.inner_text("body")
        assert page.locator("script").count() == 0
        assert page.locator("img:not([src^='data:image/jpeg;base64,'])").count() == 0
        assert reader.said == []


def test_long_titles_do_not_squeeze_the_rest_of_a_table(browser: Browser, tmp_path: Path) -> None:
    long = channel(1, "X" * 10_000)
    made = replace(week_of(4, 3), channels=(build.attended(long, 3),))
    (tmp_path / "page.html").write_text(html.report(made, {}).replace("Channel ", "X" * 100), encoding="utf-8")
    for width in (1280, 1024):
        with browser.new_page(viewport={"width": width, "height": 900}) as page:
            page.goto((tmp_path / "page.html").as_uri())
            heights = page.evaluate("[...document.querySelectorAll('.stack th')].map(each => each.offsetHeight)")
            assert heights
            assert max(heights) < 100, "no heading is broken within a word"


def test_a_large_answer_is_condensed_and_says_so(browser: Browser, pages: dict[str, Path]) -> None:
    with browser.new_page() as page:
        page.goto(pages["large answer"].as_uri())
        assert "more channels" in page.locator("svg.chart").first.inner_html()
        assert page.locator("table.sightings tr").count() == 101
        box = page.locator("svg.chart").first.bounding_box()
        assert box is not None
        assert box["height"] < 1400


def test_what_is_folded_can_be_opened_without_a_script(browser: Browser, pages: dict[str, Path]) -> None:
    with browser.new_page(viewport={"width": 390, "height": 800}) as page:
        page.goto(pages["busy report"].as_uri())
        lines = page.locator("details table.stack tr").filter(has_text="Channel 12")
        assert not lines.last.is_visible()
        page.locator("summary", has_text=f"Pictures {FULL + 1} to").focus()
        page.keyboard.press("Enter")
        opened = page.locator("details[open] table.stack tr").filter(has_text="Channel")
        assert opened.count() == 12
        assert opened.last.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_everything_can_be_reached_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    with browser.new_page(viewport={"width": 390, "height": 800}) as page:
        page.goto(pages["answer"].as_uri())
        reached = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
        assert {"chart-box", "A"} <= reached
