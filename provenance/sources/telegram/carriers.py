"""Where the images of one Telegram message are: every carrier walked, in one fixed order.

The order: what a service message is about, the media, the formatted text, the media quoted in the reply. A post's
attachments are numbered in it, so changing it makes every archived post look changed.

Nothing is withheld here: what asks not to be kept is marked, and `convert` decides. Not looked at: the artwork of
gifts, sticker sets, themes, wallpapers and bots, which is Telegram's own decoration, and moving pictures themselves.

Telethon checks no types when it decodes: any field that should hold an object may hold any other. So everything is
matched by class, and what is unknown carries nothing. Nothing here recurses: a carrier inside a carrier has a function
of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from telethon.tl import types

from provenance.core.model import Attachment, AttachmentKind, MediaKind, Missing, Remote

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_EMPTY = "Telegram sent an empty placeholder for it"
_NO_SIZE = "Telegram offers it in no size"
_NO_STORY = "the post refers to a story that Telegram did not send along"
_THIRD_PARTY = "it is at a third party's address, which is never fetched: "
_URL = 500
"""Most characters of such an address that are kept beside; `raw` has all of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """An image in a message as if there were nothing to ask, and what its sender or its place asks for."""

    attachment: Attachment
    self_destructing: bool = False
    protected: bool = False
    """The carrier itself forbids saving (a story does so apart from the post that shows it)."""


def carried(message: types.Message | types.MessageService) -> list[Found]:
    """Return the images of a message in their fixed order; the same bytes count once, where they come first."""
    kept: dict[object, Found] = {}
    for number, found in enumerate(_all(message)):
        # What has no bytes is not known to be the same as anything.
        key = found.attachment.remote.key if found.attachment.remote else number
        first = kept.setdefault(key, found)
        # What one carrier asks holds for the same image in another: a protected story and the preview of its link.
        kept[key] = replace(
            first,
            self_destructing=first.self_destructing or found.self_destructing,
            protected=first.protected or found.protected,
        )
    return list(kept.values())


def moment(at: datetime | None) -> datetime | None:
    """Return a time of Telegram's, which writes "not known" as the epoch."""
    return at if at is not None and at > _EPOCH else None


def _all(message: types.Message | types.MessageService) -> Iterator[Found]:
    if isinstance(message, types.MessageService):
        yield from _action(message.action)
    else:
        yield from _media(message.media)
        yield from _rich(message.rich_message)
    if isinstance(message.reply_to, types.MessageReplyHeader):
        yield from _as(AttachmentKind.REPLY, _media(message.reply_to.reply_media))


def _as(kind: AttachmentKind, images: Iterable[Found]) -> Iterator[Found]:
    for found in images:
        yield replace(found, attachment=replace(found.attachment, kind=kind))


def _action(action: Any) -> Iterator[Found]:
    # By the name of the field: of the actions today, the change of a chat's photo and the suggestion of a person's.
    yield from _photo(getattr(action, "photo", None), AttachmentKind.CHAT_PHOTO)
    # Answers added to and deleted from a poll.
    yield from _answers([getattr(action, "answer", None)])


def _media(media: Any) -> Iterator[Found]:
    match media:
        case types.MessageMediaPaidMedia():
            for each in media.extended_media:
                yield from _extended(each, AttachmentKind.PAID_MEDIA)
        case types.MessageMediaInvoice():
            yield from _web_document(media.photo)
            yield from _extended(media.extended_media, AttachmentKind.INVOICE)
        case types.MessageMediaStory():
            yield from _story(media.story)
        case types.MessageMediaPoll():
            yield from _embedded(media.attached_media, AttachmentKind.POLL)
            yield from _answers(media.poll.answers if isinstance(media.poll, types.Poll) else ())
            # What explains the right answer of a quiz.
            yield from _embedded(getattr(media.results, "solution_media", None), AttachmentKind.POLL)
        case types.MessageMediaGame(game=types.Game() as game):
            yield from _photo(game.photo, AttachmentKind.GAME)
            yield from _document(game.document, AttachmentKind.GAME)
        case _:
            yield from _embedded(media)


def _extended(extended: Any, kind: AttachmentKind) -> Iterator[Found]:
    match extended:
        case types.MessageExtendedMedia():
            yield from _plain(extended.media, kind)
        case types.MessageExtendedMediaPreview():
            width, height = _positive(extended.w), _positive(extended.h)
            yield Found(Attachment(kind, missing=Missing.PREVIEW_ONLY, width=width, height=height))


def _story(story: Any) -> Iterator[Found]:
    if isinstance(story, types.StoryItem):
        for found in _plain(story.media, AttachmentKind.STORY):
            yield replace(found, protected=bool(story.noforwards))
    else:
        yield Found(Attachment(AttachmentKind.STORY, missing=Missing.NOT_INCLUDED, detail=_NO_STORY))


def _answers(answers: Iterable[Any]) -> Iterator[Found]:
    for answer in answers:
        if isinstance(answer, types.PollAnswer):
            yield from _embedded(answer.media, AttachmentKind.POLL)


def _rich(rich: Any) -> Iterator[Found]:
    if isinstance(rich, types.RichMessage):
        for photo in rich.photos:
            yield from _photo(photo, AttachmentKind.RICH_TEXT)
        for document in rich.documents:
            yield from _document(document, AttachmentKind.RICH_TEXT)


def _embedded(media: Any, kind: AttachmentKind | None = None) -> Iterator[Found]:
    """A link's preview is that wherever it is; a photo or a document is of the given kind, or of its own."""
    if isinstance(media, types.MessageMediaWebPage):
        yield from _web_page(media.webpage)
    else:
        yield from _plain(media, kind)


def _web_page(page: Any) -> Iterator[Found]:
    if not isinstance(page, types.WebPage):
        return
    kind = AttachmentKind.WEB_PAGE
    yield from _photo(page.photo, kind)
    yield from _document(page.document, kind)
    if isinstance(page.cached_page, types.Page):
        for photo in page.cached_page.photos:
            yield from _photo(photo, kind)
        for document in page.cached_page.documents:
            yield from _image(document, kind)
    for attribute in page.attributes or ():
        # A link to a story; one that was not sent along is a link and no more.
        if isinstance(attribute, types.WebPageAttributeStory) and isinstance(attribute.story, types.StoryItem):
            yield from _as(kind, _story(attribute.story))


def _plain(media: Any, kind: AttachmentKind | None) -> Iterator[Found]:
    """A photo or a document with what belongs to it, of the given kind or of its own."""
    match media:
        case types.MessageMediaPhoto():
            images = _photo(media.photo or types.PhotoEmpty(0), kind or AttachmentKind.PHOTO)
        case types.MessageMediaDocument():
            images = _parts(media, kind)
        case _:
            return
    for found in images:
        yield replace(found, self_destructing=media.ttl_seconds is not None)


def _parts(media: types.MessageMediaDocument, kind: AttachmentKind | None) -> Iterator[Found]:
    if isinstance(media.document, types.Document):
        yield from _document(media.document, kind)
    elif not media.voice:  # A voice message that is gone was no image.
        moving = media.video or media.round
        own = AttachmentKind.VIDEO_THUMBNAIL if moving else AttachmentKind.DOCUMENT
        yield from _document(media.document or types.DocumentEmpty(0), kind or own)
    yield from _photo(media.video_cover, kind or AttachmentKind.VIDEO_COVER)
    # Other encodings of the same video, with the same thumbnails. An image among them is worth keeping.
    for document in media.alt_documents or ():
        yield from _image(document, kind or AttachmentKind.DOCUMENT)


def _photo(photo: Any, kind: AttachmentKind) -> Iterator[Found]:
    match photo:
        case types.Photo():
            bare = Attachment(kind, media_id=photo.id, uploaded_at=moment(photo.date))
            yield Found(_sized(bare, photo, MediaKind.PHOTO, photo.sizes))
        case types.PhotoEmpty():
            yield _expired(photo, kind)


def _document(document: Any, kind: AttachmentKind | None) -> Iterator[Found]:
    """A file that is an image counts as itself; of anything else only its thumbnail is an image, if it has one."""
    match document:
        case types.Document() if _is_image(document):
            yield from _image(document, kind or _own_kind(document))
        case types.Document() if any(_is_picture(each) for each in document.thumbs or ()):
            bare = _bare(document, kind or _own_kind(document))
            yield Found(_sized(bare, document, MediaKind.DOCUMENT, document.thumbs))
        case types.DocumentEmpty():
            yield _expired(document, kind or AttachmentKind.DOCUMENT)


def _image(document: Any, kind: AttachmentKind) -> Iterator[Found]:
    """A file that is an image, and nothing of any other."""
    if isinstance(document, types.Document) and _is_image(document):
        remote = _remote(document, MediaKind.DOCUMENT, document.size)
        found = replace(_bare(document, kind), remote=remote)
        if size := _attribute(document, types.DocumentAttributeImageSize):
            found = replace(found, width=_positive(size.w), height=_positive(size.h))
        yield Found(found)


def _web_document(photo: Any) -> Iterator[Found]:
    if isinstance(photo, types.WebDocument | types.WebDocumentNoProxy):
        detail = _THIRD_PARTY + photo.url[:_URL]
        yield Found(Attachment(AttachmentKind.INVOICE, missing=Missing.NOT_INCLUDED, detail=detail))


def _expired(empty: Any, kind: AttachmentKind) -> Found:
    return Found(Attachment(kind, missing=Missing.EXPIRED, detail=_EMPTY, media_id=empty.id or None))


def _own_kind(document: types.Document) -> AttachmentKind:
    if _attribute(document, types.DocumentAttributeSticker):
        return AttachmentKind.STICKER
    if _is_image(document):
        return AttachmentKind.DOCUMENT
    return AttachmentKind.VIDEO_THUMBNAIL if _moves(document) else AttachmentKind.DOCUMENT_THUMBNAIL


def _is_image(document: types.Document) -> bool:
    return document.mime_type.lower().startswith("image/") and not _moves(document)


def _moves(document: types.Document) -> bool:
    """A video or an animation: Telegram turns GIFs into silent videos, and may call them image/gif still."""
    marks = types.DocumentAttributeVideo | types.DocumentAttributeAnimated
    return document.mime_type.lower().startswith("video/") or _attribute(document, marks) is not None


def _attribute(document: types.Document, wanted: Any) -> Any:
    return next((each for each in document.attributes if isinstance(each, wanted)), None)


def _bare(document: types.Document, kind: AttachmentKind) -> Attachment:
    named = _attribute(document, types.DocumentAttributeFilename)
    name = named.file_name if named else None
    return Attachment(kind, name=name, media_id=document.id, uploaded_at=moment(document.date))


def _sized(bare: Attachment, owner: Any, media: MediaKind, sizes: Iterable[Any]) -> Attachment:
    """The attachment with the largest of the sizes, or with why there is none."""
    sizes = list(sizes)
    real = [each for each in sizes if _is_real(each)]
    if real:
        best = max(real, key=lambda each: (max(each.w, 0) * max(each.h, 0), _declared(each)))
        remote = _remote(owner, media, _declared(best), best.type)
        return replace(bare, width=_positive(best.w), height=_positive(best.h), remote=remote)
    if any(isinstance(each, types.PhotoStrippedSize) for each in sizes):
        return replace(bare, missing=Missing.PREVIEW_ONLY)
    return replace(bare, missing=Missing.NOT_INCLUDED, detail=_NO_SIZE)


def _is_picture(size: Any) -> bool:
    """Whether a thumbnail is a picture, be it a tiny one; an outline (`PhotoPathSize`) is none."""
    return isinstance(size, types.PhotoStrippedSize) or _is_real(size)


def _is_real(size: Any) -> bool:
    # A size without a letter would name the document itself, a whole video perhaps.
    real = types.PhotoSize | types.PhotoSizeProgressive | types.PhotoCachedSize
    return isinstance(size, real) and size.type != ""


def _declared(size: Any) -> int:
    """How many bytes it has; of a progressive JPEG, Telegram gives the lengths of ever better beginnings."""
    match size:
        case types.PhotoSizeProgressive():
            return max(size.sizes, default=0)
        case types.PhotoCachedSize():
            return len(size.bytes)
    return int(size.size)


def _remote(owner: Any, media: MediaKind, size: int, part: str = "") -> Remote:
    return Remote(media, owner.id, owner.access_hash, owner.file_reference, owner.dc_id, max(size, 0), part)


def _positive(number: int | None) -> int | None:
    return number if number is not None and number > 0 else None
