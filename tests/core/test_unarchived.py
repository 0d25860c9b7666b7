from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from provenance.core import times
from provenance.core.chain import FirstSeen, build, first_seen_warnings
from provenance.core.model import AttachmentKind, Channel, ForwardHeader, LinkKind, PeerKind, Sighting, Unarchived
from provenance.core.times import Basis, dated
from tests.core.build import (
    DAILY,
    ELSEWHERE,
    FROM_NEWS,
    NEWS,
    NOON,
    OTHER,
    TIMES,
    channel,
    claimed,
    file,
    first,
    hour,
    links,
    sighting,
)


def unarchived(*all_of: Sighting) -> list[tuple[str, datetime]]:
    return [(each.ref, each.at) for each in build(all_of).unarchived]


def test_a_header_that_names_an_earlier_post_and_its_time_proves_it() -> None:
    target = sighting(forward=ELSEWHERE)
    found = build([target])
    (post,) = found.unarchived
    assert (post, post.ref, found.first) == (Unarchived(hour(-1), target, ELSEWHERE), "99/7", target)
    why = "This post is not archived: the forward header of 1/10 in «News» names it and its time."
    assert found.first_seen == FirstSeen(post, hour(-1), Basis.FORWARD_HEADER, False, (why,))
    (link,) = found.links
    assert (link.source, link.target, link.kind) == (post, target, LinkKind.FORWARD)
    assert link.evidence == "forward header names «Elsewhere», post 7 and its time; not archived; 1 h later"
    assert (found.warnings, first_seen_warnings(target)) == ((), ())  # It is said once.


def test_a_header_without_a_time_only_warns() -> None:
    # Desktop's exports never give one.
    found = build([sighting(forward=replace(ELSEWHERE, at=None))])
    assert (found.unarchived, found.links, len(found.warnings)) == ((), (), 1)
    assert "by its header" not in found.warnings[0]
    assert first(*found.sightings).archived


def test_an_imported_header_credits_nobody() -> None:
    header = replace(ELSEWHERE, imported=True)
    imported, post = sighting(forward=header), sighting(hour(1), channel=DAILY)
    found = build([imported, post])
    assert (found.unarchived, found.warnings[1:]) == ((), ())
    assert found.first == post  # The importer's time is a claim.
    assert first_seen_warnings(imported) == (times.IMPORTED_CHAT,)
    # By number nor by name.
    for named in (replace(FROM_NEWS, imported=True), ForwardHeader("News", imported=True)):
        copied = sighting(hour(2), channel=DAILY, uploaded_at=hour(2), forward=named)
        assert links(sighting(), copied) == [("1/10", "2/10", LinkKind.IDENTICAL_REUPLOAD)]


def test_a_later_unarchived_post_is_linked_and_not_first() -> None:
    late = ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99, 7, hour(1))
    found = build([sighting(), sighting(hour(2), channel=DAILY, forward=late)])
    assert found.unarchived == ()
    assert [(link.source.ref, link.target.ref) for link in found.links] == [("99/7", "2/10")]
    assert first(*found.sightings).archived


def test_a_header_of_the_very_second_proves_nothing_earlier() -> None:
    assert unarchived(sighting(), sighting(hour(1), channel=DAILY, forward=replace(ELSEWHERE, at=NOON))) == []


def test_a_forward_is_of_the_very_message_that_its_header_names() -> None:
    # Another post of that channel shows the picture too, and came before.
    named = ForwardHeader("News", PeerKind.CHANNEL, 1, 12, hour(1))
    found = build([sighting(), sighting(hour(2), channel=DAILY, forward=named)])
    assert [(link.source.ref, link.target.ref) for link in found.links] == [("1/12", "2/10")]
    archived = sighting(hour(1), message_id=12, file=file(3, flipped=30))
    found = build([sighting(), archived, sighting(hour(2), channel=DAILY, forward=named)])
    assert [link.source for link in found.links[1:]] == [archived]


def test_a_forward_whose_source_is_archived_proves_nothing_more() -> None:
    header = ForwardHeader("News", PeerKind.CHANNEL, 1, 10, NOON)
    assert unarchived(sighting(), sighting(hour(1), channel=DAILY, forward=header, uploaded_at=NOON)) == []


def test_posts_that_are_not_archived_come_once_and_in_time_order() -> None:
    def forward(hours: float, at: float, number: int, where: Channel) -> Sighting:
        header = ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99, number, hour(at))
        return sighting(hour(hours), channel=where, forward=header)

    posts = [forward(0, -1, 7, NEWS), forward(1, -1, 7, DAILY), forward(2, -3, 5, TIMES), forward(3, -2, 6, OTHER)]
    assert unarchived(*posts) == [("99/5", hour(-3)), ("99/6", hour(-2)), ("99/7", hour(-1))]
    found = build(posts)
    assert found.unarchived[2].proof == posts[0]
    assert first(*posts).ref == "99/5"
    assert [link.source.ref for link in found.links] == ["99/7", "99/7", "99/5", "99/6"]


@pytest.mark.parametrize(
    ("header", "ref"),
    [
        (ForwardHeader("Somebody", at=hour(-1)), "Somebody"),
        (ForwardHeader("Somebody", PeerKind.USER, 5, at=hour(-1)), "5"),
    ],
)
def test_a_header_that_names_no_message_proves_a_post_all_the_same(header: ForwardHeader, ref: str) -> None:
    assert unarchived(sighting(forward=header)) == [(ref, hour(-1))]


def test_a_claim_is_no_earlier_than_what_a_header_proves() -> None:
    target = sighting(None, claimed_at=hour(-9), forward=ELSEWHERE)
    assert first(target).at == hour(-1)
    assert first(claimed(-9), sighting(forward=ELSEWHERE)).at == hour(-1)


def test_an_image_that_was_swapped_into_the_named_post_counts_from_its_upload() -> None:
    # The post was there an hour before the image that was forwarded.
    header = replace(ELSEWHERE, at=hour(-3))
    target = sighting(forward=header, uploaded_at=hour(-1))
    found = first(target)
    assert (found.ref, found.at, found.basis) == ("99/7", hour(-1), Basis.UPLOADED)
    assert "swapped in by an edit" in found.warnings[0]
    evidence = (
        "forward header names «Elsewhere», post 7, whose image was uploaded after its time; not archived; 1 h later"
    )
    assert build([target]).links[0].evidence == evidence
    assert unarchived(sighting(hour(-2), channel=DAILY), target) == []
    # Clocks differ a little.
    slack = timedelta(minutes=1)
    assert first(replace(target, uploaded_at=hour(-3) + slack)).at == hour(-3)
    # Whatever the clocks say, a forward comes after what it forwards.
    assert build([replace(target, uploaded_at=NOON + slack)]).links[0].evidence.endswith("; 0 s later")


def test_an_upload_well_before_the_post_proves_an_earlier_one() -> None:
    target = sighting(uploaded_at=hour(-5), media_id=77)
    found = build([target, sighting(hour(1), channel=DAILY)])
    (post,) = found.unarchived
    assert (post, post.ref) == (Unarchived(hour(-5), target), "media 77")
    why = (
        "Telegram's upload time of the image in 1/10 in «News», 5 h before that post: "
        "it was posted elsewhere by then, which is not archived, or waited to be posted."
    )
    assert found.first_seen == FirstSeen(post, hour(-5), Basis.UPLOADED, False, (why,))
    assert found.first == target
    assert [link.source.ref for link in found.links] == ["1/10"]


def test_a_silent_copys_upload_time_proves_a_post_before_the_first() -> None:
    copied = sighting(hour(9), channel=DAILY, uploaded_at=hour(-5), media_id=77)
    assert unarchived(sighting(), copied) == [("media 77", hour(-5))]


@pytest.mark.parametrize(
    ("before_the_first", "proves"),
    [(timedelta(minutes=10), False), (timedelta(minutes=10, seconds=1), True), (timedelta(), False)],
)
def test_an_upload_shortly_before_the_first_was_for_it(before_the_first: timedelta, proves: bool) -> None:
    copied = sighting(hour(9), channel=DAILY, uploaded_at=NOON - before_the_first, media_id=77)
    original = sighting(uploaded_at=NOON - before_the_first, media_id=77)
    assert bool(unarchived(original, copied)) is bool(unarchived(sighting(), copied)) is proves


def test_an_archived_post_of_the_same_media_makes_no_unarchived_one() -> None:
    posts = [sighting(hour(hours), channel=channel(hours + 1), uploaded_at=NOON, media_id=77) for hours in (0, 5, 9)]
    assert unarchived(*posts) == []
    assert links(*posts)[0] == ("1/10", "6/10", LinkKind.SILENT_COPY)


def test_what_was_scheduled_waited_and_was_nowhere_before() -> None:
    waiting = sighting(uploaded_at=hour(-5), media_id=77, scheduled=True)
    copied = sighting(hour(1), channel=DAILY, uploaded_at=hour(-5), media_id=77)
    forward = sighting(
        hour(1),
        channel=TIMES,
        uploaded_at=hour(-5),
        media_id=77,
        forward=ForwardHeader("News", PeerKind.CHANNEL, 1, 10, NOON),
    )
    assert unarchived(waiting, copied, forward) == []
    # Nobody knows how other media came about.
    assert unarchived(waiting, replace(copied, media_id=78)) == [("media 78", hour(-5))]


def test_an_upload_is_one_proof_whatever_shows_it_and_needs_be_before_what_a_header_names() -> None:
    copies = [sighting(hour(i), channel=channel(i), uploaded_at=hour(-5), media_id=77) for i in (3, 4)]
    forward = sighting(channel=DAILY, forward=replace(ELSEWHERE, at=hour(-9)))
    assert unarchived(sighting(), *copies) == [("media 77", hour(-5))]
    assert build(copies).unarchived[0].proof == copies[0]
    assert unarchived(forward, *copies) == [("99/7", hour(-9))]
    forward = replace(forward, forward=replace(ELSEWHERE, at=hour(-3)))
    assert unarchived(forward, *copies) == [("media 77", hour(-5)), ("99/7", hour(-3))]


def test_a_forwards_upload_belongs_to_the_post_that_its_header_names() -> None:
    target = sighting(forward=ELSEWHERE, uploaded_at=hour(-1), media_id=77)
    assert unarchived(target) == [("99/7", hour(-1))]
    early = replace(target, uploaded_at=hour(-5))
    assert unarchived(early) == [("media 77", hour(-5)), ("99/7", hour(-1))]


def test_a_collection_proves_no_post() -> None:
    assert build([claimed(-9, forward=ELSEWHERE)]).unarchived == ()


def test_a_preview_counts_from_when_telegram_fetched_it() -> None:
    # The link was posted at noon; its page got a preview, or another one, later.
    preview = sighting(kind=AttachmentKind.WEB_PAGE, uploaded_at=hour(2), media_id=77)
    photo = sighting(hour(1), channel=DAILY)
    found = build([preview, photo])
    assert (found.first, found.unarchived) == (photo, ())
    assert [dated(each).at for each in found.sightings] == [hour(1), hour(2)]
    # A header that names the post with the link does not say what its preview was.
    assert unarchived(replace(preview, posted_at=hour(3), forward=replace(ELSEWHERE, at=hour(-9)))) == [
        ("99/7", hour(2))
    ]
