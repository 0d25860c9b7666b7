"""A folder of images: its files' claims, odd names, odd files."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from provenance.archive import schema
from provenance.errors import SourceError
from tests.app.conftest import AT, Desk, after, jpeg, posted, put


def in_folder(root: Path, *photos: int, at: datetime = AT) -> Path:
    for number in photos:
        path = put(root / f"{number}.jpg", jpeg(number))
        os.utime(path, (at.timestamp(), at.timestamp()))
    return root


def test_a_folders_claims_are_never_the_first(desk: Desk, tmp_path: Path) -> None:
    desk.take_folder(in_folder(tmp_path / "folder", 1, 2, at=after(-1000)))
    assert {(at, basis) for _, _, at, basis, _ in desk.derived()} == {(after(-1000), "claimed")}
    desk.take(posted(tmp_path / "export", jpeg(1, "small")))
    assert [(ref, at) for _, ref, at, basis, _ in desk.derived() if basis == "posted"] == [("1/10", AT)]
    assert [links for *_, links in desk.derived()] == [frozenset()] * 2


def test_the_same_folder_again_adds_nothing(desk: Desk, tmp_path: Path) -> None:
    folder = in_folder(tmp_path / "folder", 1, 2)
    desk.take_folder(folder)
    before = desk.counts(), desk.observed(), desk.derived()
    counts = desk.take_folder(folder).counts
    assert (counts.posts_new, counts.posts_known, counts.images_new, counts.images_known) == (0, 2, 0, 2)
    assert (desk.counts(), desk.observed(), desk.derived()) == before


def test_a_touched_file_claims_another_time(desk: Desk, tmp_path: Path) -> None:
    folder = in_folder(tmp_path / "folder", 1)
    desk.take_folder(folder)
    counts = desk.take_folder(in_folder(folder, 1, at=after(50))).counts
    assert (counts.posts_new, counts.posts_changed, counts.images_new) == (0, 1, 0)
    # Of two claims the later one claims less.
    assert [(at, basis) for _, _, at, basis, _ in desk.derived()] == [(after(50), "claimed")]


def test_a_collection_is_named_by_its_name(desk: Desk, tmp_path: Path) -> None:
    desk.take_folder(in_folder(tmp_path / "one", 1), "One")
    desk.take_folder(in_folder(tmp_path / "two", 1), "Two")
    desk.take_folder(in_folder(tmp_path / "elsewhere", 1), "One")
    assert len(desk.rows(schema.channels)) == len(desk.rows(schema.posts)) == 2


def test_folders_keep_odd_names_and_refuse_odd_files(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "folder"
    names = ["=cmd|.jpg", "a\nb\x1b[31m.jpg", "\u202egpj.exe.jpg", os.fsdecode(b"\xff\xfe.jpg"), "sub/<b>.JPG"]
    for name in names:
        put(root / name, jpeg(1))
    put(root / "broken.jpg", b"no image")
    put(root / "text.txt", b"no image and none of ours")
    os.mkfifo(root / "pipe.jpg")
    (root / "link.jpg").symlink_to(root / names[0])
    counts = desk.take_folder(root).counts
    assert (counts.posts_new, counts.images_new, counts.images_known, counts.images_refused) == (7, 1, 4, 2)
    kept = {os.fsencode(json.loads(row.raw)["path"]) for row in desk.rows(schema.post_versions)}
    assert kept == {os.fsencode(name) for name in [*names, "broken.jpg", "pipe.jpg"]}
    before = desk.counts()
    desk.take_folder(root)
    assert desk.counts() == before | {"run_problems": 3}  # the pipe once more; the broken image was judged before


def test_no_folder_is_no_collection(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        desk.take_folder(tmp_path / "none")
    assert desk.rows(schema.posts) == []
