"""The daemon under everything that can go wrong: `python -m benchmarks.soak --rounds 25`.

Channels are written in all the time; requests flood, fail, hang and break off by chance; updates get lost; and the
daemon is killed at a random moment in every round. At the end the archive is compared with what the server served:
everything that stood longer than the reconciliation period must be there exactly once. Exit status 1: it is not.
"""

import argparse
import hashlib
import json
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import machine
from benchmarks.telegram_world import Crowd, Daemon, archive, command, slope
from provenance.archive.store import Archive
from tests.telegram_dc import DataCentre

_RATES = {"flood": 0.004, "fail": 0.01, "drop": 0.004, "delay": 0.02, "truncate": 0.02, "empty": 0.02, "lose": 0.2}
_EVERY = 1.5
_ACTIONS = 25  # a second


def main() -> int:
    """Run the soak and print what it found; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--steady", type=float, default=60, help="seconds without a kill at the end, for the memory")
    parser.add_argument("--posts", type=int, default=1500, help="posts that are there before the daemon starts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--longer",
        type=float,
        default=20,
        help="seconds for which something must have been served to be asked for at the end: the period between two "
        "comparisons, and the longest that the daemon is dead, starting or waiting in between",
    )
    parser.add_argument("--keep", type=Path, help="keep the archive here")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory() as scratch, DataCentre() as dc:
        folder = archive(options.keep or Path(scratch) / "archive", dc, reconcile_every=_EVERY, recheck_posts=400)
        return _Soak(dc, folder, options).run()


class _Soak:
    def __init__(self, dc: DataCentre, folder: Path, options: argparse.Namespace) -> None:
        self.dc = dc
        self.folder = folder
        self.options = options
        self.rng = random.Random(options.seed)
        self.channels = [
            dc.channel(f"Channel {number}", username=f"channel_{number}", joined=number % 3 > 0) for number in range(12)
        ]
        self.crowd = Crowd(dc, self.channels, options.seed)
        self.over = threading.Event()
        self.asked: dict[str, list[float]] = {"lookup": [], "stats": [], "report": []}
        self.refused: list[str] = []

    def run(self) -> int:
        for _ in range(self.options.posts):
            self.crowd.act()
        added = command(self.folder, "channels", "add", *(f"@{each.username}" for each in self.channels))
        if added.returncode:
            raise RuntimeError(added.stderr)
        self._history()
        threads = [threading.Thread(target=self._write), threading.Thread(target=self._ask)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            self._rounds()
            memory, stopped = self._steady()
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        minutes = (time.monotonic() - began) / 60
        wrong = self._compare()
        self._print(minutes, memory, stopped, wrong)
        return 1 if wrong else 0

    def _history(self) -> None:
        """What is there already is fetched under the same faults, before anything of it changes."""
        self.dc.faults.random(self.options.seed, _RATES)
        daemon = Daemon(self.folder)
        daemon.wait_until_connected()
        began = time.monotonic()
        posts = sum(len(each.ids) for each in self.channels)
        missing = sa.text(
            "SELECT (SELECT count(*) FROM posts) < :posts OR EXISTS (SELECT 1 FROM downloads WHERE file_id IS NULL)"
        )
        held = Archive.open(self.folder)
        while True:
            with held.read() as connection:
                if not connection.scalar(missing, {"posts": posts}):
                    break
            time.sleep(0.2)
        self.ready_at = time.monotonic()
        print(f"a history of {posts} posts was fetched in {self.ready_at - began:.0f} s", flush=True)
        daemon.kill()

    def _rounds(self) -> None:
        for number in range(self.options.rounds):
            daemon = Daemon(self.folder)
            for _ in range(self.rng.randint(1, 3)):
                time.sleep(self.rng.uniform(0.5, 3))
                self._disturb()
            daemon.kill()
            print(f"round {number + 1}: {sum(self.crowd.done.values())} things have happened", flush=True)

    def _disturb(self) -> None:
        channel = self.rng.choice(self.channels)
        what = self.rng.choice(("drop", "refuse", "expire", "invalid", "too long", "short", "empty", "ban", "none"))
        faults = self.dc.faults
        if what == "drop":
            faults.drop_connections()
        elif what == "refuse":
            faults.refuse(1)
            faults.drop_connections()
        elif what == "expire":
            faults.expire_references()
        elif what == "invalid":
            faults.invalid_references()
        elif what == "too long":
            faults.too_long(channel)
            faults.channel_too_long_update(channel)
        elif what == "short":
            faults.short_pages(5, 7)
        elif what == "empty":
            faults.empty_page(2)
        elif what == "ban":
            faults.ban(channel)
            time.sleep(0.3)
            faults.unban(channel)

    def _steady(self) -> tuple[list[tuple[float, float]], float]:
        """Without faults and kills: the memory over time, then everything is left to settle."""
        self.dc.faults.clear()
        self.dc.faults.lose_updates(on=False)
        daemon = Daemon(self.folder)
        daemon.wait_until_connected()
        began = time.monotonic()
        memory = []
        while (seconds := time.monotonic() - began) < self.options.steady:
            memory.append((seconds, daemon.resident()))
            time.sleep(1)
        self.over.set()
        time.sleep(self.options.longer)
        self.settled_at = time.monotonic()
        return memory, daemon.stop()

    def _write(self) -> None:
        while not self.over.is_set():
            self.crowd.act()
            time.sleep(self.rng.expovariate(_ACTIONS))

    def _ask(self) -> None:
        """Ask the archive all the time while it is written."""
        suspect = self.folder / "suspect.jpg"
        suspect.write_bytes(next(iter(self.dc.served.files.values())))
        commands = {"lookup": ["lookup", str(suspect)], "stats": ["stats"], "report": ["report", "--format", "json"]}
        while not self.over.is_set():
            for name, words in commands.items():
                start = time.monotonic()
                done = command(self.folder, *words)
                self.asked[name].append(time.monotonic() - start)
                if done.returncode not in ((0, 1) if name == "lookup" else (0,)):
                    self.refused.append(f"{name}: status {done.returncode}: {done.stderr.strip()[-300:]}")
            time.sleep(1)

    def _compare(self) -> list[str]:
        wrong = list(self.refused) + [f"in the data centre: {each}" for each in self.dc.errors]
        held = _Held(self.folder)
        self.figures: Counter[str] = Counter()
        for channel in self.channels:
            for number, history in self.dc.served.messages.get(channel.id, {}).items():
                wrong += self._post(held, channel.id, number, history)
            covered = held.covered.get(channel.id)
            if channel.ids and (covered is None or covered[0] != 1 or covered[1] < channel.ids[-1] or covered[2]):
                wrong.append(f"channel {channel.id}: {covered} is covered, up to {channel.ids[-1]} was served")
        verified = json.loads(command(self.folder, "verify", "--json").stdout)
        wrong += [f"verify: {each['where']}: {each['what']}" for each in verified["problems"]]
        return wrong

    def _post(self, held: "_Held", channel: int, number: int, history: list[tuple[float, Any]]) -> list[str]:
        """Compare what was served of one post with what is archived of it."""
        where = f"{channel}/{number}"
        versions = Counter(held.versions.get((channel, number), []))
        ends = [at for at, _ in history[1:]] + [self.settled_at]
        served: dict[Any, float] = {}
        for place, ((since, what), until) in enumerate(zip(history, ends, strict=True)):
            if what != "deleted":
                text, edited, media = what
                edited = None if (channel, number, place) in self.crowd.hidden else edited
                key = (text, edited and edited.replace(tzinfo=None), media)
                served[key] = served.get(key, 0) + until - max(since, self.ready_at)
        wrong = [f"{where}: {count} times the same version {key}" for key, count in versions.items() if count > 1]
        wrong += [f"{where}: a version that was never served: {key}" for key in versions if key not in served]
        for key, seconds in served.items():
            if seconds <= self.options.longer:
                continue
            self.figures["versions that stood long enough"] += 1
            if not versions[key]:
                wrong.append(f"{where}: a version served for {seconds:.0f} s is missing: {key}")
            elif key[2] is not None:
                self.figures["images that stood long enough"] += 1
                expected = hashlib.sha256(self.dc.served.files[key[2]]).hexdigest()
                found = held.files.get((channel, number, key[2]))
                if found != {expected}:
                    wrong.append(f"{where}: the image of media {key[2]} is {found} instead of {expected}")
        gone = history[-1][1] == "deleted"
        marked = (channel, number) in held.deleted
        if gone and versions and not marked:
            wrong.append(f"{where}: deleted {self.settled_at - history[-1][0]:.0f} s before the end, and not marked")
        if marked and not gone:
            wrong.append(f"{where}: marked as deleted, and it is there")
        self.figures["deletions marked"] += marked
        return wrong

    def _print(self, minutes: float, memory: list[tuple[float, float]], stopped: float, wrong: list[str]) -> None:
        held = _Held(self.folder)
        print(f"\n{minutes:.1f} minutes, {self.options.rounds} kills, seed {self.options.seed}")
        print(f"happened: {dict(sorted(self.crowd.done.items()))}")
        print(f"went wrong: {dict(sorted(self.dc.faults.happened.items()))}")
        print(f"archived: {len(held.versions)} posts, {sum(map(len, held.versions.values()))} versions; {held.counts}")
        print(f"asked for (served longer than {self.options.longer:.0f} s): {dict(self.figures)}")
        for name, times in self.asked.items():
            middle, worst = statistics.median(times), max(times)
            print(f"{name} while it was written: {len(times)} times, median {middle:.2f} s, longest {worst:.2f} s")
        settled = [each for each in memory if each[0] > memory[-1][0] / 3]
        print(
            f"memory over {memory[-1][0]:.0f} s: {memory[0][1]:.0f} to {memory[-1][1]:.0f} MiB, "
            f"slope {slope(settled):+.2f} MiB a minute over the last two thirds"
        )
        print(f"SIGTERM to end: {stopped:.2f} s = {stopped / 10:.2f} of the limit of 10 s")
        print(f"wrong: {len(wrong)}")
        for each in wrong[:40]:
            print(f"  {each}")


class _Held:
    """What the archive holds, in the words of the server."""

    def __init__(self, folder: Path) -> None:
        self.versions: dict[tuple[int, int], list[Any]] = {}
        self.files: dict[tuple[int, int, int], set[str]] = {}
        self.deleted: set[tuple[int, int]] = set()
        self.covered: dict[int, tuple[int, int, int]] = {}
        with Archive.open(folder).read() as connection:
            query = """
                SELECT c.peer_id, p.message_id, p.deleted_seen_at IS NOT NULL, v.id, v.text, v.edited_at, a.media_id,
                       f.sha256
                FROM channels AS c JOIN posts AS p ON p.channel_id = c.id JOIN post_versions AS v ON v.post_id = p.id
                LEFT JOIN attachments AS a ON a.version_id = v.id LEFT JOIN files AS f ON f.id = a.file_id
            """
            for channel, number, deleted, _, text, edited, media, sha256 in connection.execute(sa.text(query)):
                at = edited and time.strptime(edited[:19], "%Y-%m-%d %H:%M:%S")
                key = (text, at and _datetime(at), media)
                self.versions.setdefault((channel, number), []).append(key)
                if media is not None:
                    self.files.setdefault((channel, number, media), set()).add(sha256)
                if deleted:
                    self.deleted.add((channel, number))
        told = json.loads(command(folder, "coverage", "--json").stdout)
        for each in told["channels"]:
            ends = (each["first_message_id"], each["last_message_id"], len(each["gaps"]))
            self.covered[each["channel"]["id"]] = ends
        counts = json.loads(command(folder, "stats", "--json").stdout)["counts"]
        self.counts = {name: counts[name] for name in ("files", "fingerprints", "pictures", "links", "run_problems")}


def _datetime(at: time.struct_time) -> Any:
    from datetime import datetime

    return datetime(*at[:6])  # noqa: DTZ001 - compared with another one without a zone, both in UTC


if __name__ == "__main__":
    raise SystemExit(main())
