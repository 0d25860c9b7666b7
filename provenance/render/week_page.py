"""What the page of a week shows in full, what it folds, and its drawings: a page is to be sent round and printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from markupsafe import Markup

from provenance.core.attendance import ChannelWeek, State
from provenance.core.doubts import grouped
from provenance.core.following import matrix
from provenance.core.model import Match, Sighting
from provenance.core.rhythm import spread
from provenance.core.timeline import timeline
from provenance.core.weekly import Report, Repost

FULL = 30
"""Pictures of a list with all that is known of them."""
POSTS = 8
"""Posts of one of these that are not folded."""
FOLDED = 60
"""Posts of one of these that are folded; the JSON and the CSV hold them all."""
ROWS = 5_000
"""Pictures of a list in one line each."""
PAGE = 500
"""Lines that are folded together."""
DRAWN = 8
"""Pictures whose spread is drawn."""
ADDED_UP = 4
"""Posts from which on their sum is drawn."""
LISTED = 20
"""Lines of a smaller list that are not folded."""
CHANNELS = 8
"""Lines about channels, before the pictures begin, that are not folded."""
MOST = 500
"""Lines of a smaller list."""
MATRIX = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A list as the page shows it. `elsewhere` are those that an earlier list shows in full."""

    full: tuple[Repost, ...]
    elsewhere: tuple[Repost, ...]
    pages: tuple[tuple[Repost, ...], ...]
    left_out: int

    @property
    def folded(self) -> int:
        return sum(map(len, self.pages))


@dataclass(frozen=True, slots=True)
class Folded:
    """A smaller list: what is seen, what is folded, and how many there is no room for."""

    shown: tuple[Any, ...]
    rest: tuple[Any, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Drawings:
    """A picture's posts in time, and how they add up."""

    timeline: Markup
    spread: Markup | None
    """None where there is too little to add up."""


def facts(made: Report) -> dict[str, object]:
    """Return all that the template asks for."""
    recycled, reposted = parts(made)
    return {
        "report": made,
        "recycled": recycled,
        "reposted": reposted,
        "shown": {each.picture for each in (*recycled.full, *reposted.full)},
        "repeated": fold(made.repeated),
        "fastest": fold(made.fastest),
        "originators": fold(made.originators),
        "repeaters": fold(made.repeaters),
        "standings": fold(made.standings),
        "pairs": fold(made.following),
        "matrix": matrix(made.following, MATRIX),
        "altered": fold(made.altered),
        "doubts": [(kind, level, fold(group)) for kind, level, group in grouped(made.doubts)],
        "changed": fold(made.changed),
        "channels": fold(sorted(made.channels, key=_weight), CHANNELS),
        "posts_shown": POSTS,
        "posts_folded": FOLDED,
        "zone": beside_utc(made.week.zone),
        **_drawings(made, (*recycled.full, *reposted.full)),
    }


def beside_utc(zone: tzinfo) -> tzinfo | None:
    """The zone whose times stand beside those in UTC, if there is another."""
    return None if zone is UTC or str(zone) == "UTC" else zone


def parts(made: Report) -> tuple[Part, Part]:
    """Return the old pictures and the reposted ones, each in full once."""
    recycled = _part(made.recycled, set())
    return recycled, _part(made.reposted, {each.picture for each in recycled.full})


def pictured(made: Report) -> set[str]:
    """Return the hashes of the files whose thumbnails the page shows."""
    shown = [seen for part in parts(made) for each in part.full for seen in (each.first, *shown_posts(each))]
    shown += [seen for each, altered, _ in fold(made.altered).shown for seen in (each.first, altered)]
    shown += [each.this_week[0] for each in fold(made.repeated).shown]
    shown += [seen for each in fold(made.changed).shown for seen in (each.before, each.sighting) if seen]
    return {each.file.sha256 for each in shown}


def shown_posts(each: Repost) -> Sequence[Sighting]:
    """The posts of the week that are not folded."""
    return each.this_week[:POSTS]


def fold(given: Iterable[Any], listed: int = LISTED) -> Folded:
    items = tuple(given)
    return Folded(items[:listed], items[listed:MOST], max(0, len(items) - MOST))


def how(each: Repost, seen: Sighting) -> Match | None:
    """How a post's file relates to the first seen; None for the first itself and where nothing is known."""
    return None if seen is each.first else each.match(seen)


def _weight(each: ChannelWeek) -> tuple[int, int, tuple[str, int]]:
    """What is not known comes first, then the busiest."""
    return _STATES.index(each.state), -each.posts, each.channel.key


_STATES = (State.NOT_COVERED, State.PARTLY, State.SILENT, State.COVERED)


def _part(reposts: Sequence[Repost], elsewhere: set[int]) -> Part:
    ours = [each for each in reposts if each.picture not in elsewhere]
    rest = ours[FULL : FULL + ROWS]
    pages = [tuple(rest[i : i + PAGE]) for i in range(0, len(rest), PAGE)]
    there = tuple(each for each in reposts if each.picture in elsewhere)
    return Part(tuple(ours[:FULL]), there, tuple(pages), max(0, len(ours) - FULL - ROWS))


def _drawings(made: Report, shown: Sequence[Repost]) -> dict[str, object]:
    from provenance.render import charts  # matplotlib: only where a page is made

    widest = sorted(shown, key=lambda each: (-each.channels, -each.posts, each.picture))
    drawn = {}
    for each in widest[:DRAWN]:
        laid_out = timeline(each.chain)
        if laid_out is None or each.posts < 2:
            continue
        steps = spread(each.this_week)
        drawn[each.picture] = Drawings(
            Markup(charts.timeline(laid_out, f"chain-{each.picture}", made.week.zone)),  # noqa: S704 - our own
            Markup(charts.spread(steps, f"spread-{each.picture}", made.week.zone))  # noqa: S704
            if len(steps) >= ADDED_UP
            else None,
        )
    heat = Markup(charts.heat(made.hours, "hours")) if made.hours else None  # noqa: S704
    return {"drawings": drawn, "heat": heat}
