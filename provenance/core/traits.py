"""What in a file's metadata can be searched for: what tells one device, document or program from another."""

import re
from collections.abc import Iterator
from enum import StrEnum

from provenance.core.metadata import Metadata


class Trait(StrEnum):
    """What a value stands for."""

    CAMERA_SERIAL = "camera_serial"
    LENS_SERIAL = "lens_serial"
    DOCUMENT = "document_id"
    ORIGINAL = "original_document_id"
    INSTANCE = "instance_id"
    DERIVED_FROM = "derived_from"
    """Any of the ids of what the file says it was made from."""
    INGREDIENT = "ingredient"
    UNIQUE_ID = "unique_id"
    MAKE = "make"
    MODEL = "model"
    SOFTWARE = "software"


DEVICES = frozenset({Trait.CAMERA_SERIAL, Trait.LENS_SERIAL})
DOCUMENTS = frozenset({Trait.DOCUMENT, Trait.ORIGINAL, Trait.INSTANCE, Trait.DERIVED_FROM, Trait.INGREDIENT})
"""Ids from one space: what one file calls its document another may call what it was made from."""

NAMES = {
    Trait.CAMERA_SERIAL: "the camera's serial number",
    Trait.LENS_SERIAL: "the lens's serial number",
    Trait.UNIQUE_ID: "the image id",
    **dict.fromkeys(DOCUMENTS, "the document id"),
}
"""By what files are related, as people call it."""

LONGEST = 200
"""Characters of a value that are kept for searching."""
_LEAST, _KINDS = 4, 3
_UNIQUE_ID = re.compile(r"[0-9a-f]{32}")
"""As EXIF wants it. Telephones write a version of their camera there instead, the same for all their pictures."""


def traits(read: Metadata) -> Iterator[tuple[Trait, str]]:
    """Return everything that the file tells of these kinds, as it stands there."""
    camera, documents = read.camera, read.documents
    single = (
        (Trait.CAMERA_SERIAL, camera.serial),
        (Trait.LENS_SERIAL, camera.lens_serial),
        (Trait.DOCUMENT, documents.document),
        (Trait.ORIGINAL, documents.original),
        (Trait.INSTANCE, documents.instance),
        (Trait.DERIVED_FROM, documents.derived_document),
        (Trait.DERIVED_FROM, documents.derived_instance),
        (Trait.DERIVED_FROM, documents.derived_original),
        (Trait.UNIQUE_ID, camera.unique_id),
        (Trait.MAKE, camera.make),
        (Trait.MODEL, camera.model),
    )
    many = ((Trait.INGREDIENT, documents.ingredients), (Trait.SOFTWARE, read.software))
    yield from ((trait, value) for trait, value in single if value and folded(value))
    yield from ((trait, value) for trait, values in many for value in values if folded(value))


def folded(value: str) -> str:
    """Return the value as it is compared: its case, its spaces and what is too long do not count."""
    return " ".join(value.casefold().split())[:LONGEST].rstrip()


def counterparts(trait: Trait) -> frozenset[Trait]:
    """In which places another file must have the value to be related by it.

    What was pasted into both, such as a logo, relates neither to the other.
    """
    if trait is Trait.INGREDIENT:
        return DOCUMENTS - {Trait.INGREDIENT}
    return DOCUMENTS if trait in DOCUMENTS else frozenset({trait})


def is_telling(trait: Trait, value: str) -> bool:
    """Whether a serial number or an id is one, and no filler such as 0000000, none or n/a that devices share."""
    if trait is Trait.UNIQUE_ID and not _UNIQUE_ID.fullmatch(folded(value)):
        return False
    letters = [char for char in folded(value) if char.isalnum()]
    return len(letters) >= _LEAST and len(set(letters)) >= _KINDS and folded(value) not in _FILLERS


_FILLERS = frozenset({"none", "null", "unknown", "undefined", "not available", "serial", "default", "12345678"})
