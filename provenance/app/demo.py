"""The main job, end to end, on the samples that travel with the program."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from provenance import resources
from provenance.app import report
from provenance.app.ingest import Imported, import_exports
from provenance.app.lookup import Narrowing, lookup
from provenance.app.progress import Progress
from provenance.archive.migrate import create_or_open
from provenance.archive.store import Archive
from provenance.core import weekly
from provenance.core.answers import LookupAnswer
from provenance.core.weekly import Report
from provenance.errors import ImageRefused, UsageProblem
from provenance.images.sandbox import Sandbox

if TYPE_CHECKING:
    from provenance.images.descriptor import Model

WEEK = "2024-W52"
"""The week of the samples' story in which most is reposted."""
SUSPECTS = ("suspect.jpg", "absent.jpg")
ALTERED = ("crop.jpg", "screenshot.jpg")


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demonstration did; `answers` are for the suspect that is there and the one that is not."""

    exports: tuple[Path, ...]
    imported: Imported
    answers: tuple[LookupAnswer, ...]
    altered: tuple[LookupAnswer, ...]
    """For a crop and a screenshot; none where there is no model, for then they are not looked for."""
    report: Report
    files: tuple[Path, ...]


def demo(directory: Path, sandbox: Sandbox, progress: Progress, max_bytes: int, model: "Model | None" = None) -> Demo:
    """Import the samples into a new archive in `directory`, look the suspects up, write the weekly report.

    Raises UsageProblem when the folder is not empty.
    """
    if directory.exists() and any(directory.iterdir()):
        raise UsageProblem(what=f"{directory} is not empty. Name a new folder for the demonstration.")
    samples = resources.folder("samples")
    exports = tuple(sorted(path.parent for path in samples.glob("exports/*/result.json")))
    archive = create_or_open(directory)
    imported = import_exports(archive, exports, sandbox, progress, max_bytes, model)

    def ask(names: Sequence[str]) -> tuple[LookupAnswer, ...]:
        suspects = [samples / "suspects" / name for name in names]
        return tuple(_answers(archive, suspects, sandbox, max_bytes, model))

    answers, altered = ask(SUSPECTS), ask(ALTERED) if model else ()
    built = report.build(archive, weekly.week(WEEK, ZoneInfo("UTC")))
    files = report.write(archive, built, directory / "reports", report.FORMATS, sandbox, progress)
    return Demo(exports, imported, answers, altered, built, tuple(files))


def _answers(
    archive: Archive, suspects: Sequence[Path], sandbox: Sandbox, max_bytes: int, model: "Model | None"
) -> list[LookupAnswer]:
    answers = []
    for answer in lookup(archive, suspects, sandbox, Narrowing(), max_bytes, model):
        if isinstance(answer, ImageRefused):
            raise answer
        answers.append(answer)
    return answers
