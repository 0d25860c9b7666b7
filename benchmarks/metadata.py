"""What reading metadata costs: by block, and at worst, over damaged files.

    python -m benchmarks.metadata --mutations 20000

Every sample (tests/data/metadata) is damaged again and again: bytes flipped, cut off, lengths and counts made huge.
Each is read under the sandbox's memory limit; no read may raise anything but Refused, or take more than two seconds.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine
from provenance.images.blocks import find
from provenance.images.decode import Refused, open_image
from provenance.images.exif import read_exif
from provenance.images.metadata import read
from provenance.images.reduce import reduce
from provenance.images.sandbox import Limits
from provenance.images.xmp import read_xmp

SAMPLES = Path(__file__).parents[1] / "tests" / "data" / "metadata"
_SLOW = 2.0
_BLOCKS = ("bare.jpg", "time.jpg", "all.jpg", "documents.jpg", "iptc.jpg", "bare.png", "all.png", "all.webp", "all.tif",
           "all.heic", "all.avif")  # fmt: skip


def _flipped(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 12)):
        data[dice.randrange(len(data))] = dice.randrange(256)


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def _huge(data: bytearray, dice: random.Random) -> None:
    """Somewhere, in either order, a length or an offset that is large, odd or negative."""
    value = dice.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 10**9, 0xFFFF, len(data), len(data) - 1))
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(max(1, len(data) - 4))
        data[at : at + 4] = value.to_bytes(4, dice.choice(("big", "little")))


def _counts(data: bytearray, dice: random.Random) -> None:
    """Counts of directory entries, where one seems to be: a known type between a tag and a number."""
    types = {kind.to_bytes(2, order) for kind in (2, 4, 5, 7) for order in ("big", "little")}
    places = [at for at in range(8, len(data) - 8) if bytes(data[at : at + 2]) in types]
    for at in dice.sample(places, min(len(places), 3)):
        size = dice.choice((10**9, 999, 65535, 2**32 - 1))
        data[at + 2 : at + 6] = size.to_bytes(4, dice.choice(("big", "little")))


def _moved(data: bytearray, dice: random.Random) -> None:
    start, size = dice.randrange(len(data)), dice.randrange(1, 200)
    data[start:start] = data[start : start + size] * dice.randint(1, 20)


_DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (_flipped, _cut, _huge, _counts, _moved)


def _mutations(number: int, seed: int) -> bool:
    limits = Limits()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + limits.memory_bytes, used + limits.memory_bytes))
    dice = random.Random(seed)
    samples = [path for path in sorted(SAMPLES.iterdir()) if path.suffix != ".json"]
    outcomes: dict[str, Counter[str]] = {}
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged"
        for _ in range(number):
            sample = dice.choice(samples)
            data = bytearray(sample.read_bytes())
            damage = dice.choice(_DAMAGES)
            damage(data, dice)
            path.write_bytes(data)
            started = time.perf_counter()
            try:
                outcome = "damage named" if read(path, limits.max_pixels).unread else "read"
            except Refused:
                outcome = "refused"
            except BaseException as error:  # noqa: BLE001 - this is what is looked for
                outcome = f"RAISED {type(error).__name__}"
                print(sample.name, damage.__name__, repr(error)[:200])
            name = damage.__name__.lstrip("_")
            outcomes.setdefault(name, Counter())[outcome] += 1
            times.setdefault(name, []).append(time.perf_counter() - started)
    print("damage      files   read  named  refused  raised  median ms  worst ms")
    for name, counted in outcomes.items():
        raised = sum(count for outcome, count in counted.items() if outcome.startswith("RAISED"))
        spent = sorted(times[name])
        print(
            f"{name:10} {len(spent):6} {counted['read']:6} {counted['damage named']:6} {counted['refused']:8}"
            f" {raised:7} {spent[len(spent) // 2] * 1e3:10.2f} {spent[-1] * 1e3:9.1f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    worst = max(max(spent) for spent in times.values())
    print(f"{number} files, worst {worst * 1e3:.0f} ms, peak {peak:.0f} MiB of memory")
    failed = any(outcome.startswith("RAISED") for counted in outcomes.values() for outcome in counted)
    return not failed and worst < _SLOW


def _cost(task: Callable[[], object], times: int = 60) -> float:
    """CPU milliseconds, the best of five rounds."""
    task()
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(times):
            task()
        rounds.append((time.process_time() - started) / times * 1e3)
    return min(rounds)


def _blocks() -> None:
    print(f"{'file':16} {'reduce ms':>9} {'read ms':>9} {'open':>6} {'find':>6} {'EXIF':>6} {'XMP':>6}")
    for name in _BLOCKS:
        path = SAMPLES / name
        data = path.read_bytes()
        found = find(data)
        exif = _cost(lambda: [read_exif(one) for one in found.exif])  # noqa: B023
        xmp = _cost(lambda: [read_xmp(one) for one in found.xmp])  # noqa: B023
        print(
            f"{name:16} {_cost(lambda: reduce(path, 10**8)):9.3f} {_cost(lambda: read(path, 10**8)):9.3f}"  # noqa: B023
            f" {_cost(lambda: open_image(path, 10**8).image.close()):6.3f} {_cost(lambda: find(data)):6.3f}"  # noqa: B023
            f" {exif:6.3f} {xmp:6.3f}"
        )


def main() -> None:
    """Print both tables; end with 1 where a read raised or was slow."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(machine.describe())
    _blocks()
    if not _mutations(options.mutations, options.seed):
        sys.exit(1)


if __name__ == "__main__":
    main()
