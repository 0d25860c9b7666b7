"""Makes the README's picture of a lookup from the samples: `python docs/pictures.py`."""

import io
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from provenance.app.demo import demo
from provenance.app.progress import Quiet
from provenance.images.sandbox import Limits, Sandbox
from provenance.render import terminal

_NOTE = "    <!-- Generated with Rich https://www.textualize.io -->\n"
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """Write docs/lookup.svg."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(Limits()) as sandbox:
        done = demo(Path(folder) / "archive", sandbox, Quiet(), 1 << 28)
    console = Console(record=True, width=88, highlight=False, markup=False, emoji=False, file=io.StringIO())
    answer = done.answers[0]
    suspect = replace(answer.suspect, path=Path(answer.suspect.path).name)
    console.print(terminal.lookup(replace(answer, suspect=suspect)))
    svg = console.export_svg(title="provenance lookup suspect.jpg")
    # The fonts would be loaded from somewhere else; any monospaced one will do.
    picture = Path(__file__).parent / "lookup.svg"
    svg = _FONTS.sub("", svg).replace("Fira Code", "monospace").replace(_NOTE, "")
    picture.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
