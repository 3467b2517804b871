"""The panels: how long they are calibrated for, and how fast they are read out."""

from __future__ import annotations

from linacsim.devices.imager.hardware.settings import CalibrationName, PanelName, PanelSettings
from linacsim.kernel.units import SECOND


class PanelState:
    """The calibration of one panel.

    Parameters
    ----------
    name : str
        kv or mv.
    settings : PanelSettings
        Its times.
    """

    def __init__(self, name: PanelName, settings: PanelSettings) -> None:
        self.name = name
        self._settings = settings
        fresh = settings.calibrated
        self.valid_until: dict[CalibrationName, int] = {
            "dark-field": settings.dark_field_valid if fresh else 0,
            "flood-field": settings.flood_field_valid if fresh else 0,
        }

    def missing(self, now: int) -> list[CalibrationName]:
        """Return the calibrations that it has not, or that are too old."""
        return [name for name, until in self.valid_until.items() if now >= until]

    def lose(self) -> None:
        """Have no calibration any more."""
        self.valid_until = dict.fromkeys(self.valid_until, 0)

    def takes(self, field: CalibrationName) -> int:
        """Return how long a calibration takes."""
        return self._settings.dark_field if field == "dark-field" else self._settings.flood_field

    def renew(self, field: CalibrationName, now: int) -> int:
        """Have a fresh calibration; return until when it is valid."""
        dark = field == "dark-field"
        valid = self._settings.dark_field_valid if dark else self._settings.flood_field_valid
        self.valid_until[field] = now + valid
        return now + valid

    @property
    def frame_rate(self) -> float:
        """Frames per second, at most."""
        return self._settings.frame_rate

    @property
    def readout(self) -> int:
        """Microseconds to read one frame out."""
        return round(SECOND / self._settings.frame_rate)
