"""What all tables share: their ids and references, how times are kept, how constraints are named."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKey, Integer, MetaData, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite gives naive ones back, and a naive one going in is a mistake."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone was to be stored: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def row_id() -> Column[int]:
    """The column `id`."""
    # SQLite's AUTOINCREMENT: an id is never given out twice, even after a deletion.
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


def of(table: str, column: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """A column that refers to a row of `table`."""
    reference = ForeignKey(f"{table}.id", ondelete="RESTRICT")
    return Column(column, BigInteger(), reference, nullable=nullable, primary_key=primary_key, autoincrement=False)
