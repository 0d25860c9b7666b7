"""Logging in by code, password and QR code, and logging out."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from provenance.errors import LoginRefused, Unreachable
from provenance.sources.telegram import login as module
from provenance.sources.telegram.client import Telegram
from provenance.sources.telegram.login import Ask, login, logout
from provenance.sources.telegram.session import Access, account
from tests.sources.telegram.conftest import HASH
from tests.telegram_dc import DataCentre

PASSWORD = "correct horse"  # noqa: S105


class User:
    """Somebody at the keyboard, with the codes and passwords to be typed, one after the other."""

    def __init__(
        self,
        dc: DataCentre,
        codes: Iterable[str] = (),
        passwords: Iterable[str] = (),
        scans: Callable[[], object] | None = None,
    ) -> None:
        self.shown: list[str] = []
        self.left = [list(codes), list(passwords)]
        self._scans = scans
        self.ask = Ask(
            phone=lambda: dc.phone,
            code=lambda: self.left[0].pop(0),
            password=lambda: self.left[1].pop(0),
            show=self._show,
        )

    def _show(self, text: str) -> None:
        self.shown.append(text)
        if self._scans is not None:
            self._scans()


def logs_in(access: Access, user: User, *, qr: bool = False) -> str:
    name = asyncio.run(login(access, 1, HASH, user.ask, qr=qr))
    assert user.left == [[], []]
    return name


def works(access: Access) -> None:
    """The session is one that can be used, with the account that the login kept."""

    async def run() -> None:
        async with Telegram(replace(access, api_id=None, api_hash=None), 6000):
            pass

    assert account(replace(access, api_id=None, api_hash=None)) == (1, HASH)
    asyncio.run(run())


def unreachable(access: Access) -> Access:
    assert access.server is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return replace(access, server=replace(access.server, port=free.getsockname()[1]))


# By code and password


def test_with_a_code(dc: DataCentre, new: Access) -> None:
    user = User(dc, [dc.code])
    assert logs_in(new, user) == "Test Account"
    assert user.shown == []
    assert dc.connections == 0
    works(new)
    assert new.session.stat().st_mode & 0o777 == 0o600


def test_a_wrong_code_may_be_typed_again(dc: DataCentre, new: Access) -> None:
    user = User(dc, ["54321", "11111", dc.code])
    assert logs_in(new, user) == "Test Account"
    assert user.shown == ["Telegram does not accept this code; try again."] * 2
    assert dc.calls["SendCodeRequest"] == 1
    works(new)


def test_three_wrong_codes_are_the_end(dc: DataCentre, new: Access) -> None:
    with pytest.raises(LoginRefused, match="PHONE_CODE_INVALID"):
        logs_in(new, User(dc, ["54321"] * 3))
    assert not new.session.with_name("me.account.json").exists()
    assert not any(key.authorised for key in dc.keys.values())
    logs_in(new, User(dc, [dc.code]))
    works(new)


def test_a_number_that_telegram_does_not_know(dc: DataCentre, new: Access) -> None:
    user = User(dc)
    user.ask = replace(user.ask, phone=lambda: "+49123")
    with pytest.raises(LoginRefused, match="PHONE_NUMBER_INVALID"):
        logs_in(new, user)


def test_too_many_codes_were_asked_for(dc: DataCentre, new: Access) -> None:
    dc.faults.flood("SendCodeRequest", 3600)
    with pytest.raises(LoginRefused, match="FLOOD_WAIT"):
        logs_in(new, User(dc))


def test_a_second_factor(dc: DataCentre, new: Access) -> None:
    dc.password = PASSWORD
    user = User(dc, ["54321", dc.code], ["wrong", PASSWORD])
    assert logs_in(new, user) == "Test Account"
    assert user.shown == [
        "Telegram does not accept this code; try again.",
        "Telegram does not accept this password; try again.",
    ]
    works(new)


def test_three_wrong_passwords_are_the_end(dc: DataCentre, new: Access) -> None:
    dc.password = PASSWORD
    with pytest.raises(LoginRefused, match="PASSWORD_HASH_INVALID"):
        logs_in(new, User(dc, [dc.code], ["wrong"] * 3))
    assert not new.session.with_name("me.account.json").exists()


def test_a_session_that_is_logged_in_already(dc: DataCentre, access: Access) -> None:
    user = User(dc)
    assert logs_in(access, user) == "Test Account"
    assert dc.calls["SendCodeRequest"] == 0
    works(access)


@pytest.mark.parametrize(("first", "last", "called"), [("Only", None, "Only"), ("", None, "7000000001")])
def test_what_the_account_is_called(dc: DataCentre, new: Access, first: str, last: str | None, called: str) -> None:
    dc.me.first_name, dc.me.last_name = first, last
    assert logs_in(new, User(dc, [dc.code])) == called


def test_a_revoked_session_is_logged_in_again(dc: DataCentre, access: Access) -> None:
    dc.faults.revoke()
    assert logs_in(access, User(dc, [dc.code])) == "Test Account"
    works(access)


def test_a_session_that_telegram_does_not_know_is_made_anew(dc: DataCentre, access: Access) -> None:
    dc.keys.clear()
    assert logs_in(access, User(dc, [dc.code])) == "Test Account"
    works(access)


def test_nobody_to_log_in_to(dc: DataCentre, new: Access) -> None:
    with pytest.raises(Unreachable, match="Connection to Telegram failed"):
        logs_in(unreachable(new), User(dc))


def test_a_connection_that_drops_during_the_login(dc: DataCentre, new: Access) -> None:
    dc.faults.drop_on("SignInRequest")
    with pytest.raises(Unreachable):
        logs_in(new, User(dc, [dc.code]))
    assert dc.connections == 0
    logs_in(new, User(dc, [dc.code]))
    works(new)


# By QR code


def soon(dc: DataCentre, delay: float = 0.1) -> Callable[[], object]:
    """The phone's app scans the code a little later."""
    return lambda: asyncio.get_running_loop().call_later(delay, dc.accept_qr)


def test_with_a_qr_code(dc: DataCentre, new: Access) -> None:
    user = User(dc, scans=soon(dc))
    assert logs_in(new, user, qr=True) == "Test Account"
    (shown,) = user.shown
    picture, _, advice = shown.rpartition("\n")
    assert {*picture} <= {*" \n\xa0▀▄█"}
    assert len(picture.splitlines()) > 15
    assert "Link a device" in advice
    works(new)


def test_with_a_qr_code_and_a_second_factor(dc: DataCentre, new: Access) -> None:
    dc.password = PASSWORD
    user = User(dc, [], ["wrong", PASSWORD], scans=lambda: len(user.shown) == 1 and soon(dc)())
    assert logs_in(new, user, qr=True) == "Test Account"
    assert user.shown[1:] == ["Telegram does not accept this password; try again."]
    works(new)


def test_a_qr_code_is_shown_anew_until_it_is_scanned(
    dc: DataCentre, new: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_QR_SECONDS", 0.5)
    user = User(dc, scans=lambda: len(user.shown) == 3 and soon(dc, 0)())
    assert logs_in(new, user, qr=True) == "Test Account"
    assert len(user.shown) == len(set(user.shown)) == 3
    works(new)


def test_a_qr_code_that_nobody_scans(dc: DataCentre, new: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_QR_SECONDS", 0.05)
    monkeypatch.setattr(module, "_QR_TIMES", 3)
    user = User(dc)
    with pytest.raises(LoginRefused, match="was not scanned"):
        logs_in(new, user, qr=True)
    assert len(user.shown) == 3
    assert not new.session.with_name("me.account.json").exists()
    assert dc.connections == 0


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_a_qr_code_that_is_scanned_while_it_is_renewed(
    dc: DataCentre, new: Access, monkeypatch: pytest.MonkeyPatch, password: str | None
) -> None:
    monkeypatch.setattr(module, "_QR_SECONDS", 0.1)
    dc.password = password

    def unnoticed() -> None:
        """The update that tells of it comes when nobody waits for it."""
        for key in dc.keys.values():
            key.qr_accepted = True

    user = User(dc, [], [password] if password else [], scans=unnoticed)
    assert logs_in(new, user, qr=True) == "Test Account"
    assert len(user.shown) == 1
    works(new)


# Logging out


def kept(access: Access) -> list[str]:
    return sorted(path.name for path in access.session.parent.iterdir())


def logs_out(access: Access) -> bool:
    return asyncio.run(logout(access, 1, HASH))


def test_logging_out_tells_telegram_and_leaves_nothing(dc: DataCentre, new: Access) -> None:
    logs_in(new, User(dc, [dc.code]))
    assert kept(new) == ["me.account.json", "me.session"]
    assert logs_out(new) is True
    assert kept(new) == []
    assert dc.calls["LogOutRequest"] == 1
    assert not any(key.authorised for key in dc.keys.values())
    assert dc.connections == 0


def _unreachable(dc: DataCentre, access: Access) -> Access:
    return unreachable(access)


def _revoked(dc: DataCentre, access: Access) -> Access:
    dc.faults.revoke()
    return access


def _unknown(dc: DataCentre, access: Access) -> Access:
    dc.keys.clear()
    return access


def _dropped(dc: DataCentre, access: Access) -> Access:
    dc.faults.drop_on("LogOutRequest")
    return access


def _flooded(dc: DataCentre, access: Access) -> Access:
    dc.faults.flood("LogOutRequest", 10)
    return access


@pytest.mark.parametrize("trouble", [_unreachable, _revoked, _unknown, _dropped, _flooded])
def test_logging_out_when_telegram_cannot_be_told(
    dc: DataCentre, access: Access, trouble: Callable[[DataCentre, Access], Access]
) -> None:
    async def use() -> Any:
        async with Telegram(access, 6000):
            pass

    asyncio.run(use())
    access.session.with_name("me.account.json").write_text("{}")
    assert logs_out(trouble(dc, access)) is False
    assert kept(access) == []
    dc.wait_for(lambda: dc.connections == 0)
