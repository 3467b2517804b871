"""The couch: where its six axes are, and what of a correction goes from the console."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from linacsim.devices.imager.hardware.motion import Ramp, Travel
from linacsim.devices.imager.hardware.settings import AxisSettings, CouchSettings
from linacsim.physics.geometry import Couch

AXES: Mapping[str, tuple[str, str]] = {
    "x": ("lateral", "mm"),
    "y": ("longitudinal", "mm"),
    "z": ("vertical", "mm"),
    "rotation": ("rotation", "degrees"),
    "pitch": ("pitch", "degrees"),
    "roll": ("roll", "degrees"),
}
"""The axes of `Couch` with their words and units."""

_EXACT = 1e-9


class Table:
    """Where the couch is.

    Parameters
    ----------
    settings : CouchSettings
        Speeds and limits.
    """

    def __init__(self, settings: CouchSettings) -> None:
        self._settings = settings
        self._at = Couch()
        self._travels: dict[str, Travel] = {}

    def _axis(self, name: str) -> AxisSettings:
        axis: AxisSettings = getattr(self._settings, name)
        return axis

    def position(self, now: int) -> Couch:
        """Return where it is."""
        if not self._travels:
            return self._at
        return Couch(**{name: travel.position(now) for name, travel in self._travels.items()})

    def beyond_ends(self, to: Couch) -> str:
        """Return which axis cannot go there, in words; empty if all can."""
        for name, (word, unit) in AXES.items():
            axis, wanted = self._axis(name), getattr(to, name)
            if not axis.low - _EXACT <= wanted <= axis.high + _EXACT:
                return f"{word} {wanted:g} {unit} is beyond the end of its way, {axis.low:g} to {axis.high:g} {unit}"
        return ""

    def beyond_remote(self, by: Couch) -> str:
        """Return which corrections exceed what goes from the console, in words; empty if none."""
        return ", ".join(self._too_far(by))

    def _too_far(self, by: Couch) -> Iterator[str]:
        for name, (word, unit) in AXES.items():
            most, wanted = self._axis(name).remote, getattr(by, name)
            if abs(wanted) > most + _EXACT:
                yield f"{word} {wanted:g} {unit} exceeds the remote limit of {most:g} {unit}"

    def depart(self, to: Couch, now: int) -> int:
        """Begin to move all axes; return how long that takes."""
        here = self.position(now)
        for name in AXES:
            begin, end = getattr(here, name), getattr(to, name)
            ramp = Ramp(way=abs(end - begin), speed=self._axis(name).speed)
            self._travels[name] = Travel(begin=begin, to=end, ramp=ramp, began=now)
        return max(travel.duration for travel in self._travels.values())

    def halt(self, now: int) -> None:
        """Stand where it is."""
        self._at, self._travels = self.position(now), {}
