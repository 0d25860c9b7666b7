"""What the collector is told to do and to leave alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.app.collect.files import Limits
from provenance.app.mail import Sender
from provenance.core.delivery import Target
from provenance.core.weekly import Counting, ReportTime
from provenance.sources.telegram.convert import Policy
from provenance.sources.telegram.session import Access

if TYPE_CHECKING:
    from provenance.images.descriptor import Model


@dataclass(frozen=True, slots=True)
class Delivering:
    """To whom reports go, and how."""

    targets: tuple[Target, ...] = ()
    sender: Sender | None = None
    pdf: bool = False
    """A PDF is made of every report and goes with the page."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """When the weekly report is made, of what, and where it goes."""

    when: ReportTime
    counting: Counting = Counting()  # noqa: RUF009 - it is frozen
    delivering: Delivering = Delivering()
    browser: str = ""
    """What makes PDFs; empty: one in PATH."""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Collecting:
    """Everything that the settings say about collecting."""

    access: Access
    requests_per_minute: int
    policy: Policy
    limits: Limits
    reconcile_every: float
    recheck_posts: int
    backfill: bool
    report: Reporting
    model: "Model | None" = None
