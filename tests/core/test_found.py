"""What a search through metadata finds is plain records: the same for the same content."""

from provenance.core.found import FindAnswer, FoundFile, MatchedPlace, MatchedTrait
from tests.core.build import file


def test_answers_with_the_same_content_are_equal() -> None:
    def answer(km: float) -> FindAnswer:
        matched = (MatchedTrait("model", "One"), MatchedPlace(1.0, 2.0, km))
        return FindAnswer((FoundFile(file(1), None, None, matched),), 1, 1, 0, 0)

    assert answer(3.0) == answer(3.0) != answer(4.0)
