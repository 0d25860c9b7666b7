"""The documents: keys as the contract has them, times in UTC with Z, ASCII only."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provenance.core.answers import ShowAnswer
from provenance.core.model import ForwardHeader, PeerKind
from provenance.render import as_json, report_json
from tests.cli.conftest import HOSTILE, MONDAY, is_harmless
from tests.render import build

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
@example(["\ud800", "\udc00x", 1e400, -0.0, 10**30])
def test_a_document_is_ascii_and_whole(document: Any) -> None:
    text = as_json.dumps(document)
    assert text == json.dumps(document, indent=2) + "\n"
    assert text.isascii()
    assert is_harmless(text)
    assert text.endswith("\n")
    assert json.loads(text) == document


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (None, None),
        (MONDAY, "2024-12-23T12:00:00Z"),
        (datetime(2024, 12, 24, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2024-12-23T20:00:00Z"),
        (datetime(2024, 12, 23, 12, 0, 0, 999_999, tzinfo=UTC), "2024-12-23T12:00:00Z"),
        (datetime(999, 1, 1, tzinfo=UTC), "0999-01-01T00:00:00Z"),
    ],
)
def test_times(at: datetime | None, text: str | None) -> None:
    assert as_json.time(at) == text


def test_a_lookup() -> None:
    document = as_json.lookup(build.lookup())
    assert document["found"] is True
    assert document["first_seen"]["message_id"] == 1
    assert document["first_seen"]["at"] == "2023-11-19T12:00:00Z"
    assert [each["message_id"] for each in document["sightings"]] == [4, 1, 2, 3]
    assert document["sightings"][0]["basis"] == "claimed"
    assert document["sightings"][2]["forwarded_from"] == {
        "name": HOSTILE, "id": 9, "username": None, "kind": "channel", "message_id": None, "at": None,
        "imported": False,
    }  # fmt: skip
    assert document["sightings"][3]["deleted_seen_at"] == "2024-12-23T12:00:00Z"
    assert [each["match"]["confidence"] for each in document["possible"]] == ["possible"]
    assert HOSTILE in document["warnings"]
    assert json.loads(as_json.dumps(document)) == document
    assert len(as_json.lookup(build.lookup(limit=2))["sightings"]) == 2


NOBODY = {"id": None, "username": None, "title": None, "kind": None}
POST = {"id": 1500000009, "username": None, "title": HOSTILE, "kind": "channel"}
PERSON = {"id": 5, "username": None, "title": HOSTILE, "kind": "user"}
URL = "https://t.me/c/1500000009/77"


@pytest.mark.parametrize(
    ("known", "ref", "channel", "message_id", "url", "basis"),
    [
        ("a post", "1500000009/77", POST, 77, URL, "forward_header"),
        ("a person", "5", PERSON, None, None, "forward_header"),
        ("a name", HOSTILE, None, None, None, "forward_header"),
        ("an upload", "media 123", None, None, None, "uploaded"),
    ],
)
def test_a_first_seen_that_is_not_archived(
    known: str, ref: str, channel: dict[str, Any] | None, message_id: int | None, url: str | None, basis: str
) -> None:
    document = as_json.lookup(build.lookup(*build.unarchived(known)))
    first = document["first_seen"]
    (warning,) = first.pop("warnings")
    at = "2023-08-11T12:00:00Z"
    place = {"message_id": message_id, "url": url, "at": at, "basis": basis}
    assert first == {"channel": channel or NOBODY, "archived": False, **place}
    assert "not archived" in warning
    proof = f"{build.NEW.id}/2"
    assert document["chain"]["unarchived"] == [{"ref": ref, "channel": channel, "proved_by": proof, **place}]
    assert [each["message_id"] for each in document["sightings"]] == [2, 3]
    source = ref if basis == "forward_header" else proof
    assert [each["from"] for each in document["chain"]["links"]] == [source, *[proof] * (source == ref)]
    repost = report_json.report(build.report(*build.unarchived(known)))["recycled"][0]
    assert repost["first_seen"] == document["first_seen"] | {"warnings": [warning], "ref": ref}
    assert repost["age_seconds"] == 500 * 86400


def test_an_upload_after_the_named_posts_time_is_telegrams_word() -> None:
    swapped = build.seen(2, 0, uploaded_at=MONDAY - timedelta(days=100), **build.UNARCHIVED["a post"])
    document = as_json.lookup(build.lookup(swapped))
    assert (document["first_seen"]["basis"], document["first_seen"]["message_id"]) == ("uploaded", 77)
    assert [(each["basis"], each["ref"]) for each in document["chain"]["unarchived"]] == [("uploaded", "1500000009/77")]


def test_a_first_seen_that_is_archived() -> None:
    document = as_json.lookup(build.lookup())
    assert (document["first_seen"]["archived"], document["first_seen"]["basis"]) == (True, "posted")
    assert document["first_seen"]["channel"] == {
        "id": 1500000001, "username": None, "title": build.OLD.title, "kind": "channel",
    }  # fmt: skip
    assert document["chain"]["unarchived"] == []


def test_what_telegram_says_of_a_post_is_told() -> None:
    forward = ForwardHeader("Daily", PeerKind.CHANNEL, 9, 7, MONDAY, imported=True, username="daily")
    (told,) = as_json.lookup(build.lookup(build.seen(1, 0, scheduled=True, forward=forward)))["sightings"]
    assert told["scheduled"] is True
    assert told["forwarded_from"] == {
        "name": "Daily", "id": 9, "username": "daily", "kind": "channel", "message_id": 7,
        "at": "2024-12-23T12:00:00Z", "imported": True,
    }  # fmt: skip


def test_a_lookup_that_found_nothing() -> None:
    document = as_json.lookup(build.lookup(found=False))
    assert (document["found"], document["first_seen"], document["sightings"]) == (False, None, [])
    assert document["chain"] == {"picture": None, "links": [], "unarchived": []}
    assert document["possible"], "candidates change neither found nor first_seen"


def test_an_image_that_could_not_be_read() -> None:
    document = as_json.refused("a.jpg", "why")
    assert (document["found"], document["suspect"], document["error"]) == (False, {"path": "a.jpg"}, "why")


def test_an_import() -> None:
    assert as_json.imported(1, (1, 2, 3), (4, 5, 6, 7), [build.PROBLEM]) == {
        "schema": "provenance/import/1",
        "channels": 1,
        "posts": {"new": 1, "known": 2, "changed": 3},
        "images": {"new": 4, "known": 5, "missing": 6, "refused": 7},
        "problems": [{"where": HOSTILE, "what": HOSTILE}],
    }


@pytest.mark.parametrize("answer", build.shows(), ids=lambda answer: type(answer).__name__)
def test_what_is_shown(answer: ShowAnswer) -> None:
    document = as_json.show(answer)
    assert document["schema"] == "provenance/show/1"
    assert document["kind"] == type(answer).__name__.removesuffix("Answer").lower()
    assert json.loads(as_json.dumps(document)) == document


def test_upkeep() -> None:
    assert [each["state"] for each in as_json.doctor(build.CHECKS)["checks"]] == ["ok", "broken", "missing"]
    verified = as_json.verified(build.VERIFIED)
    assert (verified["ok"], verified["problems"]) == (False, [{"where": HOSTILE, "what": HOSTILE}])
    stats = as_json.stats(build.STATS)
    assert stats["last_run"] == {
        "command": "import folder", "started_at": "2024-12-23T12:00:00Z", "outcome": "done",
    }  # fmt: skip
    covered = as_json.channel_coverage([build.coverage()], build.COVERAGE)
    assert covered["channels"][0]["gaps"] == [{"after_id": 6, "before_id": 8}]
    assert covered["total"]["earliest"] == "2024-12-23T12:00:00Z"
