"""The tables. What is observed is only ever added to; what is derived carries the version of what made it.

Migrations do not import this module: a test compares their result with it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from provenance.archive.schema_base import UtcDateTime as UtcDateTime
from provenance.archive.schema_base import metadata as metadata
from provenance.archive.schema_base import of, row_id
from provenance.archive.schema_derived import DERIVED as DERIVED
from provenance.archive.schema_derived import captures as captures
from provenance.archive.schema_derived import fingerprints as fingerprints
from provenance.archive.schema_derived import inspections as inspections
from provenance.archive.schema_derived import links as links
from provenance.archive.schema_derived import matches as matches
from provenance.archive.schema_derived import picture_files as picture_files
from provenance.archive.schema_derived import pictures as pictures
from provenance.archive.schema_derived import traits as traits
from provenance.archive.schema_derived import unresolved as unresolved

HEAD = "0006"
"""The revision that this code works with: the newest in `migrations/`."""

# Observed

runs = Table(
    "runs",
    metadata,
    row_id(),
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
    row_id(),
    of("runs", "run_id"),
    Column("place", Text, nullable=False),
    Column("what", Text, nullable=False),
    Index("ix_run_problems_run_id", "run_id"),
    sqlite_autoincrement=True,
)

channels = Table(
    "channels",
    metadata,
    row_id(),
    Column("kind", String(16), nullable=False),
    Column("peer_id", BigInteger, nullable=False),
    UniqueConstraint("kind", "peer_id"),
    sqlite_autoincrement=True,
)

channel_names = Table(
    "channel_names",
    metadata,
    row_id(),
    of("channels", "channel_id"),
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
    row_id(),
    of("channels", "channel_id"),
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
    row_id(),
    of("posts", "post_id"),
    of("runs", "run_id"),
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
    row_id(),
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
    row_id(),
    Column("media", String(16), nullable=False),
    Column("media_id", BigInteger, nullable=False),
    Column("part", String(8), nullable=False),
    Column("access_hash", BigInteger, nullable=False),
    Column("reference", LargeBinary, nullable=False),
    Column("dc", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    # A post that shows it: there a fresh file reference is to be had.
    of("channels", "channel_id"),
    Column("message_id", BigInteger, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("uploaded_at", UtcDateTime),
    Column("queued_at", UtcDateTime, nullable=False),
    of("files", "file_id", nullable=True),
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
    row_id(),
    of("post_versions", "version_id"),
    Column("position", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    of("files", "file_id", nullable=True),
    Column("missing", String(32)),
    Column("detail", Text),
    Column("name", Text),
    Column("width", BigInteger),
    Column("height", BigInteger),
    Column("media_id", BigInteger),
    Column("uploaded_at", UtcDateTime),
    of("downloads", "download_id", nullable=True),
    UniqueConstraint("version_id", "position"),
    CheckConstraint("file_id IS NOT NULL OR missing IS NOT NULL", name="file_or_reason"),
    Index("ix_attachments_file_id", "file_id"),
    Index("ix_attachments_download_id", "download_id"),
    sqlite_autoincrement=True,
)

coverage = Table(
    "coverage",
    metadata,
    row_id(),
    of("runs", "run_id"),
    of("channels", "channel_id"),
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
    row_id(),
    # As the user wrote it; an invite link is the only way back into a private channel.
    Column("asked", Text, nullable=False),
    Column("join", Boolean, nullable=False),
    Column("since", UtcDateTime),
    Column("added_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    # Both empty until Telegram has been asked.
    of("channels", "channel_id", nullable=True),
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
    row_id(),
    of("runs", "run_id"),
    Column("at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    sqlite_autoincrement=True,
)

separation_files = Table(
    "separation_files",
    metadata,
    of("separations", "separation_id", primary_key=True),
    of("files", "file_id", primary_key=True),
    # 0: split off; 1: what it was split from.
    Column("side", Integer, nullable=False),
    Index("ix_separation_files_file_id", "file_id"),
)

# Kept although derived: what the archive once said

chain_revisions = Table(
    "chain_revisions",
    metadata,
    row_id(),
    Column("picture_id", BigInteger, nullable=False),
    of("runs", "run_id"),
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
    row_id(),
    of("runs", "run_id"),
    Column("week", String(8), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("ix_reports_week", "week"),
    sqlite_autoincrement=True,
)

# How what was made reaches its readers

deliveries = Table(
    "deliveries",
    metadata,
    row_id(),
    of("reports", "report_id"),
    # As the settings name it; what is needed to log in there is never kept here.
    Column("target", Text, nullable=False),
    # Asked for by a command: it is delivered although the settings do not name the target.
    Column("by_hand", Boolean, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("trouble", Text),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", UtcDateTime),
    UniqueConstraint("report_id", "target"),
    sqlite_autoincrement=True,
)
