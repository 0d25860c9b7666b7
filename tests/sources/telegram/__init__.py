"""TL objects as Telegram sends them: built, written down and read again, so that each is one that can arrive."""

from datetime import UTC, datetime
from typing import Any

from telethon.extensions import BinaryReader
from telethon.tl import types

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UPLOADED = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)

REFERENCE = b"\xffreference"
STRIPPED = types.PhotoStrippedSize("i", b"\x01a stripped thumbnail")
OUTLINE = types.PhotoPathSize("j", b"an outline")
SMALL = types.PhotoSize("m", 320, 240, 9_000)
LARGE = types.PhotoSizeProgressive("y", 1280, 960, [4_000, 90_000, 60_000])

ANIMATED = types.DocumentAttributeAnimated()
STICKER = types.DocumentAttributeSticker("", types.InputStickerSetEmpty())
VIDEO = types.DocumentAttributeVideo(3.5, 1920, 1080)


def received(built: Any) -> Any:
    """The object after it went over the wire."""
    return BinaryReader(bytes(built)).tgread_object()


def message(**fields: Any) -> Any:
    """A post in a channel."""
    usual = {"id": 7, "peer_id": types.PeerChannel(1), "date": AT, "message": ""}
    return received(types.Message(**(usual | fields)))


def service(action: Any, **fields: Any) -> Any:
    """A service message in a channel."""
    usual = {"id": 7, "peer_id": types.PeerChannel(1), "date": AT}
    return received(types.MessageService(action=action, **(usual | fields)))


def photo(number: int = 100, *sizes: Any, **fields: Any) -> Any:
    """A photo, by default with the sizes that most have."""
    sizes = sizes or (STRIPPED, SMALL, LARGE)
    return types.Photo(number, -number, REFERENCE, fields.pop("date", UPLOADED), list(sizes), 2, **fields)


def document(number: int = 500, mime: str = "image/png", *attributes: Any, **fields: Any) -> Any:
    """A file, by default an image without a thumbnail."""
    size, date = fields.pop("size", 5_000_000_000), fields.pop("date", UPLOADED)
    return types.Document(number, -number, REFERENCE, date, mime, size, 4, list(attributes), **fields)


def words(text: str = "") -> Any:
    """Text without formatting."""
    return types.TextWithEntities(text, [])


def answer(media: Any = None) -> Any:
    """An answer of a poll."""
    return types.PollAnswer(words("yes"), b"1", media=media)


def story(media: Any, **fields: Any) -> Any:
    """A story in a post."""
    item = types.StoryItem(3, AT, AT, media, **fields)
    return types.MessageMediaStory(types.PeerChannel(5), 3, story=item)


def web_page(**fields: Any) -> Any:
    """The preview of a link."""
    return types.MessageMediaWebPage(types.WebPage(9, "https://example.org/", "example.org", 0, **fields))
