"""Which report goes to whom, and how it stands: nothing is sent twice to a target that has confirmed it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provenance.archive import schema
from provenance.archive.text import storable

ATTEMPTS = 20
"""After so many failed ones, about two weeks, a delivery is given up until somebody asks for it again."""


@dataclass(frozen=True, slots=True)
class Made:
    """A report on record; `sha256` is that of its JSON."""

    id: int
    week: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A report that a target has not confirmed yet."""

    id: int
    report: Made
    target: str
    by_hand: bool
    attempts: int
    trouble: str | None
    retry_at: datetime | None

    @property
    def given_up(self) -> bool:
        return self.attempts >= ATTEMPTS


def newest(connection: sa.Connection, week: str, since: datetime | None = None) -> Made | None:
    """Return the newest report of a week, made no earlier than `since`."""
    table = schema.reports
    query = sa.select(table).where(table.c.week == week).order_by(table.c.id.desc()).limit(1)
    if since is not None:
        query = query.where(table.c.made_at >= since)
    row = connection.execute(query).first()
    return None if row is None else Made(row.id, row.week, row.sha256)


def queue(
    connection: sa.Connection, report_id: int, targets: Sequence[str], now: datetime, *, by_hand: bool = False
) -> None:
    """Let a report be delivered to the targets, at once, but for those that have confirmed the very same.

    It takes the place of an earlier report of the week that a target has not had yet.
    """
    table, reports = schema.deliveries, schema.reports
    made = connection.execute(sa.select(reports).where(reports.c.id == report_id)).one()
    week = sa.select(reports.c.id).where(reports.c.week == made.week)
    same = week.where(reports.c.sha256 == made.sha256)
    fresh = {"report_id": report_id, "queued_at": now, "attempts": 0, "trouble": None, "retry_at": None}
    for target in dict.fromkeys(targets):
        ours = table.c.target == target
        had = ours & table.c.delivered_at.is_not(None) & table.c.report_id.in_(same)
        if connection.scalar(sa.select(table.c.id).where(had).limit(1)) is not None:
            continue
        waits = ours & table.c.delivered_at.is_(None) & table.c.report_id.in_(week)
        # What the settings once asked for, a command does not turn into its own wish.
        wished = {"by_hand": table.c.by_hand & sa.literal(by_hand)}
        if not connection.execute(table.update().where(waits).values(fresh | wished)).rowcount:
            connection.execute(table.insert().values(fresh | {"target": target, "by_hand": by_hand}))


def not_queued(connection: sa.Connection, week: str, since: datetime, targets: Sequence[str]) -> list[str]:
    """Return the targets to which no report of the week that was made since then has gone or is to go."""
    table, reports = schema.deliveries, schema.reports
    query = (
        sa.select(table.c.target)
        .join(reports, reports.c.id == table.c.report_id)
        .where(reports.c.week == week, reports.c.made_at >= since)
    )
    known = set(connection.scalars(query))
    return [each for each in targets if each not in known]


def delivered_at(connection: sa.Connection, report: Made, target: str) -> datetime | None:
    """Return when the target confirmed the very same report."""
    table, reports = schema.deliveries, schema.reports
    query = (
        sa.select(sa.func.max(table.c.delivered_at, type_=schema.UtcDateTime))
        .join(reports, reports.c.id == table.c.report_id)
        .where(reports.c.week == report.week, reports.c.sha256 == report.sha256, table.c.target == target)
    )
    found: datetime | None = connection.scalar(query)
    return found


def open_ones(connection: sa.Connection) -> list[Delivery]:
    """Return what is not delivered yet, oldest wish first."""
    table, reports = schema.deliveries, schema.reports
    query = (
        sa.select(table, reports.c.week, reports.c.sha256)
        .join(reports, reports.c.id == table.c.report_id)
        .where(table.c.delivered_at.is_(None))
        .order_by(table.c.id)
    )
    return [_delivery(row) for row in connection.execute(query)]


def due(connection: sa.Connection, now: datetime, standing: Collection[str]) -> list[Delivery]:
    """Return what is to be delivered now: to the `standing` targets, and what a command has asked for."""
    return [
        each
        for each in open_ones(connection)
        if (each.by_hand or each.target in standing)
        and not each.given_up
        and (each.retry_at is None or each.retry_at <= now)
    ]


def take(connection: sa.Connection, delivery: Delivery, until: datetime) -> bool:
    """Take a delivery on until then, as one more attempt; False where another process has done so meanwhile."""
    table = schema.deliveries
    ours = (table.c.id == delivery.id) & (table.c.report_id == delivery.report.id) & table.c.delivered_at.is_(None)
    untouched = (table.c.attempts == delivery.attempts) & table.c.retry_at.is_not_distinct_from(delivery.retry_at)
    values = {"attempts": table.c.attempts + 1, "retry_at": until}
    return connection.execute(table.update().where(ours & untouched).values(values)).rowcount == 1


def confirm(connection: sa.Connection, delivery: Delivery, now: datetime) -> None:
    """Record that the target has the report."""
    table = schema.deliveries
    ours = (table.c.id == delivery.id) & (table.c.report_id == delivery.report.id)
    connection.execute(table.update().where(ours).values(delivered_at=now, trouble=None, retry_at=None))


def put_off(connection: sa.Connection, delivery: Delivery, trouble: str, retry_at: datetime) -> None:
    """Record why it could not be delivered, and when to try again."""
    table = schema.deliveries
    # A newer report may have taken its place meanwhile: that one has its own turn.
    ours = (table.c.id == delivery.id) & (table.c.report_id == delivery.report.id)
    connection.execute(table.update().where(ours).values(trouble=storable(trouble), retry_at=retry_at))


def _delivery(row: Any) -> Delivery:
    made = Made(row.report_id, row.week, row.sha256)
    return Delivery(row.id, made, row.target, row.by_hand, row.attempts, row.trouble, row.retry_at)
