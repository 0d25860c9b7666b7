"""What can be searched for in metadata, and which values tell one device or document from another."""

import pytest

from provenance.core.metadata import Camera, Documents, Metadata
from provenance.core.traits import LONGEST, Trait, counterparts, folded, is_telling, traits


def test_everything_told_is_a_trait() -> None:
    read = Metadata(
        camera=Camera("Maker", "One", "SN1", "A lens", "LN1", "Owner", "U1"),
        documents=Documents("d", "o", "i", "dd", "di", "do", ("p1", "p2")),
        software=("Edit", "Edit 2"),
    )
    assert sorted(traits(read)) == sorted(
        [
            (Trait.MAKE, "Maker"),
            (Trait.MODEL, "One"),
            (Trait.CAMERA_SERIAL, "SN1"),
            (Trait.LENS_SERIAL, "LN1"),
            (Trait.UNIQUE_ID, "U1"),
            (Trait.DOCUMENT, "d"),
            (Trait.ORIGINAL, "o"),
            (Trait.INSTANCE, "i"),
            (Trait.DERIVED_FROM, "dd"),
            (Trait.DERIVED_FROM, "di"),
            (Trait.DERIVED_FROM, "do"),
            (Trait.INGREDIENT, "p1"),
            (Trait.INGREDIENT, "p2"),
            (Trait.SOFTWARE, "Edit"),
            (Trait.SOFTWARE, "Edit 2"),
        ]
    )


def test_what_is_empty_is_none() -> None:
    assert list(traits(Metadata(camera=Camera("", "  ", "\n"), software=("", " ")))) == []


@pytest.mark.parametrize(
    ("value", "same"), [("  Two\n Words ", "two words"), ("STRASSE", folded("straße")), ("x" * 300, "x" * LONGEST)]
)
def test_case_spaces_and_what_is_too_long_do_not_count(value: str, same: str) -> None:
    assert folded(value) == same


@pytest.mark.parametrize("value", ["0000000", "none", "N/A", "Unknown", "0", "", "1111-1111", "   ", "12345678"])
def test_a_filler_tells_nothing(value: str) -> None:
    assert not is_telling(Trait.CAMERA_SERIAL, value)


@pytest.mark.parametrize(
    ("value", "telling"),
    [
        ("0123456789abcdef0123456789ABCDEF", True),
        ("0" * 32, False),
        # A version of the camera, the same in every picture that this model takes.
        ("F16QLHF01VB", False),
        ("S16LLKE00AM S16LLKF01VM", False),
    ],
)
def test_an_image_id_is_one_as_exif_wants_it(value: str, telling: bool) -> None:
    assert is_telling(Trait.UNIQUE_ID, value) is telling


def test_what_is_pasted_into_two_documents_relates_neither_to_the_other() -> None:
    assert Trait.INGREDIENT not in counterparts(Trait.INGREDIENT)
    assert Trait.DOCUMENT in counterparts(Trait.INGREDIENT)
    assert Trait.INGREDIENT in counterparts(Trait.DOCUMENT)
    assert counterparts(Trait.CAMERA_SERIAL) == {Trait.CAMERA_SERIAL}


@pytest.mark.parametrize("value", ["6023047", "xmp.did:ab12", "SN 4711"])
def test_a_number_tells_something(value: str) -> None:
    assert is_telling(Trait.CAMERA_SERIAL, value)
