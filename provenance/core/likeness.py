"""What was measured of two images, in words."""

from provenance.core.matching import BITS
from provenance.core.model import METADATA_STAGE, Match, MatchKind

_WHOLE = 0.97
"""Share of an image's area from which it counts as shown whole: borders are measured with that much doubt."""


def match_words(match: Match) -> str:
    """Say in words what was measured of two images, without how sure that makes us."""
    if match.kind is MatchKind.IDENTICAL:
        return "identical, byte for byte"
    if match.stage == METADATA_STAGE:
        return "points to it by its metadata"
    if match.kind is MatchKind.PARTIAL:
        if match.inliers is None:
            return "shows the same photograph by way of other copies"
        return f"shows {_shown(match)}{transform_words(match)}{_size_words(match)}: {match.inliers} places coincide"
    return f"{match.kind}{transform_words(match)}, {match.distance} of {BITS} bits differ"


def evidence_words(match: Match | None) -> str:
    """Say in words what speaks for a link between two posts, and how sure a part makes us.

    Of whole images the hash speaks: how sure others make us depends on which of them came first.
    """
    if match is None:
        return "the images could not be compared"
    if match.kind is MatchKind.IDENTICAL:
        return "same bytes"
    if match.kind is MatchKind.PARTIAL:
        return f"{match_words(match)} ({match.confidence})"
    return f"hash distance {match.distance} of {BITS} bits{transform_words(match)}"


def likeness_words(match: Match) -> str:
    """Say in words what two images have in common that are no copies of each other."""
    if match.kind is not MatchKind.PARTIAL or match.inliers is None:
        return match_words(match)
    share = "" if match.visible is None else f" over {percent(match.visible)} of the archived image"
    return f"{match.inliers} places coincide{share}{transform_words(match)}"


def _size_words(match: Match) -> str:
    """Say in words how large the suspect shows the archived image, with a leading comma; empty for as large."""
    if match.scale is None or f"{match.scale:.2f}" == "1.00":
        return ""
    return f", at {match.scale:.2f} times its size"


def _shown(match: Match) -> str:
    if match.visible is None:
        return "a part of the archived image"
    if match.visible >= _WHOLE:
        return "all of the archived image, with something around it or in another shape"
    return f"{percent(match.visible)} of the archived image"


def percent(share: float) -> str:
    """A share as people say it."""
    return "less than 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"


def transform_words(match: Match) -> str:
    """Say in words what was done to the archived image, with a leading comma; empty for nothing."""
    words = ""
    if match.mirrored:
        words += ", mirrored"
    if match.rotated > 180 and match.rotated % 90:
        words += f", turned by {360 - match.rotated}° anticlockwise"
    elif match.rotated:
        words += f", turned by {match.rotated}°"
    if match.kind is MatchKind.TRANSFORMED and not words:
        words = ", stretched"
    return words
