"""The weekly report as the document that programs read, and what a later report reads back of it."""

import json
from datetime import datetime, timedelta
from typing import Any

from provenance.core import weekly
from provenance.core.attendance import ChannelWeek
from provenance.core.doubts import Doubt
from provenance.core.likeness import match_words
from provenance.core.revised import Revision, Snapshot, Told
from provenance.render.as_json import Document, channel, coverage, first_seen, sighting, time


def report(made: weekly.Report) -> Document:
    return _asked(made) | {
        "totals": {
            "posts": made.posts,
            "images": made.images,
            "pictures": made.pictures,
            "new": len(made.new),
            "reposted": len(made.reposted),
            "recycled": len(made.recycled),
            "repeated": len(made.repeated),
            "altered": len(made.altered),
        },
        "over": made.over,
        "since_last": made.revision and _revision(made.revision),
        "channel_weeks": [_channel_week(each) for each in made.channels],
        "reposted": [_repost(each) for each in made.reposted],
        "recycled": [_repost(each) | {"age_seconds": _seconds(each.age)} for each in made.recycled],
        "repeated": [_repost(each) for each in made.repeated],
        "new": list(made.new),
        "fastest": [
            {"picture": each.picture, "channels": made.counting.fast_channels, "seconds": _seconds(reached)}
            for each in made.fastest
            if (reached := each.reached(made.counting.fast_channels)) is not None
        ],
        "originators": [{"channel": channel(each), "pictures": count} for each, count in made.originators],
        "repeaters": [{"channel": channel(each), "sightings": count} for each, count in made.repeaters],
        "following": [
            {
                "leader": channel(each.leader),
                "follower": channel(each.follower),
                "pictures": each.pictures,
                "median_seconds": _seconds(each.median),
                "quickest_seconds": _seconds(each.quickest),
            }
            for each in made.following
        ],
        "standings": [
            {
                "channel": channel(each.channel),
                "first": each.first,
                "after": each.after,
                "median_seconds": each.median and _seconds(each.median),
            }
            for each in made.standings
        ],
        "altered": [
            sighting(seen, match) | {"picture": each.picture, "altered": match_words(match)}
            for each, seen, match in made.altered
        ],
        "doubts": [_doubt(each) for each in made.doubts],
        "changed": [
            sighting(each.sighting, None)
            | {
                "change": each.change,
                "changed_at": time(each.at),
                "file_before": each.before and {"sha256": each.before.file.sha256},
                "text_before": each.text_before,
                "text_since": each.text_since,
            }
            for each in made.changed
        ],
        "hours": made.hours and {"zone": made.hours.zone, "counts": [list(each) for each in made.hours.counts]},
        "coverage": coverage(made.coverage),
    }


def read_back(text: str, made: weekly.Report) -> tuple[Snapshot, Revision | None] | None:
    """Return what a document told of the same week, and what it said of the one before; None where it is none.

    One that was made with other settings cannot be compared.
    """
    asked = _asked(made)
    try:
        document: Any = json.loads(text)
        if {key: document.get(key) for key in asked} != asked:
            return None
        pictures = {
            int(each["picture"]): _told(each)
            for name in ("reposted", "recycled", "repeated")
            for each in document[name]
        }
        since = document["since_last"]
        return Snapshot(int(document["totals"]["posts"]), pictures), None if since is None else _read_revision(since)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _asked(made: weekly.Report) -> Document:
    """What was asked for: two reports that differ in it cannot be compared."""
    return {
        "schema": "provenance/report/1",
        "week": made.week.name,
        "from": time(made.week.start),
        "to": time(made.week.end),
        "timezone": str(made.week.zone),
        "settings": {
            "everything": made.counting.everything,
            "smallest_side": made.counting.smallest_side,
            "repeated_by_one": made.counting.repeated_by_one,
            "fast_channels": made.counting.fast_channels,
        },
    }


def _told(repost: Any) -> Told:
    first = repost["first_seen"]
    posts = frozenset(f"{each['channel']['id']}/{each['message_id']}" for each in repost["this_week"])
    return Told(f"{first['ref']} at {first['at']}", posts)


def _read_revision(since: Any) -> Revision:
    made_at = since["made_at"]
    return Revision(
        made_at and datetime.fromisoformat(made_at),
        int(since["posts"]),
        tuple(map(int, since["added"])),
        tuple(map(int, since["removed"])),
        tuple((int(each["picture"]), str(each["what"])) for each in since["changed"]),
    )


def _revision(made: Revision) -> Document:
    return {
        "made_at": time(made.since),
        "posts": made.posts,
        "added": list(made.added),
        "removed": list(made.removed),
        "changed": [{"picture": picture, "what": what} for picture, what in made.changed],
    }


def _repost(each: weekly.Repost) -> Document:
    return {
        "picture": each.picture,
        "first_seen": first_seen(each.first_seen) | {"ref": each.first_seen.ref},
        "this_week": [sighting(seen, each.match(seen)) for seen in each.this_week],
        "posts": each.posts,
        "channels": each.channels,
        "spread_seconds": _seconds(each.spread),
        "warnings": list(each.chain.warnings),
    }


def _doubt(each: Doubt) -> Document:
    seen = each.sighting
    return {
        "kind": each.kind,
        "level": each.level,
        "text": each.words,
        "channel": channel(seen.channel),
        "message_id": seen.message_id,
        "url": seen.url,
        "sha256": seen.file.sha256,
    }


def _channel_week(each: ChannelWeek) -> Document:
    return {
        "channel": channel(each.channel),
        "state": each.state,
        "words": each.words,
        "posts": each.posts,
        "images": each.images,
        "images_missing": each.missing,
        "absent_ids": each.absent,
        "unknown_ids": each.unknown,
        "from_start": each.from_start,
        "to_end": each.to_end,
        "latest": time(each.latest),
    }


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
