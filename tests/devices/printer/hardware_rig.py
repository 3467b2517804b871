"""Film hardware on a virtual kernel, without a network, and what it has told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from linacsim.devices.printer.hardware import FilmHardware, HardwareSettings, Sheet
from linacsim.devices.printer.hardware.console import Panel
from linacsim.devices.printer.hardware.settings import Magazine, Processor
from linacsim.kernel.identity import Identity
from linacsim.kernel.units import SECOND, seconds
from linacsim.kernel.virtual import VirtualKernel

PLAIN = HardwareSettings(
    processor=Processor(warm_up=seconds(20), per_sheet=seconds(8)),
    transport=seconds(3),
    magazines=(Magazine(sheets=10, low=2), Magazine(medium="PAPER", film_size="A4", sheets=10, low=2)),
    receive=50,
    queue=2,
)
Told = list[tuple[int, str, dict[str, Any]]]


class Rig:
    """Film hardware, and what it has told: second, event, fields."""

    def __init__(self, settings: HardwareSettings = PLAIN, **changed: Any) -> None:
        self.kernel = VirtualKernel(Identity(0))
        self.told: Told = []
        self.hardware = FilmHardware(self.kernel, settings.model_copy(update=changed), self._log, "PRINTER")
        self.panel = Panel(self.hardware)

    def _log(self, event: str, **fields: Any) -> None:
        self.told.append((self.kernel.now // SECOND, event, fields))

    def go(self, duration: float) -> None:
        """Let `duration` seconds pass."""
        self.kernel.run(self.kernel.sleep, round(duration * SECOND), place=self.kernel.place("PRINTER"))

    def act(self, *lines: str) -> None:
        """Do what the operator's lines say, at once."""
        for line in lines:
            self.panel.act(line)

    def sheets(self, count: int, medium: str = "", size: str = "", memory: int = 0) -> list[Sheet]:
        return [
            Sheet(
                film=number, develop=lambda ordinal: {"picture": ordinal}, medium=medium, size=size, memory=memory
            )
            for number in range(1, count + 1)
        ]  # fmt: skip

    def of(self, event: str) -> list[tuple[int, dict[str, Any]]]:
        """Return seconds and fields of an event."""
        return [(second, fields) for second, name, fields in self.told if name == event]

    def out(self) -> list[tuple[int, int, int]]:
        """Return second, job and film of each sheet that has come out."""
        return [(second, fields["job"], fields["film"]) for second, fields in self.of("sheet-out")]

    def states(self) -> list[tuple[int, str]]:
        return [(second, fields["info"]) for second, fields in self.of("printer-status")]


@contextmanager
def switched_on(settings: HardwareSettings = PLAIN, **changed: Any) -> Iterator[Rig]:
    """Give a printer that has just been switched on."""
    rig = Rig(settings, **changed)
    rig.hardware.switch_on()
    try:
        yield rig
    finally:
        rig.kernel.close()
