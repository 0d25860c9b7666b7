"""What is known beside a file's own words: first seen, claim, related files, and copies that lend what others lost."""

from datetime import date
from pathlib import Path

import pytest

from provenance.app import circumstances
from provenance.app.lookup import Narrowing, lookup
from provenance.app.show import show
from provenance.archive import read as read_archive
from provenance.core.answers import LookupAnswer
from provenance.core.metadata import Block, Finding, Metadata, Place
from provenance.images.findings import Circumstances, Claim
from tests.app.conftest import AT, MAX_BYTES, Desk, after, export, posted, put
from tests.stories import message
from tests.tagged import tagged

Asked = list[tuple[Metadata, Circumstances]]
TAKEN = "2024:12:10 09:30:00"
SERIAL = "SN-4711"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What was asked to be interpreted, with all that was known; the meaning itself is tried elsewhere."""
    calls: Asked = []

    def record(read: Metadata, known: Circumstances) -> tuple[Finding, ...]:
        calls.append((read, known))
        return ()

    monkeypatch.setattr(circumstances, "findings", record)
    return calls


@pytest.fixture
def document(desk: Desk, tmp_path: Path) -> Desk:
    """Channel 1 sends photo 1 as a file that tells of itself; channel 2 showed it before, recompressed."""
    folder = tmp_path / "one"
    put(folder / "files" / "a.jpg", tagged(1, taken=TAKEN, serial=SERIAL))
    sent = message(10, AT, file="files/a.jpg", mime_type="image/jpeg", file_name="a.jpg")
    desk.take(export(folder, sent))
    desk.take(posted(tmp_path / "two", tagged(1, quality=60), after(-5), number=2))
    return desk


def ask(desk: Desk, image: Path, claim: Claim | None = None) -> LookupAnswer:
    (answer,) = lookup(desk.archive, [image], desk.sandbox, Narrowing(), MAX_BYTES, None, claim)
    assert isinstance(answer, LookupAnswer)
    return answer


def test_a_suspect_is_held_against_the_first_seen_and_the_claim(document: Desk, tmp_path: Path, asked: Asked) -> None:
    claim = Claim(date(2024, 12, 16), None)
    ask(document, put(tmp_path / "suspect.jpg", tagged(1, taken=TAKEN, serial=SERIAL, quality=70)), claim)
    ((read, known),) = asked
    assert read.camera.serial == SERIAL
    assert known.first_seen == after(-5)
    assert "Channel 2" in (known.first_seen_words or "")
    assert (known.claim, known.carried_by) == (claim, None)
    (related,) = known.related
    assert (related.trait, related.value, related.same_picture) == ("camera_serial", SERIAL, True)
    assert related.seen == f"{AT:%Y-%m-%d %H:%M} UTC, «Channel 1» post 1/10 (the time of the post)"


def test_a_copy_that_was_sent_as_a_file_lends_what_others_lost(document: Desk, tmp_path: Path, asked: Asked) -> None:
    answer = ask(document, put(tmp_path / "suspect.jpg", tagged(1, quality=50)))
    assert answer.found
    lent = [(read, known) for read, known in asked if known.carried_by]
    ((read, known),) = lent
    assert read.camera.serial == SERIAL
    assert read.jpeg is None
    for words in ("sent as a document", "«Channel 1» post 1/10", "matched"):
        assert words in (known.carried_by or "")


def test_what_a_file_tells_itself_is_not_lent(document: Desk, tmp_path: Path, asked: Asked) -> None:
    ask(document, put(tmp_path / "suspect.jpg", tagged(1, taken=TAKEN, quality=50)))
    ((read, _),) = [each for each in asked if each[1].carried_by]
    assert (read.captured, read.camera.serial) == ((), SERIAL)
    asked.clear()
    ask(document, put(tmp_path / "other.jpg", tagged(1, taken=TAKEN, serial="SN-1", quality=50)))
    assert [known.carried_by for _, known in asked] == [None]


def test_what_holds_of_the_photograph_is_lent_without_a_time_as_well() -> None:
    where = (Place(50, 30, None, None, None, Block.GPS),)
    made = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
    read = Metadata(places=where, source_types=made, software=("GIMP",), orientation=6)
    assert circumstances.lent(read, Metadata()) == Metadata(places=where, source_types=made[:1])
    assert circumstances.lent(read, read) is None
    assert circumstances.lent(Metadata(software=("GIMP",), credits={"author": "A"}), Metadata()) is None


def test_another_picture_of_the_camera_is_related(document: Desk, tmp_path: Path, asked: Asked) -> None:
    ask(document, put(tmp_path / "suspect.jpg", tagged(2, serial=SERIAL)))
    ((_, known),) = asked
    assert known.first_seen is None
    assert [each.same_picture for each in known.related] == [False]


def test_a_file_is_not_related_to_itself(document: Desk, tmp_path: Path, asked: Asked) -> None:
    ask(document, put(tmp_path / "suspect.jpg", tagged(1, taken=TAKEN, serial=SERIAL)))
    ((_, known),) = asked
    assert known.related == ()


def test_a_picture_and_its_poorer_file_are_lent_to_as_well(document: Desk, asked: Asked) -> None:
    show(document.archive, "picture:1")
    ((read, known),) = asked
    assert (read.camera.serial, known.first_seen) == (SERIAL, after(-5))
    assert "sent as a document" in (known.carried_by or "")
    asked.clear()
    with document.archive.read() as connection:
        second = read_archive.files(connection, [2])[2]
    show(document.archive, second.sha256)
    assert [read.camera.serial for read, known in asked if known.carried_by] == [SERIAL]


def test_a_files_own_claim_is_no_first_seen(desk: Desk, tmp_path: Path, asked: Asked) -> None:
    put(tmp_path / "folder" / "a.jpg", tagged(1))
    desk.take_folder(tmp_path / "folder")
    ask(desk, put(tmp_path / "suspect.jpg", tagged(1, taken=TAKEN, quality=60)))
    assert [known.first_seen for _, known in asked] == [None]


def test_a_folders_file_is_called_by_its_name(desk: Desk, tmp_path: Path, asked: Asked) -> None:
    put(tmp_path / "folder" / "a.jpg", tagged(1, serial=SERIAL))
    desk.take_folder(tmp_path / "folder")
    ask(desk, put(tmp_path / "suspect.jpg", tagged(2, serial=SERIAL)))
    ((_, known),) = asked
    (related,) = known.related
    assert (related.seen or "").endswith(" UTC, «Folder», a.jpg (the file's own claim)")
