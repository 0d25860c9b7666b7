"""`provenance lookup` and `show`: the answers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text, say

if TYPE_CHECKING:
    from provenance.images.findings import Claim

_WORKERS = 4
"""More would take longer to start than the few comparisons of a lookup take."""
_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


@click.command()
@click.argument("images", metavar="IMAGE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--since", type=click.DateTime(_DATES), help="Only sightings from this time on (UTC).")
@click.option("--until", type=click.DateTime(_DATES), help="Only sightings before this time (UTC).")
@click.option("--channel", metavar="NAME", help="Only sightings in this channel (name, @name or id).")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Show at most N sightings.")
@click.option("--claimed-date", type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is said to be taken.")
@click.option("--claimed-place", metavar="LAT,LON", help="The place at which it is said to be taken, in degrees.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page as well.")
@click.option("--pdf", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write that page as PDF.")
@as_json
@pass_context
def lookup(
    context: Context,
    images: tuple[Path, ...],
    since: datetime | None,
    until: datetime | None,
    channel: str | None,
    limit: int | None,
    claimed_date: datetime | None,
    claimed_place: str | None,
    html: Path | None,
    pdf: Path | None,
    json_: bool,
) -> None:
    """Find earlier copies of an image: who showed it first in this archive, and how it spread.

    Exit status: 0 a copy was found, 1 none was, 2 an image could not be read. Nothing is written to the archive.
    """
    claim = _claim(claimed_date, claimed_place)
    printer = None if pdf is None else context.printer()
    with context.sandbox(at_most=_WORKERS) as sandbox:
        # Before the imports, which take about as long as its own. With a model there is always something to compare.
        sandbox.start(compares=not context.model_is_off)
        from provenance.app.lookup import Narrowing
        from provenance.app.lookup import lookup as look_up
        from provenance.errors import ImageRefused

        narrowing = Narrowing(_utc(since), _utc(until), channel, limit)
        archive = context.open()
        model = context.model()
        answers = look_up(archive, images, sandbox, narrowing, context.max_bytes, model, claim)
        found = [each for each in answers if not isinstance(each, ImageRefused)]
        if html is not None or pdf is not None:
            from zoneinfo import ZoneInfo

            from provenance.app.pages import write_lookup

            printed = (pdf, printer) if pdf and printer else None
            key, told = model.key if model else None, context.settings.report
            write_lookup(archive, found, sandbox, html, printed, key, ZoneInfo(told.timezone), told.language)
    refused = [each for each in answers if isinstance(each, ImageRefused)]
    if json_:
        from provenance.render import as_json

        documents = [
            as_json.refused(str(each.facts["path"]), each.message)
            if isinstance(each, ImageRefused)
            else as_json.lookup(each)
            for each in answers
        ]
        if len(images) > 1:
            print_json(documents)
        elif found:
            print_json(documents[0])
    else:
        from provenance.render import terminal

        for number, each in enumerate(found):
            print_text(*([""] if number else []), terminal.lookup(each))
    if refused:
        for error in refused[:-1]:
            say(str(error))
        raise refused[-1]
    if not any(each.found for each in found):
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("ref")
@as_json
@pass_context
def show(context: Context, ref: str, json_: bool) -> None:
    """Show a post, file, picture or channel with its history.

    REF is a post (https://t.me/c/ID/POST, @name/POST, ID/POST), a file (the first digits of its SHA-256), picture:N,
    or a channel's name or id.
    """
    from provenance.app.show import show as look_at
    from provenance.render import as_json, terminal

    answer = look_at(context.open(), ref)
    if json_:
        print_json(as_json.show(answer))
    else:
        print_text(terminal.show(answer))


def _claim(day: datetime | None, place: str | None) -> "Claim | None":
    if day is None and place is None:
        return None
    from provenance.cli.find import claimed_place
    from provenance.images.findings import Claim

    return Claim(day and day.date(), None if place is None else claimed_place(place))


def _utc(at: datetime | None) -> datetime | None:
    return at and at.replace(tzinfo=UTC)
