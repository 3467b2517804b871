"""What is looked at after a test: faults that never fired, associations left open, expectations not met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from linacsim.errors import LinacsimError
from linacsim.report.reason import never_fired
from linacsim.scenario.account import account, flood
from linacsim.scenario.expectation import Unmet

if TYPE_CHECKING:
    from linacsim.bench import Bench
    from linacsim.faults.model import Armed
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
    if bench.log.left_out:
        found.append(flood(bench.log.records))
    if "unmet-expectations" not in case.allow:
        found += [f"expected and not met: {text}: {unmet.reason}" for text, unmet in bench.unmet()]
        found += _account(bench)
    if "unfired-faults" not in case.allow:
        found += [
            f"armed and never fired: {_unfired(bench, name, fault)}" for name, fault in bench.armed if not fault.fired
        ]
    if "open-associations" not in case.allow:
        found += _open(bench)
    return found


def _account(bench: Bench) -> list[str]:
    """Return what has come instead of what was expected."""
    unmet = {one.at for one in bench.expected if isinstance(one.evaluate(bench.log.records), Unmet)}
    places = [device.place for device in bench.devices.values() if device.kind.serves]
    listening = {place.name: f"{place.address[0]}:{place.address[1]}" for place in places if place.address is not None}
    return account(bench.log.records, listening, [name for name in listening if name in unmet]) if unmet else []


def _unfired(bench: Bench, name: str, fault: Armed) -> str:
    happened = sum(record["event"] == fault.on and record["at"] == name for record in bench.log.records)
    why = never_fired(fault.on, name, happened, fault.seen, str(fault.when))
    return f"{fault.text or fault.do} at {name}: {why}" + ("; healed since" if fault.off else "")


def _open(bench: Bench) -> Iterator[str]:
    """Yield the associations that nobody has ended; on the virtual clock both ends are known, and one tells of it."""
    for place in bench.kernel.places.values():
        for assoc in place.associations:
            link = assoc.bench_link  # type: ignore[attr-defined]
            if assoc.is_acceptor or bench.clock == "live":
                way = "from" if assoc.is_acceptor else "to"
                who = link.other or "somebody"
                yield f"left open: association {link.ordinal} of {place.name} {way} {who}; release or abort it"
