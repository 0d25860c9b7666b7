"""What the daemon tells others about itself: a small file beside the session, and systemd's notifications."""

import json
import logging
import os
import socket
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from provenance.app import clock
from provenance.core.answers import Daemon

log = logging.getLogger(__name__)

_STALE_SECONDS = 60
"""A file that has not been written for so long is that of a daemon that is gone."""


FILE = "status.json"
"""Its name, beside the session."""


def write(path: Path, status: Daemon) -> None:
    """Write the file whole; a reader never sees half of it."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(asdict(status), default=_time, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def read(path: Path) -> Daemon | None:
    """Return what the daemon last told; None where none ever ran here. A stale one reads "gone"."""
    try:
        status = msgspec.convert(json.loads(path.read_bytes()), Daemon)
    except (OSError, ValueError, msgspec.ValidationError):
        return None
    if status.updated_at.tzinfo is None:
        return None
    if status.state != "stopped" and (clock.now() - status.updated_at).total_seconds() > _STALE_SECONDS:
        status.state = "gone"
        status.detail = "it has not been heard of since; it was killed, or the machine was switched off"
    return status


def notify(message: str) -> None:
    """Tell systemd, where it has started this process (sd_notify(3)). One that does not listen is no trouble."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            connection.sendall(message.encode())
    except OSError as error:
        log.debug("systemd could not be told %s: %s", message, error)


def _time(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"not for a status file: {value!r}")
    return value.isoformat().replace("+00:00", "Z")
