import pytest

from provenance.archive import find
from provenance.archive.find import Found
from provenance.core.model import Channel, PeerKind
from provenance.errors import NothingFound
from tests.archive.conftest import Desk, arrived, stored
from tests.core.build import NEWS, channel

NAMED = Channel(PeerKind.CHANNEL, 1_500_000_002, "Eyes & Ears", "eyes_ears")


@pytest.fixture
def asked(filled: Desk) -> Desk:
    filled.add(arrived(7), channel=NAMED)
    return filled


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("https://t.me/c/1/2", Found(post=2)),
        ("t.me/c/1/2/", Found(post=2)),
        (" https://t.me/c/1/55/2?single ", Found(post=2)),
        ("https://t.me/eyes_ears/7", Found(post=4)),
        ("@eyes_ears/7", Found(post=4)),
        ("@EYES_EARS/7", Found(post=4)),
        ("1/2", Found(post=2)),
        ("1500000002/7", Found(post=4)),
        ("-1001500000002/7", Found(post=4)),
        ("picture:1", Found(picture=1)),
        ("picture:2", Found(picture=1)),
        ("News", Found(channel=1)),
        ("news", Found(channel=1)),
        ("@eyes_ears", Found(channel=2)),
        ("https://t.me/c/1500000002", Found(channel=2)),
        (stored(b"two").sha256, Found(file=2)),
        (stored(b"two").sha256[:6].upper(), Found(file=2)),
    ],
)
def test_every_form_of_ref(asked: Desk, ref: str, found: Found) -> None:
    with asked.archive.read() as connection:
        assert find.by_ref(connection, ref) == found


@pytest.mark.parametrize("ref", ["", "@", "1/4", "9/1", "picture:3", "picture:", "nobody", "abcdef0", "abc", "a/b/c"])
def test_what_is_not_there_is_said(asked: Desk, ref: str) -> None:
    with asked.archive.read() as connection, pytest.raises(NothingFound):
        find.by_ref(connection, ref)


def test_a_name_that_two_channels_bear_names_neither(asked: Desk) -> None:
    asked.add(arrived(1), channel=channel(9, NEWS.title))
    with asked.archive.read() as connection:
        called = find.channels_called(connection, "News")
        assert {each.id for each in called.values()} == {1, 9}
        with pytest.raises(NothingFound, match=r"1, 9"):
            find.one_channel("News", called)
        assert find.by_ref(connection, "9") == Found(channel=3)


def test_versions_and_what_they_lack(filled: Desk) -> None:
    with filled.archive.read() as connection:
        (version,) = find.version_rows(connection, 1)
        assert [row.missing for row in find.attachments_without_file(connection, version.id)] == ["not_included"]
        assert find.post_row(connection, 1).message_id == 1
        assert [row.title for row in find.names(connection, 1)] == ["News"]
        assert find.file_by_hash(connection, stored(b"two").sha256) == 2
        assert find.file_by_hash(connection, "0" * 64) is None
