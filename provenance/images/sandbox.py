"""Worker processes in which hostile bytes are decoded, with limits of time, memory and pixels.

A worker that hangs is killed, one that dies is replaced, and either costs only the file that it was at.
"""

import itertools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from provenance.errors import SandboxBroken
from provenance.images.decode import Refused, plain

try:
    import resource
except ImportError:  # Windows: time and pixels are limited there, memory is not.
    resource = None  # type: ignore[assignment]

Answer = TypeVar("Answer")

_AHEAD = 16
"""Tasks handed out for each worker before the first answer is taken."""
_RECYCLE_AFTER = 5_000
"""Tasks after which a worker is replaced, so that whatever leaks in a decoder stays small."""


_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image may cost."""

    seconds: float = 20
    memory_bytes: int = 1 << 30
    max_pixels: int = 120_000_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file gave no result."""

    reason: str


class Sandbox:
    """A pool of limited worker processes; use it as a context manager."""

    def __init__(self, limits: Limits, workers: int = 0) -> None:
        self.limits = limits
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        if error is None:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()

    def map(self, task: Callable[[Path, int], Answer], paths: Iterable[Path]) -> Iterator[Answer | Refusal]:
        """Run `task(path, max_pixels)` for each path in the workers; answers come in the order of `paths`."""
        pool = self._started()
        waiting: deque[ProcessFuture[Any]] = deque()
        remaining = iter(paths)
        while True:
            for path in itertools.islice(remaining, self._workers * _AHEAD - len(waiting)):
                waiting.append(pool.schedule(_run, (task, path, self.limits), timeout=self.limits.seconds))
            if not waiting:
                return
            yield _answer(waiting.popleft(), self.limits)

    def _started(self) -> ProcessPool:
        if self._pool is None:
            # A server forked from a clean process: no threads, no locks and no database handles come along.
            methods = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
            context.set_forkserver_preload(["provenance.images.reduce", "provenance.images.thumbnail"])
            self._pool = ProcessPool(
                max_workers=self._workers,
                max_tasks=_RECYCLE_AFTER,
                initializer=_confine,
                initargs=(self.limits.memory_bytes,),
                context=context,
            )
        return self._pool


def _answer(future: "ProcessFuture[Any]", limits: Limits) -> Any:
    try:
        return future.result()
    except FutureTimeout:
        return Refusal(f"decoding took longer than {limits.seconds:g} s and was stopped")
    except ProcessExpired as expired:
        return Refusal(f"the decoder died (exit code {expired.exitcode})")
    except RuntimeError as error:
        # The pool itself has failed: that says nothing about this file, so it must not be recorded as its fault.
        raise SandboxBroken(what=error) from error


def _run(task: Callable[[Path, int], Any], path: Path, limits: Limits) -> Any:
    """Run a task in the worker. No exception leaves it: some cannot be sent, and SystemExit would end the parent."""
    if hasattr(signal, "setitimer"):
        # The parent kills a worker that hangs; should the parent be gone, the worker ends by itself.
        signal.setitimer(signal.ITIMER_REAL, limits.seconds + 1)
    try:
        return task(path, limits.max_pixels)
    except Refused as refused:
        return Refusal(str(refused))
    except MemoryError:
        return Refusal("needs more memory than the limit allows")
    except BaseException as error:  # noqa: BLE001 - whatever a decoder raises is a finding about this one file
        return Refusal(plain(f"cannot be decoded: {type(error).__name__}: {error}"))
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def memory_is_limited() -> bool:
    """Whether this system can limit a worker's memory (Linux can)."""
    return resource is not None and _STATM.exists()


def _confine(memory_bytes: int) -> None:
    """Limit this worker's address space, keep it from leaving core files, and let the parent handle Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory_is_limited():
        used = int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        allowed = used + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
