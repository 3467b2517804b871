"""What scenarios and the console can have an operator do, and let break: parameters, and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field

from linacsim.devices.device import Action
from linacsim.devices.printer.hardware.film_hardware import FilmHardware
from linacsim.devices.printer.hardware.jobs import Priority
from linacsim.devices.printer.hardware.machine import Part
from linacsim.devices.printer.hardware.settings import Destination, FilmSize, Medium, Sheets
from linacsim.settings import Count, Duration, Settings

Jobs = Annotated[int, Field(ge=0)]
"""The number of a job; 0 is the one that is printed, or else the next."""


class Act(Settings):
    """Something that is done to the printer.

    Attributes
    ----------
    help_text : str
        One line for people.
    """

    help_text: ClassVar[str] = ""

    def on(self, hardware: FilmHardware) -> None:
        """Do it.

        Raises
        ------
        PlayFailure
            If there is nothing to do, or it cannot be done.
        """
        self._do(hardware)

    def _do(self, hardware: FilmHardware) -> None:
        raise NotImplementedError


class ClearJam(Act):
    """The operator takes the stuck sheet out; it is spoilt, and its image is exposed on another."""

    help_text = "take the stuck sheet out"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.clear_jam()


class Refill(Act):
    """The operator fills supply magazines; all of them, and empties the receivers, if neither size nor medium is said."""

    help_text = "fill magazines of a size and medium; alone: fill all, empty the receivers"
    film_size: FilmSize | None = None
    medium: Medium | None = None

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.refill(self.medium or "", self.film_size or "")


class MountMagazine(Act):
    """The operator puts a magazine into a slot, in place of what is there."""

    help_text = "put a magazine into a slot, with so many sheets in it"
    slot: Count = 1
    film_size: FilmSize | None = None
    medium: Medium | None = None
    sheets: Sheets | None = None

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.mount(self.slot, self.medium or "", self.film_size or "", self.sheets)


class UnmountMagazine(Act):
    """The operator takes the magazine out of a slot."""

    help_text = "take the magazine out of a slot"
    slot: Count = 1

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.unmount(self.slot)


class _OfReceiver(Act):
    receiver: Destination | None = None


class MountReceiver(_OfReceiver):
    """The operator puts the receive magazine, the tray or a bin into its place, empty."""

    help_text = "put the receive magazine or a bin into its place"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.mount_receiver(self.receiver or "")


class UnmountReceiver(_OfReceiver):
    """The operator takes the receive magazine, the tray or a bin out of its place."""

    help_text = "take the receive magazine or a bin out"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.unmount_receiver(self.receiver or "")


class EmptyReceiver(_OfReceiver):
    """The operator takes the films out of a receiver; out of all if none is said."""

    help_text = "take the films out of a receiver; alone: out of all"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.empty_receiver(self.receiver or "")


class OpenCover(Act):
    """The operator opens a cover; the engine stands still, and light spoils a film on its way."""

    help_text = "open a cover"
    cover: str = ""

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.open_cover(self.cover)


class CloseCover(Act):
    """The operator closes a cover; all if none is said."""

    help_text = "close a cover; alone: all"
    cover: str = ""

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.close_cover(self.cover)


class SwitchOff(Act):
    """The operator switches the printer off; what speaks DICOM has power of its own."""

    help_text = "switch the printer off; it can still be asked for its status"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.power(on=False)


class SwitchOn(Act):
    """The operator switches the printer on: self-test and warm-up."""

    help_text = "switch the printer on"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.power(on=True)


class SetOffline(Act):
    """The operator sets the printer offline: the job that is printed is the last."""

    help_text = "let no further job begin, and say so"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.set_online(online=False)


class SetOnline(Act):
    """The operator sets the printer online."""

    help_text = "let jobs begin again"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.set_online(online=True)


class ReplaceChemistry(Act):
    """The operator puts in new chemistry."""

    help_text = "put new chemistry into the processor"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.with_bath("replace-chemistry", lambda bath: bath.replace())


class FillReplenisher(Act):
    """The operator fills the replenisher tank."""

    help_text = "fill the replenisher tank"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.with_bath("fill-replenisher", lambda bath: bath.replenish())


class EmptyOverflow(Act):
    """The operator empties the overflow tank."""

    help_text = "empty the overflow tank of the processor"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.with_bath("empty-overflow", lambda bath: bath.drain())


class Mend(Act):
    """The operator, or a service engineer, mends or replaces a part."""

    help_text = "mend or replace a part; rollers are cleaned, the engine is serviced"
    part: Part

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.mend(self.part)


class CalibratePrinter(Act):
    """The operator has the densities calibrated; it ends when the calibration takes no more time."""

    help_text = "calibrate the densities"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.calibrate()


class FillFinisher(Act):
    """The operator puts supplies into the finisher."""

    help_text = "put supplies into the finisher"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.fill_finisher()


class ChangeRibbon(Act):
    """The operator puts a new ribbon in."""

    help_text = "put a new ribbon in"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.change_ribbon()


class HoldQueue(Act):
    """The operator holds the queue: jobs are taken, and wait."""

    help_text = "let jobs be queued and wait"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.hold_queue(held=True)


class ReleaseQueue(Act):
    """The operator lets queued jobs begin again."""

    help_text = "let queued jobs begin"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.hold_queue(held=False)


class CancelJob(Act):
    """The operator cancels a job: it fails with JOB CANCELED."""

    help_text = "cancel a job; alone: the one that is printed, or else the next"
    job: Jobs = 0

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.cancel(self.job)


class PrintTest(Act):
    """The operator has test sheets printed, without an image."""

    help_text = "queue a job of so many test sheets"
    sheets: Annotated[int, Field(ge=1, le=10_000)] = 1
    film_size: FilmSize | None = None
    medium: Medium | None = None
    destination: Destination | None = None
    priority: Priority = "MED"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.print_test(
            self.sheets, self.medium or "", self.film_size or "", self.destination or "", self.priority
        )


class Jam(Act):
    """Breakage: the next sheet gets stuck in the transport.

    Attributes
    ----------
    cleared_after : Duration
        How long after it has got stuck somebody takes it out; without it, the operator has to (`clear-jam`).
    """

    help_text = "let the next sheet get stuck"
    cleared_after: Duration | None = None

    def _do(self, hardware: FilmHardware) -> None:
        hardware.jam_next(self.cleared_after)


class BreakPart(Act):
    """Breakage: a part stops working.

    Attributes
    ----------
    part : str
        Which.
    mended_after : Duration
        When somebody mends it; without it, the operator has to (`mend`).
    """

    help_text = "let a part stop working"
    part: Part
    mended_after: Duration | None = None

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.check_part(self.part)
        hardware.machine.break_part(self.part)
        machine = hardware.machine
        machine.clockwork.later(self.mended_after, f"mending the {self.part}", lambda: machine.mend_part(self.part))


class DamageMagazine(Act):
    """Breakage: nothing can be drawn any more from the magazine in a slot (`mount-magazine` mends it)."""

    help_text = "let the magazine in a slot be damaged"
    slot: Count = 1

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.damage_magazine(self.slot)


class DamageReceiver(Act):
    """Breakage: the receive magazine, the tray or a bin takes no sheets (`mount-receiver` mends it)."""

    help_text = "let the receive magazine or a bin be damaged"
    receiver: Destination | None = None

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.damage_receiver(self.receiver or "")


class SpoilChemistry(Act):
    """Breakage: fixer has come into the developer (`replace-chemistry` mends it)."""

    help_text = "let the chemistry be contaminated"

    def _do(self, hardware: FilmHardware) -> None:
        hardware.operator.bath().spoilt = True
        hardware.machine.clockwork.log("part-broken", part="chemistry")
        hardware.machine.clockwork.tell()


_ACTS: Mapping[str, type[Act]] = {
    "clear-jam": ClearJam,
    "refill": Refill,
    "mount-magazine": MountMagazine,
    "unmount-magazine": UnmountMagazine,
    "mount-receiver": MountReceiver,
    "unmount-receiver": UnmountReceiver,
    "empty-receiver": EmptyReceiver,
    "open-cover": OpenCover,
    "close-cover": CloseCover,
    "switch-off": SwitchOff,
    "switch-on": SwitchOn,
    "set-offline": SetOffline,
    "set-online": SetOnline,
    "replace-chemistry": ReplaceChemistry,
    "fill-replenisher": FillReplenisher,
    "empty-overflow": EmptyOverflow,
    "mend": Mend,
    "calibrate": CalibratePrinter,
    "fill-finisher": FillFinisher,
    "change-ribbon": ChangeRibbon,
    "hold-queue": HoldQueue,
    "release-queue": ReleaseQueue,
    "cancel-job": CancelJob,
    "print-test": PrintTest,
}
_BREAKAGES: Mapping[str, type[Act]] = {
    "jam": Jam,
    "break-part": BreakPart,
    "damage-magazine": DamageMagazine,
    "damage-receiver": DamageReceiver,
    "spoil-chemistry": SpoilChemistry,
}
ACTIONS: Mapping[str, Action] = MappingProxyType({word: Action(act, "operate") for word, act in _ACTS.items()})
"""The operator's acts, for a kind of device whose `operate` calls `on` of what it gets."""
BREAKAGES: Mapping[str, Action] = MappingProxyType({word: Action(act, "operate") for word, act in _BREAKAGES.items()})
"""What can break."""
WORDS: Mapping[str, type[Act]] = MappingProxyType({**_ACTS, **_BREAKAGES})
"""All of them, for the console."""
EVENTS = frozenset(
    {
        "calibrated", "film-jam", "jam-cleared", "job-done", "job-failed", "job-printing", "job-queued",
        "magazines-changed", "operator", "part-broken", "part-mended", "printer-status", "sheet-out", "sheet-spoilt",
    }
)  # fmt: skip
"""The words that the hardware writes into the log."""
FIELDS = frozenset(
    {"act", "film", "images", "info", "job", "owner", "part", "picture", "sha256", "sheet", "sheets", "where"}
)
"""The fields of those records, beside the kernel's."""
