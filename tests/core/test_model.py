import pytest

from provenance.core.model import Channel, ForwardHeader, PeerKind, post_url
from tests.core.build import channel, sighting


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
