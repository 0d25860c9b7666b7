"""What a file tells about itself and what that means, at a terminal and for programs.

Everything in it was written by whoever made the file.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from provenance.core.metadata import Edit, Finding, JpegStructure, Level, Metadata, Moment, Place, Signature, Thumbnail
from provenance.render.layout import indented
from provenance.render.text import visible

Document = dict[str, Any]
_STYLES = {Level.WARNING: "bold red", Level.NOTICE: "yellow", Level.INFO: ""}
_TEXT, _EVIDENCE = 1000, 300


def lines(findings: Sequence[Finding], title: str = "What the file tells about itself") -> list[RenderableType]:
    """Return nothing where there is nothing to be said."""
    if not findings:
        return []
    parts: list[RenderableType] = [Text(), Text(title, "bold")]
    for each in findings:
        mark = "" if each.level is Level.INFO else f"{each.level.capitalize()}: "
        parts.append(indented(mark + visible(each.text, _TEXT), _STYLES[each.level]))
        parts.append(indented(f"  {visible(each.evidence, _EVIDENCE)}", "dim"))
    return parts


def finding(found: Finding) -> Document:
    return {"kind": found.kind, "level": found.level, "text": found.text, "evidence": found.evidence}


def document(read: Metadata | None) -> Document:
    """Return what was read, without what the file does not tell; empty where it tells nothing."""
    if read is None:
        return {}
    told: Document = {
        "captured": [_moment(each) for each in read.captured],
        "digitised": [_moment(each) for each in read.digitised],
        "modified": [_moment(each) for each in read.modified],
        "places": [_place(each) for each in read.places],
        "camera": _told(**asdict(read.camera)),
        "software": list(read.software),
        "history": [_edit(each) for each in read.history],
        "documents": _told(**asdict(read.documents)),
        "orientation": read.orientation,
        "source_types": list(read.source_types),
        "facebook": read.fbmd,
        "credits": dict(read.credits),
        "profile": read.profile,
        "jpeg": read.jpeg and _jpeg(read.jpeg),
        "texts": [{"keyword": keyword, "text": text} for keyword, text in read.texts],
        "thumbnails": [_thumbnail(each) for each in read.thumbnails],
        "signature": read.signature and _signature(read.signature),
        "blocks": list(read.blocks),
        "unread": [{"block": block, "why": why} for block, why in read.unread],
    }
    return _told(**told)


def _told(**values: Any) -> Document:
    return {name: value for name, value in values.items() if value not in (None, [], (), {}, "")}


def _moment(at: Moment) -> Document:
    return {
        "local": at.local.isoformat(),
        "offset_minutes": None if at.offset is None else round(at.offset.total_seconds() / 60),
        "utc": None if at.utc is None else at.utc.isoformat().replace("+00:00", "Z"),
        "whole_day": at.whole_day,
        "block": at.block,
        "tag": at.tag,
    }


def _place(where: Place) -> Document:
    return {
        "latitude": where.latitude,
        "longitude": where.longitude,
        "altitude": where.altitude,
        "datum": where.datum,
        "precision_metres": where.precision,
        "block": where.block,
    }


def _edit(step: Edit) -> Document:
    return _told(action=step.action, software=step.software, at=step.at and _moment(step.at), changed=step.changed)


def _jpeg(written: JpegStructure) -> Document:
    return {
        "ijg_quality": written.ijg_quality,
        "quality": written.quality,
        "progressive": written.progressive,
        "subsampling": written.subsampling,
        "restart_interval": written.restart_interval,
        "comments": list(written.comments),
        "segments": list(written.segments),
        "trailing_bytes": written.trailing,
        "tables": [list(each) for each in written.tables],
    }


def _thumbnail(small: Thumbnail) -> Document:
    return {
        "block": small.block,
        "width": small.width,
        "height": small.height,
        "distance": small.distance,
        "likeness": round(small.likeness, 3),
        "bars": small.bars,
    }


def _signature(signed: Signature) -> Document:
    return _told(
        state=signed.state,
        issuer=signed.issuer,
        generator=signed.generator,
        title=signed.title,
        signed=signed.signed and _moment(signed.signed),
        actions=list(signed.actions),
        source_types=list(signed.source_types),
        problems=list(signed.problems),
        url=signed.url,
    )
