"""Ctrl-C during work that writes: the work stops between two steps, where nothing is half done."""

import signal
from types import FrameType, TracebackType
from typing import Self

from provenance.app.progress import Progress


class Interruptible:
    """Progress that raises KeyboardInterrupt at the step after Ctrl-C; a second Ctrl-C ends the program at once.

    Raised just anywhere it would leave a transaction open, or a pool of processes half started.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._asked = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def stage(self, name: str, total: int | None = None) -> None:
        """Pass a new stage on."""
        self._stop()
        self._progress.stage(name, total)

    def advance(self, steps: int = 1) -> None:
        """Pass some steps on."""
        self._progress.advance(steps)
        self._stop()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def _stop(self) -> None:
        if self._asked:
            raise KeyboardInterrupt
