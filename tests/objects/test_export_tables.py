"""Export by tables alone: a made-up system without any behaviour of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset

from linacsim.conformance.system import System
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case import CaseSettings, build_case
from linacsim.objects.export import export, export_case, exported_kinds
from linacsim.objects.export.standard import needed

HEAD = 'product = "Toy"\nvendor = "Maker"\nversion = "1"\ntitle = "Toy 1"\nuid-root = "1.2.3.4"\n'
SC = "1.2.840.10008.5.1.4.1.1.7"
PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
COLUMNS = "path\tkeyword\tname\tmodule\tvr\ttype\texport\tconstraint\tcondition"
SMALL = CaseSettings(slices=3, matrix=40, radiograph=32)


def toy(folder: Path, kind: str, rows: list[str], *, modules: str = "", private: str = "") -> System:
    """Return a system that exports one kind; a row is path, export, type, VR, constraint, module, condition."""
    (folder / "attributes").mkdir()
    (folder / "system.toml").write_text(HEAD, "utf-8")
    sop_class = {"sc": SC, "rtplan": PLAN}[kind]
    objects = "id\tkind\tdirection\tname\tsop-class\tsection\n"
    (folder / "objects.tsv").write_text(f"{objects}{kind}.export\t{kind}\texport\tThing\t{sop_class}\t1\n", "utf-8")
    if modules:
        (folder / "modules.tsv").write_text("iod\tmodule\tusage\n" + modules, "utf-8")
    if private:
        (folder / "private.tsv").write_text("group\telement\tcreator\tname\tvr\n" + private, "utf-8")
    lines = [COLUMNS]
    for row in rows:
        path, sent, kind_of_row, vr, constraint, module, condition = (row.split("|") + [""] * 6)[:7]
        lines.append("\t".join([path, "", "n", module or "M", vr, kind_of_row, sent, constraint, condition]))
    (folder / "attributes" / f"{kind}.export.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return System("toy", folder)


def sent(system: System, kind: str = "sc") -> Dataset:
    (ds, *_) = export_case(build_case(Identity(1), SMALL), system, [kind])
    return ds


def test_only_what_is_listed_or_needed_is_sent(tmp_path: Path) -> None:
    ds = sent(toy(tmp_path, "sc", ["0008,103E|optional|3", "0008,1010|never|3"]))
    assert "SeriesDescription" in ds
    assert "StationName" not in ds
    assert "InstitutionName" not in ds
    assert "ConversionType" in ds, "no row names it, but the standard cannot do without it"
    assert ds.SOPInstanceUID.startswith("1.2.3.4.")


@pytest.mark.parametrize(
    ("row", "keyword", "value"),
    [
        ('0008,103E|always|3||{"fixed": "X"}', "SeriesDescription", "X"),
        ('0008,103E|optional|3||{"fixed": ""}', "SeriesDescription", ""),
        ('0008,0060|always|1||{"enum": ["CR", "DX"]}', "Modality", "CR"),
        ('0008,0060|always|1||{"enum": ["CR", "OT"]}', "Modality", "OT"),
        ('0020,0011|always|2||{"min": 90}', "SeriesNumber", 90),
        ('0020,0011|always|2||{"max": 3}', "SeriesNumber", 3),
        ('0008,103E|always|3||{"max_length": 4}', "SeriesDescription", "Synt"),
        ('0008,103E|always|3||{"equals_tag": "0010,0020"}', "SeriesDescription", "SIM0001"),
        ('0008,0008|always|3||{"fixed": "A\\\\B"}', "ImageType", ["A", "B"]),
        ("0008,2111|always|2", "DerivationDescription", "DRR"),
        ("0018,1000|always|2", "DeviceSerialNumber", "1"),
        ('0018,1030|always|3||{"fixed": "P"}', "ProtocolName", "P"),
        ("0018,1030|always|3", "ProtocolName", ""),
        ('0018,1030|always|3||{"default": "D"}', "ProtocolName", "D"),
        ('0018,1030|always|1||{"enum": ["E"]}', "ProtocolName", "E"),
        ('0018,1030|always|3||{"enum": ["E"]}', "ProtocolName", ""),
        ("0028,0106|always|3", "SmallestImagePixelValue", None),
    ],
)
def test_values_keep_their_constraints(tmp_path: Path, row: str, keyword: str, value: object) -> None:
    assert sent(toy(tmp_path, "sc", [row])).get(keyword) == value
    assert keyword in sent(System("toy", tmp_path))


@pytest.mark.parametrize(
    "row",
    [
        "0018,1030|always|1C",
        "0018,1030|always|3||| |if somebody likes it",
        '0018,1030|conditional|1C||{"fixed": "X"}',
        "0018,1030|optional|3",
        "0018,1030|duplicated|3",
        "0018,1030||3",
        "0008,1140|always|3",
    ],
)
def test_what_nobody_can_tell_is_left_out(tmp_path: Path, row: str) -> None:
    ds = sent(toy(tmp_path, "sc", [row]))
    assert "ProtocolName" not in ds
    assert "ReferencedImageSequence" not in ds


def test_an_empty_sequence_of_type_2_is_sent(tmp_path: Path) -> None:
    assert list(sent(toy(tmp_path, "sc", ["0008,1140|always|2"])).ReferencedImageSequence) == []


def test_pixels_follow_the_table(tmp_path: Path) -> None:
    rows = ['0028,0100|always|1||{"fixed": 8}', '0028,0101|always|1||{"fixed": 8}', '0028,0102|always|1||{"fixed": 7}']
    ds = sent(toy(tmp_path, "sc", rows))
    assert (ds.BitsAllocated, ds.BitsStored, ds.HighBit) == (8, 8, 7)
    assert ds.pixel_array.max() == 255


def test_a_private_attribute_is_written_into_the_block_that_the_table_names(tmp_path: Path) -> None:
    rows = [
        '0029,0010|conditional|3|LO|{"fixed": "TOY ONE"}',
        '0029,xx05|always|3|SH|{"fixed": "a"}',
        '0031,xx07|always|3||{"fixed": 5}',
        "0033,xx01|always|3|SH",
    ]
    private = "0031\txx07\tTOY TWO\tnumber\tIS\n"
    ds = sent(toy(tmp_path, "sc", rows, private=private))
    assert ds.private_block(0x0029, "TOY ONE")[0x05].value == "a"
    assert ds.private_block(0x0031, "TOY TWO")[0x07].VR == "IS"
    assert 0x00330010 not in ds, "nobody names a creator for group 0033"


def test_a_private_block_that_the_table_does_not_name_goes_with_its_creator(tmp_path: Path) -> None:
    system = toy(tmp_path, "sc", ["0008,103E|optional|3"])
    (ds,) = build_case(Identity(1), SMALL).sc
    own = Dataset()
    own.update(ds)
    own.private_block(0x0041, "SOMEBODY", create=True).add_new(0x01, "LO", "x")
    exported = export(own, system, Identity(1))
    assert not [element for element in exported if element.tag.is_private]


def test_an_optional_module_of_which_nothing_is_there_is_not_begun(tmp_path: Path) -> None:
    rows = ['300A,0202|always|1|CS|{"enum": ["HDR"]}|Brachy', '300A,0004|always|3|ST|{"fixed": "D"}|Plan']
    modules = "rtplan.export\tBrachy\tC\nrtplan.export\tPlan\tM\n"
    ds = sent(toy(tmp_path, "rtplan", rows, modules=modules), "rtplan")
    assert "BrachyTreatmentType" not in ds
    assert ds.RTPlanDescription == "D"


def test_later_control_points_carry_on(tmp_path: Path) -> None:
    points = "300A,00B0>300A,0111"
    rows = [
        f'{points}>300A,011E|always|1C||{{"fixed": 5}}',
        f'{points}>300A,0115|always|1||{{"fixed": 9}}',
        points + "|always|1",
    ]
    ds = sent(toy(tmp_path, "rtplan", rows), "rtplan")
    first, later = ds.BeamSequence[0].ControlPointSequence
    assert (first.GantryAngle, first.DoseRateSet) == (5, 9)
    assert "GantryAngle" not in later
    assert later.DoseRateSet == 9


def test_items_are_cut_to_the_documented_number(tmp_path: Path) -> None:
    ds = sent(toy(tmp_path, "rtplan", ['300A,00B0|always|1||{"max": 1, "unit": "items"}']), "rtplan")
    assert len(ds.BeamSequence) == 1


def test_the_system_tells_what_it_exports(tmp_path: Path) -> None:
    system = toy(tmp_path, "sc", [])
    assert exported_kinds(system) == ("sc",)
    with pytest.raises(InputError, match="Toy 1 does not export ct; it exports sc"):
        export_case(build_case(Identity(1), SMALL), system, ["ct"])


def test_the_list_of_what_the_standard_wants_speaks_of_known_kinds() -> None:
    assert "0010,0010" in needed("ct")
    assert "300A,00B0>300A,0111>300A,0112" in needed("rtplan")
    assert "300A,00B0" not in needed("ct")
