"""Small data sets that keep every sentence of PrecisePLAN's document: what it sends, and what it sends to RTOG."""

from __future__ import annotations

from typing import Any

from linacsim.conformance.kinds import SOP_CLASSES
from tests.conformance.check.bases_monaco import AXIAL, FRAME, head, image
from tests.conformance.check.sentences import dataset

STEM = "2.16.840.1.5"
CREATED = {"InstanceCreationDate": "20240506", "InstanceCreationTime": "080000", "InstanceCreatorUID": STEM}
HOST = {
    "Manufacturer": "Elekta", "ManufacturerModelName": "PrecisePLAN", "StationName": "planning1",
    "DeviceSerialNumber": "12345", "SoftwareVersions": "2.15",
}  # fmt: skip
ACQUIRED = {
    "AcquisitionDate": "20240506", "AcquisitionTime": "081500", "ContentDate": "20240506", "ContentTime": "081500",
}  # fmt: skip
BLANK = {"PatientBirthDate": "", "PatientSex": ""}


def _ref(kind: str, uid: str) -> dict[str, Any]:
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid}


def _ct(index: int) -> dict[str, Any]:
    return {
        **image("ct", "CT", index, "1"), **CREATED, **HOST, "SOPInstanceUID": f"{STEM}.1.{index}",
        "Manufacturer": "Maker", "SliceThickness": 5, "KVP": 120, "GantryDetectorTilt": 0,
    }  # fmt: skip


def _secondary(number: int, bits: int, photometric: str) -> dict[str, Any]:
    found = {
        **head("sc", f"{STEM}.2.{number}", "CR"), **CREATED, **HOST, **ACQUIRED, **BLANK,
        "DateOfSecondaryCapture": "20240506", "TimeOfSecondaryCapture": "081500",
        "PhotometricInterpretation": photometric,
        "BitsAllocated": 16 if bits > 8 else 8, "BitsStored": bits, "HighBit": bits - 1,
    }  # fmt: skip
    if photometric == "RGB":
        found["PlanarConfiguration"] = 0
    return found


def _structures() -> dict[str, Any]:
    names = ("Body", "Lung left")
    series = {"SeriesInstanceUID": "1.2.3.4.1", "ContourImageSequence": [_ref("ct", f"{STEM}.1.{n}") for n in (1, 2)]}
    study = {"ReferencedSOPInstanceUID": "1.2.3.1", "RTReferencedSeriesSequence": [series]}
    return {
        **head("rtstruct", "1.2.3.7", "RTSTRUCT"), **CREATED, **HOST, **BLANK,
        "StructureSetLabel": "3", "StructureSetName": "Thorax", "StructureSetDate": "20240506",
        "StructureSetTime": "080000",
        "ReferencedFrameOfReferenceSequence": [{"FrameOfReferenceUID": "1.2.3.9", "RTReferencedStudySequence": [study]}],
        "StructureSetROISequence": [{"ROINumber": n, "ROIName": name} for n, name in enumerate(names, 1)],
        "ROIContourSequence": [{"ReferencedROINumber": n, "ROIDisplayColor": [255, 0, 0]} for n in (1, 2)],
        "RTROIObservationsSequence": [
            {"ObservationNumber": n, "ReferencedROINumber": n, "ROIObservationLabel": name,
             "RTROIInterpretedType": "ORGAN"}
            for n, name in enumerate(names, 1)
        ],
    }  # fmt: skip


def _points(radiation: str, rotation: str, wedged: bool) -> list[dict[str, Any]]:
    jaws = [{"RTBeamLimitingDeviceType": "ASYMX", "LeafJawPositions": [-50, 50]}]
    if radiation == "PHOTON":
        jaws.append({"RTBeamLimitingDeviceType": "MLCX", "LeafJawPositions": [-10.5, -20, 10.5, 20]})
    points: list[dict[str, Any]] = [
        {
            "ControlPointIndex": index, "CumulativeMetersetWeight": index,
            "ReferencedDoseReferenceSequence": [
                {"ReferencedDoseReferenceNumber": n, "CumulativeDoseReferenceCoefficient": index} for n in (1, 2)
            ],
        }
        for index in (0, 1)
    ]  # fmt: skip
    points[0] |= {
        "BeamLimitingDevicePositionSequence": jaws, "GantryAngle": 180, "GantryRotationDirection": rotation,
        "BeamLimitingDeviceAngle": 0, "BeamLimitingDeviceRotationDirection": "NONE", "PatientSupportAngle": 0,
        "PatientSupportRotationDirection": "NONE", "TableTopEccentricAngle": 0,
        "TableTopEccentricRotationDirection": "NONE", "TableTopVerticalPosition": 1, "TableTopLongitudinalPosition": 2,
        "TableTopLateralPosition": 3, "IsocenterPosition": [0, 0, 0],
    }  # fmt: skip
    if rotation == "NONE":
        points[0]["SourceToSurfaceDistance"] = 900
    else:
        again = [one for one in points[0] if "Angle" in one or "Direction" in one or one == "IsocenterPosition"]
        points[1] |= {one: points[0][one] for one in again}
        points[1] |= {"GantryAngle": 90, "GantryRotationDirection": "NONE"}
    if wedged:
        points[0]["WedgePositionSequence"] = [{"ReferencedWedgeNumber": 1, "WedgePosition": "IN"}]
    return points


def _beam(number: int, radiation: str = "PHOTON", rotation: str = "NONE", *, wedged: bool = False) -> dict[str, Any]:
    wedge = {"WedgeNumber": 1, "WedgeType": "MOTORIZED", "WedgeID": "W60", "WedgeAngle": 60, "WedgeFactor": 0.3,
             "WedgeOrientation": 0}  # fmt: skip
    devices = [{"RTBeamLimitingDeviceType": "ASYMX", "NumberOfLeafJawPairs": 1}]
    if radiation == "PHOTON":
        leaves = {"NumberOfLeafJawPairs": 2, "LeafPositionBoundaries": [-10, 0, 10]}
        devices.append({"RTBeamLimitingDeviceType": "MLCX", "SourceToBeamLimitingDeviceDistance": 490, **leaves})
    found = {
        "BeamNumber": number, "BeamName": f"Beam{number}", "BeamDescription": f"Beam{number}",
        "BeamType": "STATIC" if rotation == "NONE" else "DYNAMIC", "RadiationType": radiation,
        "TreatmentMachineName": "SLi", "DeviceSerialNumber": "1001", "BeamLimitingDeviceSequence": devices,
        "ReferencedPatientSetupNumber": number, "NumberOfWedges": int(wedged), "FinalCumulativeMetersetWeight": 1,
        "NumberOfControlPoints": 2, "NumberOfCompensators": 0,
        "ControlPointSequence": _points(radiation, rotation, wedged),
    }  # fmt: skip
    if wedged:
        found["WedgeSequence"] = [wedge]
    if radiation == "ELECTRON":
        found["ApplicatorSequence"] = [{"ApplicatorID": "10x10", "ApplicatorType": "ELECTRON_SQUARE"}]
    return found


def _plan(uid: str) -> dict[str, Any]:
    beams = [_beam(1, wedged=True), _beam(2, wedged=True), _beam(3, "ELECTRON"), _beam(4, rotation="CW"),
             _beam(5, "ELECTRON")]  # fmt: skip
    compensator = {"MaterialID": "Brass", "CompensatorThicknessData": [1, 2]}
    beams[0] |= {"NumberOfCompensators": 1, "CompensatorSequence": [compensator]}
    points = (("ISO/t", "TARGET", "TargetPrescriptionDose"), ("Cord", "ORGAN_AT_RISK", "OrganAtRiskLimitDose"))
    fixed = {"FixationDeviceType": "BODYFRAME", "FixationDeviceLabel": "SBF",
             "FixationDeviceDescription": "X 300.5 Y -95 Z 410"}  # fmt: skip
    origin = {f"TableTop{axis}SetupDisplacement": 5 for axis in ("Vertical", "Longitudinal", "Lateral")}
    referenced = [
        {"ReferencedBeamNumber": n, "BeamDoseSpecificationPoint": [0, 0, 0], "BeamDose": 0.5, "BeamMeterset": 50}
        for n in range(1, 6)
    ]
    return {
        **head("rtplan", uid, "RTPLAN"), **CREATED, **HOST, "PatientBirthTime": "080000",
        "ReferringPhysicianName": "Physician", "SeriesDescription": "Thorax", "OperatorsName": "planner",
        "RTPlanLabel": "3", "RTPlanName": "Thorax", "RTPlanDate": "20240506", "RTPlanTime": "080000",
        "ReferencedStructureSetSequence": [_ref("rtstruct", "1.2.3.7")],
        "DoseReferenceSequence": [
            {"DoseReferenceNumber": n, "DoseReferenceDescription": label, "DoseReferencePointCoordinates": [0, 0, n],
             "DoseReferenceType": kind, "DeliveryWarningDose": 50, limit: 50}
            for n, (label, kind, limit) in enumerate(points, 1)
        ],
        "PatientSetupSequence": [
            {"PatientSetupNumber": n, "PatientPosition": "HFS", "FixationDeviceSequence": [fixed], **origin}
            for n in range(1, 6)
        ],
        "FractionGroupSequence": [
            {"FractionGroupNumber": 1, "NumberOfFractionsPlanned": 25, "NumberOfBeams": 5,
             "NumberOfBrachyApplicationSetups": 0, "ReferencedBeamSequence": referenced},
        ],
        "BeamSequence": beams,
    }  # fmt: skip


def _desktop() -> dict[str, Any]:
    """Return a plan for Precise Desktop with its validation: no demographics, coordinates of the frame by beam."""
    found = {**_plan(f"{STEM}.5.2"), **BLANK}
    for keyword in ("PatientBirthDate", "PatientBirthTime", "PatientSex"):
        del found[keyword]
    found["PatientSetupSequence"] = [{"PatientSetupNumber": n, "PatientPosition": "HFS"} for n in range(1, 6)]
    found["BeamSequence"] = [{**one, "BeamDescription": "X 300.5 Y -95 Z 410"} for one in found["BeamSequence"]]
    return found


def _dose(number: int, summation: str, comment: str, planes: int = 2) -> dict[str, Any]:
    plan = _ref("rtplan", f"{STEM}.5.1")
    if summation == "BEAM":
        beam = [{"ReferencedBeamNumber": 1}]
        plan["ReferencedFractionGroupSequence"] = [{"ReferencedFractionGroupNumber": 1, "ReferencedBeamSequence": beam}]
    volume = {"FrameIncrementPointer": 0x3004000C, "GridFrameOffsetVector": [5, 10]} if planes > 1 else {}
    return {
        **head("rtdose", f"{STEM}.6.{number}", "RTDOSE"), **FRAME, **CREATED, **HOST, **ACQUIRED, **BLANK,
        "SeriesDescription": "Thorax", "ImageOrientationPatient": AXIAL, "ImagePositionPatient": [0, 0, 5],
        "NumberOfFrames": planes, "DoseType": "PHYSICAL", "DoseComment": comment, "DoseSummationType": summation,
        "DoseGridScaling": 0.001, "ReferencedRTPlanSequence": [plan],
        "DVHSequence": [{"DoseType": "PHYSICAL"}, {"DoseType": "PHYSICAL"}], **volume,
    }  # fmt: skip


def _export() -> dict[str, dict[str, Any]]:
    doses = {
        "rtdose": _dose(1, "PLAN", "Plan Dose Volume"),
        "beamdose": _dose(2, "BEAM", "Beam Dose Volume"),
        "plane": _dose(3, "BEAM", "Beam Dose Plane at Depth 50mm.", planes=1),
        "unplaced": _dose(4, "BEAM", "Beam Dose Plane at Depth 100mm.", planes=1),
    }
    for keyword in ("ImageOrientationPatient", "ImagePositionPatient"):
        del doses["unplaced"][keyword]
    plan = _plan(f"{STEM}.5.1")
    plan["ReferencedDoseSequence"] = [_ref("rtdose", f"{STEM}.6.{n}") for n in (1, 2, 3, 4)]
    return {
        **{f"ct{n}": _ct(n) for n in (1, 2, 3)}, "rtstruct": _structures(),
        "rtplan": plan, "desktop": _desktop(), **doses,
        "sc": _secondary(1, 12, "MONOCHROME2"), "sc2": _secondary(2, 8, "MONOCHROME2"),
    }  # fmt: skip


def _colour() -> dict[str, dict[str, Any]]:
    return {f"sc{n}": _secondary(n, 8, "RGB") for n in (1, 2)}


def _rtog() -> dict[str, dict[str, Any]]:
    nobody = {**BLANK, "PatientName": "Protocol 0522", "PatientID": "Subject 7"}
    structures = {**_structures(), **nobody}
    structures["RTROIObservationsSequence"][0]["RTROIInterpretedType"] = "EXTERNAL"
    dose = {**_dose(1, "PLAN", "Plan Dose Volume"), **nobody}
    dose["DVHSequence"] = [{"DoseType": "PHYSICAL_HETRO"}, {"DoseType": "PHYSICAL_HETRO"}]
    plan = {**_plan(f"{STEM}.5.1"), **nobody, "PatientBirthTime": ""}
    return {**{f"ct{n}": {**_ct(n), **nobody} for n in (1, 2)}, "rtstruct": structures, "rtdose": dose, "rtplan": plan}


EXPORT = {name: dataset(values) for name, values in _export().items()}
COLOUR = {name: dataset(values) for name, values in _colour().items()}
RTOG = {name: dataset(values) for name, values in _rtog().items()}
