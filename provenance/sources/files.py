"""Opening a file that somebody else named, without being led out of a folder or into waiting."""

import os
import stat
from pathlib import Path

from provenance.core.model import Missing


class Refused(Exception):  # a finding about one attachment
    """The file may not or cannot be read; `reason` says which, the argument what was looked at."""

    def __init__(self, reason: Missing, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def inside(root: Path, named: str) -> Path:
    """Return the regular file that `named`, a path relative to `root`, stands for.

    Raises Refused: for an absolute path, one with `..`, one that a link leads out of `root`, for what is not there
    and for what is no regular file (opening a pipe would wait for ever).
    """
    relative = Path(named)
    if relative.is_absolute() or ".." in relative.parts or "\0" in named or not named:
        raise Refused(Missing.OUTSIDE_EXPORT, f"path leaves the folder: {named!r}")
    try:
        path = (root / relative).resolve(strict=True)
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise Refused(Missing.NOT_FOUND, f"no such file: {named}") from None
    except UnicodeEncodeError:
        raise Refused(Missing.NOT_FOUND, f"no file can have this name: {named!r}") from None
    except (OSError, RuntimeError) as error:
        raise Refused(Missing.UNREADABLE, f"{named}: {error}") from error
    if not path.is_relative_to(root.resolve()):
        raise Refused(Missing.OUTSIDE_EXPORT, f"link leaves the folder: {named!r}")
    if not stat.S_ISREG(mode):
        raise Refused(Missing.NOT_A_FILE, f"not a regular file: {named}")
    if not os.access(path, os.R_OK):
        raise Refused(Missing.UNREADABLE, f"no right to read it: {named}")
    return path
