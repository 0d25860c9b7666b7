"""Sockets: the thread, its event loop, one listening port for each data centre, and the connections.

Connections are asyncio protocols, not streams: nothing awaits, so nothing is left to cancel when a test ends.
"""

import asyncio
import struct
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic, time
from typing import Any, cast

from telethon.extensions import BinaryReader
from telethon.tl import functions, types

from tests.telegram_dc.answers import Caller, answer, error
from tests.telegram_dc.handshake import Handshake
from tests.telegram_dc.wire import Frames, MessageIds, flat, open_sealed, rpc_result, seal
from tests.telegram_dc.world import Key, World

_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeWithoutUpdatesRequest,
    functions.InvokeWithTakeoutRequest,
    functions.InvokeAfterMsgRequest,
)
_IGNORED = (types.MsgsAck, types.MsgsStateInfo, types.MsgsAllInfo)


class Link(asyncio.Protocol):
    """One connection of a client to one data centre."""

    def __init__(self, server: "Server", dc_id: int) -> None:
        self._server = server
        self._world = server.world
        self._dc_id = dc_id
        self._frames = Frames()
        self._ids = MessageIds()
        self._handshake = Handshake()
        self._session = 0
        self._later: set[asyncio.TimerHandle] = set()
        self._quiet = False  # the client said that it wants no updates
        self._transport: asyncio.Transport | None = None
        self.key: Key | None = None

    # The socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there, or is sent away."""
        self._transport = cast(asyncio.Transport, transport)
        self._server.links.add(self)
        if monotonic() < self._world.faults.refused_until:
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._transport = None
        self._server.links.discard(self)
        with self._world.lock:
            self._server.listeners.discard(self)
        for handle in self._later:
            handle.cancel()

    def drop(self) -> None:
        """Close the connection, now."""
        with self._world.lock:
            self._server.listeners.discard(self)
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what arrived apart."""
        try:
            for packet in self._frames.received(data):
                if self._transport is None or self._transport.is_closing():
                    return
                self._packet(packet)
        except Exception:  # noqa: BLE001 - the test wants to read it, and the loop must go on
            self._world.errors.append(traceback.format_exc())
            self.drop()

    def _write(self, payload: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._frames.wrap(payload))

    # Messages

    def _packet(self, packet: bytes) -> None:
        (key_id,) = struct.unpack_from("<Q", packet)
        if key_id == 0:
            self._plain(packet)
            return
        with self._world.lock:
            self.key = self._world.keys.get(key_id)
        if self.key is None or self.key.dc_id != self._dc_id:
            self._write(struct.pack("<i", -404))  # how Telegram says that it does not know the key
            return
        sealed = open_sealed(self.key.data, packet)
        self._session = sealed.session
        for message_id, body in flat(sealed.message_id, sealed.body):
            if self._transport is None or self._transport.is_closing():  # the one before it was dropped
                return
            self._message(message_id, body)

    def _plain(self, packet: bytes) -> None:
        request = BinaryReader(packet[20:]).tgread_object()
        body = bytes(self._handshake.answer(request))
        if self._handshake.key is not None:
            with self._world.lock:
                self._world.new_key(self._handshake.key, self._dc_id)
            self._handshake = Handshake()
        self._write(struct.pack("<qqi", 0, self._ids.next(), len(body)) + body)

    def send(self, body: bytes) -> None:
        """Send a message to the client."""
        if self.key is not None:
            self._write(seal(self.key.data, self.key.id, self._session, self._ids.next(), body))

    def _message(self, message_id: int, body: Any) -> None:
        quiet = False
        while isinstance(body, _WRAPPERS):
            quiet |= isinstance(body, functions.InvokeWithoutUpdatesRequest)
            body = body.query
        if isinstance(body, _IGNORED):
            return
        name = type(body).__name__
        with self._world.lock:
            self._world.note(name)
            service = self._service(message_id, body)
            rule = None if service is not None else self._world.faults.take(name)
        if service is not None:
            self.send(service)
        elif rule is None:
            self._answer(message_id, body, quiet)
        elif rule.kind == "drop":
            self.drop()
        elif rule.kind == "delay":
            self._answer_later(rule.seconds, message_id, body, quiet)
        elif rule.refused is not None:  # a rule without an error is silence
            self.send(rpc_result(message_id, error(rule.refused)))

    def _service(self, message_id: int, body: Any) -> bytes | None:
        """The answer to a request of the protocol itself; it comes without an rpc_result."""
        if isinstance(body, functions.PingRequest | functions.PingDelayDisconnectRequest):
            return bytes(types.Pong(message_id, body.ping_id))
        if isinstance(body, functions.GetFutureSaltsRequest):
            return bytes(types.FutureSalts(message_id, int(time()), []))
        if isinstance(body, functions.DestroySessionRequest):
            return bytes(types.DestroySessionNone(body.session_id))
        if isinstance(body, types.MsgsStateReq):
            return bytes(types.MsgsStateInfo(message_id, "\x04" * len(body.msg_ids)))
        return None

    def _answer(self, message_id: int, request: Any, quiet: bool) -> None:
        key = self.key
        assert key is not None
        with self._world.lock:
            body = rpc_result(message_id, answer(self._world, Caller(key, self._dc_id), request))
            self._quiet |= quiet
            alive = self._transport is not None and not self._transport.is_closing()
            if alive and key.authorised and not key.revoked and not self._quiet and self._dc_id == self._world.home:
                self._server.listeners.add(self)
            else:
                self._server.listeners.discard(self)
        self.send(body)

    def _answer_later(self, seconds: float, message_id: int, request: Any, quiet: bool) -> None:
        def now() -> None:
            self._later.discard(handle)
            self._answer(message_id, request, quiet)

        handle = self._server.loop.call_later(seconds, now)
        self._later.add(handle)


class Server:
    """The data centres' thread. It is also the world's way to its clients."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.links: set[Link] = set()  # touched by the loop only
        self.listeners: set[Link] = set()  # those that receive updates; touched under the world's lock
        self.loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="telegram-dc", daemon=True)

    def start(self) -> None:
        """Open the ports; they are known afterwards."""
        self._thread.start()
        self._started.result(10)

    def stop(self) -> None:
        """Close everything and end the thread."""
        self._later(self._stop.set)
        self._thread.join(5)
        if self._thread.is_alive():
            raise RuntimeError("the data centre's thread does not end")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:
            if self._started.done():
                raise
            self._started.set_exception(failure)

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        servers = []
        for dc_id in self.world.ids:
            server = await self.loop.create_server(self._factory(dc_id), "127.0.0.1", 0)
            servers.append(server)
            self.world.ports[dc_id] = server.sockets[0].getsockname()[1]
        self._started.set_result(None)
        await self._stop.wait()
        for server in servers:
            server.close()
        for _ in range(5):  # a dropped socket is closed one turn later, and one just accepted is a link only then
            self._drop()
            await asyncio.sleep(0)

    def _factory(self, dc_id: int) -> Callable[[], Link]:
        return lambda: Link(self, dc_id)

    def _later(self, work: Callable[[], None]) -> None:
        if self._thread.is_alive() and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(work)

    def _drop(self) -> None:
        for link in list(self.links):
            link.drop()

    # For the world, from any thread

    def listening(self) -> bool:
        """Whether any connection receives updates."""
        return bool(self.listeners)

    def broadcast(self, body: bytes) -> None:
        """Send a message to every connection that receives updates."""

        def send() -> None:
            for link in list(self.listeners):
                link.send(body)

        self._later(send)

    def deafen(self) -> None:
        """No connection receives updates until it has asked something successfully."""
        self.listeners.clear()

    def tell(self, key_id: int, body: bytes) -> None:
        """Send a message to the connections of one key."""

        def send() -> None:
            for link in self.links:
                if link.key is not None and link.key.id == key_id:
                    link.send(body)

        self._later(send)

    def drop_all(self) -> None:
        """Close every connection and wait until that is done."""
        done: Future[None] = Future()

        def drop() -> None:
            self._drop()
            self.loop.call_soon(done.set_result, None)  # behind what the dropped connections put there themselves

        if threading.current_thread() is self._thread:
            self._drop()
        elif self._thread.is_alive():
            self._later(drop)
            done.result(5)
