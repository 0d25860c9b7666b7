"""How an answer was worked out: versions and limits, for whoever wants to do it again."""

from provenance import __version__
from provenance.core import alignment, matching


def method(model: str | None) -> tuple[tuple[str, str], ...]:
    """Return (what, which) of everything that an answer depends on; `model` names the network for altered copies."""
    rich, plain = matching.RICH, matching.PLAIN
    return (
        ("Program", f"Provenance {__version__}"),
        (
            "Hash",
            (
                f"{matching.ALGORITHM}, version {matching.ALGORITHM_VERSION}: {matching.BITS} bits in "
                f"{len(matching.ORIENTATIONS)} orientations; it only suggests what the pixels have to confirm"
            ),
        ),
        (
            "Candidates by hash",
            (
                f"up to {rich.possible} bits apart ({plain.possible} for pictures with little detail, "
                f"quality below {matching.PLAIN_BELOW}; none below {matching.FLAT_BELOW})"
            ),
        ),
        (
            "Altered copies",
            f"model {model}, descriptors version {matching.DESCRIPTOR_VERSION}, candidates from a similarity of "
            f"{matching.LEAST_SIMILAR} on"
            if model
            else "not looked for: there is no model",
        ),
        (
            "Comparison of the pixels",
            (
                f"version {alignment.ALIGNMENT_VERSION}: at least {alignment.INLIERS} places that coincide (or "
                f"{alignment.FEW_INLIERS}, where the pixels agree), {alignment.PIXELS} pixels compared, agreement of "
                f"{alignment.SAME_AGREEMENT} and more, conflict of {alignment.SAME_CONFLICT} at most"
            ),
        ),
        (
            "Chain",
            (
                f"version {matching.RESOLVE_VERSION}: in time order, by whose word a time is; links from headers, "
                "media numbers, bytes, then likeness"
            ),
        ),
    )
