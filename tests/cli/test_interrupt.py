import signal

import pytest

from provenance.cli.interrupt import Interruptible


class Told:
    def __init__(self) -> None:
        self.heard: list[object] = []

    def stage(self, name: str, total: int | None = None) -> None:
        self.heard.append((name, total))

    def advance(self, steps: int = 1) -> None:
        self.heard.append(steps)


def test_steps_are_passed_on_and_the_handler_is_put_back() -> None:
    before, told = signal.getsignal(signal.SIGINT), Told()
    with Interruptible(told) as progress:
        progress.stage("Reading", 3)
        progress.advance(2)
        progress.advance()
    assert told.heard == [("Reading", 3), 2, 1]
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_waits_for_the_end_of_the_step() -> None:
    before, told = signal.getsignal(signal.SIGINT), Told()
    done = []
    with pytest.raises(KeyboardInterrupt), Interruptible(told) as progress:
        signal.raise_signal(signal.SIGINT)
        done.append("what was begun")
        progress.advance(5)
        done.append("never")
    assert done == ["what was begun"]
    assert told.heard == [5]
    assert signal.getsignal(signal.SIGINT) is before


def test_no_stage_begins_after_ctrl_c_and_a_second_one_is_the_systems() -> None:
    told = Told()
    with pytest.raises(KeyboardInterrupt), Interruptible(told) as progress:
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        progress.stage("Fingerprinting")
    assert told.heard == []
