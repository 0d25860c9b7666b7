"""The table for spreadsheets: no cell is a formula, whatever the spreadsheet splits at."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provenance.core.doubts import of_times
from provenance.core.model import ForwardHeader
from provenance.render.csv import cell, report
from tests.cli.conftest import HOSTILE, MONDAY, is_harmless
from tests.core.build import channel, file
from tests.render import build

STARTS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
dangerous = st.text(st.sampled_from(STARTS + ' ;,"\n\u00a0\u3000\x0b\x0cx1') | st.characters())


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


@given(dangerous)
@example("=1+1")
@example("  =1+1")
@example("a;=1+1")
@example("a; \t@x")
@example("\n=1+1")
@example(";;=1")
@example("\u200b=1")
def test_no_cell_is_a_formula(text: str) -> None:
    shown = cell(text)
    assert is_harmless(shown)
    for part in shown.split(";"):
        assert part.strip()[:1] not in set(STARTS), (text, shown)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=50))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_long_texts_are_cut() -> None:
    assert len(cell("x" * 10_000_000)) <= 1_001


@pytest.mark.parametrize("start", STARTS)
def test_a_whole_table_of_formulas(start: str) -> None:
    words = f"{start}cmd|'/C calc'!A0\",\";{start}1\n{start}2"
    forward = ForwardHeader(name=words)
    hostile = channel(1500000009, words)
    seen = [build.seen(1, -30, channel=hostile, text=words), build.seen(2, 1, text=words, forward=forward)]
    text = report(build.report(*seen))
    assert text.startswith("\ufeff")
    header, *body = rows(text)
    assert len(body) == 2
    assert {len(row) for row in body} == {len(header)}
    for row in body:
        for name, value in zip(header, row, strict=True):
            assert not value.strip() or value.strip()[0] not in STARTS, (name, value)
    for row in rows(text, ";"):
        assert all(each.strip('" ')[:1] not in set(STARTS) for each in row)


def test_the_table_of_a_report() -> None:
    text = report(build.report())
    header, *body = rows(text)
    table = [dict(zip(header, row, strict=True)) for row in body]
    assert header[:4] == ["week", "list", "picture", "role"]
    assert [(row["list"], row["role"], row["message_id"]) for row in table] == [
        ("reposted", "first seen", "1"),
        ("reposted", "this week", "2"),
        ("reposted", "this week", "3"),
        ("recycled", "first seen", "1"),
        ("recycled", "this week", "2"),
        ("recycled", "this week", "3"),
    ]
    numbers = ("picture", "channel_id", "message_id", "distance", "rotated")
    assert all(re.fullmatch(r"\d+", row[name]) for row in table for name in numbers)
    assert {row["first_seen_at"] for row in table} == {"2023-11-19T12:00:00Z"}
    assert all(re.fullmatch(r"https://t\.me/c/\d+/\d+", row["url"]) for row in table)
    assert table[1]["forwarded_from"].startswith("'=cmd|")
    assert HOSTILE not in text
    assert is_harmless(text.replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("known", "url"), [("a post", "https://t.me/c/1500000009/77"), ("a name", ""), ("an upload", "")]
)
def test_the_table_of_a_first_seen_that_is_not_archived(known: str, url: str) -> None:
    week = build.unarchived(known)
    header, *body = rows(report(build.report(*week)))
    table = [dict(zip(header, row, strict=True)) for row in body]
    assert [(row["list"], row["role"], row["message_id"]) for row in table] == [
        (name, role, message_id)
        for name in ("reposted", "recycled")
        for role, message_id in (("first archived", "2"), ("this week", "3"))
    ]
    assert {(row["first_seen_at"], row["first_seen_url"]) for row in table} == {("2023-08-11T12:00:00Z", url)}
    # The same where the first archived one is of another week.
    older = [build.seen(1, -30, **build.UNARCHIVED[known]), build.seen(3, 1)]
    header, *body = rows(report(build.report(*older)))
    assert [row[header.index("role")] for row in body] == ["first archived", "this week"]


def test_a_negative_id_stays_a_number() -> None:
    claimed = MONDAY.replace(year=2020)
    folder = build.seen(1, 0, channel=build.FOLDER, posted_at=None, claimed_at=claimed)
    local = build.seen(2, 1, posted_at=None, claimed_at=MONDAY)
    header, *body = rows(report(build.report(folder, local)))
    assert {row[header.index("channel_id")] for row in body} == {"-77", str(build.NEW.id)}


def test_what_is_altered_old_or_doubtful_stands_in_its_line() -> None:
    turned = file(2, flipped=2)
    turned = replace(turned, codes=turned.codes[128:] + turned.codes[:128])
    made = build.report(build.seen(1, -400), build.seen(2, 0, file=turned, uploaded_at=MONDAY + timedelta(hours=1)))
    doubts = of_times(made.recycled[0].this_week)
    header, *body = rows(report(replace(made, doubts=tuple(doubts))))
    first, copy = (dict(zip(header, row, strict=True)) for row in body)
    assert (first["altered"], copy["altered"]) == ("", "transformed, mirrored, 1 of 256 bits differ")
    assert copy["age_seconds"] == str(400 * 86_400 + 3600)
    assert (first["doubts"], copy["doubts"]) == ("", "uploaded after the post's time")


def test_an_empty_week_is_a_header() -> None:
    assert len(rows(report(build.EMPTY_REPORT))) == 1
