"""Where reports are delivered to, as users write it: a folder, an address, a chat on Telegram."""

import re
from dataclasses import dataclass
from enum import StrEnum

_SCHEME = re.compile(r"([A-Za-z][A-Za-z]+):(.*)", re.DOTALL)
# One address of the plain kind: nothing in it that a mail server or a header reads as anything else.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_CHAT = re.compile(r"@?[A-Za-z]\w{2,31}|(?:-100)?\d{1,18}", re.ASCII)

MYSELF = "me"
"""The account's own Saved Messages."""


class Way(StrEnum):
    """How a report travels; the value is the word before the colon."""

    FOLDER = "folder"
    MAIL = "mailto"
    TELEGRAM = "telegram"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a report is delivered to. `str` is how it stands on record: it holds nothing secret."""

    way: Way
    place: str

    def __str__(self) -> str:
        return f"{self.way}:{self.place}"


def target(text: str) -> Target:
    """Read `folder:/path` (or a path), `mailto:editor@example.org` or `telegram:me`. Raises ValueError."""
    text = text.strip()
    if not text.isprintable():
        raise ValueError(f"{text!r} holds characters that no target has")
    found = _SCHEME.fullmatch(text)
    way, place = (found[1].lower(), found[2].strip()) if found else (Way.FOLDER, text)
    if text.lower().rstrip(":") == Way.TELEGRAM:  # and no folder that happens to have this name
        return Target(Way.TELEGRAM, MYSELF)
    if way == Way.FOLDER and place:
        if found is None and "/" not in place and _ADDRESS.fullmatch(place):
            raise ValueError(f"{text!r}: write mailto:{place} for mail, or folder:{place}")
        return Target(Way.FOLDER, place)
    if way == Way.MAIL and _ADDRESS.fullmatch(place):
        return Target(Way.MAIL, place)
    if way == Way.TELEGRAM and (place == MYSELF or _CHAT.fullmatch(place)):
        return Target(Way.TELEGRAM, place)
    raise ValueError(f"{text!r} is none of folder:/PATH, mailto:NAME@HOST, telegram:me, telegram:@NAME, telegram:ID")
