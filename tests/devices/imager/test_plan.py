"""What a plan asks of the imager: fields, pictures, angles, and the deprecated XML (Varian OBI 2.2.1.4.1.2, C.1)."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from linacsim.devices.imager.plan import Plan, PlannedBeam, read_plan
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case import CaseSettings, build_case
from tests.devices.imager.planned_case import Given, case

CREATOR = "Varian Medical Systems VISION 3253"


def extended(*beams: str) -> bytes:
    """Return an extended interface of these beams."""
    text = f"<ExtendedVAPlanInterface><Beams>{''.join(beams)}</Beams></ExtendedVAPlanInterface>"
    return text.encode() + b"\0" * (len(text) % 2)


def entry(number: int, field: str, more: str = "") -> str:
    return (f"<Beam><ReferencedBeamNumber>{number}</ReferencedBeamNumber><BeamExtension><FieldType>{field}</FieldType>"
            f"<FieldOrder>1</FieldOrder>{more}</BeamExtension></Beam>")  # fmt: skip


def with_xml(data: bytes, *, creator: bool = True, delivery_types: bool = False) -> Plan:
    given = Given()
    if creator:
        given.plan.private_block(0x3253, CREATOR, create=True).add_new(0, "OB", data)
    else:
        given.plan.add_new(0x32531000, "OB", data)
    if not delivery_types:
        for beam in given.plan.BeamSequence:
            del beam.TreatmentDeliveryType
    return read_plan(given.plan)


def by_name(plan: Plan) -> dict[str, PlannedBeam]:
    return {beam.name: beam for beam in plan.beams}


def test_each_beam_asks_for_its_picture() -> None:
    asked = {beam.name: (beam.field, beam.acquires, beam.axis) for beam in read_plan(case().rtplan[0]).beams}
    assert asked == {
        "AP": ("TREATMENT", "", ""), "ARC": ("TREATMENT", "", ""), "E12": ("TREATMENT", "", ""),
        "KV_AP": ("SETUP", "kV", "kV"), "KV_LAT": ("SETUP", "kV", "kV"), "MV_AP": ("SETUP", "MV", "MV"),
        "CBCT": ("SETUP", "CBCT", "kV"),
    }  # fmt: skip


def test_a_kv_angle_is_that_of_the_kv_source() -> None:
    beams = by_name(read_plan(case().rtplan[0]))
    assert {name: (beams[name].source_angle, beams[name].gantry) for name in ("KV_AP", "KV_LAT", "MV_AP")} == {
        "KV_AP": (0.0, 270.0), "KV_LAT": (270.0, 180.0), "MV_AP": (0.0, 0.0)
    }  # fmt: skip


def test_jaws_of_a_kv_beam_are_not_read() -> None:
    beams = by_name(read_plan(case().rtplan[0]))
    assert beams["KV_AP"].aperture is None
    portal, treating = beams["MV_AP"].aperture, beams["AP"].aperture
    assert portal is not None
    assert (portal.x1, portal.x2, portal.y1, portal.y2, portal.leaves) == (-130, 130, -130, 130, ())
    assert treating is not None
    assert len(treating.leaves) == 40
    assert beams["AP"].meterset == 70.0


def test_the_plan_leads_to_what_belongs_to_it() -> None:
    whole, plan = case(), read_plan(case().rtplan[0])
    assert plan.structure_set == whole.rtstruct[0].SOPInstanceUID
    assert (plan.fraction_group, plan.fractions, plan.lying, plan.isocentre) == (1, 25, "HFS", (80.0, -10.0, 0.0))
    assert [one.name for one in plan.asking_for("kV", "MV")] == ["KV_AP", "KV_LAT", "MV_AP"]
    given = Given()
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.1", "1.2.77"
    given.beam(4).ReferencedReferenceImageSequence = [reference]
    assert read_plan(given.plan).reference_images == ("1.2.77",)


@pytest.mark.parametrize(
    ("parameters", "kind", "acquires"),
    [
        (["KV", "Image"], "kV", "kV"),
        (["KVCBCT"], "CBCT", "CBCT"),  # 2.2.1.4.1.7 prints it without the backslash
        (["PortImageLowDose", "BeamOff"], "MV", "MV"),
        (["PortImageContinuous"], "MV", "MV"),
        (["Snapshot"], "", ""),
        (None, "film", ""),
    ],
)
def test_acquisition_parameters_tell_the_picture(parameters: list[str] | None, kind: str, acquires: str) -> None:
    given = Given()
    image = given.beam(4).PlannedVerificationImageSequence[0]
    if parameters is None:
        del image.ImagingDeviceSpecificAcquisitionParameters
    else:
        image.ImagingDeviceSpecificAcquisitionParameters = parameters
    beam = read_plan(given.plan).beam(4)
    assert (beam.images[0].kind, beam.acquires) == (kind, acquires)
    assert beam.images[0].words == ("film" if parameters is None else "\\".join(parameters))


def test_two_planned_pictures_make_no_kv_beam() -> None:
    given = Given()
    first = given.beam(4).PlannedVerificationImageSequence[0]
    given.beam(4).PlannedVerificationImageSequence = [first, first]
    beam = read_plan(given.plan).beam(4)
    assert (beam.is_kv, beam.acquires, beam.gantry) == (False, "", 0.0)


@pytest.mark.parametrize("creator", [True, False])
def test_the_old_xml_tells_setup_fields_with_and_without_its_creator(creator: bool) -> None:
    more = ("<RelatedTreatBeamNumber>1</RelatedTreatBeamNumber><GantryRtnExtendedStart>true</GantryRtnExtendedStart>"
            "<GantryRtnExtendedStop>0</GantryRtnExtendedStop><MUSubtraction>1</MUSubtraction>")  # fmt: skip
    plan = with_xml(extended(entry(4, "SETUP", more), entry(1, "TREATMENT")), creator=creator)
    beam = plan.beam(4)
    assert (beam.field, beam.told_by, plan.beam(1).field, plan.beam(5).field) == (
        "SETUP", "FieldType of the XML", "TREATMENT", "TREATMENT"
    )  # fmt: skip
    assert (beam.extension.related_beam, beam.extension.order) == (1, 1)
    assert (beam.extension.over_travel, beam.extension.mu_subtraction) == ((True, False), True)
    assert beam.acquires == "kV"


def test_treatment_delivery_type_is_preferred() -> None:
    plan = with_xml(extended(entry(4, "TREATMENT")), delivery_types=True)
    assert plan.beam(4).field == "SETUP"
    assert any("KV_AP" in one and "the first is preferred" in one for one in plan.warnings)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<ExtendedVAPlanInterface><Beams>", "no well-formed XML"),
        (b"\x00\x01\x02\x03", "no well-formed XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "a document type declaration, which is not read"),
        (b"<SomethingElse/>", "root node"),
        (extended(entry(99, "SETUP")), "the XML names beam 99, which the plan does not have"),
        (extended(entry(4, "IMAGING")), "FieldType"),
        (extended(entry(4, "SETUP"), entry(4, "TREATMENT")), "names beam 4 twice"),
    ],
)
def test_broken_xml_is_told_and_passed_over(data: bytes, words: str) -> None:
    plan = with_xml(data + b"\0" * (len(data) % 2), delivery_types=True)
    assert any(words in one for one in plan.warnings), plan.warnings
    assert plan.beam(4).field == "SETUP"


def test_unreadable_xml_leaves_the_field_unknown() -> None:
    beam = with_xml(b"<broken").beam(4)
    assert (beam.field, beam.told_by, beam.acquires) == ("", "", "")


def test_what_cannot_be_read_is_left_out() -> None:
    given = Given()
    point = given.beam(6).ControlPointSequence[0]
    del point.GantryAngle, point.IsocenterPosition
    point.BeamLimitingDevicePositionSequence[0].LeafJawPositions = ["10", "-10"]
    given.plan.PatientSetupSequence[0].PatientPosition = "HFDL"
    del given.beam(7).BeamNumber
    plan = read_plan(given.plan)
    beam = plan.beam(6)
    assert (beam.source_angle, beam.gantry, beam.isocentre, beam.aperture) == (None, None, None, None)
    assert any("leave no opening" in one for one in plan.warnings)
    with pytest.raises(InputError, match="Patient Position HFDL"):
        _ = plan.lying
    assert plan.beams[6].number == -7


def test_another_object_is_no_plan() -> None:
    with pytest.raises(InputError, match="CT Image is no RT Plan"):
        read_plan(case().ct[0])


def test_a_beam_that_is_not_there_is_told_with_those_that_are() -> None:
    plan = read_plan(build_case(Identity(seed=4), CaseSettings(beams=("photon", "kv-ap"))).rtplan[0])
    with pytest.raises(InputError, match=r"no beam 9.*its beams are: 1, 4"):
        plan.beam(9)
