"""What the collector's benchmarks share: a data centre with busy channels, an archive pointed at it, and the daemon."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from telethon.tl import types

from tests.stories import random_photo
from tests.telegram_dc import Channel, DataCentre

_SHAPES = 150
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Pictures:
    """Images as many as wanted, each with bytes of its own; every `_SHAPES`th shows the same."""

    def __init__(self) -> None:
        self._shapes: list[bytes] = []
        self._count = 0

    def next(self) -> bytes:
        number, self._count = self._count, self._count + 1
        if number < _SHAPES:
            stream = io.BytesIO()
            random_photo(number).resize((240, 160)).save(stream, "JPEG", quality=87)
            self._shapes.append(stream.getvalue())
        # What stands behind a JPEG's end is no part of the picture.
        return self._shapes[number % _SHAPES] + number.to_bytes(8)


class Crowd:
    """People who write in channels: posts, albums, forwards, copies, edits, swapped pictures, deletions."""

    def __init__(self, dc: DataCentre, channels: list[Channel], seed: int) -> None:
        self.dc = dc
        self.channels = channels
        self.hidden: set[tuple[int, int, int]] = set()
        """(channel, post, place among what was served of it) of the edits that reactions made."""
        self.done: dict[str, int] = {}
        self._rng = random.Random(seed)
        self._pictures = Pictures()
        self._number = 0

    def act(self) -> None:
        """One thing happens somewhere."""
        weights = {
            "post": 30, "text": 10, "album": 4, "forward": 6, "copy": 6, "document": 5,
            "edit": 14, "swap": 10, "react": 8, "delete": 7,
        }  # fmt: skip
        what = self._rng.choices(list(weights), list(weights.values()))[0]
        getattr(self, f"_{what}")(self._rng.choice(self.channels))
        self.done[what] = self.done.get(what, 0) + 1

    def photo(self) -> Any:
        """New media."""
        return self.dc.photo(self._pictures.next(), dc_id=self._rng.choice((2, 2, 2, 4)))

    def _words(self) -> str:
        self._number += 1
        return f"words {self._number} {self._rng.choice(('', '=1+1', '<b>', 'слово', '🙂'))}"

    def _post(self, channel: Channel) -> None:
        channel.post(self._words(), media=self.photo())

    def _text(self, channel: Channel) -> None:
        channel.post(self._words())

    def _album(self, channel: Channel) -> None:
        group = self._rng.getrandbits(60)
        for _ in range(self._rng.randint(2, 4)):
            channel.post(self._words(), media=self.photo(), grouped_id=group)

    def _forward(self, channel: Channel) -> None:
        if (other := self._rng.choice(self.channels)).ids:
            channel.post(forward=(other, self._rng.choice(other.ids)))

    def _copy(self, channel: Channel) -> None:
        other = self._rng.choice(self.channels)
        media = [each for number in other.ids[-30:] if (each := other.message(number).media)]
        if media:
            channel.post(self._words(), media=self._rng.choice(media))

    def _document(self, channel: Channel) -> None:
        channel.post(self._words(), media=self.dc.document(self._pictures.next(), mime="image/jpeg", name="a.jpg"))

    def _edit(self, channel: Channel) -> None:
        if number := self._one(channel):
            channel.edit(number, text=self._words())

    def _swap(self, channel: Channel) -> None:
        if number := self._one(channel):
            channel.edit(number, text=self._words(), media=self.photo())

    def _react(self, channel: Channel) -> None:
        if number := self._one(channel):
            channel.edit(number, hide=True)
            self.hidden.add((channel.id, number, len(self.dc.served.messages[channel.id][number]) - 1))

    def _delete(self, channel: Channel) -> None:
        if len(channel.ids) > 5 and (number := self._one(channel)):
            channel.delete(number)

    def _one(self, channel: Channel) -> int | None:
        """A post of the newest 200, the newest more often; forwards cannot be edited."""
        ids = channel.ids[-200:]
        number = ids[-min(len(ids), 1 + int(self._rng.expovariate(1 / 40)))] if ids else None
        message = channel.message(number) if number else None
        # A post that a reaction has moved hides later edits as well: that is not what is tried here.
        plain = isinstance(message, types.Message) and not message.fwd_from and not message.edit_hide
        return number if plain else None


def archive(folder: Path, dc: DataCentre, **watch: float) -> Path:
    """Make a folder with settings that point at the data centre, logged in."""
    folder.mkdir(parents=True, exist_ok=True)
    dc.write_key(folder / "key.pem")
    lines = "\n".join(f"{name} = {value}" for name, value in watch.items())
    (folder / "provenance.toml").write_text(
        f'[telegram]\napi_id = 1\napi_hash = "{"0" * 32}"\nrequests_per_minute = 60000\n'
        f'server = {{dc = {dc.home}, address = "{dc.address}", public_key_file = "key.pem"}}\n[watch]\n{lines}\n'
    )
    (folder / "telegram").mkdir(mode=0o700, exist_ok=True)
    dc.sign_in(folder / "telegram" / "provenance.session")
    (folder / "telegram" / "provenance.session").chmod(0o600)
    return folder


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the archive."""
    line = [sys.executable, "-m", "provenance", "--archive", str(folder), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False)


class Daemon:
    """`provenance watch` as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = (folder / "watch.log").open("ab")
        line = [sys.executable, "-m", "provenance", "--archive", str(folder), "watch"]
        self.process = subprocess.Popen(line, stderr=self._log, start_new_session=True)

    def kill(self) -> None:
        """SIGKILL: nothing of it can react."""
        self.process.kill()
        self.process.wait()
        self._log.close()

    def stop(self) -> float:
        """SIGTERM; return the seconds until it has ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self._log.close()
        if status != 0:
            raise RuntimeError(f"the daemon ended with status {status}: see {self.folder / 'watch.log'}")
        return time.monotonic() - began

    def resident(self) -> float:
        """MiB of memory of the daemon itself, its decoding workers left out."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * _PAGE / (1 << 20)

    def state(self) -> dict[str, Any]:
        """What the daemon's status file says."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "telegram" / "status.json").read_bytes())
        except FileNotFoundError:
            return {}
        return found if found.get("pid") == self.process.pid else {}

    def wait_until_connected(self, seconds: float = 30) -> None:
        """Wait for the first connection."""
        end = time.monotonic() + seconds
        while self.state().get("state") != "connected":
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"the daemon does not connect: see {self.folder / 'watch.log'}")
            time.sleep(0.05)


@contextmanager
def running(folder: Path) -> Iterator[Daemon]:
    """A daemon that is connected, and stopped when the block ends."""
    daemon = Daemon(folder)
    try:
        daemon.wait_until_connected()
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.stop()


def slope(points: list[tuple[float, float]]) -> float:
    """The slope of a line through (seconds, value) points, by least squares, a minute."""
    if len(points) < 2:
        return 0.0
    middle = sum(at for at, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    return 60 * sum((at - middle) * (value - mean) for at, value in points) / spread
