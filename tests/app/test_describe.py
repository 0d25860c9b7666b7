import io
from pathlib import Path

import pytest
from PIL import Image

from provenance.app.analyse import analyse
from provenance.app.describe import describe
from provenance.app.progress import Quiet
from provenance.archive import descriptors, schema
from provenance.images.descriptor import Model
from tests.app.conftest import Desk, jpeg, posted
from tests.networks import network
from tests.stories import random_photo


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(network(tmp_path_factory.mktemp("model") / "tiny.onnx"))


@pytest.fixture
def framed() -> bytes:
    """A photo on a white page."""
    page = Image.new("RGB", (600, 600), "white")
    page.paste(random_photo(1), (60, 100))
    stream = io.BytesIO()
    page.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def described(desk: Desk, algorithm: str) -> set[int]:
    return {row.file_id for row in desk.rows(schema.fingerprints) if row.algorithm == algorithm}


def test_every_image_gets_a_descriptor_once(desk: Desk, model: Model, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)), posted(tmp_path / "b", jpeg(2), message_id=11))
    describe(desk.archive, model, desk.sandbox, Quiet())
    assert described(desk, model.key) == {1, 2}
    before = desk.rows(schema.fingerprints)
    describe(desk.archive, model, desk.sandbox, Quiet())
    assert desk.rows(schema.fingerprints) == before
    (path,) = desk.archive.directory.glob(f"codes-{model.key}-1.bin")
    assert path.stat().st_size > 2 * 64


def test_a_picture_in_a_frame_gets_a_descriptor_of_its_own(
    desk: Desk, model: Model, tmp_path: Path, framed: bytes
) -> None:
    desk.take(posted(tmp_path / "a", framed))
    describe(desk.archive, model, desk.sandbox, Quiet())
    assert described(desk, model.key + descriptors.INNER) == {1}


def test_what_is_gone_from_the_disk_is_on_record_and_the_rest_goes_on(desk: Desk, model: Model, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)), posted(tmp_path / "b", jpeg(2), message_id=11))
    desk.archive.files.path(desk.rows(schema.files)[0].sha256).unlink()
    describe(desk.archive, model, desk.sandbox, Quiet())
    assert described(desk, model.key) == {2}
    problems = {row.file_id: row.problem for row in desk.rows(schema.inspections) if row.tool == model.key}
    assert problems[2] is None
    assert "No such file" in str(problems[1])


def test_analysing_describes_where_there_is_a_model(desk: Desk, model: Model, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    assert described(desk, model.key) == set()
    assert analyse(desk.archive, desk.sandbox, Quiet(), model) == []
    assert described(desk, model.key) == {1}
