"""The catalogue of sentences: complete, careful, and each of a length that is read."""

import re
from pathlib import Path

from provenance.core.metadata import Level
from provenance.images import findings
from provenance.images.wording import FINDINGS

_DOCUMENTED = Path(__file__).parents[2] / "docs" / "metadata.md"
_WRITTEN = Path(findings.__file__).read_text()


def test_every_sentence_is_used() -> None:
    assert [kind for kind in FINDINGS if f'"{kind}"' not in _WRITTEN] == []


def test_nothing_is_accused() -> None:
    for _, text in FINDINGS.values():
        assert not re.search(r"\b(fake|forged|manipulated|authentic|original|proves?|origin)\b", text, re.IGNORECASE)


def test_each_is_some_plain_sentences() -> None:
    for level, text in FINDINGS.values():
        assert isinstance(level, Level)
        assert text.endswith(".")
        assert 1 <= text.count(". ") + 1 <= 3
        assert len(text) < 330


def test_the_documentation_lists_every_kind_with_its_level() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (\w+) \|", _DOCUMENTED.read_text(), re.MULTILINE)
    listed = {kind: level for kinds, level in rows for kind in re.findall(r"[a-z_]+", kinds)}
    assert listed == {kind: level.value for kind, (level, _) in FINDINGS.items()}
