"""How answers are laid out at a terminal: lines, tables, times and names."""

from collections.abc import Iterable
from datetime import datetime

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from provenance.core.answers import Coverage
from provenance.core.model import Channel, Sighting
from provenance.core.wording import counted
from provenance.render.text import visible

TITLE = 40
"""Most characters of a channel's title."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # called while it is handled; rich would end the program as a failure


def console() -> Console:
    """Where results go: standard output, with no markup or emoji names taken from anybody's text."""
    return _Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def indented(text: str, style: str = "") -> Padding:
    """One indented line; where it is too long, what follows is indented too."""
    return Padding(Text(text, style), (0, 0, 0, 2), expand=False)


def line(address: str) -> Text:
    """An address or a command on a line of its own, never broken or cut: it is there to be copied."""
    return Text(f"  {visible(address)}", no_wrap=True, overflow="ignore")


def columns(*columns: str, numbers: Iterable[int] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=any(columns), header_style="bold")
    right = set(numbers)
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i in right else "left", overflow="fold")
    return table


def called(channel: Channel, length: int = TITLE) -> str:
    return f"«{visible(channel.title, length)}»"


def place(seen: Sighting) -> str:
    return visible(seen.text, 60) if seen.channel.id < 0 else f"post {seen.message_id}"


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "-"


def coverage_lines(covered: Coverage) -> list[RenderableType]:
    """What an answer rests on, and what it could not be looked for in."""
    span = f", {day(covered.earliest)} to {day(covered.latest)}" if covered.earliest else ""
    lines = [
        Text.assemble(
            ("Coverage: ", "bold"),
            f"{counted(covered.channels, 'channel')}, {counted(covered.posts, 'post')}, "
            f"{counted(covered.images, 'image')}{span}; "
            f"known gaps: {covered.gaps}.",
        )
    ]
    return [*lines, *(indented(f"not searched: {each}", "dim") for each in covered.not_searched)]
