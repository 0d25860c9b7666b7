"""What the data centres know: the account, its keys, channels and files, and what was asked and served so far.

No sockets here: `wires` is whoever can reach the clients. One lock protects everything; who holds it must not wait.
"""

import os
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1
from threading import RLock
from time import monotonic, time
from typing import Any, Protocol

from telethon.tl import types

from tests.telegram_dc.channels import Channel, Version
from tests.telegram_dc.faults import Faults
from tests.telegram_dc.keys import Verifier
from tests.telegram_dc.media import Media, access_hash, now
from tests.telegram_dc.refused import Refused

_FIRST_CHANNEL = 1_700_000_001
_ME = 7_000_000_001


class Wires(Protocol):
    """Who can reach the clients. None of these wait, except `drop_all`."""

    def listening(self) -> bool:
        """Whether any connection receives updates."""

    def broadcast(self, body: bytes) -> None:
        """Send a message to every connection that receives updates."""

    def deafen(self) -> None:
        """No connection receives updates until it has asked something successfully."""

    def tell(self, key_id: int, body: bytes) -> None:
        """Send a message to the connections of one key."""

    def drop_all(self) -> None:
        """Close every connection and wait until that is done."""


@dataclass
class Key:
    """An authorisation key, and what it may do. It is known in one data centre only."""

    data: bytes
    dc_id: int
    authorised: bool = False
    needs_password: bool = False  # signed in but for the second factor
    qr_accepted: bool = False
    revoked: str | None = None

    @property
    def id(self) -> int:
        """The number by which messages name the key."""
        number: int = struct.unpack("<Q", sha1(self.data, usedforsecurity=False).digest()[-8:])[0]
        return number


@dataclass
class Served:
    """The truth, for a test to compare with: what could be fetched since when (monotonic seconds)."""

    messages: dict[int, dict[int, list[tuple[float, Version | str]]]] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)


class World:
    """The state of all data centres of one test."""

    def __init__(self, ids: Sequence[int], password: str | None) -> None:
        self.lock = RLock()
        self.ids = tuple(ids)
        self.home = self.ids[0]
        self.ports: dict[int, int] = {}
        self.wires: Wires
        self.phone = "+10000000000"
        self.code = "12345"
        self.password = password
        self.qr_seconds = 30.0
        self.me = types.User(
            _ME, is_self=True, access_hash=access_hash(_ME), first_name="Test", last_name="Account", phone="10000000000"
        )
        self.keys: dict[int, Key] = {}
        self.channels: dict[int, Channel] = {}
        self.media = Media()
        self.faults = Faults(self)
        self.served = Served(files=self.media.files)
        self.saved: list[Any] = []  # the messages of Saved Messages
        self.writable: set[int] = set()  # channels that the account may write to
        self.random_ids: set[int] = set()  # of what clients have sent
        self.parts: dict[int, dict[int, bytes]] = {}  # uploads under way
        self.calls: Counter[str] = Counter()
        self.log: list[tuple[float, str]] = []
        self.unknown: Counter[str] = Counter()
        self.errors: list[str] = []
        self.codes: dict[str, str] = {}  # sent codes: hash -> phone
        self.exported: dict[tuple[int, bytes], int] = {}  # exported authorisations: -> data centre
        self.tokens: dict[bytes, tuple[int, float]] = {}  # QR tokens: -> key id, end of life; the newest is the last
        self._verifier: Verifier | None = None

    def clock(self) -> float:
        """Unix time."""
        return time()

    def note(self, request: str) -> None:
        """Count a request."""
        self.calls[request] += 1
        self.log.append((monotonic(), request))

    def new_key(self, data: bytes, dc_id: int, authorised: bool = False) -> Key:
        """Remember a key for as long as the test lasts."""
        key = Key(data, dc_id, authorised)
        self.keys[key.id] = key
        return key

    def verifier(self) -> Verifier:
        """Who checks the second factor."""
        if self._verifier is None or self._verifier.password != self.password:
            self._verifier = Verifier(self.password or "")
        return self._verifier

    @property
    def pts(self) -> int:
        """The account's own pts: one for each message in Saved Messages."""
        return 1 + len(self.saved)

    def announce(self, channel: Channel, update: Any, push: bool = True) -> None:
        """Push an update of a channel to everybody who would receive it."""
        if not push or not channel.joined or self.faults.banned(channel.id) or not self.wires.listening():
            return
        if not self.faults.loses():
            self.wires.broadcast(
                bytes(types.Updates([update], [], channel.company([getattr(update, "message", None)]), now(), 0))
            )

    # Looking up what a request names

    def channel_of(self, named: Any, reading: bool = True) -> Channel:
        """The channel that an InputChannel or InputPeerChannel names, if the account may see it."""
        channel = self.channels.get(getattr(named, "channel_id", 0))
        if channel is None or channel.access_hash != named.access_hash:
            raise Refused("CHANNEL_INVALID")
        if reason := self.faults.banned(channel.id):
            raise Refused(reason)
        if reading and channel.private and not channel.joined:
            raise Refused("CHANNEL_PRIVATE")
        return channel

    def is_me(self, named: Any) -> bool:
        """Whether an InputUser or InputPeer names the account itself."""
        return isinstance(named, types.InputUserSelf | types.InputPeerSelf) or (
            isinstance(named, types.InputUser | types.InputPeerUser) and named.user_id == self.me.id
        )

    # Written by the test

    def channel(
        self,
        title: str,
        username: str | None = None,
        joined: bool = True,
        *,
        id: int | None = None,
        megagroup: bool = False,
        private: bool = False,
        invite: str | None = None,
        noforwards: bool = False,
        photo: Any = None,
    ) -> Channel:
        """Found a channel. `private`: only members may read it; `invite`: the hash of its invitation link."""
        with self.lock:
            number = _FIRST_CHANNEL + len(self.channels) if id is None else id
            made = Channel(self, number, title, username, joined, megagroup, private, invite, noforwards, photo)
            self.channels[number] = made
            return made

    def photo(self, data: bytes, date: datetime | None = None, dc_id: int = 2) -> Any:
        """Upload a photo: a types.Photo with a new id."""
        with self.lock:
            return self.media.photo(data, date, dc_id)

    def document(self, data: bytes, mime: str = "image/png", name: str | None = "a.png", **more: Any) -> Any:
        """Upload a file: a types.Document with a new id. `more`: see Media.document."""
        with self.lock:
            return self.media.document(data, mime, name, **more)

    def accept_qr(self) -> None:
        """Approve the latest login token, as another device of the account would."""
        with self.lock:
            key_id, _ = list(self.tokens.values())[-1]
            self.keys[key_id].qr_accepted = True
            self.wires.tell(key_id, bytes(types.UpdateShort(types.UpdateLoginToken(), now())))

    def fresh_bytes(self, size: int = 16) -> bytes:
        """Random bytes, for tokens."""
        return os.urandom(size)
