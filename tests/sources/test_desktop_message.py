"""One message of an export: what becomes of each of its fields, and what makes it a Problem."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provenance.core.model import Attachment, AttachmentKind, ForwardHeader, Missing, PeerKind, Post, Problem
from provenance.sources.desktop_message import as_album, continues_album, convert
from tests.stories import message, service

AT = datetime(2024, 12, 24, 20, 15, 1, tzinfo=UTC)
LEFT_OUT = "(File not included. Change data exporting settings to download.)"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("photos/a.jpg", "files/b.png", "files/b.png_thumb.jpg", "files/c.mp4_thumb.jpg", "stickers/d.webp"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def post(root: Path, built: object) -> Post:
    converted = convert(built, root)
    assert isinstance(converted, Post), converted
    return converted


def found(root: Path, **fields: object) -> list[tuple[AttachmentKind, str | None]]:
    """Kind, and name below the export or the reason why there is none, of each attachment."""
    attachments = post(root, message(7, AT, **fields)).attachments  # type: ignore[arg-type]
    return [
        (each.kind, each.missing if each.path is None else Path(each.path).relative_to(root).as_posix())
        for each in attachments
    ]


def test_a_plain_message(root: Path) -> None:
    built = message(7, AT, text="Just in.", photo="photos/a.jpg", width=480, height=320)
    converted = post(root, built)
    assert converted == Post(
        message_id=7,
        posted_at=AT,
        text="Just in.",
        attachments=(
            Attachment(AttachmentKind.PHOTO, str(root / "photos/a.jpg"), name="photos/a.jpg", width=480, height=320),
        ),
        raw=converted.raw,
    )
    assert converted.raw.isascii()
    assert json.loads(converted.raw) == built


@pytest.mark.parametrize("unix", ["1735071301", 1735071301])
def test_unix_time_beats_the_local_date(root: Path, unix: object) -> None:
    converted = post(root, {"id": 1, "date": "2001-01-01T00:00:00", "date_unixtime": unix})
    assert (converted.posted_at, converted.claimed_at) == (AT, None)


def test_a_local_date_alone_is_a_claim(root: Path) -> None:
    converted = post(root, {"id": 1, "date": "2024-12-24T20:15:01"})
    assert (converted.posted_at, converted.claimed_at) == (None, AT)


def test_no_date_at_all_is_not_known(root: Path) -> None:
    converted = post(root, {"id": 1})
    assert (converted.posted_at, converted.claimed_at, converted.edited_at) == (None, None, None)


def test_edits(root: Path) -> None:
    later = AT + timedelta(hours=1)
    both = post(root, message(1, AT, edited="2001-01-01T00:00:00", edited_unixtime=str(int(later.timestamp()))))
    assert both.edited_at == later
    assert post(root, message(1, AT, edited="2024-12-24T21:15:01")).edited_at == later
    assert post(root, message(1, AT)).edited_at is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ([], ""),
        ("<b>&\n\x1b[31m\u202e=cmd|' /C calc'!A0\0", "<b>&\n\x1b[31m\u202e=cmd|' /C calc'!A0\0"),
        (["One ", {"type": "bold", "text": "two"}, " three"], "One two three"),
        ([{"type": "text_link", "text": "here", "href": "https://example.org"}], "here"),
        ([{"type": "custom_emoji"}, "x"], "x"),
        ([{"type": "bold", "text": None}, "x"], "x"),
        ("я" * 5_000_000, "я" * 5_000_000),
    ],
    ids=["empty", "no parts", "hostile", "parts", "link", "part without text", "part with null", "ten megabytes"],
)
def test_texts(root: Path, text: object, expected: str) -> None:
    assert post(root, {"id": 1, "text": text}).text == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"forwarded_from": "Eyes & Ears"}, ForwardHeader("Eyes & Ears")),
        ({"forwarded_from": "A", "forwarded_from_id": "channel150"}, ForwardHeader("A", PeerKind.CHANNEL, 150)),
        ({"forwarded_from": "A", "forwarded_from_id": "user150"}, ForwardHeader("A", PeerKind.USER, 150)),
        ({"forwarded_from": "A", "forwarded_from_id": "chat150"}, ForwardHeader("A", PeerKind.GROUP, 150)),
        ({"forwarded_from": "A", "forwarded_from_id": "group150"}, ForwardHeader("A", PeerKind.GROUP, 150)),
        ({"forwarded_from": None, "forwarded_from_id": "user1"}, ForwardHeader(None, PeerKind.USER, 1)),
        ({"forwarded_from": "A", "forwarded_from_id": "planet150"}, ForwardHeader("A")),
        ({"forwarded_from": "A", "forwarded_from_id": "channel-1"}, ForwardHeader("A")),
        ({"forwarded_from": "A", "forwarded_from_id": "channel" + "9" * 40}, ForwardHeader("A")),
        ({"forwarded_from": "A", "forwarded_from_id": "channel150\n"}, ForwardHeader("A")),
        # Desktop writes null where the source's name is not known: a deleted account. It was forwarded all the same.
        ({"forwarded_from": None}, ForwardHeader("")),
    ],
)
def test_forward_headers(root: Path, fields: dict[str, object], expected: ForwardHeader | None) -> None:
    assert post(root, {"id": 1, **fields}).forward == expected


def test_service_messages(root: Path) -> None:
    assert post(root, service(1, AT, "create_channel")).service == "create_channel"
    assert post(root, {"id": 1, "type": "service"}).service == "unnamed"
    assert post(root, {"id": 1, "type": "unsupported"}).service is None
    changed = post(root, service(2, AT, "edit_group_photo", photo="photos/a.jpg"))
    assert changed.service == "edit_group_photo"
    assert [each.kind for each in changed.attachments] == [AttachmentKind.CHAT_PHOTO]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"file": "files/b.png", "mime_type": "image/png"}, [("document", "files/b.png")]),
        ({"file": "files/b.png"}, [("document", "files/b.png")]),
        ({"file": "files/b.png", "mime_type": "image/png", "thumbnail": "files/b.png_thumb.jpg"},
         [("document", "files/b.png")]),
        ({"file": LEFT_OUT, "file_name": "b.png", "thumbnail": "files/b.png_thumb.jpg"},
         [("document", Missing.NOT_INCLUDED), ("document_thumbnail", "files/b.png_thumb.jpg")]),
        ({"file": LEFT_OUT, "mime_type": "image/png"}, [("document", Missing.NOT_INCLUDED)]),
        ({"file": "gone.pdf", "mime_type": "application/pdf"}, []),
        ({"file": "gone.pdf", "mime_type": "application/pdf", "thumbnail": "files/b.png_thumb.jpg"},
         [("document_thumbnail", "files/b.png_thumb.jpg")]),
        ({"file": "c.mp4", "media_type": "video_file", "mime_type": "video/mp4", "thumbnail": "files/c.mp4_thumb.jpg"},
         [("video_thumbnail", "files/c.mp4_thumb.jpg")]),
        ({"file": "c.mp4", "mime_type": "video/mp4", "thumbnail": "files/c.mp4_thumb.jpg"},
         [("video_thumbnail", "files/c.mp4_thumb.jpg")]),
        ({"file": "c.gif", "media_type": "animation", "mime_type": "image/gif"}, []),
        ({"file": "c.ogg", "media_type": "voice_message", "mime_type": "audio/ogg"}, []),
        ({"file": "stickers/d.webp", "media_type": "sticker", "mime_type": "image/webp"},
         [("sticker", "stickers/d.webp")]),
        ({"file": "d.tgs", "media_type": "sticker", "mime_type": "application/x-tgsticker",
          "thumbnail": "stickers/d.webp"}, [("sticker", "stickers/d.webp")]),
    ],
)  # fmt: skip
def test_files_and_thumbnails(root: Path, fields: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert found(root, **fields) == expected


def test_a_sticker_is_shown_by_its_kind_and_keeps_its_size(root: Path) -> None:
    fields = {"file": "stickers/d.webp", "media_type": "sticker", "mime_type": "image/webp", "width": 512}
    (sticker,) = post(root, message(1, AT, **fields)).attachments  # type: ignore[arg-type]
    assert (sticker.kind, sticker.width, sticker.height) == (AttachmentKind.STICKER, 512, None)


@pytest.mark.parametrize(
    ("named", "missing"),
    [
        (LEFT_OUT, Missing.NOT_INCLUDED),
        ("(File exceeds maximum size. Change data exporting settings to download.)", Missing.NOT_INCLUDED),
        ("(File unavailable, please try again later)", Missing.NOT_INCLUDED),
        ("photos/gone.jpg", Missing.NOT_FOUND),
        ("../outside.jpg", Missing.OUTSIDE_EXPORT),
        ("/etc/hostname", Missing.OUTSIDE_EXPORT),
        ("photos", Missing.NOT_A_FILE),
        ("", Missing.OUTSIDE_EXPORT),
        ("a\0.jpg", Missing.OUTSIDE_EXPORT),
    ],
)
def test_photos_without_a_file_say_why(root: Path, named: str, missing: Missing) -> None:
    (attachment,) = post(root, message(1, AT, photo=named)).attachments
    assert (attachment.path, attachment.missing) == (None, missing)
    assert attachment.detail


def test_a_photo_name_that_no_file_can_have_costs_only_the_photo(root: Path) -> None:
    converted = post(root, message(1, AT, text="Still here.", photo="photos/\ud800.jpg"))
    assert converted.text == "Still here."
    assert converted.attachments[0].path is None


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "a", "views": 10**40, "unknown": {"deep": [1, 2.5, None, True]}, "reactions": []},
        {"text": "a", "reply_to_message_id": "x", "from": 7, "poll": None},
    ],
)
def test_unknown_keys_are_kept_and_do_no_harm(root: Path, fields: dict[str, object]) -> None:
    built = {"id": 1, **fields}
    assert json.loads(post(root, built).raw) == built


@pytest.mark.parametrize(
    ("built", "where"),
    [
        (None, "without a number"),
        (5, "without a number"),
        ("x", "without a number"),
        ([1], "without a number"),
        ({}, "without a number"),
        ({"id": None}, "without a number"),
        ({"id": "seven"}, "message seven"),
        ({"id": True}, "message"),
        ({"id": 1.5}, "without a number"),
        ({"id": 2**63}, str(2**63)),
        ({"id": 10**40}, str(10**40)),
        ({"id": 3, "text": 5}, "message 3"),
        ({"id": 3, "text": None}, "message 3"),
        ({"id": 3, "text": [5]}, "message 3"),
        ({"id": 3, "photo": ["a.jpg"]}, "message 3"),
        ({"id": 3, "file": {}}, "message 3"),
        ({"id": 3, "width": "wide"}, "message 3"),
        ({"id": 3, "type": 1}, "message 3"),
        ({"id": 3, "date": "yesterday"}, "message 3"),
        ({"id": 3, "date_unixtime": "soon"}, "message 3"),
        ({"id": 3, "date_unixtime": 10**18}, "message 3"),
        ({"id": 3, "date_unixtime": str(10**40)}, "message 3"),
        ({"id": 3, "date_unixtime": -(10**18)}, "message 3"),
        ({"id": 3, "edited_unixtime": []}, "message 3"),
        ({"id": 3, "forwarded_from": 5}, "message 3"),
    ],
)
def test_wrong_types_are_a_problem(root: Path, built: object, where: str) -> None:
    problem = convert(built, root)
    assert isinstance(problem, Problem)
    assert where in problem.where
    assert problem.what
    assert problem.what.isprintable()


def test_deep_nesting_is_a_problem(root: Path) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert convert({"id": 3, "x": deep}, root) == Problem("message 3", "nested too deeply")


def test_a_very_long_wrong_value_gives_a_short_problem(root: Path) -> None:
    problem = convert({"id": "x" * 1_000_000, "date": "y" * 1_000_000}, root)
    assert isinstance(problem, Problem)
    assert len(problem.where) + len(problem.what) < 1000


PICTURE = (Attachment(AttachmentKind.PHOTO, "a.jpg"),)


@pytest.mark.parametrize(
    ("last", "following", "continues"),
    [
        (Post(1, AT, attachments=PICTURE), Post(2, AT, attachments=PICTURE), True),
        (Post(1, AT, attachments=PICTURE), Post(3, AT, attachments=PICTURE), False),
        (Post(1, AT, attachments=PICTURE), Post(2, AT + timedelta(seconds=1), attachments=PICTURE), False),
        (Post(1, AT, attachments=PICTURE), Post(2, AT), False),
        (Post(1, AT), Post(2, AT, attachments=PICTURE), False),
        (Post(1, attachments=PICTURE), Post(2, attachments=PICTURE), False),
        (Post(1, AT, attachments=PICTURE, service="x"), Post(2, AT, attachments=PICTURE), False),
        (Post(1, AT, attachments=PICTURE), Post(2, AT, attachments=PICTURE, forward=ForwardHeader("A")), False),
    ],
)
def test_neighbours_that_make_an_album(last: Post, following: Post, continues: bool) -> None:
    assert continues_album(last, following) is continues


def test_an_album_is_named_after_its_first_post() -> None:
    assert [(each.album, each.album_inferred) for each in as_album([Post(4), Post(5), Post(6)])] == [(4, True)] * 3
    assert as_album([Post(4)]) == [Post(4)]
    assert as_album([]) == []
