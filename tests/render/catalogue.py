"""Makes the catalogue of what the pages say: `python -m tests.render.catalogue` writes it anew."""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from provenance.render import language

TEMPLATE = language.LOCALE / f"{language.DOMAIN}.pot"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
_HEADER = """\
# What the pages say; made by `python -m tests.render.catalogue`.
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def extracted() -> Catalog:
    catalogue = Catalog()
    for _, _, message, comments, context in extract_from_dir(
        Path(language.__file__).parent, method_map=_METHODS, options_map=_OPTIONS
    ):
        catalogue.add(message, auto_comments=comments, context=context)
    return catalogue


def template() -> str:
    """The catalogue as a file: in order, without dates and places, so that it changes only with the words."""
    stream = io.BytesIO()
    write_po(stream, extracted(), width=120, no_location=True, omit_header=True, sort_output=True)
    return _HEADER + stream.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_text(template(), encoding="utf-8")
