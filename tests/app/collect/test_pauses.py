"""Pauses grow, end at a longest one, and never come back in step."""

from datetime import UTC, datetime

import pytest

from provenance.app.collect import pauses

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("table", [pauses.DOWNLOADS, pauses.CHANNELS, pauses.CONNECTIONS])
def test_every_pause_is_longer_than_the_one_before(table: tuple[float, ...]) -> None:
    assert list(table) == sorted(set(table))
    longest = [max(pauses.after(attempt, table) for _ in range(50)) for attempt in range(len(table))]
    shortest = [min(pauses.after(attempt, table) for _ in range(50)) for attempt in range(len(table))]
    assert all(before < after for before, after in zip(longest, shortest[1:], strict=False))


@pytest.mark.parametrize("attempts", [3, 4, 1000])
def test_the_last_pause_stays(attempts: int) -> None:
    assert 8 <= pauses.after(attempts, (1, 2, 4, 8)) <= 10


def test_chance_adds_up_to_a_quarter_and_takes_nothing() -> None:
    found = [pauses.after(0, (100,)) for _ in range(200)]
    assert 100 <= min(found) < 105
    assert 120 < max(found) <= 125


def test_until_counts_from_now() -> None:
    assert 60 <= (pauses.until(NOW, 1, pauses.CHANNELS) - NOW).total_seconds() <= 75
    assert 86_400 <= (pauses.until(NOW, 99, pauses.CHANNELS) - NOW).total_seconds() <= 108_000
