"""How copies and other pictures of the same thing lie apart once aligned: the ground for `core/alignment.py`'s limits.

    python -m benchmarks.alignment --photos FOLDER [--scenes FOLDER [--altered]] [--limit N] [--half 0|1]

Every photograph is changed in each way and aligned with itself; then come pairs that are no copies: unrelated ones,
cards of one design, and, from `--scenes` (Debian's opencv-doc, examples/data), stereo pairs and frames of videos;
with `--altered` every third of these with one of the two changed as well.
Then each limit is moved by itself: how many copies are found, and how many strangers are taken for copies.
The limits were chosen on half 0 of the photographs; half 1 confirms them.
"""

import argparse
import itertools
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import lookalikes, machine
from benchmarks.changes import CHANGES, photographs, saved
from provenance.core import alignment as limits
from provenance.core.alignment import Alignment, Relation, judge
from provenance.images.pairs import Pair, compare_pair
from provenance.images.sandbox import Limits, Refusal, Sandbox

_ALTERED = (
    *("JPEG q10", "JPEG q30", "160 px", "heavy blur", "noise", "watermark", "stickers, 20 %", "subtitles"),
    *("photo of a screen", "another picture over a corner"),
)
"""Changes that leave little to tell the next frame by, or cover it."""

Files = tuple[str, bool, bytes, bytes]
"""The kind, whether it is the same photograph, the query's file and the archived one."""


def _pairs(photos: Sequence[Image.Image], scenes: Path | None, altered: bool) -> Iterator[Files]:
    archived = [saved(photo, 87) for photo in photos]
    for name, change in CHANGES.items():
        rng = random.Random(name)
        others = map(rng.choice, itertools.repeat(photos))
        for photo, kept in zip(photos, archived, strict=True):
            yield name, True, saved(change.make(photo, rng, others), change.quality, change.format), kept
    rng = random.Random(5)
    cards = [saved(lookalikes.card(number % 20, photo, rng), 87) for number, photo in enumerate(photos)]
    for photo, card in zip(photos, cards, strict=True):
        yield "photo out of a card", True, saved(photo, 80), card
    for number, (photo, card) in enumerate(zip(photos, cards, strict=True)):
        yield "card, same photo, other words", True, saved(lookalikes.card(number % 20, photo, rng), 80), card
    seen = sorted(lookalikes.scenes(scenes), key=lambda each: each[0]) if scenes else []
    for name, (one, other) in sorted([*lookalikes.designs(photos), *seen], key=lambda each: each[0]):
        yield name, False, saved(one, 80), saved(other, 87)
    for name in _ALTERED if altered else ():
        change, rng = CHANGES[name], random.Random(name)
        others = map(rng.choice, itertools.repeat(photos))
        for _, (one, other) in seen[::3]:
            yield (
                f"another frame, {name}",
                False,
                saved(change.make(one, rng, others), change.quality),
                saved(other, 87),
            )


def _aligned(files: Iterator[Files], folder: Path) -> Iterator[tuple[str, bool, Alignment | None]]:
    """Align the pairs as the program does: in its workers, from files."""
    kinds: list[tuple[str, bool]] = []
    names: dict[bytes, Path] = {}

    def pairs() -> Iterator[Pair]:
        for name, same, query, archived in files:
            path = folder / f"query-{len(kinds)}"
            path.write_bytes(query)
            if archived not in names:
                names[archived] = folder / f"archived-{len(names)}"
                names[archived].write_bytes(archived)
            kinds.append((name, same))
            yield Pair(path, names[archived])

    with Sandbox(Limits()) as sandbox:
        for number, found in enumerate(sandbox.map(compare_pair, pairs())):
            yield *kinds[number], None if isinstance(found, Refusal) else found
            (folder / f"query-{number}").unlink()


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


_CURVES: dict[str, tuple[float, ...]] = {
    "INLIERS": (6, 8, 10, 15, 25),
    "SAME_AGREEMENT": (0.3, 0.4, 0.5, 0.6, 0.7),
    "SAME_CONFLICT": (0.08, 0.12, 0.16, 0.2, 0.3),
    "CLEAN_FINE": (0.88, 0.91, 0.93, 0.945, 0.96),
    "AS_EXPECTED": (0.0, 0.02, 0.035, 0.05, 0.1),
    "FEW_FOREIGN": (-0.03, 0.0, 0.012, 0.03, 0.06),
    "LOST_DETAIL": (0.0, 0.3, 0.45, 0.6, 0.8),
    "STRONG_RESIDUAL": (1.5, 2.0, 3.0, 4.0, 6.0),
    "STRONG_MOVED": (0.0, 0.001, 0.003, 0.01, 0.05),
    "STRONG_AGREEMENT": (0.7, 0.8, 0.9, 0.95, 0.98),
    "DRAWN": (0.1, 0.16, 0.22, 0.3, 0.4),
    "SAVED": (0.0, 0.0001, 0.0002, 0.0005, 0.002, 0.01),
    "SAVED_BESIDE": (0.001, 0.003, 0.007, 0.02, 0.05),
    "DRAWN_GROUND": (0.1, 0.2, 0.35, 0.5, 1.0),
}


def _curves(found: Sequence[tuple[str, bool, Alignment | None]]) -> None:
    """Print, for each limit moved by itself, the share of copies found and the number of strangers taken for copies."""
    print("\nCopies found (certain or strong) / strangers taken for copies; * as it stands\n")
    print("| limit | moved to |\n|---|---|")
    for name, values in _CURVES.items():
        stands = getattr(limits, name)
        cells = []
        for value in values:
            setattr(limits, name, value)
            verdicts = [(same, judge(each)) for _, same, each in found]
            taken = [same for same, verdict in verdicts if verdict.is_copy]
            copies = sum(same for same, _ in verdicts)
            mark = "*" if value == stands else ""
            cells.append(f"{value:g}{mark}: {sum(taken) / copies:.3f} / {len(taken) - sum(taken)}")
        setattr(limits, name, stands)
        print(f"| `{name}` | {'; '.join(cells)} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    parser.add_argument("--scenes", type=Path, help="opencv-doc's examples/data")
    parser.add_argument("--altered", action="store_true", help="change frames and stereo pairs, too")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--limit", type=int, help="so many photographs at most")
    options = parser.parse_args()
    photos = photographs(sorted(options.photos.glob("*.jpg"))[options.half :: 2], options.limit)
    print(f"{machine.describe()}; {len(photos)} photographs, half {options.half}\n")
    print(f"| pair | n | {' | '.join(_SHOWN)} | {' | '.join(_LABELS)} |\n|{'---|' * (len(_SHOWN) + len(_LABELS) + 2)}")
    found = []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for name, group in itertools.groupby(
            _aligned(_pairs(photos, options.scenes, options.altered), Path(folder)), key=lambda each: each[0]
        ):
            of_kind = list(group)
            _row(name, [each for _, _, each in of_kind])
            found += of_kind
    wrong = sum(not same and judge(each).is_copy for _, same, each in found)
    spent = time.perf_counter() - began
    print(f"\n{wrong} pairs that are no copies came out as certain or strong ones")
    print(f"{len(found)} pairs, {1000 * spent / len(found):.0f} ms for each on all cores")
    _curves(found)


if __name__ == "__main__":
    main()
