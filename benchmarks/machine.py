"""What every benchmark needs: the machine in a line, and the CPU time of a command with all that it started."""

import ctypes
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
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


def describe() -> str:
    """Say on what machine and with which libraries the figures were measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pillow", "numpy", "sqlalchemy"))
    return f"{model}, {os.cpu_count()} processors, Python {platform.python_version()}, {libraries}"


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end and return what it and everything that it started have cost (Linux)."""
    # Processes whose parent has died come to us, so that nothing they used is lost to the account.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = time.monotonic() - start
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, after.ru_maxrss / 1024)


def provenance(archive: Path, *words: str) -> list[str]:
    """The command line of `provenance` with this Python."""
    return [sys.executable, "-m", "provenance", "--archive", str(archive), *words]
