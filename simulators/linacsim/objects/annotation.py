"""The texts that go into the four corners of a printed image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydicom.valuerep import PersonName

from linacsim.objects.printimage import Corners

if TYPE_CHECKING:
    from pydicom import Dataset


def corners_of(ds: Dataset, attributes: Dataset, frame: int, frames: int, note: tuple[str, ...]) -> Corners:
    """Who, when, where and how, one subject for each corner.

    Parameters
    ----------
    ds : pydicom.Dataset
        The image.
    attributes : pydicom.Dataset
        What holds for the frame.
    frame, frames : int
        Frame, from 0, and how many there are.
    note : tuple of str
        How the grey came about: window and units.

    Returns
    -------
    Corners
        Upper left the patient, upper right the study, lower left the place of the image, lower right the window.
    """
    return Corners(
        upper_left=_filled(_person(ds.get("PatientName")), _text(ds, "PatientID"), _born(ds)),
        upper_right=_filled(_date(ds, "StudyDate"), _text(ds, "Modality"), _text(ds, "SeriesDescription")),
        lower_left=_filled(_numbers(ds), _place(attributes, frame), _gantry(ds), _frame(frame, frames)),
        lower_right=note,
    )


def _filled(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _text(ds: Dataset, keyword: str) -> str:
    value = ds.get(keyword)
    return "" if value is None else " ".join(str(value).split())


def _person(name: Any) -> str:
    # The alphabetic group is what the film's letters can write (PS3.5 section 6.2.1.1).
    if not isinstance(name, PersonName):
        return str(name or "")
    group = name.alphabetic or name.phonetic or name.ideographic
    family, _, given = group.partition("^")
    return ", ".join(part for part in (family.strip(), " ".join(given.replace("^", " ").split())) if part)


def _date(ds: Dataset, keyword: str) -> str:
    digits = _text(ds, keyword).replace(".", "")  # the dots of ACR-NEMA 2.0
    whole = len(digits) == 8 and digits.isdecimal()
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if whole else digits


def _born(ds: Dataset) -> str:
    return " ".join(_filled(_date(ds, "PatientBirthDate"), _text(ds, "PatientSex")))


def _numbers(ds: Dataset) -> str:
    series, instance = _text(ds, "SeriesNumber"), _text(ds, "InstanceNumber")
    return "  ".join(_filled(series and f"Series {series}", instance and f"Image {instance}"))


def _place(attributes: Dataset, frame: int) -> str:
    offsets, position = (
        _floats(attributes.get("GridFrameOffsetVector")),
        _floats(attributes.get("ImagePositionPatient")),
    )
    slice_location = _floats(attributes.get("SliceLocation"))
    if frame < len(offsets) and len(position) == 3:
        # PS3.3 C.8.8.3.2: the vector counts from the first plane if it begins with 0, otherwise it holds z itself.
        start = position[2] if offsets[0] == 0 else 0.0
        return f"z {start + offsets[frame]:.1f} mm  (offset {offsets[frame] - offsets[0]:.1f} mm)"
    if slice_location:
        return f"Slice {slice_location[0]:.1f} mm"
    return f"z {position[2]:.1f} mm" if len(position) == 3 else ""


def _floats(value: Any) -> list[float]:
    # An attribute of many values comes as a list, of one as that value, of none as None or as an empty text.
    if value is None or value == "":
        return []
    return [float(number) for number in value] if isinstance(value, Sequence) else [float(value)]


def _gantry(ds: Dataset) -> str:
    angle = _floats(ds.get("GantryAngle"))
    return f"Gantry {angle[0]:.1f}°" if angle else ""


def _frame(frame: int, frames: int) -> str:
    return f"Frame {frame + 1} of {frames}" if frames > 1 else ""
