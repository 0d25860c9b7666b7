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
_LONGEST = 12
"""Bytes of a surrogate pair: the longest escape that the end of a block can cut through."""


class Mended:
    """A binary stream for the parser."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return at least one byte until the stream ends; not always `size` of them."""
        if size == 0:
            return b""
        block = self._stream.read(size)
        data = self._rest + block
        self._rest = b""
        if block and (cut := data.find(b"\\", max(0, len(data) - _LONGEST))) >= 0:
            # Hold the last escape back, from the first of its backslashes on.
            while cut > 0 and data[cut - 1 : cut] == b"\\":
                cut -= 1
            data, self._rest = data[:cut], data[cut:]
            if not data:
                return self.read(size)
        if b"\\x" in data or b"\\ud" in data or b"\\uD" in data:
            return _ESCAPE.sub(_mend, data)
        return data


def _mend(found: re.Match[bytes]) -> bytes:
    if found["control"]:
        return b"\\u00" + found["control"]
    if found["low"] or (found["high"] and not found["pair"]):
        return b"\\ufffd"
    return found[0]
