"""What the collector is told cannot change under its feet."""

from dataclasses import FrozenInstanceError, replace

import pytest

from provenance.app.collect.settings import Collecting


def test_the_settings_stay_as_they_were_told(collecting: Collecting) -> None:
    with pytest.raises(FrozenInstanceError):
        collecting.backfill = False  # type: ignore[misc]
    changed = replace(collecting, recheck_posts=7)
    assert (changed.recheck_posts, collecting.recheck_posts) == (7, 100)
    assert changed.access is collecting.access
