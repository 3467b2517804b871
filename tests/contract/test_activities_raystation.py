"""RaySearch RayStation 9B: every activity, step by step against its table, read from the wire."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from linacsim.bench import Bench
from linacsim.conformance.kinds import KINDS
from linacsim.devices.archive.personality import Load
from linacsim.devices.planning.activities import Export, FileExport, FileImport, Serve
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.planning.raystation import (
    InboxImport,
    InternalPersonality,
    PacsQuery,
    PacsRetrieve,
    QrPersonality,
    ServicePersonality,
)
from linacsim.devices.storage.personality import FillDisk, Store
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import everything, write
from tests.contract.planned import (
    EXPLICIT,
    FINDS,
    IMPLICIT,
    MOVES,
    RELEASED,
    SMALL,
    check_accept,
    check_request,
    entity_of,
    files,
    listed,
    only,
    plays,
    to,
    told,
)
from tests.contract.wire import Message, calls_for, conversations

Act = Callable[..., Any]
Records = Callable[..., list[Record]]
QR, STORE, INTERNAL, SERVICE = (
    entity_of("raystation", f"raystation-{one}")
    for one in ("qr-scu", "storage-scu", "internal-storage-scp", "storage-scp-service")
)
CT, MR, PLAN = "CT_small.dcm", "MR_small.dcm", "rtplan.dcm"
RAY = "RAYSTATION"


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    return bench_clock


@pytest.fixture
def archive(bench: Bench, tmp_path: Path) -> Any:
    device = bench.add("archive", "ARCHIVE")
    load = Load(files=(str(write(tmp_path / "archive", everything())),))
    bench.play(device.act, "load", load, place=device.place)
    return device


# exporting


@plays("raystation", "raystation-storage-scu", "export-pacs", "export-raygateway")
@pytest.mark.parametrize("activity", ["export-pacs", "export-raygateway"])
def test_a_case_is_exported_on_one_association(bench: Bench, act: Act, activity: str) -> None:
    bench.add("raystation-storage-scu", RAY)
    act(RAY, activity, Export(to="STORE", case=SMALL, what=("ct", "rtstruct", "rtplan", "rtdose")))
    said = only(bench, "STORE")
    check_request(said, STORE, listed(STORE), calling=RAY, called="STORE")
    assert {KINDS[one] for one, _ in said.stored} == {"ct", "rtstruct", "rtplan", "rtdose"}
    pairs = ["> C-STORE-RQ", "< C-STORE-RSP"] * len(said.stored)
    assert said.order == ["> A-ASSOCIATE-RQ", "< A-ASSOCIATE-AC", *pairs, *RELEASED]


def test_the_transfer_syntax_is_set_in_clinic_settings(bench: Bench, act: Act) -> None:
    site = PlanningPersonality(transfer_syntaxes=("explicit-little",))
    bench.add("raystation-storage-scu", RAY, settings=site)
    act(RAY, "export-pacs", Export(to="STORE", files=(f"pydicom:{CT}",)))
    assert {tuple(syntaxes) for _, syntaxes in only(bench, "STORE").proposed()} == {(EXPLICIT,)}


@plays("raystation", "raystation-file-export", "file-export")
def test_a_case_is_written_to_files(bench: Bench, act: Act, records: Records) -> None:
    site = PlanningPersonality(transfer_syntaxes=("explicit-little",))
    bench.add("raystation-file-export", RAY, settings=site)
    act(RAY, "file-export", FileExport(case=SMALL, what=("ct", "rtplan")))
    names = bench.shelf.names(f"export/{RAY}")
    assert len(names) == SMALL.slices + 1
    written = [dcmread(BytesIO(bench.shelf.read(name))) for name in names]
    assert {KINDS[str(ds.SOPClassUID)] for ds in written} == {"ct", "rtplan"}
    assert {str(ds.file_meta.TransferSyntaxUID) for ds in written} == {EXPLICIT}
    assert records("export-done", RAY, objects=len(names))
    assert bench.traffic.segments == []


# files in


@plays("raystation", "raystation-file-import", "file-import")
@plays("raystation", "raystation-raygateway-import", "raygateway-import")
@pytest.mark.parametrize("kind", ["file-import", "raygateway-import"])
def test_files_are_shown_and_imported(bench: Bench, act: Act, records: Records, tmp_path: Path, kind: str) -> None:
    bench.add(f"raystation-{kind}", RAY)
    folder = write(tmp_path / "in" / "deeper", everything())
    (folder / "readme.txt").write_text("no DICOM")
    act(RAY, kind, FileImport(files=(str(tmp_path / "in"),), mask="*.dcm", strict=False))
    assert records("files-shown", RAY, objects=len(everything()), patients=2, studies=3, series=4)
    assert records("import-done", RAY)
    assert not records("file-left-out", RAY), "the mask leaves it out before it is read"
    with pytest.raises(PlayFailure, match="there is nothing to import"):
        act(RAY, kind, FileImport(files=(str(tmp_path / "in"),), mask="*.ima"))
    assert bench.traffic.segments == []


def test_what_is_none_of_the_importable_objects_is_rejected(bench: Bench, act: Act, records: Records) -> None:
    bench.add("raystation-file-import", RAY)
    with pytest.raises(PlayFailure, match=r"1 of 2 objects imported; rejected: .*SOPClassUID"):
        act(RAY, "file-import", FileImport(files=(f"pydicom:{CT}", "pydicom:SC_rgb_rle.dcm")))
    assert len(records("object-rejected", RAY)) == 1
    assert told(records, RAY)


# the storage SCP service and its inbox


@plays("raystation", "raystation-storage-scp-service", "inbox-receive")
def test_objects_wait_in_session_folders(bench: Bench, act: Act, records: Records) -> None:
    bench.add("raystation-storage-scp-service", "RAYSCP")
    bench.add("storage", "SENDER")
    names, objects = files(CT, MR, PLAN)
    act("SENDER", "store", Store(to="RAYSCP", images=names))
    act("RAYSCP", "inbox-receive", Serve(objects=3, within=SECOND))
    said = only(bench, "RAYSCP")
    check_accept(said, SERVICE)
    assert said.stored == objects
    kept = [record["object"] for record in records("object-stored", "RAYSCP")]
    patients = ("1CT1", "4MR1", "id00001")
    # Remote AE Title, Date, Patient ID
    assert kept == [
        f"inbox/RAYSCP/SENDER_20240506_{patient}/{uid}.dcm" for patient, (_, uid) in zip(patients, objects, strict=True)
    ]


def test_an_object_that_cannot_be_saved_ends_the_association_unanswered(
    bench: Bench, act: Act, records: Records
) -> None:
    device = bench.add("raystation-storage-scp-service", "RAYSCP")
    bench.add("storage", "SENDER")
    device.strike("fill-disk", FillDisk())
    with pytest.raises(PlayFailure, match="aborted by the peer"):
        act("SENDER", "store", Store(to="RAYSCP", images=(f"pydicom:{CT}",)))
    said = only(bench, "RAYSCP")
    assert said.order[-2:] == ["> C-STORE-RQ", "< A-ABORT"]
    assert said.answers == []
    assert records("object-refused", "RAYSCP", comment="disk full")


def test_session_folders_are_removed_after_a_while(bench: Bench, act: Act, until: Any) -> None:
    bench.add("raystation-storage-scp-service", "RAYSCP", settings=ServicePersonality(retention=SECOND // 4))
    bench.add("storage", "SENDER")
    act("SENDER", "store", Store(to="RAYSCP", images=(f"pydicom:{CT}",)))
    assert len(bench.shelf.names("inbox/RAYSCP/SENDER_20240506_1CT1")) == 1
    until("files-deleted", "RAYSCP", objects=1)
    assert bench.shelf.names("inbox/RAYSCP/SENDER_20240506_1CT1") == []


@plays("raystation", "raystation-storage-scp-source", "inbox-import")
@pytest.mark.parametrize("delete", [False, True])
def test_session_folders_are_imported(bench: Bench, act: Act, records: Records, delete: bool) -> None:
    bench.add("raystation-storage-scp-service", "RAYSCP")
    bench.add("raystation-storage-scp-source", RAY)
    bench.add("storage", "SENDER")
    with pytest.raises(PlayFailure, match="there is nothing to import"):
        act(RAY, "inbox-import", InboxImport(inbox="RAYSCP"))
    act("SENDER", "store", Store(to="RAYSCP", images=(f"pydicom:{CT}", f"pydicom:{MR}")))
    session = "SENDER_20240506_1CT1"
    act(RAY, "inbox-import", InboxImport(inbox="RAYSCP", sessions=(session,), delete=delete, strict=False))
    assert records("files-shown", RAY, sessions=2)
    assert records("import-done", RAY, objects=1, rejected=0)
    assert len(bench.shelf.names(f"inbox/RAYSCP/{session}")) == (0 if delete else 1)
    assert len(bench.shelf.names("inbox/RAYSCP/SENDER_20240506_4MR1")) == 1


def test_the_inbox_of_a_run_folder_is_the_same(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        bench.add("raystation-storage-scp-service", "RAYSCP")
        source = bench.add("raystation-storage-scp-source", RAY)
        sender = bench.add("storage", "SENDER")
        bench.play(sender.act, "store", Store(to="RAYSCP", images=(f"pydicom:{CT}",)), place=sender.place)
        bench.play(source.act, "inbox-import", InboxImport(inbox="RAYSCP", delete=True), place=source.place)
    assert (tmp_path / "inbox/RAYSCP/SENDER_20240506_1CT1").is_dir()
    assert not list((tmp_path / "inbox/RAYSCP/SENDER_20240506_1CT1").iterdir())


# query and retrieve


def level(message: Message) -> str:
    return str(message.dataset().QueryRetrieveLevel)


@plays("raystation", "raystation-qr-scu", "pacs-query", "pacs-retrieve")
@pytest.mark.parametrize("root", ["patient", "study"])
@pytest.mark.usefixtures("archive")
def test_a_query_for_each_expanded_node_and_a_move_for_each_series(
    bench: Bench, act: Act, records: Records, root: Any
) -> None:
    device: Any = bench.add("raystation-qr-scu", RAY)
    with pytest.raises(PlayFailure, match="no series is selected"):
        act(RAY, "pacs-retrieve", PacsRetrieve())
    act(RAY, "pacs-query", PacsQuery(to="ARCHIVE", root=root, patient_name="Doe*"))
    act(RAY, "pacs-retrieve", PacsRetrieve(strict=False))
    asked, moved = to(bench, "ARCHIVE")
    check_request(asked, QR, listed(QR, only_of=FINDS), calling=RAY, called="ARCHIVE")
    check_request(moved, QR, listed(QR, only_of=MOVES), calling=RAY, called="ARCHIVE")
    # the search, the patient's studies, and the series of both studies
    top = "PATIENT" if root == "patient" else "STUDY"
    assert [level(one) for one in asked.requests] == [top, "STUDY", "SERIES", "SERIES"]
    assert {one.sop_class for one in asked.requests} == {FINDS[root == "study"]}
    assert asked.requests[0].dataset().PatientName == "Doe*"
    assert asked.end == RELEASED
    assert [(one.name, one.sop_class, level(one)) for one in moved.requests] == [
        ("C-MOVE-RQ", MOVES[0], "SERIES")
    ] * 3, "Patient Root MOVE, one for each series"
    assert [str(one.dataset().SeriesInstanceUID) for one in moved.requests] == ["1.1.1", "1.1.2", "1.2.1"]
    assert {one.command.MoveDestination for one in moved.requests} == {RAY}
    assert {one.dataset().PatientID for one in moved.requests} == {"A1"}
    assert moved.end == RELEASED
    assert len(device.receiver.held) == 5
    assert records("import-done", RAY)


@pytest.mark.parametrize("term", ["", "*", "**", "?", "*?*"])
@pytest.mark.usefixtures("archive")
def test_universal_matching_for_patients_is_refused_before_anything_is_sent(bench: Bench, act: Act, term: str) -> None:
    bench.add("raystation-qr-scu", RAY)
    with pytest.raises(PlayFailure, match="universal matching for patients is not allowed"):
        act(RAY, "pacs-query", PacsQuery(to="ARCHIVE", patient_name=term))
    assert bench.traffic.segments == []


@pytest.mark.parametrize(
    ("expand", "levels"),
    [
        ("none", ["PATIENT"]),
        ("patient", ["PATIENT", "STUDY"]),
        ("series", ["PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE", "SERIES", "IMAGE"]),
    ],
)
@pytest.mark.usefixtures("archive")
def test_nodes_that_are_not_expanded_are_not_asked_for(bench: Bench, act: Act, expand: Any, levels: list[str]) -> None:
    bench.add("raystation-qr-scu", RAY)
    act(RAY, "pacs-query", PacsQuery(to="ARCHIVE", patient_id="A1", expand=expand))
    assert [level(one) for one in only(bench, "ARCHIVE").requests] == levels


@pytest.mark.usefixtures("archive")
def test_the_internal_storage_scp_listens_temporarily(bench: Bench, act: Act, until: Any) -> None:
    device = bench.add("raystation-qr-scu", RAY, settings=QrPersonality(listens_for=300 * MILLISECOND))
    assert device.place.address is None
    act(RAY, "pacs-query", PacsQuery(to="ARCHIVE", patient_id="A1"))
    assert device.place.address is not None, "invoked by the query"
    until("listening-ended", RAY)
    assert device.place.address is None
    # a retrieval needs it anew
    act(RAY, "pacs-retrieve", PacsRetrieve(series=("1.2.1",), strict=False))
    assert len(to(bench, "ARCHIVE")[1].requests) == 1


@pytest.mark.usefixtures("archive")
def test_the_sub_operations_reach_the_internal_storage_scp(bench: Bench, act: Act) -> None:
    bench.add("raystation-qr-scu", RAY)
    act(RAY, "pacs-query", PacsQuery(to="ARCHIVE", patient_id="B2"))
    act(RAY, "pacs-retrieve", PacsRetrieve(strict=False))
    bench.settle()
    (said,) = calls_for(bench, RAY)
    assert [uid for _, uid in said.stored] == ["2.1.1.1"]
    check_accept(said, INTERNAL)


@plays("raystation", "raystation-internal-storage-scp", "qr-receive")
@pytest.mark.parametrize("listens", ["throughout", "temporarily"])
def test_the_internal_storage_scp_as_a_peer(bench: Bench, act: Act, listens: Any) -> None:
    device = bench.add("raystation-internal-storage-scp", RAY, settings=InternalPersonality(listens=listens))
    sender = bench.add("storage", "SENDER")
    names, objects = files(CT, PLAN)
    store = Store(to=RAY, images=names)
    if listens == "temporarily":
        with pytest.raises(PlayFailure, match="knows no address"):
            act("SENDER", "store", store)

    def both() -> Any:
        waiting = bench.kernel.spawn(
            device.act, "qr-receive", Serve(objects=2, within=SECOND), name="qr-receive", place=device.place
        )
        bench.kernel.sleep(MILLISECOND)
        address = device.place.address
        sender_task = bench.kernel.spawn(sender.act, "store", store, name="store", place=sender.place)
        bench.kernel.join(sender_task)
        bench.kernel.join(waiting)
        return address

    address = bench.play(both)
    bench.settle()
    (said,) = conversations(bench, address)
    check_accept(said, INTERNAL)
    assert said.stored == objects
    assert (device.place.address is None) is (listens == "temporarily")
    assert {result for result, _ in said.answered().values()} == {0}
    assert {syntax for _, syntax in said.answered().values()} <= {IMPLICIT, EXPLICIT}
