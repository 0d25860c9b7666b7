"""`provenance report`: the week, written down and delivered."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text, progress, say

if TYPE_CHECKING:
    from provenance.archive.store import Archive
    from provenance.core.delivery import Target


@click.command()
@click.option("--week", metavar="YYYY-Www", help="Such as 2024-W52. Default: the last complete week with posts.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Default: DIR/reports.")
@click.option("--format", "formats", default="html,json,csv", show_default=True, help="What to write (also: pdf).")
@click.option("--everything", is_flag=True, help="Count stickers, thumbnails and flat images as well.")
@click.option("--deliver", is_flag=True, help="Deliver it to where [report] deliver_to says.")
@click.option(
    "--to",
    multiple=True,
    metavar="TARGET",
    help="Deliver it there instead: folder:/PATH, mailto:NAME@HOST, telegram:me or telegram:@NAME.",
)
@as_json
@pass_context
def report(
    context: Context,
    week: str | None,
    out: Path | None,
    formats: str,
    everything: bool,
    deliver: bool,
    to: tuple[str, ...],
    json_: bool,
) -> None:
    """Make the weekly report of reposted media, and deliver it where that is wished.

    Exit status 2: a target could not be reached. Targets that have confirmed the very same report do not get it again.
    """
    from zoneinfo import ZoneInfo

    from provenance.app import report as reporting
    from provenance.core import weekly
    from provenance.errors import UsageProblem
    from provenance.render import report_json, week_terminal

    chosen = [name.strip() for name in formats.split(",") if name.strip()]
    if not chosen:
        raise UsageProblem(what=f"--format names no format: use {', '.join(reporting.FORMATS)}, pdf.")
    known = (*reporting.FORMATS, "pdf")
    if unknown := [name for name in chosen if name not in known]:
        raise UsageProblem(what=f"There is no report format {unknown[0]!r}: use {', '.join(known)}.")
    targets = _targets(context, to) if deliver or to else ()
    if targets:
        if out is not None:
            raise UsageProblem(
                what="A report is delivered out of the archive: leave --out away, or use --to folder:DIR."
            )
        # The PDF last: one that is older than its page is not delivered.
        chosen = [*dict.fromkeys(["html", "json", *(name for name in chosen if name != "pdf")])]
        chosen += ["pdf"] if "pdf" in formats or context.settings.report.deliver_pdf else []
    printer = context.printer() if "pdf" in chosen else None
    zone = ZoneInfo(context.settings.report.timezone)
    archive = context.open()
    try:
        wanted = weekly.week(week, zone) if week is not None else reporting.last_week(archive, zone)
    except ValueError as error:
        raise UsageProblem(what=f"--week: {error}.") from error
    folder = out or context.directory / "reports"
    made = reporting.build(archive, wanted, context.counting(everything=everything), folder)
    with progress() as bars, context.sandbox() as sandbox:
        files = reporting.write(archive, made, folder, chosen, sandbox, bars, printer, context.settings.report.language)
    if json_:
        print_json(report_json.report(made))
    else:
        print_text(week_terminal.report(made, files))
    if targets:
        _deliver(context, archive, wanted.name, targets, pdf="pdf" in chosen)


def _targets(context: Context, to: tuple[str, ...]) -> "tuple[Target, ...]":
    from provenance.core.delivery import Way, target
    from provenance.errors import UsageProblem

    try:
        named = tuple(target(each) for each in to)
    except ValueError as error:
        raise UsageProblem(what=f"--to: {error}.") from error
    # A folder that is typed here is meant from here; one of the settings is meant from the archive.
    found = tuple(
        replace(each, place=str(Path(each.place).expanduser().absolute())) if each.way is Way.FOLDER else each
        for each in named
    )
    found = found or context.delivering().targets
    if not found:
        raise UsageProblem(
            what="There is nowhere to deliver to: set `deliver_to` under [report], or name it with --to."
        )
    return found


def _deliver(context: Context, archive: "Archive", week: str, targets: "tuple[Target, ...]", *, pdf: bool) -> None:
    """Deliver a report that lies in the archive, and say how it went. Raises DeliveryFailed."""
    from provenance.app.collect.courier import hand_over
    from provenance.cli.telegram import access_of, run_interruptibly
    from provenance.errors import DeliveryFailed

    told, pace = replace(context.delivering(), pdf=pdf), context.settings.telegram.requests_per_minute
    access = access_of(context)
    handed = run_interruptibly(lambda: hand_over(archive, week, targets, told, access, pace))
    for each in handed:
        if each.delivered_at is not None:
            say(f"{each.target}: delivered {each.delivered_at:%Y-%m-%d %H:%M:%S} UTC")
        elif each.trouble is None:
            say(f"{each.target}: left to the running `watch`")
    failed = [each for each in handed if each.trouble is not None]
    for each in failed[:-1]:
        say(f"{each.target}: not delivered: {each.trouble}")
    if failed:
        raise DeliveryFailed(target=failed[-1].target, what=failed[-1].trouble)
