"""Right answers over random stories: `python -m benchmarks.stories --photos FOLDER --seeds 5`.

Each seed makes a story from nine tenths of the photographs (channels, times, forwards, re-uploads), imports its
exports in a random order, and looks up suspects in every change, and photographs that are in no channel.
"""

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import machine
from provenance.app.ingest import import_exports
from provenance.app.lookup import Narrowing, lookup
from provenance.app.progress import Quiet
from provenance.archive.migrate import create_or_open
from provenance.core.times import dated
from provenance.errors import ImageRefused
from provenance.images.sandbox import Limits, Sandbox
from tests.stories import Suspect, make_story

_MAX_BYTES = 1 << 28


def _outcome(sandbox: Sandbox, archive: Path, suspect: Suspect) -> str:
    answer = lookup(create_or_open(archive), [suspect.path], sandbox, Narrowing(), _MAX_BYTES)[0]
    if isinstance(answer, ImageRefused):
        raise answer
    first = answer.chain.first
    if suspect.first is None:
        return "right" if first is None else "FALSE FIND"
    if first is None:
        return "missed"
    found = (first.channel.id, first.message_id, dated(first).at)
    true = (suspect.first.channel_id, suspect.first.message_id, suspect.first.at)
    return "right" if found == true else "WRONG FIRST"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--suspects", type=int, default=20, help="suspects for each change and seed")
    options = parser.parse_args()
    photos = sorted(options.photos.glob("*.jpg"))
    outcomes: dict[str, Counter[str]] = {}
    posts = 0
    for seed in range(options.seeds):
        rng = random.Random(seed)
        shuffled = rng.sample(photos, len(photos))
        absent = shuffled[: len(photos) // 10]
        with tempfile.TemporaryDirectory() as folder, Sandbox(Limits()) as sandbox:
            story = make_story(
                Path(folder),
                shuffled[len(absent) :],
                absent,
                seed=seed,
                channels=8,
                suspects_per_change=options.suspects,
            )
            posts += len(story.posted)
            archive = Path(folder) / "archive"
            for export in rng.sample(story.exports, len(story.exports)):
                import_exports(create_or_open(archive), [export], sandbox, Quiet(), _MAX_BYTES)
            for suspect in story.suspects:
                name = suspect.how if suspect.photo else "absent"
                outcomes.setdefault(name, Counter())[_outcome(sandbox, archive, suspect)] += 1
    print(f"{machine.describe()}\n{options.seeds} stories, {posts} posts of images in all\n")
    for name, counted in outcomes.items():
        right, all_ = counted["right"], counted.total()
        rest = ", ".join(f"{count} {what}" for what, count in counted.items() if what != "right")
        print(f"{name:10} {right:5} of {all_:5} right ({right / all_:.4f})  {rest}")


if __name__ == "__main__":
    main()
