"""The pictures of the pages: a chain in time, the hours of a week, the spread of a picture. What they show is core's.

Import this only where a page is made: matplotlib takes its time.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from provenance.core.model import LinkKind
from provenance.core.rhythm import Hours, Step
from provenance.core.timeline import Mark, Row, Timeline
from provenance.render.drawing import INK, Drawing, FancyArrowPatch, Rectangle, drawing
from provenance.render.labels import label, short_weekdays, weekdays
from provenance.render.language import _, ngettext
from provenance.render.text import visible

_WIDTH = 560.0
_LEFT, _RIGHT = 152.0, 22.0
_ROW = 24.0
_COLUMNS = 24
_MANY = 40
"""Arrows from which on they are drawn thinner."""
_LINKS: dict[LinkKind, tuple[str, Any]] = {
    LinkKind.FORWARD: ("#2f7fc1", "solid"),
    LinkKind.SILENT_COPY: ("#d55e00", (0, (6, 2))),
    LinkKind.IDENTICAL_REUPLOAD: ("#00936b", (0, (4, 2, 1, 2))),
    LinkKind.ALTERED_REUPLOAD: ("#b0609a", (0, (1.5, 2))),
}
"""Colours after Okabe and Ito, dark and light enough for either ground; the dashes tell the same without them."""
_FIRST = "#c98500"
_HEAT = "#2f7fc1"
_POSTS, _CHANNELS = "#2f7fc1", "#d55e00"


def timeline(made: Timeline, name: str, zone: tzinfo = UTC) -> str:
    """Return the drawing of a chain as SVG; `name` is a word that no other drawing of the page has."""
    top, bottom = 14.0, 44.0
    kinds = [kind for kind in LinkKind if any(each.kind is kind for each in made.arrows)]
    marks = [(_("first seen"), True, True)] + [(_("not archived"), False, False)] * any(
        not m.archived for m in made.marks
    )
    legend = 18.0 * (-(-(len(kinds) + len(marks)) // 3) + 1)
    height = top + _ROW * len(made.rows) + bottom + legend
    with drawing(_WIDTH, height) as drawn:
        floor = top + _ROW * len(made.rows)
        for tick in made.ticks:
            x = _across(tick.x)
            drawn.axes.plot([x, x], [top - 6, floor], color=INK, alpha=0.18, linewidth=0.8)
            side = "left" if tick.x < 0.05 else "right" if tick.x > 0.95 else "center"
            local = tick.at.astimezone(zone)
            drawn.write(x, floor + 9, f"{local:%Y-%m-%d}", size=8.5, ha=side)
            drawn.write(x, floor + 20, f"{local:%H:%M:%S}", size=8.5, ha=side)
        for number, row in enumerate(made.rows):
            y = top + _ROW * (number + 0.5)
            drawn.axes.plot([_LEFT - 8, _WIDTH - _RIGHT + 8], [y, y], color=INK, alpha=0.25, linewidth=0.8)
            drawn.write(_LEFT - 14, y, _row_name(row), columns=_COLUMNS, ha="right")
        for arrow in made.arrows:
            _arrow(
                drawn,
                made.marks[arrow.source],
                made.marks[arrow.target],
                arrow.kind,
                top,
                1.4 if len(made.arrows) <= _MANY else 0.7,
            )
        for mark in sorted(made.marks, key=lambda each: each.first):  # the star lies on top
            _mark(drawn, _across(mark.x), top + _ROW * (mark.row + 0.5), mark.first, mark.archived)
            if mark.posts > 1:
                drawn.write(
                    _across(mark.x) + 6,
                    top + _ROW * (mark.row + 0.5) - 7,
                    f"{mark.posts}\N{MULTIPLICATION SIGN}",
                    size=8,
                )
        _legend(drawn, kinds, marks, floor + bottom - 6)
        drawn.write(10, height - 10, _note(made, zone), size=8.5, ha="left")
        return drawn.svg(name, _("The picture's posts in time"), timeline_words(made, zone))


def timeline_words(made: Timeline, zone: tzinfo = UTC) -> str:
    """Say what the drawing shows."""
    begin, end = made.marks[0].at, max(each.at for each in made.marks)
    words = [_in_time(made.posts, made.channels, begin, end, zone)]
    first = next(each for each in made.marks if each.first)
    row = made.rows[first.row]
    where = visible(_row_name(row), 80)
    words.append(_("First seen: {where}, {at}.").format(where=where, at=_moment(first.at, zone)))
    return " ".join((*words, _note(made, zone)))


def _note(made: Timeline, zone: tzinfo) -> str:
    """Which clock it goes by, and what the drawing does not show as it is."""
    clock = _("Times in the zone {zone}.").format(zone=zone)
    scale = "" if made.to_scale else _("Time is not to scale: long pauses are shortened.")
    count = made.links_left_out
    left_out = ngettext("{count} link is not drawn.", "{count} links are not drawn.", count).format(count=count)
    return " ".join(filter(None, (clock, scale, left_out if count else "")))


def _in_time(posts: int, channels: int, begin: datetime, end: datetime, zone: tzinfo) -> str:
    return _("{posts} in {channels}, from {begin} to {end}.").format(
        posts=_posts(posts), channels=_channels(channels), begin=_moment(begin, zone), end=_moment(end, zone)
    )


def _posts(count: int) -> str:
    return ngettext("{count} post", "{count} posts", count).format(count=count)


def _channels(count: int) -> str:
    return ngettext("{count} channel", "{count} channels", count).format(count=count)


def heat(made: Hours, name: str) -> str:
    """Return the drawing of a week's hours: the darker, the more posts; the number stands in each hour that has any."""
    left, top, cell, tall = 40.0, 22.0, (_WIDTH - 50.0) / 24, 20.0
    with drawing(_WIDTH, top + 7 * tall + 8) as drawn:
        for hour in range(0, 24, 3):
            drawn.write(left + cell * hour, 10, f"{hour:02d}:00", size=8.5, ha="left")
        for day, counts in enumerate(made.counts):
            y = top + tall * day
            drawn.write(left - 6, y + tall / 2, short_weekdays()[day], ha="right")
            for hour, count in enumerate(counts):
                x = left + cell * hour
                share = 0.15 + 0.6 * count / made.most if count else 0.0
                drawn.axes.add_patch(
                    Rectangle((x, y), cell, tall, facecolor=(_HEAT, share), edgecolor=(INK, 0.25), linewidth=0.6)
                )
                if count:
                    drawn.write(x + cell / 2, y + tall / 2, _short(count), size=8, ha="center")
        total = sum(map(sum, made.counts))
        day, hour = max(((d, h) for d in range(7) for h in range(24)), key=lambda at: made.counts[at[0]][at[1]])
        words = _("{posts} by weekday and hour in the zone {zone}.")
        if made.most:
            words = _("{posts} by weekday and hour in the zone {zone}; most on {day} from {hour}: {most}.")
        facts = {"posts": _posts(total), "zone": made.zone, "most": made.most}
        told = words.format(**facts, day=weekdays()[day], hour=f"{hour:02d}:00")
        return drawn.svg(name, _("Posts by weekday and hour"), told)


def spread(steps: Sequence[Step], name: str, zone: tzinfo = UTC) -> str:
    """Return the drawing of how a picture's posts and channels add up in time."""
    left, top, tall = 40.0, 24.0, 120.0
    begin, end = steps[0].at, steps[-1].at
    length = (end - begin).total_seconds() or 1.0
    most = steps[-1].posts
    width = _WIDTH - left - 90

    def place(at: datetime, count: int) -> tuple[float, float]:
        return left + width * (at - begin).total_seconds() / length, top + tall * (1 - count / most)

    with drawing(_WIDTH, top + tall + 34) as drawn:
        for count in sorted({0, most // 2, most}):
            y = place(begin, count)[1]
            drawn.axes.plot([left, left + width], [y, y], color=INK, alpha=0.2, linewidth=0.8)
            drawn.write(left - 6, y, _short(count), size=8.5, ha="right")
        ends = []
        lines: tuple[tuple[str, Any, Callable[[int], str], list[int]], ...] = (
            (_POSTS, "solid", _posts, [each.posts for each in steps]),
            (_CHANNELS, (0, (4, 2)), _channels, [each.channels for each in steps]),
        )
        for colour, dash, said, numbers in lines:
            counts = list(zip((each.at for each in steps), numbers, strict=True))
            points = [place(at, count) for at, count in counts]
            xs, ys = [x for x, _ in points] + [left + width], [y for _, y in points] + [points[-1][1]]
            drawn.axes.step(xs, ys, where="post", color=colour, linestyle=dash, linewidth=1.8)
            ends.append((points[-1][1], said(numbers[-1])))
        if ends[1][0] - ends[0][0] < 12:
            ends[1] = (ends[0][0] + 12, ends[1][1])
        for y, words in ends:
            drawn.write(left + width + 6, y, words, ha="left")
        for at, side in ((begin, "left"), (end, "right")):
            drawn.write(place(at, 0)[0] if length > 1 else left, top + tall + 14, _moment(at, zone), size=8.5, ha=side)
            if begin == end:
                break
        last = steps[-1]
        told = _in_time(last.posts, last.channels, begin, end, zone)
        return drawn.svg(name, _("Posts and channels in time"), told)


def _across(x: float) -> float:
    return _LEFT + x * (_WIDTH - _LEFT - _RIGHT)


def _row_name(row: Row) -> str:
    if row.channels > 1:
        return ngettext("{count} more channel", "{count} more channels", row.channels).format(count=row.channels)
    return row.title or _("elsewhere on Telegram")


def _arrow(drawn: Drawing, source: Mark, target: Mark, kind: LinkKind, top: float, width: float) -> None:
    colour, dash = _LINKS[kind]
    ends = [(_across(each.x), top + _ROW * (each.row + 0.5)) for each in (source, target)]
    bend = -0.35 if source.row == target.row else -0.12 if source.row < target.row else 0.12
    for style, line in (("-", dash), ("-|>", "solid")):
        # The line in dashes, and the head on its own: a dashed head is none.
        patch = FancyArrowPatch(
            *ends,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle=style,
            mutation_scale=9,
            shrinkA=4,
            shrinkB=5,
            color=colour,
            linestyle=line,
            linewidth=width if style == "-" else 0.0,
        )
        drawn.axes.add_patch(patch)


def _mark(drawn: Drawing, x: float, y: float, first: bool, archived: bool) -> None:
    colour = _FIRST if first else INK
    drawn.axes.plot(
        [x],
        [y],
        marker="*" if first else "o",
        markersize=13 if first else 6.5,
        markerfacecolor=colour if archived else "none",
        markeredgecolor=colour,
        markeredgewidth=1.3,
    )


def _legend(drawn: Drawing, kinds: Sequence[LinkKind], marks: Sequence[tuple[str, bool, bool]], top: float) -> None:
    wide = (_WIDTH - 20) / 3
    for number, kind in enumerate(kinds):
        x, y = 10 + wide * (number % 3), top + 18 * (number // 3) + 8
        colour, dash = _LINKS[kind]
        drawn.axes.plot([x, x + 26], [y, y], color=colour, linestyle=dash, linewidth=1.6)
        drawn.axes.plot([x + 28], [y], marker=">", markersize=5, color=colour, linestyle="none")
        drawn.write(x + 36, y, label(kind), ha="left")
    for number, (words, first, archived) in enumerate(marks, len(kinds)):
        x, y = 10 + wide * (number % 3), top + 18 * (number // 3) + 8
        _mark(drawn, x + 14, y, first, archived)
        drawn.write(x + 36, y, words, ha="left")


def _moment(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname() or ''}".rstrip()


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"
