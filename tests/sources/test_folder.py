"""A folder of images becomes posts with stable ids, whose only time is the files' own claim."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provenance.core.model import AttachmentKind, Missing, PeerKind
from provenance.errors import SourceError
from provenance.sources.folder import SUFFIXES, collection, posts

CLAIMED = datetime(2020, 5, 17, 12, 30, tzinfo=UTC)


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (CLAIMED.timestamp(),) * 2)
    return path


def names(root: Path) -> list[str]:
    return [post.text for post in posts(root)]


def test_each_image_is_a_post(tmp_path: Path) -> None:
    path = put(tmp_path / "deep" / "er" / "Ünï 🔥.JPG")
    (post,) = posts(tmp_path)
    assert post.text == "deep/er/Ünï 🔥.JPG"
    assert post.claimed_at == CLAIMED
    assert (post.posted_at, post.edited_at, post.forward, post.service, post.album) == (None,) * 5
    (attachment,) = post.attachments
    assert attachment.kind is AttachmentKind.DOCUMENT
    assert attachment.path == str(path)
    assert attachment.name == "Ünï 🔥.JPG"
    assert post.raw.isascii()
    assert json.loads(post.raw) == {"path": post.text}


def test_order_is_that_of_the_names(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.png", "z/a.jpg", "c/z.jpg", "c/a.jpg"):
        put(tmp_path / name)
    assert names(tmp_path) == ["a.png", "b.jpg", "c/a.jpg", "c/z.jpg", "z/a.jpg"]


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_image_suffix_counts(tmp_path: Path, suffix: str) -> None:
    put(tmp_path / f"a{suffix}")
    put(tmp_path / f"b{suffix.upper()}")
    assert len(names(tmp_path)) == 2


@pytest.mark.parametrize("name", ["a.txt", "a", "jpg", ".jpg", "a.jpg.part", "a.mp4", "result.json", "a.svg", "a.jpg~"])
def test_other_names_do_not(tmp_path: Path, name: str) -> None:
    put(tmp_path / name)
    assert names(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "secret.jpg")
    root = tmp_path / "root"
    put(root / "a.jpg")
    (root / "link.jpg").symlink_to(outside)
    (root / "near.jpg").symlink_to("a.jpg")
    (root / "folder").symlink_to(outside.parent)
    (root / "round").symlink_to(root)
    (root / "dangling.jpg").symlink_to("gone.jpg")
    assert names(root) == ["a.jpg"]


def test_what_is_no_file_is_a_post_without_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    put(tmp_path / "folder.jpg" / "inner.jpg")
    inner, pipe = sorted(posts(tmp_path), key=lambda post: post.text)
    assert inner.text == "folder.jpg/inner.jpg"
    assert pipe.attachments[0].missing is Missing.NOT_A_FILE
    assert pipe.attachments[0].path is None
    assert pipe.claimed_at is None


def test_names_that_are_no_text_are_read_too(tmp_path: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg")))
    (post,) = posts(tmp_path)
    assert post.attachments[0].path is not None
    assert Path(post.attachments[0].path).read_bytes() == b"x"
    assert post.raw.isascii()


def test_ids_depend_on_the_place_in_the_folder_alone(tmp_path: Path) -> None:
    for root in ("one", "two"):
        for name in ("a.jpg", "b/a.jpg", "b/b.jpg"):
            put(tmp_path / root / name, root.encode())
    put(tmp_path / "two" / "0.jpg")
    first = {post.text: post.message_id for post in posts(tmp_path / "one")}
    second = {post.text: post.message_id for post in posts(tmp_path / "two")}
    assert len(set(second.values())) == 4
    assert first.items() <= second.items()
    assert all(0 < number < 2**48 for number in second.values())


def test_ids_never_change() -> None:
    # Archives hold them: another number would make every file a new post.
    assert collection("press photos").id == -229600633989663


def test_a_file_has_the_id_it_always_had(tmp_path: Path) -> None:
    put(tmp_path / "b" / "a.jpg")
    (post,) = posts(tmp_path)
    assert post.message_id == 187448970274431


@pytest.mark.parametrize("name", ["press photos", "", "п" * 1000, "\udcff", "a\0b"])
def test_a_collection_follows_from_its_name(name: str) -> None:
    channel = collection(name)
    assert channel == collection(name)
    assert channel.kind is PeerKind.COLLECTION
    assert -(2**48) < channel.id < 0
    assert channel.title == name
    assert channel.id != collection(name + " ").id


@pytest.mark.parametrize("name", ["gone", "a.jpg"])
def test_a_root_that_is_no_folder_is_an_error(tmp_path: Path, name: str) -> None:
    put(tmp_path / "a.jpg")
    with pytest.raises(SourceError, match="not a folder"):
        list(posts(tmp_path / name))


def test_an_empty_folder_has_no_posts(tmp_path: Path) -> None:
    assert names(tmp_path) == []
