"""Varian OBI 1.5 / PV AI: every activity, step by step against its table, read from the wire."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.conformance.kinds import KINDS
from linacsim.devices.archive.personality import ArchivePersonality, Forget, Load
from linacsim.devices.planning.activities import AnswerWith, Export, Serve, Verify
from linacsim.devices.planning.varian import (
    FileMode,
    MediaPersonality,
    ReceiveRequested,
    Reference,
    ReferenceCt,
    ScpPersonality,
    images,
    structure_sets,
)
from linacsim.devices.storage.personality import FillDisk, StoragePersonality, Store
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import SECOND
from linacsim.objects.case import Case, build_case
from tests.contract.archived import write
from tests.contract.planned import (
    EXPLICIT,
    FINDS,
    IMPLICIT,
    MOVES,
    RELEASED,
    SMALL,
    VERIFICATION,
    check_accept,
    check_request,
    entity_of,
    files,
    listed,
    only,
    plays,
)
from tests.contract.wire import Message

Act = Callable[..., Any]
Records = Callable[..., list[Record]]
STORE, FIND, MOVE, SCP, ECHO = (
    entity_of("varian-obi", one) for one in ("storage-scu", "find-scu", "move-scu", "storage-scp", "echo-scu")
)
OBI = "StreamService"
STORES = [activity.id for activity in STORE.activities]
CT = "CT_small.dcm"
CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    return bench_clock


# storing


@plays("varian-obi", "storage-scu", *STORES)
@pytest.mark.parametrize("activity", STORES)
def test_one_association_for_all_objects_of_a_save(bench: Bench, act: Act, activity: str) -> None:
    bench.add("varian-obi-storage-scu", OBI)
    act(OBI, activity, Export(to="STORE", case=SMALL))
    said = only(bench, "STORE")
    check_request(said, STORE, listed(STORE), calling=OBI, called="STORE")
    sent = [KINDS[one] for one, _ in said.stored]
    steps = [step.kinds for step in STORE.activity(activity).steps]
    if all(steps):
        wanted = [kinds[0] for kinds in steps]
        assert list(dict.fromkeys(sent)) == wanted, "step by step"
        assert sent.count("ct") == (SMALL.slices if "ct" in wanted else 0), "every slice"
    else:
        assert set(sent) == {"ct", "reg", "rtstruct", "rtimage"}, "whatever has not been saved"
    pairs = ["> C-STORE-RQ", "< C-STORE-RSP"] * len(sent)
    assert said.order == ["> A-ASSOCIATE-RQ", "< A-ASSOCIATE-AC", *pairs, *RELEASED]


def test_it_announces_no_maximum_and_sends_at_most_32_kb(bench: Bench, act: Act) -> None:
    bench.add("varian-obi-storage-scu", OBI)
    act(OBI, "store-acquired-ct", Export(to="STORE", files=(f"pydicom:{CT}",)))
    said = only(bench, "STORE")
    assert said.request.user_information.maximum_length == 0
    assert said.accept.user_information.maximum_length > 32768
    sent = [length for forth, name, _, length in said.pdus if name == "P-DATA-TF" and forth]
    assert max(sent) == 32768, "the CT image is longer than that"


def test_what_the_remote_announces_still_holds(bench: Bench, act: Act) -> None:
    small = StoragePersonality(maximum_length=8192)
    bench.add("storage", "SMALL", settings=small)
    bench.add("varian-obi-storage-scu", OBI)
    act(OBI, "store-acquired-ct", Export(to="SMALL", files=(f"pydicom:{CT}",)))
    assert only(bench, "SMALL").longest(forth=True) == 8192


def test_an_object_that_it_does_not_send_is_one_clear_line(bench: Bench, act: Act) -> None:
    bench.add("varian-obi-storage-scu", OBI)
    with pytest.raises(InputError, match="MR Image is not sent here"):
        act(OBI, "store-on-fraction-close", Export(to="STORE", files=("pydicom:MR_small.dcm",)))


@plays("varian-obi", "echo-scu", "echo-before-transfer")
def test_echo_before_a_transfer(bench: Bench, act: Act) -> None:
    bench.add("varian-obi-echo-scu", OBI)
    act(OBI, "echo-before-transfer", Verify(to="STORE"))
    said = only(bench, "STORE")
    check_request(said, ECHO, [(VERIFICATION, [IMPLICIT])], calling=OBI, called="STORE")
    assert [(one.name, one.sop_class) for one in said.requests] == [("C-ECHO-RQ", VERIFICATION)]
    assert said.end == RELEASED


# loading references


@pytest.fixture
def case(bench: Bench) -> Case:
    return build_case(bench.kernel.identity, SMALL.settings())


@pytest.fixture
def archive(bench: Bench, case: Case, tmp_path: Path) -> Any:
    """An archive with a plan, its structure set, its CT images and radiographs; it takes keys of any level."""
    device = bench.add("archive", "ARCHIVE", settings=ArchivePersonality(relational=True))
    objects = [*case.ct, *case.rtstruct, *case.rtplan, *case.rtimage]
    load = Load(files=(str(write(tmp_path / "archive", objects)),))
    bench.play(device.act, "load", load, place=device.place)
    return device


def identifier(message: Message) -> Dataset:
    return message.dataset()


def check_identifier(message: Message, entity: Any, uid: str) -> None:
    """Hold an identifier against the keys of the table: these and no others, at level IMAGE."""
    ds = identifier(message)
    assert {element.keyword for element in ds} == {key.keyword for key in entity.query_keys}
    assert (ds.QueryRetrieveLevel, ds.SOPInstanceUID) == ("IMAGE", uid)
    assert "SpecificCharacterSet" not in ds


@plays("varian-obi", "find-scu", "load-reference-images", "load-reference-ct")
@pytest.mark.parametrize(
    ("activity", "kind"), [("load-reference-images", "rtimage"), ("load-reference-ct", "rtstruct")]
)
@pytest.mark.usefixtures("archive")
def test_references_are_looked_for_by_instance(bench: Bench, act: Act, case: Case, activity: str, kind: str) -> None:
    bench.add("varian-obi-find-scu", OBI)
    uids = tuple(str(ds.SOPInstanceUID) for ds in case.build(kind))
    act(OBI, activity, Reference(to="ARCHIVE", instances=uids))
    said = only(bench, "ARCHIVE")
    check_request(said, FIND, listed(FIND), calling=OBI, called="ARCHIVE")
    assert [(one.name, one.sop_class) for one in said.requests] == [("C-FIND-RQ", FINDS[1])] * len(uids)
    for message, uid in zip(said.requests, uids, strict=True):
        check_identifier(message, FIND, uid)
    assert said.end == RELEASED
    with pytest.raises(PlayFailure, match=r"1\.2\.3 is not found"):
        act(OBI, activity, Reference(to="ARCHIVE", instances=("1.2.3",)))


@plays("varian-obi", "move-scu", "load-reference-images")
@pytest.mark.usefixtures("archive")
def test_reference_images_are_moved_to_its_own_storage_scp(
    bench: Bench, act: Act, case: Case, records: Records
) -> None:
    device: Any = bench.add("varian-obi-move-scu", OBI)
    uids = tuple(str(ds.SOPInstanceUID) for ds in case.rtimage)
    study = str(case.rtimage[0].StudyInstanceUID)
    series = {str(ds.SeriesInstanceUID) for ds in case.rtimage}.pop()
    act(OBI, "load-reference-images", Reference(to="ARCHIVE", instances=uids, study=study, series=series))
    said = only(bench, "ARCHIVE")
    check_request(said, MOVE, listed(MOVE), calling=OBI, called="ARCHIVE")
    assert [(one.name, one.sop_class) for one in said.requests] == [("C-MOVE-RQ", MOVES[1])] * len(uids)
    for message, uid in zip(said.requests, uids, strict=True):
        check_identifier(message, MOVE, uid)
        assert identifier(message).StudyInstanceUID == study
        assert message.command.MoveDestination == OBI
    assert said.end == RELEASED
    assert set(device.receiver.held) == set(uids)
    # the listener is there only while instances are loaded, at its documented port
    assert device.place.address is None
    if bench.clock == "virtual":
        assert [record["port"] for record in records("listening", OBI)] == [SCP.port_default]
    kept = [record["object"] for record in records("object-stored", OBI)]
    assert kept == [f"cache/{OBI}/{uid}.dcm" for uid in uids]


@plays("varian-obi", "move-scu", "load-reference-ct")
@pytest.mark.usefixtures("archive")
def test_a_reference_ct_is_found_by_following_references(bench: Bench, act: Act, case: Case) -> None:
    device: Any = bench.add("varian-obi-move-scu", OBI)
    (plan,), (struct,) = case.rtplan, case.rtstruct
    act(OBI, "load-reference-ct", ReferenceCt(to="ARCHIVE", plan=str(plan.SOPInstanceUID)))
    said = only(bench, "ARCHIVE")
    check_request(said, MOVE, listed(MOVE), calling=OBI, called="ARCHIVE")
    steps = [step.kinds[0] for step in MOVE.activity("load-reference-ct").steps]
    assert steps == ["rtplan", "rtstruct", "ct"]
    (structure_set,) = structure_sets(plan)
    slices = [uid for uid, _, _ in images(struct)]
    assert [str(identifier(one).SOPInstanceUID) for one in said.requests] == [
        str(plan.SOPInstanceUID), structure_set, *slices,
    ]  # fmt: skip
    # one C-MOVE for each CT image of the structure set, and no C-FIND
    assert {one.name for one in said.requests} == {"C-MOVE-RQ"}
    assert set(slices) == {str(ds.SOPInstanceUID) for ds in case.ct}
    for message in said.requests[2:]:
        assert identifier(message).StudyInstanceUID == case.ct[0].StudyInstanceUID
        assert identifier(message).SeriesInstanceUID == case.ct[0].SeriesInstanceUID
    assert said.end == RELEASED
    assert len(device.receiver.held) == 2 + len(slices)


def test_an_image_that_several_items_name_is_one_reference(case: Case) -> None:
    (struct,) = case.rtstruct
    once = list(images(struct))
    doubled = deepcopy(struct)
    (series,) = doubled.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence
    series.ContourImageSequence = [*series.ContourImageSequence, series.ContourImageSequence[0]]
    assert list(images(doubled)) == once
    assert list(images(Dataset())) == []
    assert list(structure_sets(Dataset())) == []


def test_a_plan_that_refers_to_no_structure_set_is_told(bench: Bench, act: Act, case: Case, tmp_path: Path) -> None:
    archive = bench.add("archive", "ARCHIVE", settings=ArchivePersonality(relational=True))
    plan = deepcopy(case.rtplan[0])
    del plan.ReferencedStructureSetSequence
    load = Load(files=(str(write(tmp_path / "archive", [plan])),))
    bench.play(archive.act, "load", load, place=archive.place)
    bench.add("varian-obi-move-scu", OBI)
    with pytest.raises(PlayFailure, match=r"RT Plan .* refers to nothing that could be loaded"):
        act(OBI, "load-reference-ct", ReferenceCt(to="ARCHIVE", plan=str(plan.SOPInstanceUID)))


@pytest.mark.usefixtures("archive")
def test_a_plan_that_has_gone_ends_the_chain_of_references(bench: Bench, act: Act, case: Case) -> None:
    bench.add("varian-obi-move-scu", OBI)
    plan = str(case.rtplan[0].SOPInstanceUID)
    act("ARCHIVE", "forget", Forget(sop_instance=plan, still_listed=False))
    with pytest.raises(PlayFailure, match="has not come, although the C-MOVE was a success"):
        act(OBI, "load-reference-ct", ReferenceCt(to="ARCHIVE", plan=plan))
    assert len(only(bench, "ARCHIVE").requests) == 1


@pytest.mark.usefixtures("archive")
def test_a_ct_image_that_has_gone_does_not_keep_back_the_others(bench: Bench, act: Act, case: Case) -> None:
    device: Any = bench.add("varian-obi-move-scu", OBI)
    act("ARCHIVE", "forget", Forget(sop_instance=str(case.ct[0].SOPInstanceUID)))
    with pytest.raises(PlayFailure, match=r"0xA702.*nothing retrieved, user is told"):
        act(OBI, "load-reference-ct", ReferenceCt(to="ARCHIVE", plan=str(case.rtplan[0].SOPInstanceUID)))
    assert len(only(bench, "ARCHIVE").requests) == 2 + len(case.ct)
    assert len(device.receiver.held) == 2 + len(case.ct) - 1


# the storage SCP


def requested(*uids: str, **more: Any) -> ScpPersonality:
    return ScpPersonality(requested=uids, **more)


@plays("varian-obi", "storage-scp", "receive-storage-request")
def test_an_object_that_was_asked_for_is_taken(bench: Bench, act: Act, records: Records) -> None:
    names, ((_, uid),) = files(CT)
    bench.add("varian-obi-storage-scp", OBI, settings=requested(uid, remote="SENDER"))
    bench.add("storage", "SENDER")
    act("SENDER", "store", Store(to=OBI, images=names))
    act(OBI, "receive-storage-request", ReceiveRequested(within=SECOND))
    said = only(bench, OBI)
    check_accept(said, SCP)
    assert [one.command.Status for one in said.answers] == [0]
    assert [record["object"] for record in records("object-stored", OBI)] == [f"cache/{OBI}/{uid}.dcm"]


def test_an_object_that_was_not_asked_for_is_refused(bench: Bench, act: Act, records: Records) -> None:
    names, _ = files(CT)
    bench.add("varian-obi-storage-scp", OBI)
    bench.add("storage", "SENDER")
    with pytest.raises(PlayFailure, match="0x0117"):
        act("SENDER", "store", Store(to=OBI, images=names))
    assert records("object-refused", OBI, status=0x0117, comment="not requested")
    bench.add("varian-obi-storage-scp", "SECOND", settings=ScpPersonality(takes="all"))
    act("SENDER", "store", Store(to="SECOND", images=names))


def test_what_a_step_asks_for_is_taken_from_then_on(bench: Bench, act: Act) -> None:
    names, ((_, uid),) = files(CT)
    bench.add("varian-obi-storage-scp", OBI)
    bench.add("storage", "SENDER")
    with pytest.raises(PlayFailure, match="has taken 0 of 1"):
        act(OBI, "receive-storage-request", ReceiveRequested(requested=(uid,), within=SECOND // 100))
    act("SENDER", "store", Store(to=OBI, images=names))
    act(OBI, "receive-storage-request", Serve(within=SECOND))


@pytest.mark.parametrize(
    ("called", "site", "reject"),
    [
        ("OTHER", {}, (1, 1, 7)),
        (OBI, {"remote": "ARIA"}, (1, 1, 3)),
        (OBI, {"remote": "SENDER", "remote_address": "192.0.2.1"}, (1, 1, 1)),
    ],
)
def test_who_is_turned_away(
    bench: Bench, act: Act, called: str, site: dict[str, Any], reject: tuple[int, int, int]
) -> None:
    bench.add("varian-obi-storage-scp", OBI, settings=ScpPersonality(**site))
    bench.add("storage", "SENDER")
    with pytest.raises(PlayFailure, match="rejected"):
        act("SENDER", "store", Store(to=OBI, called=called, images=(f"pydicom:{CT}",)))
    pdu = only(bench, OBI).first("A-ASSOCIATE-RJ")
    assert (pdu.result, pdu.source, pdu.reason_diagnostic) == reject


@pytest.mark.parametrize("proposed", [[EXPLICIT, IMPLICIT], [IMPLICIT, EXPLICIT], ["1.2.840.10008.1.2.2", EXPLICIT]])
def test_the_first_transfer_syntax_of_each_context_is_taken(
    bench: Bench, client: Callable[..., Any], proposed: list[str]
) -> None:
    bench.add("varian-obi-storage-scp", OBI)
    client(OBI, [CT_CLASS], lambda _assoc: None, transfer_syntaxes=proposed)
    said = only(bench, OBI)
    check_accept(said, SCP)
    assert said.answered()[CT_CLASS] == (0, next(one for one in proposed if one in (IMPLICIT, EXPLICIT)))


def test_duplicate_contexts_are_all_accepted_each_with_its_first(bench: Bench) -> None:
    bench.add("varian-obi-storage-scp", OBI)

    def twice() -> None:
        ae = AE("CLIENT")
        host, port = bench.address_of(OBI)
        contexts = [build_context(CT_CLASS, [IMPLICIT, EXPLICIT]), build_context(CT_CLASS, [EXPLICIT, IMPLICIT])]
        ae.associate(host, port, contexts=contexts, ae_title=OBI).release()

    bench.play(twice)
    said = only(bench, OBI)
    assert [(result, syntax) for _, _, result, syntax in said.negotiated()] == [(0, IMPLICIT), (0, EXPLICIT)]


def test_a_status_that_is_not_documented_cannot_be_asked_for(bench: Bench) -> None:
    device = bench.add("varian-obi-storage-scp", OBI)
    with pytest.raises(InputError, match="does not return 0x0122"):
        device.strike("answer-with", AnswerWith(status=0x0122))
    with pytest.raises(InputError, match="answers anyway"):
        device.strike("answer-with", AnswerWith(status=0))


def test_a_full_disk_passes(bench: Bench, act: Act, records: Records) -> None:
    names, ((_, uid),) = files(CT)
    device = bench.add("varian-obi-storage-scp", OBI, settings=requested(uid))
    bench.add("storage", "SENDER")
    device.strike("fill-disk", FillDisk(cleared_after=SECOND // 100))
    bench.play(bench.kernel.sleep, SECOND // 50)
    act("SENDER", "store", Store(to=OBI, images=names))
    assert len(records("disk-cleared", OBI)) == 1


# file mode


@plays("varian-obi", "media-file-mode", "file-import-export")
@pytest.mark.parametrize(
    ("product", "kinds"), [("OBI", {"ct", "reg", "rtstruct", "rtimage"}), ("PV AI", {"reg", "rtstruct", "rtimage"})]
)
def test_media_files(bench: Bench, act: Act, records: Records, product: Any, kinds: set[str]) -> None:
    bench.add("varian-obi-media-file-mode", "OBI", settings=MediaPersonality(product=product))
    act("OBI", "file-import-export", FileMode(case=SMALL))
    names = bench.shelf.names("export/OBI")
    assert {KINDS[record["sop-class"]] for record in records("object-written", "OBI")} == kinds
    assert all(name.endswith(".dcm") for name in names), "Part 10 files, and no DICOMDIR"
    assert all(dcmread(BytesIO(bench.shelf.read(name))).file_meta.TransferSyntaxUID == IMPLICIT for name in names)
    assert bench.traffic.segments == []


def test_media_files_are_read(bench: Bench, act: Act, records: Records, case: Case, tmp_path: Path) -> None:
    bench.add("varian-obi-media-file-mode", "OBI")
    folder = write(tmp_path / "media", [*case.ct, *case.rtstruct, *case.rtplan])
    (folder / "notes.txt").write_text("no DICOM")
    act("OBI", "file-import-export", FileMode(way="import", files=(str(folder),)))
    assert records("files-shown", "OBI", objects=SMALL.slices + 2, patients=1, studies=1)
    assert records("import-done", "OBI", objects=SMALL.slices + 2, rejected=0)
    assert records("file-left-out", "OBI", object="notes.txt")
    with pytest.raises(PlayFailure, match="OBI imports no MR Image"):
        act("OBI", "file-import-export", FileMode(way="import", files=("pydicom:MR_small.dcm",)))
