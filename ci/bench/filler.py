"""Synthetic objects for the archive's benchmark: encoded once, with fields that change; and an index filled without any."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path

from ci.bench.rawclient import CT, Instance, key

ROOT = "1.2.826.0.1.3680043.9.9998"
STUDY_KEYS = (key(0x00080020), key(0x00080030), key(0x00080050), key(0x00100010))
SERIES_KEYS = (key(0x00080060), key(0x00200011))
IMAGE_KEYS = (key(0x00200013),)


def study_of(name: str) -> str:
    """Return the Study Instance UID of `one_study`."""
    return f"{ROOT}.1.{name}"


def one_study(count: int, side: int, name: str) -> list[Instance]:
    """Return the images of one series."""
    pixels = bytes(range(256)) * (side * side * 2 // 256)
    return [
        image(
            "BENCH", study_of(name), f"{study_of(name)}.1", f"{study_of(name)}.1.{number + 1}", number + 1, side, pixels
        )
        for number in range(count)
    ]


def image(patient: str, study: str, series: str, sop: str, number: int, side: int, pixels: bytes) -> Instance:
    """Return a CT image in Explicit VR Little Endian."""
    elements = (
        (0x00080005, b"CS", b"ISO_IR 100"),
        (0x00080008, b"CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        (0x00080016, b"UI", CT.encode()),
        (0x00080018, b"UI", sop.encode()),
        (0x00080020, b"DA", b"20240506"),
        (0x00080030, b"TM", b"101500"),
        (0x00080050, b"SH", b"ACC1"),
        (0x00080060, b"CS", b"CT"),
        (0x00080070, b"LO", b"linacsim"),
        (0x00080090, b"PN", b"Referring^Doctor"),
        (0x00081030, b"LO", b"Benchmark"),
        (0x0008103E, b"LO", b"Thorax"),
        (0x00100010, b"PN", b"Bench^" + patient.encode()),
        (0x00100020, b"LO", patient.encode()),
        (0x00100030, b"DA", b"19700101"),
        (0x00100040, b"CS", b"O"),
        (0x00180050, b"DS", b"3"),
        (0x00180060, b"DS", b"120"),
        (0x00185100, b"CS", b"HFS"),
        (0x0020000D, b"UI", study.encode()),
        (0x0020000E, b"UI", series.encode()),
        (0x00200010, b"SH", b"1"),
        (0x00200011, b"IS", b"1"),
        (0x00200013, b"IS", str(number).encode()),
        (0x00200032, b"DS", b"-250\\-250\\" + str(number).encode()),
        (0x00200037, b"DS", b"1\\0\\0\\0\\1\\0"),
        (0x00200052, b"UI", f"{study}.9".encode()),
        (0x00280002, b"US", struct.pack("<H", 1)),
        (0x00280004, b"CS", b"MONOCHROME2"),
        (0x00280010, b"US", struct.pack("<H", side)),
        (0x00280011, b"US", struct.pack("<H", side)),
        (0x00280030, b"DS", b"1\\1"),
        (0x00280100, b"US", struct.pack("<H", 16)),
        (0x00280101, b"US", struct.pack("<H", 16)),
        (0x00280102, b"US", struct.pack("<H", 15)),
        (0x00280103, b"US", struct.pack("<H", 0)),
        (0x00281052, b"DS", b"-1024"),
        (0x00281053, b"DS", b"1"),
    )
    head = b"".join(_element(tag, vr, value) for tag, vr, value in elements)
    return Instance(CT, sop, head + struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, len(pixels)) + pixels)


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


class Plan:
    """What an archive of some size holds: patients of two studies of two series of ten images, and one series of 2,000.

    Parameters
    ----------
    instances : int
        How many there are, at least 2,040.
    """

    def __init__(self, instances: int) -> None:
        self.instances = instances
        self.patients = max(1, (instances - 2000) // 40)

    def patient(self, number: int) -> str:
        """Return a Patient ID."""
        return f"P{number % self.patients:07}"

    def study(self, number: int) -> str:
        """Return a Study Instance UID."""
        return f"{ROOT}.2.{number % (2 * self.patients) + 1}"

    def series(self, number: int) -> tuple[str, str]:
        """Return Study and Series Instance UID."""
        study = self.study(number)
        return study, f"{study}.{number % 2 + 1}"

    @property
    def large(self) -> tuple[str, str]:
        """Study and Series Instance UID of the large series."""
        return f"{ROOT}.3", f"{ROOT}.3.1"

    def named(self) -> Iterator[tuple[str, str, str, str, int]]:
        """Yield Patient ID, Study, Series and SOP Instance UID, and the number of each image."""
        for patient in range(self.patients):
            for study, series, number in itertools.product((1, 2), (1, 2), range(1, 11)):
                uid = f"{ROOT}.2.{2 * patient + study}"
                yield self.patient(patient), uid, f"{uid}.{series}", f"{uid}.{series}.{number}", number
        for number in range(1, 2001):
            yield "LARGE", f"{ROOT}.3", f"{ROOT}.3.1", f"{ROOT}.3.1.{number}", number

    def every(self) -> Iterator[Instance]:
        """Yield all images, of 16 x 16 pixels."""
        pixels = bytes(512)
        for patient, study, series, sop, number in self.named():
            yield image(patient, study, series, sop, number, 16, pixels)


def fill_index(plan: Plan, folder: Path, database: str = "") -> None:
    """Fill the index of our archive with what `plan` holds, without any files."""
    # the others need nothing of ours
    from linacsim.devices.archive.index.bulk import Alike, fill  # noqa: PLC0415
    from linacsim.devices.archive.index.catalogue import Catalogue  # noqa: PLC0415
    from linacsim.devices.archive.keeping import KeepingSettings  # noqa: PLC0415
    from linacsim.devices.archive.opening import opened  # noqa: PLC0415

    def every() -> Iterator[Alike]:
        for _, group in itertools.groupby(plan.named(), lambda one: one[2]):
            images = list(group)
            patient, study, series, sop, number = images[0]
            first = image(patient, study, series, sop, number, 16, bytes(512))
            yield Alike(first.data, [one[3] for one in images])

    with opened(KeepingSettings(store=str(folder), database=database or None), print) as (_, index):
        if not isinstance(index, Catalogue):
            raise TypeError(index)
        fill(index, every())
