"""What all tables share; how times are kept is tried with a real table in `test_schema`."""

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.schema_base import of, row_id


def test_ids_are_never_given_out_twice() -> None:
    column = row_id()
    assert (column.name, column.primary_key, column.autoincrement) == ("id", True, True)


def test_what_is_referred_to_cannot_go() -> None:
    column = of("files", "file_id", nullable=True)
    (key,) = column.foreign_keys
    assert (key.ondelete, column.nullable, column.primary_key) == ("RESTRICT", True, False)


def test_every_constraint_has_a_name_that_no_other_has() -> None:
    names = [
        str(each.name)
        for table in schema.metadata.tables.values()
        for each in (*table.constraints, *table.indexes)
        if isinstance(each, sa.Constraint | sa.Index) and (not isinstance(each, sa.CheckConstraint) or each.name)
    ]
    # PostgreSQL keeps the names of indexes, of keys and of tables in one place.
    assert sorted(names) == sorted(set(names))
    assert not set(names) & set(schema.metadata.tables)
