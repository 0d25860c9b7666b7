"""Signed pictures, whole, changed, stripped and with a manifest elsewhere; nothing is ever fetched."""

import io
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.core.metadata import Metadata, SignatureState
from provenance.images import metadata
from provenance.images.metadata import read
from provenance.images.sandbox import Limits, Sandbox
from provenance.images.signature import signature
from tests.signing import ISSUER, chain, signed

pytest.importorskip("c2pa")

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif", "TIFF": "image/tiff"}


def picture(kind: str = "JPEG") -> bytes:
    dice = np.random.default_rng(5)
    stream = io.BytesIO()
    Image.fromarray(dice.integers(0, 256, (96, 128, 3), dtype=np.uint8)).save(stream, kind)
    return stream.getvalue()


@pytest.fixture(scope="module")
def whole() -> bytes:
    return signed(picture(), "image/jpeg")


@pytest.mark.parametrize("kind", FORMATS)
def test_an_intact_signature_is_valid_and_its_signer_unknown(kind: str) -> None:
    found = signature(signed(picture(kind), FORMATS[kind]), ())
    assert found is not None
    assert found.state is SignatureState.VALID
    assert found.issuer == ISSUER
    assert found.generator == "Test Press 1.0"
    assert found.title == "A picture"
    assert found.actions == ("c2pa.created", "c2pa.cropped")
    assert found.source_types == ("digitalCapture",)
    assert found.problems == ("signingCredential.untrusted",)
    assert found.signed is None
    assert found.url is None


def test_only_a_list_makes_a_signer_trusted(whole: bytes) -> None:
    trusted = signature(whole, (), anchors=chain()[2].decode())
    assert trusted is not None
    assert trusted.state is SignatureState.TRUSTED
    stranger = signature(whole, (), anchors=chain("Somebody Else")[2].decode())
    assert stranger is not None
    assert stranger.state is SignatureState.VALID


@pytest.mark.parametrize("kind", FORMATS)
def test_changed_pixels_break_it(kind: str) -> None:
    data = bytearray(signed(picture(kind), FORMATS[kind]))
    at = data.find(picture(kind)[-400:-380])
    assert at > 0
    data[at] ^= 1
    found = signature(bytes(data), ())
    assert found is not None
    assert found.state is SignatureState.BROKEN
    assert any("ash.mismatch" in problem for problem in found.problems)


def test_a_changed_claim_breaks_it(whole: bytes) -> None:
    found = signature(whole.replace(b"A picture", b"B picture"), ())
    assert found is not None
    assert found.state in {SignatureState.BROKEN, SignatureState.UNREAD}


def test_another_picture_in_its_place_breaks_it(whole: bytes) -> None:
    dice = np.random.default_rng(6)
    stream = io.BytesIO()
    Image.fromarray(dice.integers(0, 256, (96, 128, 3), dtype=np.uint8)).save(stream, "JPEG")
    other = stream.getvalue()
    own = picture()
    start = whole.find(own[own.find(b"\xff\xdb") :][:100])
    assert start > 0
    found = signature(whole[:start] + other[other.find(b"\xff\xdb") :], ())
    assert found is not None
    assert found.state is SignatureState.BROKEN


def test_saved_again_nothing_is_left(whole: bytes) -> None:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(whole)) as image:
        image.save(stream, "JPEG")
    assert signature(stream.getvalue(), ()) is None
    assert signature(picture(), ()) is None


def test_what_is_looked_at_in_part_only_is_not_called_broken(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(whole)
    monkeypatch.setattr(metadata, "_MOST_BYTES", len(whole) - 100)
    found = read(path, 10**6)
    assert found.signature is None
    assert found.unread[-1][1].startswith("only the first ")


def test_bytes_of_a_manifest_elsewhere_are_none(whole: bytes) -> None:
    start = whole.find(b"jumdc2pa")
    assert signature(picture() + whole[start : start + 40], ()) is None


@pytest.fixture
def server() -> Iterator[tuple[str, list[bool]]]:
    """A server that only notes whether it is asked."""
    asked: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                asked.append(True)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x.c2pa?a=1&b=2", asked
        done.set()
        thread.join()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_manifest_elsewhere_is_named_and_not_fetched(
    kind: str, server: tuple[str, list[bool]], tmp_path: Path
) -> None:
    url, asked = server
    path = tmp_path / "remote"
    path.write_bytes(signed(picture(kind), FORMATS[kind], remote=url))
    found = read(path, 10**6).signature
    assert found is not None
    assert (found.state, found.url) == (SignatureState.REMOTE, url)
    time.sleep(0.2)
    assert not asked


def test_what_is_in_the_file_counts_and_is_not_compared_with_what_is_elsewhere(
    server: tuple[str, list[bool]], tmp_path: Path
) -> None:
    url, asked = server
    path = tmp_path / "both.jpg"
    path.write_bytes(signed(picture(), "image/jpeg", remote=url, embedded=True))
    assert b"127.0.0.1" in path.read_bytes()
    found = read(path, 10**6).signature
    assert found is not None
    assert found.state is SignatureState.VALID
    time.sleep(0.2)
    assert not asked


@pytest.mark.parametrize(
    ("packet", "url"),
    [
        (b'<d dcterms:provenance="https://a.example/m?x=1&amp;y=2"/>', "https://a.example/m?x=1&y=2"),
        (b"<dcterms:provenance>https://a.example/m</dcterms:provenance>", "https://a.example/m"),
        (b'<d dcterms:provenance="found in an attic"/>', None),
        (b'<d dcterms:provenance="self#jumbf=c2pa/urn"/>', None),
        (b'<d dcterms:provenance="https://' + b"a" * 100_000, None),
    ],
)
def test_where_xmp_says_that_a_manifest_is(packet: bytes, url: str | None) -> None:
    found = signature(b"", (packet,))
    assert (found.url if found else None) == url


def test_without_the_library_it_is_there_and_unread(whole: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    found = signature(whole, ())
    assert found is not None
    assert found.state is SignatureState.UNREAD
    assert found.problems


def test_it_is_read_within_the_sandboxs_limits(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "signed.jpg"
    path.write_bytes(whole)
    with Sandbox(Limits(), workers=1) as sandbox:
        [found] = sandbox.map(read, [path])
    assert isinstance(found, Metadata)
    assert found.signature is not None
    assert found.signature.state is SignatureState.VALID


def test_damaged_manifests_are_broken_or_unread(whole: bytes) -> None:
    dice = random.Random(7)
    start, end = whole.find(b"jumdc2pa"), whole.find(b"\xff\xdb")
    assert 0 < start < end
    states = set()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(start, end)] = dice.randrange(256)
        started = time.process_time()
        found = signature(bytes(data), ())
        assert time.process_time() - started < 2
        states.add(found.state if found else None)
    assert SignatureState.TRUSTED not in states
    assert SignatureState.BROKEN in states
    for at in range(start, end, 97):
        signature(whole[:at], ())
