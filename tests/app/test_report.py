"""The weekly report: what was shown again, of what age, and files that are whole."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from provenance.app import report
from provenance.app.progress import Quiet
from provenance.archive import read, schema
from provenance.core import weekly
from provenance.core.weekly import Counting, Report
from provenance.errors import OutputRefused
from provenance.render import as_json, report_json
from tests.app.conftest import AT, SAMPLES, Desk, Message, after, export, flat, jpeg, posted, put, shot
from tests.stories import message
from tests.tagged import tagged

UTC_ZONE = ZoneInfo("UTC")
EXPECTED = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
MONDAY = datetime(2024, 12, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def build(desk: Desk, week: str = "2024-W51", zone: str = "UTC", *, everything: bool = False) -> Report:
    return report.build(desk.archive, weekly.week(week, ZoneInfo(zone)), Counting(everything))


def firsts(reposts: tuple[weekly.Repost, ...]) -> set[str]:
    return {each.first.ref for each in reposts}


def unix(at: datetime) -> str:
    return str(int(at.timestamp()))


@pytest.mark.parametrize("week", EXPECTED["weeks"])
def test_the_weeks_of_the_samples(sampled: Desk, week: str) -> None:
    made = build(sampled, week)
    first = {
        name: "{channel_id}/{message_id}".format(**picture["sightings"][0])
        for name, picture in EXPECTED["pictures"].items()
    }
    told = firsts(made.reposted) | firsts(made.recycled)
    assert told == {first[name] for name in EXPECTED["weeks"][week]["shown_again"]}
    assert firsts(made.recycled) == {first[name] for name in EXPECTED["weeks"][week]["first_seen_before"]}
    assert [(each.sighting.ref, each.change) for each in made.changed] == (
        [("1500000001/416", "edited")] if week == "2024-W51" else []
    )


def test_totals_and_rankings(desk: Desk, tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    desk.take(export(one, shot(one, 1, AT, jpeg(1)), message(2, AT, text="x"), shot(one, 3, after(-24 * 30), jpeg(2))))
    desk.take(
        export(two, shot(two, 1, after(1), jpeg(1)), shot(two, 2, after(2), jpeg(2)), shot(two, 3, AT, jpeg(3)),
               shot(two, 4, after(3), jpeg(1, "mirror")), number=2)
    )  # fmt: skip
    made = build(desk)
    assert (made.posts, made.images, made.pictures) == (6, 5, 3)
    (spread,) = made.reposted
    assert (spread.first.ref, spread.channels, spread.spread) == ("1/1", 2, timedelta(hours=3))
    assert [each.ref for each in spread.this_week] == ["1/1", "2/1", "2/4"]
    (old,) = made.recycled
    assert (old.first.ref, old.age) == ("1/3", timedelta(days=30, hours=2))
    assert [each.ref for each in old.this_week] == ["2/2"]
    assert [(each.id, count) for each, count in made.originators] == [(1, 2)]
    assert [(each.id, count) for each, count in made.repeaters] == [(2, 3)]


@pytest.mark.parametrize(
    ("zone", "at", "week"),
    [
        ("UTC", MONDAY - SECOND, "2024-W50"),
        ("UTC", MONDAY, "2024-W51"),
        ("UTC", MONDAY + timedelta(days=7) - SECOND, "2024-W51"),
        ("UTC", MONDAY + timedelta(days=7), "2024-W52"),
        ("Europe/Kyiv", MONDAY - timedelta(hours=2), "2024-W51"),
        ("Europe/Kyiv", MONDAY - timedelta(hours=2) - SECOND, "2024-W50"),
        ("America/New_York", MONDAY + timedelta(hours=5), "2024-W51"),
        ("America/New_York", MONDAY + timedelta(hours=5) - SECOND, "2024-W50"),
        ("UTC", datetime(2024, 12, 30, tzinfo=UTC), "2025-W01"),
        ("UTC", datetime(2021, 1, 3, 23, 59, 59, tzinfo=UTC), "2020-W53"),
        # The clocks change: this week has 169 hours in Berlin.
        ("Europe/Berlin", datetime(2024, 10, 27, 22, 59, 59, tzinfo=UTC), "2024-W43"),
        ("Europe/Berlin", datetime(2024, 10, 27, 23, tzinfo=UTC), "2024-W44"),
    ],
)
def test_a_post_lies_in_one_week_of_the_zone(desk: Desk, tmp_path: Path, zone: str, at: datetime, week: str) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1), at))
    assert weekly.week_name(at, ZoneInfo(zone)) == week
    around = [weekly.week_name(at + timedelta(days=days), ZoneInfo(zone)) for days in (-8, 0, 8)]
    assert [build(desk, name, zone).images for name in around] == [0, 1, 0]


def kinds(folder: Path) -> list[Message]:
    """A photo; and what nobody posted as a picture of anything: a sticker, a video's thumbnail, a blank."""
    return [
        shot(folder, 1, AT, jpeg(1)),
        message(2, AT, file="s.webp", thumbnail="photos/1.jpg", media_type="sticker", mime_type="image/webp"),
        message(3, AT, file="v.mp4", thumbnail="photos/1.jpg", media_type="video_file", mime_type="video/mp4"),
        message(4, AT, file="d.pdf", thumbnail="photos/1.jpg", mime_type="application/pdf"),
        shot(folder, 5, AT, flat(9)),
        shot(folder, 6, AT, flat(9)),
    ]


def test_only_posted_pictures_count(desk: Desk, tmp_path: Path) -> None:
    desk.take(export(tmp_path / "a", *kinds(tmp_path / "a")))
    made = build(desk)
    assert (made.posts, made.images, made.pictures, made.reposted) == (6, 1, 1, ())
    made = build(desk, everything=True)
    assert made.images > 4
    assert len(made.reposted) == 2


def test_collections_are_no_posts(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    path = put(tmp_path / "folder" / "x.jpg", jpeg(1))

    os.utime(path, (AT.timestamp(), AT.timestamp()))
    desk.take_folder(tmp_path / "folder")
    for everything in (False, True):
        made = build(desk, everything=everything)
        assert (made.posts, made.images, made.reposted, made.recycled) == (1, 1, (), ())


def test_two_versions_of_one_post_are_no_repost(desk: Desk, tmp_path: Path) -> None:
    """The second export holds the same photo at another quality: it is still one post."""
    for name, how in (("a", "original"), ("b", "q30")):
        desk.take(posted(tmp_path / name, jpeg(1, how)))
    assert len(desk.rows(schema.pictures)) == 1
    made = build(desk)
    assert (made.reposted, made.recycled) == ((), ())


def test_a_post_dated_by_the_exporters_clock_is_in_its_week(desk: Desk, tmp_path: Path) -> None:
    """Old exports have no `date_unixtime`: the chains use the local time as a claim, and so must the report."""
    folders = [tmp_path / str(number) for number in (1, 2)]
    for number, folder in enumerate(folders, 1):
        old = shot(folder, 1, after(number), jpeg(1))
        del old["date_unixtime"]
        desk.take(export(folder, old, number=number))
    assert firsts(build(desk).reposted) == {"1/1"}


def test_changed_posts(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    desk.take(
        export(
            folder,
            shot(folder, 1, after(-24 * 60), jpeg(1), edited_unixtime=unix(after(5))),
            shot(folder, 2, AT, jpeg(2), edited_unixtime=unix(after(24 * 30))),
            message(3, AT, text="no picture", edited_unixtime=unix(after(1))),
            shot(folder, 4, AT, flat(5), edited_unixtime=unix(after(1))),
        )
    )
    assert [(each.sighting.ref, each.change, each.at) for each in build(desk).changed] == [("1/1", "edited", after(5))]


def test_a_picture_that_was_swapped_into_an_old_post_is_told_with_what_was_there(desk: Desk, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    desk.take(export(old, shot(old, 1, after(-24 * 60), jpeg(1), text="Old words")))
    edited = shot(new, 1, after(-24 * 60), jpeg(2), text="New words", edited_unixtime=unix(after(5)))
    desk.take(export(new, edited))
    (swap,) = build(desk).changed
    assert (swap.change, swap.at) == ("picture swapped in", after(5))
    assert (swap.text_before, swap.text_since) == ("Old words", "New words")
    assert swap.before is not None
    assert swap.before.file.sha256 == hashlib.sha256(jpeg(1)).hexdigest()


def test_a_week_that_is_not_over_says_so(desk: Desk) -> None:
    now = datetime.now(UTC)
    for days, over in ((-14, True), (0, False), (7, False)):
        assert build(desk, weekly.week_name(now + timedelta(days=days), UTC_ZONE)).over is over


def test_an_empty_archive_has_an_empty_report(desk: Desk, tmp_path: Path) -> None:
    made = build(desk)
    assert (made.posts, made.images, made.reposted, made.recycled, made.changed) == (0, 0, (), (), ())
    files = report.write(desk.archive, made, tmp_path, report.FORMATS, desk.sandbox, Quiet())
    assert all(path.stat().st_size for path in files)


def test_the_last_week_is_one_with_posts(desk: Desk, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert report.last_week(desk.archive, UTC_ZONE).name == weekly.week_name(now - timedelta(days=7), UTC_ZONE)
    desk.take(posted(tmp_path / "a", jpeg(1)))
    assert report.last_week(desk.archive, UTC_ZONE).name == "2024-W51"
    desk.take(posted(tmp_path / "b", jpeg(1), now, number=2))
    assert report.last_week(desk.archive, UTC_ZONE).end <= now


def test_what_a_file_tells_against_its_post_is_to_be_looked_at(desk: Desk, tmp_path: Path) -> None:
    """A photo that is said to be taken half a year after the picture was first seen; one that fits beside it."""
    for number, (seed, taken) in enumerate([(1, "2025:06:01 10:00:00"), (2, "2024:12:10 10:00:00")], 1):
        folder = tmp_path / str(number)
        put(folder / "files" / "a.jpg", tagged(seed, taken=taken))
        sent = message(7, AT, file="files/a.jpg", mime_type="image/jpeg", file_name="a.jpg")
        desk.take(export(folder, sent, number=number))
        desk.take(posted(tmp_path / f"again{number}", tagged(seed, quality=60), after(1), number=number + 10))
    found = [each for each in build(desk).doubts if each.kind.startswith("metadata")]
    assert {each.sighting.ref for each in found if "after" in each.words} == {"1/7"}
    assert all(each.level != "info" for each in found)
    assert {each.sighting.ref for each in found} <= {"1/7", "2/7"}


def test_how_many_pictures_are_read_at_a_time_is_no_matter(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        folder = tmp_path / str(number)
        desk.take(export(folder, *(shot(folder, 10 + n, after(n), jpeg(n)) for n in (1, 2, 3)), number=number))
    whole = build(desk)
    monkeypatch.setattr(read, "_IN", 1)
    assert build(desk) == whole
    assert len(whole.reposted) == 3


# Made again


def test_a_report_made_again_says_the_same_until_more_is_known(desk: Desk, tmp_path: Path) -> None:
    out, week = tmp_path / "out", weekly.week("2024-W51", UTC_ZONE)

    def again() -> tuple[Report, bytes]:
        made = report.build(desk.archive, week, folder=out)
        (path,) = report.write(desk.archive, made, out, ["json"], desk.sandbox, Quiet())
        return made, path.read_bytes()

    for number in (1, 2):
        desk.take(posted(tmp_path / str(number), jpeg(1), after(number), number=number))
    first, text = again()
    assert first.revision is None
    assert again() == (first, text)
    desk.take(posted(tmp_path / "3", jpeg(1), after(0), number=3))
    desk.take(posted(tmp_path / "4", jpeg(2), after(0), number=4))
    more, text = again()
    assert more.revision is not None
    assert (more.revision.posts, more.revision.added, more.revision.removed) == (2, (), ())
    ((picture, words),) = more.revision.changed
    assert picture == first.reposted[0].picture
    assert "first seen was 1/10 at" in words
    assert words.endswith("1 more post")
    assert json.loads(text)["since_last"]["posts"] == 2
    with desk.archive.read() as connection:
        made_at = list(connection.scalars(sa.select(schema.reports.c.made_at).order_by(schema.reports.c.id)))
    assert more.revision.since == made_at[1]
    # One that was made in another folder meanwhile is not the one that this folder holds.
    there = report.build(desk.archive, week, folder=tmp_path / "there")
    report.write(desk.archive, there, tmp_path / "there", ["json"], desk.sandbox, Quiet())
    # Nothing new is known since: the document is the same, to the byte.
    assert again() == (more, text)
    assert report.build(desk.archive, week, Counting(smallest_side=9), out).revision is None
    (out / "report-2024-W51.json").write_text("no report")
    assert report.build(desk.archive, week, folder=out).revision is None


def test_the_week_of_each_channel_and_its_hours(desk: Desk, tmp_path: Path) -> None:
    one = tmp_path / "1"
    desk.take(
        export(
            one, shot(one, 1, after(-24 * 30), jpeg(1)), shot(one, 2, AT, jpeg(1)), shot(one, 3, after(240), jpeg(3))
        )
    )
    desk.take(posted(tmp_path / "2", jpeg(1), after(-24 * 30), number=2))
    made = build(desk)
    assert [(each.channel.id, each.posts, each.state.value) for each in made.channels] == [
        (1, 1, "covered"),
        (2, 0, "not_covered"),
    ]
    assert made.hours is not None
    assert (made.hours.counts[1][6], made.hours.most) == (1, 1)


# Files


@pytest.mark.parametrize("formats", [["json"], ["csv"], ["html"], ["html", "json", "csv"]])
def test_files_and_the_record_of_them(sampled: Desk, tmp_path: Path, formats: list[str]) -> None:
    made = build(sampled, "2024-W52")
    before = len(sampled.rows(schema.reports))
    files = report.write(sampled.archive, made, tmp_path / "new" / "out", formats, sampled.sandbox, Quiet())
    assert [path.name for path in files] == [f"report-2024-W52.{name}" for name in formats]
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == sorted(path.name for path in files)
    document = as_json.dumps(report_json.report(made))
    if "json" in formats:
        assert files[formats.index("json")].read_text() == document
        assert json.loads(document)["totals"]["recycled"] == 5
    row = sampled.rows(schema.reports)[-1]
    assert len(sampled.rows(schema.reports)) == before + 1
    assert (row.week, row.sha256) == ("2024-W52", hashlib.sha256(document.encode()).hexdigest())
    run = next(each for each in sampled.rows(schema.runs) if each.id == row.run_id)
    assert (run.command, run.outcome) == ("report", "done")


def test_a_report_replaces_the_former_one(sampled: Desk, tmp_path: Path) -> None:
    path = put(tmp_path / "report-2024-W52.json", b"old")
    report.write(sampled.archive, build(sampled, "2024-W52"), tmp_path, ["json"], sampled.sandbox, Quiet())
    assert json.loads(path.read_text())["week"] == "2024-W52"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_nothing_behind(sampled: Desk, tmp_path: Path) -> None:
    (tmp_path / "report-2024-W52.json").mkdir()
    before = len(sampled.rows(schema.reports))
    with pytest.raises(OutputRefused):
        report.write(sampled.archive, build(sampled, "2024-W52"), tmp_path, ["json"], sampled.sandbox, Quiet())
    assert [path.name for path in tmp_path.iterdir()] == ["report-2024-W52.json"]
    assert len(sampled.rows(schema.reports)) == before


def test_a_page_does_without_a_lost_file(desk: Desk, tmp_path: Path) -> None:
    for number, how in enumerate(("q30", "grey"), 1):
        desk.take(posted(tmp_path / how, jpeg(1, how), after(number), number=number))
    desk.archive.files.path(hashlib.sha256(jpeg(1, "q30")).hexdigest()).unlink()
    (path,) = report.write(desk.archive, build(desk), tmp_path / "out", ["html"], desk.sandbox, Quiet())
    assert path.read_text(encoding="utf-8").count("data:image/jpeg;base64,") == 1


def test_hostile_words_stay_words(desk: Desk, tmp_path: Path) -> None:
    evil = "<script>x</script>\x1b[31m\u202e=cmd|'/c calc'!A1"
    for number in (1, 2):
        folder = tmp_path / str(number)
        desk.take(export(folder, shot(folder, 1, after(number), jpeg(1), text=evil), number=number, name=evil))
    files = report.write(desk.archive, build(desk), tmp_path / "out", report.FORMATS, desk.sandbox, Quiet())
    page, document, table = (path.read_text(encoding="utf-8") for path in files)
    assert "<script>x" not in page
    assert not {"\x1b", "\u202e"} & set(page + table + document)
    assert json.loads(document)["reposted"][0]["this_week"][0]["text"] == evil
