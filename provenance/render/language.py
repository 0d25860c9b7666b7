"""The language of the pages: what they say of their own goes through here, in English where there is no catalogue.

A catalogue is part of the program as the templates are: its messages hold tags, and nothing in them is escaped. So a
translation holds no straight double quote: some messages stand in attributes.
"""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "provenance"
ENGLISH = "en"
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
_NONE = gettext.NullTranslations()
_SPOKEN: ContextVar[tuple[str, gettext.NullTranslations]] = ContextVar("language", default=(ENGLISH, _NONE))


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Within the block everything is said in this language, if there is a catalogue of it."""
    name = language.replace("-", "_")
    found = gettext.find(DOMAIN, str(LOCALE), [name])
    catalogue = gettext.translation(DOMAIN, str(LOCALE), [name]) if found else _NONE
    token = _SPOKEN.set((name.replace("_", "-") if found else ENGLISH, catalogue))
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def name() -> str:
    """Return the language's name as HTML writes it: that of what is said, not of what was asked for."""
    return _SPOKEN.get()[0]


def direction() -> str:
    return "rtl" if name().partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def _(message: str) -> str:
    return _SPOKEN.get()[1].gettext(message)


def ngettext(one: str, more: str, count: int) -> str:
    return _SPOKEN.get()[1].ngettext(one, more, count)
