"""What an answer depends on is said with the numbers that are in force."""

import pytest

from provenance import __version__
from provenance.core import matching
from provenance.core.method import method


def test_versions_and_limits_are_those_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "RICH", matching.Limits(1, 2, 33))
    told = dict(method("sscd-abc"))
    assert told["Program"] == f"Provenance {__version__}"
    assert "33 bits" in told["Candidates by hash"]
    assert "sscd-abc" in told["Altered copies"]
    assert str(matching.LEAST_SIMILAR) in told["Altered copies"]


def test_without_a_model_it_says_so() -> None:
    assert dict(method(None))["Altered copies"] == "not looked for: there is no model"
