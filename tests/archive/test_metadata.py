"""What files tell about themselves: kept whole, read back the same, and never twice."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from provenance.archive import derive, metadata, schema
from provenance.archive.metadata import LARGEST, Reading
from provenance.core.metadata import Block, Camera, Edit, Metadata, Moment, Place
from tests.archive.conftest import TELLING, Desk, arrived
from tests.core.build import codes


@pytest.fixture
def filed(desk: Desk) -> Desk:
    """Files 1 and 2."""
    desk.add(arrived(1, b"one"), arrived(2, b"two"))
    return desk


def save(desk: Desk, *readings: Reading) -> None:
    with desk.archive.write() as connection:
        metadata.save(connection, readings)


def loaded(desk: Desk) -> dict[int, Metadata]:
    with desk.archive.read() as connection:
        return metadata.load(connection, [1, 2])


def waiting(desk: Desk, **how: Any) -> list[int]:
    with desk.archive.read() as connection:
        return [file_id for file_id, _ in metadata.unread(connection, **how)]


def test_what_was_read_comes_back_as_it_was(filed: Desk) -> None:
    save(filed, Reading(1, TELLING), Reading(2, problem="cannot be read"))
    assert loaded(filed) == {1: TELLING}
    assert [(row.file_id, row.problem) for row in filed.rows(schema.inspections)] == [(1, None), (2, "cannot be read")]


def test_each_file_is_read_once(filed: Desk) -> None:
    assert waiting(filed) == [1, 2]
    save(filed, Reading(1, TELLING))
    assert waiting(filed) == [2]
    save(filed, Reading(1, Metadata()), Reading(2, problem="no"))
    assert waiting(filed) == []
    assert loaded(filed) == {1: TELLING}


def test_another_version_reads_everything_anew(filed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    save(filed, Reading(1, TELLING), Reading(2, TELLING))
    monkeypatch.setattr(metadata, "VERSION", metadata.VERSION + 1)
    assert waiting(filed) == [1, 2]
    assert loaded(filed) == {}
    save(filed, Reading(1, Metadata(format="PNG")))
    assert loaded(filed) == {1: Metadata(format="PNG")}


def test_what_has_arrived_is_what_is_not_resolved(filed: Desk) -> None:
    filed.chain(1, [1])
    assert waiting(filed, arrived=True) == [2]
    assert waiting(filed) == [1, 2]


def test_it_is_thrown_away_with_all_that_is_derived(filed: Desk) -> None:
    save(filed, Reading(1, TELLING))
    with filed.archive.write() as connection:
        derive.clear(connection)
    assert loaded(filed) == {}
    assert [filed.rows(each) for each in (schema.traits, schema.captures, schema.fingerprints)] == [[], [], []]


def test_values_are_kept_as_they_are_compared(filed: Desk) -> None:
    save(filed, Reading(1, replace(TELLING, camera=Camera("  MAKER  Inc ", "x" * 300, "\0sn"), software=("A", "a"))))
    found = {(row.trait, row.value) for row in filed.rows(schema.traits)}
    assert {("make", "maker inc"), ("model", "x" * 200), ("camera_serial", "\ufffdsn"), ("software", "a")} <= found


@pytest.mark.parametrize(
    ("local", "offset", "minutes", "has_utc"),
    [
        (datetime(2024, 12, 17, 9), timedelta(0), 0, True),  # noqa: DTZ001
        (datetime(2024, 12, 17, 9), timedelta(hours=-9, minutes=-30), -570, True),  # noqa: DTZ001
        (datetime(2024, 12, 17, 9), None, None, False),  # noqa: DTZ001
        (datetime(1, 1, 1), timedelta(hours=9), 540, False),  # noqa: DTZ001
    ],
)
def test_times_keep_their_zone_or_the_lack_of_one(
    filed: Desk, local: datetime, offset: timedelta | None, minutes: int | None, has_utc: bool
) -> None:
    save(filed, Reading(1, Metadata(captured=(Moment(local, offset, Block.EXIF, "DateTimeOriginal"),))))
    (row,) = filed.rows(schema.captures)
    assert (row.taken_at, row.offset_minutes, row.taken_at_utc is not None) == (local, minutes, has_utc)
    assert loaded(filed)[1].captured[0].local == local


def test_places_that_are_none_are_not_searched(filed: Desk) -> None:
    places = tuple(Place(*each, None, None, None, Block.GPS) for each in ((91.0, 0.0), (0.0, 181.0), (-45.5, 170.25)))
    save(filed, Reading(1, Metadata(places=places)))
    assert [(row.latitude, row.longitude) for row in filed.rows(schema.captures)] == [(-45.5, 170.25)]
    assert loaded(filed)[1].places == places


def test_the_thumbnail_that_differs_most_is_searched(filed: Desk) -> None:
    (one,) = TELLING.thumbnails
    others = (replace(one, codes=codes(2), distance=3), one, replace(one, codes=b"short", distance=200))
    save(filed, Reading(1, replace(TELLING, thumbnails=others)))
    with filed.archive.read() as connection:
        assert metadata.thumbnail_codes(connection, [1, 2]) == {1: (one.codes, one.quality)}
        assert filed.archive.thumbnails.near(connection, one.codes, 0) == [(0, 1)]
        assert filed.archive.codes.near(connection, one.codes, 256) == []


def test_too_much_is_kept_without_its_texts(filed: Desk) -> None:
    edits = tuple(Edit("saved", "x" * 100, None, None) for _ in range(LARGEST // 100))
    save(filed, Reading(1, replace(TELLING, history=edits)))
    kept = loaded(filed)[1]
    assert (kept.history, kept.camera, kept.captured) == ((), TELLING.camera, TELLING.captured)
    assert "not kept" in kept.unread[0][1]


@pytest.mark.parametrize(
    "told",
    [
        Metadata(format="\ud800"),
        Metadata(places=(Place(float("nan"), 0.0, None, None, None, Block.GPS),)),
        Metadata(profile="x" * (LARGEST + 1)),
    ],
    ids=["half a surrogate", "no number", "too long"],
)
def test_what_cannot_be_kept_is_on_record(filed: Desk, told: Metadata) -> None:
    save(filed, Reading(1, told), Reading(2, TELLING))
    assert loaded(filed) == {2: TELLING}
    (row, _) = (each for each in filed.rows(schema.inspections))
    assert "metadata" in row.problem
    assert waiting(filed) == []
    with filed.archive.read() as connection:
        assert metadata.count(connection) == (2, 1, 0)
