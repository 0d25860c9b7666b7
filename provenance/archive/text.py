"""Text that any database takes. What is replaced here stays as it was in the source's own record (`raw`)."""

_REPLACEMENT = "\ufffd"


def storable(text: str) -> str:
    """Replace NUL characters and lone surrogates, which databases refuse or cut at."""
    if "\0" in text:
        text = text.replace("\0", _REPLACEMENT)
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
