"""A run, read from its log: which step told what, and what the peers have stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from linacsim.kernel.log import Record

_STARTED, _DONE = "step-started", "step-done"
STORED = "object-stored"
NOTHING = object()
"""What a step has returned that has not returned."""


class Stored(NamedTuple):
    """An object that a peer has stored.

    Attributes
    ----------
    at : str
        The peer.
    path : str
        Its file; the same instance with other contents has another one.
    """

    at: str
    path: str

    @property
    def instance(self) -> str:
        """Its SOP Instance UID."""
        return self.path.rpartition("/")[2].removesuffix(".dcm").partition("~")[0]


@dataclass(slots=True)
class Act:
    """A step, as it went.

    Attributes
    ----------
    peer, ordinal, action : str, int, str
        Who did it, its number among the peer's steps, what it was.
    start, end : int
        The ordinals of its first and last record; the end is 0 while there is none.
    is_done : bool
        It has not failed.
    reason : str
        Why it has failed.
    function : str
        The user's function that it called.
    returned : object
        What that returned; `NOTHING` if it did not return, or there is none.
    """

    peer: str
    ordinal: int
    action: str
    start: int
    end: int = 0
    is_done: bool = False
    reason: str = ""
    function: str = ""
    returned: object = NOTHING


@dataclass(slots=True)
class Group:
    """Steps that were under way together, and what has been stored from their beginning to that of the next ones."""

    acts: list[Act] = field(default_factory=list)
    stored: set[Stored] = field(default_factory=set)


@dataclass
class Story:
    """A part of a run.

    Attributes
    ----------
    records : list of dict
        Its records.
    """

    records: list[Record]

    @cached_property
    def groups(self) -> list[Group]:
        """The steps in their order, those that overlap together."""
        groups: list[Group] = []
        running: dict[str, list[Act]] = {}
        counts: Counter[str] = Counter()
        for record in self.records:
            at, event = record["at"], record["event"]
            if event == _STARTED:
                if not any(running.values()):
                    groups.append(Group())
                counts[at] += 1
                act = Act(at, counts[at], record["step"], record["n"])
                groups[-1].acts.append(act)
                running.setdefault(at, []).append(act)
            elif groups and event == STORED and "object" in record:
                groups[-1].stored.add(Stored(at, record["object"]))
            elif running.get(at):
                _go_on(running[at], record)
        return groups

    @cached_property
    def acts(self) -> list[Act]:
        """The steps in the order in which they began."""
        return [act for group in self.groups for act in group.acts]

    @cached_property
    def stored(self) -> frozenset[Stored]:
        """What has been stored."""
        return frozenset(
            Stored(one["at"], one["object"]) for one in self.records if one["event"] == STORED and "object" in one
        )

    def act(self, peer: str, ordinal: int) -> Act | None:
        """Return a step by its peer and number."""
        return next((act for act in self.acts if (act.peer, act.ordinal) == (peer, ordinal)), None)

    def of(self, event: str) -> Iterator[Record]:
        """Yield the records of an event."""
        return (one for one in self.records if one["event"] == event)


def _go_on(running: list[Act], record: Record) -> None:
    """Tell the steps of a peer that are under way what has happened there."""
    act = next((one for one in running if one.action == record.get("step")), running[0])
    match record["event"]:
        case "call-started":
            act.function = record["function"]
        case "call-returned":
            act.returned = record.get("returned")
        case "step-done" | "step-failed":
            act.end, act.is_done = record["n"], record["event"] == _DONE
            act.reason = record.get("reason", "")
            running.remove(act)
