"""The copy-detection descriptor: what the SSCD network says of a square of pixels, and how alike two squares are.

Any ONNX file will do that takes one RGB square and gives 512 floats: its shape, layout and kind of numbers are read
from the file, and the file is known by its SHA-256. onnxruntime is an extra, loaded when a model is. The pixels were
decoded in the sandbox (`tiles.py`); the network runs here, in the parent.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from provenance.core.matching import MODEL_PREFIX
from provenance.errors import ModelMissing, ModelUnusable

if TYPE_CHECKING:
    import onnxruntime

DIMENSIONS = 512
SIDE = 288
"""Pixels each way where the model leaves it open: what SSCD was taught at."""
SCALE = 127
"""The largest of the 512 floats becomes this, the others in proportion. A cosine does not ask for the length of a
vector, so nothing else need be kept; rounding moves it by less than 0.005 (a test measures)."""

# A model that takes floats is given what SSCD's own code gives: shares of 1, less the mean, by the deviation.
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_DTYPES: dict[str, type[np.generic]] = {
    "tensor(uint8)": np.uint8,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
}
_FATAL = 4

Square = bytes | NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """`signs`: 512 bits, set where a float is above 0, for the search. `values`: 512 x int8, for the ranking."""

    signs: bytes
    values: bytes


class Model:
    """A network in an ONNX file, ready to run on one core; may be used from several threads."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Load the file at `path`. Raises ModelMissing, ModelUnusable."""
        self.path = path
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise ModelMissing(what=f"there is no file {path}") from error
        except OSError as error:
            raise ModelUnusable(path=path, what=error.strerror or error) from error
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._session = _session(path, content, threads)
        self._input, self.side, self._channels_first, self._dtype = self._shape()

    @property
    def key(self) -> str:
        """The name under which what this model made is kept: another file, another key."""
        return f"{MODEL_PREFIX}{self.sha256[:12]}"

    def embed(self, images: Sequence[Square]) -> list[Descriptor]:
        """Return the descriptors of squares of `side` x `side` RGB pixels, as bytes row by row or as arrays.

        One at a time: it costs the same, and a descriptor then never depends on its company. Raises ModelUnusable.
        """
        return [quantised(self._floats(image)) for image in images]

    def _floats(self, image: Square) -> NDArray[np.float32]:
        pixels = np.frombuffer(image, dtype=np.uint8) if isinstance(image, bytes) else image
        pixels = pixels.reshape(self.side, self.side, 3)
        prepared: NDArray[Any] = pixels
        if self._dtype is not np.uint8:
            prepared = ((pixels.astype(np.float32) / 255 - _MEAN) / _DEVIATION).astype(self._dtype)
        if self._channels_first:
            prepared = prepared.transpose(2, 0, 1)
        try:
            (made, *_) = self._session.run(None, {self._input: np.ascontiguousarray(prepared[None])})
        except Exception as error:  # onnxruntime has a class for each of its failures and no base
            raise ModelUnusable(path=self.path, what=_first_line(error)) from error
        floats = np.asarray(made, dtype=np.float32).reshape(-1)
        if floats.size != DIMENSIONS:
            raise ModelUnusable(path=self.path, what=f"it gives {floats.size} numbers and not {DIMENSIONS}")
        if not np.isfinite(floats).all() or not floats.any():
            raise ModelUnusable(path=self.path, what="what it gives is no direction")
        return floats

    def _shape(self) -> tuple[str, int, bool, type[np.generic]]:
        """Read what the model takes: the input's name, the square's side, whether the colours come first, the dtype."""
        taken = self._session.get_inputs()
        if len(taken) != 1:
            raise ModelUnusable(path=self.path, what=f"it wants {len(taken)} inputs and not one image")
        name, shape, kind = taken[0].name, taken[0].shape, taken[0].type
        fixed = [size if isinstance(size, int) else None for size in shape]
        if kind not in _DTYPES or len(fixed) != 4 or fixed[0] not in (None, 1) or 3 not in (fixed[1], fixed[3]):
            raise ModelUnusable(path=self.path, what=f"it takes {kind} {shape} and not one RGB image")
        channels_first = fixed[3] != 3
        height, width = fixed[2:] if channels_first else fixed[1:3]
        side = height or width or SIDE
        if {height, width} - {None, side}:
            raise ModelUnusable(path=self.path, what=f"it takes {width} x {height} pixels, which is no square")
        given = self._session.get_outputs()[0].shape
        if given and isinstance(given[-1], int) and given[-1] != DIMENSIONS:
            raise ModelUnusable(path=self.path, what=f"it gives {given[-1]} numbers and not {DIMENSIONS}")
        return name, side, channels_first, _DTYPES[kind]


def quantised(floats: NDArray[np.float32]) -> Descriptor:
    """Return the descriptor of the 512 floats that a model gave, of whatever length their vector is."""
    # Largest first: the squares of very long or short vectors would leave the range of the floats.
    direction = floats.astype(np.float64) / np.abs(floats).max()
    values = np.rint(direction * SCALE).astype(np.int8)
    return Descriptor(np.packbits(floats > 0).tobytes(), values.tobytes())


def similarity(one: Descriptor, other: Descriptor) -> float:
    """Return the cosine of two descriptors, from their 8-bit values: 1 for the same, about 0 for strangers."""
    return float(similarities([one], [other])[0, 0])


def similarities(queries: Sequence[Descriptor], others: Sequence[Descriptor]) -> NDArray[np.float64]:
    """Return the cosines of all pairs, a row for each query."""
    # Whole numbers below 2**24 up to the last step: exact as floats too, and the same on every machine.
    rows, columns = _numbers(queries), _numbers(others)
    lengths = np.outer((rows * rows).sum(axis=1, dtype=np.float64), (columns * columns).sum(axis=1, dtype=np.float64))
    cosines: NDArray[np.float64] = (rows @ columns.T).astype(np.float64) / np.sqrt(lengths)
    return cosines


def _numbers(descriptors: Sequence[Descriptor]) -> NDArray[np.float32]:
    joined = b"".join(each.values for each in descriptors)
    return np.frombuffer(joined, dtype=np.int8).reshape(-1, DIMENSIONS).astype(np.float32)


def _session(path: Path, content: bytes, threads: int) -> "onnxruntime.InferenceSession":
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelMissing(what="onnxruntime, which runs the model, is not installed") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL  # What matters comes as an exception.
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each of its failures and no base
        raise ModelUnusable(path=path, what=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    """What onnxruntime says, without its tail: it goes on over several lines."""
    return str(error).partition("\n")[0].rstrip(".")[:200] or type(error).__name__
