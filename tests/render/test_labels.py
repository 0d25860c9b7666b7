"""Names of what core tells apart: every one has a label of its own, that says whose word a time is."""

import pytest

from provenance.core.metadata import Level
from provenance.core.model import Confidence, LinkKind
from provenance.core.times import Basis
from provenance.core.weekly import WEEKDAYS
from provenance.render.labels import Named, label, short_weekdays, weekdays


@pytest.mark.parametrize("value", [*Confidence, *Level, *LinkKind])
def test_every_name_has_its_label(value: Named) -> None:
    assert label(value) == value.value.replace("_", " ")


def test_whose_word_a_time_is() -> None:
    assert {each: label(each) for each in Basis} == {
        Basis.POSTED: "post time",
        Basis.UPLOADED: "Telegram's upload time",
        Basis.FORWARD_HEADER: "time in a forward header",
        Basis.OBSERVED: "when this archive observed it",
        Basis.CLAIMED: "only claimed",
    }


def test_the_days_of_a_week() -> None:
    assert tuple(day.lower() for day in weekdays()) == WEEKDAYS
    assert [day[:3] for day in weekdays()] == list(short_weekdays())
