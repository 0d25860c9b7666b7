"""`login`, `logout`, `channels`, `backfill`, `watch`: real processes that speak to a data centre over sockets."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provenance.app import clock
from provenance.app.collect import status
from provenance.core.answers import Daemon
from provenance.sources.telegram import session
from tests.app.conftest import jpeg
from tests.cli.conftest import HOSTILE, Outcome, as_process, command, in_process, is_harmless, keys, too_wide
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel

HASH = "0123456789abcdef" * 2
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
INTERRUPTED = "provenance: Interrupted. What was archived is whole; run the command again to go on.\n"


@pytest.fixture
def dc() -> Iterator[DataCentre]:
    with DataCentre() as centre:
        yield centre
        assert centre.errors == []
        assert not centre.unknown


@pytest.fixture
def home(dc: DataCentre, tmp_path: Path) -> Path:
    """An archive's folder with settings that name the data centre, and nothing else."""
    folder = tmp_path / "archive"
    folder.mkdir()
    dc.write_key(folder / "dc.pem")
    settings(folder, dc.address)
    return folder


def settings(folder: Path, address: str, more: str = "", key: str = "dc.pem") -> None:
    server = f'{{dc = 2, address = "{address}", public_key_file = "{key}"}}'
    text = f"[images]\nworkers = 1\n[telegram]\nrequests_per_minute = 60000\nserver = {server}\n{more}\n"
    (folder / "provenance.toml").write_text(text)


@pytest.fixture
def signed_in(dc: DataCentre, home: Path) -> Path:
    """The folder with a session that is logged in."""
    place = session_file(home)
    place.parent.mkdir(mode=0o700)
    dc.sign_in(place)
    place.chmod(0o600)
    session.remember(place, 1, HASH)
    return home


def session_file(home: Path) -> Path:
    return home / "telegram" / "provenance.session"


def typed(home: Path, *lines: str) -> Outcome:
    """Log in with these lines on standard input."""
    text = "".join(f"{line}\n" for line in lines)
    line = command("login", archive=home)
    done = subprocess.run(line, input=text, capture_output=True, text=True, timeout=60, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Logging in and out


def test_login_and_logout(dc: DataCentre, home: Path) -> None:
    said = typed(home, "1", HASH, dc.phone, dc.code)
    assert (said.status, said.err) == (0, "")
    assert said.out == f"Logged in as Test Account. The session is {session_file(home)}; keep it to yourself.\n"
    assert mode(home / "telegram") == 0o700
    assert mode(session_file(home)) == 0o600
    assert [path.name for path in (home / "telegram").iterdir() if mode(path) & 0o077 and path.suffix != ".lock"] == []
    assert in_process("doctor", "--json", archive=home).status == 0
    said = as_process("logout", archive=home)
    assert (said.status, said.out, said.err) == (0, "Logged out.\n", "")
    assert not session_file(home).exists()
    again = as_process("logout", archive=home)
    assert (again.status, again.is_one_line) == (2, True)
    assert f"provenance --archive {home} login" in again.err


def test_login_with_a_second_factor_and_an_api_id_from_the_settings(dc: DataCentre, home: Path) -> None:
    dc.password = "correct horse"  # noqa: S105 - of nobody
    settings(home, dc.address, f'api_id = 7\napi_hash = "{HASH}"')
    said = typed(home, dc.phone, "99999", dc.code, "wrong horse", "correct horse")
    assert said.status == 0
    assert said.err.splitlines() == [
        "Telegram does not accept this code; try again.",
        "Telegram does not accept this password; try again.",
    ]
    assert "correct horse" not in said.out
    assert any(key.authorised for key in dc.keys.values())


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["1", HASH, "+10000000000", "1", "2", "3"], "PHONE_CODE_INVALID"),
        (["1", HASH, "+19999999999"], "PHONE_NUMBER_INVALID"),
        (["1", HASH, "+10000000000"], "code"),
        (["abc"], "api id"),
        ([], "api id"),
    ],
    ids=["code", "phone", "too few lines", "no number", "no lines"],
)
def test_a_login_that_fails_says_why_in_a_line(
    home: Path, lines: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    said = in_process("login", archive=home)
    assert (said.status, said.out) == (2, "")
    assert words in said.err.splitlines()[-1]
    assert "Traceback" not in said.err


def test_a_telegram_that_is_not_there_is_one_line(home: Path) -> None:
    settings(home, "127.0.0.1:1")
    said = typed(home, "1", HASH, "+10000000000")
    assert (said.status, said.is_one_line) == (2, True)
    assert "cannot be reached" in said.err


def test_what_was_to_be_followed_is_remembered_when_telegram_is_not_there(signed_in: Path) -> None:
    settings(signed_in, "127.0.0.1:1")
    said = in_process("channels", "add", "@news", archive=signed_in)
    assert (said.status, said.is_one_line) == (2, True)
    assert "cannot be reached" in said.err
    (each,) = in_process("channels", "list", "--json", archive=signed_in).json["channels"]
    assert (each["asked"], each["channel"]) == ("@news", None)


# Channels


def test_channels_are_added_listed_and_removed(dc: DataCentre, signed_in: Path) -> None:
    news = dc.channel("News", "news", joined=False)
    other = dc.channel(HOSTILE[:120], "other", joined=False)
    added = as_process("channels", "add", "@news", "https://t.me/other", archive=signed_in)
    assert (added.status, added.err) == (0, "")
    assert "News" in added.out
    assert is_harmless(added.out)
    assert too_wide(added.out) == []
    assert mode(session_file(signed_in)) == 0o600
    found = in_process("channels", "list", "--json", archive=signed_in)
    assert (found.status, found.err) == (0, "")
    assert found.json["schema"] == "provenance/channels/1"
    assert [each["channel"]["id"] for each in found.json["channels"]] == [news.id, other.id]
    assert not keys(found.json["channels"][0], "asked", "joined", "since", "checked_at", "trouble", "retry_at")
    assert "read without joining" in in_process("channels", "list", archive=signed_in).out
    removed = in_process("channels", "remove", "News", "--json", archive=signed_in)
    assert [each["asked"] for each in removed.json["channels"]] == ["@news"]
    assert "is followed no longer" in in_process("channels", "remove", "@other", archive=signed_in).out
    assert in_process("channels", "list", "--json", archive=signed_in).json["channels"] == []
    gone = in_process("channels", "remove", "@news", archive=signed_in)
    assert (gone.status, gone.is_one_line) == (2, True)


def test_a_channel_is_joined_and_followed_from_a_date(dc: DataCentre, signed_in: Path) -> None:
    news = dc.channel("News", "news", joined=False)
    words = ("channels", "add", "@news", "--join", "--since", "2024-12-01", "--json")
    (each,) = in_process(*words, archive=signed_in).json["channels"]
    assert (each["joined"], each["since"]) == (True, "2024-12-01T00:00:00Z")
    assert news.joined


def test_a_refused_channel_is_a_line_and_the_others_are_followed(dc: DataCentre, signed_in: Path) -> None:
    dc.channel("News", "news")
    said = as_process("channels", "add", "@nobody", "@news", "@no_one", "--json", archive=signed_in)
    assert said.status == 2
    assert [each["asked"] for each in said.json["channels"]] == ["@news"]
    assert sorted(said.err.splitlines()) == [
        "provenance: @no_one: nobody has this name.",
        "provenance: @nobody: nobody has this name.",
    ]


def test_channels_can_be_added_before_the_login(home: Path) -> None:
    said = in_process("channels", "add", "@news", archive=home)
    assert said.status == 0
    assert "not asked yet" in said.out
    assert said.err.startswith("provenance: Telegram will be asked later.")
    assert f"provenance --archive {home} login" in said.err
    assert said.err.count("\n") == 1


def test_what_names_no_channel_is_one_line(home: Path) -> None:
    said = in_process("channels", "add", "a b", archive=home)
    assert (said.status, said.is_one_line) == (2, True)
    assert "names no channel" in said.err


def test_suggestions(dc: DataCentre, signed_in: Path) -> None:
    news, source = dc.channel("News", "news"), dc.channel("Source", "source")
    for _ in range(3):
        news.post(forward=(source, source.post("original")))
    nothing = in_process("channels", "add", "@news", archive=signed_in)
    assert nothing.status == 0
    assert "No post credits" in in_process("channels", "suggest", archive=signed_in).out
    assert in_process("backfill", archive=signed_in).status == 0
    (each,) = in_process("channels", "suggest", "--json", "--limit", "5", archive=signed_in).json["suggestions"]
    assert (each["channel"]["id"], each["posts"]) == (source.id, 3)
    assert "@source" in in_process("channels", "suggest", archive=signed_in).out


# Backfill


@pytest.fixture
def news(dc: DataCentre, signed_in: Path) -> Channel:
    """A followed channel of 250 posts, a day apart; every fiftieth has a photo."""
    channel = dc.channel("News", "news")
    for number in range(1, 251):
        at = LONG_AGO + timedelta(days=number)
        photo = None if number % 50 else dc.photo(jpeg(number // 50), at)
        channel.post(f"post {number}", photo, date=at, push=False)
    assert in_process("channels", "add", "@news", archive=signed_in).status == 0
    return channel


def counts(home: Path) -> dict[str, int]:
    found: dict[str, int] = in_process("stats", "--json", archive=home).json["counts"]
    return found


def test_a_backfill_for_people_and_once_more_for_programs(news: Channel, signed_in: Path) -> None:
    said = as_process("backfill", archive=signed_in)
    assert (said.status, said.err) == (0, "")
    assert "250 new, 0 known, 0 changed" in said.out
    assert "5 in these posts, 5 files new" in said.out
    again = in_process("backfill", "@news", "--json", archive=signed_in)
    assert (again.status, again.err) == (0, "")
    assert again.json == {
        "schema": "provenance/backfill/1",
        "channels": 1,
        "posts": {"new": 0, "known": 100, "changed": 0},
        "images": {"new": 0, "named": 2, "missing": 0, "waiting": 0},
        "problems": [],
    }
    told = counts(signed_in)
    assert (told["posts"], told["files"], told["pictures"]) == (250, 5, 5)
    assert in_process("verify", archive=signed_in).status == 0
    assert mode(session_file(signed_in)) == 0o600


def test_a_backfill_with_a_limit_and_a_date(news: Channel, signed_in: Path) -> None:
    first = in_process("backfill", "--limit", "7", "--json", archive=signed_in)
    assert first.json["posts"]["new"] == 7
    since = LONG_AGO + timedelta(days=120)
    second = in_process("backfill", "--since", f"{since:%Y-%m-%d}", "--json", archive=signed_in)
    assert (second.status, counts(signed_in)["posts"] < 250) == (0, True)
    (each,) = in_process("coverage", "--json", archive=signed_in).json["channels"]
    assert each["first_message_id"] <= 120
    assert (each["last_message_id"], each["gaps"]) == (250, [])


def test_a_banned_channel_is_a_problem_and_no_failure(dc: DataCentre, news: Channel, signed_in: Path) -> None:
    dc.faults.ban(news)
    said = in_process("backfill", "--json", archive=signed_in)
    assert said.status == 0
    (problem,) = said.json["problems"]
    assert problem["where"] == "@news"
    (each,) = in_process("channels", "list", "--json", archive=signed_in).json["channels"]
    assert "private" in each["trouble"]
    assert "private" in in_process("channels", "list", archive=signed_in).out


@pytest.mark.parametrize("words", [["backfill"], ["watch"], ["logout"]], ids=str)
def test_a_session_in_use_is_one_line(words: list[str], news: Channel, signed_in: Path) -> None:
    with session.held(session_file(signed_in)):
        said = in_process(*words, archive=signed_in)
        assert (said.status, said.is_one_line) == (2, True)
        assert "in use by another process" in said.err
        added = in_process("channels", "add", "@later", archive=signed_in)
    assert added.status == 0
    assert "daemon" in added.err


@pytest.mark.parametrize("words", [["backfill"], ["watch"]], ids=str)
def test_without_a_login_it_is_one_line(words: list[str], home: Path) -> None:
    assert in_process("channels", "add", "@news", archive=home).status == 0
    said = in_process(*words, archive=home)
    assert (said.status, said.is_one_line) == (2, True)
    assert f"provenance --archive {home} login" in said.err


def test_an_account_that_was_lost_is_one_line(dc: DataCentre, news: Channel, signed_in: Path) -> None:
    dc.faults.revoke()
    for words in (["backfill"], ["watch"]):
        said = as_process(*words, archive=signed_in)
        assert (said.status, said.out) == (2, "")
        assert "SESSION_REVOKED" in said.err.splitlines()[-1]
        assert "Traceback" not in said.err


def test_nothing_followed_and_nobody_called_so_are_one_line(news: Channel, signed_in: Path) -> None:
    unknown = in_process("backfill", "@nobody", archive=signed_in)
    assert (unknown.status, unknown.is_one_line) == (2, True)
    in_process("channels", "remove", "@news", archive=signed_in)
    nothing = in_process("backfill", archive=signed_in)
    assert (nothing.status, nothing.is_one_line) == (2, True)
    assert "channels add" in nothing.err


def test_ctrl_c_in_the_middle_ends_with_one_line_and_the_next_time_completes(
    dc: DataCentre, news: Channel, signed_in: Path
) -> None:
    dc.faults.delay("GetHistoryRequest", 0)
    dc.faults.delay("GetHistoryRequest", 30)
    line = command("backfill", archive=signed_in)
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    dc.wait_for("GetHistoryRequest", times=2, timeout=30)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (2, "", INTERRUPTED)
    assert in_process("verify", archive=signed_in).status == 0
    assert counts(signed_in)["posts"] == 100
    assert in_process("stats", "--json", archive=signed_in).json["last_run"]["outcome"] == "interrupted"
    assert in_process("backfill", "--json", archive=signed_in).json["posts"]["new"] == 150
    assert counts(signed_in)["files"] == 5


# The daemon


def test_the_daemon_collects_until_it_is_told_to_stop(dc: DataCentre, news: Channel, signed_in: Path) -> None:
    running = subprocess.Popen(
        command("watch", archive=signed_in), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        dc.wait_for(lambda: counts(signed_in)["pictures"] == 5, timeout=30)
    finally:
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert is_harmless(err)
    assert counts(signed_in)["posts"] == 250
    assert in_process("stats", "--json", archive=signed_in).json["daemon"]["state"] == "stopped"


def daemon(home: Path, **more: Any) -> None:
    """What a daemon would have told of itself."""
    now = clock.now()
    fields: dict[str, Any] = {"state": "connected", "connected_at": now, "channels": 5, "detail": HOSTILE}
    told = Daemon(os.getpid(), now, more.pop("updated_at", now), **(fields | more))
    status.write(session_file(home).with_name(status.FILE), told)


def test_stats_and_doctor_tell_how_the_daemon_stands(news: Channel, signed_in: Path) -> None:
    assert in_process("stats", "--json", archive=signed_in).json["daemon"] is None
    assert check(signed_in, "daemon")[0] == "missing"
    daemon(signed_in)
    told = in_process("stats", "--json", archive=signed_in).json["daemon"]
    assert (told["state"], told["channels"], told["pid"]) == ("connected", 5, os.getpid())
    text = in_process("stats", archive=signed_in)
    assert "Daemon: connected at" in text.out
    assert is_harmless(text.out)
    state, detail = check(signed_in, "daemon")
    assert state == "ok"
    assert "5 channels" in detail
    daemon(signed_in, updated_at=clock.now() - timedelta(hours=1))
    assert check(signed_in, "daemon")[0] == "missing"
    assert "gone at" in in_process("stats", archive=signed_in).out
    assert in_process("doctor", archive=signed_in).status == 0


def check(home: Path, name: str) -> tuple[str, str]:
    document = in_process("doctor", "--json", archive=home).json
    return next((each["state"], each["detail"]) for each in document["checks"] if each["name"] == name)


def test_doctor_warns_of_a_session_that_others_may_read(signed_in: Path) -> None:
    session_file(signed_in).chmod(0o600)
    assert check(signed_in, "Telegram login")[0] == "ok"
    session_file(signed_in).chmod(0o640)
    state, detail = check(signed_in, "Telegram login")
    assert state == "broken"
    assert f"chmod 600 {session_file(signed_in)}" in detail
    assert in_process("doctor", archive=signed_in).status == 1


# Settings


@pytest.mark.parametrize(
    ("address", "key", "more", "where"),
    [
        ("localhost", "dc.pem", "", "telegram.server.address"),
        ("localhost:port", "dc.pem", "", "telegram.server.address"),
        (":80", "dc.pem", "", "telegram.server.address"),
        ("127.0.0.1:80", "none.pem", "", "telegram.server.public_key_file"),
        ("127.0.0.1:80", "provenance.toml", "", "telegram.server.public_key_file"),
        ("127.0.0.1:80", "dc.pem", 'proxy = "socks5://nowhere"', "telegram.proxy"),
        ("127.0.0.1:80", "dc.pem", 'proxy = "gopher://a:1"', "telegram.proxy"),
        ("127.0.0.1:80", "dc.pem", "pace = 1", "pace"),
    ],
)
def test_wrong_settings_are_one_line(signed_in: Path, address: str, key: str, more: str, where: str) -> None:
    settings(signed_in, address, more, key)
    said = in_process("channels", "add", "@news", archive=signed_in)
    assert (said.status, said.is_one_line) == (2, True), said
    assert where in said.err


def test_a_session_elsewhere_is_found_with_or_without_its_ending(dc: DataCentre, home: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere" / "mine.session"
    place.parent.mkdir()
    dc.sign_in(place)
    place.chmod(0o600)
    dc.channel("News", "news")
    for written in (str(place), str(place.with_suffix(""))):
        settings(home, dc.address, f'api_id = 1\napi_hash = "{HASH}"\nsession = {json.dumps(written)}')
        assert check(home, "Telegram login")[0] == "ok"
    assert in_process("channels", "add", "@news", "--json", archive=home).json["channels"][0]["channel"]
