"""What the collector needs: channels that are followed, the queue of downloads, exact coverage, more of the times.

Revises: 0001
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


@contextmanager
def _rebuilt(table: str) -> Iterator[BatchOperations]:
    """Change a table by copying it, which drops its triggers: they are made again as they were."""
    batch = op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True})
    if op.get_bind().dialect.name != "sqlite":
        with batch as changes:
            yield changes
        return
    triggers = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
    kept = list(op.get_bind().execute(triggers, {"name": table}).scalars())
    with batch as changes:
        yield changes
    for statement in kept:
        op.execute(statement)


def upgrade() -> None:
    op.create_table(
        "downloads",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("media", sa.String(length=16), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("access_hash", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=False),
        sa.Column("dc", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("uploaded_at", _TIME, nullable=True),
        sa.Column("queued_at", _TIME, nullable=False),
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_downloads_channel_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_downloads_file_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_downloads")),
        sa.UniqueConstraint("media", "media_id", "part", name=op.f("uq_downloads_media_media_id_part")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_downloads_file_id", "downloads", ["file_id", "urgent", "uploaded_at"], unique=False)
    op.create_table(
        "follows",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("join", sa.Boolean(), nullable=False),
        sa.Column("since", _TIME, nullable=True),
        sa.Column("added_at", _TIME, nullable=False),
        sa.Column("removed_at", _TIME, nullable=True),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("access_hash", sa.BigInteger(), nullable=True),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("checked_at", _TIME, nullable=True),
        sa.Column("swept_id", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_follows_channel_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follows")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_follows_channel_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "peers",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("peer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", "peer_id", name=op.f("pk_peers")),
    )
    # Added in place: a rebuild would copy every post, and drop the triggers that protect them.
    for name in ("forward_imported", "scheduled"):
        op.add_column("post_versions", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    with _rebuilt("attachments") as changes:
        changes.add_column(sa.Column("download_id", sa.BigInteger(), nullable=True))
        changes.create_foreign_key(
            op.f("fk_attachments_download_id"), "downloads", ["download_id"], ["id"], ondelete="RESTRICT"
        )
    op.create_index("ix_attachments_download_id", "attachments", ["download_id"], unique=False)
    # A run that collects for months covers many ranges of one channel.
    with _rebuilt("coverage") as changes:
        changes.drop_constraint("uq_coverage_run_id_channel_id", type_="unique")


def downgrade() -> None:
    _one_range_a_run()
    with _rebuilt("coverage") as changes:
        changes.create_unique_constraint(op.f("uq_coverage_run_id_channel_id"), ["run_id", "channel_id"])
    op.drop_index("ix_attachments_download_id", "attachments")
    with _rebuilt("attachments") as changes:
        changes.drop_column("download_id")
    for name in ("forward_imported", "scheduled"):
        op.drop_column("post_versions", name)
    op.drop_table("peers")
    op.drop_table("follows")
    op.drop_table("downloads")


def _one_range_a_run() -> None:
    """Keep the longest range that a run covered of a channel: claiming the holes between would be false."""
    op.execute("DROP TRIGGER IF EXISTS coverage_kept")
    op.execute(
        "DELETE FROM coverage WHERE EXISTS (SELECT 1 FROM coverage AS other WHERE other.run_id = coverage.run_id "
        "AND other.channel_id = coverage.channel_id AND (other.last_message_id - other.first_message_id, other.id) "
        "> (coverage.last_message_id - coverage.first_message_id, coverage.id))"
    )
    op.execute(
        "CREATE TRIGGER coverage_kept BEFORE DELETE ON coverage "
        "BEGIN SELECT RAISE(ABORT, 'what was observed is never deleted: coverage'); END"
    )
