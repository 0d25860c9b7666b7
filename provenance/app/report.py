"""Makes the weekly report of reposted media and writes it as HTML, JSON, CSV and PDF."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta, tzinfo
from functools import cache
from pathlib import Path

from provenance.app import circumstances, clock, pages, pdf
from provenance.app.progress import Progress
from provenance.app.runs import recorded
from provenance.archive import matches as stored
from provenance.archive import metadata as told
from provenance.archive import observe, read, summary
from provenance.archive import week as weeks
from provenance.archive.store import Archive, Connection
from provenance.core import chain, changed, doubts, fold, revised, rhythm, times, weekly
from provenance.core.chain import Chain
from provenance.core.changed import Changed
from provenance.core.doubts import Doubt
from provenance.core.evidence import Evidence
from provenance.core.metadata import Level
from provenance.core.model import Sighting
from provenance.core.revised import Revision
from provenance.core.weekly import Counting, Report, Week
from provenance.images.sandbox import Sandbox
from provenance.render import as_json, csv, html, report_json, week_page

FORMATS = ("html", "json", "csv")
"""What is made of every report. "pdf" is only made when it is asked for, because it needs a printer."""


def build(
    archive: Archive,
    week: Week,
    counting: Counting = Counting(),  # noqa: B008 - it is frozen
    folder: Path | None = None,
) -> Report:
    """Work the report of a week out of one snapshot of the archive.

    Where `folder` holds the one that was made before, it says what that one did not.
    """
    found: list[Changed] = []
    of_times: list[Doubt] = []

    def chains(connection: Connection) -> Iterator[tuple[int, Chain]]:
        for picture, built in _chains(connection, week):
            shown = [each for each in built.sightings if weekly.is_shown(each, counting)]
            found.extend(changed.changes(week.holds, shown))
            of_times.extend(doubts.of_times(each for each in shown if week.holds(times.dated(each).at)))
            yield picture, built

    with archive.read() as connection:
        posts = summary.posts_between(connection, week.start, week.end)
        made = weekly.build(week, chains(connection), posts, (), summary.whole(connection), counting)
        made = replace(
            made,
            changed=_explained(connection, changed.in_order(found)),
            doubts=(*of_times, *_doubts_of_files(connection, made)),
            channels=tuple(weeks.per_channel(connection, week.start, week.end)),
            hours=rhythm.hours(weeks.post_times(connection, week.start, week.end), week.zone),
            over=clock.now() >= week.end,
        )
        if folder is None:
            return made
        return replace(made, revision=_revision(connection, made, folder))


def _explained(connection: Connection, found: Sequence[Changed]) -> tuple[Changed, ...]:
    files = {each.sighting.file.id for each in found if each.change != changed.DELETED}
    return changed.explained(found, read.versions_with_files(connection, files))


def _revision(connection: Connection, made: Report, folder: Path) -> Revision | None:
    """What the report made before did not say; while nothing new is known, what that one said of the one before it."""
    try:
        text = _path(folder, made.week, "json").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    before = report_json.read_back(text, made)
    if before is None:
        return None
    told_before, said_before = before
    since = summary.last_reported(connection, made.week.name, hashlib.sha256(text.encode()).hexdigest())
    return revised.revision(told_before, made.snapshot, since) or said_before


def _path(folder: Path, week: Week, suffix: str) -> Path:
    return folder / f"report-{week.name}.{suffix}"


def _chains(connection: Connection, week: Week) -> Iterator[tuple[int, Chain]]:
    """Build the chain of every picture that was seen in the week, some at a time: a week may hold 100,000."""
    seen = summary.files_seen_between(connection, week.start, week.end)
    pictures = sorted(set(read.picture_of(connection, seen).values()))
    for some in read.chunks(pictures):
        members = read.files_of_pictures(connection, some)
        picture_of = {file_id: picture for picture, files in members.items() for file_id in files}
        found: dict[int, list[Sighting]] = {picture: [] for picture in members}
        for sighting in fold.sightings(read.versions_with_files(connection, picture_of)):
            if sighting.file.id in picture_of:
                found[picture_of[sighting.file.id]].append(sighting)
        evidence = Evidence(stored.among(connection, picture_of))
        for picture in sorted(found):
            yield picture, chain.build(found[picture], evidence)


def _doubts_of_files(connection: Connection, made: Report) -> list[Doubt]:
    """What the files of the week's reposted and recycled pictures tell that does not fit, each file once."""
    sightings = {each.file.id: (each, repost.chain) for repost in made.told for each in reversed(repost.this_week)}
    read_of = told.load(connection, sightings)
    found = []
    for file_id, own in sorted(read_of.items()):
        seen, built = sightings[file_id]
        for each in circumstances.own_findings(own, built):
            if each.level is not Level.INFO:
                found.append(Doubt(seen, f"metadata: {each.kind.replace('_', ' ')}", each.level, each.text))
    return found


def last_week(archive: Archive, zone: tzinfo) -> Week:
    """Return the last complete week, or, where nothing of it is archived, the newest week that has posts."""
    last = clock.now() - timedelta(days=7)
    with archive.read() as connection:
        newest = summary.newest_post(connection)
    return weekly.week(weekly.week_name(min(last, newest or last), zone), zone)


def write(
    archive: Archive,
    report: Report,
    folder: Path,
    formats: Sequence[str],
    sandbox: Sandbox,
    progress: Progress,
    printer: pdf.Printer | None = None,
    language: str = "en",
) -> list[Path]:
    """Write the report's files into `folder` and record that it was made. Returns their paths.

    For "pdf", `printer` is needed. Raises OutputRefused, PdfNotMade.
    """
    written = []
    document = as_json.dumps(report_json.report(report))

    @cache
    def page() -> str:
        return html.report(report, _thumbnails(archive, report, sandbox, progress), language)

    contents: dict[str, Callable[[], str]] = {"json": lambda: document, "csv": lambda: csv.report(report), "html": page}
    for name in formats:
        path = _path(folder, report.week, name)
        if name == "pdf":
            pdf.write(path, page(), printer or pdf.find())
        else:
            pages.write(path, contents[name]())
        written.append(path)
    with recorded(archive, "report", [report.week.name, list(formats)]) as run:
        run.summary = {"reposted": len(report.reposted), "recycled": len(report.recycled)}
        digest = hashlib.sha256(document.encode()).hexdigest()
        with archive.write() as connection:
            observe.add_report(connection, run.id, report.week.name, digest, clock.now())
    return written


def _thumbnails(archive: Archive, report: Report, sandbox: Sandbox, progress: Progress) -> Mapping[str, bytes]:
    """Return {hash: small JPEG} for the images that the page shows; one that cannot be made is left out."""
    names = sorted(week_page.pictured(report))
    progress.stage("Making thumbnails", len(names))
    return pages.thumbnails({name: archive.files.path(name) for name in names}, sandbox, progress)
