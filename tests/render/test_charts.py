"""The pictures of the pages, from what core says is to be seen."""

import re
import subprocess
import sys
from datetime import UTC, timedelta
from xml.etree.ElementTree import fromstring
from zoneinfo import ZoneInfo

from provenance.core.model import Sighting
from provenance.core.rhythm import hours, spread
from provenance.core.timeline import Timeline, timeline
from provenance.render import charts
from tests.core.build import NOON, channel, hour, sighting
from tests.render import build


def made(*given: Sighting) -> Timeline:
    laid_out = timeline(build.built(*given))
    assert laid_out is not None
    return laid_out


def text(svg: str) -> str:
    return " ".join("".join(fromstring(svg).itertext()).split())


def test_a_chain_is_drawn_with_its_names_and_its_legend() -> None:
    svg = charts.timeline(made(), "one")
    words = text(svg)
    assert "first seen" in words
    assert "<script>" in words
    assert "<script" not in svg
    assert "4 posts in 3 channels, from 2023-08" in words
    assert "altered reupload" in words
    assert "silent copy" not in words, "the legend names what there is"
    assert svg == charts.timeline(made(), "one")


def test_what_is_not_archived_is_hollow_and_told() -> None:
    words = text(charts.timeline(made(*build.unarchived("an upload")), "one"))
    assert "not archived" in words
    assert "First seen: elsewhere on Telegram" in words


def test_a_chain_of_five_hundred_is_small_and_says_what_it_leaves_out() -> None:
    posts = [
        sighting(hour(number / 7), channel=channel(number), message_id=number, attachment_id=number)
        for number in range(1, 501)
    ]
    svg = charts.timeline(made(*posts), "one")
    assert len(svg) < 200_000
    assert "471 more channels" in text(svg)
    assert re.search(r"\d+ links are not drawn", text(svg))
    height = float(fromstring(svg).attrib["viewBox"].split()[3])
    assert height < 900


def test_times_are_those_of_the_zone() -> None:
    one = made(sighting(NOON))
    local = charts.timeline(one, "one", ZoneInfo("Europe/Kyiv"))
    assert "14:00:00" in text(local)
    assert "Times in the zone Europe/Kyiv." in [each.text for each in fromstring(local).iter() if "text" in each.tag]
    assert "12:00:00" in text(charts.timeline(one, "one"))


def test_the_hours_of_a_week() -> None:
    words = text(charts.heat(hours([NOON, NOON, NOON + timedelta(days=1)], UTC), "heat"))
    assert "3 posts by weekday and hour in the zone UTC; most on Tuesday from 12:00: 2." in words
    assert "0 posts by weekday" in text(charts.heat(hours([], UTC), "heat"))


def test_the_spread_of_a_picture() -> None:
    words = text(charts.spread(spread(build.sightings()), "spread"))
    assert "4 posts" in words
    assert "3 channels" in words
    assert "1 post" in text(charts.spread(spread([sighting()]), "spread"))


def test_a_lookup_without_a_page_does_not_load_matplotlib() -> None:
    code = "import sys, provenance.app.lookup, provenance.render.terminal, provenance.cli.answer; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "provenance.app.lookup" in loaded
    assert "matplotlib" not in loaded
