"""The perceptual hash of a small grey picture, in all eight orientations, and how much it can be trusted.

The hash is that of `imagehash.phash(hash_size=16)`, bit for bit (a test compares them). It is computed here from
the cosine transform itself, because a mirrored or turned picture has the same coefficients with other signs or
transposed: one transform gives all eight codes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.images.decode import SIDE

_LOW = 16

_steps = np.arange(SIDE)
_COSINES = 2 * np.cos(np.pi * np.arange(_LOW)[:, None] * (2 * _steps[None, :] + 1) / (2 * SIDE))
_ALTERNATE = (-1.0) ** np.arange(_LOW)
_COLUMNS, _ROWS = np.ones((_LOW, 1)) * _ALTERNATE[None, :], _ALTERNATE[:, None] * np.ones((1, _LOW))
_SIGNS = np.stack([np.ones((_LOW, _LOW)), _COLUMNS, _ROWS, _COLUMNS * _ROWS])
# For each of `matching.ORIENTATIONS`: which signs, and whether transposed.
_VARIANTS = ((0, 0), (2, 1), (3, 0), (1, 1), (1, 0), (3, 1), (2, 0), (0, 1))

# Mean size of a coefficient, in grey levels, below which its sign is noise of the compression.
_NOISE = 0.1
# A place has detail when its Laplacian exceeds this share of the picture's contrast, and 2 grey levels.
_DETAIL_SHARE = 0.12
_DETAIL_LEVELS = 2.0

Grey = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`codes`: 8 x 32 bytes, in the order of `matching.ORIENTATIONS`. `quality`: 0 (flat) to 100."""

    codes: bytes
    quality: int


def fingerprint(levels: bytes) -> Fingerprint:
    """Return the fingerprint of a picture given as SIDE x SIDE grey levels, one byte each, row by row."""
    grey = np.frombuffer(levels, dtype=np.uint8).reshape(SIDE, SIDE).astype(np.float64)
    low = _COSINES @ grey @ _COSINES.T
    # The picture as it is, mirrored, upside down, and both; a median for each, as for a picture of its own.
    signed = low * _SIGNS
    ordered = np.sort(signed.reshape(len(_SIGNS), -1), axis=1)
    middle = ordered.shape[1] // 2
    medians = (ordered[:, middle - 1] + ordered[:, middle]) / 2
    upright = signed > medians[:, None, None]
    # A quarter turn is a transposition and a mirroring: the same bits in another order.
    turned = upright.transpose(0, 2, 1)
    bits = np.stack([(upright, turned)[transposed][sign] for sign, transposed in _VARIANTS])
    codes = np.packbits(bits.reshape(len(_VARIANTS), -1), axis=1).tobytes()
    return Fingerprint(codes, _quality(grey, low))


def _quality(grey: Grey, low: Grey) -> int:
    """Share of places with detail of their own, in percent; 0 where the hash's bits are mere noise."""
    if np.sort(np.abs(low), axis=None)[low.size // 2] / SIDE**2 < _NOISE:
        return 0
    inner = grey[1:-1, 1:-1]
    laplacian = np.abs(4 * inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:])
    threshold = max(_DETAIL_LEVELS, _DETAIL_SHARE * float(grey.std()))
    return round(100 * float((laplacian > threshold).mean()))
