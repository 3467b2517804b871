"""Why a run has its verdict, in a sentence, and what to do next: for the page, for JUnit and for whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linacsim.kernel.log import Record

DONE = "Everything that was expected happened"


def reason(result: Mapping[str, Any]) -> str:
    """Return in one sentence why the verdict of `result` is what it is.

    Parameters
    ----------
    result : mapping
        See `linacsim.report.verdict`.
    """
    verdict = result.get("verdict")
    unmet = [row for row in listed(result, "expectations") if not row.get("met")]
    failures = [_line(one) for one in result.get("failures") or ()]
    if verdict == "pass":
        return _passed(result)
    if verdict == "inconclusive":
        return f"Nothing failed, but {_unfired(result)}: what it should have shown was not shown."
    if failures:
        return _more(failures[0], len(failures) + len(unmet) - 1)
    if unmet:
        why = _line(unmet[0].get("reason") or "not met")
        return _more(f"Expected {_line(unmet[0].get('text', ''))}: {why}", len(unmet) - 1)
    return "The run ended without a reason in its result."


def _passed(result: Mapping[str, Any]) -> str:
    if listed(result, "expectations"):
        return f"{DONE}: {_counts(result)}."
    kinds = result.get("peers")
    relayed = isinstance(kinds, Mapping) and kinds and set(kinds.values()) == {"line"}
    done = "What came was relayed" if relayed else "Every step was played"
    return f"{done}: {_counts(result)}." if listed(result, "faults") else f"{done}."


def unfired(fault: Mapping[str, Any], records: Sequence[Record]) -> str:
    """Return why an armed fault has not fired: what it waited for, and how often that happened."""
    on, at = str(fault.get("on") or ""), str(fault.get("at") or "")
    if not on:
        return ""
    told = fault.get("happened")
    counted = sum(record.get("event") == on and record.get("at") == at for record in records)
    happened = told if isinstance(told, int) else counted
    if not isinstance(told, int) and not records:
        return ""
    return never_fired(on, at, happened, fault.get("seen"), str(fault.get("when") or ""))


def never_fired(on: str, at: str, happened: int, seen: object, when: str) -> str:
    """Return in a clause why a fault has not fired.

    Parameters
    ----------
    on, at : str
        The event that it waits for, and the peer.
    happened : int
        How often the log has it.
    seen : int or None
        How often the fault took it for its own, all its conditions met; ``None`` if that is not known.
    when : str
        At which of those it fires.
    """
    waits = f"it waits for {on} at {at}"
    if not happened and not seen:
        return f"{waits}, which never happened"
    times = f"{waits}, which happened {_times(max(happened, seen if isinstance(seen, int) else 0))}"
    if not isinstance(seen, int):
        return times
    if not seen:
        return f"{times}, never as its conditions want it"
    as_wanted = "" if seen == happened else f", {_times(seen)} as its conditions want it"
    return f"{times}{as_wanted}; it fires at: {when}" if when else times + as_wanted


def _times(count: int) -> str:
    return f"{count} {'time' if count == 1 else 'times'}"


def listed(result: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the rows of a part of the result, whatever stands there."""
    rows = result.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _counts(result: Mapping[str, Any]) -> str:
    parts = []
    for key, done, word in (("expectations", "met", "met"), ("faults", "fired", "fired")):
        if rows := listed(result, key):
            parts.append(f"{sum(bool(row.get(done)) for row in rows)} of {len(rows)} {key} {word}")
    return ", ".join(parts)


def _unfired(result: Mapping[str, Any]) -> str:
    waiting = [_line(row.get("text", "")) for row in listed(result, "faults") if not row.get("fired")]
    if not waiting:
        return "something that was armed never happened"
    fault = "an armed fault never fired" if len(waiting) == 1 else f"{len(waiting)} armed faults never fired"
    return f"{fault} ({'; '.join(waiting)})"


def _more(sentence: str, count: int) -> str:
    return f"{sentence} (and {count} more)" if count else sentence


def _line(value: object) -> str:
    return " ".join(str(value).split())
