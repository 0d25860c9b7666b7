"""What metadata means: each kind, at its borders, and nothing where nothing is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from provenance.core.metadata import (
    Block,
    Camera,
    Documents,
    Edit,
    Finding,
    JpegStructure,
    Level,
    Metadata,
    Moment,
    Place,
    Signature,
    SignatureState,
    Thumbnail,
)
from provenance.core.traits import Trait
from provenance.images.findings import Circumstances, Claim, Related, findings, shows_another

SEEN = datetime(2024, 12, 26, 9, 0, tzinfo=UTC)
FIRST = "«Front» post 1500000002/26 (the time of the post)"
KURSK = (51.73, 36.19)
NOTHING = Circumstances()


def moment(*at: int, offset: float | None = None, whole_day: bool = False, tag: str = "DateTimeOriginal") -> Moment:
    local = datetime(*at)  # type: ignore[arg-type]  # noqa: DTZ001 - as a file tells it
    return Moment(local, None if offset is None else timedelta(hours=offset), Block.EXIF, tag, whole_day)


def captured(*moments: Moment) -> Metadata:
    return Metadata(captured=moments)


def by_kind(read: Metadata, known: Circumstances = NOTHING) -> dict[str, Finding]:
    return {each.kind: each for each in findings(read, known)}


def kinds(read: Metadata, known: Circumstances = NOTHING) -> set[str]:
    return set(by_kind(read, known))


def seen(claim: Claim | None = None) -> Circumstances:
    return Circumstances(SEEN, FIRST, claim)


def place(latitude: float, longitude: float, precision: float | None = 10) -> Metadata:
    return Metadata(places=(Place(latitude, longitude, None, None, precision, Block.GPS),))


def test_absence_is_never_a_finding() -> None:
    assert findings(Metadata(), seen()) == ()
    assert findings(Metadata(format="JPEG", width=10, height=10, orientation=6, profile="sRGB"), NOTHING) == ()


def test_a_time_alone_is_told_with_its_zone_or_without() -> None:
    told = by_kind(captured(moment(2024, 12, 25, 8, 30, offset=3)))["captured"]
    assert told.level is Level.INFO
    assert "2024-12-25 08:30:00 +03:00" in told.text
    assert told.evidence == "EXIF DateTimeOriginal: 2024-12-25 08:30:00 +03:00"
    assert "no time zone given" in by_kind(captured(moment(2024, 12, 25, 8, 30)))["captured"].text
    assert "2024-12-25." in by_kind(captured(moment(2024, 12, 25, whole_day=True)))["captured"].text
    assert "-03:30" in by_kind(captured(moment(2024, 12, 25, 8, 30, offset=-3.5)))["captured"].text


@pytest.mark.parametrize(
    ("taken", "kind"),
    [
        (moment(2024, 12, 26, 8, 58, offset=0), "captured_before_seen"),
        (moment(2024, 12, 26, 9, 0, 30, offset=0), "captured_near_seen"),
        (moment(2024, 12, 26, 9, 2, offset=0), "captured_soon_after_seen"),
        (moment(2024, 12, 27, 9, 0, offset=0), "captured_soon_after_seen"),
        (moment(2024, 12, 27, 9, 1, offset=0), "captured_after_seen"),
        (moment(2024, 12, 26, 11, 30, offset=3), "captured_before_seen"),
        (moment(2024, 12, 26, 12, 30, offset=3), "captured_soon_after_seen"),
        # Without a zone, a local time is fourteen hours ahead of UTC or twelve behind it.
        (moment(2024, 12, 25, 20, 58), "captured_before_seen"),
        (moment(2024, 12, 25, 21, 30), "captured_near_seen"),
        (moment(2024, 12, 26, 22, 59), "captured_near_seen"),
        (moment(2024, 12, 26, 23, 2), "captured_soon_after_seen"),
        (moment(2024, 12, 27, 23, 2), "captured_after_seen"),
        (moment(2024, 12, 24, whole_day=True), "captured_before_seen"),
        (moment(2024, 12, 26, whole_day=True), "captured_near_seen"),
        (moment(2024, 12, 27, whole_day=True), "captured_soon_after_seen"),
        (moment(2024, 12, 28, whole_day=True), "captured_after_seen"),
    ],
)
def test_a_capture_against_the_first_sighting(taken: Moment, kind: str) -> None:
    found = by_kind(captured(taken), seen())[kind]
    assert FIRST in found.text
    levels = {"captured_after_seen": Level.WARNING, "captured_soon_after_seen": Level.NOTICE}
    assert found.level is levels.get(kind, Level.INFO)
    assert ("at least" in found.text) == (taken.offset is None and kind != "captured_near_seen")


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (23, "captured_after_claim"),
        (24, "captured_on_claim"),
        (25, "captured_on_claim"),
        (26, "captured_on_claim"),
        (27, "captured_before_claim"),
    ],
)
def test_a_capture_against_the_day_that_is_claimed(day: int, kind: str) -> None:
    found = by_kind(captured(moment(2024, 12, 25, 8)), Circumstances(claim=Claim(date(2024, 12, day))))
    assert set(found) == {kind}
    assert found[kind].level is (Level.INFO if kind == "captured_on_claim" else Level.WARNING)
    assert f"2024-12-{day}" in found[kind].text


def test_a_picture_that_was_seen_before_the_day_that_is_claimed() -> None:
    """It needs no metadata at all."""
    late = seen(Claim(date(2025, 2, 1)))
    found = by_kind(Metadata(), late)["seen_before_claim"]
    assert found.level is Level.WARNING
    assert FIRST in found.text
    assert "2025-02-01" in found.text
    # The 28th begins on the 27th at 10:00 UTC where clocks are farthest ahead; a day's slack is given beyond.
    for day in (26, 27):
        assert kinds(Metadata(), seen(Claim(date(2024, 12, day)))) == set()
    assert kinds(Metadata(), seen(Claim(date.min))) == set()
    assert kinds(Metadata(), seen(Claim(date.max))) == {"seen_before_claim"}


def test_what_is_known_without_the_file_is_not_said_to_come_from_a_copy() -> None:
    late = Circumstances(SEEN, FIRST, Claim(date(2025, 2, 1)), carried_by="from a copy")
    assert kinds(Metadata(), late) == set()


@pytest.mark.parametrize("year", [1800, 9998])
def test_times_at_the_ends_of_what_is_read(year: int) -> None:
    for offset in (None, 15.0, -15.0):
        for at in (moment(year, 1, 1, offset=offset), moment(year, 12, 31, 23, 59, 59, offset=offset)):
            claimed = kinds(captured(at, moment(2024, 12, 1)), seen(Claim(date(2024, 12, 26))))
            assert {"captured_before_claim", "captured_after_claim"} & claimed


def test_the_receivers_time_tells_the_zone_that_the_cameras_lacks() -> None:
    camera = moment(2024, 12, 26, 12, 30)
    receiver = replace(moment(2024, 12, 26, 9, 30, offset=0, tag="GPSDateStamp"), block=Block.GPS)
    assert "captured_near_seen" in kinds(captured(camera), seen())
    assert "2024-12-26 09:30:00 +00:00" in by_kind(captured(camera, receiver), seen())["captured_soon_after_seen"].text
    # What cannot be the same moment, and what a program wrote, does not.
    for other in (replace(receiver, local=receiver.local - timedelta(days=9)), replace(receiver, block=Block.XMP)):
        assert "captured_near_seen" in kinds(captured(camera, other), seen())


@pytest.mark.parametrize("blank", [(1970, 1, 1), (1969, 12, 31, 19), (1980, 1, 1, 0, 3)])
def test_a_clock_that_was_never_set_says_nothing(blank: tuple[int, ...]) -> None:
    known = seen(Claim(date(2024, 12, 26)))
    found = by_kind(captured(moment(*blank)), known)
    assert {kind: each.level for kind, each in found.items()} == {"captured_unset": Level.INFO}
    assert kinds(captured(moment(*blank), moment(2024, 12, 26, 8, offset=0)), known) == {
        "captured_before_seen",
        "captured_on_claim",
    }


def test_of_a_day_alone_the_zone_is_not_what_is_missing() -> None:
    assert "gives the day only" in by_kind(captured(moment(2024, 12, 26, whole_day=True)), seen())[
        "captured_near_seen"
    ].text  # fmt: skip


def test_two_times_that_disagree() -> None:
    exif, gps = moment(2024, 12, 25, 8, 30), moment(2024, 12, 27, 8, offset=0, tag="GPSDateStamp")
    assert "times_disagree" in kinds(captured(exif, gps))
    assert "times_disagree" not in kinds(captured(exif, moment(2024, 12, 26, 8, offset=0)))


def test_other_times_are_told_but_prove_little() -> None:
    taken = moment(2024, 12, 25, 8, 30)
    read = Metadata(captured=(taken,), digitised=(replace(taken, tag="DateTimeDigitized"),))
    assert kinds(read) == {"captured"}
    later = Metadata(digitised=(moment(2024, 12, 28),), modified=(moment(2025, 1, 1, tag="DateTime"),))
    found = findings(later, seen(Claim(date(2024, 1, 1))))
    assert {each.kind for each in found} == {"digitised", "modified"}
    assert {each.level for each in found} == {Level.INFO}


@pytest.mark.parametrize(
    ("latitude", "precision", "kind", "words"),
    [
        (51.7305, 10, "place_near_claim", "56 m"),
        (51.8, 10, "place_near_claim", "7.8 km"),
        (52.1, 10, "place_off_claim", "41 km"),
        (53.0, 10, "place_far_from_claim", "141 km"),
        (-51.73, 10, "place_far_from_claim", "11504 km"),
        # A position that is told roughly may be nearer, and neither fits nor contradicts.
        (52.0, 10_000, "place_rough", "30 km"),
        (52.7, 50_000, "place_off_claim", "108 km"),
        (-51.73, 10**9, "place_rough", "1000000 km"),
        (51.8, 10**9, "place_near_claim", "7.8 km"),
    ],
)
def test_a_place_against_the_one_that_is_claimed(latitude: float, precision: float, kind: str, words: str) -> None:
    found = by_kind(place(latitude, KURSK[1], precision), Circumstances(claim=Claim(place=KURSK)))
    assert set(found) == {kind}
    assert words in found[kind].text
    assert "51.73, 36.19" in found[kind].evidence


def test_no_place_is_made_of_zeros() -> None:
    assert by_kind(place(0, 0), Circumstances(claim=Claim(place=KURSK)))["place_unset"].level is Level.INFO
    assert kinds(place(0, 0.1), Circumstances(claim=Claim(place=KURSK))) == {"place_far_from_claim"}


@pytest.mark.parametrize(
    ("latitude", "precision", "apart"), [(51.735, 10, False), (51.75, 10, True), (51.75, 2000, False), (0, 10, False)]
)
def test_two_places_that_disagree(latitude: float, precision: float, apart: bool) -> None:
    one, other = place(*KURSK).places[0], place(latitude, KURSK[1] if latitude else 0, precision).places[0]
    found = by_kind(Metadata(places=(one, replace(other, block=Block.XMP))))
    assert ("places_disagree" in found) is apart
    if apart:
        assert found["places_disagree"].level is Level.NOTICE
        assert "2.2 km" in found["places_disagree"].text


def test_a_place_says_how_exact_it_is() -> None:
    found = by_kind(place(-33.9, -18.4))["place"]
    assert "33.90000° S, 18.40000° W" in found.text
    assert "give or take 10 m" in found.evidence
    assert "no datum given" in found.evidence
    deep = Metadata(places=(Place(1, 2, -43.1, "WGS-84", None, Block.XMP),))
    assert by_kind(deep)["place"].evidence.endswith("43 m below the sea, WGS-84")


def test_the_camera_and_what_else_names_it() -> None:
    read = Metadata(camera=Camera("Canon", "Canon EOS R5", "012345678901", "RF50mm"))
    assert by_kind(read)["camera"].evidence == "Canon EOS R5; serial: 012345678901; lens: RF50mm"
    assert by_kind(Metadata(camera=Camera(serial="6023047")))["camera"].evidence == "serial: 6023047"
    assert by_kind(Metadata(camera=Camera("NIKON CORPORATION", "D750")))["camera"].evidence == "NIKON CORPORATION D750"
    others = tuple(Related(Trait.CAMERA_SERIAL, "0123", f"{number:064x}", FIRST, number == 1) for number in range(1, 8))
    found = by_kind(read, Circumstances(related=others))["same_device"]
    assert found.level is Level.NOTICE
    assert found.text.startswith("7 other archived file(s)")
    same = "000000000000, the same picture, by the camera's serial number 0123, first seen "
    assert found.evidence.startswith(same + FIRST)
    assert found.evidence.endswith("and 2 more")
    copies = Circumstances(related=tuple(replace(each, same_picture=True) for each in others))
    assert by_kind(read, copies)["same_device"].level is Level.INFO


def test_documents_that_belong_together() -> None:
    read = Metadata(documents=Documents("xmp.did:1", derived_document="xmp.did:0"))
    assert "derived" in kinds(read)
    known = Circumstances(related=(Related(Trait.DERIVED_FROM, "xmp.did:0", "ab" * 32, None, False),))
    assert kinds(read, known) == {"same_document"}
    words = "abababababab, another picture, by the document id xmp.did:0"
    assert by_kind(read, known)["same_document"].evidence == words
    unique = Circumstances(related=(Related(Trait.UNIQUE_ID, "1", "ab" * 32, None, False),))
    assert "same_unique_id" in kinds(Metadata(), unique)


def test_programs_are_editors_firmware_or_generators() -> None:
    read = Metadata(software=("Adobe Photoshop 25.1 (Windows)", "16.2", "Ver.1.10"))
    found = by_kind(read)
    assert (found["edited"].level, found["software"].level) == (Level.NOTICE, Level.INFO)
    assert "16.2, Ver.1.10" in found["software"].text
    history = Metadata(history=(Edit("created", "Adobe Lightroom 7", moment(2024, 12, 25, 9), None),))
    assert "Adobe Lightroom 7" in by_kind(history)["history"].text


@pytest.mark.parametrize(
    "read",
    [
        Metadata(source_types=("trainedAlgorithmicMedia",), software=("DALL-E 3",)),
        Metadata(signature=Signature(SignatureState.VALID, "X", source_types=("trainedAlgorithmicMedia",))),
    ],
)
def test_what_says_that_it_was_generated(read: Metadata) -> None:
    found = by_kind(read)["generated"]
    assert found.level is Level.WARNING
    assert "says that it was generated" in found.text
    assert "generator" not in kinds(read)


@pytest.mark.parametrize(
    "read",
    [
        Metadata(software=("DALL-E 3",)),
        Metadata(credits={"credit": "Made with Google AI"}),
        Metadata(history=(Edit("edited", "Adobe Firefly", None, None),)),
        Metadata(texts=(("parameters", "a soldier\nSteps: 20, Sampler: Euler a, CFG scale: 7"),)),
    ],
)
def test_a_program_that_is_named_may_have_changed_a_photograph(read: Metadata) -> None:
    found = by_kind(read)
    assert found["generator"].level is Level.WARNING
    assert "or changed a photograph" in found["generator"].text
    assert "generated" not in found


def test_parts_and_composites() -> None:
    assert by_kind(Metadata(source_types=("digitalArt",)))["drawn"].level is Level.NOTICE
    assert kinds(Metadata(source_types=("virtualRecording",))) == {"screen_capture"}
    assert by_kind(Metadata(source_types=("screenCapture",)))["screen_capture"].level is Level.NOTICE
    assert by_kind(Metadata(source_types=("compositeWithTrainedAlgorithmicMedia",)))["partly_generated"]
    assert by_kind(Metadata(source_types=("compositeCapture",)))["composite"].level is Level.NOTICE


@pytest.mark.parametrize(
    ("state", "kind", "level"),
    [
        (SignatureState.TRUSTED, "signed_trusted", Level.INFO),
        (SignatureState.VALID, "signed_valid", Level.NOTICE),
        (SignatureState.BROKEN, "signature_broken", Level.WARNING),
        (SignatureState.REMOTE, "signature_remote", Level.INFO),
        (SignatureState.UNREAD, "signature_unread", Level.INFO),
    ],
)
def test_signatures(state: SignatureState, kind: str, level: Level) -> None:
    signature = Signature(state, "Ministry of Truth", "Tool 1", problems=("assertion.dataHash.mismatch",))
    found = by_kind(Metadata(signature=signature))
    assert set(found) == {kind}
    assert found[kind].level is level
    why = "why" if state is SignatureState.UNREAD else "checks that failed"
    assert found[kind].evidence.endswith(f"{why}: assertion.dataHash.mismatch")


def jpeg(quality: int | None = 87, progressive: bool = True) -> JpegStructure:
    return JpegStructure((), quality, quality or 90, progressive, "4:2:0", 0, (), (), 0)


@pytest.mark.parametrize(
    ("structure", "side", "fits"),
    [
        (jpeg(), 1280, True),
        (jpeg(), 2560, True),
        (jpeg(), 2561, False),
        (jpeg(88), 1280, False),
        (jpeg(None), 1280, False),
        (jpeg(progressive=False), 1280, False),
    ],
)
def test_what_fits_telegram(structure: JpegStructure, side: int, fits: bool) -> None:
    found = by_kind(Metadata(width=side, height=960, jpeg=structure))
    assert ("telegram_like" in found) is fits


def test_facebook_leaves_its_mark() -> None:
    assert by_kind(Metadata(fbmd="FBMD01000abc"))["facebook"].evidence == "IPTC 2:40: FBMD01000abc"


def test_a_preview_of_something_else() -> None:
    other = Thumbnail(Block.EXIF, 160, 120, b"", 80, 120, 0.1, False)
    assert by_kind(Metadata(thumbnails=(other,)))["thumbnail_differs"].level is Level.WARNING
    for doubt in (replace(other, quality=10), replace(other, distance=50), replace(other, likeness=0.8)):
        assert not shows_another(doubt)
        assert findings(Metadata(thumbnails=(doubt,)), NOTHING) == ()


def test_what_could_not_be_read_is_said() -> None:
    problems = ((Block.XMP, "ParseError: mismatched tag"), (Block.XMP, "another"), (Block.MAKER_NOTE, "cut off"))
    found = by_kind(Metadata(unread=problems))["unread"]
    assert "(XMP, maker note)" in found.text
    assert "mismatched tag" in found.evidence


def test_what_a_copy_lends_says_how_it_comes_to_speak() -> None:
    way = "from 0123456789ab sent as a document in «Front» post 1/2; matched strong: the pixels agree"
    read = Metadata(captured=(moment(2024, 12, 25, 8),), camera=Camera("Canon"), software=("GIMP 2.10",))
    found = findings(read, replace(seen(), carried_by=way))
    assert {each.kind for each in found} == {"captured_before_seen", "camera"}
    assert all(each.text.endswith(f"not by the image itself: {way}.") for each in found)


def test_the_weightiest_come_first() -> None:
    read = Metadata(
        captured=(moment(2024, 12, 30),), software=("GIMP 2.10",), fbmd="FBMD", camera=Camera("Canon"), unread=()
    )
    levels = [each.level for each in findings(read, seen())]
    assert levels == sorted(levels, key=[Level.WARNING, Level.NOTICE, Level.INFO].index)


def test_hostile_values_stay_values() -> None:
    """Braces, length, line breaks: nothing of it is obeyed or shown at length."""
    text = "{when} {0} <script>\n" + "x" * 100_000
    read = Metadata(
        software=(text,),
        camera=Camera(text, text, text),
        fbmd=text,
        documents=Documents(derived_document=text),
        history=(Edit(text, text, None, None),),
        texts=(("parameters", "Steps: 1, Sampler: " + text),),
        signature=Signature(SignatureState.BROKEN, text, text, text, problems=(text,) * 900),
        unread=((Block.XMP, text),),
    )
    for each in findings(read, Circumstances(carried_by=text[:50])):
        assert len(each.text) < 1000
        assert len(each.evidence) < 1500
        assert "\n" not in each.evidence
