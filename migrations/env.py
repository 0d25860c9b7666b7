"""Alembic's entry: one transaction, begun explicitly, with SQLite's foreign keys off while tables are rebuilt."""

from alembic import context
from sqlalchemy import Connection, Engine


def _run(engine: Engine) -> None:
    with engine.connect() as connection:
        # The switch has no effect inside a transaction, and with it on a rebuilt table would lose its children.
        raw = connection.connection.dbapi_connection
        if raw is None:
            raise RuntimeError("no connection")
        raw.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            context.configure(connection=connection, render_as_batch=True, transaction_per_migration=False)
            context.run_migrations()
            _check(connection)


def _check(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"the migration would leave {len(broken)} row(s) that refer to nothing")


_run(context.config.attributes["engine"])
