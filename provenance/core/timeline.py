"""What a drawing of a chain shows: rows of channels, marks in time, arrows of links; few enough to be looked at.

Nothing here is dropped in silence: what is put together is counted, and `words` says the whole for who cannot see it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import log2

from provenance.core.chain import Chain
from provenance.core.model import LinkKind, PeerKind, Sighting, Unarchived
from provenance.core.times import dated

MOST_ROWS = 30
MOST_ARROWS = 120
_PLACES = 100
"""Places along a row: posts of a row that fall into one are one mark."""
_CROWDED = 20
_APART = 0.8
"""Share of the times (of that many at most) that have to lie apart for a drawing to scale."""
_TICKS_APART = 0.19

_Row = tuple[PeerKind, int] | str
"""A channel's key; a name where nothing else is known; "" for what was put together."""
_Post = Sighting | Unarchived


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the drawing; `channels` is more than 1 where several stand together, and then there is no title."""

    title: str
    archived: bool
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """One or more posts; `x` runs from 0 to 1, in the order of time."""

    row: int
    x: float
    at: datetime
    """The time of the earliest of its posts."""
    posts: int
    archived: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """One or more links of a kind; both ends are numbers of marks."""

    source: int
    target: int
    kind: LinkKind
    links: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A time that is written below the drawing."""

    x: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """A chain as it can be drawn."""

    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    arrows: tuple[Arrow, ...]
    ticks: tuple[Tick, ...]
    to_scale: bool
    """Whether equal lengths are equal times; else long pauses are shortened."""
    links_left_out: int
    """Links that are not drawn, because there are too many or because both ends are one mark."""
    posts: int
    channels: int


def timeline(chain: Chain) -> Timeline | None:
    """Lay a chain out; None where it holds nothing."""
    first = chain.first_seen
    if first is None:
        return None
    posts = _posts(chain)
    rows, row_of = _rows(posts, first.post)
    places, to_scale = _places(sorted({_at(each) for each in posts}))
    gathered: dict[tuple[int, int, bool, bool], list[_Post]] = {}
    for each in posts:
        is_first = _key(each) == _key(first.post)
        where = row_of[_row(each)], round(places[_at(each)] * _PLACES), isinstance(each, Sighting), is_first
        gathered.setdefault(where, []).append(each)
    mark_of = {_key(each): number for number, group in enumerate(gathered.values()) for each in group}
    marks = tuple(
        Mark(row, places[_at(group[0])], _at(group[0]), len(group), archived, is_first)
        for (row, _, archived, is_first), group in gathered.items()
    )
    links = Counter((mark_of[_key(each.source)], mark_of[_key(each.target)], each.kind) for each in chain.links)
    arrows = [Arrow(*ends, count) for ends, count in links.items() if ends[0] != ends[1]][:MOST_ARROWS]
    return Timeline(
        rows,
        marks,
        tuple(arrows),
        _ticks(places),
        to_scale,
        len(chain.links) - sum(each.links for each in arrows),
        sum(isinstance(each, Sighting) for each in posts),
        len({_row(each) for each in posts if isinstance(each, Sighting)}),
    )


def _posts(chain: Chain) -> list[_Post]:
    """All posts of the chain in time order, each once; those that are not archived before others of their second."""
    unarchived = [*chain.unarchived, *(each.source for each in chain.links if isinstance(each.source, Unarchived))]
    unique: dict[object, _Post] = {}
    every: list[_Post] = [*unarchived, *chain.sightings]
    for each in every:
        unique.setdefault(_key(each), each)
    return sorted(unique.values(), key=_at)


def _rows(posts: Sequence[_Post], first: _Post) -> tuple[tuple[Row, ...], dict[_Row, int]]:
    """One row for each channel in the order of time, and the last one for all that there is no room for."""
    named: dict[_Row, Row] = {}
    for each in posts:
        archived = isinstance(each, Sighting)
        before = named.get(_row(each))
        if before is None or (archived and not before.archived):
            named[_row(each)] = Row(_title(each), archived)
    kept = list(named)
    if len(kept) > MOST_ROWS:
        kept = kept[: MOST_ROWS - 1]
        if _row(first) not in kept:
            kept[-1] = _row(first)
    rest = [each for each in named if each not in kept]
    rows = [named[each] for each in kept]
    if rest:
        rows.append(Row("", any(named[each].archived for each in rest), len(rest)))
    numbers = {each: number for number, each in enumerate(kept)} | dict.fromkeys(rest, len(kept))
    return tuple(rows), numbers


def _places(times: Sequence[datetime]) -> tuple[dict[datetime, float], bool]:
    """Where each time lies between 0 and 1: to scale, unless most of them would then lie on one spot."""
    if len(times) == 1:
        return {times[0]: 0.5}, True
    pauses = [(after - before).total_seconds() for before, after in pairwise(times)]
    spots = {round(_PLACES / 2 * (each - times[0]) / (times[-1] - times[0])) for each in times}
    to_scale = len(spots) >= _APART * min(len(times), _CROWDED)
    widths = pauses if to_scale else [log2(1 + pause / 60) + 0.2 for pause in pauses]
    whole, so_far = sum(widths), 0.0
    places = {times[0]: 0.0}
    for at, width in zip(times[1:], widths, strict=True):
        so_far += width
        places[at] = min(1.0, so_far / whole)
    return places, to_scale


def _ticks(places: dict[datetime, float]) -> tuple[Tick, ...]:
    """The first and the last time, and between them as many as can be written side by side."""
    ticks: list[Tick] = []
    last = max(places)
    for at, x in places.items():
        if at == last and ticks and x - ticks[-1].x < _TICKS_APART:
            if len(ticks) == 1:
                continue
            ticks.pop()
        if not ticks or at == last or x - ticks[-1].x >= _TICKS_APART:
            ticks.append(Tick(x, at))
    return tuple(ticks)


def _at(post: _Post) -> datetime:
    return dated(post).at if isinstance(post, Sighting) else post.at


def _key(post: _Post) -> object:
    return (post.channel.key, post.message_id) if isinstance(post, Sighting) else (post.ref, post.at)


def _row(post: _Post) -> _Row:
    return post.channel.key if post.channel is not None else _title(post)


def _title(post: _Post) -> str:
    if post.channel is not None:
        return post.channel.title
    return post.header.label if isinstance(post, Unarchived) and post.header is not None else ""
