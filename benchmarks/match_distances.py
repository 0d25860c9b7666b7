"""How far apart copies and strangers lie in the 256-bit hash: the ground on which `core/matching.py` puts its limits.

    python -m benchmarks.match_distances --photos FOLDER

Every photograph is changed in each way and measured against itself; then every photograph, in all eight orientations,
against every other one; then plain and flat images of one kind against each other.
"""

import argparse
import io
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from benchmarks import machine
from provenance.core.matching import BYTES, FLAT_BELOW, PLAIN, PLAIN_BELOW, RICH, distance
from provenance.images.fingerprint import Fingerprint, fingerprint
from provenance.images.reduce import reduce

Change = Callable[[Image.Image], Image.Image]
_MAX_PIXELS = 1 << 30


def _bright(factor: float) -> Change:
    return lambda image: ImageEnhance.Brightness(image).enhance(factor)


def _turned(how: Image.Transpose) -> Change:
    return lambda image: image.transpose(how)


def _stretched(image: Image.Image) -> Image.Image:
    return image.resize((image.width * 5 // 4, image.height))


_CHANGES: dict[str, tuple[Change, int]] = {
    "JPEG q30": (lambda image: image, 30),
    "JPEG q10": (lambda image: image, 10),
    "320 px": (lambda image: ImageOps.contain(image, (320, 320)), 75),
    "160 px": (lambda image: ImageOps.contain(image, (160, 160)), 75),
    "grey": (lambda image: image.convert("L"), 80),
    "brightness x 0.5": (_bright(0.5), 80),
    "brightness x 1.3": (_bright(1.3), 80),
    "brightness x 1.6": (_bright(1.6), 80),
    "brightness x 2": (_bright(2.0), 80),
    "contrast x 1.6": (lambda image: ImageEnhance.Contrast(image).enhance(1.6), 80),
    "saturation x 2": (lambda image: ImageEnhance.Color(image).enhance(2), 80),
    "stretched by 25 %": (_stretched, 80),
    "mirrored": (_turned(Image.Transpose.FLIP_LEFT_RIGHT), 80),
    "turned by 90°": (_turned(Image.Transpose.ROTATE_90), 80),
    "320 px, mirrored, q30": (lambda image: ImageOps.mirror(ImageOps.contain(image, (320, 320))), 30),
}

_WORDS = (
    "the",
    "of",
    "soldier",
    "captured",
    "first",
    "report",
    "unit",
    "official",
    "village",
    "drone",
    "border",
    "claim",
)


def _card(rng: random.Random, lines: int, size: int, header: bool) -> Image.Image:
    image = Image.new("RGB", (800, 450), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    if header:
        draw.rectangle((0, 0, 800, 60), fill="red")
    for line in range(lines):
        text = " ".join(rng.choices(_WORDS, k=rng.randint(3, 6)))
        draw.text((40, 100 + line * size * 1.3), text, fill="black", font=font)
    return image


def _disc(rng: random.Random) -> Image.Image:
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).ellipse((130, 80, 270, 220), fill=rng.choice(["red", "black", "navy", "green"]))
    return image


def _gradient(rng: random.Random) -> Image.Image:
    ramp = np.add.outer(np.linspace(0, rng.random() * 200, 300), np.linspace(0, rng.random() * 55, 400))
    return Image.fromarray(ramp.astype(np.uint8))


_KINDS: dict[str, Callable[[random.Random], Image.Image]] = {
    "text cards, 5 lines": lambda rng: _card(rng, 5, 36, header=False),
    "text cards, header": lambda rng: _card(rng, 3, 40, header=True),
    "text cards, 12 lines": lambda rng: _card(rng, 12, 22, header=False),
    "discs": _disc,
    "gradients": _gradient,
    "blank": lambda rng: Image.new("RGB", (400, 300), tuple(rng.choices(range(256), k=3))),
}


class _Measure:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "image"

    def __call__(self, image: Image.Image, quality: int = 90) -> Fingerprint:
        image.convert("RGB").save(self._path, "JPEG", quality=quality)
        return self.file(self._path)

    @staticmethod
    def file(path: Path) -> Fingerprint:
        return fingerprint(reduce(path, _MAX_PIXELS).grey)


def _row(name: str, distances: Sequence[int], rest: str = "") -> None:
    median, p95, p99 = np.percentile(distances, (50, 95, 99))
    print(f"| {name} | {median:.0f} | {p95:.0f} | {p99:.0f} | {max(distances)} |{rest}")


def _strangers(prints: Sequence[Fingerprint]) -> list[int]:
    words = np.stack([np.frombuffer(each.codes, np.uint64).reshape(8, -1) for each in prints])
    found: list[int] = []
    for number, codes in enumerate(words):
        others = words[number + 1 :, 0]
        if len(others):
            found += np.bitwise_count(codes[:, None] ^ others[None]).sum(axis=2).min(axis=0).tolist()
    return found


def _reduced(photos: Sequence[Path], prints: Sequence[Fingerprint]) -> None:
    moved = []
    for path, reduced in zip(photos, prints, strict=True):
        with Image.open(path) as image:
            whole = np.packbits(imagehash.phash(image, hash_size=16).hash).tobytes()
        moved.append((int.from_bytes(whole) ^ int.from_bytes(reduced.codes[:BYTES])).bit_count())
    print(f"\nReduced decode against imagehash on the full one: mean {np.mean(moved):.2f}, at most {max(moved)} bits")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    photos = sorted(parser.parse_args().photos.glob("*.jpg"))
    print(f"{machine.describe()}; {len(photos)} photographs\n")
    with tempfile.TemporaryDirectory() as folder:
        measure = _Measure(Path(folder))
        prints = [measure.file(path) for path in photos]
        print("| change | median | 95 % | 99 % | max | within certain | within strong |\n|---|---|---|---|---|---|---|")
        for name, (change, quality) in _CHANGES.items():
            distances = []
            for path, original in zip(photos, prints, strict=True):
                with Image.open(io.BytesIO(path.read_bytes())) as image:
                    distances.append(distance(measure(change(image), quality).codes, original.codes)[0])
            certain, strong = (float(np.mean(np.array(distances) <= bits)) for bits in (RICH.certain, RICH.strong))
            _row(name, distances, f" {certain:.3f} | {strong:.3f} |")
        strangers = _strangers(prints)
        print(f"\n{len(strangers)} unrelated pairs in eight orientations; the closest: {sorted(strangers)[:5]}")
        plain = [each.quality for each in prints]
        print(f"quality: lowest {sorted(plain)[:5]}; below {PLAIN_BELOW}: {sum(q < PLAIN_BELOW for q in plain)}")
        print("\n| other images of one kind | closest | 1 % | median | quality | within certain |")
        print("|---|---|---|---|---|---|")
        for name, make in _KINDS.items():
            rng = random.Random(name)
            kind = [measure(make(rng)) for _ in range(80)]
            pairs, qualities = _strangers(kind), sorted(each.quality for each in kind)
            allowed = PLAIN.certain if qualities[-1] < PLAIN_BELOW else RICH.certain
            wrong = 0.0 if qualities[-1] < FLAT_BELOW else float(np.mean(np.array(pairs) <= allowed))
            low, middle = np.percentile(pairs, (1, 50))
            print(
                f"| {name} | {min(pairs)} | {low:.0f} | {middle:.0f} | {qualities[0]}-{qualities[-1]} | {wrong:.4f} |"
            )
    _reduced(photos, prints)


if __name__ == "__main__":
    main()
