"""What it costs to take an image in: read, hashed, stored durably, decoded in the sandbox, fingerprinted, resolved.

    python -m benchmarks.ingest --photos FOLDER

Prints images per second and CPU per image of `provenance import folder` over a folder of photographs, with ratios to
a bare `imagehash.phash` loop and to the bare JPEG decode, measured in turn in the same run.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import imagehash
from PIL import Image

from benchmarks import machine


def _decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def _phash(path: Path) -> None:
    with Image.open(path) as image:
        imagehash.phash(image, hash_size=16)


def _loop(task: Callable[[Path], None], photos: list[Path]) -> float:
    start = time.process_time()
    for path in photos:
        task(path)
    return time.process_time() - start


def _import(folder: Path) -> machine.Cost:
    with tempfile.TemporaryDirectory() as archive:
        return machine.run(machine.provenance(Path(archive), "import", "folder", str(folder), "--name", "benchmark"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    photos = sorted(options.photos.glob("*.jpg"))
    count = len(photos)
    _phash(photos[0])  # scipy is imported by the first call
    decode, phash, whole, start = [], [], [], []
    with tempfile.TemporaryDirectory() as single:
        shutil.copy(photos[0], single)
        for _ in range(options.rounds):
            decode.append(_loop(_decode, photos))
            whole.append(_import(options.photos))
            phash.append(_loop(_phash, photos))
            start.append(_import(Path(single)).cpu)
    bare = statistics.median(decode) / count
    hashed = statistics.median(phash) / count
    cpu = statistics.median(cost.cpu for cost in whole) / count
    steady = (statistics.median(cost.cpu for cost in whole) - statistics.median(start)) / (count - 1)
    wall = statistics.median(cost.wall for cost in whole)
    print(machine.describe())
    print(f"{count} photographs, medians of {options.rounds} rounds\n")
    print(f"{'':44}{'ms CPU/image':>14}{'/ decode':>10}{'/ phash':>10}")
    rows = (
        ("bare decode (Pillow, full size)", bare),
        ("bare imagehash.phash(hash_size=16)", hashed),
        ("provenance import folder, whole process", cpu),
        ("  the same without starting up", steady),
    )
    for name, value in rows:
        print(f"{name:44}{value * 1000:14.2f}{value / bare:10.2f}{value / hashed:10.2f}")
    print(f"\n{count / wall:.0f} images per second of wall clock; starting up: {statistics.median(start):.2f} s CPU")
    print(f"largest process: {max(cost.peak for cost in whole):.0f} MiB")


if __name__ == "__main__":
    main()
