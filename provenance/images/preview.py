"""The small pictures inside a file, held against the file's own. What that means is said in `findings.py`.

Cameras make them in one size whatever the picture's shape: with bars, squeezed or cut at two sides, and not turned
upright. So a pair is tried in each of these ways, and the measurements are those that speak most for the same picture.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.core.matching import BYTES
from provenance.core.metadata import Block, Thumbnail
from provenance.images.decode import SIDE, Opened, Refused, open_image, upright_grey
from provenance.images.fingerprint import fingerprint

_MOST_PIXELS = 4_000_000
_LEAST = 256
"""Pixels along the shorter side that are enough to compare; a preview has fewer."""

_DARK, _LIGHT, _UNEVEN = 24, 231, 6.0
"""A row belongs to a bar where its mean is beyond these grey levels, and its deviation below that."""
_MOST_BAR = 0.4
"""Share of a side that one bar takes at most: what is more is a dark picture."""
_SHAPES = 1.04
"""Two shapes whose proportions differ by less are the same but for rounding."""

Grey = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _View:
    """A picture brought to SIDE x SIDE: its grey levels around a mean of 0, and of a length of 1."""

    grey: Grey
    codes: bytes
    quality: int


def thumbnails(
    opened: Opened, previews: Iterable[tuple[Block, bytes]], unread: list[tuple[Block, str]]
) -> tuple[Thumbnail, ...]:
    """Return how each preview compares with the opened picture, which is decoded when a first one could be.

    Those that cannot be read are named in `unread`. Raises Refused where the picture itself cannot be decoded.
    """
    own: list[Image.Image] = []
    found = []
    for block, data in dict.fromkeys(previews):
        try:
            with (small := open_image(data, _MOST_PIXELS)).image:
                preview = upright_grey(small, _LEAST)
        except Refused as refused:
            unread.append((block, f"its preview {refused}"))
            continue
        own = own or [upright_grey(opened, _LEAST)]
        found.append(_compared(block, small, preview, own[0]))
    return tuple(found)


def _compared(block: Block, small: Opened, preview: Image.Image, own: Image.Image) -> Thumbnail:
    bare, bare_own = _without_bars(preview), _without_bars(own)
    shown = [_view(each) for each in _distinct(preview, bare)]
    cuts = (cut for whole in (own, bare_own) for shape in (preview, bare) for cut in _cut(whole, shape))
    wanted = [_view(each) for each in _distinct(own, bare_own, *cuts)]
    pairs = [(one, other) for one in shown for other in wanted]
    return Thumbnail(
        block=block,
        width=small.width,
        height=small.height,
        codes=shown[-1].codes,
        quality=min(shown[-1].quality, wanted[0].quality),
        distance=min(_distance(one.codes, other.codes) for one, other in pairs),
        likeness=round(max(_likeness(one.grey, other.grey) for one, other in pairs), 3),
        bars=bare.size != preview.size or bare_own.size != own.size,
    )


def _without_bars(image: Image.Image) -> Image.Image:
    """What is left between black or white bars, each with the row where it blurs into the picture."""
    grey = np.asarray(image, np.float64)
    (top, bottom), (left, right) = _bars(grey), _bars(grey.T)
    return image.crop((left, top, image.width - right, image.height - bottom))


def _bars(grey: Grey) -> tuple[int, int]:
    mean, even = grey.mean(axis=1), grey.std(axis=1) < _UNEVEN
    dark, light = even & (mean < _DARK), even & (mean > _LIGHT)
    first, last = (max(_run(dark[::way]), _run(light[::way])) for way in (1, -1))
    if max(first, last) > _MOST_BAR * len(grey):
        return 0, 0
    return first and first + 1, last and last + 1


def _run(rows: NDArray[np.bool_]) -> int:
    return len(rows) if rows.all() else int(np.argmin(rows))


def _cut(image: Image.Image, shape: Image.Image) -> Iterator[Image.Image]:
    """The middle of a picture in another one's proportions, lying and standing.

    Only the file's own is cut: such a preview shows less than its file does, and gives nothing away.
    """
    for width, height in {shape.size, shape.size[::-1]}:
        ratio = (image.width * height) / (image.height * width)
        if 1 / _SHAPES < ratio < _SHAPES or not 0.5 < ratio < 2:
            continue
        wide = min(image.width, round(image.height * width / height))
        high = min(image.height, round(image.width * height / width))
        left, top = (image.width - wide) // 2, (image.height - high) // 2
        yield image.crop((left, top, left + wide, top + high))


def _distinct(*images: Image.Image) -> list[Image.Image]:
    """Cuts of one picture, each once, the last one last."""
    return list({(image.size, image.tobytes()): image for image in images[::-1]}.values())[::-1]


def _view(image: Image.Image) -> _View:
    small = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    printed = fingerprint(small.tobytes())
    grey = np.asarray(small, np.float64)
    grey = grey - grey.mean()
    return _View(grey / (float(np.linalg.norm(grey)) or 1.0), printed.codes, printed.quality)


def _distance(codes: bytes, own: bytes) -> int:
    upright = int.from_bytes(own[:BYTES])
    parts = (codes[at : at + BYTES] for at in range(0, len(codes), BYTES))
    return min((int.from_bytes(part) ^ upright).bit_count() for part in parts)


def _likeness(one: Grey, other: Grey) -> float:
    turned = (np.rot90(side, quarters) for side in (one, one.T) for quarters in range(4))
    return max(float((each * other).sum()) for each in turned)
