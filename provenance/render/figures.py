"""Figures: two pictures side by side, and in each what it shares with the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from provenance.core.answers import LookupAnswer, Matched
from provenance.core.likeness import percent
from provenance.core.matching import BITS
from provenance.core.model import File, Match, MatchKind, Sighting
from provenance.core.outline import Outlines, Point, outlines
from provenance.render.language import _

_SIDE = 480
"""Units along the longer side of a drawing; about the pixels of the picture below it."""
MOST = 12
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


def figures(answer: LookupAnswer) -> list[Figure]:
    """Return one figure for each archived file that was aligned with the suspect, copies first."""
    found: dict[int, Figure] = {}
    for heading, each in _aligned(answer):
        file = each.sighting.file
        drawn = sides(answer.suspect.file, file, each.match)
        if file.id not in found and each.match is not None and drawn is not None:
            found[file.id] = Figure(0, each.sighting, each.match, heading, drawn)
        if len(found) == MOST:
            break
    return list(found.values())


def pictured(answer: LookupAnswer) -> set[str]:
    """Return the hashes of the files whose pictures the figures of an answer need."""
    return {side.file.sha256 for figure in figures(answer) for side in figure.sides}


def sides(one: File, other: File, match: Match | None) -> tuple[Side, Side] | None:
    """Return both pictures with what they share; None where the one has not been aligned with the other."""
    if match is None or match.kind is MatchKind.IDENTICAL or match.matrix is None:
        return None
    shared, size, other_size = outlines(match.matrix), _size(one), _size(other)
    if shared is None or size is None or other_size is None:
        return None
    return _side(one, size, shared.one, shared), _side(other, other_size, shared.other, shared)


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
