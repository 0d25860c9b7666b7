"""Every carrier of images: what it yields, in which order, and what it does with objects in the wrong place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telethon.tl import types

from provenance.core.model import Attachment, AttachmentKind, MediaKind, Missing, Remote
from provenance.sources.telegram.carriers import Found, carried, moment
from tests.sources.telegram import (
    ANIMATED,
    AT,
    LARGE,
    OUTLINE,
    REFERENCE,
    SMALL,
    STICKER,
    STRIPPED,
    UPLOADED,
    VIDEO,
    answer,
    document,
    message,
    photo,
    received,
    service,
    story,
    web_page,
    words,
)

PHOTO = types.MessageMediaPhoto(photo=photo())
IMAGE = types.MessageMediaDocument(document=document())
CLIP = document(600, "video/mp4", VIDEO, thumbs=[STRIPPED, SMALL])
PDF = document(700, "application/pdf", types.DocumentAttributeFilename("a.pdf"), thumbs=[SMALL])
SONG = document(800, "audio/mpeg", types.DocumentAttributeAudio(9), thumbs=[SMALL])
PREVIEW = types.MessageExtendedMediaPreview(w=800, h=600, thumb=STRIPPED)
BILL: dict[str, Any] = {"title": "", "description": "", "currency": "EUR", "total_amount": 1, "start_param": ""}
BLANK = types.TextEmpty()
CAPTION = types.PageCaption(BLANK, BLANK)


def seen(found: list[Found]) -> list[tuple[str, str]]:
    """Kind, and the name of the bytes or the reason why there are none, of each image."""
    shown = []
    for each in (each.attachment for each in found):
        remote = each.remote
        what = f"{remote.media}:{remote.media_id}:{remote.part}" if remote else str(each.missing)
        assert (each.remote is None) != (each.missing is None)
        shown.append((str(each.kind), what))
    return shown


def of(media: Any) -> list[tuple[str, str]]:
    return seen(carried(message(media=media)))


def attached(document: Any) -> Any:
    return types.MessageMediaDocument(document=document)


def file(mime: str, *attributes: Any, thumbs: Any = (SMALL,)) -> Any:
    """A file of this type, by default with a thumbnail."""
    return attached(document(1, mime, *attributes, thumbs=list(thumbs)))


def shot(number: int = 100, *sizes: Any, **fields: Any) -> Any:
    return types.MessageMediaPhoto(photo=photo(number, *sizes, **fields))


def shared(item: Any = None) -> Any:
    """A post with somebody's story, as far as Telegram sent it along."""
    return types.MessageMediaStory(types.PeerUser(1), 3, story=item)


def linked(item: Any = None, **fields: Any) -> Any:
    """A link to a story."""
    return web_page(attributes=[types.WebPageAttributeStory(types.PeerUser(1), 3, story=item)], **fields)


def paid(*media: Any) -> Any:
    return types.MessageMediaPaidMedia(5, [types.MessageExtendedMedia(each) for each in media])


def poll(*answers: Any, attached: Any = None, solution: Any = None) -> Any:
    results = types.PollResults(solution="", solution_entities=[], solution_media=solution)
    return types.MessageMediaPoll(types.Poll(1, words("?"), list(answers), 0), results, attached_media=attached)


def invoice(**fields: Any) -> Any:
    return types.MessageMediaInvoice(**BILL, **fields)


def game(**fields: Any) -> Any:
    return types.MessageMediaGame(types.Game(1, 2, "g", "Game", "", **fields))


def page(**fields: Any) -> Any:
    block = types.PageBlockPhoto(101, CAPTION)
    return types.Page("https://example.org/", [block], fields.get("photos", []), fields.get("documents", []))


CARRIERS: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("nothing", None, []),
    ("a place", types.MessageMediaGeo(types.GeoPointEmpty()), []),
    ("unsupported", types.MessageMediaUnsupported(), []),
    ("a photo", PHOTO, [("photo", "photo:100:y")]),
    ("a live photo", types.MessageMediaPhoto(photo=photo(), live_photo=True, video=CLIP), [("photo", "photo:100:y")]),
    ("an image as a file", IMAGE, [("document", "document:500:")]),
    ("a file that shouts", attached(document(1, "IMAGE/JPEG")), [("document", "document:1:")]),
    ("an image with a thumbnail", attached(document(thumbs=[SMALL])), [("document", "document:500:")]),
    ("a GIF as a file", attached(document(1, "image/gif")), [("document", "document:1:")]),
    ("an animation", file("video/mp4", ANIMATED), [("video_thumbnail", "document:1:m")]),
    ("an animated GIF", file("image/gif", ANIMATED), [("video_thumbnail", "document:1:m")]),
    ("a video", attached(CLIP), [("video_thumbnail", "document:600:m")]),
    ("a video by mime", file("video/webm"), [("video_thumbnail", "document:1:m")]),
    ("a video by attribute", file("x/y", VIDEO), [("video_thumbnail", "document:1:m")]),
    ("a video without thumbnails", attached(document(1, "video/mp4", VIDEO)), []),
    ("a video with a tiny thumbnail", file("video/mp4", thumbs=[STRIPPED]), [("video_thumbnail", "preview_only")]),
    ("a PDF", attached(PDF), [("document_thumbnail", "document:700:m")]),
    ("a song with a cover", attached(SONG), [("document_thumbnail", "document:800:m")]),
    ("a file without a type", attached(document(1, "")), []),
    ("a sticker", file("image/webp", STICKER), [("sticker", "document:1:")]),
    (
        "a moving sticker",
        file("application/x-tgsticker", STICKER, thumbs=[OUTLINE, SMALL]),
        [("sticker", "document:1:m")],
    ),
    ("a video sticker", file("video/webm", STICKER, VIDEO), [("sticker", "document:1:m")]),
    ("a sticker of which there is an outline", file("application/x-tgsticker", STICKER, thumbs=[OUTLINE]), []),
    (
        "a video with all that belongs to it",
        types.MessageMediaDocument(
            document=CLIP,
            alt_documents=[document(601, "video/mp4", VIDEO, thumbs=[SMALL]), document(602, "image/jpeg")],
            video_cover=photo(101),
        ),
        [("video_thumbnail", "document:600:m"), ("video_cover", "photo:101:y"), ("document", "document:602:")],
    ),
    ("a link", web_page(photo=photo(), document=CLIP), [("web_page", "photo:100:y"), ("web_page", "document:600:m")]),
    (
        "an instant view",
        web_page(cached_page=page(photos=[photo(101), photo(102)], documents=[CLIP, document()])),
        [("web_page", "photo:101:y"), ("web_page", "photo:102:y"), ("web_page", "document:500:")],
    ),
    ("a link to a story", linked(story(PHOTO).story), [("web_page", "photo:100:y")]),
    ("a link to a story unseen", linked(), []),
    ("a link without a preview", types.MessageMediaWebPage(types.WebPageEmpty(1)), []),
    ("a link that waits for one", types.MessageMediaWebPage(types.WebPagePending(1, AT)), []),
    ("a link unchanged", types.MessageMediaWebPage(types.WebPageNotModified()), []),
    (
        "paid media, bought",
        paid(PHOTO, attached(CLIP), IMAGE),
        [("paid_media", "photo:100:y"), ("paid_media", "document:600:m"), ("paid_media", "document:500:")],
    ),
    ("paid media, not bought", types.MessageMediaPaidMedia(5, [PREVIEW]), [("paid_media", "preview_only")]),
    ("paid media of no known kind", paid(types.MessageMediaUnsupported(), story(PHOTO)), []),
    ("an invoice", invoice(), []),
    (
        "an invoice with an address",
        invoice(photo=types.WebDocument("https://x.org/a.jpg", 1, 2, "image/jpeg", [])),
        [("invoice", "not_included")],
    ),
    (
        "an invoice with a plain address",
        invoice(photo=types.WebDocumentNoProxy("https://x.org", 2, "", [])),
        [("invoice", "not_included")],
    ),
    ("an invoice for a photo", invoice(extended_media=types.MessageExtendedMedia(PHOTO)), [("invoice", "photo:100:y")]),
    ("an invoice for something unseen", invoice(extended_media=PREVIEW), [("invoice", "preview_only")]),
    ("a story", story(PHOTO), [("story", "photo:100:y")]),
    ("a story that is a video", story(attached(CLIP)), [("story", "document:600:m")]),
    ("a story in a story", story(story(PHOTO)), []),
    ("a story unseen", shared(), [("story", "not_included")]),
    ("a story deleted", shared(types.StoryItemDeleted(3)), [("story", "not_included")]),
    ("a story skipped", shared(types.StoryItemSkipped(3, AT, AT)), [("story", "not_included")]),
    ("a poll of words", poll(answer()), []),
    (
        "a poll of pictures",
        poll(answer(PHOTO), answer(IMAGE), attached=attached(CLIP), solution=shot(101)),
        [("poll", "document:600:m"), ("poll", "photo:100:y"), ("poll", "document:500:"), ("poll", "photo:101:y")],
    ),
    ("a poll of links", poll(answer(web_page(photo=photo()))), [("web_page", "photo:100:y")]),
    ("a poll in a poll", poll(answer(poll(answer(PHOTO)))), []),
    ("a game", game(photo=photo()), [("game", "photo:100:y")]),
    ("a game that moves", game(photo=photo(), document=CLIP), [("game", "photo:100:y"), ("game", "document:600:m")]),
    ("no photo left", types.MessageMediaPhoto(), [("photo", "expired")]),
    ("an empty photo", types.MessageMediaPhoto(photo=types.PhotoEmpty(100)), [("photo", "expired")]),
    ("no file left", types.MessageMediaDocument(), [("document", "expired")]),
    ("no video left", types.MessageMediaDocument(video=True), [("video_thumbnail", "expired")]),
    ("no round video left", types.MessageMediaDocument(round=True), [("video_thumbnail", "expired")]),
    ("no voice left", types.MessageMediaDocument(voice=True), []),
    ("an empty file", types.MessageMediaDocument(document=types.DocumentEmpty(500)), [("document", "expired")]),
    (
        "an empty file in a game",
        game(photo=types.PhotoEmpty(0), document=types.DocumentEmpty(5)),
        [("game", "expired")] * 2,
    ),
]


@pytest.mark.parametrize(("media", "expected"), [each[1:] for each in CARRIERS], ids=[each[0] for each in CARRIERS])
def test_media(media: Any, expected: list[tuple[str, str]]) -> None:
    assert of(media) == expected


@pytest.mark.parametrize(("media", "expected"), [each[1:] for each in CARRIERS], ids=[each[0] for each in CARRIERS])
def test_the_same_media_quoted_in_a_reply(media: Any, expected: list[tuple[str, str]]) -> None:
    quoted = message(reply_to=types.MessageReplyHeader(reply_to_msg_id=5, reply_media=media))
    assert seen(carried(quoted)) == [("reply", what) for _, what in expected]


def test_every_kind_has_a_carrier_here() -> None:
    kinds = {kind for _, _, expected in CARRIERS for kind, _ in expected}
    assert {str(kind) for kind in AttachmentKind} - kinds == {"chat_photo", "rich_text", "reply"}


def test_a_formatted_message() -> None:
    block = types.PageBlockPhoto(100, CAPTION)
    rich = types.RichMessage([block], [photo(), photo(101)], [CLIP, document()])
    assert seen(carried(message(rich_message=rich))) == [
        ("rich_text", "photo:100:y"),
        ("rich_text", "photo:101:y"),
        ("rich_text", "document:600:m"),
        ("rich_text", "document:500:"),
    ]


def test_the_order_of_the_carriers() -> None:
    full = message(
        media=PHOTO,
        rich_message=types.RichMessage([], [photo(101)], []),
        reply_to=types.MessageReplyHeader(reply_media=shot(102)),
    )
    assert seen(carried(full)) == [("photo", "photo:100:y"), ("rich_text", "photo:101:y"), ("reply", "photo:102:y")]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (types.MessageActionChatEditPhoto(photo()), [("chat_photo", "photo:100:y")]),
        (types.MessageActionChatEditPhoto(types.PhotoEmpty(1)), [("chat_photo", "expired")]),
        (types.MessageActionSuggestProfilePhoto(photo()), [("chat_photo", "photo:100:y")]),
        (types.MessageActionPollAppendAnswer(answer(PHOTO)), [("poll", "photo:100:y")]),
        (types.MessageActionPollDeleteAnswer(answer(PHOTO)), [("poll", "photo:100:y")]),
        (types.MessageActionPollAppendAnswer(answer()), []),
        (types.MessageActionChatDeletePhoto(), []),
        (types.MessageActionPinMessage(), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_service_messages(action: Any, expected: list[tuple[str, str]]) -> None:
    assert seen(carried(service(action))) == expected
    reply = types.MessageReplyHeader(reply_to_msg_id=5, reply_media=shot(101))
    assert seen(carried(service(action, reply_to=reply))) == [*expected, ("reply", "photo:101:y")]


def test_a_reply_to_a_story_carries_nothing() -> None:
    assert carried(message(reply_to=types.MessageReplyStoryHeader(types.PeerUser(1), 3))) == []


@pytest.mark.parametrize(
    ("sizes", "part", "size", "width", "height"),
    [
        ([STRIPPED, SMALL, LARGE], "y", 90_000, 1280, 960),
        ([LARGE, SMALL, STRIPPED], "y", 90_000, 1280, 960),
        ([SMALL], "m", 9_000, 320, 240),
        ([types.PhotoCachedSize("s", 90, 60, b"12345"), STRIPPED], "s", 5, 90, 60),
        ([types.PhotoSize("x", 800, 600, 5), types.PhotoSize("y", 600, 800, 6)], "y", 6, 600, 800),
        ([types.PhotoSizeProgressive("w", 9, 9, [])], "w", 0, 9, 9),
        ([types.PhotoSize("m", 0, 0, -1)], "m", 0, None, None),
        ([types.PhotoSize("m", 1, 1, 2), types.PhotoSize("x", -800, -600, 5)], "m", 2, 1, 1),
        ([types.PhotoSize("", 800, 600, 5), SMALL], "m", 9_000, 320, 240),
        ([types.PhotoSizeEmpty("x"), types.VideoSize("v", 9999, 9999, 1), SMALL], "m", 9_000, 320, 240),
    ],
    ids=["usual", "reversed", "one", "cached", "tie", "no lengths", "no values", "negative", "no letter", "others"],
)
def test_the_largest_size_is_taken(sizes: list[Any], part: str, size: int, width: int, height: int) -> None:
    (of_photo,) = carried(message(media=shot(100, *sizes)))
    assert of_photo.attachment == Attachment(
        AttachmentKind.PHOTO,
        width=width,
        height=height,
        media_id=100,
        uploaded_at=UPLOADED,
        remote=Remote(MediaKind.PHOTO, 100, -100, REFERENCE, 2, size, part),
    )
    (of_video,) = carried(message(media=attached(document(500, "video/mp4", thumbs=sizes))))
    assert of_video.attachment == Attachment(
        AttachmentKind.VIDEO_THUMBNAIL,
        width=width,
        height=height,
        media_id=500,
        uploaded_at=UPLOADED,
        remote=Remote(MediaKind.DOCUMENT, 500, -500, REFERENCE, 4, size, part),
    )


@pytest.mark.parametrize(
    ("sizes", "missing"),
    [
        ([STRIPPED], Missing.PREVIEW_ONLY),
        ([STRIPPED, OUTLINE, types.PhotoSizeEmpty("x")], Missing.PREVIEW_ONLY),
        ([OUTLINE], Missing.NOT_INCLUDED),
        ([types.PhotoSizeEmpty("x")], Missing.NOT_INCLUDED),
    ],
)
def test_a_photo_without_a_real_size(sizes: list[Any], missing: Missing) -> None:
    (found,) = carried(message(media=shot(100, *sizes)))
    detail = "Telegram offers it in no size" if missing is Missing.NOT_INCLUDED else None
    expected = Attachment(AttachmentKind.PHOTO, missing=missing, detail=detail, media_id=100, uploaded_at=UPLOADED)
    assert found == Found(expected)


def test_an_image_as_a_file_has_its_name_its_measures_and_its_length() -> None:
    name, size = types.DocumentAttributeFilename("../a\0.png"), types.DocumentAttributeImageSize(4000, 3000)
    (found,) = carried(message(media=attached(document(500, "image/png", name, size, thumbs=[SMALL]))))
    assert found.attachment == Attachment(
        AttachmentKind.DOCUMENT,
        name="../a\0.png",
        width=4000,
        height=3000,
        media_id=500,
        uploaded_at=UPLOADED,
        remote=Remote(MediaKind.DOCUMENT, 500, -500, REFERENCE, 4, 5_000_000_000),
    )
    (found,) = carried(message(media=attached(PDF)))
    assert (found.attachment.name, found.attachment.width) == ("a.pdf", 320)
    (found,) = carried(message(media=attached(document(size=-1))))
    assert found.attachment.remote is not None
    assert found.attachment.remote.size == 0


def test_what_is_gone_says_so() -> None:
    (found,) = carried(message(media=types.MessageMediaPhoto(photo=types.PhotoEmpty(100))))
    detail = "Telegram sent an empty placeholder for it"
    assert found.attachment == Attachment(AttachmentKind.PHOTO, None, Missing.EXPIRED, detail, media_id=100)
    (found,) = carried(message(media=types.MessageMediaPhoto()))
    assert found.attachment.media_id is None


def test_a_preview_has_the_measures_of_what_it_hides() -> None:
    (found,) = carried(message(media=types.MessageMediaPaidMedia(5, [PREVIEW])))
    assert found.attachment == Attachment(AttachmentKind.PAID_MEDIA, None, Missing.PREVIEW_ONLY, width=800, height=600)
    (found,) = carried(message(media=types.MessageMediaPaidMedia(5, [types.MessageExtendedMediaPreview()])))
    assert (found.attachment.width, found.attachment.height) == (None, None)


def test_details() -> None:
    address = "https://example.org/" + "a" * 1000
    (found,) = carried(message(media=invoice(photo=types.WebDocumentNoProxy(address, 2, "image/jpeg", []))))
    said = "it is at a third party's address, which is never fetched: "
    assert found.attachment.detail == said + address[:500]
    (found,) = carried(message(media=shared()))
    assert found.attachment.detail == "the post refers to a story that Telegram did not send along"


def test_the_same_bytes_count_once() -> None:
    view = page(photos=[photo(), photo(101), photo(101)], documents=[document(), document()])
    assert of(web_page(photo=photo(), cached_page=view)) == [
        ("web_page", "photo:100:y"),
        ("web_page", "photo:101:y"),
        ("web_page", "document:500:"),
    ]
    # A photo and a document may have the same number, and two things that are missing may be two things.
    assert len(of(paid(shot(1), attached(document(1))))) == 2
    assert len(of(types.MessageMediaPaidMedia(5, [PREVIEW, PREVIEW]))) == 2


@pytest.mark.parametrize("media", [PHOTO, attached(CLIP), IMAGE])
def test_what_destroys_itself_is_marked(media: Any) -> None:
    media = received(media)
    assert [each.self_destructing for each in carried(message(media=media))] == [False]
    media.ttl_seconds = 2**31 - 1
    assert [each.self_destructing for each in carried(message(media=media))] == [True]
    assert carried(message(media=paid(media, IMAGE)))[0].self_destructing


def test_protected_stories_are_marked() -> None:
    for closed in (False, True):
        told = story(PHOTO, noforwards=closed)
        for media in (told, linked(told.story)):
            assert [each.protected for each in carried(message(media=media))] == [closed]


def test_what_one_carrier_asks_holds_for_the_same_image_in_another() -> None:
    told = story(types.MessageMediaPhoto(photo=photo(), ttl_seconds=5), noforwards=True).story
    (found,) = carried(message(media=linked(told, photo=photo())))
    assert (found.attachment.kind, found.self_destructing, found.protected) == (AttachmentKind.WEB_PAGE, True, True)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, None),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime(1901, 12, 13, tzinfo=UTC), None),
        (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (AT, AT),
    ],
)
def test_moments(at: datetime | None, expected: datetime | None) -> None:
    assert moment(at) == expected


def test_an_upload_time_that_is_not_known() -> None:
    (found,) = carried(message(media=shot(date=None)))
    assert found.attachment.uploaded_at is None
    (found,) = carried(message(media=attached(document(date=AT - timedelta(days=1)))))
    assert found.attachment.uploaded_at == AT - timedelta(days=1)


class Wire(bytes):
    """Bytes in the place of an object."""

    def _bytes(self) -> bytes:
        return bytes(self)


TRUE, VECTOR = Wire(bytes.fromhex("b5757299")), Wire(bytes.fromhex("15c4b51c01000000") + bytes(types.PhotoEmpty(1)))
WRONG = [types.PeerUser(1), photo(), PHOTO, document(), types.PhotoEmpty(1), answer(), LARGE, TRUE, VECTOR]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: type(value).__name__)
def test_an_object_in_the_wrong_place_carries_nothing_and_breaks_nothing(wrong: Any) -> None:
    places = [
        types.MessageMediaGame(wrong),
        types.MessageMediaPoll(wrong, wrong, attached_media=wrong),
        poll(wrong),
        shared(wrong),
        types.MessageMediaWebPage(wrong),
        web_page(photo=wrong, document=wrong, cached_page=wrong, attributes=[wrong]),
        web_page(cached_page=page(photos=[wrong], documents=[wrong])),
        linked(wrong),
        types.MessageMediaPaidMedia(5, [wrong]),
        invoice(photo=wrong, extended_media=wrong),
        shot(1, wrong),
        types.MessageMediaPhoto(photo=wrong),
        types.MessageMediaDocument(document=wrong, alt_documents=[wrong], video_cover=wrong),
        file("video/mp4", wrong, thumbs=[wrong]),
        wrong,
    ]
    for media in places:
        seen(carried(message(media=media)))
    seen(carried(message(rich_message=wrong, reply_to=wrong, fwd_from=wrong)))
    seen(carried(message(rich_message=types.RichMessage([wrong], [wrong], [wrong]))))
    seen(carried(message(reply_to=types.MessageReplyHeader(reply_media=wrong))))
    seen(carried(service(wrong, reply_to=wrong)))
