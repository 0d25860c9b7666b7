"""What goes with a report that is delivered: its subject and a short text, out of the document that programs read."""

from collections.abc import Mapping
from typing import Any

from provenance.render.text import visible

_COUNTS = (
    ("reposted", "shown in two posts or more"),
    ("recycled", "old pictures shown again"),
    ("altered", "altered copies"),
)


def subject(document: Mapping[str, Any]) -> str:
    """One line; raises KeyError, TypeError or ValueError where the document is no report."""
    totals = document["totals"]
    again, old = int(totals["reposted"]), int(totals["recycled"])
    return f"Provenance, week {_line(document['week'], 12)}: {again} reposted, {old} old pictures shown again"


def letter(document: Mapping[str, Any], left_out: str = "") -> str:
    """The text: the week, the counts, what was seen of it and what was not. Raises like `subject`."""
    totals, coverage = document["totals"], document["coverage"]
    lines = [
        f"Weekly report of reposted media, {_line(document['week'], 12)}",
        f"{_line(document['from'], 20)} to {_line(document['to'], 20)} (weeks of {_line(document['timezone'], 40)})",
        "",
        f"{int(totals['posts'])} posts, {int(totals['pictures'])} different pictures in this week. Of these pictures:",
        *(f"- {int(totals[name])} {words}" for name, words in _COUNTS if name in totals),
        f"Doubts about times or metadata: {len(document.get('doubts', ()))}, see the page.",
        "",
        f"The archive: {int(coverage['channels'])} channels, {int(coverage['posts'])} posts.",
        _gaps(int(coverage["gaps"])),
    ]
    lines += [f"Not searched: {_line(each, 160)}." for each in list(coverage["not_searched"])[:4]]
    if left_out:
        lines.append(_line(left_out, 200))
    lines += ["", "It tells of archived channels only: elsewhere a picture may have been shown earlier."]
    return "\n".join(lines) + "\n"


def _gaps(gaps: int) -> str:
    if not gaps:
        return "No gaps are known in what was archived of them."
    return (
        f"{gaps} known gap{'s' if gaps > 1 else ''} in what was archived of them: what was posted there is not counted."
    )


def _line(value: object, length: int) -> str:
    return visible(str(value), length)
