import inspect

import pytest

from provenance.app.progress import Progress, Quiet


@pytest.mark.parametrize("name", ["stage", "advance"])
def test_quiet_has_what_the_protocol_asks_for(name: str) -> None:
    assert inspect.signature(getattr(Quiet, name)) == inspect.signature(getattr(Progress, name))


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    quiet: Progress = Quiet()
    quiet.stage("Reading")
    quiet.stage("Reading", 10)
    quiet.advance()
    quiet.advance(3)
    assert capsys.readouterr() == ("", "")
