"""What a JPEG stores of a copy, of other exposures and of the next frame: the ground for `SAVED` in core/alignment.py.

    python -m benchmarks.stored --photos FOLDER [--scenes FOLDER] [--limit N]

Each photograph is saved at several qualities and compared with itself at 87: the same exposure, and two that differ by
noise alone. `--scenes` (Debian's opencv-doc, examples/data) adds frames of films and bursts, whole and beside what
differs. Printed is the share of the stored numbers that cannot have come from the other picture, in per cent.
"""

import argparse
import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import lookalikes, machine
from benchmarks.changes import photographs, saved
from provenance.images.comparison import compare
from provenance.images.quantized import misfit
from provenance.images.resaving import Saved

_QUALITIES = (10, 20, 30, 50, 80)
_KEPT = 87
_NOISES = (0, 1, 2, 3, 4)
"""Deviations in grey levels, of each colour; 0 is a copy."""
_PLACES = {"lowest": 0, "10 %": 10, "median": 50, "90 %": 90, "highest": 100}


def _opened(data: bytes) -> tuple[NDArray[np.uint8], Saved]:
    """Grey levels, and how they were saved."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        tables: dict[int, list[int]] = image.quantization  # type: ignore[attr-defined]
        return np.asarray(image.convert("L")), Saved(*image.size, tuple(tables[0]))


def _whole(query: bytes, archived: bytes) -> float:
    (goal, how), (other, other_how) = _opened(query), _opened(archived)
    everywhere = np.ones(goal.shape, bool)
    return misfit(goal.astype(np.float32), how, other.astype(np.float32), other_how, everywhere)


def _beside(query: bytes, archived: bytes) -> float:
    (goal, how), (other, other_how) = _opened(query), _opened(archived)
    compared = compare(goal, other, np.eye(2, 3), how, other_how)
    return compared.agreement.misfit if compared else 1.0


def _noisy(photo: Image.Image, levels: float, seed: int) -> Image.Image:
    pixels = np.asarray(photo, np.float32)
    noise = np.random.default_rng(seed).normal(0, levels, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _row(name: str, shares: Sequence[float]) -> None:
    told = [100 * share for share in shares if share < 1]
    cells = [f"{value:.3f}" for value in np.percentile(told, list(_PLACES.values()))] if told else ["-"] * len(_PLACES)
    print(f"| {name} | {len(told)} of {len(shares)} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    parser.add_argument("--scenes", type=Path, help="opencv-doc's examples/data")
    parser.add_argument("--limit", type=int, default=100, help="so many photographs at most")
    options = parser.parse_args()
    photos = photographs(sorted(options.photos.glob("*.jpg")), options.limit)
    print(f"{machine.describe()}; {len(photos)} photographs\n")
    print(f"| misfit, % | told | {' | '.join(_PLACES)} |\n|{'---|' * (len(_PLACES) + 2)}")
    for levels in _NOISES:
        archived = [saved(_noisy(photo, levels, 1) if levels else photo, _KEPT) for photo in photos]
        taken = [_noisy(photo, levels, 2) if levels else photo for photo in photos]
        for quality in _QUALITIES:
            shares = [_whole(saved(photo, quality), kept) for photo, kept in zip(taken, archived, strict=True)]
            _row(f"{'copy' if not levels else f'noise of {levels}'}, q{quality}", shares)
    pairs = defaultdict(list)
    for kind, pair in lookalikes.scenes(options.scenes) if options.scenes else ():
        if pair[0].size == pair[1].size and not kind.startswith("stereo"):
            pairs[kind].append(pair)
    for kind, frames in pairs.items():
        for quality in (_QUALITIES[0], _QUALITIES[-1]):
            files = [(saved(one, quality), saved(other, _KEPT)) for one, other in frames]
            _row(f"{kind}, q{quality}", [_whole(*each) for each in files])
            _row(f"{kind}, q{quality}, beside what differs", [_beside(*each) for each in files])


if __name__ == "__main__":
    main()
