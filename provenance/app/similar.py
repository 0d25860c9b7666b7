"""Which described files are the most similar to some descriptors: by their signs first, then by the 8-bit values."""

from collections.abc import Callable, Collection, Sequence

from provenance.archive import descriptors
from provenance.archive.descriptors import INNER
from provenance.archive.store import Archive, Connection
from provenance.images.descriptor import Descriptor, similarities

_RANKED = 2000
"""Files, the nearest by their signs first, whose 8-bit values are read and compared."""


def most_similar(
    archive: Archive,
    connection: Connection,
    model: str,
    asked: Sequence[Descriptor],
    radius: int,
    least: float,
    chosen: Callable[[Collection[int]], Collection[int]],
) -> list[tuple[int, float]]:
    """Return (file, cosine) of the files, or of the pictures inside them, that are near to any of the descriptors.

    The most similar first; none beyond `radius` bits of the signs, none below `least`. Of the files that are near
    only those are looked at that `chosen` returns. `model`: the key of what made them.
    """
    signs = b"".join(each.signs for each in asked)
    best: dict[int, float] = {}
    for key in (model, model + INNER):
        near = [file_id for _, file_id in archive.signs(key).near(connection, signs, radius)[:_RANKED]]
        held = descriptors.values(connection, key, chosen(near))
        likest = similarities(asked, [Descriptor(*each) for each in held.values()]).max(axis=0, initial=-1.0)
        for file_id, value in zip(held, likest.tolist(), strict=True):
            best[file_id] = max(value, best.get(file_id, value))
    likely = sorted((-value, file_id) for file_id, value in best.items() if value >= least)
    return [(file_id, -value) for value, file_id in likely]
