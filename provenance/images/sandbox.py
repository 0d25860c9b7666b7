"""Worker processes in which hostile bytes are decoded, with limits of time, memory and pixels.

A worker that hangs is killed, one that dies is replaced, and either costs only the file that it was at.
"""

import itertools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, wait
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from provenance.errors import SandboxBroken
from provenance.images.decode import Refused, plain

try:
    import resource
except ImportError:  # Windows: time and pixels are limited there, memory is not.
    resource = None  # type: ignore[assignment]

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_BUNDLE = 8
"""Files sent to a worker at once: sending costs about as much as decoding a small photograph."""
_AHEAD = 3
"""Bundles handed out for each worker before the first answer is taken."""
_RECYCLE_AFTER = 500
"""Bundles after which a worker is replaced, so that whatever leaks in a decoder stays small."""
_LOOK = 1
"""Seconds after which it is looked whether the pool that an answer is expected from still runs."""
_TRIES = 3
"""Pools that may fail one after the other, without an answer between them."""
_TO_MEASURE = ["provenance.images.examine", "provenance.images.thumbnail"]
_TO_COMPARE = ["provenance.images.tiles", "provenance.images.pairs", "provenance.images.comparison"]

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


@dataclass(frozen=True, slots=True)
class _Sent(Generic[Item]):
    """Files that were given to a pool."""

    bundle: list[Item]
    future: "ProcessFuture[Any]"
    pool: ProcessPool

    def result(self) -> list[Any]:
        """Wait for the answers. Raises RuntimeError where the pool has given up, which may never end the future."""
        while not self.future.done():
            if not self.pool.active:
                raise RuntimeError("their pool has given up")
            wait([self.future], timeout=_LOOK)
        answers: list[Any] = self.future.result()
        return answers


class Sandbox:
    """A pool of limited worker processes; use it as a context manager."""

    def __init__(self, limits: Limits, workers: int = 0) -> None:
        self.limits = limits
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPool | None = None
        self._outstanding: set[ProcessFuture[Any]] = set()
        self._stopped = False
        self._failed = 0

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

    def start(self, *, compares: bool = False) -> None:
        """Start what the workers are forked from, which loads its modules while the caller loads others.

        `compares`: with numpy and OpenCV, which each worker would otherwise load with its first pair.
        """
        self._started(compares=compares)

    def stop(self) -> None:
        """Give up what is being decoded, and take nothing more; may be called from another thread.

        Whoever waits for an answer gets SandboxBroken.
        """
        self._stopped = True
        for future in list(self._outstanding):
            # The pool itself would leave them waiting for ever when it is stopped.
            future.cancel()

    def map(self, task: Callable[[Item, int], Answer], items: Iterable[Item]) -> Iterator[Answer | Refusal]:
        """Run `task(item, max_pixels)` in the workers, for each path or pair of paths; answers come in their order.

        Raises SandboxBroken when no worker can be kept running.
        """
        waiting: deque[_Sent[Item]] = deque()
        remaining = iter(items)
        # Few are shared out evenly, so that no worker is idle.
        first = list(itertools.islice(remaining, self._workers * _BUNDLE))
        size = -(-len(first) // self._workers)
        remaining = itertools.chain(first, remaining)
        while True:
            while len(waiting) < self._workers * _AHEAD and (bundle := list(itertools.islice(remaining, size))):
                waiting.append(self._schedule(task, bundle))
            if not waiting:
                return
            yield from self._answers(task, waiting.popleft())

    def _schedule(self, task: Callable[[Item, int], Any], bundle: list[Item]) -> "_Sent[Item]":
        pool = self._started()
        try:
            future = pool.schedule(_run, (task, bundle, self.limits), timeout=self.limits.seconds)
        except RuntimeError as error:
            self._replace_pool(error)
            return self._schedule(task, bundle)
        self._outstanding.add(future)
        if self._stopped:
            future.cancel()
        return _Sent(bundle, future, pool)

    def _answers(self, task: Callable[[Item, int], Any], sent: "_Sent[Item]") -> Iterator[Any]:
        bundle = sent.bundle
        try:
            answers = sent.result()
        except CancelledError as error:
            raise SandboxBroken(what="they were told to stop") from error
        except FutureTimeout:
            reason = f"decoding took longer than {self.limits.seconds:g} s and was stopped"
        except ProcessExpired as expired:
            if expired.exitcode == -signal.SIGTERM:
                # Somebody stops this program and all its workers: that says nothing about these files.
                raise SandboxBroken(what="they were told to stop") from expired
            reason = f"the decoder died (exit code {expired.exitcode})"
        except RuntimeError as error:
            # The pool itself has failed: that says nothing about these files, so it is not recorded as their fault.
            self._replace_pool(error)
            yield from self._answers(task, self._schedule(task, bundle))
            return
        else:
            self._failed = 0
            yield from answers
            return
        finally:
            self._outstanding.discard(sent.future)
        if len(bundle) == 1:
            yield Refusal(reason)
            return
        # One of them is to blame, and each must have its own time: once more, one by one.
        for item in bundle:
            yield from self._answers(task, self._schedule(task, [item]))

    def _replace_pool(self, error: RuntimeError) -> None:
        """Leave a pool that has failed; one that runs has replaced it already.

        A pool gives up when a worker dies before it told what it is at: a decoder that dies at once on a busy machine.
        """
        if self._pool is None or self._pool.active:
            return
        self._pool.stop()
        self._pool.join()
        self._pool = None
        self._failed += 1
        if self._failed >= _TRIES:
            raise SandboxBroken(what=error) from error

    def _started(self, *, compares: bool = False) -> ProcessPool:
        if self._pool is None:
            # A server forked from a clean process: no threads, no locks and no database handles come along.
            methods = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
            context.set_forkserver_preload(_TO_MEASURE + (_TO_COMPARE if compares else []))
            _start_server(context.get_start_method())
            self._pool = ProcessPool(
                max_workers=self._workers,
                max_tasks=_RECYCLE_AFTER,
                initializer=_confine,
                initargs=(self.limits.memory_bytes,),
                context=context,
            )
        return self._pool


def _start_server(method: str | None) -> None:
    """Start the server that workers are forked from, deaf to Ctrl-C and with nowhere to print to.

    Ctrl-C is for the parent, and what a decoder says about hostile bytes is not for the user's terminal.
    """
    if method != "forkserver":
        return
    resource_tracker.ensure_running()  # It would lift the block.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        forkserver.ensure_running()
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _run(task: Callable[[Item, int], Any], bundle: list[Item], limits: Limits) -> list[Any]:
    """Run a task for each item, in the worker."""
    if hasattr(signal, "setitimer"):
        # The parent kills a worker that hangs; should the parent be gone, the worker ends by itself.
        signal.setitimer(signal.ITIMER_REAL, limits.seconds + 1)
    try:
        return [attempt(partial(task, item, limits.max_pixels)) for item in bundle]
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def attempt(task: Callable[[], Answer]) -> Answer | Refusal:
    """Run a task, in the worker. No exception leaves it: some cannot be sent, and SystemExit would end the parent."""
    try:
        return task()
    except Refused as refused:
        return Refusal(str(refused))
    except MemoryError:
        return Refusal("needs more memory than the limit allows")
    except BaseException as error:  # noqa: BLE001 - whatever a decoder raises is a finding about this one file
        return Refusal(plain(f"cannot be decoded: {type(error).__name__}: {error}"))


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
