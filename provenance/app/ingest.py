"""Imports exports and folders: posts and bytes into the archive, in batches that are whole or not there at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.app import clock
from provenance.app.analyse import analyse
from provenance.app.progress import Progress
from provenance.app.resolve import resolve
from provenance.app.runs import Run, recorded
from provenance.archive import observe, read
from provenance.archive.files import Stored, TooLarge
from provenance.archive.observe import Arrived, Counts
from provenance.archive.store import Archive
from provenance.core.model import Attachment, Channel, Missing, Post, Problem, Source
from provenance.errors import SourceError
from provenance.images.sandbox import Sandbox
from provenance.sources import desktop, folder

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

_BATCH_POSTS = 500
_BATCH_BYTES = 64 << 20
"""Files taken in before their rows are written: what a crash can leave behind without a row."""
_BATCH_TEXT = 16 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought; `damaged` are the sources that could not be read to the end."""

    counts: Counts
    problems: tuple[Problem, ...]
    damaged: tuple[SourceError, ...]
    misshapen: tuple[Problem, ...] = ()
    """Those of the problems that are messages of a wrong shape."""

    @property
    def broken(self) -> SourceError | None:
        """The error to end with, where not everything in the sources could be read."""
        if self.damaged:
            return self.damaged[-1]
        if self.misshapen:
            first, count = self.misshapen[0], len(self.misshapen)
            more = f" (and {count - 1} more such messages)" if count > 1 else ""
            return SourceError(path=first.where, what=f"{first.what}{more}; the rest is archived")
        return None


def import_exports(
    archive: Archive,
    paths: Sequence[Path],
    sandbox: Sandbox,
    progress: Progress,
    max_bytes: int,
    model: "Model | None" = None,
) -> Imported:
    """Import Telegram Desktop exports. One that is damaged costs only what lies behind the damage."""
    results = []
    damaged: list[SourceError] = []
    for path in paths:
        try:
            results.append(desktop.find(path))
        except SourceError as error:
            damaged.append(error)
    with recorded(archive, "import telegram-export", [str(path) for path in paths]) as run:
        intake = _Intake(archive, run, progress, max_bytes)
        for result in dict.fromkeys(results):
            progress.stage(f"Reading {result.parent.name or result}")
            try:
                for item in desktop.read(result):
                    intake.channel(item.channel)
                    if item.problem is not None:
                        run.problems.append(item.problem)
                        intake.misshapen.append(item.problem)
                    if item.post is not None:
                        intake.post(item.post)
            except SourceError as error:
                damaged.append(error)
            intake.flush()
        return _finish(intake, sandbox, damaged, model)


def import_folder(
    archive: Archive,
    root: Path,
    name: str,
    sandbox: Sandbox,
    progress: Progress,
    max_bytes: int,
    model: "Model | None" = None,
) -> Imported:
    """Import a folder of images as the collection `name`. Raises SourceError when there is no such folder."""
    posts = folder.posts(root)
    with recorded(archive, "import folder", [str(root), name]) as run:
        intake = _Intake(archive, run, progress, max_bytes)
        progress.stage(f"Reading {root.name or root}")
        intake.channel(folder.collection(name))
        for post in posts:
            intake.post(post)
        intake.flush()
        return _finish(intake, sandbox, [], model)


class _Intake:
    """Collects the posts of one channel until there are enough for a transaction."""

    def __init__(self, archive: Archive, run: Run, progress: Progress, max_bytes: int) -> None:
        self.archive = archive
        self.run = run
        self.progress = progress
        self.counts = Counts()
        self.misshapen: list[Problem] = []
        self._max_bytes = max_bytes
        self._channel: Channel | None = None
        self._channel_id = 0
        self._waiting: dict[int, Arrived] = {}
        self._covered: set[int] = set()
        self._bytes = self._text = 0

    def channel(self, channel: Channel) -> None:
        """All posts from now on are of this channel."""
        if channel is not self._channel:
            self.flush()
            self._channel = channel
            self._covered = set()
            with self.archive.write() as connection:
                self._channel_id = observe.add_channel(connection, channel, clock.now())
            self.counts.channels.add(self._channel_id)

    def post(self, post: Post) -> None:
        """Take in one post and the bytes of its attachments."""
        full = len(self._waiting) >= _BATCH_POSTS or self._bytes >= _BATCH_BYTES or self._text >= _BATCH_TEXT
        if full or post.message_id in self._waiting:
            self.flush()
        attachments = tuple(self._take(attachment, post) for attachment in post.attachments)
        post = replace(post, attachments=tuple(attachment for attachment, _ in attachments))
        self._waiting[post.message_id] = Arrived(post, attachments)
        self._text += len(post.text) + len(post.raw)

    def flush(self) -> None:
        """Write what is waiting: first the bytes' names, then, in one transaction, the rows that use them."""
        if not self._waiting or self._channel is None:
            return
        self.archive.files.sync()
        # An export tells all between its first and its last message: what it lacks was not there.
        ids = self._covered | self._waiting.keys()
        self._covered = {min(ids), max(ids)}
        with self.archive.write() as connection:
            observe.add_posts(
                connection,
                self.run.id,
                self._channel,
                self._channel_id,
                Source.IMPORT,
                list(self._waiting.values()),
                clock.now(),
                self.counts,
                (min(ids), max(ids)),
            )
        self.progress.advance(len(self._waiting))
        self._waiting = {}
        self._bytes = self._text = 0

    def _take(self, attachment: Attachment, post: Post) -> tuple[Attachment, Stored | None]:
        if attachment.path is None:
            if attachment.missing is not Missing.NOT_INCLUDED:
                self._problem(attachment, post)
            return attachment, None
        try:
            stored = self.archive.files.put(Path(attachment.path), self._max_bytes)
        except TooLarge:
            detail = f"larger than the limit of {self._max_bytes >> 20} MiB"
            attachment = replace(attachment, path=None, missing=Missing.TOO_LARGE, detail=detail)
        except OSError as error:
            attachment = replace(attachment, path=None, missing=Missing.UNREADABLE, detail=str(error))
        else:
            self._bytes += stored.size
            return attachment, stored
        self._problem(attachment, post)
        return attachment, None

    def _problem(self, attachment: Attachment, post: Post) -> None:
        title = self._channel.title if self._channel else ""
        self.run.problems.append(Problem(f"«{title}», message {post.message_id}", attachment.detail or "no file"))


def _finish(intake: _Intake, sandbox: Sandbox, damaged: Sequence[SourceError], model: "Model | None") -> Imported:
    """Derive what follows from the new posts, and say how the run ended."""
    run, counts = intake.run, intake.counts
    refused = dict(analyse(intake.archive, sandbox, intake.progress, model))
    resolve(intake.archive, run.id, sandbox, intake.progress, model)
    counts.images_refused += len(refused)
    # An import that was interrupted may have left files to be measured that are not new now.
    counts.new_files -= refused.keys()
    with intake.archive.read() as connection:
        places = read.places(connection, refused)
    run.problems += [Problem(places.get(sha256, f"file {sha256}"), reason) for sha256, reason in refused.items()]
    run.problems += [_problem(error) for error in damaged]
    run.outcome = "damaged" if damaged or intake.misshapen else "done"
    run.summary = {"posts": counts.posts_new, "images": counts.images_new, "problems": len(run.problems)}
    return Imported(counts, tuple(run.problems), tuple(damaged), tuple(intake.misshapen))


def _problem(error: SourceError) -> Problem:
    path = str(error.facts["path"])
    return Problem(path, error.message.removeprefix(f"{path}: "))
