"""Two image files laid over each other; a task for the sandbox, whose workers decode them and measure.

It loads numpy and OpenCV into a worker that would do without, so nothing here is imported before the first pair.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.core.alignment import Alignment, Relation, judge
from provenance.images.levels import levels

if TYPE_CHECKING:
    from provenance.images.geometry import Effort, Picture


@dataclass(frozen=True, slots=True)
class Pair:
    """What is to be compared, and how."""

    query: Path
    archived: Path
    orientation: tuple[bool, int] | None = None
    """Mirrored, and turned by degrees clockwise: how the whole archived picture gives the whole query, by its hash."""
    closely: bool = False
    """At full resolution, with more features: for what the usual effort left open."""


def compare_pair(pair: Pair, max_pixels: int) -> Alignment | None:
    """Decode both files and measure how the query lies in the archived picture; None where no map holds.

    With an `orientation` that map is tried first. Raises Refused.
    """
    from provenance.images.geometry import CLOSE, NORMAL

    def pictures(effort: "Effort") -> tuple["Picture", "Picture"]:
        query, archived = (
            _picture(each, each.stat().st_mtime_ns, max_pixels, effort) for each in (pair.query, pair.archived)
        )
        return query, archived

    query, archived = pictures(CLOSE if pair.closely else NORMAL)
    found = _compared(query, archived, pair.orientation)
    verdict = judge(found)
    is_open = verdict.relation is Relation.SAME and not verdict.is_copy
    if is_open and not pair.closely and min(query.reduced, archived.reduced) < 1:
        # All of their pixels may tell.
        closer = _compared(*pictures(CLOSE), pair.orientation)
        return closer if judge(closer).is_copy else found
    return found


def _compared(query: "Picture", archived: "Picture", orientation: tuple[bool, int] | None) -> Alignment | None:
    from provenance.images.geometry import align, lay

    granted = None if orientation is None else lay(query, archived, *orientation)
    if judge(granted).is_copy:
        return granted
    found = align(query, archived)
    # Features know better than the hash, where there are any.
    return granted if judge(found).relation is Relation.NOTHING else found


@lru_cache(maxsize=4)
def _picture(path: Path, changed: int, max_pixels: int, effort: "Effort") -> "Picture":
    """Kept for the next pairs, as long as the file is not `changed`: a query is compared with many."""
    import numpy as np

    from provenance.images.geometry import Picture
    from provenance.images.resaving import Saved

    made = levels(path, max_pixels, effort.side)
    grey = np.frombuffer(made.grey, np.uint8).reshape(made.height, made.width)
    saved = Saved(*made.native, made.table) if made.table else None
    return Picture(grey, effort, saved, made.width / made.native[0])
