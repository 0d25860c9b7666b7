"""Sets files of one picture apart that do not show the same photograph, for good; and takes that back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock

from provenance.app import clock
from provenance.app.progress import Progress
from provenance.app.resolve import resolve
from provenance.app.runs import recorded
from provenance.archive import find, read, separations
from provenance.archive.separations import Separation
from provenance.archive.store import Archive, Connection
from provenance.errors import NothingFound, UsageProblem
from provenance.images.sandbox import Sandbox

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

_DIGITS = 6
"""Fewest digits of a hash that name a file, as for `show`."""


@dataclass(frozen=True, slots=True)
class Parted:
    """What became of the files of a separation that was made or withdrawn."""

    separation: int
    pictures: Mapping[int, tuple[str, ...]]
    """{number: hashes of all its files} of every picture that they belong to now."""
    off: frozenset[str] = frozenset()
    """What was split off; nothing of a separation that was withdrawn."""
    waiting: tuple[str, ...] = ()
    """What has no picture yet, since it is still to be measured by the present version."""


def split(
    archive: Archive,
    ref: str,
    prefixes: Sequence[str],
    sandbox: Sandbox,
    progress: Progress,
    model: "Model | None" = None,
) -> Parted:
    """Never again take the files that hashes beginning with `prefixes` name for the picture of the rest.

    Raises NothingFound or UsageProblem. Whoever resolves next completes what is interrupted.
    """
    with archive.read() as connection:
        _sides(connection, ref, prefixes)  # A slip of the pen leaves no run behind.
    with recorded(archive, "picture split", [ref, *prefixes]) as run:
        with _alone(archive) as connection:
            picture, off, rest = _sides(connection, ref, prefixes)
            made = separations.add(connection, run.id, clock.now(), off, rest)
            separations.dissolve(connection, [picture])
        run.summary = {"separation": made}
        resolve(archive, run.id, sandbox, progress, model)
    return _parted(archive, made, off | rest, off)


def unsplit(
    archive: Archive, number: int, sandbox: Sandbox, progress: Progress, model: "Model | None" = None
) -> Parted:
    """Withdraw a separation. Raises NothingFound, or UsageProblem where that has been done."""
    with archive.read() as connection:
        _require_standing(connection, number)
    with recorded(archive, "picture unsplit", [number]) as run:
        with _alone(archive) as connection:
            _require_standing(connection, number)
            files = separations.withdraw(connection, number, clock.now())
            separations.dissolve(connection, set(read.picture_of(connection, files).values()))
        run.summary = {"separation": number}
        resolve(archive, run.id, sandbox, progress, model)
    return _parted(archive, number, files)


def splits(archive: Archive) -> list[Separation]:
    """Return all separations, the withdrawn ones as well, oldest first."""
    with archive.read() as connection:
        return separations.listed(connection)


@contextmanager
def _alone(archive: Archive) -> Iterator[Connection]:
    """One transaction while no process joins pictures: it would save what it knew of those that are dissolved."""
    with FileLock(archive.directory / "resolve.lock"), archive.write() as connection:
        yield connection


def _sides(connection: Connection, ref: str, prefixes: Sequence[str]) -> tuple[int, set[int], set[int]]:
    """Return the picture, which of its files the prefixes name, and the others."""
    picture = find.by_ref(connection, f"picture:{ref}" if ref.isdigit() else ref).picture
    if picture is None:
        raise UsageProblem(what=f"{ref!r} is not a picture: name one as picture:N.")
    files = read.files(connection, read.files_of_pictures(connection, [picture])[picture])
    hashes = {file_id: file.sha256 for file_id, file in files.items()}
    off = {_named(prefix, hashes, picture) for prefix in prefixes}
    rest = hashes.keys() - off
    if not off:
        raise UsageProblem(what=f"Name the files of picture {picture} that do not belong to it.")
    if not rest:
        raise UsageProblem(what=f"These are all files of picture {picture}: nothing remains to split them from.")
    return picture, off, rest


def _named(prefix: str, hashes: Mapping[int, str], picture: int) -> int:
    digits = prefix.strip().lower()
    if len(digits) < _DIGITS:
        raise UsageProblem(what=f"{prefix!r} is too short: name a file by six or more digits of its SHA-256.")
    found = [file_id for file_id, sha256 in hashes.items() if sha256.startswith(digits)]
    if len(found) != 1:
        what = "Several files of picture {} have" if found else "No file of picture {} has"
        raise NothingFound(
            what=f"{what.format(picture)} a SHA-256 that begins with {digits!r}. "
            f"`provenance show picture:{picture}` lists its files."
        )
    return found[0]


def _require_standing(connection: Connection, number: int) -> None:
    found = next((each for each in separations.listed(connection) if each.id == number), None)
    if found is None:
        raise NothingFound(what=f"There is no separation {number}. `provenance picture splits` lists them.")
    if found.withdrawn_at is not None:
        raise UsageProblem(what=f"Separation {number} was withdrawn on {found.withdrawn_at:%Y-%m-%d}.")


def _parted(archive: Archive, number: int, file_ids: Collection[int], off: Collection[int] = ()) -> Parted:
    with archive.read() as connection:
        picture_of = read.picture_of(connection, file_ids)
        members = read.files_of_pictures(connection, set(picture_of.values()))
        known = read.files(connection, {*file_ids, *(each for files in members.values() for each in files)})
    return Parted(
        number,
        {picture: tuple(known[each].sha256 for each in sorted(members[picture])) for picture in sorted(members)},
        frozenset(known[each].sha256 for each in off),
        tuple(known[each].sha256 for each in sorted(file_ids) if each not in picture_of),
    )
