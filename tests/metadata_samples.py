"""Makes tests/data/metadata: small synthetic pictures with metadata, and what ExifTool reads in them.

Needs exiftool, ImageMagick (convert) and ffmpeg: `python -m tests.metadata_samples`. The tests need none of them.
"""

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

SAMPLES = Path(__file__).parent / "data" / "metadata"
ANSWERS = SAMPLES / "exiftool.json"

_DOCUMENTS = [
    "-XMP-xmpMM:DocumentID=xmp.did:aa11",
    "-XMP-xmpMM:OriginalDocumentID=xmp.did:0f0f",
    "-XMP-xmpMM:InstanceID=xmp.iid:bb22",
    "-XMP-xmpMM:DerivedFrom={DocumentID=xmp.did:cc33,InstanceID=xmp.iid:dd44,OriginalDocumentID=xmp.did:0f0f}",
    (
        "-XMP-xmpMM:History=[{Action=created,When=2021:03:04 05:06:07+01:00,SoftwareAgent=Adobe Photoshop 22.1},"
        "{Action=saved,When=2021:03:04 06:00:00Z,SoftwareAgent=Adobe Photoshop 22.1,Changed=/}]"
    ),
    "-XMP-xmpMM:Ingredients=[{DocumentID=xmp.did:ee55},{DocumentID=xmp.did:ff66}]",
    "-XMP-photoshop:DocumentAncestors=adobe:docid:1",
    "-XMP-xmp:CreatorTool=Adobe Photoshop 22.1 (Windows)",
]
_CAMERA = [
    "-IFD0:Make=NIKON CORPORATION",
    "-IFD0:Model=NIKON D850",
    "-ExifIFD:SerialNumber=3002718",
    "-ExifIFD:LensModel=24-70mm f/2.8",
    "-ExifIFD:LensSerialNumber=77123",
    "-ExifIFD:OwnerName=Zoë Müller",
    "-ExifIFD:ImageUniqueID=0123456789abcdef0123456789abcdef",
    "-IFD0:Software=Capture NX 2.4",
    "-IFD0:Artist=Zoë Müller",
]
_ZONED = [
    "-ExifIFD:DateTimeOriginal=2022:07:08 23:59:58",
    "-ExifIFD:OffsetTimeOriginal=-05:30",
    "-ExifIFD:SubSecTimeOriginal=07",
    "-ExifIFD:CreateDate=2022:07:08 23:59:59",
    "-ExifIFD:OffsetTimeDigitized=+13:45",
    "-IFD0:ModifyDate=2022:07:10 01:02:03",
    "-ExifIFD:OffsetTime=+00:00",
]
_GPS = [
    "-GPS:GPSLatitude=33.8567844",
    "-GPS:GPSLatitudeRef=S",
    "-GPS:GPSLongitude=70.5",
    "-GPS:GPSLongitudeRef=W",
    "-GPS:GPSAltitude=12.5",
    "-GPS:GPSAltitudeRef=1",
    "-GPS:GPSMapDatum=WGS-84",
    "-GPS:GPSDateStamp=2022:07:09",
    "-GPS:GPSTimeStamp=05:29:58.5",
    "-GPS:GPSHPositioningError=14.25",
]
_XMP_TIMES = [
    "-XMP-exif:DateTimeOriginal=2019:01:02 03:04:05.25+09:00",
    "-XMP-photoshop:DateCreated=2019:01:02",
    "-XMP-xmp:CreateDate=2019:01:02 03:04:06",
    "-XMP-xmp:ModifyDate=2019:02:02 03:04:06Z",
    "-XMP-exif:GPSLatitude=59.3293 N",
    "-XMP-exif:GPSLongitude=18.0686 E",
    "-XMP-aux:SerialNumber=XS-9",
    "-XMP-tiff:Make=Canon",
    "-XMP-iptcExt:DigitalSourceType=http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "-XMP-dc:Creator=Łukasz",
    "-XMP-dc:Description=Zażółć gęślą jaźń",
]
_IPTC = [
    "-IPTC:CodedCharacterSet=UTF8",
    "-IPTC:DateCreated=2018:11:12",
    "-IPTC:TimeCreated=13:14:15-03:00",
    "-IPTC:By-line=José",
    "-IPTC:Caption-Abstract=Ein schöner Tag",
    "-IPTC:OriginatingProgram=Photo Mechanic",
]
VARIANTS: dict[str, tuple[str, list[str]]] = {
    "bare": ("jpg png webp tif heic avif gif", []),
    "time": ("jpg png webp tif heic avif", ["-ExifIFD:DateTimeOriginal=2020:02:29 12:00:00"]),
    "zoned": ("jpg png webp tif heic avif", _ZONED),
    "gps": ("jpg png webp tif heic avif", _GPS),
    "camera": ("jpg png webp tif heic avif", _CAMERA),
    "documents": ("jpg png webp tif heic avif gif", _DOCUMENTS),
    "xmp": ("jpg png webp tif heic avif gif", _XMP_TIMES),
    "iptc": ("jpg png tif", _IPTC),
    "all": ("jpg png webp tif heic avif", [*_CAMERA, *_ZONED, *_GPS, *_DOCUMENTS]),
    "motorola": ("jpg png webp tif heic", ["-ExifByteOrder=MM", *_CAMERA, *_ZONED, *_GPS]),
    "north_east": (
        "jpg",
        ["-GPS:GPSLatitude=0.0001", "-GPS:GPSLatitudeRef=N", "-GPS:GPSLongitude=179.9999", "-GPS:GPSLongitudeRef=E"],
    ),
    "no_ref": ("jpg webp", ["-GPS:GPSLatitude=12.5", "-GPS:GPSLongitude=13.5"]),
    "zero_time": ("jpg", ["-ExifIFD:DateTimeOriginal=0000:00:00 00:00:00", "-IFD0:ModifyDate=    :  :     :  :  "]),
    "latin": ("jpg", ["-charset", "iptc=Latin", "-IPTC:By-line=José", "-IPTC:City=Köln", "-charset", "exif=Latin",
                      "-IFD0:Artist=José"]),
    "comment": ("jpg webp", ["-ExifIFD:UserComment=Привет, мир", "-ExifIFD:DateTimeOriginal=2001:01:01 01:01:01"]),
    "comment_motorola": ("jpg", ["-ExifByteOrder=MM", "-ExifIFD:UserComment=Grüße", "-IFD0:Make=x"]),
    "facebook": ("jpg", ["-IPTC:SpecialInstructions=FBMD01000a9c0300009f050000"]),
    "turned": ("jpg png webp tif", ["-n", "-IFD0:Orientation=6"]),
    "thumbnail": ("jpg", ["-IFD0:Make=x", "-ThumbnailImage<={thumbnail}"]),
    "photoshop_thumbnail": ("jpg", ["-PhotoshopThumbnail<={thumbnail}"]),
    "comments": ("gif", ["-Comment=made by hand"]),
    "text": ("png", ["-PNG:Software=Paint", "-PNG:Comment=hello", "-PNG:Author=Ann",
                     "-PNG:ModifyDate=2011:12:13 14:15:16"]),
    "date_only": ("jpg", ["-IPTC:DateCreated=2018:11:12", "-XMP-photoshop:DateCreated=2018:11"]),
}  # fmt: skip


def main() -> None:
    """Make the samples anew, and ask ExifTool what is in them."""
    SAMPLES.mkdir(parents=True, exist_ok=True)
    for old in SAMPLES.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        _bases(scratch)
        for name, (forms, arguments) in VARIANTS.items():
            for form in forms.split():
                target = SAMPLES / f"{name}.{form}"
                target.write_bytes((scratch / f"base.{form}").read_bytes())
                filled = [one.replace("{thumbnail}", str(scratch / "thumbnail.jpg")) for one in arguments]
                if filled:
                    _run("exiftool", "-q", "-m", "-overwrite_original", "-codedcharacterset=", *filled, str(target))
        _by_others(scratch)
    _makers()
    found = _run("exiftool", "-j", "-G1", "-n", "-struct", "-charset", "iptc=Latin", str(SAMPLES), "-x", "System:all")
    answers = {Path(one.pop("SourceFile")).name: _kept(one) for one in json.loads(found)}
    ANSWERS.write_text(json.dumps(answers, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in SAMPLES.iterdir())
    sys.stdout.write(f"{len(answers)} samples, {size:,} bytes\n")


def _run(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def _kept(answer: dict[str, object]) -> dict[str, object]:
    """Without what tells of the machine or only of the format."""
    return {key: value for key, value in answer.items() if not key.startswith(("ExifTool:", "File:", "Jpeg2000:"))}


def _bases(scratch: Path) -> None:
    rows, columns = np.mgrid[0:24, 0:32]
    pixels = np.stack([rows * 10, columns * 8, (rows * columns) % 256], axis=-1).astype(np.uint8)
    image = Image.fromarray(pixels)
    image.save(scratch / "base.jpg", quality=80)
    image.save(scratch / "base.png")
    image.save(scratch / "base.webp", quality=60)
    image.save(scratch / "base.tif", compression="tiff_adobe_deflate")
    image.save(scratch / "base.avif", quality=50)
    image.quantize(16).save(scratch / "base.gif")
    pillow_heif.from_pillow(image).save(scratch / "base.heic", quality=40)
    image.resize((16, 12)).save(scratch / "thumbnail.jpg", quality=60)


def _by_others(scratch: Path) -> None:
    """Files that other programs wrote from one with everything in it."""
    source = SAMPLES / "all.jpg"
    for form in ("jpg", "png", "webp", "tif", "heic"):
        _run("convert", str(source), str(SAMPLES / f"magick.{form}"))
    _run("convert", str(SAMPLES / "iptc.jpg"), str(SAMPLES / "magick_iptc.png"))
    with Image.open(source) as image:
        exif = image.info["exif"]
        for form in ("jpg", "png", "webp", "tif", "avif"):
            image.save(SAMPLES / f"pillow.{form}", exif=exif)
        pillow_heif.from_pillow(image).save(SAMPLES / "pillow.heic", exif=exif)
    for form in ("jpg", "png"):
        _run("ffmpeg", "-loglevel", "error", "-y", "-i", str(source), "-frames:v", "1", "-update", "1",
             str(SAMPLES / f"ffmpeg.{form}"))  # fmt: skip


def _makers() -> None:
    """Maker notes, as these makers lay them out."""
    with Image.open(SAMPLES / "bare.jpg") as image:
        for make, note in (("Canon", _canon()), ("NIKON CORPORATION", _nikon()), ("FUJIFILM", _fujifilm())):
            exif = Image.Exif()
            exif[0x010F] = make
            exif[0x0110] = f"{make} model"
            exif.get_ifd(0x8769)[0x927C] = note
            exif.get_ifd(0x8769)[0x9003] = "2015:05:05 05:05:05"
            image.save(SAMPLES / f"note_{make.split()[0].lower()}.jpg", exif=exif, quality=80)


def _directory(entries: list[tuple[int, int, int, bytes]], order: str = "<") -> bytes:
    body = b"".join(struct.pack(f"{order}HHI", *entry[:3]) + entry[3] for entry in entries)
    return struct.pack(f"{order}H", len(entries)) + body + struct.pack(f"{order}I", 0)


def _canon() -> bytes:
    # In the order of the EXIF around it: Pillow's is big-endian.
    return _directory([(0x000C, 4, 1, struct.pack(">I", 1234567))], ">")


def _nikon() -> bytes:
    serial = b"7001234\0"
    entries = [(0x0001, 7, 4, b"0210"), (0x001D, 2, len(serial), struct.pack(">I", 8 + 2 + 24 + 4))]
    return b"Nikon\0\2\x10\0\0MM\0*\0\0\0\x08" + _directory(entries, ">") + serial


def _fujifilm() -> bytes:
    serial = b"FC1A1234 592D34 2012:05:11 AB\0"
    entries = [(0x0000, 7, 4, b"0130"), (0x0010, 2, len(serial), struct.pack("<I", 12 + 2 + 24 + 4))]
    return b"FUJIFILM" + struct.pack("<I", 12) + _directory(entries) + serial


if __name__ == "__main__":
    main()
