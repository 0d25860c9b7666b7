"""The house: every module has its tests, and the floors hold."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = 450
MODULES = [
    path.relative_to(ROOT / "provenance")
    for path in sorted((ROOT / "provenance").rglob("*.py"))
    if path.name not in {"__init__.py", "__main__.py"}
]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_its_test_file(module: Path) -> None:
    assert (ROOT / "tests" / module.parent / f"test_{module.name}").is_file()


def test_no_test_file_is_left_of_a_module_that_went() -> None:
    """Where one file would be too long for a module's tests, others say behind its name what of it they test."""
    modules = {str(path.with_suffix("")) for path in MODULES}
    folders = {path.parent for path in MODULES} - {Path()}
    tests = {
        str(each / path.stem.removeprefix("test_"))
        for each in folders
        for path in (ROOT / "tests" / each).glob("test_*.py")
    }
    assert {test for test in tests if not any(f"{test}_".startswith(f"{module}_") for module in modules)} == set()


def test_test_files_stay_small() -> None:
    files = (ROOT / "tests").rglob("*.py")
    assert [str(path) for path in files if path.read_text(encoding="utf-8").count("\n") > LINES] == []


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_modules_say_what_they_are_for_and_stay_small(module: Path) -> None:
    text = (ROOT / "provenance" / module).read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert text.count("\n") <= LINES


def test_the_floors_hold() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
