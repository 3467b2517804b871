"""When PS3.3 wants an element of type 1C or 2C, for documents that give the type and leave the condition to it.

Written in the language of readings, by keyword; ``position() == 0`` is the first control point. An element that is not
listed has a condition that data do not tell, or none beyond its item being there.
"""

from __future__ import annotations

from linacsim.conformance.check.expression import Expression, compile_expression
from linacsim.conformance.tables import Row

_FIRST = "position() == 0"
_SPOTS = "ScanMode in ['MODULATED', 'MODULATED_SPEC']"
_ION_FIRST = "kind() == 'rtionplan' and position() == 0"
_REVIEWED = "ApprovalStatus in ['APPROVED', 'REJECTED']"
_PIXELS = "present(PixelData)"

# PS3.3 C.8.8.14 RT Beams, C.8.8.25 RT Ion Beams
_BEAMS = {
    "WedgeSequence": "NumberOfWedges > 0",
    "IonWedgeSequence": "NumberOfWedges > 0",
    "BlockSequence": "NumberOfBlocks > 0",
    "IonBlockSequence": "NumberOfBlocks > 0",
    "CompensatorSequence": "NumberOfCompensators > 0",
    "IonRangeCompensatorSequence": "NumberOfCompensators > 0",
    "ReferencedBolusSequence": "NumberOfBoli > 0",
    "RangeShifterSequence": "NumberOfRangeShifters > 0",
    "LateralSpreadingDeviceSequence": "NumberOfLateralSpreadingDevices > 0",
    "RangeModulatorSequence": "NumberOfRangeModulators > 0",
    "RangeShifterSettingsSequence": f"{_FIRST} and NumberOfRangeShifters > 0",
    "LateralSpreadingDeviceSettingsSequence": f"{_FIRST} and NumberOfLateralSpreadingDevices > 0",
    "RangeModulatorSettingsSequence": f"{_FIRST} and NumberOfRangeModulators > 0",
    "LeafPositionBoundaries": "RTBeamLimitingDeviceType in ['MLCX', 'MLCY']",
    "FinalCumulativeMetersetWeight": "some(ControlPointSequence, present(item.CumulativeMetersetWeight)) "
    "or some(IonControlPointSequence, present(item.CumulativeMetersetWeight))",
    "FluenceModeID": "FluenceMode == 'NON_STANDARD'",
    "BlockTransmission": "empty(MaterialID)",
    "BlockThickness": "present(MaterialID)",
    "CompensatorColumnOffset": "False",
    "IsocenterToCompensatorTrayDistance": "CompensatorMountingPosition in ['PATIENT_SIDE', 'SOURCE_SIDE']",
    "ApplicatorOpening": "ApplicatorApertureShape in ['SYM_SQUARE', 'SYM_CIRCULAR']",
    "ModulatedScanModeType": "ScanMode == 'MODULATED_SPEC'",
}
_CONTROL_POINTS = {
    **dict.fromkeys(
        (
            "GantryAngle", "GantryRotationDirection", "BeamLimitingDeviceAngle", "BeamLimitingDeviceRotationDirection",
            "PatientSupportAngle", "PatientSupportRotationDirection", "TableTopEccentricAngle", "IsocenterPosition",
            "TableTopEccentricRotationDirection", "TableTopVerticalPosition", "TableTopLongitudinalPosition",
            "TableTopLateralPosition", "SnoutPosition",
        ),
        _FIRST,
    ),
    **dict.fromkeys(
        (
            "GantryPitchAngle", "GantryPitchRotationDirection", "TableTopPitchAngle", "TableTopPitchRotationDirection",
            "TableTopRollAngle", "TableTopRollRotationDirection",
        ),
        _ION_FIRST,
    ),
    "NominalBeamEnergy": f"{_FIRST} and absent(KVP)",
    "BeamLimitingDevicePositionSequence": f"{_FIRST} and (present(BeamLimitingDeviceSequence) "
    "or present(IonBeamLimitingDeviceSequence))",
    **dict.fromkeys(
        (
            "ScanSpotTuneID", "NumberOfScanSpotPositions", "ScanSpotPositionMap", "ScanSpotMetersetWeights",
            "NumberOfPaintings",
        ),
        _SPOTS,
    ),
}  # fmt: skip
# PS3.3 C.8.8.9 to C.8.8.13, C.8.8.15, C.8.8.16: plan, prescription, fractions, brachytherapy, approval
_PLANS = {
    "ReferencedStructureSetSequence": "RTPlanGeometry == 'PATIENT'",
    "ReferencedBeamSequence": "NumberOfBeams > 0 if kind() in ['rtplan', 'rtionplan'] "
    "else DoseSummationType in ['BEAM', 'BEAM_SESSION', 'CONTROL_POINT']",
    "ReferencedBrachyApplicationSetupSequence": "NumberOfBrachyApplicationSetups > 0",
    "ReferencedROINumber": "DoseReferenceStructureType in ['POINT', 'VOLUME']",
    "DoseReferencePointCoordinates": "DoseReferenceStructureType == 'COORDINATES'",
    "BeamDoseType": "present(AlternateBeamDose)",
    "AlternateBeamDoseType": "present(AlternateBeamDose)",
    "NumberOfPulses": "BrachyTreatmentType == 'PDR'",
    "PulseRepetitionInterval": "BrachyTreatmentType == 'PDR'",
    "SourceStrength": "False",
    "SourceStrengthUnits": "False",
    "SourceApplicatorStepSize": "SourceMovementType == 'STEPWISE'",
    **dict.fromkeys(
        ("SourceApplicatorID", "SourceApplicatorType", "SourceApplicatorLength"), "present(SourceApplicatorNumber)"
    ),
    **dict.fromkeys(("ReviewDate", "ReviewTime", "ReviewerName"), _REVIEWED),
}
# PS3.3 C.8.8.3 RT Dose; C.8.8.5 Structure Set
_DOSES = {
    "GridFrameOffsetVector": "NumberOfFrames > 1",
    "FrameIncrementPointer": "NumberOfFrames > 1",
    "FrameTime": "FrameIncrementPointer == '0018,1063'",
    "ReferencedControlPointSequence": "DoseSummationType == 'CONTROL_POINT'",
    "ReferencedFractionGroupSequence": "DoseSummationType in ['FRACTION', 'BEAM', 'BRACHY', 'CONTROL_POINT', "
    "'FRACTION_SESSION', 'BEAM_SESSION', 'BRACHY_SESSION']",
    "ReferencedRTPlanSequence": "kind() != 'rtdose' or DoseSummationType not in ['RECORD', 'EVALUATION']",
    "ROIElementalCompositionSequence": "ROIPhysicalProperty == 'ELEM_FRACTION'",
    **dict.fromkeys(
        (
            "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
            "PixelRepresentation", "DoseGridScaling",
        ),
        _PIXELS,
    ),
}  # fmt: skip
# PS3.3 C.7.3, C.7.6, C.8.2, C.8.9, C.12.1, 8.8: images and what is common to all objects
_IMAGES = {
    "PixelData": "absent(PixelDataProviderURL) and (kind() != 'rtdose' or present(Rows))",
    "PixelPaddingRangeLimit": "False",
    "PixelPaddingValue": "present(PixelPaddingRangeLimit)",
    "RescaleType": "False",
    "SpecificCharacterSet": "False",
    "ContentDate": "False",
    "ContentTime": "False",
    "PatientOrientation": "absent(ImageOrientationPatient)",
    "RTImageOrientation": "RTImagePlane == 'NON_NORMAL'",
    "PatientPosition": "absent(PatientAdditionalPosition) if refers_to('rtstruct') or kind() in ['rtplan', 'rtionplan'] "
    "else kind() in ['ct', 'mr', 'pet'] and absent(PatientOrientationCodeSequence)",
    "WindowCenter": "present(WindowWidth)",
    "WindowWidth": "present(WindowCenter)",
    "DecayFactor": "DecayCorrection in ['START', 'ADMIN']",
    "PatientOrientationModifierCodeSequence": "False",
    "CodeValue": "absent(item.LongCodeValue) and absent(item.URNCodeValue)",
    "CodingSchemeDesignator": "present(item.CodeValue) or present(item.LongCodeValue)",
    "CodingSchemeVersion": "False",
    "ReferencedFrameNumber": "False",
    "StudiesContainingOtherReferencedInstancesSequence": "False",
}
STANDARD = {**_BEAMS, **_CONTROL_POINTS, **_PLANS, **_DOSES, **_IMAGES}
"""The condition by keyword."""


def standard_condition(row: Row) -> Expression | None:
    """Return the standard's condition of a row of type 1C or 2C, where it is known and data tell."""
    if row.type not in ("1C", "2C") or row.keyword not in STANDARD:
        return None
    return compile_expression(STANDARD[row.keyword])
