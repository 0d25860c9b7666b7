"""How a verb tells how far it is, without knowing who is watching."""

from typing import Protocol


class Progress(Protocol):
    """Told about each step of long work. `total` is None where it is not known beforehand."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins."""

    def advance(self, steps: int = 1) -> None:
        """Some steps of the stage are done."""


class Quiet:
    """Nobody is watching."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, steps: int = 1) -> None:
        """Say nothing."""
