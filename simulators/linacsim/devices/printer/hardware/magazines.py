"""Where film comes from and goes to: supply magazines in their slots, the receive magazine, the tray, the sorter's bins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from linacsim.devices.printer.hardware.settings import CURRENT, HardwareSettings, Magazine

_ANY = ("", CURRENT)


@dataclass(slots=True, kw_only=True, eq=False)
class SupplyMagazine:
    """A supply magazine.

    Attributes
    ----------
    medium, size : str
        What is in it.
    capacity, low : int
        Sheets when it is full; sheets at which it is low.
    sheets : int
        Sheets that are in it.
    damaged : bool
        Whether no sheet can be drawn from it.
    """

    medium: str
    size: str
    capacity: int
    low: int
    sheets: int
    damaged: bool = False

    @property
    def is_low(self) -> bool:
        """Whether it is nearly empty."""
        return 0 < self.sheets <= self.low

    @property
    def ready(self) -> bool:
        """Whether a sheet can be drawn."""
        return self.sheets > 0 and not self.damaged

    def holds(self, medium: str, size: str) -> bool:
        """Whether it is of this medium and size; an empty word or CURRENT takes any."""
        return medium in (self.medium, *_ANY) and size in (self.size, *_ANY)


class Slots:
    """The supply magazines in their slots, from 1.

    Parameters
    ----------
    settings : HardwareSettings
        What is in them.
    """

    def __init__(self, settings: HardwareSettings) -> None:
        self._settings = settings
        self.by_number: dict[int, SupplyMagazine | None] = {
            number: _magazine(one) for number, one in enumerate(settings.describe_magazines(), 1)
        }

    def mounted(self) -> Iterator[tuple[int, SupplyMagazine]]:
        """Yield the slots that have a magazine, with it."""
        for number, magazine in self.by_number.items():
            if magazine is not None:
                yield number, magazine

    def holding(self, medium: str, size: str) -> list[SupplyMagazine]:
        """Return the magazines that hold this medium and size."""
        return [one for one in self.by_number.values() if one is not None and one.holds(medium, size)]

    def ready(self, medium: str, size: str) -> SupplyMagazine | None:
        """Return the first magazine that a sheet can be drawn from."""
        return next((one for one in self.holding(medium, size) if one.ready), None)

    def could_take(self, medium: str, size: str) -> bool:
        """Whether a magazine of this medium and size could be put in."""
        sizes = self._settings.slots_take or self._settings.film_sizes
        return medium in (*self._settings.media, *_ANY) and size in (*sizes, *_ANY)

    def mount(self, slot: int, what: Magazine) -> None:
        """Put a magazine into a slot, whatever is there."""
        self.by_number[slot] = _magazine(what)


def _magazine(what: Magazine) -> SupplyMagazine:
    sheets = what.sheets if what.left is None else what.left
    return SupplyMagazine(
        medium=what.medium, size=what.film_size, capacity=what.sheets, low=what.low, sheets=sheets
    )  # fmt: skip


@dataclass(slots=True, kw_only=True, eq=False)
class Receiver:
    """What takes sheets: the receive magazine, the processor's tray, a bin of the sorter.

    Attributes
    ----------
    name : str
        Film Destination.
    capacity : int
        Sheets that it holds.
    sheets : int
        Sheets that are in it.
    mounted, damaged : bool
        Whether it is in its place; whether it takes no sheet.
    """

    name: str
    capacity: int
    sheets: int = 0
    mounted: bool = True
    damaged: bool = False

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return self.sheets >= self.capacity

    @property
    def is_bin(self) -> bool:
        """Whether it is a bin of the sorter."""
        return self.name.startswith("BIN_")

    @property
    def ready(self) -> bool:
        """Whether a sheet can come in."""
        return self.mounted and not self.damaged and not self.full


class Receivers:
    """All receivers, by Film Destination; the first is where film goes that nobody has said more of.

    Parameters
    ----------
    settings : HardwareSettings
        Which there are.
    """

    def __init__(self, settings: HardwareSettings) -> None:
        capacity = {"MAGAZINE": settings.receive, "PROCESSOR": settings.processor.tray}
        names = [name for name in settings.destinations if name != CURRENT] or ["MAGAZINE"]
        self.by_name = {name: Receiver(name=name, capacity=capacity.get(name, settings.bin)) for name in names}

    def named(self, destination: str) -> Receiver:
        """Return where film of this destination goes."""
        return self.by_name.get(destination) or next(iter(self.by_name.values()))

    def empty(self) -> None:
        """Take all films out."""
        for receiver in self.by_name.values():
            receiver.sheets = 0
