"""What is read agrees with ExifTool in files made by others; damaged and hostile files cost no more than themselves."""

import json
import re
import struct
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from provenance.core.metadata import Block, Metadata, Moment
from provenance.images.decode import Refused
from provenance.images.metadata import merged, read
from provenance.images.sandbox import Limits, Sandbox
from tests.metadata_samples import ANSWERS, SAMPLES

LIMIT = 10**7
ANSWER: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
NAMES = sorted(ANSWER)
DIFFERENCES = {"latin.jpg": {"author": ("José", "Jos?")}}
"""Where the two read the same bytes differently, and why: docs/metadata.md."""


def written(moment: Moment) -> str:
    """As ExifTool writes it: with a fraction and a zone where there are some."""
    if moment.whole_day:
        return f"{moment.local:%Y:%m:%d}"
    fraction = f".{moment.local.microsecond:06d}".rstrip("0").rstrip(".")
    zone = ""
    if moment.offset is not None:
        minutes = int(moment.offset.total_seconds()) // 60
        zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return f"{moment.local:%Y:%m:%d %H:%M:%S}{fraction}{zone}"


def normal(line: str) -> str:
    line = line.replace("Z", "+00:00")
    return re.sub(r"(\.\d*?)0+(?=$|[+-])", r"\1", line).replace(".+", "+").replace(".-", "-").rstrip(".")


def told_by_exiftool(answer: dict[str, Any]) -> dict[str, Any]:
    """ExifTool's answer in this project's terms, tag by tag."""
    times = {}
    for tag, ours, suffix in (
        ("DateTimeOriginal", "DateTimeOriginal", "Original"),
        ("CreateDate", "DateTimeDigitized", "Digitized"),
        ("ModifyDate", "DateTime", ""),
    ):
        line = answer.get(f"ExifIFD:{tag}") or answer.get(f"IFD0:{tag}")
        if isinstance(line, str) and line.strip(" :0"):
            fraction = answer.get(f"ExifIFD:SubSecTime{suffix}")
            times[ours] = normal(
                line + (f".{fraction}" if fraction else "") + str(answer.get(f"ExifIFD:OffsetTime{suffix}", ""))
            )
    for tag, ours in (
        ("XMP-exif:DateTimeOriginal", "exif:DateTimeOriginal"),
        ("XMP-photoshop:DateCreated", "photoshop:DateCreated"),
        ("XMP-xmp:CreateDate", "xmp:CreateDate"),
        ("XMP-xmp:ModifyDate", "xmp:ModifyDate"),
    ):
        if len(str(answer.get(tag, ""))) >= 10:
            times[ours] = normal(answer[tag])
    if day := answer.get("GPS:GPSDateStamp"):
        times["GPSDateStamp"] = normal(f"{day} {answer['GPS:GPSTimeStamp']}+00:00")
    if day := answer.get("IPTC:DateCreated"):
        times["DateCreated"] = f"{day} {answer['IPTC:TimeCreated']}" if "IPTC:TimeCreated" in answer else day

    def first(*tags: str) -> str | None:
        found = next((answer[tag] for tag in tags if answer.get(tag)), None)
        return None if found is None else str(found[0] if isinstance(found, list) else found)

    canon = answer.get("Canon:SerialNumber")
    derived = answer.get("XMP-xmpMM:DerivedFrom", {})
    return {
        "times": times,
        "make": first("IFD0:Make", "XMP-tiff:Make"),
        "model": first("IFD0:Model"),
        "serial": f"{canon:010d}" if canon else first("ExifIFD:SerialNumber", "Nikon:SerialNumber",
                        "FujiFilm:InternalSerialNumber", "XMP-aux:SerialNumber"),
        "lens": first("ExifIFD:LensModel"),
        "lens_serial": first("ExifIFD:LensSerialNumber"),
        "owner": first("ExifIFD:OwnerName"),
        "unique_id": first("ExifIFD:ImageUniqueID"),
        "software": {answer[tag] for tag in ("IFD0:Software", "XMP-xmp:CreatorTool", "IPTC:OriginatingProgram",
                                             "PNG:Software") if tag in answer},
        "orientation": answer.get("IFD0:Orientation"),
        "document": first("XMP-xmpMM:DocumentID"),
        "original": first("XMP-xmpMM:OriginalDocumentID"),
        "instance": first("XMP-xmpMM:InstanceID"),
        "derived": (derived.get("DocumentID"), derived.get("InstanceID"), derived.get("OriginalDocumentID")),
        "ingredients": [one["DocumentID"] for one in answer.get("XMP-xmpMM:Ingredients", [])]
        + answer.get("XMP-photoshop:DocumentAncestors", []),
        "history": [(one["Action"], one.get("SoftwareAgent"), normal(one["When"]), one.get("Changed"))
                    for one in answer.get("XMP-xmpMM:History", [])],
        "author": first("IFD0:Artist", "XMP-dc:Creator", "IPTC:By-line"),
        "comment": first("ExifIFD:UserComment"),
        "profile": first("ICC_Profile:ProfileDescription"),
        "fbmd": first("IPTC:SpecialInstructions"),
        "thumbnails": sum(tag.split(":")[1] in ("ThumbnailImage", "PhotoshopThumbnail") for tag in answer),
    }  # fmt: skip


def told_by_us(found: Metadata) -> dict[str, Any]:
    moments = {one.tag: written(one) for one in (*found.captured, *found.digitised, *found.modified)}
    moments.pop("tIME", None)
    moments.pop("tiff:DateTime", None)
    camera, documents = found.camera, found.documents
    return {
        "times": moments,
        "make": camera.make, "model": camera.model, "serial": camera.serial, "lens": camera.lens,
        "lens_serial": camera.lens_serial, "owner": camera.owner, "unique_id": camera.unique_id,
        "software": set(found.software),
        "orientation": found.orientation,
        "document": documents.document, "original": documents.original, "instance": documents.instance,
        "derived": (documents.derived_document, documents.derived_instance, documents.derived_original),
        "ingredients": list(documents.ingredients),
        "history": [(one.action, one.software, written(one.at) if one.at else None, one.changed)
                    for one in found.history],
        "author": found.credits.get("author"),
        "comment": dict(found.texts).get("UserComment"),
        "profile": found.profile,
        "fbmd": found.fbmd,
        "thumbnails": len(found.thumbnails),
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_exiftool(name: str) -> None:
    found = read(SAMPLES / name, LIMIT)
    ours, theirs = told_by_us(found), told_by_exiftool(ANSWER[name])
    for field, (us, them) in DIFFERENCES.get(name, {}).items():
        assert (ours.pop(field), theirs.pop(field)) == (us, them)
    assert ours == theirs
    assert not found.unread or name.startswith("no_ref")


@pytest.mark.parametrize("name", NAMES)
def test_positions_agree_with_exiftool(name: str) -> None:
    answer, places = ANSWER[name], read(SAMPLES / name, LIMIT).places
    group = "Composite" if "Composite:GPSLatitude" in answer else "XMP-exif"
    if (latitude := answer.get(f"{group}:GPSLatitude")) is None:
        assert not places
        return
    assert (places[0].latitude, places[0].longitude) == pytest.approx(
        (latitude, answer[f"{group}:GPSLongitude"]), abs=1e-7
    )
    assert places[0].altitude == answer.get("Composite:GPSAltitude")
    assert places[0].datum == answer.get("GPS:GPSMapDatum")
    assert places[0].precision is not None
    assert places[0].precision >= answer.get("GPS:GPSHPositioningError", 0)


def test_there_are_samples_of_all_formats() -> None:
    assert len(NAMES) >= 60
    assert {Path(name).suffix for name in NAMES} == {".jpg", ".png", ".webp", ".tif", ".heic", ".avif", ".gif"}
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 1_000_000


def test_a_position_without_hemispheres_is_none_and_says_so() -> None:
    found = read(SAMPLES / "no_ref.jpg", LIMIT)
    assert found.places == ()
    assert [block for block, _ in found.unread] == [Block.GPS]


def test_a_file_without_metadata_tells_nothing() -> None:
    found = read(SAMPLES / "bare.png", LIMIT)
    assert (found.format, found.blocks, found.captured, found.software, found.unread) == ("PNG", (), (), (), ())


def test_no_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(b"not an image")
    with pytest.raises(Refused):
        read(path, LIMIT)


def test_the_first_word_counts_and_lists_are_joined() -> None:
    one = read(SAMPLES / "camera.jpg", LIMIT)
    other = read(SAMPLES / "xmp.jpg", LIMIT)
    both = merged(one, other)
    assert both.camera.make == "NIKON CORPORATION"
    assert both.camera.serial == one.camera.serial
    assert both.captured == other.captured
    assert both.credits == {**other.credits, **one.credits}


def bomb(count: int) -> bytes:
    """A maker note that claims `count` numbers."""
    note = struct.pack("<HHII", 0x927C, 7, count, 8)
    make = struct.pack("<HHI4s", 0x010F, 2, 4, b"Can\0")
    pointer = struct.pack("<HHII", 0x8769, 4, 1, 38)
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + make + pointer + b"\0" * 4 + struct.pack("<H", 1) + note + b"\0" * 4
    )


@pytest.mark.parametrize("count", [10**9, 2**32 - 1, 4000])
def test_a_count_of_a_thousand_million_is_not_believed(tmp_path: Path, count: int) -> None:
    path = tmp_path / "bomb.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=b"Exif\0\0" + bomb(count) + b"\0" * 60)
    started = time.process_time()
    with Sandbox(Limits(seconds=5, memory_bytes=1 << 28), workers=1) as sandbox:
        [found] = sandbox.map(read, [path])
    assert isinstance(found, Metadata)
    assert found.camera.make == "Can"
    assert (Block.EXIF, "MakerNote: points outside of the block") in found.unread
    assert time.process_time() - started < 2


def test_zones_are_kept_apart_from_times() -> None:
    [moment, *_] = read(SAMPLES / "zoned.webp", LIMIT).captured
    assert moment.offset == -timedelta(hours=5, minutes=30)
    assert moment.utc is not None
    assert moment.utc.isoformat() == "2022-07-09T05:29:58.070000+00:00"
    assert read(SAMPLES / "time.webp", LIMIT).captured[0].utc is None
