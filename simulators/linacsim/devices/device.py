"""What every device has: a personality, services, actions for scenarios, breakages, and its own words in the log."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pynetdicom import AE
from pynetdicom.presentation import PresentationContext

from linacsim.devices import breaking
from linacsim.devices.breaking import Breaking, BreakTls, Hang, Restart
from linacsim.errors import PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.settings import Settings, did_you_mean


class Nothing(Settings):
    """The parameters of an action that takes none."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a scenario or an operator can have the device do.

    Attributes
    ----------
    settings : type of Settings
        Its parameters.
    method : str
        The method of the device that does it; it blocks on bench time and raises `PlayFailure` if it comes to nothing.
    """

    settings: type[Settings]
    method: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device, as scenarios and the command line know it.

    Attributes
    ----------
    name : str
        The word for ``kind:``.
    build : callable
        Makes the device from its place, its settings and the shelf.
    settings : type of Settings
        The personality.
    actions, breakages : mapping of str to Action
        What it can be told to do; what of its hardware can break (a breakage strikes, an action is waited for).
    events : frozenset of str
        The words that its hardware writes into the log.
    fields : frozenset of str
        The fields of those records, beside the kernel's.
    about : str
        One line for people.
    serves : bool
        Whether it listens for associations.
    states : frozenset of str
        What can be said of its hardware, as a fault's ``state:`` has it.
    breaks : bool
        Whether it is a device of the bench, which can hang and restart; a product or a program of somebody else's is none.
    """

    name: str
    build: Callable[[Place, Any, Shelf], Device]
    settings: type[Settings]
    about: str
    actions: Mapping[str, Action] = field(default_factory=dict)
    breakages: Mapping[str, Action] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    serves: bool = True
    states: frozenset[str] = frozenset()
    breaks: bool = True

    def __post_init__(self) -> None:
        """Add what every device can suffer."""
        if self.breaks:
            object.__setattr__(self, "breakages", {**self.breakages, **COMMON_BREAKAGES})
            object.__setattr__(self, "states", self.states | breaking.STATES)
            object.__setattr__(self, "events", self.events | breaking.EVENTS)
            object.__setattr__(self, "fields", self.fields | breaking.FIELDS)


COMMON_BREAKAGES = {
    "hang": Action(breaking.Hang, "hang"),
    "restart": Action(breaking.Restart, "restart"),
    "break-tls": Action(breaking.BreakTls, "break_tls"),
}
"""What can happen to every device of the bench."""


class Device(ABC):
    """A peer on the bench.

    Parameters
    ----------
    place : Place
        The machine it runs at; its name is the AE title.
    personality : Settings
        Its frozen parameters.
    shelf : Shelf
        Where it leaves objects and films.
    """

    kind: ClassVar[Kind]

    def __init__(self, place: Place, personality: Any, shelf: Shelf) -> None:
        self.place = place
        self.personality = personality
        self.shelf = shelf
        self.search: tuple[Path, ...] = (Path(),)
        self._breaking = Breaking(self)

    @property
    def name(self) -> str:
        """The AE title."""
        return self.place.name

    @property
    def file_name(self) -> str:
        """The AE title as a part of a file's name: letters, digits, hyphens and underscores."""
        return "".join(char if char.isalnum() or char in "-_" else "_" for char in self.name)

    def support(self, ae: AE) -> None:
        """Add the presentation contexts that it accepts to the application entity that it listens with.

        The transfer syntaxes of each are in its order of preference. A client adds none.
        """
        del ae

    def calls(self) -> Iterator[tuple[AE, list[PresentationContext]]]:
        """Yield, for each kind of association that it opens, the application entity and the contexts it proposes."""
        yield from ()

    def start(self, port: int) -> None:
        """Start the hardware and listen at `port` of the place (called inside a task); a client has neither."""
        del port

    def act(self, action: str, parameters: Settings) -> Any:
        """Do `action` (called inside a task).

        Raises
        ------
        PlayFailure
            If it comes to nothing.
        """
        if self._breaking.state != breaking.NORMAL:
            raise PlayFailure(f"{self.name} is {self._breaking.state.lower()}")
        return getattr(self, self.kind.actions[action].method)(parameters)

    def strike(self, breakage: str, parameters: Settings) -> None:
        """Break something of the hardware, now."""
        getattr(self, self.kind.breakages[breakage].method)(parameters)

    def complaint(self) -> str:
        """Return what went wrong here that no step has told, in a sentence without the peer's name; empty if nothing did."""
        return ""

    def hang(self, what: Hang) -> None:
        """Let the program that speaks DICOM hang."""
        self._breaking.hang(what)

    def restart(self, what: Restart) -> None:
        """Crash, and start again."""
        self._breaking.restart(what)

    def break_tls(self, what: BreakTls) -> None:
        """Let TLS go wrong where it is called."""
        self._breaking.break_tls(what)

    def check(self, breakage: str) -> None:
        """Check, before anything is played, that something can break so.

        Raises
        ------
        InputError
            If it cannot; the text says why.
        """
        if breakage == "break-tls":
            self._breaking.check_tls()

    def lose_memory(self) -> None:  # noqa: B027 - most devices have nothing to lose
        """Lose what is in memory alone: the device crashes. What is on its disk stays."""

    def states(self) -> frozenset[str]:
        """Return what can be said of it now, in the words of its kind's `states`."""
        if self._breaking.state != breaking.NORMAL:
            return self.conditions() | {self._breaking.state}
        return self.conditions() or frozenset({breaking.NORMAL})

    def conditions(self) -> frozenset[str]:
        """Return what is the matter with the hardware now; nothing if all is well."""
        return frozenset()

    def find_file(self, name: str) -> str:
        """Return the path of a file that a scenario names: relative to its folder, or to the current one."""
        if name.startswith("pydicom:") or Path(name).is_absolute():
            return name
        found = (folder / name for folder in self.search if (folder / name).exists())
        return str(next(found, name))

    def address_of(self, peer: str) -> tuple[str, int]:
        """Return where `peer` listens.

        Raises
        ------
        PlayFailure
            If there is no such peer or it does not listen.
        """
        found = self.place.kernel.places.get(peer)
        if found is None or found.address is None:
            others = {name for name, place in self.place.kernel.places.items() if place.address is not None}
            advice = did_you_mean(peer, others)
            near = f"; {advice}" if advice.startswith("did") else ""
            raise PlayFailure(f"{self.name} knows no address of {peer}{near}")
        return found.address
