"""Counting what an archive holds: coverage, gaps, statistics."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.coverage import merged
from provenance.archive.read import MEASURE_TOOL, channels
from provenance.core.answers import ChannelCoverage, Coverage, Gap
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION, FLAT_BELOW, MODEL_PREFIX
from provenance.core.model import PeerKind
from provenance.core.wording import counted

WHOLE_ONLY = "parts of pictures (crops, collages, screenshots): no file is described, see `provenance doctor`"


def per_channel(connection: sa.Connection) -> list[ChannelCoverage]:
    """Return the coverage of every channel, ordered by its id."""
    posts = schema.posts
    counted = {row.channel_id: row for row in connection.execute(_posts_by_channel())}
    images = _by_channel(connection, schema.attachments.c.file_id.is_not(None))
    missing = _by_channel(connection, schema.attachments.c.file_id.is_(None))
    ranges = _ranges(connection)
    sources: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(sa.select(schema.coverage.c.channel_id, schema.coverage.c.source).distinct()):
        sources[row.channel_id].add(row.source)
    counting = sa.select(posts.c.channel_id, sa.func.count()).group_by(posts.c.channel_id)
    held = {row[0]: row[1] for row in connection.execute(counting)}
    known = channels(connection)
    gaps = _gaps(connection, {key for key, each in known.items() if each.id > 0})
    found = []
    for channel_id, channel in known.items():
        numbered = channel.id > 0
        spans = merged(ranges[channel_id]) if numbered else []
        count = counted.get(channel_id)
        span = sum(last - first + 1 for first, last in spans)
        found.append(
            ChannelCoverage(
                channel=channel,
                posts=count.posts if count else 0,
                images=images.get(channel_id, 0),
                missing=missing.get(channel_id, 0),
                earliest=count.earliest if count else None,
                latest=count.latest if count else None,
                first_id=spans[0][0] if spans else None,
                last_id=spans[-1][1] if spans else None,
                absent=max(0, span - held.get(channel_id, 0)),
                gaps=gaps.get(channel_id, ()),
                sources=tuple(sorted(sources[channel_id])),
            )
        )
    return sorted(found, key=lambda each: (each.channel.kind, each.channel.id))


def whole(connection: sa.Connection) -> Coverage:
    """Return the coverage of the archive, with what a search through it cannot find.

    The sums of `per_channel`, but counted so that an answer does not wait for it in an archive of millions of posts.
    """
    known = channels(connection)
    images, missing = _count_images(connection)
    return Coverage(
        channels=len(known),
        posts=_count(connection, schema.posts) - _only_service(connection),
        images=images,
        earliest=min(_ends(connection, sa.func.min), default=None),
        latest=max(_ends(connection, sa.func.max), default=None),
        gaps=sum(len(gaps) for gaps in _gaps(connection, {key for key, each in known.items() if each.id > 0}).values()),
        not_searched=tuple(_not_searched(connection, missing)),
    )


def _gaps(connection: sa.Connection, numbered: set[int]) -> dict[int, tuple[Gap, ...]]:
    """Return the gaps of the channels whose posts are numbered by Telegram."""
    return {
        channel_id: tuple(Gap(one[1], two[0]) for one, two in pairwise(merged(found)))
        for channel_id, found in _ranges(connection).items()
        if channel_id in numbered
    }


def _ranges(connection: sa.Connection) -> dict[int, list[tuple[int, int]]]:
    ranges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in connection.execute(sa.select(schema.coverage)):
        ranges[row.channel_id].append((row.first_message_id, row.last_message_id))
    return ranges


def _count(connection: sa.Connection, table: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


def _only_service(connection: sa.Connection) -> int:
    """Count the posts that never were anything but service messages."""
    versions, other = schema.post_versions, schema.post_versions.alias()
    content = sa.exists().where(other.c.post_id == versions.c.post_id, other.c.service.is_(None))
    query = sa.select(sa.func.count(sa.distinct(versions.c.post_id))).where(versions.c.service.is_not(None), ~content)
    return connection.scalar(query) or 0


def _count_images(connection: sa.Connection) -> tuple[int, int]:
    """Count the images with a file and those without; one that stands in several versions of a post is one image."""
    versions, attachments = schema.post_versions, schema.attachments
    held, several = attachments.c.file_id.is_not(None), sa.func.count() > 1
    edited = sa.select(versions.c.post_id).group_by(versions.c.post_id).having(several)
    again = (
        sa.select(held.label("held"), (sa.func.count() - 1).label("more"))
        .join(versions, versions.c.id == attachments.c.version_id)
        .where(versions.c.post_id.in_(edited))
        .group_by(versions.c.post_id, attachments.c.position, attachments.c.file_id)
        .having(several)
        .subquery()
    )
    rows = connection.execute(sa.select(again.c.held, sa.func.sum(again.c.more)).group_by(again.c.held))
    more = {bool(row[0]): row[1] for row in rows}
    every, missing = _count(connection, attachments, held), _count(connection, attachments, ~held)
    return every - more.get(True, 0), missing - more.get(False, 0)


def _ends(connection: sa.Connection, which: Any) -> list[datetime]:
    """The first (or last) time that posts were given, and the first of those that only exports claim.

    Times of a collection are claims of its files: they extend no coverage.
    """
    posts, versions = schema.posts, schema.post_versions
    content = versions.c.service.is_(None)
    told = sa.select(which(versions.c.posted_at, type_=schema.UtcDateTime)).where(content)
    claimed = (
        sa.select(which(versions.c.claimed_at, type_=schema.UtcDateTime))
        .join(posts, posts.c.id == versions.c.post_id)
        .join(schema.channels, schema.channels.c.id == posts.c.channel_id)
        .where(versions.c.posted_at.is_(None), content, schema.channels.c.kind != PeerKind.COLLECTION)
    )
    found = (connection.scalar(query) for query in (told, claimed))
    return [each for each in found if each is not None]


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many rows of each noun there are."""
    tables = (
        schema.channels, schema.posts, schema.post_versions, schema.attachments, schema.files, schema.fingerprints,
        schema.matches, schema.pictures, schema.links, schema.chain_revisions, schema.runs, schema.run_problems,
        schema.reports, schema.deliveries,
    )  # fmt: skip
    return {table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables}


def last_run(connection: sa.Connection) -> Any:
    """Return the row of the newest run, or None."""
    return connection.execute(sa.select(schema.runs).order_by(schema.runs.c.id.desc()).limit(1)).first()


def posts_between(connection: sa.Connection, start: datetime, end: datetime) -> int:
    """Count the posts, service messages left out, whose post time lies in [start, end)."""
    versions = schema.post_versions
    query = sa.select(sa.func.count(sa.distinct(versions.c.post_id))).where(
        versions.c.posted_at >= start, versions.c.posted_at < end, versions.c.service.is_(None)
    )
    return connection.scalar(query) or 0


def files_seen_between(connection: sa.Connection, start: datetime, end: datetime) -> set[int]:
    """Return the files of all posts that were posted, edited or found deleted in [start, end)."""
    versions, attachments, posts = schema.post_versions, schema.attachments, schema.posts
    moments = (
        versions.c.posted_at,
        versions.c.edited_at,
        versions.c.claimed_at,
        attachments.c.uploaded_at,
        posts.c.deleted_seen_at,
    )
    inside = sa.or_(*((moment >= start) & (moment < end) for moment in moments))
    query = (
        sa.select(attachments.c.file_id)
        .join(versions, versions.c.id == attachments.c.version_id)
        .join(posts, posts.c.id == versions.c.post_id)
        .where(inside, attachments.c.file_id.is_not(None))
    )
    return set(connection.scalars(query))


def reports_before(connection: sa.Connection, at: datetime) -> bool:
    """Whether any report had been made by then."""
    table = schema.reports
    return connection.scalar(sa.select(table.c.id).where(table.c.made_at < at).limit(1)) is not None


def last_reported(connection: sa.Connection, week: str, sha256: str) -> datetime | None:
    """Return when the very report of the week was last made that has this hash."""
    table = schema.reports
    the_same = (table.c.week == week) & (table.c.sha256 == sha256)
    made: datetime | None = connection.scalar(sa.select(sa.func.max(table.c.made_at)).where(the_same))
    return made


def newest_post(connection: sa.Connection) -> datetime | None:
    """Return the latest post time in the archive."""
    newest: datetime | None = connection.scalar(sa.select(sa.func.max(schema.post_versions.c.posted_at)))
    return newest


def _posts_by_channel() -> sa.Select[Any]:
    posts, versions = schema.posts, schema.post_versions
    when = sa.func.coalesce(versions.c.posted_at, versions.c.claimed_at)
    return (
        sa.select(
            posts.c.channel_id,
            sa.func.count(sa.distinct(posts.c.id)).label("posts"),
            sa.func.min(when, type_=schema.UtcDateTime).label("earliest"),
            sa.func.max(when, type_=schema.UtcDateTime).label("latest"),
        )
        .join(versions, versions.c.post_id == posts.c.id)
        .where(versions.c.service.is_(None))
        .group_by(posts.c.channel_id)
    )


def _by_channel(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> dict[int, int]:
    """Count (post, file) pairs: an image that stands in two versions of a post is one image."""
    posts, versions, attachments = schema.posts, schema.post_versions, schema.attachments
    pairs = (
        sa.select(posts.c.channel_id, posts.c.id, attachments.c.position, attachments.c.file_id)
        .distinct()
        .join(versions, versions.c.post_id == posts.c.id)
        .join(attachments, attachments.c.version_id == versions.c.id)
        .where(condition)
        .subquery()
    )
    query = sa.select(pairs.c.channel_id, sa.func.count()).group_by(pairs.c.channel_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _not_searched(connection: sa.Connection, missing: int) -> list[str]:
    files, inspections, prints = schema.files, schema.inspections, schema.fingerprints
    total = _count(connection, files)
    ours = (inspections.c.tool == MEASURE_TOOL) & (inspections.c.version == ALGORITHM_VERSION)
    seen = _count(connection, inspections, ours)
    refused = _count(connection, inspections, ours, inspections.c.problem.is_not(None))
    # Not a parameter: SQLite takes the index of flat images only for the very number that it was made with.
    is_flat = prints.c.quality < sa.literal_column(str(FLAT_BELOW))
    flat = _count(connection, prints, prints.c.algorithm == ALGORITHM, prints.c.version == ALGORITHM_VERSION, is_flat)
    waiting = connection.scalar(
        sa.select(sa.func.count()).select_from(schema.downloads).where(schema.downloads.c.file_id.is_(None))
    )
    said = [
        (waiting or 0, "image file", "still to be downloaded from Telegram"),
        (total - seen, "image file", "not fingerprinted yet: run `provenance reindex`"),
        (missing, "image", "without a file: left out of an export, not kept, or not downloaded (yet)"),
        (refused, "file", "that cannot be decoded: found by the exact bytes only"),
        (flat, "flat image", "(blank, gradient, emblem): found by the exact bytes only"),
    ]
    # The first name from there on: LIKE would go through all rows.
    named = sa.select(inspections.c.tool).where(inspections.c.tool >= MODEL_PREFIX).order_by(inspections.c.tool)
    model = connection.scalar(named.limit(1))
    whole_only = [] if model is not None and model.startswith(MODEL_PREFIX) else [WHOLE_ONLY]
    return [f"{counted(count, what)} {words}" for count, what, words in said if count] + whole_only
