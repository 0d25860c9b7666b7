"""XMP in both of RDF's ways of writing, and XML that wants to do harm."""

import base64
import time

import pytest

from provenance.core.metadata import Block
from provenance.images.xmp import extended_id, read_xmp

HEAD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:mm="http://ns.adobe.com/xap/1.0/mm/" '
    'xmlns:ref="http://ns.adobe.com/xap/1.0/sType/ResourceRef#" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    'xmlns:img="http://ns.adobe.com/xap/1.0/g/img/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
)
FOOT = "</rdf:RDF></x:xmpmeta>"


def packet(inner: str) -> bytes:
    return (HEAD + inner + FOOT).encode()


def test_attributes_and_elements_say_the_same() -> None:
    short = packet('<rdf:Description xmp:CreatorTool="GIMP" mm:DocumentID="d"><mm:DerivedFrom ref:documentID="m"/>'
                   "</rdf:Description>")  # fmt: skip
    long = packet("<rdf:Description><xmp:CreatorTool>GIMP</xmp:CreatorTool><mm:DocumentID>d</mm:DocumentID>"
                  '<mm:DerivedFrom rdf:parseType="Resource"><ref:documentID>m</ref:documentID></mm:DerivedFrom>'
                  "</rdf:Description>")  # fmt: skip
    nested = packet("<rdf:Description><xmp:CreatorTool>GIMP</xmp:CreatorTool></rdf:Description>"
                    '<rdf:Description mm:DocumentID="d"><mm:DerivedFrom><rdf:Description ref:documentID="m"/>'
                    "</mm:DerivedFrom></rdf:Description>")  # fmt: skip
    found, _ = read_xmp(short)
    assert found.software == ("GIMP",)
    assert (found.documents.document, found.documents.derived_document) == ("d", "m")
    assert read_xmp(long)[0] == found == read_xmp(nested)[0]


def test_of_several_languages_the_default_is_told() -> None:
    found, _ = read_xmp(packet('<rdf:Description><dc:description><rdf:Alt><rdf:li xml:lang="de">Haus</rdf:li>'
                               '<rdf:li xml:lang="x-default">house</rdf:li></rdf:Alt></dc:description>'
                               "</rdf:Description>"))  # fmt: skip
    assert found.credits == {"caption": "house"}


@pytest.mark.parametrize(
    ("latitude", "degrees", "metres"),
    [("40,26.46S", -40.441, 18.6), ("40,26,46N", 40.446111, 31), ("40,26.461234N", 40.44102, 0.00186)],
)
def test_positions_and_their_precision(latitude: str, degrees: float, metres: float) -> None:
    found, _ = read_xmp(packet(f'<rdf:Description exif:GPSLatitude="{latitude}" exif:GPSLongitude="8,0.00000000W"/>'))
    [place] = found.places
    assert place.latitude == pytest.approx(degrees, abs=1e-5)
    assert place.longitude == -8
    assert place.precision == pytest.approx(metres, rel=0.01)


@pytest.mark.parametrize("latitude", ["91,0.0N", "40,26.46", "40,26.46E", "N", "40;26N", "-40,1.0N"])
def test_positions_that_are_none(latitude: str) -> None:
    assert (
        read_xmp(packet(f'<rdf:Description exif:GPSLatitude="{latitude}" exif:GPSLongitude="8,0.0W"/>'))[0].places == ()
    )


def test_thumbnails() -> None:
    picture = base64.b64encode(b"\xff\xd8picture").decode()
    found = packet(f'<rdf:Description><xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><img:image>{picture}'
                   "</img:image></rdf:li></rdf:Alt></xmp:Thumbnails></rdf:Description>")  # fmt: skip
    assert read_xmp(found)[1] == [b"\xff\xd8picture"]


@pytest.mark.parametrize("coding", ["utf-16", "utf-8-sig"])
def test_packets_of_other_codings(coding: str) -> None:
    assert read_xmp(packet('<rdf:Description xmp:CreatorTool="Łódź"/>').decode().encode(coding))[0].software == (
        "Łódź",
    )


def test_a_height_and_an_error_that_no_device_tells() -> None:
    where = 'exif:GPSLatitude="50,0.0N" exif:GPSLongitude="8,0.0W"'
    how = 'exif:GPSAltitude="999999999999" exif:GPSHPositioningError="999999999999"'
    found, _ = read_xmp(packet(f"<rdf:Description {where} {how}/>"))
    [place] = found.places
    assert place.altitude is None
    assert place.precision is not None
    assert place.precision < 20_100_000


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0",
        b"<x",
        b"<a/>",
        b"\xff\xfe<\0a\0",
        b'<?xml version="1.0" encoding="none-such"?><a/>',
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><x>&l8;</x>'.encode(),
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        packet("<rdf:Description>" + "<xmp:a>" * 1000 + "</xmp:a>" * 1000 + "</rdf:Description>"),
        packet("<rdf:Description/>" * 100_000),
        b"<a>" * 15_000,
    ],
    ids=range(11),
)
def test_bad_packets_say_why_in_time(data: bytes) -> None:
    started = time.process_time()
    found, thumbnails = read_xmp(data)
    assert time.process_time() - started < 1
    assert found.blocks == (Block.XMP,)
    assert [block for block, _ in found.unread] == [Block.XMP]
    assert thumbnails == []


def test_lists_are_bounded() -> None:
    items = "".join(f'<rdf:li ref:documentID="{n}"/>' for n in range(1000))
    found, _ = read_xmp(
        packet(f"<rdf:Description><mm:Ingredients><rdf:Bag>{items}</rdf:Bag></mm:Ingredients></rdf:Description>")
    )
    assert len(found.documents.ingredients) == 200


def test_what_lies_in_further_segments_is_named() -> None:
    guid = "0123456789ABCDEF0123456789ABCDEF"
    assert extended_id(f'<a xmpNote:HasExtendedXMP="{guid}"/>'.encode()) == guid.encode()
    assert extended_id(b"<a/>") is None
