"""The descriptor: any network that fits, read from its file; small numbers that say the same as the floats."""

import math
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image

from provenance.errors import ModelMissing, ModelUnusable
from provenance.images.descriptor import DIMENSIONS, SCALE, Descriptor, Model, quantised, similarities, similarity
from tests.networks import SIDE, network
from tests.stories import random_photo


def square(image: Image.Image, side: int = SIDE) -> bytes:
    return image.resize((side, side), Image.Resampling.BILINEAR).tobytes()


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(network(tmp_path_factory.mktemp("model") / "net.onnx"))


def test_a_model_is_known_by_its_bytes(model: Model, tmp_path: Path) -> None:
    digest = sha256(model.path.read_bytes()).hexdigest()
    assert (model.sha256, model.key, model.side) == (digest, f"sscd-{digest[:12]}", SIDE)
    again = tmp_path / "other name"
    again.write_bytes(model.path.read_bytes())
    assert Model(again).key == model.key
    assert Model(network(tmp_path / "other.onnx", factor=2)).key != model.key


def test_copies_come_out_alike_and_strangers_do_not(model: Model) -> None:
    photos = [random_photo(seed) for seed in range(6)]
    descriptors = model.embed([square(photo) for photo in photos])
    copies = model.embed([square(photo.resize((120, 80))) for photo in photos])
    assert all(len(each.signs) == 64 and len(each.values) == DIMENSIONS for each in descriptors)
    for index, one in enumerate(descriptors):
        assert similarity(one, one) == 1
        assert similarity(one, copies[index]) > 0.98
        assert all(abs(similarity(one, other)) < 0.6 for other in descriptors[:index])


def test_a_descriptor_does_not_depend_on_its_company(model: Model) -> None:
    squares = [square(random_photo(seed)) for seed in range(5)]
    together = model.embed(squares)
    assert together == [model.embed([each])[0] for each in squares]
    assert model.embed([]) == []


def test_bytes_and_arrays_are_the_same(model: Model) -> None:
    data = square(random_photo(3))
    pixels = np.frombuffer(data, dtype=np.uint8).reshape(SIDE, SIDE, 3)
    from_bytes, from_array, mirrored = model.embed([data, pixels, pixels[:, ::-1]])
    assert from_bytes == from_array
    assert mirrored == model.embed([pixels[:, ::-1].tobytes()])[0] != from_bytes


@pytest.mark.parametrize("size", [0, SIDE * SIDE * 3 - 1, SIDE * SIDE * 4])
def test_pixels_of_another_size_are_a_mistake_of_the_caller(model: Model, size: int) -> None:
    with pytest.raises(ValueError, match="reshape"):
        model.embed([bytes(size)])


def test_several_threads_may_use_one_model(model: Model) -> None:
    squares = [square(random_photo(seed)) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda each: model.embed([each])[0], squares * 4))
    assert made == model.embed(squares) * 4


@pytest.mark.parametrize("dtype", [TensorProto.UINT8, TensorProto.FLOAT, TensorProto.FLOAT16])
@pytest.mark.parametrize(
    ("shape", "side"),
    [
        (("batch", SIDE, SIDE, 3), SIDE),
        ((1, SIDE, SIDE, 3), SIDE),
        (("batch", 3, SIDE, SIDE), SIDE),
        (("batch", "height", "width", 3), 288),
        (("batch", 3, "height", "width"), 288),
        (("batch", 3, 96, "width"), 96),
        (("batch", "height", 96, 3), 96),
    ],
    ids=str,
)
def test_takes_the_square_as_the_file_wants_it(
    model: Model, tmp_path: Path, shape: Sequence[str | int], side: int, dtype: int
) -> None:
    other = Model(network(tmp_path / "net.onnx", shape=shape, dtype=dtype))
    assert other.side == side
    photo = random_photo(4)
    (made,), (expected,) = other.embed([square(photo, side)]), model.embed([square(photo)])
    # The same network behind another door, but for the scale of floats: each colour has one of its own.
    assert similarity(made, expected) > 0.95


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"shape": ("batch", SIDE, SIDE, 1)}, "not one RGB image"),
        ({"shape": ("batch", SIDE, SIDE, 4)}, "not one RGB image"),
        ({"shape": (4, SIDE, SIDE, 3)}, "not one RGB image"),
        ({"shape": ("batch", SIDE, 3)}, "not a usable model"),
        ({"dtype": TensorProto.INT32}, r"tensor\(int32\)"),
        ({"shape": ("batch", SIDE, 2 * SIDE, 3)}, "96 x 48 pixels, which is no square"),
        ({"inputs": 2}, "2 inputs"),
        ({"gives": 1024}, "1024 numbers and not 512"),
    ],
    ids=str,
)
def test_a_model_that_does_not_fit_is_refused(tmp_path: Path, wrong: dict[str, object], says: str) -> None:
    path = tmp_path / "net.onnx"
    # What could never run onnxruntime refuses itself; either way it is this error, in one line.
    with pytest.raises(ModelUnusable, match=says) as refused:
        Model(network(path, **wrong))  # type: ignore[arg-type]
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("factor", [0, float("nan"), float("inf"), 1e37], ids=str)
def test_a_model_that_gives_no_direction_is_refused_when_it_does(tmp_path: Path, factor: float) -> None:
    broken = Model(network(tmp_path / "net.onnx", factor=factor))
    with pytest.raises(ModelUnusable, match="no direction"):
        broken.embed([square(random_photo(1))])


def test_a_square_without_anything_on_it_gives_no_direction_either(model: Model) -> None:
    with pytest.raises(ModelUnusable, match="no direction"):
        model.embed([bytes(SIDE * SIDE * 3)])


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_damaged_file_is_refused(model: Model, tmp_path: Path, share: float) -> None:
    content = model.path.read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelUnusable) as refused:
        Model(path)
    assert str(refused.value).startswith(f"{path}: not a usable model: ")
    assert "\n" not in str(refused.value)
    path.write_bytes(b"<html>Not found</html>")
    with pytest.raises(ModelUnusable):
        Model(path)


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"there is no file .*none\.onnx.*provenance model install"):
        Model(tmp_path / "none.onnx")
    with pytest.raises(ModelUnusable, match="directory"):
        Model(tmp_path)


def test_without_onnxruntime_it_says_how_to_get_it(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelMissing, match=r"onnxruntime.*pip install 'provenance\[sscd\]'"):
        Model(model.path)


def test_onnxruntime_is_loaded_with_the_first_model_only() -> None:
    code = "import sys, provenance.images.descriptor; print('onnxruntime' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_onnxruntime_says_nothing_by_itself(model: Model, tmp_path: Path) -> None:
    damaged = tmp_path / "cut.onnx"
    damaged.write_bytes(model.path.read_bytes()[:-100])
    code = (
        "import sys; from pathlib import Path; from provenance.images.descriptor import Model\n"
        "from provenance.errors import ModelUnusable\n"
        "Model(Path(sys.argv[1])).embed([bytes(range(256)) * 27])\n"
        "try: Model(Path(sys.argv[2]))\nexcept ModelUnusable: pass\n"
    )
    line = [sys.executable, "-c", code, str(model.path), str(damaged)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_signs_are_those_of_the_floats() -> None:
    floats = np.random.default_rng(1).normal(size=DIMENSIONS).astype(np.float32)
    floats[:3] = (0, 1e-30, -1e-30)
    made = quantised(floats)
    bits = np.unpackbits(np.frombuffer(made.signs, dtype=np.uint8)).astype(bool)
    assert (bits == (floats > 0)).all()
    assert list(bits[:3]) == [False, True, False]


def test_the_largest_float_becomes_127() -> None:
    floats = np.random.default_rng(2).normal(size=DIMENSIONS).astype(np.float32)
    values = np.frombuffer(quantised(floats).values, dtype=np.int8)
    exact = floats / np.abs(floats).max() * SCALE
    assert np.abs(values).max() == SCALE
    assert np.abs(values - exact).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("length", [1e-42, 1e-30, 1, 1e30])
def test_the_length_of_the_vector_does_not_matter(length: float) -> None:
    floats = np.zeros(DIMENSIONS, dtype=np.float32)
    floats[::2], floats[1::3] = 1, -2
    expected = quantised(floats)
    # 1e-42 is a subnormal number: it has few digits left, but these need few.
    assert quantised((floats.astype(np.float64) * length).astype(np.float32)).signs == expected.signs
    assert similarity(quantised((floats.astype(np.float64) * length).astype(np.float32)), expected) > 0.999


def test_how_exact_the_small_numbers_are() -> None:
    rng = np.random.default_rng(3)
    errors = []
    for _ in range(3000):
        one, noise = rng.normal(size=(2, DIMENSIONS))
        share = rng.uniform()  # from strangers to copies
        other = share * one + (1 - share) * noise
        made = similarity(quantised(one.astype(np.float32)), quantised(other.astype(np.float32)))
        errors.append(abs(made - cosine(one, other)))
    assert max(errors) < 0.005
    assert float(np.mean(errors)) < 0.001


def test_similarity_is_a_cosine() -> None:
    rng = np.random.default_rng(4)
    one, other = (quantised(rng.normal(size=DIMENSIONS).astype(np.float32)) for _ in range(2))
    opposite = Descriptor(bytes(64), (-np.frombuffer(one.values, dtype=np.int8)).tobytes())
    assert similarity(one, one) == 1
    assert similarity(one, opposite) == -1
    assert similarity(one, other) == similarity(other, one)
    assert type(similarity(one, other)) is float


def test_many_are_compared_as_one_is() -> None:
    rng = np.random.default_rng(6)
    extremes = [np.sign(rng.normal(size=DIMENSIONS)), np.ones(DIMENSIONS)]
    made = [quantised(each.astype(np.float32)) for each in (*rng.normal(size=(7, DIMENSIONS)), *extremes)]
    numbers = [[int(value) for value in np.frombuffer(each.values, dtype=np.int8)] for each in made]

    def exact(a: list[int], b: list[int]) -> float:
        products = [sum(x * y for x, y in zip(one, other, strict=True)) for one, other in ((a, b), (a, a), (b, b))]
        return float(products[0] / math.sqrt(products[1] * products[2]))

    table = similarities(made[:5], made)
    assert table.shape == (5, len(made))
    assert table.tolist() == [[exact(a, b) for b in numbers] for a in numbers[:5]]
    assert similarity(made[-1], made[-2]) == exact(numbers[-1], numbers[-2])
    assert similarities(made, []).shape == (len(made), 0)
