"""Who showed the week's pictures first, and who came after, by how much. It never says that anybody copied.

Only times that somebody vouches for are compared, and of two posts of one second nobody was first.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from provenance.core.model import Channel, PeerKind, Sighting
from provenance.core.times import dated

_Key = tuple[PeerKind, int]


@dataclass(frozen=True, slots=True)
class Following:
    """How often one channel showed a picture after another that had been the first of the week with it."""

    leader: Channel
    follower: Channel
    pictures: int
    median: timedelta
    quickest: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel among all: with how many pictures it was the first of the week, with how many it came after."""

    channel: Channel
    first: int
    after: int
    median: timedelta | None
    """How much it came after the first; None where it never did."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The busiest channels, and {(leader, follower): pictures} by their numbers among these."""

    channels: tuple[Channel, ...]
    pictures: dict[tuple[int, int], int]
    left_out: int
    """Channels that there was no room for."""


def following(weeks: Iterable[Sequence[Sighting]]) -> tuple[Following, ...]:
    """Return the pairs of channels, most pictures first; `weeks` are the sightings of each picture in the week."""
    channels: dict[_Key, Channel] = {}
    delays: dict[tuple[_Key, _Key], list[timedelta]] = defaultdict(list)
    for seen in weeks:
        firsts: dict[_Key, datetime] = {}
        for each in seen:
            when = dated(each)
            if when.vouched:
                channels[each.channel.key] = each.channel
                firsts[each.channel.key] = min(when.at, firsts.get(each.channel.key, when.at))
        in_order = sorted(firsts.items(), key=lambda item: (item[1], item[0]))
        if len(in_order) < 2 or in_order[0][1] == in_order[1][1]:
            continue
        (leader, begin), *others = in_order
        for follower, at in others:
            delays[leader, follower].append(at - begin)
    found = [
        Following(channels[leader], channels[follower], len(each), _median(each), min(each))
        for (leader, follower), each in delays.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.pictures, each.median, each.leader.key, each.follower.key)))


def standings(weeks: Sequence[Sequence[Sighting]]) -> tuple[Standing, ...]:
    """Return every channel that led or followed, the most frequent leaders first."""
    channels: dict[_Key, Channel] = {}
    first: Counter[_Key] = Counter()
    delays: dict[_Key, list[timedelta]] = defaultdict(list)
    for seen in weeks:
        pairs = following([seen])
        for each in pairs:
            channels |= {each.leader.key: each.leader, each.follower.key: each.follower}
            delays[each.follower.key].append(each.median)
        if pairs:
            first[pairs[0].leader.key] += 1
    found = [
        Standing(each, first[key], len(known), _median(known) if known else None)
        for key, each in channels.items()
        for known in [delays.get(key, [])]
    ]
    return tuple(sorted(found, key=lambda each: (-each.first, -each.after, each.channel.key)))


def _median(delays: Sequence[timedelta]) -> timedelta:
    return timedelta(seconds=median(each.total_seconds() for each in delays))


def matrix(pairs: Sequence[Following], most: int) -> Matrix:
    """Lay the pairs out as rows of leaders and columns of followers, with the `most` busiest channels."""
    channels: dict[_Key, Channel] = {}
    weight: Counter[_Key] = Counter()
    for each in pairs:
        for channel in (each.leader, each.follower):
            channels[channel.key] = channel
            weight[channel.key] += each.pictures
    kept = sorted(channels, key=lambda key: (-weight[key], key))[:most]
    number = {key: place for place, key in enumerate(kept)}
    shown = {
        (number[each.leader.key], number[each.follower.key]): each.pictures
        for each in pairs
        if each.leader.key in number and each.follower.key in number
    }
    return Matrix(tuple(channels[key] for key in kept), shown, len(channels) - len(kept))
