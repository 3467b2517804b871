"""The imager's hardware on a bench, with records of what it has told and work that leaves a trace."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from linacsim.bench import Bench, Clock
from linacsim.devices.imager.hardware.events import EVENT_FIELDS
from linacsim.devices.imager.hardware.hardware import ImagerHardware
from linacsim.devices.imager.hardware.results import Exposure, Sweep
from linacsim.devices.imager.hardware.settings import (
    ArmsSettings,
    BeamSettings,
    GeneratorSettings,
    HardwareSettings,
    TubeSettings,
)
from linacsim.kernel.tasks import Task
from linacsim.kernel.units import MILLISECOND, SECOND, milliseconds, seconds
from linacsim.physics.presets import CbctPreset, KvTechnique, MvTechnique

T = TypeVar("T")
Record = dict[str, Any]

READY = HardwareSettings(
    start_up=0,
    arms=ArmsSettings(at_start="extended", mv_clear_of_scan=False),
    tube=TubeSettings(preparation=milliseconds(1500)),
    generator=GeneratorSettings(stable=milliseconds(20)),
    beam=BeamSettings(rate=300.0, begin=seconds(1)),
)
"""An imager that can take pictures at once."""
PREPARED = 1_520_000
"""Microseconds until its tube is ready."""
KV = KvTechnique(kvp=100.0, ma=200.0, ms=50.0)
MV = MvTechnique(mu=2.0)
HEAD = CbctPreset(name="head", kvp=100.0, ma=20.0, ms=20.0, projections=360, arc=200.0, start=290.0)


class Rig:
    """An imager's hardware that is switched on."""

    def __init__(self, settings: HardwareSettings = READY, clock: Clock = "virtual") -> None:
        self.bench = Bench(clock=clock)
        self.settings = settings
        self.done: list[Any] = []

    def __enter__(self) -> Self:
        self.bench.__enter__()
        self.place = self.bench.kernel.place("IMAGER")
        self.hardware = ImagerHardware(self.bench.kernel, self.settings, self.place.log, "IMAGER")
        self.play(self.hardware.switch_on)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bench.__exit__(kind, error, trace)
        for record in self.records:
            words = {key for key in record if key not in ("n", "t", "at", "event")}
            assert words <= set(EVENT_FIELDS[record["event"]]), record
            assert all(isinstance(record[word], str | int | float) for word in words), record

    def play(self, fn: Callable[..., T], *args: Any, **named: Any) -> T:
        """Call something that blocks."""
        return self.bench.play(lambda: fn(*args, **named), place=self.place)

    def go(self, us: int) -> None:
        """Let time pass."""
        self.play(self.bench.kernel.sleep, us)

    def beside(self, fn: Callable[..., Any], *args: Any, **named: Any) -> Task:
        """Start something that blocks, without waiting for it."""
        kernel = self.bench.kernel

        def begin() -> Task:
            task = kernel.spawn(lambda: fn(*args, **named), name="beside", place=self.place)
            kernel.heed(task)
            return task

        return self.play(begin)

    def end_of(self, task: Task) -> Any:
        """Wait for the end of what was started beside; return or raise what it did."""
        self.play(self.bench.kernel.join, task)
        if task.raised is not None:
            raise task.raised
        return task.done.value

    def at(self, us: int, act: Callable[[], Any]) -> None:
        """Do something that does not block in a while."""

        def later() -> None:
            self.bench.kernel.sleep(us)
            act()

        self.beside(later)

    def at_soon(self, act: Callable[[], Any]) -> None:
        """Do something in 5 ms; for what listens to the log."""
        kernel = self.bench.kernel

        def later() -> None:
            kernel.sleep(5 * MILLISECOND)
            act()

        kernel.spawn(later, name="soon", place=self.place)

    def on(self, event: str, act: Callable[[], Any]) -> None:
        """Do something as an event is logged for the first time, as a fault of a scenario does."""
        waiting = [act]

        def listen(record: Record) -> None:
            if record["event"] == event and waiting:
                waiting.pop()()

        self.bench.log.listeners.append(listen)

    @property
    def now(self) -> int:
        return self.bench.now

    @property
    def records(self) -> list[Record]:
        return [record for record in self.bench.log.records if record["at"] == "IMAGER"]

    def of(self, event: str) -> list[Record]:
        """Return the records of an event."""
        return [record for record in self.records if record["event"] == event]

    def info(self) -> str:
        """Return the words of the gravest condition."""
        return self.hardware.status[1].value

    def states(self) -> list[str]:
        """Return the conditions in the order in which they were told."""
        return [record["info"] for record in self.of("imager-status")]

    # work, and requests with it

    def picture(self, exposure: Exposure) -> int:
        """The work of an exposure."""
        self.done.append(exposure)
        return exposure.number

    def views(self, sweep: Sweep) -> int:
        """The work of a rotation."""
        self.done.append(sweep)
        return sweep.views

    def volume(self, views: int) -> str:
        """The work of a reconstruction."""
        self.done.append("volume")
        return f"volume of {views} views"

    def kv(self, technique: KvTechnique = KV, gantry: float = 0.0) -> Any:
        return self.hardware.expose_kv(technique, gantry, self.picture)

    def mv(self, technique: MvTechnique = MV, gantry: float = 0.0) -> Any:
        return self.hardware.expose_mv(technique, gantry, self.picture)

    def scan(self, preset: CbctPreset = HEAD, slices: int = 64) -> Any:
        return self.hardware.scan(preset, self.views, self.volume, slices=slices)


def whole(seconds_: float) -> int:
    """Return seconds as whole microseconds."""
    return round(seconds_ * SECOND)
