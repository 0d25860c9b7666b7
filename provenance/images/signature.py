"""What a C2PA manifest says, and whether it fits its file. Checked offline: no address in a file is ever asked.

The library (extra `c2pa`) is only loaded for files that hold a manifest.
"""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from provenance.core.metadata import Block, Signature, SignatureState
from provenance.images.told import moment, text

_MANIFEST = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
"""The beginning of every store of manifests, whichever format it stands in."""
_REMOTE = re.compile(
    rb"""\bprovenance\s*=\s*["'](https?://[^"'<>\s]{1,2000})["']|:provenance>\s*(https?://[^"'<>\s]{1,2000})\s*</"""
)
_MOST = 50

_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": []},
}
_SIGNER = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity")
"""Checks that are about who signed and when, not about whether the file is still what was signed."""


def signature(data: bytes, xmp: Iterable[bytes], anchors: str = "") -> Signature | None:
    """Return what the manifest in `data` says, or where the XMP says that it is kept; None where there is neither.

    `anchors` are certificates in PEM of signers that are trusted; none are by default.
    """
    if _MANIFEST in data:
        return _embedded(data, anchors)
    for packet in xmp:
        if found := _REMOTE.search(packet):
            # It loads what fetches addresses, which nothing here does and few files need.
            from xml.sax.saxutils import unescape

            address = unescape((found[1] or found[2]).decode("utf-8", "replace"))
            return Signature(SignatureState.REMOTE, url=text(address, 2000))
    return None


def _embedded(data: bytes, anchors: str) -> Signature | None:
    try:
        import c2pa
    except (ImportError, OSError, RuntimeError):  # It is an extra, and its native part may not load.
        return Signature(SignatureState.UNREAD, problems=("the library that reads it is not installed",))
    trust = {"trust": {"trust_anchors": anchors}} if anchors else {}
    try:
        with c2pa.Context.from_dict({**_OFFLINE, **trust}) as context:
            reader = c2pa.Reader.try_create(io.BytesIO(data), context=context)
            if reader is None:
                # Such bytes stand somewhere, but not where a manifest stands.
                return None
            with reader:
                return _told(
                    reader.get_active_manifest(), reader.get_validation_state(), reader.get_validation_results()
                )
    except Exception as error:  # noqa: BLE001 - whatever the library raises on hostile bytes
        return Signature(SignatureState.UNREAD, problems=(text(str(error), 120) or type(error).__name__,))


def _told(manifest: Any, verdict: str | None, results: Any) -> Signature:
    manifest = manifest if isinstance(manifest, dict) else {}
    active = _at(results, "activeManifest")
    failed = _codes(_at(active, "failure"))
    info = _at(manifest, "signature_info")
    steps = [step for step in _actions(manifest) if isinstance(step, dict)]
    generators = _list(_at(manifest, "claim_generator_info")) or [{"name": _at(manifest, "claim_generator")}]
    return Signature(
        _state(verdict, failed, _codes(_at(active, "success"))),
        issuer=text(_at(info, "issuer")) or text(_at(info, "common_name")),
        generator=_named(generators[0]),
        title=text(_at(manifest, "title")),
        signed=moment(_at(info, "time"), Block.C2PA, "time stamp"),
        actions=_distinct(text(step.get("action"), 80) for step in steps),
        source_types=_distinct(text(_last_word(step.get("digitalSourceType")), 80) for step in steps),
        problems=tuple(failed),
    )


def _state(verdict: str | None, failed: list[str], passed: list[str]) -> SignatureState:
    if verdict == "Trusted":
        return SignatureState.TRUSTED
    about_signer = all(code.startswith(_SIGNER) for code in failed)
    if verdict == "Valid" or (about_signer and "claimSignature.validated" in passed):
        return SignatureState.VALID
    return SignatureState.BROKEN


def _actions(manifest: dict[str, Any]) -> Iterator[Any]:
    for assertion in _list(manifest.get("assertions")):
        if str(_at(assertion, "label")).startswith("c2pa.actions"):
            yield from _list(_at(_at(assertion, "data"), "actions"))


def _named(generator: Any) -> str | None:
    words = [text(_at(generator, key), 120) for key in ("name", "version")]
    return " ".join(word for word in words if word) or None


def _last_word(value: object) -> str | None:
    return re.split(r"[/#:]", value.rstrip("/"))[-1] if isinstance(value, str) else None


def _codes(results: Any) -> list[str]:
    return list(_distinct(text(_at(result, "code"), 80) for result in _list(results)))


def _at(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:_MOST]
