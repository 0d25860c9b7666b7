"""Logging in and out, with the session held alone meanwhile."""

from collections.abc import Callable

from provenance.sources.telegram import login, session
from provenance.sources.telegram.session import Access


async def log_in(
    access: Access,
    api_id: int,
    api_hash: str,
    *,
    phone: Callable[[], str],
    code: Callable[[], str],
    password: Callable[[], str],
    show: Callable[[str], None],
    qr: bool,
) -> str:
    """Log in and keep the session; return how the account is called. Raises TelegramError."""
    with session.held(access.session):
        return await login.login(access, api_id, api_hash, login.Ask(phone, code, password, show), qr=qr)


async def log_out(access: Access) -> bool:
    """End the session and remove it here; return whether Telegram was told. Raises NotLoggedIn or SessionInUse."""
    api_id, api_hash = session.account(access)
    with session.held(access.session):
        return await login.logout(access, api_id, api_hash)
