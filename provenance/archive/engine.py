"""Connections to one SQLite archive: WAL, foreign keys, and writers that take the lock when they begin."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from provenance.errors import ArchiveBusy, ArchiveUnusable

BUSY_SECONDS = 60
_PRAGMAS = (
    "foreign_keys = ON",
    "synchronous = FULL",
    # Without it INSERT OR REPLACE would slip past the triggers that keep rows from being deleted.
    "recursive_triggers = ON",
    "cache_size = -65536",
    "temp_store = MEMORY",
)


def connect(database: Path, *, write: bool) -> sa.Engine:
    """Return an engine for the database file; a reader opens it read-only and sees one snapshot a transaction."""
    options = {"mode": "rwc" if write else "ro", "uri": "true"}
    if (
        not write
        and not os.access(database.parent, os.W_OK)
        and not database.with_name(f"{database.name}-wal").exists()
    ):
        # A reader that may not make WAL's helper files can still read what nobody is writing.
        options["immutable"] = "1"
    # As a URL object: in a text, SQLAlchemy would take the quoting apart.
    address = sa.URL.create("sqlite", database=f"file:{quote(os.fsencode(database.absolute()))}", query=options)
    engine = sa.create_engine(address, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    begin = "BEGIN IMMEDIATE" if write else "BEGIN"

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # Transactions are begun below: the driver's own deferred ones would fail on their first write.
        connection.isolation_level = None
        try:
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()  # Not yet the pool's, so nobody else would.
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def sqlite() -> tuple[bool, str]:
    """Say whether this SQLite is new enough (RETURNING came with 3.35), and which it is."""
    return sqlite3.sqlite_version_info >= (3, 35), sqlite3.sqlite_version


@contextmanager
def translated(directory: Path) -> Iterator[None]:
    """Turn what the database raises into the errors that users see. Raises ArchiveBusy or ArchiveUnusable."""
    try:
        yield
    except OperationalError as error:
        if "locked" in str(error.orig) or "busy" in str(error.orig):
            raise ArchiveBusy(directory=directory) from error
        raise ArchiveUnusable(directory=directory, what=error.orig) from error
    except DatabaseError as error:
        raise ArchiveUnusable(directory=directory, what=error.orig) from error
