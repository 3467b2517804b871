"""Which faults the scenarios fire: those of the network in either role, those of the hardware at each device, on each clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linacsim.devices.registry import KINDS
from linacsim.faults.model import LAYERS, ROLES, WORDS
from linacsim.kernel.log import Record
from linacsim.report.coverage import Coverage, Reached, Subject, Wanted
from linacsim.report.table import table

CLOCKS = ("virtual", "live")
_DEVICES = ("printer", "archive", "imager", "storage", "verification")
_PLANNING = "planning"
"""All systems of conformance statements together: what breaks in one, breaks in the others."""
_OF_PLANNING = ("fill-disk", "hang", "restart")
_NEVER, _SENSELESS = "-", ""
_FIRED = "fault-fired"


def wanted_on(clocks: Sequence[str]) -> Wanted:
    """Return what there is to fire on these clocks."""
    network = {
        _section(layer, role, clock): {
            do: role for do, word in WORDS.items() if word.layer == layer and role in word.roles
        }
        for layer in LAYERS
        for role in ROLES
        for clock in clocks
    }
    return network | {
        _section("hardware", device, clock): dict.fromkeys(words, device)
        for device, words in breakages().items()
        for clock in clocks
    }


def breakages() -> dict[str, tuple[str, ...]]:
    """Return what can break, by device; but for TLS, which no peer of a scenario has."""
    known = {name: tuple(word for word in KINDS[name].breakages if word != "break-tls") for name in _DEVICES}
    return {**known, _PLANNING: _OF_PLANNING}


def _section(layer: str, whose: str, clock: str) -> str:
    return f"{layer}, {whose}, {clock}"


def reached_by(records: Sequence[Record], run: str, clock: str = "virtual") -> Iterator[Reached]:
    """Yield the faults that have fired, with the event that they struck on."""
    for record in records:
        if record["event"] != _FIRED:
            continue
        do = str(record["fault"])
        if do in WORDS:
            section = _section(WORDS[do].layer, str(record.get("role", "")), clock)
        elif "device" in record:
            device = str(record["device"])
            section = _section("hardware", device if device in _DEVICES else _PLANNING, clock)
        else:
            continue
        yield Reached(section=section, key=do, run=run, cause=f"{record['on']} at {record['at']}")


def fires_something_new(coverage: Coverage, records: Sequence[Record], clock: str) -> bool:
    """Whether a run with these records would fire, on `clock`, what nothing has fired there yet."""
    found = ((one.section, one.key) for one in reached_by(records, "", clock))
    return any(one not in coverage.first and one[1] in coverage.wanted.get(one[0], ()) for one in found)


def faults_text(coverage: Coverage, clocks: Sequence[str]) -> str:
    """Return a table for each layer: faults, by role and clock in how many runs they have fired, and which was the first."""
    lines: list[str] = []
    for layer in LAYERS:
        words = [do for do, word in WORDS.items() if word.layer == layer]
        lines += _part(coverage, layer, ROLES, words, clocks)
    for device, broken in breakages().items():
        lines += _part(coverage, "hardware", (device,), broken, clocks)
    return "\n".join(lines)


def _part(
    coverage: Coverage, layer: str, whose: Sequence[str], words: Sequence[str], clocks: Sequence[str]
) -> list[str]:
    columns = [(who, clock) for who in whose for clock in clocks]
    rows = []
    for do in words:
        places = [(_section(layer, who, clock), do) for who, clock in columns]
        first = next((coverage.first[place].run for place in places if place in coverage.first), "")
        rows.append((do, *(_cell(coverage, *place) for place in places), first))
    cells = [cell for row in rows for cell in row[1:-1] if cell != _SENSELESS]
    fired = sum(cell != _NEVER for cell in cells)
    title = layer if layer != "hardware" else f"hardware of the {whose[0]}"
    heads = tuple(f"{who} {clock}" if len(whose) > 1 else clock for who, clock in columns)
    return [f"{title}: {fired} of {len(cells)}", *table(("", *heads, "first fired by"), rows, "  "), ""]


def _cell(coverage: Coverage, section: str, do: str) -> str:
    if do not in coverage.wanted[section]:
        return _SENSELESS
    runs = coverage.runs.get((section, do))
    return str(len(runs)) if runs else _NEVER


SUBJECT = Subject(
    about="faults of network and hardware", folder="", wanted=wanted_on(("virtual",)), reached_by=reached_by
)
"""``linacsim coverage faults``: of each fault in which role, or at which device, and on which clock it is fired."""
