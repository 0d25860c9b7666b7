"""Which files are suggested for a new one, from made-up hashes and descriptors in a real archive."""

import random
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from provenance.app.suggest import Edge, Suggester
from provenance.archive import derive, descriptors, read
from provenance.archive.derive import Measurement
from provenance.archive.descriptors import INNER
from provenance.archive.index import HammingIndex
from provenance.core.model import Confidence, Match, MatchKind
from provenance.images.descriptor import Descriptor, quantised, similarity
from tests.app.conftest import Desk as App
from tests.archive.conftest import Desk as Rows
from tests.archive.conftest import arrived
from tests.core.build import codes

MODEL = "tiny"


def described(seed: int, away: float = 0.0, other: int = 99) -> Descriptor:
    """The descriptor of an image made up from `seed`, led `away` from it towards noise of its own."""
    base, noise = (np.random.default_rng(each).normal(size=512) for each in (seed, 1000 + other))
    return quantised((base + away * noise).astype(np.float32))


class Table:
    """Puts made-up files on the table, and asks what is suggested for the new ones."""

    def __init__(self, app: App) -> None:
        self._archive = app.archive
        self._rows = Rows(app.archive)

    def file(self, seed: int, flipped: int = 0, quality: int = 90) -> int:
        """Archive a file of this hash; files of one seed are `flipped` bits apart."""
        content = random.Random(len(self._rows.unresolved())).randbytes(16)
        self._rows.add(arrived(len(self._rows.unresolved()) + 1, content))
        with self._archive.write() as connection:
            file_id = self._rows.file(connection, content)
            measured = Measurement(file_id, None, "JPEG", 480, 320, codes(seed, flipped), quality)
            derive.save_measurements(connection, [measured])
        return file_id

    def resolve(self, *files: int, picture: int | None = None) -> None:
        """Give each its own picture, or all of them this one."""
        with self._archive.write() as connection:
            derive.save_partition(connection, {each: picture or each for each in files}, {})

    def describe(self, file_id: int, descriptor: Descriptor, key: str = MODEL) -> None:
        with self._archive.write() as connection:
            made = [(file_id, key, descriptor.signs, descriptor.values)]
            descriptors.save(connection, key, [(file_id, None)], made)

    def edges(self, *new: int, model: str | None = None) -> list[Edge]:
        with self._archive.read() as connection:
            index = HammingIndex(read.resolved_codes(connection))
            found = read.files(connection, new)
            return Suggester(self._archive, connection, index, model).edges([found[each] for each in new])


@pytest.fixture
def table(desk: App) -> Table:
    return Table(desk)


def pairs(edges: Iterable[Edge]) -> list[tuple[int, int]]:
    return [(edge.other, edge.file) for edge in edges]


def hashed(table: Table, count: int, seed: int = 1) -> list[int]:
    """So many files of one seed, each a bit farther away: one bit, two bits and so on."""
    return [table.file(seed, flipped) for flipped in range(1, count + 1)]


def test_a_hash_that_lies_near_is_suggested(table: Table) -> None:
    near, far, stranger = table.file(1, 7), table.file(1, 80), table.file(2)
    table.resolve(near, far, stranger)
    (edge,) = table.edges(table.file(1))
    assert (edge.other, edge.match) == (near, Match(MatchKind.RECOMPRESSED, "phash", 7, Confidence.CERTAIN))


def test_of_a_picture_the_nearest_three_are_suggested(table: Table) -> None:
    files = hashed(table, 5)[::-1]
    table.resolve(*files, picture=min(files))
    new = table.file(1)
    assert [(edge.other, edge.match.distance) for edge in table.edges(new)] == [
        (min(files), 1), (min(files) + 1, 2), (min(files) + 2, 3),
    ]  # fmt: skip


def test_of_many_pictures_the_nearest_eight_are_suggested(table: Table) -> None:
    files = hashed(table, 11)
    table.resolve(*files[2:])
    table.resolve(*files[:2], picture=files[0])
    new = table.file(1)
    # The nearest picture has two files; seven others follow.
    assert pairs(table.edges(new)) == [(each, new) for each in files[:9]]


def test_what_is_not_resolved_is_found_only_among_the_new(table: Table) -> None:
    waiting, new = table.file(1, 3), table.file(1)
    assert table.edges(new) == []
    assert pairs(table.edges(waiting, new)) == [(waiting, new)]


def test_new_files_are_found_by_those_that_come_after_them(table: Table) -> None:
    first, stranger, second, third = table.file(1, 1), table.file(2), table.file(1, 2), table.file(1, 3)
    found = table.edges(first, stranger, second, third)
    assert sorted(pairs(found)) == [(first, second), (first, third), (second, third)]


def test_each_new_file_counts_as_a_picture_of_its_own(table: Table) -> None:
    files = hashed(table, 10)
    new = table.file(1)
    assert pairs(edge for edge in table.edges(*files, new) if edge.file == new) == [(each, new) for each in files[:8]]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_lower_file_is_always_the_other(table: Table, backwards: bool) -> None:
    one, other = table.file(1, 1), table.file(1, 2)
    new, resolved = (one, other) if backwards else (other, one)
    table.resolve(resolved)
    assert pairs(table.edges(new)) == [(one, other)]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_lower_file_is_the_other_among_new_ones_and_by_descriptors(table: Table, backwards: bool) -> None:
    alike, part = (table.file(1), table.file(1, 2)), (table.file(2), table.file(3))
    for each in part:
        table.describe(each, described(5))
    files = (*alike, *part)
    assert pairs(table.edges(*files[:: -1 if backwards else 1], model=MODEL)) == (
        [part, alike] if backwards else [alike, part]
    )


@pytest.mark.parametrize(("quality", "other"), [(13, 90), (90, 13), (13, 13)])
def test_flat_images_have_no_hash_to_be_found_by(table: Table, quality: int, other: int) -> None:
    resolved, new = table.file(1, quality=other), table.file(1, quality=quality)
    table.resolve(resolved)
    assert table.edges(new) == []
    assert table.edges(table.file(1, quality=13), new) == []


def test_plain_images_must_lie_nearer(table: Table) -> None:
    table.resolve(table.file(1, 40), table.file(1, 50))
    assert [edge.match.distance for edge in table.edges(table.file(1, quality=20))] == [40]


def test_a_descriptor_suggests_a_part(table: Table) -> None:
    whole, stranger, new = table.file(1), table.file(2), table.file(3)
    likeness = similarity(described(5, 0.5), described(5))
    table.describe(whole, described(5))
    table.describe(stranger, described(6))
    table.describe(new, described(5, 0.5))
    table.resolve(whole, stranger)
    (edge,) = table.edges(new, model=MODEL)
    assert (edge.other, edge.file) == (whole, new)
    assert (edge.match.kind, edge.match.confidence) == (MatchKind.PARTIAL, Confidence.POSSIBLE)
    assert edge.match.similarity == pytest.approx(likeness, abs=1e-3)


def test_without_a_model_no_descriptor_is_asked(table: Table) -> None:
    whole, new = table.file(1), table.file(3)
    for each in (whole, new):
        table.describe(each, described(5))
    table.resolve(whole)
    assert table.edges(new) == []
    assert table.edges(new, model="another") == []


def test_a_flat_image_may_have_a_descriptor(table: Table) -> None:
    whole, new = table.file(1), table.file(1, quality=5)
    for each in (whole, new):
        table.describe(each, described(5))
    table.resolve(whole)
    assert [edge.match.stage for edge in table.edges(new, model=MODEL)] == ["descriptor"]


def test_what_the_hash_suggests_the_descriptor_does_not_repeat(table: Table) -> None:
    copy, part, new = table.file(1, 4), table.file(2), table.file(1)
    for each in (copy, part, new):
        table.describe(each, described(5))
    table.resolve(copy, part)
    assert [(edge.other, edge.match.stage) for edge in table.edges(new, model=MODEL)] == [
        (copy, "phash"), (part, "descriptor"),
    ]  # fmt: skip


@pytest.mark.parametrize("keys", [(MODEL, MODEL + INNER), (MODEL + INNER, MODEL), (MODEL + INNER, MODEL + INNER)])
def test_the_picture_inside_a_frame_is_asked_for_and_found(table: Table, keys: Sequence[str]) -> None:
    archived, new = table.file(1), table.file(2)
    for each, seed, key in ((archived, 6, keys[0]), (new, 7, keys[1])):
        table.describe(each, described(5), key)
        if key != MODEL:
            # With its frame it looks like nothing else.
            table.describe(each, described(seed))
    table.resolve(archived)
    (edge,) = table.edges(new, model=MODEL)
    assert (edge.other, edge.match.similarity) == (archived, 1.0)


@pytest.mark.parametrize("best", [MODEL, MODEL + INNER])
def test_the_liker_of_whole_and_inner_picture_counts(table: Table, best: str) -> None:
    archived, new = table.file(1), table.file(2)
    table.describe(new, described(5))
    for key in (MODEL, MODEL + INNER):
        table.describe(archived, described(5, 0 if key == best else 1), key)
    table.resolve(archived)
    assert [edge.match.similarity for edge in table.edges(new, model=MODEL)] == [1.0]


def test_what_is_not_like_enough_is_not_suggested(table: Table) -> None:
    like, unlike, new = table.file(1), table.file(2), table.file(3)
    table.describe(new, described(5))
    for each, away in ((like, 1.6), (unlike, 2.4)):
        table.describe(each, described(5, away))
    assert similarity(described(5, 2.4), described(5)) < 0.45 < similarity(described(5, 1.6), described(5))
    table.resolve(like, unlike)
    assert pairs(table.edges(new, model=MODEL)) == [(like, new)]


def test_by_descriptors_the_five_likest_are_suggested(table: Table) -> None:
    files = [table.file(seed) for seed in range(1, 8)]
    for place, each in enumerate(files):
        table.describe(each, described(5, 1.0 - place / 10, other=place))
    table.resolve(*files)
    new = table.file(9)
    table.describe(new, described(5))
    assert pairs(table.edges(new, model=MODEL)) == [(each, new) for each in files[:1:-1]]


def test_a_described_file_is_found_once_it_is_resolved_or_has_passed(table: Table) -> None:
    waiting, new = table.file(1), table.file(2)
    for each in (waiting, new):
        table.describe(each, described(5))
    assert table.edges(new, model=MODEL) == []
    assert pairs(table.edges(waiting, new, model=MODEL)) == [(waiting, new)]
    table.resolve(waiting)
    assert pairs(table.edges(new, model=MODEL)) == [(waiting, new)]


def test_the_likeliest_edge_ranks_first() -> None:
    def edge(distance: int, similarity: float | None = None) -> Edge:
        return Edge(1, 2, Match(MatchKind.PARTIAL, "any", distance, Confidence.POSSIBLE, similarity=similarity))

    like, liker, near, nearer = edge(256, 0.5), edge(256, 0.9), edge(40), edge(3)
    assert sorted([like, liker, near, nearer], key=lambda each: each.rank) == [nearer, near, liker, like]
