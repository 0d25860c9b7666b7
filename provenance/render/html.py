"""The weekly report and the answer to a lookup as plain HTML pages.

No script, nothing loaded from anywhere, everything escaped.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from provenance.core import times
from provenance.core.answers import LookupAnswer
from provenance.core.chain import first_seen_warnings, match_words, transform_words
from provenance.core.times import duration
from provenance.core.weekly import Report
from provenance.render.text import visible

_TEXT = 600


def report(made: Report, thumbnails: Mapping[str, bytes]) -> str:
    """Return the weekly report's page; `thumbnails` are JPEGs by the hash of the file that they show."""
    return _page("report.html", thumbnails, report=made)


def lookup(answers: Sequence[LookupAnswer], thumbnails: Mapping[str, bytes]) -> str:
    """Return the page with the answers for one or more suspects."""
    return _page("lookup.html", thumbnails, answers=answers)


def _page(name: str, thumbnails: Mapping[str, bytes], **facts: object) -> str:
    environment = Environment(
        loader=PackageLoader("provenance.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": _visible,
        "utc": _utc,
        "span": duration,
        "altered": transform_words,
        "matched": match_words,
    }
    images = {name: f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" for name, jpeg in thumbnails.items()}
    environment.globals |= {"images": images, "dated": times.dated, "first_seen_warnings": first_seen_warnings}
    return environment.get_template(name).render(facts)


def _visible(text: str) -> str:
    return visible(text, _TEXT)


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
