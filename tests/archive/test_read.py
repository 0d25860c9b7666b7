from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from provenance.archive import derive, follow, read, schema
from provenance.archive.derive import Measurement
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION
from provenance.core.model import AttachmentKind, Channel, File, ForwardHeader, Held, PeerKind, Source, Version
from tests.archive.conftest import Desk, arrived, stored
from tests.core.build import NEWS, NOON, channel, codes, hour


@pytest.mark.parametrize("total", [0, 1, 5_000, 5_001, 12_000])
def test_chunks_lose_nothing_and_fit(total: int) -> None:
    found = list(read.chunks(range(total)))
    assert [each for chunk in found for each in chunk] == list(range(total))
    assert all(0 < len(chunk) <= 5_000 for chunk in found)


def test_a_channel_comes_with_its_newest_name_and_all_others(desk: Desk) -> None:
    for title, username in (("One", "first"), ("Two", None), ("Three", None), ("Two", None)):
        desk.add(arrived(1), channel=Channel(PeerKind.CHANNEL, 7, title, username))
    desk.add(arrived(1), channel=channel(8, "Eight"))
    with desk.archive.read() as connection:
        found = read.channels(connection)
    assert found == {
        1: Channel(PeerKind.CHANNEL, 7, "Two", "first", frozenset({"One", "Two", "Three"})),
        2: channel(8, "Eight"),
    }


def test_files_come_with_what_was_measured_of_them(desk: Desk) -> None:
    desk.add(arrived(1, b"measured", b"refused", b"waiting", b"outdated"))
    with desk.archive.write() as connection:
        derive.save_measurements(
            connection,
            [Measurement(1, None, "WEBP", 30, 20, codes(5), 77), Measurement(2, "not an image of a known format")],
        )
        old = {"algorithm": ALGORITHM, "version": ALGORITHM_VERSION - 1}
        connection.execute(
            schema.fingerprints.insert(),
            [
                {"file_id": 4, "code": codes(6)[:32], "turned": codes(6)[32:], "quality": 50, **each}
                for each in (old, old | {"algorithm": "other", "version": ALGORITHM_VERSION})
            ],
        )
        connection.execute(
            schema.inspections.insert(),
            [{"file_id": 4, "tool": "other", "version": ALGORITHM_VERSION, "problem": "another tool's"}],
        )
        found = read.files(connection, [1, 2, 3, 4, 99])
    names = [stored(each) for each in (b"measured", b"refused", b"waiting", b"outdated")]
    assert found == {
        1: File(1, names[0].sha256, 8, "WEBP", 30, 20, codes(5), 77),
        2: File(2, names[1].sha256, 7, refused="not an image of a known format"),
        3: File(3, names[2].sha256, 7),
        4: File(4, names[3].sha256, 8),
    }


def test_a_version_comes_back_with_all_that_it_holds(desk: Desk) -> None:
    forward = ForwardHeader("Daily", PeerKind.CHANNEL, 5, 77, hour(-3))
    about: list[dict[str, Any]] = [{"media_id": 9, "uploaded_at": hour(-1)}, {"kind": AttachmentKind.DOCUMENT}]
    desk.add(
        arrived(10, b"a", None, media=about, text="words", forward=forward, edited_at=hour(1), claimed_at=hour(2)),
        now=hour(4),
    )
    with desk.archive.write() as connection:
        connection.execute(schema.posts.update().values(deleted_seen_at=hour(9)))
        found = read.versions(connection, [1])
    file = File(1, stored(b"a").sha256, 1)
    photo = Held(1, 0, AttachmentKind.PHOTO, file, 9, hour(-1))
    document = Held(2, 1, AttachmentKind.DOCUMENT, None)
    assert found == [
        Version(
            1, NEWS, 10, NOON, hour(1), hour(2), hour(4), hour(9), forward, Source.IMPORT, "words", (photo, document)
        )
    ]


def test_versions_come_in_the_order_in_which_they_were_archived(desk: Desk) -> None:
    desk.add(arrived(10, b"a"), arrived(11, b"b"))
    desk.add(arrived(10, b"c", edited_at=hour(1)))
    desk.add(arrived(12, text="no image"))
    with desk.archive.read() as connection:
        assert [(each.id, each.message_id) for each in read.versions(connection, [2, 1])] == [(1, 10), (2, 11), (3, 10)]
        assert read.versions(connection, []) == []
        assert read.posts_with_files(connection, [3, 2]) == {1, 2}
        # A post that holds a file in one version is read with all of them.
        assert [each.id for each in read.versions_with_files(connection, [3])] == [1, 3]


@pytest.mark.parametrize(
    "header",
    [
        None,
        ForwardHeader("Daily"),
        ForwardHeader(""),
        ForwardHeader(peer_id=0),
        ForwardHeader("Daily", PeerKind.USER, 5, 6, NOON),
        ForwardHeader("Daily", at=NOON, imported=True),
        ForwardHeader(imported=True),
    ],
)
def test_a_forward_header_comes_back(desk: Desk, header: ForwardHeader | None) -> None:
    desk.add(arrived(1, forward=header))
    assert read.forward_header(desk.rows(schema.post_versions)[0]) == header


def name(desk: Desk, *found: Channel) -> None:
    with desk.archive.write() as connection:
        follow.add_peers(connection, found, NOON)


def test_sources_are_called_as_they_are_archived_else_as_telegram_named_them(desk: Desk) -> None:
    desk.add(arrived(1), channel=Channel(PeerKind.CHANNEL, 2, "Old", "daily"))
    desk.add(arrived(1), channel=channel(2, "Daily"))
    name(
        desk,
        channel(2, "as a peer"),
        Channel(PeerKind.CHANNEL, 3, "Times", "times"),
        channel(3, "A person", PeerKind.USER),
        channel(3, "A group", PeerKind.GROUP),
        channel(4),
    )
    desk.add(arrived(1))
    channels = {(PeerKind.CHANNEL, number) for number in (2, 3, 5)}
    with desk.archive.read() as connection:
        assert read.peer_names(connection, channels | {(PeerKind.USER, 3), (PeerKind.USER, 2)}) == {
            (PeerKind.CHANNEL, 2): ("Daily", "daily"),
            (PeerKind.CHANNEL, 3): ("Times", "times"),
            (PeerKind.USER, 3): ("A person", None),
        }
        assert read.peer_names(connection, []) == {}


@pytest.mark.parametrize(
    ("header", "read_as"),
    [
        (ForwardHeader(None, PeerKind.CHANNEL, 3, 7, NOON), ("Times", "times")),
        (ForwardHeader(None, PeerKind.USER, 3), ("A person", None)),
        (ForwardHeader(None, PeerKind.CHANNEL, 1), ("News", None)),
        # Nobody knows it.
        (ForwardHeader(None, PeerKind.GROUP, 3), (None, None)),
        # It brings a name of its own, or nothing to know it by.
        (ForwardHeader("As exported", PeerKind.CHANNEL, 3), ("As exported", None)),
        (ForwardHeader("", PeerKind.CHANNEL, 3), ("", None)),
        (ForwardHeader(None, None, 3), (None, None)),
        (ForwardHeader(None, at=NOON), (None, None)),
    ],
)
def test_a_header_that_credits_by_number_is_read_with_a_name(
    desk: Desk, header: ForwardHeader, read_as: tuple[str | None, str | None]
) -> None:
    name(desk, Channel(PeerKind.CHANNEL, 3, "Times", "times"), channel(3, "A person", PeerKind.USER))
    desk.add(arrived(1, forward=header))
    with desk.archive.read() as connection:
        (found,) = read.versions(connection, [1])
    title, username = read_as
    assert found.forward == replace(header, name=title, username=username)


def test_a_scheduled_post_comes_back_as_one(desk: Desk) -> None:
    desk.add(arrived(1, scheduled=True), arrived(2))
    with desk.archive.read() as connection:
        assert [each.scheduled for each in read.versions(connection, [1, 2])] == [True, False]


def test_pictures_and_their_files(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c", b"d"))
    with desk.archive.write() as connection:
        derive.save_measurements(connection, [Measurement(i, None, "JPEG", 1, 1, codes(i), 50) for i in (1, 2, 3)])
        derive.save_partition(connection, {1: 1, 2: 2, 3: 1}, {})
        assert read.picture_of(connection, [1, 2, 3, 4]) == {1: 1, 2: 2, 3: 1}
        assert {key: sorted(files) for key, files in read.files_of_pictures(connection, [1, 2, 9]).items()} == {
            1: [1, 3],
            2: [2],
        }
        assert [number for number, _ in read.resolved_codes(connection)] == [1, 2, 3]
        connection.execute(schema.picture_files.delete().where(schema.picture_files.c.file_id == 2))
        assert sorted(number for number, _ in read.resolved_codes(connection)) == [1, 3]


def test_more_files_than_one_query_takes(desk: Desk) -> None:
    total = 5_003
    with desk.archive.write() as connection:
        rows = [{"sha256": f"{i:064x}", "size": i, "observed_at": NOON} for i in range(1, total + 1)]
        connection.execute(schema.files.insert(), rows)
        assert len(read.files(connection, range(1, total + 1))) == total
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.files)) == total
