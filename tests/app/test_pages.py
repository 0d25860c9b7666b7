"""Pages: thumbnails under the limits, and files that are written whole or not at all."""

import base64
import io
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from provenance.app.pages import thumbnails, write, write_lookup
from provenance.app.progress import Quiet
from provenance.errors import OutputRefused
from provenance.images.sandbox import Sandbox
from tests.app.conftest import AT, Desk, after, export, jpeg, posted, put, shot


def test_thumbnails_leave_out_what_cannot_be_made(tmp_path: Path, sandbox: Sandbox) -> None:
    paths = {
        "good": put(tmp_path / "good.jpg", jpeg(1)),
        "broken": put(tmp_path / "broken.jpg", b"no image"),
        "none": tmp_path / "none.jpg",
        "other": put(tmp_path / "other.jpg", jpeg(2)),
    }
    found = thumbnails(paths, sandbox, Quiet())
    assert set(found) == {"good", "other"}
    assert found["good"] != found["other"]
    assert max(Image.open(io.BytesIO(found["good"])).size) == 160


@pytest.mark.parametrize("text", ["", "<p>words 🔥</p>\n", "a\r\nb\nc", "x" * 1_000_000])
def test_a_page_is_written_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "new" / "page.html"
    write(path, "former")
    write(path, text)
    assert path.read_bytes() == text.encode()
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


def _folder(root: Path) -> Path:
    (root / "page.html").mkdir()
    return root / "page.html"


@pytest.mark.parametrize(
    "place",
    [_folder, lambda root: put(root / "file", b"x") / "page.html", lambda root: root / ("x" * 300)],
    ids=["a folder", "below a file", "too long a name"],
)
def test_a_place_that_cannot_be_written(tmp_path: Path, place: Callable[[Path], Path]) -> None:
    path = place(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputRefused):
        write(path, "words")
    assert sorted(tmp_path.iterdir()) == before


def test_the_figures_of_a_lookup_have_larger_pictures(desk: Desk, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    answer = desk.ask(put(tmp_path / "suspect.jpg", jpeg(1, "q30")))
    matches = {key: replace(each, matrix=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)) for key, each in answer.matches.items()}
    page = tmp_path / "page.html"
    write_lookup(desk.archive, [replace(answer, matches=matches)], desk.sandbox, page)
    found = re.findall(r"data:image/jpeg;base64,([^\"]+)", page.read_text(encoding="utf-8"))
    sides = [max(Image.open(io.BytesIO(base64.b64decode(each))).size) for each in found]
    assert sides == [160, 160, 160, 480, 480]


def test_the_page_of_a_lookup(desk: Desk, tmp_path: Path) -> None:
    evil = "<script>x</script>\x1b[31m\u202e"
    folder = tmp_path / "a"
    desk.take(export(folder, shot(folder, 1, AT, jpeg(1), text=evil), name=evil))
    desk.take(posted(tmp_path / "b", jpeg(1, "mirror"), after(1), number=2))
    suspects = [
        put(tmp_path / "<script>y.jpg", jpeg(1, "q30")),
        put(tmp_path / os.fsdecode(b"\xff\xfe.jpg"), jpeg(2)),
    ]
    page = tmp_path / "page.html"
    write_lookup(desk.archive, [desk.ask(each) for each in suspects], desk.sandbox, page)
    text = page.read_text(encoding="utf-8")
    assert "<script>" not in text
    assert not {"\x1b", "\u202e"} & set(text)
    assert text.count("data:image/jpeg;base64,") >= 4
    assert "https://t.me/c/1/1" in text
