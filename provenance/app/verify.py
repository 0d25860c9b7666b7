"""Checks every file and every row of an archive against its hash."""

from provenance.app.progress import Progress
from provenance.archive import check
from provenance.archive.store import Archive
from provenance.core.answers import Verified
from provenance.core.model import Problem
from provenance.core.wording import counted


def verify(archive: Archive, progress: Progress) -> Verified:
    """Go through the database's pages, all versions of posts and all stored bytes; change nothing."""
    problems = [Problem("database", line) for line in archive.check_database()]
    with archive.read() as connection:
        files = check.files(connection)
        rows = check.count_versions(connection)
        progress.stage("Checking posts", rows)
        for name, sound in check.versions(connection):
            if not sound:
                problems.append(Problem(name, "the row does not agree with its hash: it was changed from outside"))
            progress.advance()
        unfinished = check.unfinished_runs(connection)
    progress.stage("Checking files", len(files))
    for sha256, size in files.items():
        if (found := _file(archive, sha256, size)) is not None:
            problems.append(Problem(f"file {sha256}", found))
        progress.advance()
    notes = []
    strays = sum(name not in files for name in archive.files.stored())
    if strays:
        notes.append(f"{counted(strays, 'file')} in media/ without a post: left by an interrupted import, harmless")
    if unfinished:
        runs = counted(unfinished, "run")
        notes.append(f"{runs} did not end: running now, or interrupted; run the command again to complete it")
    return Verified(len(files), rows, tuple(problems), tuple(notes))


def _file(archive: Archive, sha256: str, size: int) -> str | None:
    """Say what is wrong with one stored file."""
    path = archive.files.path(sha256)
    try:
        if path.stat().st_size != size:
            return f"it has {path.stat().st_size} bytes instead of {size}"
        if archive.files.hash(sha256) != sha256:
            return "its bytes do not agree with its name: the disk or somebody changed them"
    except FileNotFoundError:
        return "it is missing from media/"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return None
