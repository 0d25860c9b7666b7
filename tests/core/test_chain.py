from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import chain, times
from provenance.core.chain import (
    FirstSeen,
    build,
    first_seen_warnings,
    revision_reason,
)
from provenance.core.model import (
    AttachmentKind,
    Channel,
    ForwardHeader,
    LinkKind,
    Media,
    PeerKind,
    Sighting,
    Source,
)
from provenance.core.times import Basis, dated
from provenance.core.wording import counted
from tests.core.build import (
    DAILY,
    ELSEWHERE,
    FOLDER,
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

COPY, FAR = file(2, flipped=8), file(3, flipped=30)


# First seen


def test_an_empty_chain() -> None:
    assert build([]) == chain.Chain((), None, (), ())


def test_the_earliest_is_first() -> None:
    late, early = sighting(hour(1)), sighting(hour(0), channel=DAILY)
    assert build([late, early]).sightings == (early, late)
    assert build([late, early]).first == early


def test_a_claim_never_displaces_a_time_that_somebody_vouches_for() -> None:
    claim, post = claimed(-1000, message_id=1), sighting()
    found = build([claim, post])
    assert found.first == post
    assert found.sightings == (claim, post)
    (warning,) = found.warnings
    assert "«A folder» holds this picture with an earlier file time, 2024-11-05 20:00 UTC" in warning


def test_an_exporters_local_time_is_a_claim_too() -> None:
    assert build([claimed(-5, NEWS), sighting(channel=DAILY)]).first == sighting(channel=DAILY)


def test_the_earliest_claim_is_first_where_there_is_nothing_else() -> None:
    early, late = claimed(-2, message_id=2), claimed(-1, message_id=1)
    found = build([late, early])
    assert (found.first, found.warnings) == (early, ())


def test_a_later_claim_is_not_worth_a_warning() -> None:
    assert build([sighting(), claimed(3)]).warnings == ()


def test_an_undated_post_counts_from_its_observation() -> None:
    undated = sighting(None, channel=DAILY)
    assert build([undated, sighting()]).first == sighting()
    assert build([undated]).first == undated


@pytest.mark.parametrize("others", [1, 2])
def test_posts_of_the_same_second_have_no_known_order(others: int) -> None:
    ties = [sighting(channel=each) for each in (NEWS, DAILY, TIMES)[: others + 1]]
    found = build([*ties[::-1], sighting(hour(1), channel=OTHER)])
    assert found.first == ties[0]  # by number, so that it is always the same one
    (told,) = (each for each in found.warnings if "same second" in each)
    assert f"{counted(others, 'more post')} carried this picture: their order is not known." in told


def test_a_claim_at_the_same_second_is_no_rival() -> None:
    assert build([sighting(), claimed(0)]).warnings == ()


def test_a_post_is_no_rival_of_itself() -> None:
    twice = [sighting(position=0), sighting(position=1, file=COPY, attachment_id=2)]
    assert build(twice).warnings == ()


def test_the_first_seen_is_archived_where_nothing_proves_more() -> None:
    post = sighting(media=Media.EDITED)
    assert first(sighting(hour(1), channel=DAILY), post) == FirstSeen(post, NOON, Basis.POSTED, True, (times.EDITED,))
    assert first(post).ref == "1/10"
    assert build([]).first_seen is None


# Links


def test_a_forward_is_linked_by_the_id_that_its_header_names() -> None:
    source = sighting()
    nearer = sighting(hour(1), channel=DAILY, file=COPY)
    target = sighting(hour(27), channel=TIMES, file=COPY, forward=FROM_NEWS)
    link = build([source, nearer, target]).links[-1]
    assert (link.source, link.target, link.kind) == (source, target, LinkKind.FORWARD)
    assert link.evidence == "forward header names «News»; hash distance 8 of 256 bits; 1 d 3 h later"


def test_ids_of_another_kind_are_other_peers() -> None:
    forward = ForwardHeader("News", PeerKind.USER, 1)
    found = build([sighting(), sighting(hour(1), channel=DAILY, forward=forward)])
    assert found.links == ()
    assert len(found.warnings) == 1


@pytest.mark.parametrize("today", ["News", "Renamed"])
def test_a_forward_without_an_id_is_linked_by_a_name_that_is_unique(today: str) -> None:
    where = Channel(PeerKind.CHANNEL, 1, today, names=frozenset({"News", today}))
    target = sighting(hour(1), channel=DAILY, forward=ForwardHeader("News"))
    assert links(sighting(channel=where), target) == [("1/10", "2/10", LinkKind.FORWARD)]


def test_a_name_that_two_channels_bear_leads_nowhere() -> None:
    target = sighting(hour(2), channel=DAILY, forward=ForwardHeader("News"))
    found = build([sighting(), sighting(hour(1), channel=channel(9, "News"), file=COPY), target])
    assert [(link.source.ref, link.target.ref) for link in found.links] == [("1/10", "9/10")]
    assert any("2/10 in «Daily» is a forward from «News»" in each for each in found.warnings)


def test_of_a_channels_posts_the_named_message_then_the_same_bytes_then_the_earliest() -> None:
    posts = [sighting(hour(i), message_id=10 + i, file=each) for i, each in enumerate((file(1), COPY, FAR))]

    def source(header: ForwardHeader, what: Any) -> str:
        return build([*posts, sighting(hour(9), channel=DAILY, forward=header, file=what)]).links[-1].source.ref

    named = ForwardHeader("News", PeerKind.CHANNEL, 1, message_id=12)
    assert source(named, COPY) == "1/12"
    assert source(FROM_NEWS, COPY) == "1/11"
    assert source(FROM_NEWS, file(7, flipped=1)) == "1/10"


def test_a_forward_from_elsewhere_warns_and_is_linked_to_nothing() -> None:
    forward = ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99)
    target = sighting(hour(1), channel=DAILY, forward=forward)
    found = build([sighting(), target])
    assert found.links == ()
    (warning,) = found.warnings
    assert warning.startswith("2/10 in «Daily» is a forward from «Elsewhere»; that earlier post is not archived")
    assert first_seen_warnings(target) == (warning,)


def test_a_forward_older_than_its_archived_source_names_an_earlier_post() -> None:
    # The channel's archived post is later: the one that was forwarded must have been another.
    found = build([sighting(channel=DAILY, forward=FROM_NEWS), sighting(hour(1), file=COPY)])
    assert [(link.source.ref, link.target.ref) for link in found.links] == [("2/10", "1/10")]
    assert "not archived" in found.warnings[0]


def test_the_same_media_id_is_a_silent_copy() -> None:
    source, target = sighting(media_id=77), sighting(hour(2), channel=DAILY, media_id=77, file=COPY)
    link = build([source, sighting(hour(1), channel=TIMES, file=COPY), target]).links[-1]
    assert (link.source, link.kind) == (source, LinkKind.SILENT_COPY)
    assert link.evidence == "same Telegram media id; no forward header; 2 h later"


def test_unknown_media_ids_are_not_the_same() -> None:
    assert links(sighting(), sighting(hour(1), channel=DAILY, file=COPY))[0][2] is LinkKind.ALTERED_REUPLOAD


def test_the_same_bytes_are_an_identical_reupload_of_the_earliest() -> None:
    posts = [sighting(hour(i), channel=each, media_id=i) for i, each in enumerate((NEWS, DAILY, TIMES))]
    assert links(*posts) == [
        ("1/10", "2/10", LinkKind.IDENTICAL_REUPLOAD),
        ("1/10", "3/10", LinkKind.IDENTICAL_REUPLOAD),
    ]
    assert build(posts).links[0].evidence == "same bytes; no forward header; 1 h later"


def test_an_altered_reupload_comes_from_the_nearest() -> None:
    posts = [
        sighting(),
        sighting(hour(1), channel=DAILY, file=FAR),
        sighting(hour(2), channel=TIMES, file=file(4, flipped=31)),
    ]
    link = build(posts).links[-1]
    assert (link.source.channel, link.kind) == (DAILY, LinkKind.ALTERED_REUPLOAD)
    assert link.evidence == "hash distance 1 of 256 bits; no forward header; 1 h later"


def test_of_equally_near_ones_the_earliest() -> None:
    posts = [sighting(), sighting(hour(1), channel=DAILY), sighting(hour(2), channel=TIMES, file=COPY)]
    assert links(*posts)[-1] == ("1/10", "3/10", LinkKind.ALTERED_REUPLOAD)


def test_files_that_cannot_be_compared_are_not_linked() -> None:
    assert links(sighting(), sighting(hour(1), channel=DAILY, file=file(5, codes=b""))) == []


def test_a_forward_whose_image_cannot_be_compared_is_still_a_forward() -> None:
    target = sighting(hour(1), channel=DAILY, file=file(5, codes=b""), forward=FROM_NEWS)
    assert "the images could not be compared" in build([sighting(), target]).links[0].evidence


def test_nothing_is_copied_from_a_collection_or_to_one() -> None:
    found = [claimed(-9), sighting(), claimed(1, message_id=11), sighting(hour(2), channel=DAILY)]
    assert links(*found) == [("1/10", "2/10", LinkKind.IDENTICAL_REUPLOAD)]


def test_a_collection_that_bears_the_credited_name_is_not_the_source() -> None:
    folder = claimed(-9, channel(-5, "News", PeerKind.COLLECTION))
    found = build([folder, sighting(channel=DAILY, forward=ForwardHeader("News"))])
    assert found.links == ()
    assert any("forward from «News»" in each for each in found.warnings)


def test_a_collection_does_not_make_the_credited_name_ambiguous() -> None:
    folder = claimed(1, channel(-5, "News", PeerKind.COLLECTION))
    found = build([sighting(), folder, sighting(hour(2), channel=DAILY, forward=ForwardHeader("News"))])
    assert [link.kind for link in found.links] == [LinkKind.FORWARD]
    assert found.warnings == ()


def test_a_post_is_no_copy_of_itself() -> None:
    # Two exports show different sizes of one photo in one post.
    sizes = [sighting(media=Media.DISPUTED), sighting(media=Media.DISPUTED, file=COPY, attachment_id=2)]
    assert links(*sizes) == []


def test_two_links_to_one_page_are_no_copies_of_each_other() -> None:
    one = sighting(kind=AttachmentKind.WEB_PAGE, media_id=77)
    other = sighting(hour(1), channel=DAILY, kind=AttachmentKind.WEB_PAGE, media_id=77)
    assert build([one, other]).links == ()
    copied = replace(other, kind=AttachmentKind.PHOTO)
    assert build([replace(one, kind=AttachmentKind.PHOTO), copied]).links != ()


# In words


def test_first_seen_warnings_join_the_times_and_the_credit() -> None:
    assert first_seen_warnings(sighting()) == ()
    warnings = first_seen_warnings(sighting(source=Source.IMPORT, forward=ForwardHeader("Daily")))
    assert warnings[0] == times.IMPORTED
    assert "«Daily»" in warnings[1]


@pytest.mark.parametrize(
    ("before", "joined", "reason"),
    [
        (None, False, "first record of this picture"),
        ("2/5", False, "1/10 was archived, which is earlier than 2/5"),
        ("2/5", True, "joined with another picture, whose first post 1/10 is earlier than 2/5"),
        ("1/10", False, "the time of 1/10 was corrected by what was archived since"),
        ("1/10", True, "the time of 1/10 was corrected by what was archived since"),
    ],
)
def test_revision_reason(before: str | None, joined: bool, reason: str) -> None:
    assert revision_reason(before, None, first(sighting()), joined) == reason


@pytest.mark.parametrize(
    ("before", "joined", "reason"),
    [
        (None, False, "first record of this picture"),
        ("1/10", False, "99/7, which is not archived, is proven to be earlier than 1/10"),
        ("2/5", True, "joined with another picture, whose first post 99/7 is earlier than 2/5"),
        ("99/7", False, "the time of 99/7 was corrected by what was archived since"),
    ],
)
def test_revision_reason_of_an_unarchived_post(before: str | None, joined: bool, reason: str) -> None:
    assert revision_reason(before, None, first(sighting(forward=ELSEWHERE)), joined) == reason


def test_revision_reason_of_a_first_post_that_left_the_picture() -> None:
    after = first(sighting())
    reason = revision_reason("9/9", after.at - timedelta(hours=1), after, joined=False)
    assert reason == "9/9 no longer counts as an earlier post of this picture"


# Order of arrival

_FILES = {"first": file(1), "copy": COPY, "far": FAR, "other": file(4, seed=5), "bare": file(5, codes=b"")}
_WHERE = {"news": NEWS, "daily": DAILY, "namesake": channel(9, "News"), "folder": FOLDER}


def _made(at: Any, where: str, message_id: int, position: int, what: str, **more: Any) -> Sighting:
    place = {"channel": _WHERE[where], "message_id": message_id, "position": position, "file": _FILES[what]}
    # Telegram gives the times of a post and of its upload together; a claim stands in for both.
    times_of = {"claimed_at": None} if at else {"claimed_at": NOON, "uploaded_at": None}
    return sighting(at, **place, **more | times_of)


_SIGHTINGS = st.builds(
    _made,
    st.sampled_from([None, NOON, hour(1), hour(2)]),
    st.sampled_from(list(_WHERE)),
    st.integers(10, 12),
    st.integers(0, 1),
    st.sampled_from(list(_FILES)),
    forward=st.sampled_from(
        [
            None,
            FROM_NEWS,
            ForwardHeader("News"),
            ForwardHeader("Daily"),
            ForwardHeader("Daily", at=hour(-1)),
            ForwardHeader("News", PeerKind.CHANNEL, 1, 10, NOON),
            ForwardHeader("Elsewhere", PeerKind.CHANNEL, 99, 7, hour(-2)),
            ForwardHeader("Elsewhere", at=hour(-2), imported=True),
        ]
    ),
    media_id=st.sampled_from([None, 77]),
    uploaded_at=st.sampled_from([None, NOON, hour(-1.5), hour(-3)]),
    scheduled=st.booleans(),
    media=st.sampled_from([Media.ORIGINAL, Media.DISPUTED]),
)


def _place(each: Sighting) -> tuple[object, ...]:
    # What the fold of the versions guarantees: each file at most once in each post.
    return each.channel.key, each.message_id, each.file.id


@given(
    st.lists(_SIGHTINGS, max_size=6, unique_by=_place).flatmap(
        lambda all_of: st.tuples(st.just(all_of), st.permutations(all_of))
    )
)
def test_the_chain_does_not_depend_on_the_order_of_arrival(both: tuple[list[Sighting], list[Sighting]]) -> None:
    assert build(both[0]) == build(both[1])


@given(st.lists(_SIGHTINGS, max_size=6, unique_by=_place))
def test_links_lead_from_the_earlier_to_the_later_and_each_target_has_one(all_of: list[Sighting]) -> None:
    found = build(all_of)
    targets = [found.sightings.index(link.target) for link in found.links]
    for link, target in zip(found.links, targets, strict=True):
        if isinstance(link.source, Sighting):
            assert found.sightings.index(link.source) < target
        else:
            assert link.source.at <= dated(link.target).at
    assert len(set(targets)) == len(targets)


@given(st.lists(_SIGHTINGS, max_size=6, unique_by=_place))
def test_what_is_not_archived_comes_before_what_is_and_once(all_of: list[Sighting]) -> None:
    found = build(all_of)
    moments = [each.at for each in found.unarchived]
    assert moments == sorted(moments)
    assert len({each.ref for each in found.unarchived}) == len(moments)
    if found.first is not None and found.first_seen is not None and dated(found.first).vouched:
        assert all(at < dated(found.first).at for at in moments)
        assert found.first_seen.at == min([dated(found.first).at, *moments])
        assert found.first_seen.archived is not bool(moments)
