"""Files that are written whole or not at all: a reader never sees half of one."""

import os
import tempfile
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Put a file into its folder, or in the place of a former one. Raises OSError, and leaves nothing behind then."""
    descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
