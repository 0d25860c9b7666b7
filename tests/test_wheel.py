"""The wheel carries everything that the program needs away from its checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    line = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    line += ["--disable-pip-version-check", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("provenance-*.whl")
    return built


def test_all_modules_migrations_templates_and_samples_are_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, place in (
        ("provenance", ""),
        ("migrations", "provenance/shipped/"),
        ("samples", "provenance/shipped/"),
    ):
        wanted = {
            f"{place}{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert wanted - names == set()
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/")) or "__pycache__" in name]


def test_the_demo_runs_from_it(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    environ = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    code = (
        "import provenance, sys; print(provenance.__file__, file=sys.stderr); from provenance.cli import main; main()"
    )
    line = [sys.executable, "-c", code, "demo", "--keep", "kept"]
    done = subprocess.run(line, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().startswith(str(tmp_path / "installed"))
    assert "First seen in this archive" in done.stdout
    assert (tmp_path / "kept" / "archive.db").is_file()
