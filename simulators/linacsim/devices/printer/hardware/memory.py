"""The print buffer: memory for images, reserved and given back by bytes (Memory Allocation (2000,0060))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class NoMemoryError(Exception):
    """There is not as much memory left.

    Attributes
    ----------
    wanted, left : int
        Bytes.
    """

    def __init__(self, wanted: int, left: int) -> None:
        super().__init__(wanted, left)
        self.wanted = wanted
        self.left = left


@dataclass(slots=True, kw_only=True, eq=False)
class Reservation:
    """A part of the memory.

    Attributes
    ----------
    owner : str
        Who has it.
    size : int
        Bytes.
    """

    owner: str
    size: int


class PrintBuffer:
    """Memory for images, shared by all associations.

    Parameters
    ----------
    size : int
        Bytes.
    changed : callable
        Called when it becomes full, or is no longer.
    """

    def __init__(self, size: int, changed: Callable[[], None]) -> None:
        self._built_in = size
        self._changed = changed
        self.parts: dict[int, Reservation] = {}
        self.used = 0
        self.broken = False
        self._refused = False

    @property
    def size(self) -> int:
        """Bytes that work: none while a module is broken."""
        return 0 if self.broken else self._built_in

    @property
    def left(self) -> int:
        """Bytes that are free."""
        return max(0, self.size - self.used)

    @property
    def full(self) -> bool:
        """Whether nothing is left, or somebody has been turned away since anything was given back.

        What is larger than all the memory does not make it full.
        """
        return (self._refused and self.used > 0) or self.left == 0

    def reserve(self, owner: str, size: int) -> Reservation:
        """Return `size` bytes.

        Raises
        ------
        NoMemoryError
            If there are not as many.
        """
        if size > self.left:
            self._became(refused=True)
            raise NoMemoryError(size, self.left)
        part = Reservation(owner=owner, size=size)
        before = self.full
        self.parts[id(part)] = part
        self.used += size
        if self.full != before:
            self._changed()
        return part

    def try_reserve(self, owner: str, size: int) -> Reservation | None:
        """Return `size` bytes, or ``None`` if there are not as many."""
        try:
            return self.reserve(owner, size)
        except NoMemoryError:
            return None

    def free(self, part: Reservation) -> None:
        """Give a part back; once is enough."""
        if self.parts.pop(id(part), None) is None:
            return
        before, self._refused = self.full, False
        self.used -= part.size
        if self.full != before:
            self._changed()

    def held_by(self, owner: str) -> int:
        """Return how many bytes `owner` has."""
        return sum(part.size for part in self.parts.values() if part.owner == owner)

    def lose(self) -> None:
        """Break a module."""
        self.broken = True
        self._changed()

    def mend(self) -> None:
        """Put another module in."""
        self.broken = self._refused = False
        self._changed()

    def _became(self, *, refused: bool) -> None:
        before, self._refused = self.full, refused
        if self.full != before:
            self._changed()
