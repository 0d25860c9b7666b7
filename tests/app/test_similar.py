"""The most similar files by descriptors: ranked, filtered, whole and inner picture alike."""

from collections.abc import Collection

import pytest

from provenance.app import similar
from provenance.app.similar import most_similar
from provenance.archive.descriptors import INNER
from provenance.core.matching import SIGNS_RADIUS
from tests.app.conftest import Desk
from tests.app.test_suggest import MODEL, Table, described


def asked(table: Table, desk: Desk, *left_out: int) -> list[tuple[int, float]]:
    def chosen(near: Collection[int]) -> Collection[int]:
        return set(near) - set(left_out)

    with desk.archive.read() as connection:
        return most_similar(desk.archive, connection, MODEL, [described(1)], SIGNS_RADIUS, 0.28, chosen)


@pytest.fixture
def table(desk: Desk) -> Table:
    """Four files: two more and more unlike the first, and one that holds it in a frame."""
    table = Table(desk)
    for away, key in ((0.0, MODEL), (0.3, MODEL), (0.6, MODEL), (0.1, MODEL + INNER)):
        table.describe(table.file(seed=10), described(1, away), key)
    return table


def test_the_most_similar_come_first(table: Table, desk: Desk) -> None:
    found = asked(table, desk)
    assert found[0][0] == 1
    assert found[0][1] == pytest.approx(1, abs=0.01)
    assert [value for _, value in found] == sorted((value for _, value in found), reverse=True)
    assert {4, 2} <= {file_id for file_id, _ in found}


def test_only_what_is_chosen_is_looked_at(table: Table, desk: Desk) -> None:
    assert {file_id for file_id, _ in asked(table, desk, 1, 4)}.isdisjoint({1, 4})


def test_the_nearest_by_their_signs_are_read(table: Table, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "_RANKED", 1)
    assert [file_id for file_id, _ in asked(table, desk)] == [1, 4]
