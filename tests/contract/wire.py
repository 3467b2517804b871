"""Reads what went over the network, decoded by pynetdicom's PDU classes and pydicom alone: no device is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pynetdicom.pdu import (
    A_ABORT_RQ,
    A_ASSOCIATE_AC,
    A_ASSOCIATE_RJ,
    A_ASSOCIATE_RQ,
    A_RELEASE_RP,
    A_RELEASE_RQ,
    P_DATA_TF,
)

from linacsim.bench import Bench
from linacsim.kernel.traffic import Address

PDUS: dict[int, tuple[str, Any]] = {
    0x01: ("A-ASSOCIATE-RQ", A_ASSOCIATE_RQ),
    0x02: ("A-ASSOCIATE-AC", A_ASSOCIATE_AC),
    0x03: ("A-ASSOCIATE-RJ", A_ASSOCIATE_RJ),
    0x04: ("P-DATA-TF", P_DATA_TF),
    0x05: ("A-RELEASE-RQ", A_RELEASE_RQ),
    0x06: ("A-RELEASE-RP", A_RELEASE_RP),
    0x07: ("A-ABORT", A_ABORT_RQ),
}
COMMANDS = {
    0x0001: "C-STORE", 0x0020: "C-FIND", 0x0021: "C-MOVE", 0x0030: "C-ECHO", 0x0FFF: "C-CANCEL",
    0x0100: "N-EVENT-REPORT", 0x0110: "N-GET", 0x0120: "N-SET", 0x0130: "N-ACTION", 0x0140: "N-CREATE", 0x0150: "N-DELETE",
}  # fmt: skip


@dataclass(slots=True)
class Message:
    """A DIMSE message: its command set and the bytes of its data set."""

    forth: bool
    context_id: int
    command: Dataset
    data: bytes = b""

    @property
    def name(self) -> str:
        end = "RSP" if self.command.CommandField & 0x8000 else "RQ"
        return f"{COMMANDS[self.command.CommandField & 0x7FFF]}-{end}"

    @property
    def sop_class(self) -> str:
        return str(self.command.get("AffectedSOPClassUID") or self.command.get("RequestedSOPClassUID") or "")

    def dataset(self, *, implicit: bool | None = None) -> Dataset:
        """Return the data set of the message; without being told, its first element shows whether it has explicit VRs."""
        told = not self.data[4:6].isalpha() if implicit is None else implicit
        return read_dataset(BytesIO(self.data), told, True)  # noqa: FBT003 - pydicom's own order


@dataclass(slots=True)
class Conversation:
    """One transport connection, from its first PDU to its last, seen from who opened it."""

    source: Address
    target: Address
    order: list[str] = field(default_factory=list)
    """PDUs and messages in their order: ``> C-STORE-RQ`` goes forth, ``< C-STORE-RSP`` comes back."""
    pdus: list[tuple[bool, str, Any, int]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    _half: dict[bool, list[Any]] = field(default_factory=dict)

    def first(self, name: str) -> Any:
        """Return the first PDU of a name, decoded."""
        return next(pdu for _, known, pdu, _ in self.pdus if known == name)

    @property
    def request(self) -> Any:
        return self.first("A-ASSOCIATE-RQ")

    @property
    def accept(self) -> Any:
        return self.first("A-ASSOCIATE-AC")

    @property
    def requests(self) -> list[Message]:
        """The DIMSE requests of who opened the connection."""
        return [one for one in self.messages if one.forth and one.name.endswith("-RQ")]

    @property
    def answers(self) -> list[Message]:
        """The DIMSE responses to them."""
        return [one for one in self.messages if not one.forth and one.name.endswith("-RSP")]

    @property
    def stored(self) -> list[tuple[str, str]]:
        """SOP Class and Instance UID of each C-STORE request."""
        return [
            (one.sop_class, str(one.command.AffectedSOPInstanceUID))
            for one in self.requests
            if one.name == "C-STORE-RQ"
        ]

    @property
    def end(self) -> list[str]:
        """The PDUs that end the association."""
        return [one for one in self.order if "A-RELEASE" in one or "A-ABORT" in one]

    def longest(self, *, forth: bool) -> int:
        """Return the length of the longest P-DATA-TF in one direction (PS3.8 9.3.5)."""
        return max((length for way, name, _, length in self.pdus if name == "P-DATA-TF" and way is forth), default=0)

    def proposed(self) -> list[tuple[str, list[str]]]:
        """Return abstract syntax and transfer syntaxes of each proposed presentation context."""
        return [
            (str(one.abstract_syntax), [str(syntax) for syntax in one.transfer_syntax])
            for one in self.request.presentation_context
        ]

    def negotiated(self) -> list[tuple[str, list[str], int, str]]:
        """Return each context: abstract syntax, transfer syntaxes proposed, result, transfer syntax accepted."""
        replies = {one.context_id: one for one in self.accept.presentation_context}
        return [
            (
                str(one.abstract_syntax),
                [str(syntax) for syntax in one.transfer_syntax],
                replies[one.context_id].result,
                str(replies[one.context_id].transfer_syntax or ""),
            )
            for one in self.request.presentation_context
        ]

    def answered(self) -> dict[str, tuple[int, str]]:
        """Return result and transfer syntax by abstract syntax, where each was proposed once."""
        found = {abstract: (result, syntax) for abstract, _, result, syntax in self.negotiated()}
        assert len(found) == len(self.negotiated())
        return found

    def add(self, forth: bool, raw: bytes) -> None:
        """Take a PDU."""
        name, kind = PDUS[raw[0]]
        pdu = kind()
        pdu.decode(raw)
        self.pdus.append((forth, name, pdu, len(raw) - 6))
        if name != "P-DATA-TF":
            self.order.append(f"{'>' if forth else '<'} {name}")
            return
        for item in pdu.presentation_data_value_items:
            self._fragment(forth, item.presentation_context_id, item.presentation_data_value)

    def _fragment(self, forth: bool, context: int, value: bytes) -> None:
        """Take a fragment of a message (PS3.8 E.2)."""
        command, data, message = self._half.setdefault(forth, [bytearray(), bytearray(), None])
        is_command, is_last = value[0] & 1, value[0] & 2
        (command if is_command else data).extend(value[1:])
        if is_command and is_last:
            message = Message(forth, context, dcmread(BytesIO(bytes(command)), force=True))
            self._half[forth] = [bytearray(), bytearray(), message]
            self.messages.append(message)
            self.order.append(f"{'>' if forth else '<'} {message.name}")
        elif is_last and message is not None:
            message.data = bytes(data)
            self._half[forth] = [bytearray(), bytearray(), None]


def conversations(bench: Bench, address: Address) -> list[Conversation]:
    """Return all connections to a listener, in the order of their beginning."""
    return [one for one in all_conversations(bench) if one.target == address]


def calls_for(bench: Bench, title: str) -> list[Conversation]:
    """Return all connections whose A-ASSOCIATE-RQ calls an AE title: its listener may have gone by now."""
    return [one for one in all_conversations(bench) if str(one.request.called_ae_title).strip() == title]


def all_conversations(bench: Bench) -> list[Conversation]:
    """Return all connections, in the order of their beginning."""
    found: list[Conversation] = []
    open_now: dict[frozenset[Address], tuple[Conversation, dict[bool, bytearray]]] = {}
    for segment in bench.traffic.segments:
        ends = frozenset((segment.source, segment.target))
        if segment.kind == "SYN":
            open_now[ends] = (Conversation(segment.source, segment.target), {True: bytearray(), False: bytearray()})
            found.append(open_now[ends][0])
            continue
        conversation, buffers = open_now[ends]
        forth = segment.source == conversation.source
        buffers[forth].extend(segment.data)
        for raw in _pdus(buffers[forth]):
            conversation.add(forth, raw)
    return found


def _pdus(buffer: bytearray) -> Iterator[bytes]:
    """Cut whole PDUs off the front of a buffer."""
    while len(buffer) >= 6:
        end = 6 + int.from_bytes(buffer[2:6], "big")
        if len(buffer) < end:
            return
        raw = bytes(buffer[:end])
        del buffer[:end]
        yield raw
