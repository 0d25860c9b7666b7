"""One thing of the archive with its history."""

import hashlib
from pathlib import Path

import pytest

from provenance.app.show import show
from provenance.core.answers import ChannelAnswer, FileAnswer, PictureAnswer, PostAnswer
from provenance.core.model import LinkKind, MatchKind, Missing
from provenance.errors import NothingFound
from tests.app.conftest import AT, Desk, after, export, jpeg, posted, shot
from tests.stories import message

SHA256 = hashlib.sha256(jpeg(1)).hexdigest()


@pytest.fixture
def filled(desk: Desk, tmp_path: Path) -> Desk:
    """Channel 2 shows photo 1 (and a photo without its file), channel 1 a smaller copy; channel 1's comes in last."""
    folder = tmp_path / "2"
    left_out = message(11, after(1), photo="(File not included.)")
    desk.take(export(folder, shot(folder, 10, after(1), jpeg(1)), left_out, number=2, name="Two"))
    desk.take(posted(tmp_path / "1", jpeg(1, "small")))
    return desk


@pytest.mark.parametrize(
    "ref", ["2/10", "@2/10", "https://t.me/c/2/10", "t.me/c/2/10?single", "https://telegram.me/c/2/10/", "-1002/10"]
)
def test_a_post(filled: Desk, ref: str) -> None:
    found = show(filled.archive, ref)
    assert isinstance(found, PostAnswer)
    assert (found.channel.title, found.message_id, found.url) == ("Two", 10, "https://t.me/c/2/10")
    assert [each.version.posted_at for each in found.versions] == [after(1)]
    assert set(found.pictures.values()) == {1}


def test_a_post_without_its_file(filled: Desk) -> None:
    found = show(filled.archive, "2/11")
    assert isinstance(found, PostAnswer)
    assert found.versions[0].missing == ((0, Missing.NOT_INCLUDED, "(File not included.)"),)


def test_all_versions_of_a_post(filled: Desk, tmp_path: Path) -> None:
    edited = str(int(after(9).timestamp()))
    filled.take(export(tmp_path / "3", message(10, after(1), text="Gone.", edited_unixtime=edited), number=2))
    found = show(filled.archive, "2/10")
    assert isinstance(found, PostAnswer)
    assert [(each.version.text, each.version.edited_at) for each in found.versions] == [("", None), ("Gone.", after(9))]
    assert '"Gone."' in found.versions[1].raw


@pytest.mark.parametrize("ref", [SHA256, SHA256[:6], SHA256[:20].upper()])
def test_a_file(filled: Desk, ref: str) -> None:
    found = show(filled.archive, ref)
    assert isinstance(found, FileAnswer)
    assert found.file.sha256 == SHA256
    assert Path(found.path).read_bytes() == jpeg(1)
    assert [each.ref for each in found.sightings] == ["2/10"]


@pytest.mark.parametrize("ref", ["picture:1", "picture:2", " picture:1 "])
def test_a_picture_under_every_number_that_its_files_have(filled: Desk, ref: str) -> None:
    found = show(filled.archive, ref)
    assert isinstance(found, PictureAnswer)
    assert found.picture == 1
    assert [each.ref for each in found.chain.sightings] == ["1/10", "2/10"]
    assert [(each.kind, each.source.ref, each.target.ref) for each in found.chain.links] == [
        (LinkKind.ALTERED_REUPLOAD, "1/10", "2/10")
    ]
    assert [each.id for each in found.files] == [1, 2]
    assert [(one, match.kind) for one, _, match in found.matches] == [(SHA256, MatchKind.RECOMPRESSED)]
    assert [(each.before_ref, each.after_ref) for each in found.revisions] == [(None, "2/10"), ("2/10", "1/10")]


@pytest.mark.parametrize("ref", ["Two", "two", "2", "-1002"])
def test_a_channel(filled: Desk, ref: str) -> None:
    found = show(filled.archive, ref)
    assert isinstance(found, ChannelAnswer)
    assert (found.coverage.channel.id, found.coverage.posts, found.coverage.images, found.coverage.missing) == (
        2, 2, 1, 1,
    )  # fmt: skip
    assert [each.title for each in found.names] == ["Two"]


def test_a_renamed_channel_is_found_by_either_name(filled: Desk, tmp_path: Path) -> None:
    filled.take(export(tmp_path / "3", message(12, after(2)), number=2, name="<b>New</b>"))
    for ref in ("Two", "<b>New</b>"):
        found = show(filled.archive, ref)
        assert isinstance(found, ChannelAnswer)
        assert [each.title for each in found.names] == ["Two", "<b>New</b>"]


@pytest.mark.parametrize(
    "ref",
    [
        "", " ", "@", "https://t.me/", "t.me/c/", "nobody", "nobody/3", "2/12", "2/99999999999999999999", "@nobody/1",
        "https://t.me/c/9/1", "picture:9", "picture:99999999999999999999", "picture:x", "000000", "'; --", "%", "a\0b",
    ],
)  # fmt: skip
def test_what_is_not_there(filled: Desk, ref: str) -> None:
    with pytest.raises(NothingFound):
        show(filled.archive, ref)


@pytest.mark.parametrize("ref", ["", "@", "https://t.me/"])
def test_nothing_is_not_the_only_channel(desk: Desk, tmp_path: Path, ref: str) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1), AT))
    with pytest.raises(NothingFound):
        show(desk.archive, ref)


def test_a_name_of_two_channels_asks_for_the_id(filled: Desk, tmp_path: Path) -> None:
    filled.take(export(tmp_path / "3", message(1, AT), number=3, name="Two"))
    with pytest.raises(NothingFound, match=r"2 channels.*\(2, 3\)"):
        show(filled.archive, "Two")
