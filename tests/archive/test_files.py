import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provenance.archive.files import FileStore, Stored, TooLarge
from provenance.errors import ArchiveUnusable

CONTENT = b"some bytes"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "archive" / "media")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(CONTENT)
    return path


def everything(store: FileStore) -> list[Path]:
    return sorted(path for path in store.root.rglob("*") if path.is_file())


def test_bytes_are_kept_under_their_hash(store: FileStore, source: Path) -> None:
    assert store.put(source, 100) == Stored(SHA256, len(CONTENT))
    store.sync()
    assert store.path(SHA256) == store.root / SHA256[:2] / SHA256
    assert store.path(SHA256).read_bytes() == CONTENT
    assert source.read_bytes() == CONTENT
    assert (list(store.stored()), store.hash(SHA256)) == ([SHA256], SHA256)


def test_the_same_bytes_are_kept_once(store: FileStore, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "same.jpg"
    other.write_bytes(CONTENT)
    first = store.put(source, 100)
    inode = store.path(SHA256).stat().st_ino
    assert store.put(other, 100) == first
    assert everything(store) == [store.path(SHA256)]
    assert store.path(SHA256).stat().st_ino == inode


def test_an_empty_file_is_kept_too(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert store.put(tmp_path / "empty", 100) == Stored(hashlib.sha256().hexdigest(), 0)


@pytest.mark.parametrize(("limit", "fits"), [(len(CONTENT), True), (len(CONTENT) - 1, False), (0, False)])
def test_the_limit(store: FileStore, source: Path, limit: int, fits: bool) -> None:
    if fits:
        store.put(source, limit)
    else:
        with pytest.raises(TooLarge):
            store.put(source, limit)
    assert len(everything(store)) == fits


def test_a_source_that_cannot_be_read_is_the_callers_to_note(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.put(tmp_path / "nothing", 100)
    with pytest.raises(IsADirectoryError):
        store.put(tmp_path, 1 << 20)
    assert everything(store) == []


def test_a_disk_that_refuses_is_the_archives_trouble(store: FileStore, source: Path) -> None:
    store.root.mkdir(parents=True)
    store.path(SHA256).parent.write_text("a file where a folder should be")
    with pytest.raises(ArchiveUnusable, match=str(store.root.parent)):
        store.put(source, 100)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(os.urandom(1 << 20))
    script = f"""
import resource, signal
from pathlib import Path
from provenance.archive.files import FileStore
from provenance.errors import ArchiveUnusable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
try:
    FileStore(Path({str(tmp_path / "media")!r})).put(Path({str(source)!r}), 1 << 30)
except ArchiveUnusable as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    assert everything(FileStore(tmp_path / "media")) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from provenance.archive.files import FileStore

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[3] == "fsync":
    os.fsync = die
else:
    Path.replace = die
FileStore(Path(sys.argv[1])).put(Path(sys.argv[2]), 1 << 30)
"""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_kill_before_the_bytes_are_on_disk_leaves_no_name(store: FileStore, source: Path, moment: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, store.root, source, moment], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = everything(store)
    assert len(left) == 1  # what had been written aside
    assert not store.path(SHA256).exists()
    assert list(store.stored()) == []
    store.put(source, 100)
    assert list(store.stored()) == [SHA256]
    assert store.hash(SHA256) == SHA256


WRITING = """
import sys
from pathlib import Path
from provenance.archive.files import FileStore

store = FileStore(Path(sys.argv[1]))
print("ready", flush=True)
for path in sorted(Path(sys.argv[2]).iterdir()):
    store.put(path, 1 << 30)
"""


def test_killed_at_any_moment_every_name_holds_whole_bytes(store: FileStore, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for number in range(200):
        (sources / f"{number:03}").write_bytes(os.urandom(200_000))
    for milliseconds in (5, 30, 60):
        with subprocess.Popen(
            [sys.executable, "-c", WRITING, store.root, sources], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            try:
                process.wait(milliseconds / 1000)
            except subprocess.TimeoutExpired:
                process.kill()
        names = list(store.stored())
        assert [store.hash(name) for name in names] == names
    for path in sources.iterdir():
        store.put(path, 1 << 30)
    assert len(list(store.stored())) == 200


def test_leftovers_are_not_stored(store: FileStore, source: Path) -> None:
    store.put(source, 100)
    (store.path(SHA256).parent / ".new-abc").write_bytes(b"half")
    (store.root / "notes.txt").write_text("mine")
    assert list(store.stored()) == [SHA256]


def test_nothing_is_stored_before_the_first_file(store: FileStore) -> None:
    assert list(store.stored()) == []
    store.sync()


def test_damage_shows_in_the_hash(store: FileStore, source: Path) -> None:
    store.put(source, 100)
    store.path(SHA256).write_bytes(CONTENT[:-1])
    assert store.hash(SHA256) == hashlib.sha256(CONTENT[:-1]).hexdigest()
    store.path(SHA256).unlink()
    with pytest.raises(FileNotFoundError):
        store.hash(SHA256)
