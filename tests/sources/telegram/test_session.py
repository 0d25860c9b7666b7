"""The session's files and who may read them, who holds it, whose account it is, and the client made from it."""

import asyncio
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from socket import inet_ntoa
from typing import Any

import pytest
from telethon.crypto import AuthKey, rsa
from telethon.network import ConnectionTcpFull
from telethon.network.connection import ConnectionTcpMTProxyRandomizedIntermediate
from telethon.sessions import SQLiteSession
from telethon.tl import functions

from provenance.errors import NotLoggedIn, SessionInUse, SessionUnusable, SettingsError
from provenance.sources.telegram.client import Lost, Telegram
from provenance.sources.telegram.session import (
    Access,
    Server,
    account,
    forget,
    held,
    is_held,
    open_client,
    remember,
)
from tests.sources.telegram.conftest import HASH
from tests.telegram_dc import DataCentre
from tests.telegram_dc.clients import until

SECRET = "dd" + "0123456789abcdef" * 2


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "telegram" / "me.session"


# Who holds it

_HOLDER = "import filelock, sys\nwith filelock.FileLock(sys.argv[1]):\n    print('held', flush=True)\n    input()"


@contextmanager
def held_elsewhere(session: Path) -> Iterator[None]:
    """Another process holds the session."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, f"{session}.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield
        child.communicate("\n")


def test_holding_makes_the_folder_and_keeps_others_out_of_it(session: Path) -> None:
    assert not is_held(session)
    assert not session.parent.exists()
    with held(session):
        assert mode(session.parent) == 0o700
        assert is_held(session)
    assert not is_held(session)


def test_a_folder_that_was_open_to_others_is_closed(session: Path) -> None:
    session.parent.mkdir(mode=0o755)
    with held(session):
        assert mode(session.parent) == 0o700


def test_only_one_process_holds_it(session: Path) -> None:
    session.parent.mkdir()
    with held_elsewhere(session):
        assert is_held(session)
        with pytest.raises(SessionInUse, match=r"me\.session"), held(session):
            pytest.fail("held twice")
    assert not is_held(session)
    with held(session):
        pass


def test_it_is_let_go_after_an_error(session: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(session):
        raise ZeroDivisionError
    assert not is_held(session)


def test_a_folder_that_cannot_be_made_is_named(session: Path) -> None:
    session.parent.write_text("a file")
    with pytest.raises(SessionUnusable, match=r"me\.session cannot be used: File exists"), held(session):
        pytest.fail("held in a file")


def test_trouble_with_other_files_is_not_the_sessions(session: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), held(session):
        (tmp_path / "elsewhere").read_bytes()


# Whose account


def test_the_settings_come_before_the_login(session: Path) -> None:
    session.parent.mkdir()
    remember(session, 7, "of the login")
    assert account(Access(session)) == (7, "of the login")
    assert account(Access(session, 8, "of the settings")) == (8, "of the settings")
    assert account(Access(session, 8)) == (7, "of the login")
    assert account(Access(session, None, "of the settings")) == (7, "of the login")


def test_there_was_no_login(session: Path, tmp_path: Path) -> None:
    with pytest.raises(NotLoggedIn) as refused:
        account(Access(session))
    assert refused.value.facts == {"directory": tmp_path}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"api_id": null, "api_hash": "x"}', '{"api_id": 1}', "\x80"]
)
def test_a_damaged_account_file(session: Path, text: str) -> None:
    session.parent.mkdir()
    session.with_name("me.account.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SessionUnusable, match=r"me\.session"):
        account(Access(session))


def test_what_a_login_leaves_is_private_and_can_be_forgotten(session: Path) -> None:
    session.parent.mkdir()
    open_client(Access(session), 1, HASH).session.close()
    remember(session, 1, HASH)
    session.with_name("me.session-journal").touch()
    kept = session.with_name("me.account.json")
    assert json.loads(kept.read_text()) == {"api_id": 1, "api_hash": HASH}
    assert (mode(session), mode(kept)) == (0o600, 0o600)
    forget(session)
    assert list(session.parent.iterdir()) == []
    forget(session)


def test_a_session_that_is_no_database(session: Path) -> None:
    session.parent.mkdir()
    session.write_bytes(b"no database at all" * 100)
    with pytest.raises(SessionUnusable, match="not a database"):
        open_client(Access(session), 1, HASH)


# Which data centre


def pointed(session: Path, server: Server | None) -> tuple[int, str, int]:
    """Where a client made from the session connects to."""
    session.parent.mkdir(exist_ok=True)
    kept = open_client(Access(session, server=server), 1, HASH).session
    kept.close()
    return kept.dc_id, kept.server_address, kept.port


def signed_in(session: Path, dc: int) -> None:
    session.parent.mkdir(exist_ok=True)
    made = SQLiteSession(str(session))
    made.set_dc(dc, "192.0.2.1", 443)
    made.auth_key = AuthKey(bytes(256))
    made.save()
    made.close()


@pytest.mark.parametrize("before", [None, 2])
def test_a_session_is_pointed_at_the_server_of_the_settings(session: Path, before: int | None) -> None:
    if before:
        signed_in(session, before)
    assert pointed(session, Server(2, "127.0.0.1", 1234, None)) == (2, "127.0.0.1", 1234)


def test_a_session_that_moved_to_another_data_centre_stays_there(session: Path) -> None:
    signed_in(session, 4)
    assert pointed(session, Server(2, "127.0.0.1", 1234, None)) == (4, "192.0.2.1", 443)


def test_without_a_server_it_stays_where_it_is(session: Path) -> None:
    signed_in(session, 2)
    assert pointed(session, None) == (2, "192.0.2.1", 443)


def test_the_servers_key_is_trusted(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rsa, "_server_keys", {})
    pointed(session, Server(2, "127.0.0.1", 1234, DataCentre.public_key))
    assert len(rsa._server_keys) == 1


_LINES = DataCentre.public_key.splitlines()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "nonsense",
        DataCentre.public_key.replace("RSA PUBLIC", "PUBLIC"),
        "\n".join(_LINES[:2] + _LINES[-1:]),
        "\n".join([_LINES[0], "AAAA", _LINES[-1]]),
        "-----BEGIN RSA PUBLIC KEY-----\n-----END RSA PUBLIC KEY-----",
    ],
)
def test_a_key_that_is_none(session: Path, key: str) -> None:
    with pytest.raises(SettingsError, match=r"public_key_file: not an RSA key"):
        pointed(session, Server(2, "127.0.0.1", 1234, key))
    assert not session.exists()


# Proxies


@pytest.mark.parametrize(
    ("written", "kind", "parsed"),
    [
        (None, ConnectionTcpFull, None),
        ("socks5://127.0.0.1:1080", ConnectionTcpFull, {"proxy_type": "socks5", "addr": "127.0.0.1", "port": 1080}),
        ("socks4://[::1]:1080", ConnectionTcpFull, {"proxy_type": "socks4", "addr": "::1", "port": 1080}),
        (
            "http://me:p%40ss@proxy.example:8080",
            ConnectionTcpFull,
            {"proxy_type": "http", "addr": "proxy.example", "port": 8080, "username": "me", "password": "p@ss"},
        ),
        (
            f"mtproxy://proxy.example:443?secret={SECRET}",
            ConnectionTcpMTProxyRandomizedIntermediate,
            ("proxy.example", 443, SECRET),
        ),
    ],
)
def test_proxies_as_telethon_wants_them(session: Path, written: str | None, kind: type, parsed: object) -> None:
    session.parent.mkdir()
    client = open_client(Access(session, proxy=written), 1, HASH)
    client.session.close()
    assert (client._connection, client._proxy) == (kind, parsed)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "127.0.0.1:1080",
        "socks5://127.0.0.1",
        "socks5://:1080",
        "socks5://127.0.0.1:99999",
        "socks5://127.0.0.1:x",
        "socks5://[::1:1080",
        "ftp://127.0.0.1:21",
        "mtproxy://proxy.example?secret=" + SECRET,
        "mtproxy://proxy.example:443",
        "mtproxy://proxy.example:443?secret=",
        "mtproxy://proxy.example:443?secret=ddabc",
        "mtproxy://proxy.example:443?secret=dd0011",
        "mtproxy://proxy.example:443?secret=%C3%A9",
    ],
)
def test_what_is_no_proxy(session: Path, written: str) -> None:
    session.parent.mkdir()
    with pytest.raises(SettingsError, match=r"telegram\.proxy"):
        open_client(Access(session, proxy=written), 1, HASH)


Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, int] | None]]


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
    target.close()


@asynccontextmanager
async def listening(greeting: Greeting) -> AsyncIterator[int]:
    """A proxy on a port of 127.0.0.1; `greeting` speaks its language and returns where the client wants to go."""
    busy = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        busy += 1
        try:
            wanted = await greeting(reader, writer)
            if wanted is not None:
                far_reader, far_writer = await asyncio.open_connection(*wanted)
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            busy -= 1

    server = await asyncio.start_server(serve, "127.0.0.1")
    async with server:
        yield server.sockets[0].getsockname()[1]
        await until(lambda: not busy)


def socks5(seen: list[object], refusal: int = 0) -> Greeting:
    """RFC 1928 and RFC 1929, as far as a client with a name and a password needs them."""

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int] | None:
        _, count = await reader.readexactly(2)
        assert 2 in await reader.readexactly(count)
        writer.write(b"\x05\x02")
        words = []
        await reader.readexactly(1)
        for _ in range(2):
            words.append((await reader.readexactly((await reader.readexactly(1))[0])).decode())
        writer.write(b"\x01\x00")
        assert await reader.readexactly(4) == b"\x05\x01\x00\x01"
        wanted = inet_ntoa(await reader.readexactly(4)), int.from_bytes(await reader.readexactly(2), "big")
        seen.append((*words, *wanted))
        writer.write(bytes([5, refusal, 0, 1, 0, 0, 0, 0, 0, 0]))
        await writer.drain()
        return None if refusal else wanted

    return greeting


def http_connect(seen: list[object], refusal: str = "") -> Greeting:
    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int] | None:
        first, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        method, target, _ = first.split()
        assert method == "CONNECT"
        host, _, port = target.partition(":")
        given = dict(line.lower().split(": ", 1) for line in headers)
        seen.append((given.get("proxy-authorization"), host, int(port)))
        writer.write(f"HTTP/1.1 {refusal or '200 OK'}\r\n\r\n".encode())
        await writer.drain()
        return None if refusal else (host, int(port))

    return greeting


def through(access: Access, greeting: Greeting, url: str) -> None:
    """Connect through a proxy and ask something."""

    async def work() -> None:
        async with (
            listening(greeting) as port,
            Telegram(replace(access, proxy=url.format(port=port)), 6000) as telegram,
        ):
            await telegram.call(functions.updates.GetStateRequest())

    asyncio.run(work())


def test_through_a_socks5_proxy(dc: DataCentre, access: Access) -> None:
    seen: list[object] = []
    through(access, socks5(seen), "socks5://me:p%40ss@127.0.0.1:{port}")
    assert seen == [("me", "p@ss", "127.0.0.1", dc.port)]
    assert dc.calls["GetStateRequest"] >= 2


def test_through_an_http_proxy(dc: DataCentre, access: Access) -> None:
    seen: list[Any] = []
    through(access, http_connect(seen), "http://me:p%40ss@127.0.0.1:{port}")
    word = b64encode(b"me:p@ss").decode().lower()
    assert seen == [(f"basic {word}", "127.0.0.1", dc.port)]
    assert dc.calls["GetStateRequest"] >= 2


@pytest.mark.parametrize(
    ("greeting", "scheme"), [(socks5([], refusal=5), "socks5"), (http_connect([], refusal="403 Forbidden"), "http")]
)
def test_a_proxy_that_refuses_is_a_lost_connection(
    dc: DataCentre, access: Access, greeting: Greeting, scheme: str
) -> None:
    with pytest.raises(Lost):
        through(access, greeting, scheme + "://me:p%40ss@127.0.0.1:{port}")
    assert not dc.calls
