"""The weekly report and the answer to a lookup as plain HTML pages.

No script, nothing loaded from anywhere, everything escaped.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import PurePath

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from provenance.core import times
from provenance.core.answers import LookupAnswer
from provenance.core.chain import first_seen_warnings
from provenance.core.likeness import likeness_words, match_words
from provenance.core.method import method
from provenance.core.model import PeerKind, Sighting, Unarchived
from provenance.core.timeline import timeline
from provenance.core.times import duration
from provenance.core.weekly import Report
from provenance.render import figures, week_page
from provenance.render import language as languages
from provenance.render.figures import Figure
from provenance.render.labels import label, weekdays
from provenance.render.language import _, ngettext
from provenance.render.text import visible

_TEXT = 600
_TITLE = 128
"""Telegram allows no longer titles; what came by another way is cut."""


def report(made: Report, thumbnails: Mapping[str, bytes], language: str = languages.ENGLISH) -> str:
    """Return the weekly report's page; `thumbnails` are JPEGs by the hash of the file that they show."""
    with languages.spoken(language):
        return _page("report.html", thumbnails, **week_page.facts(made), how=week_page.how, page_size=week_page.PAGE)


def lookup(
    answers: Sequence[LookupAnswer],
    thumbnails: Mapping[str, bytes],
    large: Mapping[str, bytes] | None = None,
    model: str | None = None,
    zone: tzinfo = UTC,
    language: str = languages.ENGLISH,
    at: datetime | None = None,
) -> str:
    """Return the page with the answers for one or more suspects, looked up `at` this time.

    `large` are the pictures for its figures.
    """
    with languages.spoken(language):
        return _lookup(answers, thumbnails, large, model, zone, at)


def _lookup(
    answers: Sequence[LookupAnswer],
    thumbnails: Mapping[str, bytes],
    large: Mapping[str, bytes] | None,
    model: str | None,
    zone: tzinfo,
    at: datetime | None,
) -> str:
    from provenance.render import charts  # matplotlib: only where a page is made

    pictures = _data(large or {})
    drawn: list[list[Figure]] = []
    for answer in answers:
        ours = [each for each in figures.figures(answer) if all(side.file.sha256 in pictures for side in each.sides)]
        before = sum(map(len, drawn))
        drawn.append([replace(each, number=number) for number, each in enumerate(ours, before + 1)])
    laid_out = [timeline(answer.chain) for answer in answers]
    drawings = [Markup(each and charts.timeline(each, f"chain-{n}", zone)) for n, each in enumerate(laid_out, 1)]  # noqa: S704
    told = list(zip(answers, drawn, drawings, strict=True))
    facts = {"answers": told, "large": pictures, "most": figures.MOST, "method": method(model), "at": at}
    return _page("lookup.html", thumbnails, **facts, zone=week_page.beside_utc(zone))


def _page(name: str, thumbnails: Mapping[str, bytes], **facts: object) -> str:
    environment = Environment(
        loader=PackageLoader("provenance.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "visible": _visible,
        "title": _title,
        "file_name": _file_name,
        "label": label,
        "utc": _utc,
        "local": _local,
        "day": _day,
        "span": duration,
        "matched": match_words,
        "alike": likeness_words,
    }
    environment.globals |= {
        "language": languages.name(),
        "direction": languages.direction(),
        "images": _data(thumbnails),
        "dated": times.dated,
        "objections": _objections,
        "by_export": _by_export,
        "named": _named,
        "sides": figures.sides,
        "first_seen_warnings": first_seen_warnings,
    }
    return environment.get_template(name).render(facts)


def _data(jpegs: Mapping[str, bytes]) -> dict[str, str]:
    return {name: f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" for name, jpeg in jpegs.items()}


def _visible(text: str, length: int = _TEXT) -> str:
    return visible(text, length)


def _title(text: str) -> str:
    return visible(text, _TITLE)


def _file_name(path: str) -> str:
    """A file's own name: where it lay on somebody's machine is nobody's business."""
    return PurePath(path).name


def _by_export(seen: Sighting) -> bool:
    return times.IMPORTED in times.dated(seen).warnings


def _objections(seen: Sighting) -> list[str]:
    """What speaks against a sighting's time, but for what stands beside each of them: that an export tells it."""
    return [each for each in times.dated(seen).warnings if each != times.IMPORTED]


def _named(post: Sighting | Unarchived) -> str | None:
    """The name of a folder's file; None for a post, which has a number."""
    collected = isinstance(post, Sighting) and post.channel.kind is PeerKind.COLLECTION
    return post.text if isinstance(post, Sighting) and collected else None


def _day(day: date) -> str:
    return f"{weekdays()[day.weekday()]}, {day:%Y-%m-%d}"


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone}"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
