"""Where the folders are that travel with the program: `migrations/` and `samples/`.

In a wheel they lie inside the package, under `shipped/`; in a checkout beside it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder `name` ("migrations" or "samples")."""
    shipped = _PACKAGE / "shipped" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name
