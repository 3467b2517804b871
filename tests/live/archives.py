"""Small objects by the thousand, and an archive of a process of its own that they are sent to."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

from ci.bench.rawclient import CT, EXPLICIT, FIND, GET, IMPLICIT, Association, Instance, key
from tests.live.served import Served

STUDY, SERIES = "1.2.826.0.1.3680043.9.9997.1", "1.2.826.0.1.3680043.9.9997.1.1"
TITLE = "ARCHIVE"


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """Return an element in Explicit VR Little Endian, of a VR with a short length."""
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def small(number: int, *, series: str = SERIES, patient: str = "P1", size: int = 512) -> Instance:
    """Return the object with a number; no two have the same pixels."""
    uid = f"{series}.{number + 1}"
    pixels = struct.pack("<L", number) * (size // 4)
    data = b"".join(
        (
            element(0x00080016, b"UI", CT.encode()),
            element(0x00080018, b"UI", uid.encode()),
            element(0x00080020, b"DA", b"20240506"),
            element(0x00080060, b"CS", b"CT"),
            element(0x00100010, b"PN", b"Doe^Jane"),
            element(0x00100020, b"LO", patient.encode()),
            element(0x0020000D, b"UI", STUDY.encode()),
            element(0x0020000E, b"UI", series.encode()),
            element(0x00200013, b"IS", str(number + 1).encode()),
            struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, len(pixels)),
            pixels,
        )
    )
    return Instance(CT, uid, data)


def serve(out: Path, *options: str) -> Served:
    """Start an archive over the store in `out`."""
    return Served(("archive",), out / "out", ("--store", str(out / "store"), *options))


def connected(served: Served, model: str = "", *storage: str) -> Association:
    """Return an association for storing, or for `model` and, the other way round, `storage`."""
    contexts = [(model, IMPLICIT), *((one, EXPLICIT) for one in storage)] if model else [(CT, EXPLICIT)]
    return Association(served.addresses[TITLE][1], TITLE, contexts, as_scp=storage)


def found(served: Served) -> set[str]:
    """Return the SOP Instance UIDs of everything in the series."""
    with connected(served, FIND) as assoc:
        status, identifiers = assoc.find("IMAGE", key(0x0020000D, STUDY), key(0x0020000E, SERIES), key(0x00080018))
    assert status == 0
    return {_value(identifier, 0x00080018) for identifier in identifiers}


def retrieved(served: Served) -> dict[str, bytes]:
    """Return the encoded data sets of everything in the study, by SOP Instance UID, as C-GET sends them."""
    objects: dict[str, bytes] = {}
    with connected(served, GET, CT) as assoc:
        status, _count = assoc.get(
            key(0x00080052, "STUDY"), key(0x0020000D, STUDY), taken=lambda uid, data: objects.update({uid: data})
        )
    assert status == 0
    return objects


def _value(identifier: bytes, tag: int) -> str:
    at = 0
    while at < len(identifier):
        group, number, length = struct.unpack_from("<HHL", identifier, at)
        if group << 16 | number == tag:
            return identifier[at + 8 : at + 8 + length].decode("ascii").rstrip("\0 ")
        at += 8 + length
    raise AssertionError(f"no {tag:08X} in the answer")


def send_until_it_dies(served: Served, wanted: list[Instance], acknowledged: set[str], most: int) -> None:
    """Store objects that have not been acknowledged, at most some; note those that are."""
    with suppress(OSError), connected(served) as assoc:
        for instance in wanted[:most]:
            assert assoc.store(instance) == 0
            acknowledged.add(instance.sop_instance)
