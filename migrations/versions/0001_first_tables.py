"""The first tables, and the triggers that keep what was observed.

Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite keeps the promise by itself, whoever writes: a batch-mode rebuild of one of these tables drops its
# triggers, so a migration that rebuilds one calls `_protect` for it again.
_NEVER_DELETED = (
    "runs",
    "run_problems",
    "channels",
    "channel_names",
    "posts",
    "post_versions",
    "files",
    "attachments",
    "coverage",
    "chain_revisions",
    "reports",
)
_NEVER_CHANGED = ("run_problems", "post_versions", "chain_revisions", "reports")
_FIXED = {
    "attachments": "version_id, position, kind, missing, detail, name, width, height, media_id, uploaded_at",
    "posts": "channel_id, message_id, album, album_inferred",
    "channels": "kind, peer_id",
    "channel_names": "channel_id, title, username, seen_from",
    "runs": "command, details, started_at",
}


def _protect() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in _NEVER_DELETED:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'what was observed is never deleted: {table}'); END"
        )
    for table in _NEVER_CHANGED:
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'what was observed is never overwritten: {table}'); END"
        )
    op.execute(
        "CREATE TRIGGER attachments_unchanged BEFORE UPDATE ON attachments "
        "WHEN OLD.file_id IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'what was observed is never overwritten: attachments'); END"
    )
    for table, columns in _FIXED.items():
        op.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {columns} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'what was observed is never overwritten: {table}'); END"
        )
    op.execute(
        "CREATE TRIGGER files_unchanged BEFORE UPDATE OF sha256, size, observed_at ON files "
        "BEGIN SELECT RAISE(ABORT, 'what was observed is never overwritten: files'); END"
    )


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("peer_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("kind", "peer_id", name=op.f("uq_channels_kind_peer_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "files",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("sha256", name=op.f("uq_files_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("command", sa.String(length=64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chain_revisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("picture_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before_ref", sa.Text(), nullable=True),
        sa.Column("before_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("after_ref", sa.Text(), nullable=False),
        sa.Column("after_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_chain_revisions_run_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_revisions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chain_revisions_picture_id", "chain_revisions", ["picture_id"], unique=False)
    op.create_table(
        "channel_names",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("seen_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_to", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_channel_names_channel_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_names")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_channel_names_channel_id", "channel_names", ["channel_id"], unique=False)
    op.create_table(
        "coverage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_message_id", sa.BigInteger(), nullable=False),
        sa.Column("last_message_id", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_coverage_channel_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_coverage_run_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
        sa.UniqueConstraint("run_id", "channel_id", name=op.f("uq_coverage_run_id_channel_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_coverage_channel_id", "coverage", ["channel_id"], unique=False)
    op.create_table(
        "fingerprints",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("algorithm", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.LargeBinary(length=32), nullable=False),
        sa.Column("turned", sa.LargeBinary(length=224), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_fingerprints_file_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("file_id", "algorithm", "version", name=op.f("pk_fingerprints")),
    )
    op.create_table(
        "inspections",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tool", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_inspections_file_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("file_id", "tool", "version", name=op.f("pk_inspections")),
    )
    op.create_table(
        "matches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("file_a", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("file_b", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.String(length=16), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("mirrored", sa.Boolean(), nullable=False),
        sa.Column("rotated", sa.Integer(), nullable=False),
        sa.CheckConstraint("file_a < file_b", name=op.f("ck_matches_ordered")),
        sa.ForeignKeyConstraint(["file_a"], ["files.id"], name=op.f("fk_matches_file_a"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["file_b"], ["files.id"], name=op.f("fk_matches_file_b"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
        sa.UniqueConstraint(
            "file_a", "file_b", "stage", "version", name=op.f("uq_matches_file_a_file_b_stage_version")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_matches_file_b", "matches", ["file_b"], unique=False)
    op.create_table(
        "pictures",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_ref", sa.Text(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_basis", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["files.id"], name=op.f("fk_pictures_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("album", sa.BigInteger(), nullable=True),
        sa.Column("album_inferred", sa.Boolean(), nullable=False),
        sa.Column("deleted_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_posts_channel_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("channel_id", "message_id", name=op.f("uq_posts_channel_id_message_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_reports_run_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_week", "reports", ["week"], unique=False)
    op.create_table(
        "run_problems",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_problems_run_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_problems")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_problems_run_id", "run_problems", ["run_id"], unique=False)
    op.create_table(
        "unresolved",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_unresolved_file_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_unresolved")),
    )
    op.create_table(
        "picture_files",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("picture_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_picture_files_file_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["pictures.id"], name=op.f("fk_picture_files_picture_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_picture_files")),
    )
    op.create_index("ix_picture_files_picture_id", "picture_files", ["picture_id"], unique=False)
    op.create_table(
        "post_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("forward_name", sa.Text(), nullable=True),
        sa.Column("forward_kind", sa.String(length=16), nullable=True),
        sa.Column("forward_peer_id", sa.BigInteger(), nullable=True),
        sa.Column("forward_message_id", sa.BigInteger(), nullable=True),
        sa.Column("forwarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_versions_post_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_post_versions_run_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_versions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_versions_post_id", "post_versions", ["post_id"], unique=False)
    op.create_index("ix_post_versions_posted_at", "post_versions", ["posted_at"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("version_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("missing", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("file_id IS NOT NULL OR missing IS NOT NULL", name=op.f("ck_attachments_file_or_reason")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_attachments_file_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["post_versions.id"], name=op.f("fk_attachments_version_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("version_id", "position", name=op.f("uq_attachments_version_id_position")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attachments_file_id", "attachments", ["file_id"], unique=False)
    op.create_table(
        "links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("picture_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_attachment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_attachment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_attachment_id"],
            ["attachments.id"],
            name=op.f("fk_links_from_attachment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"], name=op.f("fk_links_picture_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["to_attachment_id"],
            ["attachments.id"],
            name=op.f("fk_links_to_attachment_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_links_picture_id", "links", ["picture_id"], unique=False)
    _protect()


def downgrade() -> None:
    op.drop_table("links")
    op.drop_table("attachments")
    op.drop_table("post_versions")
    op.drop_table("picture_files")
    op.drop_table("unresolved")
    op.drop_table("run_problems")
    op.drop_table("reports")
    op.drop_table("posts")
    op.drop_table("pictures")
    op.drop_table("matches")
    op.drop_table("inspections")
    op.drop_table("fingerprints")
    op.drop_table("coverage")
    op.drop_table("channel_names")
    op.drop_table("chain_revisions")
    op.drop_table("runs")
    op.drop_table("files")
    op.drop_table("channels")
