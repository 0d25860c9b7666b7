"""The house: every module has its tests, and the floors hold."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    path.relative_to(ROOT / "provenance")
    for path in sorted((ROOT / "provenance").rglob("*.py"))
    if path.name not in {"__init__.py", "__main__.py"}
]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_its_test_file(module: Path) -> None:
    assert (ROOT / "tests" / module.parent / f"test_{module.name}").is_file()


def test_no_test_file_is_left_of_a_module_that_went() -> None:
    folders = {path.parent for path in MODULES} - {Path()}
    tests = {
        path.relative_to(ROOT / "tests") for folder in folders for path in (ROOT / "tests" / folder).glob("test_*.py")
    }
    assert tests <= {path.parent / f"test_{path.name}" for path in MODULES if path.parent in folders}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_modules_say_what_they_are_for_and_stay_small(module: Path) -> None:
    text = (ROOT / "provenance" / module).read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert text.count("\n") <= 450


def test_the_floors_hold() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
