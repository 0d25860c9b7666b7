"""Marks that programs which generate or edit pictures leave in a file, told by their names and by how they write.

A name counts only where it means nothing else: Imagen is Spanish for picture, Firefly a camera, Sora a first name.
"""

import re

from provenance.core.metadata import Metadata

GENERATED = frozenset({"trainedAlgorithmicMedia", "algorithmicMedia", "dataDrivenMedia"})
"""IPTC's digital source types: nothing in the picture was photographed."""
PARTLY = frozenset({"compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})
COMPOSITE = frozenset({"composite", "compositeCapture", "multiFrameComposite"})
DRAWN = frozenset({"digitalCreation", "digitalArt", "softwareImage"})
SCREEN = frozenset({"screenCapture", "virtualRecording"})

_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|affinity|pixelmator|snapseed|picsart|canva|paint\.net|photopea|darktable|rawtherapee|"
    r"capture one|facetune|luminar|coreldraw|paintshop|photoscape|faceapp|inshot|vsco|imagemagick|exiftool|acdsee|"
    r"irfanview|krita|inkscape|polarr|fotor|pixlr|photodirector|remini",
    re.IGNORECASE,
)
_PLAIN = r"\bdall[-·. ]?e\b|\bmidjourney\b|\bstable[ -]?diffusion\b|\badobe firefly\b|\bmade with google ai\b"
_GENERATORS = re.compile(
    rf"{_PLAIN}|\bfirefly image\b|\bimagen ?[2-9]\b|\bgoogle imagen\b|\bcomfyui\b|\binvokeai\b|"
    r"\bautomatic1111\b|\bgpt-image|\bnovelai\b|\bchatgpt\b|\bleonardo\.ai\b|\bideogram\b|\bflux\.[12]\b|\bopenai\b|"
    r"\bbing image creator\b",
    re.IGNORECASE,
)
_CREDITED = re.compile(_PLAIN, re.IGNORECASE)
_CHUNKS = frozenset({"dream", "sd-metadata", "invokeai_metadata", "invokeai_graph"})
_SETTINGS = re.compile(r"\bSteps: \d{1,6}, .{0,200}?\bSampler: |\bNegative prompt: ", re.DOTALL)
"""As the web interface of Stable Diffusion and those that followed it write them."""
_GRAPHS = frozenset({"prompt", "workflow", "usercomment"})
_GRAPH = ('"class_type"', '"last_node_id"', '"nodes"', '{"inputs"')
"""ComfyUI's graph of nodes; as it was read it may have been cut off, so it is not parsed."""
_JOB = re.compile(r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-")
"""Midjourney's description: the words that were asked for, its switches, and this."""


def generators(read: Metadata) -> list[str]:
    """Return the programs for generating pictures that the file names as its own."""
    signer = read.signature.generator if read.signature else None
    programs = [*read.software, *(each.software or "" for each in read.history), signer or ""]
    credited = [read.credits[each] for each in ("credit", "source") if each in read.credits]
    found = [each for each in programs if is_generator(each)] + [each for each in credited if _CREDITED.search(each)]
    return list(dict.fromkeys(found))


def is_generator(program: str) -> bool:
    return bool(_GENERATORS.search(program))


def is_editor(program: str) -> bool:
    """Whether it is a program for editing pictures: no camera's firmware, no telephone's system."""
    return bool(_EDITORS.search(program)) and not is_generator(program)


def settings(read: Metadata) -> list[tuple[str, str]]:
    """Return the texts, with their keywords, that hold the settings of a generator."""
    return [(keyword, text) for keyword, text in read.texts if _is_setting(keyword.lower(), text)]


def _is_setting(keyword: str, text: str) -> bool:
    if keyword in _GRAPHS and text.lstrip().startswith("{"):
        return any(mark in text for mark in _GRAPH)
    if keyword == "description" and " --" in text and _JOB.search(text):
        return True
    return keyword in _CHUNKS or bool(_SETTINGS.search(text))
