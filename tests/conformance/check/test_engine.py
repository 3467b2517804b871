"""The engine: presence both ways, values, conditions, private blocks, sets, and how findings are told together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from linacsim.conformance import System, load_system
from linacsim.conformance.check import Finding, Instance, Report, State, check
from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.conformance.system import Way
from linacsim.report.check_text import check_text
from tests.conformance.check.scopes import instance

HEAD = """product = "A"
vendor = "B"
version = "1"
title = "A 1"
[consequences]
"import.value" = {effect = "coerced", words = "set to the default", section = "9"}
"import.value.ct" = {effect = "rejected", words = "the image"}
"import.sop-class" = {effect = "ignored"}
"""
OBJECTS = """id	kind	direction	name	sop-class	section
rtplan.import	rtplan	import	RT Plan	1.2.840.10008.5.1.4.1.1.481.5	1
ct.import	ct	import	CT Image	1.2.840.10008.5.1.4.1.1.2	2
rtplan.export	rtplan	export	RT Plan	1.2.840.10008.5.1.4.1.1.481.5	3
"""
HEADING = "path\tkeyword\tname\tmodule\ttype\texport\timport\tconstraint\tcondition\tcreator\n"
PRIVATE = "group\telement\tcreator\tname\tvr\n3001\txx10\tACME\tAcme Sequence\tSQ\n3001\txx11\tACME\tAcme Number\tFL\n"


def row(path: str, name: str, **cells: str) -> str:
    order = ("type", "export", "import_", "constraint", "condition", "creator")
    keyword = "" if "x" in path.rpartition(">")[2] else name
    return "\t".join([path, keyword, name, cells.get("module", "M"), *(cells.get(one, "") for one in order)]) + "\n"


def system(folder: Path, iod: str, rows: list[str], readings: str = "", preconditions: str = "") -> System:
    (folder / "attributes").mkdir(exist_ok=True)
    (folder / "system.toml").write_text(HEAD)
    (folder / "objects.tsv").write_text(OBJECTS)
    (folder / "private.tsv").write_text(PRIVATE)
    (folder / "attributes" / f"{iod}.tsv").write_text(HEADING + "".join(rows))
    (folder / "readings.tsv").write_text("kind\tsubject\tat\tabout\twhen\tcheck\tperson\teffect\n" + readings)
    (folder / "preconditions.tsv").write_text("id\tsection\tapplies-to\trule\n" + preconditions)
    return System("acme", folder)


def told(report: Report, *states: State) -> list[tuple[str, str, str]]:
    wanted = states or (State.BROKEN,)
    return [(one.rule, one.path, one.found) for one in report.findings if one.state in wanted]


def checked(found: System, *objects: Instance, way: Way = "import") -> Report:
    return check(objects, found, way)


CASES = [
    # type, import, given, what is found
    ("1", "required", {}, [("broken", "absent")]),
    ("1", "required", {"PatientID": ""}, [("broken", "no value")]),
    ("2", "required", {"PatientID": ""}, [("broken", "no value")]),
    ("1", "required", {"PatientID": "A"}, []),
    ("1", "used", {}, [("broken", "absent")]),
    ("1", "ignored", {}, [("note", "absent")]),
    ("2", "used", {}, [("note", "absent")]),
    ("2", "used", {"PatientID": ""}, []),
    ("3", "used", {}, []),
    ("1C", "used", {}, []),
    ("3", "ignored", {}, []),
]


@pytest.mark.parametrize(("kind", "taken", "given", "wanted"), CASES)
def test_presence_on_import(tmp_path: Path, kind: str, taken: str, given: dict[str, Any], wanted: list[Any]) -> None:
    found = system(tmp_path, "rtplan.import", [row("0010,0020", "PatientID", type=kind, import_=taken)])
    report = checked(found, instance("rtplan", **given))
    assert [(one.state.value, one.found) for one in report.findings] == wanted


@pytest.mark.parametrize(
    ("kind", "export", "given", "wanted"),
    [
        ("1", "always", {}, ["absent"]),
        ("1", "always", {"PatientID": ""}, ["no value"]),
        ("2", "always", {}, ["absent"]),
        ("2", "always", {"PatientID": ""}, []),
        ("3", "never", {"PatientID": "A"}, ["A"]),
        ("3", "never", {"PatientID": ""}, ["an empty value"]),
        ("3", "never", {}, []),
        ("3", "optional", {}, []),
        ("1", "duplicated", {}, []),
    ],
)
def test_presence_on_export(tmp_path: Path, kind: str, export: str, given: dict[str, Any], wanted: list[str]) -> None:
    found = system(tmp_path, "rtplan.export", [row("0010,0020", "PatientID", type=kind, export=export)])
    assert [one.found for one in checked(found, instance("rtplan", **given), way="export").findings] == wanted


def test_a_sequence_that_is_always_sent_may_have_had_nothing_to_tell(tmp_path: Path) -> None:
    rows = [
        row("300A,0180", "PatientSetupSequence", type="3", export="always"),
        row("300A,0070", "FractionGroupSequence", type="1", export="always"),
    ]
    report = checked(system(tmp_path, "rtplan.export", rows), instance("rtplan"), way="export")
    assert [path for _, path, _ in told(report)] == ["FractionGroupSequence"]
    assert [path for _, path, _ in told(report, State.PERSON)] == ["PatientSetupSequence"]


def test_a_private_attribute_of_type_3_is_sent_where_there_is_something_to_tell(tmp_path: Path) -> None:
    rows = [
        row("3001,xx11", "Acme Number", type="3", export="always", creator="ACME"),
        row("3001,xx12", "Acme Text", type="3", export="always", creator="ACME", constraint='{"fixed": "A"}'),
        row("3001,xx13", "Acme Code", type="2", export="always", creator="ACME"),
    ]
    report = checked(system(tmp_path, "rtplan.export", rows), instance("rtplan"), way="export")
    assert [path for _, path, _ in told(report)] == ["3001,xx12", "3001,xx13"]
    assert [path for _, path, _ in told(report, State.PERSON)] == ["3001,xx11"]


CONDITION = "condition\tbeams\t\t\t\tNumberOfBeams > 0\t\trejected: the plan\n"


def test_a_condition_that_holds_wants_the_element(tmp_path: Path) -> None:
    rows = [row("0010,0020", "PatientID", type="1C", import_="conditional", condition="beams")]
    found = system(tmp_path, "rtplan.import", rows, CONDITION)
    (one,) = checked(found, instance("rtplan", NumberOfBeams=1)).findings
    assert (one.rule, one.found, one.effect.effect, one.effect.words) == (
        "rtplan.import:0010,0020#presence", "absent", "rejected", "the plan",
    )  # fmt: skip
    assert checked(found, instance("rtplan", NumberOfBeams=0)).findings == []
    assert checked(found, instance("rtplan", NumberOfBeams=0, PatientID="A")).findings == []


def test_what_is_sent_without_its_condition_is_found_on_export(tmp_path: Path) -> None:
    rows = [row("0010,0020", "PatientID", type="1C", export="conditional", condition="beams")]
    found = system(tmp_path, "rtplan.export", rows, CONDITION)
    (one,) = checked(found, instance("rtplan", NumberOfBeams=0, PatientID="A"), way="export").findings
    assert one.wanted == "sent only if: beams"


@pytest.mark.parametrize(("kind", "found"), [("1", ["absent"]), ("2C", ["absent"]), ("3", ["absent"])])
def test_what_is_always_sent_on_a_condition_is_wanted_where_it_holds(
    tmp_path: Path, kind: str, found: list[str]
) -> None:
    rows = [row("0010,0020", "PatientID", type=kind, export="always", condition="beams")]
    exporter = system(tmp_path, "rtplan.export", rows, CONDITION)
    assert [one.found for one in checked(exporter, instance("rtplan", NumberOfBeams=1), way="export").findings] == found
    assert checked(exporter, instance("rtplan", NumberOfBeams=0), way="export").findings == []
    assert checked(exporter, instance("rtplan", NumberOfBeams=0, PatientID="A"), way="export").findings == []


def test_an_export_condition_beside_one_of_import_counts(tmp_path: Path) -> None:
    text = "beams; import: if present"
    rows = [row("0010,0020", "PatientID", type="3", export="always", import_="used", condition=text)]
    both = system(tmp_path, "rtplan.both", rows, CONDITION.replace("beams", text))
    lines = OBJECTS.splitlines()[0] + "\nrtplan.both\trtplan\tboth\tRT Plan\t1.2.840.10008.5.1.4.1.1.481.5\t1\n"
    (tmp_path / "objects.tsv").write_text(lines)
    assert checked(both, instance("rtplan", NumberOfBeams=0), way="export").findings == []
    assert [one.found for one in checked(both, instance("rtplan", NumberOfBeams=1), way="export").findings] == [
        "absent"
    ]


def test_a_condition_nobody_can_tell_is_for_a_person(tmp_path: Path) -> None:
    rows = [row("0010,0020", "PatientID", type="1C", import_="conditional", condition="beams")]
    found = system(tmp_path, "rtplan.import", rows, "condition\tbeams\t\t\t\t\tthe machine is not in the object\t\n")
    report = checked(found, instance("rtplan"))
    assert [(one.state, one.reason) for one in report.findings] == [(State.PERSON, "the machine is not in the object")]
    assert report.decided == 1
    assert report.for_a_person == {"rtplan.import:0010,0020#presence"}


def test_the_standard_tells_when_a_type_1C_element_is_needed(tmp_path: Path) -> None:
    rows = [
        row("300A,00B0", "BeamSequence", import_="used"),
        row("300A,00B0>300A,00D1", "WedgeSequence", type="1C", import_="required"),
    ]
    found = system(tmp_path, "rtplan.import", rows)
    beams = [{"NumberOfWedges": 0}, {"NumberOfWedges": 1}]
    report = checked(found, instance("rtplan", BeamSequence=beams))
    assert told(report) == [("rtplan.import:300A,00B0>300A,00D1#presence", "BeamSequence[1].WedgeSequence", "absent")]


def test_later_control_points_carry_on(tmp_path: Path) -> None:
    rows = [row("300A,0111>300A,011E", "GantryAngle", type="1C", import_="required")]
    found = system(tmp_path, "rtplan.import", rows)
    assert (
        told(checked(found, instance("rtplan", ControlPointSequence=[{"GantryAngle": 1}, {"ControlPointIndex": 1}])))
        == []
    )
    report = checked(found, instance("rtplan", ControlPointSequence=[{"ControlPointIndex": 0}, {"GantryAngle": 1}]))
    assert [path for _, path, _ in told(report)] == ["ControlPointSequence[0].GantryAngle"]


@pytest.mark.parametrize(("kind", "guarded"), [("3", True), ("1C", False)])
def test_values_of_a_condition_that_does_not_hold(tmp_path: Path, kind: str, guarded: bool) -> None:
    rows = [
        row("0010,0040", "PatientSex", type=kind, import_="conditional", condition="beams", constraint='{"fixed": "M"}')
    ]
    found = system(tmp_path, "rtplan.import", rows, CONDITION)
    assert bool(told(checked(found, instance("rtplan", NumberOfBeams=0, PatientSex="F")))) is not guarded
    assert told(checked(found, instance("rtplan", NumberOfBeams=1, PatientSex="F"))) == [
        ("rtplan.import:0010,0040#fixed", "PatientSex", "F")
    ]


def test_a_reading_says_where_values_count(tmp_path: Path) -> None:
    rows = [
        row("0010,0040", "PatientSex", type="1C", import_="conditional", condition="beams", constraint='{"fixed": "M"}')
    ]
    found = system(tmp_path, "rtplan.import", rows, "condition\tbeams\t\t\tNumberOfBeams > 0\tFalse\t\t\n")
    assert told(checked(found, instance("rtplan", NumberOfBeams=0, PatientSex="F"))) == []
    assert told(checked(found, instance("rtplan", NumberOfBeams=1, PatientSex="F"))) != []


@pytest.mark.parametrize(
    ("kind", "effect"), [("rtplan", ("coerced", "set to the default")), ("ct", ("rejected", "the image"))]
)
def test_the_documented_consequence_is_told(tmp_path: Path, kind: str, effect: tuple[str, str]) -> None:
    rows = [row("0010,0040", "PatientSex", import_="used", constraint='{"enum": ["M"]}')]
    (one,) = checked(system(tmp_path, f"{kind}.import", rows), instance(kind, PatientSex="F")).findings
    assert (one.effect.effect, one.effect.words) == effect


def test_a_rule_in_words(tmp_path: Path) -> None:
    rows = [row("300A,00B0>300A,00C0", "BeamNumber", import_="used", constraint='{"rule": "not thirteen"}')]
    reading = (
        "rule\tnot thirteen\trtplan.import:300A,00B0>300A,00C0\t\tPatientID == 'A'\tvalue != 13\t\twarning: bad luck\n"
    )
    found = system(tmp_path, "rtplan.import", rows, reading)
    beams = [{"BeamNumber": 12}, {"BeamNumber": 13}]
    (one,) = checked(found, instance("rtplan", PatientID="A", BeamSequence=beams)).findings
    assert (one.rule, one.path, one.wanted) == (
        "rtplan.import:300A,00B0>300A,00C0#rule", "BeamSequence[1].BeamNumber", "not thirteen",
    )  # fmt: skip
    assert (one.found, one.effect.effect, one.effect.words) == ("value 13", "warning", "bad luck")
    assert checked(found, instance("rtplan", PatientID="B", BeamSequence=beams)).findings == []


def test_a_rule_without_a_reading_is_for_a_person(tmp_path: Path) -> None:
    rows = [row("0010,0040", "PatientSex", import_="used", constraint='{"rule": "as ever"}')]
    (one,) = checked(system(tmp_path, "rtplan.import", rows), instance("rtplan", PatientSex="F")).findings
    assert (one.state, one.sentence) == (State.PERSON, "as ever")


PRECONDITIONS = "iso\t4\tplan\tisocentres within 1 mm\nall\t5\tset\timages with their plan\n"
READINGS = (
    "precondition\tiso\trtplan:BeamSequence\tBeamName\t\tabsent(item.BeamName) or close(BeamNumber, 1, 1)\t\trejected\n"
    "precondition\tall\tset\t\t\tnot has('ct') or has('rtplan')\t\t\n"
)


def test_preconditions_of_items_and_of_the_set(tmp_path: Path) -> None:
    found = system(tmp_path, "rtplan.import", [], READINGS, PRECONDITIONS)
    beams = [{"BeamNumber": 1, "BeamName": "a"}, {"BeamNumber": 5, "BeamName": "b"}]
    plan, image = instance("rtplan", PatientID="A", BeamSequence=beams), instance("ct", "1.9", PatientID="A")
    (one,) = [one for one in checked(found, plan, image).findings if one.rule == "iso"]
    assert (one.path, one.section, one.effect.effect, one.effect.section) == (
        "BeamSequence[1].BeamName",
        "4",
        "rejected",
        "4",
    )
    assert [one.rule for one in checked(found, image).of(State.BROKEN)] == ["all"]


def test_patients_are_sets_of_their_own(tmp_path: Path) -> None:
    found = system(tmp_path, "rtplan.import", [], READINGS, PRECONDITIONS)
    plan, image = instance("rtplan", PatientID="A"), instance("ct", "1.9", PatientID="B")
    report = checked(found, plan, image)
    assert report.patients == ["A", "B"]
    assert [(one.rule, one.about.file) for one in report.of(State.BROKEN)] == [("all", "1 object of patient B")]


def test_an_object_that_the_system_does_not_take(tmp_path: Path) -> None:
    (one,) = checked(system(tmp_path, "rtplan.import", []), instance("rtdose")).findings
    assert (one.rule, one.found, one.wanted) == ("sop-class", "RT Dose", "A 1 imports RT Plan, CT Image")
    assert one.effect.effect == "ignored"


def test_two_objects_of_one_UID(tmp_path: Path) -> None:
    rows = [row("0010,0020", "PatientID", import_="used")]
    report = checked(system(tmp_path, "ct.import", rows), instance("ct", "1.9"), instance("ct", "1.9"))
    assert told(report) == [("duplicate-instance", "SOPInstanceUID", "1.9")]


def acme(creator: str, vr: str = "FL") -> Instance:
    one = instance("rtplan")
    one.dataset.private_block(0x3001, creator, create=True).add_new(0x11, vr, b"\0\0\x20\x41" if vr == "UN" else 10.0)
    return one


@pytest.mark.parametrize("vr", ["FL", "UN"])
def test_a_private_element_is_found_by_its_creator(tmp_path: Path, vr: str) -> None:
    rows = [row("3001,xx11", "Acme Number", import_="used", constraint='{"max": 5}', creator="ACME")]
    found = system(tmp_path, "rtplan.import", rows)
    assert told(checked(found, acme("ACME", vr))) == [("rtplan.import:3001,xx11#max", "3001,xx11", "10")]
    other = checked(found, acme("SOMEBODY", vr))
    assert told(other) == []
    assert told(other, State.NOTE) == [("private-block", "3001,00xx", "SOMEBODY")]


def test_a_module_that_may_be_left_out(tmp_path: Path) -> None:
    rows = [
        row("300E,0002", "ApprovalStatus", type="1", import_="required", module="Approval"),
        row("300E,0004", "ReviewDate", type="3", import_="used", module="Approval"),
    ]
    found = system(tmp_path, "rtplan.import", rows)
    assert told(checked(found, instance("rtplan")), State.NOTE) == [
        ("rtplan.import:Approval#module", "", "no Approval module")
    ]
    assert told(checked(found, instance("rtplan", ReviewDate="20260101"))) == [
        ("rtplan.import:300E,0002#presence", "ApprovalStatus", "absent")
    ]


def test_a_row_of_a_module_that_is_left_out_is_not_asked(tmp_path: Path) -> None:
    rows = [
        row("0020,0013", "InstanceNumber", type="2", export="always", module="Common"),
        row("0020,0013", "InstanceNumber", type="3", export="never", module="Approval"),
        row("300E,0002", "ApprovalStatus", type="1", export="optional", module="Approval"),
    ]
    found = system(tmp_path, "rtplan.export", rows)
    assert checked(found, instance("rtplan", InstanceNumber=1), way="export").findings == []
    both = instance("rtplan", InstanceNumber=1, ApprovalStatus="APPROVED")
    assert told(checked(found, both, way="export")) == [("rtplan.export:0020,0013#presence", "InstanceNumber", "1")]


def test_what_a_precondition_says_of_an_element_at_fault_goes_along(tmp_path: Path) -> None:
    rows = [row("0010,0040", "PatientSex", import_="used", constraint='{"enum": ["M"]}')]
    reading = "precondition\tiso\trtplan\tPatientSex\t\tPatientSex == 'M'\t\trejected\n"
    found = system(tmp_path, "rtplan.import", rows, reading, "iso\t4\tplan\tonly men\n")
    report = checked(found, instance("rtplan", PatientSex="F"), instance("rtplan", "1.5", PatientSex="M"))
    (one,) = report.findings
    assert one.rules == ("rtplan.import:0010,0040#enum", "iso")
    assert (one.effect.effect, report.broken) == ("coerced", 1)
    assert "same    iso (section 4): only men" in check_text(report)


def test_the_precondition_tells_the_effect_where_the_row_has_none(tmp_path: Path) -> None:
    rows = [row("0010,0020", "PatientID", type="1", import_="required")]
    reading = "precondition\tiso\trtplan\tPatientID\t\tpresent(PatientID)\t\trejected\n"
    found = system(tmp_path, "rtplan.import", rows, reading, "iso\t4\tplan\tan ID\n")
    (one,) = checked(found, instance("rtplan")).findings
    assert (one.rules, one.effect.effect) == (("rtplan.import:0010,0020#presence", "iso"), "rejected")


def slices(count: int, *odd: int) -> list[Instance]:
    return [
        instance("ct", f"1.9.{n + 1}", SeriesInstanceUID="1.7", PatientSex="F" if n in odd else "M")
        for n in range(count)
    ]


def test_the_one_slice_stands_out_from_the_many(tmp_path: Path) -> None:
    rows = [
        row("0010,0020", "PatientID", type="1", import_="required"),
        row("0010,0040", "PatientSex", import_="used", constraint='{"enum": ["M"]}'),
    ]
    report = checked(system(tmp_path, "ct.import", rows), *slices(40, 17))
    groups = report.groups(State.BROKEN)
    assert [(one.first.rule, len(one.files), one.of) for one in groups] == [
        ("ct.import:0010,0040#enum", 1, 40),
        ("ct.import:0010,0020#presence", 40, 40),
    ]
    assert groups[0].files == ["ct18.dcm"]
    assert report.broken == 2


def test_an_object_can_be_checked_against_one_system_after_the_other(tmp_path: Path) -> None:
    found = system(tmp_path, "rtplan.import", [row("300A,00B0>300A,00C0", "BeamNumber", type="1", import_="required")])
    one = instance("rtplan", BeamSequence=[{"BeamName": "a"}])
    one.dataset["BeamSequence"].value[0].add_new("BeamNumber", "LO", "1")
    assert told(checked(found, one)) == told(checked(found, one))
    assert told(checked(found, one)) == [("rtplan.import#vr", "BeamSequence[0].BeamNumber", "VR LO")]


def test_the_same_objects_are_told_the_same_again() -> None:
    objects = [instance("rtplan", PatientID="A", BeamSequence=[{"BeamNumber": n} for n in range(3)])]
    first: list[Finding] = check(objects, load_system("raystation")).findings
    assert first == check(objects, load_system("raystation")).findings


def test_a_number_that_a_document_leaves_open_is_any_number() -> None:
    dose = Dataset()
    dose.SOPClassUID, dose.Modality, dose.PatientID = SOP_CLASSES["rtdose"], "RTDOSE", "P"

    def broken(comment: str) -> bool:
        dose.DoseComment = comment
        found = check([dose], load_system("preciseplan"), "export").findings
        return any(one.rule == "rtdose.export:3004,0006#enum" and one.state is State.BROKEN for one in found)

    assert not broken("Beam Dose Plane at Depth 50mm.")
    assert not broken("Plan Dose Volume")
    assert broken("Beam Dose Plane at Depth mm.")
