"""Answers for a suspect image: where the archive holds it, since when, and how it spread. Never writes."""

import hashlib
import stat
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.app import circumstances, copies, hints
from provenance.archive import descriptors, find, read, summary
from provenance.archive import matches as stored
from provenance.archive.store import Archive, Connection
from provenance.core import chain, fold
from provenance.core.answers import Coverage, LookupAnswer, Matched, Suspect
from provenance.core.evidence import Evidence
from provenance.core.matching import FLAT_BELOW, PLAIN_BELOW, SEARCH_RADIUS, compare
from provenance.core.metadata import Finding, Metadata
from provenance.core.model import Channel, File, Match, Sighting
from provenance.core.times import dated
from provenance.core.wording import counted
from provenance.errors import ImageRefused
from provenance.images import measure as measuring
from provenance.images import metadata as reading
from provenance.images.findings import Claim
from provenance.images.sandbox import Refusal, Sandbox

if TYPE_CHECKING:
    from provenance.images.descriptor import Descriptor, Model

FLAT = "This image is flat or nearly flat: only files with the very same bytes can be found."
PLAIN = "This image has little detail of its own (a text card, a silhouette): only close copies are found."
NO_MODEL = (
    "parts of pictures (crops, collages, screenshots): there is no model for them; run "
    "`pip install 'provenance[sscd]'`, then `provenance model install`"
)
UNDESCRIBED = "parts of {files} without a descriptor: run `provenance reindex`"
FILTERED = "Only part of the archive was asked for: the first seen is the first within {limits}."
"""Said when the search was narrowed by channel or dates."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the user restricted the search to; `limit` only shortens what is shown."""

    since: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    limit: int | None = None

    @property
    def words(self) -> str:
        parts = [f"channel {self.channel}"] if self.channel else []
        parts += [f"times from {self.since:%Y-%m-%d %H:%M} UTC"] if self.since else []
        parts += [f"times before {self.until:%Y-%m-%d %H:%M} UTC"] if self.until else []
        return ", ".join(parts)


def lookup(
    archive: Archive,
    images: Sequence[Path],
    sandbox: Sandbox,
    narrowing: Narrowing,
    max_bytes: int,
    model: "Model | None" = None,
    claim: Claim | None = None,
) -> list[LookupAnswer | ImageRefused]:
    """Look each image up; one that cannot be read gets its error in place of an answer.

    With a `model`, altered copies are looked for as well; a `claim` is held against what the image tells about itself.
    """
    with ThreadPoolExecutor(1) as aside:
        try:
            return [_one(archive, image, sandbox, narrowing, max_bytes, model, claim, aside) for image in images]
        except KeyboardInterrupt:
            sandbox.stop()  # Or an image that takes long would be waited for.
            raise


def _one(
    archive: Archive,
    path: Path,
    sandbox: Sandbox,
    narrowing: Narrowing,
    max_bytes: int,
    model: "Model | None",
    claim: Claim | None,
    aside: Executor,
) -> LookupAnswer | ImageRefused:
    # SQLite's counting takes as long as the image takes in the workers and in the network, and a processor each.
    measured = aside.submit(_measured, path, sandbox, max_bytes)
    described = None if model is None else aside.submit(_described, measured, path, model, sandbox)
    with archive.read() as connection:
        coverage = _coverage(connection, model)
        try:
            file = measured.result()
        except ImageRefused as refused:
            return refused
        told = next(sandbox.map(reading.read, [path]))
        own = None if isinstance(told, Refusal) else told
        matches = _matches(archive, connection, file)
        if file.refused is not None and not matches:
            return ImageRefused(path=path, what=file.refused)
        found = copies.confirm(archive, connection, path, matches, sandbox)
        if model is not None and described is not None and (asked := described.result()):
            from provenance.app import altered

            known = found.same.keys() | found.same_scene.keys() | found.same_template.keys()
            found.add(
                connection,
                altered.find(archive, connection, path, asked, model, sandbox, known, found_already=bool(found.same)),
            )
        found.keep_apart(connection)
        found.possible |= _hints(archive, connection, file, own, found)
        channel = _channel(connection, narrowing.channel)
        files = set(found.same)
        built = chain.build(
            _sightings(connection, files, narrowing, channel), Evidence(stored.among(connection, files))
        )

        def matched(others: Mapping[int, Match]) -> tuple[Matched, ...]:
            shown = _sightings(connection, others.keys() - found.same.keys(), narrowing, channel)
            return tuple(Matched(each, others[each.file.id]) for each in shown)[: narrowing.limit]

        pictures = read.picture_of(connection, files)
        best = found.best
        return LookupAnswer(
            suspect=Suspect(str(path), file, own, _findings(connection, file, own, built, found, claim)),
            chain=built,
            matches=found.same,
            picture=None if best is None else pictures.get(best),
            possible=matched(found.possible),
            coverage=coverage,
            warnings=(*_warnings(file, narrowing), *_unread(file, told)),
            limit=narrowing.limit,
            same_scene=matched(found.same_scene),
            same_template=matched(found.same_template),
            narrowed=narrowing.words,
        )


def _measured(path: Path, sandbox: Sandbox, max_bytes: int) -> File:
    """Read and measure the suspect. Raises ImageRefused when there is nothing to read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ImageRefused(path=path, what="not a file")
        if status.st_size > max_bytes:
            raise ImageRefused(path=path, what=f"larger than the limit of {max_bytes >> 20} MiB")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise ImageRefused(path=path, what=what) from error
    answer = next(measuring.measure(sandbox, [path]))
    if isinstance(answer, Refusal):
        return File(0, sha256, status.st_size, refused=answer.reason)
    print_ = answer.fingerprint
    return File(0, sha256, status.st_size, answer.format, answer.width, answer.height, print_.codes, print_.quality)


def _described(measured: Future[File], path: Path, model: "Model", sandbox: Sandbox) -> "list[Descriptor]":
    if measured.exception() is not None or measured.result().refused is not None:
        return []  # Whoever asks for the file is told.
    from provenance.app import altered

    return altered.describe(path, model, sandbox)


def _matches(archive: Archive, connection: Connection, file: File) -> dict[int, Match]:
    """Return {archived file: match}, by bytes and by hash: what the pixels have to confirm."""
    near: list[int] = []
    if file.codes and file.quality >= FLAT_BELOW:
        near = [file_id for _, file_id in archive.codes.near(connection, file.codes, SEARCH_RADIUS)]
    same = find.file_by_hash(connection, file.sha256)
    if same is not None:
        near.append(same)
    found = read.files(connection, near)
    compared = {file_id: compare(file, found[file_id]) for file_id in sorted(found)}
    return {file_id: match for file_id, match in compared.items() if match is not None}


def _hints(
    archive: Archive, connection: Connection, file: File, own: Metadata | None, found: copies.Copies
) -> dict[int, Match]:
    """Return what the suspect's own words and thumbnails point to, and the pixels have nothing to say of."""
    pointed = hints.by_thumbnail(archive, connection, file, own)
    if own is not None:
        pointed |= hints.by_metadata(connection, own, hints.shared(connection, own))
    known = found.same.keys() | found.possible.keys() | found.same_scene.keys() | found.same_template.keys()
    return {file_id: match for file_id, match in pointed.items() if file_id not in known}


def _findings(
    connection: Connection,
    file: File,
    own: Metadata | None,
    built: chain.Chain,
    found: copies.Copies,
    claim: Claim | None,
) -> tuple[Finding, ...]:
    lent = circumstances.carriers(connection, built, found.same, own, file.sha256)
    return circumstances.told(connection, file, own, built, claim, lent)


def _unread(file: File, told: Metadata | Refusal) -> list[str]:
    if isinstance(told, Refusal) and file.refused is None:
        return [f"What the image tells about itself could not be read: {told.reason}."]
    return []


def _coverage(connection: Connection, model: "Model | None") -> Coverage:
    covered = summary.whole(connection)
    said = [each for each in covered.not_searched if each != summary.WHOLE_ONLY]
    if model is None:
        said.append(NO_MODEL)
    elif waiting := descriptors.count_undescribed(connection, model.key):
        said.append(UNDESCRIBED.format(files=counted(waiting, "image file")))
    return replace(covered, not_searched=tuple(said))


def _channel(connection: Connection, name: str | None) -> Channel | None:
    if name is None:
        return None
    candidates = find.channels_called(connection, name)
    return candidates[find.one_channel(name, candidates)]


def _sightings(
    connection: Connection, wanted: Set[int], narrowing: Narrowing, channel: Channel | None
) -> list[Sighting]:
    return [
        each
        for each in fold.sightings(read.versions_with_files(connection, wanted))
        if each.file.id in wanted
        and (channel is None or each.channel.key == channel.key)
        and (narrowing.since is None or dated(each).at >= narrowing.since)
        and (narrowing.until is None or dated(each).at < narrowing.until)
    ]


def _warnings(file: File, narrowing: Narrowing) -> list[str]:
    warnings = []
    if file.refused is not None:
        warnings.append(f"The image was searched by its exact bytes only: {file.refused}.")
    elif file.quality < FLAT_BELOW:
        warnings.append(FLAT)
    elif file.quality < PLAIN_BELOW:
        warnings.append(PLAIN)
    if narrowing.words:
        warnings.append(FILTERED.format(limits=narrowing.words))
    return warnings
