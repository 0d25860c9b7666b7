"""Verification finds what was changed from outside, and says nothing about the rest."""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.app.progress import Quiet
from provenance.app.verify import verify
from provenance.core.answers import Verified
from tests.app.conftest import AT, Desk, after, jpeg, posted, put

SHA256 = hashlib.sha256(jpeg(1)).hexdigest()


@pytest.fixture
def filled(desk: Desk, tmp_path: Path) -> Desk:
    desk.take(posted(tmp_path / "a", jpeg(1)), posted(tmp_path / "b", jpeg(2), after(1), number=2))
    return desk


def check(desk: Desk) -> Verified:
    return verify(desk.archive, Quiet())


def tamper(desk: Desk, statement: str) -> None:
    """Change a row as somebody with the database's file would: the triggers would not let it happen."""
    with desk.archive.write() as connection:
        triggers = connection.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        for name in triggers:
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        assert connection.execute(sa.text(statement)).rowcount == 1


def test_a_sound_archive(filled: Desk) -> None:
    assert check(filled) == Verified(2, 2, (), ())


def _altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_altered, "do not agree with its name"),
        (Path.unlink, "missing"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), f"bytes instead of {len(jpeg(1))}"),
        (lambda path: path.write_bytes(b""), "0 bytes instead"),
        (lambda path: (path.unlink(), path.mkdir()), ""),
    ],
    ids=["one bit", "missing", "longer", "empty", "a folder"],
)
def test_a_damaged_file(filled: Desk, damage: Callable[[Path], object], words: str) -> None:
    damage(filled.archive.files.path(SHA256))
    (problem,) = check(filled).problems
    assert problem.where == f"file {SHA256}"
    assert words in problem.what


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE post_versions SET posted_at = '2001-01-01 00:00:00.000000' WHERE id = 1",
        "UPDATE post_versions SET text = 'other words' WHERE id = 1",
        "UPDATE post_versions SET raw = '{}' WHERE id = 1",
        "UPDATE post_versions SET edited_at = posted_at WHERE id = 1",
        "UPDATE post_versions SET forward_name = 'somebody' WHERE id = 1",
        "UPDATE post_versions SET sha256 = 'x' WHERE id = 1",
        "UPDATE posts SET message_id = 11 WHERE id = 1",
        "UPDATE channels SET peer_id = 3 WHERE id = 1",
        "UPDATE attachments SET kind = 'sticker' WHERE id = 1",
        "UPDATE attachments SET uploaded_at = '2001-01-01 00:00:00.000000' WHERE id = 1",
        "DELETE FROM attachments WHERE id = 1",
    ],
)
def test_a_changed_row(filled: Desk, statement: str) -> None:
    tamper(filled, statement)
    (problem,) = check(filled).problems
    assert problem.where.startswith("post ")
    assert "changed from outside" in problem.what


def test_a_row_that_refers_to_nothing(filled: Desk) -> None:
    with filled.archive.write() as connection:
        connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))

    raw = sqlite3.connect(filled.archive.database)
    raw.execute("DROP TRIGGER IF EXISTS attachments_unchanged")
    raw.execute("UPDATE attachments SET file_id = 99 WHERE id = 1")
    raw.commit()
    raw.close()
    assert any("refers to nothing in files" in each.what for each in check(filled).problems)


def test_a_damaged_database_page(filled: Desk) -> None:

    raw = sqlite3.connect(filled.archive.database)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_post_versions_posted_at'").fetchone()
    (size,) = raw.execute("PRAGMA page_size").fetchone()
    raw.close()
    with filled.archive.database.open("r+b") as stream:
        stream.seek((page - 1) * size + size - 40)
        stream.write(b"\xff" * 40)
    assert any(each.where == "database" for each in check(filled).problems)


def test_strays_are_a_note(filled: Desk) -> None:
    put(filled.archive.files.path("ab" + "0" * 62), b"left behind")
    put(filled.archive.files.root / "ab" / ".new-1-x", b"half")
    found = check(filled)
    assert found.problems == ()
    (note,) = found.notes
    assert note.startswith("1 file")


def test_a_run_that_did_not_end_is_a_note(filled: Desk) -> None:
    with filled.archive.write() as connection:
        connection.execute(
            sa.text("INSERT INTO runs (command, details, started_at, outcome) VALUES ('x', '[]', :at, 'running')"),
            {"at": AT.replace(tzinfo=None).isoformat(" ")},
        )
    found = check(filled)
    assert found.problems == ()
    assert "did not end" in found.notes[0]


def test_every_problem_is_told(filled: Desk) -> None:
    filled.archive.files.path(SHA256).unlink()
    tamper(filled, "UPDATE post_versions SET text = 'other words' WHERE id = 2")
    assert len(check(filled).problems) == 2


def test_it_changes_nothing(filled: Desk) -> None:
    before = filled.counts(without=()), filled.observed(), filled.derived()
    check(filled)
    assert (filled.counts(without=()), filled.observed(), filled.derived()) == before
