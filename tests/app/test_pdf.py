"""Pages as PDF: by a real browser, in time, alone, or with a clear word."""

import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from provenance.app import pdf
from provenance.errors import OutputRefused, PdfNotMade, PdfUnavailable

PAGE = "<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>A page</title><p>Words, слова, 文字.</p></html>"
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, pdf.BROWSERS)), reason="no Chromium here: `apt-get install chromium`"
)


def program(path: Path, *lines: str) -> str:
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@needs_browser
def test_a_page_is_printed_and_nothing_is_left_behind(tmp_path: Path) -> None:
    target = tmp_path / "new" / "page <b>.pdf"
    pdf.write(target, PAGE, pdf.find())
    assert target.read_bytes().startswith(b"%PDF-")
    assert target.stat().st_size > 2000
    assert [each.name for each in target.parent.iterdir()] == [target.name]


@needs_browser
def test_nothing_is_asked_of_any_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        asking = PAGE.replace(
            "<p>", f"<img src='http://somewhere.invalid:{port}/'><img src='http://localhost:{port}/'><p>"
        )
        pdf.write(tmp_path / "made.pdf", asking, pdf.find())
        with pytest.raises(TimeoutError):
            server.accept()


def test_neither_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pdf, "find_spec", lambda name: None)
    with pytest.raises(PdfUnavailable, match=r"^PDF needs Chromium or WeasyPrint: neither was found\."):
        pdf.find()
    assert pdf.check().ok is None


def test_what_the_settings_name_comes_first(tmp_path: Path) -> None:
    named = program(tmp_path / "my-browser", "true")
    assert pdf.find(named) == pdf.Printer((named,), browser=True)
    assert pdf.find(program(tmp_path / "weasyprint", "true")).browser is False
    assert pdf.check(named).ok
    with pytest.raises(PdfUnavailable, match="my-missing is no program"):
        pdf.find(str(tmp_path / "my-missing"))
    assert pdf.check(str(tmp_path / "my-missing")).ok is False


def test_what_is_in_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    weasyprint = program(tmp_path / "weasyprint", "true")
    assert pdf.find() == pdf.Printer((weasyprint,), browser=False)
    chrome = program(tmp_path / "google-chrome", "true")
    assert pdf.find() == pdf.Printer((chrome,), browser=True)


def test_a_printer_that_is_no_browser_is_given_both_files(tmp_path: Path) -> None:
    printer = pdf.find(program(tmp_path / "weasyprint", 'printf "%%PDF-1.7 of " > "$2"', 'cat "$1" >> "$2"'))
    pdf.write(tmp_path / "made.pdf", PAGE, printer)
    assert (tmp_path / "made.pdf").read_text(encoding="utf-8") == f"%PDF-1.7 of {PAGE}"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["echo this is broken >&2", "exit 1"], "this is broken"),
        (["exit 0"], "wrote none"),
        (['echo no PDF > "$2"'], "wrote none"),
    ],
)
def test_a_printer_that_fails_leaves_what_was_there(tmp_path: Path, lines: list[str], words: str) -> None:
    target = tmp_path / "out" / "made.pdf"
    target.parent.mkdir()
    target.write_text("before", encoding="utf-8")
    with pytest.raises(PdfNotMade, match=words):
        pdf.write(target, PAGE, pdf.find(program(tmp_path / "weasyprint", *lines)))
    assert [each.name for each in target.parent.iterdir()] == ["made.pdf"]
    assert target.read_text(encoding="utf-8") == "before"


def test_a_printer_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    printer = pdf.find(program(tmp_path / "weasyprint", f'sleep 60 & echo $! > "{pid}"', "wait"))
    began = time.monotonic()
    with pytest.raises(PdfNotMade, match=r"longer than 0\.5 seconds"):
        pdf.write(tmp_path / "made.pdf", PAGE, printer, seconds=0.5)
    assert time.monotonic() - began < 30
    child = int(pid.read_text(encoding="utf-8"))
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        os.kill(child, 9)
        pytest.fail("it still runs")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    printer = pdf.find(program(tmp_path / "weasyprint", "true"))
    with pytest.raises(OutputRefused):
        pdf.write(tmp_path / "file" / "made.pdf", PAGE, printer)
