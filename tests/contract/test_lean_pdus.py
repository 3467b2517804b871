"""P-DATA-TF PDUs are cut out of the stream and packed as pynetdicom does it, however their bytes arrive."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

import pytest
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA

from linacsim.kernel.border import codec, lean
from linacsim.kernel.identity import Identity
from linacsim.kernel.memory import MemoryNetwork, MemoryStream
from linacsim.kernel.virtual import VirtualKernel

ROUNDS = 200


def stream_with(*pieces: bytes) -> MemoryStream:
    network = MemoryNetwork(VirtualKernel(Identity(1)))
    near, _far = MemoryStream.pair(network, ("a", 1), ("b", 2))
    for piece in pieces:
        near.feed(piece)
    return near


def encoded(*values: tuple[int, bytes]) -> bytes:
    carrier = P_DATA()
    carrier.presentation_data_value_list.extend(values)
    return bytes(P_DATA_TF(carrier).encode())


def joined(fragments: list[lean.Fragment] | None) -> list[tuple[int, bytes]]:
    assert fragments is not None
    return [(context, b"".join(views)) for context, views in fragments]


def by_pynetdicom(raw: bytes) -> list[Any]:
    theirs = P_DATA_TF()
    theirs.decode(raw)
    return theirs.to_primitive().presentation_data_value_list


def chopped(data: bytes, draw: random.Random) -> list[bytes]:
    """Return `data` in pieces of any length, as a network may deliver it."""
    pieces = []
    while data:
        count = draw.choice([1, 2, 5, 6, 11, 12, 100, 1000, len(data)])
        pieces.append(data[:count])
        data = data[count:]
    return pieces


def test_a_p_data_tf_is_cut_as_pynetdicom_does() -> None:
    values = [(1, b"\x03command"), (3, b"\x00" + bytes(range(256)) * 40), (3, b"\x02end")]
    raw = encoded(*values)
    stream = stream_with(raw + b"\x05\x00")
    assert joined(lean.take_fragments(stream)) == by_pynetdicom(raw)
    assert bytes(stream.buffer) == b"\x05\x00"


def test_it_is_cut_the_same_however_it_arrives() -> None:
    draw = random.Random(3)  # noqa: S311 - drawn from a seed, for a test
    for ordinal in range(ROUNDS):
        pdus = []
        for _ in range(draw.randrange(1, 5)):
            lengths = [draw.choice([0, 1, 50, 3000]) for _ in range(draw.choice([1, 1, 1, 2, 3]))]
            pdus.append([(draw.choice([1, 3]), bytes([draw.randrange(4)]) + draw.randbytes(n)) for n in lengths])
        raw = b"".join(encoded(*pdu) for pdu in pdus)
        stream = stream_with()
        found = []
        for piece in chopped(raw, draw):
            stream.feed(piece)
            if draw.random() < 0.1:
                assert stream.buffer[: len(piece)] is not None  # somebody looks at it, and so puts it together
            while fragments := lean.take_fragments(stream):
                found.append(joined(fragments))
        assert found == pdus, ordinal
        assert (stream.waiting, bytes(stream.buffer)) == (0, b"")


@pytest.mark.parametrize(
    "raw",
    [b"\x04\x00\x00\x00", encoded((1, b"\x03command"))[:-1], b""],
    ids=["half a header", "a byte short", "nothing"],
)
def test_half_a_pdu_is_waited_for(raw: bytes) -> None:
    stream = stream_with(raw)
    assert lean.take_fragments(stream) == []
    assert bytes(stream.buffer) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"\x04\x00\x00\x00\x00\x06" + b"\x00\x00\x00\x09\x01\x03",
        b"\x04\x00\x00\x00\x00\x05" + b"\x00\x00\x00\x01\x01",
        b"\x05\x00\x00\x00\x00\x04" + bytes(4),
        b"\x04\x00\x00\x00\x00\x00",
        b"\x04\x00\x00\x00\x01\x00" + bytes(256),
    ],
    ids=["item beyond its PDU", "item without header", "another PDU", "no item", "longer than the limit"],
)
def test_what_is_none_is_left_to_pynetdicom(raw: bytes) -> None:
    stream = stream_with(raw)
    assert lean.take_fragments(stream, limit=128) is None
    assert bytes(stream.buffer) == raw


@pytest.mark.parametrize("maximum", [128, 4096, 16382, 131072, 0])
@pytest.mark.parametrize("size", [0, 1, 121, 122, 123, 4090, 4091, 70_000, 300_000])
def test_messages_are_packed_as_pynetdicom_does(maximum: int, size: int) -> None:
    request = C_STORE()
    request.MessageID, request.AffectedSOPClassUID = 7, "1.2.840.10008.5.1.4.1.1.2"
    request.AffectedSOPInstanceUID = "1.2.3.4." + "5" * 50
    data = random.Random(size).randbytes(size)  # noqa: S311 - drawn from a seed, for a test
    if size:
        request.DataSet = BytesIO(data)
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    if not size:
        message.data_set = None
    wanted = b"".join(P_DATA_TF(one).encode() for one in message.encode_msg(5, maximum))
    command = codec.encode(request, with_data_set=size > 0)
    assert command is not None
    assert b"".join(lean.pdus(command[1], data, 5, maximum)) == wanted
    assert b"".join(lean.pdus(command[1], memoryview(data), 5, maximum)) == wanted


def test_what_is_handed_back_to_pynetdicom_is_read_by_it() -> None:
    """`decode_msg` writes ``data[1:]`` of each fragment into a `BytesIO`; a view has to do."""
    raw = encoded((1, b"\x02abc"))
    stream = stream_with(raw[:13], raw[13:])
    fragments = lean.take_fragments(stream)
    assert fragments is not None
    message = DIMSEMessage()
    assert message.decode_msg(lean.Fragments(fragments).to_primitive())
    assert message.data_set is not None
    assert message.data_set.getvalue() == b"abc"
