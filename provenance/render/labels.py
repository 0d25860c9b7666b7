"""The names of what core tells apart, in the language of the page."""

from provenance.core.metadata import Level
from provenance.core.model import Confidence, LinkKind
from provenance.core.times import Basis
from provenance.render.language import _

Named = Basis | Confidence | Level | LinkKind


def label(value: Named) -> str:
    names: dict[Named, str] = {
        Basis.POSTED: _("post time"),
        Basis.UPLOADED: _("Telegram's upload time"),
        Basis.FORWARD_HEADER: _("time in a forward header"),
        Basis.OBSERVED: _("when this archive observed it"),
        Basis.CLAIMED: _("only claimed"),
        Confidence.CERTAIN: _("certain"),
        Confidence.STRONG: _("strong"),
        Confidence.POSSIBLE: _("possible"),
        Level.INFO: _("info"),
        Level.NOTICE: _("notice"),
        Level.WARNING: _("warning"),
        LinkKind.FORWARD: _("forward"),
        LinkKind.SILENT_COPY: _("silent copy"),
        LinkKind.IDENTICAL_REUPLOAD: _("identical reupload"),
        LinkKind.ALTERED_REUPLOAD: _("altered reupload"),
    }
    return names[value]


def weekdays() -> tuple[str, ...]:
    return (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    )  # fmt: skip


def short_weekdays() -> tuple[str, ...]:
    return _("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")
