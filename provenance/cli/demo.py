"""`provenance demo`: the main job on the shipped samples."""

import shlex
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text, progress

if TYPE_CHECKING:
    from rich.console import RenderableType

    from provenance.core.answers import LookupAnswer


@click.command()
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the demonstration's archive and report in this new folder.",
)
@as_json
@pass_context
def demo(context: Context, keep: Path | None, json_: bool) -> None:
    """Show the main job on samples: import, lookup, chain, weekly report. No account is needed."""
    from provenance.app import model as models
    from provenance.app.demo import demo as run
    from provenance.render import as_json, report_json, terminal, week_terminal
    from provenance.render.layout import line

    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="provenance-demo-")))
        with progress() as bars, context.sandbox() as sandbox:
            done = run(folder, sandbox, bars, context.max_bytes, context.model())
        why = models.lacking(context.named_model, off=context.model_is_off)
        if json_:
            print_json(
                {
                    "schema": "provenance/demo/1",
                    "lookups": [as_json.lookup(each) for each in done.answers],
                    "altered": [as_json.lookup(each) for each in done.altered],
                    "not_searched": why,
                    "report": report_json.report(done.report),
                    "kept": keep and str(keep),
                }
            )
            return
        counts = done.imported.counts
        print_text(
            f"1. Imported {len(done.exports)} sample channels: {counts.posts_new} posts, {counts.images_new} images.\n",
            "2. Looked up a suspect image that is a copy of one of them:\n",
            terminal.lookup(done.answers[0]),
            "\n3. Looked up an image that none of them shows:\n",
            terminal.lookup(done.answers[1]),
            *_altered(done.altered, why),
            "\n5. Made the weekly report:\n",
            week_terminal.report(done.report, done.files if keep else ()),
            "",
        )
        if keep:
            here = f"provenance --archive {shlex.quote(str(keep))}"
            print_text(
                "Kept. Try:",
                line(f"{here} show picture:{done.answers[0].picture}"),
                line(f"{here} coverage"),
            )
        else:
            print_text(
                "The archive was a throw-away. Keep it, with its report as a page, by",
                line("provenance demo --keep demo-archive"),
                "and begin your own with",
                line("provenance import telegram-export PATH-OF-YOUR-EXPORT"),
                line("provenance lookup suspect.jpg"),
            )


def _altered(answers: "Sequence[LookupAnswer]", why: str | None) -> "list[RenderableType]":
    """The step with the crop and the screenshot, in short; where they are not looked for, why."""
    from provenance.render import terminal

    if not answers:
        return [f"\n4. Crops and screenshots are not looked for: {why}"]
    return [
        "\n4. Looked up a part of one picture, and a phone's screenshot of a post:\n",
        *(terminal.lookup_in_short(each) for each in answers),
    ]
