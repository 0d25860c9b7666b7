from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import chain, times
from provenance.core.chain import build, duration, first_seen_warnings, revision_reason, transform_words
from provenance.core.model import (
    Channel,
    Confidence,
    ForwardHeader,
    LinkKind,
    Match,
    MatchKind,
    Media,
    PeerKind,
    Sighting,
    Source,
)
from tests.core.build import FOLDER, NEWS, NOON, channel, file, hour, sighting

DAILY, TIMES, OTHER = channel(2, "Daily"), channel(3, "Times"), channel(4, "Other")
COPY, FAR = file(2, flipped=8), file(3, flipped=30)
FROM_NEWS = ForwardHeader("News", PeerKind.CHANNEL, 1)


def claimed(hours: float, where: Channel = FOLDER, **more: Any) -> Sighting:
    return sighting(None, claimed_at=hour(hours), channel=where, **more)


def links(*all_of: Sighting) -> list[tuple[str, str, LinkKind]]:
    return [(link.source.ref, link.target.ref, link.kind) for link in build(all_of).links]


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
    assert [each for each in found.warnings if "same second" in each] == [
        f"{others} more post(s) carry this picture at the same second as the first; their order is not known."
    ]


def test_a_claim_at_the_same_second_is_no_rival() -> None:
    assert build([sighting(), claimed(0)]).warnings == ()


def test_a_post_is_no_rival_of_itself() -> None:
    twice = [sighting(position=0), sighting(position=1, file=COPY, attachment_id=2)]
    assert build(twice).warnings == ()


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
    assert revision_reason(before, sighting(), joined) == reason


@pytest.mark.parametrize(
    ("kind", "mirrored", "rotated", "words"),
    [
        (MatchKind.RECOMPRESSED, False, 0, ""),
        (MatchKind.TRANSFORMED, True, 0, ", mirrored"),
        (MatchKind.TRANSFORMED, False, 90, ", turned by 90°"),
        (MatchKind.TRANSFORMED, True, 270, ", mirrored, turned by 270°"),
        (MatchKind.TRANSFORMED, False, 0, ", stretched"),
    ],
)
def test_transform_words(kind: MatchKind, mirrored: bool, rotated: int, words: str) -> None:
    assert transform_words(Match(kind, "phash", 3, Confidence.CERTAIN, mirrored, rotated)) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(seconds=61), "1 min 1 s"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
        (timedelta(days=800), "2 y 69 d"),
    ],
)
def test_duration(span: timedelta, words: str) -> None:
    assert duration(span) == words


# Order of arrival

_FILES = {"first": file(1), "copy": COPY, "far": FAR, "other": file(4, seed=5), "bare": file(5, codes=b"")}
_WHERE = {"news": NEWS, "daily": DAILY, "namesake": channel(9, "News"), "folder": FOLDER}


def _made(at: Any, where: str, message_id: int, position: int, what: str, **more: Any) -> Sighting:
    place = {"channel": _WHERE[where], "message_id": message_id, "position": position, "file": _FILES[what]}
    return sighting(at, claimed_at=None if at else NOON, **place, **more)


_SIGHTINGS = st.builds(
    _made,
    st.sampled_from([None, NOON, hour(1), hour(2)]),
    st.sampled_from(list(_WHERE)),
    st.integers(10, 12),
    st.integers(0, 1),
    st.sampled_from(list(_FILES)),
    forward=st.sampled_from([None, FROM_NEWS, ForwardHeader("News"), ForwardHeader("Daily")]),
    media_id=st.sampled_from([None, 77]),
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
    places = [(found.sightings.index(link.source), found.sightings.index(link.target)) for link in found.links]
    assert all(source < target for source, target in places)
    assert len({target for _, target in places}) == len(places)
