"""A folder of images as a collection: each file is a post whose only time is the file's own claim."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from provenance.core.model import Attachment, AttachmentKind, Channel, Missing, PeerKind, Post
from provenance.errors import SourceError

SUFFIXES = frozenset(
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff",
        ".heic", ".heif", ".hif", ".avif", ".mpo",
    }
)  # fmt: skip


def collection(name: str) -> Channel:
    """Return the collection called `name`; its id follows from the name, so that it is the same in every archive."""
    number = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:6])
    return Channel(PeerKind.COLLECTION, -number, name)


def posts(root: Path) -> Iterator[Post]:
    """Yield every image file below `root`, in the order of their names; links are not followed.

    Raises SourceError when `root` is no folder.
    """
    if not root.is_dir():
        raise SourceError(path=root, what="not a folder")
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix.lower() in SUFFIXES and not path.is_symlink():
                yield _post(root, path)


def _post(root: Path, path: Path) -> Post:
    relative = path.relative_to(root).as_posix()
    claimed_at = None
    attachment = Attachment(AttachmentKind.DOCUMENT, path=str(path), name=path.name)
    try:
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            claimed_at = datetime.fromtimestamp(status.st_mtime, UTC)
        else:  # Opening a pipe would wait for ever.
            attachment = replace(attachment, path=None, missing=Missing.NOT_A_FILE, detail="not a regular file")
    except (OSError, OverflowError, ValueError) as error:
        attachment = replace(attachment, path=None, missing=Missing.UNREADABLE, detail=str(error))
    digest = hashlib.sha256(relative.encode("utf-8", "surrogateescape")).digest()
    return Post(
        message_id=int.from_bytes(digest[:6]),
        claimed_at=claimed_at,
        text=relative,
        attachments=(attachment,),
        raw=json.dumps({"path": relative}),
    )
