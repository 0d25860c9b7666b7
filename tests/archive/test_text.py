import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.archive.text import storable

ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("plain", "plain"),
        ("Новости 🔥 صور", "Новости 🔥 صور"),
        ("\x1b[31m\u202e<b>\r\n\t=cmd|'/c calc'!A0", "\x1b[31m\u202e<b>\r\n\t=cmd|'/c calc'!A0"),
        ("a\0b", "a\ufffdb"),
        ("\0ä", "\ufffdä"),
    ],
)
def test_only_what_databases_refuse_is_replaced(text: str, kept: str) -> None:
    assert storable(text) == kept


def test_a_lone_surrogate_is_replaced_and_its_neighbours_stay() -> None:
    found = storable("a\ud800b")
    assert found.strip("ab") == "\ufffd" * (len(found) - 2) != ""
    assert (found[0], found[-1]) == ("a", "b")


@given(ANY)
def test_the_result_can_be_stored_and_stays_as_it_is(text: str) -> None:
    found = storable(text)
    found.encode()
    assert "\0" not in found
    assert storable(found) == found


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_sound_text_is_left_alone(text: str) -> None:
    assert storable(text) == text
