import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.archive import migrate, observe, read, schema
from provenance.archive.observe import Arrived, archived_post, identity, version_hash
from provenance.core.model import (
    Attachment,
    AttachmentKind,
    ForwardHeader,
    Missing,
    PeerKind,
    Post,
    Problem,
    Source,
)
from tests.archive.conftest import Desk, arrived, stored
from tests.core.build import NEWS, NOON, channel, hour


def recomputed(desk: Desk) -> list[tuple[str, str]]:
    """For every version the hash that is stored, and the one that its rows give."""
    posts = {row.id: row for row in desk.rows(schema.posts)}
    channels = {row.id: row for row in desk.rows(schema.channels)}
    attachments = desk.rows(schema.attachments)
    found = []
    for row in desk.rows(schema.post_versions):
        where = channels[posts[row.post_id].channel_id]
        attached = [each for each in attachments if each.version_id == row.id]
        post = archived_post(posts[row.post_id].message_id, row, attached)
        found.append((row.sha256, version_hash(identity(where.kind, where.peer_id, post), row.raw)))
    return found


def brought(counts: observe.Counts) -> dict[str, int]:
    """The counts that are not zero."""
    names = [name for name in (*counts.__slots__, "images_new") if name not in {"channels", "new_files"}]
    return {name: getattr(counts, name) for name in names if getattr(counts, name)}


# Runs


def test_a_run_is_running_until_it_is_finished(desk: Desk) -> None:
    (row,) = desk.rows(schema.runs)
    assert (row.command, json.loads(row.details), row.started_at) == ("import telegram-export", ["/exports/one"], NOON)
    assert (row.outcome, row.ended_at, row.summary) == ("running", None, None)
    with desk.archive.write() as connection:
        observe.finish_run(connection, desk.run, "done", {"posts": 3}, hour(1))
    (row,) = desk.rows(schema.runs)
    assert (row.outcome, row.ended_at, json.loads(row.summary)) == ("done", hour(1), {"posts": 3})


def test_problems_are_kept_whatever_their_words(desk: Desk) -> None:
    problems = [Problem("«\ud800»", "a\0b"), Problem("there", "\x1b[31m")]
    with desk.archive.write() as connection:
        observe.add_problems(connection, desk.run, problems)
        observe.add_problems(connection, desk.run, [])
    found = desk.rows(schema.run_problems)
    assert [(row.run_id, row.what) for row in found] == [(desk.run, "a\ufffdb"), (desk.run, "\x1b[31m")]


# Posts


def test_new_posts(desk: Desk) -> None:
    counts = desk.add(arrived(1, b"a"), arrived(2, b"b", b"c"), arrived(3), now=hour(5))
    assert brought(counts) == {"posts_new": 3, "images_new": 3}
    assert [(row.message_id, row.deleted_seen_at) for row in desk.rows(schema.posts)] == [
        (1, None),
        (2, None),
        (3, None),
    ]
    assert [(row.post_id, row.run_id, row.source, row.observed_at) for row in desk.rows(schema.post_versions)] == [
        (i, desk.run, "import", hour(5)) for i in (1, 2, 3)
    ]
    assert [(row.version_id, row.position, row.file_id) for row in desk.rows(schema.attachments)] == [
        (1, 0, 1),
        (2, 0, 2),
        (2, 1, 3),
    ]
    assert [(row.sha256, row.size) for row in desk.rows(schema.files)] == [
        (stored(each).sha256, 1) for each in (b"a", b"b", b"c")
    ]
    assert desk.unresolved() == {1, 2, 3}


def test_the_same_posts_again_change_nothing_but_the_coverage(desk: Desk) -> None:
    posts = [
        arrived(1, b"a", edited_at=hour(1)),
        arrived(2, None, forward=ForwardHeader("Daily")),
        arrived(3, text="x"),
    ]
    desk.add(*posts)
    tables = [table for table in schema.metadata.sorted_tables if table.name not in {"runs", "coverage"}]
    before = {table.name: desk.rows(table) for table in tables}
    desk.start()
    assert brought(desk.add(*posts)) == {"posts_known": 3, "images_known": 1, "images_missing": 1}
    assert {table.name: desk.rows(table) for table in tables} == before
    assert [row.run_id for row in desk.rows(schema.coverage)] == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "corrected"},
        {"edited_at": hour(1)},
        {"posted_at": hour(1)},
        {"posted_at": None},
        {"claimed_at": NOON},
        {"forward": ForwardHeader("Daily")},
        {"forward": ForwardHeader("Daily", PeerKind.CHANNEL, 2, 7, NOON)},
        {"forward": ForwardHeader(imported=True)},
        {"scheduled": True},
        {"service": "pin_message"},
        {"media": [{"media_id": 5}]},
        {"media": [{"uploaded_at": NOON}]},
        {"media": [{"kind": AttachmentKind.DOCUMENT}]},
    ],
)
def test_a_post_that_says_something_else_gets_a_new_version(desk: Desk, change: dict[str, Any]) -> None:
    desk.add(arrived(1, b"a"))
    assert brought(desk.add(arrived(1, b"a", **change))) == {"posts_changed": 1, "images_known": 1}
    assert len(desk.rows(schema.post_versions)) == 2
    assert len(desk.rows(schema.posts)) == 1
    # Both accounts are known from now on.
    assert brought(desk.add(arrived(1, b"a"))) == {"posts_known": 1, "images_known": 1}
    assert brought(desk.add(arrived(1, b"a", **change))) == {"posts_known": 1, "images_known": 1}


@pytest.mark.parametrize("change", [{"raw": '{"reactions": 7}'}, {"album": 1, "album_inferred": True}])
def test_what_readers_do_to_a_post_makes_no_version(desk: Desk, change: dict[str, Any]) -> None:
    desk.add(arrived(1, b"a"))
    assert brought(desk.add(arrived(1, b"a", **change))) == {"posts_known": 1, "images_known": 1}


def test_other_bytes_in_the_same_post_are_a_new_version(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    assert brought(desk.add(arrived(1, b"b"))) == {"posts_changed": 1, "images_new": 1}
    assert [(row.version_id, row.file_id) for row in desk.rows(schema.attachments)] == [(1, 1), (2, 2)]
    assert brought(desk.add(arrived(1, b"a"))) == {"posts_known": 1, "images_known": 1}


def test_a_file_that_comes_late_fills_its_place(desk: Desk) -> None:
    desk.add(arrived(1, b"a", None))
    assert brought(desk.add(arrived(1, None, b"b"))) == {"posts_known": 1, "images_new": 1, "images_missing": 1}
    found = desk.rows(schema.attachments)
    assert [(row.version_id, row.position, row.file_id) for row in found] == [(1, 0, 1), (1, 1, 2)]
    assert found[1].missing == Missing.NOT_INCLUDED  # how it had been the first time
    assert desk.unresolved() == {1, 2}


def test_a_file_that_comes_late_puts_all_files_of_the_post_in_question(desk: Desk) -> None:
    # Until now it might have been the image that the other version holds.
    desk.add(arrived(1, None), arrived(2, b"other"))
    desk.add(arrived(1, b"a", edited_at=hour(1)))
    desk.chain(1, [1, 2])
    desk.add(arrived(1, b"b"))
    assert desk.unresolved() == {2, 3}


def test_a_file_that_is_left_out_later_stays(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    assert brought(desk.add(arrived(1, None))) == {"posts_known": 1, "images_missing": 1}
    assert [row.file_id for row in desk.rows(schema.attachments)] == [1]


def test_a_header_that_names_nobody_is_known_again(desk: Desk) -> None:
    # An export's `forwarded_from_id` of an unknown form gives a header without anything in it.
    post = arrived(1, b"a", forward=ForwardHeader())
    desk.add(post)
    assert brought(desk.add(post)) == {"posts_known": 1, "images_known": 1}


def test_the_same_number_in_another_channel_is_another_post(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    for other in (channel(2), channel(1, kind=PeerKind.USER)):
        assert brought(desk.add(arrived(1, b"a"), channel=other)) == {"posts_new": 1, "images_known": 1}
    assert [(row.kind, row.peer_id) for row in desk.rows(schema.channels)] == [
        ("channel", 1),
        ("channel", 2),
        ("user", 1),
    ]


@pytest.mark.parametrize(
    ("missing", "counted"),
    [
        (Missing.NOT_INCLUDED, "images_missing"),
        (Missing.NOT_FOUND, "images_missing"),
        (Missing.UNREADABLE, "images_missing"),
        (Missing.SELF_DESTRUCTING, "images_missing"),
        (Missing.PROTECTED, "images_missing"),
        (Missing.PREVIEW_ONLY, "images_missing"),
        (Missing.EXPIRED, "images_missing"),
        (Missing.OUTSIDE_EXPORT, "images_refused"),
        (Missing.NOT_A_FILE, "images_refused"),
        (Missing.TOO_LARGE, "images_refused"),
    ],
)
def test_an_attachment_without_a_file_keeps_the_reason(desk: Desk, missing: Missing, counted: str) -> None:
    about = {"missing": missing, "detail": "(File not included\0)", "name": "p.jpg", "width": 4, "height": 3}
    assert brought(desk.add(arrived(1, None, media=[about]))) == {"posts_new": 1, counted: 1}
    (row,) = desk.rows(schema.attachments)
    assert (row.file_id, row.missing, row.detail) == (None, missing, "(File not included\ufffd)")
    assert (row.name, row.width, row.height) == ("p.jpg", 4, 3)


def test_the_same_bytes_in_several_posts_are_one_file(desk: Desk) -> None:
    assert brought(desk.add(arrived(1, b"a"), arrived(2, b"a", b"b"))) == {
        "posts_new": 2,
        "images_new": 2,
        "images_known": 1,
    }
    assert len(desk.rows(schema.files)) == 2


def test_service_messages_count_only_with_an_image(desk: Desk) -> None:
    counts = desk.add(arrived(1, service="create_channel"), arrived(2, b"a", service="edit_chat_photo"))
    assert brought(counts) == {"posts_new": 1, "images_new": 1}
    assert len(desk.rows(schema.post_versions)) == 2


def test_a_new_version_puts_all_files_of_the_post_in_question(desk: Desk) -> None:
    desk.add(arrived(1, b"a"), arrived(2, b"other"))
    desk.chain(1, [1, 2])
    assert desk.unresolved() == set()
    desk.add(arrived(1, b"b", edited_at=hour(1)))
    assert desk.unresolved() == {1, 3}
    desk.chain(1, [1, 3])
    desk.add(arrived(1, text="no image any more", edited_at=hour(2)))
    assert desk.unresolved() == {1, 3}


def test_what_is_known_already_puts_nothing_in_question(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    desk.chain(1, [1])
    desk.add(arrived(1, b"a"), arrived(1000, text="words"))
    assert desk.unresolved() == set()


# Channels


def names(desk: Desk) -> list[tuple[str, str | None, datetime, datetime]]:
    return [(row.title, row.username, row.seen_from, row.seen_to) for row in desk.rows(schema.channel_names)]


def test_a_channel_keeps_its_names(desk: Desk) -> None:
    for hours, title in ((0, "Old"), (1, "Old"), (2, "New"), (3, "Old")):
        desk.add(arrived(1), channel=channel(1, title), now=hour(hours))
    assert names(desk) == [
        ("Old", None, NOON, hour(1)),
        ("New", None, hour(2), hour(2)),
        ("Old", None, hour(3), hour(3)),
    ]
    assert len(desk.rows(schema.channels)) == 1


def test_a_source_that_does_not_know_the_username_does_not_take_it_away(desk: Desk) -> None:
    for hours, username in ((0, None), (1, "news"), (2, None), (3, "other")):
        desk.add(arrived(1), channel=replace(NEWS, username=username), now=hour(hours))
    assert names(desk) == [
        ("News", None, NOON, NOON),
        ("News", "news", hour(1), hour(2)),
        ("News", "other", hour(3), hour(3)),
    ]


def test_a_new_name_puts_the_channels_chains_in_question(desk: Desk) -> None:
    desk.add(arrived(1, b"a"), arrived(2, b"b"))
    desk.add(arrived(1, b"c"), channel=channel(2))
    desk.chain(1, [1, 2, 3])
    desk.add(arrived(3))
    assert desk.unresolved() == set()
    desk.add(arrived(3), channel=channel(1, "Renamed"))
    assert desk.unresolved() == {1, 2}


def test_a_hostile_title_is_one_name(desk: Desk) -> None:
    for _ in range(2):
        desk.add(arrived(1), channel=channel(1, "<b>\0\ud800=cmd\u202e"))
    assert len(names(desk)) == 1


# Hostile content


@pytest.mark.parametrize(
    "text",
    [
        "a\0b",
        "lone \ud800 surrogate",
        "\x1b]0;title\x07\u202e\r\n\u2028",
        "=cmd|'/c calc'!A0",
        "'; DROP TABLE posts; --",
        "ä🔥" * 1_700_000,
        "\0\ud800" * 1000,
    ],
    ids=["nul", "surrogate", "escapes", "formula", "sql", "10 MB", "many"],
)
def test_hostile_text_is_kept_and_known_again(desk: Desk, text: str) -> None:
    raw = json.dumps({"text": text})
    post = arrived(1, b"a", text=text, forward=ForwardHeader(text), raw=raw, media=[{"name": text}])
    desk.add(post)
    assert brought(desk.add(post)) == {"posts_known": 1, "images_known": 1}
    (row,) = desk.rows(schema.post_versions)
    assert json.loads(row.raw)["text"] == text  # whatever was replaced beside it
    assert row.text == row.forward_name
    whole = not {"\0", "\ud800"} & set(text)
    assert (row.text == text) is whole
    assert [one == other for one, other in recomputed(desk)] == [True]


# What verify computes again

TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
TIMES = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
IDS = st.none() | st.integers(-(2**63), 2**63 - 1)
FORWARDS = st.none() | st.builds(
    ForwardHeader,
    st.none() | TEXTS,
    st.none() | st.sampled_from(PeerKind),
    peer_id=IDS,
    message_id=IDS,
    at=TIMES,
    imported=st.booleans(),
)
PHOTOS = st.tuples(
    st.builds(
        Attachment,
        st.sampled_from(AttachmentKind),
        missing=st.just(Missing.NOT_FOUND),
        media_id=IDS,
        uploaded_at=TIMES,
        name=st.none() | TEXTS,
    ),
    st.none() | st.binary(max_size=1).map(stored),
)
POSTS = st.builds(
    Post,
    message_id=st.just(0),
    posted_at=TIMES,
    edited_at=TIMES,
    claimed_at=TIMES,
    text=TEXTS,
    forward=FORWARDS,
    service=st.none() | TEXTS,
    scheduled=st.booleans(),
    raw=st.dictionaries(TEXTS, TEXTS, max_size=2).map(json.dumps),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Iterator[int]]:
    return Desk(migrate.create_or_open(tmp_path_factory.mktemp("shared"))), count(1)


@given(POSTS, st.lists(PHOTOS, max_size=3))
def test_a_version_read_back_has_the_hash_that_was_stored(
    shared: tuple[Desk, Iterator[int]], post: Post, photos: list[Any]
) -> None:
    desk, numbers = shared
    post = replace(post, message_id=next(numbers), attachments=tuple(each for each, _ in photos))
    desk.add(Arrived(post, tuple(photos)))
    again = desk.add(Arrived(post, tuple(photos)))
    assert (again.posts_new, again.posts_changed) == (0, 0)
    stored_hash, computed = recomputed(desk)[-1]
    assert stored_hash == computed


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ({}, '[null, null, null], "", null, null, []]'),
        ({"scheduled": True}, '[null, null, null, "scheduled"], "", null, null, []]'),
        (
            {"forward": ForwardHeader("Daily", PeerKind.USER, 5, 6, NOON)},
            '[null, null, null], "", null, ["Daily", "user", 5, 6, "2024-12-17T12:00:00+00:00"], []]',
        ),
        (
            {"forward": ForwardHeader("Daily", imported=True)},
            '[null, null, null], "", null, ["Daily", null, null, null, null, "imported"], []]',
        ),
        ({"forward": ForwardHeader()}, '[null, null, null], "", null, null, []]'),
        (
            {"posted_at": NOON, "attachments": (Attachment(AttachmentKind.PHOTO, media_id=7, uploaded_at=NOON),)},
            '["2024-12-17T12:00:00+00:00", null, null], "", null, null, [["photo", 7, "2024-12-17T12:00:00+00:00"]]]',
        ),
    ],
)
def test_what_a_version_is_never_comes_out_differently(about: dict[str, Any], text: str) -> None:
    # Archives hold hashes of these very texts; what is new may be in them only where it says something.
    assert identity(PeerKind.CHANNEL, 1, Post(10, **about)) == f'["channel", 1, 10, {text}'


def test_a_version_is_one_channels_and_one_posts() -> None:
    post = arrived(1, b"a").post
    told = {
        identity("channel", 1, post),
        identity("channel", 2, post),
        identity("user", 1, post),
        identity("channel", 1, replace(post, message_id=2)),
    }
    assert len(told) == 4
    assert version_hash("a", "b") != version_hash("a", "c") != version_hash("d", "c")


def test_the_source_of_a_post_is_kept(desk: Desk) -> None:
    counts = observe.Counts()
    with desk.archive.write() as connection:
        row = observe.add_channel(connection, NEWS, NOON)
        for number, source in enumerate(Source):
            post = arrived(number + 1, b"a")
            observe.add_posts(connection, desk.run, NEWS, row, source, [post], NOON, counts)
        assert [each.source for each in read.versions(connection, [1, 2, 3])] == list(Source)


def test_an_interrupted_transaction_leaves_the_archive_as_it_was(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    tables = schema.metadata.sorted_tables
    before = [desk.rows(table) for table in tables]

    def interrupted() -> None:
        counts = observe.Counts()
        with desk.archive.write() as connection:
            row = observe.add_channel(connection, channel(1, "Renamed"), hour(1))
            posts = [arrived(1, b"b"), arrived(2, b"c")]
            observe.add_posts(connection, desk.run, NEWS, row, Source.IMPORT, posts, hour(1), counts)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [desk.rows(table) for table in tables] == before
