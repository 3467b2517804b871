"""Varian's setup fields, kV beams, isocentres, couch, slices, markers and XML: each function kept and broken."""

from __future__ import annotations

import copy

import pytest
from pydicom.dataset import Dataset

from linacsim.conformance.check.values import Broken, Unknown
from linacsim.conformance.loader import load_system
from tests.conformance.check.bases_varian import EXPORT, IMPORT, INTERFACE, xml
from tests.conformance.check.sentences import changed, put, said, verdict

SYSTEM = load_system("varian-obi")
B = "rtplan:BeamSequence"
IMAGE = "PlannedVerificationImageSequence[0].ImagingDeviceSpecificAcquisitionParameters"
CP = "ControlPointSequence[0]"
OBSERVATION = "rtstruct:RTROIObservationsSequence[1]"
SUBTYPE = "3271,xx00 Varian Medical Systems VISION 3271/CS"
LENGTH = "rtplan:3253,xx01 Varian Medical Systems VISION 3253/IS"


@pytest.mark.parametrize(
    ("expression", "place", "change", "wanted"),
    [
        ("setup_beam()", f"{B}[2]", "", "true"),
        ("setup_beam()", f"{B}[0]", "", "broken"),
        ("setup_beam()", f"{B}[2].{CP}", "", "true"),
        ("setup_beam()", f"{B}[2]", f"-{B}[2].TreatmentDeliveryType", "true"),
        ("setup_beam()", f"{B}[0]", f"-{B}[0].TreatmentDeliveryType", "broken"),
        ("setup_beam()", "rtplan", "", "broken"),
        ("treatment_beam()", f"{B}[0]", "", "true"),
        ("treatment_beam()", f"{B}[2]", "", "broken"),
        ("treatment_beam()", f"{B}[0]", f"-{B}[0].TreatmentDeliveryType", "true"),
        ("treatment_beam()", f"{B}[0]", f"{B}[0].TreatmentDeliveryType = TRMT_PORTFILM", "broken"),
        ("kv_beam()", f"{B}[2].{CP}", "", "true"),
        ("kv_beam()", f"{B}[3]", "", "true"),
        ("kv_beam()", f"{B}[0]", f"{B}[0].{IMAGE} = KV\\Image", "broken"),
        ("kv_beam()", f"{B}[2]", f"-{B}[2].PlannedVerificationImageSequence", "broken"),
        ("kv_beam()", f"{B}[2]", f"{B}[2].PlannedVerificationImageSequence = 2 & {B}[2].{IMAGE} = KV\\Image", "broken"),
        ("kv_beam()", f"{B}[2]", f"{B}[2].{IMAGE} = PortImageIntegrated", "broken"),
        ("image_beam('MV')", f"{B}[1]", "", "true"),
        ("image_beam('MV')", f"{B}[1]", f"{B}[1].{IMAGE} = PortImageContinuous\\BeamOff", "broken"),
        ("image_beam('CBCT')", f"{B}[3]", f"{B}[3].{IMAGE} = KVCBCT", "true"),
        ("image_beam('film')", f"{B}[1]", f"-{B}[1].{IMAGE}", "true"),
        ("imaging() == 'kV'", f"{B}[2].PlannedVerificationImageSequence[0]", "", "true"),
        ("square_beams()", "rtplan", "", "true"),
        ("square_beams()", "rtplan", f"{B}[3].{CP}.GantryAngle = 260", "broken"),
        ("square_beams()", "rtplan", f"{B}[3].{CP}.GantryAngle = 90.0", "true"),
        ("square_beams()", "rtplan", f"-{B}[3].{CP}.GantryAngle", "unknown"),
        ("square_beams()", "rtplan", f"{B}[3].TreatmentDeliveryType = TREATMENT", "unknown"),
        ("one_isocentre(1.0)", "rtplan", f"{B}[1].{CP}.IsocenterPosition = 0\\0\\0.999", "true"),
        ("one_isocentre(1.0)", "rtplan", f"{B}[1].{CP}.IsocenterPosition = 0\\0\\1.0", "broken"),
        ("one_isocentre(1.0)", "rtplan", f"{B}[1].{CP}.IsocenterPosition = 0.6\\0.6\\0.6", "broken"),
        ("one_isocentre(1.0)", "rtplan", f"{B}[2].{CP}.IsocenterPosition = 0\\0\\50", "true"),
        ("one_isocentre(1.0)", "rtplan", "drr:IsocenterPosition = 0\\0\\1", "broken"),
        ("one_isocentre(1.0)", "rtplan", "drr:IsocenterPosition = 0\\0\\1 & drr:FrameOfReferenceUID = 1.9", "true"),
        ("one_isocentre(1.0)", "rtplan", f"-{B}[1].{CP}.IsocenterPosition", "broken"),
        ("one_isocentre(1.0, False)", "rtplan", f"-{B}[1].{CP}.IsocenterPosition", "true"),
        ("isocentre_of_plan(1.0)", "drr", "drr:IsocenterPosition = 0\\0\\0.9", "true"),
        ("isocentre_of_plan(1.0)", "drr", "drr:IsocenterPosition = 0\\0\\-1", "broken"),
        ("isocentre_of_plan(1.0)", "drr", "-drr:IsocenterPosition", "broken"),
        ("isocentre_of_plan(1.0)", "drr", "drr:FrameOfReferenceUID = 1.9", "unknown"),
        ("isocentre_of_plan(1.0)", "drr", "-rtplan", "unknown"),
        ("one_couch(2.0)", "rtplan", f"{B}[1].{CP}.TableTopVerticalPosition = 102", "true"),
        ("one_couch(2.0)", "rtplan", f"{B}[1].{CP}.TableTopVerticalPosition = 97.9", "broken"),
        ("one_couch(2.0)", "rtplan", f"{B}[2].{CP}.TableTopVerticalPosition = 50", "true"),
        ("one_couch(2.0)", "rtplan", f"{B}[1].{CP}.PatientSupportAngle = 90", "true"),
        ("near_beams(item.TableTopLateralPosition, 2.0)", f"{B}[1].{CP}",
         f"{B}[1].{CP}.TableTopLateralPosition = 2", "true"),
        ("near_beams(item.TableTopLateralPosition, 2.0)", f"{B}[1].{CP}",
         f"{B}[1].{CP}.TableTopLateralPosition = 2.01", "broken"),
        ("near_beams(item.IsocenterPosition, 1.0, True)", f"{B}[2].{CP}",
         f"{B}[2].{CP}.IsocenterPosition = 1\\0\\0", "broken"),
        ("slices_in_line(0.1)", "ct12", "ct12:ImagePositionPatient = -199.9\\-200\\10", "true"),
        ("slices_in_line(0.1)", "ct12", "ct12:ImagePositionPatient = -199.89\\-200\\10", "broken"),
        ("slices_in_line(0.1)", "ct13", "ct12:ImagePositionPatient = -199.89\\-200\\10", "true"),
        ("slices_in_line(0.1)", "ct12", "ct12:ImagePositionPatient = -200\\-200\\99", "true"),
        ("slices_in_line(0.1)", "ct12", "-ct12:ImagePositionPatient", "unknown"),
        ("count(contours(1)) == 2", "rtstruct", "", "true"),
        ("count(contours(7)) == 0", "rtstruct", "", "true"),
        ("observations(2).RTROIInterpretedType == 'MARKER'", "rtstruct", "", "true"),
        ("marker_region(2)", "rtstruct", "", "true"),
        ("marker_region(1)", "rtstruct", "", "broken"),
        ("marker_region(2)", "rtstruct", f"{OBSERVATION}.RTROIInterpretedType = ORGAN", "true"),
        ("marker_region(2)", "rtstruct", f"{OBSERVATION}.RTROIInterpretedType = ORGAN & -{OBSERVATION}.{SUBTYPE}",
         "broken"),
        ("interface_length_fits()", "rtplan", "", "true"),
        ("interface_length_fits()", "rtplan", f"{LENGTH} = 7", "broken"),
        ("interface_length_fits()", "rtplan", f"-{LENGTH}", "true"),
        ("interface_beams() == [1, 2, 3, 4]", "rtplan", "", "true"),
        ("interface_field_type(3) == 'SETUP'", "rtplan", "", "true"),
        ("interface_field_type(9) == ''", "rtplan", "", "true"),
    ],
)  # fmt: skip
def test_a_function_is_kept_and_broken(expression: str, place: str, change: str, wanted: str) -> None:
    base = changed(IMPORT, change) if change else IMPORT
    assert verdict(said(base, expression, place, SYSTEM)) == wanted


def test_a_plan_without_couch_positions_does_not_tell_them() -> None:
    axes = ("Vertical", "Longitudinal", "Lateral")
    change = " & ".join(f"-{B}[{n}].{CP}.TableTop{axis}Position" for n in (0, 1, 2, 3) for axis in axes)
    assert isinstance(said(changed(IMPORT, change), "one_couch(2.0)", "rtplan", SYSTEM), Unknown)


def _with_interface(data: bytes) -> dict[str, Dataset]:
    plan = copy.deepcopy(IMPORT["rtplan"])
    put(plan, INTERFACE, data)
    return {**IMPORT, "rtplan": plan}


GOOD = xml({1: "TREATMENT", 3: "SETUP"}).rstrip(b"\0")
TOLERANCES = (
    b"<ExtendedVAPlanInterface><ToleranceTables><ToleranceTable><ReferencedToleranceTableNumber>1"
    b"</ReferencedToleranceTableNumber><ToleranceTableExtension><CouchLngSetup>%s</CouchLngSetup>"
    b"</ToleranceTableExtension></ToleranceTable></ToleranceTables></ExtendedVAPlanInterface>"
)
TRAY = (
    b"<CustomAddOns><CustomAddOn><CustomAddOnType>TRAY</CustomAddOnType><TraySpecification><TrayID>%s</TrayID>"
    b"</TraySpecification></CustomAddOn></CustomAddOns></Beam>"
)
PHOTO = (
    b"<FieldSetupPhotos><FieldSetupPhoto><SetupPhotoNumber>1</SetupPhotoNumber><SetupPhotoFormat>JPG"
    b"</SetupPhotoFormat><SetupPhotoPicture>%s</SetupPhotoPicture><PhotoModified>true</PhotoModified>"
    b"</FieldSetupPhoto></FieldSetupPhotos></BeamExtension>"
)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (GOOD, ""),
        (GOOD.decode().encode("utf-16"), ""),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + GOOD, ""),
        (b"\xef\xbb\xbf" + GOOD, ""),
        (GOOD.replace(b"<ExtendedVAPlanInterface>", b'<ExtendedVAPlanInterface xmlns="urn:varian">'), ""),
        (GOOD.replace(b"</Beam>", b"<Remark>\xe4</Remark></Beam>"), ""),
        (GOOD.replace(b"</FieldOrder>", b"</FieldOrder><GantryRtnExtendedStart>true</GantryRtnExtendedStart>"), ""),
        (TOLERANCES % b"Remote", ""),
        (TOLERANCES % b"Never", "CouchLngSetup Never"),
        (GOOD.replace(b"</Beam>", TRAY % b"Tray 1", 1), ""),
        (GOOD.replace(b"</Beam>", TRAY % (17 * b"T"), 1), "TrayID of 17 characters"),
        (GOOD.replace(b"</BeamExtension>", PHOTO % b"ffd8", 1), ""),
        (GOOD.replace(b"</BeamExtension>", PHOTO % b"ffd", 1), "SetupPhotoPicture ffd, no hex binary"),
        (GOOD.replace(b"SETUP", b"VERIFY"), "FieldType VERIFY"),
        (GOOD.replace(b"FieldType>", b"Type>"), "without FieldType"),
        (GOOD.replace(b"<FieldOrder>1<", b"<FieldOrder>one<"), "FieldOrder one, no int"),
        (GOOD.replace(b"<Beams>", b"<Beams/><Beams>"), "2 nodes Beams"),
        (GOOD.replace(b"ExtendedVAPlanInterface", b"PlanInterface"), "root node PlanInterface"),
        (GOOD[:-4], "no well-formed XML"),
        (b"\x01\x02\x03", "no well-formed XML"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + GOOD, "document type declaration"),
        (('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + GOOD.decode()).encode("utf-16"), "document type declaration"),
        (b"<a>" * 100_000, "no well-formed XML"),
    ],
)
def test_the_interface_is_held_against_its_layout(data: bytes, found: str) -> None:
    verdict_of = said(_with_interface(data), "interface_fits()", "rtplan", SYSTEM)
    if found:
        assert isinstance(verdict_of, Broken)
        assert found in verdict_of.found
    else:
        assert verdict_of is True


def test_an_interface_that_is_not_read_leaves_the_fields_unknown() -> None:
    base = changed(_with_interface(b"<!DOCTYPE x []><x/>"), f"-{B}[2].TreatmentDeliveryType")
    for expression in ("setup_beam()", "treatment_beam()", "kv_beam()", "interface_field_type(3)", "interface_beams()"):
        assert isinstance(said(base, expression, f"{B}[2]", SYSTEM), Unknown)
    assert isinstance(said(base, "one_isocentre(1.0)", "rtplan", SYSTEM), Unknown)
    assert isinstance(said(base, "one_couch(2.0)", "rtplan", SYSTEM), Unknown)


def test_a_plan_without_an_interface_does_not_tell_of_it() -> None:
    base = changed(IMPORT, f"-rtplan:{INTERFACE}")
    assert isinstance(said(base, "interface_fits()", "rtplan", SYSTEM), Unknown)
    assert said(base, "interface_beams()", "rtplan", SYSTEM) == []


@pytest.mark.parametrize(
    ("element", "value", "wanted"),
    [
        (0x0005, 2, True),
        (0x0005, 3, False),
        (0x0010, 2, False),
        (0x0020, "ROI", False),
        (0x0030, ["PIXL", "PIXL"], False),
        (0x0040, "Marker", False),
        (0x0103, 0, False),
        (0x0103, None, False),
    ],
)
@pytest.mark.parametrize("group", [0x5000, 0x5002])
def test_each_curve_is_one_point_of_a_marker(group: int, element: int, value: object, wanted: bool) -> None:
    ds = copy.deepcopy(EXPORT["kv"])
    for one in list(ds):
        if one.tag.group == 0x5000:
            ds.add_new((group << 16) + one.tag.elem, one.VR, one.value)
    tag = (group << 16) + element
    if value is None:
        del ds[tag]
    else:
        ds[tag].value = value
    base = {**EXPORT, "kv": ds}
    assert said(base, "marker_curves()", "kv", SYSTEM) == (1 if group == 0x5000 else 2)
    assert bool(said(base, "marker_curves_right()", "kv", SYSTEM)) is wanted
    assert said(base, "marker_curves()", "mv", SYSTEM) == 0


def test_a_marker_structure_set_names_the_one_that_it_comes_from() -> None:
    assert said(EXPORT, "related_structure_sets()", "markers", SYSTEM) == ["1.2.3.6.1"]
    assert said(EXPORT, "related_structure_sets()", "organs", SYSTEM) == []
