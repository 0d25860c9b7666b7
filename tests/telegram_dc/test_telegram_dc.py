"""The test data centre, proved with the client that it is made for: connecting, logging in, files."""

import asyncio
import hashlib
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from telethon import errors
from telethon.crypto import rsa
from telethon.tl import functions

from tests.telegram_dc import DataCentre
from tests.telegram_dc.clients import client_of, fetch, jpeg, location, using

PASSWORD = "correct horse"  # noqa: S105


def test_a_session_made_by_sign_in_is_logged_in_at_once(dc: DataCentre, tmp_path: Path) -> None:
    async def work(client: Any) -> None:
        assert await client.is_user_authorized()
        me = await client.get_me()
        assert (me.id, me.phone) == (dc.me.id, "10000000000")

    using(dc, tmp_path, work)
    assert dc.calls["GetUsersRequest"] >= 1
    assert dc.log[0][0] <= monotonic()


def test_connecting_with_a_new_key_is_fast(dc: DataCentre, tmp_path: Path) -> None:
    async def work(client: Any) -> None:
        assert not await client.is_user_authorized()
        with pytest.raises(errors.AuthKeyUnregisteredError):
            await client(functions.contacts.ResolveUsernameRequest("news"))

    begin = monotonic()
    using(dc, tmp_path, work, signed_in=False)
    assert monotonic() - begin < 2


def test_login_with_a_code(dc: DataCentre, tmp_path: Path) -> None:
    async def work(client: Any) -> None:
        await client.send_code_request(dc.phone)
        with pytest.raises(errors.PhoneCodeInvalidError):
            await client.sign_in(dc.phone, "54321")
        assert (await client.sign_in(dc.phone, dc.code)).id == dc.me.id
        assert await client.is_user_authorized()
        await client.log_out()

    using(dc, tmp_path, work, signed_in=False)
    assert not any(key.authorised for key in dc.keys.values())


def test_login_with_a_second_factor(dc: DataCentre, tmp_path: Path) -> None:
    dc.password = PASSWORD

    async def work(client: Any) -> None:
        await client.send_code_request(dc.phone)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(dc.phone, dc.code)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client(functions.help.GetInviteTextRequest())
        with pytest.raises(errors.PasswordHashInvalidError):
            await client.sign_in(password=PASSWORD[::-1])
        assert (await client.sign_in(password=PASSWORD)).id == dc.me.id

    using(dc, tmp_path, work, signed_in=False)


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_login_with_a_qr_code(dc: DataCentre, tmp_path: Path, password: str | None) -> None:
    dc.password = password

    async def work(client: Any) -> None:
        login = await client.qr_login()
        assert login.url.startswith("tg://login?token=")
        await login.recreate()
        waiting = asyncio.ensure_future(login.wait(5))
        await asyncio.sleep(0)
        dc.accept_qr()
        if password is None:
            assert (await waiting).id == dc.me.id
            return
        with pytest.raises(errors.SessionPasswordNeededError):
            await waiting
        await client.sign_in(password=password)

    using(dc, tmp_path, work, signed_in=False)


def test_a_key_that_nobody_knows(dc: DataCentre, tmp_path: Path) -> None:
    dc.sign_in(tmp_path / "me.session")
    dc.keys.clear()

    async def run() -> None:
        client = client_of(tmp_path / "me.session")
        with pytest.raises(errors.AuthKeyNotFound):
            await client.connect()
        await client.disconnect()

    asyncio.run(run())


def test_revoked_logins(dc: DataCentre, tmp_path: Path) -> None:
    async def work(client: Any) -> None:
        dc.faults.revoke()
        with pytest.raises(errors.SessionRevokedError):
            await client(functions.updates.GetStateRequest())
        assert dc.listening == 0
        dc.faults.revoke("USER_DEACTIVATED_BAN")
        with pytest.raises(errors.UserDeactivatedBanError):
            await client(functions.updates.GetStateRequest())
        dc.faults.clear()
        await client(functions.updates.GetStateRequest())

    using(dc, tmp_path, work)


# Files


@pytest.mark.parametrize("dc_id", [2, 4])
def test_downloads_from_every_data_centre(dc: DataCentre, tmp_path: Path, dc_id: int) -> None:
    news = dc.channel("News", username="news")
    big = jpeg(5, (1600, 1200)) + bytes(1_300_000)
    photo = dc.photo(jpeg(), dc_id=dc_id)
    news.post(media=photo)
    news.post(media=dc.document(big, "image/jpeg", "big.jpg", dc_id=dc_id))

    async def work(client: Any) -> None:
        small, large = await client.get_messages("news", ids=[1, 2])
        assert await fetch(client, small.photo) == jpeg()
        assert await fetch(client, large.document) == big
        # Without naming the data centre the home is asked first, and says where the file is.
        assert await client.download_file(location(small.photo), bytes) == jpeg()
        ranges = await client(functions.upload.GetFileHashesRequest(location(large.document), 0)) if dc_id == 2 else []
        for each in ranges:
            assert hashlib.sha256(big[each.offset : each.offset + each.limit]).digest() == each.hash
        wrong = location(small.photo)
        wrong.access_hash += 1
        with pytest.raises(errors.FileIdInvalidError):
            await client.download_file(wrong, bytes, dc_id=dc_id)

    using(dc, tmp_path, work)
    assert dc.calls["ImportAuthorizationRequest"] == (dc_id == 4)


@pytest.mark.parametrize("how", ["expire", "invalid"])
def test_old_references_are_refused_until_the_message_is_fetched_again(
    dc: DataCentre, tmp_path: Path, how: str
) -> None:
    news = dc.channel("News", username="news")
    news.post(media=dc.photo(jpeg()))

    async def work(client: Any) -> None:
        message = await client.get_messages("news", ids=1)
        if how == "expire":
            dc.faults.expire_references()
        else:
            dc.faults.invalid_references()
        refused = errors.FileReferenceExpiredError if how == "expire" else errors.FileReferenceInvalidError
        with pytest.raises(refused):
            await fetch(client, message.photo)
        assert await fetch(client, (await client.get_messages("news", ids=1)).photo) == jpeg()

    using(dc, tmp_path, work)


def test_spoiled_moved_and_lost_files(dc: DataCentre, tmp_path: Path) -> None:
    news = dc.channel("News", username="news")
    photo = dc.photo(jpeg())
    news.post(media=photo)

    async def work(client: Any) -> None:
        message = await client.get_messages("news", ids=1)
        dc.faults.truncate()
        assert await fetch(client, message.photo) == jpeg()[: len(jpeg()) // 2]
        dc.faults.empty()
        assert await fetch(client, message.photo) == b""
        dc.faults.double()
        assert await fetch(client, message.photo) == jpeg() * 2
        dc.faults.garble()
        damaged = await fetch(client, message.photo)
        assert len(damaged) == len(jpeg())
        assert damaged != jpeg()
        dc.faults.move(photo, 4)
        with pytest.raises(errors.FileMigrateError) as moved:
            await client(functions.upload.GetFileRequest(location(message.photo), 0, 4096))
        assert moved.value.new_dc == 4
        assert (await client.get_messages("news", ids=1)).photo.dc_id == 4
        assert await fetch(client, message.photo) == jpeg()
        dc.faults.gone(photo)
        with pytest.raises(errors.LocationInvalidError):
            await fetch(client, message.photo)

    using(dc, tmp_path, work)


def test_saved_messages(dc: DataCentre, tmp_path: Path) -> None:
    async def work(client: Any) -> None:
        sent = await client.send_message("me", "a note")
        assert (sent.message, sent.out) == ("a note", True)
        with_photo = await client.send_file("me", BytesIO(jpeg()), caption="a photo", force_document=False)
        assert await client.get_messages("me", ids=with_photo.id)
        found = [message.message async for message in client.iter_messages("me")]
        assert found == ["a photo", "a note"]

    using(dc, tmp_path, work)
    assert [each.message for each in dc.saved] == ["a note", "a photo"]


# Processes

_CHILD = """
import asyncio, sys
from pathlib import Path
from telethon import TelegramClient
from telethon.crypto import rsa

async def main():
    rsa.add_key(Path(sys.argv[1]).read_text(), old=False)
    client = TelegramClient(sys.argv[2], 1, "0" * 32)
    await client.connect()
    print((await client.get_messages("news", limit=1))[0].message, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_client_in_another_process_may_be_killed(dc: DataCentre, tmp_path: Path) -> None:
    dc.channel("News", username="news").post("across processes")
    key, session = tmp_path / "key.pem", tmp_path / "me.session"
    dc.write_key(key)
    dc.sign_in(session)
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(key), str(session)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            line = child.stdout.readline()
            child.kill()
        assert line == "across processes\n"
    dc.wait_for(lambda: dc.connections == 0)
    assert dc.calls["GetHistoryRequest"] == 2


def test_it_stops_at_once_with_clients_connected(tmp_path: Path) -> None:
    async def run() -> float:
        with DataCentre() as dc:
            rsa.add_key(dc.public_key, old=False)
            dc.sign_in(tmp_path / "me.session")
            client = client_of(tmp_path / "me.session")
            await client.connect()
            begin = monotonic()
        took = monotonic() - begin
        await client.disconnect()
        return took

    assert asyncio.run(run()) < 2
