"""The modules that every object begins with, and small pieces that many share (PS3.3 C.7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import UID

from linacsim.conformance.kinds import NAMES, SOP_CLASSES
from linacsim.objects.case.scene import Scene
from linacsim.objects.charset import charset_for
from linacsim.objects.encoding import IMPLEMENTATION_CLASS_UID, prepare

MODALITIES = {
    "ct": "CT",
    "mr": "MR",
    "pet": "PT",
    "rtstruct": "RTSTRUCT",
    "rtplan": "RTPLAN",
    "rtionplan": "RTPLAN",
    "rtdose": "RTDOSE",
    "rtimage": "RTIMAGE",
    "cr": "CR",
    "sc": "OT",
    "mfsc": "OT",
    "reg": "REG",
}
"""Modality of each kind of object."""

RT_KINDS = ("rtstruct", "rtplan", "rtionplan", "rtdose", "rtimage")
"""Kinds whose series is an RT Series (C.8.8.1)."""

_SERIES_NUMBERS = {kind: number for number, kind in enumerate(MODALITIES, start=1)}


def item(**values: Any) -> Dataset:
    """Return an item with the given attributes."""
    return put(Dataset(), **values)


def put(ds: Dataset, **values: Any) -> Dataset:
    """Set attributes of `ds` by keyword, and return it."""
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def raw(ds: Dataset, keyword: str, vr: str, text: str) -> None:
    """Set an attribute to text that is already encoded: thousands of numbers are not looked at one by one."""
    value = text.encode("ascii")
    value += b" " * (len(value) % 2)
    tag = Tag(tag_for_keyword(keyword) or 0)
    ds[tag] = RawDataElement(tag, vr, len(value), value, 0, is_implicit_VR=False, is_little_endian=True)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence (8.8)."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def reference(kind: str, uid: str) -> Dataset:
    """Return an item of a SOP Instance Reference (10.8)."""
    return item(ReferencedSOPClassUID=SOP_CLASSES[kind], ReferencedSOPInstanceUID=uid)


def date(moment: datetime) -> str:
    """Return a DA value."""
    return moment.strftime("%Y%m%d")


def time(moment: datetime) -> str:
    """Return a TM value."""
    return moment.strftime("%H%M%S")


def number(value: float, digits: int = 4) -> str:
    """Return a DS value of at most `digits` places, as short as it goes."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def numbers(values: Any, digits: int = 4) -> list[str]:
    """Return DS values."""
    return [number(float(value), digits) for value in values]


def begin(scene: Scene, kind: str, instance: int = 1) -> Dataset:
    """Return a data set with patient, study, series, equipment and SOP Common of one object.

    Parameters
    ----------
    scene : Scene
        The case.
    kind : str
        As in `linacsim.conformance.kinds`.
    instance : int
        Its number among the objects of its kind, from 1.
    """
    ds = Dataset()
    ds.SOPClassUID = UID(SOP_CLASSES[kind])
    ds.SOPInstanceUID = scene.instance(kind, instance)
    ds.SpecificCharacterSet = charset_for(scene.settings.patient_name, scene.settings.patient_id)
    put(ds, InstanceCreationDate=date(scene.moment), InstanceCreationTime=time(scene.moment))
    ds.InstanceCreatorUID = IMPLEMENTATION_CLASS_UID
    _patient_and_study(ds, scene)
    _series(ds, scene, kind)
    put(ds, Manufacturer="linacsim", ManufacturerModelName="synthetic case", SoftwareVersions="1")
    put(ds, InstitutionName="Synthetic Clinic", InstitutionalDepartmentName="Radiotherapy")
    put(ds, StationName="LINACSIM", DeviceSerialNumber="1")
    put(ds, InstanceNumber=instance)
    return ds


def _patient_and_study(ds: Dataset, scene: Scene) -> None:
    """Add Patient (C.7.1.1) and General Study (C.7.2.1)."""
    settings, moment = scene.settings, scene.moment
    put(ds, PatientName=settings.patient_name, PatientID=settings.patient_id)
    put(ds, PatientBirthDate=settings.patient_birth_date, PatientSex=settings.patient_sex)
    put(ds, StudyInstanceUID=scene.study, StudyID="1", AccessionNumber="1", StudyDescription="Synthetic case")
    put(ds, StudyDate=date(moment), StudyTime=time(moment), ReferringPhysicianName="Referrer^Robin")


def _series(ds: Dataset, scene: Scene, kind: str) -> None:
    """Add General Series (C.7.3.1) or RT Series (C.8.8.1)."""
    put(ds, Modality=MODALITIES[kind], SeriesInstanceUID=scene.series(kind), SeriesNumber=_SERIES_NUMBERS[kind])
    put(ds, SeriesDate=date(scene.moment), SeriesTime=time(scene.moment), OperatorsName="Operator^Olli")
    ds.SeriesDescription = f"Synthetic {NAMES[kind]}"
    if kind not in RT_KINDS:
        ds.BodyPartExamined = "CHEST"


def frame_of_reference(ds: Dataset, scene: Scene, kind: str = "ct") -> None:
    """Add Frame of Reference (C.7.4.1)."""
    put(ds, FrameOfReferenceUID=scene.frame_of_reference(kind), PositionReferenceIndicator="")


def monochrome(ds: Dataset, pixels: Any, *, stored: int = 16, signed: bool = False) -> None:
    """Add Image Pixel (C.7.6.3) of one grey frame or of several, shape ([frames,] rows, columns)."""
    allocated = 8 * pixels.dtype.itemsize
    put(ds, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2")
    put(ds, Rows=pixels.shape[-2], Columns=pixels.shape[-1])
    put(ds, BitsAllocated=allocated, BitsStored=min(stored, allocated), HighBit=min(stored, allocated) - 1)
    ds.PixelRepresentation = int(signed)
    data = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    ds.add_new("PixelData", "OB" if allocated == 8 else "OW", data + b"\0" * (len(data) % 2))


def approval(ds: Dataset) -> None:
    """Add Approval (C.8.8.16): nobody approves a synthetic plan."""
    ds.ApprovalStatus = "UNAPPROVED"


def finish(ds: Dataset) -> Dataset:
    """Return the object with File Meta Information, ready to be stored."""
    return prepare(ds)
