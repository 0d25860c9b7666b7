"""The weekly report and the answer to a lookup as plain HTML pages.

No script, nothing loaded from anywhere, everything escaped.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from provenance.core import times
from provenance.core.answers import LookupAnswer, Matched
from provenance.core.chain import first_seen_warnings
from provenance.core.likeness import likeness_words, match_words, percent, transform_words
from provenance.core.matching import BITS
from provenance.core.method import method
from provenance.core.model import File, Match, MatchKind, Sighting
from provenance.core.outline import Outlines, Point, outlines
from provenance.core.timeline import timeline
from provenance.core.times import duration
from provenance.core.weekly import Report
from provenance.render import language as languages
from provenance.render import week_page
from provenance.render.labels import label
from provenance.render.language import _, ngettext
from provenance.render.text import visible

_TEXT = 600
_SIDE = 480
"""Units along the longer side of a drawing; about the pixels of the picture below it."""
_FIGURES = 12
"""Most figures of one answer: a page is to be sent round, and each holds two pictures."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two pictures of a figure, with what it shares with the other drawn in units of the drawing."""

    file: File
    width: int
    height: int
    points: str
    left: Point
    """What the suspect shows as the upper left corner of the shared part."""
    right: Point


@dataclass(frozen=True, slots=True)
class Figure:
    """The suspect beside an archived file that it was aligned with, and what was measured."""

    number: int
    seen: Sighting
    match: Match
    heading: str
    sides: tuple[Side, Side]

    @property
    def measured(self) -> list[tuple[str, str]]:
        return _measured(self.match)


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
) -> str:
    """Return the page with the answers for one or more suspects; `large` are the pictures for its figures."""
    with languages.spoken(language):
        return _lookup(answers, thumbnails, large, model, zone)


def _lookup(
    answers: Sequence[LookupAnswer],
    thumbnails: Mapping[str, bytes],
    large: Mapping[str, bytes] | None,
    model: str | None,
    zone: tzinfo,
) -> str:
    from provenance.render import charts  # matplotlib: only where a page is made

    pictures = _data(large or {})
    drawn: list[list[Figure]] = []
    for answer in answers:
        figures = [each for each in _figures(answer) if all(side.file.sha256 in pictures for side in each.sides)]
        before = sum(map(len, drawn))
        drawn.append([replace(each, number=number) for number, each in enumerate(figures, before + 1)])
    laid_out = [timeline(answer.chain) for answer in answers]
    drawings = [Markup(each and charts.timeline(each, f"chain-{n}", zone)) for n, each in enumerate(laid_out, 1)]  # noqa: S704
    told = list(zip(answers, drawn, drawings, strict=True))
    facts = {"answers": told, "large": pictures, "most": _FIGURES, "method": method(model)}
    return _page("lookup.html", thumbnails, **facts, zone=week_page.beside_utc(zone))


def pictured(answer: LookupAnswer) -> set[str]:
    """Return the hashes of the files whose pictures the figures of an answer need."""
    return {side.file.sha256 for figure in _figures(answer) for side in figure.sides}


def _figures(answer: LookupAnswer) -> list[Figure]:
    """One figure for each archived file that was aligned with the suspect, copies first."""
    found: dict[int, Figure] = {}
    for heading, each in _aligned(answer):
        file, match = each.sighting.file, each.match
        if file.id in found or match is None or match.kind is MatchKind.IDENTICAL or match.matrix is None:
            continue
        shared = outlines(match.matrix)
        one, other = _size(answer.suspect.file), _size(file)
        if shared is None or one is None or other is None:
            continue
        sides = _side(answer.suspect.file, one, shared.one, shared), _side(file, other, shared.other, shared)
        found[file.id] = Figure(0, each.sighting, match, heading, sides)
        if len(found) == _FIGURES:
            break
    return list(found.values())


def _aligned(answer: LookupAnswer) -> Iterator[tuple[str, Matched]]:
    groups = (
        ("", answer.sightings),
        (_("possible, to be judged by eye"), answer.possible),
        (_("the same scene, another photograph: no copy"), answer.same_scene),
        (_("the same design with other contents: no copy"), answer.same_template),
    )
    for heading, group in groups:
        yield from ((heading, each) for each in group)


def _size(file: File) -> tuple[int, int] | None:
    if not file.width or not file.height:
        return None
    scale = _SIDE / max(file.width, file.height)
    return max(1, round(file.width * scale)), max(1, round(file.height * scale))


def _side(file: File, size: tuple[int, int], outline: Sequence[Point], shared: Outlines) -> Side:
    places = [(round(x * size[0], 1), round(y * size[1], 1)) for x, y in outline]
    return Side(file, *size, " ".join(f"{x},{y}" for x, y in places), places[0], places[shared.right])


def _measured(match: Match) -> list[tuple[str, str]]:
    """What was measured of two aligned images: (what, how much)."""
    rows = []
    if match.visible is not None:
        rows.append(
            (_("Of the archived image it shows"), _("{share} of its area").format(share=percent(match.visible)))
        )
    if match.region is not None:
        left, top, width, height = match.region
        across, down = _from_to(left, width), _from_to(top, height)
        words = _("{across} of its width, counted from the left; {down} of its height, from the top")
        rows.append((_("Which part"), words.format(across=across, down=down)))
    if match.scale is not None:
        words = _("the suspect shows it at {scale} times its size in pixels")
        rows.append((_("Size"), words.format(scale=f"{match.scale:.2f}")))
    rows += [(_("Mirrored"), _("yes") if match.mirrored else _("no")), (_("Turned by"), _turned(match))]
    if match.inliers is not None:
        rows.append((_("Places that coincide"), str(match.inliers)))
    if match.similarity is not None:
        rows.append((_("Similarity of the descriptors"), _("{share} of 1").format(share=f"{match.similarity:.2f}")))
    if match.kind is not MatchKind.PARTIAL:
        words = _("{distance} of {bits} bits")
        rows.append((_("Hash distance"), words.format(distance=match.distance, bits=BITS)))
    if match.reason:
        rows.append((_("The pixels"), match.reason))
    return rows


def _from_to(start: float, length: float) -> str:
    end = min(1.0, start + length)
    return _("{start} to {end} %").format(start=f"{max(0.0, start) * 100:.0f}", end=f"{end * 100:.0f}")


def _turned(match: Match) -> str:
    if not match.rotated:
        return "0°"
    if match.rotated > 180:
        words = _("{degrees}° anticlockwise, after mirroring") if match.mirrored else _("{degrees}° anticlockwise")
        return words.format(degrees=360 - match.rotated)
    words = _("{degrees}° clockwise, after mirroring") if match.mirrored else _("{degrees}° clockwise")
    return words.format(degrees=match.rotated)


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
        "label": label,
        "utc": _utc,
        "local": _local,
        "span": duration,
        "altered": transform_words,
        "matched": match_words,
        "alike": likeness_words,
    }
    environment.globals |= {
        "language": languages.name(),
        "direction": languages.direction(),
        "images": _data(thumbnails),
        "dated": times.dated,
        "first_seen_warnings": first_seen_warnings,
    }
    return environment.get_template(name).render(facts)


def _data(jpegs: Mapping[str, bytes]) -> dict[str, str]:
    return {name: f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" for name, jpeg in jpegs.items()}


def _visible(text: str, length: int = _TEXT) -> str:
    return visible(text, length)


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone}"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
