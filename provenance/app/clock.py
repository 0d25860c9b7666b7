"""The only clock: what the archive writes as "observed" is this time."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware, in UTC, to the second: more would pretend."""
    return datetime.now(UTC).replace(microsecond=0)
