"""Logging in and out, with nobody else at the session meanwhile."""

import asyncio
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provenance.app.collect.login import log_in, log_out
from provenance.errors import LoginRefused, NotLoggedIn, SessionInUse
from provenance.sources.telegram import session
from provenance.sources.telegram.client import Telegram
from provenance.sources.telegram.session import Access, Server
from tests.app.collect.conftest import PACE
from tests.telegram_dc import DataCentre

HASH = "0123456789abcdef" * 2


@pytest.fixture
def access(dc: DataCentre, tmp_path: Path) -> Access:
    """Where a session will be; there is none yet."""
    server = Server(dc.home, "127.0.0.1", dc.port, dc.public_key)
    return Access(tmp_path / "archive" / "telegram" / "provenance.session", server=server)


def answers(*words: str) -> Iterator[str]:
    yield from words
    pytest.fail("asked once more than there are answers")


def enter(access: Access, *codes: str, phone: str = "+10000000000", password: tuple[str, ...] = (), **more: Any) -> str:
    """Log in, typing these codes one after the other."""
    typed, secret = answers(*codes), answers(*password)
    options: dict[str, Any] = {"show": lambda text: None, "qr": False}
    return asyncio.run(
        log_in(
            access,
            1,
            HASH,
            phone=lambda: phone,
            code=lambda: next(typed),
            password=lambda: next(secret),
            **options | more,
        )
    )


def works(access: Access) -> bool:
    """Whether somebody is logged in with the session; the api id is that of the login."""

    async def run() -> bool:
        async with Telegram(access, PACE) as telegram:
            return bool(await telegram.client.is_user_authorized())

    return asyncio.run(run())


def test_a_login_is_kept_for_this_user_alone(dc: DataCentre, access: Access) -> None:
    assert enter(access, dc.code) == "Test Account"
    assert works(access)
    assert session.account(access) == (1, HASH)
    assert stat.S_IMODE(access.session.parent.stat().st_mode) == 0o700
    for path in access.session.parent.iterdir():
        if not path.name.endswith(".lock"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_second_login_finds_the_first(dc: DataCentre, access: Access) -> None:
    enter(access, dc.code)
    assert enter(access) == "Test Account"
    assert dc.calls["SendCodeRequest"] == 1


def test_a_mistyped_code_may_be_typed_again(dc: DataCentre, access: Access) -> None:
    shown: list[str] = []
    assert enter(access, "11111", dc.code, show=shown.append) == "Test Account"
    assert [words for words in shown if "does not accept this code" in words] == shown
    assert len(shown) == 1


def test_three_wrong_codes_end_it(dc: DataCentre, access: Access) -> None:
    with pytest.raises(LoginRefused, match="PHONE_CODE_INVALID"):
        enter(access, "11111", "22222", "33333")
    with pytest.raises(NotLoggedIn):
        session.account(access)
    assert not session.is_held(access.session)
    assert enter(access, dc.code) == "Test Account"


def test_a_wrong_phone_number_ends_it(dc: DataCentre, access: Access) -> None:
    with pytest.raises(LoginRefused, match="PHONE_NUMBER_INVALID"):
        enter(access, phone="+19999999999")


def test_the_second_factor(dc: DataCentre, access: Access) -> None:
    dc.password = "correct horse"  # noqa: S105 - of nobody
    assert enter(access, dc.code, password=("wrong", "correct horse")) == "Test Account"
    assert works(access)


def test_by_a_code_that_the_phone_scans(dc: DataCentre, access: Access) -> None:
    shown: list[str] = []

    def show(text: str) -> None:
        shown.append(text)
        dc.accept_qr()

    assert enter(access, qr=True, show=show) == "Test Account"
    assert "scan this code" in shown[0]
    assert dc.calls["SendCodeRequest"] == 0
    assert works(access)


def test_nobody_logs_in_while_the_session_is_in_use(dc: DataCentre, access: Access) -> None:
    with session.held(access.session), pytest.raises(SessionInUse):
        enter(access)
    assert not dc.calls


def test_logged_out_nothing_is_left(dc: DataCentre, access: Access) -> None:
    enter(access, dc.code)
    assert asyncio.run(log_out(access))
    assert [path.name for path in access.session.parent.iterdir() if not path.name.endswith(".lock")] == []
    assert not any(key.authorised for key in dc.keys.values())
    with pytest.raises(NotLoggedIn):
        asyncio.run(log_out(access))


def test_a_telegram_that_does_not_answer_is_told_nothing_and_the_session_is_removed(
    dc: DataCentre, access: Access
) -> None:
    enter(access, dc.code)
    dc.faults.refuse(60)
    assert not asyncio.run(log_out(access))
    assert not access.session.exists()


def test_nobody_logs_out_under_a_running_daemon(dc: DataCentre, access: Access) -> None:
    enter(access, dc.code)
    with session.held(access.session), pytest.raises(SessionInUse):
        asyncio.run(log_out(access))
    assert works(access)


def test_the_settings_know_the_api_id_better_than_the_login(dc: DataCentre, access: Access) -> None:
    enter(access, dc.code)
    assert session.account(replace(access, api_id=5, api_hash="ab")) == (5, "ab")
    assert session.account(replace(access, api_id=5)) == (1, HASH)
