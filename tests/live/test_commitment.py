"""A served archive that is killed with commitments outstanding tells their results when it is served again."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context

from linacsim.devices.commitment import (
    Reference,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    request_information,
)
from tests.live.served import Served

PATIENCE = 30.0
PERSONALITY = """
about = "one that takes its time"
[commitment]
delay = "{delay}"
[destinations.MODALITY]
host = "127.0.0.1"
port = {port}
"""
Told = queue.Queue[tuple[int, Dataset]]


@pytest.fixture
def modality() -> Iterator[tuple[AE, int, Told]]:
    """A client on pynetdicom's own threads: its port, and what it is told."""
    told: Told = queue.Queue()

    def report(event: evt.Event) -> tuple[int, None]:
        assert event.event_type is not None
        told.put((event.event_type, event.event_information))
        return 0, None

    ae = AE("MODALITY")
    ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)])
    assert server is not None
    yield ae, server.server_address[1], told
    server.shutdown()


def serve(folder: Path, port: int, delay: str) -> Served:
    """Serve an archive over the same store."""
    personality = folder / "slow.toml"
    personality.write_text(PERSONALITY.format(delay=delay, port=port), "ascii")
    options = ("--store", str(folder / "store"), "--personality", str(personality))
    return Served(("archive",), folder / "out", options)


def test_a_killed_archive_tells_what_is_outstanding(modality: tuple[AE, int, Told], tmp_path: Path) -> None:
    ae, port, told = modality
    ct = dcmread(str(get_testdata_file("CT_small.dcm")))
    references = [Reference(str(ct.SOPClassUID), str(ct.SOPInstanceUID)), Reference(str(ct.SOPClassUID), "1.2.3.4")]
    served = serve(tmp_path, port, "1 h")
    (host, where) = served.addresses["ARCHIVE"]
    contexts = [
        build_context(str(ct.SOPClassUID), ct.file_meta.TransferSyntaxUID),
        build_context(StorageCommitmentPushModel),
    ]
    assoc = ae.associate(host, where, contexts=contexts, ae_title="ARCHIVE")
    assert assoc.is_established
    assert assoc.send_c_store(ct).Status == 0
    answers = [
        assoc.send_n_action(
            request_information(uid, references), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )[0].Status
        for uid in ("1.2.1", "1.2.2", "1.2.3")
    ]
    served.kill()
    assert answers == [0, 0, 0]
    assert told.empty()
    served = serve(tmp_path, port, "10 ms")
    results = [told.get(timeout=PATIENCE) for _ in answers]
    assert served.stop() == 0
    assert sorted(str(ds.TransactionUID) for _, ds in results) == ["1.2.1", "1.2.2", "1.2.3"]
    for event_type, ds in results:
        assert event_type == 2
        assert [item.ReferencedSOPInstanceUID for item in ds.ReferencedSOPSequence] == [ct.SOPInstanceUID]
        assert [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in ds.FailedSOPSequence] == [
            ("1.2.3.4", 0x0112)
        ]
