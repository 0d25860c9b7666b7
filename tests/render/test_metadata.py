"""What files tell, as text and as JSON: only what is told, and nothing of it obeyed."""

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console, Group, RenderableType

from provenance.core.metadata import (
    Block,
    Camera,
    Documents,
    Edit,
    Finding,
    JpegStructure,
    Level,
    Metadata,
    Moment,
    Place,
    Signature,
    SignatureState,
    Thumbnail,
)
from provenance.render import html, metadata
from tests.render import build

DOCUMENTED = Path(__file__).parents[2] / "docs" / "metadata.md"
LOCAL = datetime(2024, 12, 25, 8, 30, 1, 500_000)  # noqa: DTZ001 - as a file tells it
TAKEN = Moment(LOCAL, timedelta(hours=3), Block.EXIF, "DateTimeOriginal")
HOSTILE = "<script>\x1b[31m\u202e" + "x" * 2000


def printed(parts: Iterable[RenderableType]) -> str:
    stream = io.StringIO()
    Console(file=stream, width=200, markup=False, emoji=False).print(Group(*parts))
    return stream.getvalue()


def test_nothing_told_is_nothing_said() -> None:
    assert metadata.document(None) == metadata.document(Metadata(format="JPEG", width=4, height=3)) == {}
    assert metadata.lines(()) == []


def everything() -> Metadata:
    return Metadata(
        format="JPEG",
        captured=(TAKEN,),
        digitised=(TAKEN,),
        modified=(Moment(LOCAL, None, Block.XMP, "xmp:ModifyDate", whole_day=True),),
        places=(Place(51.7, 36.2, 180.0, "WGS-84", 5.0, Block.GPS),),
        camera=Camera("Canon", "EOS R5", "0123"),
        software=("GIMP 2.10",),
        history=(Edit("saved", "GIMP", TAKEN, None),),
        documents=Documents("a", ingredients=("b",)),
        orientation=6,
        source_types=("digitalCapture",),
        fbmd="FBMD00",
        credits={"author": "N. N."},
        profile="sRGB",
        jpeg=JpegStructure(((1,) * 64,), 87, 87, True, "4:2:0", 0, ("c",), ("APP1 Exif",), 3),
        texts=(("Comment", "t"),),
        thumbnails=(Thumbnail(Block.EXIF, 160, 120, b"x" * 256, 70, 12, 0.987654, True),),
        signature=Signature(SignatureState.VALID, "N. N.", signed=TAKEN),
        blocks=(Block.EXIF,),
        unread=((Block.XMP, "why"),),
    )


def test_all_that_was_read_is_told() -> None:
    told = json.loads(json.dumps(metadata.document(everything())))
    assert told["captured"] == [
        {
            "local": "2024-12-25T08:30:01.500000",
            "offset_minutes": 180,
            "utc": "2024-12-25T05:30:01.500000Z",
            "whole_day": False,
            "block": "exif",
            "tag": "DateTimeOriginal",
        }
    ]
    assert told["modified"][0]["utc"] is None
    assert told["modified"][0]["whole_day"] is True
    assert told["places"][0]["precision_metres"] == 5
    assert told["camera"] == {"make": "Canon", "model": "EOS R5", "serial": "0123"}
    assert told["documents"] == {"document": "a", "ingredients": ["b"]}
    assert told["jpeg"]["tables"] == [[1] * 64]
    assert told["thumbnails"] == [
        {"block": "exif", "width": 160, "height": 120, "distance": 12, "likeness": 0.988, "bars": True}
    ]
    assert told["signature"]["state"] == "valid"
    assert told["unread"] == [{"block": "xmp", "why": "why"}]
    assert {"history", "orientation", "source_types", "facebook", "credits", "profile", "texts", "blocks"} <= set(told)


def test_the_documentation_names_every_key() -> None:
    documented = DOCUMENTED.read_text().partition("## As JSON")[2]
    missing = [key for key in metadata.document(everything()) if f"`{key}`" not in documented]
    assert missing == []


def test_findings_say_their_level_and_their_evidence() -> None:
    found = (
        Finding("captured_after_seen", Level.WARNING, "It says A.", "EXIF DateTimeOriginal: 2024"),
        Finding("camera", Level.INFO, "It says B.", "Canon"),
    )
    text = printed(metadata.lines(found))
    assert "Warning: It says A." in text
    assert "EXIF DateTimeOriginal: 2024" in text
    assert "\n  It says B." in text
    assert metadata.finding(found[0]) == {
        "kind": "captured_after_seen",
        "level": "warning",
        "text": "It says A.",
        "evidence": "EXIF DateTimeOriginal: 2024",
    }


def test_hostile_text_is_shown_and_bounded() -> None:
    text = printed(metadata.lines((Finding("camera", Level.INFO, HOSTILE, HOSTILE),)))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31m" in text
    assert len(text) < 2500


def page(*found: Finding) -> str:
    answer = build.lookup(*build.sightings())
    return html.lookup([replace(answer, suspect=replace(answer.suspect, findings=found))], {})


def test_the_page_says_the_same_in_its_own_section() -> None:
    text = page(
        Finding("captured_after_seen", Level.WARNING, "It says A.", "EXIF DateTimeOriginal: 2024"),
        Finding("camera", Level.INFO, "It says B.", "Canon"),
    )
    assert "<h3>What the file tells about itself</h3>" in text
    assert '<li class="warning"><strong>Warning:</strong> <bdi>It says A.</bdi><br>' in text
    assert '<li class="info"><bdi>It says B.</bdi><br><small><bdi>Canon</bdi></small></li>' in text
    assert "What the file tells about itself" not in page()


def test_the_page_escapes_what_was_read() -> None:
    text = page(Finding("camera", Level.INFO, HOSTILE, HOSTILE))
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("&lt;script&gt;\\x1b[31m\\u202e") == 2
