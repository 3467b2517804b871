"""Small data sets that keep every sentence of Monaco's document: what it takes, what it sends."""

from __future__ import annotations

from typing import Any

import numpy as np

from linacsim.conformance.kinds import SOP_CLASSES
from tests.conformance.check.sentences import dataset

ROOT = "2.16.840.1.114337"
PATIENT = {
    "PatientName": "Phantom^Thorax",
    "PatientID": "P1",
    "PatientBirthDate": "19560412",
    "PatientSex": "O",
}
STUDY = {"StudyInstanceUID": "1.2.3.1", "StudyDate": "20240506", "StudyTime": "080000", "StudyID": "S1"}
FRAME = {"FrameOfReferenceUID": "1.2.3.9", "PositionReferenceIndicator": "SN"}
AXIAL = [1, 0, 0, 0, 1, 0]


def head(kind: str, uid: str, modality: str) -> dict[str, Any]:
    """Return what every object begins with."""
    return {"SOPClassUID": SOP_CLASSES[kind], "SOPInstanceUID": uid, "Modality": modality, **PATIENT, **STUDY}


def image(kind: str, modality: str, index: int, series: str, **more: Any) -> dict[str, Any]:
    """Return an axial image of 2 by 2 pixels, the `index`-th of its series."""
    return {
        **head(kind, f"1.2.3.4.{series}.{index}", modality),
        **FRAME,
        "SeriesInstanceUID": f"1.2.3.4.{series}",
        "SeriesNumber": 3,
        "InstanceNumber": index,
        "Manufacturer": "Maker",
        "ManufacturerModelName": "Model",
        "ReferringPhysicianName": "Physician",
        "StudyDescription": "Thorax",
        "AccessionNumber": "1",
        "PatientPosition": "HFS",
        "ImageOrientationPatient": AXIAL,
        "ImagePositionPatient": [-200, -200, 5 * index],
        "Rows": 2,
        "Columns": 2,
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 0,
        "PixelSpacing": [2, 2],
        "RescaleSlope": 1,
        "RescaleIntercept": 0,
        "PixelData": np.array([0, 100, 200, 300], dtype="<u2").tobytes(),
        **more,
    }


def _pet(index: int) -> dict[str, Any]:
    return image(
        "pet", "PT", index, "3",
        PatientWeight=70, PatientSize=1.8, Units="BQML", CountsSource="EMISSION", CorrectedImage=["ATTN", "DECY"],
        DecayCorrection="START", AcquisitionDate="20240506", AcquisitionTime="081000", SeriesDate="20240506",
        SeriesTime="080000", WindowCenter=40, WindowWidth=400,
        RadiopharmaceuticalInformationSequence=[
            {"RadiopharmaceuticalStartDateTime": "20240506070000", "RadiopharmaceuticalStartTime": "070000"},
            {"RadiopharmaceuticalStartTime": "070000"},
        ],
    )  # fmt: skip


def _pet_of(maker: str, index: int) -> dict[str, Any]:
    """Return an image of a scanner with elements of its own."""
    scanners: dict[str, dict[str, Any]] = {
        "GE MEDICAL SYSTEMS": {"0009,xx0D GEMS_PETD_01/DT": "20240506081000"},
        "Philips": {"7053,xx00 Philips PET Private Group/DS": 0.5, "7053,xx09 Philips PET Private Group/DS": 2},
    }
    private = scanners[maker]
    unit = "CNTS" if maker == "Philips" else "BQML"
    return {**_pet(index), "SeriesInstanceUID": f"1.2.3.4.3.{index}", "Manufacturer": maker, "Units": unit,
            "SeriesTime": "090000" if maker != "Philips" else "080000", **private}  # fmt: skip


def _referenced(kind: str, uid: str) -> dict[str, Any]:
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid}


def _structures() -> dict[str, Any]:
    images = [_referenced("ct", f"1.2.3.4.1.{index}") for index in (1, 2)]
    series = [{"SeriesInstanceUID": "1.2.3.4.1", "ContourImageSequence": images}]
    density = {"ROIPhysicalProperty": "REL_ELEC_DENSITY", "ROIPhysicalPropertyValue": 1.02}
    return {
        "ReferencedFrameOfReferenceSequence": [
            {"FrameOfReferenceUID": "1.2.3.9", "RTReferencedStudySequence": [{"RTReferencedSeriesSequence": series}]}
        ],
        "StructureSetROISequence": [{"ROINumber": 1, "ROIName": "Body"}, {"ROINumber": 2, "ROIName": "Bolus1"}],
        "RTROIObservationsSequence": [
            {"ReferencedROINumber": 1, "RTROIInterpretedType": "EXTERNAL"},
            {"ReferencedROINumber": 2, "RTROIInterpretedType": "BOLUS", "ROIPhysicalPropertiesSequence": [density]},
        ],
    }


def _ion_points(spots: int = 2) -> list[dict[str, Any]]:
    """Return two layers: each begins with the weights of its spots and ends with zeros."""
    points: list[dict[str, Any]] = []
    for index, (start, weight) in enumerate(((0, 3.0), (6, 0.0), (6, 2.0), (10, 0.0))):
        points.append(
            {
                "ControlPointIndex": index,
                "CumulativeMetersetWeight": start,
                "NominalBeamEnergy": 290,
                "ScanSpotTuneID": "4",
                "NumberOfScanSpotPositions": spots,
                "ScanSpotPositionMap": [1.0, 2.0, 3.0, 4.0],
                "ScanSpotMetersetWeights": [weight, weight],
                "ScanningSpotSize": [8.0, 8.0],
                "NumberOfPaintings": 1,
                "TableTopPitchAngle": 0.0,
                "TableTopRollAngle": 0.0,
                "TableTopRollRotationDirection": "NONE",
                "GantryPitchRotationDirection": "NONE",
                "ReferencedDoseReferenceSequence": [
                    {"ReferencedDoseReferenceNumber": 1},
                    {"ReferencedDoseReferenceNumber": 2},
                ],
            }
        )
    points[0].update(
        GantryAngle=0, BeamLimitingDeviceAngle=0, PatientSupportAngle=0, IsocenterPosition=[0, 0, 0],
        SnoutPosition=420.0, RangeShifterSettingsSequence=[{"ReferencedRangeShifterNumber": 1}],
    )  # fmt: skip
    return points


def _import() -> dict[str, dict[str, Any]]:
    ct = {index: image("ct", "CT", index, "1", PixelPaddingValue=0) for index in (1, 2)}
    ct[1].update(PatientSupportAngle=0, TableTopPitchAngle=0.0, TableTopRollAngle=0.0)
    dose = {
        **head("rtdose", "1.2.3.6.1", "RTDOSE"), **FRAME,
        "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "PixelRepresentation": 0,
        "DoseUnits": "GY", "DoseType": "PHYSICAL", "DoseSummationType": "PLAN",
        "ImageOrientationPatient": AXIAL, "ImagePositionPatient": [-200, -200, 5], "GridFrameOffsetVector": [0, 2.5, 5],
        "ReferencedRTPlanSequence": [_referenced("rtplan", "1.2.3.5.1")],
    }  # fmt: skip
    ion = {
        **head("rtionplan", "1.2.3.5.2", "RTPLAN"),
        "ReferencedStructureSetSequence": [_referenced("rtstruct", "1.2.3.7.1")],
        "IonBeamSequence": [
            {"FinalCumulativeMetersetWeight": 10, "NumberOfControlPoints": 4, "IonControlPointSequence": _ion_points()}
        ],
    }
    plan = {
        **head("rtplan", "1.2.3.5.1", "RTPLAN"),
        "ReferencedStructureSetSequence": [_referenced("rtstruct", "1.2.3.7.1")],
    }
    return {
        **{f"ct{index}": one for index, one in ct.items()},
        **{f"mr{index}": image("mr", "MR", index, "2") for index in (1, 2)},
        **{f"pet{index}": _pet(index) for index in (1, 2)},
        "petge": _pet_of("GE MEDICAL SYSTEMS", 3),
        "petphilips": _pet_of("Philips", 4),
        "rtstruct": {**head("rtstruct", "1.2.3.7.1", "RTSTRUCT"), **_structures()},
        "rtplan": plan,
        "rtionplan": ion,
        "rtdose": dose,
    }


def _exported(kind: str, number: int, modality: str, **more: Any) -> dict[str, Any]:
    """Return what every object that Monaco makes begins with."""
    return {
        **head(kind, f"{ROOT}.{number}.1", modality), **FRAME,
        "SeriesInstanceUID": f"{ROOT}.{number}", "OtherPatientIDs": "M1", "OtherPatientNames": "Phantom",
        "InstanceCreationDate": "20240507", "InstanceCreationTime": "100000", "OperatorsName": "planner",
        "SpecificCharacterSet": "ISO_IR 100", "AccessionNumber": "A1", **more,
    }  # fmt: skip


SITE = {
    "DoseReferenceNumber": 1,
    "DoseReferenceStructureType": "SITE",
    "DoseReferenceDescription": "Lung",
    "TargetPrescriptionDose": 50,
}
POINT = {
    "DoseReferenceNumber": 2,
    "DoseReferenceStructureType": "COORDINATES",
    "DoseReferencePointCoordinates": [1, 2, 3],
}


def _beam(number: int, radiation: str, **more: Any) -> dict[str, Any]:
    collimators = [
        {"RTBeamLimitingDeviceType": "ASYMX", "NumberOfLeafJawPairs": 1, "SourceToBeamLimitingDeviceDistance": 400},
        {"RTBeamLimitingDeviceType": "MLCX", "NumberOfLeafJawPairs": 2, "SourceToBeamLimitingDeviceDistance": 350,
         "LeafPositionBoundaries": [-5, 0, 5]},
    ]  # fmt: skip
    block = {"SourceToBlockTrayDistance": 650, "BlockType": "APERTURE", "BlockTrayID": "T1"}
    applicator = {"ApplicatorID": "C1", "ApplicatorType": "STEREOTACTIC", "AccessoryCode": "7",
                  "ApplicatorDescription": "cone"}  # fmt: skip
    fluence = {"FluenceMode": "NON_STANDARD", "FluenceModeID": "FFF"}
    points = [
        {
            "ControlPointIndex": index,
            "CumulativeMetersetWeight": index,
            "DoseRateSet": 400,
            "WedgePositionSequence": [{"WedgePosition": "IN"}],
            "ReferencedDoseReferenceSequence": [
                {"ReferencedDoseReferenceNumber": 1},
                {"ReferencedDoseReferenceNumber": 2},
            ],
        }
        for index in (0, 1)
    ]
    points[0].update(GantryAngle=30, BeamLimitingDeviceAngle=10, PatientSupportAngle=0)
    return {
        "BeamNumber": number, "BeamName": f"Anter{number}", "BeamDescription": f"Anterior {number}",
        "RadiationType": radiation, "TreatmentMachineName": "LINAC1", "PrimaryDosimeterUnit": "MU",
        "SourceAxisDistance": 1000, "InstitutionalDepartmentName": "Clinic", "BeamLimitingDeviceSequence": collimators,
        "PrimaryFluenceModeSequence": [fluence], "NumberOfWedges": 1, "WedgeSequence": [{"WedgeNumber": 1}],
        "NumberOfBoli": 1, "NumberOfBlocks": 1, "BlockSequence": [block], "TotalBlockTrayFactor": 0.97,
        "ReferencedBolusSequence": [
            {"ReferencedROINumber": 2, "BolusID": "Bolus1", "BolusDescription": "5 mm"}
        ],
        "ApplicatorSequence": [applicator], "ControlPointSequence": points, **more,
    }  # fmt: skip


def _plan() -> dict[str, Any]:
    beams = [
        {"ReferencedBeamNumber": number, "BeamDoseSpecificationPoint": [1.5, 2, 3], "BeamDose": 1, "BeamMeterset": 100}
        for number in (1, 2)
    ]
    group = {"FractionGroupNumber": 1, "ReferencedBeamSequence": beams,
             "ReferencedDoseReferenceSequence": [{"ReferencedDoseReferenceNumber": 1}]}  # fmt: skip
    setups = [
        {"PatientSetupNumber": 1, "SetupTechnique": "ISOCENTRIC", "PatientPosition": "HFS"},
        {"PatientSetupNumber": 2, "SetupTechnique": "FIXED_SSD", "PatientPosition": "FFS"},
    ]
    return _exported(
        "rtplan", 5, "RTPLAN", InstanceCreatorUID=ROOT,
        RTPlanLabel="01AThorax", RTPlanName="Thorax", RTPlanDescription="", RTPlanDate="20240507", RTPlanTime="090000",
        RTPlanGeometry="PATIENT", PrescriptionDescription="Plan:RxA",
        ReferencedStructureSetSequence=[_referenced("rtstruct", f"{ROOT}.7.1")],
        DoseReferenceSequence=[SITE, POINT], FractionGroupSequence=[group], PatientSetupSequence=setups,
        ToleranceTableSequence=[{"ToleranceTableNumber": 1, "ToleranceTableLabel": "T1"}],
        BeamSequence=[_beam(1, "PHOTON"), _beam(2, "ELECTRON")],
        ApprovalStatus="APPROVED", ReviewDate="20240507", ReviewTime="093000", ReviewerName="Physicist",
    )  # fmt: skip


def _ion_plan() -> dict[str, Any]:
    group = {
        "ReferencedBeamSequence": [
            {"ReferencedBeamNumber": number, "BeamDoseSpecificationPoint": [1, 2, 3], "BeamDose": 1, "BeamMeterset": 10}
            for number in (1, 2)
        ],
        "ReferencedDoseReferenceSequence": [{"ReferencedDoseReferenceNumber": 1}],
    }
    beam = {
        "BeamNumber": 1, "BeamName": "Anter", "BeamDescription": "Anterior", "TreatmentMachineName": "ION1",
        "InstitutionalDepartmentName": "Clinic", "VirtualSourceAxisDistances": [6400.0, 6800.0],
        "ScanMode": "MODULATED", "Manufacturer": "IBA",
        "NumberOfRangeShifters": 1, "RangeShifterSequence": [{"RangeShifterNumber": 1, "RangeShifterID": "RS1"}],
        "NumberOfLateralSpreadingDevices": 2,
        "LateralSpreadingDeviceSequence": [
            {"LateralSpreadingDeviceNumber": 1, "LateralSpreadingDeviceID": "SCANNING_X"},
            {"LateralSpreadingDeviceNumber": 2, "LateralSpreadingDeviceID": "SCANNING_Y"},
        ],
        "NumberOfRangeModulators": 1, "RangeModulatorSequence": [{"RangeModulatorID": "RF3"}],
        "FinalCumulativeMetersetWeight": 10, "NumberOfControlPoints": 4, "IonControlPointSequence": _ion_points(),
        "300B,xx02 IMPAC/FL": 120.0, "300B,xx04 IMPAC/FL": 150.0, "300B,xx0E IMPAC/FL": 40.0,
    }  # fmt: skip
    return _exported(
        "rtionplan", 8, "RTPLAN", InstanceCreatorUID=ROOT, DoseReferenceSequence=[SITE, POINT],
        ReferencedStructureSetSequence=[_referenced("rtstruct", f"{ROOT}.7.1")],
        FractionGroupSequence=[group],
        IonBeamSequence=[beam, {**beam, "BeamNumber": 2, "BeamName": "Second"}],
        PatientSetupSequence=[{"PatientSetupNumber": 1, "PatientPosition": "FFS"}],
    )  # fmt: skip


def _radiograph() -> dict[str, Any]:
    return {
        "DerivationDescription": "Monaco\\P1\\Thorax\\1\\BEV", "PatientOrientation": ["LP", "F"],
        "InstanceCreatorUID": ROOT,
    }  # fmt: skip


def _rt_image(number: int, plan: dict[str, Any]) -> dict[str, Any]:
    found = _exported(
        "rtimage", number, "RTIMAGE", **_radiograph(), AccessionNumber="1", RTImageLabel="Anterior 1",
        XRayImageReceptorTranslation=[0, 0, 0], ImagePlanePixelSpacing=[0.5, 0.5], RTImagePosition=[-255.75, 255.75],
        Rows=1024, Columns=1024, RadiationMachineName="LINAC1", RadiationMachineSAD=1000, RTImageSID=1000,
        ReferencedBeamNumber=1, GantryAngle=30, BeamLimitingDeviceAngle=10, PatientSupportAngle=0,
        ReferencedRTPlanSequence=[plan],
    )  # fmt: skip
    del found["InstanceCreatorUID"]
    return found


def _export() -> dict[str, dict[str, Any]]:
    plan = _plan()
    dose = _exported(
        "rtdose", 6, "RTDOSE", DoseSummationType="PLAN", DVHSequence=[{"DVHType": "CUMULATIVE"}],
        DVHNormalizationPoint=[0, 0, 0], DVHNormalizationDoseValue=50,
        ReferencedStructureSetSequence=[_referenced("rtstruct", f"{ROOT}.7.1")],
        ReferencedRTPlanSequence=[_referenced("rtplan", f"{ROOT}.5.1")],
    )  # fmt: skip
    group = {"ReferencedFractionGroupNumber": 1, "ReferencedBeamSequence": [{"ReferencedBeamNumber": 1}]}
    beam = _exported(
        "rtdose", 16, "RTDOSE", DoseSummationType="BEAM",
        ReferencedRTPlanSequence=[
            {**_referenced("rtplan", f"{ROOT}.5.1"), "ReferencedFractionGroupSequence": [group]}
        ],
    )  # fmt: skip
    ion = _rt_image(19, _referenced("rtionplan", f"{ROOT}.8.1"))
    ion.update(
        RTImageLabel="Anterior", RadiationMachineName="ION1", GantryAngle=0, BeamLimitingDeviceAngle=0,
        PatientOrientation=["R", "H"], TableTopPitchAngle=0.0, TableTopPitchRotationDirection="NONE",
        TableTopRollAngle=0.0, TableTopRollRotationDirection="NONE",
    )  # fmt: skip
    turned = image("ct", "CT", 1, "5", InstanceCreatorUID=ROOT, SoftwareVersions="5.30", OperatorsName="planner",
                   InstanceCreationDate="20240507", InstanceCreationTime="100000", TableTopRollAngle=2.0,
                   SOPInstanceUID=f"{ROOT}.4.1", SeriesInstanceUID=f"{ROOT}.4",
                   ImageOrientationPatient=[0.999391, 0.034899, 0, -0.034899, 0.999391, 0])  # fmt: skip
    images = {
        f"{kind}{index}": image(kind, modality, index, series, OtherPatientIDs="X", OtherPatientNames="Y",
                                InstanceCreatorUID="1.2.3", OperatorsName="scanner", InstanceCreationDate="20240506",
                                InstanceCreationTime="081500", SoftwareVersions="1")
        for kind, modality, series in (("ct", "CT", "1"), ("mr", "MR", "2"), ("pet", "PT", "3"))
        for index in (1, 2)
    }  # fmt: skip
    made = {f"{kind}made": {**image(kind, modality, 1, "6", InstanceCreatorUID=ROOT, OperatorsName="planner",
                                    SoftwareVersions="5.30", InstanceCreationDate="20240507",
                                    InstanceCreationTime="100000"), "SOPInstanceUID": f"{ROOT}.{number}.1",
                            "SeriesInstanceUID": f"{ROOT}.{number}"}
            for kind, modality, number in (("mr", "MR", 42), ("pet", "PT", 43))}  # fmt: skip
    structures = _exported("rtstruct", 7, "RTSTRUCT", InstanceCreatorUID=ROOT, AccessionNumber="1", **_structures(),
                           Manufacturer="Computerized Medical Systems")  # fmt: skip
    capture = {**_exported("sc", 10, "CR", **_radiograph())}
    del capture["SpecificCharacterSet"]
    return {
        **images, "turned": turned, **made, "rtstruct": structures, "rtplan": plan, "rtionplan": _ion_plan(),
        "rtdose": dose, "beamdose": beam, "rtimage": _rt_image(9, _referenced("rtplan", f"{ROOT}.5.1")),
        "ionimage": ion, "sc": capture,
    }  # fmt: skip


IMPORT = {name: dataset(values) for name, values in _import().items()}
EXPORT = {name: dataset(values) for name, values in _export().items()}
