"""What is followed: adding, listing, removing, and the sources that would be worth it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from provenance.app import clock
from provenance.app.collect import pauses
from provenance.app.collect.intake import Intake
from provenance.app.runs import recorded
from provenance.archive import find, follow, observe
from provenance.archive.store import Archive, Connection
from provenance.core.answers import Follow, Suggestion
from provenance.errors import ChannelRefused, NothingFound, NotLoggedIn, SessionInUse
from provenance.sources.telegram import peers, session
from provenance.sources.telegram.client import Refused, Telegram
from provenance.sources.telegram.session import Access


@dataclass(frozen=True, slots=True)
class Added:
    """What became of `channels add`: those that are followed, those that Telegram refused, and why others wait."""

    followed: tuple[Follow, ...]
    refused: tuple[ChannelRefused, ...] = ()
    waiting: str | None = None


async def add(
    archive: Archive, access: Access, names: Sequence[str], *, join: bool, since: datetime | None, pace: int
) -> Added:
    """Follow channels by the words that name them. Telegram is asked at once where the session is free for that.

    Raises UsageProblem where a name can name no channel, before anything is written.
    """
    for name in names:
        peers.well_formed(name)
    with archive.write() as connection:
        before = {each.id for each in follow.followed(connection)}
        wishes = {follow.ask(connection, name, join=join, since=since, now=clock.now()) for name in names}
    refused: list[ChannelRefused] = []
    waiting = None
    try:
        with session.held(access.session):
            async with Telegram(access, pace) as telegram:
                with recorded(archive, "channels add", list(names)) as run:
                    intake = Intake(archive, run.id)
                    for wish in _wishes(archive, wishes):
                        try:
                            await settle(telegram, intake, wish)
                        except ChannelRefused as error:
                            refused.append(error)
                            if wish.id not in before and not error.facts.get("waits"):
                                with archive.write() as connection:
                                    follow.remove(connection, wish.id, clock.now())
    except SessionInUse:
        waiting = "The running daemon will ask Telegram about what has no number yet, within seconds."
    except NotLoggedIn as error:
        waiting = f"Telegram will be asked later. {error}"
    asked = set(names)
    with archive.read() as connection:
        followed = tuple(each for each in follow.followed(connection) if each.id in wishes or each.asked in asked)
    return Added(followed, tuple(refused), waiting)


async def settle(telegram: Telegram, intake: Intake, wish: Follow) -> None:
    """Ask Telegram which channel a wish stands for, and record it. Raises ChannelRefused, and what `call` raises."""
    found = await peers.resolve(telegram, wish.asked, join=wish.join)
    if wish.channel is not None and wish.channel.key != found.channel.key:
        raise ChannelRefused(
            name=wish.asked,
            what=f"the name now belongs to another channel ({found.channel.id}) than «{wish.channel.title}» "
            f"({wish.channel.id}); add it anew if that is meant",
        )

    def change(connection: Connection) -> None:
        row = observe.add_channel(connection, found.channel, clock.now())
        follow.settle(connection, wish.id, row, found.access_hash, joined=found.joined)

    await intake.write(change)


def reason(refused: ChannelRefused | Refused) -> str:
    """Why a channel cannot be read, without its name."""
    return str(refused.facts["what"]) if isinstance(refused, ChannelRefused) else peers.words(refused)


async def trouble(intake: Intake, of: Follow, why: str) -> None:
    """Record why a channel cannot be read; it is tried again after a pause that grows."""
    retry_at = pauses.until(clock.now(), of.attempts, pauses.CHANNELS)
    await intake.write(lambda connection: follow.troubled(connection, of.id, why, retry_at))


def followed(archive: Archive) -> list[Follow]:
    """Return what is followed."""
    with archive.read() as connection:
        return follow.followed(connection)


def remove(archive: Archive, name: str) -> Follow:
    """Follow a channel no longer; what was archived of it stays. Raises NothingFound."""
    with archive.write() as connection:
        found = named(connection, name)
        follow.remove(connection, found.id, clock.now())
    return found


def named(connection: Connection, name: str) -> Follow:
    """Return the followed channel called `name`, or added by these words. Raises NothingFound."""
    rows = find.channels_called(connection, name)
    found = [each for each in follow.followed(connection) if each.asked == name or each.row in rows]
    if not found:
        raise NothingFound(what=f"No followed channel is called {name!r}. `provenance channels list` shows them.")
    if len(found) > 1:
        ids = ", ".join(str(each.channel.id) for each in found if each.channel)
        raise NothingFound(what=f"{len(found)} followed channels are called {name!r}: name one by its id ({ids}).")
    return found[0]


def suggestions(archive: Archive, limit: int) -> list[Suggestion]:
    """Return the sources that archived posts credit most and that are not followed."""
    with archive.read() as connection:
        return follow.suggestions(connection, limit)


def _wishes(archive: Archive, wanted: set[int]) -> list[Follow]:
    with archive.read() as connection:
        return [each for each in follow.followed(connection) if each.id in wanted]
