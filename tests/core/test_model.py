from typing import Any

import pytest

from provenance.core.model import Channel, ForwardHeader, MediaKind, PeerKind, Remote, Unarchived, post_url
from tests.core.build import NOON, channel, sighting


@pytest.mark.parametrize(
    ("kind", "username", "url"),
    [
        (PeerKind.CHANNEL, None, "https://t.me/c/7/42"),
        (PeerKind.CHANNEL, "news", "https://t.me/news/42"),
        (PeerKind.GROUP, None, None),
        (PeerKind.USER, None, None),
        (PeerKind.COLLECTION, None, None),
    ],
)
def test_only_what_telegram_addresses_has_an_address(kind: PeerKind, username: str | None, url: str | None) -> None:
    where = Channel(kind, 7, "Seven", username)
    assert post_url(where, 42) == url
    assert sighting(channel=where, message_id=42).url == url


def test_a_channel_is_named_by_kind_and_number_whatever_its_title() -> None:
    assert channel(7, "Old").key == channel(7, "New").key
    assert channel(7).key != channel(7, kind=PeerKind.USER).key


def test_a_post_is_called_by_channel_and_message() -> None:
    assert sighting(channel=channel(7), message_id=42).ref == "7/42"


@pytest.mark.parametrize(
    ("header", "label"),
    [
        (ForwardHeader("Daily", PeerKind.CHANNEL, 9), "Daily"),
        (ForwardHeader(None, PeerKind.CHANNEL, 9), "9"),
        (ForwardHeader(), "an unnamed source"),
    ],
)
def test_a_forward_header_has_a_label(header: ForwardHeader, label: str) -> None:
    assert header.label == label


CHANNEL = {"kind": PeerKind.CHANNEL, "peer_id": 9}


@pytest.mark.parametrize(
    ("header", "ref", "where", "url"),
    [
        (None, "media 77", None, None),
        ({"name": "Daily"}, "Daily", None, None),
        ({"name": "Daily", "message_id": 5}, "Daily", None, None),
        ({}, "an unnamed source", None, None),
        (CHANNEL, "9", Channel(PeerKind.CHANNEL, 9, "9"), None),
        (CHANNEL | {"message_id": 5}, "9/5", Channel(PeerKind.CHANNEL, 9, "9"), "https://t.me/c/9/5"),
        (
            CHANNEL | {"message_id": 5, "name": "Daily", "username": "daily"},
            "9/5",
            Channel(PeerKind.CHANNEL, 9, "Daily", "daily"),
            "https://t.me/daily/5",
        ),
        (
            {"kind": PeerKind.USER, "peer_id": 9, "name": "A person", "message_id": 5},
            "9/5",
            Channel(PeerKind.USER, 9, "A person"),
            None,
        ),
        ({"peer_id": 9, "message_id": 5}, "9/5", None, None),
        ({"kind": PeerKind.CHANNEL, "message_id": 5}, "an unnamed source", None, None),
    ],
)
def test_a_post_that_is_not_archived_is_called_as_far_as_it_is_known(
    header: dict[str, Any] | None, ref: str, where: Channel | None, url: str | None
) -> None:
    post = Unarchived(NOON, sighting(media_id=77), None if header is None else ForwardHeader(**header))
    assert (post.ref, post.channel, post.url) == (ref, where, url)
    assert post.message_id == (header or {}).get("message_id")


def test_bytes_on_telegram_are_named_whatever_way_leads_to_them() -> None:
    one = Remote(MediaKind.PHOTO, 7, 8, b"old", 2, 9, "y")
    assert one.key == Remote(MediaKind.PHOTO, 7, 80, b"new", 3, 90, "y").key == (MediaKind.PHOTO, 7, "y")
