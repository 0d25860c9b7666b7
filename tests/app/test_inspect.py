"""What every archived file tells about itself is read once, and goes on where it was interrupted."""

from pathlib import Path

import pytest

from provenance.app import inspect as module
from provenance.app.inspect import inspect, reading
from provenance.app.progress import Quiet
from provenance.app.upkeep import reindex
from provenance.archive import derive, metadata, schema
from provenance.images.sandbox import Refusal
from tests.app.conftest import Desk, after, export, put, shot
from tests.tagged import tagged


@pytest.fixture
def filled(desk: Desk, tmp_path: Path) -> Desk:
    """Two photos that tell about themselves, and one file that is no image."""
    folder = tmp_path / "one"
    contents = [
        tagged(1, taken="2024:12:17 09:30:00", offset="+02:00", serial="SN-4711"),
        tagged(2, software="Editor"),
        b"no image",
    ]
    messages = [shot(folder, number, after(number), each) for number, each in enumerate(contents, 10)]
    desk.take(export(folder, *messages))
    return desk


def told(desk: Desk) -> set[tuple[str, str]]:
    return {(row.trait, row.value) for row in desk.rows(schema.traits)}


def clear(desk: Desk) -> None:
    with desk.archive.write() as connection:
        derive.clear(connection)


def test_an_import_reads_what_its_files_tell(filled: Desk) -> None:
    assert told(filled) == {("camera_serial", "sn-4711"), ("software", "editor")}
    with filled.archive.read() as connection:
        seen, refused, waiting = metadata.count(connection)
    assert (seen, refused, waiting) == (3, 1, 0)
    (row,) = filled.rows(schema.captures)
    assert (row.taken_at.hour, row.offset_minutes, row.taken_at_utc.hour) == (9, 120, 7)


def test_a_rebuild_reads_it_again(filled: Desk) -> None:
    before = told(filled)
    reindex(filled.archive, filled.sandbox, Quiet())
    assert told(filled) == before


class Interrupted(Quiet):
    """Progress that ends the work after so many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def advance(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise KeyboardInterrupt


def test_it_goes_on_where_it_was_interrupted(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(filled)
    clear(filled)
    monkeypatch.setattr(module, "_BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        inspect(filled.archive, filled.sandbox, Interrupted(1))
    kept = [row.file_id for row in filled.rows(schema.inspections)]
    assert kept == [1]
    inspect(filled.archive, filled.sandbox, Quiet())
    assert told(filled) == before
    assert len(filled.rows(schema.inspections)) == 3


def test_a_file_that_is_lost_is_on_record(filled: Desk) -> None:
    clear(filled)
    (first, *_) = filled.rows(schema.files)
    content = filled.archive.files.path(first.sha256).read_bytes()
    filled.archive.files.path(first.sha256).unlink()
    inspect(filled.archive, filled.sandbox, Quiet())
    problems = {row.file_id: row.problem for row in filled.rows(schema.inspections)}
    assert problems[1]
    assert problems[2] is None
    put(filled.archive.files.path(first.sha256), content)


def test_a_refusal_is_kept_with_its_reason() -> None:
    assert reading(1, Refusal("took too long")).problem == "took too long"
