"""The keys that the archive supports, by level, and the rules of its information models (PS3.4 C.3, C.6)."""

from __future__ import annotations

from enum import StrEnum

from pydicom.datadict import dictionary_VR, tag_for_keyword

from linacsim.devices.queryretrieve import (
    PatientRootFind,
    PatientRootGet,
    PatientRootMove,
    StudyRootFind,
    StudyRootGet,
    StudyRootMove,
)

PatientStudyOnlyFind = "1.2.840.10008.5.1.4.1.2.3.1"
PatientStudyOnlyMove = "1.2.840.10008.5.1.4.1.2.3.2"
PatientStudyOnlyGet = "1.2.840.10008.5.1.4.1.2.3.3"
RepositoryQuery = "1.2.840.10008.5.1.4.1.1.201.6"


class Level(StrEnum):
    """Values of Query/Retrieve Level (0008,0052), from the top."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"

    @property
    def depth(self) -> int:
        """How far below the patient it is."""
        return _DEPTHS[self]


LEVELS = tuple(Level)
_DEPTHS = {level: depth for depth, level in enumerate(LEVELS)}
PATIENT_ROOT = LEVELS
STUDY_ROOT = LEVELS[1:]
PATIENT_STUDY_ONLY = LEVELS[:2]
"""Levels of the models; in Study Root the attributes of the patient belong to the study (PS3.4 C.6.2.1)."""

FIND_MODELS = {
    str(PatientRootFind): PATIENT_ROOT,
    str(StudyRootFind): STUDY_ROOT,
    PatientStudyOnlyFind: PATIENT_STUDY_ONLY,
    RepositoryQuery: STUDY_ROOT,
}
MOVE_MODELS = {
    str(PatientRootMove): PATIENT_ROOT,
    str(StudyRootMove): STUDY_ROOT,
    PatientStudyOnlyMove: PATIENT_STUDY_ONLY,
}
GET_MODELS = {
    str(PatientRootGet): PATIENT_ROOT,
    str(StudyRootGet): STUDY_ROOT,
    PatientStudyOnlyGet: PATIENT_STUDY_ONLY,
}
"""Levels by SOP class; Patient/Study Only is retired, and still asked for."""

_KEYWORDS = {
    Level.PATIENT: """
        PatientName PatientID IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex OtherPatientIDs
        OtherPatientNames EthnicGroup PatientComments
    """,
    Level.STUDY: """
        StudyInstanceUID StudyDate StudyTime AccessionNumber StudyID ReferringPhysicianName StudyDescription
        NameOfPhysiciansReadingStudy AdmittingDiagnosesDescription PatientAge PatientSize PatientWeight Occupation
        AdditionalPatientHistory ProcedureCodeSequence
    """,
    Level.SERIES: """
        SeriesInstanceUID Modality SeriesNumber SeriesDate SeriesTime SeriesDescription BodyPartExamined Laterality
        PatientPosition ProtocolName OperatorsName PerformingPhysicianName Manufacturer ManufacturerModelName StationName
        InstitutionName InstitutionalDepartmentName FrameOfReferenceUID PerformedProcedureStepStartDate
        PerformedProcedureStepStartTime PerformedProcedureStepID PerformedProcedureStepDescription
        RequestAttributesSequence
    """,
    Level.IMAGE: """
        SOPInstanceUID SOPClassUID InstanceNumber ImageType AcquisitionNumber AcquisitionDate AcquisitionTime
        AcquisitionDateTime ContentDate
        ContentTime InstanceCreationDate InstanceCreationTime NumberOfFrames Rows Columns BitsAllocated SliceLocation
        ImageComments ContentLabel ContentDescription StructureSetLabel StructureSetName StructureSetDescription
        StructureSetDate StructureSetTime RTPlanLabel RTPlanName RTPlanDescription RTPlanDate RTPlanTime PlanIntent
        RTPlanGeometry TreatmentSites DoseUnits DoseType DoseSummationType RTImageLabel RTImageName RTImageDescription
        RTImagePlane ApprovalStatus ReviewDate ReviewTime ReviewerName TreatmentDate TreatmentTime
        ReferencedRTPlanSequence ReferencedStructureSetSequence ReferencedDoseSequence
    """,
}
_COUNTS = {
    "NumberOfPatientRelatedStudies": (Level.PATIENT, Level.STUDY),
    "NumberOfPatientRelatedSeries": (Level.PATIENT, Level.SERIES),
    "NumberOfPatientRelatedInstances": (Level.PATIENT, Level.IMAGE),
    "NumberOfStudyRelatedSeries": (Level.STUDY, Level.SERIES),
    "NumberOfStudyRelatedInstances": (Level.STUDY, Level.IMAGE),
    "NumberOfSeriesRelatedInstances": (Level.SERIES, Level.IMAGE),
}
_GATHERED = {"ModalitiesInStudy": (Level.SERIES, "Modality"), "SOPClassesInStudy": (Level.IMAGE, "SOPClassUID")}


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise LookupError(keyword)
    return tag


STORED: dict[Level, dict[int, str]] = {
    level: {_tag(keyword): dictionary_VR(keyword) for keyword in _KEYWORDS[level].split()} for level in LEVELS
}
"""Attributes that are kept of every instance: the VR by tag, by the level that they describe."""
COUNTS: dict[int, tuple[Level, Level]] = {_tag(keyword): levels for keyword, levels in _COUNTS.items()}
"""Attributes that tell how many there are (PS3.4 C.3.4): of which level they are, and what is counted. Never matched."""
GATHERED: dict[int, tuple[Level, int]] = {
    _tag(keyword): (level, _tag(of)) for keyword, (level, of) in _GATHERED.items()
}
"""Attributes of a study that are gathered from below: from which level, and which attribute. Matched like any other."""
VR_OF: dict[int, str] = {
    **{tag: vr for level in LEVELS for tag, vr in STORED[level].items()},
    **{tag: dictionary_VR(tag) for tag in (*COUNTS, *GATHERED)},
}
"""The value representation of every supported key."""
LEVEL_OF: dict[int, Level] = {
    **{tag: level for level in LEVELS for tag in STORED[level]},
    **{tag: level for tag, (level, _counted) in COUNTS.items()},
    **dict.fromkeys(GATHERED, Level.STUDY),
}
"""The level that a supported key belongs to."""
UNIQUE: dict[Level, int] = {
    Level.PATIENT: _tag("PatientID"),
    Level.STUDY: _tag("StudyInstanceUID"),
    Level.SERIES: _tag("SeriesInstanceUID"),
    Level.IMAGE: _tag("SOPInstanceUID"),
}
"""The unique key of each level (PS3.4 C.6.1.1)."""
NO_KEYS = frozenset(
    _tag(keyword)
    for keyword in (
        "SpecificCharacterSet",
        "QueryRetrieveLevel",
        "QueryRetrieveView",
        "RetrieveAETitle",
        "InstanceAvailability",
        "TimezoneOffsetFromUTC",
    )
)
"""Elements of an identifier that are no keys: they are neither matched nor refused."""
