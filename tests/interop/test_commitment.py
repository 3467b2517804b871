"""Storage Commitment with Orthanc, both ways: it commits to our modality, and asks our archive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydicom import dcmread

from linacsim import Bench
from linacsim.devices.archive.commitment import CommitmentSettings
from linacsim.devices.archive.personality import ArchivePersonality, Load
from linacsim.devices.commitmentclient import Commit, CommittedInstance
from linacsim.devices.device import Device
from linacsim.errors import PlayFailure
from linacsim.kernel.units import seconds
from tests.interop.datasets import bundled
from tests.interop.dcmtk import PATIENCE, free_port, run
from tests.interop.orthanc import HOST, TITLE, Orthanc, running

pytestmark = pytest.mark.interop

NAMES = ("CT_small.dcm", "rtplan.dcm")
NOWHERE = "1.2.826.0.1.3680043.8.498.1"


Site = tuple[Bench, Orthanc, Device, Device]
Association = Literal["same-else-new", "same", "new"]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orthanc, int, int]]:
    """Orthanc, and the ports of the modality and the archive that it knows."""
    modality, archive = free_port(), free_port()
    known = {"modality": ("MODALITY", modality), "archive": ("ARCHIVE", archive)}
    with running(tmp_path_factory.mktemp("orthanc"), known) as orthanc:
        yield orthanc, modality, archive


@pytest.fixture
def association() -> Association:
    """Where our archive tells its results."""
    return "same-else-new"


@pytest.fixture
def site(peer: tuple[Orthanc, int, int], association: Association) -> Iterator[Site]:
    """Orthanc, a modality and an archive, which know each other."""
    orthanc, *ports = peer
    with Bench(clock="live") as bench:
        bench.kernel.place(TITLE).address = (HOST, orthanc.port)
        settings = ArchivePersonality(commitment=CommitmentSettings(association=association))
        modality = bench.add("storage", "MODALITY", port=ports[0])
        archive = bench.add("archive", "ARCHIVE", port=ports[1], settings=settings)
        yield bench, orthanc, modality, archive


def test_orthanc_commits_to_what_we_have_sent(site: Site) -> None:
    bench, _peer, modality, _archive = site
    images = tuple(str(bundled(name)) for name in NAMES)
    bench.play(modality.act, "commit", Commit(to=TITLE, images=images), place=modality.place)
    (record,) = [one for one in bench.log.records if one["event"] == "commitment-received"]
    assert (record["objects"], record["failed"]) == (2, 0)


@pytest.mark.parametrize("hold", [0, seconds(5)])
def test_orthanc_tells_what_it_has_not(site: Site, hold: int) -> None:
    bench, _peer, modality, _archive = site
    lost = CommittedInstance(sop_class="1.2.840.10008.5.1.4.1.1.2", sop_instance=NOWHERE)
    what = Commit(to=TITLE, images=(str(bundled(NAMES[0])),), instances=(lost,), hold=hold)
    with pytest.raises(PlayFailure) as failed:
        bench.play(modality.act, "commit", what, place=modality.place)
    assert str(failed.value) == (
        f"storage commitment by {TITLE}: 1 of 2 objects failed; {NOWHERE}: no such object instance (0x0112)"
    )


@pytest.mark.parametrize("association", ["same-else-new", "new"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_our_archive_commits_to_what_orthanc_has_sent(site: Site) -> None:
    bench, peer, _modality, _archive = site
    files = [bundled(name) for name in NAMES]
    run("storescu", "-aec", TITLE, HOST, peer.port, *files).assert_good()
    ids = peer.get("/instances")
    report = committed(peer, peer.post("/modalities/archive/store", {"Resources": ids, "StorageCommitment": True}))
    assert report["Status"] == "Success"
    assert {one["SOPInstanceUID"] for one in report["Success"]} == {str(dcmread(file).SOPInstanceUID) for file in files}
    assert report["Failures"] == []
    bench.settle()
    (told,) = [one for one in bench.log.records if one["event"] == "commitment-told"]
    # Orthanc releases as soon as it has been told that its request is accepted
    assert (told["association"], told["failed"]) == ("new", 0)


def committed(peer: Orthanc, job: Any) -> Any:
    """Return the report on the transaction that a request has opened, when it has come."""
    transaction = job.get("StorageCommitmentTransactionUID") or job["ID"]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        report = peer.get(f"/storage-commitment/{transaction}")
        if report["Status"] != "Pending":
            return report
        time.sleep(0.1)
    raise AssertionError(f"no report on {transaction}")


def test_our_archive_tells_orthanc_what_it_has_not(site: Site) -> None:
    bench, peer, _modality, archive = site
    bench.play(archive.act, "load", Load(files=(str(bundled(NAMES[0])),)), place=archive.place)
    ct = dcmread(bundled(NAMES[0]))
    asked = [
        {"SOPClassUID": str(ct.SOPClassUID), "SOPInstanceUID": str(ct.SOPInstanceUID)},
        {"SOPClassUID": str(ct.SOPClassUID), "SOPInstanceUID": NOWHERE},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.5", "SOPInstanceUID": str(ct.SOPInstanceUID)},
        {"SOPClassUID": "1.2.840.10008.1.1", "SOPInstanceUID": str(ct.SOPInstanceUID)},
    ]
    job = peer.post("/modalities/archive/storage-commitment", {"DicomInstances": asked})
    report = committed(peer, job)
    assert report["Status"] == "Failure"
    assert [one["SOPInstanceUID"] for one in report["Success"]] == [str(ct.SOPInstanceUID)]
    assert [one["FailureReason"] for one in report["Failures"]] == [0x0112, 0x0119, 0x0122]
