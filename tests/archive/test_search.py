"""Which files tell of a device, a document, a program, a time or a place: all of them, and no others."""

from datetime import UTC, datetime, timedelta

import pytest

from provenance.archive import metadata, search
from provenance.archive.metadata import Reading
from provenance.core.metadata import Block, Camera, Documents, Metadata, Moment, Place
from provenance.core.places import distance_km
from provenance.core.traits import DOCUMENTS, Trait
from tests.archive.conftest import Desk, arrived


def told(desk: Desk, *read: Metadata) -> Desk:
    """Files 1, 2, ... that tell this."""
    desk.add(*(arrived(number, str(number).encode()) for number, _ in enumerate(read, 1)))
    with desk.archive.write() as connection:
        metadata.save(connection, [Reading(number, each) for number, each in enumerate(read, 1)])
    return desk


def taken(local: datetime, hours: float | None = None) -> Metadata:
    offset = None if hours is None else timedelta(hours=hours)
    return Metadata(captured=(Moment(local, offset, Block.EXIF, "DateTimeOriginal"),))


def at(latitude: float, longitude: float) -> Metadata:
    return Metadata(places=(Place(latitude, longitude, None, None, None, Block.GPS),))


def test_a_serial_number_is_found_whole_and_in_any_case(desk: Desk) -> None:
    told(desk, Metadata(camera=Camera(serial="AB 12")), Metadata(camera=Camera(serial="AB 123", model="ab 12")))
    with desk.archive.read() as connection:
        assert search.with_trait(connection, {Trait.CAMERA_SERIAL}, "ab  12") == {1: {"camera_serial"}}
        assert search.with_trait(connection, {Trait.CAMERA_SERIAL}, "b 12") == {}


def test_an_id_is_found_in_whatever_role(desk: Desk) -> None:
    told(desk, Metadata(documents=Documents("did:1", "did:0")), Metadata(documents=Documents(derived_original="DID:1")))
    with desk.archive.read() as connection:
        assert search.with_trait(connection, DOCUMENTS, "did:1") == {1: {"document_id"}, 2: {"derived_from"}}


@pytest.mark.parametrize(("text", "files"), [("shop", {1}), ("50%", {2}), ("5_%", set()), ("EDIT", {1, 2})])
def test_a_program_is_found_by_a_part_of_its_name(desk: Desk, text: str, files: set[int]) -> None:
    told(desk, Metadata(software=("Edit", "PhotoShop 1")), Metadata(software=("Editor 50%",)), Metadata())
    with desk.archive.read() as connection:
        assert search.with_text(connection, Trait.SOFTWARE, text).keys() == files


@pytest.mark.parametrize(
    ("place", "km", "files"),
    [
        ((0.0, 179.95), 30, {1, 2}),
        ((0.0, -179.95), 30, {1, 2}),
        ((89.9, -100.0), 30, {3}),
        ((0.0, 179.95), 5, set()),
        ((50.0, 30.0), 20_100, {1, 2, 3, 4}),
    ],
)
def test_places_near_the_date_line_and_the_poles(
    desk: Desk, place: tuple[float, float], km: float, files: set[int]
) -> None:
    told(desk, at(0.0, 179.9), at(0.0, -179.9), at(89.9, 80.0), at(-90.0, 0.0))
    where = {1: (0.0, 179.9), 2: (0.0, -179.9), 3: (89.9, 80.0), 4: (-90.0, 0.0)}
    with desk.archive.read() as connection:
        found = search.near(connection, *place, km)
    near = {file_id: distance_km(place, other) for file_id, other in where.items()}
    assert found.keys() == {file_id for file_id, away in near.items() if away <= km}
    assert found == {file_id: near[file_id] for file_id in found}
    if km != 5:
        assert found.keys() == files


def test_times_are_found_in_every_zone_that_they_may_be_of(desk: Desk) -> None:
    noon = datetime(2024, 12, 17, 12)  # noqa: DTZ001
    told(desk, taken(noon), taken(noon, 0), taken(noon, 14), taken(noon, -9.5))
    moments = {2: noon, 3: noon - timedelta(hours=14), 4: noon + timedelta(hours=9.5)}
    known = {file_id: local.replace(tzinfo=UTC) for file_id, local in moments.items()}
    with desk.archive.read() as connection:
        for hours in range(-30, 30):
            start = (noon + timedelta(hours=hours)).replace(tzinfo=UTC)
            found = search.taken_between(connection, start, start + timedelta(hours=1))
            within = {file_id for file_id, utc in known.items() if timedelta(0) <= utc - start < timedelta(hours=1)}
            assert found.keys() - {1} == within
            assert (1 in found) == (-15 < hours <= 12)


def test_a_whole_day_is_found_at_any_hour_of_it(desk: Desk) -> None:
    day = datetime(2024, 12, 17)  # noqa: DTZ001
    told(desk, Metadata(captured=(Moment(day, None, Block.IPTC, "DateCreated", whole_day=True),)))
    with desk.archive.read() as connection:
        for hours in range(-30, 60):
            start = (day + timedelta(hours=hours)).replace(tzinfo=UTC)
            found = search.taken_between(connection, start, start + timedelta(hours=1))
            # Its first hour may be 14 hours before midnight in UTC, its last one 12 hours after the day.
            assert bool(found) == (-15 < hours < 24 + 12)


def test_the_ends_of_the_calendar_can_be_asked_for(desk: Desk) -> None:
    told(desk, taken(datetime(2024, 12, 17)))  # noqa: DTZ001
    with desk.archive.read() as connection:
        found = search.taken_between(connection, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
        assert found == search.taken(connection, [1]) != {}


def test_the_values_of_files(desk: Desk) -> None:
    told(desk, Metadata(camera=Camera("Maker A")), Metadata(camera=Camera("B", "C")), Metadata())
    with desk.archive.read() as connection:
        assert search.values(connection, Trait.MAKE, [1, 2, 3]) == {1: {"maker a"}, 2: {"b"}}
        assert search.values(connection, Trait.MODEL, [1]) == search.values(connection, Trait.MAKE, []) == {}


def test_what_shares_a_value_is_found_up_to_a_limit_each_file_once(desk: Desk) -> None:
    told(desk, *(Metadata(camera=Camera(serial="SN1"), documents=Documents("d", "d", "d")) for _ in range(5)))
    with desk.archive.read() as connection:
        assert search.sharing(connection, {Trait.CAMERA_SERIAL}, "sn1", 3) == [1, 2, 3]
        assert search.sharing(connection, DOCUMENTS, "D", 3) == [1, 2, 3]
