"""What several test files share: a few synthetic photos, and one pool of decoding workers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

from provenance.images.sandbox import Limits, Sandbox
from tests.stories import random_photo

os.environ["PROVENANCE_IMAGES_MODEL"] = "off"
"""A model that happens to be on this machine must not change what the tests find; those that want one name it."""

# No test is timed: benchmarks show speed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six unrelated photos as JPEG files, 480 x 320; photo N is `random_photo(N)` at quality 90."""
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"photo{seed}.jpg" for seed in range(6)]
    for seed, path in enumerate(paths):
        random_photo(seed).save(path, "JPEG", quality=90)
    return paths


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """One photo of 480 x 320 with nothing done to it; do not change it."""
    return random_photo(1)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Decoding workers under the default limits."""
    with Sandbox(Limits(), workers=2) as pool:
        yield pool
