from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import times
from provenance.core.model import AttachmentKind, ForwardHeader, Media, Sighting, Source, Version
from provenance.core.times import Basis, dated, sightings
from tests.core.build import FOLDER, NEWS, NOON, SEEN, channel, file, held, hour, sighting, version

A, B = file(1), file(2, seed=9)
CLAIM = NOON.replace(year=2020)


@pytest.mark.parametrize(
    ("given_as", "at", "basis", "warnings"),
    [
        ({}, NOON, Basis.POSTED, ()),
        ({"source": Source.IMPORT}, NOON, Basis.POSTED, (times.IMPORTED,)),
        ({"source": Source.LIVE}, NOON, Basis.POSTED, ()),
        ({"uploaded_at": hour(-1)}, NOON, Basis.POSTED, ()),
        ({"uploaded_at": NOON}, NOON, Basis.POSTED, ()),
        ({"uploaded_at": hour(2)}, hour(2), Basis.UPLOADED, (times.UPLOADED_LATER,)),
        (
            {"uploaded_at": hour(2), "media": Media.SWAPPED, "swapped_at": hour(1)},
            hour(2),
            Basis.UPLOADED,
            (times.UPLOADED_LATER,),
        ),
        ({"media": Media.SWAPPED, "swapped_at": hour(1)}, hour(1), Basis.POSTED, (times.SWAPPED,)),
        ({"media": Media.SWAPPED, "swapped_at": None}, SEEN, Basis.OBSERVED, (times.SWAPPED_UNDATED,)),
        ({"media": Media.SWAPPED, "swapped_at": hour(-1)}, SEEN, Basis.OBSERVED, (times.SWAPPED_UNDATED,)),
        ({"media": Media.EDITED, "edited_at": hour(1)}, NOON, Basis.POSTED, (times.EDITED,)),
        ({"media": Media.DISPUTED}, NOON, Basis.POSTED, (times.DISPUTED,)),
        ({"times_differ": True}, NOON, Basis.POSTED, (times.TIMES_DIFFER,)),
        ({"posted_at": None, "claimed_at": CLAIM}, CLAIM, Basis.CLAIMED, (times.LOCAL_TIME,)),
        ({"posted_at": None, "claimed_at": CLAIM, "channel": FOLDER}, CLAIM, Basis.CLAIMED, (times.CLAIMED,)),
        ({"posted_at": None}, SEEN, Basis.OBSERVED, (times.UNDATED,)),
        # A claim beside a post time says nothing, however early.
        ({"claimed_at": CLAIM}, NOON, Basis.POSTED, ()),
        (
            {"media": Media.DISPUTED, "times_differ": True, "source": Source.IMPORT},
            NOON,
            Basis.POSTED,
            (times.TIMES_DIFFER, times.DISPUTED, times.IMPORTED),
        ),
    ],
)
def test_what_each_time_proves(given_as: dict[str, Any], at: datetime, basis: Basis, warnings: tuple[str, ...]) -> None:
    found = dated(sighting(**{"at": NOON} | given_as) if "posted_at" not in given_as else sighting(**given_as))
    assert (found.at, found.basis, found.warnings) == (at, basis, warnings)


@pytest.mark.parametrize("basis", list(Basis))
def test_only_a_claim_has_nobody_to_vouch_for_it(basis: Basis) -> None:
    assert times.Dated(NOON, basis).vouched == (basis is not Basis.CLAIMED)


def one(versions: Sequence[Version], of: int = 1) -> Sighting:
    (found,) = [each for each in sightings(versions) if each.file.id == of]
    return found


def test_an_unedited_post_is_its_only_version() -> None:
    found = one([version(A, text="Look")])
    assert (found.media, found.posted_at, found.text, found.times_differ) == (Media.ORIGINAL, NOON, "Look", False)
    assert (found.ref, found.position, found.kind) == ("1/10", 0, AttachmentKind.PHOTO)


def test_an_edit_of_the_text_leaves_the_image_where_it_was() -> None:
    edited = version(A, id=2, edited_at=hour(3), text="corrected")
    found = one([edited, version(A, text="first words")])
    assert (found.media, found.edited_at, found.text) == (Media.ORIGINAL, hour(3), "first words")
    assert dated(found).at == NOON


def test_an_image_swapped_in_by_an_edit_counts_from_the_edit() -> None:
    found = sightings([version(B, id=2, edited_at=hour(3)), version(A)])
    assert [(each.file.id, each.media, dated(each).at) for each in found] == [
        (1, Media.ORIGINAL, NOON),
        (2, Media.SWAPPED, hour(3)),
    ]
    assert times.SWAPPED in dated(found[1]).warnings


def test_an_image_swapped_between_two_edits_counts_from_the_second() -> None:
    found = one([version(A, edited_at=hour(1)), version(B, id=2, edited_at=hour(2))], of=2)
    assert (found.media, found.swapped_at) == (Media.SWAPPED, hour(2))


def test_a_swap_dated_before_the_post_counts_from_its_observation() -> None:
    # Two imports disagree about the post's time, so that the later one lies behind the edit.
    found = one([version(A, posted_at=hour(5)), version(B, id=2, edited_at=hour(3), observed_at=hour(9))], of=2)
    assert (dated(found).at, dated(found).basis) == (hour(9), Basis.OBSERVED)


def test_an_image_that_comes_back_was_there_from_the_start() -> None:
    versions = [version(A), version(B, id=2, edited_at=hour(1)), version(A, id=3, edited_at=hour(2))]
    assert one(versions).media is Media.ORIGINAL


def test_two_unedited_versions_with_different_images_are_a_dispute() -> None:
    found = sightings([version(A), version(B, id=2)])
    assert [each.media for each in found] == [Media.DISPUTED, Media.DISPUTED]


def test_a_post_known_only_after_an_edit_may_have_been_swapped() -> None:
    assert one([version(A, edited_at=hour(1))]).media is Media.EDITED
    assert one([version(A, edited_at=hour(1)), version(A, id=2, edited_at=hour(2))]).media is Media.EDITED


@pytest.mark.parametrize(
    ("earlier", "media"),
    [
        ((), Media.SWAPPED),  # The post had no image at all.
        ((None,), Media.EDITED),  # A file that was not exported may be this one.
        ((B,), Media.SWAPPED),
        ((B, None), Media.EDITED),
    ],
)
def test_what_an_earlier_version_says_about_an_edited_one(earlier: tuple[Any, ...], media: Media) -> None:
    assert one([version(*earlier), version(A, id=2, edited_at=hour(1))]).media is media


def test_a_version_whose_file_is_missing_disputes_nothing() -> None:
    assert one([version(None), version(A, id=2)]).media is Media.ORIGINAL


def test_the_thumbnail_of_a_document_that_was_left_out_is_no_dispute() -> None:
    # One export included the document; in the other only its thumbnail is there.
    thumbnail = held(B, 21, position=1, kind=AttachmentKind.DOCUMENT_THUMBNAIL)
    document = held(None, 20, kind=AttachmentKind.DOCUMENT)
    whole = version(held=(held(A, 10, kind=AttachmentKind.DOCUMENT),))
    found = sightings([whole, version(id=2, held=(document, thumbnail))])
    assert [each.media for each in found] == [Media.ORIGINAL, Media.ORIGINAL]


def test_of_two_post_times_the_later_one_is_used() -> None:
    found = one([version(A, posted_at=hour(2)), version(A, id=2, posted_at=hour(1), text="x")])
    assert (found.posted_at, found.times_differ) == (hour(2), True)
    assert times.TIMES_DIFFER in dated(found).warnings


def test_dates_that_are_not_known_never_win() -> None:
    nothing = version(
        held=(held(A, 5),), posted_at=None, claimed_at=None, edited_at=None, deleted_seen_at=None, observed_at=hour(50)
    )
    full = version(
        id=2,
        held=(held(A, 6, uploaded_at=hour(-1)), held(A, 7, uploaded_at=hour(-2))),
        claimed_at=CLAIM,
        deleted_seen_at=hour(60),
    )
    found = one([nothing, full])
    assert (found.posted_at, found.claimed_at, found.uploaded_at) == (NOON, CLAIM, hour(-2))
    assert (found.deleted_seen_at, found.observed_at, found.attachment_id) == (hour(60), hour(50), 5)
    assert dated(found).at == NOON


def test_a_post_without_a_time_comes_after_those_that_have_one() -> None:
    undated = version(A, posted_at=None, message_id=1)
    found = sightings([undated, version(A, id=2, message_id=2), version(A, id=3, message_id=3, posted_at=hour(-1))])
    assert [each.message_id for each in found] == [3, 2, 1]


def test_posts_of_different_channels_are_not_folded_together() -> None:
    versions = [version(A), version(A, id=2, channel=channel(2)), version(A, id=3, message_id=11), version(B, id=4)]
    assert {(each.channel.id, each.message_id, each.file.id) for each in sightings(versions)} == {
        (1, 10, 1),
        (2, 10, 1),
        (1, 11, 1),
        (1, 10, 2),
    }


def test_nothing_is_seen_in_posts_without_bytes() -> None:
    assert sightings([version(), version(None, id=2)]) == []


MOMENTS = st.sampled_from([None, NOON, hour(1), hour(2)])
HELD = st.builds(
    held,
    st.sampled_from([A, A, B, None]),
    st.integers(1, 99),
    position=st.integers(0, 1),
    media_id=st.sampled_from([None, 77]),
    uploaded_at=MOMENTS,
)
# Versions that differ in little: where all else is equal, the order of import must not decide.
VERSIONS = st.fixed_dictionaries(
    {"held": st.sampled_from([(held(A, 1),), (held(A, 2),)]) | st.lists(HELD, max_size=2).map(tuple)},
    optional={
        "channel": st.just(channel(2)),
        "message_id": st.just(11),
        "posted_at": MOMENTS,
        "edited_at": MOMENTS,
        "claimed_at": MOMENTS,
        "observed_at": st.just(hour(999)),
        "deleted_seen_at": MOMENTS,
        "forward": st.sampled_from([ForwardHeader("Daily"), ForwardHeader("Daily", NEWS.kind, 9)]),
        "source": st.sampled_from(Source),
        "text": st.just("words"),
    },
).map(lambda changes: version(**changes))


@given(st.lists(VERSIONS, max_size=4).flatmap(lambda all_of: st.tuples(st.just(all_of), st.permutations(all_of))))
def test_the_fold_does_not_depend_on_the_order_of_versions(both: tuple[list[Version], list[Version]]) -> None:
    assert sightings(both[0]) == sightings(both[1])


@given(st.lists(VERSIONS, max_size=4))
def test_every_file_of_every_post_is_seen_once_and_in_time_order(versions: list[Version]) -> None:
    found = sightings(versions)
    wanted = {(v.channel.key, v.message_id, h.file.id) for v in versions for h in v.held if h.file}
    assert sorted((s.channel.key, s.message_id, s.file.id) for s in found) == sorted(wanted)
    assert [dated(each).at for each in found] == sorted(dated(each).at for each in found)
