"""The demonstration does the main job on the samples."""

import json
from pathlib import Path

import pytest

from provenance.app.demo import ALTERED, WEEK, demo
from provenance.app.progress import Quiet
from provenance.app.verify import verify
from provenance.archive.store import Archive
from provenance.errors import UsageProblem
from provenance.images.descriptor import Model
from provenance.images.sandbox import Sandbox
from tests.app.conftest import MAX_BYTES, SAMPLES, put
from tests.networks import network

EXPECTED = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("exists", [False, True])
def test_the_demonstration(tmp_path: Path, sandbox: Sandbox, exists: bool) -> None:
    directory = tmp_path / "demo"
    if exists:
        directory.mkdir()
    shown = demo(directory, sandbox, Quiet(), MAX_BYTES)
    assert len(shown.exports) == len(EXPECTED["channels"])
    assert shown.imported.broken is None
    assert shown.imported.counts.posts_new == sum(
        each["messages"] - each["service_messages"] for each in EXPECTED["channels"]
    )
    assert shown.imported.counts.images_missing == len(EXPECTED["without_file"])
    found, absent = shown.answers
    truth = EXPECTED["suspects"]["suspect.jpg"]["first_seen"]
    assert found.chain.first is not None
    assert found.chain.first.ref == f"{truth['channel_id']}/{truth['message_id']}"
    assert not absent.found
    assert shown.altered == (), "there is no model"
    assert shown.report.week.name == WEEK
    assert {each.picture for each in shown.report.reposted} <= {each.picture for each in shown.report.recycled}
    assert len(shown.report.recycled) == len(EXPECTED["weeks"][WEEK]["first_seen_before"])
    assert {path.suffix for path in shown.files} == {".html", ".json", ".csv"}
    assert all(path.is_file() and path.is_relative_to(directory) for path in shown.files)
    assert verify(Archive.open(directory), Quiet()).problems == ()


def test_with_a_model_a_crop_and_a_screenshot_are_found(tmp_path: Path, sandbox: Sandbox) -> None:
    model = Model(network(tmp_path / "tiny.onnx"))
    shown = demo(tmp_path / "demo", sandbox, Quiet(), MAX_BYTES, model)
    assert [Path(each.suspect.path).name for each in shown.altered] == list(ALTERED)
    for name, answer in zip(ALTERED, shown.altered, strict=True):
        truth = EXPECTED["altered_suspects"][name]
        assert answer.chain.first is not None
        assert answer.chain.first.ref == f"{truth['first_seen']['channel_id']}/{truth['first_seen']['message_id']}"
        assert len(answer.chain.sightings) == len(truth["sightings"])


def test_it_touches_no_folder_that_is_in_use(tmp_path: Path, sandbox: Sandbox) -> None:
    put(tmp_path / "mine.txt", b"mine")
    with pytest.raises(UsageProblem, match="not empty"):
        demo(tmp_path, sandbox, Quiet(), MAX_BYTES)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
