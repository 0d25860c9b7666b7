"""The folders that travel with the program are found, in a checkout and in a wheel."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from provenance import resources


@pytest.mark.parametrize(("name", "holds"), [("migrations", "env.py"), ("samples", "expected.json")])
def test_finds_the_folders_of_a_checkout(name: str, holds: str) -> None:
    assert (resources.folder(name) / holds).is_file()


def test_finds_the_folders_of_a_wheel(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "provenance"
    (package / "shipped" / "samples").mkdir(parents=True)
    # A folder of that name beside an installed package is somebody else's.
    (package.parent / "samples").mkdir()
    copy = shutil.copy(resources.__file__, package / "resources.py")
    spec = importlib.util.spec_from_file_location("installed_resources", copy)
    assert spec is not None
    assert spec.loader is not None
    installed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(installed)
    assert installed.folder("samples") == package / "shipped" / "samples"
