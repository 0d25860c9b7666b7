"""What is done to a photograph between two posts of it: filters, crops, frames, stickers, collages, screens.

Each change is a function of the image and a random generator, so that a seed repeats it. Those that show other
pictures as well take them from `others`, and whoever gave them knows what is to be seen. Shared by the benchmarks.
"""

import io
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Others = Iterator[Image.Image]
Make = Callable[[Image.Image, random.Random, Others], Image.Image]
Plain = Callable[[Image.Image, random.Random], Image.Image]

COLOURS = ("firebrick", "navy", "black", "darkgreen", "purple", "darkorange", "teal", "dimgray")
_WORDS = (
    *("the", "of", "soldier", "captured", "first", "report", "unit", "official"),
    *("village", "drone", "border", "claim", "city", "night", "three", "killed"),
)
_TELEGRAM_SIDE = 1280
_LARGE = 2000
"""Pixels along the longer side of a picture that is cut small."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is done, and how the result is saved."""

    make: Make
    quality: int = 80
    format: str = "JPEG"


def photographs(paths: Sequence[Path], limit: int | None) -> list[Image.Image]:
    """Return so many of the pictures at most, in a shuffled order that is always the same."""
    chosen = list(paths)
    random.Random(1).shuffle(chosen)
    photos = []
    for path in chosen[:limit]:
        with Image.open(path) as image:
            photos.append(image.convert("RGB"))
    return photos


def words(rng: random.Random, count: int) -> str:
    """Return so many words of a news channel."""
    return " ".join(rng.choices(_WORDS, k=count))


def text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], said: str, size: float, fill: str | tuple[int, ...]
) -> None:
    """Write a line in Pillow's own font."""
    draw.text(at, said, fill=fill, font=ImageFont.load_default(size))


def saved(image: Image.Image, quality: int, format_: str = "JPEG") -> bytes:
    """Return the bytes of the file that the image is saved as."""
    stream = io.BytesIO()
    image.convert("RGB").save(stream, format_, quality=quality)
    return stream.getvalue()


def telegram(image: Image.Image) -> bytes:
    """Return the bytes as Telegram keeps a photo: no side above 1280 pixels, JPEG of quality 87."""
    small = image.copy()
    small.thumbnail((_TELEGRAM_SIDE, _TELEGRAM_SIDE), Image.Resampling.LANCZOS)
    return saved(small, 87)


def crop(share: float) -> Plain:
    """A part with that share of the area, anywhere in the picture."""

    def change(image: Image.Image, rng: random.Random) -> Image.Image:
        w, h = round(image.width * share**0.5), round(image.height * share**0.5)
        x, y = rng.randint(0, image.width - w), rng.randint(0, image.height - h)
        return image.crop((x, y, x + w, y + h))

    return change


def post(image: Image.Image, rng: random.Random) -> Image.Image:
    """The screenshot of a post, as a telephone makes it."""
    screen = Image.new("RGB", (540, 1100), rng.choice(("white", "#0e1621")))
    draw = ImageDraw.Draw(screen)
    ink = "black" if screen.getpixel((0, 0)) == (255, 255, 255) else "white"
    draw.rectangle((0, 0, 540, 80), fill="#517da2")
    draw.ellipse((20, 18, 64, 62), fill=rng.choice(COLOURS))
    text(draw, (80, 20), words(rng, 3), 24, "white")
    text(draw, (400, 4), f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}   5G  87%", 14, "white")
    shown = ImageOps.contain(image, (500, 600))
    top = rng.randint(100, 250)
    screen.paste(shown, (20, top))
    for line in range(6):
        text(draw, (24, top + shown.height + 16 + line * 32), words(rng, 6), 24, ink)
    text(draw, (20, 1060), "Message", 24, "gray")
    return screen


def panorama(photos: Sequence[Image.Image]) -> Image.Image:
    """Return twenty-five photographs that run into each other, 2000 x 1400; those of 440 x 320 are not enlarged."""
    sheet = Image.new("RGB", (2000, 1400))
    mask = ImageOps.expand(Image.new("L", (400, 280), 255), 20, 0).filter(ImageFilter.GaussianBlur(8))
    for number, photo in zip(range(25), itertools.cycle(photos), strict=False):
        sheet.paste(ImageOps.fit(photo, (440, 320)), (number % 5 * 400 - 20, number // 5 * 280 - 20), mask)
    return sheet


def large(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield the name and the picture of every file of 2000 pixels or more, made as small as that."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in {".jpg", ".jpeg", ".png", ".webp"}):
        with Image.open(path) as image:
            if max(image.size) < _LARGE:
                continue
            image.draft("RGB", (_LARGE, _LARGE))
            shown = image.convert("RGB")
        shown.thumbnail((_LARGE, _LARGE), Image.Resampling.LANCZOS)
        yield path.stem, shown


def _array(pixels: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _blurred(image: Image.Image, rng: random.Random) -> Image.Image:
    return image.convert("L").filter(ImageFilter.GaussianBlur(1.5))


def _warm(image: Image.Image, rng: random.Random) -> Image.Image:
    """A warm filter with a vignette."""
    pixels = np.asarray(image, np.float32) * np.array([1.1, 0.95, 0.7], np.float32)
    y, x = np.mgrid[-1 : 1 : image.height * 1j, -1 : 1 : image.width * 1j]
    return _array(pixels * (1 - 0.3 * (x**2 + y**2) / 2)[..., None])


def _duotone(image: Image.Image, rng: random.Random) -> Image.Image:
    """Two colours for dark and light, as filters called "vintage" do it."""
    dark, light = rng.choice((("#2b1d0e", "#f3e3c2"), ("#101a4a", "#ffd9b0"), ("#0d3b2e", "#f4f1c9")))
    return ImageOps.colorize(ImageOps.autocontrast(image.convert("L"), cutoff=1), dark, light)


def _noise(image: Image.Image, rng: random.Random) -> Image.Image:
    """Grain with a deviation of 14 levels."""
    grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 14, (image.height, image.width, 3))
    return _array(np.asarray(image, np.float32) + grain)


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
        text(draw, (0, top + line * size), words(rng, 6).upper(), size, (255, 255, 255, 128))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _stickers(image: Image.Image, rng: random.Random) -> Image.Image:
    """Round faces and labels over about 20 % of the picture."""
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    for number in range(4):
        r = round((image.width * image.height * 0.05 / np.pi) ** 0.5)
        x, y = rng.randrange(r, image.width - r), rng.randrange(r, image.height - r)
        if number % 2:
            draw.rounded_rectangle((x - r, y - r * 0.7, x + r, y + r * 0.7), 8, fill=rng.choice(COLOURS))
            text(draw, (x - r * 0.8, y - r * 0.4), words(rng, 1), r * 0.6, "white")
        else:
            draw.ellipse((x - r, y - r, x + r, y + r), fill="gold", outline="black")
            for side in (-1, 1):
                eye = x + side * r * 0.4
                draw.ellipse((eye - 4, y - r * 0.3 - 4, eye + 4, y - r * 0.3 + 4), "black")
            draw.arc((x - r * 0.6, y - r * 0.5, x + r * 0.6, y + r * 0.6), 20, 160, fill="black", width=3)
    return changed


def _frame(image: Image.Image, rng: random.Random) -> Image.Image:
    return ImageOps.expand(image, image.width // 8, rng.choice(COLOURS))


def _caption(image: Image.Image, rng: random.Random) -> Image.Image:
    high = image.height // 4
    changed = Image.new("RGB", (image.width, image.height + high), "white")
    changed.paste(image, (0, high))
    for line in range(2):
        text(ImageDraw.Draw(changed), (10, 6 + line * high * 0.45), words(rng, 6), high * 0.35, "black")
    return changed


def _subtitles(image: Image.Image, rng: random.Random) -> Image.Image:
    """Two lines at the bottom, outlined, as a film has them."""
    changed = image.copy()
    size = image.height * 0.08
    for line in range(2):
        place = (image.width / 2, image.height * 0.8 + line * size * 1.2)
        font = ImageFont.load_default(size)
        said = words(rng, max(2, image.width // 90)).capitalize()
        ImageDraw.Draw(changed).text(place, said, "white", font, "mm", stroke_width=2, stroke_fill="black")
    return changed


def _collage(image: Image.Image, rng: random.Random, others: Others) -> Image.Image:
    sheet = Image.new("RGB", (800, 600), "white")
    place = rng.randrange(4)
    for number in range(4):
        shown = image if number == place else next(others)
        sheet.paste(ImageOps.contain(shown, (396, 296)), (number % 2 * 400, number // 2 * 300))
    return sheet


def _screen(image: Image.Image, rng: random.Random) -> Image.Image:
    """A tilted photograph of a screen: perspective, moiré, the glare of a lamp, noise."""
    width, height = 960, 720
    shown = ImageOps.expand(ImageOps.contain(image, (900, 700)), 14, "#0b0b0d")
    pixels = np.asarray(shown, np.float32)
    # The grid of the screen's pixels against that of the camera's, a little turned: bands.
    y, x = np.mgrid[0 : shown.height, 0 : shown.width].astype(np.float32)
    angle, period = rng.uniform(-0.2, 0.2), rng.uniform(6, 14)
    bands = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
    pixels = pixels * (1 + 0.05 * bands[..., None] * np.array([1, -0.6, 0.8], np.float32))
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    seen = np.array([(0.08, 0.1), (0.92, 0.08), (0.9, 0.92), (0.1, 0.9)], np.float32)
    seen += np.array([[rng.uniform(-0.06, 0.06) for _ in range(2)] for _ in range(4)], np.float32)
    matrix = cv2.getPerspectiveTransform(
        (corners * np.array(shown.size, np.float32)).astype(np.float32),
        (seen * np.array((width, height), np.float32)).astype(np.float32),
    )
    grey = (rng.randrange(40, 140),) * 3
    warped = cv2.warpPerspective(
        pixels, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=grey
    )
    warped = cv2.GaussianBlur(warped, (0, 0), 0.8).astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lamp = (x / width - rng.uniform(0.2, 0.8)) ** 2 + (y / height - rng.uniform(0.2, 0.8)) ** 2
    warped += 110 * np.exp(-lamp / 0.015)[..., None]
    return _array(warped * 0.95 + np.random.default_rng(rng.randrange(1 << 30)).normal(4, 3, warped.shape))


def _inset(image: Image.Image, rng: random.Random, others: Others) -> Image.Image:
    """Small in a corner of another picture: a tenth of it."""
    host = ImageOps.fit(next(others), (960, 640))
    return _into_corner(host, ImageOps.fit(image, (304, 202)), rng)


def _covered(image: Image.Image, rng: random.Random, others: Others) -> Image.Image:
    """Another picture over a corner of it: a ninth of it."""
    guest = ImageOps.fit(next(others), (image.width // 3, image.height // 3))
    return _into_corner(image.copy(), guest, rng)


def _into_corner(host: Image.Image, guest: Image.Image, rng: random.Random) -> Image.Image:
    framed = ImageOps.expand(guest, 3, "white")
    x, y = host.width - framed.width - 12, host.height - framed.height - 12
    host.paste(framed, (rng.choice((12, x)), rng.choice((12, y))))
    return host


def _alone(make: Plain) -> Make:
    return lambda image, rng, others: make(image, rng)


def _same(image: Image.Image, rng: random.Random) -> Image.Image:
    return image


CHANGES: dict[str, Change] = {
    "JPEG q10": Change(_alone(_same), 10),
    "JPEG q30": Change(_alone(_same), 30),
    "WebP q20": Change(_alone(_same), 20, "WEBP"),
    "AVIF q20": Change(_alone(_same), 20, "AVIF"),
    "160 px": Change(_alone(lambda image, rng: ImageOps.contain(image, (160, 160))), 75),
    "grey, blurred": Change(_alone(_blurred)),
    "heavy blur": Change(_alone(lambda image, rng: image.filter(ImageFilter.GaussianBlur(image.width / 120)))),
    "dark": Change(_alone(lambda image, rng: ImageEnhance.Brightness(image).enhance(0.4))),
    "stretched by 25 %": Change(_alone(lambda image, rng: image.resize((image.width * 5 // 4, image.height)))),
    "contrast x 1.6": Change(_alone(lambda image, rng: ImageEnhance.Contrast(image).enhance(1.6))),
    "warm, vignette": Change(_alone(_warm)),
    "duotone": Change(_alone(_duotone)),
    "noise": Change(_alone(_noise)),
    "pixelated boxes": Change(_alone(_boxes)),
    "watermark": Change(_alone(_watermark)),
    "stickers, 20 %": Change(_alone(_stickers)),
    "subtitles": Change(_alone(_subtitles)),
    "mirrored": Change(_alone(lambda image, rng: ImageOps.mirror(image))),
    "quarter turn": Change(_alone(lambda image, rng: image.transpose(Image.Transpose.ROTATE_90))),
    "turned by 25°": Change(_alone(lambda image, rng: image.rotate(25, Image.Resampling.BICUBIC, expand=True))),
    "frame": Change(_alone(_frame)),
    "caption bar": Change(_alone(_caption)),
    "crop to 50 %": Change(_alone(crop(0.5))),
    "crop to 25 %": Change(_alone(crop(0.25))),
    "crop to 12 %": Change(_alone(crop(0.12))),
    "screenshot of a post": Change(_alone(post)),
    "photo of a screen": Change(_alone(_screen)),
    "collage of 4": Change(_collage),
    "small in another picture": Change(_inset),
    "another picture over a corner": Change(_covered),
}
"""By name. Those that take from `others` show what they took."""
