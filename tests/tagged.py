"""Photographs that tell about themselves, as Pillow writes them."""

import base64
import io

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from tests.stories import random_photo


def tagged(
    seed: int,
    *,
    taken: str | None = None,
    offset: str | None = None,
    serial: str | None = None,
    software: str | None = None,
    place: tuple[float, float] | None = None,
    document: str | None = None,
    thumbnail: int | None = None,
    quality: int = 90,
) -> bytes:
    """The JPEG of photo `seed` with these words of its own; `thumbnail` is the photo that its preview shows."""
    exif = Image.Exif()
    details, where = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
    if software is not None:
        exif[Base.Software] = software
    for tag, value in (
        (Base.DateTimeOriginal, taken),
        (Base.OffsetTimeOriginal, offset),
        (Base.BodySerialNumber, serial),
    ):
        if value is not None:
            details[tag] = value
    if place is not None:
        where[GPS.GPSLatitudeRef], where[GPS.GPSLatitude] = "N" if place[0] >= 0 else "S", _degrees(place[0])
        where[GPS.GPSLongitudeRef], where[GPS.GPSLongitude] = "E" if place[1] >= 0 else "W", _degrees(place[1])
    extra = {} if document is None and thumbnail is None else {"xmp": _xmp(document, thumbnail)}
    stream = io.BytesIO()
    random_photo(seed).save(stream, "JPEG", quality=quality, exif=exif, **extra)
    return stream.getvalue()


def _degrees(value: float) -> tuple[float, float, float]:
    whole, rest = divmod(abs(value) * 3600, 3600)
    return whole, *divmod(rest, 60)


def _xmp(document: str | None, thumbnail: int | None) -> bytes:
    about = "" if document is None else f'xmpMM:DocumentID="{document}"'
    inside = ""
    if thumbnail is not None:
        small, stream = random_photo(thumbnail), io.BytesIO()
        small.thumbnail((160, 160))
        small.save(stream, "JPEG", quality=80)
        inside = (
            '<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><xmpGImg:format>JPEG</xmpGImg:format>'
            f"<xmpGImg:width>{small.width}</xmpGImg:width><xmpGImg:height>{small.height}</xmpGImg:height>"
            f"<xmpGImg:image>{base64.b64encode(stream.getvalue()).decode()}</xmpGImg:image>"
            "</rdf:li></rdf:Alt></xmp:Thumbnails>"
        )
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/" '
        f"{about}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
