"""The lanes of the diagram: one for each AE title, the scenario's peers first, strangers last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linacsim.kernel.log import Record

BENCH = "BENCH"
"""Where the script runs; its own records concern everybody and stand in no lane."""
LINE = "line"
"""The kind of the two ends of a line between products: what each sends is logged, what arrives is not."""
_OUTSIDE = frozenset(("remote", "program", "code", LINE))
"""Kinds of the stack under test: the bench starts and asks them, but they log no message."""
UNKNOWN = "?"
"""The lane of whoever sent something before anybody knew its name."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane.

    Attributes
    ----------
    name : str
        The peer, or an AE title that was only heard of.
    kind : str
        The word after ``kind:`` in the scenario, if known.
    inside : bool
        The bench plays it, so that it logs what it receives; otherwise it is the stack under test, or nobody.
    """

    name: str
    kind: str
    inside: bool


class Lanes:
    """All lanes in order.

    Parameters
    ----------
    records : iterable of dict
        The event log.
    kinds : mapping of str to str
        The kind of device by peer, in the order of the scenario.
    """

    def __init__(self, records: Iterable[Record], kinds: Mapping[str, str]) -> None:
        here: dict[str, None] = {}
        heard: dict[str, None] = {}
        speaking: set[str] = set()
        for record in records:
            name = str(record.get("at", UNKNOWN))
            here.setdefault(name)
            if record.get("way") in ("sent", "received"):
                speaking.add(name)
                heard.setdefault(str(record.get("with", UNKNOWN)))
        here.pop(BENCH, None)
        names = dict.fromkeys([*(name for name in kinds if name in here or name in heard), *here, *heard])
        speaking -= {name for name in speaking if kinds.get(name) == LINE}
        inside = speaking.union(name for name in here if kinds.get(name) not in _OUTSIDE)
        self.all = [Lane(name, str(kinds.get(name, "")), name in inside) for name in names]
        self._places = {lane.name: place for place, lane in enumerate(self.all)}

    def place(self, name: object) -> int:
        """Return the place of a lane from the left, -1 for the bench."""
        return self._places.get(str(name), -1)

    def name(self, place: int) -> str:
        """Return the name at a place, that of the bench for -1."""
        return self.all[place].name if place >= 0 else BENCH

    def is_line(self, place: int) -> bool:
        """Return whether the lane at a place is an end of a line between products."""
        return place >= 0 and self.all[place].kind == LINE

    def is_inside(self, place: int) -> bool:
        """Return whether the bench plays the peer at a place."""
        return place >= 0 and self.all[place].inside
