"""The processor: its temperature, and the chemistry of a wet one."""

from __future__ import annotations

from linacsim.devices.printer.hardware.clockwork import Clockwork, Steps
from linacsim.devices.printer.hardware.settings import Chemistry, HardwareSettings, size_in_cm

_ROOM = 22.0
_COOLS_SLOWER = 4
"""It loses heat this many times more slowly than it gains it."""
_REFERENCE = size_in_cm("14INX17IN")


class Processor:
    """What develops the film.

    Parameters
    ----------
    clockwork : Clockwork
        Time and news.
    settings : HardwareSettings
        Temperature, warm-up, chemistry.

    Attributes
    ----------
    bath : Bath or None
        The chemistry; a dry processor has none.
    heater, drive : bool
        Whether the heater and the drive work.
    since_cleaned : int
        Sheets since the rollers were cleaned.
    dirty : bool
        Whether the rollers are dirty for another reason.
    """

    def __init__(self, clockwork: Clockwork, settings: HardwareSettings) -> None:
        self._clockwork = clockwork
        self._settings = settings.processor
        self.bath = Bath(settings.chemistry) if settings.chemistry is not None else None
        self.heater = self.drive = True
        self.since_cleaned = 0
        self.dirty = False
        self._powered = False
        self._heat, self._since, self._rate = 0.0, 0, 0
        self._turn = 0
        self._warm = False

    # temperature: the heat in it is counted in microseconds of heating

    @property
    def heat(self) -> float:
        """Microseconds of heating that are in it now."""
        passed = self._clockwork.now - self._since
        change = passed if self._rate > 0 else -passed / _COOLS_SLOWER
        return min(max(0.0, self._heat + change), float(self._settings.warm_up))

    @property
    def degrees(self) -> float:
        """Its temperature in degrees Celsius."""
        share = self.heat / self._settings.warm_up if self._settings.warm_up else float(self._powered)
        return _ROOM + share * (self._settings.degrees - _ROOM)

    @property
    def warm(self) -> bool:
        """Whether it has the temperature at which it develops."""
        return self._powered and self.heater and self._warm

    def power(self, *, on: bool) -> None:
        """Let it be heated, or not."""
        self._powered = on
        self.heating_changed()

    def heating_changed(self) -> None:
        """Look again whether it is heated."""
        heated = self._powered and self.heater
        self._heat, self._since, self._rate = self.heat, self._clockwork.now, 1 if heated else -1
        self._turn += 1
        missing = round(self._settings.warm_up - self._heat)
        self._warm = heated and missing <= 0
        if heated and not self._warm:
            self._clockwork.begin(self._warming(self._turn, missing), "warming up of the processor")

    def _warming(self, turn: int, missing: int) -> Steps:
        """Tell when it is warm; another turn of the heater makes this one void."""
        yield self._clockwork.passing(missing)
        if turn == self._turn:
            self._warm = True
            self._clockwork.tell()

    # rollers

    @property
    def needs_cleaning(self) -> bool:
        """Whether its rollers have to be cleaned."""
        every = self._settings.cleaned_every
        return self.dirty or (every is not None and self.since_cleaned >= every)

    def clean(self) -> None:
        """Clean the rollers."""
        self.since_cleaned, self.dirty = 0, False

    def develop(self, size: str) -> None:
        """Take down what a sheet costs."""
        self.since_cleaned += 1
        if self.bath is not None:
            self.bath.develop(size)


class Bath:
    """The chemistry of a wet processor.

    Parameters
    ----------
    settings : Chemistry
        How much there is of what.

    Attributes
    ----------
    replenisher, overflow : float
        ml that are left; ml that have flown over.
    sheets : int
        Sheets that this chemistry has developed.
    spoilt : bool
        Whether it is spoilt for another reason.
    """

    def __init__(self, settings: Chemistry) -> None:
        self.settings = settings
        self.replenisher = float(settings.capacity)
        self.overflow = 0.0
        self.sheets = 0
        self.spoilt = False

    def need(self, size: str) -> float:
        """Return the ml of replenisher for a sheet of this Film Size ID."""
        wide, high = size_in_cm(size)
        return self.settings.per_sheet * (wide * high / (_REFERENCE[0] * _REFERENCE[1]))

    @property
    def empty(self) -> bool:
        """Whether it is not enough for a sheet of 14 x 17 inch."""
        return self.replenisher < self.settings.per_sheet

    @property
    def low(self) -> bool:
        """Whether it is nearly empty."""
        return not self.empty and self.replenisher <= self.settings.low

    @property
    def overflown(self) -> bool:
        """Whether the overflow tank is full."""
        return self.overflow >= self.settings.overflow

    @property
    def nearly_overflown(self) -> bool:
        """Whether it is nearly full."""
        return self.settings.overflow_warning <= self.overflow < self.settings.overflow

    @property
    def exhausted(self) -> bool:
        """Whether it does not develop as it should."""
        return self.spoilt or self.sheets >= self.settings.lasts

    def develop(self, size: str) -> None:
        """Replenish for a sheet; what is used flows over."""
        used = min(self.replenisher, self.need(size))
        self.replenisher -= used
        self.overflow = min(float(self.settings.overflow), self.overflow + used)
        self.sheets += 1

    def replenish(self) -> None:
        """Fill the replenisher tank."""
        self.replenisher = float(self.settings.capacity)

    def replace(self) -> None:
        """Put in new chemistry."""
        self.replenish()
        self.sheets, self.spoilt = 0, False

    def drain(self) -> None:
        """Empty the overflow tank."""
        self.overflow = 0.0
