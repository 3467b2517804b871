"""The storage peer in both roles, on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from linacsim.bench import Bench
from linacsim.devices.storage.personality import DiskSettings, FillDisk, StoragePersonality, Store
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND

Records = Callable[..., list[Record]]
CT, MR, PLAN = "pydicom:CT_small.dcm", "pydicom:MR_small.dcm", "pydicom:rtplan.dcm"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    bench_clock.add("storage", "SCU")
    return bench_clock


def ct() -> Any:
    return dcmread(str(get_testdata_file("CT_small.dcm")))


def send_raw(assoc: Any, data: bytes, *, instance: str = "1.2.3", sop_class: str = CT_IMAGE) -> Dataset:
    """Send a C-STORE whose command and data set say what they like."""
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = UID(sop_class)
    # pynetdicom refuses to send what is no UID; a peer's stack may not
    request._affected_sop_instance_uid = UID(instance)
    request.Priority = 2
    request.DataSet = BytesIO(data)
    assoc._reactor_checkpoint.clear()
    assoc.dimse.send_msg(request, assoc.accepted_contexts[0].context_id)
    _context, response = assoc.dimse.get_msg(block=True)
    assoc._reactor_checkpoint.set()
    told = Dataset()
    told.Status, told.ErrorComment = response.Status, response.ErrorComment
    return told


def encoded(ds: Dataset) -> bytes:
    data = encode(ds, is_implicit_vr=False, is_little_endian=True)
    assert data is not None
    return data


def test_what_is_stored_is_what_was_sent(bench: Bench, act: Callable[..., Any], records: Records) -> None:
    act("SCU", "store", Store(to="STORE", images=(CT, MR, PLAN)))
    stored = [record["object"] for record in records("object-stored", "STORE", **{"with": "SCU"})]
    assert sorted(stored) == bench.shelf.names("objects/STORE")
    for where, name in zip(stored, ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm"), strict=True):
        kept, sent = dcmread(BytesIO(bench.shelf.read(where))), dcmread(str(get_testdata_file(name)))
        assert kept.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
        assert kept.file_meta.MediaStorageSOPInstanceUID == sent.SOPInstanceUID
        assert kept.file_meta.SourceApplicationEntityTitle == "SCU"
        assert kept == sent


@pytest.mark.usefixtures("bench")
def test_every_image_has_a_message_id_of_its_own(act: Callable[..., Any], records: Records) -> None:
    act("SCU", "store", Store(to="STORE", images=(CT, MR, PLAN), interval=20 * MILLISECOND))
    requests = records("C-STORE-RQ", "STORE", way="received")
    assert [record["message-id"] for record in requests] == [1, 2, 3]
    answers = records("C-STORE-RSP", "SCU", way="received", status=0)
    assert [record["responds-to"] for record in answers] == [1, 2, 3]


def test_the_same_object_again_is_kept_once(bench: Bench, act: Callable[..., Any], records: Records) -> None:
    act("SCU", "store", Store(to="STORE", images=(CT, CT)))
    act("SCU", "store", Store(to="STORE", images=(CT,)))
    assert len(records("object-stored", "STORE")) == 3
    assert len(bench.shelf.names("objects/STORE")) == 1


def test_the_same_instance_with_other_contents_is_kept_beside_the_first(
    bench: Bench, client: Callable[..., Any]
) -> None:
    first, other = ct(), ct()
    other.PatientName = "Other^Name"

    def body(assoc: Any) -> list[int]:
        return [assoc.send_c_store(ds).Status for ds in (first, other, first, other)]

    assert client("STORE", [CT_IMAGE], body) == [0, 0, 0, 0]
    names = bench.shelf.names("objects/STORE")
    assert names == [f"objects/STORE/{first.SOPInstanceUID}.dcm", f"objects/STORE/{first.SOPInstanceUID}~2.dcm"]
    patients = [str(dcmread(BytesIO(bench.shelf.read(where))).PatientName) for where in names]
    assert patients == [str(first.PatientName), "Other^Name"]


def test_a_full_disk_refuses_until_there_is_room_again(
    bench: Bench, act: Callable[..., Any], records: Records, until: Records
) -> None:
    def fill() -> None:
        bench.devices["STORE"].strike("fill-disk", FillDisk(cleared_after=2 * SECOND))

    bench.play(fill)
    with pytest.raises(PlayFailure, match=r"^C-STORE to STORE: status 0xA700 \(disk full\)$"):
        act("SCU", "store", Store(to="STORE", images=(CT, MR)))
    assert len(records("C-STORE-RQ", "SCU")) == 1
    (full,), (cleared,) = until("disk-full"), until("disk-cleared")
    assert 2 * SECOND <= cleared["t"] - full["t"] < 6 * SECOND
    act("SCU", "store", Store(to="STORE", images=(CT,)))
    assert len(records("object-stored", "STORE")) == 1


def test_a_disk_that_is_filled_for_good_stays_full(bench: Bench, act: Callable[..., Any]) -> None:
    bench.play(bench.devices["STORE"].strike, "fill-disk", FillDisk())
    for _ in range(2):
        with pytest.raises(PlayFailure, match="0xA700"):
            act("SCU", "store", Store(to="STORE", images=(CT,)))
    assert bench.shelf.names("objects/STORE") == []


def test_a_capacity_is_kept_to_the_byte(bench_clock: Bench, client: Callable[..., Any]) -> None:
    size = len(encoded(ct()))
    bench_clock.add("storage", "SMALL", settings=StoragePersonality(disk=DiskSettings(capacity=2 * size)))

    def body(assoc: Any) -> list[int]:
        statuses = []
        for number in range(3):
            ds = ct()
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID[:-1]}{number}"
            statuses.append(assoc.send_c_store(ds).Status)
        return statuses

    assert client("SMALL", [CT_IMAGE], body) == [0, 0, 0xA700]


def test_writing_takes_the_disks_time(bench_clock: Bench, client: Callable[..., Any]) -> None:
    slow = StoragePersonality(disk=DiskSettings(write_time=150 * MILLISECOND))
    bench_clock.add("storage", "SLOW", settings=slow)

    def body(assoc: Any) -> int:
        start = bench_clock.now
        assert assoc.send_c_store(ct()).Status == 0
        return bench_clock.now - start

    assert 150 * MILLISECOND <= client("SLOW", [CT_IMAGE], body) < 3 * SECOND


@pytest.mark.parametrize(
    ("keyword", "value"), [("SOPInstanceUID", "1.2.3.4"), ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.4")]
)
def test_a_data_set_that_says_something_else_than_the_command_is_refused(
    bench: Bench, client: Callable[..., Any], keyword: str, value: str
) -> None:
    ds = ct()
    setattr(ds, keyword, value)
    instance = str(ct().SOPInstanceUID)
    status = client("STORE", [CT_IMAGE], lambda assoc: send_raw(assoc, encoded(ds), instance=instance))
    assert (status.Status, status.ErrorComment) == (0xA900, "UIDs of command and data set differ")
    assert bench.shelf.names("objects/STORE") == []


@pytest.mark.filterwarnings("ignore:.*value:UserWarning")
@pytest.mark.parametrize("instance", ["../../evil", "1.2.x", "1..2", ".1"])
def test_an_instance_that_is_no_uid_is_refused_and_becomes_no_file(
    bench: Bench, client: Callable[..., Any], instance: str
) -> None:
    status = client("STORE", [CT_IMAGE], lambda assoc: send_raw(assoc, encoded(ct()), instance=instance))
    assert (status.Status, status.ErrorComment) == (0x0117, "not a UID")
    assert bench.shelf.names("objects/STORE") == []


@pytest.mark.parametrize("cut", [1, 100, 20_000])
def test_a_data_set_that_breaks_off_is_not_taken(bench: Bench, client: Callable[..., Any], cut: int) -> None:
    instance = str(ct().SOPInstanceUID)
    status = client("STORE", [CT_IMAGE], lambda assoc: send_raw(assoc, encoded(ct())[:-cut], instance=instance))
    assert status.Status == 0xC000
    assert bench.shelf.names("objects/STORE") == []


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm"])
def test_a_data_set_in_implicit_vr_is_not_taken_where_explicit_vr_is_agreed_on(
    bench: Bench, client: Callable[..., Any], name: str
) -> None:
    ds = dcmread(str(get_testdata_file(name)))
    raw = encode(ds, is_implicit_vr=True, is_little_endian=True)
    assert raw is not None
    sop_class, instance = str(ds.SOPClassUID), str(ds.SOPInstanceUID)
    status = client("STORE", [sop_class], lambda assoc: send_raw(assoc, raw, instance=instance, sop_class=sop_class))
    assert status.Status == 0xC000
    assert bench.shelf.names("objects/STORE") == []


def test_noise_instead_of_a_data_set_is_not_taken(bench: Bench, client: Callable[..., Any]) -> None:
    noise = np.random.default_rng(1).bytes(4096)
    assert client("STORE", [CT_IMAGE], lambda assoc: send_raw(assoc, noise)).Status == 0xC000
    assert bench.shelf.names("objects/STORE") == []


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_large_object_arrives_whole_in_either_syntax(
    bench: Bench, client: Callable[..., Any], records: Records, syntax: UID
) -> None:
    ds = ct()
    ds.Rows = ds.Columns = 1024
    ds.PixelData = np.random.default_rng(2).bytes(2 * 1024 * 1024)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.set_original_encoding(syntax.is_implicit_VR, True)  # noqa: FBT003 - pydicom's own order
    ds = _as(ds, syntax)

    def body(assoc: Any) -> int:
        return int(assoc.send_c_store(ds).Status)

    assert client("STORE", [CT_IMAGE], body, transfer_syntaxes=[syntax]) == 0
    (stored,) = records("object-stored", "STORE")
    kept = dcmread(BytesIO(bench.shelf.read(stored["object"])))
    assert kept.PixelData == ds.PixelData
    assert kept.file_meta.TransferSyntaxUID == syntax


def _as(ds: Any, syntax: UID) -> Any:
    """Return `ds` as it is read from a file of that transfer syntax."""
    buffer = BytesIO()
    ds.save_as(buffer, implicit_vr=syntax.is_implicit_VR, little_endian=True, enforce_file_format=True)
    buffer.seek(0)
    return dcmread(buffer)


@pytest.mark.parametrize("kind", ["storage", "archive", "oncentra-winscp32-scp"])
def test_a_retired_sop_class_is_stored_as_well(bench_clock: Bench, client: Callable[..., Any], kind: str) -> None:
    curve = "1.2.840.10008.5.1.4.1.1.9"
    bench_clock.add(kind, "KEEPER")
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = UID(curve), UID("1.2.3.4"), "CR"
    ds.PatientID, ds.StudyInstanceUID, ds.SeriesInstanceUID = "P", UID("1.2.3"), UID("1.2.3.1")
    answer = client("KEEPER", [curve], lambda assoc: send_raw(assoc, encoded(ds), instance="1.2.3.4", sop_class=curve))
    assert (answer.Status, answer.ErrorComment) == (0, None)


@pytest.mark.usefixtures("bench")
def test_a_file_that_is_not_there_is_an_input_error(act: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match=r"nowhere\.dcm"):
        act("SCU", "store", Store(to="STORE", images=("nowhere.dcm",)))


@pytest.mark.parametrize(("ends", "event"), [("release", "A-RELEASE-RP"), ("abort", "A-ABORT")])
def test_the_association_ends_as_told(
    bench: Bench, act: Callable[..., Any], until: Records, ends: Any, event: str
) -> None:
    act("SCU", "store", Store(to="STORE", images=(CT,), ends=ends))
    assert until(event, "STORE")
    bench.settle()
    assert not bench.devices["STORE"].place.associations


def test_a_client_that_is_refused_releases_its_association(
    bench: Bench, act: Callable[..., Any], until: Records
) -> None:
    bench.play(bench.devices["STORE"].strike, "fill-disk", FillDisk())
    with pytest.raises(PlayFailure, match="0xA700"):
        act("SCU", "store", Store(to="STORE", images=(CT, MR)))
    assert until("A-RELEASE-RQ", "STORE", way="received")
    bench.settle()
    assert not bench.devices["STORE"].place.associations
