"""The group: help, errors as one line and an exit status, pipes, interruptions, what is imported when."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import (
    ABSENT,
    EXPORTS,
    MONDAY,
    SUSPECT,
    as_process,
    command,
    in_process,
    is_harmless,
    too_wide,
)
from tests.stories import message, write_export

COMMANDS = [
    ["demo"],
    ["import"],
    ["import", "telegram-export"],
    ["import", "folder"],
    ["login"],
    ["logout"],
    ["channels"],
    ["channels", "add"],
    ["channels", "list"],
    ["channels", "remove"],
    ["channels", "suggest"],
    ["backfill"],
    ["watch"],
    ["lookup"],
    ["show"],
    ["report"],
    ["coverage"],
    ["stats"],
    ["doctor"],
    ["verify"],
    ["reindex"],
    ["db"],
    ["db", "upgrade"],
    ["model"],
    ["model", "install"],
    ["model", "show"],
    ["picture"],
    ["picture", "split"],
    ["picture", "splits"],
    ["picture", "unsplit"],
]
READING = [
    ["lookup", SUSPECT],
    ["lookup", SUSPECT, "--json"],
    ["show", "picture:1"],
    ["report", "--week", "2024-W52"],
    ["coverage"],
    ["stats"],
    ["verify"],
    ["reindex"],
    ["channels", "list"],
    ["channels", "suggest"],
    ["channels", "remove", "@news"],
    ["db", "upgrade"],
]


def imported_modules(*arguments: object, archive: Path | None = None) -> tuple[int, set[str]]:
    """The exit status of a process, and the top packages that it or its workers imported."""
    line = command(*arguments, archive=archive)
    done = subprocess.run([line[0], "-X", "importtime", *line[1:]], capture_output=True, text=True, check=False)
    names = re.findall(r"^import time: +[\d]+ \| +[\d]+ \| +([\w.]+)$", done.stderr, re.MULTILINE)
    return done.returncode, {name.partition(".")[0] for name in names}


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    shown = as_process("--help")
    assert (shown.status, shown.err) == (0, "")
    assert all(re.search(rf"^  {each[0]} ", shown.out, re.MULTILINE) for each in COMMANDS)
    assert too_wide(shown.out) == []
    status, modules = imported_modules("--help")
    assert status == 0
    assert {"provenance", "click"} <= modules
    assert not modules & {"sqlalchemy", "alembic", "numpy", "PIL", "rich", "telethon", "jinja2", "ijson", "pebble"}


def test_a_lookup_imports_only_what_it_needs(sample: Path) -> None:
    status, modules = imported_modules("lookup", SUSPECT, "--json", archive=sample)
    assert status == 0
    assert {"sqlalchemy", "PIL"} <= modules
    assert not modules & {"alembic", "jinja2", "telethon", "ijson", "mako"}


@pytest.mark.parametrize("words", [["stats"], ["coverage", "--json"], ["doctor"]], ids=" ".join)
def test_who_looks_at_the_archive_loads_nothing_of_telegram(words: list[str], sample: Path) -> None:
    status, modules = imported_modules(*words, archive=sample)
    assert status == 0
    assert "sqlalchemy" in modules
    assert not modules & {"telethon", "qrcode", "aiolimiter", "tenacity", "cryptg"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help(words: list[str], option: str) -> None:
    shown = in_process(*words, option)
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith(f"Usage: provenance {' '.join(words)}")
    assert re.search(r"\n\n  [A-Z][^\n]+(\n[^\n]+)*\.", shown.out), "no sentence says what it does"
    silent = ["import"], ["db"], ["model"], ["picture"], ["channels"], ["login"], ["logout"], ["watch"]
    assert "--json" in shown.out or words in silent


def test_version() -> None:
    assert re.fullmatch(r"provenance \d+\.\d+\.\d+\n", in_process("--version").out)


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["--nonsense"],
        ["lookup"],
        ["lookup", "--limit", "0", "x.jpg"],
        ["lookup", "--since", "yesterday", "x.jpg"],
        ["show"],
        ["show", "a", "b"],
        ["import"],
        ["import", "folder", "x"],
        ["import", "telegram-export"],
        ["x\x1b[31m\u202e\n"],
        ["--archive", __file__, "stats"],
    ],
    ids=str,
)
def test_words_that_do_not_fit_end_with_2_and_say_so(words: list[str]) -> None:
    said = in_process(*words)
    assert (said.status, said.out) == (2, "")
    assert said.err
    assert is_harmless(said.err)


@pytest.mark.parametrize("words", READING, ids=str)
def test_a_missing_archive_is_one_line_that_says_how_to_make_one(words: list[object], empty: Path) -> None:
    said = in_process(*words, archive=empty)
    assert said.status == 2
    assert said.is_one_line
    assert str(empty) in said.err
    if words != ["db", "upgrade"]:
        assert f"provenance --archive {empty} import telegram-export PATH" in said.err
    assert not empty.exists()


@pytest.mark.parametrize("words", READING, ids=str)
def test_a_newer_archive_is_left_alone(words: list[object], copied: Path) -> None:
    with closing(sqlite3.connect(copied / "archive.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    before = (copied / "archive.db").read_bytes()
    said = in_process(*words, archive=copied)
    assert said.status == 2
    assert said.is_one_line
    assert "newer" in said.err
    assert (copied / "archive.db").read_bytes() == before


@pytest.mark.parametrize("words", READING, ids=str)
def test_a_mistyped_variable_is_refused_by_every_command(
    words: list[object], sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVENANCE_ARCHIV", "/somewhere")
    said = in_process(*words, archive=sample)
    assert said.status == 2
    assert said.is_one_line
    assert "PROVENANCE_ARCHIV" in said.err


def test_debug_shows_the_traceback_and_keeps_the_exit_status(sample: Path) -> None:
    plain = as_process("lookup", "no-such.jpg", archive=sample)
    assert plain.is_one_line
    debug = as_process("--debug", "lookup", "no-such.jpg", archive=sample)
    assert "Traceback" in debug.err
    assert "no-such.jpg: No such file" in debug.err
    assert (plain.status, debug.status) == (2, 2)


@pytest.mark.parametrize(
    ("words", "environ"),
    [([], True), (["--archive"], False), (["--archive"], True)],
    ids=["variable", "option", "both"],
)
def test_where_the_archive_is_looked_for(
    words: list[str], environ: bool, sample: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if environ:  # An option beats the variable.
        monkeypatch.setenv("PROVENANCE_ARCHIVE", str(empty if words else sample))
    assert in_process(*words, *([sample] if words else []), "stats").status == 0


def test_without_a_word_the_archive_is_in_the_data_folder(tmp_path: Path) -> None:
    assert str(tmp_path / "xdg" / "provenance") in in_process("stats").err


@pytest.mark.parametrize("words", [["lookup", SUSPECT], ["lookup", ABSENT], ["stats", "--json"], ["--help"]], ids=str)
def test_a_closed_pipe_ends_quietly(words: list[object], sample: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    line = command(*words, archive=sample)
    done = subprocess.run(line, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    # 1 would be the honest "no" of a lookup.
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", [["coverage"], ["coverage", "--json"], ["db", "upgrade"]], ids=str)
def test_a_full_disk_behind_stdout_is_one_line(words: list[str], sample: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*words, archive=sample), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No space left" in done.stderr


def test_a_terminal_of_another_encoding_loses_letters_not_the_answer(sample: Path) -> None:
    shown = as_process("coverage", archive=sample, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert (shown.status, shown.err) == (0, "")
    assert "Attic Archive" in shown.out


def _posts(archive: Path) -> bool:
    return _count(archive, "posts") > 0


def _fingerprints(archive: Path) -> bool:
    return _count(archive, "fingerprints") > 0


def _count(archive: Path, table: str) -> int:
    database = archive / "archive.db"
    if not database.is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:  # The tables are being made.
        return 0


def counts(archive: Path) -> dict[str, int]:
    found: dict[str, int] = in_process("stats", "--json", archive=archive).json["counts"]
    return {name: count for name, count in found.items() if name != "runs"}


@pytest.fixture(scope="module")
def long_export(tmp_path_factory: pytest.TempPathFactory, photos: list[Path]) -> Path:
    """An export that takes a while: every 25th of its posts has a photo with bytes of its own."""
    folder = tmp_path_factory.mktemp("long")
    (folder / "photos").mkdir()
    messages = []
    for number in range(1, 4001):
        at = MONDAY + timedelta(minutes=number)
        name = f"photos/{number}.jpg"
        if number % 25 == 0:
            photo = photos[number // 25 % len(photos)]
            (folder / name).write_bytes(photo.read_bytes() + number.to_bytes(2))
        messages.append(message(number, at, text="word " * 20, photo=None if number % 25 else name))
    write_export(folder, channel_id=5, name="Long", messages=messages)
    return folder


@pytest.fixture(scope="module")
def uninterrupted(long_export: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    archive = tmp_path_factory.mktemp("whole") / "archive"
    assert as_process("import", "telegram-export", long_export, archive=archive).status == 0
    return counts(archive)


@pytest.mark.parametrize("reached", [_posts, _fingerprints], ids=["reading", "fingerprinting"])
def test_ctrl_c_during_an_import_ends_with_one_line_and_a_whole_archive(
    reached: Callable[[Path], bool], long_export: Path, uninterrupted: dict[str, int], tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    line = command("import", "telegram-export", long_export, archive=archive)
    # A session of its own: like a terminal, Ctrl-C reaches the workers too.
    importing = subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while importing.poll() is None and not reached(archive):
        time.sleep(0.005)
    os.killpg(importing.pid, signal.SIGINT)
    out, err = importing.communicate(timeout=60)
    assert importing.returncode == 2
    assert err == "provenance: Interrupted. What was archived is whole; run the command again to go on.\n"
    assert out == ""
    assert in_process("verify", archive=archive).status == 0
    again = in_process("import", "telegram-export", long_export, archive=archive)
    assert again.status == 0
    assert counts(archive) == uninterrupted


def test_a_command_that_fails_leaves_nothing_behind_in_the_temporary_folder(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    export = shutil.copytree(EXPORTS[0], tmp_path / "export")
    (export / "result.json").write_text("{")
    done = as_process("import", "telegram-export", export, archive=tmp_path / "archive", TMPDIR=str(temporary))
    assert done.status == 2
    assert list(temporary.iterdir()) == []
