"""What files tell about themselves can be searched: devices, documents and programs, times and places.

The files of an older archive are read by the next import, `watch` or `reindex`.

Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "traits",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("trait", sa.String(32), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_traits_file_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("file_id", "version", "trait", "value", name=op.f("pk_traits")),
    )
    op.create_index("ix_traits_trait", "traits", ["trait", "value"])
    op.create_table(
        "captures",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=True),
        sa.Column("whole_day", sa.Boolean(), nullable=False),
        sa.Column("offset_minutes", sa.Integer(), nullable=True),
        sa.Column("taken_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_captures_file_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("file_id", "version", "position", name=op.f("pk_captures")),
    )
    op.create_index("ix_captures_taken_at", "captures", ["taken_at"])
    op.create_index("ix_captures_latitude", "captures", ["latitude"])


def downgrade() -> None:
    op.drop_table("captures")
    op.drop_table("traits")
    # Made anew from the files, which are kept.
    op.execute("DELETE FROM inspections WHERE tool = 'metadata'")
    op.execute("DELETE FROM fingerprints WHERE algorithm = 'thumbnail256'")
