"""Matches are confirmed by pixels and keep what was measured; what a user splits stays apart.

Pictures that were joined by their hashes alone are resolved anew: the next import, `watch` or `reindex` does it.

Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MEASURED = (
    ("similarity", sa.Float),
    ("inliers", sa.Integer),
    ("visible", sa.Float),
    ("scale", sa.Float),
    ("region", sa.Text),
    ("matrix", sa.Text),
    ("reason", sa.Text),
)
# What every answer counts.
_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_post_versions_service", "post_versions", ["post_id"], "service IS NOT NULL"),
    ("ix_post_versions_undated", "post_versions", ["post_id"], "posted_at IS NULL"),
    ("ix_inspections_tool", "inspections", ["tool", "version"], None),
    ("ix_inspections_problem", "inspections", ["tool", "version"], "problem IS NOT NULL"),
    ("ix_fingerprints_algorithm", "fingerprints", ["algorithm", "version"], None),
    ("ix_fingerprints_flat", "fingerprints", ["algorithm", "version"], "quality < 14"),
)
# Made anew from what was observed. The order lets every row go before what it refers to.
_DERIVED = ("links", "picture_files", "pictures", "matches")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name, kind in _MEASURED:
        op.add_column("matches", sa.Column(name, kind(), nullable=True))
    op.create_table(
        "separations",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_separations_run_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_separations")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "separation_files",
        sa.Column("separation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["separation_id"],
            ["separations.id"],
            name=op.f("fk_separation_files_separation_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_separation_files_file_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("separation_id", "file_id", name=op.f("pk_separation_files")),
    )
    op.create_index("ix_separation_files_file_id", "separation_files", ["file_id"])
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, columns, sqlite_where=sa.text(where) if where else None)
    _resolve_anew()


def downgrade() -> None:
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table_name=table)
    op.drop_table("separation_files")
    op.drop_table("separations")
    for name, _ in _MEASURED:
        op.drop_column("matches", name)
    _resolve_anew()


def _resolve_anew() -> None:
    for table in _DERIVED:
        op.execute(f"DELETE FROM {table}")  # noqa: S608
    op.execute("INSERT INTO unresolved (file_id) SELECT id FROM files WHERE id NOT IN (SELECT file_id FROM unresolved)")
