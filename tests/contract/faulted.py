"""Faults read off the wire: what a case is, the benches that it is played on, and the bytes that went over the connection.

A case arms faults at one peer, in one role, and looks at the bytes. Two plays are enough for all of them: an image is stored (the
requestor sends data sets, the acceptor responses), or fetched with C-GET (the other way round, on the same association).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from linacsim.bench import Bench
from linacsim.devices.archive.personality import ArchivePersonality, Load, Retrieve
from linacsim.devices.storage.personality import StoragePersonality, Store
from linacsim.errors import PlayFailure
from linacsim.faults import Armed, associating
from linacsim.faults.interposed import FaultyStream
from linacsim.faults.model import ACCEPTOR, REQUESTOR
from linacsim.faults.wire import Cutter, Message
from linacsim.kernel.log import Record
from linacsim.kernel.units import milliseconds

CT, MR, PLAN = "pydicom:CT_small.dcm", "pydicom:MR_small.dcm", "pydicom:rtplan.dcm"
CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
STUDIES = (
    "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322",
    "1.3.6.1.4.1.5962.1.2.4.20040826185059.5457",
)
QUICK: dict[str, Any] = {
    "acse_timeout": milliseconds(600),
    "dimse_timeout": milliseconds(600),
    "network_timeout": milliseconds(900),
    "connection_timeout": milliseconds(400),
}
PEERS = {
    "store": {ACCEPTOR: "STORE", REQUESTOR: "SCU"},
    "get": {ACCEPTOR: "ARCHIVE", REQUESTOR: "CLINIC"},
}
"""By play, who has which role."""
_EXPLICIT = "1.2.840.10008.1.2.1"


def pdus(data: bytes) -> list[bytes]:
    """Cut into all that has the form of a PDU, whatever its type."""
    found = []
    while len(data) >= 6:
        end = 6 + int.from_bytes(data[2:6], "big")
        found.append(data[:end])
        data = data[end:]
    return found


def types(data: bytes) -> list[int]:
    """Return the types of the PDUs."""
    return [pdu[0] for pdu in pdus(data)]


def messages(data: bytes, name: str = "") -> list[Message]:
    """Return the DIMSE messages, or those of one name."""
    units = [unit for unit in Cutter().feed(data) if isinstance(unit, Message)]
    return [unit for unit in units if name in ("", unit.name)]


@dataclass
class Wire:
    """What went over one connection, by who has sent it, and how it ended; times are those of the run."""

    sent: Mapping[str, bytes]
    """By role."""
    opened: int
    times: Sequence[tuple[int, str, int]]
    """When, by which role, how many bytes."""
    ends: Sequence[tuple[int, str, str]]
    """When, by which role, FIN or RST."""

    def first(self, role: str) -> int:
        """Return when the first bytes of a side went."""
        return next(t for t, who, _ in self.times if who == role)

    def when(self, role: str, count: int) -> int:
        """Return when so many bytes of a side had gone."""
        passed = 0
        for t, who, size in self.times:
            passed += size if who == role else 0
            if passed >= count:
                return t
        raise AssertionError(f"{passed} bytes of the {role} are all, not {count}")

    def end_of(self, role: str, name: str) -> int:
        """Return when the first message of a name had gone whole."""
        data = self.sent[role]
        passed = 0
        for pdu in pdus(data):
            passed += len(pdu)
            if messages(data[:passed], name):
                return self.when(role, passed)
        raise AssertionError(f"no {name} of the {role}")

    def syntax(self, context_id: int) -> UID:
        """Return the transfer syntax of a presentation context."""
        return UID(associating.accepted(pdus(self.sent[ACCEPTOR])[0]).get(context_id, _EXPLICIT))

    def datasets(self, role: str, *, wrong: bool = False) -> list[Dataset]:
        """Return what the C-STORE requests of a side carry; `wrong` reads the other of explicit and implicit VR."""
        found = []
        for one in messages(self.sent[role], "C-STORE-RQ"):
            syntax = self.syntax(one.context_id)
            found.append(read_dataset(BytesIO(one.data), syntax.is_implicit_VR ^ wrong, syntax.is_little_endian))
        return found


class Shot(NamedTuple):
    """A play under faults.

    Attributes
    ----------
    bench : Bench
        Where.
    role : str
        Of the peer at which the faults are armed.
    wire : Wire
        The last connection.
    heard : bytes
        What the line has handed to that peer.
    failed : str
        Why it came to nothing; empty if it did not.
    """

    bench: Bench
    role: str
    wire: Wire
    heard: bytes
    failed: str

    @property
    def sent(self) -> bytes:
        """What the peer with the fault has sent, on the wire."""
        return self.wire.sent[self.role]

    @property
    def other(self) -> bytes:
        """What the other side has sent, on the wire."""
        return self.wire.sent[ACCEPTOR if self.role == REQUESTOR else REQUESTOR]

    @property
    def statuses(self) -> list[int | None]:
        """Statuses of the responses to C-STORE that the peer with the fault has sent."""
        return [one.command.number(0x0900) for one in messages(self.sent, "C-STORE-RSP")]

    def log(self, event: str, **fields: Any) -> list[Record]:
        """Return records."""
        wanted = {"event": event, **fields}
        return [one for one in self.bench.log.records if all(one.get(key) == value for key, value in wanted.items())]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault in one role, and the look at the bytes that shows it.

    Attributes
    ----------
    arm : callable
        Makes the fault.
    check : callable
        Fails if its effect is not there.
    play : str
        ``store`` or ``get``.
    images : tuple of str
        What is stored, or fetched.
    """

    arm: Callable[[], Armed]
    check: Callable[[Shot], None]
    play: str = "store"
    images: tuple[str, ...] = (CT,)


Cases = dict[tuple[str, str], Case]
"""By word and role."""


def both(arm: Callable[[str], Armed], check: Callable[[Shot], None], do: str, **more: Any) -> Cases:
    """Return the same case for both roles; `arm` gets the role."""
    return {
        (do, role): Case(arm=lambda role=role: arm(role), check=check, **more)  # type: ignore[misc]
        for role in (ACCEPTOR, REQUESTOR)
    }


@dataclass
class Tap:
    """The bytes that lines hand to peers, by place."""

    heard: dict[str, bytearray] = field(default_factory=dict)

    def attach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        others = FaultyStream.feed

        def feed(stream: FaultyStream, data: bytes) -> None:
            self.heard.setdefault(stream.line.place.name, bytearray()).extend(data)
            others(stream, data)

        monkeypatch.setattr(FaultyStream, "feed", feed)


def populate(bench: Bench, play: str) -> None:
    """Add the peers of a play."""
    if play == "store":
        for name in PEERS[play].values():
            bench.add("storage", name, settings=StoragePersonality(**QUICK))
        return
    for name in PEERS[play].values():
        bench.add("archive", name, settings=ArchivePersonality(**QUICK))
    bench.play(_act, bench, "ARCHIVE", "load", Load(files=(CT, MR)))


def _act(bench: Bench, name: str, action: str, parameters: Any) -> None:
    bench.devices[name].act(action, parameters)


def perform(bench: Bench, play: str, images: tuple[str, ...] = (CT,), settle: bool = True) -> str:
    """Play; return why it came to nothing."""
    name = PEERS[play][REQUESTOR]
    if play == "store":
        action, parameters = "store", Store(to="STORE", images=images)
    else:
        keys: dict[str, str | tuple[str, ...]] = {"StudyInstanceUID": STUDIES[: len(images)]}
        action, parameters = "retrieve", Retrieve(to="ARCHIVE", by="get", level="STUDY", keys=keys)  # type: ignore[assignment]
    failed = ""
    try:
        bench.play(bench.devices[name].act, action, parameters, place=bench.devices[name].place)
    except PlayFailure as exc:
        failed = str(exc)
    if settle:
        bench.settle()
    return failed


def shoot(bench: Bench, case: Case, word: str, role: str, tap: Tap) -> Shot:
    """Play a case; the fault must have fired, and said so."""
    populate(bench, case.play)
    armed, at = case.arm(), PEERS[case.play][role]
    assert armed.do == word
    bench.arm(at, [armed])
    failed = perform(bench, case.play, case.images)
    assert armed.fired
    fired = [one for one in bench.log.records if one["event"] == "fault-fired"]
    assert fired
    assert {(one["at"], one["fault"], one["role"], one["ordinal"]) for one in fired} == {(at, word, role, 1)}
    return Shot(bench, role, wire(bench, case.play), bytes(tap.heard.get(at, b"")), failed)


def connections(bench: Bench, play: str = "store") -> int:
    """Return how many connections there have been."""
    with contextlib.suppress(KeyError):
        target = bench.address_of(PEERS[play][ACCEPTOR])
        return sum(1 for one in bench.traffic.segments if one.kind == "SYN" and one.target == target)
    return 0


def wire(bench: Bench, play: str = "store", ordinal: int = -1) -> Wire:
    """Read a connection off the traffic; the last one, or nothing at all if there has been none."""
    target = bench.address_of(PEERS[play][ACCEPTOR])
    opened = [one for one in bench.traffic.segments if one.kind == "SYN" and one.target == target]
    if not opened:
        return Wire({ACCEPTOR: b"", REQUESTOR: b""}, 0, [], [])
    source = opened[ordinal].source
    steps = [one for one in bench.traffic.segments if {one.source, one.target} == {source, target}]
    who = [(one, REQUESTOR if one.source == source else ACCEPTOR) for one in steps]
    return Wire(
        {role: b"".join(one.data for one, each in who if each == role) for role in (ACCEPTOR, REQUESTOR)},
        opened[ordinal].t,
        [(one.t, role, len(one.data)) for one, role in who if one.data],
        [(one.t, role, one.kind) for one, role in who if one.kind in ("FIN", "RST")],
    )
