import random
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from provenance.archive import codes, schema
from provenance.archive.index import CODE_BYTES
from provenance.archive.store import Archive
from provenance.core.matching import ALGORITHM, ALGORITHM_VERSION
from tests.core.build import NOON

RADIUS = 92


def code(seed: int) -> bytes:
    return random.Random(seed).randbytes(CODE_BYTES)


def flipped(what: bytes, bits: int) -> bytes:
    """The code with its first bits changed."""
    return (int.from_bytes(what) ^ ((1 << bits) - 1)).to_bytes(CODE_BYTES)


def add(archive: Archive, *codes: bytes, version: int = ALGORITHM_VERSION) -> list[int]:
    """Record files with these codes; return their rows."""
    with archive.write() as connection:
        count = connection.scalar(sa.select(sa.func.count()).select_from(schema.files)) or 0
        files = [{"sha256": f"{count + number:064x}", "size": 1, "observed_at": NOON} for number in range(len(codes))]
        ids = [connection.scalar(schema.files.insert().returning(schema.files.c.id), row) for row in files]
        shared = {"algorithm": ALGORITHM, "version": version, "turned": b"", "quality": 90}
        rows = [shared | {"file_id": file_id, "code": each} for file_id, each in zip(ids, codes, strict=True)]
        if rows:
            connection.execute(schema.fingerprints.insert(), rows)
    return [each for each in ids if each is not None]


def near(archive: Archive, *queries: bytes, radius: int = RADIUS) -> list[tuple[int, int]]:
    with archive.read() as connection:
        return archive.codes.near(connection, b"".join(queries), radius)


def update(archive: Archive) -> int:
    with archive.read() as connection:
        return archive.codes.update(connection)


def brute_force(archive: Archive, *queries: bytes, radius: int = RADIUS) -> list[tuple[int, int]]:
    with archive.read() as connection:
        rows = connection.execute(sa.select(schema.fingerprints)).all()
    found = [
        (min((int.from_bytes(row.code) ^ int.from_bytes(query)).bit_count() for query in queries), row.file_id)
        for row in rows
    ]
    return sorted(pair for pair in found if pair[0] <= radius)


@pytest.fixture
def packed(archive: Archive) -> Path:
    """The file of codes of `archive`, which holds 50 of them."""
    add(archive, *(code(seed) for seed in range(50)))
    assert update(archive) == 50
    (path,) = archive.directory.glob("codes-*.bin")
    return path


@pytest.mark.parametrize("in_file", [0, 1, 30, 50])
def test_what_is_in_the_file_and_what_is_not_yet_are_found_alike(archive: Archive, in_file: int) -> None:
    base = code(1)
    codes = [flipped(base, bits) for bits in range(0, 150, 3)]
    add(archive, *codes[:in_file])
    update(archive)
    add(archive, *codes[in_file:])
    assert archive.codes.packed() == in_file
    assert near(archive, base) == brute_force(archive, base)
    assert len(near(archive, base)) == 31


def test_any_of_the_queries_will_do(archive: Archive) -> None:
    one, other = add(archive, code(1), code(2))
    update(archive)
    assert near(archive, code(1), flipped(code(2), 7), radius=10) == [(0, one), (7, other)]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(0, 30), st.integers(0, 256))
def test_the_scan_is_exact(
    template: Path, tmp_path_factory: pytest.TempPathFactory, seeds: list[int], cut: int, radius: int
) -> None:
    archive = Archive.open(Path(shutil.copytree(template, tmp_path_factory.mktemp("exact") / "archive")))
    codes = [flipped(code(seed), seed) for seed in seeds]
    add(archive, *codes[:cut])
    update(archive)
    add(archive, *codes[cut:])
    queries = [code(0), code(3)]
    assert near(archive, *queries, radius=radius) == brute_force(archive, *queries, radius=radius)


@pytest.mark.parametrize("steps", [(40,), (16,), (7, 9, 1), (15, 1, 16, 8), (1,) * 34])
def test_more_than_one_block(archive: Archive, monkeypatch: pytest.MonkeyPatch, steps: tuple[int, ...]) -> None:
    monkeypatch.setattr(codes, "_BLOCK", 16)
    archive = Archive.open(archive.directory)
    total = 0
    for step in steps:
        add(archive, *(code(seed) for seed in range(total, total + step)))
        assert update(archive) == step
        total += step
        assert archive.codes.packed() == total
        assert [near(archive, code(seed), radius=0) for seed in range(total)] == [[(0, n + 1)] for n in range(total)]
    assert near(archive, code(3), radius=120) == brute_force(archive, code(3), radius=120)


def test_an_update_adds_only_what_is_new(archive: Archive, packed: Path) -> None:
    assert update(archive) == 0
    add(archive, code(99))
    before = packed.read_bytes()
    assert update(archive) == 1
    assert packed.read_bytes()[32 : 32 + 50 * CODE_BYTES] == before[32 : 32 + 50 * CODE_BYTES]


def test_fingerprints_of_another_version_are_left_out(archive: Archive) -> None:
    add(archive, code(1), version=ALGORITHM_VERSION + 1)
    assert update(archive) == 0
    assert near(archive, code(1)) == []


@pytest.mark.parametrize("lost", [1, 8, 1_000, 500_000])
def test_a_torn_tail_costs_no_answer_and_is_mended(archive: Archive, packed: Path, lost: int) -> None:
    with packed.open("r+b") as stream:
        stream.truncate(packed.stat().st_size - lost)
    for mended in (0, 50):
        assert archive.codes.packed() == mended
        for seed in (0, 25, 48, 49):
            assert near(archive, code(seed), radius=0) == [(0, seed + 1)]
        update(archive)


def test_what_was_being_written_when_a_process_was_killed_is_written_again(archive: Archive, packed: Path) -> None:
    add(archive, code(77))
    size = packed.stat().st_size
    with packed.open("r+b") as stream:
        stream.seek(32 + 50 * CODE_BYTES)
        stream.write(b"\xff" * 100)  # behind what the header counts
        stream.seek(0, 2)
        stream.write(b"\xff" * 100)
    assert near(archive, code(77), radius=0) == [(0, 51)]
    assert update(archive) == 1
    assert near(archive, code(77), radius=0) == [(0, 51)]
    assert packed.stat().st_size == size


@pytest.mark.parametrize("content", [b"", b"short", b"another program's file, and long enough for a header"])
def test_another_file_in_its_place_is_not_believed(archive: Archive, packed: Path, content: bytes) -> None:
    packed.write_bytes(content)
    assert near(archive, code(3), radius=0) == [(0, 4)]
    assert update(archive) == 50
    assert near(archive, code(3), radius=0) == [(0, 4)]


def test_without_the_file_the_rows_answer(archive: Archive, packed: Path) -> None:
    codes.clear(archive.directory)
    assert not packed.exists()
    assert near(archive, code(3), radius=0) == [(0, 4)]
    codes.clear(archive.directory)


def test_a_reader_makes_no_file(archive: Archive) -> None:
    add(archive, code(1))
    near(archive, code(1))
    assert list(archive.directory.glob("codes-*")) == []


def test_a_file_that_is_ahead_of_a_readers_snapshot_is_no_trouble(archive: Archive, packed: Path) -> None:
    with archive.read() as reader:
        reader.execute(sa.select(schema.fingerprints).limit(1)).all()
        add(archive, code(88))
        update(archive)
        found = archive.codes.near(reader, code(88), 0)
    assert found in ([(0, 51)], [])
