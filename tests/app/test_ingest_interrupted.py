"""Imports that are killed, or cut off between two steps: run again, they end like whole ones."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.app.ingest import import_exports
from provenance.app.progress import Quiet
from provenance.app.verify import verify
from provenance.archive import schema
from provenance.archive.store import Archive
from tests.app.conftest import FEW, SEEDS, Desk, NewDesk, small_story


def _import(directory: Path, exports: list[Path], kill_after: float | None) -> int:
    """Run the command; kill it, workers and all, after so many seconds unless it has ended."""
    command = [sys.executable, "-m", "provenance", "--archive", str(directory), "import", "telegram-export"]
    process = subprocess.Popen(
        [*command, *map(str, exports)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


@given(seed=SEEDS, delays=st.lists(st.floats(0, 1.5), min_size=2, max_size=3))
@settings(FEW, max_examples=3)
def test_a_killed_import_run_again_ends_like_a_whole_one(
    photos: list[Path], new_desk: NewDesk, seed: int, delays: list[float]
) -> None:
    with small_story(photos, seed) as story, TemporaryDirectory() as folder:
        directory = Path(folder, "killed")
        for delay in delays:
            _import(directory, list(story.exports), delay)
        assert _import(directory, list(story.exports), None) == 0
        whole = new_desk(Path(folder, "whole"))
        whole.take(*story.exports)
        killed = Desk(Archive.open(directory), whole.sandbox)
        assert killed.observed() == whole.observed()
        assert killed.derived() == whole.derived()
        found = verify(killed.archive, Quiet())
        assert found.problems == ()
        assert len([row for row in killed.rows(schema.chain_revisions) if row.before_ref]) == 0


class _Cut(Exception):
    pass


class _CutAfter(Quiet):
    """Raises at the step of the given number: between two transactions, as a crash would."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def stage(self, name: str, total: int | None = None) -> None:
        self._step()

    def advance(self, steps: int = 1) -> None:
        self._step()

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise _Cut


def test_an_import_cut_at_every_step_ends_like_a_whole_one(
    photos: list[Path], new_desk: NewDesk, tmp_path: Path
) -> None:
    with small_story(photos, 5) as story:
        whole = new_desk(tmp_path / "whole")
        whole.take(*story.exports)
        steps, ended = 0, False
        while not ended:
            desk = new_desk(tmp_path / f"cut{steps}")
            try:
                import_exports(desk.archive, story.exports, desk.sandbox, _CutAfter(steps), 1 << 20)
                ended = True
            except _Cut:
                desk.take(*story.exports)
            assert desk.observed() == whole.observed()
            assert desk.derived() == whole.derived()
            assert desk.counts() == whole.counts()
            steps += 1
        assert steps > 6
