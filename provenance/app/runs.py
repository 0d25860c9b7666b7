"""The record of a run: that a verb began to write, what trouble it had, and how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from provenance.app import clock
from provenance.archive import observe
from provenance.archive.store import Archive
from provenance.core.model import Problem


@dataclass(slots=True)
class Run:
    """A run that is going on; what is set here is recorded when it ends."""

    id: int
    outcome: str = "done"
    summary: dict[str, object] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@contextmanager
def recorded(archive: Archive, command: str, details: object) -> Iterator[Run]:
    """Record a run. It ends as it says, or "failed" or "interrupted"; one that is killed stays "running"."""
    with archive.write() as connection:
        run = Run(observe.start_run(connection, command, details, clock.now()))
    try:
        yield run
    except BaseException as error:
        run.outcome = "failed" if isinstance(error, Exception) else "interrupted"
        raise
    finally:
        with archive.write() as connection:
            observe.add_problems(connection, run.id, run.problems)
            observe.finish_run(connection, run.id, run.outcome, run.summary, clock.now())
