"""What is found in untouched photographs: a warning there is a false alarm.

    python -m benchmarks.findings --photos FOLDER…

Every image below the folders is read, each content once, and interpreted as in a lookup without a claim that finds
nothing. The table counts the findings by kind; what warns is named with its evidence. Ends with 1 where something did.
"""

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import machine
from provenance.core.metadata import Finding, Level, Metadata
from provenance.images.decode import Refused
from provenance.images.findings import Circumstances, findings
from provenance.images.metadata import read
from provenance.images.sandbox import Limits
from provenance.render.text import visible
from provenance.sources.folder import SUFFIXES


def _photos(folders: Iterable[Path]) -> Iterator[Path]:
    seen = set()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in SUFFIXES or not path.is_file():
                continue
            digest = hashlib.sha256(path.read_bytes()).digest()
            if digest not in seen:
                seen.add(digest)
                yield path


def _found(folders: Iterable[Path]) -> Iterator[tuple[Path, Metadata, tuple[Finding, ...]]]:
    for path in _photos(folders):
        try:
            told = read(path, Limits().max_pixels)
        except Refused:
            continue
        yield path, told, findings(told, Circumstances())


def main() -> None:
    """Print findings by level and kind, and each warning."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--show", action="append", default=[], metavar="KIND", help="name the files with such findings")
    options = parser.parse_args()
    print(machine.describe())
    counted: Counter[tuple[Level, str]] = Counter()
    files = cameras = warned = 0
    for path, told, found in _found(options.photos):
        files += 1
        cameras += bool(told.camera.make or told.camera.model)
        warned += any(each.level is Level.WARNING for each in found)
        counted.update({(each.level, each.kind) for each in found})
        for each in found:
            if each.level is Level.WARNING or each.kind in options.show:
                print(f"{visible(path.name, 60)}: {each.kind}: {visible(each.evidence, 300)}")
    print(f"{files} files, {cameras} of them name a camera; {warned} with a warning")
    for (level, kind), count in sorted(counted.items(), key=lambda one: (one[0][0], -one[1])):
        print(f"{level:8} {kind:26} {count:6}  {count / files:6.1%}")
    if warned:
        sys.exit(1)


if __name__ == "__main__":
    main()
