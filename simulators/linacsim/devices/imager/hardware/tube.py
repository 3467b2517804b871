"""The X-ray tube: how hot its anode is, and when it is cool enough.

Heat is in kHU. An idle anode loses heat in proportion to it, so with the power p of a beam and the time constant tau
``heat(t) = heat(0) exp(-t/tau) + p tau (1 - exp(-t/tau))``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, expm1, log

from linacsim.devices.imager.hardware.settings import TubeSettings
from linacsim.kernel.units import SECOND

_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Heats:
    """What an acquisition brings to the tube.

    Attributes
    ----------
    load : float
        In kHU.
    duration : int
        Over how many microseconds.
    begins_in : int
        After how many microseconds the beam is on at the earliest.
    """

    load: float
    duration: int
    begins_in: int = 0


class Tube:
    """The heat of the anode.

    Parameters
    ----------
    settings : TubeSettings
        Limits and time constant.
    """

    def __init__(self, settings: TubeSettings) -> None:
        self._settings = settings
        self._heat = 0.0
        self._power = 0.0
        self._since = 0

    def load_of(self, kvp: float, ma: float, ms: float, frames: int = 1) -> float:
        """Return the kHU that exposures bring."""
        return self._settings.waveform * kvp * ma * ms * frames / 1e6

    def heat(self, now: int) -> float:
        """Return the kHU in the anode."""
        return self._after(self._heat, self._power, now - self._since)

    def _after(self, heat: float, power: float, duration: int) -> float:
        rate = -duration / self._settings.cooling
        return heat * exp(rate) - power * (self._settings.cooling / SECOND) * expm1(rate)

    def beam_on(self, power: float, now: int) -> None:
        """Have `power` kHU/s go into the anode from now on."""
        self._heat, self._since, self._power = self.heat(now), now, power

    def beam_off(self, now: int) -> None:
        """Let it cool from now on."""
        self.beam_on(0.0, now)

    def overheat(self, heat: float, now: int) -> None:
        """Let it have this much heat."""
        self._heat, self._since = heat, now

    def overheated(self, now: int) -> bool:
        """Whether it is above its limit."""
        return self.heat(now) > self._settings.limit * (1 + _EXACT)

    def hot(self, now: int) -> bool:
        """Whether it is so hot that this is told."""
        return self.heat(now) > self._settings.hot * (1 + _EXACT)

    def peak(self, load: float, duration: int, now: int) -> float:
        """Return the most kHU there will be while `load` kHU come in over `duration` microseconds."""
        here, duration = self.heat(now), max(duration, 1)
        return max(here, self._after(here, load * SECOND / duration, duration))

    def allows(self, load: float, duration: int, now: int) -> bool:
        """Whether that stays within the limit."""
        return self.peak(load, duration, now) <= self._settings.limit * (1 + _EXACT)

    def ready_in(self, load: float, duration: int, now: int) -> int | None:
        """Return after how many microseconds that will stay within the limit; nothing if it never does."""
        duration = max(duration, 1)
        brought = self._after(0.0, load * SECOND / duration, duration)
        # what may be left of the heat of before when the exposure begins
        room = (self._settings.limit * (1 + _EXACT) - brought) / exp(-duration / self._settings.cooling)
        return self.falls_to(min(room, self._settings.limit), now) if room > 0 else None

    def falls_to(self, heat: float, now: int) -> int:
        """Return after how many microseconds without a beam no more than `heat` is left."""
        here = self.heat(now)
        return ceil(self._settings.cooling * log(here / heat)) if here > heat else 0

    def thresholds(self, now: int) -> list[int]:
        """Return after how many microseconds it is no longer overheated, and no longer hot; those still to come."""
        waits = (self.falls_to(heat, now) for heat in (self._settings.limit, self._settings.hot))
        return [wait for wait in waits if wait > 0]
