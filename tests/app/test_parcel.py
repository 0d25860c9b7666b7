"""What is packed of a report, and how it comes into a folder."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from provenance.app import parcel
from provenance.archive.deliveries import Made
from provenance.errors import DeliveryFailed
from tests.render.test_letter import DOCUMENT

WEEK = "2024-W52"
DESK = "folder:/desk"


def laid(folder: Path, week: str = WEEK) -> Made:
    """A report in a folder, as it stands on record."""
    document = json.dumps(DOCUMENT).encode()
    folder.mkdir(exist_ok=True)
    (folder / f"report-{WEEK}.json").write_bytes(document)
    (folder / f"report-{WEEK}.html").write_text("<p>page</p>")
    return Made(1, week, hashlib.sha256(document).hexdigest())


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def test_the_page_is_packed(reports: Path) -> None:
    made = laid(reports)
    packed = parcel.packed(reports, made, DESK, pdf=False)
    assert packed.name == f"report-{WEEK}"
    assert packed.files == ((f"report-{WEEK}.html", b"<p>page</p>"),)
    assert WEEK in packed.subject
    assert "480 posts" in packed.text
    assert packed == parcel.packed(reports, made, DESK, pdf=False)
    assert packed.key != parcel.packed(reports, made, "folder:/other", pdf=False).key


def test_a_pdf_goes_with_it_where_it_is_wished_and_of_this_page(reports: Path) -> None:
    made = laid(reports)
    assert "PDF could not be made" in parcel.packed(reports, made, DESK, pdf=True).text
    print_ = reports / f"report-{WEEK}.pdf"
    print_.write_bytes(b"%PDF-1.7")
    names = [name for name, _ in parcel.packed(reports, made, DESK, pdf=True).files]
    assert names == [f"report-{WEEK}.html", f"report-{WEEK}.pdf"]
    assert len(parcel.packed(reports, made, DESK, pdf=False).files) == 1
    os.utime(print_, (1, 1))
    assert len(parcel.packed(reports, made, DESK, pdf=True).files) == 1


def test_only_the_report_on_record_is_packed(reports: Path) -> None:
    made = laid(reports)
    assert parcel.is_here(reports, made)
    (reports / f"report-{WEEK}.json").write_text("{}")
    assert not parcel.is_here(reports, made)
    with pytest.raises(DeliveryFailed, match="not the report on record"):
        parcel.packed(reports, made, DESK, pdf=False)


@pytest.mark.parametrize("name", ["html", "json"])
def test_a_report_that_is_gone(reports: Path, name: str) -> None:
    made = laid(reports)
    (reports / f"report-{WEEK}.{name}").unlink()
    assert not parcel.is_here(reports, made)
    with pytest.raises(DeliveryFailed, match="cannot be read"):
        parcel.packed(reports, made, DESK, pdf=False)


@pytest.mark.parametrize("week", ["../../x", "2024-W52\r\nBcc: x@y", "2024-W99"])
def test_a_week_that_is_none_names_no_file(reports: Path, week: str) -> None:
    with pytest.raises(DeliveryFailed):
        parcel.packed(reports, laid(reports, week), DESK, pdf=False)


def test_a_document_that_is_no_report(reports: Path) -> None:
    laid(reports)
    (reports / f"report-{WEEK}.json").write_text("[]")
    with pytest.raises(DeliveryFailed, match="is no report"):
        parcel.packed(reports, Made(1, WEEK, hashlib.sha256(b"[]").hexdigest()), DESK, pdf=False)


def test_it_is_put_into_a_folder_whole(reports: Path, tmp_path: Path) -> None:
    packed = parcel.packed(reports, laid(reports), DESK, pdf=False)
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / f"report-{WEEK}.html").write_text("an older one")
    parcel.put(tmp_path, "desk", packed, DESK)
    assert sorted(path.name for path in (tmp_path / "desk").iterdir()) == [f"report-{WEEK}.html", f"report-{WEEK}.txt"]
    assert (tmp_path / "desk" / f"report-{WEEK}.html").read_bytes() == b"<p>page</p>"
    assert (tmp_path / "desk" / f"report-{WEEK}.txt").read_text() == packed.text


def test_half_a_page_is_never_there(reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = parcel.packed(reports, laid(reports), DESK, pdf=False)
    desk = tmp_path / "desk"
    desk.mkdir()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeliveryFailed, match="No space left"):
        parcel.put(tmp_path, "desk", packed, DESK)
    assert list(desk.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(reports: Path, tmp_path: Path) -> None:
    packed = parcel.packed(reports, laid(reports), DESK, pdf=False)
    with pytest.raises(DeliveryFailed, match="there is no folder"):
        parcel.put(tmp_path, "unmounted/disk", packed, DESK)
    assert not (tmp_path / "unmounted").exists()
