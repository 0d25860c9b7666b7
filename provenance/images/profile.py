"""The name of a colour profile (ICC)."""

from provenance.images.told import text

_MOST_TAGS = 100


def description(profile: bytes) -> str | None:
    """Return what the profile calls itself; None if it does not say, or is damaged. Raises nothing."""
    count = min(int.from_bytes(profile[128:132], "big"), _MOST_TAGS)
    for at in range(132, 132 + 12 * count, 12):
        if profile[at : at + 4] == b"desc":
            start, size = (
                int.from_bytes(profile[at + 4 : at + 8], "big"),
                int.from_bytes(profile[at + 8 : at + 12], "big"),
            )
            return _told(profile[start : start + size])
    return None


def _told(tag: bytes) -> str | None:
    if tag[:4] == b"desc":
        return text(tag[12 : 12 + int.from_bytes(tag[8:12], "big")])
    if tag[:4] == b"mluc":
        size, offset = int.from_bytes(tag[20:24], "big"), int.from_bytes(tag[24:28], "big")
        return text(tag[offset : offset + min(size, 1000)].decode("utf-16-be", "replace"))
    return None
