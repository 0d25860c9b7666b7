"""Other people's text made visible, and sizes."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provenance.render.text import size, visible
from tests.cli.conftest import HOSTILE, is_harmless

# Mostly the characters that do something.
anything = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"]),
        st.sampled_from("\u202e\u2066\u061c\u200f\x1b\x9b\r\n\t"),
    )
)


@given(anything, st.none() | st.integers(1, 20))
@example(HOSTILE, None)
@example("\ud800\udfff\U0001d173\U000e0001", None)
def test_what_is_visible_obeys_nobody(text: str, length: int | None) -> None:
    shown = visible(text, length)
    assert is_harmless(shown)
    assert "\n" not in shown
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)
    shown.encode()  # a lone surrogate could not be printed


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=50))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "length", "shown"),
    [
        ("", None, ""),
        ("a\nb", None, "a ⏎ b"),
        ("a\r\nb\tc", None, "a  ⏎ b c"),
        ("a\u2028b\u2029c\u0085d", None, "a ⏎ b ⏎ c ⏎ d"),
        ("\x1b[31m", None, "\\x1b[31m"),
        ("\x9b\x7f\0", None, "\\x9b\\x7f\\x00"),
        ("\u202eabc", None, "\\u202eabc"),
        ("\ud800", None, "\\ud800"),
        ("👩‍👩‍👧 café", None, "👩‍👩‍👧 café"),
        ("שלום سلام", None, "שלום سلام"),
        ("[bold]{{x}}%s", None, "[bold]{{x}}%s"),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abc", 1, "…"),
        ("\x1b" * 9, 3, "\\x1b\\x1b…"),
    ],
    ids=ascii,
)
def test_examples(text: str, length: int | None, shown: str) -> None:
    assert visible(text, length) == shown


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1.0 kB"), (16784, "16.8 kB"), (10**6, "1.0 MB"),
     (1_500_000_000, "1.5 GB"), (10**13, "10000.0 GB")],
)  # fmt: skip
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words


def test_sizes_are_rounded_into_the_right_unit() -> None:
    assert size(999_999) == "1.0 MB"
