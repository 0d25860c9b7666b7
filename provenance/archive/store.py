"""An archive as a folder: opens it, checks that its tables are the ones known here, hands out transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from provenance.archive import metadata, schema
from provenance.archive.codes import Codes
from provenance.archive.engine import connect, translated
from provenance.archive.files import FileStore
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION, BYTES, DESCRIPTOR_VERSION, SIGNS
from provenance.errors import ArchiveTooNew, ArchiveTooOld, ArchiveUnusable, NoArchive

DATABASE = "archive.db"

Connection = sa.Connection
"""What the floors above pass on without knowing what it is."""


class Archive:
    """Everything that an archive is: `archive.db`, `media/`, `reports/`. Readers never wait for a writer."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files = FileStore(directory / "media")
        self.codes = Codes(directory, ALGORITHM, ALGORITHM_VERSION, BYTES)
        self.thumbnails = Codes(directory, metadata.THUMBNAIL, metadata.VERSION, BYTES)
        self._signs: dict[str, Codes] = {}
        self._reader = connect(self.database, write=False)
        self._writer = connect(self.database, write=True)

    def signs(self, algorithm: str) -> Codes:
        """The signs of the descriptors that one model made."""
        if algorithm not in self._signs:
            self._signs[algorithm] = Codes(self.directory, algorithm, DESCRIPTOR_VERSION, SIGNS)
        return self._signs[algorithm]

    @property
    def database(self) -> Path:
        return self.directory / DATABASE

    @classmethod
    def open(cls, directory: Path) -> "Archive":
        """Open an archive that is there. Raises NoArchive, ArchiveTooNew, ArchiveTooOld or ArchiveUnusable."""
        archive = cls(directory)
        if not archive.database.is_file():
            raise NoArchive(directory=directory)
        found = archive.revision()
        if found is None:
            raise ArchiveUnusable(directory=directory, what=f"{DATABASE} is not an archive of Provenance")
        if found > schema.HEAD:
            raise ArchiveTooNew(directory=directory, found=found, known=schema.HEAD)
        if found < schema.HEAD:
            raise ArchiveTooOld(directory=directory, found=found, known=schema.HEAD)
        return archive

    def revision(self) -> str | None:
        """Return which revision the tables are of; None where there are none."""
        with translated(self.directory), self._reader.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return None if found is None else str(found)

    def is_blank(self) -> bool:
        """Whether the database holds no table at all: its making was interrupted."""
        with translated(self.directory), self._reader.connect() as connection:
            return not sa.inspect(connection).get_table_names()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One snapshot of the archive, however long it is looked at."""
        with translated(self.directory), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: committed when the block ends, undone when it raises. Waits for other writers."""
        with translated(self.directory), self._writer.begin() as connection:
            yield connection

    def check_database(self) -> list[str]:
        """Let SQLite check its pages and references; return what it finds wrong."""
        try:
            with self._reader.connect() as connection:
                found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        except DatabaseError as error:
            return [f"{DATABASE}: {error.orig}"]
        problems = [f"{DATABASE}: {line}" for line in found if line != "ok"]
        return problems + [f"{DATABASE}: a row of {row[0]} refers to nothing in {row[2]}" for row in broken]
