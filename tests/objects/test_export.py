"""Objects as each system exports them: its own table holds, the standard holds but for what the document explains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, dcmread, dcmwrite

from linacsim.conformance import load_system
from linacsim.conformance.check.engine import check
from linacsim.conformance.check.findings import State
from linacsim.conformance.kinds import KINDS, kind_of
from linacsim.conformance.system import System
from linacsim.conformance.tables import Sent
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case import build_case
from linacsim.objects.export import export, export_case, exported_kinds
from linacsim.objects.export.standard import needed
from linacsim.objects.export.vendors import VENDORS
from linacsim.objects.imagefile import read_instance
from tests.objects.dciodvfy import errors
from tests.objects.explained import compare, explanations, read

SEED = 20240506
FILES = sorted(file for file in (Path(pydicom.__file__).parent / "data" / "test_files").rglob("*") if file.is_file())
SYSTEMS = ("monaco", "oncentra", "preciseplan", "raystation", "varian-obi")


@cache
def system(system_id: str) -> System:
    return load_system(system_id)


@cache
def exported(system_id: str) -> dict[str, list[Dataset]]:
    """Return what a system exports of the case, by kind."""
    found: dict[str, list[Dataset]] = defaultdict(list)
    for ds in export_case(build_case(Identity(SEED)), system(system_id)):
        found[kind_of(ds.SOPClassUID)].append(ds)
    return found


EACH = [(system_id, kind) for system_id in SYSTEMS for kind in exported_kinds(load_system(system_id))]


def test_every_object_of_every_exporter_is_built() -> None:
    for system_id in SYSTEMS:
        wanted = {iod.kind for iod in system(system_id).iods if iod.goes("export") and iod.sop_class in KINDS}
        assert set(exported(system_id)) == wanted
        assert set(exported_kinds(system(system_id))) == wanted


@cache
def findings(system_id: str) -> dict[str, list[str]]:
    """Return what the checker finds broken in an export, by kind."""
    objects = exported(system_id)
    report = check([ds for some in objects.values() for ds in some], system(system_id), "export")
    assert report.decided > 100
    kinds = {str(ds.SOPInstanceUID): kind for kind, some in objects.items() for ds in some}
    found = defaultdict(list)
    for one in report.of(State.BROKEN):
        found[kinds.get(one.about.uid, "set")].append(f"{one.rule} {one.path}: {one.found}, wanted {one.wanted}")
    return found


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_a_set_keeps_the_rules_beyond_one_object(system_id: str) -> None:
    assert findings(system_id).get("set", []) == []


@pytest.mark.parametrize(("system_id", "kind"), EACH)
def test_an_object_passes_its_exporters_own_table(system_id: str, kind: str) -> None:
    open_findings, idle = compare("check", system_id, kind, findings(system_id).get(kind, []))
    assert open_findings == []
    assert idle == [], "explained.tsv explains what is not found any more"


@pytest.mark.interop
@pytest.mark.parametrize(("system_id", "kind"), EACH)
def test_dciodvfy_finds_nothing_that_the_document_does_not_explain(system_id: str, kind: str, tmp_path: Path) -> None:
    found = {line for ds in some_of(exported(system_id)[kind]) for line in errors(ds, tmp_path / "object.dcm")}
    open_findings, idle = compare("dciodvfy", system_id, kind, sorted(found))
    assert open_findings == []
    assert idle == [], "explained.tsv explains what is not found any more"


def some_of(objects: list[Dataset]) -> list[Dataset]:
    """Return all objects of a few, else the first and the last."""
    return objects if len(objects) < 8 else [objects[0], objects[-1]]


@pytest.mark.parametrize("one", [one for one in read() if "Missing attribute" in one.pattern], ids=str)
def test_what_is_explained_as_missing_is_not_sent_by_the_table(one: object) -> None:
    known = next(each for each in read() if each == one)
    iod = system(known.system).iod(known.kind, "export")
    assert iod is not None
    keywords = [word.strip("<>()").split(">")[0] for word in known.pattern.split("Element=")[1:]]
    rows = [row for row in iod.rows if row.keyword in keywords]
    assert all(row.export in (Sent.NEVER, Sent.CONDITIONAL) for row in rows)


def test_explanations_are_of_objects_that_are_exported() -> None:
    assert {(one.system, one.kind) for one in read()} <= set(EACH)
    assert explanations("dciodvfy", "monaco", "rtplan") == []


def elements(ds: Dataset, path: str = "") -> Iterator[str]:
    for element in ds:
        if element.tag.is_private_creator:
            continue
        low = f"xx{element.tag.element & 0xFF:02X}" if element.tag.is_private else f"{element.tag.element:04X}"
        here = f"{path}>{element.tag.group:04X},{low}".lstrip(">")
        yield here
        if element.VR == "SQ":
            for item in element.value:
                yield from elements(item, here)


@pytest.mark.parametrize(("system_id", "kind"), EACH)
def test_nothing_is_sent_that_neither_the_table_nor_the_standard_names(system_id: str, kind: str) -> None:
    iod = system(system_id).iod(kind, "export")
    assert iod is not None
    vendor = VENDORS[system_id]
    if kind in vendor.as_stored or not iod.rows:
        pytest.skip("goes as it was stored: its table is not the whole object")
    rows = {">".join(row.path) for row in iod.rows if row.export is not Sent.NEVER}
    kept = {one.partition(":")[2] for one in vendor.kept}
    sent = {path for ds in some_of(exported(system_id)[kind]) for path in elements(ds)}
    assert sent - rows - needed(kind) - kept == set()


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_every_reference_to_an_exported_kind_is_to_an_exported_object(system_id: str) -> None:
    objects = {ds.SOPInstanceUID for some in exported(system_id).values() for ds in some}
    planned = {ds.SOPInstanceUID for ds in build_case(Identity(SEED)).objects()}
    for kind, some in exported(system_id).items():
        for found_kind, uid in (pair for ds in some_of(some) for pair in references(ds)):
            # the imager refers to planning objects that others made; what it points at there is in the planned case
            known = objects | planned if system_id == "varian-obi" else objects
            assert uid in known or found_kind not in exported(system_id), (kind, found_kind)


def references(ds: Dataset) -> Iterator[tuple[str, str]]:
    for element in ds:
        if element.VR == "SQ":
            for item in element.value:
                yield from references(item)
    if "ReferencedSOPInstanceUID" in ds:
        yield kind_of(ds.ReferencedSOPClassUID), ds.ReferencedSOPInstanceUID


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_new_uids_are_under_the_documented_root(system_id: str) -> None:
    root = system(system_id).head.uid_root
    stored = {ds.SOPInstanceUID for ds in build_case(Identity(SEED)).objects()}
    fresh = [ds for some in exported(system_id).values() for ds in some if ds.SOPInstanceUID not in stored]
    assert fresh
    assert all(ds.SOPInstanceUID.startswith(f"{root or '2.25'}.") for ds in fresh)
    assert all(ds.SOPInstanceUID.is_valid and ds.SeriesInstanceUID.is_valid for ds in fresh)


@pytest.mark.parametrize("system_id", ["monaco", "oncentra", "raystation"])
def test_images_that_are_handed_on_keep_their_uids(system_id: str) -> None:
    stored = {ds.SOPInstanceUID for ds in build_case(Identity(SEED)).objects(["mr", "pet"])}
    assert {ds.SOPInstanceUID for kind in ("mr", "pet") for ds in exported(system_id)[kind]} == stored


def test_references_to_images_that_do_not_go_along_stay() -> None:
    case = build_case(Identity(SEED))
    stored = {ds.SOPInstanceUID for ds in case.ct}
    (alone,) = export_case(case, system("raystation"), ["rtstruct"])
    assert {uid for kind, uid in references(alone) if kind == "ct"} == stored
    together = export_case(case, system("raystation"), ["rtstruct", "ct"])
    assert {uid for kind, uid in references(together[-1]) if kind == "ct"}.isdisjoint(stored)


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_the_same_seed_exports_the_same_bytes(system_id: str) -> None:
    kinds = ["rtstruct", "rtimage"] if system_id != "monaco" else ["rtstruct", "rtplan"]
    first, again = (
        [encoded(ds) for ds in export_case(build_case(Identity(SEED)), system(system_id), kinds)] for _ in range(2)
    )
    assert first == again


def encoded(ds: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def test_exporting_leaves_the_case_as_it_is() -> None:
    case = build_case(Identity(SEED))
    before = [encoded(ds) for ds in case.objects(["rtstruct", "rtplan", "rtdose"])]
    export_case(case, system("raystation"), ["rtstruct", "rtplan", "rtdose"])
    assert [encoded(ds) for ds in case.objects(["rtstruct", "rtplan", "rtdose"])] == before


def test_hounsfield_units_survive_another_storage_of_pixels() -> None:
    case = build_case(Identity(SEED))
    (raystation,) = (ds for ds in exported("raystation")["ct"][:1])
    original = case.ct[0]
    assert (raystation.RescaleIntercept, raystation.PixelRepresentation, raystation.BitsStored) == (0, 1, 16)
    assert (raystation.pixel_array == original.pixel_array.astype(int) - 1024).all()


def test_radiographs_are_of_the_documented_size_and_depth() -> None:
    monaco = exported("monaco")
    assert monaco["rtimage"][0].pixel_array.shape == (1024, 1024)
    assert (monaco["rtimage"][0].pixel_array.min(), monaco["rtimage"][0].pixel_array.max()) == (0, 255)
    assert monaco["sc"][0].pixel_array.shape == (512, 512)
    assert exported("oncentra")["rtimage"][0].pixel_array.max() == 4095


def test_private_attributes_stand_in_their_creators_blocks() -> None:
    beam = exported("raystation")["rtplan"][0].BeamSequence[0]
    assert beam.private_block(0x4001, "RAYSEARCHLABS 2.0")[0x01].VR == "DT"
    assert beam.private_block(0x3243, "Varian Medical Systems VISION 3243")[0x09].value == beam.BeamDescription
    image = exported("varian-obi")["rtimage"][0]
    assert [float(v) for v in image.private_block(0x3273, "Varian Medical Systems VISION 3273")[0x00].value] == [
        80,
        -10,
        0,
    ]


def test_an_acquired_image_is_of_the_session_and_a_marker_set_of_the_plan() -> None:
    objects = exported("varian-obi")
    session = {ds.FrameOfReferenceUID for kind in ("ct", "rtimage", "reg") for ds in objects[kind]}
    planned = build_case(Identity(SEED)).ct[0].FrameOfReferenceUID
    assert len(session) == 1
    assert planned not in session
    markers = objects["rtstruct"][0]
    assert {one.RTROIInterpretedType for one in markers.RTROIObservationsSequence} == {"MARKER"}
    assert markers.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID == planned


def test_kv_and_mv_radiographs_are_told_apart() -> None:
    by_type = {"\\".join(ds.ImageType): ds for ds in exported("varian-obi")["rtimage"]}
    kv, mv = by_type["ORIGINAL\\PRIMARY\\PORTAL\\OBI"], by_type["ORIGINAL\\PRIMARY\\PORTAL"]
    assert (kv.PrimaryDosimeterUnit, mv.PrimaryDosimeterUnit) == ("MINUTE", "MU")
    assert (kv.ManufacturerModelName, mv.ManufacturerModelName) == ("On-Board Imager", "PortalVision AI")
    assert "XRayTubeCurrent" in kv.ExposureSequence[0]
    assert "BeamLimitingDeviceSequence" in mv.ExposureSequence[0]
    assert kv.pixel_array.max() == 4095, "air is bright where a detector sees it"


def test_preciseplan_counts_from_one_and_turns_histograms_into_differential_ones() -> None:
    plan, dose = exported("preciseplan")["rtplan"][0], exported("preciseplan")["rtdose"][0]
    assert [one.PatientSetupNumber for one in plan.PatientSetupSequence] == [
        one.BeamNumber for one in plan.BeamSequence
    ]
    assert [one.DoseReferenceNumber for one in plan.DoseReferenceSequence] == [1]
    cumulative = build_case(Identity(SEED)).altered(beams=("photon", "arc", "electron")).rtdose[0].DVHSequence[0]
    volumes = [float(one) for one in dose.DVHSequence[0].DVHData][1::2]
    assert sum(volumes) == pytest.approx(float(cumulative.DVHData[1]), rel=1e-3)
    assert float(dose.GridFrameOffsetVector[0]) == float(dose.ImagePositionPatient[2])


def test_a_name_beyond_the_exporters_character_set_is_written_as_it_can() -> None:
    case = build_case(Identity(SEED)).altered(patient_name="Łukasz^Ülo")
    (monaco,) = export_case(case, system("monaco"), ["rtplan"])
    (raystation,) = export_case(case, system("raystation"), ["rtplan"])
    assert (monaco.SpecificCharacterSet, str(dcmread(BytesIO(encoded(monaco))).PatientName)) == (
        "ISO_IR 100",
        "?ukasz^Ülo",
    )
    assert str(dcmread(BytesIO(encoded(raystation))).PatientName) == "Łukasz^Ülo"


@pytest.mark.parametrize("name", ["rtplan.dcm", "rtdose.dcm", "rtstruct.dcm", "CT_small.dcm", "MR_small.dcm"])
@pytest.mark.parametrize("system_id", SYSTEMS)
def test_a_users_own_file_is_exported_without_what_the_table_never_sends(system_id: str, name: str) -> None:
    ds = read_instance(f"pydicom:{name}")
    kind = kind_of(ds.SOPClassUID)
    iod = system(system_id).iod(kind, "export")
    if iod is None:
        with pytest.raises(InputError, match="does not export"):
            export(ds, system(system_id), Identity(SEED))
        return
    sent = export(ds, system(system_id), Identity(SEED))
    assert sent.PatientID == ds.PatientID
    if kind in VENDORS[system_id].handed_on:
        assert sent == ds
        return
    assert dcmread(BytesIO(encoded(sent))).SOPInstanceUID == sent.SOPInstanceUID
    others = {row.path for row in iod.rows if row.export is not Sent.NEVER}
    never = {row.path[0] for row in iod.rows if row.export is Sent.NEVER and len(row.path) == 1} - {
        p[0] for p in others
    }
    assert not [step for step in never if "x" not in step and int(step.replace(",", ""), 16) in sent]


@pytest.mark.parametrize("system_id", SYSTEMS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's words on odd values of these files
def test_every_file_of_pydicom_is_exported_or_refused_in_one_line(system_id: str) -> None:
    outcomes = [exported_or_refused(file, system(system_id)) for file in FILES]
    assert sum(isinstance(one, bytes) for one in outcomes) > 20
    assert {len(one.splitlines()) for one in outcomes if isinstance(one, str)} == {1}


def exported_or_refused(file: Path, exporter: System) -> bytes | str:
    """Return the bytes that are sent, or why nothing is."""
    try:
        return encoded(export(read_instance(file), exporter, Identity(SEED)))
    except InputError as error:
        return str(error)


def test_images_refer_to_the_beams_of_the_plan() -> None:
    planned = {beam.BeamNumber: beam.BeamName for beam in build_case(Identity(SEED)).rtplan[0].BeamSequence}
    for system_id in ("monaco", "preciseplan", "raystation", "varian-obi"):
        for ds in exported(system_id)["rtimage"]:
            gantry = {"AP": 0, "ARC": 181, "E12": 30, "KV_AP": 0, "KV_LAT": 270, "MV_AP": 0}
            assert float(ds.GantryAngle) == gantry[planned[ds.ReferencedBeamNumber]]


def test_a_system_exports_only_the_beams_that_it_knows() -> None:
    case = build_case(Identity(SEED))
    (plan,) = export_case(case.altered(beams=("arc", "cbct")), system("preciseplan"), ["rtplan"])
    assert [beam.BeamName for beam in plan.BeamSequence] == ["ARC"]
    with pytest.raises(InputError, match="exports none of the case's beams"):
        export_case(case.altered(beams=("cbct",)), system("preciseplan"), ["rtplan"])


def test_oncentra_exports_brachytherapy_and_the_others_do_not() -> None:
    case = build_case(Identity(SEED)).altered(technique="brachy")
    objects = export_case(case, system("oncentra"), ["ct", "rtstruct", "rtplan", "rtdose"])
    plan = next(ds for ds in objects if ds.Modality == "RTPLAN")
    assert "BeamSequence" not in plan
    assert plan.FractionGroupSequence[0].NumberOfBrachyApplicationSetups == 1
    channel = plan.ApplicationSetupSequence[0].ChannelSequence[0]
    assert str(channel.TransferTubeNumber) == channel.SourceApplicatorID == "1"
    report = check(objects, system("oncentra"), "export")
    wrong = [one for one in report.of(State.BROKEN) if one.rule.startswith("rtplan")]
    assert {one.wanted for one in wrong} <= {"there, empty if unknown (type 3)"}
    for system_id in ("monaco", "preciseplan", "raystation"):
        with pytest.raises(InputError, match="plans no brachytherapy"):
            export_case(case, system(system_id), ["rtplan"])


def test_compressed_pixels_go_as_they_are() -> None:
    ds = read_instance("pydicom:MR_small_RLE.dcm")
    for system_id in ("oncentra", "raystation"):
        sent = export(ds, system(system_id), Identity(SEED))
        assert sent.file_meta.TransferSyntaxUID == ds.file_meta.TransferSyntaxUID
        assert sent.PixelData == ds.PixelData


def test_what_is_no_object_of_the_system_is_refused() -> None:
    case = build_case(Identity(SEED))
    with pytest.raises(InputError, match=r"does not export rtplan; it exports|does not export rtplan"):
        export_case(case, system("varian-obi"), ["rtplan"])
    with pytest.raises(InputError, match="does not export such objects"):
        export(Dataset(), system("varian-obi"), Identity(SEED))


@pytest.mark.parametrize("kind", sorted(KINDS.values()))
def test_what_the_standard_wants_is_in_the_case(kind: str) -> None:
    objects = build_case(Identity(SEED)).build(kind)
    there = {path for ds in (objects[0], objects[-1]) for path in elements(ds)}
    acquired_only = {"3002,000A"}  # Reported Values Origin: of simulator and portal images, not of DRRs
    assert {path for path in needed(kind) if ">" not in path} - there - acquired_only == set()
