"""What pages need: thumbnails made under the limits, and a place to be written to."""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path

from provenance.app import clock, pdf, whole
from provenance.app.progress import Progress, Quiet
from provenance.archive.store import Archive
from provenance.core.answers import LookupAnswer
from provenance.errors import OutputRefused
from provenance.images.sandbox import Refusal, Sandbox
from provenance.images.thumbnail import LARGE, SIDE, thumbnail
from provenance.render import figures, html


def thumbnails(paths: Mapping[str, Path], sandbox: Sandbox, progress: Progress, side: int = SIDE) -> dict[str, bytes]:
    """Return {hash: small JPEG} of the files {hash: path}; one that cannot be made is left out."""
    found = {}
    for name, answer in zip(paths, sandbox.map(partial(thumbnail, side=side), paths.values()), strict=True):
        if not isinstance(answer, Refusal):
            found[name] = answer
        progress.advance()
    return found


def write_lookup(
    archive: Archive,
    answers: Sequence[LookupAnswer],
    sandbox: Sandbox,
    path: Path | None,
    printed: tuple[Path, pdf.Printer] | None = None,
    model: str | None = None,
    zone: tzinfo = UTC,
    language: str = "en",
) -> None:
    """Write the page of a lookup's answers, as HTML, as PDF or both; `model` found the altered copies.

    Raises OutputRefused, PdfNotMade.
    """
    shown = {each.sighting.file.sha256 for answer in answers for each in answer.sightings}
    shown |= {answer.chain.first.file.sha256 for answer in answers if answer.chain.first}
    paths = {name: archive.files.path(name) for name in sorted(shown)}
    paths |= {answer.suspect.file.sha256: Path(answer.suspect.path) for answer in answers}
    drawn = {name for answer in answers for name in figures.pictured(answer)}
    large = {name: paths.get(name) or archive.files.path(name) for name in sorted(drawn)}
    small = thumbnails(paths, sandbox, Quiet())
    pictures = thumbnails(large, sandbox, Quiet(), LARGE)
    page = html.lookup(answers, small, pictures, model, zone, language, clock.now())
    if path is not None:
        write(path, page)
    if printed is not None:
        pdf.write(printed[0], page, printed[1])


def write(path: Path, text: str) -> None:
    """Write a whole file or none: a reader never sees half a page. Raises OutputRefused."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.write(path, text.encode())
    except OSError as error:
        raise OutputRefused(path=path, what=error.strerror or error) from error
