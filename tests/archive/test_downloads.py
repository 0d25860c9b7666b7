from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from provenance.archive import downloads, observe, read, schema
from provenance.archive.downloads import Key, Queued, Waiting, Wanted
from provenance.core import fold
from provenance.core.model import Media, MediaKind, Missing, Remote, Source
from tests.archive.conftest import Desk, arrived, remote, stored, to_fetch
from tests.core.build import NEWS, NOON, channel, codes, hour

OTHER = channel(222)


@pytest.fixture(autouse=True)
def known(desk: Desk) -> None:
    """The channels with the rows 1 and 2."""
    with desk.archive.write() as connection:
        for each in (NEWS, OTHER):
            observe.add_channel(connection, each, NOON)


def queue(
    desk: Desk,
    *remotes: Remote,
    message_id: int = 10,
    channel_id: int = 1,
    now: datetime = NOON,
    urgent: bool = False,
    uploaded_at: datetime | None = NOON,
) -> dict[Key, Queued]:
    with desk.archive.write() as connection:
        wanted = [Wanted(each, message_id, uploaded_at) for each in remotes]
        return downloads.queue(connection, channel_id, wanted, now, urgent=urgent)


def due(desk: Desk, now: datetime = NOON, without: Collection[int] = (), limit: int = 100) -> list[Waiting]:
    with desk.archive.read() as connection:
        return downloads.due(connection, now, without, limit)


def ids(found: list[Waiting]) -> list[int]:
    return [each.id for each in found]


def finish(desk: Desk, download_id: int, content: bytes, now: datetime = NOON) -> None:
    with desk.archive.write() as connection:
        downloads.finish(connection, download_id, stored(content), now)


def put_off(desk: Desk, download_id: int, trouble: str = "flood", hours: float = 1, *, counts: bool = True) -> None:
    with desk.archive.write() as connection:
        downloads.put_off(connection, download_id, trouble, hour(hours), counts=counts)


def attached(desk: Desk) -> list[tuple[int, int | None, int | None]]:
    """Of every attachment its version, its file and its download."""
    return [(row.version_id, row.file_id, row.download_id) for row in desk.rows(schema.attachments)]


# Queueing


def test_what_is_queued_waits_with_all_that_is_needed_to_get_it(desk: Desk) -> None:
    wanted = remote(5, access_hash=-(2**63), reference=b"\0\xff", dc=4, size=2**40, part="w")
    assert queue(desk, wanted, message_id=77, channel_id=2, now=hour(3)) == {wanted.key: Queued(1, None)}
    assert due(desk) == [Waiting(1, wanted, 2, 77, "222/77", 0)]
    (row,) = desk.rows(schema.downloads)
    assert (row.queued_at, row.urgent, row.trouble, row.retry_at) == (hour(3), False, None, None)


def test_the_same_media_is_queued_once(desk: Desk) -> None:
    one, other = remote(1), remote(2)
    first = queue(desk, one, other, one)
    assert first == {one.key: Queued(1, None), other.key: Queued(2, None)}
    assert queue(desk, other, message_id=11) == {other.key: Queued(2, None)}
    assert len(desk.rows(schema.downloads)) == 2


@pytest.mark.parametrize("about", [{"media": MediaKind.DOCUMENT}, {"media_id": 8}, {"part": "x"}])
def test_another_kind_number_or_size_is_other_media(desk: Desk, about: dict[str, Any]) -> None:
    queue(desk, remote(), remote(**about))
    assert len(desk.rows(schema.downloads)) == 2


def test_what_waits_takes_the_newest_reference_and_its_post(desk: Desk) -> None:
    queue(desk, remote(), message_id=10)
    put_off(desk, 1)
    fresh = remote(access_hash=81, reference=b"fresh", dc=5, size=91)
    queue(desk, fresh, message_id=20, channel_id=2, now=hour(2))
    assert due(desk, hour(2)) == [Waiting(1, fresh, 2, 20, "222/20", 1)]
    assert desk.rows(schema.downloads)[0].queued_at == NOON


def test_of_several_references_at_once_the_last_counts(desk: Desk) -> None:
    with desk.archive.write() as connection:
        wanted = [Wanted(remote(reference=b"old"), 10, NOON), Wanted(remote(reference=b"new"), 11, NOON)]
        downloads.queue(connection, 1, wanted, NOON, urgent=False)
    (waiting,) = due(desk)
    assert (waiting.message_id, waiting.remote.reference) == (11, b"new")


def test_what_is_urgent_stays_urgent(desk: Desk) -> None:
    queue(desk, remote(1), urgent=True)
    queue(desk, remote(2))
    queue(desk, remote(1))
    queue(desk, remote(3))
    assert [row.urgent for row in desk.rows(schema.downloads)] == [True, False, False]
    queue(desk, remote(2), urgent=True)
    assert [row.urgent for row in desk.rows(schema.downloads)] == [True, True, False]


def test_a_finished_download_is_never_touched_again(desk: Desk) -> None:
    queue(desk, remote())
    finish(desk, 1, b"bytes")
    before = desk.rows(schema.downloads)
    fresh = remote(reference=b"fresh", size=100, access_hash=1, dc=1)
    assert queue(desk, fresh, message_id=99, channel_id=2, urgent=True) == {fresh.key: Queued(1, 1)}
    assert desk.rows(schema.downloads) == before


def test_nothing_to_queue(desk: Desk) -> None:
    assert queue(desk) == {}


def test_more_than_one_query_takes(desk: Desk) -> None:
    many = [remote(number) for number in range(1, 702)]
    assert queue(desk, *many) == {each.key: Queued(number, None) for number, each in enumerate(many, 1)}


# What is due


def test_urgent_things_come_first_then_the_newest(desk: Desk) -> None:
    for number in range(1, 6):
        queue(desk, remote(number), urgent=number in {2, 3})
    assert ids(due(desk)) == [3, 2, 5, 4, 1]
    assert ids(due(desk, limit=3)) == [3, 2, 5]


def test_what_was_uploaded_last_comes_first_whenever_it_was_queued(desk: Desk) -> None:
    # A history is taken in page by page, each older than the one before.
    for number, hours in ((1, 9), (2, 8), (3, 2), (4, 1)):
        queue(desk, remote(number), uploaded_at=hour(hours))
    queue(desk, remote(5), uploaded_at=None)
    assert ids(due(desk)) == [1, 2, 3, 4, 5]


def test_what_is_under_way_is_left_out_and_takes_no_place(desk: Desk) -> None:
    queue(desk, *(remote(number) for number in range(1, 6)))
    assert ids(due(desk, without={5, 3, 99}, limit=2)) == [4, 2]
    assert ids(due(desk, without={1, 2, 3, 4, 5})) == []


def test_what_had_trouble_is_due_again_at_its_time(desk: Desk) -> None:
    queue(desk, remote(1), remote(2))
    put_off(desk, 2, hours=2)
    assert ids(due(desk, hour(1.99))) == [1]
    assert ids(due(desk, hour(2))) == [2, 1]


def test_what_is_finished_is_not_due(desk: Desk) -> None:
    queue(desk, remote(1), remote(2))
    finish(desk, 1, b"bytes")
    assert ids(due(desk)) == [2]


# Trouble


def test_trouble_is_recorded_and_counted_as_an_attempt_only_where_it_is_one(desk: Desk) -> None:
    queue(desk, remote(1), remote(2))
    put_off(desk, 1, "gone \ud800\0", 1)
    put_off(desk, 1, "wait", 3, counts=False)
    put_off(desk, 1, "again", 2)
    row, other = desk.rows(schema.downloads)
    assert (row.trouble, row.attempts, row.retry_at) == ("again", 2, hour(2))
    assert (other.trouble, other.attempts, other.retry_at) == (None, 0, None)
    assert due(desk, hour(2))[-1].attempts == 2


def test_words_that_no_database_takes_are_kept_as_far_as_they_can_be(desk: Desk) -> None:
    queue(desk, remote())
    put_off(desk, 1, "a\0\ud800b")
    assert desk.rows(schema.downloads)[0].trouble == "a\ufffd\ufffd\ufffd\ufffdb"


def test_the_next_retry_is_the_earliest_of_what_waits(desk: Desk) -> None:
    def next_retry() -> datetime | None:
        with desk.archive.read() as connection:
            return downloads.next_retry(connection)

    assert next_retry() is None
    queue(desk, *(remote(number) for number in (1, 2, 3)))
    assert next_retry() is None
    for download_id, hours in ((1, 5), (2, 4), (3, 3)):
        put_off(desk, download_id, hours=hours)
    finish(desk, 3, b"bytes")
    assert next_retry() == hour(4)


def test_counts_of_what_waits_and_of_what_has_had_trouble(desk: Desk) -> None:
    def counts() -> tuple[int, int]:
        with desk.archive.read() as connection:
            return downloads.counts(connection)

    assert counts() == (0, 0)
    queue(desk, *(remote(number) for number in (1, 2, 3)))
    assert counts() == (3, 0)
    put_off(desk, 1)
    put_off(desk, 2)
    assert counts() == (3, 2)
    finish(desk, 1, b"bytes")
    assert counts() == (2, 1)


# Finishing


def test_a_finished_download_has_its_file_and_no_trouble(desk: Desk) -> None:
    queue(desk, remote(1), remote(2))
    put_off(desk, 1)
    finish(desk, 1, b"bytes", hour(7))
    row, other = desk.rows(schema.downloads)
    assert (row.file_id, row.trouble, row.retry_at, row.attempts) == (1, None, None, 1)
    assert other.file_id is None
    (file,) = desk.rows(schema.files)
    assert (file.sha256, file.size, file.observed_at) == (stored(b"bytes").sha256, 5, hour(7))


def test_the_file_goes_to_every_attachment_that_waits_for_it(desk: Desk) -> None:
    wanted, other = remote(1), remote(2)
    desk.add(to_fetch(10, wanted, other), to_fetch(11, wanted), source=Source.BACKFILL)
    desk.add(to_fetch(10, wanted, other, text="corrected", edited_at=hour(1)), source=Source.LIVE)
    desk.add(to_fetch(5, wanted), channel=OTHER, source=Source.LIVE)
    finish(desk, 1, b"bytes")
    assert attached(desk) == [
        (1, 1, 1),
        (1, None, 2),
        (2, 1, 1),
        (3, 1, 1),
        (3, None, 2),
        (4, 1, 1),
    ]
    assert desk.unresolved() == {1}
    # How it had been when the post was archived is history.
    assert {row.missing for row in desk.rows(schema.attachments)} == {Missing.NOT_YET}


def test_bytes_that_are_archived_already_are_the_same_file(desk: Desk) -> None:
    desk.add(arrived(1, b"other", b"bytes"), now=hour(-9))
    desk.chain(1, [1, 2])
    desk.add(to_fetch(2, remote()))
    finish(desk, 1, b"bytes")
    assert len(desk.rows(schema.files)) == 2
    assert desk.rows(schema.downloads)[0].file_id == 2
    assert attached(desk)[-1] == (2, 2, 1)
    assert desk.rows(schema.files)[1].observed_at == hour(-9)
    assert desk.unresolved() == {2}


def test_two_downloads_may_bring_the_same_bytes(desk: Desk) -> None:
    desk.add(to_fetch(1, remote(1)), to_fetch(2, remote(2)))
    finish(desk, 1, b"bytes")
    finish(desk, 2, b"bytes")
    assert attached(desk) == [(1, 1, 1), (2, 1, 2)]


def test_what_nobody_waits_for_any_more_is_kept_all_the_same(desk: Desk) -> None:
    queue(desk, remote())
    finish(desk, 1, b"bytes")
    assert desk.unresolved() == {1}


def test_a_late_file_puts_what_else_its_posts_hold_in_question(desk: Desk) -> None:
    # Until it was there it might have been the image that the other version holds.
    desk.add(arrived(1, b"a"), arrived(2, b"b"))
    desk.add(to_fetch(1, remote(), edited_at=hour(1)), source=Source.LIVE)
    desk.chain(1, [1, 2])
    assert desk.unresolved() == set()
    finish(desk, 1, b"c")
    assert desk.unresolved() == {1, 3}


def test_chains_follow_what_a_late_file_says_about_the_others(desk: Desk) -> None:
    # The post's first version waits for its image; an export shows what an edit put there.
    desk.add(to_fetch(1, remote()), source=Source.BACKFILL)
    desk.add(arrived(1, b"swapped", edited_at=hour(3)), now=hour(9))
    desk.measure(b"swapped", seed=1)

    def media() -> list[Media]:
        with desk.archive.read() as connection:
            return [each.media for each in fold.sightings(read.versions_with_files(connection, [1]))]

    assert media() == [Media.EDITED]
    finish(desk, 1, b"first")
    desk.measure(b"first", seed=2)
    assert media() == [Media.ORIGINAL, Media.SWAPPED]


# The queue and the posts


def test_a_post_names_what_is_to_be_downloaded(desk: Desk) -> None:
    about = {"missing": Missing.PREVIEW_ONLY, "name": "p.jpg"}
    post = arrived(10, None, None, media=[{"media_id": 7, "remote": remote()} | about, {"missing": Missing.EXPIRED}])
    counts = desk.add(post, source=Source.LIVE, now=hour(2), urgent=True)
    assert (counts.posts_new, counts.images_queued, counts.images_missing, counts.images_new) == (1, 1, 1, 0)
    first, second = desk.rows(schema.attachments)
    assert (first.file_id, first.missing, first.download_id, first.media_id) == (None, Missing.NOT_YET, 1, 7)
    assert (second.file_id, second.missing, second.download_id) == (None, Missing.EXPIRED, None)
    assert due(desk) == [Waiting(1, remote(), 1, 10, "1/10", 0)]
    (row,) = desk.rows(schema.downloads)
    assert (row.urgent, row.queued_at) == (True, hour(2))
    assert desk.unresolved() == set()


def test_history_is_not_urgent(desk: Desk) -> None:
    desk.add(to_fetch(10, remote()), source=Source.BACKFILL)
    assert [row.urgent for row in desk.rows(schema.downloads)] == [False]


def test_media_that_was_downloaded_before_has_its_file_at_once(desk: Desk) -> None:
    desk.add(to_fetch(10, remote()))
    finish(desk, 1, b"bytes")
    desk.chain(1, [1])
    counts = desk.add(to_fetch(11, remote(reference=b"fresh")), to_fetch(12, remote()))
    assert (counts.posts_new, counts.images_queued, counts.images_missing) == (2, 2, 0)
    assert attached(desk) == [(1, 1, 1), (2, 1, 1), (3, 1, 1)]
    assert desk.unresolved() == {1}
    assert due(desk) == []


def test_the_same_post_again_freshens_what_waits_and_makes_no_version(desk: Desk) -> None:
    desk.add(to_fetch(10, remote()))
    counts = desk.add(to_fetch(10, remote(reference=b"fresh")), now=hour(1))
    assert (counts.posts_known, counts.posts_changed, counts.images_queued) == (1, 0, 1)
    assert len(desk.rows(schema.post_versions)) == 1
    assert due(desk) == [Waiting(1, remote(reference=b"fresh"), 1, 10, "1/10", 0)]


def test_a_post_that_was_kept_without_its_image_gets_a_download_when_it_may(desk: Desk) -> None:
    kept = arrived(10, b"a", None, media=[{}, {"media_id": 7, "missing": Missing.PROTECTED}])
    allowed = arrived(10, b"a", None, media=[{}, {"media_id": 7, "remote": remote()}])
    desk.add(kept, source=Source.LIVE)
    desk.chain(1, [1])
    assert attached(desk) == [(1, 1, None), (1, None, None)]
    counts = desk.add(allowed, source=Source.LIVE)
    assert (counts.posts_known, counts.images_queued) == (1, 1)
    assert attached(desk) == [(1, 1, None), (1, None, 1)]
    assert desk.rows(schema.attachments)[1].missing == Missing.PROTECTED
    assert desk.unresolved() == set()
    # The policy again: what waits goes on waiting.
    desk.add(kept, source=Source.LIVE)
    assert attached(desk) == [(1, 1, None), (1, None, 1)]
    finish(desk, 1, b"bytes")
    assert attached(desk) == [(1, 1, None), (1, 2, 1)]


def test_a_post_that_was_kept_without_its_image_gets_one_that_is_there_already(desk: Desk) -> None:
    desk.add(arrived(10, None, media=[{"media_id": 7, "missing": Missing.PROTECTED}]))
    desk.add(to_fetch(11, remote()))
    finish(desk, 1, b"bytes")
    desk.chain(1, [1])
    desk.add(to_fetch(10, remote()))
    assert attached(desk) == [(1, 1, 1), (2, 1, 1)]
    assert desk.unresolved() == {1}


def test_another_size_of_the_same_photo_is_another_download(desk: Desk) -> None:
    desk.add(to_fetch(10, remote()))
    desk.add(to_fetch(10, remote(part="w")))
    assert attached(desk) == [(1, None, 2)]
    assert ids(due(desk)) == [2, 1]


def test_an_image_that_is_there_needs_no_download(desk: Desk) -> None:
    post = to_fetch(10, remote())
    ((attachment, _),) = post.attachments
    there = replace(post, attachments=((attachment, stored(b"bytes")),))
    desk.add(there)
    assert (attached(desk), desk.rows(schema.downloads)) == ([(1, 1, None)], [])
    # Nor where it waited for one.
    desk.add(to_fetch(11, remote(8)))
    late = to_fetch(11, remote(8))
    desk.add(replace(late, attachments=((late.attachments[0][0], stored(b"other")),)))
    assert attached(desk) == [(1, 1, None), (2, 2, 1)]


def test_the_file_of_a_download_can_be_measured_and_found(desk: Desk) -> None:
    desk.add(to_fetch(10, remote()))
    finish(desk, 1, b"bytes")
    desk.measure(b"bytes", seed=3)
    with desk.archive.read() as connection:
        (version,) = read.versions_with_files(connection, [1])
    assert [(each.media_id, each.file and each.file.codes) for each in version.held] == [(7, codes(3))]
