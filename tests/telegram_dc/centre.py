"""The data centres as a test holds them: starting and stopping, session files, and waiting for what clients do."""

import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

import telethon
from telethon.crypto import AuthKey
from telethon.sessions import SQLiteSession

from tests.telegram_dc import files, login, reading
from tests.telegram_dc.keys import PUBLIC_KEY
from tests.telegram_dc.server import Server
from tests.telegram_dc.world import World

_ANSWERED_IN = (files, login, reading)  # importing them has entered their handlers


class DataCentre(World):
    """A few data centres of one Telegram with one account; the first is the account's home.

    Use it as a context manager. Everything may be called from any thread, also while clients are connected.
    """

    public_key = PUBLIC_KEY

    def __init__(self, ids: Sequence[int] = (2, 4), password: str | None = None) -> None:
        super().__init__(ids, password)
        self._server = Server(self)
        self.wires = self._server

    def __enter__(self) -> "DataCentre":
        telethon.TelegramClient._config = None  # the class remembers the ports of the last test
        self._server.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.stop()
        telethon.TelegramClient._config = None
        # A client that lost its connection leaves failed futures behind, and asyncio logs them when they are
        # collected: better now than in the middle of another test.
        gc.collect()

    @property
    def port(self) -> int:
        """The port of the home data centre on 127.0.0.1."""
        return self.ports[self.home]

    @property
    def address(self) -> str:
        """The home data centre as "host:port"."""
        return f"127.0.0.1:{self.port}"

    def write_key(self, path: Path) -> None:
        """Write the public key, for a process that shall trust this data centre."""
        path.write_text(self.public_key, encoding="ascii")

    def sign_in(self, path: Path) -> None:
        """Write a session file of a client that is logged in."""
        with self.lock:
            key = self.new_key(os.urandom(256), self.home, authorised=True)
        session = SQLiteSession(str(path))
        session.set_dc(self.home, "127.0.0.1", self.port)
        session.auth_key = AuthKey(key.data)
        session.save()
        session.close()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.links)

    @property
    def listening(self) -> int:
        """How many connections receive updates."""
        return len(self._server.listeners)

    def wait_for(self, what: str | Callable[[], bool], times: int = 1, timeout: float = 10) -> None:
        """Wait until a request was received so often, or until something is true. TimeoutError: it was not.

        Not for an event loop that the client runs in: it blocks.
        """
        ready = what if callable(what) else lambda: self.calls[what] >= times
        end = monotonic() + timeout
        while not ready():
            if monotonic() > end:
                raise TimeoutError(f"not within {timeout} s: {what}; received so far: {dict(self.calls)}")
            sleep(0.005)
