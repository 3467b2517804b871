"""What is looked at after a test: faults that never fired, associations left open, expectations not met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from linacsim.errors import LinacsimError

if TYPE_CHECKING:
    from linacsim.bench import Bench
    from linacsim.pytest_plugin.running import Case


def check(case: Case) -> list[str]:
    """Return what is wrong with the bench of a test that has come to its end, in words."""
    bench = case.bench
    if any(place.associations for place in bench.kernel.places.values()):
        try:
            # one that is being released has a moment to end
            bench.settle()
        except LinacsimError as error:
            return [f"the bench could not come to rest: {error}"]
    found: list[str] = []
    if "unmet-expectations" not in case.allow:
        found += [f"expected and not met: {text}: {unmet.reason}" for text, unmet in bench.unmet()]
    if "unfired-faults" not in case.allow:
        found += [
            f"armed and never fired: {fault.text or fault.do} at {name} "
            f"({fault.on} came {_times(fault.seen)}, fires at {fault.when})"
            for name, fault in bench.armed
            if not fault.fired
        ]
    if "open-associations" not in case.allow:
        found += _open(bench)
    return found


def _open(bench: Bench) -> Iterator[str]:
    """Yield the associations that nobody has ended; on the virtual clock both ends are known, and one tells of it."""
    for place in bench.kernel.places.values():
        for assoc in place.associations:
            link = assoc.bench_link  # type: ignore[attr-defined]
            if assoc.is_acceptor or bench.clock == "live":
                way = "from" if assoc.is_acceptor else "to"
                who = link.other or "somebody"
                yield f"left open: association {link.ordinal} of {place.name} {way} {who}; release or abort it"


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")
