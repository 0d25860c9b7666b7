"""Pictures that look like others and are no copies of them: cards of one design, text, bursts, stereo pairs, frames.

`designs` and `scenes` give pairs to lay over each other (benchmarks/alignment.py). `kinds` gives what an archive holds
of each kind and what it is asked then (benchmarks/match_quality.py). Photographs and videos are the caller's.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from benchmarks.changes import COLOURS, post, text, words

Pair = tuple[Image.Image, Image.Image]
Made = Callable[[], Image.Image]
Subject = TypeVar("Subject")


class Photo(NamedTuple):
    """A photograph of the caller's."""

    name: str
    image: Image.Image


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to archive or to ask about. `shows` names the photographs in it, `wanted` the picture to be found."""

    name: str
    shows: frozenset[str]
    make: Made
    wanted: str | None = None


@dataclass(slots=True)
class Kind:
    """Pictures of one kind: those that the archive holds, and those that it is asked about."""

    name: str
    archived: list[Picture] = field(default_factory=list)
    asked: list[Picture] = field(default_factory=list)


def card(design: int, photo: Image.Image, said: random.Random) -> Image.Image:
    """A news card: the design gives colours, logo and places; photo and words change."""
    rng = random.Random(design)
    card = Image.new("RGB", (720, 720 if design % 2 else 900), rng.choice(("white", "#f2efe6", "#101820")))
    draw = ImageDraw.Draw(card)
    ink = "white" if design % 3 == 0 else "black"
    draw.rectangle((0, 0, 720, 90), fill=rng.choice(COLOURS))
    draw.ellipse((20, 15, 80, 75), fill="white", outline=rng.choice(COLOURS), width=6)
    text(draw, (100, 22), words(rng, 2).upper(), 40, "white")
    share = rng.uniform(0.45, 0.62)
    high = round(card.height * share)
    card.paste(ImageOps.fit(photo, (680, high)), (20, 110))
    draw.rectangle((0, card.height - 60, 720, card.height), fill=rng.choice(COLOURS))
    text(draw, (20, card.height - 50), "t.me/" + words(rng, 2).replace(" ", "_"), 28, "white")
    for line in range(2):
        text(draw, (24, 130 + high + line * 44), words(said, 5), 36, ink)
    return card


def text_card(design: int, said: random.Random) -> Image.Image:
    """A card of words alone."""
    rng = random.Random(design)
    card = Image.new("RGB", (800, 450), "white")
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, 800, 70), fill=rng.choice(COLOURS))
    text(draw, (30, 12), words(rng, 3).upper(), 40, "white")
    draw.rectangle((0, 400, 800, 450), fill=rng.choice(COLOURS))
    text(draw, (30, 408), "subscribe: t.me/" + words(rng, 1), 28, "white")
    size = rng.choice((24, 32, 40))
    for line in range(int(280 / size / 1.3)):
        text(draw, (40, 90 + line * size * 1.3), words(said, int(1100 / size / 6)), size, "black")
    return card


def burst(image: Image.Image, rng: random.Random) -> Image.Image:
    """A second exposure, simulated: what is near moves by up to 2 pixels, and the noise is another."""
    noise = np.random.default_rng(rng.randrange(1 << 30))
    pixels = np.asarray(image, np.float32)
    height, width = pixels.shape[:2]
    moves = cv2.resize(noise.normal(size=(4, 5, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(pixels, x + 1.5 * moves[..., 0], y + 1.5 * moves[..., 1], cv2.INTER_CUBIC)
    return Image.fromarray(np.clip(moved + noise.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8))


def designs(photos: Sequence[Image.Image]) -> Iterator[tuple[str, Pair]]:
    """Yield (kind, pair) of one design with two contents, and of photographs that have nothing in common."""
    rng = random.Random(4)
    for number, (one, other) in enumerate(itertools.pairwise(photos)):
        yield "unrelated photographs", (one, other)
        yield "card, other photo and words", (card(number % 20, one, rng), card(number % 20, other, rng))
        yield "text card, other words", (text_card(number % 20, rng), text_card(number % 20, rng))
        yield "posts with other photos", (post(one, rng), post(other, rng))
        yield "burst, simulated", (one, burst(one, rng))


_STEREO = (
    ("aloeL.jpg", "aloeR.jpg"),
    ("leuvenA.jpg", "leuvenB.jpg"),
    ("graf1.png", "graf3.png"),
    ("left.jpg", "right.jpg"),
    ("aero1.jpg", "aero3.jpg"),
    *((f"left{number:02}.jpg", f"right{number:02}.jpg") for number in range(1, 15) if number != 10),
)
_BURSTS = (("rubberwhale1.png", "rubberwhale2.png"), ("basketball1.png", "basketball2.png"))


def scenes(folder: Path) -> Iterator[tuple[str, Pair]]:
    """Yield (kind, pair) of two photographs or frames of one scene."""
    for kind, names in (("stereo pair", _STEREO), ("burst", _BURSTS)):
        for left, right in names:
            yield kind, (_opened(folder / left), _opened(folder / right))
    for path in _videos(folder):
        frames = _frames(path)
        for apart in (1, 3, 10, 100):
            for start in range(0, len(frames) - apart, max(1, len(frames) // 25)):
                if not equal(frames[start], frames[start + apart]):
                    yield f"{path.stem}, {apart} frames apart", (frames[start], frames[start + apart])


def equal(one: Image.Image, other: Image.Image) -> bool:
    """Whether two frames are one, encoded twice: they differ by no more than a JPEG of quality 80 would."""
    difference = np.abs(np.asarray(one.convert("L"), np.int16) - np.asarray(other.convert("L"), np.int16))
    return float(np.percentile(difference, 99.9)) <= 16


def kinds(
    carded: Sequence[Photo], absent: Sequence[Photo], archived: Sequence[Photo], share: float, folder: Path | None
) -> Iterator[Kind]:
    """Yield every kind. `carded` come into the archive in cards alone, `absent` not at all, `archived` as they are.

    `share` makes it smaller: 1 is all of it.
    """

    def few(count: int) -> int:
        return max(2, round(count * share))

    yield from _cards(carded, absent)
    yield _worded("text card, other words", text_card, few(48), 5)
    yield _worded("screenshot of a chat, other words", _chat, few(24), 4)
    yield _filled("post, other photo", _posted, carded, absent, 3)
    yield _filled("meme, other photo", _meme, carded, absent, 3)
    asked = [Picture(each.name, frozenset(), _seeded(burst, each.image, each.name)) for each in archived]
    yield Kind("burst, simulated", [], asked[: few(120)])
    for name, make in (
        ("disc", _disc),
        ("gradient", _gradient),
        ("emblem on plain ground", _emblem),
        ("blank", _blank),
        ("logo", _logo),
        ("map", _map),
    ):
        yield _drawn(name, make, few(10), few(40))
    yield Kind(
        "map, other day",
        [],
        [_picture(f"{n}-{day}", partial(_map, n, day)) for n in range(few(10)) for day in (1, 2, 3)],
    )
    if folder is not None:
        yield from _of_scenes(folder, few)


def _picture(name: str, make: Made) -> Picture:
    """A picture that shows nobody's photograph."""
    return Picture(name, frozenset(), make)


def _seeded(make: Callable[[Subject, random.Random], Image.Image], subject: Subject, seed: str) -> Made:
    """The same picture whenever it is made."""
    return lambda: make(subject, random.Random(seed))


def _cards(carded: Sequence[Photo], absent: Sequence[Photo]) -> Iterator[Kind]:
    """Cards, each design archived with one photograph; the photograph itself and the same card again are copies."""

    def make(design: int, photo: Photo, said: str) -> Made:
        return lambda: card(design, photo.image, random.Random(said))

    other = Kind("card, other photo")
    both = Kind("card, other photo and words")
    again = Kind("card again, other words")
    alone = Kind("photo out of a card")
    for design, photo in enumerate(carded):
        name, shown, said = f"card-{design}", frozenset({photo.name}), f"words {design}"
        other.archived.append(Picture(name, shown, make(design, photo, said)))
        again.asked.append(Picture(name, shown, make(design, photo, "again " + said), name))
        alone.asked.append(Picture(photo.name, shown, lambda image=photo.image: image, name))  # type: ignore[misc]
        for number in range(4):
            guest = absent[(design * 4 + number) % len(absent)]
            asked = f"{name}-{guest.name}"
            other.asked.append(Picture(asked, frozenset({guest.name}), make(design, guest, said)))
            both.asked.append(Picture(asked, frozenset({guest.name}), make(design, guest, asked)))
    yield from (other, both, again, alone)


def _worded(name: str, make: Callable[[int, random.Random], Image.Image], count: int, asked: int) -> Kind:
    """So many designs, each archived with some words and asked about with others."""
    kind = Kind(name)
    for design in range(count):
        kind.archived.append(_picture(f"{name}-{design}", _seeded(make, design, f"{design}")))
        kind.asked += [_picture(f"{design}-{n}", _seeded(make, design, f"{design} {n}")) for n in range(asked)]
    return kind


def _filled(
    name: str,
    make: Callable[[int, Image.Image], Image.Image],
    carded: Sequence[Photo],
    absent: Sequence[Photo],
    asked: int,
) -> Kind:
    """As many designs as `carded`, the same words, each asked about with photographs that are not archived."""
    kind = Kind(name)
    for design, photo in enumerate(carded):
        kind.archived.append(
            Picture(f"{name}-{design}", frozenset({photo.name}), partial(make, design, photo.image)),
        )
        for number in range(asked):
            guest = absent[(design * asked + number) % len(absent)]
            shown = frozenset({guest.name})
            kind.asked.append(Picture(f"{design}-{guest.name}", shown, partial(make, design, guest.image)))
    return kind


def _drawn(name: str, make: Callable[[int], Image.Image], archived: int, asked: int) -> Kind:
    """Drawings of one sort, each from a seed of its own."""
    return Kind(
        name,
        [_picture(f"{name}-{seed}", partial(make, seed)) for seed in range(archived)],
        [_picture(f"{seed}", partial(make, seed)) for seed in range(1000, 1000 + asked)],
    )


def _posted(design: int, image: Image.Image) -> Image.Image:
    return post(image, random.Random(design))


def _meme(design: int, image: Image.Image) -> Image.Image:
    """A photograph in a black frame, or with big letters over it; the layout and the words are the design's."""
    rng = random.Random(design)
    if design % 2:
        sheet = Image.new("RGB", (640, 600), "black")
        sheet.paste(ImageOps.expand(ImageOps.fit(image, (540, 380)), 3, "white"), (47, 40))
        for size, top in ((54, 460), (26, 535)):
            font = ImageFont.load_default(size)
            ImageDraw.Draw(sheet).text((320, top), words(rng, 3).upper(), "white", font, "mm")
        return sheet
    sheet = ImageOps.fit(image, (640, 480))
    for top in (45, 435):
        font = ImageFont.load_default(48)
        said = words(rng, 4).upper()
        ImageDraw.Draw(sheet).text((320, top), said, "white", font, "mm", stroke_width=3, stroke_fill="black")
    return sheet


def _chat(design: int, said: random.Random) -> Image.Image:
    """A telephone's screen with nothing but bubbles of words."""
    rng = random.Random(design)
    screen = Image.new("RGB", (540, 1100), rng.choice(("#dfe8d4", "#0e1621", "#ece5dd")))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 540, 80), fill=rng.choice(COLOURS))
    text(draw, (80, 24), words(rng, 2), 26, "white")
    top = 100
    while top < 980:
        lines, left = said.randint(1, 4), said.choice((14, 120))
        draw.rounded_rectangle((left, top, left + 400, top + lines * 30 + 16), 14, fill="white")
        for line in range(lines):
            text(draw, (left + 14, top + 6 + line * 30), words(said, 5), 22, "black")
        top += lines * 30 + 30
    text(draw, (20, 1050), "Message", 24, "gray")
    return screen


def _disc(seed: int) -> Image.Image:
    rng = random.Random(seed)
    image = Image.new("RGB", (400, 300), "white")
    x, y, r = rng.randrange(100, 300), rng.randrange(90, 210), rng.randrange(40, 90)
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=rng.choice(COLOURS))
    return image


def _gradient(seed: int) -> Image.Image:
    rng = random.Random(seed)
    ramp = np.add.outer(np.linspace(0, rng.random() * 200, 300), np.linspace(0, rng.random() * 55, 400))
    return Image.fromarray(ramp.astype(np.uint8))


def _blank(seed: int) -> Image.Image:
    return Image.new("RGB", (400, 300), tuple(random.Random(seed).choices(range(256), k=3)))


def _star(draw: ImageDraw.ImageDraw, at: tuple[float, float], size: float, rng: random.Random) -> None:
    """A star or a polygon with as many points as it happens to have."""
    points, inner, turn = rng.randint(3, 9), rng.uniform(0.3, 0.9), rng.random() * math.tau
    corners = []
    for number in range(2 * points):
        r = size * (inner if number % 2 else 1)
        angle = turn + number * math.pi / points
        corners.append((at[0] + r * math.cos(angle), at[1] + r * math.sin(angle)))
    draw.polygon(corners, fill=rng.choice(COLOURS))


def _emblem(seed: int) -> Image.Image:
    rng = random.Random(seed)
    image = Image.new("RGB", (512, 512), rng.choice(("white", "#f2efe6", "#101820")))
    draw = ImageDraw.Draw(image)
    draw.ellipse((146, 146, 366, 366), outline=rng.choice(COLOURS), width=rng.randint(6, 24))
    _star(draw, (256, 256), rng.uniform(50, 90), rng)
    return image


def _logo(seed: int) -> Image.Image:
    """A sign of several forms over a word or two."""
    rng = random.Random(seed)
    image = Image.new("RGB", (600, 600), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randint(2, 5)):
        _star(draw, (rng.uniform(180, 420), rng.uniform(120, 360)), rng.uniform(50, 130), rng)
    text(draw, (70, 470), words(rng, 2).upper(), 64, rng.choice(COLOURS))
    return image


def _map(seed: int, day: int = 0) -> Image.Image:
    """A map of streets, a river and places; the front line and the arrows on it are the day's."""
    rng, drawn = random.Random(seed), random.Random(f"{seed} {day}")
    image = Image.new("RGB", (900, 700), "#f1eee4")
    draw = ImageDraw.Draw(image)

    def line(source: random.Random, width: int, colour: str) -> None:
        x, y, angle = source.uniform(0, 900), source.uniform(0, 700), source.random() * math.tau
        points = [(x, y)]
        for _ in range(14):
            angle += source.uniform(-0.5, 0.5)
            x, y = x + 70 * math.cos(angle), y + 70 * math.sin(angle)
            points.append((x, y))
        draw.line(points, colour, width, "curve")

    for _ in range(12):
        x, y = rng.uniform(0, 850), rng.uniform(0, 650)
        draw.rectangle(
            (x, y, x + rng.uniform(20, 120), y + rng.uniform(20, 90)), fill=rng.choice(("#dfe8cf", "#e5ddd0"))
        )
    line(rng, 18, "#a9cbe6")
    for _ in range(16):
        line(rng, rng.choice((2, 3, 6)), rng.choice(("#c9b98f", "#b9b9b9", "#e0a84e")))
    for _ in range(14):
        x, y = rng.uniform(30, 780), rng.uniform(20, 660)
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill="black")
        text(draw, (x + 8, y - 10), words(rng, 1).capitalize(), rng.choice((14, 18, 24)), "black")
    line(drawn, 5, "firebrick")
    for _ in range(4):
        _star(draw, (drawn.uniform(60, 840), drawn.uniform(60, 640)), 22, drawn)
    text(draw, (20, 664), f"{drawn.randint(1, 28)} December", 26, "firebrick")
    return image


def _of_scenes(folder: Path, few: Callable[[int], int]) -> Iterator[Kind]:
    """One of each pair archived, the other asked about; and frames of videos by their distance from archived ones."""
    for name, pairs in (("stereo pair", _STEREO), ("burst, real", _BURSTS)):
        yield Kind(
            name,
            [_picture(one, partial(_opened, folder / one)) for one, _ in pairs],
            [_picture(other, partial(_opened, folder / other)) for _, other in pairs],
        )
    for path in _videos(folder):
        yield from _film(path, few)


def _film(path: Path, few: Callable[[int], int]) -> Iterator[Kind]:
    """Every 25th frame of the first half is archived; asked about are its neighbours at 1 and 10 frames.

    What lies a hundred frames and more from any archived one comes last. Frames that are an archived one, encoded
    once more, are left out.
    """
    frames = _frames(path)
    last = len(frames) // 2 - 40 if len(frames) > 240 else len(frames) - 20
    kept = range(10, last, 25)[: few(16)]
    wanted = {apart: [n + way * apart for n in kept for way in (-1, 1)] for apart in (1, 10)}
    wanted[100] = list(range(kept[-1] + 100, len(frames), 4))[: few(90)]
    archived = [(n, frames[n]) for n in kept]
    for apart, numbers in wanted.items():
        asked = [
            (n, frames[n])
            for n in numbers
            if n < len(frames) and not any(equal(frames[n], frame) for _, frame in archived)
        ]
        name = f"{path.stem}, {apart}{' or more' if apart == 100 else ''} frames apart"
        yield Kind(
            name,
            [_held(f"{path.stem}-{n}", frame) for n, frame in archived] if apart == 1 else [],
            [_held(f"{n}", frame) for n, frame in asked],
        )


def _held(name: str, image: Image.Image) -> Picture:
    return _picture(name, lambda: image)


def _videos(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.avi")) if not path.stem.endswith("bugy")]


def _frames(path: Path) -> list[Image.Image]:
    video, frames = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        frames.append(Image.fromarray(np.ascontiguousarray(read[1][..., ::-1])))
    video.release()
    return frames


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")
