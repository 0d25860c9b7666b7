"""How copies and other pictures of the same thing lie apart once aligned: the ground for `core/alignment.py`'s limits.

    python -m benchmarks.alignment --photos FOLDER [--scenes FOLDER] [--limit N] [--half 0|1]

Every photograph is changed in each way and aligned with itself; then come pairs that are no copies: unrelated ones,
cards of one design, and, from `--scenes` (Debian's opencv-doc, examples/data), stereo pairs and frames of videos.
The limits were chosen on half 0 of the photographs; half 1 confirms them.
"""

import argparse
import io
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import lookalikes, machine
from benchmarks.changes import CHANGES, saved
from provenance.core.alignment import Alignment, Relation, judge
from provenance.images.geometry import Picture, align

_SIDE = 800


def _grey(image: Image.Image, quality: int, format_: str = "JPEG") -> NDArray[np.uint8]:
    """As it comes out of a file, at most _SIDE pixels long."""
    with Image.open(io.BytesIO(saved(image, quality, format_))) as opened:
        opened.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        return np.asarray(opened.convert("L"))


def _pairs(photos: Sequence[Image.Image], scenes: Path | None) -> Iterator[tuple[str, bool, Picture, Picture]]:
    """What is compared: the kind, whether it is the same photograph, query and archived picture."""
    archived = [Picture(_grey(photo, 87)) for photo in photos]
    for name, change in CHANGES.items():
        rng = random.Random(name)
        others = map(rng.choice, itertools.repeat(photos))
        for photo, picture in zip(photos, archived, strict=True):
            changed = change.make(photo, rng, others)
            yield name, True, Picture(_grey(changed, change.quality, change.format)), picture
    rng = random.Random(5)
    for number, photo in enumerate(photos):
        held = Picture(_grey(lookalikes.card(number % 20, photo, rng), 87))
        yield "photo out of a card", True, Picture(_grey(photo, 80)), held
        again = Picture(_grey(lookalikes.card(number % 20, photo, rng), 80))
        yield "card, same photo, other words", True, again, held
    wrong = list(lookalikes.designs(photos)) + (list(lookalikes.scenes(scenes)) if scenes else [])
    for name, (one, other) in sorted(wrong, key=lambda each: each[0]):
        yield name, False, Picture(_grey(one, 80)), Picture(_grey(other, 87))


_SHOWN = ("inliers", "agreement", "conflict", "moved", "fine", "residual")


def _row(name: str, found: Sequence[Alignment | None]) -> None:
    """Median and the worse end (5 or 95 %) of what was measured, and the verdicts."""
    aligned = [each for each in found if each is not None]
    cells = []
    for field in _SHOWN:
        values = [float(getattr(each, field)) for each in aligned] or [float("nan")]
        low, middle, high = np.percentile(values, (5, 50, 95))
        cells.append(f"{middle:.3g} ({low:.2g}-{high:.2g})")
    verdicts = Counter(_label(each) for each in found)
    counts = " | ".join(str(verdicts[label] or "") for label in _LABELS)
    print(f"| {name} | {len(found)} | {' | '.join(cells)} | {counts} |", flush=True)


_LABELS = ("certain", "strong", "possible", "scene", "template", "nothing")


def _label(found: Alignment | None) -> str:
    verdict = judge(found)
    if verdict.relation is Relation.SAME:
        return str(verdict.confidence)
    return verdict.relation.removeprefix("same_")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    parser.add_argument("--scenes", type=Path, help="opencv-doc's examples/data")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--limit", type=int, help="so many photographs at most")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    paths = sorted(options.photos.glob("*.jpg"))[options.half :: 2]
    random.Random(1).shuffle(paths)
    photos = []
    for path in paths[: options.limit]:
        with Image.open(path) as image:
            photos.append(image.convert("RGB"))
    print(f"{machine.describe()}, OpenCV {cv2.__version__}; {len(photos)} photographs, half {options.half}\n")
    print(f"| pair | n | {' | '.join(_SHOWN)} | {' | '.join(_LABELS)} |\n|{'---|' * (len(_SHOWN) + len(_LABELS) + 2)}")
    spent, wrong, pairs = [0.0, 0.0], 0, 0
    found: dict[str, list[Alignment | None]] = {}
    last = ""
    for name, same, query, archived in _pairs(photos, options.scenes):
        if last and name != last and not last.startswith(("photo out", "card, same")):
            _row(last, found.pop(last))
        start = time.perf_counter()
        query.features  # noqa: B018 - made when first asked for
        middle = time.perf_counter()
        alignment = align(query, archived)
        spent = [spent[0] + middle - start, spent[1] + time.perf_counter() - middle]
        found.setdefault(name, []).append(alignment)
        wrong += not same and _label(alignment) in ("certain", "strong")
        pairs += 1
        last = name
    for name, rest in found.items():
        _row(name, rest)
    print(f"\n{wrong} pairs that are no copies came out as certain or strong ones")
    print(f"{1000 * spent[0] / pairs:.0f} ms for the query's features, {1000 * spent[1] / pairs:.0f} ms to align")


if __name__ == "__main__":
    main()
