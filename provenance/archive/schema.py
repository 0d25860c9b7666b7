"""The tables. What is observed is only ever added to; what is derived carries the version of what made it.

Migrations do not import this module: a test compares their result with it.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

HEAD = "0004"
"""The revision that this code works with: the newest in `migrations/`."""


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


def _id() -> Column[int]:
    # SQLite's AUTOINCREMENT: an id is never given out twice, even after a deletion.
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


def _of(table: str, column: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    reference = ForeignKey(f"{table}.id", ondelete="RESTRICT")
    return Column(column, BigInteger(), reference, nullable=nullable, primary_key=primary_key, autoincrement=False)


# Observed

runs = Table(
    "runs",
    metadata,
    _id(),
    Column("command", String(64), nullable=False),
    Column("details", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(16), nullable=False),
    Column("summary", Text),
    sqlite_autoincrement=True,
)

run_problems = Table(
    "run_problems",
    metadata,
    _id(),
    _of("runs", "run_id"),
    Column("place", Text, nullable=False),
    Column("what", Text, nullable=False),
    Index("ix_run_problems_run_id", "run_id"),
    sqlite_autoincrement=True,
)

channels = Table(
    "channels",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),
    Column("peer_id", BigInteger, nullable=False),
    UniqueConstraint("kind", "peer_id"),
    sqlite_autoincrement=True,
)

channel_names = Table(
    "channel_names",
    metadata,
    _id(),
    _of("channels", "channel_id"),
    Column("title", Text, nullable=False),
    Column("username", Text),
    Column("seen_from", UtcDateTime, nullable=False),
    Column("seen_to", UtcDateTime, nullable=False),
    Index("ix_channel_names_channel_id", "channel_id"),
    sqlite_autoincrement=True,
)

posts = Table(
    "posts",
    metadata,
    _id(),
    _of("channels", "channel_id"),
    Column("message_id", BigInteger, nullable=False),
    Column("album", BigInteger),
    Column("album_inferred", Boolean, nullable=False),
    Column("deleted_seen_at", UtcDateTime),
    UniqueConstraint("channel_id", "message_id"),
    sqlite_autoincrement=True,
)

post_versions = Table(
    "post_versions",
    metadata,
    _id(),
    _of("posts", "post_id"),
    _of("runs", "run_id"),
    Column("source", String(16), nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("posted_at", UtcDateTime),
    Column("edited_at", UtcDateTime),
    Column("claimed_at", UtcDateTime),
    Column("text", Text, nullable=False),
    Column("service", Text),
    Column("forward_name", Text),
    Column("forward_kind", String(16)),
    Column("forward_peer_id", BigInteger),
    Column("forward_message_id", BigInteger),
    Column("forwarded_at", UtcDateTime),
    Column("forward_imported", Boolean, nullable=False, server_default=false()),
    Column("scheduled", Boolean, nullable=False, server_default=false()),
    Column("raw", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("ix_post_versions_post_id", "post_id"),
    Index("ix_post_versions_posted_at", "posted_at"),
    # Few, and asked for by every answer.
    Index("ix_post_versions_service", "post_id", sqlite_where=text("service IS NOT NULL")),
    Index("ix_post_versions_undated", "post_id", sqlite_where=text("posted_at IS NULL")),
    sqlite_autoincrement=True,
)

files = Table(
    "files",
    metadata,
    _id(),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("format", String(16)),
    Column("width", Integer),
    Column("height", Integer),
    sqlite_autoincrement=True,
)

downloads = Table(
    "downloads",
    metadata,
    # What is to be had from Telegram: one row for the same bytes, however many posts show them.
    _id(),
    Column("media", String(16), nullable=False),
    Column("media_id", BigInteger, nullable=False),
    Column("part", String(8), nullable=False),
    Column("access_hash", BigInteger, nullable=False),
    Column("reference", LargeBinary, nullable=False),
    Column("dc", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    # A post that shows it: there a fresh file reference is to be had.
    _of("channels", "channel_id"),
    Column("message_id", BigInteger, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("uploaded_at", UtcDateTime),
    Column("queued_at", UtcDateTime, nullable=False),
    _of("files", "file_id", nullable=True),
    Column("trouble", Text),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", UtcDateTime),
    UniqueConstraint("media", "media_id", "part"),
    Index("ix_downloads_file_id", "file_id", "urgent", "uploaded_at"),
    sqlite_autoincrement=True,
)

attachments = Table(
    "attachments",
    metadata,
    _id(),
    _of("post_versions", "version_id"),
    Column("position", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    _of("files", "file_id", nullable=True),
    Column("missing", String(32)),
    Column("detail", Text),
    Column("name", Text),
    Column("width", BigInteger),
    Column("height", BigInteger),
    Column("media_id", BigInteger),
    Column("uploaded_at", UtcDateTime),
    _of("downloads", "download_id", nullable=True),
    UniqueConstraint("version_id", "position"),
    CheckConstraint("file_id IS NOT NULL OR missing IS NOT NULL", name="file_or_reason"),
    Index("ix_attachments_file_id", "file_id"),
    Index("ix_attachments_download_id", "download_id"),
    sqlite_autoincrement=True,
)

coverage = Table(
    "coverage",
    metadata,
    _id(),
    _of("runs", "run_id"),
    _of("channels", "channel_id"),
    Column("source", String(16), nullable=False),
    Column("first_message_id", BigInteger, nullable=False),
    Column("last_message_id", BigInteger, nullable=False),
    Column("messages", Integer, nullable=False),
    Index("ix_coverage_channel_id", "channel_id"),
    sqlite_autoincrement=True,
)

# What is wanted, and how it stands

peers = Table(
    "peers",
    metadata,
    # How the sources are called that forward headers credit by number: the newest name that Telegram told.
    Column("kind", String(16), primary_key=True),
    Column("peer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("username", Text),
    Column("seen_at", UtcDateTime, nullable=False),
)

follows = Table(
    "follows",
    metadata,
    _id(),
    # As the user wrote it; an invite link is the only way back into a private channel.
    Column("asked", Text, nullable=False),
    Column("join", Boolean, nullable=False),
    Column("since", UtcDateTime),
    Column("added_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    # Both empty until Telegram has been asked.
    _of("channels", "channel_id", nullable=True),
    Column("access_hash", BigInteger),
    Column("joined", Boolean, nullable=False),
    Column("checked_at", UtcDateTime),
    # Where the slow pass over older posts has come to; empty when it begins at the newest again.
    Column("swept_id", BigInteger),
    Column("trouble", Text),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", UtcDateTime),
    UniqueConstraint("channel_id"),
    sqlite_autoincrement=True,
)

# What a user has decided

separations = Table(
    "separations",
    metadata,
    # Files that are never to be one picture, however alike they are.
    _id(),
    _of("runs", "run_id"),
    Column("at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    sqlite_autoincrement=True,
)

separation_files = Table(
    "separation_files",
    metadata,
    _of("separations", "separation_id", primary_key=True),
    _of("files", "file_id", primary_key=True),
    # 0: split off; 1: what it was split from.
    Column("side", Integer, nullable=False),
    Index("ix_separation_files_file_id", "file_id"),
)

# Kept although derived: what the archive once said

chain_revisions = Table(
    "chain_revisions",
    metadata,
    _id(),
    Column("picture_id", BigInteger, nullable=False),
    _of("runs", "run_id"),
    Column("at", UtcDateTime, nullable=False),
    Column("before_ref", Text),
    Column("before_at", UtcDateTime),
    Column("after_ref", Text, nullable=False),
    Column("after_at", UtcDateTime, nullable=False),
    Column("basis", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_chain_revisions_picture_id", "picture_id"),
    sqlite_autoincrement=True,
)

reports = Table(
    "reports",
    metadata,
    _id(),
    _of("runs", "run_id"),
    Column("week", String(8), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("ix_reports_week", "week"),
    sqlite_autoincrement=True,
)

# Derived: can be thrown away and made again

inspections = Table(
    "inspections",
    metadata,
    _of("files", "file_id", primary_key=True),
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
    _id(),
    _of("files", "file_id"),
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
    _id(),
    _of("files", "file_a"),
    _of("files", "file_b"),
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

pictures = Table(
    "pictures",
    metadata,
    # A picture is named by its file with the lowest id: the name survives a rebuild and a later, earlier copy.
    _of("files", "id", primary_key=True),
    Column("version", Integer, nullable=False),
    Column("first_ref", Text),
    Column("first_at", UtcDateTime),
    Column("first_basis", String(16)),
)

picture_files = Table(
    "picture_files",
    metadata,
    _of("files", "file_id", primary_key=True),
    _of("pictures", "picture_id"),
    Index("ix_picture_files_picture_id", "picture_id"),
)

links = Table(
    "links",
    metadata,
    _id(),
    _of("pictures", "picture_id"),
    _of("attachments", "from_attachment_id"),
    _of("attachments", "to_attachment_id"),
    Column("kind", String(32), nullable=False),
    Column("evidence", Text, nullable=False),
    Index("ix_links_picture_id", "picture_id"),
    sqlite_autoincrement=True,
)

unresolved = Table(
    "unresolved",
    metadata,
    # The files whose picture or chain is out of date: written with what made it so, removed with the new chain.
    _of("files", "file_id", primary_key=True),
)

DERIVED = (links, picture_files, pictures, matches, fingerprints, inspections)
"""In the order in which they can be emptied."""
