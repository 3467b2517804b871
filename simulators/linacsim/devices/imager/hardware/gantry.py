"""The gantry: where it is, and which way it goes.

Its way is told in degrees from upright, clockwise positive; it cannot go round and round. The ordinary range goes from
above -180 to +180, and the extended range lies beyond either end: 180 that is reached over 270 is 180E.
"""

from __future__ import annotations

from linacsim.devices.imager.hardware.motion import Ramp, Travel
from linacsim.devices.imager.hardware.settings import GantrySettings

_EXACT = 1e-9


def ordinary(angle: float) -> float:
    """Return the place of an angle in the ordinary range."""
    angle %= 360.0
    return angle if angle <= 180.0 else angle - 360.0


class Gantry:
    """Where the gantry is.

    Parameters
    ----------
    settings : GantrySettings
        Speed and range.
    """

    def __init__(self, settings: GantrySettings) -> None:
        self._settings = settings
        self._at = ordinary(settings.at_start)
        self._travel: Travel | None = None

    def place(self, now: int) -> float:
        """Return where it is, degrees from upright."""
        return self._at if self._travel is None else self._travel.position(now)

    def angle(self, now: int) -> float:
        """Return the angle it is at, degrees, 0 to below 360."""
        return round(self.place(now), 9) % 360.0

    def told(self, now: int) -> float:
        """Return the angle for the log and for people: to a thousandth of a degree."""
        return round(self.place(now), 3) % 360.0

    def extended(self, now: int) -> bool:
        """Return whether it is in the extended range."""
        return not -180.0 < round(self.place(now), 9) <= 180.0

    @property
    def reach(self) -> float:
        """How far it can turn to either side, degrees."""
        return 180.0 + self._settings.over_travel

    def goal(self, angle: float, *, extended: bool) -> float | None:
        """Return the place of `angle` in the ordinary or the extended range; nothing if that does not go so far."""
        place = ordinary(angle)
        if extended:
            place += -360.0 if place > 0 else 360.0
        return place if abs(place) <= self.reach + _EXACT else None

    def arc_from(self, start: float, arc: float, now: int) -> float | None:
        """Return the place with angle `start` from where `arc` degrees clockwise are free, the nearest one."""
        first = ordinary(start)
        places = [place for place in (first, first - 360.0, first + 360.0) if self._has(place, place + arc)]
        here = self.place(now)
        return min(places, key=lambda place: abs(place - here), default=None)

    def _has(self, *places: float) -> bool:
        return all(abs(place) <= self.reach + _EXACT for place in places)

    def depart(self, to: float, now: int, speed: float | None = None) -> Travel:
        """Begin to turn to a place; return the way."""
        self._travel = self.way(to, now, speed)
        return self._travel

    def way(self, to: float, now: int, speed: float | None = None) -> Travel:
        """Return the way to a place."""
        here = self.place(now)
        ramp = Ramp(
            way=abs(to - here), speed=speed or self._settings.speed, acceleration=self._settings.acceleration
        )  # fmt: skip
        return Travel(begin=here, to=to, ramp=ramp, began=now)

    def halt(self, now: int) -> None:
        """Stand where it is."""
        self._at, self._travel = self.place(now), None
