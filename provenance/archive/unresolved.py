"""The queue between ingest and resolve: the files whose picture or chain is out of date."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from provenance.archive import schema


def unresolve(connection: sa.Connection, file_ids: Iterable[int]) -> None:
    """Mark files to be resolved, in the transaction that changed what their chains are made from."""
    rows = [{"file_id": file_id} for file_id in set(file_ids)]
    if rows:
        connection.execute(insert(schema.unresolved).on_conflict_do_nothing(), rows)


def files_of_posts(connection: sa.Connection, post_ids: Sequence[int]) -> set[int]:
    """Return every file that any version of these posts holds: a new version or file can change what others prove."""
    if not post_ids:
        return set()
    versions, attachments = schema.post_versions, schema.attachments
    query = (
        sa.select(attachments.c.file_id)
        .join(versions, versions.c.id == attachments.c.version_id)
        .where(versions.c.post_id.in_(post_ids), attachments.c.file_id.is_not(None))
    )
    return set(connection.scalars(query))
