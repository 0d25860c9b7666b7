"""`provenance login`, `logout`, `channels`, `backfill` and `watch`: collecting from Telegram."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text, progress, say

if TYPE_CHECKING:
    from provenance.app.collect.settings import Collecting
    from provenance.sources.telegram.session import Access

Answer = TypeVar("Answer")
_DATE = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.command()
@click.option("--qr", is_flag=True, help="Show a QR code for the app on your phone, instead of asking for a code.")
@pass_context
def login(context: Context, qr: bool) -> None:
    """Log in to Telegram once. The session is kept in the archive's folder, and is as good as your password.

    Asks for the api id and hash (from my.telegram.org, unless the settings have them), phone, code and password.
    """
    from provenance.app.collect.login import log_in

    access = access_of(context)
    api_id = access.api_id or int(_ask("api id", kind=int))
    api_hash = access.api_hash or _ask("api hash")
    name = run_interruptibly(
        lambda: log_in(
            access,
            api_id,
            api_hash,
            phone=lambda: _ask("phone (with country code)"),
            code=lambda: _ask("code that Telegram has sent"),
            password=lambda: _ask("password (two-step verification)", hide=True),
            show=lambda text: click.echo(text, err=True),
            qr=qr,
        )
    )
    from provenance.render.text import visible

    click.echo(f"Logged in as {visible(name)}. The session is {access.session}; keep it to yourself.")


@click.command()
@pass_context
def logout(context: Context) -> None:
    """End the session at Telegram and remove it here. What was archived stays."""
    from provenance.app.collect.login import log_out

    access = access_of(context)
    if run_interruptibly(lambda: log_out(access)):
        click.echo("Logged out.")
    else:
        click.echo(
            "The session is removed here, but Telegram could not be told: end it in the app under Settings, Devices."
        )


@click.group()
def channels() -> None:
    """Choose which channels are followed."""


@channels.command("add")
@click.argument("names", metavar="NAME|LINK|ID…", nargs=-1, required=True)
@click.option("--join", is_flag=True, help="Join with this account: joined channels push their posts at once.")
@click.option("--since", type=_DATE, metavar="DATE", help="Fetch the history back to this date (UTC) only.")
@as_json
@pass_context
def add(context: Context, names: tuple[str, ...], join: bool, since: datetime | None, json_: bool) -> None:
    """Follow channels: @name, a t.me link, an invite link, or the number of a channel that this account knows.

    Public channels are read without joining. Makes the archive where there is none.
    """
    from provenance.app.collect import channels as following
    from provenance.archive.migrate import create_or_open
    from provenance.core.model import Problem
    from provenance.render import as_json, collecting

    access = access_of(context)
    archive = create_or_open(context.directory)
    pace = context.settings.telegram.requests_per_minute
    added = run_interruptibly(lambda: following.add(archive, access, names, join=join, since=_utc(since), pace=pace))
    if json_:
        refused = [Problem(str(each.facts["name"]), str(each.facts["what"])) for each in added.refused]
        print_json(as_json.added(added.followed, refused, added.waiting))
    elif added.followed:
        print_text(collecting.followed(added.followed))
    if added.waiting:
        say(added.waiting)
    for error in added.refused[:-1]:
        say(str(error))
    if added.refused:
        raise added.refused[-1]


@channels.command("list")
@as_json
@pass_context
def list_(context: Context, json_: bool) -> None:
    """List what is followed, and how each channel stands."""
    from provenance.app.collect.channels import followed
    from provenance.render import as_json, collecting

    found = followed(context.open())
    if json_:
        print_json(as_json.followed(found))
    else:
        print_text(collecting.followed(found))


@channels.command()
@click.argument("name")
@as_json
@pass_context
def remove(context: Context, name: str, json_: bool) -> None:
    """Follow a channel no longer. What was archived of it stays."""
    from provenance.app.collect import channels as following
    from provenance.render import as_json, collecting

    removed = following.remove(context.open(), name)
    if json_:
        print_json(as_json.followed([removed]))
    else:
        print_text(collecting.removed(removed))


@channels.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="Show at most N.")
@as_json
@pass_context
def suggest(context: Context, limit: int, json_: bool) -> None:
    """Suggest sources worth following: those that archived posts credit most."""
    from provenance.app.collect.channels import suggestions
    from provenance.render import as_json, collecting

    found = suggestions(context.open(), limit)
    if json_:
        print_json(as_json.suggestions(found))
    else:
        print_text(collecting.suggestions(found))


@click.command()
@click.argument("names", metavar="[NAME…]", nargs=-1)
@click.option("--since", type=_DATE, metavar="DATE", help="Go back to this date (UTC) only.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N posts of each channel this time.")
@as_json
@pass_context
def backfill(context: Context, names: tuple[str, ...], since: datetime | None, limit: int | None, json_: bool) -> None:
    """Fetch the history of followed channels, newest posts first. Interrupted, it goes on where it was.

    The daemon (`watch`) does this by itself.
    """
    from provenance.app.collect.backfill import backfill as fetch
    from provenance.render import as_json, collecting

    told = _collecting(context)
    archive = context.open()
    with context.sandbox() as sandbox, progress() as bars:
        done = run_interruptibly(lambda: fetch(archive, told, names, sandbox, bars, since=_utc(since), limit=limit))
    if json_:
        print_json(as_json.backfilled(done))
    else:
        print_text(collecting.backfilled(done))


@click.command()
@click.option("--verbose", is_flag=True, help="Log more.")
@pass_context
def watch(context: Context, verbose: bool) -> None:
    """Follow the channels until stopped: history, new posts, edits, deletions, chains, the weekly report.

    Stops cleanly on Ctrl-C or SIGTERM. Exit status 2: Telegram has ended the login, or there is none.
    """
    from provenance.app.collect.watch import watch as follow

    _log(verbose)
    collecting = _collecting(context)
    archive = context.open()
    with context.sandbox() as sandbox:
        asyncio.run(_until_stopped(lambda stop: follow(archive, collecting, sandbox, stop)))


def access_of(context: Context) -> "Access":
    """How the settings say that the session is opened."""
    from provenance.errors import SettingsError
    from provenance.sources.telegram.session import Access, Server

    told = context.settings.telegram
    server = None
    if told.server is not None:
        host, _, port = told.server.address.rpartition(":")
        if not host or not port.isdigit():
            raise SettingsError(where="telegram.server.address", what="it has to be HOST:PORT")
        key = None
        if told.server.public_key_file is not None:
            try:
                key = (context.directory / told.server.public_key_file).read_text(encoding="ascii")
            except (OSError, ValueError) as error:
                raise SettingsError(where="telegram.server.public_key_file", what=error) from error
        server = Server(told.server.dc, host.strip("[]"), int(port), key)
    return Access(context.session, told.api_id, told.api_hash, server, told.proxy)


def _collecting(context: Context) -> "Collecting":
    """Everything that the settings say about collecting."""
    from datetime import time
    from zoneinfo import ZoneInfo

    from provenance.app.collect.files import Limits
    from provenance.app.collect.settings import Collecting, Reporting
    from provenance.core.weekly import WEEKDAYS, ReportTime
    from provenance.sources.telegram.convert import Policy

    telegram, watching, report = context.settings.telegram, context.settings.watch, context.settings.report
    return Collecting(
        access=access_of(context),
        requests_per_minute=telegram.requests_per_minute,
        policy=Policy(telegram.keep_self_destructing, telegram.keep_protected),
        limits=Limits(telegram.downloads, context.max_bytes, watching.min_free_mb << 20),
        reconcile_every=watching.reconcile_every,
        recheck_posts=watching.recheck_posts,
        backfill=watching.backfill,
        report=Reporting(
            ReportTime(WEEKDAYS.index(report.day), time.fromisoformat(report.time), ZoneInfo(report.timezone)),
            context.counting(),
            context.delivering(),
            report.browser,
            report.language,
        ),
        model=context.model(),
    )


def run_interruptibly(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Run `work`; Ctrl-C cancels it where it waits, and what it has begun to write is written."""
    from provenance.sources.telegram.client import translated

    # What Telethon reports of lost connections ends in one line of ours.
    logging.getLogger("telethon").setLevel(logging.CRITICAL)

    async def run() -> Answer:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            return await task
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    try:
        with translated():
            return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await work(stop)


def _log(verbose: bool) -> None:
    """Log to stderr, a line an event, with nothing in it that a terminal would obey."""
    from provenance.render.text import visible

    class Visible(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return "\n".join(visible(line) for line in super().format(record).splitlines())

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Visible("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("provenance").setLevel(logging.DEBUG if verbose else logging.INFO)
    # What Telethon reports of lost connections and floods is said by the daemon in its own words.
    logging.getLogger("telethon").setLevel(logging.INFO if verbose else logging.CRITICAL)


def _ask(what: str, *, hide: bool = False, kind: type[int] | type[str] = str) -> str:
    """Ask at the terminal, or read a line of standard input where that is no collecting."""
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=hide, type=kind, err=True))
    line = sys.stdin.readline()
    if not line:
        raise click.UsageError(f"Standard input ended where the {what} was expected.")
    if kind is int and not line.strip().isdecimal():
        raise click.UsageError(f"The {what} has to be a number.")
    return line.strip()


def _utc(at: datetime | None) -> datetime | None:
    return at and at.replace(tzinfo=UTC)
