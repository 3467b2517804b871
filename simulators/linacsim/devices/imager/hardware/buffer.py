"""The memory of an imager for what is not archived yet: it has a size, and things can get stuck in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Hold:
    """Places in the buffer that belong to one acquisition.

    Attributes
    ----------
    places : int
        Images or slices.
    state : str
        HELD; LEAVING (archived, but the buffer is jammed); GONE.
    """

    places: int
    state: str = field(default="HELD", init=False)


class ImageBuffer:
    """The buffer.

    Parameters
    ----------
    places : int
        Images and slices that it has room for.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.jammed = False
        self._holds: list[Hold] = []

    @property
    def held(self) -> int:
        """Places that are taken."""
        return sum(hold.places for hold in self._holds)

    @property
    def free(self) -> int:
        """Places that are not."""
        return self.places - self.held

    def take(self, places: int) -> Hold:
        """Take places; the caller has seen that they are free."""
        hold = Hold(places)
        self._holds.append(hold)
        return hold

    def release(self, hold: Hold) -> bool:
        """Give places back, as soon as the buffer is not jammed; return whether they are free now."""
        if hold.state == "GONE":
            return False
        hold.state = "LEAVING" if self.jammed else "GONE"
        self._sweep()
        return hold.state == "GONE"

    def unjam(self) -> None:
        """Let go what was archived meanwhile."""
        self.jammed = False
        for hold in self._holds:
            if hold.state == "LEAVING":
                hold.state = "GONE"
        self._sweep()

    def empty(self) -> int:
        """Throw everything away; return how many places were taken."""
        held, self.jammed = self.held, False
        for hold in self._holds:
            hold.state = "GONE"
        self._sweep()
        return held

    def _sweep(self) -> None:
        self._holds = [hold for hold in self._holds if hold.state != "GONE"]
