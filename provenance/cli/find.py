"""`provenance find`: archived files by what they tell about themselves."""

from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text

if TYPE_CHECKING:
    from provenance.app.find import Near, Span

_LIMIT = 50


def claimed_place(text: str) -> tuple[float, float]:
    """Return (latitude, longitude) of LAT,LON. Raises UsageProblem."""
    latitude, longitude = _numbers(text, "--claimed-place", "LAT,LON", 2)
    return latitude, longitude


@click.command()
@click.option("--camera-serial", metavar="S", help="The serial number of the camera's body, in full.")
@click.option("--document-id", metavar="ID", help="An id of editing programs (XMP), as document, original, source, …")
@click.option("--software", metavar="TEXT", help="A part of the name of a program that wrote the file.")
@click.option("--near", metavar="LAT,LON,KM", help="Taken within KM kilometres of the place, in degrees.")
@click.option(
    "--captured",
    metavar="FROM..TO",
    help="Taken between two dates (both included) or times; those without a zone are taken as UTC. A file that does "
    "not tell its zone is found where it may lie in between in any zone of the world, and the answer says so.",
)
@click.option("--limit", type=click.IntRange(1), default=_LIMIT, show_default=True, metavar="N", help="Most to show.")
@as_json
@pass_context
def find(
    context: Context,
    camera_serial: str | None,
    document_id: str | None,
    software: str | None,
    near: str | None,
    captured: str | None,
    limit: int,
    json_: bool,
) -> None:
    """Find archived files by their metadata: camera, document, program, place, time of the capture.

    Several options together: all must fit. Metadata can be written by anybody, and Telegram removes it from photos:
    it is there where an image was sent as a file.

    Exit status: 0 files were found, 1 none was, 2 the question was not understood.
    """
    from provenance.app import find as finding
    from provenance.errors import UsageProblem
    from provenance.render import find as render

    for name, value in (("--camera-serial", camera_serial), ("--document-id", document_id), ("--software", software)):
        if value is not None and not value.strip():
            raise UsageProblem(what=f"{name} is empty.")
    wanted = finding.Wanted(
        camera_serial,
        document_id,
        software,
        None if near is None else _near(near),
        None if captured is None else _span(captured),
    )
    if wanted == finding.Wanted():
        raise UsageProblem(what="Say what to find: --camera-serial, --document-id, --software, --near or --captured.")
    answer = finding.find(context.open(), wanted, limit)
    if json_:
        print_json(render.document(answer))
    else:
        print_text(render.text(answer))
    if not answer.found:
        raise click.exceptions.Exit(1)


def _near(text: str) -> "Near":
    from provenance.app.find import Near
    from provenance.errors import UsageProblem

    latitude, longitude, km = _numbers(text, "--near", "LAT,LON,KM", 3)
    if km <= 0:
        raise UsageProblem(what="--near: the distance must be more than 0 km.")
    return Near(latitude, longitude, km)


def _numbers(text: str, name: str, form: str, count: int) -> list[float]:
    from provenance.core.places import is_place
    from provenance.errors import UsageProblem

    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(map(isfinite, numbers)):
        raise UsageProblem(what=f"{name} is written as {form}, in degrees with a point: 50.45,30.52; not {text!r}.")
    if not is_place(numbers[0], numbers[1]):
        raise UsageProblem(what=f"{name}: a latitude lies within 90 and a longitude within 180 degrees; not {text!r}.")
    return numbers


def _span(text: str) -> "Span":
    from provenance.app.find import Span
    from provenance.errors import UsageProblem

    first, dots, last = text.partition("..")
    try:
        start, end = _moment(first, last=False), _moment(last if dots else first, last=True)
    except (ValueError, OverflowError) as error:
        raise UsageProblem(
            what=f"--captured is written as FROM..TO with dates or times: 2024-12-17..2024-12-18T06:30Z; not {text!r}."
        ) from error
    if end <= start:
        raise UsageProblem(what="--captured: its end lies before its beginning.")
    return Span(start, end)


def _moment(text: str, *, last: bool) -> datetime:
    """A date stands for its first moment, as the `last` for the first moment after it."""
    words = text.strip()
    at = datetime.fromisoformat(words)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if not last:
        return at
    return at + (timedelta(days=1) if ":" not in words and "T" not in words.upper() else timedelta(seconds=1))
