"""Answers and reports made of hostile words, for all forms of output."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from provenance.core import chain, changed, weekly
from provenance.core.answers import (
    ChannelAnswer,
    ChannelCoverage,
    Check,
    Coverage,
    FileAnswer,
    Gap,
    LookupAnswer,
    Matched,
    Name,
    PictureAnswer,
    PostAnswer,
    Revision,
    ShowAnswer,
    Stats,
    Suspect,
    Verified,
    VersionAnswer,
)
from provenance.core.attendance import ChannelWeek
from provenance.core.chain import Chain
from provenance.core.doubts import Doubt
from provenance.core.matching import compare
from provenance.core.metadata import Level
from provenance.core.model import Channel, Confidence, ForwardHeader, Match, MatchKind, PeerKind, Problem, Sighting
from provenance.core.revised import Revision as WeekRevision
from provenance.core.rhythm import hours
from tests.cli.conftest import HOSTILE, MONDAY
from tests.core.build import channel, file, sighting, version

WEEK = weekly.Week("2024-W52", MONDAY - timedelta(hours=12), MONDAY + timedelta(days=6, hours=12))
OLD = channel(1500000001, f"{HOSTILE} old")
NEW = channel(1500000002, f"{HOSTILE} new")
FOLDER = channel(-77, HOSTILE, PeerKind.COLLECTION)
LONG_AGO = MONDAY - timedelta(days=500)
UNARCHIVED: dict[str, dict[str, Any]] = {
    "a post": {"forward": ForwardHeader(HOSTILE, PeerKind.CHANNEL, 1500000009, 77, LONG_AGO)},
    "a person": {"forward": ForwardHeader(HOSTILE, PeerKind.USER, 5, None, LONG_AGO)},
    "a name": {"forward": ForwardHeader(HOSTILE, at=LONG_AGO)},
    "an upload": {"uploaded_at": LONG_AGO, "media_id": 123},
}
"""What proves a post that is not archived, by what is known of it."""
COVERAGE = Coverage(2, 3, 4, MONDAY, MONDAY, 1, ("parts of pictures",))
PROBLEM = Problem(HOSTILE, HOSTILE)


def seen(number: int, days: float, **more: Any) -> Sighting:
    """Sighting `number` of one picture; its file differs from the others by a few bits."""
    fields: dict[str, Any] = {
        "attachment_id": number,
        "message_id": number,
        "channel": NEW,
        "text": HOSTILE,
        "file": file(number, flipped=number),
    }
    return sighting(MONDAY + timedelta(days=days), **fields | more)


def sightings() -> list[Sighting]:
    """Seen long ago, twice this week (once as a forward from somebody unknown), and in a folder."""
    return [
        seen(1, -400, channel=OLD),
        seen(2, 0, forward=ForwardHeader(name=HOSTILE, kind=PeerKind.CHANNEL, peer_id=9)),
        seen(3, 1, deleted_seen_at=MONDAY, edited_at=MONDAY + timedelta(days=1, hours=1)),
        seen(4, 0, channel=FOLDER, posted_at=None, claimed_at=MONDAY - timedelta(days=500)),
    ]


def unarchived(known: str) -> list[Sighting]:
    """Seen twice this week; the first of the two proves an earlier post."""
    return [seen(2, 0, **UNARCHIVED[known]), seen(3, 1)]


def built(*given: Sighting) -> Chain:
    return chain.build(given or sightings())


def report(*given: Sighting) -> weekly.Report:
    made = built(*given)
    found = changed.changes(WEEK.holds, made.sightings)
    week = weekly.build(WEEK, [(7, made)], 3, found, COVERAGE)
    return replace(
        week,
        doubts=tuple(Doubt(each, HOSTILE, level, HOSTILE) for each in made.sightings[:2] for level in Level),
        channels=tuple(map(attended, (OLD, NEW), (0, 3))),
        hours=hours([MONDAY], UTC),
        revision=WeekRevision(MONDAY, 2, (7,), (5,), ((7, HOSTILE),)),
    )


def attended(named: Channel, posts: int) -> ChannelWeek:
    return ChannelWeek(named, posts, posts, 1, 2, 3, True, False, MONDAY)


EMPTY_REPORT = weekly.build(WEEK, (), 0, [], Coverage(0, 0, 0, None, None, 0))


def match(first: int, second: int) -> Match:
    found = compare(file(first, flipped=first), file(second, flipped=second))
    assert found is not None
    return found


def lookup(*given: Sighting, found: bool = True, limit: int | None = None) -> LookupAnswer:
    suspect = Suspect(f"/tmp/{HOSTILE}.jpg", file(0, flipped=1))  # noqa: S108 - only a name
    guess = Match(match(1, 2).kind, "phash", 70, Confidence.POSSIBLE)
    return LookupAnswer(
        suspect=suspect,
        chain=built(*given) if found else Chain((), None, (), ()),
        matches={number: match(1, number) for number in (1, 2, 3, 4)} if found else {},
        picture=1 if found else None,
        possible=(Matched(seen(5, 2, message_id=5555), guess),),
        coverage=COVERAGE,
        warnings=(HOSTILE,),
        limit=limit,
    )


def part(**facts: Any) -> Match:
    """The suspect is mirrored, and shows the middle of the archived file at half its size."""
    measured: dict[str, Any] = {
        "confidence": Confidence.CERTAIN,
        "mirrored": True,
        "similarity": 0.812,
        "inliers": 143,
        "region": (0.25, 0.25, 0.5, 0.5),
        "visible": 0.25,
        "scale": 0.5,
        "matrix": (-0.5, 0.0, 0.75, 0.0, 0.5, 0.25),
    }
    return Match(MatchKind.PARTIAL, "descriptor", 256, **measured | facts)


def altered() -> LookupAnswer:
    """Found as a part of two files, one of them seen twice; others are possible, of the same scene and design."""
    seen_twice = [seen(1, -400, channel=OLD), seen(2, 0), seen(3, 1, file=file(1, flipped=1))]
    return replace(
        lookup(*seen_twice),
        matches={1: part(), 2: part(matrix=(2.0, 0.0, -0.5, 0.0, 2.0, -0.5), mirrored=False, visible=1.0)},
        possible=(Matched(seen(5, 2, message_id=5555), part(confidence=Confidence.POSSIBLE)),),
        same_scene=(Matched(seen(6, 2, message_id=6666), part()),),
        same_template=(Matched(seen(7, 2, message_id=7777), part(rotated=350)),),
    )


def coverage() -> ChannelCoverage:
    return ChannelCoverage(NEW, 3, 4, 1, MONDAY, MONDAY, 5, 9, 1, (Gap(6, 8),), ("import",))


def shows() -> list[ShowAnswer]:
    """One answer of each kind."""
    one = version(file(1), file(2, refused=HOSTILE), None, channel=NEW, text=HOSTILE, posted_at=MONDAY)
    forwarded = version(file(3), id=2, channel=NEW, text=HOSTILE, edited_at=MONDAY, forward=ForwardHeader(name=HOSTILE))
    made = built()
    # The ref of a post that is not archived may be but a name.
    revision = Revision(MONDAY, HOSTILE, MONDAY, HOSTILE, MONDAY, "forward_header", f"{HOSTILE} is earlier")
    pairs = ((file(1).sha256, file(2).sha256, match(1, 2)),)
    return [
        PictureAnswer(1, made, (file(1), file(2, refused=HOSTILE), file(3)), pairs, (revision,)),
        PostAnswer(
            NEW,
            10,
            "https://t.me/c/1500000002/10",
            3,
            True,
            MONDAY,
            (
                VersionAnswer(one, ((2, "not_found", HOSTILE),), HOSTILE, '{"id": 10}'),
                VersionAnswer(forwarded, (), None, "{}"),
            ),
            {1: 1},
        ),
        FileAnswer(file(1), f"/tmp/{HOSTILE}", 1, tuple(sightings())),  # noqa: S108 - only a name
        ChannelAnswer(coverage(), (Name(HOSTILE, HOSTILE, MONDAY, MONDAY),)),
    ]


CHECKS = [Check("good", True, HOSTILE), Check("bad", False, HOSTILE), Check("none", None, "")]
STATS = Stats({"posts": 3}, {"media": 10**10}, ("import folder", MONDAY, "done"))
VERIFIED = Verified(3, 4, (PROBLEM,), ("harmless",))
