"""Every word that the pages say of their own comes from the catalogue, and the catalogue holds them all."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.messages import frontend
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from provenance.core import attendance
from provenance.core.answers import LookupAnswer
from provenance.core.chain import Chain, first_seen_warnings
from provenance.core.likeness import likeness_words, match_words, percent
from provenance.core.method import method
from provenance.core.model import File, Match, Sighting
from provenance.core.times import dated
from provenance.core.weekly import Report
from provenance.render import figures, html, language
from provenance.render.drawing import fitted
from provenance.render.text import visible
from provenance.render.week_page import how
from tests.render import build, catalogue
from tests.render.test_html import Page
from tests.render.test_week_page import week_of

LETTERS = {ord(char): ord(char) + 0xFEE0 for char in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}
KEPT = re.compile(r"(%\(\w+\)s|\{\w+\}|<[^>]+>)")
"""What a translation keeps of a message."""
DATA = {"bdi", "code", "style", "time"}
"""Elements that hold foreign words and numbers, and no word of ours."""
SAID = ("alt", "aria-label", "data-label")
NUMBERS = re.compile(r"\b(\d{4}-W?\d\d\S*|\d\d:\d\d:\d\d|UTC|Europe/Kyiv|EES?T|SHA-256|JPEG|PNG|\d+ (y|d|h|min|s))\b")


def pseudo(message: str) -> str:
    """The message in wide letters, as nobody else writes."""
    parts = KEPT.split(message)
    return "".join(part if number % 2 else part.translate(LETTERS) for number, part in enumerate(parts))


def translate(folder: Path, name: str) -> None:
    """Put a catalogue in which every message is in wide letters into the folder."""
    with catalogue.TEMPLATE.open("rb") as stream:
        template = read_po(stream)
    # Babel knows their plurals; two forms are enough here.
    made = Catalog(locale=Locale.parse(name), charset="utf-8")
    for message in template:
        if not message.id:
            continue
        if isinstance(message.id, str):
            made.add(message.id, pseudo(message.id))
        else:
            forms = [pseudo(each) for each in message.id]
            made.add(message.id, [forms[min(number, 1)] for number in range(made.num_plurals)])
    path = folder / name / "LC_MESSAGES" / f"{language.DOMAIN}.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as stream:
        write_mo(stream, made)


@pytest.fixture
def translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("uk", "he", "pt_BR"):
        translate(tmp_path, name)
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    return tmp_path


class Said(HTMLParser):
    """All that a page says, without what foreign words and numbers stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DATA:
            self._inside.append(tag)
        self.words += [value or "" for name, value in attrs if name in SAID]

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)


def core_words(given: object) -> Iterator[str]:
    """All that core says in what a page is made of: its sentences, and whatever the posts hold."""
    if isinstance(given, str):
        if not isinstance(given, Enum):
            yield given
    elif isinstance(given, Match):
        yield from (match_words(given), likeness_words(given), given.reason or "")
        yield percent(given.visible or 0.0)
    elif isinstance(given, dict):
        for each in given.values():
            yield from core_words(each)
    elif isinstance(given, (tuple, list, set, frozenset)):
        for each in given:
            yield from core_words(each)
    elif dataclasses.is_dataclass(given):
        if isinstance(given, Chain):
            yield from core_words(given.first_seen)
        if isinstance(given, Sighting):
            yield from (*dated(given).warnings, *first_seen_warnings(given), given.ref)
        if isinstance(given, attendance.ChannelWeek):
            yield given.words
        for field in dataclasses.fields(given):
            yield from core_words(getattr(given, field.name))


def untranslated(page: str, *given: object) -> list[str]:
    """What a page says in letters of ours, and neither core nor a post does."""
    said = set(core_words(given))
    shown = said | {visible(each, length) for each in said for length in (80, 128, 300, 600, 1000)}
    shown |= {fitted(visible(each, 300), 24) for each in said}
    ordered = sorted(filter(None, {" ".join(each.split()) for each in shown}), key=len, reverse=True)
    left = []
    for words in Said(page).words:
        rest = " ".join(words.split())
        for each in ordered:
            rest = rest.replace(each, " ")
        if re.search("[A-Za-z]{2}", NUMBERS.sub(" ", rest)):
            left.append(rest)
    return left


def reports() -> list[Report]:
    full = build.report()
    busy = week_of(37, 12)
    alone = [build.seen(1, number / 24, message_id=number + 1) for number in range(4)]
    return [
        full,
        build.report(*build.unarchived("a post")),
        build.report(*alone),
        build.EMPTY_REPORT,
        replace(busy, hours=full.hours, channels=full.channels),
        replace(full, counting=replace(full.counting, everything=True)),
        replace(full, week=replace(full.week, zone=ZoneInfo("Europe/Kyiv"))),
    ]


def answers() -> list[LookupAnswer]:
    unarchived = [build.lookup(*build.unarchived(each)) for each in build.UNARCHIVED]
    return [build.lookup(), build.lookup(found=False), build.lookup(limit=1), build.altered(), *unarchived]


def test_the_catalogue_holds_what_the_pages_say() -> None:
    assert catalogue.TEMPLATE.read_text(encoding="utf-8") == catalogue.template(), (
        "the words have changed: run `python -m tests.render.catalogue`"
    )


def test_the_catalogue_tells_no_place_and_no_date() -> None:
    text = catalogue.TEMPLATE.read_text(encoding="utf-8")
    assert "#:" not in text
    assert "POT-Creation-Date" not in text
    assert not re.search("^#, .*fuzzy", text, re.MULTILINE)


def test_a_language_is_added_as_the_map_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = ["-D", language.DOMAIN, "-d", str(tmp_path)]
    frontend.CommandLineInterface().run(["pybabel", "-q", "init", "-l", "uk", "-i", str(catalogue.TEMPLATE), *where])
    words = tmp_path / "uk" / "LC_MESSAGES" / f"{language.DOMAIN}.po"
    text = words.read_text(encoding="utf-8")
    words.write_text(text.replace('msgid "None."\nmsgstr ""', 'msgid "None."\nmsgstr "X"'), encoding="utf-8")
    frontend.CommandLineInterface().run(["pybabel", "-q", "update", "-i", str(catalogue.TEMPLATE), *where])
    frontend.CommandLineInterface().run(["pybabel", "-q", "compile", *where])
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    assert html.report(build.EMPTY_REPORT, {}, "uk").count("<p>X</p>") == 6


@pytest.mark.usefixtures("translated")
@pytest.mark.parametrize("number", range(7))
def test_every_word_of_a_report_is_translated(number: int) -> None:
    made = reports()[number]
    page = html.report(made, dict.fromkeys([each.sha256 for each in files(made)], b"jpeg"), "uk")
    assert untranslated(page, made, [how(each, seen) for each in made.told for seen in each.this_week]) == []
    assert untranslated(html.report(made, {}), made), "the same test finds English words in the English page"


@pytest.mark.usefixtures("translated")
def test_every_word_of_an_answer_is_translated() -> None:
    for made in answers():
        pictures = dict.fromkeys(figures.pictured(made), b"jpeg")
        for model in (None, "sscd"):
            page = html.lookup([made], pictures, pictures, model, ZoneInfo("Europe/Kyiv"), "uk")
            assert untranslated(page, made, method(model)) == []
    assert untranslated(html.lookup(answers(), {}), answers())


def files(made: Report) -> list[File]:
    return [seen.file for each in made.told for seen in each.this_week]


@pytest.mark.usefixtures("translated")
@pytest.mark.parametrize(
    ("asked", "lang", "direction"),
    [("uk", "uk", "ltr"), ("he", "he", "rtl"), ("pt-BR", "pt-BR", "ltr"), ("ar", "en", "ltr"), ("en", "en", "ltr")],
)
def test_a_page_says_which_language_it_is_in(asked: str, lang: str, direction: str) -> None:
    for page in (html.report(build.report(), {}, asked), html.lookup([build.lookup()], {}, language=asked)):
        (found,) = Page(page).all("html")
        assert (found["lang"], found["dir"]) == (lang, direction)
    assert language.name() == "en", "it is spoken within the block only"


@pytest.mark.usefixtures("translated")
def test_foreign_words_are_escaped_in_a_translation_too() -> None:
    from tests.cli.conftest import is_harmless

    for page in (html.report(build.report(), {}, "uk"), html.lookup(answers(), {}, language="uk")):
        assert is_harmless(page)
        assert "&lt;script&gt;" in page


def test_nothing_is_lost_without_a_catalogue() -> None:
    with language.spoken("uk"):
        assert language._("None.") == "None."
        assert language.ngettext("one", "more", 2) == "more"
        assert language.name() == language.ENGLISH


def test_times_of_an_answer_in_another_zone_stand_beside_utc() -> None:
    said = " ".join(Page(html.lookup([build.lookup()], {}, zone=ZoneInfo("Europe/Kyiv"))).text.split())
    at = dated(build.lookup().chain.sightings[0]).at
    local: datetime = at.astimezone(ZoneInfo("Europe/Kyiv"))
    assert f"{at:%Y-%m-%d %H:%M:%S} UTC{local:%Y-%m-%d %H:%M:%S} Europe/Kyiv" in said.replace("UTC ", "UTC")
    assert "Europe/Kyiv" not in Page(html.lookup([build.lookup()], {})).text
