"""Small data sets that keep every sentence of Varian's OBI document: what it takes, what it sends."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from linacsim.conformance.kinds import SOP_CLASSES
from tests.conformance.check.bases_monaco import head, image
from tests.conformance.check.sentences import dataset

PLANNED, VERIFIED = "1.2.3.9", "1.2.3.8"
"""Frames of reference: of the planning CT, and of what was acquired in the session."""
BLOCK = "Varian Medical Systems VISION"
INTERFACE = "3253,xx00 Varian Medical Systems VISION 3253/OB"
SUBTYPE = f"3271,xx00 {BLOCK} 3271/CS"
RELATED = f"3263,xx01 {BLOCK} 3263/SQ"
UNIT = [1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, -2, 0, 0, 0, 1]
SQUARE: list[float] = [0, 0, 5, 10, 0, 5, 10, 10, 5, 0, 10, 5]


def xml(fields: dict[int, str]) -> bytes:
    """Return the extended interface of a plan: the type of field of each beam."""
    beams = "".join(
        f"<Beam><ReferencedBeamNumber>{number}</ReferencedBeamNumber><BeamExtension><FieldType>{field}</FieldType>"
        f"<FieldOrder>{number}</FieldOrder></BeamExtension></Beam>"
        for number, field in fields.items()
    )
    text = f"<ExtendedVAPlanInterface><Beams>{beams}</Beams></ExtendedVAPlanInterface>"
    return text.encode() + b"\0" * (len(text) % 2)


def _ref(kind: str, uid: str) -> dict[str, Any]:
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid}


def _slices(series: str, frame: str, **more: Any) -> dict[str, dict[str, Any]]:
    return {
        f"ct{series}{n}": image(
            "ct", "CT", n, series, FrameOfReferenceUID=frame, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
            RescaleIntercept=-1024, **more,
        )
        for n in (1, 2, 3)
    }  # fmt: skip


def _frame(series: str, frame: str) -> list[dict[str, Any]]:
    listed = [_ref("ct", f"1.2.3.4.{series}.{n}") for n in (1, 2, 3)]
    return [{"FrameOfReferenceUID": frame, "RTReferencedStudySequence": [
        {"ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.1", "ReferencedSOPInstanceUID": "1.2.3.1",
         "RTReferencedSeriesSequence": [
            {"SeriesInstanceUID": f"1.2.3.4.{series}", "ContourImageSequence": listed}]}]}]  # fmt: skip


def _contour(number: int, points: list[float], **more: Any) -> dict[str, Any]:
    kind = "POINT" if len(points) == 3 else "CLOSED_PLANAR"
    return {"ContourGeometricType": kind, "NumberOfContourPoints": len(points) // 3, "ContourNumber": number,
            "ContourData": points, **more}  # fmt: skip


def _structures(
    uid: str, series: str, frame: str, regions: dict[str, tuple[str | None, list[list[float]]]], **more: Any
) -> dict[str, Any]:
    rows = list(enumerate(regions.items(), 1))
    there = [_ref("ct", f"1.2.3.4.{series}.1")]
    return {
        **head("rtstruct", uid, "RTSTRUCT"), "SeriesInstanceUID": f"{uid}.9", "StructureSetLabel": "SET",
        "ReferencedFrameOfReferenceSequence": _frame(series, frame),
        "StructureSetROISequence": [
            {"ROINumber": n, "ROIName": name, "ReferencedFrameOfReferenceUID": frame} for n, (name, _) in rows
        ],
        "ROIContourSequence": [
            {"ReferencedROINumber": n, "ROIDisplayColor": [255, 0, 0], "ContourSequence": [
                _contour(k, points, **({"ContourImageSequence": there} if len(points) > 3 else {}))
                for k, points in enumerate(outlines, 1)]}
            for n, (_, (_, outlines)) in rows
        ],
        "RTROIObservationsSequence": [
            {"ObservationNumber": n, "ReferencedROINumber": n, **({"RTROIInterpretedType": kind} if kind else {}),
             **({SUBTYPE: "MARKER"} if kind == "MARKER" else {})}
            for n, (_, (kind, _)) in rows
        ], **more,
    }  # fmt: skip


def _beam(number: int, delivery: str, angle: float, *parameters: str, **more: Any) -> dict[str, Any]:
    jaws = [{"RTBeamLimitingDeviceType": "X", "LeafJawPositions": [-50, 50]}]
    place = {
        "GantryAngle": angle, "GantryRotationDirection": "NONE", "BeamLimitingDeviceAngle": 0,
        "BeamLimitingDeviceRotationDirection": "NONE", "IsocenterPosition": [0, 0, 0], "TableTopVerticalPosition": 100,
        "TableTopLongitudinalPosition": 500, "TableTopLateralPosition": 0,
    }  # fmt: skip
    kv = parameters[0] == "KV"
    return {
        "BeamNumber": number, "BeamType": "STATIC", "TreatmentDeliveryType": delivery, "RadiationType": "PHOTON",
        "PlannedVerificationImageSequence": [{"ImagingDeviceSpecificAcquisitionParameters": list(parameters)}],
        "NumberOfWedges": 0, "NumberOfCompensators": 0, "NumberOfBoli": 0, "NumberOfBlocks": 0,
        **({} if kv else {"BeamLimitingDeviceSequence": [{"RTBeamLimitingDeviceType": "X", "NumberOfLeafJawPairs": 1}]}),
        "ControlPointSequence": [
            {"ControlPointIndex": 0, **place, **({} if kv else {"BeamLimitingDevicePositionSequence": jaws})},
            {"ControlPointIndex": 1},
        ], **more,
    }  # fmt: skip


def _plan() -> dict[str, Any]:
    fields = {1: "TREATMENT", 2: "TREATMENT", 3: "SETUP", 4: "SETUP"}
    data = xml(fields)
    return {
        **head("rtplan", "1.2.3.5.1", "RTPLAN"), "SeriesInstanceUID": "1.2.3.5", "FrameOfReferenceUID": PLANNED,
        "RTPlanLabel": "PLAN", "RTPlanGeometry": "PATIENT",
        "ReferencedStructureSetSequence": [_ref("rtstruct", "1.2.3.6.1")],
        "BeamSequence": [
            _beam(1, "TREATMENT", 20, "PortImageIntegrated"),
            _beam(2, "TREATMENT", 200, "PortImageLowDose", "BeamOff"),
            _beam(3, "SETUP", 0, "KV", "Image"),
            _beam(4, "SETUP", 270, "KV", "CBCT"),
        ],
        INTERFACE: data, f"3253,xx01 {BLOCK} 3253/IS": len(data.rstrip(b"\0")),
        f"3253,xx02 {BLOCK} 3253/LO": "ExtendedVAPlanInterface",
    }  # fmt: skip


def _portal(uid: str, frame: str, kv: bool = False, **more: Any) -> dict[str, Any]:
    exposure: dict[str, Any] = {"KVP": 120 if kv else 6000, "MetersetExposure": 2, "NumberOfBlocks": 0}
    if kv:
        exposure |= {"XRayTubeCurrent": 80, "ExposureTime": 20}
    else:
        exposure["BeamLimitingDeviceSequence"] = [
            {"RTBeamLimitingDeviceType": "ASYMX", "NumberOfLeafJawPairs": 1, "LeafJawPositions": [-50, 50]}
        ]
    return {
        **image("rtimage", "RTIMAGE", 1, "7"), "SOPInstanceUID": uid, "FrameOfReferenceUID": frame,
        "SeriesInstanceUID": f"{uid}.1", "ImageType": ["ORIGINAL", "PRIMARY", "PORTAL", *(["OBI"] if kv else [])],
        "ManufacturerModelName": "On-Board Imager", "RTImageLabel": "AP", "RTImageDescription": "Anterior",
        "RTImagePlane": "NORMAL", "ReportedValuesOrigin": "ACTUAL", "PrimaryDosimeterUnit": "MINUTE" if kv else "MU",
        "ImagePlanePixelSpacing": [0.5, 0.5], "RTImagePosition": [-100, 100], "RTImageSID": 1500,
        "RadiationMachineSAD": 1000, "GantryAngle": 0, "IsocenterPosition": [0, 0, 0], "ReferencedBeamNumber": 1,
        "StartCumulativeMetersetWeight": 0, "ReferencedRTPlanSequence": [_ref("rtplan", "1.2.3.5.1")],
        "ExposureSequence": [exposure], "RescaleType": "US", f"3273,xx00 {BLOCK} 3273/DS": [0, 0, 0],
        f"3273,xx01 {BLOCK} 3273/CS": "HFS", **more,
    }  # fmt: skip


def _registration(number: int, reference: dict[str, Any], acquired: dict[str, Any]) -> dict[str, Any]:
    matrix = {"FrameOfReferenceTransformationMatrixType": "RIGID", "FrameOfReferenceTransformationMatrix": UNIT}
    code = {
        "CodeValue": "125025",
        "CodingSchemeDesignator": "99MINE",
        "CodingSchemeVersion": "1",
        "CodeMeaning": "Match",
    }
    registered = {"RegistrationTypeCodeSequence": [code], "MatrixSequence": [matrix]}
    return {
        **head("reg", f"1.2.3.20.{number}", "REG"), "SeriesInstanceUID": "1.2.3.20", "FrameOfReferenceUID": VERIFIED,
        "RegistrationSequence": [
            {"FrameOfReferenceUID": frame, "ReferencedImageSequence": [one], "MatrixRegistrationSequence": [registered]}
            for frame, one in ((PLANNED, reference), (VERIFIED, acquired))
        ],
    }  # fmt: skip


def _with_curve(ds: Dataset) -> Dataset:
    """Add the curve of a matched marker; its keywords are those of a repeating group."""
    rows = {
        0x0005: ("US", 2), 0x0010: ("US", 1), 0x0020: ("CS", "POLY"), 0x0030: ("SH", ["PIXEL", "PIXL"]),
        0x0040: ("SH", ["Marker", "Marker"]), 0x0103: ("US", 3),
    }  # fmt: skip
    for element, (vr, value) in rows.items():
        ds.add_new(0x50000000 + element, vr, value)
    return ds


def _given() -> dict[str, dict[str, Any]]:
    regions: dict[str, tuple[str | None, list[list[float]]]] = {
        "Body": ("EXTERNAL", [SQUARE, [one + 5 * (n % 3 == 2) for n, one in enumerate(SQUARE)]]),
        "Seed": ("MARKER", [[3, 4, 7.5]]),
    }
    reference = _portal("1.2.3.7.1", PLANNED, ImageType=["DERIVED", "SECONDARY", "DRR"], ReportedValuesOrigin="PLAN")
    return {**_slices("1", PLANNED), "rtstruct": _structures("1.2.3.6.1", "1", PLANNED, regions), "rtplan": _plan(),
            "drr": reference}  # fmt: skip


def _sent() -> dict[str, dict[str, Any]]:
    related = [{**_ref("rtstruct", "1.2.3.6.1"), f"3263,xx02 {BLOCK} 3263/CS": "ADDITION"}]
    isocentres: dict[str, tuple[str | None, list[list[float]]]] = {
        word: (word, [[0.5, 0, 2]]) for word in ("INITLASERISO", "ACQ_ISOCENTER", "INITMATCHISO")
    }
    drr, portal = _ref("rtimage", "1.2.3.7.1"), _ref("rtimage", "1.2.3.7.2")
    planned, verified = _ref("ct", "1.2.3.4.1.1"), _ref("ct", "1.2.3.4.2.1")
    return {
        **_slices("1", PLANNED), **_slices("2", VERIFIED), "rtplan": _plan(),
        "drr": _portal("1.2.3.7.1", PLANNED), "mv": _portal("1.2.3.7.2", VERIFIED),
        "kv": _portal("1.2.3.7.3", VERIFIED, kv=True),
        "dose": _portal("1.2.3.7.4", VERIFIED, ImageType=["ORIGINAL", "PRIMARY", "PORTAL", "ACQUIRED_DOSE"],
                        RescaleType="CU"),
        "markers": _structures("1.2.3.6.2", "1", PLANNED, {"Seed": ("MARKER", [[3, 4, 7.5]])}, **{RELATED: related}),
        "isocentres": _structures("1.2.3.6.3", "2", VERIFIED, isocentres),
        "organs": _structures("1.2.3.6.4", "1", PLANNED, {"Body": (None, [SQUARE])}),
        "reg2d": _registration(1, drr, portal), "reg3d": _registration(2, planned, verified),
        "regmarker": _registration(3, planned, portal),
    }  # fmt: skip


IMPORT = {name: dataset(values) for name, values in _given().items()}
EXPORT = {name: dataset(values) for name, values in _sent().items()}
_with_curve(EXPORT["kv"])
