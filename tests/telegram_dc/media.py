"""Photos and documents: their TL objects, their bytes, and who may have them (access hash, reference, data centre).

A photo or document is one TL object that all messages share, so a new file reference or a new home shows in every
message that is fetched afterwards.
"""

import hashlib
import random
import struct
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from PIL import Image
from telethon import utils
from telethon.tl import types

from tests.telegram_dc.refused import Refused

_FIRST_ID = 5_400_000_000_000_000_001  # as long as Telegram's
_HASH_RANGE = 128 * 1024
_MEGABYTE = 1 << 20


def now() -> datetime:
    """The time as TL can carry it: whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def access_hash(number: int) -> int:
    """The access hash of whatever has this id."""
    return random.Random(number).getrandbits(63)


class Media:
    """Every file of the data centres. The owner's lock protects it."""

    def __init__(self) -> None:
        self.files: dict[int, bytes] = {}  # by media id: the bytes of the full size
        self._thumbs: dict[int, bytes] = {}
        self._objects: dict[int, Any] = {}
        self._covers: dict[int, Any] = {}
        self._epoch = 0
        self._retired: list[str] = []  # by epoch: how its references are refused

    def photo(self, data: bytes, date: datetime | None = None, dc_id: int = 2) -> Any:
        """A types.Photo with a stripped, a small and a progressive size."""
        number = self._next_id()
        decoded = _decoded(data)
        sizes: list[Any] = []
        width, height, thumb = 800, 600, data
        if decoded is not None:
            image, (width, height) = decoded
            thumb, (small_width, small_height) = _scaled(image, 320)
            sizes += [
                types.PhotoStrippedSize("i", _stripped(image)),
                types.PhotoSize("m", small_width, small_height, len(thumb)),
            ]
        else:  # a photo that no decoder opens is served all the same
            sizes.append(types.PhotoSize("m", 320, 240, len(thumb)))
        sizes.append(types.PhotoSizeProgressive("y", width, height, [len(data) // 5, len(data) // 2, len(data)]))
        made = types.Photo(number, access_hash(number), self._reference(number), date or now(), sizes, dc_id)
        return self._keep(made, data, thumb)

    def document(
        self,
        data: bytes,
        mime: str = "image/png",
        name: str | None = "a.png",
        date: datetime | None = None,
        thumb: bytes | None = None,
        video: bool = False,
        dc_id: int = 2,
        cover: Any = None,
        sticker: bool = False,
    ) -> Any:
        """A types.Document."""
        number = self._next_id()
        decoded = _decoded(data) if mime.startswith("image/") else None
        attributes: list[Any] = []
        if decoded is not None:
            attributes.append(types.DocumentAttributeImageSize(*decoded[1]))
        if video:
            attributes.append(types.DocumentAttributeVideo(3.0, 640, 360, supports_streaming=True))
        if sticker:
            attributes.append(types.DocumentAttributeSticker("", types.InputStickerSetEmpty()))
        if name is not None:
            attributes.append(types.DocumentAttributeFilename(name))
        thumbs = None
        if thumb is not None:
            small = _decoded(thumb)
            width, height = small[1] if small else (320, 240)
            thumbs = [types.PhotoSize("m", width, height, len(thumb))]
        made = types.Document(
            number,
            access_hash(number),
            self._reference(number),
            date or now(),
            mime,
            len(data),
            dc_id,
            attributes,
            thumbs=thumbs,
        )
        if cover is not None:
            self._covers[number] = cover
        return self._keep(made, data, thumb)

    def find(self, number: int) -> Any:
        """The photo or document with this id, or None."""
        return self._objects.get(number)

    def as_media(self, media: Any) -> Any:
        """A MessageMedia for a photo or a document; anything else is one already."""
        if isinstance(media, types.Photo):
            return types.MessageMediaPhoto(photo=media)
        if isinstance(media, types.Document):
            video = any(isinstance(each, types.DocumentAttributeVideo) for each in media.attributes)
            cover = self._covers.get(media.id)
            return types.MessageMediaDocument(document=media, video=video or None, video_cover=cover)
        return media

    def _next_id(self) -> int:
        return _FIRST_ID + len(self._objects)

    def _keep(self, made: Any, data: bytes, thumb: bytes | None) -> Any:
        self._objects[made.id] = made
        self.files[made.id] = data
        if thumb is not None:
            self._thumbs[made.id] = thumb
        return made

    # References

    def _reference(self, number: int) -> bytes:
        return struct.pack(">BIQ", 1, self._epoch, number)

    def retire_references(self, message: str) -> None:
        """References handed out so far are refused with this message."""
        self._retired.append(message)
        self._epoch += 1
        for number, made in self._objects.items():
            made.file_reference = self._reference(number)

    def _check_reference(self, number: int, reference: bytes) -> None:
        if not reference:
            raise Refused("FILE_REFERENCE_EMPTY")
        if len(reference) != 13 or reference[0] != 1:
            raise Refused("FILE_REFERENCE_INVALID")
        _, epoch, owner = struct.unpack(">BIQ", reference)
        if owner != number or epoch > self._epoch:
            raise Refused("FILE_REFERENCE_INVALID")
        if epoch < self._epoch:
            raise Refused(self._retired[epoch])

    # Serving

    def locate(self, location: Any, dc_id: int, gone: bool = False) -> bytes:
        """The whole file that a location names, if this caller may have it from this data centre."""
        if not isinstance(location, types.InputPhotoFileLocation | types.InputDocumentFileLocation):
            raise Refused("LOCATION_INVALID")
        made = self._objects.get(location.id)
        is_photo = isinstance(location, types.InputPhotoFileLocation)
        if gone or made is None or isinstance(made, types.Photo) != is_photo:
            raise Refused("LOCATION_INVALID")
        if made.access_hash != location.access_hash:
            raise Refused("FILE_ID_INVALID")
        if made.dc_id != dc_id:
            raise Refused(f"FILE_MIGRATE_{made.dc_id}", 303)
        self._check_reference(made.id, location.file_reference)
        if location.thumb_size == ("y" if is_photo else ""):
            return self.files[made.id]
        if location.thumb_size == "m" and made.id in self._thumbs:
            return self._thumbs[made.id]
        raise Refused("LOCATION_INVALID")


def piece(data: bytes, offset: int, limit: int) -> bytes:
    """A part of a file, under Telegram's rules for parts."""
    if offset < 0 or offset % 4096:
        raise Refused("OFFSET_INVALID")
    if limit <= 0 or limit % 4096 or offset // _MEGABYTE != (offset + limit - 1) // _MEGABYTE:
        raise Refused("LIMIT_INVALID")
    return data[offset : offset + limit]


def hashes(data: bytes, offset: int) -> list[Any]:
    """The SHA-256 of every range from this offset on."""
    first = offset - offset % _HASH_RANGE
    parts = ((at, data[at : at + _HASH_RANGE]) for at in range(first, len(data), _HASH_RANGE))
    return [types.FileHash(at, len(part), hashlib.sha256(part).digest()) for at, part in parts]


def file_type(data: bytes) -> Any:
    """What storage says that these bytes are."""
    if data.startswith(b"\xff\xd8"):
        return types.storage.FileJpeg()
    if data.startswith(b"\x89PNG"):
        return types.storage.FilePng()
    return types.storage.FileUnknown()


def media_id(media: Any) -> int | None:
    """The id of the photo or document that a MessageMedia carries first, if any."""
    page = getattr(media, "webpage", None)
    for holder in (media, page):
        for name in ("photo", "document"):
            number = getattr(getattr(holder, name, None), "id", None)
            if number is not None:
                return int(number)
    return None


def _decoded(data: bytes) -> tuple[Image.Image, tuple[int, int]] | None:
    """The pixels, perhaps reduced, and the real size."""
    try:
        with Image.open(BytesIO(data)) as image:
            size = image.size
            image.draft("RGB", (320, 320))  # enough for the thumbnails, and several times faster
            return image.convert("RGB"), size
    except (OSError, ValueError, SyntaxError):
        return None


def _scaled(image: Image.Image, side: int) -> tuple[bytes, tuple[int, int]]:
    small = image.copy()
    small.thumbnail((side, side))
    target = BytesIO()
    small.save(target, "JPEG", quality=80)
    return target.getvalue(), small.size


def _stripped(image: Image.Image) -> bytes:
    """A JPEG of 40 pixels without the header that every client knows by heart."""
    small = image.copy()
    small.thumbnail((40, 40))
    with Image.open(BytesIO(utils.stripped_photo_to_jpg(b"\x01\x28\x28"))) as known:
        tables = known.quantization  # type: ignore[attr-defined]
    target = BytesIO()
    small.save(target, "JPEG", qtables=tables, subsampling=2)
    data = target.getvalue()
    scan = data.index(b"\xff\xda")
    (length,) = struct.unpack_from(">H", data, scan + 2)
    width, height = small.size
    return bytes([1, height, width]) + data[scan + 2 + length : -2]
