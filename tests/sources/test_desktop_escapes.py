"""Escapes that are not JSON's are mended, wherever the blocks of reading cut through them."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.sources.desktop_escapes import Mended

PIECES = st.sampled_from(
    ["a", "é", "\\\\", "\\n", '\\"', "\\x1b", "\\x00", "\\u0041", "\\ud83d", "\\ude00", "\\ud83d\\ude00", "\\uD83D",
     "x41", "u0041", "ud83d"]
)  # fmt: skip


def mended(data: bytes, size: int = -1) -> bytes:
    stream = Mended(io.BytesIO(data))
    blocks = []
    while block := stream.read(size):
        blocks.append(block)
    return b"".join(blocks)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 12, 13, 64, -1])
@pytest.mark.parametrize(
    ("given_as", "expected"),
    [
        ("", ""),
        ("plain é", "plain é"),
        ("\\n\\t\\\\ \\u00e9", "\\n\\t\\\\ \\u00e9"),
        ("\\x1b[31m", "\\u001b[31m"),
        ("\\x7F\\xaF", "\\u007F\\u00aF"),
        ("\\\\x1b", "\\\\x1b"),  # a backslash and then x1b: nothing to mend
        ("\\\\\\x1b", "\\\\\\u001b"),
        ("\\ud83d\\ude00", "\\ud83d\\ude00"),
        ("\\uD83D\\uDE00", "\\uD83D\\uDE00"),
        ("\\ud83d", "\\ufffd"),
        ("\\ude00", "\\ufffd"),
        ("\\ude00\\ud83d", "\\ufffd\\ufffd"),
        ("\\ud83d\\ud83d\\ude00", "\\ufffd\\ud83d\\ude00"),
        ("\\ud83dx", "\\ufffdx"),
        ("\\\\ud83d", "\\\\ud83d"),
        ("\\\\\\ud83d\\\\", "\\\\\\ufffd\\\\"),
        ("\\", "\\"),  # damage is left to the parser
        ("\\xz", "\\xz"),
    ],
)
def test_mends_what_json_does_not_know(given_as: str, expected: str, size: int) -> None:
    assert mended(given_as.encode(), size) == expected.encode()


@given(st.lists(PIECES, max_size=40), st.integers(1, 40))
def test_the_blocks_do_not_matter_and_json_reads_it(pieces: list[str], size: int) -> None:
    data = f'"{"".join(pieces)}"'.encode()
    whole = mended(data)
    assert mended(data, size) == whole
    text = json.loads(whole)
    assert not any(0xD800 <= ord(char) < 0xE000 for char in text)


@given(st.text())
def test_what_json_writes_is_left_alone(text: str) -> None:
    sound = text.encode("utf-8", "replace").decode()
    for data in (json.dumps(sound).encode(), json.dumps(sound, ensure_ascii=False).encode()):
        assert mended(data, 16) == data


@pytest.mark.parametrize("size", [1, 16])
def test_endless_backslashes(size: int) -> None:
    data = b"\\" * 40_000
    assert mended(data, size) == data


def test_reading_nothing() -> None:
    stream = Mended(io.BytesIO(b"\\x1b"))
    assert stream.read(0) == b""
    assert stream.read() == b"\\u001b"
    assert stream.read() == b""
