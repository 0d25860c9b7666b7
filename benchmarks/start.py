"""What it costs to use the program in passing: `python -m benchmarks.start`.

CPU of `provenance --help`, and of a cold `lookup` on the sample archive with all that it starts, beside a bare Python
that imports what a lookup cannot do without.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks import machine
from provenance import resources

_ROUNDS = 9
_IMPORTS = "import sqlalchemy.dialects.sqlite, numpy, PIL.Image, click, rich.console"


def _median(command: list[str]) -> machine.Cost:
    allowed = (0, 1) if "lookup" in command else (0,)
    machine.run(command, allowed)
    costs = [machine.run(command, allowed) for _ in range(_ROUNDS)]
    cpu, wall = (statistics.median(values) for values in zip(*((each.cpu, each.wall) for each in costs), strict=True))
    return machine.Cost(cpu, wall, max(each.peak for each in costs))


def main() -> None:
    """Measure and print."""
    samples = resources.folder("samples")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive"
        exports = sorted(str(path) for path in samples.glob("exports/*"))
        machine.run(machine.provenance(archive, "import", "telegram-export", *exports))
        rows = {
            "provenance --help": (machine.provenance(archive, "--help"), 0.2),
            "provenance lookup": (machine.provenance(archive, "lookup", str(samples / "suspects/suspect.jpg")), 1.0),
            "bare imports of a lookup": ([sys.executable, "-c", _IMPORTS], None),
        }
        print(f"{machine.describe()}; medians of {_ROUNDS} runs\n")
        for name, (command, limit) in rows.items():
            cost = _median(command)
            ratio = f"   {cost.cpu / limit:.2f} of the limit of {limit} s" if limit else ""
            print(f"{name:26} {cost.cpu:6.3f} s CPU  {cost.wall:6.3f} s  {cost.peak:4.0f} MiB{ratio}")


if __name__ == "__main__":
    main()
