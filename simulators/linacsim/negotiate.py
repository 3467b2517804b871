"""Proves a matrix of negotiations: real associations between the devices on the virtual clock, read from the wire.

Each cell gets a bench of its own with two peers: the requestor's device and the acceptor's. The requestor opens every kind
of association that it opens in its activities; what was proposed and what was answered is cut out of the bytes that went
over the network and decoded with pynetdicom's PDU classes. No device is asked what it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ

from linacsim.bench import Bench
from linacsim.conformance import load_system, systems
from linacsim.conformance.matrix import DEVICES, Matrix
from linacsim.conformance.model import Entity
from linacsim.conformance.negotiation import Party
from linacsim.conformance.proof import Answer, Proof, Seen, prove
from linacsim.devices.device import Device
from linacsim.devices.entity import associate
from linacsim.devices.registry import KINDS
from linacsim.devices.statement import statement_of
from linacsim.errors import PlayFailure
from linacsim.kernel.traffic import Address, Segment
from linacsim.report.words import reject_words
from linacsim.settings import AE_TITLE_MAX

_REQUEST, _ACCEPT, _REJECT = 0x01, 0x02, 0x03
"""Types of PDUs (PS3.8 9.3)."""
_HEADER = 6
"""PDU type, a reserved byte, and the length in 4 bytes."""


_MADE_OF_DOCUMENTED = {"imager"}
"""Devices whose network side is made of the entities of a document, which stand in the matrix themselves."""


def devices(bench: Bench) -> list[Entity]:
    """Return the devices of the bench that serve and are no entity of a published document, as entities."""
    documented = _MADE_OF_DOCUMENTED | {
        kind_name(Party(one, "", entity)) for one in systems() for entity in load_system(one).entities.values()
    }
    kinds = [kind for kind in KINDS.values() if kind.serves and kind.name not in documented]
    return [statement_of(kind.build(bench.kernel.place(kind.name), kind.settings(), bench.shelf)) for kind in kinds]


def kind_name(party: Party) -> str:
    """Return the kind of device that plays `party`: ``oncentra-winscp32-scp``, ``printer``."""
    return party.entity.id if party.system == DEVICES else party.name.replace(" ", "-")


def execute(matrix: Matrix) -> dict[tuple[str, str], Proof]:
    """Return the proof of every cell for which the bench has both devices."""
    return {
        key: prove(cell, _associations(cell.requestor, cell.acceptor))
        for key, cell in matrix.cells.items()
        if kind_name(cell.requestor) in KINDS and kind_name(cell.acceptor) in KINDS
    }


def _associations(requestor: Party, acceptor: Party) -> Seen:
    """Return what goes over the wire when `requestor` opens its associations with `acceptor`."""
    with Bench() as bench:
        answers = bench.add(kind_name(acceptor), _title(acceptor))
        asks = bench.add(kind_name(requestor), _title(requestor, but=answers.name))
        bench.play(_ask, asks, answers.name, place=asks.place)
        bench.settle()
        return seen(bench.traffic.segments, bench.address_of(answers.name))


def _title(party: Party, but: str = "") -> str:
    """Return the AE title of a peer: the documented default, or one from its name; two peers never have the same."""
    title = party.entity.ae_title_default or party.entity.id.upper().replace("-", "_")[:AE_TITLE_MAX]
    return title if title != but else f"{title[: AE_TITLE_MAX - 1]}2"


def _ask(device: Device, peer: str) -> None:
    """Open every kind of association that `device` opens, and release it."""
    for ae, contexts in device.calls():
        try:
            assoc = associate(device, ae, peer, contexts)
        except PlayFailure:
            # why there is none stands on the wire
            continue
        assoc.release()


# the wire


def seen(segments: list[Segment], acceptor: Address) -> Seen:
    """Return what all associations were like that somebody asked the listener at `acceptor` for.

    Parameters
    ----------
    segments : list of Segment
        What went over the network.
    acceptor : tuple of (str, int)
        Where the acceptor listens.
    """
    answers: list[Answer] = []
    lengths: tuple[list[int], list[int]] = ([], [])
    failures: list[str] = []
    asynchronous = False
    for requests, responses in _connections(segments, acceptor):
        request = _decoded(requests, _REQUEST, A_ASSOCIATE_RQ())
        if request is None:
            failures.append("a connection without an A-ASSOCIATE-RQ")
            continue
        accept = _decoded(responses, _ACCEPT, A_ASSOCIATE_AC())
        answers += _answers(request, accept)
        lengths[0].append(request.user_information.maximum_length)
        if accept is None:
            failures.append(_why_not(responses))
            continue
        lengths[1].append(accept.user_information.maximum_length)
        asynchronous = asynchronous or accept.user_information.async_ops_window is not None
    once = [tuple(dict.fromkeys(some)) for some in lengths]
    return Seen(tuple(answers), once[0], once[1], asynchronous, tuple(failures))


def _connections(segments: list[Segment], acceptor: Address) -> Iterator[tuple[bytes, bytes]]:
    """Yield the bytes there and the bytes back of each connection with `acceptor`, in the order of their beginning."""
    streams: dict[Address, tuple[bytearray, bytearray]] = {}
    for one in segments:
        if one.target == acceptor:
            streams.setdefault(one.source, (bytearray(), bytearray()))[0].extend(one.data)
        elif one.source == acceptor and one.target in streams:
            streams[one.target][1].extend(one.data)
    return ((bytes(there), bytes(back)) for there, back in streams.values())


def _pdus(stream: bytes) -> Iterator[bytes]:
    """Yield the PDUs of a byte stream; one that breaks off is left out."""
    start = 0
    while len(stream) >= start + _HEADER:
        end = start + _HEADER + int.from_bytes(stream[start + 2 : start + _HEADER], "big")
        if end > len(stream):
            return
        yield stream[start:end]
        start = end


def _decoded(stream: bytes, kind: int, pdu: Any) -> Any:
    """Return the first PDU of that kind, decoded; ``None`` if there is none."""
    for raw in _pdus(stream):
        if raw[0] == kind:
            pdu.decode(raw)
            return pdu
    return None


def _answers(request: Any, accept: Any) -> Iterator[Answer]:
    """Yield what was answered to each presentation context of a request."""
    replies = {one.context_id: one for one in accept.presentation_context} if accept else {}
    for one in request.presentation_context:
        reply = replies.get(one.context_id)
        yield Answer(
            str(one.abstract_syntax),
            tuple(str(syntax) for syntax in one.transfer_syntax),
            None if reply is None else reply.result,
            str(reply.transfer_syntax) if reply is not None and reply.result == 0 else "",
        )


def _why_not(responses: bytes) -> str:
    """Return why an association was not accepted."""
    rejected = _decoded(responses, _REJECT, A_ASSOCIATE_RJ())
    if rejected is None:
        return "the A-ASSOCIATE-RQ was not answered"
    return "association " + reject_words(rejected.result, rejected.source, rejected.reason_diagnostic)
