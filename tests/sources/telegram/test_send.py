"""Documents for Saved Messages and for channels: whole, once, and with refusals told."""

from typing import Any

import pytest

from provenance.errors import ChannelRefused, UsageProblem
from provenance.sources.telegram.client import Lost, Refused, Telegram
from provenance.sources.telegram.send import CAPTION, send
from tests.sources.telegram.conftest import Run
from tests.telegram_dc import DataCentre

PAGE = b"<p>page</p>" * 100_000  # in several pieces
FILES = [("report-2024-W52.html", PAGE), ("report-2024-W52.pdf", b"%PDF-1.7")]


def documents(dc: DataCentre, messages: list[Any]) -> list[tuple[str, str, str, bytes]]:
    """Of each message: its text, its file's name, kind and bytes."""
    told = []
    for each in messages:
        document = each.media.document
        (named,) = [one.file_name for one in document.attributes if hasattr(one, "file_name")]
        told.append((each.message, named, document.mime_type, dc.served.files[document.id]))
    return told


EXPECTED = [
    ("The week.", "report-2024-W52.html", "text/html", PAGE),
    ("", "report-2024-W52.pdf", "application/pdf", b"%PDF-1.7"),
]


def test_it_arrives_in_saved_messages(dc: DataCentre, run: Run) -> None:
    run(lambda telegram: send(telegram, "me", "The week.", FILES, "key"))
    assert documents(dc, dc.saved) == EXPECTED


def test_it_arrives_in_a_channel_that_the_account_may_write_to(dc: DataCentre, run: Run) -> None:
    desk = dc.channel("Desk", username="our_desk")
    dc.writable.add(desk.id)
    run(lambda telegram: send(telegram, "@our_desk", "The week.", FILES, "key"))
    assert documents(dc, [desk.message(number) for number in desk.ids]) == EXPECTED
    assert dc.saved == []


def test_what_is_sent_again_comes_once(dc: DataCentre, run: Run) -> None:
    async def work(telegram: Telegram) -> None:
        await send(telegram, "me", "The week.", FILES[:1], "key")
        await send(telegram, "me", "The week.", FILES, "key")

    run(work)
    assert documents(dc, dc.saved) == EXPECTED
    run(lambda telegram: send(telegram, "me", "The week.", FILES[:1], "another"))
    assert len(dc.saved) == 3


def test_floods_are_waited_out(dc: DataCentre, run: Run) -> None:
    dc.faults.flood("SendMediaRequest", 1)
    run(lambda telegram: send(telegram, "me", "The week.", FILES, "key"))
    assert documents(dc, dc.saved) == EXPECTED


def test_a_lost_connection_is_told(dc: DataCentre, run: Run) -> None:
    dc.faults.drop_on("SaveFilePartRequest")

    async def work(telegram: Telegram) -> None:
        with pytest.raises(Lost):
            await send(telegram, "me", "The week.", FILES, "key")

    run(work)
    assert dc.saved == []


def test_refusals_are_told(dc: DataCentre, run: Run) -> None:
    dc.channel("News", username="news")

    async def work(telegram: Telegram) -> None:
        with pytest.raises(Refused, match="CHAT_WRITE_FORBIDDEN"):
            await send(telegram, "@news", "The week.", FILES, "key")
        with pytest.raises(ChannelRefused):
            await send(telegram, "@nobody", "The week.", FILES, "key")
        with pytest.raises(UsageProblem):
            await send(telegram, "no name", "The week.", FILES, "key")

    run(work)


def test_a_long_text_is_cut(dc: DataCentre, run: Run) -> None:
    run(lambda telegram: send(telegram, "me", "🦉" * 1000, FILES[:1], "key"))
    (message,) = dc.saved
    assert message.message == "🦉" * ((CAPTION - 1) // 2) + "…"
