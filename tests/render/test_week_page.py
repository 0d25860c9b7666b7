"""What the page of a week shows in full and what it folds: nothing is lost without a word."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from provenance.core import chain, changed, weekly
from provenance.core.changed import Changed
from provenance.core.doubts import Doubt
from provenance.core.evidence import Evidence
from provenance.core.metadata import Level
from provenance.core.model import Sighting
from provenance.core.weekly import Report
from provenance.render import html, week_page
from tests.cli.conftest import HOSTILE, MONDAY, is_harmless
from tests.core.build import channel, file
from tests.render import build
from tests.render.test_html import Page


def post(picture: int, number: int, hours: float, **more: Any) -> Sighting:
    more = {"channel": channel(number), "message_id": picture, "file": file(picture, seed=picture)} | more
    return build.seen(number, hours / 24, **more)


def week_of(pictures: int, posts: int = 2, **more: Any) -> Report:
    """So many pictures, each in as many channels an hour apart."""
    chains = {
        picture: chain.build([post(picture, number, number, **more) for number in range(1, posts + 1)])
        for picture in range(1, pictures + 1)
    }
    return weekly.build(build.WEEK, chains.items(), pictures * posts, (), build.COVERAGE)


@pytest.fixture(scope="module")
def many() -> Report:
    return week_of(week_page.FULL + week_page.PAGE + 7)


def words(made: Report) -> str:
    text = html.report(made, {}).replace("<td", " <td").replace("<br>", " <br>")
    return " ".join(Page(text).text.split())


def test_the_rest_is_one_line_each_and_folded(many: Report) -> None:
    page = Page(html.report(many, {}))
    assert page.wrong == []
    assert len(page.all("article")) == week_page.FULL
    said = " ".join(page.text.split())
    assert f"{week_page.PAGE + 7} more pictures, one line each:" in said
    assert "Pictures 31 to 530 of this list" in said
    assert "Pictures 531 to 537 of this list" in said
    shown = {int(each["id"].removeprefix("picture-")) for each in page.all("article")}
    lines = {int(number) for number in re.findall(r'<td data-label="Picture">(\d+)</td>', html.report(many, {}))}
    assert shown | lines == set(range(1, week_page.FULL + week_page.PAGE + 8))


def test_what_there_is_no_room_for_is_counted(monkeypatch: pytest.MonkeyPatch, many: Report) -> None:
    monkeypatch.setattr(week_page, "ROWS", 10)
    _, reposted = week_page.parts(many)
    assert (reposted.folded, reposted.left_out) == (10, week_page.PAGE - 3)
    assert f"{week_page.PAGE - 3} more: the JSON of this report holds them all." in words(many)


def test_the_posts_of_one_picture_are_folded() -> None:
    made = week_of(1, week_page.POSTS + week_page.FOLDED + 5)
    said = words(made)
    assert f"{week_page.FOLDED + 5} more posts of picture 1" in said
    assert "5 more: the JSON" in said
    page = Page(html.report(made, {}))
    assert len([each for each in page.all("tr") if each.get("class") == "first"]) == 1


def test_only_what_is_shown_gets_a_thumbnail(many: Report) -> None:
    shown = week_page.pictured(many)
    assert len(shown) == week_page.FULL
    text = html.report(many, dict.fromkeys(shown, b"jpeg"))
    assert text.count("data:image/jpeg") == week_page.FULL


def test_a_picture_of_both_lists_is_shown_once_and_linked() -> None:
    page = Page(html.report(build.report(), {}))
    assert [each["id"] for each in page.all("article")] == ["picture-7"]
    assert {each["href"] for each in page.all("a") if each["href"].startswith("#")} == {"#picture-7"}


def test_old_and_new_stand_side_by_side() -> None:
    seen = [build.seen(1, -400, channel=build.OLD, text="Old words"), build.seen(2, 0, text="New words")]
    page = html.report(build.report(*seen), {})
    start = page.index('<div class="pair">')
    pair = " ".join(Page(page[start : page.index("<table", start)]).text.split())
    assert re.search(r"Then: 2023-11-19 12:00:00 UTC .* Old words .*Now: 2024-12-23 12:00:00 UTC .* New words", pair)
    assert "first seen in this archive, post time" in pair


def test_the_week_of_each_channel_stands_on_top() -> None:
    page = html.report(build.report(), {})
    told = "Channels: 2. Their whole week is archived: 0; a part of it: 1; there are no posts in it: 0;"
    assert " ".join(page.split()).index(told) < " ".join(page.split()).index('id="recycled"')
    said = words(build.report())
    assert "not covered: nothing newer than 2024-12-23 12:00 UTC was asked for" in said
    assert "3 post numbers not asked for" in said
    assert "6 post numbers were not asked for" in said


def test_drawings_have_names_of_their_own() -> None:
    made = replace(week_of(12, 5), hours=build.report().hours)
    drawn = week_page.facts(made)["drawings"]
    assert isinstance(drawn, dict)
    assert len(drawn) == week_page.DRAWN
    page = Page(html.report(made, {}))
    assert len(page.all("svg")) == 2 * week_page.DRAWN + 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_matrix_and_the_delays() -> None:
    said = words(week_of(3, 3))
    assert "Rows were first, columns came after" in said
    assert "does not say that it copied" in said
    assert "Channel 1 Channel 2 3 1 h" in said
    assert "Channel 1 Channel 3 3 2 h" in said


def test_banners_have_a_list_of_their_own() -> None:
    same = [post(1, 1, number, message_id=number) for number in range(1, 5)]
    made = weekly.build(build.WEEK, [(1, chain.build(same))], 4, (), build.COVERAGE)
    said = words(made)
    assert "Shown again and again by one channel alone (1)" in said
    assert "Reposted within the week (0) None." in said
    assert "one channel alone" not in words(week_of(1))


def test_doubts_are_grouped_and_folded() -> None:
    seen = build.seen(2, 0)
    doubts = tuple(Doubt(seen, "kind", Level.WARNING, HOSTILE) for _ in range(week_page.MOST + 9))
    text = html.report(replace(build.report(), doubts=doubts), {})
    said = " ".join(Page(text).text.split())
    assert f"kind (warning; {week_page.MOST + 9} posts)" in said
    assert "9 more: the JSON" in said
    assert is_harmless(text)


def test_what_the_report_before_did_not_say() -> None:
    said = words(build.report())
    assert "What this report says that the one before did not" in said
    assert "Since the report of 2024-12-23 12:00:00 UTC the archive has learnt more of this week. Posts: +2." in said
    assert "Pictures added: 1, no longer told: 1, changed: 1." in said
    assert "What this report says that" not in words(week_of(1))


def test_times_of_another_zone_stand_beside_utc() -> None:
    from zoneinfo import ZoneInfo

    made = week_of(1)
    local = replace(made, week=replace(made.week, zone=ZoneInfo("Europe/Kyiv")))
    said = words(local)
    at = MONDAY + timedelta(hours=1)
    assert f"{at:%Y-%m-%d %H:%M:%S} UTC {at + timedelta(hours=2):%Y-%m-%d %H:%M:%S} Europe/Kyiv" in said
    assert "Europe/Kyiv" not in words(made)


def test_an_altered_copy_stands_beside_the_first_seen_with_the_part_drawn() -> None:
    crop = build.part(mirrored=False, matrix=(0.5, 0.0, 0.25, 0.0, 0.5, 0.25))
    seen = [build.seen(1, -400, channel=build.OLD), build.seen(2, 0, file=file(2, seed=2))]
    made = weekly.build(build.WEEK, [(7, chain.build(seen, Evidence([(1, 2, crop)])))], 1, (), build.COVERAGE)
    assert [match.matrix for _, _, match in made.altered] == [crop.matrix]
    page = Page(html.report(made, dict.fromkeys(week_page.pictured(made), b"jpeg")))
    outlines = [each["points"] for each in page.all("polygon") if each["class"] == "over"]
    assert outlines == ["0.0,0.0 480.0,0.0 480.0,320.0 0.0,320.0", "120.0,80.0 360.0,80.0 360.0,240.0 120.0,240.0"]
    assert not Page(html.report(made, {})).all("polygon"), "without a picture there is nothing to draw on"


def test_long_rankings_are_folded_and_counted() -> None:
    said = words(replace(week_of(1), repeaters=tuple((channel(number), 1) for number in range(week_page.MOST + 4))))
    ranking = said[said.index("Showed them later in the archive") : said.index("Altered copies")]
    assert f"{week_page.MOST - week_page.LISTED} more channels" in ranking
    assert "4 more: the JSON of this report holds them all." in ranking


def test_pictures_that_are_shown_are_linked_and_others_are_numbers() -> None:
    made = week_of(week_page.FULL + 1, 3)
    text = html.report(made, {})
    fastest = text[text.index('id="fastest"') : text.index('id="first"')]
    assert '<a href="#picture-1">1</a>' in fastest
    assert f"#picture-{week_page.FULL + 1}" not in text
    assert f">{week_page.FULL + 1}</td>" in fastest


def test_the_days_of_the_week_and_whether_it_is_over() -> None:
    said = words(build.report())
    assert "Monday, 2024-12-23 to Sunday, 2024-12-29, in UTC." in said
    assert "This week was not over" not in said
    assert "This week was not over" in words(replace(build.report(), over=False))


def test_an_empty_week_says_so() -> None:
    said = words(build.EMPTY_REPORT)
    assert "No post of this week is archived." in said
    assert "0 posts carried" not in said
    assert "Pictures shown first" not in said


def test_what_a_changed_post_was_before_and_since() -> None:
    before, now = build.seen(8, 0), build.seen(9, 0, file=file(9, seed=9))
    change = Changed(now, changed.SWAPPED_IN, MONDAY, before, "Old words", "New words")
    made = replace(build.report(), changed=(change,))
    assert {before.file.sha256, now.file.sha256} <= week_page.pictured(made)
    said = words(made)
    part = said[said.index("Image posts changed") : said.index("How to read this")]
    assert re.search("before:.*since:.*picture swapped in.*before: Old words since: New words", part)
