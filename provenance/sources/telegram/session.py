"""The session: whose account it is, where it is kept, who may open it, and the client made from it.

The session file is as good as the account's password: its folder is 0700, and only one process opens it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import filelock
from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.network import ConnectionTcpFull
from telethon.network.connection import ConnectionTcpMTProxyRandomizedIntermediate
from telethon.sessions import SQLiteSession

from provenance import __version__
from provenance.errors import NotLoggedIn, SessionInUse, SessionUnusable, SettingsError

_SQLITE = b"SQLite format 3\0"
_TIMEOUT = 15
"""Seconds to wait for a connection."""


@dataclass(frozen=True, slots=True)
class Server:
    """A data centre other than Telegram's own."""

    dc: int
    host: str
    port: int
    public_key: str | None


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that is needed to open the session. `api_id` and `api_hash` may come from an earlier login."""

    session: Path
    api_id: int | None = None
    api_hash: str | None = None
    server: Server | None = None
    proxy: str | None = None


@contextmanager
def held(session: Path) -> Iterator[None]:
    """Hold the session alone while the block runs. Raises SessionInUse or SessionUnusable."""
    try:
        session.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        session.parent.chmod(0o700)
        lock = filelock.FileLock(_lock(session), timeout=0)
        with lock:
            yield
    except filelock.Timeout:
        raise SessionInUse(session=session) from None
    except OSError as error:
        if error.filename is None or not Path(os.fsdecode(error.filename)).is_relative_to(session.parent):
            raise
        raise SessionUnusable(session=session, what=error.strerror or error) from error


def is_held(session: Path) -> bool:
    """Whether another process holds the session at this moment."""
    if not _lock(session).exists():
        return False
    lock = filelock.FileLock(_lock(session), timeout=0)
    try:
        with lock:
            return False
    except filelock.Timeout:
        return True


def account(access: Access) -> tuple[int, str]:
    """Return the api id and hash: those that are set, else those of the login. Raises NotLoggedIn."""
    if access.api_id is not None and access.api_hash is not None:
        return access.api_id, access.api_hash
    try:
        kept = json.loads(_account(access.session).read_text(encoding="utf-8"))
        return int(kept["api_id"]), str(kept["api_hash"])
    except FileNotFoundError:
        raise NotLoggedIn(directory=access.session.parent.parent) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SessionUnusable(session=access.session, what=error) from error


def remember(session: Path, api_id: int, api_hash: str) -> None:
    """Keep the api id and hash that a login was made with."""
    path = _account(session)
    with _private():
        path.write_text(json.dumps({"api_id": api_id, "api_hash": api_hash}), encoding="utf-8")


def forget(session: Path) -> None:
    """Remove the session and what was kept with it."""
    for path in (session, session.with_name(f"{session.name}-journal"), _account(session)):
        path.unlink(missing_ok=True)


def open_client(access: Access, api_id: int, api_hash: str) -> TelegramClient:
    """Return a client that is not connected yet. Raises SettingsError or SessionUnusable.

    Floods, retries and reconnecting are left to the caller: Telethon's own would hide them.
    """
    connection, proxy = _through(access.proxy)
    _trust(access.server)
    if not _is_database(access.session):
        # Told here: Telethon would leave the file open.
        raise SessionUnusable(session=access.session, what="it is not a database")
    try:
        with _private():
            session = SQLiteSession(str(access.session))
        access.session.chmod(0o600)
    except Exception as error:
        raise SessionUnusable(session=access.session, what=error) from error
    _point(session, access.server)
    return TelegramClient(
        session,
        api_id,
        api_hash,
        connection=connection,
        proxy=proxy,
        timeout=_TIMEOUT,
        request_retries=1,
        connection_retries=1,
        auto_reconnect=False,
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        catch_up=True,
        device_model="Provenance",
        app_version=__version__,
    )


def _is_database(path: Path) -> bool:
    """Whether there is an SQLite database, or nothing yet."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(_SQLITE)) in {b"", _SQLITE}
    except FileNotFoundError:
        return True
    except OSError as error:
        raise SessionUnusable(session=path, what=error.strerror or error) from error


def _trust(server: Server | None) -> None:
    if server is None or server.public_key is None:
        return
    try:
        rsa.add_key(server.public_key.encode(), old=False)
    except Exception as error:  # its parsers have errors of their own
        raise SettingsError(where="telegram.server.public_key_file", what="not an RSA key in PKCS#1") from error


def _point(session: SQLiteSession, server: Server | None) -> None:
    """Point a session at another data centre, unless it has logged in to one of that house's others."""
    if server is not None and (not session.auth_key or session.dc_id == server.dc):
        session.set_dc(server.dc, server.host, server.port)


def _through(proxy: str | None) -> tuple[type, tuple[object, ...] | dict[str, object] | None]:
    if proxy is None:
        return ConnectionTcpFull, None
    try:
        parts = urlsplit(proxy)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(where="telegram.proxy", what=error) from error
    if host is None or port is None:
        raise SettingsError(where="telegram.proxy", what="it has to be SCHEME://HOST:PORT")
    if parts.scheme == "mtproxy":
        secret = parse_qs(parts.query).get("secret", [""])[0]
        if not _is_secret(secret):
            raise SettingsError(where="telegram.proxy", what="its secret has to be 16 bytes, in hex or base64")
        return ConnectionTcpMTProxyRandomizedIntermediate, (host, port, secret)
    if parts.scheme not in {"socks5", "socks4", "http"}:
        raise SettingsError(where="telegram.proxy", what=f"no such kind of proxy: {parts.scheme or proxy}")
    named: dict[str, object] = {"proxy_type": parts.scheme, "addr": host, "port": port}
    if parts.username is not None:
        named |= {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    return ConnectionTcpFull, named


def _is_secret(secret: str) -> bool:
    try:
        return len(ConnectionTcpMTProxyRandomizedIntermediate.normalize_secret(secret)) == 16
    except ValueError:
        return False


def _lock(session: Path) -> Path:
    return session.with_name(f"{session.name}.lock")


def _account(session: Path) -> Path:
    return session.with_name(f"{session.stem}.account.json")


@contextmanager
def _private() -> Iterator[None]:
    """What is made in the block is nobody else's to read."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
