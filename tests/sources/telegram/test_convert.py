"""A message from Telegram as a Post: its fields, its forward header, what is withheld, and its record."""

import base64
import inspect
import json
import re
import struct
import typing
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_origin

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from telethon.tl import types

from provenance.core.model import Attachment, AttachmentKind, ForwardHeader, MediaKind, Missing, PeerKind, Post, Remote
from provenance.sources.telegram.convert import Policy, convert, forward_header, peer
from tests.sources.telegram import (
    AT,
    LARGE,
    REFERENCE,
    SMALL,
    STRIPPED,
    UPLOADED,
    VIDEO,
    document,
    message,
    photo,
    received,
    service,
    story,
    web_page,
)

LATER = AT + timedelta(hours=1)
STRICT = Policy()
PHOTO = types.MessageMediaPhoto(photo=photo())
FADING = types.MessageMediaPhoto(photo=photo(), ttl_seconds=5)
CLIP = document(600, "video/mp4", VIDEO, thumbs=[STRIPPED, SMALL])
CACHED = types.PhotoCachedSize("s", 90, 60, b"the picture itself")
BLANK = types.TextEmpty()


def post(built: Any, policy: Policy = STRICT, *, protected: bool = False) -> Post:
    converted = convert(built, policy, protected=protected)
    assert converted is not None
    assert converted.raw.isascii()
    return converted


def raw(built: Any, policy: Policy = STRICT) -> dict[str, Any]:
    record = json.loads(post(built, policy).raw)
    assert isinstance(record, dict)
    return record


def missing(built: Any, policy: Policy = STRICT, *, protected: bool = False) -> list[Missing | None]:
    attachments = post(built, policy, protected=protected).attachments
    assert all((each.remote is None) == (each.missing is not None) for each in attachments)
    return [each.missing for each in attachments]


def test_a_plain_post() -> None:
    converted = post(message(id=12, message="Just in. \U0001f4f7", media=PHOTO))
    remote = Remote(MediaKind.PHOTO, 100, -100, REFERENCE, 2, 90_000, "y")
    picture = Attachment(
        AttachmentKind.PHOTO, width=1280, height=960, media_id=100, uploaded_at=UPLOADED, remote=remote
    )
    assert converted == Post(12, posted_at=AT, text="Just in. \U0001f4f7", attachments=(picture,), raw=converted.raw)
    assert converted.posted_at is not None
    assert converted.posted_at.tzinfo is UTC


def test_a_post_with_everything() -> None:
    header = types.MessageFwdHeader(date=UPLOADED, from_id=types.PeerChannel(5), channel_post=6)
    built = message(edit_date=LATER, grouped_id=-(2**62), from_scheduled=True, fwd_from=header)
    converted = post(built)
    assert converted == Post(
        7,
        posted_at=AT,
        edited_at=LATER,
        forward=ForwardHeader(None, PeerKind.CHANNEL, 5, 6, UPLOADED),
        album=-(2**62),
        scheduled=True,
        raw=converted.raw,
    )


def test_a_message_that_is_not_there() -> None:
    assert convert(received(types.MessageEmpty(7, types.PeerChannel(1))), STRICT) is None
    assert convert(received(types.MessageEmpty(7, None)), STRICT) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"edit_date": LATER}, LATER),
        ({"edit_date": LATER, "edit_hide": True}, None),
        ({"edit_hide": True}, None),
        ({"edit_date": datetime(1970, 1, 1, tzinfo=UTC)}, None),
    ],
)
def test_edits(fields: dict[str, Any], expected: datetime | None) -> None:
    assert post(message(**fields)).edited_at == expected


def test_a_hidden_edit_stays_in_the_record() -> None:
    assert raw(message(edit_date=LATER, edit_hide=True))["edit_date"] == "2026-01-02T04:04:05+00:00"


def test_no_date_is_not_known() -> None:
    assert post(message(date=None)).posted_at is None
    assert post(service(types.MessageActionPinMessage(), date=None)).posted_at is None


@pytest.mark.parametrize("scheduled", [True, False, None])
def test_scheduled(scheduled: bool | None) -> None:
    assert post(message(from_scheduled=scheduled)).scheduled is bool(scheduled)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"from_id": types.PeerChannel(5), "channel_post": 6}, ForwardHeader(None, PeerKind.CHANNEL, 5, 6, AT)),
        ({"from_id": types.PeerUser(5)}, ForwardHeader(None, PeerKind.USER, 5, None, AT)),
        ({"from_id": types.PeerChat(5)}, ForwardHeader(None, PeerKind.GROUP, 5, None, AT)),
        ({"from_name": "Somebody"}, ForwardHeader("Somebody", at=AT)),
        ({"from_name": ""}, ForwardHeader("", at=AT)),
        ({"from_name": "Old chat", "imported": True}, ForwardHeader("Old chat", at=AT, imported=True)),
        ({}, ForwardHeader(at=AT)),
        ({"date": None}, ForwardHeader()),
        # The last hop is not the source.
        ({"saved_from_peer": types.PeerChannel(8), "saved_from_msg_id": 9}, ForwardHeader(at=AT)),
        ({"saved_from_id": types.PeerUser(8), "saved_from_name": "Hop"}, ForwardHeader(at=AT)),
        # Telethon does not check what it decodes.
        ({"from_id": types.PhotoEmpty(1)}, ForwardHeader(at=AT)),
    ],
)
def test_forward_headers(fields: dict[str, Any], expected: ForwardHeader) -> None:
    header = types.MessageFwdHeader(**({"date": AT} | fields))
    assert forward_header(received(header)) == expected
    assert post(message(fwd_from=header)).forward == expected


def test_no_forward() -> None:
    assert post(message()).forward is None
    assert post(message(fwd_from=types.PhotoEmpty(1))).forward is None


def test_peers() -> None:
    assert peer(types.PeerChannel(2**40)) == (PeerKind.CHANNEL, 2**40)
    assert peer(types.PeerChat(5)) == (PeerKind.GROUP, 5)
    assert peer(types.PeerUser(5)) == (PeerKind.USER, 5)
    with pytest.raises(TypeError, match="PhotoEmpty is no peer"):
        peer(types.PhotoEmpty(5))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (types.MessageActionChannelCreate("A"), "channel_create"),
        (types.MessageActionChatEditPhoto(photo()), "chat_edit_photo"),
        (types.MessageActionSetMessagesTTL(5), "set_messages_ttl"),
        (types.MessageActionEmpty(), "empty"),
        (types.PhotoEmpty(1), "photo_empty"),
    ],
)
def test_service_messages(action: Any, expected: str) -> None:
    converted = post(service(action))
    assert (converted.service, converted.text, converted.posted_at) == (expected, "", AT)


def test_every_action_has_a_name_of_words() -> None:
    actions = get_args(types.TypeMessageAction)
    assert len(actions) > 60
    built = service(types.MessageActionPinMessage())
    for action in actions:
        built.action = action(**dict.fromkeys(fields_of(action)))
        named = post(built).service
        assert named is not None
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", named)
        assert named.replace("_", "") == action.__name__.removeprefix("MessageAction").lower()


def fields_of(cls: Any) -> dict[str, Any]:
    """The fields of a TL class, with what may be in them."""
    named = inspect.signature(cls.__init__).parameters
    return {key: each.annotation for key, each in named.items() if key not in {"self", "args", "kwargs"}}


KEEP_FADING, KEEP_PROTECTED = Policy(keep_self_destructing=True), Policy(keep_protected=True)
KEEP_ALL = Policy(keep_self_destructing=True, keep_protected=True)
OPEN, FADES, CLOSED = None, Missing.SELF_DESTRUCTING, Missing.PROTECTED


@pytest.mark.parametrize(
    ("media", "noforwards", "strict", "keep_fading", "keep_protected"),
    [
        (PHOTO, False, OPEN, OPEN, OPEN),
        (FADING, False, FADES, OPEN, FADES),
        (PHOTO, True, CLOSED, CLOSED, OPEN),
        (FADING, True, FADES, CLOSED, FADES),
        (types.MessageMediaDocument(document=CLIP, ttl_seconds=2**31 - 1), False, FADES, OPEN, FADES),
        (types.MessageMediaDocument(document=document(), ttl_seconds=0), False, FADES, OPEN, FADES),
        (story(PHOTO, noforwards=True), False, CLOSED, CLOSED, OPEN),
        (web_page(photo=photo()), True, CLOSED, CLOSED, OPEN),
        # What cannot be had anyway keeps its own reason.
        (types.MessageMediaPhoto(ttl_seconds=5), True, *[Missing.EXPIRED] * 3),
        (types.MessageMediaDocument(ttl_seconds=5), True, *[Missing.EXPIRED] * 3),
        (types.MessageMediaPhoto(photo=photo(1, STRIPPED), ttl_seconds=5), True, *[Missing.PREVIEW_ONLY] * 3),
    ],
)
def test_policies(
    media: Any,
    noforwards: bool,
    strict: Missing | None,
    keep_fading: Missing | None,
    keep_protected: Missing | None,
) -> None:
    built = message(media=media, noforwards=noforwards)
    assert missing(built) == [strict]
    assert missing(built, KEEP_FADING) == [keep_fading]
    assert missing(built, KEEP_PROTECTED) == [keep_protected]
    if strict in {FADES, CLOSED}:
        assert missing(built, KEEP_ALL) == [OPEN]


def test_a_protected_chat() -> None:
    for built in (message(media=PHOTO), service(types.MessageActionChatEditPhoto(photo()))):
        assert missing(built, protected=True) == [CLOSED]
        assert missing(built, KEEP_PROTECTED, protected=True) == [OPEN]
        assert missing(built, KEEP_FADING, protected=True) == [CLOSED]


def test_what_is_withheld_stays_on_record() -> None:
    (withheld,) = post(message(media=FADING)).attachments
    assert withheld == Attachment(
        AttachmentKind.PHOTO,
        missing=Missing.SELF_DESTRUCTING,
        width=1280,
        height=960,
        media_id=100,
        uploaded_at=UPLOADED,
    )


def test_what_is_withheld_leaves_no_thumbnail_in_the_record() -> None:
    fading = types.MessageMediaPhoto(photo=photo(100, STRIPPED, CACHED, LARGE), ttl_seconds=5)
    for built in (message(media=fading), message(media=PHOTO, noforwards=True)):
        strict, kept = post(built), post(built, KEEP_ALL)
        assert '"bytes"' not in strict.raw
        assert base64.b64encode(STRIPPED.bytes).decode() in kept.raw
    assert base64.b64encode(CACHED.bytes).decode() in post(message(media=fading), KEEP_FADING).raw


def test_the_record_is_the_message() -> None:
    reply = types.MessageReplyHeader(reply_to_msg_id=5, poll_option=b"\x00\xff")
    built = message(message="й\u2028\0", media=PHOTO, views=5, forwards=6, reply_to=reply)
    record = raw(built)
    assert (record["_"], record["message"], record["views"], record["date"]) == (
        "Message",
        "й\u2028\0",
        5,
        "2026-01-02T03:04:05+00:00",
    )
    assert record["reply_to"]["poll_option"] == "AP8="
    shown = record["media"]["photo"]
    assert (shown["id"], shown["access_hash"], shown["dc_id"]) == (100, -100, 2)
    assert base64.b64decode(shown["sizes"][0]["bytes"]) == STRIPPED.bytes
    assert set(record) == set(built.to_dict())
    assert raw(service(types.MessageActionChannelCreate("A")))["action"] == {
        "_": "MessageActionChannelCreate",
        "title": "A",
    }


def test_the_record_has_no_file_references_and_is_always_the_same() -> None:
    parts = {"alt_documents": [document(1, "image/png")], "video_cover": photo(2)}
    built = message(media=types.MessageMediaDocument(document=CLIP, **parts))
    record = post(built).raw
    assert "file_reference" not in record
    assert base64.b64encode(REFERENCE).decode() not in record
    built.media.document.file_reference = b"another"
    assert post(built).raw == record
    assert json.dumps(json.loads(record), sort_keys=True) == record


def test_converting_changes_nothing_in_the_message() -> None:
    built = message(media=PHOTO)
    before = bytes(built)
    post(built)
    assert bytes(built) == before


@pytest.mark.parametrize(("value", "text"), [(float("nan"), "nan"), (float("inf"), "inf"), (float("-inf"), "-inf")])
def test_numbers_that_json_does_not_have(value: float, text: str) -> None:
    place = types.MessageMediaGeo(types.GeoPoint(value, 1.5, 0))
    geo = raw(message(media=place))["media"]["geo"]
    assert (geo["long"], geo["lat"]) == (text, 1.5)


def test_half_a_character_does_not_break_the_record() -> None:
    built = message()
    built.message = "\ud83d"
    assert raw(built)["message"] == "\ud83d"


def test_objects_that_telethon_leaves_in_lists_of_lists() -> None:
    built = message(media=PHOTO)
    built.media.photo = [[types.Photo(1, 2, REFERENCE, AT, [], 4)]]
    assert raw(built)["media"]["photo"] == [
        [
            {
                "_": "Photo",
                "id": 1,
                "access_hash": 2,
                "date": "2026-01-02T03:04:05+00:00",
                "sizes": [],
                "dc_id": 4,
                "has_stickers": None,
                "video_sizes": [],
            }
        ]
    ]


@pytest.mark.parametrize("depth", [100, 5_000])
def test_text_nested_deeply(depth: int) -> None:
    block: Any = types.PageBlockDivider()
    for _ in range(depth):
        block = types.PageBlockBlockquoteBlocks([block], BLANK)
    built = message(message="x", edit_date=LATER)
    built.rich_message = types.RichMessage([block], [photo()], [])
    converted = post(built)
    assert [each.kind for each in converted.attachments] == [AttachmentKind.RICH_TEXT]
    record = json.loads(converted.raw)
    if depth == 100:
        assert record["rich_message"]["blocks"][0]["blocks"]
    else:
        assert record["nested_too_deeply"] is True
        assert (record["_"], record["id"], record["message"]) == ("Message", 7, "x")
        assert record["edit_date"] == "2026-01-02T04:04:05+00:00"
        assert not [key for key in record if key.startswith("_") and key != "_"]


NUMBERS = st.integers(-(2**31), 2**31 - 1)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: NUMBERS | st.sampled_from([0, 1]),
    str: st.text(max_size=20) | st.sampled_from(["image/png", "video/mp4", "y"]),
    bytes: st.binary(max_size=20),
    bool: st.booleans(),
    float: st.floats(),
    datetime: st.datetimes(datetime(1902, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
}


@st.composite
def anything(draw: st.DrawFn, wanted: Any, depth: int) -> Any:
    """An object of the wanted type as the constructors of the layer describe it, or now and then of any other."""
    if isinstance(wanted, typing.ForwardRef):
        wanted = wanted.__forward_arg__
    if isinstance(wanted, str):
        assume(hasattr(types, wanted))  # A few are in the layer's other namespaces.
        wanted = getattr(types, wanted)
    if wanted in PLAIN:
        return draw(PLAIN[wanted])
    if get_origin(wanted) is list:
        count = draw(st.integers(0, 2)) if depth > 0 else 0
        return [draw(anything(get_args(wanted)[0], depth)) for _ in range(count)]
    options = list(get_args(wanted)) or [wanted]
    if type(None) in options:
        options.remove(type(None))
        if depth <= 0 or draw(st.booleans()):
            return None
        if len(options) == 1:
            return draw(anything(options[0], depth))
    if draw(st.integers(0, 19)) == 7:
        options = [types.PhotoEmpty, types.PeerUser, types.Photo, types.GeoPoint]
    return draw(filled(draw(st.sampled_from(options)), depth - 1))


@st.composite
def filled(draw: st.DrawFn, cls: Any, depth: int) -> Any:
    assume(depth > -12)
    return cls(**{key: draw(anything(wanted, depth)) for key, wanted in fields_of(cls).items()})


@st.composite
def messages(draw: st.DrawFn) -> Any:
    """A message with a random content in each place where there may be an image, as it arrives."""
    usual = {"id": draw(NUMBERS), "peer_id": types.PeerChannel(1), "date": draw(PLAIN[datetime])}
    if draw(st.booleans()):
        built = types.MessageService(**usual, action=draw(anything("TypeMessageAction", 4)))
    else:
        built = types.Message(
            **usual,
            message=draw(st.text()),
            noforwards=draw(st.booleans()),
            media=draw(st.none() | anything("TypeMessageMedia", 5)),
            rich_message=draw(st.none() | anything("TypeRichMessage", 3)),
            fwd_from=draw(st.none() | anything("TypeMessageFwdHeader", 2)),
        )
    built.reply_to = draw(st.none() | anything("TypeMessageReplyHeader", 4))
    try:
        return received(built)
    except (AssertionError, struct.error):  # Fields that Telegram sends together or not at all; numbers too long.
        reject()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(messages(), st.builds(Policy, st.booleans(), st.booleans()), st.booleans())
def test_nothing_that_arrives_breaks_it(built: Any, policy: Policy, protected: bool) -> None:
    converted = post(built, policy, protected=protected)
    record = json.loads(converted.raw, parse_constant=pytest.fail)
    assert record["id"] == converted.message_id == built.id
    assert '"file_reference":' not in converted.raw
    keys = [each.remote.key for each in converted.attachments if each.remote]
    assert len(keys) == len(set(keys))
    for each in converted.attachments:
        assert (each.remote is None) == (each.missing is not None)
        assert each.path is None
    assert post(built, policy, protected=protected) == converted
