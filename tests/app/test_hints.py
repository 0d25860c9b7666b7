"""Shared ids, shared devices and thumbnails: hints for the eye, and never a copy."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from provenance.app import hints
from provenance.archive import metadata, read, schema
from provenance.core.metadata import Block, Camera, Documents, Metadata, Thumbnail
from provenance.core.model import METADATA_STAGE, Confidence, File, MatchKind
from tests.app.conftest import Desk, NewDesk, posted, put
from tests.tagged import tagged

Ask = Callable[..., list[tuple[str, str]]]
TAKEN = "2024:12:17 09:30:00"
SERIAL = "SN-4711"
DOCUMENT = "xmp.did:0a1b2c3d"


@pytest.fixture
def ask(desk: Desk, tmp_path: Path) -> Ask:
    """Archive one file, ask for another; return (post, reason) of the hints."""

    def asked(archived: bytes, suspect: bytes) -> list[tuple[str, str]]:
        desk.take(posted(tmp_path / "archived", archived))
        answer = desk.ask(put(tmp_path / "suspect.jpg", suspect))
        assert (answer.found, answer.chain.first_seen, answer.picture) == (False, None, None)
        for each in answer.possible:
            assert each.match is not None
            assert (each.match.kind, each.match.stage, each.match.confidence) == (
                MatchKind.PARTIAL,
                METADATA_STAGE,
                Confidence.POSSIBLE,
            )
        return [(each.sighting.ref, each.match.reason or "") for each in answer.possible if each.match]

    return asked


def test_a_shared_document(ask: Ask) -> None:
    ((ref, reason),) = ask(tagged(1, document=DOCUMENT), tagged(2, document=DOCUMENT.upper()))
    assert ref == "1/10"
    assert reason == f"shares the document id {DOCUMENT.upper()}"


def test_a_shared_camera_at_the_same_second(ask: Ask) -> None:
    ((_, reason),) = ask(tagged(1, serial=SERIAL, taken=TAKEN), tagged(2, serial=SERIAL, taken=TAKEN))
    assert reason == f"shares the camera's serial number {SERIAL} and the second of the capture, 2024-12-17 09:30:00"


@pytest.mark.parametrize(
    ("archived", "suspect"),
    [
        ({"serial": SERIAL, "taken": TAKEN}, {"serial": SERIAL, "taken": "2024:12:17 09:30:01"}),
        ({"serial": "0000000", "taken": TAKEN}, {"serial": "0000000", "taken": TAKEN}),
        ({"taken": TAKEN, "software": "Editor"}, {"taken": TAKEN, "software": "Editor"}),
    ],
    ids=["another second", "no serial number", "no camera"],
)
def test_too_little_is_no_hint(ask: Ask, archived: dict[str, str], suspect: dict[str, str]) -> None:
    assert ask(tagged(1, **archived), tagged(2, **suspect)) == []  # type: ignore[arg-type]


def with_thumbnail(file: File) -> Metadata:
    """What a file tells whose thumbnail shows another file's picture."""
    return Metadata(thumbnails=(Thumbnail(Block.EXIF, 160, 120, file.codes, file.quality, 120, 0.1, bars=False),))


@pytest.fixture
def two(desk: Desk, tmp_path: Path) -> tuple[File, File]:
    """Two archived photos of different things."""
    for number in (1, 2):
        desk.take(posted(tmp_path / str(number), tagged(number), number=number))
    with desk.archive.read() as connection:
        files = read.files(connection, [1, 2])
    return files[1], files[2]


def test_the_picture_in_the_suspects_thumbnail(desk: Desk, two: tuple[File, File]) -> None:
    one, other = two
    with desk.archive.read() as connection:
        found = hints.by_thumbnail(desk.archive, connection, other, with_thumbnail(one))
        assert found.keys() == {one.id}
        assert "the thumbnail in this image (0 of 256 bits differ)" in (found[one.id].reason or "")
        assert hints.by_thumbnail(desk.archive, connection, other, Metadata()) == {}


def test_the_suspect_in_an_archived_thumbnail(desk: Desk, two: tuple[File, File]) -> None:
    one, other = two
    with desk.archive.write() as connection:
        connection.execute(schema.inspections.delete().where(schema.inspections.c.tool == metadata.TOOL))
        metadata.save(connection, [metadata.Reading(one.id, with_thumbnail(other))])
    with desk.archive.read() as connection:
        found = hints.by_thumbnail(desk.archive, connection, other, None)
        assert found.keys() == {one.id}
        assert "the thumbnail in the archived file" in (found[one.id].reason or "")
        assert found[one.id].confidence is Confidence.POSSIBLE
        # A flat suspect is like everything.
        assert hints.by_thumbnail(desk.archive, connection, replace(other, quality=3), None) == {}


ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("archived", "suspect", "related"),
    [
        (Metadata(camera=Camera("NIKON", serial=SERIAL)), Metadata(camera=Camera("Nikon Corp", serial=SERIAL)), True),
        (Metadata(camera=Camera("Canon", serial=SERIAL)), Metadata(camera=Camera("NIKON", serial=SERIAL)), False),
        (Metadata(camera=Camera(serial=SERIAL)), Metadata(camera=Camera("NIKON", serial=SERIAL)), True),
        (Metadata(camera=Camera(unique_id=ID)), Metadata(camera=Camera(unique_id=ID.upper())), True),
        (Metadata(camera=Camera(unique_id="F16QLHF01VB")), Metadata(camera=Camera(unique_id="F16QLHF01VB")), False),
        (Metadata(documents=Documents(ingredients=(ID,))), Metadata(documents=Documents(ingredients=(ID,))), False),
        (Metadata(documents=Documents(ingredients=(ID,))), Metadata(documents=Documents(ID)), True),
        (Metadata(documents=Documents(ID)), Metadata(documents=Documents(ingredients=(ID,))), True),
    ],
    ids=[
        "one maker", "two makers", "no maker", "an image id", "a camera's version", "two with the same logo",
        "the suspect was pasted", "the archived one was pasted",
    ],
)  # fmt: skip
def test_what_relates_two_files(
    desk: Desk, two: tuple[File, File], archived: Metadata, suspect: Metadata, related: bool
) -> None:
    one, _ = two
    with desk.archive.write() as connection:
        connection.execute(schema.inspections.delete().where(schema.inspections.c.tool == metadata.TOOL))
        metadata.save(connection, [metadata.Reading(one.id, archived)])
    with desk.archive.read() as connection:
        assert [each.file_id for each in hints.shared(connection, suspect)] == [one.id] * related


def test_a_copy_is_no_hint_as_well(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "one", tagged(1, document=DOCUMENT, thumbnail=1)))
    answer = desk.ask(put(tmp_path / "suspect.jpg", tagged(1, document=DOCUMENT, thumbnail=1, quality=60)))
    assert [each.sighting.ref for each in answer.sightings] == ["1/10"]
    assert answer.possible == ()


def test_hints_join_no_pictures(new_desk: NewDesk, tmp_path: Path) -> None:
    desk = new_desk(tmp_path / "archive")
    for number in (1, 2):
        content = tagged(number, document=DOCUMENT, serial=SERIAL, taken=TAKEN, thumbnail=3 - number)
        desk.take(posted(tmp_path / str(number), content, number=number))
    assert len(desk.rows(schema.pictures)) == 2
    assert desk.rows(schema.links) == desk.rows(schema.matches) == []
