"""Memory and time of importing a very large export: `python -m benchmarks.large_export --gigabytes 1`.

The export is made first, with texts only; the limit is the 300 MiB that the importer may take.
"""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks import machine

_LIMIT_MIB = 300
_TEXT = "Ein langer Text, wie ihn Kanäle schreiben. Довгий текст каналу. " * 12


def _write(path: Path, size: int) -> int:
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{"name": "Large", "type": "public_channel", "id": 1500000001, "messages": [\n')
        number = 0
        while stream.tell() < size:
            number += 1
            message = {
                "id": number,
                "type": "message",
                "date": "2024-12-17T08:30:12",
                "date_unixtime": str(1_700_000_000 + number),
                "from": "Large",
                "from_id": "channel1500000001",
                "text": [_TEXT, {"type": "bold", "text": f"number {number}"}],
                "text_entities": [{"type": "plain", "text": _TEXT}, {"type": "bold", "text": f"number {number}"}],
            }
            stream.write((",\n" if number > 1 else "") + json.dumps(message, ensure_ascii=False))
        stream.write("]}")
    return number


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1)
    size = int(parser.parse_args().gigabytes * 1e9)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        count = _write(result, size)
        cost = machine.run(machine.provenance(Path(folder) / "archive", "import", "telegram-export", str(result)))
    print(machine.describe())
    print(f"{size / 1e9:g} GB, {count} messages: {cost.wall:.0f} s, {cost.cpu:.0f} s of CPU")
    print(
        f"{cost.cpu / count * 1e6:.0f} µs of CPU a message; peak {cost.peak:.0f} MiB, "
        f"{cost.peak / _LIMIT_MIB:.2f} of the limit of {_LIMIT_MIB} MiB"
    )


if __name__ == "__main__":
    main()
