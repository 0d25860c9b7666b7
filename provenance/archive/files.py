"""Bytes by their SHA-256: written aside, forced to disk, then given their name. A name always holds whole bytes."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from provenance.errors import ArchiveUnusable

_INCOMING = ".incoming"


class TooLarge(Exception):  # a finding about one attachment
    """The file has more bytes than are taken in."""


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    size: int


class FileStore:
    """The folder `media/` of an archive."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._unsynced: set[Path] = set()

    def path(self, sha256: str) -> Path:
        """Return where the bytes with this hash are, or would be."""
        return self.root / sha256[:2] / sha256

    def put(self, source: Path, max_bytes: int) -> Stored:
        """Take in a copy of `source`. Its name is durable only after `sync`.

        Raises OSError when `source` cannot be read, TooLarge, ArchiveUnusable when the archive's disk refuses.
        """
        if source.stat().st_size > max_bytes:
            raise TooLarge
        content = source.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        if not target.exists():
            try:
                self._write(target, content)
            except OSError as error:
                raise ArchiveUnusable(directory=self.root.parent, what=error.strerror or error) from error
        # Also for a name that was there: whoever gave it may have died before forcing it to disk.
        self._unsynced |= {self.root, target.parent}
        return Stored(sha256, len(content))

    def incoming(self, name: str) -> Path:
        """Return where bytes may be written that `adopt` takes over; the folder is on the same disk."""
        folder = self.root / _INCOMING
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / name

    def clear_incoming(self) -> None:
        """Remove what was being written when a process was killed. Only for the one process that writes there."""
        for path in (self.root / _INCOMING).glob("*"):
            path.unlink(missing_ok=True)

    def adopt(self, path: Path) -> Stored:
        """Take over a file written at a place that `incoming` gave: its bytes and its name are then durable.

        Raises ArchiveUnusable when the archive's disk refuses.
        """
        try:
            with path.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
                size = os.fstat(stream.fileno()).st_size
                os.fsync(stream.fileno())
            target = self.path(sha256)
            if target.exists():
                path.unlink()
            else:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.replace(target)
        except OSError as error:
            raise ArchiveUnusable(directory=self.root.parent, what=error.strerror or error) from error
        # Not through `sync`: several are taken over at once, each in a thread of its own.
        _sync_folder(target.parent)
        _sync_folder(self.root)
        return Stored(sha256, size)

    def sync(self) -> None:
        """Force the names given since the last call to disk; call it before the rows that use them are committed."""
        while self._unsynced:
            _sync_folder(self._unsynced.pop())

    def hash(self, sha256: str) -> str:
        """Return the hash that the stored bytes really have. Raises OSError when they cannot be read."""
        with self.path(sha256).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def stored(self) -> Iterator[str]:
        """Yield the names of all stored files."""
        for folder in sorted(self.root.glob("??")):
            yield from sorted(path.name for path in folder.iterdir() if len(path.name) == 64)

    def _write(self, target: Path, content: bytes) -> None:
        # Named by process: two that take in the same bytes at once must not write into one file.
        temporary = target.with_name(f".new-{os.getpid()}-{target.name}")
        try:
            with _created(temporary) as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _created(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.open("wb")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows keeps names by itself and opens no folders.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
