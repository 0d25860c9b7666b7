"""Reads what a file tells about itself; a task for the sandbox, one answer for each file.

Blocks are read one by one, each guarded: what cannot be read is named in `unread`, and the rest is told.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import reduce
from pathlib import Path
from typing import TypeVar

from provenance.core.metadata import Block, Camera, Documents, Metadata
from provenance.images.blocks import Blocks, find
from provenance.images.decode import Opened, open_image
from provenance.images.iptc import IPTC, THUMBNAIL, read_iptc, resource_thumbnail, resources
from provenance.images.jpeg import structure
from provenance.images.profile import description
from provenance.images.signature import signature
from provenance.images.told import moment, text

_MOST_BYTES = 128 << 20
"""Of a file that are looked at."""
_MOST_BLOCKS = 4
"""Of one kind: a file has one of each, hostile ones have thousands."""
_MOST_LISTED = 200
_MOST_PREVIEWS = 8

_NAMES = tuple(one.name for one in fields(Metadata))

Input = TypeVar("Input")
Answer = TypeVar("Answer")
Part = TypeVar("Part", Camera, Documents)
Previews = list[tuple[Block, bytes]]


def read(path: Path, max_pixels: int) -> Metadata:
    """Read all that the file at `path` tells, what says it most directly first: EXIF, XMP, IPTC, the container.

    Raises Refused where it is no image at all.
    """
    opened = open_image(path, max_pixels)
    with opened.image:
        return tell(path, opened)


def tell(path: Path, opened: Opened) -> Metadata:
    """Read what the file at `path` tells, which is open and not decoded."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        # Asked for more than there is, Python would allocate all of it first.
        data = stream.read(min(size, _MOST_BYTES))
    unread: list[tuple[Block, str]] = []
    previews: Previews = []
    blocks = _guarded(Block.CONTAINER, unread, find, data) or Blocks()
    parts = [
        Metadata(format=opened.format, width=opened.width, height=opened.height),
        *_parts(blocks, unread, previews),
    ]
    if jpeg := _guarded(Block.JPEG, unread, structure, data):
        parts.append(Metadata(jpeg=jpeg, blocks=(Block.JPEG,)))
    if size > len(data):
        # A signature is of the whole file: that of a part would seem to be broken.
        unread.append((Block.CONTAINER, f"only the first {_MOST_BYTES >> 20} MiB of the file are looked at"))
    elif signed := _guarded(Block.C2PA, unread, lambda data: signature(data, blocks.xmp[:_MOST_BLOCKS]), data):
        parts.append(Metadata(signature=signed, blocks=(Block.C2PA,)))
    if previews:
        # It needs numpy, and most files have none.
        from provenance.images.preview import thumbnails

        shown = _guarded(
            Block.THUMBNAIL, unread, lambda some: thumbnails(opened, some, unread), previews[:_MOST_PREVIEWS]
        )
        parts.append(Metadata(thumbnails=shown or (), blocks=(Block.THUMBNAIL,)))
    whole = reduce(merged, parts)
    return replace(whole, unread=_distinct([*whole.unread, *blocks.unread[:_MOST_LISTED], *unread]))


def _parts(blocks: Blocks, unread: list[tuple[Block, str]], previews: Previews) -> Iterable[Metadata]:
    for data in blocks.exif[:_MOST_BLOCKS]:
        # exifread is slow to import, and most files need none of it.
        from provenance.images.exif import read_exif

        if exif := _guarded(Block.EXIF, unread, read_exif, data):
            yield exif[0]
            if exif[1]:
                previews.append((Block.EXIF, exif[1]))
    for packet in blocks.xmp[:_MOST_BLOCKS]:
        from provenance.images.xmp import read_xmp

        if xmp := _guarded(Block.XMP, unread, read_xmp, packet):
            yield xmp[0]
            previews.extend((Block.XMP, thumbnail) for thumbnail in xmp[1])
    previews.extend((Block.CONTAINER, each) for each in blocks.previews)
    records = blocks.iptc[:_MOST_BLOCKS]
    for number, body in resources(blocks.photoshop):
        if number == IPTC:
            records.append(body)
        elif number in THUMBNAIL and (picture := resource_thumbnail(body)):
            previews.append((Block.THUMBNAIL, picture))
    for body in records[:_MOST_BLOCKS]:
        if iptc := _guarded(Block.IPTC, unread, read_iptc, body):
            yield iptc
    if blocks.profile:
        yield Metadata(profile=description(blocks.profile), blocks=(Block.ICC,))
    if blocks.texts:
        yield Metadata(texts=tuple(blocks.texts), software=_programs(blocks.texts), blocks=(Block.TEXT,))
    if changed := moment(blocks.changed, Block.CONTAINER, "tIME"):
        yield Metadata(modified=(changed,), blocks=(Block.CONTAINER,))


def _programs(texts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(told for keyword, value in texts if keyword == "Software" and (told := text(value)))


def _guarded(
    block: Block, unread: list[tuple[Block, str]], task: Callable[[Input], Answer], data: Input
) -> Answer | None:
    """Run one block's reader; what it dies of is a finding about this block, and the others are still read."""
    try:
        return task(data)
    except Exception as error:  # noqa: BLE001 - whatever a library raises on hostile bytes
        unread.append((block, text(f"{type(error).__name__}: {error}", 120) or "unknown"))
    return None


def merged(first: Metadata, second: Metadata) -> Metadata:
    """Both together: of single values the first one told, of lists all, the first ones' first."""
    values: dict[str, object] = {}
    for name in _NAMES:
        before, after = getattr(first, name), getattr(second, name)
        if not after:
            values[name] = before
        elif isinstance(before, Camera | Documents):
            values[name] = _filled(before, after)
        elif isinstance(before, tuple):
            values[name] = before + tuple(value for value in after[:_MOST_LISTED] if value not in before)
        elif isinstance(before, dict):
            values[name] = {**after, **before}
        else:
            values[name] = after if before is None else before
    return Metadata(**values)  # type: ignore[arg-type]


def _filled(first: Part, second: Part) -> Part:
    if first == type(first)():
        return second
    return type(first)(**{one.name: getattr(first, one.name) or getattr(second, one.name) for one in fields(first)})


def _distinct(values: list[Answer]) -> tuple[Answer, ...]:
    return tuple(dict.fromkeys(values))[:_MOST_LISTED]
