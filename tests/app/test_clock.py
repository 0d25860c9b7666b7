from datetime import UTC, datetime, timedelta

from provenance.app import clock


def test_now_is_utc_to_the_second() -> None:
    before = datetime.now(UTC)
    now = clock.now()
    assert now.utcoffset() == timedelta(0)
    assert now.microsecond == 0
    assert before - timedelta(seconds=1) < now <= datetime.now(UTC)
