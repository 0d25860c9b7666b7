"""Making the tables and bringing older ones up to date, with Alembic, which is imported only here."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from provenance import resources
from provenance.archive import schema
from provenance.archive.engine import BUSY_SECONDS, connect, translated
from provenance.archive.store import DATABASE, Archive
from provenance.errors import ArchiveTooNew, ArchiveUnusable, NoArchive


def create_or_open(directory: Path) -> Archive:
    """Open the archive in `directory`; make an empty one where there is none."""
    database = directory / DATABASE
    if not database.is_file() or Archive(directory).is_blank():
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveUnusable(directory=directory, what=error.strerror or error) from error
        upgrade_tables(directory)
    return Archive.open(directory)


def upgrade(directory: Path, now: datetime) -> Path | None:
    """Migrate an older archive, after copying its database aside.

    Returns the copy's path, or None where there was nothing to do. Raises NoArchive or ArchiveTooNew.
    """
    database = directory / DATABASE
    if not database.is_file():
        raise NoArchive(directory=directory)
    found = Archive(directory).revision()
    if found is None:
        raise ArchiveUnusable(directory=directory, what=f"{DATABASE} is not an archive of Provenance")
    if found > schema.HEAD:
        raise ArchiveTooNew(directory=directory, found=found, known=schema.HEAD)
    if found == schema.HEAD:
        return None
    copy = database.with_name(f"archive-{found}-{now:%Y%m%dT%H%M%SZ}.db")
    try:
        _back_up(database, copy)
    except sqlite3.Error as error:
        copy.unlink(missing_ok=True)
        raise ArchiveUnusable(directory=directory, what=f"its backup copy could not be made: {error}") from error
    upgrade_tables(directory)
    return copy


def _back_up(database: Path, copy: Path) -> None:
    with closing(sqlite3.connect(database, timeout=BUSY_SECONDS)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def upgrade_tables(directory: Path, scripts: Path | None = None, revision: str = "head") -> None:
    """Run the migrations in the folder `scripts` (those shipped, unless told) up to `revision`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts or resources.folder("migrations")).replace("%", "%%"))
    with translated(directory):
        config.attributes["engine"] = connect(directory / DATABASE, write=True)
        command.upgrade(config, revision)
