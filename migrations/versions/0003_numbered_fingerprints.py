"""Fingerprints are numbered in the order in which they came, for the file of codes that is kept beside them.

Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEYS = ("file_id", "algorithm", "version")
_COLUMNS = ", ".join((*_KEYS, "code", "turned", "quality"))


def _columns() -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("algorithm", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.LargeBinary(length=32), nullable=False),
        sa.Column("turned", sa.LargeBinary(length=224), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_fingerprints_file_id"), ondelete="RESTRICT"),
    ]


def upgrade() -> None:
    op.rename_table("fingerprints", "fingerprints_before")
    op.create_table(
        "fingerprints",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        *_columns(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fingerprints")),
        sa.UniqueConstraint(*_KEYS, name=op.f("uq_fingerprints_file_id_algorithm_version")),
        sqlite_autoincrement=True,
    )
    _copy()


def downgrade() -> None:
    op.rename_table("fingerprints", "fingerprints_before")
    op.create_table("fingerprints", *_columns(), sa.PrimaryKeyConstraint(*_KEYS, name=op.f("pk_fingerprints")))
    _copy()


def _copy() -> None:
    op.execute(
        f"INSERT INTO fingerprints ({_COLUMNS}) SELECT {_COLUMNS} FROM fingerprints_before ORDER BY file_id"  # noqa: S608
    )
    op.drop_table("fingerprints_before")
