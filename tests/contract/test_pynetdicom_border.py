"""The borders to pynetdicom are as they were when they were built; each is a test of its own, named after it."""

from __future__ import annotations

from importlib.metadata import version
from io import BytesIO

import pytest
from pynetdicom.dimse_messages import C_ECHO_RSP, C_STORE_RSP
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA

from linacsim.errors import BorderError
from linacsim.kernel import border
from linacsim.kernel.border import lean, patches, pins
from linacsim.kernel.memory import MemoryNetwork, MemoryStream
from linacsim.kernel.virtual import VirtualKernel

KERNEL_OWN = "linacsim.kernel.border"


def test_pynetdicom_is_of_the_pinned_series() -> None:
    installed = version("pynetdicom")
    assert installed.startswith(f"{pins.SERIES}."), (
        f"pynetdicom {installed} is installed, the borders were built against {pins.SERIES}.x: "
        "read the code behind every border in kernel/border/pins.py before you move the pin"
    )


@pytest.mark.parametrize("name", sorted(pins.PINNED))
def test_border(name: str) -> None:
    """The source behind a border has not moved."""
    wanted, reliance = pins.PINNED[name]
    found = pins.digest(name)
    assert found == wanted, (
        f"the border {name} has moved in pynetdicom {version('pynetdicom')}. The bench relies on this: {reliance}. "
        f"Read it again, mend linacsim.kernel.border if it needs it, and pin the new digest {found!r}."
    )


@pytest.mark.parametrize("name", sorted({**patches.MODULES, **patches.FUNCTIONS}))
def test_a_stand_in_is_in_place(name: str) -> None:
    border.install()
    owner, attribute = border.resolve(name)
    stand_in = {**patches.MODULES, **patches.FUNCTIONS}[name][0]
    assert getattr(owner, attribute) is stand_in


def test_a_name_that_is_gone_is_told_by_name() -> None:
    with pytest.raises(BorderError, match=r"has no pynetdicom\.dul\.DULServiceProvider\.run_no_more"):
        pins.look_up("pynetdicom.dul.DULServiceProvider.run_no_more")


def test_a_border_that_has_moved_fails_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself can fail: a changed function gives another digest."""
    import pynetdicom.fsm  # noqa: PLC0415 - patched for this test only

    def moved(dul: object) -> str:
        return str(dul)

    monkeypatch.setattr(pynetdicom.fsm, "DT_2", moved)
    assert pins.digest("pynetdicom.fsm.DT_2") != pins.PINNED["pynetdicom.fsm.DT_2"][0]


def responses() -> list[tuple[object, object]]:
    plain = C_STORE()
    plain.MessageIDBeingRespondedTo = 7
    plain.AffectedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    plain.AffectedSOPInstanceUID = "1.2.3.4567"
    plain.Status = 0xA700
    odd = C_STORE()
    odd.MessageIDBeingRespondedTo = 65535
    odd.AffectedSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.1"
    odd.AffectedSOPInstanceUID = "1.2.3.45678"
    odd.Status = 0
    echo = C_ECHO()
    echo.MessageIDBeingRespondedTo = 1
    echo.AffectedSOPClassUID = "1.2.840.10008.1.1"
    echo.Status = 0
    return [(plain, C_STORE_RSP()), (odd, C_STORE_RSP()), (echo, C_ECHO_RSP())]


@pytest.mark.parametrize(("primitive", "message"), responses())
def test_the_short_way_encodes_a_response_as_pynetdicom_does(primitive: object, message: object) -> None:
    message.primitive_to_message(primitive)  # type: ignore[attr-defined]
    (whole,) = message.encode_msg(1, 16382)  # type: ignore[attr-defined]
    assert lean.is_plain(primitive, 16382)
    assert lean.p_data(primitive, 1).presentation_data_value_list == whole.presentation_data_value_list


def test_a_response_with_a_comment_goes_pynetdicoms_way() -> None:
    response = responses()[0][0]
    response.ErrorComment = "no room"  # type: ignore[attr-defined]
    assert not lean.is_plain(response, 16382)
    assert not lean.is_plain(responses()[0][0], 128)


def encoded(*values: tuple[int, bytes]) -> bytes:
    carrier = P_DATA()
    carrier.presentation_data_value_list.extend(values)
    return bytes(P_DATA_TF(carrier).encode())


def stream_with(data: bytes) -> MemoryStream:
    from linacsim.kernel.identity import Identity  # noqa: PLC0415

    network = MemoryNetwork(VirtualKernel(Identity(1)))
    near, _far = MemoryStream.pair(network, ("a", 1), ("b", 2))
    near.feed(data)
    return near


def test_the_short_way_cuts_a_p_data_tf_as_pynetdicom_does() -> None:
    values = [(1, b"\x03command"), (3, b"\x00" + bytes(range(256)) * 40), (3, b"\x02end")]
    raw = encoded(*values)
    stream = stream_with(raw + b"\x05\x00")
    fragments = lean.take_fragments(stream)
    theirs = P_DATA_TF()
    theirs.decode(raw)
    assert fragments is not None
    ours = fragments.to_primitive().presentation_data_value_list
    assert [(context, bytes(value)) for context, value in ours] == theirs.to_primitive().presentation_data_value_list
    assert bytes(stream.buffer) == b"\x05\x00"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x04\x00\x00\x00",
        encoded((1, b"\x03command"))[:-1],
        b"\x04\x00\x00\x00\x00\x06" + b"\x00\x00\x00\x09\x01\x03",
        b"\x04\x00\x00\x00\x00\x05" + b"\x00\x00\x00\x01\x01",
        b"\x05\x00\x00\x00\x00\x04" + bytes(4),
        b"\x04\x00\x00\x00\x00\x00",
    ],
    ids=["half a header", "a byte short", "item beyond its PDU", "item without header", "another PDU", "no item"],
)
def test_what_is_not_plain_is_left_to_pynetdicom(raw: bytes) -> None:
    stream = stream_with(raw)
    fragments = lean.take_fragments(stream)
    assert fragments is None
    assert bytes(stream.buffer) == raw


def test_fragments_are_what_a_message_takes() -> None:
    """`decode_msg` writes ``data[1:]`` of each fragment into a `BytesIO`; a view has to do."""
    sink = BytesIO()
    sink.write(memoryview(b"\x02abc")[1:])
    assert sink.getvalue() == b"abc"
