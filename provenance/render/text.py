"""Other people's text on one line, with nothing in it that a terminal, a page or a reader could be fooled by."""

import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NEWLINES = {ord("\n"): " ⏎ ", ord("\r"): " ", ord("\t"): " ", 0x2028: " ⏎ ", 0x2029: " ⏎ ", 0x85: " ⏎ "}


def visible(text: str, length: int | None = None) -> str:
    """Show control characters (terminal escapes, marks that turn the reading direction) as what they are.

    Line breaks become a sign; with `length`, longer text is cut and ends in an ellipsis.
    """
    if length is not None and len(text) > length:
        text = text[: length - 1] + "…"
    text = text.translate(_NEWLINES)
    if text.isprintable() and _BIDI.isdisjoint(text):
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if char in _BIDI or category in {"Cc", "Cs", "Co", "Cn"}:
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return char


def size(count: int) -> str:
    """A number of bytes as people say it."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 999.95:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
