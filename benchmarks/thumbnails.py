"""How previews compare with their files: made as cameras do, left over from before a crop, or of another picture.

    python -m benchmarks.thumbnails --photos FOLDER

The limits in images/findings.py (THUMBNAIL_*) are set by these distributions; docs/metadata.md holds the table.
"""

import argparse
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from benchmarks import machine
from provenance.core.metadata import Block, Thumbnail
from provenance.images.decode import open_image
from provenance.images.findings import shows_another
from provenance.images.preview import thumbnails

_SHAPES = (None, (4, 3), (3, 2), (16, 9), (1, 1))
"""Of pictures: as it is, and as cameras have them."""
_TURNS = (None, *Image.Transpose)


def _shaped(image: Image.Image, shape: tuple[int, int] | None) -> Image.Image:
    if shape is None:
        return image
    wide, high = shape if image.width >= image.height else shape[::-1]
    scale = min(image.width / wide, image.height / high)
    return ImageOps.fit(image, (int(wide * scale), int(high * scale)))


def _preview(image: Image.Image, dice: random.Random) -> bytes:
    """As a camera makes it: 160 x 120 with black bars, turned as the sensor lay, sharpened, strongly compressed."""
    size = (160, 120) if image.width >= image.height else (120, 160)
    small = ImageOps.pad(image, size, Image.Resampling.BICUBIC, color="black")
    small = small.filter(ImageFilter.UnsharpMask(dice.choice((0.5, 1, 1.5)), dice.choice((50, 100, 150)), 2))
    return _saved(small, dice, 75)


def _squashed(image: Image.Image, dice: random.Random) -> bytes:
    return _saved(image.resize((160, 120), Image.Resampling.BILINEAR), dice, 75)


def _cut(image: Image.Image, dice: random.Random) -> bytes:
    """As some phones make it: the middle, in one shape for all."""
    size = (160, 120) if image.width >= image.height else (120, 160)
    return _saved(ImageOps.fit(image, size, Image.Resampling.BILINEAR), dice, 75)


def _saved(small: Image.Image, dice: random.Random, quality: int) -> bytes:
    if turn := dice.choice(_TURNS):
        small = small.transpose(turn)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _cropped(share: float) -> Callable[[Image.Image, random.Random], Image.Image]:
    def crop(image: Image.Image, dice: random.Random) -> Image.Image:
        # Of other proportions mostly, as hands crop.
        stretch = dice.uniform(0.8, 1.25)
        wide = min(image.width, round(image.width * (share * stretch) ** 0.5))
        high = min(image.height, round(image.width * image.height * share / wide))
        left, top = dice.randint(0, image.width - wide), dice.randint(0, image.height - high)
        return image.crop((left, top, left + wide, top + high))

    return crop


def _retouched(image: Image.Image, dice: random.Random) -> Image.Image:
    image = ImageEnhance.Brightness(image).enhance(dice.choice((0.7, 0.85, 1.2, 1.4)))
    image = ImageEnhance.Contrast(image).enhance(dice.choice((0.7, 1.3, 1.6)))
    return ImageEnhance.Color(image).enhance(dice.choice((0, 0.5, 1.5)))


def _painted(image: Image.Image, dice: random.Random) -> Image.Image:
    """A tenth of the picture is gone."""
    wide, high = int(image.width * 0.32), int(image.height * 0.32)
    left, top = dice.randint(0, image.width - wide), dice.randint(0, image.height - high)
    changed = image.copy()
    changed.paste(tuple(dice.randrange(256) for _ in range(3)), (left, top, left + wide, top + high))
    return changed


def _same(image: Image.Image, _: random.Random) -> Image.Image:
    return image


_FILES: dict[str, tuple[Callable[[Image.Image, random.Random], bytes], Callable[..., Image.Image]]] = {
    "untouched, bars": (_preview, _same),
    "untouched, squashed": (_squashed, _same),
    "untouched, cut": (_cut, _same),
    "retouched": (_preview, _retouched),
    "a tenth painted over": (_preview, _painted),
    "cropped, 90 % kept": (_preview, _cropped(0.9)),
    "cropped, 75 % kept": (_preview, _cropped(0.75)),
    "cropped, 50 % kept": (_preview, _cropped(0.5)),
    "cropped, 25 % kept": (_preview, _cropped(0.25)),
}


def _measured(preview: bytes, picture: Image.Image) -> Thumbnail:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90)
    with (own := open_image(stream.getvalue(), 10**9)).image:
        [found] = thumbnails(own, [(Block.EXIF, preview)], [])
    return found


def _cases(photos: list[Path], dice: random.Random) -> Iterator[tuple[str, Thumbnail]]:
    before: bytes | None = None
    for path in photos:
        with Image.open(path) as image:
            picture = _shaped(image.convert("RGB"), dice.choice(_SHAPES))
        for name, (preview, change) in _FILES.items():
            yield name, _measured(preview(picture, dice), change(picture, dice))
        if before is not None:
            yield "another picture", _measured(before, picture)
        before = _preview(picture, dice)


def _at(values: list[float], share: float) -> float:
    return sorted(values)[round(share * (len(values) - 1))]


def main() -> None:
    """Print the distributions, and how many of each kind are told to show something else."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--most", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(machine.describe())
    photos = sorted(options.photos.glob("*.jpg"))[: options.most]
    measured: dict[str, list[Thumbnail]] = {}
    for name, thumbnail in _cases(photos, random.Random(options.seed)):
        measured.setdefault(name, []).append(thumbnail)
    print(f"{'':22} {'files':>5}   {'distance 1 % 50 % 99 %':>24}   {'likeness 1 % 50 % 99 %':>24}   told")
    for name, found in measured.items():
        distances, likeness = [float(each.distance) for each in found], [each.likeness for each in found]
        shares = (0.01, 0.5, 0.99)
        told = sum(map(shows_another, found))
        print(
            f"{name:22} {len(found):5}   " + " ".join(f"{_at(distances, share):7.0f}" for share in shares)
            + "   " + " ".join(f"{_at(likeness, share):8.3f}" for share in shares)
            + f"   {told} ({100 * told / len(found):.1f} %)"
        )  # fmt: skip


if __name__ == "__main__":
    main()
