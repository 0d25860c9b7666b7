"""Altered copies, found with a network made on the spot: it knows what lies in a frame or a quarter."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from provenance.app.altered import candidates
from provenance.app.lookup import NO_MODEL, UNDESCRIBED, Narrowing, lookup
from provenance.app.progress import Quiet
from provenance.app.upkeep import reindex
from provenance.core.answers import LookupAnswer
from provenance.core.matching import AT_LEAST
from provenance.core.model import Confidence, MatchKind
from provenance.images.descriptor import Model
from tests.app.conftest import MAX_BYTES, Desk, after, jpeg, posted
from tests.app.test_suggest import Table, described
from tests.networks import network
from tests.stories import random_photo


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(network(tmp_path_factory.mktemp("model") / "tiny.onnx"))


Asked = Callable[[Image.Image], LookupAnswer]


@pytest.fixture
def ask(desk: Desk, model: Model, tmp_path: Path) -> Asked:
    """Archives three photographs, and looks an image up among them."""
    for seed in (1, 2, 3):
        desk.take(posted(tmp_path / f"export{seed}", jpeg(seed), message_id=seed))
    reindex(desk.archive, desk.sandbox, Quiet(), model)

    def make(image: Image.Image) -> LookupAnswer:
        path = tmp_path / "suspect.jpg"
        image.convert("RGB").save(path, "JPEG", quality=85)
        (answer,) = lookup(desk.archive, [path], desk.sandbox, Narrowing(), MAX_BYTES, model)
        assert isinstance(answer, LookupAnswer)
        return answer

    return make


def framed(image: Image.Image) -> Image.Image:
    """The image in a post: white all round, more below."""
    page = Image.new("RGB", (image.width + 120, image.height + 260), "white")
    page.paste(image, (60, 80))
    return page


def collage(*images: Image.Image) -> Image.Image:
    """Four images, two by two."""
    width, height = images[0].size
    page = Image.new("RGB", (2 * width, 2 * height))
    for place, image in enumerate(images):
        page.paste(image, (width * (place % 2), height * (place // 2)))
    return page


def test_a_picture_inside_a_screenshot_is_found(ask: Asked) -> None:
    answer = ask(framed(random_photo(2)))
    assert [each.ref for each in answer.chain.sightings] == ["1/2"]
    (matched,) = answer.sightings
    assert matched.match is not None
    assert (matched.match.kind, matched.match.stage) == (MatchKind.PARTIAL, "descriptor")
    assert matched.match.confidence is not Confidence.POSSIBLE
    assert (matched.match.inliers or 0) >= 10
    assert matched.match.region == pytest.approx((0, 0, 1, 1), abs=0.03)


def test_the_pictures_of_a_collage_are_found(ask: Asked) -> None:
    answer = ask(collage(random_photo(1), random_photo(70), random_photo(71), random_photo(3)))
    assert {each.ref for each in answer.chain.sightings} == {"1/1", "1/3"}


def test_a_mirrored_screenshot_is_found_mirrored(ask: Asked) -> None:
    answer = ask(framed(random_photo(2).transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert [each.ref for each in answer.chain.sightings] == ["1/2"]
    assert [each.match.mirrored for each in answer.sightings if each.match] == [True]


def test_a_stranger_in_a_screenshot_is_not_found(ask: Asked) -> None:
    answer = ask(framed(random_photo(80)))
    assert (answer.found, answer.possible, answer.same_scene, answer.same_template) == (False, (), (), ())


def test_what_the_hash_finds_keeps_its_match(ask: Asked) -> None:
    answer = ask(random_photo(1))
    (matched,) = answer.sightings
    assert matched.match is not None
    assert matched.match.stage == "phash"


def test_other_files_of_the_picture_come_along(desk: Desk, model: Model, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1), message_id=1))
    desk.take(posted(tmp_path / "b", jpeg(1, "q30"), after(1), number=2, message_id=2))
    reindex(desk.archive, desk.sandbox, Quiet(), model)
    path = tmp_path / "suspect.jpg"
    framed(random_photo(1)).save(path, "JPEG")
    (answer,) = lookup(desk.archive, [path], desk.sandbox, Narrowing(), MAX_BYTES, model)
    assert isinstance(answer, LookupAnswer)
    assert [each.ref for each in answer.chain.sightings] == ["1/1", "2/2"]


def test_a_lookup_writes_nothing(desk: Desk, ask: Asked) -> None:
    before = sorted((path.name, path.stat().st_size) for path in desk.archive.directory.rglob("codes-*"))
    ask(framed(random_photo(2)))
    assert sorted((path.name, path.stat().st_size) for path in desk.archive.directory.rglob("codes-*")) == before


def test_an_answer_says_what_could_not_be_searched(desk: Desk, model: Model, tmp_path: Path) -> None:
    desk.take(posted(tmp_path / "a", jpeg(1)))
    path = tmp_path / "suspect.jpg"
    path.write_bytes(jpeg(1))
    for using, said in ((None, NO_MODEL), (model, UNDESCRIBED.format(files="1 image file"))):
        (answer,) = lookup(desk.archive, [path], desk.sandbox, Narrowing(), MAX_BYTES, using)
        assert isinstance(answer, LookupAnswer)
        assert answer.coverage.not_searched == (said,)


@pytest.mark.parametrize(("away", "looked_at"), [(2.0, AT_LEAST + 2), (4.5, AT_LEAST), (20.0, 0)])
def test_the_most_similar_are_looked_at_in_any_case(desk: Desk, model: Model, away: float, looked_at: int) -> None:
    """Cosines of about 0.45, 0.22 and 0.05."""
    table = Table(desk)
    for number in range(AT_LEAST + 2):
        table.describe(table.file(seed=number), described(1, away, number), model.key)
    with desk.archive.read() as connection:
        assert len(candidates(desk.archive, connection, model, [described(1)], ())) == looked_at
