"""What became of a stack under test that did nothing sensible: one sentence each, for a run that has failed.

An expectation that is not met says what did not come. Why it did not is told by what came instead: no connection at all, a
connection without a word, bytes that are no PDU, events without an end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from linacsim.kernel.log import Record
from linacsim.kernel.units import format_instant

ASKED = "A-ASSOCIATE-RQ"
_COMPLAINT = {"invalid-PDU": "bytes that are no PDU", "invalid-message": "a message that is none"}
_SILENT = ("ARTIM-timeout", "network-timeout")
_MOST = 4
"""Sentences that are worth reading."""


def account(records: Sequence[Record], listening: Mapping[str, str], waiting: Collection[str] = ()) -> list[str]:
    """Return what a stack under test did that no peer of the bench can serve; nothing for one that behaves.

    Parameters
    ----------
    records : sequence of dict
        The events of the run.
    listening : mapping of str to str
        Where the peers of the bench listen, by AE title.
    waiting : collection of str
        Those of them at which something was expected that has not come.
    """
    seen = [record for record in records if record["at"] in listening]
    told = [_garbage(record) for record in _firsts(seen, _COMPLAINT)]
    told += [_silence(record, seen) for record in _firsts(seen, _SILENT)]
    asked = {record["at"] for record in seen if record["event"] == ASKED and record.get("way") == "received"}
    alone = [f"{name} ({listening[name]})" for name in waiting if name in listening and name not in asked]
    if alone and not told:
        told.append(f"Nobody has asked {' or '.join(alone)} for an association")
    return told[:_MOST]


def flood(records: Sequence[Record]) -> str:
    """Return the sentence about a run that was given up because its events had no end."""
    counts = Counter((record["event"], record["at"], str(record.get("with", ""))) for record in records)
    (event, at, other), count = counts.most_common(1)[0]
    source = f" from {other}" if other else ""
    last = format_instant(records[-1]["t"])
    return f"Flooded: {len(records)} events until {last}, most of all {event} at {at}{source} ({count} times); given up"


def _firsts(records: Sequence[Record], events: Collection[str]) -> list[Record]:
    """Return the first record of each peer and event."""
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        if record["event"] in events:
            found.setdefault((record["at"], record["event"]), record)
    return list(found.values())


def _garbage(record: Record) -> str:
    who, at = record.get("with", "Somebody"), record["at"]
    what, why = _COMPLAINT[record["event"]], record.get("complaint", "")
    return f"{who} has sent {at} {what} (#{record['n']} at {format_instant(record['t'])}: {why})"


def _silence(record: Record, seen: Sequence[Record]) -> str:
    at, who = record["at"], record.get("with")
    same = [one for one in seen if (one["at"], one["event"]) == (at, record["event"])]
    where = f"#{record['n']} at {format_instant(record['t'])}" + (f", {len(same)} times" if len(same) > 1 else "")
    if who is None:
        return f"Somebody has connected to {at} and asked for no association until ARTIM ran out ({where})"
    if record["event"] == "ARTIM-timeout":
        return f"{who} has left its connection to {at} open until ARTIM ran out ({where})"
    return f"{who} has been silent on its association with {at} until the network timeout ran out ({where})"
