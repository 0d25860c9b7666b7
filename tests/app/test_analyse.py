from pathlib import Path

from provenance.app.analyse import analyse
from provenance.app.progress import Quiet
from provenance.archive import derive, schema
from tests.app.conftest import AT, Desk, export, flat, jpeg, posted, put, shot


def test_every_file_is_measured_once_and_a_broken_one_is_on_record(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    shots = [shot(folder, number, AT, content) for number, content in ((1, jpeg(1)), (2, flat(9)), (3, b"no image"))]
    imported = desk.take(export(folder, *shots))
    assert [(each.where.split(",")[1].strip(), each.what) for each in imported.problems] == [
        ("message 3", "not an image of a known format")
    ]
    problems = {row.file_id: row.problem for row in desk.rows(schema.inspections)}
    assert sorted(problems.values(), key=str) == [None, None, "not an image of a known format"]
    broken = next(file_id for file_id, problem in problems.items() if problem)
    assert {row.file_id for row in desk.rows(schema.fingerprints)} == problems.keys() - {broken}
    assert analyse(desk.archive, desk.sandbox, Quiet()) == []


def test_what_was_thrown_away_is_measured_again_and_comes_out_the_same(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    before = [row[1:] for row in desk.rows(schema.fingerprints)]
    with desk.archive.write() as connection:
        derive.clear(connection)
    assert desk.rows(schema.fingerprints) == []
    assert analyse(desk.archive, desk.sandbox, Quiet()) == []
    assert [row[1:] for row in desk.rows(schema.fingerprints)] == before != []


def test_a_file_that_is_gone_from_the_disk_is_refused_and_the_rest_goes_on(desk: Desk, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    desk.take(posted(first, jpeg(1)), posted(second, jpeg(2), message_id=11))
    lost = desk.rows(schema.files)[0].sha256
    desk.archive.files.path(lost).unlink()
    with desk.archive.write() as connection:
        derive.clear(connection)
    ((sha256, reason),) = analyse(desk.archive, desk.sandbox, Quiet())
    assert (sha256, "No such file" in reason) == (lost, True)
    assert len(desk.rows(schema.fingerprints)) == 1
    put(desk.archive.files.path(lost), jpeg(1))
