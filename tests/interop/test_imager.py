"""The whole day of the imager with DCMTK's dcmqrscp and with Orthanc as the treatment management system.

Both are sent the planning objects with storescu, asked by the imager with C-FIND and C-MOVE at IMAGE level, and keep what it
has acquired and found; what they keep is fetched again with getscu.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from linacsim import Bench, PlayFailure
from linacsim.conformance.kinds import kind_of
from linacsim.devices.imager.actions import ApplyShift, ImageKv, Lie, Load, MatchWith, ScanBeam, Shift, Store
from linacsim.devices.imager.personality import ImagerPersonality, PictureSettings
from linacsim.devices.imager.services import Imager
from linacsim.kernel.identity import Identity
from linacsim.objects.case import Case, CaseSettings
from linacsim.objects.imaging import curves_of
from linacsim.physics.presets import CBCT_PRESETS
from tests.contract.test_imager import hardware
from tests.interop.datasets import differences
from tests.interop.dcmtk import PATIENCE, awaited, free_port, listening, run
from tests.objects.dciodvfy import errors
from tests.objects.explained import explanations

pytestmark = pytest.mark.interop

HOST, OBI, SEED = "127.0.0.1", "StreamService", 11
CASE = CaseSettings(slices=16, matrix=128, slice_spacing=3.0, radiograph=96, marker_subtype=True)
PLANNED = ("ct", "rtstruct", "rtplan", "rtimage")
SHIFT = Shift(x=4.0, y=-3.0, z=2.5)
SWIFT = "swift"
"""A scan as quick as a preset may be: the gantry turns in real time here."""
AS_PRINTED = ("ROI Physical Property", "Dicom dataset contains invalid data values for Value Representations")
"""A code string of 17 characters that B.2.11 prints."""

QRSCP = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
obi = ({obi}, {host}, {obi_port})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARIA {folder} RW (200, 1024mb) ANY
AETable END
"""

Peer = Callable[[Path, int, int], AbstractContextManager[None]]


@contextmanager
def dcmqrscp(folder: Path, port: int, obi_port: int) -> Iterator[None]:
    """Let DCMTK's archive keep ARIA's objects; the imager is in its table of hosts."""
    (folder / "db").mkdir()
    config = folder / "dcmqrscp.cfg"
    text = QRSCP.format(port=port, obi=OBI, host=HOST, obi_port=obi_port, folder=folder / "db")
    config.write_text(text, "ascii")
    with listening("dcmqrscp", "-c", config, port=port):
        yield


@contextmanager
def orthanc(folder: Path, port: int, obi_port: int) -> Iterator[None]:
    """Let Orthanc keep ARIA's objects; the imager is one of its modalities."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None:
        pytest.skip("no Orthanc on the PATH: install orthanc")
    settings = {
        "Name": "ARIA", "StorageDirectory": str(folder / "store"), "IndexDirectory": str(folder / "store"), "Plugins": [],
        "HttpServerEnabled": False, "DicomServerEnabled": True, "DicomAet": "ARIA", "DicomPort": port,
        "DicomCheckModalityHost": False, "DicomAlwaysAllowFind": True, "DicomAlwaysAllowMove": True,
        "DicomAlwaysAllowGet": True, "OverwriteInstances": True, "SynchronousCMove": True,
        "DicomModalities": {"obi": [OBI, HOST, obi_port]},
    }  # fmt: skip
    config = folder / "orthanc.json"
    config.write_text(json.dumps(settings), "ascii")
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(config)], stdout=log, stderr=log, env={"TCP_NODELAY": "1"})
        try:
            awaited(process, port)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


class Site:
    """A treatment management system with the planning objects, and an imager that takes milliseconds for everything."""

    def __init__(self, bench: Bench, folder: Path, port: int, case: Case) -> None:
        self.folder, self.port, self.case = folder, port, case
        self.bench = bench
        device = bench.devices[OBI]
        assert isinstance(device, Imager)
        self.imager = device

    def act(self, action: str, what: Any) -> None:
        """Have the imager do something."""
        self.bench.play(self.imager.act, action, what, place=self.imager.place)

    def load(self) -> None:
        """Open the patient, with all images that there are of him."""
        (plan,) = self.case.rtplan
        images = tuple(str(ds.SOPInstanceUID) for ds in self.case.rtimage)
        self.act("load", Load(to="ARIA", plan=str(plan.SOPInstanceUID), images=images))

    def kept(self) -> dict[str, Path]:
        """Return what the system holds of the patient, by SOP Instance UID."""
        folder = self.folder / "kept"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        studies = {str(ds.StudyInstanceUID) for ds in (*self.case.ct, *self.imager.treatment.stored.values())}
        for study in sorted(studies):
            keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}")
            run("getscu", "-S", "+B", "-aec", "ARIA", "-od", folder, *keys, HOST, self.port).assert_good()
        return {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in folder.iterdir()}


@pytest.fixture(params=[dcmqrscp, orthanc], ids=["dcmqrscp", "orthanc"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Return a site with the one or the other."""
    preset = replace(CBCT_PRESETS["obi-low-dose-thorax"], name=SWIFT, rotation_speed=60.0, ms=9.0, ma=45.0)
    monkeypatch.setitem(CBCT_PRESETS, SWIFT, preset)
    peer: Peer = request.param
    port, obi_port = free_port(), free_port()
    case = Case(Identity(SEED), CASE)
    (tmp_path / "planned").mkdir()
    for number, ds in enumerate(case.objects(PLANNED)):
        ds.save_as(tmp_path / "planned" / f"{number}.dcm", enforce_file_format=True)
    settings = ImagerPersonality(hardware=hardware(), pictures=PictureSettings(detail="draft"))
    with Bench(clock="live", seed=SEED) as bench, peer(tmp_path, port, obi_port):
        bench.add("imager", OBI, port=obi_port, settings=settings)
        bench.kernel.place("ARIA").address = (HOST, port)
        run("storescu", "-aec", "ARIA", "+sd", HOST, port, tmp_path / "planned").assert_good()
        yield Site(bench, tmp_path, port, case)


def test_the_whole_day(site: Site) -> None:
    site.load()
    site.act("lie", Lie(body="thorax", shift=SHIFT))
    site.act("scan", ScanBeam(preset=SWIFT, columns=96, slices=24))
    site.act("match", MatchWith(kind="3d3d", within=0.5, within_degrees=0.5))
    site.act("apply-shift", ApplyShift())
    for beam in ("KV_AP", "KV_LAT"):
        site.act("image-kv", ImageKv(beam=beam))
    site.act("match", MatchWith(kind="marker", within=0.5, within_degrees=0.5))
    site.act("store", Store(to="ARIA"))

    assert not site.imager.treatment.waiting
    stored = site.imager.treatment.stored
    files = site.kept()
    kept = {uid: dcmread(path) for uid, path in files.items()}
    planned = {str(ds.SOPInstanceUID) for ds in site.case.objects(PLANNED)}
    assert set(kept) == {*stored, *planned}
    for uid, sent in stored.items():
        sent.save_as(site.folder / "sent.dcm", enforce_file_format=True)
        assert differences(site.folder / "sent.dcm", files[uid]) == []
    by_kind: dict[str, list[Dataset]] = {}
    for uid in stored:
        by_kind.setdefault(kind_of(str(kept[uid].SOPClassUID)), []).append(kept[uid])
    assert {kind: len(some) for kind, some in by_kind.items()} == {"ct": 24, "rtimage": 2, "rtstruct": 2, "reg": 2}
    assert_as_acquired(site, by_kind)
    assert_valid(site, by_kind)


def assert_as_acquired(site: Site, by_kind: dict[str, list[Dataset]]) -> None:
    """Assert that the pixels are those of the scan, that the markers and the shift are there."""
    volume = site.imager.treatment.volume
    assert volume is not None
    slices = sorted(by_kind["ct"], key=lambda ds: float(ds.ImagePositionPatient[2]))
    seen = np.array([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in slices])
    np.testing.assert_allclose(seen, volume.scan.volume.clip(seen.min(), seen.max()), atol=0.51)
    assert [len(curves_of(ds)) for ds in by_kind["rtimage"]] == [3, 3]
    names = [[item.ROIName for item in ds.StructureSetROISequence] for ds in by_kind["rtstruct"]]
    assert ["Marker1", "Marker2", "Marker3"] in names
    for ds in by_kind["reg"]:
        matrix = ds.RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence[0]
        found = np.array(matrix.FrameOfReferenceTransformationMatrix, dtype=float).reshape(4, 4)
        # a table top moves by x to the left of a supine patient, y to his head, z to his front
        at = (found @ np.array([80.0, -10.0, 0.0, 1.0]))[:3]
        np.testing.assert_allclose(at, [SHIFT.x, -SHIFT.z, SHIFT.y], atol=0.5)


def assert_valid(site: Site, by_kind: dict[str, list[Dataset]]) -> None:
    """Assert that dciodvfy finds in what is kept only what the vendor's document explains, and dcm2pnm renders it."""
    for kind, some in by_kind.items():
        known = explanations("dciodvfy", "varian-obi", kind)
        found = errors(some[0], site.folder / f"{kind}.dcm")
        assert [line for line in found if not any(one.fits(line) for one in known) if not line_is_printed(line)] == []
    for kind in ("ct", "rtimage"):
        run("dcm2pnm", "+Wm", "+on", site.folder / f"{kind}.dcm", site.folder / f"{kind}.png").assert_good()


def line_is_printed(line: str) -> bool:
    return any(text in line for text in AS_PRINTED)


def test_what_is_not_there_is_told(site: Site) -> None:
    (plan,) = site.case.rtplan
    with pytest.raises(PlayFailure, match=r"1\.2\.3\.4 is not found"):
        site.act("load", Load(to="ARIA", plan=str(plan.SOPInstanceUID), reference_ct=False, images=("1.2.3.4",)))
    with pytest.raises(PlayFailure, match=r"1\.2\.3\.5"):
        site.act("load", Load(to="ARIA", plan="1.2.3.5"))
    assert site.imager.treatment.patient is None
