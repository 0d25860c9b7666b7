"""Reports reach folders, a mail server and a data centre on this machine: once, and in spite of trouble."""

import asyncio
import hashlib
import json
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from provenance.app import clock
from provenance.app.collect.courier import LOCAL, REMOTE, Courier, Handed, hand_over
from provenance.app.collect.intake import Intake
from provenance.app.collect.settings import Delivering
from provenance.app.mail import Sender
from provenance.app.runs import recorded
from provenance.archive import deliveries, schema
from provenance.core.delivery import target
from provenance.errors import AccountLost, DeliveryFailed
from provenance.sources.telegram import session
from provenance.sources.telegram.client import Lost, Telegram
from tests.app.collect.conftest import PACE, Collector
from tests.app.test_mail import Post, server
from tests.app.test_parcel import WEEK
from tests.render.test_letter import DOCUMENT
from tests.telegram_dc import DataCentre

# As in tests/app/test_mail.py: the mail server leaves its end of a connection to the collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

FOLDER, MAIL, ME = "folder:desk", "mailto:editor@example.org", "telegram:me"
NOWHERE = Sender("127.0.0.1", 9, "archive@example.org", "none", seconds=2)


class Office:
    """A report on record, and a courier with new objects each time, as a new process has them."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.archive = collector.archive
        self.desk = self.archive.directory / "desk"
        self.desk.mkdir()

    def make(self, words: str = "page") -> None:
        """Make a report of the week, as the command does."""
        document = json.dumps(DOCUMENT | {"note": words}).encode()
        folder = self.archive.directory / "reports"
        folder.mkdir(exist_ok=True)
        (folder / f"report-{WEEK}.json").write_bytes(document)
        (folder / f"report-{WEEK}.html").write_text(words)
        with recorded(self.archive, "report", []) as run, self.archive.write() as connection:
            row = {"run_id": run.id, "week": WEEK, "made_at": clock.now()}
            connection.execute(schema.reports.insert(), row | {"sha256": hashlib.sha256(document).hexdigest()})

    def queue(self, *targets: str) -> None:
        with self.archive.write() as connection:
            made = deliveries.newest(connection, WEEK)
            assert made is not None
            deliveries.queue(connection, made.id, targets, clock.now())

    def told(self, *targets: str, sender: Sender | None = None) -> Delivering:
        return Delivering(tuple(target(each) for each in targets), sender)

    def once(self, told: Delivering, *, remote: bool = False, seconds: float = 600) -> list[DeliveryFailed]:
        """Deliver what is due."""
        access = self.collector.access

        async def run() -> list[DeliveryFailed]:
            with recorded(self.archive, "test", []) as recording:
                courier = Courier(Intake(self.archive, recording.id), told, seconds)
                if not remote:
                    return await courier.once(LOCAL)
                async with Telegram(access, PACE) as telegram:
                    return await courier.once(REMOTE, telegram)

        return asyncio.run(run())

    def hand_over(self, told: Delivering, *targets: str) -> list[Handed]:
        to = [target(each) for each in targets]
        return asyncio.run(hand_over(self.archive, WEEK, to, told, self.collector.access, PACE))

    def retry_now(self) -> None:
        with self.archive.write() as connection:
            connection.execute(schema.deliveries.update().values(retry_at=clock.now() - timedelta(seconds=1)))

    @property
    def rows(self) -> list[Any]:
        return self.collector.rows(schema.deliveries)


@pytest.fixture
def office(collector: Collector) -> Office:
    made = Office(collector)
    made.make()
    return made


def test_a_folder_gets_it_once(office: Office) -> None:
    office.queue(FOLDER)
    told = office.told(FOLDER)
    assert office.once(told) == []
    page = office.desk / f"report-{WEEK}.html"
    assert page.read_text() == "page"
    page.unlink()
    office.make()  # the very same
    office.queue(FOLDER)
    assert office.once(told) == []
    assert not page.exists()
    office.make("newer")
    office.queue(FOLDER)
    assert office.once(told) == []
    assert page.read_text() == "newer"


def test_a_mail_arrives_after_the_server_was_down(office: Office) -> None:
    office.queue(MAIL)
    (failed,) = office.once(office.told(MAIL, sender=NOWHERE))
    assert "127.0.0.1:9" in str(failed)
    (row,) = office.rows
    assert (row.attempts, row.delivered_at) == (1, None)
    assert "127.0.0.1:9" in row.trouble
    assert timedelta(seconds=50) < row.retry_at - clock.now() < timedelta(seconds=80)
    post = Post()
    with server(post) as sender:
        told = office.told(MAIL, sender=sender)
        assert office.once(told) == []
        assert post.came == [], "not yet"
        office.retry_now()
        assert office.once(told) == []
        office.retry_now()
        assert office.once(told) == []
    (came,) = post.mails
    assert WEEK in came["Subject"]
    (row,) = office.rows
    assert (row.attempts, row.trouble) == (2, None)
    assert row.delivered_at is not None


def test_a_server_that_refuses_is_on_record(office: Office) -> None:
    office.queue(MAIL, FOLDER)
    with server(Post("552 too much\x1b[31m")) as sender:
        (failed,) = office.once(office.told(MAIL, FOLDER, sender=sender))
    assert "552" in str(failed)
    assert [row.delivered_at is not None for row in office.rows] == [False, True]


def test_no_mail_server_in_the_settings(office: Office) -> None:
    office.queue(MAIL)
    (failed,) = office.once(office.told(MAIL))
    assert "names no mail server" in str(failed)


def test_what_hangs_is_ended(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("provenance.app.mail.send", hang)
    office.queue(MAIL)
    (failed,) = office.once(office.told(MAIL, sender=NOWHERE), seconds=0.2)
    assert "longer than 0.2 s" in str(failed)


def test_what_nobody_foresaw_is_trouble_of_one_delivery(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fall(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("provenance.app.mail.send", fall)
    office.queue(MAIL, FOLDER)
    (failed,) = office.once(office.told(MAIL, FOLDER, sender=NOWHERE))
    assert "ZeroDivisionError" in str(failed)
    assert [row.delivered_at is not None for row in office.rows] == [False, True]


def test_an_account_that_was_lost_is_told_and_raised(office: Office, dc: DataCentre) -> None:
    office.queue(ME)
    dc.faults.fail("SendMediaRequest", 401, "SESSION_REVOKED")
    with pytest.raises(AccountLost):
        office.once(office.told(ME), remote=True)
    assert "SESSION_REVOKED" in office.rows[0].trouble


@pytest.mark.parametrize("week", ["2024-W52\r\nBcc: victim@example.org", "../../x", "2024-W52\x1b[31m"])
def test_a_week_that_is_none_goes_nowhere(office: Office, week: str) -> None:
    (known,) = office.collector.rows(schema.reports)
    with office.archive.write() as connection:
        row = {"run_id": known.run_id, "week": week, "made_at": known.made_at, "sha256": known.sha256}
        connection.execute(schema.reports.insert(), row)
        deliveries.queue(connection, known.id + 1, [MAIL], clock.now())
    post = Post()
    with server(post) as sender:
        (failed,) = office.once(office.told(MAIL, sender=sender))
    assert "cannot be read" in str(failed)
    assert post.came == []


def test_saved_messages_get_it_once_although_the_answer_was_lost(office: Office, dc: DataCentre) -> None:
    office.queue(ME)
    told = office.told(ME)
    dc.faults.drop_on("SendMediaRequest")
    with pytest.raises(Lost):
        office.once(told, remote=True)
    (row,) = office.rows
    assert "connection was lost" in row.trouble
    office.retry_now()
    assert office.once(told, remote=True) == []
    # Confirmed by Telegram, and then killed before that was on record.
    with office.archive.write() as connection:
        connection.execute(schema.deliveries.update().values(delivered_at=None))
    office.retry_now()
    assert office.once(told, remote=True) == []
    (message,) = dc.saved
    assert WEEK in message.message
    assert dc.served.files[message.media.document.id] == b"page"
    assert all(row.delivered_at is not None for row in office.rows)


def test_a_chat_that_may_not_be_written_to(office: Office, dc: DataCentre) -> None:
    dc.channel("News", username="news")
    office.queue("telegram:@news", "telegram:@nobody")
    failed = office.once(office.told("telegram:@news", "telegram:@nobody"), remote=True)
    assert ["CHAT_WRITE_FORBIDDEN" in str(each) for each in failed] == [True, False]
    assert "nobody has this name" in str(failed[1])


def test_what_the_settings_do_not_name_any_more_is_not_sent(office: Office) -> None:
    office.queue(FOLDER)
    assert office.once(office.told()) == []
    assert list(office.desk.iterdir()) == []


# By a command


def test_a_command_delivers_everything_where_no_daemon_runs(office: Office, dc: DataCentre) -> None:
    post = Post()
    with server(post) as sender:
        handed = office.hand_over(office.told(sender=sender), FOLDER, MAIL, ME)
    assert [each.target for each in handed] == [FOLDER, MAIL, ME]
    assert all(each.delivered_at is not None and each.trouble is None for each in handed)
    assert (len(post.came), len(dc.saved), len(list(office.desk.iterdir()))) == (1, 1, 2)
    assert office.hand_over(office.told(), FOLDER, ME) == [handed[0], handed[2]]
    assert len(dc.saved) == 1


def test_a_command_leaves_telegram_to_the_daemon(office: Office, dc: DataCentre) -> None:
    with session.held(office.collector.access.session):
        desk, me = office.hand_over(office.told(), FOLDER, ME)
    assert desk.delivered_at is not None
    assert me == Handed(ME, None, None)
    assert dc.saved == []
    assert office.once(office.told(), remote=True) == []
    assert len(dc.saved) == 1


def test_a_command_tells_what_failed(office: Office, dc: DataCentre) -> None:
    session.forget(office.collector.access.session)
    mail, me = office.hand_over(office.told(sender=NOWHERE), MAIL, ME)
    assert mail.trouble is not None
    assert "127.0.0.1:9" in mail.trouble
    assert me.trouble is not None
    assert "no Telegram login" in me.trouble


# In the daemon


def running(office: Office, told: Delivering, do: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        with recorded(office.archive, "test", []) as recording:
            working = asyncio.ensure_future(Courier(Intake(office.archive, recording.id), told).run(LOCAL))
            await do()
            assert not working.done()
            working.cancel()
            await asyncio.wait({working})

    asyncio.run(run())


async def reached(true: Callable[[], Sequence[object]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - the work is in threads
            await asyncio.sleep(0.05)


def test_it_goes_on_with_the_rest_and_sees_what_commands_ask_for(office: Office) -> None:
    office.queue(MAIL)
    with office.archive.write() as connection:
        made = deliveries.newest(connection, WEEK)
    assert made is not None

    async def do() -> None:
        await reached(lambda: [row for row in office.rows if row.trouble])
        with office.archive.write() as connection:
            deliveries.queue(connection, made.id, [FOLDER], clock.now(), by_hand=True)
        await reached(lambda: list(office.desk.glob("*.html")))

    running(office, replace(office.told(MAIL), sender=NOWHERE), do)


def test_it_stops_at_once_while_a_server_hangs_and_goes_on_after_a_restart(office: Office) -> None:
    office.queue(MAIL)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hanging = Sender("127.0.0.1", silent.getsockname()[1], "archive@example.org", "none")

        async def do() -> None:
            await reached(lambda: [row for row in office.rows if row.attempts])

        began = time.monotonic()
        running(office, office.told(MAIL, sender=hanging), do)
        assert time.monotonic() - began < 10
    (row,) = office.rows
    assert (row.trouble, row.delivered_at) == ("interrupted", None)
    assert row.retry_at - clock.now() < timedelta(seconds=80)
    office.retry_now()
    post = Post()
    with server(post) as sender:
        assert office.once(office.told(MAIL, sender=sender)) == []
    assert len(post.came) == 1
