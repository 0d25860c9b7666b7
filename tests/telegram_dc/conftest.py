"""A running data centre for each test, and no fault of its own left unseen."""

from collections.abc import Iterator

import pytest
from telethon.crypto import rsa

from tests.telegram_dc import DataCentre


@pytest.fixture
def dc() -> Iterator[DataCentre]:
    """Data centres 2 and 4, trusted by clients of this process."""
    with DataCentre() as centre:
        rsa.add_key(centre.public_key, old=False)
        yield centre
        assert centre.errors == []
        assert not centre.unknown
