"""The group of commands, and how errors become a line on stderr and an exit status."""

import atexit
import gc
import io
import os
import sys
import traceback
from pathlib import Path

import click

from provenance import __version__
from provenance.cli import answer, archive, db, demo, find, importing, model, picture, report, telegram
from provenance.cli.context import Context, say
from provenance.errors import ProvenanceError

_HELP = """Who posted this picture first on Telegram, how do we know, and how sure are we?

Provenance keeps an archive of posts and images, finds earlier copies of a picture, and says who showed it first
in this archive. Begin with `provenance demo`; then import your own exports and look a picture up.
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--archive",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The archive's folder. Default: PROVENANCE_ARCHIVE, else the user's data folder.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Settings. Default: provenance.toml in the archive's folder.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, package_name="provenance", message="%(prog)s %(version)s")
@click.pass_context
def provenance(context: click.Context, directory: Path | None, config: Path | None, debug: bool) -> None:
    """Hand the options to the command."""
    context.obj = Context(directory, config, debug)


for _command in (
    demo.demo,
    importing.import_,
    telegram.login,
    telegram.logout,
    telegram.channels,
    telegram.backfill,
    telegram.watch,
    answer.lookup,
    answer.show,
    find.find,
    report.report,
    picture.picture,
    archive.coverage,
    archive.stats,
    archive.doctor,
    archive.verify,
    archive.reindex,
    model.model,
    db.db,
):
    provenance.add_command(_command)


_ALLOCATED = 50_000
"""Objects after which Python looks for garbage among them."""


def main() -> None:
    """Run the command line; this is the program's entry."""
    # One thread each: numpy's matrices here are small, and starting a pool of threads costs more than they do.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Nearly all of it is modules: to look for garbage among them, as they load and at the end, was a sixth of a lookup.
    gc.set_threshold(_ALLOCATED)
    atexit.register(gc.freeze)
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding, or a name that is no text, costs letters and not the answer.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(sys.argv[1:]))


def _run(words: list[str]) -> int:
    """Run a command and return its exit status."""
    try:
        # Not click's own main: it turns a closed pipe into a failure.
        with provenance.make_context("provenance", list(words)) as context:
            provenance.invoke(context)
        sys.stdout.flush()
    except ProvenanceError as error:
        if "--debug" in words:
            traceback.print_exc()
        else:
            say(str(error))
        return error.exit_status
    except click.exceptions.Exit as ended:
        return _flushed(ended.exit_code)
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted. What was archived is whole; run the command again to go on.")
        return 2
    except OSError as error:
        return _unwritable(error)
    return 0


def _flushed(status: int) -> int:
    try:
        sys.stdout.flush()
    except OSError as error:
        return _unwritable(error)
    return status


def _unwritable(error: OSError) -> int:
    """Standard output is gone: whoever read it has seen enough, or its disk is full."""
    # Python would complain when it closes what cannot be written to.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return 0
    say(f"{error.filename or 'standard output'}: {error.strerror or error}.")
    return 2
