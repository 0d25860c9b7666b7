"""The derived tables: all of it can be thrown away and made again."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from provenance.archive.schema_base import UtcDateTime, metadata, of, row_id

inspections = Table(
    "inspections",
    metadata,
    of("files", "file_id", primary_key=True),
    Column("tool", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("problem", Text),
    Column("findings", Text),
    Index("ix_inspections_tool", "tool", "version"),
    Index("ix_inspections_problem", "tool", "version", sqlite_where=text("problem IS NOT NULL")),
)

fingerprints = Table(
    "fingerprints",
    metadata,
    # Numbered in the order in which they came: whoever keeps a copy of the codes asks for those that are newer.
    row_id(),
    of("files", "file_id"),
    Column("algorithm", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("code", LargeBinary(32), nullable=False),
    Column("turned", LargeBinary(224), nullable=False),
    Column("quality", Integer, nullable=False),
    UniqueConstraint("file_id", "algorithm", "version"),
    # With the row's number behind it: for whoever asks which are newer.
    Index("ix_fingerprints_algorithm", "algorithm", "version"),
    Index("ix_fingerprints_flat", "algorithm", "version", sqlite_where=text("quality < 14")),
    sqlite_autoincrement=True,
)

matches = Table(
    "matches",
    metadata,
    row_id(),
    of("files", "file_a"),
    of("files", "file_b"),
    Column("stage", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("confidence", String(16), nullable=False),
    Column("distance", Integer, nullable=False),
    Column("mirrored", Boolean, nullable=False),
    Column("rotated", Integer, nullable=False),
    Column("similarity", Float),
    Column("inliers", Integer),
    Column("visible", Float),
    Column("scale", Float),
    # Lists of numbers, as JSON: see core.model.Match.
    Column("region", Text),
    Column("matrix", Text),
    Column("reason", Text),
    UniqueConstraint("file_a", "file_b", "stage", "version"),
    CheckConstraint("file_a < file_b", name="ordered"),
    Index("ix_matches_file_b", "file_b"),
    sqlite_autoincrement=True,
)

traits = Table(
    "traits",
    metadata,
    # What tells one device, document or program from another, as `core.traits` reads it from a file's metadata.
    of("files", "file_id", primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("trait", String(32), primary_key=True),
    Column("value", String(200), primary_key=True),
    Index("ix_traits_trait", "trait", "value"),
)

captures = Table(
    "captures",
    metadata,
    # When and where a photograph was taken, as its file says. The times and the places are two lists side by side.
    of("files", "file_id", primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    # By the clock of the device; where its zone is not known, that is all there is.
    Column("taken_at", DateTime),
    # Only the day is told: the time is its midnight.
    Column("whole_day", Boolean, nullable=False),
    Column("offset_minutes", Integer),
    Column("taken_at_utc", UtcDateTime),
    Column("latitude", Float),
    Column("longitude", Float),
    Index("ix_captures_taken_at", "taken_at"),
    Index("ix_captures_latitude", "latitude"),
)

pictures = Table(
    "pictures",
    metadata,
    # A picture is named by its file with the lowest id: the name survives a rebuild and a later, earlier copy.
    of("files", "id", primary_key=True),
    Column("version", Integer, nullable=False),
    Column("first_ref", Text),
    Column("first_at", UtcDateTime),
    Column("first_basis", String(16)),
)

picture_files = Table(
    "picture_files",
    metadata,
    of("files", "file_id", primary_key=True),
    of("pictures", "picture_id"),
    Index("ix_picture_files_picture_id", "picture_id"),
)

links = Table(
    "links",
    metadata,
    row_id(),
    of("pictures", "picture_id"),
    of("attachments", "from_attachment_id"),
    of("attachments", "to_attachment_id"),
    Column("kind", String(32), nullable=False),
    Column("evidence", Text, nullable=False),
    Index("ix_links_picture_id", "picture_id"),
    sqlite_autoincrement=True,
)

unresolved = Table(
    "unresolved",
    metadata,
    # The files whose picture or chain is out of date: written with what made it so, removed with the new chain.
    of("files", "file_id", primary_key=True),
)

DERIVED = (links, picture_files, pictures, matches, fingerprints, traits, captures, inspections)
"""In the order in which they can be emptied."""
