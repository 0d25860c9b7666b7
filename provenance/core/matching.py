"""From measurements to a match: how far two hashes may lie apart, and how sure that makes us.

Measured over 500 photographs (benchmarks/match_distances.py): q30, half and quarter size, grey, stretch,
mirror and turns stay within 10 bits, brightness x 1.3 within 40, x 1.6 within 64; the closest of a million
unrelated pairs, all orientations tried, lies at 84. Text cards of one design with other words come as close
as 32, therefore plain images have limits of their own. Flat ones match by their bytes alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from provenance.core.model import Confidence, File, Match, MatchKind

ALGORITHM = "phash256"
ALGORITHM_VERSION = 1
"""Raise it when codes or qualities come out differently: every file is then measured again."""
RESOLVE_VERSION = 5
"""Raise it when limits or the rules of matching change."""

DESCRIPTOR_VERSION = 1
"""Raise it when the squares that a model is given come out differently."""
MODEL_PREFIX = "sscd-"
"""How the keys of all models begin, under which what they made is kept."""
SIGNS = 64
"""Bytes of a descriptor's signs."""
SIGNS_RADIUS = 215
"""Bits within which a descriptor's signs make a candidate. A copy with cosine c differs in about 512 acos(c)/pi bits:
198 for 0.35, which an eighth of the picture often has; strangers in 252, give or take 12."""
WIDER_RADII = ((6_000, 231), (40_000, 223))
"""The same in archives of at most so many files: about 2,000 strangers lie within, which can all be ranked."""
SIMILAR = 0.28
"""Cosine from which on a candidate is looked at: of a million pairs of strangers one in ten thousand exceeds 0.32."""
LEAST_SIMILAR, AT_LEAST, AT_LEAST_UP_TO = 0.15, 8, 40_000
"""So many are looked at in any case, if they are this similar. An eighth of a picture may have a cosine of 0.2 and
still be the most similar: of 500, among as many photographs, 48 lie below 0.28, 44 of those among the first 8. In
archives of more files than that they are lost among strangers anyway."""
CANDIDATES, MOST_CANDIDATES, FILES_PER_CANDIDATE = 40, 160, 6250
"""Files that are laid over a suspect, the most similar first: see `candidates_of`."""

JOIN_RADIUS, JOIN_SIMILAR = 200, 0.45
"""The same for files that are joined without a user: of 125,000 pairs of strangers the closest lay at 0.46."""

BITS = 256
BYTES = BITS // 8

# What each of the eight codes of a file stands for: mirrored first, then turned clockwise by degrees.
ORIENTATIONS: tuple[tuple[bool, int], ...] = tuple(
    (mirrored, rotated) for mirrored in (False, True) for rotated in (0, 90, 180, 270)
)

FLAT_BELOW = 14
"""Quality below which an image has no shape of its own (blank, gradient, emblem): its hash proves nothing."""
PLAIN_BELOW = 45
"""Quality below which an image has little of its own (a text card, a silhouette): its hash must be closer."""

STRETCH = 0.03
"""Share by which two aspect ratios may differ before the framing counts as changed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest distance in bits for each confidence."""

    certain: int
    strong: int
    possible: int


RICH = Limits(certain=48, strong=60, possible=76)
PLAIN = Limits(certain=24, strong=30, possible=44)

SEARCH_RADIUS = RICH.possible + 16
"""How far a scan looks in one direction: the two directions of a pair differ by a few bits."""


def limits(quality: int) -> Limits | None:
    """Return the limits for the lower quality of a pair; None where hashes prove nothing."""
    if quality < FLAT_BELOW:
        return None
    return PLAIN if quality < PLAIN_BELOW else RICH


def signs_radius(files: int) -> int:
    """Return the bits within which signs make a candidate in an archive of so many described files."""
    return next((radius for most, radius in WIDER_RADII if files <= most), SIGNS_RADIUS)


def fewest_candidates(files: int) -> int:
    """Return how many candidates are laid over a suspect in any case, in an archive of so many described files."""
    return AT_LEAST if files <= AT_LEAST_UP_TO else 0


def candidates_of(files: int) -> int:
    """Return how many candidates are laid over a suspect at most, in an archive of so many described files.

    The strangers that are more similar than a copy are so many in every thousand files, so that a copy's place among
    the candidates falls in proportion to their number: as many more are looked at. Beyond a million files time is the
    limit, and copies that show little of their original are missed more often.
    """
    return max(CANDIDATES, min(MOST_CANDIDATES, files // FILES_PER_CANDIDATE))


def distance(query: bytes, archived: bytes) -> tuple[int, int]:
    """Return (bits, orientation) of the best of the eight ways to lay the archived image over the query.

    Both directions are measured, so that the number does not depend on which of the two came first.
    """
    upright = int.from_bytes(archived[:BYTES])
    forth = [(int.from_bytes(code) ^ upright).bit_count() for code in _codes(query)]
    asked = int.from_bytes(query[:BYTES])
    back = [(int.from_bytes(code) ^ asked).bit_count() for code in _codes(archived)]
    return min((min(forth[_INVERSE[i]], back[i]), i) for i in range(len(ORIENTATIONS)))


def compare(query: File, archived: File) -> Match | None:
    """Measure two files by bytes and hash; None where nothing can be said, or they lie too far apart for a guess.

    A hash says nothing of neighbouring frames: what it finds is to be confirmed by the pixels.
    """
    if query.sha256 == archived.sha256:
        return Match(MatchKind.IDENTICAL, "sha256", 0, Confidence.CERTAIN)
    if not query.codes or not archived.codes:
        return None
    allowed = limits(min(query.quality, archived.quality))
    if allowed is None:
        return None
    bits, orientation = distance(query.codes, archived.codes)
    confidence = _confidence(bits, allowed)
    if confidence is None:
        return None
    mirrored, rotated = ORIENTATIONS[orientation]
    same_framing = not mirrored and not rotated and not _stretched(query, archived)
    kind = MatchKind.RECOMPRESSED if same_framing else MatchKind.TRANSFORMED
    return Match(kind, "phash", bits, confidence, mirrored, rotated)


def _confidence(bits: int, allowed: Limits) -> Confidence | None:
    if bits > allowed.possible:
        return None
    if bits <= allowed.certain:
        return Confidence.CERTAIN
    return Confidence.STRONG if bits <= allowed.strong else Confidence.POSSIBLE


def _stretched(one: File, other: File) -> bool:
    if not (one.width and one.height and other.width and other.height):
        return False
    ratio = (one.width * other.height) / (one.height * other.width)
    return not 1 / (1 + STRETCH) < ratio < 1 + STRETCH


def _codes(codes: bytes) -> Iterator[bytes]:
    return (codes[i * BYTES : (i + 1) * BYTES] for i in range(len(ORIENTATIONS)))


def _inverse(index: int) -> int:
    mirrored, rotated = ORIENTATIONS[index]
    # A mirrored turn undoes itself; a plain one is undone by turning back.
    return index if mirrored else ORIENTATIONS.index((False, -rotated % 360))


_INVERSE = tuple(_inverse(i) for i in range(len(ORIENTATIONS)))
