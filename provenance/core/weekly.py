"""A week's reposts, from the chains of all pictures that were seen in it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from provenance.core.answers import Coverage
from provenance.core.attendance import ChannelWeek
from provenance.core.chain import Chain, FirstSeen
from provenance.core.changed import Changed, in_order
from provenance.core.doubts import Doubt
from provenance.core.following import Following, Standing, following, standings
from provenance.core.matching import FLAT_BELOW
from provenance.core.model import PICTURES_OF_POSTS, Channel, Match, MatchKind, PeerKind, Sighting
from provenance.core.revised import Revision, Snapshot, Told
from provenance.core.rhythm import Hours
from provenance.core.times import dated

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

ALTERED = frozenset({MatchKind.TRANSFORMED, MatchKind.PARTIAL})
"""What an altered copy is to the first seen file."""

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week in a time zone; `start` is in it, `end` is not, both are in UTC."""

    name: str
    start: datetime
    end: datetime
    zone: tzinfo = field(default=UTC, compare=False)

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    @property
    def days(self) -> tuple[date, date]:
        """Its Monday and its Sunday."""
        monday = self.start.astimezone(self.zone).date()
        return monday, monday + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class ReportTime:
    """When the daemon makes its report: a weekday (0: Monday) and a time of day, in a time zone."""

    weekday: int
    at: time
    zone: tzinfo

    def due(self, now: datetime) -> tuple[str, datetime]:
        """Return the last week that should have been reported by `now`, and since when."""
        day = now.astimezone(self.zone).date()
        day -= timedelta(days=(day.weekday() - self.weekday) % 7)
        moment = self._on(day)
        if moment > now:  # in UTC: by the clock on the wall, an hour is missing in spring
            day -= timedelta(days=7)
            moment = self._on(day)
        return week_name(datetime.combine(day - timedelta(days=7), time(12), self.zone), self.zone), moment

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Counting:
    """What a report leaves aside, so that it does not drown the rest."""

    everything: bool = False
    """Leave nothing aside: stickers, thumbnails, flat and small images count, and what one channel repeats."""
    smallest_side: int = 64
    """Pixels along the shorter side below which an image is an emoji or an icon."""
    repeated_by_one: int = 3
    """From so many posts on, a picture that one channel alone has ever shown is its banner or its advertisement."""
    fast_channels: int = 3
    """The fastest spread is measured to this many channels."""


@dataclass(frozen=True, slots=True)
class Repost:
    """A picture and what happened to it in the week. `this_week` is in time order."""

    picture: int
    chain: Chain
    first: Sighting
    """The first archived sighting."""
    first_seen: FirstSeen
    this_week: tuple[Sighting, ...]

    @property
    def posts(self) -> int:
        """How many posts showed it this week; two files of one post are one."""
        return len({(each.channel.key, each.message_id) for each in self.this_week})

    @property
    def channels(self) -> int:
        """In how many channels it was posted this week."""
        return len({each.channel.key for each in self.this_week})

    @property
    def spread(self) -> timedelta:
        """From its first post of the week to the last."""
        return dated(self.this_week[-1]).at - dated(self.this_week[0]).at

    def match(self, sighting: Sighting) -> Match | None:
        """How a sighting's file relates to the first seen."""
        return self.chain.relation(sighting)

    @property
    def alone(self) -> int:
        """In how many posts one channel alone has ever shown it; 0 where others have, or are credited or proven to."""
        seen = [each for each in self.chain.sightings if each.channel.kind is not PeerKind.COLLECTION]
        if len({each.channel.key for each in seen}) > 1 or self.chain.unarchived or any(each.forward for each in seen):
            return 0
        return len({each.message_id for each in seen})

    def reached(self, channels: int) -> timedelta | None:
        """How long after its first post of the week that many channels had shown it; None where they have not."""
        known = set()
        for each in self.this_week:
            known.add(each.channel.key)
            if len(known) == channels:
                return dated(each).at - dated(self.this_week[0]).at
        return None

    @property
    def altered(self) -> list[tuple[Sighting, Match]]:
        """This week's files that are the first seen one cropped, mirrored, framed..., each once."""
        found: dict[int, tuple[Sighting, Match]] = {}
        for each in self.this_week:
            match = self.match(each)
            if match is not None and match.kind in ALTERED:
                found.setdefault(each.file.id, (each, match))
        return list(found.values())

    @property
    def age(self) -> timedelta:
        """How long before this week's first post it had been seen."""
        return dated(self.this_week[0]).at - self.first_seen.at


@dataclass(frozen=True, slots=True)
class Report:
    """The weekly report. A picture can be both reposted (spread in the week) and recycled (seen before it)."""

    week: Week
    posts: int
    images: int
    pictures: int
    reposted: tuple[Repost, ...]
    recycled: tuple[Repost, ...]
    originators: tuple[tuple[Channel, int], ...]
    """Channels by how many of the reposted and recycled pictures they showed first."""
    repeaters: tuple[tuple[Channel, int], ...]
    """Channels by how many of this week's sightings of those pictures were not the first."""
    changed: tuple[Changed, ...]
    coverage: Coverage
    new: tuple[int, ...]
    """Pictures that were first seen in the week."""
    repeated: tuple[Repost, ...]
    """What one channel alone shows again and again; it stands in no other list."""
    fastest: tuple[Repost, ...]
    """Pictures that reached several channels in the week, the fastest first."""
    following: tuple[Following, ...]
    standings: tuple[Standing, ...]
    counting: Counting
    doubts: tuple[Doubt, ...] = ()
    channels: tuple[ChannelWeek, ...] = ()
    hours: Hours | None = None
    revision: Revision | None = None
    """What the report made before of this week did not say."""
    over: bool = True
    """Whether the week had ended when the report was made."""

    @property
    def told(self) -> tuple[Repost, ...]:
        """Every picture that was reposted or recycled, once."""
        return tuple({each.picture: each for each in (*self.recycled, *self.reposted)}.values())

    @property
    def snapshot(self) -> Snapshot:
        """What a later report of the week is compared with."""
        pictures = {
            each.picture: Told(
                f"{each.first_seen.ref} at {each.first_seen.at:%Y-%m-%dT%H:%M:%SZ}",
                frozenset(seen.ref for seen in each.this_week),
            )
            for each in (*self.told, *self.repeated)
        }
        return Snapshot(self.posts, pictures)

    @property
    def altered(self) -> list[tuple[Repost, Sighting, Match]]:
        """The altered copies of the week, with what is known of each beside the first seen file."""
        return [(each, *found) for each in self.told for found in each.altered]


def week(name: str, zone: tzinfo) -> Week:
    """Return the ISO week called `name` ("2024-W52") in `zone`. Raises ValueError for anything else."""
    found = _WEEK.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is not a week like 2024-W52")
    year, number = int(found[1]), int(found[2])
    try:
        monday = date.fromisocalendar(year, number, 1)
        days = (monday, monday + timedelta(days=7))
        start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in days)
    except OverflowError as error:
        raise ValueError(f"{name!r} lies outside the calendar") from error
    except ValueError as error:
        raise ValueError(f"the year {year} has no week {number}") from error
    return Week(name, start, end, zone)


def week_name(at: datetime, zone: tzinfo) -> str:
    """Return the name of the ISO week that `at` lies in."""
    year, number, _ = at.astimezone(zone).isocalendar()
    return f"{year}-W{number:02}"


def is_shown(sighting: Sighting, counting: Counting = Counting()) -> bool:
    """Whether a report counts the sighting: an image that somebody posted, with a shape of its own.

    Collections are never posts.
    """
    if sighting.channel.kind is PeerKind.COLLECTION:
        return False
    file = sighting.file
    small = 0 < min(file.width or 0, file.height or 0) < counting.smallest_side
    return counting.everything or (sighting.kind in PICTURES_OF_POSTS and file.quality >= FLAT_BELOW and not small)


def build(
    when: Week,
    chains: Iterable[tuple[int, Chain]],
    posts: int,
    changed: Iterable[Changed],
    coverage: Coverage,
    counting: Counting = Counting(),
) -> Report:
    """Sort the chains (picture, chain) of everything seen in the week into a report.

    Of what was shown once, only its count is kept: `chains` may be more than fit into memory.
    """
    again, new, images, pictures = [], [], 0, 0
    for each in (_repost(when, *item, counting) for item in chains):
        if each is None:
            continue
        images, pictures = images + len(each.this_week), pictures + 1
        if when.holds(each.first_seen.at):
            new.append(each.picture)
        if each.posts > 1 or each.first_seen.at < when.start:
            again.append(each)
    repeated = [] if counting.everything else [each for each in again if each.alone >= counting.repeated_by_one]
    aside = {each.picture for each in repeated}
    told = [each for each in again if each.picture not in aside]
    reposted = [each for each in told if each.posts > 1]
    recycled = [each for each in told if each.first_seen.at < when.start]
    fast = {each.picture: reached for each in told if (reached := each.reached(counting.fast_channels)) is not None}
    weeks = [each.this_week for each in told]
    return Report(
        week=when,
        posts=posts,
        images=images,
        pictures=pictures,
        reposted=tuple(sorted(reposted, key=lambda each: (-each.channels, -len(each.this_week), each.picture))),
        recycled=tuple(sorted(recycled, key=lambda each: (-each.age, each.picture))),
        originators=_ranked(each.first.channel for each in told if each.first_seen.archived),
        repeaters=_ranked(
            sighting.channel for each in told for sighting in each.this_week if sighting is not each.first
        ),
        changed=in_order(changed),
        coverage=coverage,
        new=tuple(sorted(new)),
        repeated=tuple(sorted(repeated, key=lambda each: (-each.posts, each.picture))),
        fastest=tuple(
            sorted((each for each in told if each.picture in fast), key=lambda each: (fast[each.picture], each.picture))
        ),
        following=following(weeks),
        standings=standings(weeks),
        counting=counting,
    )


def _repost(when: Week, picture: int, chain: Chain, counting: Counting) -> Repost | None:
    this_week = tuple(each for each in chain.sightings if is_shown(each, counting) and when.holds(dated(each).at))
    if not this_week or chain.first is None or chain.first_seen is None:
        return None
    return Repost(picture, chain, chain.first, chain.first_seen, this_week)


def _ranked(channels: Iterable[Channel]) -> tuple[tuple[Channel, int], ...]:
    by_key: dict[tuple[PeerKind, int], Channel] = {}
    counts: Counter[tuple[PeerKind, int]] = Counter()
    for channel in channels:
        by_key[channel.key] = channel
        counts[channel.key] += 1
    ranking: Sequence[tuple[tuple[PeerKind, int], int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((by_key[key], count) for key, count in ranking)
