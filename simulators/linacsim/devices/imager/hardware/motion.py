"""How something gets from one place to another: speeding up, steady, slowing down."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

from linacsim.kernel.units import SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A way with a speed and an acceleration, in one unit (mm or degrees) and seconds.

    Attributes
    ----------
    way : float
        The length, not negative.
    speed : float
        The most, above 0; a short way does not reach it.
    acceleration : float
        Of speeding up and of slowing down; infinite: at once.
    """

    way: float
    speed: float
    acceleration: float = inf

    @property
    def peak(self) -> float:
        """The speed that is reached."""
        return min(self.speed, sqrt(self.way * self.acceleration)) if self.way else 0.0

    @property
    def rise(self) -> float:
        """Seconds of speeding up."""
        return self.peak / self.acceleration

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.way / self.peak + self.rise if self.way else 0.0

    def at(self, seconds: float) -> float:
        """Return how far it has come after `seconds`."""
        if seconds <= 0:
            return 0.0
        if seconds >= self.seconds:
            return self.way
        if seconds < self.rise:
            return self.acceleration * seconds**2 / 2
        left = self.seconds - seconds
        if left < self.rise:
            return self.way - self.acceleration * left**2 / 2
        return self.peak * (seconds - self.rise / 2)

    def when(self, distance: float) -> float:
        """Return after how many seconds it has come `distance` far."""
        if distance <= 0:
            return 0.0
        if distance >= self.way:
            return self.seconds
        slope = self.peak * self.rise / 2
        if distance < slope:
            return sqrt(2 * distance / self.acceleration)
        if self.way - distance < slope:
            return self.seconds - sqrt(2 * (self.way - distance) / self.acceleration)
        return distance / self.peak + self.rise / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """A way that is being gone.

    Attributes
    ----------
    begin, to : float
        From where to where.
    ramp : Ramp
        How.
    began : int
        Since when, microseconds.
    """

    begin: float
    to: float
    ramp: Ramp
    began: int

    @property
    def duration(self) -> int:
        """Microseconds from end to end."""
        return round(self.ramp.seconds * SECOND)

    def position(self, now: int) -> float:
        """Return where it is."""
        if now - self.began >= self.duration:
            return self.to
        gone = self.ramp.at((now - self.began) / SECOND)
        return self.begin + (gone if self.to >= self.begin else -gone)

    def due(self, distance: float) -> int:
        """Return when it has come `distance` far, microseconds since it began."""
        return self.duration if distance >= self.ramp.way else round(self.ramp.when(distance) * SECOND)
