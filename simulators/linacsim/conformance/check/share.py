"""How much of a system's tables is decided from data, and why the rest is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from linacsim.conformance.check.constraints import decides, undecided
from linacsim.conformance.check.judge import UNREAD_RULE
from linacsim.conformance.check.readings import Compiled, Readings, readings_of, texts_of
from linacsim.conformance.system import System
from linacsim.conformance.tables import Row, Subject

_NAMES = {Subject.RULE: "rules in words", Subject.CONDITION: "conditions", Subject.PRECONDITION: "preconditions"}
CONSTRAINTS = "constraints"
"""What rows with more than a rule or a unit are counted under."""


@dataclass(slots=True)
class Share:
    """How many of some sentences are decided.

    Attributes
    ----------
    decided, partly, person : int
        Decided from data, in part so, or left to a person.
    reasons : dict
        Why a person has to tell, by sentence.
    """

    decided: int = 0
    partly: int = 0
    person: int = 0
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return self.decided + self.partly + self.person

    def count(self, sentence: str, readings: Iterable[Compiled]) -> None:
        """Count a sentence with its readings."""
        lines = list(readings)
        reasons = [one.person for one in lines if one.person]
        if not lines:
            reasons = [UNREAD_RULE]
        if any(one.check is not None for one in lines):
            self.partly += bool(reasons)
            self.decided += not reasons
        else:
            self.person += 1
        if reasons:
            self.reasons[sentence] = "; ".join(dict.fromkeys(reasons))


def share_of(system: System) -> dict[str, Share]:
    """Return the share of each kind of rule that is decided from data.

    ``constraints`` are the rows with an enumeration, a fixed value, a bound, an equality or the like; a rule or
    condition counts once for each row that it stands in.
    """
    readings = readings_of(system)
    shares = {CONSTRAINTS: Share(), **{name: Share() for name in _NAMES.values()}}
    for iod in system.iods:
        for row in iod.rows:
            _count_constraint(shares[CONSTRAINTS], f"{iod.id}:{'>'.join(row.path)}", row)
            for kind, text in texts_of(row):
                shares[_NAMES[kind]].count(text, readings.of_row(kind, text, iod, row))
    _count_preconditions(shares[_NAMES[Subject.PRECONDITION]], system, readings)
    return shares


def _count_preconditions(share: Share, system: System, readings: Readings) -> None:
    for one in system.preconditions:
        share.count(one.id, readings.of_precondition(one.id))


def _count_constraint(share: Share, where: str, row: Row) -> None:
    keys = set(row.constraint or {}) - {"rule", "unit"}
    if not keys:
        return
    reason = undecided(row) or "; ".join(f"unknown key {key!r}" for key in sorted(keys) if not decides(key))
    if reason:
        share.person += 1
        share.reasons[where] = reason
    else:
        share.decided += 1


def shares(system: System) -> dict[str, dict[str, Any]]:
    """Return `share_of` as plain data: total, decided, partly, person, and the reasons by sentence."""
    return {
        name: {
            "total": one.total,
            "decided": one.decided,
            "partly": one.partly,
            "person": one.person,
            "reasons": one.reasons,
        }
        for name, one in share_of(system).items()
    }
