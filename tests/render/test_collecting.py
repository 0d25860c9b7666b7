"""What the collector's commands say: at any width, with hostile names, and as documents for programs."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console, RenderableType

from provenance.core.answers import Backfilled, Daemon, Follow, Stats, Suggestion
from provenance.core.model import Channel, PeerKind
from provenance.render import as_json, collecting, terminal
from tests.cli.conftest import HOSTILE, MONDAY, is_harmless, too_wide
from tests.render import build

NEWS = Channel(PeerKind.CHANNEL, 1700000001, f"News {HOSTILE}", "news")
READ = Follow(1, "@news", False, None, MONDAY, 1, NEWS, 1, False, MONDAY, None, None, 0, None)
JOINED = replace(READ, id=2, asked="https://t.me/news", join=True, joined=True, since=MONDAY - timedelta(days=9))
WISH = replace(READ, id=3, asked=HOSTILE, row=None, channel=None, access_hash=None, checked_at=None)
TROUBLED = replace(READ, id=4, trouble=HOSTILE, attempts=2, retry_at=MONDAY + timedelta(hours=1))
FOLLOWED = [READ, JOINED, WISH, TROUBLED, replace(TROUBLED, retry_at=None)]
SUGGESTED = [
    Suggestion(1700000009, HOSTILE, "source", 12, 3, MONDAY),
    Suggestion(1700000010, None, None, 1, 1, None),
    Suggestion(1700000011, "Source", HOSTILE, 1, 1, MONDAY),
]
DONE = Backfilled(2, 10, 20, 3, 14, 1, 12, 0, ())
ROUGH = replace(DONE, waiting=2, problems=(build.PROBLEM,) * 30)
DAEMON = Daemon(
    77, MONDAY, MONDAY + timedelta(hours=2), "waiting", HOSTILE, MONDAY, 5, 1, 2, 3, 1, 9, MONDAY, disk_full=True
)

ANSWERS: dict[str, Callable[[], RenderableType]] = {
    "followed": lambda: collecting.followed(FOLLOWED),
    "nothing followed": lambda: collecting.followed([]),
    "removed": lambda: collecting.removed(READ),
    "a wish removed": lambda: collecting.removed(WISH),
    "suggestions": lambda: collecting.suggestions(SUGGESTED),
    "no suggestions": lambda: collecting.suggestions([]),
    "backfilled": lambda: collecting.backfilled(DONE),
    "backfilled with trouble": lambda: collecting.backfilled(ROUGH),
    "stats with a daemon": lambda: terminal.stats(replace(build.STATS, daemon=DAEMON)),
}


def printed(answer: RenderableType, width: int = 120) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, emoji=False).print(answer, crop=False)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_at_every_width(name: str, width: int) -> None:
    text = printed(ANSWERS[name](), width)
    assert text.strip()
    assert is_harmless(text)
    assert too_wide(text, width) == []


def test_how_a_channel_stands_is_said_in_words() -> None:
    plain = replace(READ, channel=replace(NEWS, title="News"))
    text = printed(collecting.followed([plain, replace(plain, joined=True)]))
    first, number, second, _ = text.splitlines()[1:]
    assert first.split("  ")[0] == "News"
    assert "2024-12-23 12:00:00 UTC" in first
    assert first.rstrip().endswith("read without joining")
    assert number.strip() == "1700000001"
    assert second.rstrip().endswith("joined")
    asked = printed(collecting.followed([replace(WISH, asked="@later")]))
    assert "not asked yet" in asked
    assert "waits for Telegram" in asked
    troubled = printed(collecting.followed([replace(plain, trouble="it is private", retry_at=MONDAY)]), 160)
    assert "it is private; tried again 2024-12-23 12:00:00 UTC" in troubled
    assert "it is private; tried again soon" in printed(collecting.followed([replace(plain, trouble="it is private")]))


def test_nothing_to_show_says_what_to_do() -> None:
    assert "channels add @NAME" in printed(collecting.followed([]))
    assert "No post credits" in printed(collecting.suggestions([]))


def test_what_is_removed_stays_archived() -> None:
    assert printed(collecting.removed(replace(READ, channel=replace(NEWS, title="News")))) == (
        "«News» is followed no longer. What was archived of it stays.\n"
    )
    assert printed(collecting.removed(replace(WISH, asked="@later"))).startswith("@later is followed no longer")


def test_a_suggestion_can_be_copied_into_the_next_command() -> None:
    text = printed(collecting.suggestions(SUGGESTED))
    assert "@source" in text
    assert "1700000010" in text
    assert "channels add @NAME" in text


def test_a_backfill_says_what_it_could_not_have() -> None:
    good, rough = printed(collecting.backfilled(DONE)), printed(collecting.backfilled(ROUGH))
    assert "10 new, 20 known, 3 changed" in good
    assert "14 in these posts, 12 files new, 1 not kept or not sent" in good
    assert "waiting" not in good
    assert "Problems" not in good
    assert "2 files could not be had yet" in rough
    assert "Problems (30)" in rough
    assert "and 10 more" in rough


def test_the_daemon_is_told_in_one_line() -> None:
    daemon = replace(DAEMON, detail="Telegram asks to wait")
    assert daemon.words == (
        "waiting at 2024-12-23 14:00:00 UTC, 5 channels, Telegram asks to wait, 1 cannot be read, "
        "2 with history to fetch, 3 files to download, downloads wait for disk space"
    )
    fine = Daemon(1, MONDAY, MONDAY, "connected", channels=2)
    assert fine.words == "connected at 2024-12-23 12:00:00 UTC, 2 channels"
    assert "Daemon: waiting" in printed(terminal.stats(replace(build.STATS, daemon=daemon)))
    assert "Daemon" not in printed(terminal.stats(build.STATS))


# For programs


def document(made: object) -> object:
    text = as_json.dumps(made)
    assert text.isascii()
    return json.loads(text)


def test_the_document_of_what_is_followed() -> None:
    assert document(as_json.followed([replace(JOINED, channel=replace(NEWS, title="News"))])) == {
        "schema": "provenance/channels/1",
        "channels": [
            {
                "asked": "https://t.me/news",
                "channel": {"id": 1700000001, "username": "news", "title": "News", "kind": "channel"},
                "joined": True,
                "since": "2024-12-14T12:00:00Z",
                "added_at": "2024-12-23T12:00:00Z",
                "checked_at": "2024-12-23T12:00:00Z",
                "trouble": None,
                "retry_at": None,
            }
        ],
    }
    made = as_json.followed([WISH, TROUBLED])["channels"]
    assert [each["channel"] and each["channel"]["title"] for each in made] == [None, NEWS.title]
    assert [(each["asked"], each["trouble"], each["retry_at"]) for each in made] == [
        (HOSTILE, None, None),
        ("@news", HOSTILE, "2024-12-23T13:00:00Z"),
    ]
    assert document(as_json.followed([])) == {"schema": "provenance/channels/1", "channels": []}
    assert document(as_json.followed(FOLLOWED))


def test_the_document_of_suggestions() -> None:
    assert document(as_json.suggestions(SUGGESTED[:2])) == {
        "schema": "provenance/suggestions/1",
        "suggestions": [
            {
                "channel": {"id": 1700000009, "username": "source", "title": HOSTILE, "kind": "channel"},
                "posts": 12,
                "channels": 3,
                "latest": "2024-12-23T12:00:00Z",
            },
            {
                "channel": {"id": 1700000010, "username": None, "title": None, "kind": "channel"},
                "posts": 1,
                "channels": 1,
                "latest": None,
            },
        ],
    }


def test_the_document_of_a_backfill() -> None:
    assert document(as_json.backfilled(replace(ROUGH, problems=(build.PROBLEM,)))) == {
        "schema": "provenance/backfill/1",
        "channels": 2,
        "posts": {"new": 10, "known": 20, "changed": 3},
        "images": {"new": 12, "named": 14, "missing": 1, "waiting": 2},
        "problems": [{"where": HOSTILE, "what": HOSTILE}],
    }
    assert as_json.backfilled(DONE)["problems"] == []


def test_the_document_of_stats_tells_of_the_daemon() -> None:
    stats: Stats = replace(build.STATS, daemon=DAEMON)
    made = document(as_json.stats(stats))
    assert isinstance(made, dict)
    assert made["daemon"] == {
        "pid": 77,
        "started_at": "2024-12-23T12:00:00Z",
        "updated_at": "2024-12-23T14:00:00Z",
        "state": "waiting",
        "detail": HOSTILE,
        "connected_at": "2024-12-23T12:00:00Z",
        "channels": 5,
        "troubled": 1,
        "behind": 2,
        "downloads": 3,
        "downloads_troubled": 1,
        "posts": 9,
        "last_post_at": "2024-12-23T12:00:00Z",
        "disk_full": True,
    }
    assert as_json.stats(build.STATS)["daemon"] is None
