"""How much of a week the archive has seen of each channel: the ground on which a report stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provenance.core.model import Channel
from provenance.core.wording import counted


class State(StrEnum):
    """What can be said of a channel's week."""

    COVERED = "covered"
    """Posts of the week are archived, and nothing between them is unknown."""
    PARTLY = "partly"
    """Posts of the week are archived, others may exist."""
    SILENT = "silent"
    """It was asked for, and there was nothing."""
    NOT_COVERED = "not_covered"
    """Nothing is archived of the week, and nobody knows whether there was anything."""


@dataclass(frozen=True, slots=True)
class ChannelWeek:
    """A channel in the week."""

    channel: Channel
    posts: int
    images: int
    """With a file."""
    missing: int
    """Images without a file."""
    absent: int
    """Ids that were asked for and hold no post: deleted before, or never one."""
    unknown: int
    """Ids that nobody has asked for, between posts that are archived."""
    from_start: bool
    """Whether the archive knows the channel's last post before the week, or that there was none."""
    to_end: bool
    """Whether it knows a post after the week, or has asked for newer ones since."""
    latest: datetime | None
    """The latest post in the archive up to the week's end."""

    @property
    def state(self) -> State:
        whole = self.from_start and self.to_end and not self.unknown
        if self.posts:
            return State.COVERED if whole else State.PARTLY
        return State.SILENT if whole else State.NOT_COVERED

    @property
    def words(self) -> str:
        """What is to be known about it, in words."""
        absent = f"{counted(self.absent, 'post number')} without a post" if self.absent else ""
        if self.state is State.SILENT:
            # What was deleted before anybody asked may have been of this week.
            return "; ".join(filter(None, ("silent: no posts in this week", absent)))
        if self.state is State.NOT_COVERED and not self.latest:
            return "not covered: the archive begins after this week" if self.to_end else "not covered"
        if self.state is State.NOT_COVERED:
            return f"not covered: nothing newer than {self.latest:%Y-%m-%d %H:%M} UTC was asked for"
        said = [
            "" if self.from_start else "begins within the week",
            "" if self.to_end else f"known up to {self.latest:%Y-%m-%d %H:%M} UTC only",
            f"{counted(self.unknown, 'post number')} not asked for" if self.unknown else "",
            absent,
        ]
        return "; ".join(filter(None, said)) or "covered"
