"""Delivers the reports: to folders and by mail at any time, on Telegram while there is a connection.

A delivery is taken on before anything is sent, so that two processes never send the same; what fails is tried again.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from provenance.app import clock, mail, parcel
from provenance.app.collect import pauses
from provenance.app.collect.intake import Intake
from provenance.app.collect.settings import Delivering
from provenance.app.parcel import Parcel
from provenance.app.runs import recorded
from provenance.archive import deliveries
from provenance.archive.deliveries import Delivery, Made
from provenance.archive.store import Archive, Connection
from provenance.core import delivery as targets
from provenance.core.delivery import Target, Way
from provenance.errors import ArchiveError, ChannelRefused, DeliveryFailed, SessionInUse, TelegramError, UsageProblem
from provenance.sources.telegram import send, session
from provenance.sources.telegram.client import Lost, Refused, Telegram
from provenance.sources.telegram.session import Access

log = logging.getLogger(__name__)

LOCAL = frozenset({Way.FOLDER, Way.MAIL})
REMOTE = frozenset({Way.TELEGRAM})
_LOOK_SECONDS, _TROUBLED_SECONDS = 2.0, 30.0
_SECONDS = 600.0
"""How long one delivery may take."""
_HELD = timedelta(seconds=_SECONDS + 60)
"""For so long nobody else tries: whoever took it on and was killed has lost it after that."""


class Courier:
    """Takes reports to where the settings and the commands want them."""

    def __init__(self, intake: Intake, told: Delivering, seconds: float = _SECONDS) -> None:
        self._intake = intake
        self._told = told
        self._seconds = seconds
        self._standing = [str(each) for each in told.targets]

    async def run(self, ways: Collection[Way], telegram: Telegram | None = None) -> None:
        """Deliver whatever is due, until cancelled. Raises Lost or AccountLost where Telegram is gone."""
        while True:
            try:
                await self.once(ways, telegram)
                pause = _LOOK_SECONDS
            except ArchiveError as error:
                log.warning("deliveries: %s", error)
                pause = _TROUBLED_SECONDS
            await asyncio.sleep(pause)

    async def once(
        self, ways: Collection[Way], telegram: Telegram | None = None, only: Collection[int] | None = None
    ) -> list[DeliveryFailed]:
        """Deliver what is due now (`only`: these deliveries); return what failed. Raises Lost or AccountLost."""
        failed = []
        due = await self._intake.read(partial(deliveries.due, now=clock.now(), standing=self._standing))
        for each in due:
            to = targets.target(each.target)
            if to.way not in ways or (only is not None and each.id not in only):
                continue
            held = clock.now() + _HELD
            if await self._intake.write(partial(deliveries.take, delivery=each, until=held)):
                trouble = await self._deliver(each, to, telegram)
                if trouble is not None:
                    failed.append(trouble)
        return failed

    async def _deliver(self, each: Delivery, to: Target, telegram: Telegram | None) -> DeliveryFailed | None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._carry(each, to, telegram)
        except (Lost, TelegramError) as gone:
            words = gone.message.rstrip(".") if isinstance(gone, TelegramError) else f"the connection was lost: {gone}"
            await self._put_off(each, DeliveryFailed(target=to, what=words))
            raise
        except asyncio.CancelledError:
            # The daemon stops, or its connection is gone: whether it has arrived is not known.
            await self._put_off(each, DeliveryFailed(target=to, what="interrupted"))
            raise
        except TimeoutError:
            failed = DeliveryFailed(target=to, what=f"it took longer than {self._seconds:g} s")
        except DeliveryFailed as error:
            failed = error
        except Exception as error:
            # Whatever it is: a report that does not arrive must not end the collecting.
            log.exception("a report could not be delivered to %s", to)
            failed = DeliveryFailed(target=to, what=f"something unforeseen: {type(error).__name__}")
        else:
            log.info("delivered the report of %s to %s", each.report.week, to)
            await self._intake.write(lambda connection: deliveries.confirm(connection, each, clock.now()))
            return None
        await self._put_off(each, failed)
        return failed

    async def _carry(self, each: Delivery, to: Target, telegram: Telegram | None) -> None:
        archive = self._intake.archive
        packed = await asyncio.to_thread(
            parcel.packed, parcel.place(archive.directory), each.report, each.target, pdf=self._told.pdf
        )
        if to.way is Way.FOLDER:
            await asyncio.to_thread(parcel.put, archive.directory, to.place, packed, each.target)
        elif to.way is Way.MAIL:
            if self._told.sender is None:
                raise DeliveryFailed(target=to, what="[report.smtp] in the settings names no mail server")
            await mail.send(self._told.sender, to.place, packed)
        elif telegram is not None:
            await _by_telegram(telegram, to, packed)

    async def _put_off(self, each: Delivery, failed: DeliveryFailed) -> None:
        again = pauses.until(clock.now(), each.attempts, pauses.DELIVERIES)
        log.warning("%s Trying again at %s.", failed.message, f"{again:%Y-%m-%d %H:%M:%S} UTC")
        what = str(failed.facts["what"])
        await self._intake.write(lambda connection: deliveries.put_off(connection, each, what, again))


@dataclass(frozen=True, slots=True)
class Handed:
    """How it stands with one target after a command has handed a report over; nothing known: a daemon has it."""

    target: str
    delivered_at: datetime | None
    trouble: str | None


async def hand_over(
    archive: Archive, week: str, to: Sequence[Target], told: Delivering, access: Access, pace: int
) -> list[Handed]:
    """Deliver the newest report of a week now; what is for Telegram is left to the daemon, where one runs.

    Raises ProvenanceError where this account cannot be used.
    """
    names = [str(each) for each in to]
    with recorded(archive, "deliver", [week, *names]) as run:
        intake = Intake(archive, run.id)
        made = await intake.read(partial(deliveries.newest, week=week))
        if made is None:
            return []
        await intake.write(lambda connection: deliveries.queue(connection, made.id, names, clock.now(), by_hand=True))
        waiting = [each for each in await intake.read(deliveries.open_ones) if each.report.id == made.id]
        only = {each.id for each in waiting}
        courier = Courier(intake, told)
        await courier.once(LOCAL, only=only)
        remote = any(each.target.startswith(f"{Way.TELEGRAM}:") for each in waiting)
        trouble = await _remotely(courier, access, pace, only) if remote else None
        handed = await intake.read(lambda connection: _handed(connection, made, names, trouble))
        run.summary = {"delivered": sum(each.delivered_at is not None for each in handed)}
    return handed


async def _remotely(courier: Courier, access: Access, pace: int, only: Collection[int]) -> str | None:
    """Deliver on Telegram with a connection of our own; return why not, where there is none to be had."""
    try:
        with session.held(access.session):
            async with Telegram(access, pace) as telegram:
                await courier.once(REMOTE, telegram, only)
    except SessionInUse:
        return None
    except (Lost, Refused) as error:
        return f"Telegram cannot be reached: {error}"
    except TelegramError as error:
        return error.message.rstrip(".")
    return None


def _handed(connection: Connection, made: Made, names: Sequence[str], trouble: str | None) -> list[Handed]:
    waits = {each.target: each for each in deliveries.open_ones(connection) if each.report.id == made.id}
    return [
        Handed(
            name,
            deliveries.delivered_at(connection, made, name),
            (waits[name].trouble or (trouble if name.startswith(f"{Way.TELEGRAM}:") else None))
            if name in waits
            else None,
        )
        for name in names
    ]


async def _by_telegram(telegram: Telegram, to: Target, packed: Parcel) -> None:
    try:
        await send.send(telegram, to.place, packed.text, packed.files, packed.key)
    except Refused as refused:
        raise DeliveryFailed(target=to, what=f"Telegram refuses it ({refused.name})") from refused
    except (ChannelRefused, UsageProblem) as error:
        raise DeliveryFailed(target=to, what=error.message.rstrip(".")) from error
