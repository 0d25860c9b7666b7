"""Names and texts of generators, and what only looks like them."""

import time

import pytest

from provenance.core.metadata import Edit, Metadata, Signature, SignatureState
from provenance.images.generators import generators, is_editor, is_generator, settings


@pytest.mark.parametrize(
    "name",
    [
        "DALL-E 3",
        "DALL·E 2",
        "Midjourney v6",
        "Stable Diffusion XL",
        "Adobe Firefly",
        "Firefly Image 3",
        "Imagen 3",
        "Google Imagen",
        "ComfyUI",
        "InvokeAI 4.2",
        "NovelAI",
        "leonardo.ai",
        "Ideogram 2.0",
        "FLUX.1 [dev]",
        "OpenAI API",
        "ChatGPT",
        "gpt-image-1",
        "Made with Google AI",
        "Bing Image Creator",
    ],
)
def test_generators_are_known_by_name(name: str) -> None:
    assert is_generator(name)
    assert not is_editor(name)


@pytest.mark.parametrize(
    "name",
    [
        "Editor de imagen",
        "Imagenomic Portraiture",
        "Randall E. Smith",
        "FLIR Firefly MV",
        "Sora Tanaka",
        "Firefox 120",
        "HDR+ 1.0.345618096zd",
        "16.2",
        "Ver.1.10",
        "A536BXXU1AVCC",
        "Windows Photo Editor 10.0",
        "Adobe Photoshop 25.1",
    ],
)
def test_names_that_mean_something_else(name: str) -> None:
    assert not is_generator(name)


def test_editors_are_told_from_firmware() -> None:
    editors = ["Adobe Photoshop Lightroom Classic 13.1", "GIMP 2.10", "Snapseed 2.0", "darktable 4.6", "Photopea"]
    firmware = ["16.2", "HDR+ 1.0.345618096zd", "Ver.1.10", "Windows Photo Viewer", "A536BXXU1AVCC", "MediaTek Camera"]
    assert [each for each in editors + firmware if is_editor(each)] == editors


def test_where_a_name_may_stand() -> None:
    assert generators(Metadata(software=("Midjourney", "GIMP"))) == ["Midjourney"]
    assert generators(Metadata(history=(Edit("created", "Adobe Firefly", None, None),))) == ["Adobe Firefly"]
    assert generators(Metadata(signature=Signature(SignatureState.VALID, generator="OpenAI API"))) == ["OpenAI API"]
    assert generators(Metadata(credits={"credit": "Made with Google AI"})) == ["Made with Google AI"]


def test_who_is_credited_need_not_be_the_maker() -> None:
    """A press photograph of a company is credited to it, and people may be called anything."""
    for words in ("Handout by OpenAI", "Reuters/Ideogram", "Firefly Photography"):
        assert generators(Metadata(credits={"source": words, "credit": words})) == []
    assert generators(Metadata(credits={"caption": "A hall full of Midjourney pictures"})) == []


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("parameters", "a soldier\nSteps: 20, Sampler: Euler a, CFG scale: 7"),
        ("UserComment", "portrait Negative prompt: blurry Steps: 20, Schedule type: Karras, Sampler: DPM++ 2M"),
        ("prompt", '{"3": {"class_type": "KSampler"'),
        ("workflow", '{"id": "x", "revision": 0, "last_node_id": 9, "nodes": [{"id": 1, "type": "CLIPText'),
        ("prompt", '{"3": {"inputs": {"text": "' + "a soldier " * 300),
        ("UserComment", '{"prompt": {"3": {"class_type": "KSampler"'),
        ("Description", "a soldier --ar 2:1 --v 6 Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3"),
        ("Dream", "a soldier -s 50"),
        ("sd-metadata", "{}"),
        ("invokeai_metadata", "{}"),
    ],
)
def test_settings_are_known_by_how_they_are_written(keyword: str, text: str) -> None:
    assert settings(Metadata(texts=(("Title", "x"), (keyword, text)))) == [(keyword, text)]


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("prompt", "say hello"),
        ("prompt", "[]"),
        ("workflow", "[" * 100_000),
        ("workflow", '{"steps": 3}'),
        ("Comment", "Steps: 3"),
        ("Comment", "Steps: 3, then tea"),
        ("parameters", "f=50mm"),
        ("Description", "his dream"),
        ("Description", "Printed as Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3"),
        ("Description", "two hands -- Job ID: 12"),
        ("UserComment", '{"captureMode": 1}'),
    ],
)
def test_other_texts_are_not(keyword: str, text: str) -> None:
    assert settings(Metadata(texts=((keyword, text),))) == []


def test_hostile_texts_cost_little() -> None:
    texts = (("parameters", "Steps: 1, " * 20_000), ("UserComment", "Negative prompt " * 20_000))
    started = time.process_time()
    assert settings(Metadata(texts=texts)) == []
    assert time.process_time() - started < 1
