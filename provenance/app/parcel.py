"""What is delivered of a report: its page, its PDF where there is one, a short text; and how that reaches a folder."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from provenance.app import whole
from provenance.archive.deliveries import Made
from provenance.core import weekly
from provenance.errors import DeliveryFailed
from provenance.render import letter


@dataclass(frozen=True, slots=True)
class Parcel:
    """A report on its way. `key` names it and its target; it is the same each time."""

    name: str
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...]
    key: str


def place(directory: Path) -> Path:
    """Where the reports of an archive lie, to be delivered from there."""
    return directory / "reports"


def is_here(folder: Path, made: Made) -> bool:
    """Whether what lies in `folder` is the report on record, with its page."""
    try:
        document = (folder / f"report-{made.week}.json").read_bytes()
    except OSError:
        return False
    return hashlib.sha256(document).hexdigest() == made.sha256 and (folder / f"report-{made.week}.html").is_file()


def packed(folder: Path, made: Made, target: str, *, pdf: bool) -> Parcel:
    """Pack what lies in `folder`. Raises DeliveryFailed where that is not the report on record."""
    try:
        name = f"report-{weekly.week(made.week, UTC).name}"
        document = (folder / f"{name}.json").read_bytes()
        page = folder / f"{name}.html"
        files = [(page.name, page.read_bytes())]
        print_ = folder / f"{name}.pdf"
        # An older one tells of an older report.
        has_pdf = pdf and print_.is_file() and print_.stat().st_mtime >= page.stat().st_mtime
        if has_pdf:
            files.append((print_.name, print_.read_bytes()))
    except (OSError, ValueError) as error:
        raise DeliveryFailed(target=target, what=f"the report cannot be read: {error}") from error
    if hashlib.sha256(document).hexdigest() != made.sha256:
        what = (
            f"{folder / name}.json is not the report on record; `provenance report --week {made.week} --deliver` does"
        )
        raise DeliveryFailed(target=target, what=f"{what} it anew")
    key = hashlib.sha256(f"{made.sha256} {target}".encode()).hexdigest()[:40]
    try:
        told: Any = json.loads(document)
        missing = "The PDF could not be made; the page can be printed from any browser." if pdf and not has_pdf else ""
        return Parcel(name, letter.subject(told), letter.letter(told, missing), tuple(files), key)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DeliveryFailed(target=target, what=f"{name}.json is no report: {error!r}") from error


def put(base: Path, named: str, parcel: Parcel, target: str) -> None:
    """Put a parcel into the folder `named`, seen from `base`, each file whole or not at all. Raises DeliveryFailed.

    The folder has to be there: one that is made where a disk is not mounted would hide the report.
    """
    folder = base / Path(named).expanduser()
    if not folder.is_dir():
        raise DeliveryFailed(target=target, what=f"there is no folder {folder}")
    try:
        for name, data in ((f"{parcel.name}.txt", parcel.text.encode()), *parcel.files):
            whole.write(folder / name, data)
    except OSError as error:
        raise DeliveryFailed(target=target, what=f"{folder}: {error.strerror or error}") from error
