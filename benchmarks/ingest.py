"""What it costs to take an image in: read, hashed, stored durably, decoded in the sandbox, fingerprinted, resolved.

    python -m benchmarks.ingest --photos FOLDER --model FILE

Prints CPU per image of `provenance import folder` over a folder of photographs, without the descriptor and with it,
beside what cannot be done without, measured in turn in the same run: decoding, hashing and the network alone; then
with reading metadata and storing the bytes durably, most of which is the file system's own work. Then where the time
of the importing process goes; what its workers take is the rest.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import imagehash
from PIL import Image

from benchmarks import machine
from provenance.app.ingest import import_folder
from provenance.app.progress import Quiet
from provenance.archive.files import FileStore
from provenance.archive.migrate import create_or_open
from provenance.images.descriptor import Model
from provenance.images.fingerprint import fingerprint
from provenance.images.metadata import read
from provenance.images.reduce import reduce
from provenance.images.sandbox import Limits, Sandbox
from provenance.images.tiles import Wanted, tiles

_MODEL = "PROVENANCE_IMAGES_MODEL"
_PIXELS = Limits().max_pixels
_MAX_BYTES = 100 << 20

Item = TypeVar("Item")

PLAIN_DECODE = "bare decode (Pillow, full size)"
PHASH = "bare imagehash.phash(hash_size=16)"
DECODE = "our reduced decode"
HASH = "our hash with quality"
METADATA = "metadata"
STORING = "read, SHA-256, stored durably"
SQUARES = "decode to the network's squares"
NETWORK = "network"


class Stages(Quiet):
    """Adds up the CPU seconds of this process by what it says that it does."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._name, self._since = "opening", time.process_time()

    def stage(self, name: str, total: int | None = None) -> None:
        now = time.process_time()
        self.seconds[self._name] = self.seconds.get(self._name, 0.0) + now - self._since
        self._name, self._since = name, now


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    parser.add_argument("--model", type=Path, help="the descriptor's ONNX file")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    photos = sorted(options.photos.glob("*.jpg"))
    count = len(photos)
    model = Model(options.model) if options.model else None
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    _phash(photos[0])  # scipy is imported by the first call
    named = {"without the descriptor": "off"}
    if model is not None:
        named["with the descriptor"] = str(model.path.absolute())
    alone: dict[str, list[float]] = {}
    whole: dict[str, list[machine.Cost]] = {name: [] for name in named}
    start: dict[str, list[float]] = {name: [] for name in named}
    # All is kept to the end: ext4 without a journal takes its time to make files after others were deleted.
    with tempfile.TemporaryDirectory() as single, tempfile.TemporaryDirectory() as kept:
        shutil.copy(photos[0], single)
        for _ in range(options.rounds):
            for name, seconds in _alone(photos, model, kept).items():
                alone.setdefault(name, []).append(seconds)
            for name, file in named.items():
                whole[name].append(_import(options.photos, file, kept))
                start[name].append(_import(Path(single), file, kept).cpu)
    medians = {name: statistics.median(values) / count for name, values in alone.items()}
    print(machine.describe())
    print(f"{count} photographs, medians of {options.rounds} rounds\n\n{'':42}ms CPU/image")
    for name, value in medians.items():
        print(f"{name:42}{value * 1000:10.2f}")
    for name, model_used in (("without the descriptor", None), ("with the descriptor", model)):
        if name not in named:
            continue
        needed = medians[DECODE] + medians[HASH]
        if model_used is not None:
            needed += medians[SQUARES] + medians[NETWORK]
        with_all = needed + medians[METADATA] + medians[STORING]
        begun = statistics.median(start[name])
        cpu = statistics.median(cost.cpu for cost in whole[name])
        wall = statistics.median(cost.wall for cost in whole[name])
        peak = max(cost.peak for cost in whole[name])
        print(f"\n`provenance import folder` {name}")
        print(f"{'  decode, hash and network alone':42}{needed * 1000:10.2f}")
        print(f"{'  with metadata and storing':42}{with_all * 1000:10.2f}")
        for said, value in (("  whole process", cpu / count), ("  less starting up", (cpu - begun) / (count - 1))):
            print(f"{said:42}{value * 1000:10.2f}   {value / needed:.2f} of the first, {value / with_all:.2f} of both")
        print(f"  {count / wall:.0f} images a second; starting up {begun:.2f} s CPU; largest process {peak:.0f} MiB")
        stages = _stages(options.photos, model_used)
        for stage, seconds in stages.items():
            print(f"{'    ' + stage + ' (its own process)':42}{seconds / count * 1000:10.2f}")


def _alone(photos: list[Path], model: Model | None, kept: str) -> dict[str, float]:
    """CPU seconds of each step by itself, over all photographs."""
    found = {PLAIN_DECODE: _loop(_decode, photos), PHASH: _loop(_phash, photos)}
    greys = [reduce(path, _PIXELS).grey for path in photos]
    found[DECODE] = _loop(lambda path: reduce(path, _PIXELS), photos)
    found[HASH] = _loop(fingerprint, greys)
    found[METADATA] = _loop(lambda path: read(path, _PIXELS), photos)
    store = FileStore(Path(tempfile.mkdtemp(dir=kept)))
    found[STORING] = _loop(lambda path: store.put(path, _MAX_BYTES), photos)
    if model is not None:
        side = model.side
        found[SQUARES] = _loop(lambda path: tiles(path, _PIXELS, side=side, wanted=Wanted.INNER), photos)
        cut = [[each.pixels for each in tiles(path, _PIXELS, side=side, wanted=Wanted.INNER)] for path in photos]
        found[NETWORK] = _loop(model.embed, cut)
    return found


def _decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def _phash(path: Path) -> None:
    with Image.open(path) as image:
        imagehash.phash(image, hash_size=16)


def _loop(task: Callable[[Item], object], items: list[Item]) -> float:
    start = time.process_time()
    for item in items:
        task(item)
    return time.process_time() - start


def _import(folder: Path, model: str, kept: str) -> machine.Cost:
    line = machine.provenance(Path(tempfile.mkdtemp(dir=kept)), "import", "folder", str(folder), "--name", "benchmark")
    return machine.run(line, environment={_MODEL: model})


def _stages(folder: Path, model: Model | None) -> dict[str, float]:
    # In a Python whose main module is none of ours: workers load that, and this one is large.
    line = [sys.executable, "-c", "import sys; from benchmarks.ingest import print_stages; print_stages(*sys.argv[1:])"]
    named = [] if model is None else [str(model.path.absolute())]
    done = subprocess.run([*line, str(folder), *named], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def print_stages(folder: str, model: str | None = None) -> None:
    """Import in this process and print its CPU seconds by stage; its workers' are not among them."""
    stages = Stages()
    with tempfile.TemporaryDirectory() as directory, Sandbox(Limits()) as sandbox:
        network = None if model is None else Model(Path(model))
        archive = create_or_open(Path(directory))
        import_folder(archive, Path(folder), "benchmark", sandbox, stages, _MAX_BYTES, network)
        stages.stage("end")
    print(json.dumps(stages.seconds))


if __name__ == "__main__":
    main()
