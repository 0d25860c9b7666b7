from typing import Any

import pytest

from provenance.archive import derive, descriptors, observe, summary
from provenance.archive.derive import Measurement
from provenance.core.answers import Gap
from provenance.core.matching import MODEL_PREFIX
from provenance.core.wording import counted
from tests.archive.conftest import Desk, arrived
from tests.core.build import FOLDER, NOON, channel, codes, hour


def test_one_channel(filled: Desk) -> None:
    with filled.archive.read() as connection:
        (news,) = summary.per_channel(connection)
    assert (news.posts, news.images, news.missing) == (3, 3, 2)
    assert (news.earliest, news.latest) == (NOON, hour(1))
    assert (news.first_id, news.last_id, news.absent, news.gaps) == (1, 3, 0, ())
    assert (news.sources, news.starts_late) == (("import",), False)


def test_ranges_of_several_runs_leave_gaps_where_none_of_them_was(desk: Desk) -> None:
    for first, last in ((10, 12), (30, 31), (12, 15), (16, 18)):
        desk.start()
        desk.add(arrived(first), arrived(last))
    with desk.archive.read() as connection:
        (news,) = summary.per_channel(connection)
        assert summary.whole(connection).gaps == 1
    assert (news.first_id, news.last_id, news.starts_late) == (10, 31, True)
    assert news.gaps == (Gap(18, 30),)
    assert news.absent == 11 - 7


def test_an_image_in_two_versions_is_one_and_service_messages_are_no_posts(desk: Desk) -> None:
    desk.add(arrived(1, b"one"), arrived(2, service="pin_message"))
    desk.add(arrived(1, b"one", text="edited", edited_at=hour(1)))
    with desk.archive.read() as connection:
        (news,) = summary.per_channel(connection)
        assert (news.posts, news.images, news.absent) == (1, 1, 0)
        assert summary.counts(connection)["post_versions"] == 3
        assert summary.posts_between(connection, NOON, hour(1)) == 1
        assert summary.posts_between(connection, hour(1), hour(2)) == 0


def test_a_collection_has_neither_ids_nor_dates_of_coverage(desk: Desk) -> None:
    desk.add(arrived(123456, b"one", posted_at=None, claimed_at=hour(-9)), channel=FOLDER)
    with desk.archive.read() as connection:
        (folder,) = summary.per_channel(connection)
        whole = summary.whole(connection)
    assert (folder.first_id, folder.gaps, folder.absent, folder.starts_late) == (None, (), 0, False)
    assert folder.earliest == hour(-9)
    assert (whole.posts, whole.images, whole.earliest, whole.latest) == (1, 1, None, None)


def test_what_a_search_cannot_find_is_said(desk: Desk) -> None:
    desk.add(arrived(1, b"new", b"broken", b"flat", None))
    with desk.archive.write() as connection:
        derive.save_measurements(
            connection,
            [Measurement(2, "not an image"), Measurement(3, None, "PNG", 9, 9, codes(1), 0)],
        )
    with desk.archive.read() as connection:
        said = summary.whole(connection).not_searched
    assert [words.split()[0] for words in said[:-1]] == ["1", "1", "1", "1"]
    assert said[-1] == summary.WHOLE_ONLY
    assert "not fingerprinted" in said[0]


def test_parts_can_be_found_once_a_model_has_looked(desk: Desk) -> None:
    desk.add(arrived(1, b"new"))
    for tool, whole_only in (("a reader of some other kind", True), ("zzz", True), (f"{MODEL_PREFIX}0123", False)):
        with desk.archive.write() as connection:
            descriptors.save(connection, tool, [(1, None)], [])
        with desk.archive.read() as connection:
            assert (summary.WHOLE_ONLY in summary.whole(connection).not_searched) is whole_only


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"posted_at": hour(1)}, True),
        ({"posted_at": hour(0)}, True),
        ({"posted_at": hour(2)}, False),
        ({"posted_at": hour(-9), "edited_at": hour(1)}, True),
        ({"posted_at": None, "claimed_at": hour(1)}, True),
        ({"posted_at": None}, False),
    ],
)
def test_files_seen_in_a_span(desk: Desk, fields: dict[str, Any], seen: bool) -> None:
    desk.add(arrived(1, b"one", **fields), channel=channel(3))
    with desk.archive.read() as connection:
        assert summary.files_seen_between(connection, NOON, hour(2)) == ({1} if seen else set())


def test_the_newest_post_and_run(filled: Desk) -> None:
    with filled.archive.read() as connection:
        assert summary.newest_post(connection) == hour(1)
        run = summary.last_run(connection)
    assert (run.command, run.outcome) == ("import telegram-export", "running")


def test_an_empty_archive(desk: Desk) -> None:
    with desk.archive.read() as connection:
        whole = summary.whole(connection)
        assert summary.per_channel(connection) == []
        assert summary.newest_post(connection) is None
    assert (whole.channels, whole.posts, whole.gaps, whole.not_searched) == (0, 0, 0, (summary.WHOLE_ONLY,))


def test_the_whole_is_the_sum_of_its_channels(filled: Desk) -> None:
    filled.add(arrived(1, b"one", text="edited", edited_at=hour(1)), arrived(8, service="pin_message"))
    filled.add(arrived(5, b"two", b"one", None), channel=channel(2, "Other"))
    filled.add(arrived(5, b"two", b"four", None, text="edited", edited_at=hour(3)), channel=channel(2, "Other"))
    filled.add(arrived(9, b"nine", posted_at=None, claimed_at=hour(-9)), channel=FOLDER)
    filled.add(arrived(10, b"ten", posted_at=None, claimed_at=hour(-2)), channel=channel(3, "Old export"))
    with filled.archive.read() as connection:
        each = summary.per_channel(connection)
        whole = summary.whole(connection)
    assert (whole.channels, whole.posts) == (len(each), sum(one.posts for one in each))
    assert whole.images == sum(one.images for one in each)
    missing = counted(sum(one.missing for one in each), "image")
    assert any(words.startswith(f"{missing} without a file") for words in whole.not_searched)
    assert whole.gaps == sum(len(one.gaps) for one in each)
    assert (whole.earliest, whole.latest) == (hour(-2), max(one.latest for one in each if one.latest))


def test_a_report_is_known_by_its_hash(desk: Desk) -> None:
    with desk.archive.write() as connection:
        for at, week, sha256 in ((1, "2024-W51", "a" * 64), (2, "2024-W51", "b" * 64), (3, "2024-W52", "a" * 64)):
            observe.add_report(connection, desk.run, week, sha256, hour(at))
    with desk.archive.read() as connection:
        assert summary.last_reported(connection, "2024-W51", "a" * 64) == hour(1)
        assert summary.last_reported(connection, "2024-W51", "c" * 64) is None
