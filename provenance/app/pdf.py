"""Pages as PDF, printed by a Chromium or a WeasyPrint that is on this machine; neither is asked to load anything.

The printer is a process of its own with a profile that is thrown away, without a name server and with a time limit.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from provenance.core.answers import Check
from provenance.errors import OutputRefused, PdfNotMade, PdfUnavailable

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120.0
_ALONE = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)


@dataclass(frozen=True, slots=True)
class Printer:
    """What prints: the words that start it, and whether it is a browser."""

    command: tuple[str, ...]
    browser: bool

    def words(self, page: Path, made: Path, scratch: Path) -> list[str]:
        if not self.browser:
            return [*self.command, str(page), str(made)]
        # Chromium's own sandbox does not start as root.
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        profile = f"--user-data-dir={scratch / 'profile'}"
        return [*self.command, *_ALONE, *root, profile, f"--print-to-pdf={made}", page.as_uri()]


def find(named: str = "") -> Printer:
    """Return what prints: what the settings name, else a browser in PATH, else WeasyPrint. Raises PdfUnavailable."""
    if named:
        found = shutil.which(named)
        if found is None:
            raise PdfUnavailable(what=f"{named} is no program that can be started")
        return Printer((found,), browser="weasyprint" not in Path(found).name.lower())
    for name in BROWSERS:
        if found := shutil.which(name):
            return Printer((found,), browser=True)
    if found := shutil.which("weasyprint"):
        return Printer((found,), browser=False)
    if find_spec("weasyprint") is not None:
        return Printer((sys.executable, "-m", "weasyprint"), browser=False)
    raise PdfUnavailable(what="neither was found")


def check(named: str = "") -> Check:
    """What `doctor` says of PDF."""
    try:
        printer = find(named)
    except PdfUnavailable as missing:
        return Check("PDF", False if named else None, str(missing))
    return Check("PDF", True, f"printed by {' '.join(printer.command)}")


def write(path: Path, page: str, printer: Printer, seconds: float = SECONDS) -> None:
    """Print a page into a file, whole or not at all. Raises PdfNotMade, OutputRefused."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside the file: a browser in a container of its own may not see the usual place for such things.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent, ignore_cleanup_errors=True) as folder:
            scratch = Path(folder).absolute()
            source, made = scratch / "page.html", scratch / "page.pdf"
            source.write_text(page, encoding="utf-8")
            said = _run(printer.words(source, made, scratch), path, seconds)
            if not made.is_file() or not made.read_bytes().startswith(b"%PDF-"):
                raise PdfNotMade(path=path, what=said or f"{printer.command[0]} wrote none")
            made.chmod(0o644)
            made.replace(path)
    except OSError as error:
        raise OutputRefused(path=path, what=error.strerror or error) from error


def _run(command: list[str], path: Path, seconds: float) -> str:
    """Run the printer to its end and return the last line that it said. Raises PdfNotMade."""
    # Into a file: a process that it leaves behind would keep a pipe open.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - what the settings or PATH name, with arguments of our own
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise PdfNotMade(path=path, what=f"{command[0]} took longer than {seconds:g} seconds") from None
        finally:
            _end(process)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End what the printer has left running, with all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (OSError, AttributeError):  # all gone, or a system without groups
        process.kill()
    process.wait()
