"""Small data sets that keep every sentence of Oncentra's document: what it takes, what it sends."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset

from tests.conformance.check.plans_oncentra import CALC, FRAME, NUC, UIDS, head, own, plans, referenced
from tests.conformance.check.sentences import changed, dataset

AM, DRR, IBU = "MDS NORDION OTP ANATOMY MODELLING", "MDS NORDION OTP DRR", "PRIVATE_CODE_STRING_3003"
AXIAL = [1, 0, 0, 0, 1, 0]
IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
STUDY = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management, which a structure set names for its study (PS3.3 C.8.8.5)."""
US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"


def image(kind: str, modality: str, index: int, series: str, **more: Any) -> dict[str, Any]:
    """Return an axial image of 2 by 2 pixels, the `index`-th of its series."""
    return {
        **head(kind, f"1.2.3.4.{series}.{index}", modality),
        "SeriesInstanceUID": f"1.2.3.4.{series}",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "PatientPosition": "HFS",
        "SliceThickness": 0 if "ImageType" in more else 5,
        "ImageOrientationPatient": AXIAL,
        "ImagePositionPatient": [-200, -200, 5 * (index - 1)],
        "Rows": 2,
        "Columns": 2,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 1,
        "PixelSpacing": [2, 2],
        "RescaleSlope": 1,
        "RescaleIntercept": 0,
        "PixelData": np.array([0, 100, 200, 300], dtype="<i2").tobytes(),
        **more,
    }


def _contour(shape: str, z: int, image: int, **more: Any) -> dict[str, Any]:
    return {
        "ContourGeometricType": shape,
        "ContourData": [0, 0, z] if shape == "POINT" else [0, 0, z, 9, 0, z, 9, 9, z],
        "ContourImageSequence": [referenced("ct", f"1.2.3.4.1.{image}")],
        **more,
    }


def _regions() -> list[dict[str, Any]]:
    rule = {
        f"300B,xx00 {NUC}/IS": 1, f"3007,xx38 {NUC}/IS": 1, f"3007,xx42 {NUC}/CS": "TRUE",
        "ROIGenerationAlgorithm": "AUTOMATIC", f"3007,xx46 {NUC}/CS": "TRUE", f"3007,xx47 {NUC}/CS": "FALSE",
    }  # fmt: skip
    body = {
        f"3005,xx08 {AM}/DS": 0, f"3005,xx13 {AM}/IS": 1, f"3005,xx10 {AM}/DS": 3, f"3005,xx15 {AM}/CS": "TRUE",
    }  # fmt: skip
    points = {
        "ROINumber": 3, "ROIName": "Points", "ROIGenerationDescription": "POINT_SET_Axis",
        f"3007,xx17 {NUC}/IS": -1000, f"3007,xx18 {NUC}/IS": -1001, f"3007,xx25 {NUC}/CS": "TRUE",
        f"3007,xx26 {NUC}/CS": "TRUE", f"3007,xx30 {NUC}/IS": 1, f"300B,xx00 {NUC}/IS": 1,
        f"3007,xx35 {NUC}/SQ": [rule, {f"3007,xx30 {NUC}/IS": 1}],
    }  # fmt: skip
    return [
        {"ROINumber": 1, "ROIName": "Body", f"3005,xx00 {AM}/SQ": [body]},
        {"ROINumber": 2, "ROIName": "Target"},
        points,
        {"ROINumber": 4, "ROIName": "Empty"},
    ]


def _contours() -> list[dict[str, Any]]:
    made = {
        f"3007,xx17 {NUC}/IS": 1, f"3007,xx18 {NUC}/IS": 2, f"3007,xx25 {NUC}/CS": "TRUE",
        f"3007,xx26 {NUC}/CS": "TRUE",
        f"3007,xx41 {NUC}/SQ": [{f"3007,xx17 {NUC}/IS": 1, f"3007,xx18 {NUC}/IS": 2, f"3007,xx38 {NUC}/IS": 1}],
    }  # fmt: skip
    errors = [{f"3007,xx4B {NUC}/IS": number, f"3007,xx50 {NUC}/CS": "TRUE"} for number in (1, 2)]
    reconstructed = {
        f"3007,xx38 {NUC}/SQ": [{"ReferencedSOPInstanceUID": "1.2.3.4.1.1", f"3007,xx45 {NUC}/LO": "1"}],
        f"3007,xx4A {NUC}/SQ": errors, f"3007,xx54 {NUC}/CS": "TRUE", f"3007,xx55 {NUC}/CS": "TRUE",
    }  # fmt: skip
    outline = [_contour("CLOSED_PLANAR", 5 * (slice_ - 1), slice_) for slice_ in (1, 2)]
    points = [_contour("POINT", 0, 1, **made), _contour("POINT", 5, 2, **reconstructed)]
    return [
        {"ReferencedROINumber": 1, "ContourSequence": outline},
        {"ReferencedROINumber": 2, "ContourSequence": outline[:1]},
        {"ReferencedROINumber": 3, "ContourSequence": points},
        {"ReferencedROINumber": 4, f"0021,xx00 {NUC}/UI": "1.2.3.4.1"},
    ]


def _structures() -> dict[str, Any]:
    shared = {"FrameOfReferenceTransformationType": "HOMOGENEOUS", "FrameOfReferenceTransformationMatrix": IDENTITY}
    pair = {f"3005,xx46 {AM}/DS": [1, 2, 3, 4, 5, 6, 1], f"3005,xx48 {AM}/LO": "Pair"}
    landmark = {
        **shared, "RelatedFrameOfReferenceUID": "1.2.3.8",
        f"3005,xx20 {AM}/LO": "AM_LANDMARK_IMAGE_REGISTRATION", f"3005,xx22 {AM}/IS": 1, f"3005,xx44 {AM}/SQ": [pair],
    }  # fmt: skip
    surface = {
        **shared, "RelatedFrameOfReferenceUID": "1.2.3.7", f"3005,xx20 {AM}/LO": "AM_SURFACE_IMAGE_REGISTRATION",
        f"3005,xx54 {AM}/IS": 1, f"3005,xx56 {AM}/IS": 1, f"3005,xx58 {AM}/DS": [1, 2, 1, 2, 3, 4, 5, 6],
    }  # fmt: skip
    series = {"SeriesInstanceUID": "1.2.3.4.1", "ContourImageSequence": [referenced("ct", "1.2.3.4.1.1")]}
    study = {
        "ReferencedSOPClassUID": STUDY,
        "ReferencedSOPInstanceUID": "1.2.3.1",
        "RTReferencedSeriesSequence": [series],
    }
    density = {"ROIPhysicalProperty": "REL_MASS_DENSITY", "ROIPhysicalPropertyValue": 1}
    observed = [(1, "EXTERNAL"), (2, "PTV"), (3, "AXIS"), (4, "ORGAN")]
    return {
        **own("rtstruct", UIDS["rtstruct"], "RTSTRUCT"),
        "StructureSetLabel": "Case",
        f"3007,xx59 {NUC}/DS": [0, 0, 0], f"3007,xx60 {NUC}/DS": [2, 2, 2],
        f"3007,xx70 {NUC}/US": 1, f"3007,xx71 {NUC}/US": 1,
        f"3005,xx2C {AM}/IS": 5,
        f"3005,xx59 {AM}/SQ": [{f"3005,xx2E {AM}/IS": 3, f"3005,xx30 {AM}/UI": FRAME}],
        "ReferencedFrameOfReferenceSequence": [
            {"FrameOfReferenceUID": FRAME, "FrameOfReferenceRelationshipSequence": [landmark, surface],
             "RTReferencedStudySequence": [study]},
        ],
        "StructureSetROISequence": _regions(),
        "ROIContourSequence": _contours(),
        "RTROIObservationsSequence": [
            {"ObservationNumber": number, "ReferencedROINumber": number, "RTROIInterpretedType": role,
             "ROIPhysicalPropertiesSequence": [density]} for number, role in observed
        ],
    }  # fmt: skip


def _others() -> dict[str, Any]:
    """Return a structure set of another system: nothing private."""
    regions = [{"ROINumber": 1, "ROIName": "Body"}]
    return {
        **own("rtstruct", "1.2.3.5.2", "RTSTRUCT"), "Manufacturer": "Other", "StructureSetLabel": "Other",
        "ReferencedFrameOfReferenceSequence": [{"FrameOfReferenceUID": FRAME}],
        "StructureSetROISequence": regions,
        "ROIContourSequence": _contours()[:1],
        "RTROIObservationsSequence": [{"ReferencedROINumber": 1, "RTROIInterpretedType": "EXTERNAL"}],
    }  # fmt: skip


def _doses() -> dict[str, dict[str, Any]]:
    """Return doses: of a beam with points, of a control point, of a brachytherapy plan, of an older release."""
    parts = [{f"3005,xx27 {CALC}/CS": "OPEN_FRACTION", f"3005,xx28 {CALC}/DS": 0.5}]
    algorithm = {
        "RadiationType": "PHOTON", f"3005,xx06 {CALC}/CS": "MONTE_CARLO",
        f"3005,xx17 {CALC}/SQ": [{f"3005,xx18 {CALC}/CS": "NO_HISTORIES", f"3005,xx19 {CALC}/LO": "100000"},
                                 {f"3005,xx18 {CALC}/CS": "CALCULATION_HW", f"3005,xx19 {CALC}/LO": "GPU"}],
        f"3005,xx30 {CALC}/SQ": [{f"3005,xx31 {CALC}/CS": "TRUE", f"3005,xx32 {CALC}/UT": "in.txt"}],
    }  # fmt: skip
    beam = {
        **_dose("1.2.3.7.1", "rtplan", "BEAM"),
        "TissueHeterogeneityCorrection": ["ROI_OVERRIDE"],
        "GridFrameOffsetVector": [0, 5],
        "ImagePositionPatient": [-100, -100, 0],
        "StructureSetLabel": "PlanDosePoints",
        "StructureSetROISequence": [
            {"ROINumber": 1, "ROIName": "Point", "ROIGenerationDescription": "POINT_SET_Patient"}
        ],
        "ROIContourSequence": [{"ReferencedROINumber": 1, "ContourSequence": [_contour("POINT", 0, 1)]}],
        "RTDoseROISequence": [{"ReferencedROINumber": 1, "DoseValue": 2, f"3005,xx26 {CALC}/SQ": parts}],
        f"3005,xx04 {CALC}/SQ": [algorithm],
    }  # fmt: skip
    points = [{f"3007,xx30 {NUC}/IS": 1}, {f"300B,xx00 {NUC}/IS": 1}]
    return {
        "rtdose": beam,
        "cpdose": _dose("1.2.3.7.2", "rtplan", "CONTROL_POINT"),
        "bdose": {**_dose("1.2.3.7.3", "brachy", "PLAN"), "RTDoseROISequence": points},
        "oldose": {**_dose("1.2.3.7.4", "rtplan", "PLAN", "OTP V1.4.0.1"), "Rows": 1, "Columns": 1,
                   f"3007,xx69 {NUC}/IS": [64, 64], f"3005,xx00 {CALC}/CS": "WATER_EQUIVALENT"},
    }  # fmt: skip


def _dose(uid: str, plan: str, summation: str, version: str = "OTP V4.3.0.410") -> dict[str, Any]:
    beams = [{"ReferencedBeamNumber": 1}]
    groups = [{"ReferencedFractionGroupNumber": 1, "ReferencedBeamSequence": beams}]
    return {
        **own("rtdose", uid, "RTDOSE", version),
        "DoseSummationType": summation,
        "NumberOfFrames": 2,
        "PixelData": b"\0" * 8,
        "ReferencedRTPlanSequence": [
            {**referenced("rtplan", UIDS[plan]), "ReferencedFractionGroupSequence": groups if plan == "rtplan" else []}
        ],
    }


def _radiographs() -> dict[str, dict[str, Any]]:
    """Return RT Images: one of each of three beams, the second of an older release and read from an IBU."""
    plan = [referenced("rtplan", UIDS["rtplan"])]
    drawn = {
        "RTImageLabel": "Anterior", "RTImageDescription": "Plan", "RTImageName": "Plan:Anterior", "Rows": 256,
        "GantryAngle": 0, "ExposureSequence": [{"NumberOfBlocks": 0}],
        f"3005,xx02 {DRR}/LO": ["1", "1", "1000", "1", "0"], f"3005,xx05 {DRR}/CS": "AP",
        **{f"3007,xx{element} {NUC}/IS": 1 for element in ("56", "57", "58", "61")},
    }  # fmt: skip
    old = {f"3005,xx00 {DRR}/DS": [100, 200], f"3003,xx10 {IBU}/DS": 5}
    return {
        name: {**own("rtimage", f"1.2.3.8.{number}", "RTIMAGE", version), "ReferencedRTPlanSequence": plan,
               "ReferencedBeamNumber": number, **more}
        for number, (name, version, more) in enumerate(
            (("rtimage", "OTP V4.3.0.410", drawn), ("oldimage", "OTP V1.2.0.1", old), ("thirdimage", "OTP V4.3", {})), 1
        )
    }  # fmt: skip


def _registration() -> dict[str, Any]:
    moved = [1, 0, 0, 5, *IDENTITY[4:]]
    sides = [
        {"FrameOfReferenceUID": frame, "MatrixRegistrationSequence": [
            {"MatrixSequence": [{"FrameOfReferenceTransformationMatrix": matrix,
                                 "FrameOfReferenceTransformationMatrixType": "RIGID"}]}]}
        for frame, matrix in ((FRAME, IDENTITY), ("1.2.3.8", moved))
    ]  # fmt: skip
    return {**own("reg", "1.2.3.10", "REG"), "RegistrationSequence": sides}


def _images() -> dict[str, dict[str, Any]]:
    made = {"ImageType": ["DERIVED", "SECONDARY", "MPR"]}
    ultrasound = image("ct", "US", 1, "5", ImageType=["ORIGINAL", "PRIMARY"])
    return {
        "ct1": image("ct", "CT", 1, "1"),
        "ct2": image("ct", "CT", 2, "1"),
        "ct3": image("ct", "CT", 1, "6", ImageType=["DERIVED", "SECONDARY", "AXIAL"]),
        "mr1": image("mr", "MR", 1, "2"),
        "mr3": image("mr", "MR", 1, "7", **made),
        "pet1": image("pet", "PT", 1, "3"),
        "us1": {**ultrasound, "SOPClassUID": US_IMAGE},
    }


def base() -> dict[str, Dataset]:
    """Return the objects that Oncentra may send."""
    snapshot = {
        **own("mfsc", "1.2.3.11", "OT"),
        f"0029,xx01 {NUC}/LO": "RTP2", f"0029,xx02 {NUC}/LO": "Plan", f"0029,xx03 {NUC}/IS": 1,
    }  # fmt: skip
    described = {
        **_images(), "rtstruct": _structures(), "other": _others(), **plans(), **_doses(), **_radiographs(),
        "reg": _registration(), "mfsc": snapshot,
    }  # fmt: skip
    return {name: _file(dataset(values)) for name, values in described.items()}


def _file(ds: Dataset) -> Dataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta = meta
    return ds


EXPORT = base()
IMPORT = changed(EXPORT, "brachy:DoseReferenceSequence[0].DoseReferenceStructureType = SITE & -mfsc")
"""What comes in: no snapshot, and no dose reference that would be dropped."""
