"""Drawings stand in pages: foreign words stay words, ids and styles stay inside, the same is the same."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from provenance.render.drawing import INK, drawing, fitted
from tests.cli.conftest import HOSTILE

WORDS = [
    HOSTILE,
    "$x^{2}$ \\alpha $",
    "ویکی‌پدیا \u202eabc",
    "新聞頻道新聞頻道新聞頻道新聞頻道",
    "👩‍👩‍👧‍👦🇺🇦",
    "a" + "\u0301" * 5000,
    "&amp;<b>]]>",
    "@7",
    "\x00\ud800\uffff",
]


def drawn(text: str, name: str = "one") -> str:
    with drawing(200, 50) as made:
        made.axes.plot([0, 200], [0, 50], color=INK, marker="o", alpha=0.5)
        made.write(10, 10, text, columns=20, ha="left")
        return made.svg(name, text, text)


@pytest.mark.parametrize("text", WORDS, ids=range(len(WORDS)))
def test_foreign_words_are_words(text: str) -> None:
    svg = drawn(text)
    root = fromstring(svg)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "title", "desc", "defs", "clipPath", "g", "path", "use", "text", "rect",
    }  # fmt: skip
    assert not [key for element in root.iter() for key in element.attrib if key == "style" or key.startswith("on")]
    svg.encode()
    assert "\u202e" not in svg
    assert len(svg) < 20_000


def test_ten_megabytes_are_bounded() -> None:
    assert len(drawn("x" * 10_000_000)) < 10_000


def test_what_is_cut_is_whole_in_the_tooltip() -> None:
    svg = drawn("abcdefghij" * 5)
    assert "<title>" + "abcdefghij" * 5 + "</title>abcdefghijabcdefghi…" in svg


def test_the_same_is_the_same_and_ids_do_not_meet() -> None:
    assert drawn("a") == drawn("a")
    one, other = ({e.attrib["id"] for e in fromstring(drawn("a", name)).iter() if "id" in e.attrib} for name in "ab")
    assert one
    assert other
    assert not one & other
    for name, ids in (("a", one), ("b", other)):
        svg = drawn("a", name)
        assert all(f'"{each}"' in svg or f"#{each}" in svg for each in ids)
        assert "url(#" not in svg.replace(f"url(#{name}-", "")


def test_the_ink_is_that_of_the_page() -> None:
    assert "currentColor" in drawn("a")
    assert INK not in drawn("a")
    assert "<style" not in drawn("a")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("abc", "abc"), ("abcdef", "abc…"), ("日本語", "日…"), ("a\u0301b\u0301c\u0301d", "a\u0301b\u0301c\u0301d")],
)
def test_cut_to_columns(text: str, shown: str) -> None:
    assert fitted(text, 4) == shown


def test_nothing_is_said_where_there_is_no_place_for_a_cache_of_fonts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    environ = os.environ | {"MPLCONFIGDIR": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    code = (
        "from provenance.render.drawing import drawing\nwith drawing(9, 9) as made: print(made.svg('a', 'b', 'c')[:4])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("<svg\n", "")
