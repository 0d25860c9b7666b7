"""What users set apart: kept, told by sides, and withdrawn."""

from datetime import timedelta

from provenance.archive import derive, matches, read, schema, separations
from provenance.core.model import Confidence, Match, MatchKind
from tests.archive.conftest import Desk, arrived, stored
from tests.core.build import NOON


def test_both_sides_are_known_until_it_is_withdrawn(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    with desk.archive.write() as connection:
        made = separations.add(connection, desk.run, NOON, [3], [1, 2])
        assert sorted(separations.sides(connection, [1, 3])) == [(1, (made, 1)), (3, (made, 0))]
        later = NOON + timedelta(hours=1)
        assert sorted(separations.withdraw(connection, made, later)) == [1, 2, 3]
        assert separations.withdraw(connection, made, later) == []
        assert separations.sides(connection, [1, 2, 3]) == []
        (listed,) = separations.listed(connection)
    assert (listed.id, listed.at, listed.withdrawn_at) == (made, NOON, later)
    assert listed.off == (stored(b"c").sha256,)
    assert listed.rest == (stored(b"a").sha256, stored(b"b").sha256)


def test_a_dissolved_picture_waits_to_be_resolved_anew(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    desk.measure(b"a", b"b", b"c")
    same = Match(MatchKind.RECOMPRESSED, "phash", 2, Confidence.CERTAIN)
    with desk.archive.write() as connection:
        derive.save_partition(connection, {1: 1, 2: 1, 3: 3}, {})
        matches.save(connection, [(1, 2, same)])
        connection.execute(schema.unresolved.delete())
        separations.dissolve(connection, [1])
        assert read.picture_of(connection, [1, 2, 3]) == {3: 3}
        assert derive.without_picture(connection) == [1, 2]
    assert desk.rows(schema.matches) == []
    assert [row.id for row in desk.rows(schema.pictures)] == [3]
