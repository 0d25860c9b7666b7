"""Lines, tables, times and names: harmless, in columns, and addresses whole."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console, Group, RenderableType

from provenance.core.model import Channel, PeerKind
from provenance.render import layout
from tests.cli.conftest import HOSTILE, is_harmless, too_wide
from tests.render import build

ADDRESS = "https://t.me/" + "x" * 150


def printed(what: RenderableType, width: int = 40) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, emoji=False).print(Group(what), crop=False)
    return stream.getvalue()


def test_an_indented_line_stays_indented_where_it_is_wrapped() -> None:
    lines = printed(layout.indented("word " * 30)).splitlines()
    assert len(lines) > 3
    assert all(each.startswith("  word") and len(each.rstrip()) <= 40 for each in lines)


def test_an_address_is_never_broken() -> None:
    assert printed(layout.line(ADDRESS)) == f"  {ADDRESS}\n"


def test_an_address_hides_nothing() -> None:
    text = printed(layout.line(f"https://t.me/{HOSTILE}"), 500)
    assert is_harmless(text)
    assert text.count("\n") == 1


def test_columns_have_a_head_only_where_they_are_named() -> None:
    named = layout.columns("Channel", "Posts", numbers={1})
    named.add_row("one", "7")
    named.add_row("two", "100")
    assert printed(named) == "Channel  Posts  \none          7  \ntwo        100  \n"
    unnamed = layout.columns("", "")
    unnamed.add_row("one", "7")
    assert printed(unnamed) == "one  7  \n"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_columns_fold_what_is_too_wide(width: int) -> None:
    table = layout.columns("Name", "Words")
    table.add_row("x" * 100, "word " * 40)
    text = printed(table, width)
    assert too_wide(text, width) == []
    assert text.count("x") == 100
    assert text.count("word") == 40


def test_a_channel_is_called_by_its_title_in_quotes() -> None:
    assert layout.called(Channel(PeerKind.CHANNEL, 1, "News")) == "«News»"
    long = Channel(PeerKind.CHANNEL, 1, "n" * 100)
    assert layout.called(long) == f"«{'n' * (layout.TITLE - 1)}…»"
    assert len(layout.called(long, 10)) == 12
    assert is_harmless(layout.called(Channel(PeerKind.CHANNEL, 1, HOSTILE)))


def test_a_post_is_a_number_and_a_file_of_a_collection_a_name() -> None:
    assert layout.place(build.seen(3, 0)) == "post 3"
    text = layout.place(build.seen(3, 0, channel=build.FOLDER, text=f"holiday.jpg{HOSTILE}"))
    assert text.startswith("holiday.jpg")
    assert len(text) <= 60
    assert is_harmless(text)


def test_times_are_in_utc_to_the_second() -> None:
    assert layout.moment(datetime(2024, 12, 1, 2, 3, 4, tzinfo=UTC)) == "2024-12-01 02:03:04 UTC"
    assert layout.day(datetime(2024, 12, 1, 2, 3, 4, tzinfo=UTC)) == "2024-12-01"
    assert layout.day(None) == "-"


def test_the_console_takes_nobody_s_markup(capsys: pytest.CaptureFixture[str]) -> None:
    layout.console().print("[bold]:smile:[/bold] 123")
    assert capsys.readouterr().out == "[bold]:smile:[/bold] 123\n"


def test_a_closed_pipe_is_the_caller_s_to_judge() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    console = layout.console()
    console.file = Closed()
    with pytest.raises(BrokenPipeError):
        console.print("x")
