"""All files compared with all: the same neighbours as one scan for each finds, from both sides, nearest first."""

import random

import numpy as np
import pytest

from provenance.archive import neighbours
from provenance.archive.derive import Measurement, save_measurements
from provenance.archive.neighbours import Neighbours
from provenance.core.matching import BYTES, ORIENTATIONS
from tests.archive.conftest import Desk, arrived
from tests.core.build import codes


def measured(desk: Desk, *found: bytes, quality: int = 90) -> list[int]:
    names = [b"%d" % number for number in range(len(found))]
    desk.add(arrived(1, *names))
    with desk.archive.write() as connection:
        ids = list(range(1, len(found) + 1))
        save_measurements(
            connection,
            [Measurement(each, None, "JPEG", 480, 320, code, quality) for each, code in zip(ids, found, strict=True)],
        )
    return ids


def built(desk: Desk, radius: int = 60) -> Neighbours:
    steps: list[int] = []
    with desk.archive.read() as connection:
        found = Neighbours(connection, radius, lambda: steps.append(1))
    assert len(steps) == len(ORIENTATIONS)
    return found


def test_near_files_find_each_other_nearest_first(desk: Desk) -> None:
    measured(desk, codes(1), codes(1, 20), codes(1, 4), codes(2))
    found = built(desk)
    assert found.near(1) == [3, 2]
    assert found.near(2) == [3, 1]
    assert found.near(4) == []
    assert found.near(99) == []


def test_equal_codes_hold_together(desk: Desk) -> None:
    ids = measured(desk, *[codes(1)] * 100)
    found = built(desk)
    reached, waiting = set(), [1]
    while waiting:
        reached.add(one := waiting.pop())
        waiting += [each for each in found.near(one) if each not in reached]
    assert reached == set(ids)


@pytest.mark.parametrize("orientation", range(1, len(ORIENTATIONS)))
def test_turned_and_mirrored_files_are_near(desk: Desk, orientation: int) -> None:
    archived, query = codes(1), bytearray(codes(2))
    query[orientation * BYTES : (orientation + 1) * BYTES] = archived[:BYTES]
    measured(desk, archived, bytes(query))
    assert built(desk).near(2) == [1]


def test_flat_images_have_no_neighbours(desk: Desk) -> None:
    measured(desk, codes(1), codes(1), quality=5)
    assert built(desk).near(1) == []


def test_an_empty_archive(desk: Desk) -> None:
    assert built(desk).near(1) == []


def test_what_is_let_go_leaves_a_picture_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty copies, all near to each other, of which each keeps few: still one by way of others."""
    monkeypatch.setattr(neighbours, "_HELD", 100)
    monkeypatch.setattr(neighbours, "_NEAREST", 4)
    rng = random.Random(3)
    base = np.frombuffer(codes(1), np.uint8)

    def copy() -> bytes:
        changed = base.copy()
        for _ in range(8):
            changed[rng.randrange(BYTES)] ^= 1 << rng.randrange(8)
        return changed.tobytes()

    ids = measured(desk, *(copy() for _ in range(60)))
    found = built(desk)
    reached, waiting = set(), [1]
    while waiting:
        reached.add(one := waiting.pop())
        waiting += [each for each in found.near(one) if each not in reached]
    assert reached == set(ids)
