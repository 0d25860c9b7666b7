"""The status file: whole or not there, and honest about a daemon that is gone. And what systemd is told."""

import json
import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from provenance.app import clock
from provenance.app.collect import status
from provenance.core.answers import Daemon


@pytest.fixture
def daemon() -> Daemon:
    """A daemon that has just told of itself."""
    now = clock.now()
    return Daemon(
        os.getpid(),
        now - timedelta(hours=1),
        now,
        "connected",
        "Telegram asks to wait 7 s more",
        now - timedelta(minutes=3),
        channels=5,
        troubled=1,
        behind=2,
        downloads=3,
        posts=9,
        disk_full=True,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / status.FILE


def test_what_is_written_is_read(path: Path, daemon: Daemon) -> None:
    status.write(path, daemon)
    assert status.read(path) == daemon
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_times_are_in_utc_for_other_programs(path: Path, daemon: Daemon) -> None:
    status.write(path, daemon)
    document = json.loads(path.read_text())
    assert document["updated_at"] == f"{daemon.updated_at:%Y-%m-%dT%H:%M:%SZ}"
    assert document["last_post_at"] is None
    assert document["state"] == "connected"


def test_a_later_status_takes_the_place_of_the_first(path: Path, daemon: Daemon) -> None:
    status.write(path, daemon)
    daemon.state, daemon.posts = "waiting", 10
    status.write(path, daemon)
    found = status.read(path)
    assert found is not None
    assert (found.state, found.posts) == ("waiting", 10)


def test_a_reader_never_sees_half_of_it(path: Path, daemon: Daemon) -> None:
    status.write(path, daemon)
    with path.open() as reading:
        half = reading.read(10)
        daemon.detail = "x" * 10_000
        status.write(path, daemon)
        assert json.loads(half + reading.read())["detail"] != daemon.detail


@pytest.mark.parametrize("state", ["starting", "connected", "waiting"])
def test_a_daemon_that_is_not_heard_of_is_gone(path: Path, daemon: Daemon, state: str) -> None:
    daemon.state, daemon.updated_at = state, clock.now() - timedelta(seconds=120)
    status.write(path, daemon)
    found = status.read(path)
    assert found is not None
    assert found.state == "gone"
    assert "killed" in found.detail
    assert found.updated_at == daemon.updated_at


@pytest.mark.parametrize(("state", "age"), [("connected", 30), ("stopped", 10**6)])
def test_a_short_silence_is_none_and_stopped_is_stopped(path: Path, daemon: Daemon, state: str, age: int) -> None:
    daemon.state, daemon.updated_at = state, clock.now() - timedelta(seconds=age)
    status.write(path, daemon)
    found = status.read(path)
    assert found is not None
    assert found.state == state


def test_where_no_daemon_ever_ran_there_is_none(path: Path) -> None:
    assert status.read(path) is None
    assert status.read(path / "further") is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b"\xff\xfe", b'{"pid": "x", "started_at": 1, "updated_at": 2}']
)
def test_a_damaged_file_is_none(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert status.read(path) is None


def test_a_damaged_time_is_none(path: Path, daemon: Daemon) -> None:
    status.write(path, daemon)
    path.write_text(path.read_text().replace("T", " at "))
    assert status.read(path) is None


def test_a_time_without_a_zone_is_none(path: Path, daemon: Daemon) -> None:
    status.write(path, daemon)
    path.write_text(path.read_text().replace('Z"', '"'))
    assert status.read(path) is None


# systemd


@pytest.mark.parametrize("name", ["{folder}/notify", "@provenance-test-{pid}"])
def test_systemd_is_told_where_it_listens(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = name.format(folder=tmp_path, pid=os.getpid())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        status.notify("READY=1")
        status.notify("STOPPING=1")
        assert [listening.recv(100), listening.recv(100)] == [b"READY=1", b"STOPPING=1"]


@pytest.mark.parametrize("value", [None, ""])
def test_without_systemd_nobody_is_told(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if value is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", value)
    status.notify("READY=1")


def test_a_systemd_that_is_gone_ends_no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    status.notify("READY=1")
