"""Tasks that hang, die, grow or raise oddly cost only their own file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from provenance.errors import SandboxBroken
from provenance.images.decode import Refused
from provenance.images.sandbox import Limits, Refusal, Sandbox, memory_is_limited


class NeedsTwo(Exception):
    """Can be pickled, but not read back."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


class HoldsLambda(Exception):
    """Cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("odd")
        self.held = lambda: None


def behave(path: Path, max_pixels: int) -> object:
    """Do what the file's name says; answer with the name and the limit."""
    match path.name:
        case "hang":
            time.sleep(3600)
        case "ignore_sigterm":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(3600)
        case "exit":
            os._exit(7)
        case "sigkill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "sigsegv":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "grow":
            return len(bytearray(1 << 30))
        case "refused":
            raise Refused("not today")
        case "lines":
            raise ValueError("first\nsecond\x1b[31m")
        case "sysexit":
            sys.exit("enough")
        case "interrupt":
            raise KeyboardInterrupt
        case "stop":
            raise StopIteration
        case "unpicklable":
            raise HoldsLambda
        case "unreadable":
            raise NeedsTwo("o", "dd")
        case "lambda":
            return lambda: None
    return path.name, max_pixels


def process_id(path: Path, max_pixels: int) -> int:
    return os.getpid()


def meet(path: Path, max_pixels: int) -> bool:
    """Wait for the other of two: each has to be in a worker of its own."""
    path.touch()
    return eventually(lambda: len(list(path.parent.iterdir())) == 2, seconds=10)


def is_loaded(path: Path, max_pixels: int) -> bool:
    return path.name in sys.modules


def note_and_hang(path: Path, max_pixels: int) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(3600)


def behave_or_hang(path: Path, max_pixels: int) -> str:
    if path.name == "pid":
        note_and_hang(path, max_pixels)
    return path.name


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(holds: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


LIMITS = Limits(seconds=1, memory_bytes=256 << 20, max_pixels=99)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hang", "longer than 1 s"),
        ("ignore_sigterm", "longer than 1 s"),
        ("exit", "died"),
        ("sigkill", "died"),
        ("sigsegv", "died"),
        ("grow", "more memory than the limit"),
        ("refused", "not today"),
        ("lines", "first second"),
        ("sysexit", "SystemExit"),
        ("interrupt", "KeyboardInterrupt"),
        ("stop", "StopIteration"),
        ("unpicklable", ""),
        ("unreadable", "NeedsTwo"),
        ("lambda", ""),
    ],
)
def test_trouble_costs_only_its_own_file(name: str, reason: str) -> None:
    names = ["a", "b", name, "c", "d", "e"]
    with Sandbox(LIMITS, workers=2) as sandbox:
        answers: list[object] = []
        try:
            answers += sandbox.map(behave, [Path(each) for each in names])
        except (SystemExit, KeyboardInterrupt) as escaped:
            answers.append(escaped)
        # The same workers' pool goes on to serve.
        answers += sandbox.map(behave, [Path("after")])
    refusal = answers.pop(2)
    assert answers == [(each, 99) for each in ("a", "b", "c", "d", "e", "after")]
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
    assert refusal.reason.isprintable()


def test_answers_keep_the_order_whatever_happens() -> None:
    names = ["exit", "a", "hang", "refused", "b", "grow", "sigkill", "c", *[f"n{i}" for i in range(200)], "exit", "d"]
    with Sandbox(LIMITS, workers=2) as sandbox:
        answers = list(sandbox.map(behave, map(Path, names)))
    for name, answer in zip(names, answers, strict=True):
        if name in {"exit", "hang", "refused", "grow", "sigkill"}:
            assert isinstance(answer, Refusal), name
        else:
            assert answer == (name, 99)


def test_paths_are_taken_as_they_are_needed() -> None:
    taken: list[Path] = []

    def paths() -> Iterator[Path]:
        for number in range(2000):
            taken.append(Path(str(number)))
            yield taken[-1]

    with Sandbox(LIMITS, workers=1) as sandbox:
        answers = sandbox.map(behave, paths())
        assert [next(answers) for _ in range(3)] == [(str(number), 99) for number in range(3)]
        assert len(taken) < 100


def test_few_are_shared_out_among_the_workers(tmp_path: Path) -> None:
    with Sandbox(Limits(), workers=2) as sandbox:
        assert list(sandbox.map(meet, [tmp_path / "a", tmp_path / "b"])) == [True, True]


_STARTED = """
import sys
from pathlib import Path
from provenance.images.sandbox import Limits, Sandbox
from tests.images.test_sandbox import is_loaded

with Sandbox(Limits(), workers=1) as sandbox:
    sandbox.start(compares=sys.argv[1] == "compares")
    print(*sandbox.map(is_loaded, [Path("PIL"), Path("numpy"), Path("cv2")]))
"""


@pytest.mark.parametrize(("how", "loaded"), [("compares", "True True True"), ("measures", "True False False")])
def test_what_compares_is_loaded_before_there_is_a_pair(how: str, loaded: str) -> None:
    # In a Python of its own, whose server has not been started yet; it has no main module that workers would load.
    run = subprocess.run(
        [sys.executable, "-c", _STARTED, how], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == loaded


def test_nothing_to_do_starts_nothing() -> None:
    with Sandbox(LIMITS, workers=2) as sandbox:
        assert list(sandbox.map(behave, [])) == []


def test_this_system_limits_memory() -> None:
    assert memory_is_limited()


def test_a_pool_whose_idle_workers_were_killed_is_replaced() -> None:
    with Sandbox(LIMITS, workers=2) as sandbox:
        for _ in range(4):
            pids = {answer for answer in sandbox.map(process_id, [Path("x")] * 50) if isinstance(answer, int)}
            time.sleep(0.3)  # Until they have let go of the pipe that all share.
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            assert eventually(lambda gone=pids: not any(map(alive, gone)))  # type: ignore[misc]
            # Before, while and after the pool sees that they are gone.
            for _ in range(20):
                assert list(sandbox.map(behave, [Path("a"), Path("b")])) == [("a", 99), ("b", 99)]
                time.sleep(0.02)


def test_a_sandbox_that_cannot_be_kept_running_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provenance.images.sandbox._confine", os._exit)
    with Sandbox(Limits(memory_bytes=3), workers=2) as sandbox:
        with pytest.raises(SandboxBroken, match="cannot be kept running"):
            list(sandbox.map(behave, map(Path, "abcdefghijklmnopqrstuvwxyz")))
        # And again, when it is asked again.
        with pytest.raises(SandboxBroken, match="cannot be kept running"):
            list(sandbox.map(behave, [Path("a")]))


def test_no_worker_outlives_the_sandbox() -> None:
    with Sandbox(LIMITS, workers=2) as sandbox:
        pids = {answer for answer in sandbox.map(process_id, [Path("x")] * 50) if isinstance(answer, int)}
        assert pids
        assert os.getpid() not in pids
    assert not any(alive(pid) for pid in pids)


def test_an_error_outside_ends_even_a_hanging_worker(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    with suppress(RuntimeError), Sandbox(Limits(seconds=3600), workers=1) as sandbox:
        answers = sandbox.map(behave_or_hang, [tmp_path / "fine"] * 8 + [noted])
        assert next(answers) == "fine"
        assert eventually(lambda: noted.exists() and noted.read_text() != "")
        raise RuntimeError
    assert not alive(int(noted.read_text()))


_PARENT = """
import sys
from pathlib import Path
from provenance.images.sandbox import Limits, Sandbox
from tests.images.test_sandbox import note_and_hang

if __name__ == "__main__":
    with Sandbox(Limits(seconds=1), workers=1) as sandbox:
        list(sandbox.map(note_and_hang, [Path(sys.argv[1])]))
"""


def test_a_hanging_worker_ends_though_its_parent_was_killed(tmp_path: Path) -> None:
    noted, program = tmp_path / "pid", tmp_path / "program.py"
    program.write_text(_PARENT)
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, str(program), str(noted)], env={**os.environ, "PYTHONPATH": str(root)}
    ) as run:
        assert eventually(lambda: noted.exists() and noted.read_text() != "")
        run.kill()
    worker = int(noted.read_text())
    try:
        assert eventually(lambda: not alive(worker))
    finally:
        if alive(worker):
            os.kill(worker, signal.SIGKILL)
