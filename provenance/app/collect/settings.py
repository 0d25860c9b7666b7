"""What the collector is told to do and to leave alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.app.collect.files import Limits
from provenance.core.weekly import ReportTime
from provenance.sources.telegram.convert import Policy
from provenance.sources.telegram.session import Access

if TYPE_CHECKING:
    from provenance.images.descriptor import Model


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
    report: ReportTime
    model: "Model | None" = None
