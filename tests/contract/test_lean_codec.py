"""The encoder and decoder of command sets do what pynetdicom does, over all DIMSE messages and over hostile bytes.

Messages are drawn from a seed, so each is the same every time; one that fails is told by its number.
"""

from __future__ import annotations

import random
import struct
from io import BytesIO
from typing import Any

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.uid import UID
from pynetdicom import dimse_messages
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.pdu_primitives import P_DATA

from linacsim.kernel import border
from linacsim.kernel.border import codec, commands
from linacsim.kernel.border.links import logged

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
"""pydicom says what it thinks of hostile values; whether both ways agree is what counts here."""

MESSAGES = sorted(name for name, _ in dimse_messages._MESSAGE_TYPES.values())
ROUNDS = 150
HOSTILE_ROUNDS = 400
LARGE = 1 << 20
PLAIN: dict[str, list[Any]] = {
    "UI": ["1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.481.1", "1.2", "0", "2.25." + "1" * 59, "1.2.3"],
    "US": [0, 1, 2, 255, 256, 0x0110, 0xA700, 0xFF00, 65535],
    "AE": ["A", "MOVER", "SIXTEEN LETTERS.", "Two Words"],
    "LO": ["no", "no room left", "x" * 64, "a (b) {c} ~!"],
    "AT": [Tag(0x00080018), [Tag(0x00080018)], [Tag(0x00100010), Tag(0x7FE00010)], 0x00280010, [0, 0xFFFFFFFF]],
}
ODD: dict[str, list[Any]] = {
    "UI": ["1.2..3", "01.2", "a.b", "1" * 65, "../../etc", "", "1.2 ", " 1.2", "1.2\\1.3", "\u00e4", "1.2\0"],
    "US": [65536, 1 << 20],
    "AE": ["", " padded ", "SEVENTEEN LETTERS", "back\\slash", "\u00fcber", "tab\there"],
    "LO": ["", " ", "ends ", " begins", "y" * 65, "back\\slash", "\u00e4\u00f6", "line\nbreak"],
    "AT": [[], ["PatientName"]],
}


@pytest.fixture(autouse=True)
def _installed() -> None:
    border.install()


def parts_of(name: str) -> tuple[Any, list[tuple[str, str]], bool]:
    """Return primitive class, keywords with their VR, and whether the message is a response, by pynetdicom's tables."""
    message = name.replace("-", "_")
    primitive = dimse_messages._MSG_TO_PRIMITVE[message.rpartition("_R")[0]]
    own = {"CommandGroupLength", "CommandField", "CommandDataSetType"}
    keywords = [one for one in dimse_messages._COMMAND_SET_KEYWORDS[name] if one not in own]
    return primitive, [(one, dictionary_VR(tag_for_keyword(one) or 0)) for one in keywords], "RSP" in name


def drawn(name: str, draw: random.Random, *, odd: float = 0.0) -> Any:
    """Return a primitive of a message with some of its parameters; `odd` is the chance that one is not plain."""
    primitive_class, keywords, answers = parts_of(name)
    primitive = primitive_class()
    for keyword, representation in keywords:
        if draw.random() < 0.25 and keyword != "MessageIDBeingRespondedTo":
            continue
        value = draw.choice((ODD if draw.random() < odd else PLAIN)[representation])
        if keyword == "Priority":
            value = draw.choice([0, 1, 2])
        try:
            setattr(primitive, keyword, value)
        except (TypeError, ValueError):
            # the primitive does not take it: whoever means it puts it behind its back
            if odd and representation == "UI":
                setattr(
                    primitive,
                    codec._ATTRIBUTES[primitive_class][int(tag_for_keyword(keyword) or 0)][0],
                    UID(value),
                )
    if answers or name == "C-CANCEL-RQ":
        primitive.MessageIDBeingRespondedTo = draw.randrange(65536)
    return primitive


def theirs(name: str, primitive: Any, data: bytes) -> tuple[Any, bytes]:
    """Return pynetdicom's message of `primitive`, and its command set."""
    message = getattr(dimse_messages, name.replace("-", "_"))()
    keyword = dimse_messages._DATASET_KEYWORDS.get(type(message).__name__)
    if keyword and data:
        setattr(primitive, keyword, BytesIO(data))
    message.primitive_to_message(primitive)
    first = next(message.encode_msg(1, LARGE))
    return message, bytes(first.presentation_data_value_list[0][1][1:])


def read_by_pynetdicom(command: bytes, data: bytes) -> Any:
    """Return pynetdicom's message of a command set and a data set."""
    message = DIMSEMessage()
    carrier = P_DATA()
    carrier.presentation_data_value_list.append((1, b"\x03" + command))
    if not message.decode_msg(carrier):
        carrier = P_DATA()
        carrier.presentation_data_value_list.append((1, b"\x02" + data))
        assert message.decode_msg(carrier)
    return message


def seen(primitive: Any) -> dict[str, Any]:
    """Return everything that can be seen of a primitive."""
    found = {}
    for name in dir(primitive):
        if name.startswith("__") or callable(getattr(primitive, name)):
            continue
        value = getattr(primitive, name)
        if isinstance(value, BytesIO):
            value = value.getvalue()
        found[name] = list(value) if isinstance(value, MultiValue) else value
    return found


@pytest.mark.parametrize("name", MESSAGES)
def test_plain_messages_are_encoded_as_pynetdicom_does(name: str) -> None:
    draw = random.Random(name)  # noqa: S311 - drawn from a seed, for a test
    for ordinal in range(ROUNDS):
        primitive = drawn(name, draw)
        with_data = codec.kind_of(primitive).keyword is not None and draw.random() < 0.5  # type: ignore[union-attr]
        message, wanted = theirs(name, primitive, b"\x08\x00" if with_data else b"")
        encoded = codec.encode(primitive, with_data_set=with_data)
        assert encoded is not None, (ordinal, vars(primitive))
        kind, data = encoded
        assert (kind.name, data) == (name, wanted), ordinal
        assert codec.fields_of(kind, primitive) == logged(message), ordinal


@pytest.mark.parametrize("name", MESSAGES)
def test_plain_messages_are_decoded_as_pynetdicom_does(name: str) -> None:
    draw = random.Random(name)  # noqa: S311 - drawn from a seed, for a test
    for ordinal in range(ROUNDS):
        with_data = draw.random() < 0.5
        _, command = theirs(name, drawn(name, draw), b"\x08\x00" if with_data else b"")
        read = codec.decode(command)
        assert read is not None, (ordinal, command)
        message = read_by_pynetdicom(command, b"\x08\x00")
        assert read.kind.name.replace("-", "_") == type(message).__name__
        assert read.has_data_set == (message.command_set.CommandDataSetType != 0x0101)
        ours = read.complete(1, b"\x08\x00" if read.has_data_set else b"")
        assert seen(ours) == seen(message.message_to_primitive()), ordinal
        assert read.fields == logged(message), ordinal


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_not_plain_is_left_to_pynetdicom_or_encoded_as_it_does(name: str) -> None:
    draw = random.Random(name)  # noqa: S311 - drawn from a seed, for a test
    left = 0
    for ordinal in range(ROUNDS):
        primitive = drawn(name, draw, odd=0.4)
        encoded = codec.encode(primitive, with_data_set=False)
        if encoded is None:
            left += 1
            continue
        assert encoded[1] == theirs(name, primitive, b"")[1], ordinal
    assert left or name == "C-CANCEL-RQ"


def spoilt(command: bytes, draw: random.Random) -> bytes:
    """Return hostile bytes: a command set with something wrong with it, or with nothing right."""
    data = bytearray(command)
    how = draw.randrange(7)
    if how == 0:
        data[draw.randrange(len(data))] = draw.randrange(256)
    elif how == 1:
        del data[draw.randrange(len(data)) :]
    elif how == 2:
        at = draw.randrange(len(data))
        data[at:at] = draw.randbytes(draw.randrange(1, 9))
    elif how == 3:
        data += struct.pack("<HHL", draw.choice([0, 0, 8]), draw.randrange(0x1100), 2) + draw.randbytes(2)
    elif how == 4:
        return draw.randbytes(draw.randrange(80))
    elif how == 5:
        for _ in range(4):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    else:
        text = draw.choice([b"1.2.3 ", b"1.2..3", b"ab\0\0", b"\xe4\xf6", b"    ", b"1\\2\\", b"\0\0", b""])
        element = draw.choice([0x0902, 0x0600, 0x1030, 0x1000, 0x0002, 0x0901, 0x1005, 0x0903, 0x0700])
        head = struct.pack("<HHL", 0, element, len(text))
        at = draw.choice([12, len(data)])
        data[at:at] = head + text
    return bytes(data)


def test_hostile_bytes_are_read_as_pynetdicom_does_or_not_at_all() -> None:
    draw = random.Random(6)  # noqa: S311 - drawn from a seed, for a test
    plain = 0
    for ordinal in range(HOSTILE_ROUNDS * 5):
        name = draw.choice(MESSAGES)
        command = spoilt(theirs(name, drawn(name, draw), b"")[1], draw)
        read = codec.decode(command)
        if read is None:
            continue
        plain += 1
        commands.check_command_set(command)
        message = read_by_pynetdicom(command, b"ab")
        ours = read.complete(1, b"ab" if read.has_data_set else b"")
        assert seen(ours) == seen(message.message_to_primitive()), (ordinal, command)
        assert read.fields == logged(message), (ordinal, command)
    assert 0 < plain < HOSTILE_ROUNDS * 5


def test_what_check_command_set_refuses_is_never_read() -> None:
    draw = random.Random(8)  # noqa: S311 - drawn from a seed, for a test
    refused = 0
    for _ in range(HOSTILE_ROUNDS * 5):
        name = draw.choice(MESSAGES)
        command = spoilt(theirs(name, drawn(name, draw), b"")[1], draw)
        try:
            commands.check_command_set(command)
        except commands.InvalidCommandSetError:
            refused += 1
            assert codec.decode(command) is None, command
    assert refused > HOSTILE_ROUNDS
