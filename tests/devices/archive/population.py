"""A few dozen small objects drawn from a seed, with every key of every level present here and missing there."""

from __future__ import annotations

import random
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTPlanStorage,
)

from tests.devices.archive.drawing import POOLS, Draw
from tests.devices.archive.oracle import LEVELS, UNIQUE

KEYS: dict[str, dict[str, str]] = {
    "PATIENT": {
        "PatientName": "PN",
        "PatientID": "LO",
        "IssuerOfPatientID": "LO",
        "PatientBirthDate": "DA",
        "PatientBirthTime": "TM",
        "PatientSex": "CS",
        "OtherPatientIDs": "LO",
        "OtherPatientNames": "PN",
        "EthnicGroup": "SH",
        "PatientComments": "LT",
    },
    "STUDY": {
        "StudyInstanceUID": "UI",
        "StudyDate": "DA",
        "StudyTime": "TM",
        "AccessionNumber": "SH",
        "StudyID": "SH",
        "ReferringPhysicianName": "PN",
        "StudyDescription": "LO",
        "NameOfPhysiciansReadingStudy": "PN",
        "AdmittingDiagnosesDescription": "LO",
        "PatientAge": "AS",
        "PatientSize": "DS",
        "AdditionalPatientHistory": "LT",
        "ProcedureCodeSequence": "SQ",
        "ModalitiesInStudy": "CS",
        "SOPClassesInStudy": "UI",
    },
    "SERIES": {
        "SeriesInstanceUID": "UI",
        "Modality": "CS",
        "SeriesNumber": "IS",
        "SeriesDate": "DA",
        "SeriesTime": "TM",
        "SeriesDescription": "LO",
        "OperatorsName": "PN",
        "StationName": "SH",
        "FrameOfReferenceUID": "UI",
        "RequestAttributesSequence": "SQ",
    },
    "IMAGE": {
        "SOPInstanceUID": "UI",
        "SOPClassUID": "UI",
        "InstanceNumber": "IS",
        "ImageType": "CS",
        "AcquisitionDate": "DA",
        "AcquisitionTime": "TM",
        "AcquisitionDateTime": "DT",
        "Rows": "US",
        "SliceLocation": "DS",
        "ImageComments": "LT",
        "RTPlanLabel": "SH",
        "RTPlanName": "LO",
        "StructureSetDescription": "ST",
        "ReviewerName": "PN",
    },
}
"""The keys that the tests ask for, by level (PS3.4 C.6.1.1, C.6.2.1, and the archive's own): their VRs."""
LEVEL_OF = {keyword: level for level, keys in KEYS.items() for keyword in keys}
MANY = (
    "OtherPatientIDs",
    "OtherPatientNames",
    "NameOfPhysiciansReadingStudy",
    "AdmittingDiagnosesDescription",
    "OperatorsName",
    "ImageType",
)
"""Those that may have several values."""
ITEMS = {
    "ProcedureCodeSequence": {"CodeValue": "SH", "CodingSchemeDesignator": "SH", "CodeMeaning": "LO"},
    "RequestAttributesSequence": {"ScheduledProcedureStepID": "SH", "RequestedProcedureID": "SH"},
}
SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
ZONES = ("", "", "+0000", "+0200", "-0500")


def population(seed: str = "archive", patients: int = 8) -> list[Dataset]:
    """Return the objects, each as one in a file would be."""
    draw = random.Random(seed)  # noqa: S311 - drawn from a seed, for a test
    found: list[Dataset] = []
    for number in range(1, patients + 1):
        patient = _drawn("PATIENT", draw)
        patient.PatientID = POOLS["LO"][number % len(POOLS["LO"])] + (f" {number}" if number > len(POOLS["LO"]) else "")
        for study in range(draw.randint(1, 2)):
            of_study = _drawn("STUDY", draw)
            of_study.StudyInstanceUID = f"1.2.{number}.{study}"
            zone = draw.choice(ZONES)
            for series in range(draw.randint(1, 2)):
                of_series = _drawn("SERIES", draw)
                of_series.SeriesInstanceUID = f"{of_study.StudyInstanceUID}.{series}"
                found += [
                    _whole(patient, of_study, of_series, zone, image, draw) for image in range(draw.randint(1, 3))
                ]
    return found


def _whole(patient: Dataset, study: Dataset, series: Dataset, zone: str, number: int, draw: Draw) -> Dataset:
    ds = Dataset()
    for part in (patient, study, series, _drawn("IMAGE", draw)):
        ds.update(part)
    ds.SpecificCharacterSet = "ISO_IR 192"
    if zone:
        ds.TimezoneOffsetFromUTC = zone
    plan = ds.get("Modality") == "RTPLAN"
    ds.SOPClassUID = UID(RTPlanStorage if plan else CTImageStorage)
    ds.SOPInstanceUID = UID(f"{series.SeriesInstanceUID}.{number}")
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = draw.choice(SYNTAXES)
    return ds


def _drawn(level: str, draw: Draw) -> Dataset:
    ds = Dataset()
    for keyword, vr in KEYS[level].items():
        if (
            keyword in (*UNIQUE.values(), "SOPClassUID", "ModalitiesInStudy", "SOPClassesInStudy")
            or draw.random() < 0.2
        ):
            continue
        setattr(ds, keyword, _items(keyword, draw) if vr == "SQ" else _value(keyword, vr, draw))
    return ds


def _value(keyword: str, vr: str, draw: Draw) -> Any:
    if draw.random() < 0.05:
        return None
    # a backslash parts values, and pydicom's numbers do not say what they were written as
    pool = [one for one in POOLS[vr] if "\\" not in str(one)]
    if keyword in MANY and draw.random() < 0.5:
        return draw.sample(pool, 2)
    return draw.choice(pool)


def _items(keyword: str, draw: Draw) -> Sequence:
    made = []
    for _ in range(draw.randint(0, 2)):
        item = Dataset()
        for inner, vr in ITEMS[keyword].items():
            if draw.random() < 0.8:
                setattr(item, inner, draw.choice(POOLS[vr]))
        made.append(item)
    return Sequence(made)


__all__ = ["ITEMS", "KEYS", "LEVELS", "LEVEL_OF", "MANY", "population"]
