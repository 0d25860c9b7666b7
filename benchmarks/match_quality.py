"""What a whole lookup finds of changed photographs, and what it takes for copies that are none; and what others find.

    python -m benchmarks.match_quality --photos FOLDER [--scenes FOLDER] [--large FOLDER] [--limit N] [--only WORDS]

A real archive holds photographs as Telegram keeps them, and one of each pair of lookalikes. Each photograph is then
looked up in every change; then the other lookalikes are, and photographs that are not archived. imagehash, PDQ and
immaculate are asked about the same files (`peers.py`; immaculate joins what is near to something near, and reads no
AVIF). Wrong is a file that shows no photograph that the query shows.
`--details FOLDER` keeps what was found of each query, and the queries with wrong finds. Archived pictures are measured
once here and kept for all queries, which a single lookup cannot do: benchmarks.lookup tells how long one takes.
"""

import argparse
import hashlib
import itertools
import json
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import cv2
import numpy as np
from PIL import Image

from benchmarks import lookalikes, machine
from benchmarks.changes import CHANGES, Change, crop, large, panorama, saved, telegram
from benchmarks.lookalikes import Photo, Picture
from benchmarks.peers import HASHES, IMMACULATE, Bits, grouped, hashes, installed
from provenance.app import model as models
from provenance.app.ingest import import_folder
from provenance.app.lookup import Narrowing, lookup
from provenance.app.progress import Quiet
from provenance.archive import find, read
from provenance.archive.migrate import create_or_open
from provenance.archive.store import Archive
from provenance.core.alignment import Alignment
from provenance.core.answers import LookupAnswer
from provenance.errors import ImageRefused
from provenance.images import pairs
from provenance.images import sandbox as sandboxes
from provenance.images.sandbox import Limits, Refusal, Sandbox

_MAX_BYTES = 1 << 28
_FULL = 400
"""Archived photographs at which the lookalikes are as many as they can be."""
_CHANGES_ABSENT = 12
_CROPS = (0.1, 0.05, 0.03)
_LABELS = ("certain", "strong", "possible", "scene", "template")
_FOUND = frozenset(_LABELS[:2])
_KEPT, _MEMORY = 2000, 8 << 30
"""Archived pictures that are kept, and the most memory for them: one with its features takes 2 to 4 MB."""

_Item = TypeVar("_Item")
_Answered = TypeVar("_Answered")


@dataclass(frozen=True, slots=True)
class Query:
    """An image to look up: `make` gives its bytes and the photographs it shows, `wanted` is the file to be found."""

    name: str
    make: Callable[[], tuple[bytes, frozenset[str]]]
    wanted: str | None
    suffix: str = ".jpg"


class Group(NamedTuple):
    """Queries that make one row of a table."""

    name: str
    present: bool
    queries: list[Query]


class Found(NamedTuple):
    """What a lookup said of one archived file."""

    sha256: str
    label: str
    stage: str


class Answer(NamedTuple):
    """What was found of one query, in how many seconds, and its hashes by peer."""

    found: tuple[Found, ...]
    seconds: float
    hashes: dict[str, Bits | None]


class _Keeping(Sandbox):
    """A sandbox whose workers keep what they measured: the features of archived pictures take most of the time."""

    def map(self, task: Callable[[_Item, int], _Answered], items: Iterable[_Item]) -> Iterator[_Answered | Refusal]:
        return super().map(cast(Any, _compare_kept) if task is pairs.compare_pair else task, items)


def _compare_kept(pair: pairs.Pair, max_pixels: int) -> Alignment | None:
    if pairs._picture.cache_parameters()["maxsize"] != _KEPT:
        cv2.setNumThreads(1)
        pairs._picture = lru_cache(_KEPT)(pairs._picture.__wrapped__)
    return pairs.compare_pair(pair, max_pixels)


_ASKING: dict[str, Any] = {}
"""What a process that looks files up has open: archive, model, sandbox and peers."""


def _begin(directory: Path, named: Path | None, peers: Sequence[str]) -> None:
    """Open all of it; the sandbox stays for as long as the process."""
    cv2.setNumThreads(1)
    sandboxes._RECYCLE_AFTER = 0  # A new worker would have kept nothing.
    sandbox = _Keeping(Limits(memory_bytes=_MEMORY), 1)
    _ASKING.update(archive=Archive.open(directory), model=models.load(named), sandbox=sandbox, peers=peers)
    Finalize(None, sandbox.__exit__, (None, None, None), exitpriority=10)


def _ask(path: Path) -> Answer:
    """Look a file up and hash it."""
    began = time.perf_counter()
    archive, sandbox, model = (_ASKING[each] for each in ("archive", "sandbox", "model"))
    (answer,) = lookup(archive, [path], sandbox, Narrowing(), _MAX_BYTES, model)
    spent = time.perf_counter() - began
    found = () if isinstance(answer, ImageRefused) else tuple(_found(answer))
    return Answer(found, spent, hashes(path, _ASKING["peers"]))


def _found(answer: LookupAnswer) -> Iterator[Found]:
    rest = (("possible", answer.possible), ("scene", answer.same_scene), ("template", answer.same_template))
    for label, matched in (("", answer.sightings), *rest):
        for each in matched:
            if each.match is not None:
                yield Found(each.sighting.file.sha256, label or str(each.match.confidence), each.match.stage)


class World:
    """The archive and what is in it."""

    def __init__(self, folder: Path, model: Path | None, peers: Sequence[str]) -> None:
        self.folder = folder
        self.model = model
        self.peers = [peer for peer in peers if installed(peer)]
        self._sources, self._asked = folder / "both" / "archive", folder / "both" / "queries"
        self._sources.mkdir(parents=True, exist_ok=True)
        self.shows: dict[str, frozenset[str]] = {}
        self.sha256: dict[str, str] = {}
        self._named: dict[str, str] = {}
        self._held: dict[str, tuple[list[str], Bits]] = {}

    def hold(self, picture: Picture) -> None:
        """Put a picture among those that are imported."""
        if picture.name in self.sha256:
            raise ValueError(picture.name)
        content = telegram(picture.make())
        sha256 = hashlib.sha256(content).hexdigest()
        (self._sources / f"{sha256}.jpg").write_bytes(content)
        self.sha256[picture.name] = sha256
        self.shows[sha256] = picture.shows | self.shows.get(sha256, frozenset())
        self._named[sha256] = picture.name

    def fill(self) -> str:
        """Import what is held; return what became of it."""
        archive = create_or_open(self.folder / "archive")
        began = time.perf_counter()
        with Sandbox(Limits()) as sandbox:
            import_folder(archive, self._sources, "Benchmark", sandbox, Quiet(), _MAX_BYTES, models.load(self.model))
        spent = time.perf_counter() - began
        hashed = {each: hashes(self._sources / f"{each}.jpg", self.peers) for each in self.shows}
        for peer in HASHES.keys() & set(self.peers):
            usable = {each: bits for each, made in hashed.items() if (bits := made[peer]) is not None}
            self._held[peer] = (list(usable), np.array(list(usable.values()), np.bool_))
        with archive.read() as connection:
            ids = {found: each for each in self.shows if (found := find.file_by_hash(connection, each)) is not None}
            together: dict[int, list[str]] = {}
            for file_id, picture in read.picture_of(connection, ids).items():
                together.setdefault(picture, []).append(ids[file_id])
        shared = {n: frozenset.intersection(*(self.shows[each] for each in files)) for n, files in together.items()}
        wrong = [files for n, files in together.items() if len(files) > 1 and not shared[n]]
        for files in wrong:
            _say(f"one picture: {', '.join(self._named[each] for each in files)}")
        return (
            f"{len(ids)} files archived in {spent:.0f} s; {len(together)} pictures, of which {len(wrong)} join "
            f"files that have no photograph in common ({sum(map(len, wrong))} files)"
        )

    def ask(self, group: Group, pool: Executor, details: Path | None) -> Counter[str]:
        """Look a group up, have the peers do the same, and count."""
        shutil.rmtree(self._asked, ignore_errors=True)
        self._asked.mkdir()
        paths, shows = [], []
        for number, query in enumerate(group.queries):
            content, shown = query.make()
            paths.append(self._asked / f"{number:05}{query.suffix}")
            paths[-1].write_bytes(content)
            shows.append(shown)
        answers = pool.map(_ask, paths)
        by_immaculate = {peer: self._grouped(method) for peer, method in IMMACULATE.items() if peer in self.peers}
        row: Counter[str] = Counter()
        for query, path, shown, answer in zip(group.queries, paths, shows, answers, strict=True):
            wanted = None if query.wanted is None else self.sha256[query.wanted]
            row += self._judged(answer, wanted, shown)
            peers = {peer: self._near(peer, bits) for peer, bits in answer.hashes.items()}
            peers |= {peer: sets.get(path.name, set()) for peer, sets in by_immaculate.items()}
            for peer, hits in peers.items():
                wrong = any(not self.shows[each] & shown for each in hits)
                row.update({f"{peer} right": wanted in hits, f"{peer} wrong": wrong})
            if details is not None:
                told: dict[str, Any] = {"kind": group.name, "query": query.name, "wanted": query.wanted}
                told["peers"] = {peer: sorted(self._named[each] for each in hits) for peer, hits in peers.items()}
                self._tell(details, told, path, shown, answer)
        return row

    def _judged(self, answer: Answer, wanted: str | None, shown: frozenset[str]) -> Counter[str]:
        """Count what became of one query."""
        file = next((each for each in answer.found if each.sha256 == wanted), None)
        wrong = {each.label for each in answer.found if not self.shows[each.sha256] & shown}
        right = {each.label for each in answer.found if self.shows[each.sha256] & shown}
        row = Counter(n=1, microseconds=round(answer.seconds * 1e6), wrong=bool(wrong & _FOUND))
        row.update({"wrong possible": "possible" in wrong, file.label if file else "missed": 1})
        if file and file.label in _FOUND:
            row.update(("recall", "by descriptor" if file.stage == "descriptor" else "by hash"))
        elif right & _FOUND:
            row["another right file"] += 1
        row["worst " + next((label for label in _LABELS if label in wrong), "nothing")] += 1
        return row

    def _near(self, peer: str, bits: Bits | None) -> set[str]:
        names, held = self._held[peer]
        apart = [] if bits is None or not names else (held != bits).sum(axis=1).tolist()
        return {name for name, distance in zip(names, apart, strict=False) if distance <= HASHES[peer][2]}

    def _grouped(self, method: str) -> dict[str, set[str]]:
        """Return {query: archived files in one set with it}, as immaculate's command says."""
        found: dict[str, set[str]] = {}
        for members in grouped(self._asked.parent, method):
            archived = {each.stem for each in members if each.parent.name == "archive"}
            found |= {each.name: archived for each in members if each.parent.name == "queries"}
        return found

    def _tell(self, details: Path, told: dict[str, Any], path: Path, shown: frozenset[str], answer: Answer) -> None:
        """Keep what was found, and the query where some of it is wrong."""
        found = [(each, bool(self.shows[each.sha256] & shown)) for each in answer.found]
        told["found"] = [(self._named[each.sha256], each.label, each.stage, right) for each, right in found]
        with (details / "outcomes.jsonl").open("a") as stream:
            stream.write(json.dumps(told) + "\n")
        if any(each.label in _FOUND and not right for each, right in found):
            name = "".join(char if char.isalnum() else "-" for char in f"{told['kind']}--{told['query']}")
            shutil.copy(path, details / (name + path.suffix))


def _changed(photo: Photo, name: str, change: Change, others: Sequence[Photo], wanted: str | None) -> Query:
    def make() -> tuple[bytes, frozenset[str]]:
        rng, shown = random.Random(f"{name} {photo.name}"), {photo.name}

        def take() -> Iterator[Image.Image]:
            while True:
                other = rng.choice(others)
                shown.add(other.name)
                yield other.image

        return saved(change.make(photo.image, rng, take()), change.quality, change.format), frozenset(shown)

    return Query(photo.name, make, wanted, "." + change.format.lower().replace("jpeg", "jpg"))


def _of_picture(picture: Picture) -> Query:
    return Query(picture.name, lambda: (saved(picture.make(), 80), picture.shows), picture.wanted)


def _crops(name: str, large: Sequence[Picture], count: int) -> Iterator[Group]:
    """Parts of pictures of 2000 pixels, as sharp as they were before Telegram made them smaller."""

    def part(picture: Picture, share: float, number: int) -> Picture:
        name = f"{picture.name}-{number}"

        def make() -> Image.Image:
            return crop(share)(picture.make(), random.Random(f"{name} {share}"))

        return Picture(name, picture.shows, make, picture.name)

    for share in _CROPS:
        asked = [part(picture, share, number) for picture in large for number in range(count)]
        yield Group(f"{name}: crop to {share:.0%}".replace("%", " %"), True, [_of_picture(each) for each in asked])


def _photos(options: argparse.Namespace) -> tuple[list[Photo], list[Photo], list[Photo]]:
    """Return the photographs that are archived, those that are in cards alone, and those that are kept out."""
    paths = sorted(options.photos.glob("*.jpg"))
    paths = paths if options.half is None else paths[options.half :: 2]
    random.Random(1).shuffle(paths)
    count = min(options.limit or len(paths), len(paths) * 4 // 5)
    carded, absent = max(3, count // 10), max(4, count * 3 // 20)
    loaded = []
    for path in paths[: count + carded + absent]:
        with Image.open(path) as image:
            loaded.append(Photo(path.stem, image.convert("RGB")))
    return loaded[:count], loaded[count : count + carded], loaded[count + carded :]


def _plan(options: argparse.Namespace, world: World) -> list[Group]:
    """Hold what is archived, and return what is asked: first what is there, then what is not."""
    archived, carded, absent = _photos(options)
    share = min(1.0, len(archived) / _FULL)
    for photo in archived:
        world.hold(Picture(photo.name, frozenset({photo.name}), lambda image=photo.image: image))  # type: ignore[misc]
    turns = itertools.cycle(archived[first :: options.every] for first in range(options.every))
    present = [
        Group(name, True, [_changed(photo, name, change, archived, photo.name) for photo in asked])
        for (name, change), asked in zip(CHANGES.items(), turns, strict=False)
    ]
    broad = [photo for photo in archived if photo.image.width > photo.image.height]
    panoramas = [
        Picture(
            f"panorama-{n}",
            frozenset(each.name for each in part) | {f"panorama-{n}"},
            partial(panorama, [each.image for each in part]),
        )
        for n in range(max(1, len(broad) // 25))
        for part in [broad[25 * n : 25 * (n + 1)]]
    ]
    wide = [
        Picture(f"large {name}", frozenset({name}), partial(Image.Image.copy, image))
        for name, image in (large(options.large) if options.large else ())
    ]
    for picture in panoramas + wide:
        world.hold(picture)
    present += _crops("panorama of 25", panoramas, 6)
    present += _crops("large photograph", wide, max(2, round(20 * share)))
    kept_out = [
        _changed(photo, name, CHANGES[name], absent, None)
        for number, photo in enumerate(absent)
        for name in itertools.islice(itertools.cycle(CHANGES), number * 7, number * 7 + _CHANGES_ABSENT)
    ]
    missing = [Group("photographs that are not archived, changed", False, kept_out[:: options.every])]
    for kind in lookalikes.kinds(carded, absent, archived, share, options.scenes):
        for picture in kind.archived:
            world.hold(picture)
        copies = any(picture.wanted for picture in kind.asked)
        asked = [_of_picture(each) for each in kind.asked[:: options.every]]
        (present if copies else missing).append(Group(kind.name, copies, asked))
    return [group for group in present + missing if group.queries and re.search(options.only, group.name)]


_COLUMNS = {
    True: ("recall", *_LABELS, "missed", "by hash", "by descriptor", "another right file", "wrong", "wrong possible"),
    False: tuple(f"worst {label}" for label in (*_LABELS, "nothing")),
}


def _header(present: bool, peers: Sequence[str]) -> str:
    names = [name.removeprefix("worst ") for name in _COLUMNS[present]]
    cells = ["change" if present else "no copies", "n", *names, *peers]
    return f"\n| {' | '.join(cells)} |\n|{'---|' * len(cells)}"


def _line(name: str, present: bool, row: Counter[str], peers: Sequence[str]) -> str:
    """A row of a table: what peers find of what is there as a share, what they find wrongly as a count."""
    n = row["n"]
    cells = [f"{row[each] / n:.3f}" if each == "recall" else str(row[each] or "") for each in _COLUMNS[present]]
    for peer in peers:
        told = f"{row[f'{peer} right'] / n:.3f}" if present else str(row[f"{peer} wrong"])
        cells.append(told if installed(peer) else "not installed")
    return f"| {name} | {n} | {' | '.join(cells)} |"


def _run(options: argparse.Namespace, folder: Path) -> None:
    peers = [peer for peer in (*HASHES, *IMMACULATE) if any(each in peer for each in options.peers.split(","))]
    world = World(folder, options.model, peers)
    groups = _plan(options, world)
    said, model = world.fill(), models.show(options.model)
    print(f"{machine.describe()}, OpenCV {cv2.__version__}; {options.workers} lookups at once")
    print(f"model: {f'{model.path.name}, {model.key}' if model else 'none'}. {said}")
    context = multiprocessing.get_context("spawn")
    given = (folder / "archive", options.model, world.peers)
    done = 0
    with ProcessPoolExecutor(options.workers, context, _begin, given) as pool:
        for present, several in itertools.groupby(groups, key=lambda each: each.present):
            print(_header(present, peers), flush=True)
            total: Counter[str] = Counter()
            for group in several:
                done += 1
                _say(f"{done}/{len(groups)} {group.name}: {len(group.queries)}")
                row = world.ask(group, pool, options.details)
                total += row
                print(_line(group.name, present, row, peers), flush=True)
            print(_line("**all**", present, total, peers))
            wrong = ", ".join(f"{peer} {total[f'{peer} wrong']}" for peer in world.peers)
            print(
                f"\n{total['n']} queries, {total['microseconds'] / 1000 / total['n']:.0f} ms each. With wrong files as "
                f"certain or strong: {total['wrong']}, as possible: {total['wrong possible']}; peers: {wrong}",
                flush=True,
            )


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    parser.add_argument("--scenes", type=Path, help="opencv-doc's examples/data")
    parser.add_argument("--large", type=Path, help="a folder with photographs of 2000 pixels and more")
    parser.add_argument("--model", type=Path, help="the network to use in place of the one that is installed")
    parser.add_argument("--limit", type=int, help="so many archived photographs at most")
    parser.add_argument("--half", type=int, choices=(0, 1), help="every second photograph only")
    parser.add_argument("--only", default="", help="only changes and kinds whose names this regular expression finds")
    parser.add_argument("--peers", default=",".join((*HASHES, *IMMACULATE)), help="by parts of names, with commas")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        help="ask each change of every Nth photograph, all in turn, and every Nth lookalike",
    )
    parser.add_argument("--folder", type=Path, help="where the archive is made, or was for the same photographs")
    parser.add_argument("--details", type=Path, help="a folder for what was found of each query")
    options = parser.parse_args()
    if options.details:
        options.details.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        _run(options, options.folder or Path(folder))


if __name__ == "__main__":
    main()
