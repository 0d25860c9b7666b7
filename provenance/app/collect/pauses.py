"""How long to leave something alone that did not work, longer each time."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
DOWNLOADS = (2, 5, 15, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 12 * _HOUR, _DAY, 7 * _DAY)
"""Seconds after a download that failed: most failures pass at once, the rest hardly ever."""
CHANNELS = (5, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 12 * _HOUR, _DAY)
"""Seconds after a channel could not be read."""
DELIVERIES = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 12 * _HOUR, _DAY)
"""Seconds after a report could not be delivered."""
CONNECTIONS = (0.2, 0.5, 1, 2, 5, 10, 20, 60)
"""Seconds after the connection was lost."""


def after(attempts: int, pauses: Sequence[float]) -> float:
    """Return the seconds to wait after so many failed attempts before, up to a quarter more by chance.

    Chance keeps many clients from coming back in step.
    """
    return pauses[min(attempts, len(pauses) - 1)] * random.uniform(1, 1.25)  # noqa: S311 - no secret


def until(now: datetime, attempts: int, pauses: Sequence[float]) -> datetime:
    """Return when to try again."""
    return now + timedelta(seconds=after(attempts, pauses))
