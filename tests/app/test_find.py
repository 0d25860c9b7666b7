"""Files found by what they tell: all that fit, with the very values, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provenance.app.find import Near, Span, Wanted, find
from provenance.core.found import FindAnswer, MatchedPlace, MatchedTime, MatchedTrait
from tests.app.conftest import Desk, after, jpeg, posted
from tests.tagged import tagged

KYIV = (50.45, 30.52)


@pytest.fixture
def filled(desk: Desk, tmp_path: Path) -> Desk:
    """Channels 1 to 4 show one photo each; the first tells everything, the last nothing; 5 shows the first smaller."""
    contents = [
        tagged(1, taken="2024:12:17 09:30:00", offset="+02:00", serial="SN 4711", software="Editor 2", place=KYIV),
        tagged(2, taken="2024:12:17 09:30:00", serial="SN 4711", software="EDITOR 3", document="xmp.did:AB12"),
        tagged(3, taken="2024:12:20 09:30:00", place=(50.45, 31.52)),
        jpeg(4),
        jpeg(1, "small"),
    ]
    for number, content in enumerate(contents, 1):
        desk.take(posted(tmp_path / str(number), content, after(-number), number=number))
    return desk


def ask(desk: Desk, limit: int = 50, **wanted: object) -> FindAnswer:
    return find(desk.archive, Wanted(**wanted), limit)  # type: ignore[arg-type]


def files(answer: FindAnswer) -> list[int]:
    return [each.file.id for each in answer.found]


def test_a_camera(filled: Desk) -> None:
    answer = ask(filled, camera_serial="sn 4711")
    assert files(answer) == [1, 2]
    assert answer.found[0].matched == (MatchedTrait("camera_serial", "SN 4711"),)
    assert (answer.total, answer.searched, answer.refused, answer.unread) == (2, 5, 0, 0)


def test_a_find_says_where_its_picture_was_first_seen(filled: Desk) -> None:
    (one, two) = ask(filled, camera_serial="SN 4711").found
    assert (one.picture, two.picture) == (1, 2)
    assert one.first_seen is not None
    # The smaller copy is earlier, and tells nothing itself.
    assert (one.first_seen.ref, one.first_seen.at) == ("5/10", after(-5))


def test_a_document_and_a_program(filled: Desk) -> None:
    assert files(ask(filled, document_id="XMP.DID:ab12")) == [2]
    assert files(ask(filled, software="editor")) == [1, 2]
    assert files(ask(filled, software="editor", document_id="xmp.did:ab12")) == [2]
    assert files(ask(filled, software="editor", document_id="xmp.did:other")) == []


def test_a_place(filled: Desk) -> None:
    assert files(ask(filled, near=Near(50.45, 30.52, 1))) == [1]
    answer = ask(filled, near=Near(50.45, 30.52, 75))
    assert files(answer) == [1, 3]
    (place,) = answer.found[1].matched
    assert isinstance(place, MatchedPlace)
    assert place.km == pytest.approx(70.8, abs=0.2)


def test_a_time_in_a_zone_and_in_none(filled: Desk) -> None:
    moment = datetime(2024, 12, 17, 7, 30, tzinfo=UTC)
    answer = ask(filled, captured=Span(moment, moment + timedelta(minutes=1)))
    assert files(answer) == [1, 2]
    known, unknown = (each.matched[0] for each in answer.found)
    assert isinstance(known, MatchedTime)
    assert isinstance(unknown, MatchedTime)
    assert (known.utc, known.offset) == (moment, timedelta(hours=2))
    assert (unknown.utc, unknown.offset) == (None, None)
    assert files(ask(filled, captured=Span(moment + timedelta(hours=1), moment + timedelta(hours=2)))) == [2]


def test_only_so_many_are_shown(filled: Desk) -> None:
    answer = ask(filled, 1, software="editor")
    assert (files(answer), answer.total) == ([1], 2)


def test_nothing_asked_is_nothing_found(filled: Desk) -> None:
    assert ask(filled).found == ()
