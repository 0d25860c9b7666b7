"""What every benchmark needs: the machine in a line, and the CPU time of a command with all that it started."""

import ctypes
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU (user and system, all descendants), seconds of wall clock, peak MiB of the largest process."""

    cpu: float
    wall: float
    peak: float


class CommandFailed(Exception):
    """A command that was to be measured ended with another exit status than it should have."""

    def __init__(self, command: Sequence[str], status: int, said: str) -> None:
        super().__init__(f"{' '.join(command)} ended with status {status}: {said.strip()[-2000:] or 'nothing said'}")


def describe() -> str:
    """Say on what machine and with which libraries the figures were measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pillow", "numpy", "sqlalchemy"))
    return f"{model}, {os.cpu_count()} processors, Python {platform.python_version()}, {libraries}"


def run(command: Sequence[str], allowed: Collection[int] = (0,), environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end and return what it and everything that it started have cost (Linux).

    `environment` is added to ours. Raises CommandFailed where the exit status is none of the `allowed`: what failed
    at once looks fast.
    """
    # By a small process that has no other children: a child's peak begins at the size of the process it comes from.
    done = subprocess.run(
        [sys.executable, "-I", __file__, *command],
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **(environment or {})},
        check=True,
    )
    status, cpu, wall, peak = json.loads(done.stdout)
    if status not in allowed:
        raise CommandFailed(command, status, done.stderr)
    return Cost(cpu, wall, peak)


def provenance(archive: Path, *words: str) -> list[str]:
    """The command line of `provenance` with this Python."""
    return [sys.executable, "-m", "provenance", "--archive", str(archive), *words]


def _account(command: Sequence[str]) -> tuple[int, float, float, float]:
    """Run a command; return exit status, CPU seconds, wall seconds and MiB of the largest process."""
    # Processes whose parent has died come to us, so that nothing they used is lost to the account.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.monotonic()
    status = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
    wall = time.monotonic() - start
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return status, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(_account(sys.argv[1:])))
