"""What goes wrong, and when: every fault that a test can order, and the seeded mix of a soak test.

Owns the orders only. The others ask it: `take` before a request is answered, `spoil` before a piece of a file is
sent, `loses` before an update is pushed.
"""

import math
import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from tests.telegram_dc.refused import Refused

if TYPE_CHECKING:
    from tests.telegram_dc.channels import Channel
    from tests.telegram_dc.world import World

REQUEST_KINDS = ("flood", "fail", "drop", "delay")
PIECE_KINDS = ("truncate", "empty", "double", "garble")
KINDS = (*REQUEST_KINDS, "truncate", "empty", "lose")


@dataclass
class Rule:
    """An order: what happens to the next `times` requests of a name (None: of any)."""

    kind: str  # one of REQUEST_KINDS, or "silence"
    request: str | None
    times: int = 1
    seconds: float = 0
    refused: Refused | None = None


class Faults:
    """The orders of a test. Every method may be called from any thread and works from the next request on."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.happened: Counter[str] = Counter()  # by kind: what was really done
        self._random = random.Random(0)
        self._reset()

    def _reset(self) -> None:
        self._rules: list[Rule] = []
        self._pieces: list[str] = []
        self._pages: list[int] = []  # the most messages in each of the next pages of history
        self._lose = 0
        self._lose_all = False
        self._rates: Mapping[str, float] = {}
        self._spared: frozenset[str] = frozenset()
        self._too_long: set[int] = set()
        self._banned: dict[int, str] = {}
        self._vanished: set[str] = set()
        self._gone: set[int] = set()
        self.refused_until = -math.inf

    def clear(self) -> None:
        """Everything works again: no order is left, and what was revoked or banned is back. Moved files stay."""
        with self._world.lock:
            self._reset()
            for key in self._world.keys.values():
                key.revoked = None

    # Requests

    def flood(self, request: str | None, seconds: int, times: int = 1) -> None:
        """FLOOD_WAIT_n."""
        self._order(Rule("flood", request, times, refused=Refused(f"FLOOD_WAIT_{seconds}", 420)))

    def fail(self, request: str | None, code: int, message: str, times: int = 1) -> None:
        """Any RPC error."""
        self._order(Rule("fail", request, times, refused=Refused(message, code)))

    def delay(self, request: str | None, seconds: float, times: int = 1) -> None:
        """The request is looked at only after so long; others overtake it."""
        self._order(Rule("delay", request, times, seconds=seconds))

    def silence(self, request: str | None, times: int = 1) -> None:
        """No answer, and the connection stays."""
        self._order(Rule("silence", request, times))

    def drop_on(self, request: str | None, times: int = 1) -> None:
        """The connection is closed instead of an answer."""
        self._order(Rule("drop", request, times))

    def drop_connections(self) -> None:
        """Close every connection, now."""
        self._world.wires.drop_all()

    def refuse(self, seconds: float) -> None:
        """New connections are closed at once, for so long. Those that are open stay."""
        with self._world.lock:
            self.refused_until = monotonic() + seconds

    def random(self, seed: int, rates: Mapping[str, float], spare: Collection[str] = ()) -> None:
        """From now on each request meets each of these with this probability; the keys are those in KINDS.

        `spare` names requests that go well always. Telethon leaks its second connection when
        ImportAuthorizationRequest fails, and that is a warning in the process that tests.
        """
        if unknown := set(rates) - set(KINDS):
            raise ValueError(f"no such faults: {sorted(unknown)}")
        with self._world.lock:
            self._random = random.Random(seed)
            self._rates = dict(rates)
            self._spared = frozenset(spare)

    def _order(self, rule: Rule) -> None:
        with self._world.lock:
            self._rules.append(rule)

    def take(self, request: str) -> Rule | None:
        """What shall happen to this request, if anything; the first order that fits, then chance."""
        for rule in self._rules:
            if rule.request in (None, request):
                rule.times -= 1
                if rule.times <= 0:
                    self._rules.remove(rule)
                self.happened[rule.kind] += 1
                return rule
        for kind in REQUEST_KINDS:
            if request not in self._spared and self._chance(kind):
                return self._chosen(kind, request)
        return None

    def _chance(self, kind: str) -> bool:
        rate = self._rates.get(kind, 0)
        if not rate or self._random.random() >= rate:
            return False
        self.happened[kind] += 1
        return True

    def _chosen(self, kind: str, request: str) -> Rule:
        if kind == "flood":
            return Rule(kind, request, refused=Refused("FLOOD_WAIT_1", 420))
        if kind == "fail":
            return Rule(kind, request, refused=Refused("INTERNAL", 500))
        return Rule(kind, request, seconds=self._random.uniform(0.05, 0.5))

    # Pieces of files

    def truncate(self, times: int = 1) -> None:
        """The next pieces of files lack their second half."""
        self._spoil_next("truncate", times)

    def empty(self, times: int = 1) -> None:
        """The next pieces of files are empty."""
        self._spoil_next("empty", times)

    def double(self, times: int = 1) -> None:
        """The next pieces of files come twice in one answer."""
        self._spoil_next("double", times)

    def garble(self, times: int = 1) -> None:
        """The next pieces of files have the right length and some wrong bytes."""
        self._spoil_next("garble", times)

    def _spoil_next(self, kind: str, times: int) -> None:
        with self._world.lock:
            self._pieces += [kind] * times

    def spoil(self, piece: bytes) -> bytes:
        """What is sent in place of this piece of a file."""
        kind = ""
        if self._pieces:
            kind = self._pieces.pop(0)
            self.happened[kind] += 1
        else:
            kind = next((kind for kind in ("truncate", "empty") if self._chance(kind)), "")
        if kind == "truncate":
            return piece[: len(piece) // 2]
        if kind == "empty":
            return b""
        if kind == "double":
            return piece * 2
        if kind == "garble":
            middle = len(piece) // 2
            return piece[:middle] + bytes(byte ^ 0xFF for byte in piece[middle : middle + 64]) + piece[middle + 64 :]
        return piece

    # Files

    def expire_references(self) -> None:
        """The file references handed out so far are refused; a message that is fetched again has a new one."""
        with self._world.lock:
            self._world.media.retire_references("FILE_REFERENCE_EXPIRED")

    def invalid_references(self) -> None:
        """The same, in the way that Telethon never handles."""
        with self._world.lock:
            self._world.media.retire_references("FILE_REFERENCE_INVALID")

    def move(self, media: Any, dc_id: int) -> None:
        """The file lives in another data centre now; messages fetched from now on say so."""
        with self._world.lock:
            media.dc_id = dc_id

    def gone(self, media: Any) -> None:
        """LOCATION_INVALID for ever."""
        with self._world.lock:
            self._gone.add(media.id)

    def is_gone(self, media_id: int) -> bool:
        """Whether the file was ordered away."""
        return media_id in self._gone

    # Updates and history

    def lose_updates(self, on: bool = True) -> None:
        """No update is pushed, though pts moves on."""
        with self._world.lock:
            self._lose_all = on

    def lose(self, times: int = 1) -> None:
        """The next updates that somebody would receive are not pushed."""
        with self._world.lock:
            self._lose += times

    def loses(self) -> bool:
        """Whether this update gets lost."""
        if self._lose_all:
            self.happened["lose"] += 1
            return True
        if self._lose:
            self._lose -= 1
            self.happened["lose"] += 1
            return True
        return self._chance("lose")

    def too_long(self, channel: "Channel") -> None:
        """The next difference of this channel is ChannelDifferenceTooLong."""
        with self._world.lock:
            self._too_long.add(channel.id)

    def is_too_long(self, channel_id: int) -> bool:
        """Whether this difference was ordered to be too long."""
        if channel_id not in self._too_long:
            return False
        self._too_long.discard(channel_id)
        return True

    def channel_too_long_update(self, channel: "Channel") -> None:
        """Push UpdateChannelTooLong: the client should ask for the difference."""
        with self._world.lock:
            self._world.announce(channel, types.UpdateChannelTooLong(channel.id, channel.pts))

    def short_pages(self, times: int, limit: int) -> None:
        """The next pages of history hold at most so many messages though more are there."""
        with self._world.lock:
            self._pages += [limit] * times

    def empty_page(self, times: int = 1) -> None:
        """The next pages of history are empty though messages are there."""
        self.short_pages(times, 0)

    def page_limit(self, wanted: int) -> int:
        """How many messages the next page of history may hold."""
        if not self._pages:
            return wanted
        self.happened["short page"] += 1
        return min(wanted, self._pages.pop(0))

    def ban(self, channel: "Channel", message: str = "CHANNEL_PRIVATE") -> None:
        """Every request that names the channel is refused, and its updates stop."""
        with self._world.lock:
            self._banned[channel.id] = message

    def unban(self, channel: "Channel") -> None:
        """The channel answers again."""
        with self._world.lock:
            self._banned.pop(channel.id, None)

    def banned(self, channel_id: int) -> str | None:
        """Why the channel is refused, if it is."""
        return self._banned.get(channel_id)

    def vanish(self, username: str) -> None:
        """USERNAME_NOT_OCCUPIED."""
        with self._world.lock:
            self._vanished.add(username.lower())

    def vanished(self, username: str) -> bool:
        """Whether the name was ordered away."""
        return username.lower() in self._vanished

    # The account

    def revoke(self, message: str = "SESSION_REVOKED") -> None:
        """Every login that exists now is refused from now on; a new login works."""
        with self._world.lock:
            for key in self._world.keys.values():
                key.revoked = message
            self._world.wires.deafen()
