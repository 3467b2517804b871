"""Where faults step between a peer and the network: each hook sits where it is said to, and pynetdicom calls it there.

A hook hangs on code of pynetdicom that is pinned. If that moves, the hook is named here, and what has to be read again.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.kernel.border import pins
from linacsim.kernel.places import Interceptor, Place
from linacsim.kernel.streams import Stream
from linacsim.kernel.traffic import Address

HOOKS: dict[str, tuple[str, ...]] = {
    "calling": (
        "pynetdicom.ae.ApplicationEntity.associate",
        "pynetdicom.transport.AssociationSocket.connect",
    ),
    "over": (
        "pynetdicom.transport.AssociationSocket.__init__",
        "pynetdicom.transport.AssociationSocket.connect",
        "pynetdicom.transport.RequestHandler._create_association",
    ),
    "connected": (
        "pynetdicom.ae.ApplicationEntity.start_server",
        "pynetdicom.transport.AssociationServer.__init__",
        "pynetdicom.transport.RequestHandler.handle",
    ),
    "requested": (
        "pynetdicom.association.Association.run_reactor",
        "pynetdicom.acse.ACSE._negotiate_as_acceptor",
        "pynetdicom.acse.ACSE.send_reject",
        "pynetdicom.acse.ACSE.send_ap_abort",
        "pynetdicom.association.Association.kill",
    ),
    "responding": (
        "pynetdicom.dimse.DIMSEServiceProvider.send_msg",
        "pynetdicom.association.Association._serve_request",
        "pynetdicom.acse.ACSE.send_ap_abort",
    ),
}
"""By hook, the code of pynetdicom that leads to it, or that what it does relies on."""
ALSO: dict[str, tuple[str, str]] = {
    "pynetdicom.association.Association.accepted_contexts": (
        "f35e6c825dba292c",
        "accepted contexts by their ID are in _accepted_cx, where the abstract syntax of a response is looked up",
    ),
    "pynetdicom.association.Association.run_reactor": (
        "ed8bbbe3b3d6ddae",
        "EVT_REQUESTED comes once the A-ASSOCIATE-RQ is there, before it is answered",
    ),
    "pynetdicom.transport.AssociationSocket._create_socket": (
        "bf8b92b106c8aa07",
        "the socket of an association is in its attribute `socket`, where a line is put between",
    ),
}
"""Code that only faults rely on: (digest of its source, what they rely on)."""


def methods() -> set[str]:
    return {name for name, _ in inspect.getmembers(Interceptor, inspect.isfunction) if not name.startswith("_")}


def test_every_hook_has_its_borders() -> None:
    assert set(HOOKS) == methods()


@pytest.mark.parametrize(("hook", "name"), [(hook, name) for hook, names in HOOKS.items() for name in names])
def test_a_hook_hangs_on_pinned_code(hook: str, name: str) -> None:
    assert name in pins.PINNED, f"the hook {hook!r} hangs on {name}, which is not pinned"
    wanted, reliance = pins.PINNED[name]
    assert pins.digest(name) == wanted, (
        f"{name} has moved in pynetdicom {version('pynetdicom')}: read again what it means for the hook {hook!r} of "
        f"kernel/places.py ({reliance})"
    )


@pytest.mark.parametrize("name", sorted(ALSO))
def test_code_that_faults_rely_on(name: str) -> None:
    wanted, reliance = ALSO[name]
    found = pins.digest(name)
    assert found == wanted, (
        f"{name} has moved in pynetdicom {version('pynetdicom')}; faults rely on this: {reliance}. Read it again, and pin {found!r}"
    )


class Told:
    """An interceptor that lets everything through, and remembers where it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def over(self, place: Place, stream: Stream, *, opened: bool) -> Stream:
        self.asked.append(f"over {place.name} {opened}")
        return stream

    def calling(self, place: Place, target: Address, timeout: int | None) -> None:
        self.asked.append(f"calling {place.name} {target[1] > 0} {timeout}")

    def connected(self, place: Place, stream: Stream) -> bool:
        self.asked.append(f"connected {place.name} {stream.broken or 'open'}")
        return True

    def requested(self, place: Place, assoc: Any) -> None:
        self.asked.append(f"requested {place.name} {assoc.is_acceptor} {assoc.is_established}")

    def responding(self, place: Place, assoc: Any, message: Any, context_id: int) -> bool:
        name = type(message).__name__
        self.asked.append(f"responding {place.name} {name} {message.Status} {context_id} {assoc.is_established}")
        return True


def test_hooks_are_asked_in_their_order(bench_clock: Bench) -> None:
    for name in ("STORE", "SCU"):
        bench_clock.add("storage", name)
    told = Told()
    for name in ("STORE", "SCU"):
        bench_clock.kernel.place(name).interceptor = told
    bench_clock.do("SCU", "store", to="STORE", images=["pydicom:CT_small.dcm"])
    # live, both ends of a connection may be told of it in either order
    assert told.asked[0] == "calling SCU True 30000000"
    assert sorted(told.asked[1:4]) == ["connected STORE open", "over SCU True", "over STORE False"]
    assert told.asked[4:] == ["requested STORE True False", "responding STORE C_STORE 0 1 True"]


def test_a_hook_that_swallows_and_one_that_does_not_serve(bench_clock: Bench) -> None:
    class Silent(Told):
        def connected(self, place: Place, stream: Stream) -> bool:
            return not super().connected(place, stream)

    for name in ("STORE", "SCU"):
        bench_clock.add("storage", name)
    bench_clock.kernel.place("STORE").interceptor = silent = Silent()

    def call() -> bool:
        stream = bench_clock.kernel.place("SCU").connect(bench_clock.address_of("STORE"), 1_000_000)
        bench_clock.kernel.sleep(50_000)
        return not stream.eof

    assert bench_clock.play(call, place=bench_clock.kernel.place("SCU"))
    assert [one.split()[0] for one in silent.asked] == ["over", "connected"]
