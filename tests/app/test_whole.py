"""Files that are written whole or not at all."""

import os
from pathlib import Path

import pytest

from provenance.app import whole


def test_a_file_takes_the_place_of_a_former_one(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    whole.write(path, b"former")
    whole.write(path, b"now")
    assert path.read_bytes() == b"now"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_former_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    whole.write(path, b"former")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        whole.write(path, b"now")
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]
