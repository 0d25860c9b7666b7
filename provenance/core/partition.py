"""Which files show one picture: union-find that respects what a user has set apart.

A picture is named by its file with the lowest id, so the outcome does not depend on the order of the joins.
"""

from collections.abc import Iterable, Mapping

Side = tuple[int, int]
"""A separation and which side of it: 0 for the files that were split off, 1 for those that they were split from."""


class Partition:
    """Files and the pictures that they belong to, while new files are joined with them."""

    def __init__(self, pictures: Mapping[int, int], sides: Iterable[tuple[int, Side]] = ()) -> None:
        """`pictures`: {file: picture} of what was joined before. `sides`: on which side of a separation a file is."""
        self._parent: dict[int, int] = {}
        self._before = set(pictures.values())
        self._files: list[int] = []
        for file_id, picture in pictures.items():
            self._link(file_id, picture)
        self._sides: dict[int, set[Side]] = {}
        for file_id, side in sides:
            self._sides.setdefault(self.picture(file_id), set()).add(side)

    def add(self, file_id: int) -> None:
        """Take in a new file, so far a picture of its own."""
        self._files.append(file_id)
        self._parent.setdefault(file_id, file_id)

    def picture(self, file_id: int) -> int:
        """Return the picture of a file: what it was before, or what it has become by the joins since."""
        parent = self._parent.setdefault(file_id, file_id)
        while parent != self._parent[parent]:
            parent = self._parent[parent]
        self._parent[file_id] = parent
        return parent

    def may_join(self, one: int, other: int) -> bool:
        """Whether no user has set the pictures of two files apart."""
        ours, theirs = (self._sides.get(self.picture(each), set()) for each in (one, other))
        return not any((separation, 1 - side) in theirs for separation, side in ours)

    def join(self, one: int, other: int) -> bool:
        """Make one picture of two files' pictures; False where they are one already, or were set apart."""
        first, second = self.picture(one), self.picture(other)
        if first == second or not self.may_join(one, other):
            return False
        self._link(first, second)
        sides = self._sides.pop(first, set()) | self._sides.pop(second, set())
        if sides:
            self._sides[self.picture(one)] = sides
        return True

    def new(self) -> dict[int, int]:
        """Return {file: picture} of the files that were added."""
        return {file_id: self.picture(file_id) for file_id in self._files}

    def merged(self) -> dict[int, int]:
        """Return {picture: the one that it became part of} of the pictures that were there before."""
        return {each: self.picture(each) for each in self._before if self.picture(each) != each}

    def _link(self, one: int, other: int) -> None:
        first, second = self.picture(one), self.picture(other)
        self._parent[max(first, second)] = min(first, second)
