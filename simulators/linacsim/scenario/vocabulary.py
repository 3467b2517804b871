"""The words that scenarios are written in, gathered from the devices and the faults."""

from __future__ import annotations

from functools import cache

from linacsim.devices.registry import KINDS
from linacsim.faults import ACTIONS
from linacsim.faults.model import ARMED, CONNECTION
from linacsim.kernel.words import EVENTS, FIELDS
from linacsim.scenario.model import DeviceEntry, Vocabulary

_SCRIPT = frozenset({"step-started", "step-done", "step-failed", "fault-fired", "healed", "verdict"})
_SCRIPT_FIELDS = frozenset(
    {"step", "reason", "expected", "drawn", "fault", "line", "on", "device", "ordinal", "role", "verdict"}
)


@cache
def vocabulary() -> Vocabulary:
    """Return all kinds of devices, faults and events."""
    devices = {
        name: DeviceEntry(
            kind.settings,
            {word: action.settings for word, action in kind.actions.items()},
            tuple(kind.breakages),
            tuple(sorted(kind.states)),
        )
        for name, kind in KINDS.items()
    }
    breakages = {word: action.settings for kind in KINDS.values() for word, action in kind.breakages.items()}
    events = EVENTS | _SCRIPT | {ARMED, CONNECTION} | frozenset().union(*(kind.events for kind in KINDS.values()))
    fields = FIELDS | _SCRIPT_FIELDS | frozenset().union(*(kind.fields for kind in KINDS.values()))
    return Vocabulary(devices=devices, faults={**ACTIONS, **breakages}, events=events, fields=fields)
