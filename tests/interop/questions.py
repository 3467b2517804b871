"""A small archive's worth of objects, and questions that three archives are asked about them."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage


class Study(NamedTuple):
    """A study: what is told of its patient and of itself, and its series, each with how many objects."""

    patient: str
    name: str
    born: str
    sex: str
    uid: str
    date: str
    time: str
    accession: str
    description: str
    series: tuple[tuple[str, int, int], ...]
    terms: str = "ISO_IR 192"


STUDIES = (
    Study("A1", "Doe^John", "19700101", "M", "1.2.1", "20240101", "101530", "ACC1", "Pelvis", (("CT", 1, 3), ("MR", 2, 1))),
    Study("A1", "Doe^John", "19700101", "M", "1.2.2", "20240115", "101530.5", "ACC2", "pelvis", (("CT", 1, 1),)),
    Study("A2", "Doe^Jane^Q", "19800229", "F", "1.2.3", "20240229", "235959", "ACC3", "Head 50%", (("CT", 7, 2),)),
    Study("a1", "SMITH^ROBERT", "19691231", "O", "1.2.4", "20240301", "000000", "acc1", "Head [x]", (("MR", 1, 2),)),
    Study("B1", "Müller^Änne", "", "F", "1.2.5", "", "", "", "", (("CT", 10, 1),)),
    Study("B1", "Müller^Änne", "", "F", "1.2.6", "20231231", "10", "ACC6", "Thorax", (("CT", 1, 1),)),
    Study("J1", "Yamada^Tarou=山田^太郎=やまだ^たろう", "19550505", "M", "1.2.7", "20240615", "1015", "ACC7", "Thorax", (("CT", 1, 1),)),
    Study("X*1", "Wild^Card", "19990909", "", "1.2.8", "20240701", "120000", "A?C", "a.c", (("CT", 1, 1),)),
)  # fmt: skip


def objects() -> list[Dataset]:
    """Return all objects."""
    return [
        _object(study, number, modality, series, image)
        for study in STUDIES
        for number, (modality, series, images) in enumerate(study.series, 1)
        for image in range(1, images + 1)
    ]


def _object(study: Study, number: int, modality: str, series: int, image: int) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = study.terms
    ds.SOPClassUID = UID(CTImageStorage if modality == "CT" else MRImageStorage)
    ds.SOPInstanceUID = UID(f"{study.uid}.{number}.{image}")
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.PatientSex = study.patient, study.name, study.born, study.sex
    ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime, ds.StudyID = study.uid, study.date, study.time, study.uid[-1]
    ds.AccessionNumber, ds.StudyDescription = study.accession, study.description
    ds.SeriesInstanceUID, ds.Modality, ds.SeriesNumber = f"{study.uid}.{number}", modality, series
    ds.SeriesDescription, ds.InstanceNumber = f"{modality} {series}", image
    item = Dataset()
    item.ScheduledProcedureStepID, item.RequestedProcedureID = f"S{number}", study.accession or "R"
    ds.RequestAttributesSequence = Sequence([item])
    return ds


class Question(NamedTuple):
    """A query: what it is about, in a few words; root, level, keys."""

    about: str
    root: str
    level: str | None
    keys: dict[str, Any]


def _study(about: str, **keys: Any) -> Question:
    return Question(about, "study", "STUDY", {"StudyInstanceUID": "", **keys})


def _patient(about: str, **keys: Any) -> Question:
    return Question(about, "patient", "PATIENT", {"PatientID": "", **keys})


def _series(about: str, study: str = "1.2.1", **keys: Any) -> Question:
    return Question(about, "study", "SERIES", {"StudyInstanceUID": study, "SeriesInstanceUID": "", **keys})


def _image(about: str, **keys: Any) -> Question:
    above = {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1"}
    return Question(about, "study", "IMAGE", {**above, "SOPInstanceUID": "", **keys})


STEP = Sequence([Dataset()])
STEP[0].ScheduledProcedureStepID = "S1"
NO_STEP = Sequence([Dataset()])
NO_STEP[0].ScheduledProcedureStepID = "S9"

QUESTIONS = (
    # universal
    _study("universal"),
    _study("star", PatientName="*"),
    _study("star, some have no value", AccessionNumber="*"),
    _study("star, a date", StudyDate="*"),
    _study("star, a UID", StudyInstanceUID="*"),
    _patient("universal patients"),
    # single value
    _study("LO", PatientID="A1"),
    _study("LO, other case", PatientID="a1"),
    _study("LO, spaces", PatientID="A1  "),
    _study("LO, nobody", PatientID="Z9"),
    _study("LO, description", StudyDescription="Pelvis"),
    _study("LO, special characters", StudyDescription="Head [x]"),
    _study("LO, per cent", StudyDescription="Head 50%"),
    _study("LO, full stop", StudyDescription="a.c"),
    _study("SH", AccessionNumber="ACC1"),
    _study("SH, study", StudyID="3"),
    _study("PN", PatientName="Doe^John"),
    _study("PN, other case", PatientName="doe^john"),
    _study("PN, beginning only", PatientName="Doe"),
    _study("PN, trailing carets", PatientName="Doe^John^^"),
    _study("PN, umlauts", PatientName="Müller^Änne"),
    _study("PN, umlauts in other case", PatientName="MÜLLER^ÄNNE"),
    _study("PN, all groups", PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"),
    _study("PN, first group", PatientName="Yamada^Tarou"),
    _study("PN, second group alone", PatientName="=山田^太郎"),
    _study("PN, ideographs as the only group", PatientName="山田^太郎"),
    _patient("CS, sex", PatientSex="F"),
    _patient("CS, nobody", PatientSex="X"),
    _patient("DA, birth date", PatientBirthDate="19700101"),
    _study("UI", StudyInstanceUID="1.2.1"),
    _study("UI, none", StudyInstanceUID="9.9"),
    _study("DA", StudyDate="20240229"),
    _study("DA, no date", StudyDate="20240230"),
    _study("DA, old form", StudyDate="2024.02.29"),
    _study("TM", StudyTime="101530"),
    _study("TM, fraction", StudyTime="101530.500"),
    _study("TM, minutes", StudyTime="1015"),
    _study("TM, hour", StudyTime="10"),
    # list of UID
    _study("list", StudyInstanceUID=["1.2.1", "1.2.4", "9.9"]),
    _series("list of series", SeriesInstanceUID=["1.2.1.1", "1.2.1.2"]),
    _image("list of images", SOPInstanceUID=["1.2.1.1.1", "1.2.1.1.3", "9.9"]),
    _series("list above the level", study=["1.2.1", "1.2.2"]),  # type: ignore[arg-type]
    # wild card
    _study("A*", PatientID="A*"),
    _study("?1", PatientID="?1"),
    _study("*1", PatientID="*1"),
    _study("A?*", PatientID="A?*"),
    _study("?*", AccessionNumber="?*"),
    _study("wild cards in what is held", PatientID="X*1"),
    _study("SH wild", AccessionNumber="ACC?"),
    _study("SH wild, other case", AccessionNumber="acc*"),
    _study("LO wild", StudyDescription="?elvis"),
    _study("LO wild, brackets", StudyDescription="*[x]"),
    _study("PN wild", PatientName="Doe*"),
    _study("PN wild, other case", PatientName="doe*"),
    _study("PN wild, inside", PatientName="*j?hn*"),
    _study("PN wild, umlauts", PatientName="Mü*"),
    _study("PN wild, ideographs", PatientName="*山田*"),
    _study("PN wild, second group", PatientName="=山田*"),
    _series("CS wild", Modality="C?"),
    _study("UI wild", StudyInstanceUID="1.2.*"),
    # range
    _study("DA a-b", StudyDate="20240101-20240229"),
    _study("DA a-", StudyDate="20240229-"),
    _study("DA -b", StudyDate="-20240115"),
    _study("DA a-a", StudyDate="20240115-20240115"),
    _study("DA backwards", StudyDate="20240229-20240101"),
    _study("DA hyphen", StudyDate="-"),
    _study("DA spaces", StudyDate="20240101 - 20240229"),
    _patient("DA a-b, birth dates", PatientBirthDate="19600101-19801231"),
    _study("TM a-b", StudyTime="1000-1100"),
    _study("TM a-b, hours", StudyTime="10-10"),
    _study("TM a-", StudyTime="101531-"),
    _study("TM -b", StudyTime="-1015"),
    _study("TM over midnight", StudyTime="2300-0100"),
    _study("DA and TM", StudyDate="20240101-20240229", StudyTime="1000-1100"),
    # numbers
    _series("IS", SeriesNumber="1"),
    _series("IS, leading zeros", SeriesNumber="01"),
    _series("IS, wild card", SeriesNumber="*"),
    _series("IS, no number", SeriesNumber="one"),
    _image("IS, image", InstanceNumber="2"),
    # gathered
    _study("modality", ModalitiesInStudy="MR"),
    _study("modality wild", ModalitiesInStudy="?R"),
    _study("two modalities", ModalitiesInStudy=["CT", "MR"]),
    # sequence
    _series("sequence", RequestAttributesSequence=STEP),
    _series("sequence, none", RequestAttributesSequence=NO_STEP),
    # several
    _study("two keys", PatientID="A1", StudyDescription="pelvis"),
    _study("two keys, none", PatientID="A1", StudyDescription="Thorax"),
    # bad queries
    Question("no level", "study", None, {"StudyInstanceUID": ""}),
    Question("a level that the model has not", "study", "PATIENT", {"PatientID": ""}),
    Question("no such level", "study", "WORLD", {"StudyInstanceUID": ""}),
    _study("key below the level", Modality="MR"),
    Question("unique key above is missing", "study", "SERIES", {"SeriesInstanceUID": ""}),
    Question("unique key above is empty", "study", "SERIES", {"StudyInstanceUID": "", "SeriesInstanceUID": ""}),
    Question("unique key above is missing, image", "study", "IMAGE", {"SOPInstanceUID": "1.2.1.1.1"}),
    Question("patient is missing", "patient", "STUDY", {"StudyInstanceUID": ""}),
    _series("other key above the level", StudyDescription="Pelvis"),
    _study("two values", AccessionNumber=["ACC1", "ACC2"]),
    _study("a path as UID", StudyInstanceUID="../../etc/passwd"),
    _study("a key that is not supported", PatientTelephoneNumbers=""),
    _study("a key that is not supported, with a value", PatientTelephoneNumbers="123"),
)
