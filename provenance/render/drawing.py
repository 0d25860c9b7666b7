"""Vector drawings for pages: matplotlib's SVG made fit to stand inside a page.

Matplotlib never sees a word: it draws numbered places, and the words are put there afterwards as text. So no glyph can
be missing, no formula is parsed, and foreign words are escaped by what writes the XML. What is drawn in `INK` takes the
colour of the page. The same drawing is the same text, whenever and wherever it is made.
"""

import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as Xml

# It tells of its cache of fonts, which nobody who makes a page has asked for.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

import matplotlib as mpl  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.patches import FancyArrowPatch, Rectangle  # noqa: E402

from provenance.render.text import visible  # noqa: E402

__all__ = ("INK", "Drawing", "FancyArrowPatch", "Rectangle", "drawing", "fitted")

INK = "#010203"
"""Stands for the colour of the page's own text."""
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NAMED = re.compile(r"#([\w-]+)")
_TITLE = 300
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "provenance",
    "svg.image_inline": True,
    "path.simplify": False,
    "text.usetex": False,
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "axes.unicode_minus": False,
}


@dataclass(slots=True)
class Drawing:
    """A figure with one field for everything, measured in points from the upper left corner; words are kept apart."""

    figure: Figure
    axes: Axes
    words: list[tuple[str, str]] = field(default_factory=list)

    def write(self, x: float, y: float, text: str, *, columns: int | None = None, size: float = 9, **how: Any) -> None:
        """Put words at a place; with `columns`, cut to that many and whole in the tooltip."""
        whole = visible(text, _TITLE)
        shown = whole if columns is None else fitted(whole, columns)
        self.words.append((shown, whole if shown != whole else ""))
        how = {"color": INK, "va": "center", **how}
        self.axes.text(x, y, f"@{len(self.words) - 1}", fontsize=size, **how)

    def svg(self, name: str, title: str, description: str) -> str:
        """Return the drawing as an element of a page; `name` keeps its ids apart from those of others."""
        stream = io.StringIO()
        self.figure.savefig(
            stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
        root = Xml.fromstring(stream.getvalue())  # noqa: S314 - what matplotlib has just written, without foreign words
        return _fit(root, self.words, name, visible(title, _TITLE), visible(description, 4 * _TITLE))


@contextmanager
def drawing(width: float, height: float) -> Iterator[Drawing]:
    """Begin a drawing; it has to be written before the block ends."""
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none")
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        yield Drawing(figure, axes)


def fitted(text: str, columns: int) -> str:
    """Cut text to the columns that it takes up; wide letters take two, marks upon letters none but are bounded too."""
    taken = 0
    for number, char in enumerate(text):
        wide = unicodedata.east_asian_width(char) in "WF"
        taken += 0 if unicodedata.combining(char) else 1 + wide
        if taken > columns or number >= 3 * columns:
            return text[: max(0, number - 1)].rstrip() + "…"
    return text


def _fit(root: Xml.Element, words: list[tuple[str, str]], name: str, title: str, description: str) -> str:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{_SVG}metadata", f"{_SVG}style"}:  # its rules would hold for the whole page
                parent.remove(child)
    used = {each for element in root.iter() for value in element.attrib.values() for each in _NAMED.findall(value)}
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        _plain(element, used, name)
        if element.tag == "text" and element.text and element.text.startswith("@"):
            shown, whole = words[int(element.text[1:])]
            element.text = shown
            element.set("unicode-bidi", "isolate")
            if whole:
                element.text = None
                tooltip = Xml.SubElement(element, "title")
                tooltip.text, tooltip.tail = whole, shown
    for number, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = Xml.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(number, element)
    box = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": box,
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "class": "chart",
        "font-family": "system-ui, sans-serif",
    }
    return Xml.tostring(root, encoding="unicode")


def _plain(element: Xml.Element, used: set[str], name: str) -> None:
    """Turn styles into attributes, keep only the ids that are named, each with the drawing's name before it."""
    attributes: dict[str, str] = {}
    for key, value in element.attrib.items():
        if key == "id":
            if value in used:
                attributes["id"] = f"{name}-{value}"
        elif key == "style":
            attributes |= dict(_style(value))
        else:
            attributes["href" if key == _LINK else key] = value
    element.attrib.clear()
    for key, value in attributes.items():
        if key == "href" or value.startswith("url("):
            value = _NAMED.sub(lambda found: f"#{name}-{found[1]}", value)
        element.set(key, "currentColor" if value == INK else value)


def _style(value: str) -> Iterator[tuple[str, str]]:
    for rule in filter(None, map(str.strip, value.split(";"))):
        what, _, how = (part.strip() for part in rule.partition(":"))
        if what == "font":
            yield "font-size", re.findall(r"[\d.]+(?=px)", how)[0]
            if "bold" in how or re.search(r"\b[67]00\b", how):
                yield "font-weight", "bold"
        else:
            yield what, how
