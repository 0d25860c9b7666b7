from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.app.runs import recorded
from provenance.archive import schema
from provenance.archive.migrate import create_or_open
from provenance.archive.store import Archive
from provenance.core.model import Problem


def _runs(archive: Archive) -> list[tuple[str, str, str | None, bool]]:
    with archive.read() as connection:
        rows = connection.execute(sa.select(schema.runs).order_by(schema.runs.c.id))
        return [(row.command, row.outcome, row.summary, row.ended_at is not None) for row in rows]


def test_a_run_is_on_record_while_it_goes_on_and_when_it_has_ended(tmp_path: Path) -> None:
    archive = create_or_open(tmp_path / "archive")
    with recorded(archive, "import folder", ["x"]) as run:
        assert _runs(archive) == [("import folder", "running", None, False)]
        run.summary = {"posts": 1}
        run.problems.append(Problem("here", "broken"))
    assert _runs(archive) == [("import folder", "done", '{"posts": 1}', True)]
    with archive.read() as connection:
        problems = connection.execute(sa.select(schema.run_problems.c.place, schema.run_problems.c.what)).all()
    assert [tuple(row) for row in problems] == [("here", "broken")]


@pytest.mark.parametrize(("error", "outcome"), [(ValueError, "failed"), (KeyboardInterrupt, "interrupted")])
def test_an_error_ends_the_run_and_goes_on(tmp_path: Path, error: type[BaseException], outcome: str) -> None:
    archive = create_or_open(tmp_path / "archive")
    with pytest.raises(error), recorded(archive, "reindex", []):
        raise error
    assert _runs(archive) == [("reindex", outcome, "{}", True)]
