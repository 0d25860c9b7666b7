"""Looking after an archive: what works here, how much it holds, making anew what is derived."""

import os
import shutil
import stat
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.app import clock
from provenance.app.analyse import analyse
from provenance.app.collect import status
from provenance.app.progress import Progress
from provenance.app.resolve import resolve
from provenance.app.runs import recorded
from provenance.archive import codes, deliveries, derive, find, migrate, summary
from provenance.archive import metadata as stored
from provenance.archive.engine import sqlite
from provenance.archive.store import Archive
from provenance.core.answers import ChannelCoverage, Check, Coverage, Stats
from provenance.errors import NoArchive, ProvenanceError
from provenance.images.formats import readable
from provenance.images.sandbox import Sandbox, memory_is_limited

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

_FREE_BYTES = 1 << 30
"""Free space below which `doctor` warns."""


def reindex(archive: Archive, sandbox: Sandbox, progress: Progress, model: "Model | None" = None) -> Mapping[str, int]:
    """Throw away everything derived and make it again; return the counts afterwards."""
    with recorded(archive, "reindex", []) as run:
        with archive.write() as connection:
            derive.clear(connection)
        codes.clear(archive.directory)
        run.summary = {"refused": len(analyse(archive, sandbox, progress, model))}
        resolve(archive, run.id, sandbox, progress, model)
    with archive.read() as connection:
        return summary.counts(connection)


def coverage(archive: Archive, names: Sequence[str]) -> tuple[list[ChannelCoverage], Coverage]:
    """Return the coverage of the channels called `names` (all, when there are none), and of the whole archive.

    Raises NothingFound.
    """
    with archive.read() as connection:
        covered = summary.per_channel(connection)
        total = summary.whole(connection)
        if names:
            wanted = set()
            for name in names:
                candidates = find.channels_called(connection, name)
                wanted.add(candidates[find.one_channel(name, candidates)].key)
            covered = [each for each in covered if each.channel.key in wanted]
    return covered, total


def upgrade(directory: Path) -> Path | None:
    """Migrate an older archive; return where its former database is kept, None when nothing was to be done."""
    copy = migrate.upgrade(directory, clock.now())
    archive = Archive.open(directory)
    with archive.read() as connection:
        archive.codes.update(connection)
    return copy


def stats(archive: Archive, session: Path) -> Stats:
    """Count what the archive holds, and say how the daemon stands that uses this session."""
    with archive.read() as connection:
        counted = summary.counts(connection)
        run = summary.last_run(connection)
    stored = sum(path.stat().st_size for path in archive.files.root.rglob("*") if path.is_file())
    sizes = {"database": archive.database.stat().st_size, "media": stored}
    last = None if run is None else (run.command, run.started_at, run.outcome)
    return Stats(counted, sizes, last, status.read(session.with_name(status.FILE)))


def doctor(directory: Path, session: Path, deliver_to: Sequence[str] = ()) -> list[Check]:
    """Look at what is needed and what is optional, here and in the archive."""
    return [
        Check("Python", sys.version_info >= (3, 11), sys.version.split()[0]),
        Check("SQLite", *sqlite()),
        *_packages(),
        Check("image formats", True, ", ".join(readable())),
        _signatures(),
        Check("memory limit for decoding", memory_is_limited() or None, _memory_words()),
        _archive(directory),
        *_metadata(directory),
        *_collector(session),
        *_deliveries(directory, deliver_to),
        _disk(directory),
    ]


def _packages() -> list[Check]:
    names = ("sqlalchemy", "alembic", "pillow", "pillow-heif", "numpy", "ijson", "telethon", "cryptg")
    return [Check(name, True, metadata.version(name)) for name in names]


def _signatures() -> Check:
    if find_spec("c2pa") is None:
        return Check("C2PA signatures", None, "not read: `pip install 'provenance[c2pa]'` brings what reads them")
    return Check("C2PA signatures", True, "checked, without asking any server")


def _memory_words() -> str:
    if memory_is_limited():
        return "on: a hostile image cannot take more than [images] memory_mb"
    return "this system offers none; time and pixels are still limited"


def _archive(directory: Path) -> Check:
    try:
        archive = Archive.open(directory)
        with archive.read() as connection:
            posts = summary.counts(connection)["posts"]
    except NoArchive as error:
        return Check("archive", None, str(error))
    except ProvenanceError as error:
        return Check("archive", False, str(error))
    writable = os.access(directory, os.W_OK)
    words = f"{directory}: {posts} posts" + ("" if writable else "; it cannot be written to")
    return Check("archive", writable or None, words)


def _metadata(directory: Path) -> list[Check]:
    """How many files have told about themselves; nothing where there is no archive to look at."""
    try:
        archive = Archive.open(directory)
        with archive.read() as connection:
            seen, refused, waiting = stored.count(connection)
    except ProvenanceError:
        return []
    words = f"of {seen} files read" + (f", {refused} of them hold none that can be read" if refused else "")
    if waiting:
        words += f"; {waiting} wait for it: run `provenance reindex`"
    return [Check("metadata", None if waiting else True, words)]


def _deliveries(directory: Path, deliver_to: Sequence[str]) -> list[Check]:
    """The reports that have not reached a target, each with the reason."""
    try:
        archive = Archive.open(directory)
        with archive.read() as connection:
            waiting = deliveries.open_ones(connection)
    except ProvenanceError:
        return []
    found = []
    for each in waiting:
        if not each.by_hand and each.target not in deliver_to:
            continue  # The settings have taken the wish back.
        words = f"report of {each.report.week} to {each.target}: {each.trouble or 'waits for `provenance watch`'}"
        if each.given_up:
            words += (
                f"; given up after {each.attempts} attempts: `provenance report --week {each.report.week} --deliver`"
            )
        elif each.trouble and each.retry_at:
            words += f"; attempt {each.attempts}, the next at {each.retry_at:%Y-%m-%d %H:%M} UTC"
        found.append(Check("delivery", False if each.trouble else None, words))
    return found


def _collector(session: Path) -> list[Check]:
    """Whether there is a login, and how the daemon stands. Nothing of Telethon is loaded for that."""
    if not session.exists():
        return [
            Check(
                "Telegram login",
                None,
                "none, and none is needed for exports; to follow channels, run `provenance login`",
            )
        ]
    mode = session.stat().st_mode
    private = not mode & (stat.S_IRWXG | stat.S_IRWXO)
    kept = "kept for this user alone" if private else f"others may read it: run `chmod 600 {session}`"
    login = Check("Telegram login", private, f"{session}: {kept}")
    daemon = status.read(session.with_name(status.FILE))
    if daemon is None:
        return [login, Check("daemon", None, "never ran; `provenance watch` collects what the channels post")]
    return [login, Check("daemon", daemon.state == "connected" or None, daemon.words)]


def _disk(directory: Path) -> Check:
    place = next(folder for folder in (directory, *directory.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Check("free disk space", free >= _FREE_BYTES or None, f"{free / (1 << 30):.1f} GiB")
