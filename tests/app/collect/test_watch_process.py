"""The daemon as a process of its own: signals, a kill at any moment, how it ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.app.collect.conftest import Collector, pictures
from tests.app.conftest import jpeg
from tests.telegram_dc import DataCentre
from tests.telegram_dc.channels import Channel

PATIENCE = 20.0


@pytest.fixture
def news(dc: DataCentre) -> Channel:
    return dc.channel("News", username="news_channel")


def started(collector: Collector, dc: DataCentre) -> "subprocess.Popen[str]":
    """The daemon as a process of its own."""
    directory = collector.archive.directory
    dc.write_key(directory / "key.pem")
    (directory / "provenance.toml").write_text(
        f'[telegram]\napi_id = 1\napi_hash = "{"0" * 32}"\nrequests_per_minute = 60000\n'
        f'server = {{dc = {dc.home}, address = "{dc.address}", public_key_file = "key.pem"}}\n'
    )
    line = [sys.executable, "-m", "provenance", "--archive", str(directory), "watch"]
    return subprocess.Popen(line, stderr=subprocess.PIPE, text=True)


def wait_for(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_ten_seconds_and_nothing_is_half_done(
    collector: Collector, dc: DataCentre, news: Channel, number: int
) -> None:
    for seed in range(60):
        news.post("photo", dc.photo(jpeg(seed)), push=False)
    collector.follow(news)
    dc.faults.delay("GetFileRequest", 0.1, times=60)
    daemon = started(collector, dc)
    wait_for(lambda: collector.query("SELECT id FROM files"))
    began = time.monotonic()
    daemon.send_signal(number)
    _, words = daemon.communicate(timeout=30)
    assert daemon.returncode == 0, words
    assert time.monotonic() - began < 10
    assert "Traceback" not in words
    assert collector.incoming() == []
    assert collector.query("SELECT outcome FROM runs WHERE command = 'watch'") == [("done",)]


def test_killed_at_any_moment_it_goes_on_where_it_was(collector: Collector, dc: DataCentre, news: Channel) -> None:
    def has_files(count: int) -> bool:
        return len(collector.query("SELECT id FROM files")) >= count

    numbers = pictures(dc, news, *range(30))
    collector.follow(news)
    dc.faults.delay("GetFileRequest", 0.05, times=60)
    for files in (1, 8, 16):
        daemon = started(collector, dc)
        wait_for(partial(has_files, files))
        daemon.kill()
        daemon.communicate()
    daemon = started(collector, dc)
    wait_for(lambda: len(collector.query("SELECT file_id FROM picture_files")) == 30)
    daemon.terminate()
    daemon.communicate(timeout=30)
    assert [collector.bytes_of(each) for each in numbers] == [[jpeg(seed)] for seed in range(30)]
    assert len(collector.query("SELECT id FROM post_versions")) == 30
    assert collector.covered(news) == [(1, 30)]


def test_the_end_of_the_login_is_told_in_a_line(collector: Collector, dc: DataCentre, news: Channel) -> None:
    collector.follow(news)
    dc.faults.revoke()
    daemon = started(collector, dc)
    _, words = daemon.communicate(timeout=30)
    assert daemon.returncode == 2
    assert "Telegram has ended this login: SESSION_REVOKED" in words.splitlines()[-1]
    assert "Traceback" not in words
