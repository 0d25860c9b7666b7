"""`provenance find`, as it is used: text, JSON, exit statuses, and one line for what is not understood."""

from pathlib import Path

import pytest

from tests.cli.conftest import HOSTILE, in_process, is_harmless, keys, too_wide
from tests.tagged import tagged

SERIAL = "SN 4711"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three photos that tell about themselves. It is shared: only read it."""
    root = tmp_path_factory.mktemp("find")
    folder = root / "pictures"
    folder.mkdir()
    named = {
        "a": tagged(1, taken="2024:12:17 09:30:00", offset="+02:00", serial=SERIAL, place=(50.45, 30.52)),
        "b": tagged(2, taken="2024:12:17 09:30:00", serial=SERIAL, document="xmp.did:AB12"),
        "c": tagged(3, software="Editor"),
    }
    for name, content in named.items():
        (folder / f"{name}.jpg").write_bytes(content)
    assert in_process("import", "folder", folder, "--name", "Pictures", archive=root / "archive").status == 0
    return root / "archive"


def test_json(archive: Path) -> None:
    said = in_process("find", "--camera-serial", "sn 4711", "--captured", "2024-12-17", "--json", archive=archive)
    assert (said.status, said.err) == (0, "")
    document = said.json
    assert (document["schema"], document["total"]) == ("provenance/find/1", 2)
    assert document["files"] == {"searched": 3, "unreadable": 0, "not_read_yet": 0}
    for each in document["found"]:
        assert not keys(each, "file", "picture", "first_seen", "matched")
        assert each["first_seen"]["basis"] == "claimed"
        assert {"kind": "camera_serial", "value": SERIAL} in each["matched"]
    zones = [next(one for one in each["matched"] if one["kind"] == "captured") for each in document["found"]]
    assert [(each["zone"], each["utc"]) for each in zones] == [
        ("+02:00", "2024-12-17T07:30:00Z"),
        ("zone unknown", None),
    ]


def test_text(archive: Path) -> None:
    said = in_process("find", "--captured", "2024-12-17T09:00+02:00..2024-12-17T10:00+02:00", archive=archive)
    assert said.status == 0
    assert "captured, by its own clock: 2024-12-17 09:30:00, zone +02:00" in said.out
    assert "captured, by its own clock: 2024-12-17 09:30:00, zone unknown" in said.out
    assert "anybody can write" in said.out
    assert too_wide(said.out) == []


def test_a_place_and_a_limit(archive: Path) -> None:
    (found,) = in_process("find", "--near", "50.5,30.5,10", "--json", archive=archive).json["found"]
    (place,) = found["matched"]
    assert (place["kind"], 5 < place["km"] < 6) == ("place", True)
    said = in_process("find", "--camera-serial", SERIAL, "--limit", 1, archive=archive)
    assert "1 of 2 files are shown" in said.out


@pytest.mark.parametrize(
    "words",
    [
        ["--camera-serial", "other"],
        ["--document-id", "xmp.did:ab12", "--software", "editor"],
        ["--near", "-50,30,10"],
        ["--captured", "2024-12-20..2024-12-21"],
        ["--software", HOSTILE],
    ],
    ids=ascii,
)
def test_nothing_found_is_an_answer(words: list[str], archive: Path) -> None:
    said = in_process("find", *words, archive=archive)
    assert (said.status, said.err) == (1, "")
    assert "No archived file" in said.out
    assert is_harmless(said.out)
    assert in_process("find", *words, "--json", archive=archive).json["found"] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Say what to find"),
        (["--near", "50,30"], "LAT,LON,KM"),
        (["--near", ""], "LAT,LON,KM"),
        (["--near", "50,30,x"], "LAT,LON,KM"),
        (["--near", "nan,30,1"], "LAT,LON,KM"),
        (["--near", "91,30,1"], "latitude"),
        (["--near", "50,181,1"], "longitude"),
        (["--near", "50,30,0"], "more than 0"),
        (["--near", HOSTILE], "LAT,LON,KM"),
        (["--captured", "yesterday"], "FROM..TO"),
        (["--captured", ""], "FROM..TO"),
        (["--captured", "2024-12-17.."], "FROM..TO"),
        (["--captured", "2024-12-18..2024-12-17"], "before"),
        (["--captured", "2024-12-17..9999-12-31"], "FROM..TO"),
        (["--camera-serial", " "], "empty"),
        (["--software", ""], "empty"),
    ],
    ids=ascii,
)
def test_what_is_not_understood_is_one_line(words: list[str], says: str, archive: Path) -> None:
    said = in_process("find", *words, archive=archive)
    assert (said.status, said.is_one_line) == (2, True)
    assert says in said.err
    assert is_harmless(said.err)


def test_without_an_archive(empty: Path) -> None:
    said = in_process("find", "--software", "x", archive=empty)
    assert (said.status, said.is_one_line) == (2, True)


def test_help_says_what_an_unknown_zone_means() -> None:
    said = in_process("find", "--help")
    assert "any zone" in " ".join(said.out.split())
