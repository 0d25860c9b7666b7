"""Matches as they are written down and read back."""

import pytest

from provenance.archive import matches, schema
from provenance.core.model import Confidence, Match, MatchKind
from tests.archive.conftest import Desk, arrived

PARTIAL = Match(
    MatchKind.PARTIAL,
    "descriptor",
    256,
    Confidence.STRONG,
    mirrored=True,
    rotated=25,
    similarity=0.71,
    inliers=120,
    region=(0.1, 0.2, 0.5, 0.5),
    visible=0.25,
    scale=2.0,
    matrix=(0.5, 0.0, 0.1, 0.0, 0.5, 0.2),
    reason="the pixels agree but for little",
)
HASHED = Match(MatchKind.TRANSFORMED, "phash", 12, Confidence.CERTAIN, False, 90)


@pytest.mark.parametrize("match", [PARTIAL, HASHED])
def test_a_match_comes_back_as_it_was(desk: Desk, match: Match) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    with desk.archive.write() as connection:
        matches.save(connection, [(1, 2, match)])
    with desk.archive.read() as connection:
        assert matches.among(connection, [2, 1]) == [(1, 2, match)]
        assert matches.among(connection, [2, 3]) == []


def test_what_was_recorded_first_stays(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b"))
    for match in (HASHED, Match(MatchKind.RECOMPRESSED, "phash", 2, Confidence.STRONG)):
        with desk.archive.write() as connection:
            matches.save(connection, [(1, 2, match)])
    with desk.archive.read() as connection:
        assert matches.among(connection, [1, 2]) == [(1, 2, HASHED)]


def test_a_match_is_told_from_the_lower_file(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b"))
    with desk.archive.write() as connection, pytest.raises(ValueError, match="from 2 to 1"):
        matches.save(connection, [(2, 1, HASHED)])


def test_what_is_forgotten_is_gone_whichever_file_is_named(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    with desk.archive.write() as connection:
        matches.save(connection, [(1, 2, HASHED), (2, 3, HASHED), (1, 3, PARTIAL)])
        matches.forget(connection, [2])
    assert [(row.file_a, row.file_b) for row in desk.rows(schema.matches)] == [(1, 3)]
