"""A profile's name, of real profiles and damaged ones."""

import struct

import pytest
from PIL import ImageCms

from provenance.images.profile import description


def profile(tag: bytes) -> bytes:
    return b"\0" * 128 + struct.pack(">I4sII", 1, b"desc", 144, len(tag)) + tag


def test_a_real_profile() -> None:
    assert description(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) == "sRGB built-in"


def test_old_and_new_kind() -> None:
    assert description(profile(b"desc\0\0\0\0" + struct.pack(">I", 6) + b"Adobe\0")) == "Adobe"
    name = "Display P3".encode("utf-16-be")
    head = b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(name), 28)
    assert description(profile(head + name)) == "Display P3"


@pytest.mark.parametrize("data", [b"", b"\xff" * 200, profile(b""), profile(b"mluc"), profile(b"desc" + b"\xff" * 8)])
def test_damaged_ones_have_none(data: bytes) -> None:
    assert description(data) is None
