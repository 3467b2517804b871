"""Which faults of the network the scenarios fire, by layer and in which role of the peer; read off the event log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linacsim.faults.model import LAYERS, WORDS
from linacsim.kernel.log import Record
from linacsim.report.coverage import Reached, Subject, Wanted

_ROLES = ("acceptor", "requestor")
_ONLY = {"accept-then-silent": ("acceptor",), "unresolvable": ("requestor",)}
"""Faults that make sense in one role alone."""

WANTED: Wanted = {
    f"{layer}, {role}": {
        do: role for do, word in WORDS.items() if word.layer == layer and role in _ONLY.get(do, _ROLES)
    }
    for layer in LAYERS
    for role in _ROLES
}


def reached_by(records: Sequence[Record], run: str) -> Iterator[Reached]:
    """Yield the faults of the network that have fired, with the event that they struck on."""
    for record in records:
        if record["event"] == "fault-fired" and record["fault"] in WORDS:
            do = record["fault"]
            role = _role(records, record)
            yield Reached(
                section=f"{WORDS[do].layer}, {role}", key=do, run=run, cause=f"{record['on']} at {record['at']}"
            )


def _role(records: Sequence[Record], fired: Record) -> str:
    """Return whether the peer has asked for the association, the last one before or the first after."""
    asked = [one for one in records if one["event"] == "A-ASSOCIATE-RQ" and one["at"] == fired["at"]]
    if fired["on"] == "connection" and fired.get("way") == "sent" and not asked:
        return "requestor"
    before = [one for one in asked if one["n"] < fired["n"]]
    nearest = before[-1] if before else asked[0] if asked else None
    return "requestor" if nearest is not None and nearest["way"] == "sent" else "acceptor"


SUBJECT = Subject(about="faults of the network", folder="faults", wanted=WANTED, reached_by=reached_by)
