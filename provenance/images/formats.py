"""Which formats can be read on this machine."""

from importlib.util import find_spec

from PIL import features

from provenance.images.decode import FORMATS


def readable() -> list[str]:
    """Return the names of the formats that this installation decodes."""
    optional = {"WEBP": "webp", "AVIF": "avif"}
    found = [name for name in FORMATS if name not in optional or features.check(optional[name])]
    return found + (["HEIF"] if find_spec("pillow_heif") else [])
