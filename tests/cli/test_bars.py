"""Progress bars: on stderr, only at a terminal, and with nothing in them that it would obey."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from provenance.cli.bars import Bars
from tests.cli.conftest import HOSTILE, MONDAY, SAMPLES, command, hostile_export, is_harmless


def on_a_terminal(line: list[str]) -> tuple[int, str, str]:
    """Run a process whose stderr alone is a terminal; return exit status, stdout, stderr."""
    reader, writer = pty.openpty()
    environ = os.environ | {"TERM": "xterm-256color"}
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=writer, env=environ)
    os.close(writer)
    shown = b""
    try:
        while piece := os.read(reader, 1 << 16):
            shown += piece
    except OSError:  # How Linux says that nobody has the terminal open any more.
        pass
    os.close(reader)
    out, _ = running.communicate(timeout=60)
    return running.returncode, out.decode(), shown.decode()


def test_an_import_shows_its_stages_at_a_terminal(tmp_path: Path) -> None:
    export = SAMPLES / "exports" / "attic_archive"
    status, out, err = on_a_terminal(command("import", "telegram-export", export, "--json", archive=tmp_path / "a"))
    assert status == 0
    assert "Reading attic_archive" in err
    assert "Fingerprinting images" in err
    assert "8/8" in err
    assert out.startswith("{")
    assert is_harmless(out)


def test_hostile_folder_names_do_not_reach_the_terminal(tmp_path: Path, photos: list[Path]) -> None:
    folder = tmp_path / "x\x1b]0;owned\x07\u202e[red]"
    hostile_export(folder, 11, photos[0], MONDAY)
    status, _, err = on_a_terminal(command("import", "telegram-export", folder, archive=tmp_path / "a"))
    assert status == 0
    assert "Reading x?]0;owned??[red]" in err
    assert "\x1b]0;" not in err
    assert "\u202e" not in err


def test_stages_with_and_without_a_total(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        bars.advance()  # before any stage: nobody minds
        bars.stage("Counting", None)
        bars.advance(3)
        bars.stage(HOSTILE + "y" * 100, 5)
        bars.advance(5)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Counting" in shown.err
    assert "3/?" in shown.err
    assert "5/5" in shown.err
    assert "yyy" not in shown.err
    assert is_harmless(shown.err)
