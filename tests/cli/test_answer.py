"""`lookup` and `show` on the samples, whose truth is in samples/expected.json; pages and PDFs, of a report as well."""

import hashlib
import itertools
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from provenance.app.pdf import BROWSERS
from provenance.archive import observe
from provenance.archive.store import Archive
from provenance.core.model import Channel, PeerKind
from provenance.render import language
from tests.cli.conftest import (
    ABSENT,
    COVERAGE,
    EXPECTED,
    FIRST,
    HOSTILE,
    MONDAY,
    SAMPLES,
    SIGHTING,
    SUSPECT,
    in_process,
    is_harmless,
    keys,
)
from tests.render.test_language import pseudo, translate
from tests.stories import random_photo

MATCH = ["kind", "stage", "distance", "similarity", "inliers", "transform", "confidence"]
GHOST = SAMPLES / EXPECTED["pictures"]["ghost_plane"]["sightings"][0]["file"]
SHA256 = hashlib.sha256(GHOST.read_bytes()).hexdigest()


def places(sightings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What expected.json says of a sighting."""
    return [
        {"channel_id": each["channel"]["id"], "message_id": each["message_id"], "at": each["at"]} for each in sightings
    ]


class Pictures(HTMLParser):
    """Counts the images of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.sources.append(dict(attributes)["src"] or "")


@pytest.mark.parametrize("name", EXPECTED["suspects"])
def test_lookup_tells_the_story(name: str, sample: Path) -> None:
    expected = EXPECTED["suspects"][name]
    image = SAMPLES / "suspects" / name
    said = in_process("lookup", image, "--json", archive=sample)
    assert said.status == (0 if expected["found"] else 1)
    document = said.json
    assert document["found"] is expected["found"]
    assert places(document["sightings"]) == expected["sightings"]
    first = document["first_seen"]
    assert (places([first])[0] if first else None) == expected["first_seen"]
    assert document["suspect"]["sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()
    assert document["suspect"]["bytes"] == image.stat().st_size
    assert document["suspect"]["path"] == str(image)
    assert document["possible"] == []


def test_lookup_has_the_contracts_keys(sample: Path) -> None:
    document = in_process("lookup", SUSPECT, "--json", archive=sample).json
    assert document["schema"] == "provenance/lookup/1"
    top = [
        "suspect",
        "found",
        "first_seen",
        "sightings",
        "possible",
        "chain",
        "same_scene",
        "same_template",
        "coverage",
        "warnings",
    ]
    assert not keys(document, *top)
    suspect = ["path", "sha256", "format", "width", "height", "bytes", "fingerprints", "metadata", "findings"]
    assert not keys(document["suspect"], *suspect)
    assert len(document["suspect"]["fingerprints"]["phash256"]) == 64
    first = document["first_seen"]
    assert not keys(first, "channel", "message_id", "url", "at", "basis", "archived", "warnings")
    assert first["basis"] == "posted"
    assert first["archived"] is True
    assert not keys(first["channel"], "id", "username", "title")
    for seen in document["sightings"]:
        assert not keys(seen, *SIGHTING)
        assert not keys(seen["file"], "sha256", "width", "height")
        assert not keys(seen["match"], *MATCH)
        assert not keys(seen["match"]["transform"], "mirrored", "rotated", "region")
        assert seen["match"]["confidence"] in {"certain", "strong"}
        assert seen["match"]["kind"] in {"identical", "recompressed", "transformed", "partial"}
        assert seen["source"] == "import"
    assert [seen["match"]["transform"]["mirrored"] for seen in document["sightings"]].count(True) == 1
    assert not keys(document["chain"], "picture", "links")
    assert all(not keys(link, "from", "to", "kind", "evidence") for link in document["chain"]["links"])
    kinds = [link["kind"] for link in document["chain"]["links"]]
    assert kinds[:2] == ["forward", "identical_reupload"]
    assert not keys(document["coverage"], *COVERAGE)
    assert document["coverage"]["not_searched"]


def test_lookup_for_people(sample: Path) -> None:
    found = in_process("lookup", SUSPECT, archive=sample)
    assert found.status == 0
    lines = found.out.splitlines()
    assert "First seen in this archive: 2024-12-17 06:30:12 UTC" in lines[2]
    assert f"  {FIRST}" in lines
    assert found.out.index("First seen") < found.out.index("identical reupload") < found.out.index("Coverage: ")
    assert "mirrored" in found.out
    absent = in_process("lookup", ABSENT, archive=sample)
    assert absent.status == 1
    assert "Not found" in absent.out
    assert "Coverage: 5 channels" in absent.out


def test_several_images_give_a_list(sample: Path) -> None:
    said = in_process("lookup", ABSENT, SUSPECT, "--json", archive=sample)
    assert said.status == 0
    assert [each["found"] for each in said.json] == [False, True]
    assert in_process("lookup", ABSENT, ABSENT, "--json", archive=sample).status == 1


def test_one_unreadable_image_among_several(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (tmp_path / "folder.jpg").mkdir()
    images = [tmp_path / "none.jpg", SUSPECT, tmp_path / "bad.jpg", tmp_path / "folder.jpg"]
    said = in_process("lookup", *images, "--json", archive=sample)
    assert said.status == 2
    assert [each["found"] for each in said.json] == [False, True, False, False]
    assert [each["suspect"]["path"] for each in said.json] == [str(each) for each in images]
    assert ["error" in each for each in said.json] == [True, False, True, True]
    assert said.err.count("\n") == 3
    assert all(str(images[i]) in said.err for i in (0, 2, 3))
    text = in_process("lookup", *images, archive=sample)
    assert text.status == 2
    assert FIRST in text.out
    alone = in_process("lookup", images[2], "--json", archive=sample)
    assert (alone.status, alone.is_one_line) == (2, True)


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (["--since", "2024-12-17T07:12:40Z"], [51, 8, 416, 8, 433]),
        (["--since", "2024-12-17T07:12:41"], [8, 416, 8, 433]),
        (["--until", "2024-12-18"], [26, 51, 8, 416, 8]),
        (["--until", "2024-12-17T06:30:12Z"], []),
        (["--since", "2024-12-18", "--until", "2024-12-27"], []),
        (["--channel", "Velmora Daily"], [416, 433]),
        (["--channel", "velmora daily"], [416, 433]),
        (["--channel", "1500000001"], [416, 433]),
        (["--channel", "-1001500000001"], [416, 433]),
        (["--limit", "2"], [26, 51]),
    ],
    ids=str,
)
def test_a_narrowed_lookup_says_so(words: list[str], messages: list[int], sample: Path) -> None:
    said = in_process("lookup", SUSPECT, *words, "--json", archive=sample)
    assert [each["message_id"] for each in said.json["sightings"]] == messages
    assert said.status == (0 if messages else 1)
    if words[0] != "--limit":
        assert "Only part of the archive" in said.json["warnings"][0]
    first = said.json["first_seen"]
    assert (first and first["message_id"]) == (messages[0] if messages else None)


@pytest.mark.parametrize("name", ["nix", "", "@"])
def test_an_unknown_channel_is_refused(name: str, sample: Path) -> None:
    said = in_process("lookup", SUSPECT, "--channel", name, archive=sample)
    assert (said.status, said.is_one_line) == (2, True)
    assert "No archived channel" in said.err


def test_lookup_writes_a_page(sample: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    said = in_process("lookup", SUSPECT, ABSENT, "--html", page, "--json", archive=sample)
    assert said.status == 0
    assert len(said.json) == 2
    pictures = Pictures()
    pictures.feed(page.read_text(encoding="utf-8"))
    assert len(pictures.sources) == 2 + 1 + 6
    assert all(source.startswith("data:image/jpeg;base64,") for source in pictures.sources)
    assert [path.name for path in page.parent.iterdir()] == ["page.html"]


def test_pages_in_the_language_and_zone_of_the_settings(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translate(tmp_path / "locale", "uk")
    monkeypatch.setattr(language, "LOCALE", tmp_path / "locale")
    (copied / "provenance.toml").write_text('[report]\nlanguage = "uk"\ntimezone = "Asia/Tokyo"\n')
    assert in_process("lookup", SUSPECT, "--html", tmp_path / "answer.html", archive=copied).status == 0
    said = in_process("report", "--week", "2024-W52", "--out", tmp_path, "--format", "html", archive=copied)
    assert said.status == 0
    for name in ("answer.html", "report-2024-W52.html"):
        page = (tmp_path / name).read_text(encoding="utf-8")
        assert '<html lang="uk" dir="ltr">' in page
        assert " Asia/Tokyo</small>" in page
        assert pseudo("no preview") in page or pseudo("Image posted in") in page


def test_a_page_that_cannot_be_written(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = in_process("lookup", SUSPECT, "--html", tmp_path / "file" / "page.html", archive=sample)
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert "cannot be written" in said.err


@pytest.mark.parametrize(
    ("ref", "kind", "what"),
    [
        (FIRST, "post", 26),
        (FIRST.removeprefix("https://"), "post", 26),
        (f"{FIRST}?single", "post", 26),
        ("http://www.telegram.me/c/1500000002/26/", "post", 26),
        ("1500000002/26", "post", 26),
        ("-1001500000002/26", "post", 26),
        ("  1500000002/26 ", "post", 26),
        ("@velmora/416", "post", 416),
        ("velmora/416", "post", 416),
        ("https://t.me/Velmora/416", "post", 416),
        (SHA256, "file", SHA256),
        (SHA256.upper()[:12], "file", SHA256),
        (SHA256[:6], "file", SHA256),
        ("picture:1", "picture", 1),
        ("Velmora Daily", "channel", 1500000001),
        ("@velmora", "channel", 1500000001),
        ("https://t.me/velmora", "channel", 1500000001),
        ("https://t.me/c/1500000002", "channel", 1500000002),
        ("1500000002", "channel", 1500000002),
        ("-1001500000002", "channel", 1500000002),
    ],
)
def test_show_takes_every_form_of_ref(ref: str, kind: str, what: object, copied: Path) -> None:
    with Archive.open(copied).write() as connection:
        named = Channel(PeerKind.CHANNEL, 1500000001, "Velmora Daily", "Velmora")
        observe.add_channel(connection, named, MONDAY)
    said = in_process("show", "--json", "--", ref, archive=copied)
    assert (said.status, said.err) == (0, "")
    document = said.json
    assert (document["schema"], document["kind"]) == ("provenance/show/1", kind)
    found = {
        "post": lambda: document["message_id"],
        "file": lambda: document["file"]["sha256"],
        "picture": lambda: document["picture"],
        "channel": lambda: document["channel"]["id"],
    }
    assert found[kind]() == what
    assert in_process("show", "--", ref, archive=copied).status == 0


@pytest.mark.parametrize(
    "ref",
    [
        "nonsense", "", " ", "@", "/", "https://t.me/", SHA256[:5], "ffffff0000",
        "picture:999", "picture:0", "picture:x",
        "picture:99999999999999999999", "1500000002/9999", "1500000002/99999999999999999999", "@nobody/1", "1/1",
        "https://t.me/c/1500000002/26/27/28", "\udcff", "a\0b",
    ],
    ids=ascii,
)  # fmt: skip
def test_an_unknown_ref_is_one_line(ref: str, sample: Path) -> None:
    said = in_process("show", ref, archive=sample)
    assert (said.status, said.is_one_line) == (2, True)


def test_an_ambiguous_prefix_is_refused(tmp_path: Path, photos: list[Path]) -> None:
    base = photos[0].read_bytes()
    seen: dict[str, int] = {}
    for number in itertools.count():  # Sixteen million prefixes: two of some thousands share one.
        name = hashlib.sha256(base + number.to_bytes(4)).hexdigest()
        if name[:6] in seen:
            break
        seen[name[:6]] = number
    folder = tmp_path / "pictures"
    folder.mkdir()
    for each in (number, seen[name[:6]]):
        (folder / f"{each}.jpg").write_bytes(base + each.to_bytes(4))
    archive = tmp_path / "archive"
    assert in_process("import", "folder", folder, "--name", "x", archive=archive).status == 0
    said = in_process("show", name[:6], archive=archive)
    assert (said.status, said.is_one_line) == (2, True)
    assert "Several" in said.err
    assert in_process("show", name[:16], archive=archive).status == 0


def test_a_picture_that_was_merged_is_found_under_both_numbers(tmp_path: Path) -> None:
    photo = random_photo(1)
    width, height = photo.size
    archive = tmp_path / "archive"
    for percent in (0, 6, 3):  # The last is near to both of the others, which are not near to each other.
        folder = tmp_path / str(percent)
        folder.mkdir()
        cut = photo.crop((width * percent // 100, height * percent // 100, width, height))
        cut.save(folder / f"{percent}.jpg", quality=90)
        assert in_process("import", "folder", folder, "--name", str(percent), archive=archive).status == 0
        if percent == 6:
            before = [in_process("show", f"picture:{n}", "--json", archive=archive).json["picture"] for n in (1, 2)]
            assert before == [1, 2]
    after = [in_process("show", f"picture:{n}", "--json", archive=archive).json for n in (1, 2, 3)]
    assert [each["picture"] for each in after] == [1, 1, 1]
    assert len(after[0]["files"]) == 3


def test_show_tells_the_history(sample: Path) -> None:
    number = in_process("lookup", SUSPECT, "--json", archive=sample).json["chain"]["picture"]
    picture = in_process("show", f"picture:{number}", "--json", archive=sample).json
    assert places([picture["first_seen"]])[0] == EXPECTED["suspects"]["suspect.jpg"]["first_seen"]
    assert len(picture["sightings"]) == 6
    assert picture["revisions"][-1]["after"]["post"] == "1500000002/26"
    post = in_process("show", "1500000001/416", "--json", archive=sample).json
    (version,) = post["versions"]
    assert version["edited_at"] == "2024-12-20T18:00:00Z"
    assert version["attachments"][0]["picture"] == number
    assert version["raw"]["id"] == 416
    (missing,) = EXPECTED["without_file"]
    post = in_process("show", f"{missing['channel_id']}/{missing['message_id']}", "--json", archive=sample).json
    assert post["versions"][0]["missing"][0]["reason"] == "not_included"
    file = in_process("show", SHA256, "--json", archive=sample).json
    assert Path(file["path"]).read_bytes() == GHOST.read_bytes()


@pytest.mark.parametrize("place", ["", "50", "50,30,1", "91,0", "0,181", "nan,0", "Kyiv", HOSTILE], ids=ascii)
def test_a_claimed_place_that_is_none_is_one_line(place: str, sample: Path) -> None:
    said = in_process("lookup", SUSPECT, "--claimed-place", place, archive=sample)
    assert (said.status, said.is_one_line) == (2, True)
    assert "--claimed-place" in said.err
    assert is_harmless(said.err)


def test_a_claimed_date_that_is_none(sample: Path) -> None:
    said = in_process("lookup", SUSPECT, "--claimed-date", "yesterday", archive=sample)
    assert (said.status, said.out) == (2, "")
    assert "yesterday" in said.err


def test_a_claim_changes_nothing_but_the_findings(sample: Path) -> None:
    plain = in_process("lookup", SUSPECT, "--json", archive=sample).json
    claim = ["--claimed-date", "2024-12-17", "--claimed-place", "50.45,30.52"]
    said = in_process("lookup", SUSPECT, *claim, "--json", archive=sample)
    assert (said.status, said.err) == (0, "")
    document = said.json
    document["suspect"].pop("findings")
    plain["suspect"].pop("findings")
    assert document == plain


# PDF


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium here: `apt-get install chromium`")
def test_pages_as_pdf(copied: Path, tmp_path: Path) -> None:
    page, printed = tmp_path / "answer.html", tmp_path / "answer.pdf"
    assert in_process("lookup", SUSPECT, "--html", page, "--pdf", printed, archive=copied).status == 0
    assert printed.read_bytes().startswith(b"%PDF-")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    said = in_process("report", "--week", "2024-W52", "--out", tmp_path, "--format", "pdf", archive=copied)
    assert said.status == 0
    assert (tmp_path / "report-2024-W52.pdf").read_bytes().startswith(b"%PDF-")
    assert "report-2024-W52.pdf" in said.out
    assert not (tmp_path / "report-2024-W52.html").exists()


@pytest.mark.parametrize("words", [("lookup", SUSPECT, "--pdf"), ("report", "--format", "html,pdf", "--out")])
def test_without_a_printer_there_is_one_line_and_no_answer(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...]
) -> None:
    monkeypatch.setenv("PROVENANCE_REPORT_BROWSER", str(tmp_path / "nothing"))
    said = in_process(*words, tmp_path / "out", archive=sample)
    assert said.status == 2
    assert said.is_one_line
    assert "PDF needs Chromium or WeasyPrint" in said.err
    assert not (tmp_path / "out").exists()
