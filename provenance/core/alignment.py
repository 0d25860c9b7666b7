"""From what was measured of two aligned pictures to what they are to each other.

Four things tell them apart, and none does alone: inliers say that something is shared, conflict whether it is all
that is shared (templates, other viewpoints), motion and residual whether the pixels are those of one exposure, and
the fine detail whether one picture's noise is the other's. The figures at the limits are from benchmarks/alignment.py
on half 0 of the photographs and on the videos and stereo pairs of OpenCV's documentation; half 1 confirms them.
"""

from dataclasses import dataclass
from enum import StrEnum

from provenance.core.model import Confidence

ALIGNMENT_VERSION = 5
"""Raise it when measurements or limits change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the pixels of two aligned pictures agree where both are seen. Shares are 0 to 1."""

    kept: float
    """Share of the texture that is left when differing borders are cut off; the rest is measured inside."""
    compared: int
    """Pixels compared, of the coarser picture."""
    textured: float
    """Share of them with texture in both."""
    plain: float
    """Share of them that is plain in both: drawn grounds, burnt-out skies."""
    agreement: float
    """Share of the textured places (11 x 11 pixels) whose correlation exceeds 0.7."""
    conflict: float
    """Share of the places textured in both whose correlation is below 0.3."""
    moved: float
    """Share of the textured places that agree better when shifted by more than 0.7 pixels (optical flow)."""
    fine: float
    """Correlation of the fine detail (0.7 to 2 pixels) where the pictures agree."""
    expected: float
    """What that correlation is between the finer picture and the same one saved twice; 1 where nobody asked."""
    foreign: float
    """Share of the poorer picture's fine detail that the other lacks; below 0 where the poorer is a smoothed copy.
    The smaller of that before and after one is saved like the other."""
    detail: float
    """The finest detail (below 0.8 pixels) of the picture that has less, by that of the other: 0 to 1."""
    residual: float
    """99.9th percentile of |difference| / (2.5 + gradient), tones and sharpness made equal, clipping excused."""
    patched: float
    """Share of the area in connected patches with a residual above 3."""
    sharper: float
    """Share of the patches' area whose outline has more contrast in the query."""
    softer: float
    """Share of the patches' area whose outline has less contrast in the query."""
    coarse: float
    """What is left of the patches' difference after a blur of 8 pixels: little for letters and pixelation."""
    drawn: float
    """Share of the patches' area that is plain in one picture and has texture in the other, less the reverse."""
    boxed: float
    """Share of the area that was left out: one upright rectangle that differs all over."""
    misfit: float
    """Share of what the more strongly compressed JPEG stores (its coefficients that are not zero), beside what differs,
    that it cannot have from the other picture. 1 where the two do not lie pixel on pixel, or nothing can be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment(Agreement):
    """How the query lies in the archived picture, and how far the two agree there."""

    matrix: tuple[float, ...]
    """Where a point of the query lies in the archived picture, both as shares of width and height: see
    `core.outline.Matrix`."""
    mirrored: bool
    rotated: float
    """Degrees clockwise that the archived picture was turned by, after mirroring, to give the query: 0 to 360."""
    scale: float
    """Size of the query's copy in the files' own pixels, by that of the archived picture, along a side."""
    inliers: int | None
    """Features that keep to the map, at distinct places of both pictures; None where the map was taken for granted."""
    error: float
    """Median distance of the inliers from their places, in archived pixels."""
    spread: float
    """Share of the cells with an inlier, of 8 x 8 that the overlap's upright frame is cut into."""
    overlap: float
    """Share of the query that lies inside the archived picture."""
    visible: float
    """Share of the archived picture that the query shows."""
    region: tuple[float, float, float, float]
    """The upright frame of that part, differing borders cut off: left, top, width, height as shares of the archived."""


class Relation(StrEnum):
    """What two aligned pictures are to each other."""

    SAME = "same"
    """Copies of one photograph or drawing."""
    SAME_SCENE = "same_scene"
    """Another photograph or frame of the same scene."""
    SAME_TEMPLATE = "same_template"
    """One design with other contents."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The relation, how sure it is, and by what."""

    relation: Relation
    confidence: Confidence
    reason: str

    @property
    def is_copy(self) -> bool:
        """Whether the two are copies, and surely enough to count."""
        return self.relation is Relation.SAME and self.confidence is not Confidence.POSSIBLE


INLIERS = 10
"""From here on an alignment is believed by itself (unrelated photographs: at most 6)."""
FEW_INLIERS = 6
"""Believed where the pixels agree as well (small crops)."""
PIXELS = 1500
"""Pixels compared below which nothing is said with more than `possible`."""

SHARED = 0.2
"""Share of one of the two that lies in the other. Of crops, collages and pictures in others all of one does; a word in
the same letters in two pictures is a tenth of both."""
SAME_AGREEMENT = 0.5
SAME_CONFLICT = 0.16
"""Copies agree in 0.56 and more, and conflict in 0.16 at most (stickers over 20 %); templates and other viewpoints
agree in 0.45 at most and conflict in 0.17 and more, unless nearly nothing has changed."""

CLEAN_FINE = 0.945
CLEAN_FOREIGN, SMOOTHED_FINE = -0.03, 0.91
"""The noise is one exposure's when the fine detail correlates that well, or one picture is a smoothed copy. Frames of
a noisy film stay below 0.942 and above -0.001; photographed from a screen or blurred they are smoothed, too, but mostly
correlate less."""

AS_EXPECTED, LEAST_FINE = 0.035, 0.85
"""Two strong compressions leave less. A copy comes as near to what they leave as that."""
LOST_DETAIL, FEW_FOREIGN, STILL_MOVED, STILL_CONFLICT = 0.45, 0.012, 0.0005, 0.003
"""One picture has lost so much of its finest detail (WebP and AVIF, blur) that there is no noise to compare
(frames keep 0.51 and more), or what is left of it is the other's (frames have 0.022 foreign detail and more, but for
those that hardly differ at all). Then nothing may have moved."""

CERTAIN_RESIDUAL, CERTAIN_MOVED, CERTAIN_CONFLICT, CERTAIN_AGREEMENT = 1.5, 0.001, 0.01, 0.97
STRONG_RESIDUAL, STRONG_MOVED, STRONG_CONFLICT, STRONG_AGREEMENT = 3.0, 0.003, 0.02, 0.9
STILL_AGREEMENT = 0.8
"""Enough where nothing has moved: strong compression takes the texture itself."""
CERTAIN_KEPT, DRAWN_GROUND = 0.9, 0.35
"""What is shared by less than that of the texture must not be mostly plain: it may be a header, and no photograph."""

SAVED, SAVED_OTHERWISE = 0.0002, 0.3
"""One picture is the other one saved again when what it stores misfits by no more than that: copies up to quality 50 by
0.00015 at most, frames of a still camera by 0.004 and more, noise of 2 grey levels alone mostly by 0.0005 and more
(benchmarks/stored.py). From the second number on the picture was changed all over before it was saved, and misfitting
says nothing."""
SAVED_BESIDE = 0.007
"""What is beside stickers, of the same exposure (frames of a still camera: mostly 0.009 to 0.25)."""

SHRUNK, SHRUNK_FINE, SHRUNK_FOREIGN, SMOOTHED_SHRUNK = 0.6, 0.965, -0.1, 0.95
"""One picture has less than that of the other's pixels along a side: most of the noise is averaged away, and the next
frame of a film may agree as well as a copy does (0.957 to 0.981, copies 0.96 to 0.99). Photographs of a screen are
smoothed more than such frames (foreign detail of -0.06 at least). Never more than strong."""

TONES_AGREEMENT, TONES_CONFLICT = 0.995, 0.001
"""Contrast that clips, thumbnails: frames with as large a residual agree in 0.98 at most."""

CREEP_SHARE, CREEP_PIXELS, CREEP_ERROR = 0.98, 0.8, 0.2
"""A camera that creeps shows nearly the whole of the last frame, less by more than such a part of a pixel, and its
features lie this many pixels beside an affine map. Copies of the whole lose 0.4 pixels at most."""

MOVED = 0.06
"""Bursts and moving cameras move in 0.27 and more of the places, copies in 0.055 at most (stickers)."""
MOVED_AROUND, LARGE_PATCHES = 0.1, 0.1
"""Where much is covered, the flow goes astray around it."""
MOVED_SMALL = 0.006
"""People walking before a still camera; copies without large patches stay below, but for a tenth of those."""
PATCHES = 0.05
"""Patches from this share of the area on are stickers rather than passers-by, unless both pictures have them."""
BOTH_SIDES, BOTH_PATCHES = 0.15, 0.065
"""Both pictures have objects that the other lacks: something moved. Passers-by cover 0.063 at most; of larger patches
the outlines say little, because stickers hide outlines too."""
FAINT_RESIDUAL = 4.0
"""JPEGs of quality 10 reach it; frames that differ as little move in 0.01 of the places."""

LETTERS_SHARPER, LETTERS_SOFTER, LETTERS_COARSE = 0.8, 0.05, 0.38
"""Words laid over the query: sharper outlines all over, little left after a blur (0.35; passers-by 0.4 and more)."""
LETTERS_MOVED, LETTERS_MOVED_BESIDE = 0.008, 0.018
"""The flow follows words; more of it is excused where all beside them fits what is stored."""
FAINT_SOFTER, FAINT_COARSE, FAINT_MOVED = 0.1, 0.4, 0.004
"""Words that are seen through have no sharper outlines where the photograph has its own. They are believed where all
beside them fits what is stored."""
ONLY_SHARPER, ONLY_COARSE = 0.97, 0.48
"""Large letters leave more, but then hardly any outline is not theirs."""
PIXELATED_SOFTER, PIXELATED_SHARPER, PIXELATED_COARSE, PIXELATED_MOVED = 0.65, 0.14, 0.25, 0.01
"""Pixelated or blurred places: detail lost, and nothing left after a blur (0.23; passers-by 0.28 and more)."""

LIGHT_COARSE, LIGHT_MOVED = 0.6, 0.006
"""Light and shade (a lamp in a screen): nothing but the brightness of a place differs, and that changes softly. Of what
moves before a still camera less than that is left after a blur, or it moves."""

DRAWN, DRAWN_OVER = 0.22, 0.22
"""Stickers, boxes and pixelation are plain where the photograph has texture; passers-by reach 0.17. They cover 0.19 of
it at most; of screenshots of posts with other photographs more differs (0.25), and more is plain than DRAWN_GROUND."""
COVERED_CONFLICT, COVERED_AGREEMENT = 0.25, 0.48
"""What hardly shows beside stickers on a soft photograph; believed where all of that fits what is stored."""

DRAWING = 0.55
"""Pictures that are plain beyond this are drawn: maps of other days (0.69 and more) differ by what is drawn on them,
as a photograph does by what was laid over it (0.44 at most)."""

TEMPLATE_ERROR = 0.3
TEMPLATE_MOVED = 0.3
"""Drawn things lie exactly where they lay (0.14 pixels at most); other viewpoints shift them (0.47 and more)."""
SCENE_AGREEMENT = 0.1

_CERTAIN, _STRONG, _POSSIBLE = Confidence.CERTAIN, Confidence.STRONG, Confidence.POSSIBLE


def judge(alignment: Alignment | None) -> Verdict:
    """Say what the two pictures are to each other; None (no map holds) is NOTHING.

    The inliers' `spread` is no limit: copies have mostly 0.4 to 0.9 of it, other frames 0.2 to 0.8, and the pixels are
    compared all over anyway.
    """
    if alignment is None or not _holds(alignment):
        return Verdict(Relation.NOTHING, _POSSIBLE, "no alignment holds")
    shared = max(alignment.overlap, alignment.visible) >= SHARED
    if shared and _saved_again(alignment) and alignment.residual <= FAINT_RESIDUAL:
        return _copy(alignment)
    if (alignment.agreement < SAME_AGREEMENT or alignment.conflict > SAME_CONFLICT) and not _covered(alignment):
        return _other(alignment)
    if not shared:
        return Verdict(Relation.SAME, _POSSIBLE, "the pixels agree in a corner of both, which may be words or a mark")
    if alignment.moved > (MOVED_AROUND if alignment.patched >= LARGE_PATCHES else MOVED):
        return Verdict(Relation.SAME_SCENE, _STRONG, "parts of the picture have moved")
    if alignment.residual > STRONG_RESIDUAL and not _only_tones(alignment):
        return _patched(alignment)
    return _copy(alignment)


def _holds(a: Alignment) -> bool:
    if a.inliers is None:
        return True
    return a.inliers >= INLIERS or (a.inliers >= FEW_INLIERS and a.agreement >= CERTAIN_AGREEMENT)


def _saved_again(a: Alignment) -> bool:
    """Whether each number that one picture's file stores fits the other picture."""
    return a.misfit <= SAVED and a.compared >= PIXELS


def _clean(a: Alignment) -> bool:
    """Whether the noise is that of one exposure, or there is none left to tell; and enough to say so."""
    kept = a.foreign <= CLEAN_FOREIGN or (a.foreign <= FEW_FOREIGN and a.fine >= LEAST_FINE)
    lost = (a.detail <= LOST_DETAIL or kept) and _still(a) and not _shrunk(a)
    enough = a.compared >= PIXELS and (a.inliers is None or a.inliers >= INLIERS)
    return _saved_again(a) or ((_alike(a) or lost) and enough)


def _alike(a: Alignment) -> bool:
    """Whether the noise is that of one exposure."""
    if _shrunk(a):
        return a.fine >= SHRUNK_FINE or (a.foreign <= SHRUNK_FOREIGN and a.fine >= SMOOTHED_SHRUNK)
    least = min(CLEAN_FINE, max(LEAST_FINE, a.expected - AS_EXPECTED))
    return a.fine >= least or (a.foreign <= CLEAN_FOREIGN and a.fine >= SMOOTHED_FINE)


def _shrunk(a: Alignment) -> bool:
    return not SHRUNK <= a.scale <= 1 / SHRUNK


def _still(a: Alignment) -> bool:
    return a.moved <= STILL_MOVED and a.conflict <= STILL_CONFLICT


def _creeps(a: Alignment) -> bool:
    least, most = min(a.overlap, a.visible), max(a.overlap, a.visible)
    lost = (most - least) * a.compared**0.5
    return least > CREEP_SHARE and lost > CREEP_PIXELS and a.error > CREEP_ERROR


def _only_tones(a: Alignment) -> bool:
    """Whether every texture is where it was, so that a large residual is one of tones that were not to be equalled."""
    return _still(a) and a.conflict <= TONES_CONFLICT and a.agreement >= TONES_AGREEMENT and _clean(a)


def _copy(a: Alignment) -> Verdict:
    saved = _saved_again(a)
    whole = a.kept >= CERTAIN_KEPT and not a.boxed
    untouched = whole and not a.patched
    certain = (
        a.residual <= CERTAIN_RESIDUAL
        and a.moved <= CERTAIN_MOVED
        and a.conflict <= CERTAIN_CONFLICT
        and a.agreement >= CERTAIN_AGREEMENT
        and not _shrunk(a)
    )
    strong = (
        a.moved <= STRONG_MOVED
        and a.conflict <= STRONG_CONFLICT
        and a.agreement >= (STILL_AGREEMENT if _still(a) else STRONG_AGREEMENT)
    )
    if _creeps(a) and not saved:
        return Verdict(Relation.SAME, _POSSIBLE, "the pixels agree, but the frame may be the next one of a slow film")
    if not _clean(a):
        return Verdict(Relation.SAME, _POSSIBLE, "the pixels agree, but for their noise")
    if saved and untouched:
        return Verdict(Relation.SAME, _CERTAIN, "one is the other saved again")
    if certain and untouched and _alike(a):
        return Verdict(Relation.SAME, _CERTAIN, "the pixels agree")
    enough = (saved or strong) and (whole or a.plain <= DRAWN_GROUND)
    little = "another picture laid over them" if a.boxed else "little"
    return Verdict(Relation.SAME, _STRONG if enough else _POSSIBLE, f"the pixels agree but for {little}")


def _patched(a: Alignment) -> Verdict:
    """Something differs in places: laid over, or moved?"""
    if a.plain > DRAWING and a.residual > FAINT_RESIDUAL:
        return Verdict(Relation.SAME, _POSSIBLE, "a drawing (map, card, document) of which parts differ")
    if _lettered(a):
        return Verdict(Relation.SAME, _STRONG if _clean(a) else _POSSIBLE, "the pixels agree but for words laid over")
    if _lit(a):
        return Verdict(Relation.SAME, _STRONG, "the pixels agree but for light and shade")
    if _drawn_over(a) and _clean(a) and not SAVED_BESIDE < a.misfit < SAVED_OTHERWISE:
        return Verdict(Relation.SAME, _STRONG, "the pixels agree but for what was drawn over them")
    pixelated = (
        a.softer >= PIXELATED_SOFTER
        and a.sharper <= PIXELATED_SHARPER
        and a.coarse <= PIXELATED_COARSE
        and a.moved <= PIXELATED_MOVED
    )
    if pixelated:
        return Verdict(Relation.SAME, _STRONG if _clean(a) else _POSSIBLE, "the pixels agree but for blurred places")
    if a.residual <= FAINT_RESIDUAL and a.moved <= STRONG_MOVED:
        confidence = _STRONG if _clean(a) and _still(a) else _POSSIBLE
        return Verdict(Relation.SAME, confidence, "the pixels agree but for what strong compression or grain may leave")
    fewer, more = sorted((a.sharper, a.softer))
    both_sides = fewer >= BOTH_SIDES and a.patched < BOTH_PATCHES
    one_side = fewer <= LETTERS_SOFTER and more >= LETTERS_SHARPER
    if both_sides or (not one_side and a.patched < PATCHES and a.moved > MOVED_SMALL):
        return Verdict(Relation.SAME_SCENE, _POSSIBLE, "parts of the picture have moved or changed")
    return Verdict(Relation.SAME, _POSSIBLE, "the pixels agree but for patches that may be laid over")


def _drawn_over(a: Alignment) -> bool:
    return a.drawn >= DRAWN and a.patched <= DRAWN_OVER and a.plain <= DRAWN_GROUND


def _covered(a: Alignment) -> bool:
    """Whether more conflicts than in other copies because it was drawn over: all beside it fits what is stored."""
    little = a.conflict <= COVERED_CONFLICT and a.agreement >= COVERED_AGREEMENT
    return little and _drawn_over(a) and a.misfit <= SAVED_BESIDE


def _lettered(a: Alignment) -> bool:
    """Whether all that differs are sharper outlines in the query, and little is left of it after a blur."""
    sharp = a.sharper >= LETTERS_SHARPER and a.softer <= LETTERS_SOFTER and a.coarse <= LETTERS_COARSE
    sharp_only = a.sharper >= ONLY_SHARPER and a.softer <= 1 - ONLY_SHARPER and a.coarse <= ONLY_COARSE
    if a.misfit > SAVED_BESIDE:
        return (sharp or sharp_only) and a.moved <= LETTERS_MOVED
    faint = a.softer <= FAINT_SOFTER and a.coarse <= FAINT_COARSE and a.plain <= DRAWN_GROUND
    moved = LETTERS_MOVED_BESIDE if sharp or sharp_only else FAINT_MOVED
    return (sharp or sharp_only or faint) and a.moved <= moved


def _lit(a: Alignment) -> bool:
    """Whether all textures are where they were, in another light, and one picture is a smoothed copy of the other."""
    still = a.moved <= LIGHT_MOVED and a.conflict <= STRONG_CONFLICT and a.agreement >= STRONG_AGREEMENT
    return still and a.coarse >= LIGHT_COARSE and a.foreign <= CLEAN_FOREIGN and _clean(a)


def _other(a: Alignment) -> Verdict:
    """Something is shared, but the pixels are not those of one photograph."""
    if a.inliers is None or a.inliers < INLIERS:
        return Verdict(Relation.NOTHING, _POSSIBLE, "few features agree, and the pixels do not")
    if a.error < TEMPLATE_ERROR and a.moved < TEMPLATE_MOVED:
        return Verdict(Relation.SAME_TEMPLATE, _STRONG, "one layout with other contents")
    if a.agreement < SCENE_AGREEMENT:
        return Verdict(Relation.NOTHING, _POSSIBLE, "the pixels do not agree")
    return Verdict(Relation.SAME_SCENE, _STRONG, "the same things from elsewhere or at another time")
