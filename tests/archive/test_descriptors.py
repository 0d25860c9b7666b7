from collections.abc import Sequence

import sqlalchemy as sa

from provenance.archive import descriptors, schema
from provenance.archive.store import Archive
from tests.archive.conftest import Desk, arrived

MODEL = "sscd-0123456789ab"


def undescribed(archive: Archive, model: str = MODEL, *, since: bool = False) -> list[int]:
    with archive.read() as connection:
        return [number for number, _ in descriptors.undescribed(connection, model, arrived=since)]


def save(archive: Archive, *seen: tuple[int, str | None], made: Sequence[tuple[int, str, bytes, bytes]] = ()) -> None:
    with archive.write() as connection:
        descriptors.save(connection, MODEL, seen, made)


def three(desk: Desk) -> list[int]:
    """Three files, the first two measured."""
    desk.add(arrived(1, b"one", b"two", b"three"))
    return desk.measure(b"one", b"two")


def test_what_is_measured_waits_until_it_has_been_seen(desk: Desk) -> None:
    one, two = three(desk)
    assert undescribed(desk.archive) == [one, two]
    save(desk.archive, (one, None))
    assert undescribed(desk.archive) == [two]
    # Also where it could not be described: trying again would end in the same way.
    save(desk.archive, (two, "no image"))
    assert undescribed(desk.archive) == []


def test_another_model_has_seen_nothing(desk: Desk) -> None:
    one, two = three(desk)
    save(desk.archive, (one, None), (two, None))
    assert undescribed(desk.archive, "sscd-another") == [one, two]


def test_what_is_resolved_has_not_come_in_since(desk: Desk) -> None:
    one, two = three(desk)
    with desk.archive.write() as connection:
        connection.execute(schema.unresolved.delete().where(schema.unresolved.c.file_id == one))
    assert undescribed(desk.archive, since=True) == [two]
    assert undescribed(desk.archive) == [one, two]


def test_a_descriptor_comes_back_as_it_was_written(desk: Desk) -> None:
    one, two = three(desk)
    inner = MODEL + descriptors.INNER
    made = [
        (one, MODEL, b"s" * 64, b"v" * 512),
        (one, inner, b"t" * 64, b"w" * 512),
        (two, MODEL, b"u" * 64, b"x" * 512),
    ]
    save(desk.archive, (one, None), (two, None), made=made)
    with desk.archive.read() as connection:
        assert descriptors.values(connection, MODEL, [one, two, 99]) == {
            one: (b"s" * 64, b"v" * 512),
            two: (b"u" * 64, b"x" * 512),
        }
        assert descriptors.values(connection, inner, [one, two]) == {one: (b"t" * 64, b"w" * 512)}


def test_what_another_process_wrote_meanwhile_stays(desk: Desk) -> None:
    one, _ = three(desk)
    save(desk.archive, (one, None), made=[(one, MODEL, b"s" * 64, b"v" * 512)])
    save(desk.archive, (one, "problem"), made=[(one, MODEL, b"z" * 64, b"z" * 512)])
    with desk.archive.read() as connection:
        assert descriptors.values(connection, MODEL, [one]) == {one: (b"s" * 64, b"v" * 512)}
        problem = sa.select(schema.inspections.c.problem).where(schema.inspections.c.tool == MODEL)
        assert connection.scalar(problem) is None


def test_the_signs_are_found_by_their_distance(desk: Desk) -> None:
    one, two = three(desk)
    made = [(one, MODEL, b"\0" * 64, b""), (two, MODEL, b"\xff" + b"\0" * 63, b"")]
    save(desk.archive, made=made)
    signs = desk.archive.signs(MODEL)
    with desk.archive.read() as connection:
        assert signs.near(connection, b"\0" * 64, 8) == [(0, one), (8, two)]
        assert signs.update(connection) == 2
        assert signs.near(connection, b"\0" * 64, 7) == [(0, one)]
        # The codes of another algorithm are another file.
        assert [file_id for _, file_id in desk.archive.codes.near(connection, b"\0" * 32, 256)] == [one, two]
