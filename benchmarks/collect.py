"""How fast the daemon is: `python -m benchmarks.collect`.

From a post to the answer of `lookup`, at rest and while 10,000 older posts are fetched; how fast these come in; and
the daemon's memory meanwhile and after.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from benchmarks import machine
from benchmarks.telegram_world import Crowd, Daemon, archive, command, running, slope
from provenance.archive.store import Archive
from tests.telegram_dc import Channel, DataCentre

_PATIENCE = 60.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=10_000, help="the backlog")
    parser.add_argument("--live", type=int, default=20, help="posts that are timed, at rest and during the backlog")
    parser.add_argument("--rest", type=float, default=60, help="seconds of light traffic for the memory")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory() as scratch, DataCentre() as dc:
        folder = archive(Path(scratch) / "archive", dc, reconcile_every=5)
        quiet = dc.channel("Quiet", username="quiet_one")
        command(folder, "channels", "add", "@quiet_one")
        crowd = Crowd(dc, [quiet], seed=1)
        with running(folder) as daemon:
            time.sleep(2)
            _say("at rest", [_live(folder, crowd, quiet) for _ in range(options.live)], 2)
            _lookup(folder, crowd, quiet)
            _backlog(folder, crowd, quiet, options, daemon)
            _rest(crowd, quiet, daemon, options.rest)


def _live(folder: Path, crowd: Crowd, channel: Channel) -> float:
    """Post a picture; return the seconds until a lookup would find it."""
    media = crowd.photo()
    sha256 = hashlib.sha256(crowd.dc.served.files[media.id]).hexdigest()
    began = time.monotonic()
    channel.post("live", media=media)
    query = sa.text("SELECT 1 FROM files AS f JOIN fingerprints AS p ON p.file_id = f.id WHERE f.sha256 = :sha256")
    held = Archive.open(folder)
    while time.monotonic() < began + _PATIENCE:
        with held.read() as connection:
            if connection.execute(query, {"sha256": sha256}).first():
                return time.monotonic() - began
        time.sleep(0.01)
    raise RuntimeError(f"a live post did not come in within {_PATIENCE:.0f} s: see {folder / 'watch.log'}")


def _lookup(folder: Path, crowd: Crowd, channel: Channel) -> None:
    """The same by the command itself, with the time that it takes to start."""
    media = crowd.photo()
    suspect = folder / "suspect.jpg"
    suspect.write_bytes(crowd.dc.served.files[media.id])
    began = time.monotonic()
    channel.post("live", media=media)
    while command(folder, "lookup", str(suspect)).returncode == 1 and time.monotonic() < began + _PATIENCE:
        pass
    print(f"post to the printed answer of `provenance lookup`: {time.monotonic() - began:.2f} s, its start included")


def _backlog(folder: Path, crowd: Crowd, quiet: Channel, options: argparse.Namespace, daemon: Daemon) -> None:
    """Add a channel with a long history, and post in the other one while it is fetched."""
    busy = crowd.dc.channel("Busy", username="busy_one")
    for number in range(options.posts):
        busy.post(f"old {number}", media=crowd.photo())
    command(folder, "channels", "add", "@busy_one")
    began = time.monotonic()
    held = Archive.open(folder)
    count = sa.text(
        "SELECT count(*) FROM fingerprints AS p JOIN attachments AS a ON a.file_id = p.file_id "
        "JOIN post_versions AS v ON v.id = a.version_id JOIN posts AS o ON o.id = v.post_id "
        "JOIN channels AS c ON c.id = o.channel_id WHERE c.peer_id = :channel"
    )
    delays: list[float] = []
    memory: list[float] = []
    while True:
        with held.read() as connection:
            done = connection.scalar(count, {"channel": busy.id}) or 0
        memory.append(daemon.resident())
        if done >= options.posts:
            break
        if len(delays) < options.live and done:
            delays.append(_live(folder, crowd, quiet))
        time.sleep(0.5)
    seconds = time.monotonic() - began
    _say(f"during the backlog of {options.posts} posts", delays, 10)
    print(
        f"backlog: {options.posts} posts with pictures in {seconds:.0f} s, {options.posts / seconds:.0f} a second, "
        f"downloaded and fingerprinted; memory at most {max(memory):.0f} MiB"
    )


def _rest(crowd: Crowd, quiet: Channel, daemon: Daemon, seconds: float) -> None:
    began = time.monotonic()
    points = []
    while (at := time.monotonic() - began) < seconds:
        points.append((at, daemon.resident()))
        quiet.post("live", media=crowd.photo())
        time.sleep(1)
    print(
        f"memory over {seconds:.0f} s with a post a second: {points[0][1]:.0f} to {points[-1][1]:.0f} MiB, "
        f"slope {slope(points[len(points) // 3 :]):+.2f} MiB a minute"
    )


def _say(when: str, delays: list[float], limit: float) -> None:
    worst = max(delays)
    print(
        f"live post to fingerprinted, {when}: {len(delays)} posts, median {statistics.median(delays):.2f} s, "
        f"longest {worst:.2f} s = {worst / limit:.2f} of the limit of {limit} s"
    )


if __name__ == "__main__":
    main()
