"""The operator: every act of a person beside the printer. An act that comes to nothing says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from linacsim.devices.printer.hardware.jobs import MediumNotInstalledError, QueueFullError, Sheet
from linacsim.devices.printer.hardware.machine import Machine, Part
from linacsim.devices.printer.hardware.magazines import Receiver
from linacsim.devices.printer.hardware.processor import Bath
from linacsim.devices.printer.hardware.settings import Magazine
from linacsim.errors import PlayFailure

if TYPE_CHECKING:
    from linacsim.devices.printer.hardware.film_hardware import FilmHardware
    from linacsim.devices.printer.hardware.jobs import Priority

OPERATOR = "OPERATOR"
"""Who owns the test sheets."""


class Operator:
    """What a person can do.

    Parameters
    ----------
    machine : Machine
        The printer that the person stands beside.
    hardware : FilmHardware
        Its queue.

    Raises
    ------
    PlayFailure
        (all methods) if there is nothing to do, or it cannot be done.
    """

    def __init__(self, machine: Machine, hardware: FilmHardware) -> None:
        self._machine = machine
        self._hardware = hardware
        self._clockwork = machine.clockwork
        self._log = machine.clockwork.log

    def _done(self, act: str, where: str = "") -> None:
        self._log("operator", act=act, **({"where": where} if where else {}))
        self._clockwork.tell()

    def _fail(self, reason: str) -> PlayFailure:
        return PlayFailure(f"{self._clockwork.name}: {reason}")

    # film

    def take_sheet_out(self) -> bool:
        """Take a stuck sheet out; return whether there was one."""
        self._machine.jams_next = False
        return self._machine.take_out()

    def clear_jam(self) -> None:
        """Take the stuck sheet out."""
        if not self.take_sheet_out():
            raise self._fail("no sheet is stuck")

    def refill(self, medium: str, size: str) -> None:
        """Fill the magazines of this medium and size; all of them, and empty all receivers, if neither is said."""
        machine = self._machine
        filled = machine.slots.holding(medium, size)
        if not filled:
            wanted = " ".join(word for word in (size, medium) if word) or "magazine"
            raise self._fail(f"no slot has a magazine of {wanted}; mount one" if medium or size else "no magazine")
        for magazine in filled:
            magazine.sheets = magazine.capacity
        if not medium and not size:
            machine.receivers.empty()
        self._log("magazines-changed", sheets=sum(magazine.sheets for magazine in filled))
        self._clockwork.tell()

    def mount(self, slot: int, medium: str, size: str, sheets: int | None) -> None:
        """Put a magazine into a slot; what is not said is as it was there, or as in the first magazine."""
        self._check_slot(slot)
        described = self._machine.settings.describe_magazines()
        usual = described[slot - 1]
        medium, size = medium or usual.medium, size or usual.film_size
        if not self._machine.slots.could_take(medium, size):
            raise self._fail(f"{size} {medium} does not go into a slot of this printer")
        # a package that is larger than the usual ones is a magazine of its own
        full = max(usual.sheets, sheets or 0)
        new = usual.model_copy(update={"medium": medium, "film_size": size, "sheets": full, "left": sheets})
        self._machine.slots.mount(slot, Magazine.model_validate(new.model_dump()))
        self._done("mount-magazine", f"slot {slot}")

    def unmount(self, slot: int) -> None:
        """Take the magazine out of a slot."""
        self._check_slot(slot)
        if self._machine.slots.by_number[slot] is None:
            raise self._fail(f"slot {slot} has no magazine")
        self._machine.slots.by_number[slot] = None
        self._done("unmount-magazine", f"slot {slot}")

    def damage_magazine(self, slot: int) -> None:
        """Let nothing be drawn any more from the magazine in a slot."""
        self._check_slot(slot)
        magazine = self._machine.slots.by_number[slot]
        if magazine is None:
            raise self._fail(f"slot {slot} has no magazine")
        magazine.damaged = True
        self._log("part-broken", part=f"magazine in slot {slot}")
        self._clockwork.tell()

    def _check_slot(self, slot: int) -> None:
        slots = self._machine.slots.by_number
        if slot not in slots:
            raise self._fail(f"there is no slot {slot}; the slots are 1 to {len(slots)}")

    # receivers

    def receiver(self, name: str) -> Receiver:
        """Return the receiver with this name; the first one if none is said."""
        receivers = self._machine.receivers.by_name
        if name and name not in receivers:
            raise self._fail(f"there is no receiver {name}; there is {', '.join(receivers)}")
        return self._machine.receivers.named(name)

    def mount_receiver(self, name: str) -> None:
        """Put a receiver into its place, empty and whole."""
        receiver = self.receiver(name)
        receiver.mounted, receiver.damaged, receiver.sheets = True, False, 0
        self._done("mount-receiver", receiver.name)

    def unmount_receiver(self, name: str) -> None:
        """Take a receiver out of its place."""
        receiver = self.receiver(name)
        if not receiver.mounted:
            raise self._fail(f"{receiver.name} is not in its place")
        receiver.mounted = False
        self._done("unmount-receiver", receiver.name)

    def empty_receiver(self, name: str) -> None:
        """Take the films out of a receiver; out of all if none is said."""
        if name:
            self.receiver(name).sheets = 0
        else:
            self._machine.receivers.empty()
        self._done("empty-receiver", name)

    def damage_receiver(self, name: str) -> None:
        """Let a receiver take no more sheets, full or not."""
        receiver = self.receiver(name)
        receiver.damaged = True
        self._log("part-broken", part=f"receiver {receiver.name}")
        self._clockwork.tell()

    # covers and power

    def open_cover(self, name: str) -> None:
        """Open a cover; light spoils a film on its way."""
        name = self._cover(name)
        if name in self._machine.open_covers:
            raise self._fail(f"the cover {name} is open")
        self._machine.open_covers[name] = None
        film = self._machine.in_flight
        if film is not None and film.medium != "PAPER":
            self._machine.spoil("light")
        self._done("open-cover", name)

    def close_cover(self, name: str) -> None:
        """Close a cover; all of them if none is said."""
        machine = self._machine
        if not machine.open_covers:
            raise self._fail("no cover is open")
        for cover in [self._cover(name)] if name else list(machine.open_covers):
            if cover not in machine.open_covers:
                raise self._fail(f"the cover {cover} is closed")
            del machine.open_covers[cover]
        self._done("close-cover", name)

    def _cover(self, name: str) -> str:
        covers = self._machine.settings.covers
        if name and name not in covers:
            raise self._fail(f"there is no cover {name}; there is {', '.join(covers)}")
        return name or covers[0]

    def power(self, *, on: bool) -> None:
        """Switch the printer on or off."""
        if self._machine.powered == on:
            raise self._fail(f"it is switched {'on' if on else 'off'}")
        self._log("operator", act="switch-on" if on else "switch-off")
        (self._machine.switch_on if on else self._machine.switch_off)()

    def set_online(self, *, online: bool) -> None:
        """Let the printer take jobs out of the queue, or not."""
        if self._machine.online == online:
            raise self._fail(f"it is {'online' if online else 'offline'}")
        self._machine.online = online
        self._done("set-online" if online else "set-offline")

    # the processor and what wears

    def bath(self) -> Bath:
        """Return the chemistry."""
        if self._machine.processor.bath is None:
            raise self._fail("a dry printer has no chemistry")
        return self._machine.processor.bath

    def with_bath(self, act: str, do: Callable[[Bath], None]) -> None:
        """Do something with the chemistry."""
        do(self.bath())
        self._done(act)

    def mend(self, part: Part) -> None:
        """Mend or replace a part."""
        machine = self._machine
        self.check_part(part)
        serviced = part == "engine" and machine.since_service > 0
        cleaned = part == "rollers" and machine.processor.since_cleaned > 0
        if not machine.mend_part(part) and not serviced and not cleaned:
            raise self._fail(f"the {part} works")
        if serviced:
            machine.since_service = 0
        if cleaned:
            machine.processor.clean()
        self._done("mend", part)

    def check_part(self, part: Part) -> None:
        """Refuse a part that this printer does not have."""
        if not self._machine.has(part):
            raise self._fail(f"this printer has no {part}")

    def calibrate(self) -> None:
        """Calibrate the densities."""
        if not self._machine.powered:
            raise self._fail("it is switched off")
        if self._machine.calibrating:
            raise self._fail("it is being calibrated")
        self._log("operator", act="calibrate")
        self._machine.calibrate()

    def fill_finisher(self) -> None:
        """Put new supplies into the finisher."""
        self.check_part("finisher")
        settings = self._machine.settings.finisher
        self._machine.finisher = settings.supplies if settings is not None else 0
        self._done("fill-finisher")

    def change_ribbon(self) -> None:
        """Put a new ribbon in."""
        self.check_part("ribbon")
        settings = self._machine.settings.ribbon
        self._machine.ribbon = settings.sheets if settings is not None else 0
        self._machine.broken.pop("ribbon", None)
        self._done("change-ribbon")

    # jobs

    def hold_queue(self, *, held: bool) -> None:
        """Let no further job begin, or let them begin again."""
        if self._machine.held == held:
            raise self._fail("the queue is held" if held else "the queue is not held")
        self._machine.held = held
        self._done("hold-queue" if held else "release-queue")

    def cancel(self, number: int) -> None:
        """Cancel a job; the one that is printed, or else the next, if 0."""
        waiting = list(self._machine.queue)
        first = self._machine.job or (waiting[0] if waiting else None)
        job = self._hardware.job(number) if number else first
        if job is None:
            raise self._fail(f"no job {number} waits or is printed" if number else "there is no job")
        self._log("operator", act="cancel-job", job=job.number)
        self._hardware.cancel(job)

    def print_test(self, count: int, medium: str, size: str, destination: str, priority: Priority) -> None:
        """Queue a job of test sheets, each as large as its film and without an image."""
        if destination:
            self.receiver(destination)
        sheets = [Sheet(film=film, develop=_test_sheet, medium=medium, size=size) for film in range(1, count + 1)]
        try:
            self._hardware.submit(
                OPERATOR, sheets, priority=priority, destination=destination, label="TEST"
            )  # fmt: skip
        except QueueFullError:
            raise self._fail("the print queue is full") from None
        except MediumNotInstalledError:
            raise self._fail("no magazine holds that") from None


def _test_sheet(_ordinal: int) -> dict[str, Any]:
    return {"images": 0}
