"""What goes with a report that is delivered: its subject and a short text, out of the document that programs read."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from provenance.core.wording import counted
from provenance.render.text import visible

_COUNTS = (
    ("reposted", "shown in two posts or more"),
    ("recycled", "old pictures shown again"),
    ("altered", "altered copies"),
)


def subject(document: Mapping[str, Any]) -> str:
    """One line; raises KeyError, TypeError or ValueError where the document is no report."""
    totals = document["totals"]
    again, old = int(totals["reposted"]), counted(int(totals["recycled"]), "old picture")
    return f"Provenance, week {_line(document['week'], 12)}: {again} reposted, {old} shown again"


def letter(document: Mapping[str, Any], left_out: str = "") -> str:
    """The text: the week, the counts, what was seen of it and what was not. Raises like `subject`."""
    totals, coverage = document["totals"], document["coverage"]
    channels, posts = (counted(int(coverage[f"{what}s"]), what) for what in ("channel", "post"))
    lines = [
        f"Weekly report of reposted media, {_line(document['week'], 12)}",
        _days(document),
        "",
        f"Posts in this week: {int(totals['posts'])}. Different pictures: {int(totals['pictures'])}, of these",
        *(f"- {words}: {int(totals[name])}" for name, words in _COUNTS if name in totals),
        f"Doubts about times or metadata: {len(document.get('doubts', ()))}, see the page.",
        "",
        f"The archive holds {channels} and {posts}.",
        _gaps(int(coverage["gaps"])),
        *_channels(document.get("channel_weeks", ())),
    ]
    if not document.get("over", True):
        lines.append("The week was not over when the report was made.")
    lines += [f"Not searched: {_line(each, 160)}." for each in list(coverage["not_searched"])[:4]]
    if left_out:
        lines.append(_line(left_out, 200))
    lines += ["", "It tells of archived channels only: elsewhere a picture may have been shown earlier."]
    return "\n".join(lines) + "\n"


def _days(document: Mapping[str, Any]) -> str:
    """From Monday to Sunday, as the clocks of the report's zone show it."""
    zone, (start, end) = (
        str(document["timezone"]),
        (datetime.fromisoformat(str(document[key])) for key in ("from", "to")),
    )
    try:
        here: tzinfo = ZoneInfo(zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        here, zone = UTC, "UTC"
    monday, sunday = start.astimezone(here), (end - timedelta(seconds=1)).astimezone(here)
    return f"Monday, {monday:%Y-%m-%d} to Sunday, {sunday:%Y-%m-%d} ({_line(zone, 40)})"


def _channels(weeks: Collection[Mapping[str, Any]]) -> list[str]:
    """What is known of the channels' week, where that is not all."""
    states = Counter(str(each["state"]) for each in weeks)
    partly, unknown = states["partly"], states["not_covered"]
    if not partly and not unknown:
        return []
    channels = counted(len(weeks), "channel")
    return [f"Of the {channels}, {partly} are archived for a part of this week only, {unknown} not at all."]


def _gaps(gaps: int) -> str:
    if not gaps:
        return "No gaps are known between the posts that were archived."
    return f"{counted(gaps, 'known gap')} between the posts that were archived: what was posted there is not counted."


def _line(value: object, length: int) -> str:
    return visible(str(value), length)
