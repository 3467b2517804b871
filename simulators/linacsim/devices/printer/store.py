"""The printer's memory for images, as the services use it: parts are reserved and given back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True, eq=False)
class Part:
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


class Store:
    """Memory for images.

    Parameters
    ----------
    size : int
        Bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.parts: dict[int, Part] = {}

    @property
    def used(self) -> int:
        """Bytes that are reserved."""
        return sum(part.size for part in self.parts.values())

    @property
    def left(self) -> int:
        """Bytes that are not."""
        return self.size - self.used

    def try_reserve(self, owner: str, size: int) -> Part | None:
        """Return `size` bytes, or ``None`` if there are not as many."""
        if size > self.left:
            return None
        part = Part(owner=owner, size=size)
        self.parts[id(part)] = part
        return part

    def free(self, part: Part) -> None:
        """Give a part back."""
        self.parts.pop(id(part), None)
