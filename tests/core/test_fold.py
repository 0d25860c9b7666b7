from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import times
from provenance.core.fold import sightings
from provenance.core.model import AttachmentKind, ForwardHeader, Media, PeerKind, Sighting, Source, Version
from provenance.core.times import Basis, dated
from tests.core.build import NEWS, NOON, channel, file, held, hour, version

A, B = file(1), file(2, seed=9)


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


# What we saw on Telegram ourselves


def seen(hours: float, *what: Any, **more: Any) -> Version:
    """A version of the post that this archive saw so many hours after noon."""
    return version(*what, **{"id": int(hours), "observed_at": hour(hours), "source": Source.BACKFILL} | more)


def media(*versions: Version) -> dict[int, Media]:
    return {each.file.id: each.media for each in sightings(versions)}


def test_an_image_that_we_saw_another_one_in_place_of_was_swapped_in() -> None:
    # Telegram hides some edits: no version is marked as edited.
    found = {each.file.id: each for each in sightings([seen(7, B, source=Source.LIVE), seen(5, A)])}
    assert (found[1].media, dated(found[1]).at) == (Media.ORIGINAL, NOON)
    assert (found[2].media, found[2].swapped_at) == (Media.SWAPPED, None)
    assert dated(found[2]) == times.Dated(hour(7), Basis.OBSERVED, (times.SEEN_SWAPPED,))


def test_a_hidden_swap_is_dated_by_an_edit_that_another_version_tells() -> None:
    # A reaction hides the edit again; an export or another reading of the post shows it.
    swapped = one([seen(5, A), seen(7, B), seen(9, B, edited_at=hour(6))], of=2)
    assert (swapped.media, swapped.swapped_at) == (Media.SWAPPED, hour(6))
    assert dated(swapped) == times.Dated(hour(6), Basis.POSTED, (times.SWAPPED,))


def test_an_edit_after_we_saw_the_image_is_not_the_one_that_brought_it() -> None:
    swapped = one([seen(5, A), seen(7, B), seen(9, B, edited_at=hour(8))], of=2)
    assert dated(swapped) == times.Dated(hour(7), Basis.OBSERVED, (times.SEEN_SWAPPED,))
    # Our clock may be a little behind.
    late = replace(swapped, swapped_at=hour(7) + timedelta(minutes=1))
    assert dated(late).warnings == (times.SWAPPED,)


def test_within_one_second_versions_count_as_they_were_written_down() -> None:
    assert media(seen(5, B, id=2), seen(5, A, id=3)) == {2: Media.ORIGINAL, 1: Media.SWAPPED}
    assert media(seen(5, A, id=2), seen(5, B, id=3)) == {1: Media.ORIGINAL, 2: Media.SWAPPED}


def test_an_image_that_comes_back_before_our_eyes_was_there_from_the_start() -> None:
    versions = [seen(5, A, text="to begin with"), seen(6, B), seen(7, A, text="and back")]
    assert media(*versions) == media(*versions[::-1]) == {1: Media.ORIGINAL, 2: Media.SWAPPED}
    assert one(versions[::-1]).text == "to begin with"


def test_when_an_export_was_imported_says_nothing() -> None:
    first, second = version(A, text="a", observed_at=hour(9)), version(A, id=2, text="b", observed_at=hour(8))
    assert one([first, second]).text == "a"
    assert one([replace(first, observed_at=hour(7)), second]).text == "a"


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        # What an export shows may be older or younger than what we saw.
        ([seen(5, A), version(B, id=2)], {1: Media.DISPUTED, 2: Media.DISPUTED}),
        ([seen(5, A), version(B, id=2, observed_at=hour(4))], {1: Media.DISPUTED, 2: Media.DISPUTED}),
        ([seen(5, A), version(B, id=2, observed_at=hour(6))], {1: Media.DISPUTED, 2: Media.DISPUTED}),
        # We saw the swap, whatever the export says of it.
        ([seen(5, A), seen(6, B), version(B, id=2)], {1: Media.DISPUTED, 2: Media.SWAPPED}),
        ([seen(5, A), seen(6, B), version(A, id=2)], {1: Media.ORIGINAL, 2: Media.SWAPPED}),
        # An edit that is marked says when.
        ([seen(5, A), seen(6, B, edited_at=hour(3))], {1: Media.ORIGINAL, 2: Media.SWAPPED}),
        ([seen(5, A, edited_at=hour(3)), seen(6, B, edited_at=hour(3))], {1: Media.EDITED, 2: Media.EDITED}),
    ],
)
def test_what_we_saw_and_what_exports_show(versions: list[Version], found: dict[int, Media]) -> None:
    assert media(*versions) == media(*versions[::-1]) == found


CLOSE, GUESS = file(3, flipped=31), file(4, flipped=70)
"""A by another encoder, and something that may be A."""


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        # The same media, in two sizes.
        (held(A, media_id=7), held(B, 2, media_id=7), {1: Media.ORIGINAL, 2: Media.EDITED}),
        (held(A, media_id=7), held(B, 2, media_id=8), {1: Media.ORIGINAL, 2: Media.SWAPPED}),
        # Other media, although the pictures are alike.
        (held(A, media_id=7), held(CLOSE, 2, media_id=8), {1: Media.ORIGINAL, 3: Media.SWAPPED}),
        # Media ids tell even where the bytes are missing.
        (held(None, media_id=8), held(A, 2, media_id=7), {1: Media.SWAPPED}),
        (held(None, media_id=7), held(A, 2, media_id=7), {1: Media.EDITED}),
        (held(None), held(A, 2, media_id=7), {1: Media.EDITED}),
        # An export's size of a picture that we downloaded, and the other way round.
        (held(A), held(CLOSE, 2, media_id=7), {1: Media.ORIGINAL, 3: Media.EDITED}),
        (held(CLOSE, media_id=7), held(A, 2), {3: Media.ORIGINAL, 1: Media.EDITED}),
        (held(A), held(B, 2, media_id=7), {1: Media.ORIGINAL, 2: Media.SWAPPED}),
        (held(A), held(GUESS, 2, media_id=7), {1: Media.ORIGINAL, 4: Media.SWAPPED}),
        # Two exports show the same size.
        (held(A), held(CLOSE, 2), {1: Media.ORIGINAL, 3: Media.SWAPPED}),
        # A document's thumbnail bears its media id, and is not the document.
        (
            held(B, media_id=7, kind=AttachmentKind.DOCUMENT_THUMBNAIL),
            held(A, 2, media_id=7, kind=AttachmentKind.DOCUMENT),
            {2: Media.ORIGINAL, 1: Media.EDITED},
        ),
    ],
)
def test_media_before_and_after_an_edit(before: Any, after: Any, found: dict[int, Media]) -> None:
    assert media(version(held=(before,)), version(id=2, edited_at=hour(1), held=(after,))) == found


def test_a_thumbnail_bears_the_media_id_of_its_document_and_is_not_it() -> None:
    thumbnail = held(B, media_id=7, kind=AttachmentKind.DOCUMENT_THUMBNAIL)
    before = version(held=(thumbnail, held(CLOSE, 2, position=1, media_id=8)))
    after = version(id=2, edited_at=hour(1), held=(held(A, 3, media_id=7, kind=AttachmentKind.DOCUMENT),))
    assert media(before, after)[1] is Media.SWAPPED


@pytest.mark.parametrize(
    ("export", "download", "found"),
    [
        (A, CLOSE, {Media.ORIGINAL}),
        (A, A, {Media.ORIGINAL}),
        (A, GUESS, {Media.DISPUTED}),
        (A, B, {Media.DISPUTED}),
        (A, None, {Media.ORIGINAL}),
    ],
)
def test_an_export_and_a_download_of_one_picture_are_no_dispute(export: Any, download: Any, found: set[Media]) -> None:
    ours = seen(5, held=(held(download, 2, media_id=7),))
    assert set(media(version(export), ours).values()) == found


PREVIEW: dict[str, Any] = {"kind": AttachmentKind.WEB_PAGE}


def test_previews_of_links_come_and_change_without_an_edit() -> None:
    without, one_page, other = seen(5), seen(6, held=(held(A, **PREVIEW),)), seen(7, held=(held(B, **PREVIEW),))
    assert media(without, one_page, other) == {1: Media.ORIGINAL, 2: Media.ORIGINAL}
    assert media(version(held=(held(A, **PREVIEW),)), version(id=2, held=(held(B, **PREVIEW),))) == {
        1: Media.ORIGINAL,
        2: Media.ORIGINAL,
    }
    edited = seen(8, edited_at=hour(3), held=(held(B, **PREVIEW),))
    assert media(without, edited) == {2: Media.EDITED}


def test_a_photo_that_takes_the_place_of_a_preview_was_swapped_in() -> None:
    before = seen(5, held=(held(B, **PREVIEW),))
    assert media(before, seen(6, A, edited_at=hour(3)))[1] is Media.SWAPPED


# What the versions say together


@pytest.mark.parametrize(
    ("sources", "nearest"),
    [
        ((Source.IMPORT, Source.LIVE, Source.BACKFILL), Source.LIVE),
        ((Source.IMPORT, Source.BACKFILL), Source.BACKFILL),
        ((Source.IMPORT, Source.IMPORT), Source.IMPORT),
    ],
)
def test_of_several_sources_the_one_nearest_to_telegram(sources: tuple[Source, ...], nearest: Source) -> None:
    found = one([version(A, id=number, source=source) for number, source in enumerate(sources, 1)])
    assert found.source is nearest
    assert (times.IMPORTED in dated(found).warnings) is (nearest is Source.IMPORT)


def test_only_versions_that_hold_the_image_speak_for_it() -> None:
    forward = ForwardHeader("Daily", at=hour(-1))
    other = version(B, id=2, edited_at=hour(1), source=Source.LIVE, forward=forward, scheduled=True)
    found = one([version(A), other])
    assert (found.source, found.forward, found.scheduled) == (Source.IMPORT, None, False)


EXPORTED = ForwardHeader("Daily")
NUMBERED = ForwardHeader("Daily", PeerKind.CHANNEL, 9)
WHOLE = ForwardHeader(None, PeerKind.CHANNEL, 9, 77, hour(-1))


@pytest.mark.parametrize(
    ("headers", "fullest"),
    [
        ([None, EXPORTED], EXPORTED),
        ([EXPORTED, NUMBERED], NUMBERED),
        ([NUMBERED, WHOLE, EXPORTED], WHOLE),
        ([NUMBERED, ForwardHeader("Daily", at=hour(-1))], ForwardHeader("Daily", at=hour(-1))),
        ([None, None], None),
    ],
)
def test_of_several_headers_the_one_that_tells_most(
    headers: list[ForwardHeader | None], fullest: ForwardHeader | None
) -> None:
    for told in (headers, headers[::-1]):
        versions = [version(A, id=n, edited_at=hour(n), forward=header) for n, header in enumerate(told, 1)]
        assert one(versions).forward == fullest


def test_a_media_id_that_one_version_lacks_is_taken_from_another() -> None:
    found = one([version(A), version(id=2, edited_at=hour(1), held=(held(A, 5, media_id=7, uploaded_at=hour(-3)),))])
    assert (found.media_id, found.uploaded_at) == (7, hour(-3))
    later = version(id=3, edited_at=hour(2), held=(held(A, 6, media_id=8, uploaded_at=hour(-2)),))
    earlier = version(id=2, edited_at=hour(1), held=(held(A, 5, media_id=7, uploaded_at=hour(-1)),))
    assert (one([later, earlier]).media_id, one([later, earlier]).uploaded_at) == (7, hour(-2))


def test_a_post_is_scheduled_where_one_version_says_so() -> None:
    # Exports do not tell.
    assert one([version(A), seen(5, A, scheduled=True, edited_at=hour(1))]).scheduled
    assert not one([version(A), seen(5, A)]).scheduled


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
        claimed_at=hour(-5),
        deleted_seen_at=hour(60),
    )
    found = one([nothing, full])
    assert (found.posted_at, found.claimed_at, found.uploaded_at) == (NOON, hour(-5), hour(-2))
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
    st.sampled_from([A, A, B, file(3, flipped=31), None]),
    st.integers(1, 99),
    position=st.integers(0, 1),
    media_id=st.sampled_from([None, 77, 78]),
    kind=st.sampled_from([AttachmentKind.PHOTO, AttachmentKind.WEB_PAGE, AttachmentKind.DOCUMENT_THUMBNAIL]),
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
        "forward": st.sampled_from(
            [ForwardHeader("Daily"), ForwardHeader("Daily", NEWS.kind, 9), ForwardHeader("Daily", at=hour(-1))]
        ),
        "source": st.sampled_from(Source),
        "scheduled": st.just(True),
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
