"""When a moment that a file tells may have been in UTC, and how it is written down for people."""

from datetime import UTC, datetime, timedelta

from provenance.core.metadata import EAST, WEST, Moment

_DAY = timedelta(days=1)


def window(moment: Moment) -> tuple[datetime, datetime]:
    """Return the earliest and the latest time in UTC that is meant."""
    if moment.utc is not None:
        return moment.utc, moment.utc
    local = moment.local.replace(tzinfo=UTC)
    return local - EAST, local + WEST + (_DAY if moment.whole_day else timedelta())


def apart(one: Moment, other: Moment) -> timedelta:
    """Return how far two moments lie apart at least."""
    (from_one, to_one), (from_other, to_other) = window(one), window(other)
    return max(from_one - to_other, from_other - to_one, timedelta())


def at_least(moment: Moment, gap: str) -> str:
    """Say of a gap that was measured from the nearer end of a window that it may be wider."""
    return gap if moment.utc is not None else f"at least {gap}"


def told(moment: Moment) -> str:
    """Return it as the file tells it, with its zone or the word that there is none."""
    if moment.whole_day:
        return f"{moment.local:%Y-%m-%d}"
    words = f"{moment.local:%Y-%m-%d %H:%M:%S}"
    if moment.offset is None:
        return f"{words} (no time zone given)"
    minutes = round(moment.offset.total_seconds() / 60)
    return f"{words} {'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def source(moment: Moment) -> str:
    """Return where it stood and what it says."""
    return f"{moment.block.words} {moment.tag}: {told(moment)}"
