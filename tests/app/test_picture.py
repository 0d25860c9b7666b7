"""Files that were wrongly joined are set apart, stay so whatever happens, and are one again when that is withdrawn."""

import hashlib
import io
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from provenance.app import picture
from provenance.app.copies import SET_APART
from provenance.app.lookup import Narrowing, lookup
from provenance.app.picture import Parted
from provenance.app.progress import Quiet
from provenance.app.resolve import Resolver, resolve
from provenance.app.runs import recorded
from provenance.app.show import show
from provenance.app.upkeep import reindex
from provenance.archive import derive, read, schema
from provenance.core.answers import FileAnswer, LookupAnswer, PictureAnswer
from provenance.errors import NothingFound, ProvenanceError, UsageProblem
from tests.app.conftest import AT, MAX_BYTES, Desk, after, jpeg, posted, put
from tests.stories import random_photo

WAYS = ("original", "q30", "small", "bright")
ONE, TWO, THREE, FOUR = (hashlib.sha256(jpeg(1, how)).hexdigest() for how in WAYS)
OTHER = hashlib.sha256(jpeg(2)).hexdigest()


def take(desk: Desk, folder: Path, number: int) -> None:
    """Import copy `number` of photo 1, posted in a channel and at an hour of that number."""
    desk.take(posted(folder / str(number), jpeg(1, WAYS[number - 1]), after(number), number=number))


@pytest.fixture
def joined(desk: Desk, tmp_path: Path) -> Desk:
    """Two copies of photo 1, which are one picture, as two photographs that look alike would be; and photo 2."""
    take(desk, tmp_path, 1)
    take(desk, tmp_path, 2)
    desk.take(posted(tmp_path / "other", jpeg(2), AT, number=9))
    assert pictures(desk) == {1: {ONE, TWO}, 3: {OTHER}}
    return desk


def split(desk: Desk, *prefixes: str, ref: str = "picture:1") -> Parted:
    return picture.split(desk.archive, ref, prefixes, desk.sandbox, Quiet())


def unsplit(desk: Desk, number: int) -> Parted:
    return picture.unsplit(desk.archive, number, desk.sandbox, Quiet())


def pictures(desk: Desk) -> dict[int, set[str]]:
    """{picture: the hashes of its files}; nothing may be left unresolved."""
    hashes = {row.id: row.sha256 for row in desk.rows(schema.files)}
    found: dict[int, set[str]] = {}
    for row in desk.rows(schema.picture_files):
        found.setdefault(row.picture_id, set()).add(hashes[row.file_id])
    assert found.keys() == {row.id for row in desk.rows(schema.pictures)}
    assert not desk.rows(schema.unresolved)
    return found


def runs(desk: Desk) -> list[tuple[str, str, str]]:
    return [(row.command, row.outcome, row.summary) for row in desk.rows(schema.runs)]


@pytest.mark.parametrize("ref", ["picture:1", "1", "picture:2", " picture:1 "])
@pytest.mark.parametrize("prefix", [TWO, TWO[:6], TWO[:12].upper(), f" {TWO[:8]}"])
def test_a_file_is_split_off(joined: Desk, ref: str, prefix: str) -> None:
    assert split(joined, prefix, ref=ref) == Parted(1, {1: (ONE,), 2: (TWO,)}, frozenset({TWO}))
    assert pictures(joined) == {1: {ONE}, 2: {TWO}, 3: {OTHER}}
    assert runs(joined)[-1] == ("picture split", "done", '{"separation": 1}')


def test_each_picture_has_its_own_first_seen_and_no_links_or_matches_cross(joined: Desk) -> None:
    split(joined, TWO)
    assert [(row.id, row.first_ref, row.first_at) for row in joined.rows(schema.pictures)] == [
        (1, "1/10", after(1)), (2, "2/10", after(2)), (3, "9/10", AT),
    ]  # fmt: skip
    assert not joined.rows(schema.links)
    assert not joined.rows(schema.matches)
    first, second = (show(joined.archive, f"picture:{number}") for number in (1, 2))
    assert isinstance(first, PictureAnswer)
    assert isinstance(second, PictureAnswer)
    assert [[each.ref for each in answer.chain.sightings] for answer in (first, second)] == [["1/10"], ["2/10"]]
    assert [answer.chain.links for answer in (first, second)] == [(), ()]
    told = [show(joined.archive, prefix) for prefix in (ONE, TWO)]
    assert [each.picture for each in told if isinstance(each, FileAnswer)] == [1, 2]
    assert second.revisions[-1].after_ref == "2/10"


def test_the_lower_file_can_be_split_off_as_well(joined: Desk) -> None:
    assert split(joined, ONE).pictures == {1: (ONE,), 2: (TWO,)}


def test_a_file_may_be_named_twice(joined: Desk) -> None:
    assert split(joined, TWO, TWO[:9]).pictures == {1: (ONE,), 2: (TWO,)}


def test_several_are_split_off_together_and_stay_together(joined: Desk, tmp_path: Path) -> None:
    take(joined, tmp_path, 3)
    take(joined, tmp_path, 4)
    done = split(joined, FOUR, TWO)
    assert done == Parted(1, {1: (ONE, THREE), 2: (TWO, FOUR)}, frozenset({TWO, FOUR}))


def test_a_later_copy_joins_one_of_them_and_the_two_stay_apart(joined: Desk, tmp_path: Path) -> None:
    split(joined, TWO)
    for number in (3, 4):
        take(joined, tmp_path, number)
        now = pictures(joined)
        assert set().union(*now.values()) == {ONE, TWO, THREE, FOUR, OTHER} - ({FOUR} if number == 3 else set())
        assert len(now) == 3
        assert not any({ONE, TWO} <= files for files in now.values())


def test_a_kept_resolver_respects_what_another_process_has_set_apart(joined: Desk, tmp_path: Path) -> None:
    daemon = Resolver(joined.archive, joined.sandbox)
    with recorded(joined.archive, "watch", []) as run:
        daemon.resolve(run.id, Quiet())
        split(joined, TWO)
        daemon.resolve(run.id, Quiet())
    assert pictures(joined) == {1: {ONE}, 2: {TWO}, 3: {OTHER}}


def test_reindex_keeps_them_apart(joined: Desk, tmp_path: Path) -> None:
    split(joined, TWO)
    take(joined, tmp_path, 3)
    before = pictures(joined)
    reindex(joined.archive, joined.sandbox, Quiet())
    assert pictures(joined) == before


def test_withdrawn_they_are_one_again(joined: Desk, tmp_path: Path) -> None:
    before = joined.derived()
    split(joined, TWO)
    assert unsplit(joined, 1) == Parted(1, {1: (ONE, TWO)})
    assert joined.derived() == before
    assert runs(joined)[-1] == ("picture unsplit", "done", '{"separation": 1}')
    take(joined, tmp_path, 3)
    assert pictures(joined) == {1: {ONE, TWO, THREE}, 3: {OTHER}}


def test_withdrawn_the_copies_that_came_since_are_joined_as_well(joined: Desk, tmp_path: Path) -> None:
    split(joined, TWO)
    take(joined, tmp_path, 3)
    take(joined, tmp_path, 4)
    assert unsplit(joined, 1).pictures == {1: (ONE, TWO, THREE, FOUR)}


def test_one_of_two_separations_is_withdrawn(joined: Desk, tmp_path: Path) -> None:
    take(joined, tmp_path, 3)
    split(joined, TWO, THREE)
    assert split(joined, THREE, ref="picture:2").pictures == {2: (TWO,), 4: (THREE,)}
    unsplit(joined, 1)
    now = pictures(joined)
    assert len(now) == 3
    assert not any({TWO, THREE} <= files for files in now.values())
    assert unsplit(joined, 2).pictures == {1: (ONE, TWO, THREE)}
    assert [each.withdrawn_at is None for each in picture.splits(joined.archive)] == [False, False]


def test_they_can_be_set_apart_again(joined: Desk) -> None:
    split(joined, TWO)
    unsplit(joined, 1)
    assert split(joined, TWO) == Parted(2, {1: (ONE,), 2: (TWO,)}, frozenset({TWO}))
    first, second = picture.splits(joined.archive)
    assert first.withdrawn_at is not None
    assert first.withdrawn_at >= first.at
    assert (second.id, second.withdrawn_at, second.off, second.rest) == (2, None, (TWO,), (ONE,))


def test_nothing_is_listed_where_nothing_is_set_apart(joined: Desk) -> None:
    assert picture.splits(joined.archive) == []


# What a lookup says


@pytest.fixture(scope="module")
def chained() -> list[bytes]:
    """Three files of which the outer two are joined only by way of the middle one."""
    return [_cut(share) for share in (0.0, 0.03, 0.06)]


def _cut(share: float) -> bytes:
    """A photo without a strip above and on the left."""
    image = random_photo(1, (720, 480))
    stream = io.BytesIO()
    image.crop((round(720 * share), round(480 * share), 720, 480)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def test_a_lookup_does_not_follow_a_picture_across_a_separation(
    desk: Desk, tmp_path: Path, chained: list[bytes]
) -> None:
    for number, content in enumerate(chained, 1):
        desk.take(posted(tmp_path / str(number), content, after(number), number=number))
    hashes = [hashlib.sha256(content).hexdigest() for content in chained]
    suspect = tmp_path / "suspect.jpg"
    suspect.write_bytes(chained[0])
    assert [each.ref for each in desk.ask(suspect).chain.sightings] == ["1/10", "2/10", "3/10"]
    assert split(desk, hashes[2]).pictures == {1: (hashes[0], hashes[1]), 3: (hashes[2],)}
    answer = desk.ask(suspect)
    assert [each.ref for each in answer.chain.sightings] == ["1/10", "2/10"]
    assert answer.possible == ()


# What cannot be done


@pytest.mark.parametrize(
    ("ref", "prefixes", "error", "words"),
    [
        ("picture:7", [TWO], NothingFound, "There is no picture 7."),
        ("7", [TWO], NothingFound, "There is no picture 7."),
        ("99999999999999999999", [TWO], NothingFound, "Nothing is called"),
        ("nobody", [TWO], NothingFound, "Nothing is called 'nobody' here."),
        ("1/10", [TWO], UsageProblem, "'1/10' is not a picture: name one as picture:N."),
        (ONE[:12], [TWO], UsageProblem, "is not a picture"),
        ("picture:1", [], UsageProblem, "Name the files of picture 1 that do not belong to it."),
        (
            "picture:1",
            [ONE, TWO],
            UsageProblem,
            "These are all files of picture 1: nothing remains to split them from.",
        ),
        ("picture:3", [OTHER], UsageProblem, "These are all files of picture 3"),
        ("picture:1", [OTHER], NothingFound, f"No file of picture 1 has a SHA-256 that begins with '{OTHER}'."),
        ("picture:1", [TWO, "ffffff"], NothingFound, "`provenance show picture:1` lists its files."),
        ("picture:1", [TWO[:5]], UsageProblem, f"'{TWO[:5]}' is too short"),
        ("picture:1", [""], UsageProblem, "is too short"),
        ("picture:1", ["'; --%_"], NothingFound, "No file of picture 1"),
    ],
)
def test_what_cannot_be_split_leaves_everything_as_it_was(
    joined: Desk, ref: str, prefixes: list[str], error: type[ProvenanceError], words: str
) -> None:
    before = joined.counts(without=())
    with pytest.raises(error) as raised:
        split(joined, *prefixes, ref=ref)
    assert words in str(raised.value)
    assert raised.value.exit_status == 2
    assert joined.counts(without=()) == before
    assert pictures(joined) == {1: {ONE, TWO}, 3: {OTHER}}


def test_what_cannot_be_withdrawn(joined: Desk) -> None:
    for number in (0, 1, -1, 1 << 70):
        with pytest.raises(NothingFound, match=f"There is no separation {number}. `provenance picture splits`"):
            unsplit(joined, number)
    split(joined, TWO)
    unsplit(joined, 1)
    before = joined.counts(without=())
    with pytest.raises(UsageProblem, match=r"Separation 1 was withdrawn on \d{4}-\d\d-\d\d\."):
        unsplit(joined, 1)
    assert joined.counts(without=()) == before


# Interrupted, and at the same time as others


class Interrupted(Quiet):
    """Whoever watches presses Ctrl-C when resolving begins."""

    def stage(self, name: str, total: int | None = None) -> None:
        raise KeyboardInterrupt


def test_what_is_interrupted_is_completed_by_whoever_resolves_next(joined: Desk, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        picture.split(joined.archive, "picture:1", [TWO], joined.sandbox, Interrupted())
    assert runs(joined)[-1] == ("picture split", "interrupted", '{"separation": 1}')
    with joined.archive.read() as connection:
        assert read.picture_of(connection, [1, 2, 3]) == {3: 3}
        assert derive.without_picture(connection) == [1, 2]
    with recorded(joined.archive, "watch", []) as run:
        resolve(joined.archive, run.id, joined.sandbox, Quiet())
    assert pictures(joined) == {1: {ONE}, 2: {TWO}, 3: {OTHER}}
    with pytest.raises(KeyboardInterrupt):
        picture.unsplit(joined.archive, 1, joined.sandbox, Interrupted())
    take(joined, tmp_path, 3)
    assert pictures(joined) == {1: {ONE, TWO, THREE}, 3: {OTHER}}


def test_what_is_not_measured_yet_is_told(joined: Desk) -> None:
    with joined.archive.write() as connection:
        connection.execute(schema.inspections.delete().where(schema.inspections.c.file_id == 2))
    assert split(joined, TWO) == Parted(1, {1: (ONE,)}, frozenset({TWO}), (TWO,))
    reindex(joined.archive, joined.sandbox, Quiet())
    assert pictures(joined) == {1: {ONE}, 2: {TWO}, 3: {OTHER}}


def test_a_picture_is_dissolved_only_while_nobody_joins_pictures(joined: Desk) -> None:
    done = threading.Event()

    def work() -> None:
        split(joined, TWO)
        done.set()

    with FileLock(joined.archive.directory / "resolve.lock"):
        thread = threading.Thread(target=work)
        thread.start()
        assert not done.wait(0.5)
        assert not joined.rows(schema.separations)
        with joined.archive.read() as connection:
            assert read.picture_of(connection, [1, 2]) == {1: 1, 2: 1}
    thread.join()
    assert pictures(joined) == {1: {ONE}, 2: {TWO}, 3: {OTHER}}


def test_a_lookup_keeps_them_apart(joined: Desk, tmp_path: Path) -> None:
    split(joined, TWO)
    path = put(tmp_path / "suspect.jpg", jpeg(1, "q30"))  # the bytes of what was split off
    (answer,) = lookup(joined.archive, [path], joined.sandbox, Narrowing(), MAX_BYTES)
    assert isinstance(answer, LookupAnswer)
    assert (answer.picture, [each.ref for each in answer.chain.sightings]) == (2, ["2/10"])
    assert [(each.sighting.file.sha256, each.match and each.match.reason) for each in answer.possible] == [
        (ONE, SET_APART)
    ]
    unsplit(joined, 1)
    (answer,) = lookup(joined.archive, [path], joined.sandbox, Narrowing(), MAX_BYTES)
    assert isinstance(answer, LookupAnswer)
    assert [each.sighting.file.sha256 for each in answer.sightings] == [ONE, TWO]
    assert answer.possible == ()
