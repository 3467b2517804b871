"""How volumes are reconstructed: one at a time, beside what goes on in the room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from linacsim.devices.imager.hardware.clockwork import Steps
from linacsim.devices.imager.hardware.conditions import WORDS, Act, Condition, ReconstructionFailed
from linacsim.devices.imager.hardware.machine import Machine
from linacsim.devices.imager.hardware.results import Scanned, Swept

V = TypeVar("V")
R = TypeVar("R")


def reconstruct(machine: Machine, swept: Swept[V], work: Callable[[V], R]) -> Steps[Scanned[V, R]]:
    """Reconstruct the volume of a scan, when the reconstructor is free."""
    with machine.reconstructor.request() as turn:
        yield turn
        machine.check(Act.RECONSTRUCT, swept)
        if swept.hold.state == "GONE":
            swept = replace(swept, hold=machine.take_places(Act.RECONSTRUCT, swept.slices))
        machine.reconstructing = True
        try:
            yield from _pass(machine, swept)
            volume = yield from machine.clockwork.compute(lambda: work(swept.views))
        except ReconstructionFailed:
            raise
        except Exception:
            machine.give_back(swept.hold)
            raise
        finally:
            machine.reconstructing = False
        machine.log("reconstruction-end", acquisition=swept.sweep.number, slices=swept.slices)
    return Scanned(swept=swept, volume=volume, hold=swept.hold)


def _pass(machine: Machine, swept: Swept[V]) -> Steps[None]:
    """Let the time of a reconstruction pass, and tell how far it is."""
    settings, number, steps = machine.settings.reconstruction, swept.sweep.number, machine.settings.progress
    takes = settings.begin + swept.slices * swept.sweep.views * settings.per_slice_and_view
    machine.log(
        "reconstruction-begin", acquisition=number, slices=swept.slices, views=swept.sweep.views, takes=takes
    )  # fmt: skip

    def tell(step: int) -> Callable[[], None]:
        return lambda: machine.log("reconstruction-progress", acquisition=number, percent=100 * step // steps)

    marks: list[tuple[int, Callable[[], object]]] = []
    if machine.reconstruction_fails is not None:
        marks.append((takes // 2, machine.reconstruction_fails))
    marks += [(takes * step // steps, tell(step)) for step in range(1, steps + 1)]
    marks.sort(key=lambda mark: mark[0])
    if not (yield from machine.clockwork.through(marks, lambda: machine.is_stopped(Act.RECONSTRUCT))):
        machine.log("reconstruction-failed", acquisition=number)
        why, todo = WORDS[Condition.RECONSTRUCTOR_FAILED]
        todo = f"{todo} and reconstruct again, the {swept.sweep.views} views are kept"
        raise ReconstructionFailed(Act.RECONSTRUCT.value, why, todo, None, Condition.RECONSTRUCTOR_FAILED, swept)
