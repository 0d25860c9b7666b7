"""What every command is given: where the archive is, the settings, how to print."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

    from provenance.app.collect.settings import Delivering
    from provenance.app.pdf import Printer
    from provenance.app.progress import Progress
    from provenance.archive.store import Archive
    from provenance.config import Settings
    from provenance.core.answers import Check
    from provenance.core.weekly import Counting
    from provenance.images.descriptor import Model
    from provenance.images.sandbox import Sandbox

Command = TypeVar("Command", bound=Callable[..., Any])


class Context:
    """The options before the command's name, and what follows from them."""

    def __init__(self, directory: Path | None, config: Path | None, debug: bool) -> None:
        self._option = directory
        self._config = config
        self.debug = debug

    @cached_property
    def directory(self) -> Path:
        """The archive's folder."""
        from provenance.config import archive_directory

        return archive_directory(self._option)

    @cached_property
    def settings(self) -> "Settings":
        """The settings. Raises SettingsError."""
        from provenance.config import load

        return load(self.directory, self._config)

    def check_settings(self) -> "Check":
        """What `doctor` says of the settings."""
        from provenance.core.answers import Check
        from provenance.errors import SettingsError

        try:
            _ = self.settings
        except SettingsError as error:
            return Check("settings", False, str(error))
        return Check("settings", True, "as they should be")

    @property
    def session(self) -> Path:
        """The file of the Telegram session."""
        from provenance.config import Telegram
        from provenance.errors import SettingsError

        try:
            told = self.settings.telegram
        except SettingsError:  # `doctor` tells of them and goes on.
            told = Telegram()
        named = (self.directory / told.session).absolute()
        return named if named.suffix == ".session" else named.with_name(f"{named.name}.session")

    @property
    def named_model(self) -> Path | None:
        """The model's file that the settings name; a relative path is taken from the archive's folder."""
        from provenance.config import OFF

        name = self.settings.images.model
        return self.directory / name if name not in {"", OFF} else None

    @property
    def model_is_off(self) -> bool:
        """Whether the settings want no altered copies to be looked for."""
        from provenance.config import OFF

        return self.settings.images.model == OFF

    def model(self) -> "Model | None":
        """The network that finds altered copies; None where there is none, which answers then say."""
        if self.model_is_off:
            return None
        from provenance.app import model

        return model.load(self.named_model)

    def check_model(self) -> "Check":
        """What `doctor` says of the model; where the settings are wrong, of the one that needs none."""
        from provenance.app import model
        from provenance.errors import SettingsError

        try:
            return model.check(self.named_model, off=self.model_is_off)
        except SettingsError:
            return model.check()

    def printer(self) -> "Printer":
        """What makes PDFs. Raises PdfUnavailable."""
        from provenance.app import pdf

        return pdf.find(self.settings.report.browser)

    def counting(self, *, everything: bool = False) -> "Counting":
        """What a report leaves aside."""
        from provenance.core.weekly import Counting

        told = self.settings.report
        return Counting(everything, told.smallest_side, told.repeated_by_one, told.fast_channels)

    def delivering(self) -> "Delivering":
        """To whom reports go, and how. Raises SettingsError."""
        from provenance.app.collect.settings import Delivering
        from provenance.app.mail import Sender
        from provenance.config import smtp_password
        from provenance.core.delivery import target

        report, smtp = self.settings.report, self.settings.report.smtp
        sender = None
        if smtp.host and smtp.sender:
            port = smtp.port or (465 if smtp.security == "ssl" else 587)
            password = None if smtp.user is None else smtp_password(smtp, self.directory)
            trusted = None if smtp.ca_file is None else self.directory / smtp.ca_file
            sender = Sender(
                smtp.host, port, smtp.sender, smtp.security, smtp.user, password, trusted, smtp.timeout_seconds
            )
        return Delivering(tuple(target(each) for each in report.deliver_to), sender, report.deliver_pdf)

    @property
    def deliver_to(self) -> list[str]:
        """The targets that the settings name; none where those are wrong."""
        from provenance.core.delivery import target
        from provenance.errors import SettingsError

        try:
            return [str(target(each)) for each in self.settings.report.deliver_to]
        except SettingsError:
            return []

    def check_pdf(self) -> "Check":
        """What `doctor` says of PDF."""
        from provenance.app import pdf
        from provenance.errors import SettingsError

        try:
            return pdf.check(self.settings.report.browser)
        except SettingsError:
            return pdf.check()

    @property
    def max_bytes(self) -> int:
        """The largest image file that is taken in."""
        return self.settings.images.max_mb << 20

    def open(self) -> "Archive":
        """The archive, which must be there; wrong settings are told by every command."""
        from provenance.archive.store import Archive

        _ = self.settings
        return Archive.open(self.directory)

    def sandbox(self, at_most: int | None = None) -> "Sandbox":
        """Worker processes with the limits that are set: as many as are set, or `at_most` so many."""
        from provenance.images.sandbox import Limits, Sandbox

        images = self.settings.images
        limits = Limits(images.timeout_seconds, images.memory_mb << 20, images.max_pixels)
        workers = images.workers or os.cpu_count() or 1
        return Sandbox(limits, workers if at_most is None else min(workers, at_most))


pass_context = click.make_pass_decorator(Context)
as_json = click.option("--json", "json_", is_flag=True, help="Print one JSON document instead of text.")


def say(message: str) -> None:
    """Print one line to stderr, with nothing in it that a terminal would obey."""
    from provenance.render.text import visible

    click.echo(f"provenance: {visible(' '.join(message.split()))}", err=True)


def print_json(document: object) -> None:
    """Print one JSON document to standard output."""
    from provenance.render import as_json

    sys.stdout.write(as_json.dumps(document))
    sys.stdout.flush()


def print_text(*parts: "RenderableType") -> None:
    """Print an answer for people to standard output."""
    from rich.console import Group

    from provenance.render.layout import console

    # As a group: lines printed one by one would lose their mark of not being wrapped.
    console().print(Group(*parts), crop=False)


@contextmanager
def progress() -> Iterator["Progress"]:
    """Bars on stderr while there is somebody to look at them, and nothing in a pipe or a log."""
    from provenance.app.progress import Quiet
    from provenance.cli.interrupt import Interruptible

    if not sys.stderr.isatty():
        with Interruptible(Quiet()) as quiet:
            yield quiet
        return
    from provenance.cli.bars import Bars

    with Bars() as bars, Interruptible(bars) as interruptible:
        yield interruptible
