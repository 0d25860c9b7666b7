"""The weekly report as a table for spreadsheets: one line for each post of this week, and for each first seen."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from provenance.core.likeness import match_words
from provenance.core.model import Sighting
from provenance.core.times import dated
from provenance.core.weekly import ALTERED, Report, Repost
from provenance.render.as_json import time
from provenance.render.text import visible

_COLUMNS = (
    "week", "list", "picture", "role", "at", "basis", "channel", "channel_id", "message_id", "url", "forwarded_from",
    "match", "distance", "mirrored", "rotated", "first_seen_at", "first_seen_url", "sha256", "text", "altered",
    "age_seconds", "doubts",
)  # fmt: skip
_TEXT = 1_000
# What a spreadsheet takes for a formula, also behind the semicolon that some countries' spreadsheets split at.
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20|%])")


def report(made: Report) -> str:
    """Return the table; it begins with a byte order mark, without which Excel garbles other scripts."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    doubts: dict[tuple[str, str], list[str]] = {}
    for doubt in made.doubts:
        doubts.setdefault((doubt.sighting.ref, doubt.sighting.file.sha256), []).append(doubt.kind)
    lists = (("reposted", made.reposted), ("recycled", made.recycled), ("repeated", made.repeated))
    for name, reposts in lists:
        for each in reposts:
            first = "first seen" if each.first_seen.archived else "first archived"
            if each.first not in each.this_week:
                writer.writerow(_row(made, name, each, each.first, first, doubts))
            for seen in each.this_week:
                role = first if seen is each.first else "this week"
                writer.writerow(_row(made, name, each, seen, role, doubts))
    return "\ufeff" + stream.getvalue()


def cell(text: str) -> str:
    """Text as one harmless cell: an apostrophe stands before whatever would begin a formula."""
    return _FORMULA.sub(r"\1\2'", visible(text, _TEXT))


def _row(
    made: Report,
    name: str,
    repost: Repost,
    seen: Sighting,
    role: str,
    doubts: Mapping[tuple[str, str], Sequence[str]],
) -> dict[str, Any]:
    when = dated(seen)
    match = repost.match(seen)
    altered = match is not None and match.kind in ALTERED
    row = {
        "week": made.week.name,
        "list": name,
        "picture": repost.picture,
        "role": role,
        "at": time(when.at),
        "basis": when.basis,
        "channel": seen.channel.title,
        "channel_id": seen.channel.id,
        "message_id": seen.message_id,
        "url": seen.url,
        "forwarded_from": seen.forward.label if seen.forward else None,
        "match": match and match.kind,
        "distance": match and match.distance,
        "mirrored": match and match.mirrored,
        "rotated": match and match.rotated,
        "first_seen_at": time(repost.first_seen.at),
        "first_seen_url": repost.first_seen.post.url,
        "sha256": seen.file.sha256,
        "text": seen.text,
        "altered": match_words(match) if match and altered else None,
        "age_seconds": int(repost.age.total_seconds()) if name == "recycled" else None,
        "doubts": "; ".join(doubts.get((seen.ref, seen.file.sha256), ())) or None,
    }
    return {key: cell(value) if isinstance(value, str) else value for key, value in row.items()}
