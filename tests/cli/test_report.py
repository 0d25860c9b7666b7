"""`report` on the samples, whose truth is in samples/expected.json."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import (
    COVERAGE,
    EXPECTED,
    SAMPLES,
    SIGHTING,
    as_process,
    in_process,
    keys,
    too_wide,
)


@pytest.mark.parametrize("week", ["2024-W51", "2024-W52", "2024-W10"])
def test_report_agrees_with_the_story(week: str, copied: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = in_process("report", "--week", week, "--out", out, "--json", archive=copied)
    assert (said.status, said.err) == (0, "")
    document = said.json
    assert json.loads((out / f"report-{week}.json").read_text()) == document
    top = [
        "schema",
        "week",
        "from",
        "to",
        "totals",
        "reposted",
        "recycled",
        "originators",
        "repeaters",
        "changed",
        "coverage",
    ]
    assert not keys(document, *top)
    assert document["schema"] == "provenance/report/1"
    assert not keys(document["totals"], "posts", "images", "pictures", "reposted", "recycled")

    def picture(name: str) -> int:
        file = SAMPLES / EXPECTED["pictures"][name]["sightings"][0]["file"]
        found: int = in_process("lookup", file, "--json", archive=copied).json["chain"]["picture"]
        return found

    expected = EXPECTED["weeks"].get(week, {"first_seen_before": [], "shown_again": []})
    recycled = {each["picture"] for each in document["recycled"]}
    assert recycled == {picture(name) for name in expected["first_seen_before"]}
    told = recycled | {each["picture"] for each in document["reposted"]}
    assert told == {picture(name) for name in expected["shown_again"]}
    for each in (*document["reposted"], *document["recycled"]):
        assert not keys(each, "picture", "first_seen", "this_week", "channels", "spread_seconds")
        assert all(not keys(seen, *SIGHTING) for seen in each["this_week"])
    assert not keys(document["coverage"], *COVERAGE)


def test_report_writes_what_was_asked_for(copied: Path, tmp_path: Path) -> None:
    said = in_process("report", "--week", "2024-W52", archive=copied)
    assert said.status == 0
    names = {"report-2024-W52.html", "report-2024-W52.json", "report-2024-W52.csv"}
    assert {path.name for path in (copied / "reports").iterdir()} == names
    assert all(name in said.out for name in names)
    in_process("report", "--week", "2024-W52", "--format", "csv, json", "--out", tmp_path / "two", archive=copied)
    assert {path.suffix for path in (tmp_path / "two").iterdir()} == {".csv", ".json"}
    with (tmp_path / "two" / "report-2024-W52.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    document = json.loads((tmp_path / "two" / "report-2024-W52.json").read_text())
    told = [*document["reposted"], *document["recycled"]]
    # Every picture has a row for its first seen, and one for each other post of the week.
    posts = [{(seen["channel"]["id"], seen["message_id"]) for seen in each["this_week"]} for each in told]
    firsts = [(each["first_seen"]["channel"]["id"], each["first_seen"]["message_id"]) for each in told]
    assert len(rows) == sum(len(week | {first}) for week, first in zip(posts, firsts, strict=True))
    assert {row["role"] for row in rows} == {"first seen", "this week"}
    assert in_process("stats", "--json", archive=copied).json["counts"]["runs"] == 3


def test_the_default_week_is_the_newest_with_posts(copied: Path) -> None:
    said = in_process("report", "--json", archive=copied)
    assert (said.status, said.err) == (0, "")
    assert said.json["week"] == "2024-W52"


def test_a_report_of_everything_counts_more(copied: Path) -> None:
    plain, every = (
        in_process("report", "--week", "2024-W51", *words, "--json", archive=copied).json
        for words in ([], ["--everything"])
    )
    assert plain["totals"]["images"] < every["totals"]["images"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        *(
            (["--week", week], "--week")
            for week in ("2024-52", "2024-W54", "2024-W00", "0000-W01", "9999-W52", "W52", "", "2024-w52", "\x1b[31m")
        ),
        (["--week", "2024-W52", "--format", "odt"], "odt"),
        (["--week", "2024-W52", "--format", "html,\x1b[31m"], "format"),
        (["--week", "2024-W52", "--format", ""], "format"),
        (["--week", "2024-W52", "--format", ","], "format"),
    ],
    ids=ascii,
)
def test_a_bad_week_or_format_is_one_line(words: list[str], says: str, copied: Path, tmp_path: Path) -> None:
    said = in_process("report", *words, "--out", tmp_path / "out", archive=copied)
    assert (said.status, said.is_one_line) == (2, True)
    assert says in said.err
    assert not (tmp_path / "out").exists()


def test_a_report_that_cannot_be_written(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = in_process("report", "--week", "2024-W52", "--out", tmp_path / "file" / "out", archive=copied)
    assert (said.status, said.is_one_line) == (2, True)
    assert "cannot be written" in said.err


def test_reports_of_hostile_channels(hostile: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(hostile, tmp_path / "archive"))
    said = as_process("report", "--week", "2024-W52", archive=archive)
    assert said.status == 0
    assert too_wide(said.out) == []
    page = (archive / "reports" / "report-2024-W52.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    with (archive / "reports" / "report-2024-W52.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    assert all(cell.lstrip()[:1] not in "=+-@" for row in rows for cell in row.values() if cell)


# Deliveries


def test_a_report_is_delivered_where_it_is_wished(copied: Path, tmp_path: Path) -> None:
    desk, other = tmp_path / "desk", tmp_path / "other"
    desk.mkdir()
    other.mkdir()
    (copied / "provenance.toml").write_text(f'[report]\ndeliver_to = ["{desk}"]\n')
    said = in_process("report", "--week", "2024-W52", "--deliver", archive=copied)
    assert said.status == 0
    assert f"folder:{desk}: delivered" in said.err
    assert {path.name for path in desk.iterdir()} == {"report-2024-W52.html", "report-2024-W52.txt"}
    assert (desk / "report-2024-W52.html").read_bytes() == (copied / "reports" / "report-2024-W52.html").read_bytes()
    assert "2024-W52" in (desk / "report-2024-W52.txt").read_text()
    said = in_process("report", "--week", "2024-W52", "--to", f"folder:{other}", "--format", "csv", archive=copied)
    assert said.status == 0
    assert len(list(other.iterdir())) == 2


def test_a_folder_that_is_typed_is_meant_from_here(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    said = in_process("report", "--week", "2024-W52", "--to", "folder:here", archive=copied)
    assert said.status == 0
    assert len(list((tmp_path / "here").iterdir())) == 2


def test_a_delivery_that_fails_is_told_and_the_report_is_made(copied: Path, tmp_path: Path) -> None:
    words = ["report", "--week", "2024-W52", "--to", f"folder:{tmp_path / 'gone'}", "--to", "telegram:me", "--json"]
    said = in_process(*words, archive=copied)
    assert said.status == 2
    assert said.json["week"] == "2024-W52"
    assert "there is no folder" in said.err
    assert "no Telegram login" in said.err
    told = in_process("doctor", archive=copied)
    assert told.status == 1
    assert "there is no" in " ".join(told.out.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--deliver"], "nowhere to deliver"),
        (["--to", "ftp://x"], "--to"),
        (["--to", "mailto:a@b\nBcc: c@d"], "--to"),
        (["--to", "telegram:me", "--out", "out"], "--out"),
    ],
)
def test_targets_that_cannot_be_meant(words: list[str], says: str, copied: Path) -> None:
    said = in_process("report", "--week", "2024-W52", *words, archive=copied)
    assert (said.status, said.is_one_line) == (2, True)
    assert says in said.err
    assert not (copied / "reports").exists()
