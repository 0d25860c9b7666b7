"""Escapes that Telegram Desktop writes but JSON does not know, mended while the file is read.

It writes control characters as \\xNN (SerializeString in export_output_json.cpp), and a text may hold half of a
surrogate pair. The parser would stop at either, and everything behind it would be lost.
"""

import re
from typing import IO

_ESCAPE = re.compile(
    rb"\\(?:x(?P<control>[0-9A-Fa-f]{2})"
    rb"|u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})(?P<pair>\\u[dD][c-fC-F][0-9A-Fa-f]{2})?"
    rb"|(?P<low>u[dD][c-fC-F][0-9A-Fa-f]{2})"
    rb"|.)",
    re.DOTALL,
)
_UNFINISHED = re.compile(
    rb"\\(?:x[0-9A-Fa-f]?|u[0-9A-Fa-f]{0,3}|u[dD][89abAB][0-9A-Fa-f]{2}(?:\\(?:u[0-9A-Fa-f]{0,3})?)?)?\Z"
)
_LONGEST = 11
"""Bytes of a surrogate pair without its last: the most that can be unfinished at the end of a block."""


class Mended:
    """A binary stream for the parser."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return at least one byte until the stream ends; not always `size` of them."""
        if size == 0:
            return b""
        while True:
            block = self._stream.read(size)
            data = self._rest + block
            cut = _sound(data) if block else len(data)
            data, self._rest = data[:cut], data[cut:]
            if data or not block:
                break
        if b"\\x" in data or b"\\ud" in data or b"\\uD" in data:
            return _ESCAPE.sub(_mend, data)
        return data


def _sound(data: bytes) -> int:
    """Return how much of a block can be mended without the next one: an escape at its end may go on there."""
    start = max(0, len(data) - _LONGEST)
    while found := _UNFINISHED.search(data, start):
        before = data[: found.start()]
        if (len(before) - len(before.rstrip(b"\\"))) % 2 == 0:
            return found.start()
        start = found.start() + 1  # This backslash is itself escaped.
    return len(data)


def _mend(found: re.Match[bytes]) -> bytes:
    if found["control"]:
        return b"\\u00" + found["control"]
    if found["low"] or (found["high"] and not found["pair"]):
        return b"\\ufffd"
    return found[0]
