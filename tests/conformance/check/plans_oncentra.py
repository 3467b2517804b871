"""Plans of Oncentra for the bench of readings: external beams, brachytherapy, a case manifest."""

from __future__ import annotations

from typing import Any

from linacsim.conformance.kinds import SOP_CLASSES

NUC, CALC, EM = "NUCLETRON", "MDS NORDION CALCULATION", "MDS NORDION OTP EM"
FRAME = "1.2.3.9"
UIDS = {"rtstruct": "1.2.3.5", "rtplan": "1.2.3.6", "brachy": "1.2.3.6.2", "manifest": "1.2.3.6.3"}


def head(kind: str, uid: str, modality: str) -> dict[str, Any]:
    """Return what every object begins with."""
    return {
        "SOPClassUID": SOP_CLASSES.get(kind, kind),
        "SOPInstanceUID": uid,
        "Modality": modality,
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": "Phantom^Thorax",
        "PatientID": "P1",
        "PatientBirthDate": "19560412",
        "PatientSex": "O",
        "AccessionNumber": "1",
        "StudyInstanceUID": "1.2.3.1",
        "FrameOfReferenceUID": FRAME,
    }


def own(kind: str, uid: str, modality: str, version: str = "OTP V4.3.0.410") -> dict[str, Any]:
    """Return what an object that Oncentra makes begins with."""
    return {
        **head(kind, uid, modality),
        "TransferSyntaxUID": "1.2.840.10008.1.2.1",
        "TimezoneOffsetFromUTC": "+0100",
        "Manufacturer": "Nucletron",
        "SoftwareVersions": version,
    }


def referenced(kind: str, uid: str, **more: Any) -> dict[str, Any]:
    """Return what an item that refers to an object begins with."""
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid, **more}


def plans() -> dict[str, dict[str, Any]]:
    """Return the plans by name."""
    return {"rtplan": _external(), "brachy": _brachy(), "manifest": _manifest()}


def _points(*more: dict[str, Any], energy: float = 6) -> list[dict[str, Any]]:
    """Return two control points; the first gives what holds for the beam."""
    devices = [{"RTBeamLimitingDeviceType": "MLCX", "LeafJawPositions": [-10, -10, 10, 10]}]
    first = {
        "GantryAngle": 0, "GantryPitchAngle": 0, "BeamLimitingDeviceAngle": 0, "PatientSupportAngle": 0,
        "BeamLimitingDeviceRotationDirection": "NONE", "PatientSupportRotationDirection": "NONE",
        "TableTopEccentricAngle": 0, "TableTopEccentricRotationDirection": "NONE", "IsocenterPosition": [0, 0, 0],
        "BeamLimitingDevicePositionSequence": devices, "TableTopVerticalPosition": None,
        "TableTopLongitudinalPosition": None, "TableTopLateralPosition": None,
    }  # fmt: skip
    common = {"NominalBeamEnergy": energy, "DoseRateSet": 300}
    rows: list[dict[str, Any]] = [{"ControlPointIndex": 0, **common, **first}, {"ControlPointIndex": 1, **common}]
    return [{**row, **extra} for row, extra in zip(rows, more or ({}, {}), strict=True)]


def _beam(number: int, radiation: str, points: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    name = f"Beam{number}"
    return {
        "BeamNumber": number, "BeamName": name, "BeamDescription": f"{number} {name}", "BeamType": "STATIC",
        "RadiationType": radiation, "TreatmentMachineName": "Linac", "SourceAxisDistance": 1000,
        "TreatmentDeliveryType": "TREATMENT", "NumberOfWedges": 0, "NumberOfCompensators": 0, "NumberOfBoli": 0,
        "NumberOfBlocks": 0, "PrimaryDosimeterUnit": "MU",
        "BeamLimitingDeviceSequence": [
            {"RTBeamLimitingDeviceType": "ASYMX", "NumberOfLeafJawPairs": 1},
            {"RTBeamLimitingDeviceType": "MLCX", "NumberOfLeafJawPairs": 2, "LeafPositionBoundaries": [-10, 0, 10]},
        ],
        "ControlPointSequence": points, **more,
    }  # fmt: skip


def _photons() -> dict[str, Any]:
    wedge = {
        "WedgeNumber": 1, "WedgeType": "STANDARD", "WedgeID": "W15", "WedgeAngle": 15, "WedgeOrientation": 0,
        f"3005,xx22 {CALC}/DS": 0.5, f"3005,xx24 {CALC}/DS": 15,
    }  # fmt: skip
    block = {
        "SourceToBlockTrayDistance": 650, "BlockType": "SHIELDING", "BlockDivergence": "PRESENT",
        "BlockMountingPosition": "SOURCE_SIDE", "BlockNumberOfPoints": 3, "BlockData": [0, 0, 9, 0, 9, 9],
    }  # fmt: skip
    site = [{"ReferencedDoseReferenceNumber": 2}]
    wedged = {
        "WedgePositionSequence": [{"ReferencedWedgeNumber": 1, "WedgePosition": "IN"}],
        "ReferencedDoseReferenceSequence": site,
    }
    limits = {f"3005,xx0E {CALC}/CS": "MIN_METERSET", f"3005,xx10 {CALC}/LO": "5"}
    return _beam(
        1, "PHOTON", _points(wedged, {}),
        PrimaryFluenceModeSequence=[{"FluenceMode": "NON_STANDARD", "FluenceModeID": "FFF"}],
        ReferencedDoseSequence=[referenced("rtdose", "1.2.3.7.1")],
        NumberOfWedges=1, WedgeSequence=[wedge],
        NumberOfBoli=1, ReferencedBolusSequence=[{"ReferencedROINumber": 2}],
        NumberOfBlocks=2,
        BlockSequence=[
            {**block, "BlockNumber": 1, "BlockName": "Block 1", "BlockTransmission": 0.05},
            {**block, "BlockNumber": 2, "BlockName": "Block 2", "MaterialID": "Lead", "BlockThickness": 80},
        ],
        **{f"3005,xx0C {CALC}/SQ": [limits], f"300B,xx20 {NUC}/IS": 1, f"300B,xx22 {NUC}/IS": 0,
           f"300B,xx28 {NUC}/IS": 0},
    )  # fmt: skip


def _beams() -> list[dict[str, Any]]:
    applicator = {"ApplicatorID": "A10", "ApplicatorType": "ELECTRON_SQUARE"}
    turning = ({"GantryRotationDirection": "CW"}, {"GantryAngle": 90, "DoseRateSet": 400})
    return [
        _photons(),
        _beam(2, "ELECTRON", _points(), ApplicatorSequence=[applicator]),
        _beam(3, "PROTON", _points(), NumberOfCompensators=1, CompensatorSequence=[{"CompensatorID": "C1"}]),
        _beam(4, "PHOTON", _points(*turning), BeamType="DYNAMIC"),
    ]


def _external() -> dict[str, Any]:
    specified = {"BeamDoseSpecificationPoint": [0, 0, 0], "BeamDose": 1, "BeamMeterset": 100}
    beams = [{"ReferencedBeamNumber": 1, **specified}, *({"ReferencedBeamNumber": number} for number in (2, 3, 4))]
    setup = {"PatientSetupNumber": 1, "PatientPosition": "HFS", "TableTopVerticalSetupDisplacement": 5}
    optimized = [
        {"ReferencedROINumber": 1, f"3005,xx41 {CALC}/CS": "TARGET", f"3005,xx42 {CALC}/DS": 1,
         f"300B,xx33 {NUC}/LO": "HIPO"},
        {f"300B,xx00 {NUC}/IS": 1, f"3005,xx41 {CALC}/CS": "TARGET"},
    ]  # fmt: skip
    return {
        **own("rtplan", UIDS["rtplan"], "RTPLAN"),
        "RTPlanLabel": "Plan", "RTPlanGeometry": "PATIENT", "PlanIntent": "CURATIVE",
        f"0021,xx00 {NUC}/UI": "1.2.3.4.1",
        "ReferencedStructureSetSequence": [referenced("rtstruct", UIDS["rtstruct"])],
        "ReferencedRTPlanSequence": [referenced("rtplan", UIDS["brachy"], RTPlanRelationship="PRIOR")],
        f"3005,xx08 {CALC}/CS": "OPTIMIZER_OPT",
        f"3005,xx40 {CALC}/SQ": optimized,
        f"3005,xx0D {CALC}/SQ": [{f"3005,xx0E {CALC}/CS": "TARGET_MARGIN", f"3005,xx10 {CALC}/LO": "5"}],
        "DoseReferenceSequence": [
            {"DoseReferenceNumber": 1, "DoseReferenceStructureType": "VOLUME", "ReferencedROINumber": 2,
             "DoseReferenceType": "TARGET", "DoseReferenceDescription": "MIN_DOSE", "TargetPrescriptionDose": 60},
            {"DoseReferenceNumber": 2, "DoseReferenceStructureType": "SITE", "DoseReferenceType": "TARGET",
             "DoseReferenceDescription": "Lung"},
        ],
        "ToleranceTableSequence": [{"ToleranceTableNumber": 1, "ToleranceTableLabel": "T"}],
        "PatientSetupSequence": [setup, {**setup, "PatientSetupNumber": 2}],
        "FractionGroupSequence": [{"FractionGroupNumber": 1, "NumberOfBeams": 4, "ReferencedBeamSequence": beams}],
        "BeamSequence": _beams(),
    }  # fmt: skip


def _channels() -> list[dict[str, Any]]:
    tube = {
        "ChannelNumber": 1, "SourceApplicatorID": "1", "TransferTubeNumber": 1, "TransferTubeLength": 0,
        "ReferencedROINumber": 1, f"300B,xx26 {NUC}/CS": "TRUE", f"300B,xx0E {NUC}/IS": 1, f"300B,xx34 {NUC}/CS": "T",
    }  # fmt: skip
    return [
        tube,
        {"ChannelNumber": 2, "SourceApplicatorID": "2", f"300B,xx00 {NUC}/IS": 1, f"300B,xx26 {NUC}/CS": "FALSE"},
    ]


def _evaluation() -> dict[str, Any]:
    """Return what Plan Evaluation keeps in a plan: isolines, normalization, parameters of the DVH."""
    line = {
        f"3007,xx05 {EM}/CS": "TRUE", f"3007,xx06 {EM}/DS": 100, f"3007,xx08 {EM}/LO": "255/0/0",
        f"3007,xx1B {EM}/IS": -1, f"3007,xx1C {EM}/LO": "true",
    }  # fmt: skip
    return {
        f"3007,xx00 {EM}/DS": 7, f"3007,xx02 {EM}/CS": "ABSOLUTE", f"3007,xx04 {EM}/SQ": [line],
        f"3007,xx0B {EM}/SQ": [
            {f"3007,xx0C {EM}/IS": 2, f"3007,xx0D {EM}/LO": "MIN", f"3007,xx15 {EM}/DS": 5},
            {f"300B,xx00 {NUC}/IS": 1},
        ],
        f"3007,xx0F {EM}/IS": 1, f"3007,xx14 {EM}/LO": "NORMALIZED_TO_A_MINIMAL_PERIPHERAL_DOSE",
        **{f"3009,xx{element} {NUC}/DS": 10 for element in ("20", "21", "22", "23", "25", "26", "27", "28")},
        f"3009,xx30 {NUC}/CS": "T", f"3009,xx4A {NUC}/CS": "F",
    }  # fmt: skip


def _brachy() -> dict[str, Any]:
    embedded = {
        "StructureSetROISequence": [{"ROINumber": 1, "ROIName": "Channel"}],
        "ROIContourSequence": [{"ReferencedROINumber": 1}],
        "RTROIObservationsSequence": [{"ReferencedROINumber": 1}],
    }
    setup = {
        "ApplicationSetupType": "FLETCHER_SUIT", "ApplicationSetupNumber": 1, f"300B,xx02 {NUC}/CS": "TRUE",
        f"300B,xx09 {NUC}/IS": 4, "BrachyAccessoryDeviceSequence": [{f"300B,xx00 {NUC}/IS": 1}],
        "ChannelSequence": _channels(),
    }  # fmt: skip
    group = {"FractionGroupNumber": 1, "NumberOfBrachyApplicationSetups": 1,
             "ReferencedBrachyApplicationSetupSequence": [{"ReferencedBrachyApplicationSetupNumber": 1}]}  # fmt: skip
    return {
        **own("rtplan", UIDS["brachy"], "RTPLAN", "OTP V1.3.0.30"),
        "RTPlanLabel": "Brachy", "RTPlanGeometry": "PATIENT",
        "ReferencedStructureSetSequence": [referenced("rtstruct", UIDS["rtstruct"])],
        f"3005,xx25 {CALC}/IS": 1,
        **_evaluation(),
        f"300F,xx00 {NUC}/SQ": [embedded],
        f"300B,xx29 {NUC}/LO": "A1B2",
        "ApprovalStatus": "APPROVED", "ReviewDate": "20240506", "ReviewTime": "120000",
        "DoseReferenceSequence": [
            {"DoseReferenceNumber": 1, "DoseReferenceStructureType": "COORDINATES", "DoseReferenceType": "UNSPECIFIED",
             "DoseReferencePointCoordinates": [0, 0, 0]},
            {"DoseReferenceNumber": 2, "DoseReferenceStructureType": "VOLUME_EMB", "DoseReferenceType": "TARGET",
             f"300B,xx00 {NUC}/IS": 1},
        ],
        "FractionGroupSequence": [group],
        "TreatmentMachineSequence": [{"TreatmentMachineName": "HDR", "ManufacturerModelName": "Flexi"}],
        "ApplicationSetupSequence": [setup],
    }  # fmt: skip


def _manifest() -> dict[str, Any]:
    image = {"SOPClassUID": SOP_CLASSES["ct"], "Modality": "CT", "SeriesInstanceUID": "1.2.3.4.1",
             "ReferencedImageSequence": [referenced("ct", "1.2.3.4.1.1")]}  # fmt: skip
    dose = {"SOPClassUID": SOP_CLASSES["rtdose"], "Modality": "RTDOSE", "DoseSummationType": "BEAM"}
    drr = {"SOPClassUID": SOP_CLASSES["rtimage"], "Modality": "RTIMAGE"}
    plan = {"SOPClassUID": SOP_CLASSES["rtplan"], "SOPInstanceUID": UIDS["rtplan"], f"3009,xx06 {NUC}/CS": "FALSE",
            f"3009,xx04 {NUC}/SQ": [dose], f"3009,xx05 {NUC}/SQ": [drr]}  # fmt: skip
    structures = {"SOPClassUID": SOP_CLASSES["rtstruct"], "SOPInstanceUID": UIDS["rtstruct"]}
    content = {
        f"3009,xx01 {NUC}/SQ": [image], f"3009,xx02 {NUC}/SQ": [image], f"3009,xx03 {NUC}/SQ": [structures],
        "ReferencedRTPlanSequence": [plan],
    }  # fmt: skip
    return {
        **own("rtplan", UIDS["manifest"], "RTPLAN"),
        "RTPlanLabel": "Case", "RTPlanGeometry": "TREATMENT_DEVICE", "FrameOfReferenceUID": FRAME,
        f"3009,xx00 {NUC}/SQ": [content],
    }  # fmt: skip
