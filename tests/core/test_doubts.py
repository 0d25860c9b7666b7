"""What should make an editor look twice."""

from typing import Any

import pytest

from provenance.core.doubts import Doubt, grouped, of_times
from provenance.core.metadata import Level
from provenance.core.model import Media, Source
from tests.core.build import hour, sighting


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ({"uploaded_at": hour(2)}, "uploaded after the post's time"),
        ({"media": Media.SWAPPED, "swapped_at": hour(2)}, "image swapped by an edit"),
        ({"media": Media.DISPUTED}, "two accounts show different images"),
        ({"times_differ": True}, "two accounts give different times"),
        ({"uploaded_at": hour(-2)}, "uploaded well before the post"),
        ({"media": Media.EDITED}, "edited before it was archived"),
    ],
)
def test_times_that_do_not_fit(about: dict[str, Any], kind: str) -> None:
    seen = sighting(**about)
    (doubt,) = of_times([seen])
    assert (doubt.sighting, doubt.kind) == (seen, kind)
    assert len(doubt.words) > 30


@pytest.mark.parametrize("about", [{}, {"source": Source.IMPORT}, {"scheduled": True}, {"posted_at": None}])
def test_what_every_post_of_an_export_has_is_no_doubt(about: dict[str, Any]) -> None:
    assert of_times([sighting(**about)]) == []


def test_the_weightiest_and_rarest_come_first() -> None:
    seen = sighting()
    many = [Doubt(seen, "often", Level.WARNING, "x")] * 3
    doubts = [Doubt(seen, "mild", Level.NOTICE, "x"), *many, Doubt(seen, "rare", Level.WARNING, "x")]
    assert [(kind, len(group)) for kind, _, group in grouped(doubts)] == [("rare", 1), ("often", 3), ("mild", 1)]
