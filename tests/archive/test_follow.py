from datetime import datetime
from typing import Any

import pytest

from provenance.archive import follow, observe, schema
from provenance.core.answers import Follow, Suggestion
from provenance.core.model import Channel, ForwardHeader, PeerKind
from tests.archive.conftest import Desk, arrived
from tests.core.build import NEWS, NOON, channel, hour

DAILY = Channel(PeerKind.CHANNEL, 2, "Daily", "daily", frozenset({"Daily"}))


def ask(desk: Desk, asked: str, *, join: bool = False, since: datetime | None = None, hours: float = 0) -> int:
    with desk.archive.write() as connection:
        return follow.ask(connection, asked, join=join, since=since, now=hour(hours))


def settle(desk: Desk, follow_id: int, where: Channel = NEWS, access_hash: int = 99, *, joined: bool = False) -> int:
    with desk.archive.write() as connection:
        row = observe.add_channel(connection, where, NOON)
        return follow.settle(connection, follow_id, row, access_hash, joined=joined)


def followed(desk: Desk) -> list[Follow]:
    with desk.archive.read() as connection:
        return follow.followed(connection)


def trouble(desk: Desk, follow_id: int, words: str = "private", hours: float = 1) -> None:
    with desk.archive.write() as connection:
        follow.troubled(connection, follow_id, words, hour(hours))


def remove(desk: Desk, follow_id: int, hours: float = 9) -> None:
    with desk.archive.write() as connection:
        follow.remove(connection, follow_id, hour(hours))


def about(found: Follow, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(found, name) for name in names)


# Wishes


def test_a_wish_stands_for_no_channel_until_telegram_was_asked(desk: Desk) -> None:
    ask(desk, "@news", join=True, since=hour(-24), hours=1)
    assert followed(desk) == [
        Follow(
            id=1,
            asked="@news",
            join=True,
            since=hour(-24),
            added_at=hour(1),
            row=None,
            channel=None,
            access_hash=None,
            joined=False,
            checked_at=None,
            swept_id=None,
            trouble=None,
            attempts=0,
            retry_at=None,
        )
    ]


def test_the_same_words_are_the_same_wish_with_its_newest_options(desk: Desk) -> None:
    first = ask(desk, "@news", since=hour(-24))
    ask(desk, "@other")
    trouble(desk, first)
    assert ask(desk, "@news", join=True, hours=2) == first
    one, other = followed(desk)
    assert about(one, "asked", "join", "since", "added_at") == ("@news", True, None, NOON)
    assert about(one, "trouble", "attempts", "retry_at") == (None, 0, None)
    assert about(other, "asked", "join") == ("@other", False)


def test_wishes_come_in_the_order_in_which_they_were_made(desk: Desk) -> None:
    for asked in ("c", "a", "b", "c"):
        ask(desk, asked)
    assert [each.asked for each in followed(desk)] == ["c", "a", "b"]


def test_a_settled_wish_has_its_channel_and_no_trouble(desk: Desk) -> None:
    wish = ask(desk, "@daily", since=hour(-1))
    trouble(desk, wish)
    assert settle(desk, wish, DAILY, -(2**63), joined=True) == wish
    (found,) = followed(desk)
    assert about(found, "row", "channel", "access_hash", "joined") == (1, DAILY, -(2**63), True)
    assert about(found, "trouble", "attempts", "retry_at", "since") == (None, 0, None, hour(-1))


def test_two_wishes_for_one_channel_become_one(desk: Desk) -> None:
    first = settle(desk, ask(desk, "@news", since=hour(-24)), access_hash=1)
    with desk.archive.write() as connection:
        follow.checked(connection, first, hour(3))
        follow.swept(connection, first, 77)
    ask(desk, "@other")
    again = ask(desk, "https://t.me/+invite", join=True, since=hour(-48), hours=5)
    assert settle(desk, again, access_hash=2, joined=True) == first
    one, other = followed(desk)
    assert about(one, "id", "asked", "join", "since") == (first, "https://t.me/+invite", True, hour(-48))
    assert about(one, "row", "access_hash", "joined", "added_at") == (1, 2, True, NOON)
    assert about(one, "checked_at", "swept_id") == (hour(3), 77)
    assert about(other, "asked", "row") == ("@other", None)


def test_a_wish_that_is_settled_again_stays_itself(desk: Desk) -> None:
    wish = settle(desk, ask(desk, "@news"), access_hash=1)
    assert settle(desk, wish, access_hash=2) == wish
    assert [each.access_hash for each in followed(desk)] == [2]


def test_what_is_removed_is_followed_no_longer_and_keeps_its_row(desk: Desk) -> None:
    one, other = ask(desk, "@news"), ask(desk, "@daily")
    remove(desk, one)
    assert [each.id for each in followed(desk)] == [other]
    assert [row.removed_at for row in desk.rows(schema.follows)] == [hour(9), None]


def test_what_was_removed_can_be_asked_for_again_by_the_same_words(desk: Desk) -> None:
    wish = settle(desk, ask(desk, "@news"))
    remove(desk, wish)
    # By then the name may stand for another channel: Telegram is asked anew.
    assert ask(desk, "@news") != wish
    assert [about(each, "row") for each in followed(desk)] == [(None,)]
    assert settle(desk, ask(desk, "@news")) == wish
    assert [about(each, "id", "row") for each in followed(desk)] == [(wish, 1)]


def test_what_was_removed_can_be_asked_for_again_by_other_words(desk: Desk) -> None:
    wish = settle(desk, ask(desk, "@news"))
    remove(desk, wish)
    assert settle(desk, ask(desk, "t.me/news")) == wish
    assert [about(each, "id", "asked") for each in followed(desk)] == [(wish, "t.me/news")]


def test_how_a_channel_is_or_was_followed(desk: Desk) -> None:
    wish = settle(desk, ask(desk, "@daily"), DAILY, joined=True)
    settle(desk, ask(desk, "@news"))
    (found, _) = followed(desk)
    with desk.archive.read() as connection:
        assert follow.of_channel(connection, 1) == found
        assert follow.of_channel(connection, 3) is None
    remove(desk, wish)
    with desk.archive.read() as connection:
        assert follow.of_channel(connection, 1) == found


# How it stands


def test_trouble_is_counted_until_all_is_well_again(desk: Desk) -> None:
    wish, other = ask(desk, "@news"), ask(desk, "@daily")
    trouble(desk, wish, "flood", 1)
    trouble(desk, wish, "private\0", 2)
    assert about(followed(desk)[0], "trouble", "attempts", "retry_at") == ("private\ufffd", 2, hour(2))
    with desk.archive.write() as connection:
        follow.checked(connection, wish, hour(3))
    one, two = followed(desk)
    assert about(one, "checked_at", "trouble", "attempts", "retry_at") == (hour(3), None, 0, None)
    assert about(two, "id", "checked_at") == (other, None)


def test_the_slow_pass_and_joining_are_recorded(desk: Desk) -> None:
    wish, _ = ask(desk, "@news"), ask(desk, "@daily")
    with desk.archive.write() as connection:
        follow.swept(connection, wish, 500)
        follow.joined(connection, wish)
    assert [about(each, "swept_id", "joined") for each in followed(desk)] == [(500, True), (None, False)]
    with desk.archive.write() as connection:
        follow.swept(connection, wish, None)
    assert about(followed(desk)[0], "swept_id", "joined") == (None, True)


# Sources


def peers(desk: Desk) -> list[tuple[str, int, str, str | None, datetime]]:
    return [(row.kind, row.peer_id, row.title, row.username, row.seen_at) for row in desk.rows(schema.peers)]


def name(desk: Desk, *found: Channel, hours: float = 0) -> None:
    with desk.archive.write() as connection:
        follow.add_peers(connection, found, hour(hours))


def test_sources_are_called_by_their_newest_name(desk: Desk) -> None:
    name(desk, DAILY, channel(3, "Times"), channel(2, "A person", PeerKind.USER))
    name(desk, channel(2, "Renamed"), channel(4, "bad\0\ud800"), hours=1)
    name(desk)
    assert peers(desk) == [
        ("channel", 2, "Renamed", None, hour(1)),
        ("channel", 3, "Times", None, NOON),
        ("channel", 4, "bad\ufffd\ufffd\ufffd\ufffd", None, hour(1)),
        ("user", 2, "A person", None, NOON),
    ]


def suggestions(desk: Desk, limit: int = 10) -> list[Suggestion]:
    with desk.archive.read() as connection:
        return follow.suggestions(connection, limit)


def credit(peer_id: int, name: str | None = None, kind: PeerKind = PeerKind.CHANNEL, **more: Any) -> ForwardHeader:
    return ForwardHeader(name, kind, peer_id, **more)


def test_suggestions_count_posts_and_channels_not_versions(desk: Desk) -> None:
    forward = credit(50)
    desk.add(arrived(1, forward=forward), arrived(2, forward=forward, posted_at=hour(3)), arrived(3))
    desk.add(arrived(1, forward=forward, text="edited", edited_at=hour(1)))
    desk.add(arrived(1, forward=forward, posted_at=hour(2)), channel=DAILY)
    assert suggestions(desk) == [Suggestion(50, None, None, posts=3, channels=2, latest=hour(3))]


def test_the_most_credited_come_first(desk: Desk) -> None:
    credited = [53, 52, 51, 52, 51, 54, 52]
    desk.add(*(arrived(number, forward=credit(peer)) for number, peer in enumerate(credited, 1)))
    assert [(each.peer_id, each.posts) for each in suggestions(desk)] == [(52, 3), (51, 2), (53, 1), (54, 1)]
    assert [each.peer_id for each in suggestions(desk, limit=2)] == [52, 51]


def test_followed_channels_are_no_suggestions_until_they_are_removed(desk: Desk) -> None:
    desk.add(arrived(1, forward=credit(1)), arrived(2, forward=credit(2)))
    ask(desk, "@unsettled")
    wish = settle(desk, ask(desk, "@daily"), DAILY)
    assert [each.peer_id for each in suggestions(desk)] == [1]
    remove(desk, wish)
    assert [each.peer_id for each in suggestions(desk)] == [1, 2]


def test_a_followed_group_hides_no_channel_of_the_same_number(desk: Desk) -> None:
    desk.add(arrived(1, forward=credit(50)))
    settle(desk, ask(desk, "a group"), channel(50, kind=PeerKind.GROUP))
    assert [each.peer_id for each in suggestions(desk)] == [50]


@pytest.mark.parametrize(
    "header",
    [
        None,
        ForwardHeader("Only a name"),
        credit(50, kind=PeerKind.USER),
        credit(50, kind=PeerKind.GROUP),
        credit(50, imported=True),
    ],
)
def test_only_channels_of_telegram_are_suggested(desk: Desk, header: ForwardHeader | None) -> None:
    desk.add(arrived(1, forward=header))
    assert suggestions(desk) == []


def test_suggestions_are_called_as_telegram_or_the_archive_names_them(desk: Desk) -> None:
    desk.add(
        arrived(1, forward=credit(2, "old name")),
        arrived(2, forward=credit(51, "header's name")),
        arrived(3, forward=credit(52, "header's name")),
        arrived(4, forward=credit(53)),
    )
    desk.add(arrived(1), channel=DAILY)
    name(desk, channel(51, "Fifty-one"), channel(52, "A person", PeerKind.USER), channel(2, "as a peer"))
    assert [(each.peer_id, each.title, each.username) for each in suggestions(desk)] == [
        (2, "Daily", "daily"),
        (51, "Fifty-one", None),
        (52, "header's name", None),
        (53, None, None),
    ]
