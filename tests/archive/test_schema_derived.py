"""The derived tables can be emptied, in the order that is told, and nothing observed refers to them."""

from provenance.archive import schema, schema_derived
from tests.archive.conftest import Desk

QUEUE = "unresolved"


def test_everything_derived_is_emptied(filled: Desk) -> None:
    derived = {table.name for table in vars(schema_derived).values() if isinstance(table, type(schema.files))} - {QUEUE}
    assert {table.name for table in schema.DERIVED} == derived
    with filled.archive.write() as connection:
        for table in schema.DERIVED:
            connection.execute(table.delete())
    assert [table.name for table in schema.DERIVED if filled.rows(table)] == []


def test_nothing_observed_refers_to_what_is_derived() -> None:
    derived = set(schema.DERIVED)
    for table in schema.metadata.tables.values():
        if table not in derived:
            assert not derived & {key.column.table for key in table.foreign_keys}
