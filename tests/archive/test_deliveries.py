"""Which report goes to whom: queued once, taken by one, confirmed once, put off, given up."""

from datetime import timedelta

import pytest

from provenance.archive import deliveries, schema
from provenance.archive.deliveries import ATTEMPTS, Delivery
from tests.archive.conftest import Desk
from tests.core.build import NOON, hour

DESK, MAIL = "folder:/desk", "mailto:editor@example.org"


@pytest.fixture
def office(desk: Desk) -> Desk:
    """An archive with a run and no reports."""
    desk.start()
    return desk


def made(desk: Desk, sha256: str = "a", week: str = "2024-W51") -> int:
    row = {"run_id": desk.run, "week": week, "made_at": NOON, "sha256": sha256 * 64}
    with desk.archive.write() as connection:
        found: int = connection.scalar(schema.reports.insert().returning(schema.reports.c.id), row)
    return found


def queue(desk: Desk, report: int, *targets: str, by_hand: bool = False) -> None:
    with desk.archive.write() as connection:
        deliveries.queue(connection, report, targets, NOON, by_hand=by_hand)


def due(desk: Desk, *standing: str, hours: int = 0) -> list[Delivery]:
    with desk.archive.read() as connection:
        return deliveries.due(connection, hour(hours), standing)


def confirm(desk: Desk, delivery: Delivery) -> None:
    with desk.archive.write() as connection:
        deliveries.confirm(connection, delivery, NOON)


def test_the_newest_report_of_a_week(office: Desk) -> None:
    made(office, "a")
    last = made(office, "b")
    made(office, "c", "2024-W50")
    with office.archive.read() as connection:
        found = deliveries.newest(connection, "2024-W51")
        assert found == deliveries.Made(last, "2024-W51", "b" * 64)
        assert deliveries.newest(connection, "2024-W51", NOON) == found
        assert deliveries.newest(connection, "2024-W51", hour(1)) is None
        assert deliveries.newest(connection, "2024-W49") is None


def test_each_target_has_its_delivery(office: Desk) -> None:
    queue(office, made(office), DESK, MAIL, DESK)
    assert [each.target for each in due(office, DESK, MAIL)] == [DESK, MAIL]
    confirm(office, due(office, DESK, MAIL)[0])
    assert [each.target for each in due(office, DESK, MAIL)] == [MAIL]


def test_a_target_that_confirmed_it_does_not_get_the_same_again(office: Desk) -> None:
    queue(office, made(office, "a"), DESK)
    confirm(office, due(office, DESK)[0])
    queue(office, made(office, "a"), DESK)
    assert due(office, DESK) == []
    queue(office, made(office, "b"), DESK)
    assert [each.report.sha256 for each in due(office, DESK)] == ["b" * 64]


def test_a_newer_report_of_the_week_takes_the_place_of_one_that_waits(office: Desk) -> None:
    queue(office, made(office, "a"), DESK)
    queue(office, made(office, "x", "2024-W50"), DESK)
    (old, _) = due(office, DESK)
    with office.archive.write() as connection:
        deliveries.put_off(connection, old, "down", hour(5))
    last = made(office, "b")
    queue(office, last, DESK)
    found = due(office, DESK)
    assert {(each.report.week, each.report.sha256[0], each.attempts, each.trouble) for each in found} == {
        ("2024-W51", "b", 0, None),
        ("2024-W50", "x", 0, None),
    }
    # Who was just delivering the old one neither confirms nor puts off the new one.
    confirm(office, old)
    with office.archive.write() as connection:
        deliveries.put_off(connection, old, "down", hour(5))
    assert due(office, DESK) == found


def test_what_the_settings_do_not_name_any_more_stays(office: Desk) -> None:
    queue(office, made(office), DESK)
    queue(office, made(office), MAIL, by_hand=True)
    assert [each.target for each in due(office)] == [MAIL]
    # The wish of the settings outlives that of a command.
    queue(office, made(office), MAIL)
    assert due(office) == []


def test_one_takes_it_and_nobody_else_meanwhile(office: Desk) -> None:
    queue(office, made(office), DESK)
    (delivery,) = due(office, DESK)
    with office.archive.write() as connection:
        assert deliveries.take(connection, delivery, hour(1))
        assert not deliveries.take(connection, delivery, hour(1))
    assert due(office, DESK) == []
    # Who took it is gone without a word.
    (again,) = due(office, DESK, hours=1)
    assert again.attempts == 1


def test_it_is_put_off_and_in_the_end_given_up(office: Desk) -> None:
    queue(office, made(office), DESK)
    for number in range(ATTEMPTS):
        (delivery,) = due(office, DESK, hours=number)
        with office.archive.write() as connection:
            assert deliveries.take(connection, delivery, hour(number + 1))
            deliveries.put_off(connection, delivery, f"trouble {number}\0", hour(number + 1))
        assert due(office, DESK, hours=number) == []
    assert due(office, DESK, hours=10_000) == []
    with office.archive.read() as connection:
        (last,) = deliveries.open_ones(connection)
    assert last.given_up
    assert last.trouble is not None
    assert last.trouble.startswith(f"trouble {ATTEMPTS - 1}")
    assert last.retry_at == NOON + timedelta(hours=ATTEMPTS)
    queue(office, made(office), DESK)
    assert [each.attempts for each in due(office, DESK)] == [0]
