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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from benchmarks import machine
from provenance.core.alignment import Alignment, Relation, judge
from provenance.images.geometry import Picture, align

Change = Callable[[Image.Image, random.Random], Image.Image]
Pair = tuple[Image.Image, Image.Image]

_SIDE = 800
_WORDS = (
    *("the", "of", "soldier", "captured", "first", "report", "unit", "official"),
    *("village", "drone", "border", "claim", "city", "night", "three", "killed"),
)
_COLOURS = ("firebrick", "navy", "black", "darkgreen", "purple", "darkorange", "teal", "dimgray")


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(_WORDS, k=count))


def _text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: float, fill: str | tuple[int, ...]
) -> None:
    draw.text(at, text, fill=fill, font=ImageFont.load_default(size))


def _blurred(image: Image.Image, rng: random.Random) -> Image.Image:
    return image.convert("L").filter(ImageFilter.GaussianBlur(1.5))


def _boxes(image: Image.Image, rng: random.Random) -> Image.Image:
    """Three boxes, pixelated, as over faces: 12 % of the picture."""
    changed = image.copy()
    for _ in range(3):
        w, h = image.width // 5, image.height // 5
        x, y = rng.randrange(image.width - w), rng.randrange(image.height - h)
        part = image.crop((x, y, x + w, y + h)).resize((6, 5), Image.Resampling.BOX)
        changed.paste(part.resize((w, h), Image.Resampling.NEAREST), (x, y))
    return changed


def _watermark(image: Image.Image, rng: random.Random) -> Image.Image:
    """Half-transparent words over 30 % of the picture."""
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    size = image.height * 0.15
    top = rng.uniform(0, image.height * 0.7)
    for line in range(2):
        _text(draw, (0, top + line * size), _words(rng, 6).upper(), size, (255, 255, 255, 128))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _stickers(image: Image.Image, rng: random.Random) -> Image.Image:
    """Round faces and labels over about 20 % of the picture."""
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    for number in range(4):
        r = round((image.width * image.height * 0.05 / np.pi) ** 0.5)
        x, y = rng.randrange(r, image.width - r), rng.randrange(r, image.height - r)
        if number % 2:
            draw.rounded_rectangle((x - r, y - r * 0.7, x + r, y + r * 0.7), 8, fill=rng.choice(_COLOURS))
            _text(draw, (x - r * 0.8, y - r * 0.4), _words(rng, 1), r * 0.6, "white")
        else:
            draw.ellipse((x - r, y - r, x + r, y + r), fill="gold", outline="black")
            for side in (-1, 1):
                eye = x + side * r * 0.4
                draw.ellipse((eye - 4, y - r * 0.3 - 4, eye + 4, y - r * 0.3 + 4), "black")
            draw.arc((x - r * 0.6, y - r * 0.5, x + r * 0.6, y + r * 0.6), 20, 160, fill="black", width=3)
    return changed


def _crop(share: float) -> Change:
    def change(image: Image.Image, rng: random.Random) -> Image.Image:
        w, h = round(image.width * share**0.5), round(image.height * share**0.5)
        x, y = rng.randint(0, image.width - w), rng.randint(0, image.height - h)
        return image.crop((x, y, x + w, y + h))

    return change


def _frame(image: Image.Image, rng: random.Random) -> Image.Image:
    return ImageOps.expand(image, image.width // 8, rng.choice(_COLOURS))


def _caption(image: Image.Image, rng: random.Random) -> Image.Image:
    high = image.height // 4
    changed = Image.new("RGB", (image.width, image.height + high), "white")
    changed.paste(image, (0, high))
    for line in range(2):
        _text(ImageDraw.Draw(changed), (10, 6 + line * high * 0.45), _words(rng, 6), high * 0.35, "black")
    return changed


def _post(image: Image.Image, rng: random.Random) -> Image.Image:
    """The screenshot of a post, as a telephone makes it."""
    screen = Image.new("RGB", (540, 1100), rng.choice(("white", "#0e1621")))
    draw = ImageDraw.Draw(screen)
    ink = "black" if screen.getpixel((0, 0)) == (255, 255, 255) else "white"
    draw.rectangle((0, 0, 540, 80), fill="#517da2")
    draw.ellipse((20, 18, 64, 62), fill=rng.choice(_COLOURS))
    _text(draw, (80, 20), _words(rng, 3), 24, "white")
    _text(draw, (400, 4), f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}   5G  87%", 14, "white")
    shown = ImageOps.contain(image, (500, 600))
    top = rng.randint(100, 250)
    screen.paste(shown, (20, top))
    for line in range(6):
        _text(draw, (24, top + shown.height + 16 + line * 32), _words(rng, 6), 24, ink)
    _text(draw, (20, 1060), "Message", 24, "gray")
    return screen


def _collage(image: Image.Image, rng: random.Random, others: Sequence[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (800, 600), "white")
    place = rng.randrange(4)
    for number in range(4):
        shown = image if number == place else rng.choice(others)
        sheet.paste(ImageOps.contain(shown, (396, 296)), (number % 2 * 400, number // 2 * 300))
    return sheet


def _filter(image: Image.Image, rng: random.Random) -> Image.Image:
    """A warm filter with a vignette."""
    pixels = np.asarray(image, np.float32) * np.array([1.1, 0.95, 0.7], np.float32)
    y, x = np.mgrid[-1 : 1 : image.height * 1j, -1 : 1 : image.width * 1j]
    return Image.fromarray(np.clip(pixels * (1 - 0.3 * (x**2 + y**2) / 2)[..., None], 0, 255).astype(np.uint8))


def _changes(others: Sequence[Image.Image]) -> dict[str, tuple[Change, int]]:
    """What is done to a photograph, and the JPEG quality it is saved in then."""
    return {
        "JPEG q10": (lambda image, rng: image, 10),
        "JPEG q30": (lambda image, rng: image, 30),
        "160 px": (lambda image, rng: ImageOps.contain(image, (160, 160)), 75),
        "grey, blurred": (_blurred, 80),
        "dark": (lambda image, rng: ImageEnhance.Brightness(image).enhance(0.4), 80),
        "stretched by 25 %": (lambda image, rng: image.resize((image.width * 5 // 4, image.height)), 80),
        "contrast x 1.6": (lambda image, rng: ImageEnhance.Contrast(image).enhance(1.6), 80),
        "warm, vignette": (_filter, 80),
        "pixelated boxes": (_boxes, 80),
        "watermark": (_watermark, 80),
        "stickers, 20 %": (_stickers, 80),
        "mirrored": (lambda image, rng: ImageOps.mirror(image), 80),
        "turned by 25°": (lambda image, rng: image.rotate(25, Image.Resampling.BICUBIC, expand=True), 80),
        "frame": (_frame, 80),
        "caption bar": (_caption, 80),
        "crop to 50 %": (_crop(0.5), 80),
        "crop to 25 %": (_crop(0.25), 80),
        "crop to 12 %": (_crop(0.12), 80),
        "screenshot of a post": (_post, 80),
        "collage of 4": (lambda image, rng: _collage(image, rng, others), 80),
    }


def _grey(image: Image.Image, quality: int) -> NDArray[np.uint8]:
    """As it comes out of a JPEG, at most _SIDE pixels long."""
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "JPEG", quality=quality)
    with Image.open(stream) as saved:
        saved.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        return np.asarray(saved.convert("L"))


def _card(design: int, photo: Image.Image, words: random.Random) -> Image.Image:
    """A news card: the design gives colours, logo and places; photo and words change."""
    rng = random.Random(design)
    card = Image.new("RGB", (720, 720 if design % 2 else 900), rng.choice(("white", "#f2efe6", "#101820")))
    draw = ImageDraw.Draw(card)
    ink = "white" if design % 3 == 0 else "black"
    draw.rectangle((0, 0, 720, 90), fill=rng.choice(_COLOURS))
    draw.ellipse((20, 15, 80, 75), fill="white", outline=rng.choice(_COLOURS), width=6)
    _text(draw, (100, 22), _words(rng, 2).upper(), 40, "white")
    share = rng.uniform(0.45, 0.62)
    high = round(card.height * share)
    card.paste(ImageOps.fit(photo, (680, high)), (20, 110))
    draw.rectangle((0, card.height - 60, 720, card.height), fill=rng.choice(_COLOURS))
    _text(draw, (20, card.height - 50), "t.me/" + _words(rng, 2).replace(" ", "_"), 28, "white")
    for line in range(2):
        _text(draw, (24, 130 + high + line * 44), _words(words, 5), 36, ink)
    return card


def _text_card(design: int, words: random.Random) -> Image.Image:
    rng = random.Random(design)
    card = Image.new("RGB", (800, 450), "white")
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, 800, 70), fill=rng.choice(_COLOURS))
    _text(draw, (30, 12), _words(rng, 3).upper(), 40, "white")
    draw.rectangle((0, 400, 800, 450), fill=rng.choice(_COLOURS))
    _text(draw, (30, 408), "subscribe: t.me/" + _words(rng, 1), 28, "white")
    size = rng.choice((24, 32, 40))
    for line in range(int(280 / size / 1.3)):
        _text(draw, (40, 90 + line * size * 1.3), _words(words, int(1100 / size / 6)), size, "black")
    return card


def _burst(image: Image.Image, rng: random.Random) -> Image.Image:
    """A second exposure, simulated: what is near moves by up to 2 pixels, and the noise is another."""
    noise = np.random.default_rng(rng.randrange(1 << 30))
    pixels = np.asarray(image, np.float32)
    height, width = pixels.shape[:2]
    field = cv2.resize(noise.normal(size=(4, 5, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(pixels, x + 1.5 * field[..., 0], y + 1.5 * field[..., 1], cv2.INTER_CUBIC)
    return Image.fromarray(np.clip(moved + noise.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8))


def _designs(photos: Sequence[Image.Image]) -> Iterator[tuple[str, Pair]]:
    rng = random.Random(4)
    for number, (one, other) in enumerate(itertools.pairwise(photos)):
        yield "unrelated photographs", (one, other)
        yield "card, other photo and words", (_card(number % 20, one, rng), _card(number % 20, other, rng))
        yield "text card, other words", (_text_card(number % 20, rng), _text_card(number % 20, rng))
        yield "posts with other photos", (_post(one, rng), _post(other, rng))
        yield "burst, simulated", (one, _burst(one, rng))


_STEREO = (
    ("aloeL.jpg", "aloeR.jpg"),
    ("leuvenA.jpg", "leuvenB.jpg"),
    ("graf1.png", "graf3.png"),
    ("left.jpg", "right.jpg"),
    ("aero1.jpg", "aero3.jpg"),
    *((f"left{number:02}.jpg", f"right{number:02}.jpg") for number in range(1, 15) if number != 10),
)
_BURSTS = (("rubberwhale1.png", "rubberwhale2.png"), ("basketball1.png", "basketball2.png"))


def _scenes(folder: Path) -> Iterator[tuple[str, Pair]]:
    for kind, names in (("stereo pair", _STEREO), ("burst", _BURSTS)):
        for left, right in names:
            with Image.open(folder / left) as one, Image.open(folder / right) as other:
                yield kind, (one.convert("RGB"), other.convert("RGB"))
    for path in sorted(folder.glob("*.avi")):
        if path.stem.endswith("bugy"):
            continue
        frames = _frames(path)
        for apart in (1, 3, 10, 100):
            for start in range(0, len(frames) - apart, max(1, len(frames) // 25)):
                if not _equal(frames[start], frames[start + apart]):
                    yield f"{path.stem}, {apart} frames apart", (frames[start], frames[start + apart])


def _equal(one: Image.Image, other: Image.Image) -> bool:
    """Whether two frames are one, encoded twice: they differ by no more than a JPEG of quality 80 would."""
    difference = np.abs(np.asarray(one.convert("L"), np.int16) - np.asarray(other.convert("L"), np.int16))
    return float(np.percentile(difference, 99.9)) <= 16


def _frames(path: Path) -> list[Image.Image]:
    video, frames = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        frames.append(Image.fromarray(np.ascontiguousarray(read[1][..., ::-1])))
    video.release()
    return frames


def _pairs(photos: Sequence[Image.Image], scenes: Path | None) -> Iterator[tuple[str, bool, Picture, Picture]]:
    """What is compared: the kind, whether it is the same photograph, query and archived picture."""
    archived = [Picture(_grey(photo, 87)) for photo in photos]
    for name, (change, quality) in _changes(photos).items():
        rng = random.Random(name)
        for photo, picture in zip(photos, archived, strict=True):
            yield name, True, Picture(_grey(change(photo, rng), quality)), picture
    rng = random.Random(5)
    for number, photo in enumerate(photos):
        card = Picture(_grey(_card(number % 20, photo, rng), 87))
        yield "photo out of a card", True, Picture(_grey(photo, 80)), card
        again = Picture(_grey(_card(number % 20, photo, rng), 80))
        yield "card, same photo, other words", True, again, card
    wrong = list(_designs(photos)) + (list(_scenes(scenes)) if scenes else [])
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
