"""Makes the README's pictures from the samples, the pages' with a Chromium: `python docs/pictures.py`."""

import io
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console

from provenance.app import pages, pdf
from provenance.app.demo import demo
from provenance.app.progress import Quiet
from provenance.archive.store import Archive
from provenance.core.answers import LookupAnswer
from provenance.images.sandbox import Limits, Sandbox
from provenance.render import terminal

_DOCS = Path(__file__).parent
_NOTE = "    <!-- Generated with Rich https://www.textualize.io -->\n"
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_WIDTH = 1160
_HEIGHTS = {"answer.png": 1240, "report.png": 2000}
_COLOURS = 256


def main() -> None:
    """Write docs/lookup.svg, docs/answer.png and docs/report.png."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(Limits()) as sandbox:
        directory = Path(folder) / "archive"
        done = demo(directory, sandbox, Quiet(), 1 << 28)
        answer = done.answers[0]
        page = Path(folder) / "answer.html"
        pages.write_lookup(Archive.open(directory), [answer], sandbox, page)
        (report,) = (path for path in done.files if path.suffix == ".html")
        _photograph({page: "answer.png", report: "report.png"})
    _draw(answer)


def _draw(answer: LookupAnswer) -> None:
    console = Console(record=True, width=88, highlight=False, markup=False, emoji=False, file=io.StringIO())
    suspect = replace(answer.suspect, path=Path(answer.suspect.path).name)
    console.print(terminal.lookup(replace(answer, suspect=suspect)))
    svg = console.export_svg(title="provenance lookup suspect.jpg")
    # The fonts would be loaded from somewhere else; any monospaced one will do.
    svg = _FONTS.sub("", svg).replace("Fira Code", "monospace").replace(_NOTE, "")
    (_DOCS / "lookup.svg").write_text(svg, encoding="utf-8")


def _photograph(wanted: dict[Path, str]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=pdf.find().command[0])
        tab = browser.new_page(color_scheme="light")
        for page, name in wanted.items():
            tab.set_viewport_size({"width": _WIDTH, "height": _HEIGHTS[name]})
            tab.goto(page.as_uri())
            tab.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
            tab.wait_for_function("[...document.images].every(image => image.complete)")
            with Image.open(io.BytesIO(tab.screenshot())) as picture:
                # By coverage: the few pixels of the arrows keep the colours that tell them apart.
                few = picture.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
                few.save(_DOCS / name, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
