"""A command set is looked over before pydicom reads it: what arrives there comes from anybody who can connect.

pydicom is made for files, which it reads as far as they make sense; a command set that breaks off, or that lacks what the
upper layer relies on, is an invalid message, and the standard's answer to that is an A-ABORT (PS3.8 9.2, AA-8).
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

from pynetdicom import dimse_messages

from linacsim.kernel.tasks import current_task

_COMMAND_FIELD = 0x0100
_COMMAND_DATA_SET_TYPE = 0x0800
_LENGTHS = {0x0000: 4, _COMMAND_FIELD: 2, 0x0110: 2, 0x0120: 2, _COMMAND_DATA_SET_TYPE: 2, 0x0900: 2}
"""Elements of group 0000 that are one number, with the length of their value (PS3.7 E.1)."""
_HEADER = 8


class InvalidCommandSetError(ValueError):
    """The bytes are no command set; the text says why."""


def check_command_set(data: bytes) -> None:
    """Walk the elements of a command set, Implicit VR Little Endian (PS3.7 6.3.1).

    Raises
    ------
    InvalidCommandSetError
        If it breaks off, has elements of another group or out of order, or does not say which message it is.
    """
    offset, last = 0, -1
    seen = set()
    while offset < len(data):
        if len(data) - offset < _HEADER:
            raise InvalidCommandSetError("the command set breaks off")
        group, element, length = struct.unpack_from("<HHL", data, offset)
        if group or element <= last:
            raise InvalidCommandSetError(f"({group:04X},{element:04X}) has no place in the command set")
        if length != _LENGTHS.get(element, length):
            raise InvalidCommandSetError(f"(0000,{element:04X}) has {length} bytes")
        last = element
        seen.add(element)
        offset += _HEADER + length
    if offset != len(data):
        raise InvalidCommandSetError("the command set breaks off")
    if not seen >= {_COMMAND_FIELD, _COMMAND_DATA_SET_TYPE}:
        raise InvalidCommandSetError("Command Field or Command Data Set Type is missing")


_original_decode: Any = vars(dimse_messages)["decode"]


def decode_command_set(bytestring: BytesIO, *args: Any, **options: Any) -> Any:
    """Stand in for ``decode`` in `pynetdicom.dimse_messages`, where only command sets are decoded."""
    if current_task() is not None:
        check_command_set(bytestring.getvalue())
    return _original_decode(bytestring, *args, **options)
