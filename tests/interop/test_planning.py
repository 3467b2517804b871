"""Planning systems against DCMTK: storescp and storescu, and an archive that they query, retrieve from and file cases to."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from linacsim import Bench, PlayFailure
from linacsim.devices.planning.activities import Export, Serve
from linacsim.devices.planning.oncentra import CmQuery, CmRetrieve, FileCase, RestoreCase
from linacsim.devices.planning.raystation import PacsQuery, PacsRetrieve
from linacsim.devices.planning.varian import Reference
from linacsim.kernel.units import seconds
from tests.interop.datasets import bundled, differences, many
from tests.interop.dcmtk import free_port, listening, run

pytestmark = [
    pytest.mark.interop,
    # files that come with pydicom are odd on purpose
    pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning"),
]

HOST = "127.0.0.1"
QRSCP = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
ray = (RAYSTATION, {host}, {ray})
fr = (OTP_FR, {host}, {fr})
obi = (StreamService, {host}, {obi})
win = (OTP_INCOMING, {host}, {win})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP {folder} RW (200, 1024mb) ANY
AETable END
"""
KINDS = {
    "ray": ("raystation-qr-scu", "RAYSTATION"),
    "fr": ("oncentra-fr-scu", "OTP_FR"),
    "obi": ("varian-obi-move-scu", "StreamService"),
    "win": ("oncentra-winscp32-scp", "OTP_INCOMING"),
}


def act(bench: Bench, name: str, action: str, what: Any) -> None:
    device = bench.devices[name]
    bench.play(device.act, action, what, place=device.place)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(clock="live") as bench:
        yield bench


@pytest.fixture
def archive(bench: Bench, tmp_path: Path) -> Iterator[list[Path]]:
    """DCMTK's archive with a series of CT images, and four systems that it may send to; its files."""
    port, ports = free_port(), {name: free_port() for name in KINDS}
    for name, (kind, title) in KINDS.items():
        bench.add(kind, title, port=ports[name])
    (tmp_path / "db").mkdir()
    config = tmp_path / "dcmqrscp.cfg"
    config.write_text(QRSCP.format(port=port, host=HOST, folder=tmp_path / "db", **ports), "ascii")
    bench.kernel.place("QRSCP").address = (HOST, port)
    files = many(tmp_path / "series", 4)
    with listening("dcmqrscp", "-c", config, port=port):
        run("storescu", "-aec", "QRSCP", HOST, port, *files).assert_good()
        yield files


@pytest.mark.parametrize(("option", "syntax"), [("+xb", ExplicitVRBigEndian), ("+xe", ExplicitVRLittleEndian)])
def test_storescp_keeps_what_preciseplan_exports(bench: Bench, tmp_path: Path, option: str, syntax: str) -> None:
    port = free_port()
    bench.kernel.place("STORESCP").address = (HOST, port)
    bench.add("preciseplan-precplan-export", "PLAN1")
    sources = [bundled(name) for name in ("rtplan.dcm", "CT_small.dcm", "rtdose.dcm")]
    with listening("storescp", option, "+B", "-od", tmp_path, port, port=port):
        act(bench, "PLAN1", "export-objects", Export(to="STORESCP", files=tuple(str(one) for one in sources)))
    kept = {dcmread(path).SOPInstanceUID: path for path in tmp_path.iterdir()}
    for source in sources:
        written = kept[dcmread(source).SOPInstanceUID]
        assert dcmread(written).file_meta.TransferSyntaxUID == syntax
        assert differences(source, written) == []


@pytest.mark.parametrize("option", ["-xi", "-xe", "-xb"])
def test_winscp32_writes_what_storescu_sends(bench: Bench, option: str) -> None:
    bench.add("oncentra-winscp32-scp", "OTP_INCOMING")
    host, port = bench.address_of("OTP_INCOMING")
    source = bundled("CT_small.dcm")
    run("storescu", option, "-aec", "OTP_INCOMING", host, port, source).assert_good()
    act(bench, "OTP_INCOMING", "storage-scp", Serve(within=seconds(5)))
    uid = dcmread(source).SOPInstanceUID
    written = dcmread(BytesIO(bench.shelf.read(f"inbox/OTP_INCOMING/CT-{uid}.dcm")))
    assert written.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (written.pixel_array == dcmread(source).pixel_array).all()
    run("echoscu", "-aec", "OTP_INCOMING", host, port).assert_good()


def test_raystation_imports_from_dcmqrscp(bench: Bench, archive: list[Path]) -> None:
    patient = str(dcmread(archive[0]).PatientID)
    act(bench, "RAYSTATION", "pacs-query", PacsQuery(to="QRSCP", patient_id=patient))
    act(bench, "RAYSTATION", "pacs-retrieve", PacsRetrieve(strict=False))
    ray: Any = bench.devices["RAYSTATION"]
    assert set(ray.receiver.held) == {str(dcmread(one).SOPInstanceUID) for one in archive}


def test_oncentra_queries_and_retrieves_from_dcmqrscp(bench: Bench, archive: list[Path]) -> None:
    bench.add("oncentra-cm-query-retrieve-scu", "OTP_SCU")
    act(bench, "OTP_SCU", "query-remote-ae", CmQuery(to="QRSCP"))
    act(bench, "OTP_SCU", "retrieve-from-remote-ae", CmRetrieve(destination="OTP_INCOMING"))
    assert len(bench.shelf.names("inbox/OTP_INCOMING")) == len(archive)


@pytest.mark.usefixtures("archive")
def test_oncentra_files_a_case_to_dcmqrscp_and_restores_it(bench: Bench) -> None:
    names = tuple(str(bundled(name)) for name in ("MR_small.dcm", "rtplan.dcm"))
    act(bench, "OTP_FR", "file-patient-case", FileCase(name="DOE", to="QRSCP", files=names))
    act(bench, "OTP_FR", "restore-patient-case", RestoreCase(name="DOE"))
    fr: Any = bench.devices["OTP_FR"]
    assert fr.cases["DOE"].status == "Restored"


def test_obi_loads_reference_images_from_dcmqrscp(bench: Bench, archive: list[Path]) -> None:
    ds = [dcmread(one) for one in archive]
    what = Reference(
        to="QRSCP",
        instances=tuple(str(one.SOPInstanceUID) for one in ds),
        study=str(ds[0].StudyInstanceUID),
        series=str(ds[0].SeriesInstanceUID),
    )
    act(bench, "StreamService", "load-reference-images", what)
    obi: Any = bench.devices["StreamService"]
    assert set(obi.receiver.held) == set(what.instances)
    with pytest.raises(PlayFailure, match="has not come"):
        act(bench, "StreamService", "load-reference-images", what.model_copy(update={"instances": ("1.2.3",)}))
