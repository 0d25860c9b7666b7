"""XMP: what editing programs keep on record about a picture and its masters, as RDF in XML."""

import base64
import binascii
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from provenance.core.metadata import Block, Camera, Documents, Edit, Metadata, Moment, Place
from provenance.images.told import moment, place, text

Value = str | list["Value"] | dict[str, "Value"]

_MOST_BYTES = 4 << 20
_MOST_MARKS = 20_000
"""Elements of one packet, and as many attributes: reading them takes about a tenth of a second."""
_MOST_ITEMS = 200
"""Steps of a history, ids of ingredients: some programs let them grow without end."""
_DEEPEST = 12
_THUMBNAIL = 1 << 20

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PREFIXES = {
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://ns.adobe.com/xap/1.0/g/img/": "xmpGImg",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "adobe:ns:meta/": "x",
}
_COORDINATE = re.compile(r"(\d{1,3})(?:,(\d{1,2})(?:,(\d{1,2}))?)?(?:\.(\d{1,12}))?([NSEW])", re.ASCII)
_CREDITS = {
    "author": "dc:creator",
    "copyright": "dc:rights",
    "caption": "dc:description",
    "title": "dc:title",
    "headline": "photoshop:Headline",
    "credit": "photoshop:Credit",
    "source": "photoshop:Source",
    "city": "photoshop:City",
    "state": "photoshop:State",
    "country": "photoshop:Country",
    "instructions": "photoshop:Instructions",
}


def read_xmp(packet: bytes) -> tuple[Metadata, list[bytes]]:
    """Return what a packet tells, and the thumbnails in it. Raises nothing."""
    try:
        told = _properties(packet)
    except DefusedXmlException:
        return _unread("declares a type of document, as XMP never does")
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        return _unread(text(str(error), 120) or type(error).__name__)
    places = _places(told)
    metadata = Metadata(
        captured=_moments(told, "exif:DateTimeOriginal", "photoshop:DateCreated"),
        digitised=_moments(told, "exif:DateTimeDigitized", "xmp:CreateDate"),
        modified=_moments(told, "xmp:ModifyDate", "tiff:DateTime"),
        places=places,
        camera=_camera(told),
        software=tuple(dict.fromkeys(_each(told, "xmp:CreatorTool", "tiff:Software"))),
        history=tuple(_history(told.get("xmpMM:History"))),
        documents=_documents(told),
        orientation=_orientation(told),
        source_types=tuple(kind.rpartition("/")[2] for kind in _each(told, "Iptc4xmpExt:DigitalSourceType")),
        credits={name: line for name, tag in _CREDITS.items() if (line := _line(told.get(tag)))},
        blocks=(Block.XMP,),
    )
    return metadata, list(_thumbnails(told.get("xmp:Thumbnails")))


def _unread(reason: str) -> tuple[Metadata, list[bytes]]:
    return Metadata(blocks=(Block.XMP,), unread=((Block.XMP, reason),)), []


def extended_id(packet: bytes) -> bytes | None:
    """The GUID of what a JPEG had to put into further segments."""
    found = re.search(rb"HasExtendedXMP[^0-9A-F]{1,8}([0-9A-F]{32})", packet[: 1 << 16])
    return found[1] if found else None


def _properties(packet: bytes) -> dict[str, Value]:
    if packet[:2] not in {BOM_UTF16_LE, BOM_UTF16_BE}:  # Half of a letter would be taken off these.
        packet = packet.strip(b"\0 \t\r\n")
    if len(packet) > _MOST_BYTES or packet.count(b"<") + packet.count(b"=") > 2 * _MOST_MARKS:
        raise ValueError("is larger than any program writes it")
    root = fromstring(packet, forbid_dtd=True)
    told: dict[str, Value] = {}
    for rdf in [root] if root.tag == f"{_RDF}RDF" else root.iter(f"{_RDF}RDF"):
        for description in rdf:
            for name, value in _struct(description, 0).items():
                told.setdefault(name, value)
    if not told and root.find(f".//{_RDF}RDF") is None and root.tag != f"{_RDF}RDF":
        raise ValueError("holds no RDF")
    return told


def _name(tag: str) -> str:
    space, _, name = tag[1:].partition("}")
    return f"{_PREFIXES.get(space, space)}:{name}"


def _struct(element: Element, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {
        _name(key): value for key, value in element.items() if key[:1] == "{" and not key.startswith((_RDF, _LANG))
    }
    for child in element:
        if isinstance(child.tag, str) and child.tag[:1] == "{":
            found.setdefault(_name(child.tag), _value(child, depth + 1))
    return found


def _value(element: Element, depth: int) -> Value:
    """Attributes and elements, both of RDF's ways to write the same."""
    if depth > _DEEPEST:
        raise ValueError("is nested too deeply")
    inner = next(iter(element), None)
    if inner is not None and inner.tag in {f"{_RDF}Bag", f"{_RDF}Seq", f"{_RDF}Alt"}:
        items = list(inner)
        if inner.tag == f"{_RDF}Alt":
            items.sort(key=lambda item: item.get(_LANG) != "x-default")
        return [_value(item, depth + 1) for item in items[:_MOST_ITEMS]]
    if inner is not None and inner.tag == f"{_RDF}Description":
        return _struct(inner, depth + 1)
    if inner is not None and inner.tag == f"{_RDF}value":
        return inner.text or ""
    if struct := _struct(element, depth):
        return struct
    return element.get(f"{_RDF}resource") or element.text or ""


def _line(value: Value | None) -> str | None:
    """One line of whatever stands there: of a list, its first entry."""
    while isinstance(value, list):
        value = value[0] if value else None
    return text(value)


def _each(told: dict[str, Value], *tags: str) -> Iterator[str]:
    for tag in tags:
        value = told.get(tag)
        for one in value if isinstance(value, list) else [value]:
            if line := _line(one):
                yield line


def _moments(told: dict[str, Value], *tags: str) -> tuple[Moment, ...]:
    found = (moment(_line(told.get(tag)), Block.XMP, tag) for tag in tags)
    return tuple(one for one in found if one is not None)


def _camera(told: dict[str, Value]) -> Camera:
    def first(*tags: str) -> str | None:
        return next(_each(told, *tags), None)

    return Camera(
        make=first("tiff:Make"),
        model=first("tiff:Model"),
        serial=first("exifEX:BodySerialNumber", "aux:SerialNumber"),
        lens=first("exifEX:LensModel", "aux:Lens"),
        lens_serial=first("exifEX:LensSerialNumber", "aux:LensSerialNumber"),
        owner=first("exifEX:CameraOwnerName", "aux:OwnerName"),
        unique_id=first("exif:ImageUniqueID"),
    )


def _orientation(told: dict[str, Value]) -> int | None:
    line = _line(told.get("tiff:Orientation"))
    return int(line) if line in {"1", "2", "3", "4", "5", "6", "7", "8"} else None


def _history(value: Value | None) -> Iterator[Edit]:
    for step in value if isinstance(value, list) else []:
        if isinstance(step, dict) and (action := _line(step.get("stEvt:action"))):
            yield Edit(
                action,
                _line(step.get("stEvt:softwareAgent")),
                moment(_line(step.get("stEvt:when")), Block.XMP, "stEvt:when"),
                _line(step.get("stEvt:changed")),
            )


def _documents(told: dict[str, Value]) -> Documents:
    derived = told.get("xmpMM:DerivedFrom")
    derived = derived if isinstance(derived, dict) else {}
    pasted = told.get("xmpMM:Ingredients")
    ingredients = [
        line
        for one in (pasted if isinstance(pasted, list) else [])
        if isinstance(one, dict) and (line := _line(one.get("stRef:documentID")))
    ]
    ingredients += _each(told, "photoshop:DocumentAncestors")
    return Documents(
        document=_line(told.get("xmpMM:DocumentID")),
        original=_line(told.get("xmpMM:OriginalDocumentID")),
        instance=_line(told.get("xmpMM:InstanceID")),
        derived_document=_line(derived.get("stRef:documentID")),
        derived_instance=_line(derived.get("stRef:instanceID")),
        derived_original=_line(derived.get("stRef:originalDocumentID")),
        ingredients=tuple(dict.fromkeys(ingredients))[:_MOST_ITEMS],
    )


def _places(told: dict[str, Value]) -> tuple[Place, ...]:
    latitude = _degrees(_line(told.get("exif:GPSLatitude")), "NS", 90)
    longitude = _degrees(_line(told.get("exif:GPSLongitude")), "EW", 180)
    if latitude is None or longitude is None:
        return ()
    height = _number(_line(told.get("exif:GPSAltitude")))
    found = place(
        latitude,
        longitude,
        altitude=-height if height is not None and _line(told.get("exif:GPSAltitudeRef")) == "1" else height,
        error=_number(_line(told.get("exif:GPSHPositioningError"))),
        datum=_line(told.get("exif:GPSMapDatum")),
        block=Block.XMP,
    )
    return (found,)


def _degrees(line: str | None, ways: str, most: int) -> tuple[float, float] | None:
    """Read "40,26.4612N", and how many degrees its last written digit stands for."""
    if not line or not (found := _COORDINATE.fullmatch(line)) or found[5] not in ways:
        return None
    parts = [part for part in found.group(1, 2, 3) if part is not None]
    digits = found[4] or ""
    unit = 1 / 60 ** (len(parts) - 1)
    degrees = sum(int(part) / 60**place for place, part in enumerate(parts)) + float(f"0.{digits or 0}") * unit
    if degrees > most:
        return None
    return (-degrees if found[5] == ways[1] else degrees), unit / 10 ** len(digits)


def _number(line: str | None) -> float | None:
    """Read "12345/100" or "123.45"."""
    found = re.fullmatch(r"(-?\d{1,12}(?:\.\d{1,12})?)(?:/(\d{1,12}))?", line or "", re.ASCII)
    if not found or int(found[2] or 1) == 0:
        return None
    return float(found[1]) / int(found[2] or 1)


def _thumbnails(value: Value | None) -> Iterator[bytes]:
    for one in value[:4] if isinstance(value, list) else []:
        image = one.get("xmpGImg:image") if isinstance(one, dict) else None
        if isinstance(image, str) and len(image) < 2 * _THUMBNAIL:
            try:
                picture = base64.b64decode("".join(image.split()))
            except (binascii.Error, ValueError):
                continue
            if picture.startswith(b"\xff\xd8"):
                yield picture
