"""The week in short, for a terminal: the page holds the rest."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from provenance.core import weekly
from provenance.core.attendance import State
from provenance.core.doubts import grouped
from provenance.core.metadata import Level
from provenance.core.times import duration
from provenance.core.wording import counted
from provenance.render.layout import called, columns, coverage_lines, indented, line, moment, place
from provenance.render.text import visible

_PICTURES, _CHANNELS, _CHANGES, _PAIRS = 30, 10, 20, 5


def report(made: weekly.Report, files: Iterable[object]) -> RenderableType:
    parts: list[RenderableType] = [
        Text(
            f"Reposted media, week {made.week.name} ({' to '.join(map(str, made.week.days))}, {made.week.zone})", "bold"
        ),
        Text(
            f"{counted(made.posts, 'post')} carried {counted(made.images, 'image')} of "
            f"{counted(made.pictures, 'picture')}, {len(made.new)} of them new; {len(made.reposted)} reposted, "
            f"{len(made.recycled)} seen before the week."
        ),
        *([] if made.over else [Text("The week is not over: this is what was archived by now.", "yellow")]),
        *_channels(made),
        *_revision(made),
    ]
    for title, reposts in (("Old pictures shown again", made.recycled), ("Reposted within the week", made.reposted)):
        if reposts:
            parts += [Text(), Text(title, "bold"), _reposts(reposts)]
    for title, ranking in (
        ("First in the archive with these pictures", made.originators),
        ("Showed them later in the archive (posts of this week)", made.repeaters),
    ):
        if ranking:
            parts += [Text(), Text(title, "bold")]
            parts += [indented(f"{count:4}  {called(channel)}") for channel, count in ranking[:_CHANNELS]]
    if made.following:
        parts += [Text(), Text("Came after the first of the week (not: copied from it)", "bold")]
        parts += [
            indented(
                f"{each.pictures:4}  {called(each.follower)} after {called(each.leader)}, "
                f"median {duration(each.median)}"
            )
            for each in made.following[:_PAIRS]
        ]
    if made.changed:
        parts += [Text(), Text(f"Image posts edited or deleted in the week: {len(made.changed)}", "bold")]
        parts += [
            indented(f"{moment(each.at)}  {each.change}: {called(each.sighting.channel)}, {place(each.sighting)}")
            for each in made.changed[:_CHANGES]
        ]
    parts += _beside(made)
    parts += [Text(), *coverage_lines(made.coverage)]
    written = [line(str(path)) for path in files]
    if written:
        parts += [Text(), Text("Written:", "bold"), *written]
    return Group(*parts)


def _channels(made: weekly.Report) -> list[RenderableType]:
    states = Counter(each.state for each in made.channels)
    if not states or set(states) == {State.COVERED}:
        return []
    said = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items()))
    return [Text(f"Of {counted(len(made.channels), 'channel')} this week: {said}.", "yellow")]


def _revision(made: weekly.Report) -> list[RenderableType]:
    new = made.revision
    if new is None:
        return []
    since = f"Since the report of {moment(new.since)}" if new.since else "Since the report before"
    said = f"posts {new.posts:+}; pictures added {len(new.added)}, gone {len(new.removed)}, changed {len(new.changed)}"
    return [Text(f"{since}: {said}.")]


def _beside(made: weekly.Report) -> list[RenderableType]:
    """What the page tells at length, by its count."""
    said = [
        (len(made.altered), "altered copies"),
        (len(made.repeated), "pictures repeated by one channel alone, set apart"),
        *(
            (len(group), f"to look at twice: {visible(kind)}")
            for kind, level, group in grouped(made.doubts)
            if level is not Level.INFO
        ),
    ]
    lines = [indented(f"{count:4}  {words}") for count, words in said if count]
    return [Text(), Text("Also on the page", "bold"), *lines] if lines else []


def _reposts(reposts: Sequence[weekly.Repost]) -> Table:
    table = columns("Picture", "First seen", "This week", numbers={0})
    for each in reposts[:_PICTURES]:
        first = each.first_seen
        posts = ", ".join(dict.fromkeys(called(seen.channel, 24) for seen in each.this_week[:_PICTURES]))
        table.add_row(
            str(each.picture),
            f"{moment(first.at)}\n{called(first.post.channel, 28) if first.post.channel else 'not archived'}",
            f"{counted(each.posts, 'post')} in {counted(each.channels, 'channel')}\n{posts}",
        )
    if len(reposts) > _PICTURES:
        table.add_row("…", f"{len(reposts) - _PICTURES} more: see the files", "")
    return table
