"""Imports of exports: nothing lost, nothing twice, whatever they hold."""

import hashlib
import json
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provenance.app.ingest import import_exports
from provenance.app.progress import Quiet
from provenance.app.verify import verify
from provenance.archive import schema
from provenance.core.model import Media
from provenance.core.times import dated
from provenance.errors import DamagedExport, HtmlExport, NotAnExport, SourceError
from tests.app.conftest import AT, Desk, after, export, flat, jpeg, posted, put, shot
from tests.stories import message, random_photo, service

LEFT_OUT = "(File not included. Change data exporting settings to download.)"


def counted(desk: Desk, *exports: Path) -> tuple[tuple[int, int, int], tuple[int, int, int, int]]:
    """Import, and return the counts of posts and images as the command prints them."""
    counts = desk.take(*exports).counts
    images = counts.images_new, counts.images_known, counts.images_missing, counts.images_refused
    return (counts.posts_new, counts.posts_known, counts.posts_changed), images


def texts(desk: Desk) -> list[str]:
    return [row.text for row in desk.rows(schema.post_versions)]


def raws(desk: Desk) -> list[Any]:
    return [json.loads(row.raw) for row in desk.rows(schema.post_versions)]


def problems(desk: Desk) -> list[str]:
    return [row.what for row in desk.rows(schema.run_problems)]


def outcomes(desk: Desk) -> list[str]:
    return [row.outcome for row in desk.rows(schema.runs)]


def test_counts_say_what_became_of_posts_and_images(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    messages = [
        service(1, AT, "create_channel", title="x"),
        message(2, AT, text="words"),
        shot(folder, 3, AT, jpeg(1)),
        shot(folder, 4, AT, jpeg(1)),
        message(5, AT, photo=LEFT_OUT),
        message(6, AT, photo="photos/none.jpg"),
        message(7, AT, photo="../../etc/passwd"),
        shot(folder, 8, AT, b"no image"),
    ]
    assert counted(desk, export(folder, *messages)) == ((7, 0, 0), (1, 1, 2, 2))
    assert counted(desk, folder) == ((0, 7, 0), (0, 3, 2, 1))
    export(folder, *messages[:1], message(2, AT, text="other words", edited_unixtime="1734500000"), *messages[2:])
    assert counted(desk, folder) == ((0, 6, 1), (0, 3, 2, 1))
    assert outcomes(desk) == ["done"] * 3
    assert [json.loads(row.summary)["posts"] for row in desk.rows(schema.runs)] == [7, 0, 0]


def test_every_attachment_without_a_file_has_its_reason(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    put(folder / "photos" / "large.jpg", jpeg(1) + bytes(2000))
    (folder / "photos" / "folder.jpg").mkdir()
    os.mkfifo(folder / "photos" / "pipe.jpg")
    (folder / "photos" / "link.jpg").symlink_to("/etc/hostname")
    named = [LEFT_OUT, "photos/none.jpg", "/etc/hostname", "photos/link.jpg", "photos/folder.jpg", "photos/pipe.jpg",
             "photos/large.jpg"]  # fmt: skip
    export(folder, *(message(number, AT, photo=name) for number, name in enumerate(named, 1)))
    import_exports(desk.archive, [folder], desk.sandbox, Quiet(), len(jpeg(1)) + 1000)
    assert [row.missing for row in desk.rows(schema.attachments)] == [
        "not_included", "not_found", "outside_export", "outside_export", "not_a_file", "not_a_file", "too_large",
    ]  # fmt: skip
    # What the exporter left out on purpose is no trouble.
    assert len(problems(desk)) == len(named) - 1
    assert not list(desk.archive.files.stored())


# One export after the other


def test_a_later_export_with_the_file_fills_it_in(desk: Desk, tmp_path: Path) -> None:
    desk.take(export(tmp_path / "a", message(10, AT, photo=LEFT_OUT)))
    assert desk.derived() == set()
    assert counted(desk, posted(tmp_path / "b", jpeg(1))) == ((0, 1, 0), (1, 0, 0, 0))
    assert len(desk.rows(schema.post_versions)) == 1
    ((_, ref, at, basis, _),) = desk.derived()
    assert (ref, at, basis) == ("1/10", AT, "posted")
    assert desk.rows(schema.attachments)[0].missing == "not_included"  # what was observed first stays


def test_a_file_that_is_left_out_later_stays(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    before = desk.derived()
    assert counted(desk, export(tmp_path / "b", message(10, AT, photo=LEFT_OUT))) == ((0, 1, 0), (0, 0, 1, 0))
    assert desk.derived() == before


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("old", "edited", "media", "at"),
    [
        # Edited after the first export: the new picture counts from the edit.
        ({}, {"edited_unixtime": str(int(after(5).timestamp()))}, Media.SWAPPED, after(5)),
        # No sign of an edit: nobody can say which was there first.
        ({}, {}, Media.DISPUTED, AT),
        (
            {"edited_unixtime": str(int(after(2).timestamp()))},
            {"edited_unixtime": str(int(after(5).timestamp()))},
            Media.SWAPPED,
            after(5),
        ),
    ],
)
def test_an_image_swapped_in_by_an_edit(
    desk: Desk,
    tmp_path: Path,
    reverse: bool,
    old: dict[str, object],
    edited: dict[str, object],
    media: Media,
    at: datetime,
) -> None:
    exports = [
        export(tmp_path / "a", shot(tmp_path / "a", 10, AT, jpeg(1), **old)),
        export(tmp_path / "b", shot(tmp_path / "b", 10, AT, jpeg(2), **edited)),
    ]
    for each in reversed(exports) if reverse else exports:
        desk.take(each)
    (new,) = (each for each in desk.sightings() if each.file.sha256 == hashlib.sha256(jpeg(2)).hexdigest())
    assert (new.media, dated(new).at) == (media, at)
    assert any("image" in words for words in dated(new).warnings)
    assert {(ref, when) for _, ref, when, _, _ in desk.derived()} == {("1/10", AT), ("1/10", at)}


@pytest.mark.parametrize("reverse", [False, True])
def test_a_photo_added_to_a_post_counts_from_the_edit(desk: Desk, tmp_path: Path, reverse: bool) -> None:
    exports = [
        export(tmp_path / "a", message(10, AT, text="Soon.")),
        export(
            tmp_path / "b",
            shot(tmp_path / "b", 10, AT, jpeg(1), text="Now.", edited_unixtime=str(int(after(3).timestamp()))),
        ),
    ]
    for each in reversed(exports) if reverse else exports:
        desk.take(each)
    assert [(at, basis) for _, _, at, basis, _ in desk.derived()] == [(after(3), "posted")]
    assert len(desk.rows(schema.post_versions)) == 2


def test_a_post_with_and_without_its_photo_warns(desk: Desk, tmp_path: Path) -> None:
    desk.take(export(tmp_path / "a", message(10, AT, text="Look!")))
    desk.take(export(tmp_path / "b", shot(tmp_path / "b", 10, AT, jpeg(1), text="Look!")))
    (seen,) = desk.sightings()
    assert (seen.media, dated(seen).at) == (Media.DISPUTED, AT)


def test_a_post_that_is_gone_later_stays(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    desk.take(export(folder, shot(folder, 10, AT, jpeg(1)), message(11, AT, text="gone soon")))
    before = desk.observed()
    desk.take(export(tmp_path / "b", message(12, after(1), text="new")))
    assert before <= desk.observed()
    assert texts(desk) == ["", "gone soon", "new"]


def test_one_message_twice_in_one_export_is_two_versions(desk: Desk, tmp_path: Path) -> None:
    desk.take(export(tmp_path / "a", message(1, AT, text="one"), message(2, AT), message(1, AT, text="two")))
    assert sorted(texts(desk)) == ["", "one", "two"]
    assert len(desk.rows(schema.posts)) == 2


def test_the_same_path_given_twice_is_read_once(desk: Desk, tmp_path: Path) -> None:
    folder = posted(tmp_path / "a", jpeg(1))
    assert counted(desk, folder, folder / "result.json") == ((1, 0, 0), (1, 0, 0, 0))


def test_a_whole_account_is_taken_in(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "account"
    chats = [
        {"name": f"Chat {number}", "type": "public_channel", "id": number, "messages": [
            shot(folder, number, after(number), jpeg(1))]}
        for number in (1, 2)
    ]  # fmt: skip
    left = [{"name": "Left", "type": "private_group", "id": 2, "messages": [shot(folder, 3, after(-1), jpeg(1))]}]
    put(folder / "result.json", json.dumps({"chats": {"list": chats}, "left_chats": {"list": left}}).encode())
    assert desk.take(folder).counts.posts_new == 3
    assert len(desk.rows(schema.channels)) == 3
    assert [ref for _, ref, *_ in desk.derived()] == ["2/3"]


# Hostile names and texts

HOSTILE = [
    "<script>alert(1)</script><b>&amp;</b>",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\u202etxt.exe\u202c \u200f\u2066",
    "two\nlines\r\n\u2028\x85\ttabs",
    "=cmd|'/c calc'!A1 ;=1+1 \"quoted\", @SUM",
    "'; DROP TABLE posts; --",
    "🔥\U0010ffff combining e\u0301 \ufffe",
    "%s %n {0} {what} $HOME `id`",
    "a" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_and_texts_are_kept_as_they_are(desk: Desk, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "export"
    post = shot(folder, 1, AT, jpeg(1), text=text, forwarded_from=text, file_name=text)
    desk.take(export(folder, post, message(2, AT, text=["a", {"type": "bold", "text": text}]), name=text))
    assert texts(desk) == [text, "a" + text]
    assert [each["text"] for each in raws(desk)] == [text, ["a", {"type": "bold", "text": text}]]
    (channel,) = desk.rows(schema.channel_names)
    assert channel.title == text
    assert desk.rows(schema.post_versions)[0].forward_name == text
    assert verify(desk.archive, Quiet()).problems == ()


@pytest.mark.parametrize(
    ("escaped", "shown", "raw"),
    [
        ("a\\u0000b", "a\ufffdb", "a\0b"),
        ("a\\x00b", "a\ufffdb", "a\0b"),  # as Telegram Desktop writes control characters
        ("a\\x1bb", "a\x1bb", "a\x1bb"),
        ("a\\ud83d\\ude00b", "a😀b", "a😀b"),
        # Half a character carries nothing that could be kept.
        ("a\\ud83db", "a\ufffdb", "a\ufffdb"),
        ("a\\ude00b", "a\ufffdb", "a\ufffdb"),
    ],
)
def test_what_no_database_takes_is_replaced_and_kept_in_raw(
    desk: Desk, tmp_path: Path, escaped: str, shown: str, raw: str
) -> None:
    folder = export(tmp_path / "export", message(1, AT, text="TEXT"), message(2, AT, text="after"), name="TEXT")
    path = folder / "result.json"
    path.write_text(path.read_text().replace("TEXT", escaped))
    desk.take(folder)
    assert texts(desk) == [shown, "after"]
    assert raws(desk)[0]["text"] == raw
    assert desk.rows(schema.channel_names)[0].title == shown
    assert verify(desk.archive, Quiet()).problems == ()
    before = desk.counts()
    desk.take(folder)
    assert desk.counts() == before


def test_a_text_of_10_mb(desk: Desk, tmp_path: Path) -> None:
    text = "words \u202e\x1b[2J" * 550_000
    assert len(text.encode()) > 7_000_000
    folder = tmp_path / "export"
    desk.take(export(folder, shot(folder, 1, AT, jpeg(1), text=text), message(2, AT)))
    assert texts(desk) == [text, ""]
    assert raws(desk)[0]["text"] == text
    assert {ref for _, ref, *_ in desk.derived()} == {"1/1"}


@pytest.mark.parametrize("at", ["-99999999999999", "99999999999999", "x", "1e400"])
def test_an_impossible_time_costs_only_its_message(desk: Desk, tmp_path: Path, at: str) -> None:
    imported = desk.take(export(tmp_path / "a", message(1, AT), message(2, AT, date_unixtime=at), message(3, AT)))
    assert [row.message_id for row in desk.rows(schema.posts)] == [1, 3]
    assert isinstance(imported.broken, SourceError)
    assert "message 2" in problems(desk)[0] or "message 2" in desk.rows(schema.run_problems)[0].place


# Broken images


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8\xff", b"GIF89a", b"<html></html>", jpeg(1)[:3000], b"\x89PNG\r\n\x1a\n" + bytes(200)],
    ids=["empty", "start of a JPEG", "start of a GIF", "HTML", "cut off", "PNG of zeros"],
)
def test_a_broken_image_is_refused_and_kept(desk: Desk, tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "export"
    posts = [shot(folder, 1, AT, jpeg(1)), shot(folder, 2, AT, content), shot(folder, 3, AT, jpeg(2))]
    assert counted(desk, export(folder, *posts)) == ((3, 0, 0), (2, 0, 0, 1))
    digest = hashlib.sha256(content).hexdigest()
    (trouble,) = desk.rows(schema.run_problems)
    assert trouble.place == "«Channel 1», message 2, photos/2.jpg"
    assert desk.archive.files.path(digest).read_bytes() == content
    assert {ref for _, ref, *_ in desk.derived()} == {"1/1", "1/2", "1/3"}
    # What is cut off may still tell about itself.
    assert {row.problem for row in desk.rows(schema.inspections) if row.problem} == {trouble.what}
    assert counted(desk, folder)[1] == (0, 3, 0, 0)  # judged once


# Damaged exports

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda whole: whole[: whole.index(b'"id": 3')],
    "not JSON": lambda whole: whole.replace(b'"id": 3', b'"id" 3'),
    "not UTF-8": lambda whole: whole.replace(b'"text": "three"', b'"text": "\xff\xfe"'),
    "zeros": lambda whole: whole[: whole.index(b'"id": 3')] + bytes(500),
    "an endless nesting": lambda whole: whole[: whole.index(b'"id": 3')] + b'"x":' + b"[" * 20_000,
}


def damaged(folder: Path, how: str, number: int = 1) -> Path:
    words = ["one", "two", "three", "four"]
    export(folder, *(shot(folder, index, after(index), jpeg(index), text=words[index - 1]) for index in (1, 2, 3, 4)),
           number=number)  # fmt: skip
    path = folder / "result.json"
    broken = DAMAGE[how](path.read_bytes())
    assert broken != path.read_bytes()
    path.write_bytes(broken)
    return folder


@pytest.mark.parametrize("how", DAMAGE)
def test_what_stands_before_the_damage_is_archived(desk: Desk, tmp_path: Path, how: str) -> None:
    imported = desk.take(damaged(tmp_path / "export", how))
    assert texts(desk) == ["one", "two"]
    assert isinstance(imported.broken, DamagedExport)
    assert "after message 2" in str(imported.broken)
    assert "\n" not in str(imported.broken)
    assert outcomes(desk) == ["damaged"]
    assert len(problems(desk)) == 1
    assert {ref for _, ref, *_ in desk.derived()} == {"1/1", "1/2"}
    assert verify(desk.archive, Quiet()).problems == ()


def test_one_damaged_export_costs_the_others_nothing(desk: Desk, tmp_path: Path) -> None:
    good = [posted(tmp_path / str(number), jpeg(1), after(number), number=number) for number in (2, 3)]
    imported = desk.take(tmp_path / "none", good[0], damaged(tmp_path / "bad", "cut off"), good[1])
    assert [type(each) for each in imported.damaged] == [NotAnExport, DamagedExport]
    assert imported.broken is imported.damaged[-1]
    assert imported.counts.posts_new == 4
    assert len(imported.counts.channels) == 3
    assert outcomes(desk) == ["damaged"]


def test_messages_of_a_wrong_shape_are_named_and_counted(desk: Desk, tmp_path: Path) -> None:
    wrong = [{"id": []}, {"id": 3, "text": 5}, "word", None]
    imported = desk.take(export(tmp_path / "a", message(1, AT, text="one"), message(9, AT, text="nine")))
    assert imported.broken is None
    folder = export(tmp_path / "b", message(1, AT, text="one"), message(10, AT, text="ten"))
    chat = json.loads((folder / "result.json").read_text())
    chat["messages"][1:1] = wrong
    (folder / "result.json").write_text(json.dumps(chat))
    imported = desk.take(folder)
    assert texts(desk) == ["one", "nine", "ten"]
    assert len(imported.misshapen) == len(wrong) == len(problems(desk))
    assert f"and {len(wrong) - 1} more such messages" in str(imported.broken)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", NotAnExport),
        (b"[]", NotAnExport),
        (b'{"a": 1}', NotAnExport),
        (b"\xff\xfe{\x00}\x00", NotAnExport),
        (b'{"id": 1, "messages": 3}', NotAnExport),
        (None, HtmlExport),
    ],
    ids=["empty", "a list", "other JSON", "UTF-16", "no list of messages", "HTML"],
)
def test_what_is_no_export_leaves_the_archive_as_it_was(
    desk: Desk, tmp_path: Path, content: bytes | None, error: type[SourceError]
) -> None:
    desk.take(posted(tmp_path / "good", jpeg(1)))
    before = desk.observed(), desk.derived()
    folder = tmp_path / "bad"
    put(folder / "messages.html", b"<html>") if content is None else put(folder / "result.json", content)
    try:
        found = desk.take(folder).broken
    except SourceError as raised:
        found = raised
    assert type(found) is error
    assert (desk.observed(), desk.derived()) == before


def test_flat_images_share_nothing_but_their_bytes(desk: Desk, tmp_path: Path) -> None:
    contents = [flat(200), flat(201), flat(200)]
    desk.take(*(posted(tmp_path / str(n), content, after(n), number=n + 1) for n, content in enumerate(contents)))
    assert {frozenset(each[0] for each in seen) for seen, *_ in desk.derived()} == {
        frozenset({1, 3}),
        frozenset({2}),
    }


def test_one_transaction_is_never_too_large_to_hold(desk: Desk, tmp_path: Path) -> None:
    """More posts than one batch: every one arrives once."""
    rng = random.Random(1)
    numbers = rng.sample(range(1, 5000), 1203)
    desk.take(export(tmp_path / "a", *(message(number, AT, text=str(number)) for number in numbers)))
    assert sorted(row.message_id for row in desk.rows(schema.posts)) == sorted(numbers)
    (covered,) = desk.rows(schema.coverage)
    assert (covered.first_message_id, covered.last_message_id, covered.messages) == (min(numbers), max(numbers), 1203)


def test_observed_at_is_when_the_import_ran(desk: Desk, tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    desk.take(posted(tmp_path / "a", jpeg(1)))
    (run,) = desk.rows(schema.runs)
    (version,) = desk.rows(schema.post_versions)
    assert before <= run.started_at <= version.observed_at <= run.ended_at <= datetime.now(UTC)
    assert random_photo(1).size == (desk.rows(schema.files)[0].width, desk.rows(schema.files)[0].height)
