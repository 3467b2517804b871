"""Small data sets that keep every sentence of RayStation's document: what it takes, what it sends."""

from __future__ import annotations

from typing import Any

import numpy as np

from linacsim.conformance.kinds import SOP_CLASSES
from tests.conformance.check.bases_monaco import AXIAL, FRAME, head, image
from tests.conformance.check.sentences import dataset

ROOT = "1.2.752.243.1.1"
RAY = "RAYSEARCHLABS 2.0"
PHYSICS = [
    {"ROIPhysicalProperty": "ELEM_FRACTION"},
    {"ROIPhysicalProperty": "REL_MASS_DENSITY", "ROIPhysicalPropertyValue": 1.05},
]
WATER = [
    {"ROIPhysicalProperty": "REL_MASS_DENSITY", "ROIPhysicalPropertyValue": 1.0},
    {"ROIPhysicalProperty": "REL_ELEC_DENSITY", "ROIPhysicalPropertyValue": 1.0},
    {"ROIPhysicalProperty": "EFF_Z_PER_A", "ROIPhysicalPropertyValue": 0.5551},
    {"ROIPhysicalProperty": "EFFECTIVE_Z", "ROIPhysicalPropertyValue": 7.4},
]
ANONYMOUS = {
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethodCodeSequence": [{"CodeValue": "113100"}, {"CodeValue": "113106"}],
}


def _ref(kind: str, uid: str) -> dict[str, Any]:
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid}


def _images() -> dict[str, dict[str, Any]]:
    pet = {"PatientWeight": 70, "CorrectedImage": ["DECY", "ATTN"], "DecayCorrection": "START"}
    return {
        **{f"ct{n}": image("ct", "CT", n, "1", BitsStored=12, HighBit=11, RescaleType="HU", PixelPaddingValue=2000)
           for n in (1, 2, 3)},
        **{f"mr{n}": image("mr", "MR", n, "2") for n in (1, 2, 3)},
        **{f"pet{n}": image("pet", "PT", n, "3", **pet) for n in (1, 2)},
    }  # fmt: skip


def _contour(points: list[int], image_number: int) -> dict[str, Any]:
    return {
        "ContourGeometricType": "POINT" if len(points) == 3 else "CLOSED_PLANAR",
        "ContourData": points,
        "ContourImageSequence": [_ref("ct", f"1.2.3.4.1.{image_number}")],
    }


def _structures(root: str) -> dict[str, Any]:
    series = [{"SeriesInstanceUID": "1.2.3.4.1",
               "ContourImageSequence": [_ref("ct", f"1.2.3.4.1.{n}") for n in (1, 2, 3)]}]  # fmt: skip
    square = [0, 0, 5, 10, 0, 5, 10, 10, 5, 0, 10, 5]
    names = ("Body", "Bolus1", "Localization")
    return {
        **head("rtstruct", f"{root}.7.1", "RTSTRUCT"), **FRAME, "SeriesInstanceUID": f"{root}.7",
        "ReferencedFrameOfReferenceSequence": [
            {"FrameOfReferenceUID": "1.2.3.9", "RTReferencedStudySequence": [{"RTReferencedSeriesSequence": series}]}
        ],
        "StructureSetROISequence": [
            {"ROINumber": n, "ROIName": name, "ReferencedFrameOfReferenceUID": "1.2.3.9"}
            for n, name in enumerate(names, 1)
        ],
        "ROIContourSequence": [
            {"ReferencedROINumber": 1, "ContourSequence": [{**_contour(square, 1), "AttachedContours": None}]},
            {"ReferencedROINumber": 2, "ContourSequence": [_contour(square, 1)]},
            {"ReferencedROINumber": 3, "ContourSequence": [_contour([30, 40, 10], 2)]},
        ],
        "RTROIObservationsSequence": [
            {"ReferencedROINumber": 1, "RTROIInterpretedType": "EXTERNAL", "MaterialID": "Tissue",
             "ROIPhysicalPropertiesSequence": PHYSICS, f"4001,xx10 {RAY}/ST": "Tissue"},
            {"ReferencedROINumber": 2, "RTROIInterpretedType": "BOLUS", "MaterialID": "Water",
             "ROIPhysicalPropertiesSequence": WATER},
            {"ReferencedROINumber": 3, "RTROIInterpretedType": "MARKER", "ROIObservationLabel": "Localization Poi"},
        ],
        "StructureSetDate": "20240506", "StructureSetTime": "090000", "InstanceCreationDate": "20240506",
        "InstanceCreationTime": "090000", "ApprovalStatus": "APPROVED", "ReviewDate": "20240506",
        "ReviewTime": "093000", "ReviewerName": "Physicist",
    }  # fmt: skip


def _point(index: int, **more: Any) -> dict[str, Any]:
    leaves = [{"RTBeamLimitingDeviceType": "MLCX", "LeafJawPositions": [-10, 10]}]
    first = {
        "NominalBeamEnergy": 6, "BeamLimitingDevicePositionSequence": leaves, "GantryAngle": 30,
        "GantryRotationDirection": "NONE", "GantryPitchAngle": 0.0, "BeamLimitingDeviceAngle": 10,
        "BeamLimitingDeviceRotationDirection": "NONE", "PatientSupportAngle": 5,
        "PatientSupportRotationDirection": "NONE", "TableTopEccentricAngle": 0, "TableTopVerticalPosition": 0,
        "TableTopLongitudinalPosition": 0, "TableTopEccentricRotationDirection": "NONE", "IsocenterPosition": [0, 0, 0],
        "TableTopPitchRotationDirection": "NONE", "TableTopRollRotationDirection": "NONE",
    }  # fmt: skip
    later = {"BeamLimitingDevicePositionSequence": leaves, "GantryAngle": 30, "GantryRotationDirection": "NONE",
             "BeamLimitingDeviceAngle": 10, "PatientSupportAngle": 5, "NominalBeamEnergy": 6,
             "IsocenterPosition": [0, 0, 0]}  # fmt: skip
    wedge = {"WedgePositionSequence": [{"WedgePosition": "IN"}]}
    return {
        "ControlPointIndex": index,
        "CumulativeMetersetWeight": index,
        **(later if index else first),
        **wedge,
        **more,
    }


def _beam(number: int, kind: str, radiation: str, **more: Any) -> dict[str, Any]:
    block = {"BlockTransmission": 0.05, "BlockDivergence": "ABSENT", "BlockMountingPosition": "SOURCE_SIDE"}
    if radiation == "ELECTRON":
        block |= {"MaterialID": "Cerrobend", "BlockThickness": 15}
    geometry = [{"ApplicatorApertureShape": "SYM_CIRCULAR"}]
    applicator: dict[str, Any] = {"ApplicatorID": "Apex 2.5" if radiation == "PHOTON" else "10x10"}
    if radiation == "PHOTON":
        applicator |= {"ApplicatorGeometrySequence": geometry}
    return {
        "BeamNumber": number, "BeamType": kind, "RadiationType": radiation, "TreatmentMachineName": "LINAC1",
        "PrimaryDosimeterUnit": "MU", "TreatmentDeliveryType": "TREATMENT", "ReferencedPatientSetupNumber": 1,
        "NumberOfWedges": 1, "WedgeSequence": [{"WedgeType": "MOTORIZED", "WedgeAngle": 60}],
        "NumberOfCompensators": 0, "ReferencedBolusSequence": [{"ReferencedROINumber": 2}], "NumberOfBlocks": 1,
        "TotalBlockTrayFactor": 0.97, "BlockSequence": [block], "ApplicatorSequence": [applicator],
        "PrimaryFluenceModeSequence": [{"FluenceMode": "NON_STANDARD", "FluenceModeID": "FFF"},
                                       {"FluenceMode": "STANDARD"}],
        "FinalCumulativeMetersetWeight": 1, "NumberOfControlPoints": 2,
        "ControlPointSequence": [_point(0), _point(1)], **more,
    }  # fmt: skip


def _plan(root: str) -> dict[str, Any]:
    sinogram = {"300D,xxA7 TOMO_HA_01/DS": [0.5] * 64}
    tomo = _beam(
        4, "DYNAMIC", "PHOTON",
        ControlPointSequence=[_point(0, **sinogram), _point(1, **{"300D,xxA7 TOMO_HA_01/DS": ""})],
        **{f"4001,xx53 {RAY}/DS": 0.1, "300D,xx40 TOMO_HA_01/DS": 15, f"4001,xx15 {RAY}/DS": 20,
           "320B,xx01 Brainlab - ONC - Multi-axial treatment machine/CS": "ENABLED",
           "3243,xx09 Varian Medical Systems VISION 3243/LO": "AP"},
    )  # fmt: skip
    tomo["ApplicatorSequence"][0][f"4001,xx54 {RAY}/DS"] = 5
    beams = [_beam(1, "STATIC", "PHOTON"), _beam(2, "STATIC", "ELECTRON"), _beam(3, "DYNAMIC", "PHOTON"), tomo]
    setup = {
        "PatientSetupNumber": 1, "PatientPosition": "HFS",
        "MotionSynchronizationSequence": [
            {"RespiratoryMotionCompensationTechnique": "GATING", "RespiratorySignalSource": "BELT"}
        ],
        f"4001,xx62 {RAY}/SQ": [{f"4001,xx51 {RAY}/IS": 1}],
        "30BB,xx22 medPhoton 1.0/DS": [-2, 2], "30BB,xx40 medPhoton 1.0/DS": [0, 0],
        "30BB,xx44 medPhoton 1.0/DS": [-1, 0], "30BB,xx2C medPhoton 1.0/DS": [-2, -3, 0, 2, 1, 0],
    }  # fmt: skip
    if root == ROOT:
        setup |= {"TableTopVerticalSetupDisplacement": 40, "TableTopLongitudinalSetupDisplacement": 10,
                  "TableTopLateralSetupDisplacement": 30}  # fmt: skip
    group = {
        "FractionGroupNumber": 1, "NumberOfFractionsPlanned": 25, "NumberOfBrachyApplicationSetups": 0,
        "ReferencedBeamSequence": [{"ReferencedBeamNumber": n, f"4001,xx29 {RAY}/ST": "P"} for n in (1, 2, 3, 4)],
    }  # fmt: skip
    goals = {"ConstraintWeight": 1, "OrganAtRiskFullVolumeDose": 20, "OrganAtRiskLimitDose": 20,
             "OrganAtRiskMaximumDose": 20, "OrganAtRiskOverdoseVolumeFraction": 5}  # fmt: skip
    return {
        **head("rtplan", f"{root}.5.1", "RTPLAN"), **FRAME, "SeriesInstanceUID": f"{root}.5", "Manufacturer": "BrainLAB",
        "RTPlanGeometry": "PATIENT", "ReferencedStructureSetSequence": [_ref("rtstruct", f"{root}.7.1")],
        "ReferencedRTPlanSequence": [{"300B,xx10 Brainlab - ONC - Beam Parameters/IS": [1]}],
        "DoseReferenceSequence": [
            {"DoseReferenceStructureType": "VOLUME", "DoseReferenceType": "TARGET", "TargetPrescriptionDose": 50,
             "ReferencedROINumber": 1, "TargetUnderdoseVolumeFraction": 5, "NominalPriorDose": 0, **goals},
            {"DoseReferenceStructureType": "SITE", "DoseReferenceType": "TARGET", "DoseReferenceDescription": "Lung"},
        ],
        "PatientSetupSequence": [setup], "FractionGroupSequence": [group], "BeamSequence": beams,
        "30BB,xx00 medPhoton 1.0/SH": "A", "PlanIntent": "CURATIVE",
        "InstanceCreationDate": "20240506", "InstanceCreationTime": "090000", "ApprovalStatus": "APPROVED",
        "ReviewDate": "20240506", "ReviewTime": "093000", "ReviewerName": "Physicist",
    }  # fmt: skip


def _ion_beam(number: int, mode: str, maker: str, **more: Any) -> dict[str, Any]:
    hyper = maker == "Mevion Hyperscan"
    setting = {"RangeShifterSetting": "101011" if hyper else "IN"}
    point = {
        "NominalBeamEnergy": 0 if maker == "IBA" else 150, "NominalBeamEnergyUnit": "MEV",
        "RangeShifterSettingsSequence": [setting], "GantryRotationDirection": "NONE", "PatientSupportAngle": 0,
        "PatientSupportRotationDirection": "NONE", "BeamLimitingDeviceAngle": 90, "TableTopVerticalPosition": 0,
        "TableTopLongitudinalPosition": 0, "TableTopLateralPosition": 0, "IsocenterPosition": [0, 0, 0],
        "LateralSpreadingDeviceSettingsSequence": [{"LateralSpreadingDeviceSetting": "IN"}],
        "300B,xx90 IMPAC/SH": "4", "300B,xx92 IMPAC/IS": 1, "300B,xx94 IMPAC/FL": [1.0, 2.0],
        "300B,xx96 IMPAC/FL": [1.0], "300B,xx98 IMPAC/FL": [4.0, 4.0], "300B,xx9A IMPAC/IS": 1,
        f"4001,xx08 {RAY}/DS": 150, f"4001,xx09 {RAY}/DS": 1,
        f"4001,xx30 {RAY}/SH": "R1", f"4001,xx31 {RAY}/DS": 100, f"4001,xx32 {RAY}/DS": 2,
        f"4001,xx55 {RAY}/IS": 2, f"4001,xx56 {RAY}/FL": [0.0, 0.0, 1.0, 1.0],
    }  # fmt: skip
    devices = [{"LateralSpreadingDeviceType": "MAGNET"}] * 2
    return {
        "BeamNumber": number, "RadiationType": "ION", "RadiationMassNumber": 12, "RadiationAtomicNumber": 6,
        "RadiationChargeState": 6, "ScanMode": mode, "ModulatedScanModeType": "STATIONARY", "Manufacturer": maker,
        "TreatmentMachineName": "CNAO1", "PrimaryDosimeterUnit": "MU", "TreatmentDeliveryType": "TREATMENT",
        "VirtualSourceAxisDistances": [2000.0, 2000.0], "NumberOfWedges": 0, "NumberOfBoli": 0,
        "NumberOfCompensators": 0, "NumberOfBlocks": 1,
        "IonBlockSequence": [{f"4001,xx57 {RAY}/CS": "DYNAMIC"}],
        "SnoutSequence": [{"SnoutID": "S1", **({"AccessoryCode": "77"} if hyper else {})}],
        "ApplicatorSequence": [{"ApplicatorID": "A"}],
        "NumberOfRangeShifters": 1 if mode == "MODULATED" else 0,
        "RangeShifterSequence": [{"RangeShifterID": "HYPER_RS" if hyper else "RS1"}] if mode == "MODULATED" else None,
        "NumberOfLateralSpreadingDevices": 2, "LateralSpreadingDeviceSequence": devices, "NumberOfRangeModulators": 1,
        "RangeModulatorSequence": [{"RangeModulatorID": "M1"}], "NumberOfControlPoints": 2,
        "IonControlPointSequence": [{**point, "ControlPointIndex": 0}, {**point, "ControlPointIndex": 1}],
        "300B,xx02 IMPAC/FL": 120.0, "300B,xx04 IMPAC/FL": 150.0, "300B,xx0E IMPAC/FL": 40.0,
        "300D,xx02 IBA/SH": "DOUBLE", f"4001,xx01 {RAY}/DT": "20240101", **more,
    }  # fmt: skip


def _ion(root: str) -> dict[str, Any]:
    group = {
        "FractionGroupNumber": 1, "NumberOfFractionsPlanned": 25, "NumberOfBrachyApplicationSetups": 0,
        "NumberOfFractionPatternDigitsPerDay": 1,
        "ReferencedBeamSequence": [{"ReferencedBeamNumber": 1}],
    }  # fmt: skip
    motion: dict[str, Any] = {"RespiratoryMotionCompensationTechnique": "GATING", "RespiratorySignalSource": "BELT"}
    if root == ROOT:
        motion |= {"300B,xx20 IMPAC/DS": [30, 70]}
    setup = {"PatientSetupNumber": 1, "PatientPosition": "HFS", "MotionSynchronizationSequence": [motion]}
    if root == ROOT:
        setup |= {"TableTopVerticalSetupDisplacement": 40, "TableTopLongitudinalSetupDisplacement": 10,
                  "TableTopLateralSetupDisplacement": 30}  # fmt: skip
    beams = [
        _ion_beam(1, "MODULATED", "Mevion Hyperscan"), _ion_beam(2, "NONE", "IBA"), _ion_beam(3, "LINE", "Sumitomo"),
        _ion_beam(4, "UNIFORM", "Mitsubishi"), _ion_beam(5, "MODULATED", "Hitachi"),
        _ion_beam(6, "MODULATED_SPEC", "Hitachi", RadiationType="PROTON"),
    ]  # fmt: skip
    if root != ROOT:
        for beam in beams:
            beam["RadiationType"] = "ION"
    plan = _plan(root)
    site = {**plan["DoseReferenceSequence"][0], f"4001,xx11 {RAY}/DS": 50}
    return {
        **plan, "SOPClassUID": SOP_CLASSES["rtionplan"], "SOPInstanceUID": f"{root}.8.1",
        "DoseReferenceSequence": [site, plan["DoseReferenceSequence"][1]], "SeriesInstanceUID": f"{root}.8",
        "PatientSetupSequence": [setup], "FractionGroupSequence": [group], "BeamSequence": None,
        "IonBeamSequence": beams,
    }  # fmt: skip


def _dose(root: str, number: int, summation: str, **more: Any) -> dict[str, Any]:
    return {
        **head("rtdose", f"{root}.6.{number}", "RTDOSE"), **FRAME, "SeriesInstanceUID": f"{root}.6",
        "InstanceNumber": number, "ImageOrientationPatient": AXIAL, "ImagePositionPatient": [-200, -200, 5],
        "NumberOfFrames": 3, "FrameIncrementPointer": 0x3004000C, "GridFrameOffsetVector": [0, 5, 10],
        "SliceThickness": 5, "Rows": 1, "Columns": 1, "SamplesPerPixel": 1, "BitsAllocated": 16, "BitsStored": 16,
        "HighBit": 15, "PixelRepresentation": 0, "PixelData": np.array([0, 30000, 65535], dtype="<u2").tobytes(),
        "DoseUnits": "GY", "DoseType": "PHYSICAL", "DoseSummationType": summation, "DoseGridScaling": 0.001,
        "ReferencedRTPlanSequence": [_ref("rtplan", f"{root}.5.1")], f"4001,xx17 {RAY}/US": 8, **more,
    }  # fmt: skip


def _doses(root: str) -> dict[str, dict[str, Any]]:
    found = {"rtdose": _dose(root, 1, "PLAN")}
    for beam in (1, 2, 3, 4):
        group = {"ReferencedFractionGroupNumber": 1, "ReferencedBeamSequence": [{"ReferencedBeamNumber": beam}]}
        plan = {**_ref("rtplan", f"{root}.5.1"), "ReferencedFractionGroupSequence": [group]}
        found[f"beamdose{beam}"] = _dose(root, 1 + beam, "BEAM", ReferencedRTPlanSequence=[plan])
    return found


def _registration(root: str) -> dict[str, Any]:
    matrix = {"FrameOfReferenceTransformationMatrixType": "RIGID",
              "FrameOfReferenceTransformationMatrix": [1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]}  # fmt: skip
    return {
        **head("reg", f"{root}.9.1", "REG"), **FRAME, "StudyInstanceUID": "1.2.3.2",
        "RegistrationSequence": [
            {"ReferencedImageSequence": [_ref("ct", "1.2.3.4.1.1")],
             "MatrixRegistrationSequence": [{"MatrixSequence": [matrix]}]}
        ],
        "StudiesContainingOtherReferencedInstancesSequence": [{"StudyInstanceUID": "1.2.3.1"}],
    }  # fmt: skip


def _import() -> dict[str, dict[str, Any]]:
    root = "1.2.3"
    undated = {**_structures(root), "SOPInstanceUID": "1.2.3.7.2"}
    del undated["StructureSetDate"], undated["StructureSetTime"]
    own = {**_plan(root), "SOPInstanceUID": "1.2.3.5.3", "Manufacturer": "RaySearch Laboratories"}
    return {
        **_images(), "rtstruct": _structures(root), "undated": undated, "rtplan": _plan(root), "own": own,
        "rtionplan": _ion(root), **_doses(root), "elsewhere": _dose(root, 9, "PLAN", FrameOfReferenceUID="1.2.3.8"),
        "reg": _registration(root),
    }  # fmt: skip


def _export() -> dict[str, dict[str, Any]]:
    projection = image("ct", "CT", 1, "7", StudyDescription="4DCT Projection", SeriesDescription="Projection method: MIP",
                       OtherPatientIDs="P0", OtherPatientNames="Other^Name")  # fmt: skip
    projection |= {"SOPInstanceUID": f"{ROOT}.1.1", "SeriesInstanceUID": f"{ROOT}.1"}
    contour = {f"4001,xx48 {RAY}/IS": 2, f"4001,xx49 {RAY}/OF": np.zeros(4, dtype="<f4").tobytes()}
    drr = {
        **head("rtimage", f"{ROOT}.4.1", "RTIMAGE"), **FRAME, "SeriesInstanceUID": f"{ROOT}.4",
        f"4001,xx40 {RAY}/SQ": [{f"4001,xx41 {RAY}/LO": "Body", f"4001,xx52 {RAY}/SQ": [contour]}],
        "3243,xx28 Varian Medical Systems VISION 3243/IS": 1,
    }  # fmt: skip
    plan, ion = _plan(ROOT), _ion(ROOT)
    plan |= {f"4001,xx60 {RAY}/LO": "1", f"4001,xx61 {RAY}/OB": b"12", "TreatmentProtocols": "SMLC"}
    plan["BeamSequence"] = [_beam(1, "STATIC", "PHOTON"), _beam(2, "STATIC", "ELECTRON")]
    tomo = _plan(ROOT)
    tomo |= {"SOPInstanceUID": f"{ROOT}.5.2", "TreatmentProtocols": "TomoHelical"}
    neutrons = {**_plan(ROOT), "SOPInstanceUID": f"{ROOT}.5.3", "TreatmentProtocols": "BNCT"}
    scanned = {**_ion(ROOT), "SOPInstanceUID": f"{ROOT}.8.2", "IonBeamSequence": ion["IonBeamSequence"][4:5]}
    scanned["FractionGroupSequence"] = [
        {"FractionGroupNumber": 1, "ReferencedBeamSequence": [{"ReferencedBeamNumber": 5, "BeamMeterset": 100}]}
    ]
    evaluation = _dose(ROOT, 9, "EVALUATION", ReferencedRTPlanSequence=[_ref("rtplan", f"{ROOT}.5.99")])
    hidden = {
        **_structures(ROOT), **ANONYMOUS, "SOPInstanceUID": f"{ROOT}.7.9", "PatientBirthDate": "20240601",
        "StructureSetROISequence": [], "RTROIObservationsSequence": [], "ROIContourSequence": [], "PatientID": "ANON",
        "ReferencedFrameOfReferenceSequence": [],
    }  # fmt: skip
    doses = _doses(ROOT)
    for number, one in enumerate((*doses.values(), evaluation), 1):
        one["InstanceNumber"] = number
    return {
        **_images(), "projection": projection, "rtstruct": _structures(ROOT), "rtplan": plan, "tomo": tomo,
        "neutrons": neutrons, "rtionplan": ion, "scanned": scanned, **doses, "evaluation": evaluation,
        "reg": _registration(ROOT), "rtimage": drr, "anonymous": hidden,
    }  # fmt: skip


IMPORT = {name: dataset(values) for name, values in _import().items()}
EXPORT = {name: dataset(values) for name, values in _export().items()}
