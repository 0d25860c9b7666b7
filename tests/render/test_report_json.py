"""The report's document, and what a later report reads back of it."""

import json
from typing import Any

import pytest

from provenance.render import as_json, report_json
from tests.cli.conftest import HOSTILE
from tests.render import build


def test_a_report() -> None:
    document = report_json.report(build.report())
    assert (document["from"], document["to"]) == ("2024-12-23T00:00:00Z", "2024-12-30T00:00:00Z")
    assert document["totals"] == {
        "posts": 3, "images": 2, "pictures": 1, "new": 0, "reposted": 1, "recycled": 1, "repeated": 0, "altered": 0,
    }  # fmt: skip
    (repost,) = document["reposted"]
    assert (repost["picture"], repost["channels"], repost["spread_seconds"]) == (7, 1, 86400)
    assert [each["message_id"] for each in repost["this_week"]] == [2, 3]
    assert document["recycled"][0]["age_seconds"] == 400 * 86400
    assert document["originators"] == [{"channel": document["originators"][0]["channel"], "pictures": 1}]
    assert document["repeaters"][0]["sightings"] == 2
    assert {each["change"] for each in document["changed"]} == {"edited", "deleted"}
    assert [(each["state"], each["unknown_ids"]) for each in document["channel_weeks"]] == [
        ("not_covered", 3),
        ("partly", 3),
    ]
    assert sum(map(sum, document["hours"]["counts"])) == 1
    assert document["since_last"]["changed"] == [{"picture": 7, "what": HOSTILE}]
    assert document["timezone"] == "UTC"


def test_what_was_written_is_read_back() -> None:
    for made in (
        build.report(),
        build.EMPTY_REPORT,
        *(build.report(*build.unarchived(each)) for each in build.UNARCHIVED),
    ):
        text = as_json.dumps(report_json.report(made))
        assert report_json.read_back(text, made) == (made.snapshot, made.revision)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"schema": "provenance/report/1"}', "[" * 100_000, "\x00"],
)
def test_what_is_no_report_is_not_compared(text: str) -> None:
    assert report_json.read_back(text, build.report()) is None


def test_a_report_with_parts_missing_or_wrong_is_not_compared() -> None:
    made = build.report()
    document = json.loads(as_json.dumps(report_json.report(made)))
    mistakes: list[dict[str, Any]] = [
        {"totals": {}}, {"reposted": [{}]}, {"recycled": 5}, {"since_last": []}, {"since_last": {"made_at": "soon"}},
        {"week": "2024-W51"}, {"timezone": "Europe/Kyiv"}, {"settings": document["settings"] | {"everything": True}},
    ]  # fmt: skip
    for wrong in mistakes:
        assert report_json.read_back(json.dumps(document | wrong), made) is None, wrong
    assert report_json.read_back(json.dumps(document | {"a new key": 1}), made) is not None
