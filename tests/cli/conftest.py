"""Commands as they are used: in this process for speed (`cli`), as a real one where that matters (`process`)."""

import io
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from rich.cells import cell_len

from provenance.cli.main import main
from tests.stories import load, message, random_photo, save, service, write_export

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
SUSPECT = SAMPLES / "suspects" / "suspect.jpg"
ABSENT = SAMPLES / "suspects" / "absent.jpg"
EXPECTED: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
EXPORTS = [SAMPLES / channel["export"] for channel in EXPECTED["channels"]]
FIRST = "https://t.me/c/1500000002/26"

# What turns a terminal, a page or a reader round: each piece is a way to do it.
HOSTILE = (
    "=cmd|'/C calc'!A0<script>alert(1)</script>\"><img src=https://evil.example/x onerror=alert(1)>"
    "\x1b[31mred\x1b]0;owned\x07\x9b2J\x7f\b\r\n\t\u202eright\u2066\u2028\u0085[bold]{{7*7}}%s{0}"
)
BROKEN_TEXT = f"\0{HOSTILE}\ud800"
MONDAY = datetime(2024, 12, 23, 12, tzinfo=UTC)
"""In the week 2024-W52."""

# Keys that the contract promises.
SIGHTING = [
    "channel",
    "message_id",
    "url",
    "posted_at",
    "uploaded_at",
    "edited_at",
    "deleted_seen_at",
    "observed_at",
    "forwarded_from",
    "text",
    "file",
    "source",
    "match",
]
COVERAGE = ["channels", "posts", "images", "earliest", "latest", "gaps", "not_searched"]

_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def is_harmless(text: str) -> bool:
    """Whether nothing in the text but line breaks is obeyed rather than shown."""
    return not any(
        (unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} and char != "\n")
        or unicodedata.bidirectional(char) in _BIDI
        or char in "\u200e\u200f\u061c"
        for char in text
    )


def too_wide(text: str, columns: int = 80) -> list[str]:
    """The lines that do not fit, but for those of one word: an address or a path, there to be copied."""
    return [line for line in text.split("\n") if cell_len(line.rstrip()) > columns and " " in line.strip()]


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def is_one_line(self) -> bool:
        """Whether the command said one line on stderr and nothing on stdout."""
        return not self.out and self.err.startswith("provenance: ") and self.err.count("\n") == 1


def in_process(*arguments: object, archive: Path | None = None) -> Outcome:
    """Run a command in this process."""
    place = [] if archive is None else ["--archive", str(archive)]
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["provenance", *place, *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return Outcome(cast(int, ended.value.code), out.getvalue(), err.getvalue())


def command(*arguments: object, archive: Path | None = None) -> list[str]:
    """The command line of a real process."""
    place = [] if archive is None else ["--archive", str(archive)]
    return [sys.executable, "-m", "provenance", *place, *map(str, arguments)]


def as_process(*arguments: object, archive: Path | None = None, **environ: str) -> Outcome:
    """Run a command as a process of its own, its output in pipes."""
    line = command(*arguments, archive=archive)
    done = subprocess.run(line, capture_output=True, env=os.environ | environ, timeout=60, check=False)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("PROVENANCE_") or name in {"COLUMNS", "FORCE_COLOR", "NO_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", "off")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the samples. It is shared: only read it."""
    folder = tmp_path_factory.mktemp("cli") / "sample"
    assert as_process("import", "telegram-export", *EXPORTS, archive=folder).status == 0
    return folder


@pytest.fixture
def copied(sample: Path, tmp_path: Path) -> Path:
    """A copy of the samples' archive, to be changed."""
    return Path(shutil.copytree(sample, tmp_path / "archive"))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A place where no archive is."""
    return tmp_path / "none"


def hostile_export(folder: Path, channel_id: int, source: Path, at: datetime) -> Path:
    """An export in which every string that people choose is hostile, with one good photo and much trouble."""
    (folder / "photos").mkdir(parents=True)
    shutil.copyfile(source, folder / "photos" / "a.jpg")
    (folder / "photos" / "b.jpg").write_bytes(b"\xff\xd8\xff no image at all")
    forwarded = {"forwarded_from": HOSTILE, "forwarded_from_id": "channel99"}
    messages: list[dict[str, object]] = [
        service(1, at, HOSTILE, title=HOSTILE),
        message(2, at, text=BROKEN_TEXT, photo="photos/a.jpg", **forwarded),
        message(3, at, text=HOSTILE, photo=HOSTILE),
        message(4, at, text=HOSTILE, photo=f"(File not included. {HOSTILE})"),
        message(5, at, text=HOSTILE, photo="photos/b.jpg"),
        message(6, at, text=HOSTILE, photo="photos/a.jpg", edited_unixtime=str(int(at.timestamp()) + 60)),
    ]
    path = write_export(folder, channel_id=channel_id, name=f"{HOSTILE}{channel_id}", messages=[])
    # In ASCII, because a lone surrogate has no other form.
    chat = {"name": f"{HOSTILE}{channel_id}", "type": "public_channel", "id": channel_id, "messages": messages}
    path.write_text(json.dumps(chat))
    return path


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two hostile channels and a hostile folder. It is shared: only read it."""
    root = tmp_path_factory.mktemp("hostile")
    photo = root / "photo.jpg"
    save(random_photo(7), photo, "q90")
    save(load(photo), root / "again.jpg", "q30")
    exports = [
        hostile_export(root / "one", 11, photo, MONDAY - timedelta(days=30)),
        hostile_export(root / "two", 12, root / "again.jpg", MONDAY),
    ]
    folder = root / "folder"
    folder.mkdir()
    shutil.copyfile(photo, folder / "=1+1\x1b[31m\u202e\n.jpg")
    archive = root / "archive"
    imported = as_process("import", "telegram-export", *exports, archive=archive)
    assert imported.status == 0, imported.err
    assert as_process("import", "folder", folder, "--name", HOSTILE, archive=archive).status == 0
    return archive


@pytest.fixture(scope="session")
def hostile_suspect(hostile: Path) -> Path:
    """An image that the hostile archive holds, under a hostile name."""
    path = hostile.parent / "suspect\x1b[31m<script>\u202e\n.jpg"
    save(load(hostile.parent / "photo.jpg"), path, "q80")
    return path


def keys(document: object, *expected: str) -> Sequence[str]:
    """The keys that the contract promises and the document lacks."""
    assert isinstance(document, dict)
    return [key for key in expected if key not in document]
