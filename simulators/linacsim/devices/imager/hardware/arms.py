"""The arms of the sources and panels: where they are, and how long they take.

How far out an arm is, is counted in microseconds of its own movement from retracted.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from linacsim.devices.imager.hardware.settings import ArmGoal, ArmName, ArmSettings, ArmsSettings


class Position(StrEnum):
    """Where an arm is."""

    RETRACTED = "retracted"
    MID = "mid"
    EXTENDED = "extended"
    BETWEEN = "between"
    """It moves, or it was stopped on its way."""


class Arm:
    """One arm.

    Parameters
    ----------
    name : str
        kv-source, kv-detector, mv-detector.
    settings : ArmSettings
        Its times.
    at : str
        Where it is.
    """

    def __init__(self, name: ArmName, settings: ArmSettings, at: ArmGoal) -> None:
        self.name = name
        self._places = {
            Position.RETRACTED: 0,
            Position.MID: settings.to_mid,
            Position.EXTENDED: settings.to_mid + settings.to_extended,
        }
        self._at = self._places[Position(at)]
        self._goal = self._at
        self._began: int | None = None
        self.stuck = False
        self.sticks_next: Callable[[], None] | None = None

    def place(self, now: int) -> int:
        """Return how far out it is."""
        if self._began is None:
            return self._at
        gone = min(now - self._began, abs(self._goal - self._at))
        return self._at + (gone if self._goal > self._at else -gone)

    def position(self, now: int) -> Position:
        """Return where it is."""
        here = self.place(now)
        moving = self._began is not None and here != self._goal
        named = (position for position, place in self._places.items() if place == here and not moving)
        return next(named, Position.BETWEEN)

    def depart(self, to: Position, now: int) -> int:
        """Begin to move; return how long that takes if nothing happens."""
        self._goal, self._began = self._places[to], now
        return abs(self._goal - self._at)

    def halt(self, now: int) -> None:
        """Stand where it is."""
        self._at, self._began = self.place(now), None

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        return self._began is not None


class Arms:
    """The three of them.

    Parameters
    ----------
    settings : ArmsSettings
        Their times, and where they are.
    """

    def __init__(self, settings: ArmsSettings) -> None:
        self.by_name: dict[ArmName, Arm] = {
            "kv-source": Arm("kv-source", settings.kv_source, settings.at_start),
            "kv-detector": Arm("kv-detector", settings.kv_detector, settings.at_start),
            "mv-detector": Arm("mv-detector", settings.mv_detector, settings.at_start),
        }
        self.mv_clear_of_scan = settings.mv_clear_of_scan

    def positions(self, now: int) -> dict[ArmName, Position]:
        """Return where each is."""
        return {name: arm.position(now) for name, arm in self.by_name.items()}

    def stuck(self) -> list[ArmName]:
        """Return those that are stuck."""
        return [name for name, arm in self.by_name.items() if arm.stuck]

    def are(self, position: Position, now: int, *names: ArmName) -> bool:
        """Return whether all of these are there."""
        return all(self.by_name[name].position(now) is position for name in names)
