from datetime import datetime, timedelta
from typing import Any

import pytest

from provenance.core import times
from provenance.core.model import AttachmentKind, ForwardHeader, Media, Source
from provenance.core.times import Basis, dated, duration, uploaded_early
from tests.core.build import FOLDER, NOON, SEEN, hour, sighting

CLAIM = NOON.replace(year=2020)


@pytest.mark.parametrize(
    ("given_as", "at", "basis", "warnings"),
    [
        ({}, NOON, Basis.POSTED, ()),
        ({"source": Source.IMPORT}, NOON, Basis.POSTED, (times.IMPORTED,)),
        ({"source": Source.LIVE}, NOON, Basis.POSTED, ()),
        ({"uploaded_at": hour(-0.1)}, NOON, Basis.POSTED, ()),
        ({"uploaded_at": hour(-1)}, NOON, Basis.POSTED, (times.UPLOADED_EARLIER.format(before="1 h"),)),
        ({"uploaded_at": hour(-1), "scheduled": True}, NOON, Basis.POSTED, (times.SCHEDULED,)),
        # What a forward shows was uploaded for somebody else's post.
        ({"uploaded_at": hour(-9), "forward": ForwardHeader("Name", at=hour(-1))}, NOON, Basis.POSTED, ()),
        ({"uploaded_at": NOON + timedelta(minutes=1)}, NOON, Basis.POSTED, ()),
        (
            {"uploaded_at": NOON + timedelta(seconds=61)},
            NOON + timedelta(seconds=61),
            Basis.UPLOADED,
            (times.UPLOADED_LATER,),
        ),
        ({"uploaded_at": hour(2), "kind": AttachmentKind.WEB_PAGE}, hour(2), Basis.UPLOADED, (times.PREVIEW_LATER,)),
        (
            {"uploaded_at": hour(2), "kind": AttachmentKind.WEB_PAGE, "source": Source.IMPORT},
            hour(2),
            Basis.UPLOADED,
            (times.PREVIEW_LATER,),
        ),
        ({"scheduled": True}, NOON, Basis.POSTED, (times.SCHEDULED,)),
        ({"scheduled": True, "uploaded_at": hour(2)}, hour(2), Basis.UPLOADED, (times.UPLOADED_LATER,)),
        (
            {"scheduled": True, "media": Media.EDITED, "source": Source.IMPORT},
            NOON,
            Basis.POSTED,
            (times.EDITED, times.SCHEDULED, times.IMPORTED),
        ),
        ({"forward": ForwardHeader("Name", imported=True)}, NOON, Basis.CLAIMED, (times.IMPORTED_CHAT,)),
        (
            {"forward": ForwardHeader("Name", imported=True), "source": Source.IMPORT},
            NOON,
            Basis.CLAIMED,
            (times.IMPORTED_CHAT,),
        ),
        (
            {"forward": ForwardHeader("Name", imported=True), "uploaded_at": hour(-9)},
            hour(-9),
            Basis.UPLOADED,
            (times.IMPORTED_CHAT,),
        ),
        # A time that only an upload gives.
        ({"posted_at": None, "uploaded_at": hour(2), "claimed_at": CLAIM}, hour(2), Basis.UPLOADED, ()),
        (
            {"forward": ForwardHeader("Name", imported=True), "uploaded_at": hour(9)},
            hour(9),
            Basis.UPLOADED,
            (times.IMPORTED_CHAT,),
        ),
        ({"uploaded_at": NOON}, NOON, Basis.POSTED, ()),
        ({"uploaded_at": hour(2)}, hour(2), Basis.UPLOADED, (times.UPLOADED_LATER,)),
        (
            {"uploaded_at": hour(2), "media": Media.SWAPPED, "swapped_at": hour(1)},
            hour(2),
            Basis.UPLOADED,
            (times.UPLOADED_LATER,),
        ),
        ({"media": Media.SWAPPED, "swapped_at": hour(1)}, hour(1), Basis.POSTED, (times.SWAPPED,)),
        ({"media": Media.SWAPPED, "swapped_at": None}, SEEN, Basis.OBSERVED, (times.SEEN_SWAPPED,)),
        ({"media": Media.SWAPPED, "swapped_at": hour(-1)}, SEEN, Basis.OBSERVED, (times.SEEN_SWAPPED,)),
        (
            {"media": Media.SWAPPED, "swapped_at": None, "source": Source.IMPORT},
            SEEN,
            Basis.OBSERVED,
            (times.SWAPPED_UNDATED,),
        ),
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


@pytest.mark.parametrize(
    ("about", "early"),
    [
        ({}, False),
        ({"uploaded_at": NOON}, False),
        ({"uploaded_at": NOON - timedelta(minutes=10)}, False),  # The parts of an album wait for each other.
        ({"uploaded_at": NOON - timedelta(minutes=10, seconds=1)}, True),
        ({"uploaded_at": hour(-5), "at": None}, False),
        # What a forward shows was uploaded for the post that its header names.
        ({"uploaded_at": hour(-5), "forward": ForwardHeader("Name", at=hour(-5))}, False),
        ({"uploaded_at": hour(-5), "forward": ForwardHeader("Name", at=hour(-4))}, True),
        ({"uploaded_at": hour(-5), "forward": ForwardHeader("Name")}, True),
        ({"uploaded_at": hour(-5), "forward": ForwardHeader("Name", at=hour(-5)), "at": None}, False),
        ({"uploaded_at": hour(-5), "forward": ForwardHeader("Name", at=hour(-4)), "at": None}, True),
        ({"uploaded_at": hour(-5), "forward": ForwardHeader("Name", at=hour(5))}, True),
        # An importer's time is nobody's.
        ({"uploaded_at": hour(-5), "forward": ForwardHeader("Name", at=hour(-5), imported=True)}, True),
    ],
)
def test_when_an_upload_was_early(about: dict[str, Any], early: bool) -> None:
    assert uploaded_early(sighting(**about)) is early


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
