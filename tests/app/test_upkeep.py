"""Doctor, stats, coverage, reindex, upgrade."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from provenance.app import upkeep
from provenance.app.progress import Quiet
from provenance.archive import deliveries, schema
from provenance.core.answers import Check, Gap
from provenance.errors import ArchiveTooNew, ArchiveUnusable, NoArchive, NothingFound
from tests.app.conftest import AT, FEW, SEEDS, Desk, NewDesk, after, export, jpeg, posted, small_story
from tests.stories import message, service

NO_SESSION = Path("/nowhere/telegram/provenance.session")


def texts(folder: Path, *numbers: int, number: int = 1) -> Path:
    return export(folder, *(message(each, after(each)) for each in numbers), number=number)


# Reindex


@given(seed=SEEDS)
@settings(FEW, max_examples=5)
def test_what_is_made_anew_is_the_same(
    photos: list[Path], new_desk: NewDesk, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    with small_story(photos, seed) as story:
        desk = new_desk(tmp_path_factory.mktemp("reindex") / "archive")
        for each in reversed(story.exports):
            desk.take(each)
        derived = [schema.pictures, schema.picture_files, schema.inspections, schema.chain_revisions]
        before = desk.derived(), desk.observed(), [desk.rows(table) for table in derived]
        prints = [row[1:] for row in desk.rows(schema.fingerprints)]
        counted = upkeep.reindex(desk.archive, desk.sandbox, Quiet())
        assert (desk.derived(), desk.observed(), [desk.rows(table) for table in derived]) == before
        assert [row[1:] for row in desk.rows(schema.fingerprints)] == prints
        assert counted["pictures"] == len(desk.derived())
        assert desk.rows(schema.runs)[-1].command == "reindex"
        assert desk.rows(schema.runs)[-1].outcome == "done"


def test_reindex_makes_a_lost_derivation_again(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)), posted(tmp_path / "b", jpeg(1, "q30"), after(1), number=2))
    before = desk.derived()
    with desk.archive.write() as connection:
        for table in schema.DERIVED[:3]:
            connection.execute(table.delete())
    assert desk.derived() == set()
    upkeep.reindex(desk.archive, desk.sandbox, Quiet())
    assert desk.derived() == before


# Coverage


@pytest.mark.parametrize(
    ("ranges", "gaps", "absent"),
    [
        ([(1, 2, 3)], [], 0),
        ([(1, 2, 5)], [], 2),
        ([(1, 2), (3, 4)], [], 0),
        ([(1, 3), (2, 5)], [], 1),
        ([(1, 2), (10, 11)], [Gap(2, 10)], 0),
        ([(10, 11), (1, 2)], [Gap(2, 10)], 0),
        ([(1, 2), (10, 11), (20, 22)], [Gap(2, 10), Gap(11, 20)], 1),
        ([(1, 2), (10, 11), (2, 10)], [], 7),
    ],
)
def test_gaps_lie_between_what_was_imported(
    desk: Desk, tmp_path: Path, ranges: list[tuple[int, ...]], gaps: list[Gap], absent: int
) -> None:
    for index, numbers in enumerate(ranges):
        desk.take(texts(tmp_path / str(index), *numbers))
    (covered,), total = upkeep.coverage(desk.archive, [])
    every = {number for numbers in ranges for number in numbers}
    assert (covered.gaps, covered.absent) == (tuple(gaps), absent)
    assert (covered.first_id, covered.last_id, covered.posts) == (min(every), max(every), len(every))
    assert (covered.earliest, covered.latest) == (after(min(every)), after(max(every)))
    assert covered.sources == ("import",)
    assert total.gaps == len(gaps)


def test_coverage_of_some_channels(desk: Desk, tmp_path: Path) -> None:
    desk.take(*(texts(tmp_path / str(number), number, number=number) for number in (1, 2, 3)))
    covered, total = upkeep.coverage(desk.archive, ["Channel 3", "1", "channel 1"])
    assert [each.channel.id for each in covered] == [1, 3]
    assert total.channels == 3
    with pytest.raises(NothingFound):
        upkeep.coverage(desk.archive, ["1", "Channel 4"])


def test_what_was_not_searched_is_said(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    export(folder, service(1, AT, "create_channel"), message(2, AT, photo="(File not included.)"))
    desk.take(folder, posted(tmp_path / "b", b"no image", number=2))
    covered, total = upkeep.coverage(desk.archive, [])
    assert [(each.posts, each.images, each.missing) for each in covered] == [(1, 0, 1), (1, 1, 0)]
    words = " ".join(total.not_searched)
    assert "1 image without a file" in words
    assert "1 file that cannot be decoded" in words


def test_an_empty_archive_covers_nothing(desk: Desk) -> None:
    covered, total = upkeep.coverage(desk.archive, [])
    assert covered == []
    assert (total.channels, total.posts, total.earliest, total.gaps) == (0, 0, None, 0)


# Stats


def test_stats_count_rows_and_bytes(desk: Desk, tmp_path: Path) -> None:
    assert upkeep.stats(desk.archive, NO_SESSION).last_run is None
    desk.take(posted(tmp_path / "a", jpeg(1)), posted(tmp_path / "b", jpeg(1, "q30"), after(1), number=2))
    found = upkeep.stats(desk.archive, NO_SESSION)
    wanted = {"channels": 2, "posts": 2, "files": 2, "fingerprints": 2, "matches": 1, "pictures": 1, "links": 1,
              "runs": 1}  # fmt: skip
    assert {name: found.counts[name] for name in wanted} == wanted
    assert found.bytes["media"] == len(jpeg(1)) + len(jpeg(1, "q30"))
    assert found.bytes["database"] == desk.archive.database.stat().st_size
    assert found.last_run is not None
    assert (found.last_run[0], found.last_run[2]) == ("import telegram-export", "done")


# Doctor and upgrade


def check(directory: Path, name: str) -> Check:
    (found,) = (each for each in upkeep.doctor(directory, NO_SESSION) if each.name == name)
    return found


def _version(revision: str) -> Callable[[Path], object]:
    def change(directory: Path) -> None:
        connection = sqlite3.connect(directory / "archive.db")
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
        connection.close()

    return change


def _foreign(directory: Path) -> None:
    (directory / "archive.db").unlink()
    connection = sqlite3.connect(directory / "archive.db")
    connection.execute("CREATE TABLE other (id)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("change", "ok", "words"),
    [
        (lambda directory: None, True, "1 posts"),
        (_version("9999"), False, "newer"),
        (_version("0000"), False, "db upgrade"),
        (_foreign, False, "not an archive"),
        (lambda directory: (directory / "archive.db").write_bytes(b"rubbish" * 1000), False, "not a database"),
        (lambda directory: (directory / "archive.db").unlink(), None, "no archive"),
    ],
    ids=["sound", "newer", "older", "another database", "rubbish", "none"],
)
def test_the_doctor_looks_at_the_archive(
    desk: Desk, tmp_path: Path, change: Callable[[Path], object], ok: bool | None, words: str
) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    for left in desk.archive.directory.glob("archive.db-*"):
        left.unlink()
    change(desk.archive.directory)
    found = check(desk.archive.directory, "archive")
    assert found.ok is ok
    assert words in found.detail


def test_the_doctor_needs_no_folder(tmp_path: Path) -> None:
    found = upkeep.doctor(tmp_path / "no" / "folder", NO_SESSION)
    assert not (tmp_path / "no").exists()
    assert [each.name for each in found if each.ok is False] == []
    named = {each.name for each in found}
    assert {"Python", "SQLite", "pillow", "image formats", "memory limit for decoding", "free disk space"} <= named
    assert next(each.ok for each in found if each.name == "C2PA signatures") is True
    assert "JPEG" in next(each.detail for each in found if each.name == "image formats")
    assert all(each.detail for each in found)


def test_doctor_says_what_reads_signatures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "find_spec", lambda name: None)
    (check,) = [each for each in upkeep.doctor(tmp_path, NO_SESSION) if each.name == "C2PA signatures"]
    assert check.ok is None
    assert "provenance[c2pa]" in check.detail


def test_upgrading_a_current_archive_does_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    before = desk.counts(without=()), sorted(path.name for path in desk.archive.directory.glob("*.db"))
    assert upkeep.upgrade(desk.archive.directory) is None
    assert (desk.counts(without=()), sorted(path.name for path in desk.archive.directory.glob("*.db"))) == before


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda directory: (directory / "archive.db").unlink(), NoArchive),
        (_version("9999"), ArchiveTooNew),
        (_foreign, ArchiveUnusable),
    ],
)
def test_what_cannot_be_upgraded(desk: Desk, change: Callable[[Path], object], error: type[Exception]) -> None:
    change(desk.archive.directory)
    with pytest.raises(error):
        upkeep.upgrade(desk.archive.directory)


def test_the_doctor_says_how_many_files_told_about_themselves(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    directory = desk.archive.directory
    (told,) = (each for each in upkeep.doctor(directory, NO_SESSION) if each.name == "metadata")
    assert (told.ok, told.detail) == (True, "of 1 files read")
    with desk.archive.write() as connection:
        connection.execute(schema.inspections.delete())
    (told,) = (each for each in upkeep.doctor(directory, NO_SESSION) if each.name == "metadata")
    assert told.ok is None
    assert "1 wait for it" in told.detail


# Deliveries


def test_the_doctor_tells_what_could_not_be_delivered(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    targets = ["folder:a", "folder:b", "folder:c"]
    with desk.archive.write() as connection:
        row = {"run_id": 1, "week": "2024-W51", "made_at": AT, "sha256": "0" * 64}
        connection.execute(schema.reports.insert(), row)
        deliveries.queue(connection, 1, [*targets, "folder:withdrawn"], AT)
        for each in deliveries.open_ones(connection)[:2]:
            deliveries.put_off(connection, each, "there is no folder", AT)
        change = schema.deliveries.update().where(schema.deliveries.c.target == "folder:b")
        connection.execute(change.values(attempts=deliveries.ATTEMPTS))
    found = [each for each in upkeep.doctor(desk.archive.directory, NO_SESSION, targets) if each.name == "delivery"]
    assert [each.ok for each in found] == [False, False, None]
    assert "2024-W51 to folder:a: there is no folder; attempt 0, the next at" in found[0].detail
    assert "given up after 20 attempts: `provenance report --week 2024-W51 --deliver`" in found[1].detail
    assert "waits for `provenance watch`" in found[2].detail
    assert upkeep.stats(desk.archive, NO_SESSION).counts["deliveries"] == 4
