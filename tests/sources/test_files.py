"""A path that somebody else wrote leads to a regular file inside the folder, or to a reason."""

import os
from pathlib import Path

import pytest

from provenance.core.model import Missing
from provenance.sources.files import Refused, inside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An export folder with all sorts of things in it, and a secret beside it."""
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a.jpg").write_bytes(b"secret")
    root = tmp_path / "export"
    (root / "photos").mkdir(parents=True)
    (root / "photos" / "a.jpg").write_bytes(b"a")
    (root / "photos" / "п'\"\n🔥.jpg").write_bytes(b"odd")
    (root / "link.jpg").symlink_to(root / "photos" / "a.jpg")
    (root / "relative.jpg").symlink_to("photos/a.jpg")
    (root / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "out").symlink_to(tmp_path / "secrets")
    (root / "dangling.jpg").symlink_to(root / "gone.jpg")
    (root / "loop.jpg").symlink_to("loop.jpg")
    (root / "same").symlink_to("photos")
    os.mkfifo(root / "pipe.jpg")
    return root


@pytest.mark.parametrize(
    ("named", "held"),
    [
        ("photos/a.jpg", b"a"),
        ("./photos//./a.jpg", b"a"),
        ("photos/п'\"\n🔥.jpg", b"odd"),
        ("link.jpg", b"a"),
        ("relative.jpg", b"a"),
        ("same/a.jpg", b"a"),
    ],
)
def test_files_inside_are_found(root: Path, named: str, held: bytes) -> None:
    assert inside(root, named).read_bytes() == held


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("", Missing.OUTSIDE_EXPORT),
        ("../secret.jpg", Missing.OUTSIDE_EXPORT),
        ("photos/../../secret.jpg", Missing.OUTSIDE_EXPORT),
        ("photos/../photos/a.jpg", Missing.OUTSIDE_EXPORT),
        ("..", Missing.OUTSIDE_EXPORT),
        ("/etc/passwd", Missing.OUTSIDE_EXPORT),
        ("//etc/passwd", Missing.OUTSIDE_EXPORT),
        ("out.jpg", Missing.OUTSIDE_EXPORT),
        ("out/a.jpg", Missing.OUTSIDE_EXPORT),
        ("photos/a.jpg\0.png", Missing.OUTSIDE_EXPORT),
        ("gone.jpg", Missing.NOT_FOUND),
        ("dangling.jpg", Missing.NOT_FOUND),
        ("no/such/folder.jpg", Missing.NOT_FOUND),
        ("photos\\a.jpg", Missing.NOT_FOUND),
        (".", Missing.NOT_A_FILE),
        ("photos", Missing.NOT_A_FILE),
        ("pipe.jpg", Missing.NOT_A_FILE),
        ("loop.jpg", Missing.UNREADABLE),
        ("photos/a.jpg/b.jpg", Missing.UNREADABLE),
        ("x" * 5000, Missing.UNREADABLE),
        ("photos/\udcff\ud800.jpg", Missing.NOT_FOUND),
    ],
)
def test_everything_else_is_refused_with_its_reason(root: Path, named: str, reason: Missing) -> None:
    with pytest.raises(Refused) as refused:
        inside(root, named)
    assert refused.value.reason is reason
    assert str(refused.value)


def test_a_root_that_is_itself_a_link_is_fine(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    assert inside(tmp_path / "alias", "photos/a.jpg").read_bytes() == b"a"


def test_a_neighbour_whose_name_begins_alike_is_outside(root: Path) -> None:
    neighbour = root.with_name(root.name + "2")
    neighbour.mkdir()
    (neighbour / "a.jpg").write_bytes(b"secret")
    (root / "near.jpg").symlink_to(neighbour / "a.jpg")
    with pytest.raises(Refused) as refused:
        inside(root, "near.jpg")
    assert refused.value.reason is Missing.OUTSIDE_EXPORT


def test_relative_roots_work(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    assert inside(Path("export"), "photos/a.jpg").read_bytes() == b"a"
