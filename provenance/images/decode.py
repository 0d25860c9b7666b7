"""The only place that opens untrusted image bytes. Runs inside the sandbox's worker processes.

What it refuses: formats that are not on the list, more pixels than allowed, and whatever its libraries cannot
read to the end. A refusal is a `Refused` that says what is wrong; no other exception is meant to come out.
It imports little (no numpy), because every worker pays for it.
"""

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PIL import Image, PngImagePlugin, UnidentifiedImageError
from PIL.ExifTags import Base

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""What Pillow may open here; HEIF comes from pillow-heif. Everything else is refused unread. A JPEG of
several pictures comes out as MPO."""

SIDE = 64
"""Pixels each way of the grey picture that the hash is made from: imagehash's hash_size times highfreq_factor."""

REDUCED = 256
"""A JPEG is decoded at the smallest scale whose sides are not below this: it moves the hash by 2 bits at most."""
_GAP = 2.0
"""Averaged to about twice the final size before the costly filter; with REDUCED it moves the hash by 6 bits at most
(mean 1.1 over 500 photographs; benchmarks/match_distances.py)."""

_ORIENTATIONS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
_MOST_TEXT = 16 << 20
"""Bytes that one text of a PNG may unpack to. Pillow's own limit, 1 MiB, refuses pictures with a long edit history."""
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


class Refused(Exception):  # it is a finding about a file, kept and counted
    """The bytes are not an image that can be read within the limits; the argument says why."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An image whose header was read and allowed; `width` and `height` are those after orientation."""

    image: Image.Image
    format: str
    width: int
    height: int
    orientation: int


def open_image(source: Path | bytes, max_pixels: int) -> Opened:
    """Read the header of a file, or of its bytes, and check format and size before anything is decoded.

    Raises Refused.
    """
    Image.MAX_IMAGE_PIXELS = None  # The cap is ours: Pillow's own only raises at twice its number.
    PngImagePlugin.MAX_TEXT_CHUNK = _MOST_TEXT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = _identify(source)
            width, height = image.size
            if width * height > max_pixels:
                image.close()
                raise Refused(f"{width} x {height} pixels are more than the limit of {max_pixels}")
            # Pillow turns TIFFs by itself while it decodes them, and gives the size after that.
            orientation = 1 if image.format == "TIFF" else _orientation(image)
    except _READ_ERRORS as error:
        raise Refused(_reason(error)) from error
    if orientation >= 5:
        width, height = height, width
    return Opened(image, image.format or "unknown", width, height, orientation)


def reduced_grey(opened: Opened) -> bytes:
    """Decode to SIDE x SIDE grey levels, one byte each, row by row, upright.

    Raises Refused.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened.image.draft("L", (REDUCED, REDUCED))
            small = _grey(opened.image).resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=_GAP)
            return _upright(small, opened.orientation).tobytes()
    except _READ_ERRORS as error:
        raise Refused(_reason(error)) from error


def upright_colour(opened: Opened, side: int) -> Image.Image:
    """Decode to RGB, upright, no side longer than `side` pixels. Raises Refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened.image.draft("RGB", (side, side))
            colour = _flattened(_scaled(opened.image)).convert("RGB")
            scale = min(side / colour.width, side / colour.height)
            size = max(1, round(colour.width * scale)), max(1, round(colour.height * scale))
            small = _upright(colour.resize(size, Image.Resampling.LANCZOS), opened.orientation)
            # Made anew from the pixels: comments and profiles of the original do not come along.
            return Image.frombytes(small.mode, small.size, small.tobytes())
    except _READ_ERRORS as error:
        raise Refused(_reason(error)) from error


def upright_rgb(opened: Opened, least: int) -> Image.Image:
    """Decode to RGB, upright, as small as it comes cheaply with no side below `least`. Nothing is enlarged.

    Raises Refused.
    """
    return _upright_small(opened, least, "RGB")


def upright_grey(opened: Opened, least: int) -> Image.Image:
    """Decode to grey levels, else as `upright_rgb`. Raises Refused."""
    return _upright_small(opened, least, "L")


def _upright_small(opened: Opened, least: int, mode: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened.image.draft(mode, (least, least))
            small = _flattened(_scaled(opened.image)).convert(mode)
            if (factor := min(small.size) // least) > 1:
                small = small.reduce(factor)
            return _upright(small, opened.orientation)
    except _READ_ERRORS as error:
        raise Refused(_reason(error)) from error


def _identify(source: Path | bytes) -> Image.Image:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            head = stream.read(64)
    else:
        head = source[:64]
    file = source if isinstance(source, Path) else io.BytesIO(source)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and b"avif" not in head:
        import pillow_heif

        pillow_heif.register_heif_opener()
        return Image.open(file, formats=["HEIF"])
    return Image.open(file, formats=FORMATS)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(Base.Orientation, 1)
    except (*_READ_ERRORS, SyntaxError):
        return 1  # Unreadable EXIF says nothing; the pixels may still be fine.
    return value if value in _ORIENTATIONS else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    for step in _ORIENTATIONS.get(orientation, ()):
        image = image.transpose(step)
    return image


def _grey(image: Image.Image) -> Image.Image:
    return _flattened(_scaled(image)).convert("L")


def _scaled(image: Image.Image) -> Image.Image:
    """Bring levels of 16 and more bits down to 8: Pillow would clip them, and the picture would come out white."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda level: level / 256).convert("L")
    if image.mode in {"I", "F"}:
        low, high = cast("tuple[float, float]", image.getextrema())
        scale = 255 / ((high - low) or 1)
        return image.point(lambda level: level * scale - low * scale).convert("L")
    return image


def _flattened(image: Image.Image) -> Image.Image:
    """Lay a transparent image on white, as viewers show it: hidden colours are not part of the picture."""
    if not image.has_transparency_data:
        return image
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image of a known format"
    if isinstance(error, MemoryError):
        return "needs more memory than the limit allows"
    return plain(f"cannot be decoded: {str(error) or type(error).__name__}")


def plain(text: str) -> str:
    """One short line with nothing in it that a terminal would obey: decoders quote what they choke on."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))[:200]


# What Pillow and its plugins were seen to raise on damaged files.
_READ_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    EOFError,
    SyntaxError,
    RuntimeError,
    OverflowError,
    ZeroDivisionError,
    AssertionError,
    MemoryError,
    NotImplementedError,
    struct.error,
)
