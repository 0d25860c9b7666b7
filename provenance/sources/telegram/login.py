"""Logging in and out: by phone, code and password, or by a QR code that the phone's app scans."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass

import qrcode
from telethon import TelegramClient, errors
from telethon.errors.common import AuthKeyNotFound

from provenance.errors import LoginRefused, Unreachable
from provenance.sources.telegram.client import name_of
from provenance.sources.telegram.session import Access, forget, open_client, remember

_TRIES = 3
_QR_SECONDS = 30
"""A code is shown anew after so long; Telegram lets one live for about as long."""
_QR_TIMES = 10


@dataclass(frozen=True, slots=True)
class Ask:
    """How the user is asked, and shown the QR code."""

    phone: Callable[[], str]
    code: Callable[[], str]
    password: Callable[[], str]
    show: Callable[[str], None]


async def login(access: Access, api_id: int, api_hash: str, ask: Ask, *, qr: bool) -> str:
    """Log in, keep the session, and return how the account is called. Raises LoginRefused or Unreachable."""
    client = open_client(access, api_id, api_hash)
    try:
        try:
            await client.connect()
        except AuthKeyNotFound:
            # Telegram has forgotten this session: only another one can be logged in.
            await client.disconnect()
            forget(access.session)
            client = open_client(access, api_id, api_hash)
            await client.connect()
        user = await client.get_me()
        if user is None:
            user = await (_by_qr(client, ask) if qr else _by_code(client, ask))
        remember(access.session, api_id, api_hash)
    except errors.RPCError as error:
        raise LoginRefused(what=name_of(error)) from error
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        raise Unreachable(what=error or type(error).__name__) from error
    finally:
        await client.disconnect()
    return " ".join(part for part in (user.first_name, user.last_name) if part) or str(user.id)


async def logout(access: Access, api_id: int, api_hash: str) -> bool:
    """End the session at Telegram and remove it here; return whether Telegram was told."""
    client = open_client(access, api_id, api_hash)
    try:
        await client.connect()
        told = bool(await client.log_out())
    except (OSError, asyncio.IncompleteReadError, TimeoutError, AuthKeyNotFound, errors.RPCError):
        told = False
    finally:
        if client.session is not None:
            await client.disconnect()
    forget(access.session)
    return told


async def _by_code(client: TelegramClient, ask: Ask) -> object:
    phone = ask.phone()
    await client.send_code_request(phone)
    for left in reversed(range(_TRIES)):
        try:
            return await client.sign_in(phone, ask.code())
        except errors.SessionPasswordNeededError:
            return await _password(client, ask)
        except errors.PhoneCodeInvalidError:
            if not left:
                raise
            ask.show("Telegram does not accept this code; try again.")
    raise AssertionError


async def _by_qr(client: TelegramClient, ask: Ask) -> object:
    try:
        token = await client.qr_login()
        for _ in range(_QR_TIMES):
            ask.show(f"{_picture(token.url)}\nIn Telegram: Settings, Devices, Link a device; scan this code.")
            try:
                return await token.wait(_QR_SECONDS)
            except TimeoutError:
                await token.recreate()
                if (user := await client.get_me()) is not None:  # it was scanned in this moment
                    return user
    except errors.SessionPasswordNeededError:
        return await _password(client, ask)
    raise LoginRefused(what="the QR code was not scanned")


async def _password(client: TelegramClient, ask: Ask) -> object:
    for left in reversed(range(_TRIES)):
        try:
            return await client.sign_in(password=ask.password())
        except errors.PasswordHashInvalidError:
            if not left:
                raise
            ask.show("Telegram does not accept this password; try again.")
    raise AssertionError


def _picture(url: str) -> str:
    code = qrcode.QRCode(border=1)
    code.add_data(url)
    text = io.StringIO()
    code.print_ascii(out=text, invert=True)
    return text.getvalue()
