"""When posts were made: the hours of a week, and how a picture's posts and channels add up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from provenance.core.model import PeerKind, Sighting
from provenance.core.times import dated

HOURS = 24
DAYS = 7


@dataclass(frozen=True, slots=True)
class Hours:
    """Posts by weekday (0: Monday) and hour in a time zone."""

    counts: tuple[tuple[int, ...], ...]
    zone: str

    @property
    def most(self) -> int:
        return max(map(max, self.counts))


@dataclass(frozen=True, slots=True)
class Step:
    """How many posts and channels had shown a picture by then."""

    at: datetime
    posts: int
    channels: int


def hours(times: Iterable[datetime], zone: tzinfo) -> Hours:
    """Count the times by weekday and hour, as the clocks of the zone showed them."""
    counts = [[0] * HOURS for _ in range(DAYS)]
    for at in times:
        local = at.astimezone(zone)
        counts[local.weekday()][local.hour] += 1
    return Hours(tuple(map(tuple, counts)), str(zone))


def spread(sightings: Sequence[Sighting]) -> tuple[Step, ...]:
    """Return the steps by which a picture spread, one for each time; two files of one post count once."""
    posts: set[tuple[tuple[PeerKind, int], int]] = set()
    channels: set[tuple[PeerKind, int]] = set()
    steps: dict[datetime, Step] = {}
    for at, each in sorted(((dated(each).at, each) for each in sightings), key=lambda pair: pair[0]):
        posts.add((each.channel.key, each.message_id))
        channels.add(each.channel.key)
        steps[at] = Step(at, len(posts), len(channels))
    return tuple(steps.values())
