"""Takes a plan apart until nothing is left to leave out: fewer faults first, then plainer ones.

Every step is tried on the bench and kept if the same invariant still does not hold. The order is fixed, so the same plan
always comes to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from linacsim.errors import InputError
from linacsim.explore.settings import settings_of
from linacsim.explore.subject import Fault, Plan
from linacsim.faults.model import WORDS
from linacsim.kernel.units import parse_duration
from linacsim.settings import keys_of

_OCCURRENCES = ("nth", "first", "every", "after")
_HEAD = ("do", "at", "on", "way")
TRIES = 200
"""More plays than this are not spent on one plan."""

Fails = Callable[[Plan], bool]
"""Plays a plan and says whether the invariant still does not hold."""


def shrunk(plan: Plan, fails: Fails) -> tuple[Plan, int]:
    """Return the smallest plan that was found, and how many plays that has taken.

    Parameters
    ----------
    plan : tuple of dict
        One that fails.
    fails : callable
        Says whether another one does.
    """
    trying = _Trying(fails)
    smaller = _without(plan, trying)
    while (plainer := _plainer(smaller, trying)) is not None:
        smaller = _without(plainer, trying)
    return smaller, trying.count


class _Trying:
    """Counts the plays, and knows those that have been tried."""

    def __init__(self, fails: Fails) -> None:
        self.count = 0
        self._fails = fails
        self._known: dict[str, bool] = {}

    def __call__(self, plan: Plan) -> bool:
        key = repr(plan)
        if key not in self._known:
            if self.count >= TRIES:
                return False
            self.count += 1
            self._known[key] = self._is_failing(plan)
        return self._known[key]

    def _is_failing(self, plan: Plan) -> bool:
        try:
            return self._fails(plan)
        except InputError:
            # plainer, but no plan any more: a fault that never fires because of another one
            return False


def _without(plan: Plan, fails: Fails) -> Plan:
    """Leave out whatever can be left out: halves first, then single faults."""
    size = max(1, len(plan) // 2)
    while size:
        start = 0
        while start < len(plan):
            rest = plan[:start] + plan[start + size :]
            if fails(rest):
                plan = rest
            else:
                start += size
        size //= 2
    return plan


def _plainer(plan: Plan, fails: Fails) -> Plan | None:
    """Return a plan with one thing plainer in it that still fails; ``None`` if there is none."""
    for number, fault in enumerate(plan):
        for other in _plainer_faults(fault):
            candidate = (*plan[:number], other, *plan[number + 1 :])
            if fails(candidate):
                return candidate
    return None


def _plainer_faults(fault: Fault) -> Iterator[Fault]:
    """Yield `fault` with one thing less to be said, or with less in it; none of them leads back."""
    yield from _plainer_settings(fault)
    occurrence = next((key for key in _OCCURRENCES if key in fault), None)
    rest = {key: value for key, value in fault.items() if key != occurrence}
    if occurrence == "nth":
        yield from ({**rest, "nth": n} for n in range(1, fault["nth"]))
    elif occurrence is not None:
        yield from ({**rest, "nth": n} for n in range(1, fault[occurrence] + 2))
    elif "on" in fault:
        yield from ({**rest, "nth": n} for n in (1, 2, 3))


def _plainer_settings(fault: Fault) -> Iterator[Fault]:
    needed = _needed(fault)
    for key in [key for key in fault if key not in (*_HEAD, *_OCCURRENCES)]:
        rest = {name: value for name, value in fault.items() if name != key}
        if key not in needed:
            yield rest
        values = (settings_of(fault["do"], fault.get("on", "")) or {}).get(key, ()) if fault["do"] in WORDS else ()
        yield from ({**fault, key: value} for value in values if value is not None and _is_less(value, fault[key]))


def _needed(fault: Fault) -> list[str]:
    """Return the settings that cannot be left out."""
    if fault["do"] not in WORDS:
        return [key for key in fault if key not in (*_HEAD, *_OCCURRENCES)]
    settings = WORDS[fault["do"]].settings
    needed = [field.is_required() for field in settings.model_fields.values()]
    return [key for key, is_needed in zip(keys_of(settings), needed, strict=True) if is_needed]


def _is_less(value: object, other: object) -> bool:
    if isinstance(value, str) and isinstance(other, str):
        return value[:1].isdigit() and other[:1].isdigit() and _size(value) < _size(other)
    return isinstance(value, int) and isinstance(other, int) and value < other


def _size(text: str) -> int:
    try:
        return parse_duration(text)
    except InputError:
        return 0
