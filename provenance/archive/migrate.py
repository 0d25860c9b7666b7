"""Making the tables and bringing older ones up to date, with Alembic, which is imported only here."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from provenance import resources
from provenance.archive import schema
from provenance.archive.engine import BUSY_SECONDS, connect, translated
from provenance.archive.store import DATABASE, Archive
from provenance.errors import ArchiveTooNew, NoArchive


def create_or_open(directory: Path) -> Archive:
    """Open the archive in `directory`; make an empty one where there is none."""
    if not (directory / DATABASE).is_file():
        directory.mkdir(parents=True, exist_ok=True)
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
    if found is not None and found > schema.HEAD:
        raise ArchiveTooNew(directory=directory, found=found, known=schema.HEAD)
    if found == schema.HEAD:
        return None
    copy = database.with_name(f"archive-{found}-{now:%Y%m%dT%H%M%SZ}.db")
    with (
        closing(sqlite3.connect(database, timeout=BUSY_SECONDS)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    upgrade_tables(directory)
    return copy


def upgrade_tables(directory: Path, scripts: Path | None = None, revision: str = "head") -> None:
    """Run the migrations in the folder `scripts` (those shipped, unless told) up to `revision`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts or resources.folder("migrations")).replace("%", "%%"))
    with translated(directory):
        config.attributes["engine"] = connect(directory / DATABASE, write=True)
        command.upgrade(config, revision)
