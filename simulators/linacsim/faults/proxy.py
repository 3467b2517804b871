"""A proxy: it listens, opens a connection to somebody else for each that comes in, and relays, with a line on either side."""

from __future__ import annotations

from typing import Any

from linacsim.errors import InputError
from linacsim.faults import associating, reach
from linacsim.faults.model import ACCEPTOR, ARMED, CONNECTION, REQUESTOR, WORDS, Armed
from linacsim.faults.relay import SIDES, Relay, for_a_line
from linacsim.faults.when import SENT, Happening
from linacsim.faults.wire import SOP_CLASS, SOP_INSTANCE, STATUS, Message, Unit
from linacsim.kernel.core import Kernel
from linacsim.kernel.places import Place
from linacsim.kernel.streams import Stream
from linacsim.kernel.traffic import Address

_MESSAGE_ID, _RESPONDS_TO = 0x0110, 0x0120
_PATIENCE = 30_000_000


class Proxy:
    """Sits on the wire between systems that are not the bench's.

    Parameters
    ----------
    kernel : Kernel
        A live one, for real products.
    target : Address
        Who is called for those who call.
    faults : mapping of str to list of Armed
        By side (`SIDES`): what that side does wrong.

    Raises
    ------
    InputError
        If a fault can only be a peer's own.
    """

    def __init__(self, kernel: Kernel, target: Address, faults: dict[str, list[Armed]]) -> None:
        self._kernel = kernel
        self._target = target
        self.faults = {side: [_fit(fault) for fault in faults.get(side, [])] for side in SIDES}
        self._connections = 0
        self._relays: dict[Relay, None] = {}

    def listen(self, host: str, port: int) -> Address:
        """Listen (called inside a task); faults of reach strike now."""
        place = self._kernel.place(ACCEPTOR)
        place.host = host
        listener = self._kernel.network.listen(place, (host, port), self._accept, None)
        place.listeners.append(listener)
        for fault in self.faults[ACCEPTOR]:
            happening = Happening(kernel=self._kernel, place=ACCEPTOR)
            if fault.on == ARMED and fault.strikes(ARMED, happening):
                fault.tell(place, ARMED, role=ACCEPTOR, drawn=reach.shut(place, fault.parameters))
        return listener.address

    def _accept(self, stream: Stream) -> None:
        self._kernel.spawn(self._serve, stream, name="relaying a connection", place=self._kernel.place(REQUESTOR))

    def _serve(self, requestor: Stream) -> None:
        place = self._kernel.place(REQUESTOR)
        try:
            acceptor = self._kernel.network.connect(place, self._target, _PATIENCE, None)
        except OSError as exc:
            place.log("connection-failed", error=exc.strerror or str(exc))
            requestor.reset()
            return
        self._connections += 1
        relay = Relay(self._kernel, requestor, acceptor, self.faults, self._connections)
        relay.first.observe = _Told(self._kernel.place(REQUESTOR), self._connections, self.faults[REQUESTOR]).tell
        relay.second.observe = _Told(self._kernel.place(ACCEPTOR), self._connections, self.faults[ACCEPTOR]).tell
        self._relays = {known: None for known in self._relays if not known.is_over}
        self._relays[relay] = None
        relay.begin()


class _Told:
    """Tells the log what a side sends, and faults when their time is over."""

    def __init__(self, place: Place, ordinal: int, faults: list[Armed]) -> None:
        self._place, self._ordinal, self._faults = place, ordinal, faults
        self._ends = [fault for fault in faults if isinstance(fault.conditions.until, str)]

    def tell(self, way: str, unit: Unit) -> None:
        """A unit goes by."""
        if way == SENT and unit.name:
            other = ACCEPTOR if self._place.name == REQUESTOR else REQUESTOR
            self._place.log(unit.name, way=way, assoc=self._ordinal, **{"with": other}, **_fields(unit))
        for fault in self._ends:
            fault.off = fault.off or fault.conditions.until == unit.name


def _fields(unit: Unit) -> dict[str, Any]:
    if isinstance(unit, Message):
        command = unit.command
        return {
            "message_id": command.number(_MESSAGE_ID),
            "responds_to": command.number(_RESPONDS_TO),
            "sop_class": command.uid(SOP_CLASS) or None,
            "sop_instance": command.uid(SOP_INSTANCE) or None,
            "status": command.number(STATUS),
        }
    if unit.name == "A-ASSOCIATE-RQ":
        called, calling = associating.titles(unit.raw)
        return {"called": called, "calling": calling}
    if unit.name == "A-ASSOCIATE-RJ":
        return {"result": unit.raw[7], "source": unit.raw[8], "reason": unit.raw[9]}
    if unit.name == "A-ABORT":
        return {"source": unit.raw[8], "reason": unit.raw[9]}
    return {}


def _fit(fault: Armed) -> Armed:
    """Return a fault as a line has it."""
    word = WORDS[fault.do]
    is_call = word.layer == "reach" and fault.do != "accept-then-silent" and fault.on == CONNECTION
    is_own = fault.on != ARMED and fault.on not in (*word.events, *word.served)
    if is_call or is_own:
        todo = "strike on a PDU or a message" if is_own else "leave 'way:' and 'on:' out"
        raise InputError(f"{fault.do!r} on {fault.on!r} is not a proxy's to see", "proxy", todo)
    return fault if fault.on == ARMED else for_a_line(fault)
