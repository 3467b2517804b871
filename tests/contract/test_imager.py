"""The imager's session on both clocks: loaded from an archive, pictured, matched, stored; and what is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from linacsim.bench import Bench
from linacsim.conformance import load_system
from linacsim.conformance.check import check
from linacsim.conformance.check.findings import State
from linacsim.conformance.check.scope import Instance
from linacsim.devices.archive.personality import ArchivePersonality, Change
from linacsim.devices.archive.personality import Load as ArchiveLoad
from linacsim.devices.caseof import CaseOf
from linacsim.devices.device import Nothing
from linacsim.devices.imager.actions import (
    ApplyShift,
    ImageKv,
    ImageMv,
    ImageSetup,
    Lie,
    Load,
    MatchWith,
    ScanBeam,
    Shift,
    Store,
    Verify,
)
from linacsim.devices.imager.hardware.settings import (
    ArmsSettings,
    AxisSettings,
    BeamSettings,
    BufferSettings,
    CouchSettings,
    GantrySettings,
    HardwareSettings,
    PanelSettings,
    PanelsSettings,
    ReconstructionSettings,
    TubeSettings,
)
from linacsim.devices.imager.personality import ImagerPersonality, PictureSettings
from linacsim.devices.storage.personality import FillDisk
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND
from linacsim.objects.imaging import curves_of

Act = Callable[[str, str, Any], Any]
Records = Callable[..., list[Record]]

CASE = CaseOf(slices=40, matrix=128, slice_spacing=3.0, radiograph=128, marker_subtype=True)
SHIFT = Shift(x=4.0, y=-3.0, z=2.5)
OBI = "StreamService"
VIRTUAL = pytest.mark.parametrize("bench_clock", ["virtual"], indirect=True)
"""What does not hang on the clock, and takes a processor long."""
PANEL = PanelSettings(frame_rate=1e5, dark_field=MILLISECOND, flood_field=MILLISECOND)
AXIS = AxisSettings(speed=1e5, remote=50, low=-400, high=400)


def hardware(**settings: Any) -> HardwareSettings:
    """Return an imager that takes milliseconds for everything."""
    fast = {
        "start_up": 0,
        "tube": TubeSettings(preparation=MILLISECOND),
        "arms": ArmsSettings(at_start="extended", mv_clear_of_scan=False),
        "gantry": GantrySettings(speed=1e5, acceleration=1e7),
        "couch": CouchSettings(x=AXIS, y=AXIS, z=AXIS, rotation=AXIS, pitch=AXIS, roll=AXIS),
        "panels": PanelsSettings(kv=PANEL, mv=PANEL),
        "beam": BeamSettings(rate=1e6, begin=MILLISECOND),
        "reconstruction": ReconstructionSettings(begin=MILLISECOND, per_slice_and_view=0),
    }  # fmt: skip
    return HardwareSettings(**{**fast, **settings})


def imager(**settings: Any) -> ImagerPersonality:
    return ImagerPersonality(**{"hardware": hardware(), "pictures": PictureSettings(detail="draft"), **settings})


@pytest.fixture
def site(bench_clock: Bench, act: Act) -> Callable[..., Bench]:
    """Return an archive with a patient, and an imager."""

    def build(
        *changes: Change, case: CaseOf = CASE, what: tuple[str, ...] = ("ct", "rtstruct", "rtplan", "rtimage"), **settings: Any
    ) -> Bench:  # fmt: skip
        bench_clock.add("archive", "ARIA", settings=ArchivePersonality(relational=True))
        bench_clock.add("imager", OBI, settings=imager(**settings))
        act("ARIA", "load", ArchiveLoad(case=case, change=changes, what=what))
        return bench_clock

    return build


def opened(act: Act, **lie: Any) -> None:
    act(OBI, "load", Load(to="ARIA"))
    act(OBI, "lie", Lie(**{"body": "thorax", "shift": SHIFT, **lie}))


def held(bench: Bench, modality: str) -> list[Dataset]:
    """Return what the archive holds of a modality that the imager has made."""
    objects = (dcmread(BytesIO(bench.shelf.read(where))) for where in bench.shelf.names("objects/ARIA"))
    return [ds for ds in objects if ds.Modality == modality and ds.get("ManufacturerModelName") != "synthetic case"]


def told(records: Records) -> str:
    return "\n".join(str(record["text"]) for record in records("user-told", OBI))


def test_a_kv_pair_finds_the_markers_and_all_is_stored(site: Callable[..., Bench], act: Act, records: Records) -> None:
    bench = site()
    opened(act)
    for beam in ("KV_AP", "KV_LAT"):
        act(OBI, "image-kv", ImageKv(beam=beam))
    act(OBI, "match", MatchWith(kind="marker", within=0.3, within_degrees=0.5))
    act(OBI, "store", Store(to="ARIA"))
    images, (markers,), (match,) = held(bench, "RTIMAGE"), held(bench, "RTSTRUCT"), held(bench, "REG")
    assert [len(curves_of(ds)) for ds in images] == [3, 3]
    assert {ds.FrameOfReferenceUID for ds in images} == {match.FrameOfReferenceUID}
    assert [item.ROIName for item in markers.StructureSetROISequence] == ["Marker1", "Marker2", "Marker3"]
    acquired = {ds.SOPInstanceUID for ds in images}
    named = {item.ReferencedSOPInstanceUID for item in match.RegistrationSequence[0].ReferencedImageSequence}
    assert acquired < named
    matrix = match.RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence[0]
    found = np.array(matrix.FrameOfReferenceTransformationMatrix, dtype=float).reshape(4, 4)
    isocentre = np.array([80.0, -10.0, 0.0, 1.0])
    # a table top moves by x to the left of a supine patient, y to his head, z to his front
    np.testing.assert_allclose((found @ isocentre)[:3], [SHIFT.x, -SHIFT.z, SHIFT.y], atol=0.35)
    assert len(records("C-ECHO-RSP", OBI, way="received", status=0)) == 2


@VIRTUAL
def test_what_is_stored_keeps_to_the_tables_of_the_imager(site: Callable[..., Bench], act: Act) -> None:
    bench = site()
    opened(act)
    act(OBI, "scan", ScanBeam(columns=64, slices=8, thickness=5.0))
    act(OBI, "match", MatchWith(kind="3d3d"))
    act(OBI, "image-mv", ImageMv(beam="MV_AP"))
    act(OBI, "image-mv", ImageMv(beam="MV_AP", dose=True))
    act(OBI, "store", Store(to="ARIA"))
    objects = [Instance(ds) for modality in ("CT", "RTIMAGE", "RTSTRUCT", "REG") for ds in held(bench, modality)]
    assert len(objects) == 8 + 1 + 1 + 2
    report = check(objects, load_system("varian-obi"), "export")
    # B.2.6 lists the values of Image Type without ACQUIRED_DOSE, B.2.10 with it
    assert [str(one.rule) for one in report.of(State.BROKEN)] == ["rtimage.export:0008,0008#enum"]


@VIRTUAL
def test_the_couch_takes_the_patient_to_where_the_plan_wants_him(
    site: Callable[..., Bench], act: Act, records: Records
) -> None:
    site()
    opened(act)
    for _ in range(2):
        for beam in ("KV_AP", "KV_LAT"):
            act(OBI, "image-kv", ImageKv(beam=beam))
        act(OBI, "match", MatchWith(kind="2d2d", within=0.6))
        act(OBI, "apply-shift", ApplyShift())
    first, second = records("match-done", OBI)
    assert first["left-mm"] == pytest.approx(np.linalg.norm([4.0, 3.0, 2.5]), abs=0.6)
    assert second["left-mm"] < 1.0
    at = records("couch-at", OBI)[0]
    np.testing.assert_allclose([at["lateral"], at["longitudinal"], at["vertical"]], [-4.0, 3.0, -2.5], atol=0.6)


@VIRTUAL
def test_setup_beams_say_what_is_acquired(site: Callable[..., Bench], act: Act, records: Records) -> None:
    site()
    opened(act)
    act(OBI, "image-setup", ImageSetup(columns=48, slices=4, thickness=5.0))
    assert [(one["beam"], one["axis"], one["gantry"]) for one in records("picture-taken", OBI)] == [
        ("KV_AP", "kV", 270.0), ("KV_LAT", "kV", 180.0), ("MV_AP", "MV", 0.0)
    ]  # fmt: skip
    assert [one["beam"] for one in records("scan-done", OBI)] == ["CBCT"]
    with pytest.raises(PlayFailure, match="asks for nothing, which does not start by itself"):
        act(OBI, "image-setup", ImageSetup(beams=("AP",)))


def test_one_picture_tells_the_shift_in_its_plane(site: Callable[..., Bench], act: Act) -> None:
    site()
    opened(act)
    act(OBI, "image-mv", ImageMv(beam="MV_AP"))
    act(OBI, "match", MatchWith(kind="2d", within=0.6))


@VIRTUAL
def test_a_match_far_from_the_truth_fails_the_step(site: Callable[..., Bench], act: Act) -> None:
    site()
    opened(act)
    for beam in ("KV_AP", "KV_LAT"):
        act(OBI, "image-kv", ImageKv(beam=beam))
    with pytest.raises(PlayFailure, match=r"2D/2D match is 0\.\d+ mm from the truth, 1e-06 mm are allowed"):
        act(OBI, "match", MatchWith(kind="2d2d", within=1e-6))


@VIRTUAL
def test_stored_images_in_which_markers_are_matched_later_become_new_instances(
    site: Callable[..., Bench], act: Act
) -> None:
    bench = site()
    opened(act)
    for beam in ("KV_AP", "KV_LAT"):
        act(OBI, "image-kv", ImageKv(beam=beam))
    act(OBI, "store", Store(to="ARIA", what=("rtimage",)))
    act(OBI, "match", MatchWith(kind="marker"))
    act(OBI, "store", Store(to="ARIA"))
    assert sorted(len(curves_of(ds)) for ds in held(bench, "RTIMAGE")) == [0, 0, 3, 3]
    assert len({ds.SOPInstanceUID for ds in held(bench, "RTIMAGE")}) == 4


ISOCENTRE = "BeamSequence[0].ControlPointSequence[0].IsocenterPosition"


@VIRTUAL
@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (Change(of="ct", nth=3, path="FrameOfReferenceUID", value="1.2.3"), "3d3d", "frame"),
        (Change(of="ct", nth=3, path="ImagePositionPatient", value=(-198.0, -197.9, -54.0)), "3d3d", "0.1 mm"),
        (Change(of="rtplan", path=ISOCENTRE, value=(80, -9, 0)), "3d3d", "1 mm|1.0 mm"),
    ],
)
def test_what_the_document_asks_for_is_refused_in_words(
    site: Callable[..., Bench], act: Act, records: Records, change: Change, kind: Any, text: str
) -> None:
    site(change)
    opened(act)
    act(OBI, "scan", ScanBeam(columns=64, slices=8, thickness=5.0))
    with pytest.raises(PlayFailure, match=rf"match refused: .*({text})"):
        act(OBI, "match", MatchWith(kind=kind))
    assert "match refused" in told(records)


def test_a_plan_without_beams_is_not_opened(site: Callable[..., Bench], act: Act, records: Records) -> None:
    site(Change(of="rtplan", path="BeamSequence"))
    with pytest.raises(PlayFailure, match=r"the patient cannot be opened: .*beam"):
        act(OBI, "load", Load(to="ARIA"))
    assert "cannot be opened" in told(records)


def test_nothing_acquired_is_lost_when_it_cannot_be_stored(site: Callable[..., Bench], act: Act) -> None:
    bench = site(hardware=hardware(buffer=BufferSettings(places=1)))
    opened(act)
    act(OBI, "image-kv", ImageKv(beam="KV_AP"))
    bench.play(bench.devices["ARIA"].strike, "fill-disk", FillDisk(cleared_after=200 * MILLISECOND))
    with pytest.raises(PlayFailure, match="A700"):
        act(OBI, "store", Store(to="ARIA"))
    with pytest.raises(PlayFailure, match="the image buffer is full"):
        act(OBI, "image-kv", ImageKv(beam="KV_LAT"))
    bench.play(bench.kernel.sleep, 300 * MILLISECOND)
    act(OBI, "store", Store(to="ARIA"))
    assert len(held(bench, "RTIMAGE")) == 1
    act(OBI, "image-kv", ImageKv(beam="KV_LAT"))


@VIRTUAL
@pytest.mark.parametrize(
    ("action", "parameters", "text"),
    [
        ("image-kv", ImageKv(beam="MV_AP"), "asks for a picture of the MV axis"),
        ("image-mv", ImageMv(beam="KV_AP"), "asks for a picture of the kV axis"),
        ("scan", ScanBeam(beam="KV_AP"), "not for a cone-beam CT"),
        ("match", MatchWith(kind="3d3d"), "no cone-beam CT has been acquired"),
        ("match", MatchWith(kind="2d2d"), "0 pictures have been taken, it takes 2"),
        ("apply-shift", ApplyShift(), "nothing has been matched"),
        ("store", Store(to="ARIA"), "there is nothing to store"),
    ],
)
def test_steps_in_the_wrong_order_are_told(
    site: Callable[..., Bench], act: Act, action: str, parameters: Any, text: str
) -> None:
    site()
    act(OBI, "load", Load(to="ARIA", reference_images=False))
    with pytest.raises(PlayFailure, match=text):
        act(OBI, action, parameters)


@VIRTUAL
@pytest.mark.parametrize(
    ("action", "parameters", "text"),
    [
        ("image-kv", ImageKv(beam="KV_UP"), "no beam 'KV_UP'.*its beams are: AP, ARC"),
        ("image-kv", ImageKv(beam="KV_AP", technique="bright"), "bright"),
        ("scan", ScanBeam(preset="best"), "there is no CBCT preset 'best'"),
        ("scan", ScanBeam(slices=400, thickness=10.0), "slices"),
        ("lie", Lie(body="elephant"), "there is no phantom 'elephant'"),
        ("load", Load(), "nothing tells where from"),
    ],
)
def test_what_the_user_gets_wrong_is_told(
    site: Callable[..., Bench], act: Act, action: str, parameters: Any, text: str
) -> None:
    site()
    act(OBI, "load", Load(to="ARIA", reference_images=False))
    with pytest.raises(InputError, match=text):
        act(OBI, action, parameters)


@VIRTUAL
def test_the_reference_ct_itself_can_lie_there(site: Callable[..., Bench], act: Act) -> None:
    site()
    opened(act, body="ct")
    for beam in ("KV_AP", "KV_LAT"):
        act(OBI, "image-kv", ImageKv(beam=beam))
    act(OBI, "match", MatchWith(kind="2d2d", within=1.0))


def test_pv_ai_has_neither_kv_nor_cone_beam(site: Callable[..., Bench], act: Act) -> None:
    site(product="PV AI")
    opened(act)
    with pytest.raises(PlayFailure, match="PV AI has no kV axis"):
        act(OBI, "image-kv", ImageKv(beam="KV_AP"))
    with pytest.raises(PlayFailure, match="PV AI has no cone-beam CT"):
        act(OBI, "scan", ScanBeam())
    act(OBI, "image-mv", ImageMv(beam="MV_AP"))


def test_files_are_read_and_written_without_a_network(site: Callable[..., Bench], act: Act, tmp_path: Any) -> None:
    bench = site()
    for where in bench.shelf.names("objects/ARIA"):
        (tmp_path / where.rpartition("/")[2]).write_bytes(bench.shelf.read(where))
    (tmp_path / "readme.txt").write_text("no DICOM", "utf-8")
    act(OBI, "load", Load(files=(str(tmp_path),)))
    act(OBI, "lie", Lie(body="thorax"))
    act(OBI, "image-kv", ImageKv(beam="KV_AP"))
    act(OBI, "store", Store(folder="export"))
    (where,) = bench.shelf.names(f"export/{OBI}")
    assert dcmread(BytesIO(bench.shelf.read(where))).Modality == "RTIMAGE"
    assert "DICOMDIR" not in where


def test_an_empty_buffer_has_nothing_to_store(site: Callable[..., Bench], act: Act) -> None:
    site()
    opened(act)
    act(OBI, "image-kv", ImageKv(beam="KV_AP"))
    act(OBI, "empty-buffer", Nothing())
    with pytest.raises(PlayFailure, match="there is nothing to store"):
        act(OBI, "store", Store(to="ARIA"))


def test_the_remote_is_asked_whether_it_is_there(site: Callable[..., Bench], act: Act, records: Records) -> None:
    site()
    act(OBI, "verify", Verify(to="ARIA"))
    assert len(records("C-ECHO-RSP", OBI, way="received", status=0)) == 1
