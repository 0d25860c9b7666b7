"""The group of commands, and how errors become a line on stderr and an exit status."""

import os
import sys
from pathlib import Path

import click

from provenance import __version__
from provenance.cli import answer, archive, db, demo, importing
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
    answer.lookup,
    answer.show,
    answer.report,
    archive.coverage,
    archive.stats,
    archive.doctor,
    archive.verify,
    archive.reindex,
    db.db,
):
    provenance.add_command(_command)


def main() -> None:
    """Run the command line; this is the program's entry."""
    # One thread each: numpy's matrices here are small, and starting a pool of threads costs more than they do.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in sys.argv
    try:
        status = provenance.main(standalone_mode=False)
    except ProvenanceError as error:
        if debug:
            raise
        say(str(error))
        status = error.exit_status
    except click.exceptions.Exit as ended:
        status = ended.exit_code
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted. What was archived is whole; run the command again to go on.")
        status = 2
    except BrokenPipeError:
        # Whoever read our answer has seen enough; keep Python from complaining when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status if isinstance(status, int) else 0)
