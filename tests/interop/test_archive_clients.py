"""Our clients against real archives, DCMTK's dcmqrscp and Orthanc: OBI, RayStation, Oncentra, Monaco, and an archive itself.

What the two do differently is what `docs/peers.md` tells; where it matters here, a test names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from linacsim import Bench, PlayFailure
from linacsim.devices.archive.personality import Query, Retrieve
from linacsim.devices.archive.related import Related
from linacsim.devices.caseof import CaseOf
from linacsim.devices.planning.monaco import ExportObjects
from linacsim.devices.planning.oncentra import CmQuery, CmRetrieve, FileCase, RestoreCase
from linacsim.devices.planning.raystation import PacsQuery, PacsRetrieve
from linacsim.devices.planning.varian import Reference, ReferenceCt
from linacsim.devices.storage.personality import Store
from linacsim.objects.case import Case, CaseSettings
from tests.interop.dcmtk import free_port, listening, run
from tests.interop.orthanc import running

pytestmark = pytest.mark.interop

HOST, PEER = "127.0.0.1", "PEER"
SMALL = CaseSettings(slices=4, matrix=32, radiograph=32, dose_spacing=25.0)
KINDS = ("ct", "rtstruct", "rtplan", "rtimage")
CLIENTS = {
    "RAYSTATION": "raystation-qr-scu",
    "OTP_FR": "oncentra-fr-scu",
    "OTP_SCU": "oncentra-cm-query-retrieve-scu",
    "OTP_INCOMING": "oncentra-winscp32-scp",
    "StreamService": "varian-obi-move-scu",
    "CLINIC": "archive",
    "CMS_SCU": "monaco-cms-scu",
}
"""Our peers by AE title; the archive may send to each of those that listen."""
QRSCP = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
{hosts}
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
PEER {folder} RW (200, 1024mb) ANY
AETable END
"""

Keys = dict[str, str | tuple[str, ...]]
Archive = Callable[[Path, dict[str, int]], AbstractContextManager[int]]


@contextmanager
def dcmqrscp(folder: Path, ports: dict[str, int]) -> Iterator[int]:
    """Let DCMTK's archive run meanwhile; it may send to `ports`, by AE title."""
    (folder / "db").mkdir()
    config, port = folder / "dcmqrscp.cfg", free_port()
    hosts = "\n".join(f"host{number} = ({title}, {HOST}, {at})" for number, (title, at) in enumerate(ports.items()))
    config.write_text(QRSCP.format(port=port, hosts=hosts, folder=folder / "db"), "ascii")
    with listening("dcmqrscp", "-c", config, port=port):
        yield port


@contextmanager
def orthanc(folder: Path, ports: dict[str, int]) -> Iterator[int]:
    """Let Orthanc run meanwhile; it may send to `ports`, by AE title."""
    always = {f"DicomAlwaysAllow{what}": True for what in ("Store", "Find", "Move", "Get")}
    modalities = {title.lower().replace("_", ""): (title, port) for title, port in ports.items()}
    with running(folder, modalities, DicomAet=PEER, SynchronousCMove=True, **always) as peer:
        yield peer.port


class Site:
    """A real archive with a patient, and a bench of its clients.

    Attributes
    ----------
    name : str
        Which archive it is.
    case : list of Dataset
        What it was sent with storescu.
    """

    def __init__(self, name: str, bench: Bench, folder: Path, port: int) -> None:
        self.name, self.bench, self.port = name, bench, port
        bench.kernel.place(PEER).address = (HOST, port)
        self.case: list[Dataset] = list(Case(bench.kernel.identity, SMALL).objects(KINDS))
        (folder / "case").mkdir()
        for number, ds in enumerate(self.case):
            ds.save_as(folder / "case" / f"{number}.dcm", enforce_file_format=True)
        run("storescu", "-aec", PEER, "+sd", HOST, port, folder / "case").assert_good()

    def act(self, name: str, action: str, what: Any) -> Any:
        """Have one of our peers do something; return it."""
        device: Any = self.bench.devices[name]
        self.bench.play(device.act, action, what, place=device.place)
        return device

    def of(self, modality: str) -> list[Dataset]:
        """Return the objects of a modality."""
        return [ds for ds in self.case if ds.Modality == modality]

    def events(self, event: str, at: str) -> list[Any]:
        """Return what was written down."""
        return [one for one in self.bench.log.records if one["event"] == event and one["at"] == at]


@pytest.fixture(params=[dcmqrscp, orthanc], ids=["dcmqrscp", "orthanc"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Return a site with the one or the other."""
    peer: Archive = request.param
    ports = {title: free_port() for title in CLIENTS}
    with Bench(clock="live", seed=23) as bench, peer(tmp_path, ports) as port:
        for title, kind in CLIENTS.items():
            bench.add(kind, title, port=ports[title])
        yield Site(peer.__name__, bench, tmp_path, port)


# an archive as client of another one


def test_our_archive_asks_at_every_level(site: Site) -> None:
    ct = site.of("CT")[0]
    patient, study, series = str(ct.PatientID), str(ct.StudyInstanceUID), str(ct.SeriesInstanceUID)
    above: Keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    asked: list[tuple[Any, Any, Keys, int]] = [
        ("patient", "PATIENT", {"PatientID": patient}, 1),
        ("patient", "STUDY", {"PatientID": patient, "StudyInstanceUID": ""}, 1),
        ("study", "STUDY", {"StudyInstanceUID": "", "PatientID": patient}, 1),
        ("study", "STUDY", {"StudyInstanceUID": "1.2.3.4"}, 0),
        ("study", "SERIES", {"StudyInstanceUID": study, "SeriesInstanceUID": "", "Modality": "CT"}, 1),
        ("study", "IMAGE", {**above, "SOPInstanceUID": ""}, len(site.of("CT"))),
    ]
    for root, level, keys, matches in asked:
        site.act("CLINIC", "query", Query(to=PEER, root=root, level=level, keys=keys, matches=matches))


@pytest.mark.parametrize("by", ["move", "get"])
def test_our_archive_retrieves_a_study_and_has_what_belongs_together(site: Site, by: Any) -> None:
    study = str(site.case[0].StudyInstanceUID)
    what = Retrieve(to=PEER, level="STUDY", keys={"StudyInstanceUID": study}, by=by)
    site.act("CLINIC", "retrieve", what)
    assert len(site.events("object-stored", "CLINIC")) == len(site.case)
    site.act("CLINIC", "related", Related(of="rtplan", holds={"rtstruct": 1, "ct": SMALL.slices}))


def test_our_archive_stores(site: Site) -> None:
    site.act("CLINIC", "store", Store(to=PEER, images=("pydicom:CT_small.dcm", "pydicom:rtplan.dcm")))
    site.act("CLINIC", "query", Query(to=PEER, level="STUDY", keys={"PatientID": "1CT1"}, matches=1))


def test_a_destination_that_is_not_known(site: Site) -> None:
    """A801 at one of them, C000 at the other."""
    status = {"dcmqrscp": "A801", "orthanc": "C000"}[site.name]
    keys: Keys = {"StudyInstanceUID": str(site.case[0].StudyInstanceUID)}
    with pytest.raises(PlayFailure, match=f"0x{status}"):
        site.act("CLINIC", "retrieve", Retrieve(to=PEER, level="STUDY", keys=keys, destination="NOBODY"))


def test_a_study_that_is_not_there(site: Site) -> None:
    """Nothing to be sent is a success at one of them, and C000 at the other."""
    what = Retrieve(to=PEER, level="STUDY", keys={"StudyInstanceUID": "1.2.3.4"})
    if site.name == "dcmqrscp":
        site.act("CLINIC", "retrieve", what)
    else:
        with pytest.raises(PlayFailure, match="0xC000"):
            site.act("CLINIC", "retrieve", what)


def test_a_series_without_its_study(site: Site) -> None:
    """C000 at one of them; the other answers as if relational queries had been agreed on."""
    what = Query(to=PEER, level="SERIES", keys={"SeriesInstanceUID": "", "Modality": "CT"})
    if site.name == "dcmqrscp":
        with pytest.raises(PlayFailure, match="0xC000"):
            site.act("CLINIC", "query", what)
    else:
        site.act("CLINIC", "query", what.model_copy(update={"matches": 1}))


# the systems of the documents


def test_raystation_imports_a_patient(site: Site) -> None:
    site.act("RAYSTATION", "pacs-query", PacsQuery(to=PEER, patient_id=str(site.case[0].PatientID)))
    wanted = [*site.of("CT"), *site.of("RTSTRUCT"), *site.of("RTPLAN")]
    series = tuple(dict.fromkeys(str(ds.SeriesInstanceUID) for ds in wanted))
    ray = site.act("RAYSTATION", "pacs-retrieve", PacsRetrieve(series=series, strict=False))
    assert set(ray.receiver.held) == {str(ds.SOPInstanceUID) for ds in wanted}


def test_raystation_takes_no_rt_image(site: Site) -> None:
    """Its internal Storage SCP does not accept the SOP class: A702 at one of them, C000 at the other."""
    site.act("RAYSTATION", "pacs-query", PacsQuery(to=PEER, patient_id=str(site.case[0].PatientID)))
    image = site.of("RTIMAGE")[0]
    status = {"dcmqrscp": "A702", "orthanc": "C000"}[site.name]
    with pytest.raises(PlayFailure, match=f"0x{status}"):
        site.act("RAYSTATION", "pacs-retrieve", PacsRetrieve(series=(str(image.SeriesInstanceUID),)))


def test_raystation_does_not_ask_for_everybody(site: Site) -> None:
    with pytest.raises(PlayFailure, match="universal matching"):
        site.act("RAYSTATION", "pacs-query", PacsQuery(to=PEER, patient_name="*"))
    assert site.events("A-ASSOCIATE-RQ", "RAYSTATION") == []


@pytest.mark.parametrize("root", ["study", "patient"])
def test_oncentra_queries_and_retrieves_a_series(site: Site, root: Any) -> None:
    ct = site.of("CT")[0]
    site.act("OTP_SCU", "query-remote-ae", CmQuery(to=PEER, root=root, series=str(ct.SeriesInstanceUID)))
    site.act("OTP_SCU", "retrieve-from-remote-ae", CmRetrieve(destination="OTP_INCOMING"))
    assert len(site.bench.shelf.names("inbox/OTP_INCOMING")) == len(site.of("CT"))


@pytest.mark.parametrize("root", ["study", "patient"])
def test_oncentra_files_a_case_and_restores_it(site: Site, root: Any) -> None:
    case = CaseOf(label="other", slices=3, matrix=32, radiograph=32, dose_spacing=25.0, patient_id="OTHER")
    site.act("OTP_FR", "file-patient-case", FileCase(name="DOE", to=PEER, case=case, what=("ct", "rtstruct", "rtplan")))
    fr = site.act("OTP_FR", "restore-patient-case", RestoreCase(name="DOE", root=root))
    assert fr.cases["DOE"].status == "Restored"


def test_obi_follows_a_plan_to_its_ct(site: Site) -> None:
    """Keys above the level IMAGE are empty: both answer that, though it is no hierarchical query."""
    (plan,) = site.of("RTPLAN")
    obi = site.act("StreamService", "load-reference-ct", ReferenceCt(to=PEER, plan=str(plan.SOPInstanceUID)))
    wanted = [*site.of("CT"), *site.of("RTSTRUCT"), plan]
    assert set(obi.receiver.held) == {str(ds.SOPInstanceUID) for ds in wanted}


def test_obi_looks_for_reference_images_and_loads_them(site: Site) -> None:
    images = tuple(str(ds.SOPInstanceUID) for ds in site.of("RTIMAGE"))
    site.bench.add("varian-obi-find-scu", "FIND")
    site.act("FIND", "load-reference-images", Reference(to=PEER, instances=images))
    obi = site.act("StreamService", "load-reference-images", Reference(to=PEER, instances=images))
    assert set(obi.receiver.held) == set(images)
    with pytest.raises(PlayFailure, match=r"1\.2\.3 is not found"):
        site.act("FIND", "load-reference-images", Reference(to=PEER, instances=("1.2.3",)))


def test_monaco_exports_two_plans(site: Site) -> None:
    case = CaseOf(slices=3, matrix=32, radiograph=32, dose_spacing=25.0, machine="APEX", patient_id="APEX1")
    site.act("CMS_SCU", "export-objects", ExportObjects(to=PEER, case=case, what=("rtplan",), apex="two-plans"))
    keys: Keys = {"PatientID": "APEX1", "StudyInstanceUID": ""}
    site.act("CLINIC", "query", Query(to=PEER, level="STUDY", keys=keys, matches=1))
    site.act("CLINIC", "retrieve", Retrieve(to=PEER, root="patient", level="PATIENT", keys={"PatientID": "APEX1"}))
    assert len(site.events("object-stored", "CLINIC")) == 2
