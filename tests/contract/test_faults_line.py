"""Faults of the line between a peer and the network, on both clocks and in both roles: read off the bytes on the wire."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from linacsim.bench import Bench
from linacsim.devices.archive.personality import ArchivePersonality, Load, Query, Retrieve
from linacsim.devices.storage.personality import StoragePersonality, Store
from linacsim.errors import PlayFailure
from linacsim.faults import Armed, Occurrence, When, fault
from linacsim.faults.wire import Cutter, Message
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND, milliseconds

Records = Callable[..., list[Record]]
CT, MR, PLAN = "pydicom:CT_small.dcm", "pydicom:MR_small.dcm", "pydicom:rtplan.dcm"
QUICK = StoragePersonality(
    acse_timeout=milliseconds(600), dimse_timeout=milliseconds(600), network_timeout=milliseconds(900)
)
CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"


@dataclass
class Wire:
    """What went over one connection, from the SCU (forth) and to it (back), and how it ended."""

    forth: bytes
    back: bytes
    ends: Sequence[tuple[bool, str]]
    times: list[tuple[int, bool, int]]

    def pdus(self, *, forth: bool) -> list[bytes]:
        """All that has the form of a PDU, whatever its type."""
        data, found = self.forth if forth else self.back, []
        while len(data) >= 6:
            end = 6 + int.from_bytes(data[2:6], "big")
            found.append(data[:end])
            data = data[end:]
        return found

    def types(self, *, forth: bool) -> list[int]:
        return [pdu[0] for pdu in self.pdus(forth=forth)]

    def messages(self, *, forth: bool) -> list[Message]:
        units = Cutter().feed(self.forth if forth else self.back)
        return [unit for unit in units if isinstance(unit, Message)]

    def statuses(self) -> list[int | None]:
        return [one.command.number(0x0900) for one in self.messages(forth=False) if one.is_response]

    def datasets(self, *, implicit: bool = False) -> list[Dataset]:
        found = [one.data for one in self.messages(forth=True) if one.name == "C-STORE-RQ"]
        return [read_dataset(BytesIO(data), implicit, True) for data in found]  # noqa: FBT003 - pydicom's own order


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE", settings=QUICK)
    bench_clock.add("storage", "SCU", settings=QUICK)
    return bench_clock


@pytest.fixture
def store(bench: Bench, act: Callable[..., Any]) -> Callable[..., Wire]:
    """Arm faults at a peer, store images, and return what went over the wire, with why it came to nothing."""

    def body(at: str, *faults: Armed, images: tuple[str, ...] = (CT,)) -> Wire:
        bench.arm(at, list(faults))
        with contextlib.suppress(PlayFailure):
            act("SCU", "store", Store(to="STORE", images=images))
        bench.settle()
        return wire(bench)

    return body


def wire(bench: Bench, ordinal: int = -1) -> Wire:
    """Read a connection to STORE off the traffic."""
    address = next(seg.target for seg in bench.traffic.segments if seg.kind == "SYN")
    opened = [seg for seg in bench.traffic.segments if seg.kind == "SYN" and seg.target == address]
    source = opened[ordinal].source
    steps = [seg for seg in bench.traffic.segments if {seg.source, seg.target} == {source, address}]
    forth = b"".join(seg.data for seg in steps if seg.source == source)
    back = b"".join(seg.data for seg in steps if seg.target == source)
    ends = [(seg.source == source, seg.kind) for seg in steps if seg.kind in ("FIN", "RST")]
    return Wire(forth, back, ends, [(seg.t, seg.source == source, len(seg.data)) for seg in steps if seg.data])


STORED = ("C-STORE-RQ", "C-STORE-RSP")


# stream


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_latency(store: Callable[..., Wire], records: Records, at: str) -> None:
    store(at, fault("latency", delay=30 * MILLISECOND, jitter=10 * MILLISECOND))
    (asked,), (told,) = records("C-STORE-RQ", "SCU", way="sent"), records("C-STORE-RSP", "SCU", way="received")
    assert 30 * MILLISECOND <= told["t"] - asked["t"] < SECOND


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_latency_where_bytes_come_in(store: Callable[..., Wire], records: Records, at: str) -> None:
    store(at, fault("latency", delay=30 * MILLISECOND, way="received"))
    (asked,), (told,) = records("C-STORE-RQ", "SCU", way="sent"), records("C-STORE-RSP", "SCU", way="received")
    assert 30 * MILLISECOND <= told["t"] - asked["t"] < SECOND


def test_throttle(store: Callable[..., Wire]) -> None:
    found = store("SCU", fault("throttle", "C-STORE-RQ", rate=100_000))
    sent = [(t, size) for t, forth, size in found.times if forth]
    assert sum(size for _, size in sent) == len(found.forth) > 30_000
    assert sent[-1][0] - sent[0][0] >= 300 * MILLISECOND


def test_slice(store: Callable[..., Wire]) -> None:
    found = store("SCU", fault("slice", size=11, pause=100))
    assert found.types(forth=True) == [1, *[4] * found.types(forth=True).count(4), 5]
    pieces = [size for _, forth, size in found.times if forth]
    # TCP may put pieces together again
    assert len(pieces) > 100
    assert sum(pieces) == len(found.forth)


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_stall_for_good(store: Callable[..., Wire], records: Records, at: str) -> None:
    event, way = ("C-STORE-RQ", "sent") if at == "SCU" else ("C-STORE-RSP", "sent")
    whole = store(at, images=(CT,))
    found = store(at, fault("stall", event, way=way, byte=20))
    (forth, back) = (found.forth, found.back)
    if at == "SCU":
        assert len(forth) - len(found.pdus(forth=True)[0]) == 20
        assert found.types(forth=True) == [1, 4]
    else:
        assert len(back) == len(found.pdus(forth=False)[0]) + 20
    assert len(whole.forth) > 30_000
    assert records("DIMSE-timeout", "SCU")


def test_stall_for_a_while(store: Callable[..., Wire], records: Records) -> None:
    found = store("SCU", fault("stall", "C-STORE-RQ", way="sent", byte=1000, during=200 * MILLISECOND))
    assert found.statuses() == [0]
    times = [t for t, forth, _ in found.times if forth]
    assert max(after - before for before, after in pairwise(times)) >= 150 * MILLISECOND
    assert records("fault-fired", "SCU", fault="stall", line="sent")


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_reset_at_a_byte(store: Callable[..., Wire], bench: Bench, at: str) -> None:
    way = "sent" if at == "SCU" else "received"
    found = store(at, fault("reset", "C-STORE-RQ", way=way, byte=5000))
    assert found.types(forth=False) == [2]
    if at == "SCU":
        assert len(found.forth) == len(found.pdus(forth=True)[0]) + 5000
    if bench.clock == "virtual":
        assert "RST" in [kind for _, kind in found.ends]


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_reset_instead_of_a_message(store: Callable[..., Wire], at: str) -> None:
    event = "C-STORE-RQ" if at == "SCU" else "C-STORE-RSP"
    found = store(at, fault("reset", event, way="sent"))
    assert found.statuses() == []
    assert found.types(forth=False) == [2]


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_early_close(store: Callable[..., Wire], at: str) -> None:
    event = "C-STORE-RQ" if at == "SCU" else "C-STORE-RSP"
    found = store(at, fault("early-close", event, way="sent", byte=30))
    whole = found.forth if at == "SCU" else found.back
    assert len(whole) == len(found.pdus(forth=at == "SCU")[0]) + 30
    assert 7 not in found.types(forth=True)[:1]
    assert found.ends[0][1] == "FIN"


def test_half_close(store: Callable[..., Wire], records: Records) -> None:
    found = store("SCU", fault("half-close", "C-STORE-RQ", way="sent", byte=30))
    assert len(found.forth) == len(found.pdus(forth=True)[0]) + 30
    assert found.ends[0] == (True, "FIN")
    assert records("fault-fired", "SCU", fault="half-close")


def test_slow_close(store: Callable[..., Wire], bench: Bench) -> None:
    store("STORE", fault("slow-close", delay=200 * MILLISECOND))
    bench.play(bench.kernel.sleep, 300 * MILLISECOND)
    ends = [seg.t for seg in bench.traffic.segments if seg.kind == "FIN"]
    last = max(seg.t for seg in bench.traffic.segments if seg.data)
    assert ends
    assert max(ends) - last >= 150 * MILLISECOND


# upper layer


def test_reject_where_the_request_leaves(store: Callable[..., Wire], records: Records) -> None:
    found = store("SCU", fault("reject", way="sent", result=2, source=3, reason=2))
    assert found.forth == b""
    assert records("A-ASSOCIATE-RJ", "SCU", way="received", result=2, source=3, reason=2)


def test_reject_is_read_off_the_wire(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("reject", way="received", result=2, source=3, reason=2))
    assert found.back == bytes((3, 0, 0, 0, 0, 4, 0, 2, 3, 2))


@pytest.mark.parametrize("at", ["SCU", "STORE"])
@pytest.mark.parametrize(("source", "reason", "octets"), [("service-user", 0, (0, 0)), ("service-provider", 6, (2, 6))])
def test_abort_on_the_line(
    store: Callable[..., Wire], at: str, source: str, reason: int, octets: tuple[int, int]
) -> None:
    event = "C-STORE-RQ" if at == "SCU" else "C-STORE-RSP"
    found = store(at, fault("abort", event, way="sent", source=source, reason=reason))
    assert found.pdus(forth=at == "SCU")[-1] == bytes((7, 0, 0, 0, 0, 4, 0, 0, *octets))
    assert found.statuses() == []


def test_no_accept(store: Callable[..., Wire], records: Records) -> None:
    found = store("STORE", fault("no-accept"))
    assert 2 not in found.types(forth=False)
    assert records("ACSE-timeout", "SCU")


def test_late_accept_on_the_line(store: Callable[..., Wire], records: Records) -> None:
    store("SCU", fault("late-accept", way="sent", delay=200 * MILLISECOND))
    (asked,), (told,) = records("A-ASSOCIATE-RQ", "SCU"), records("A-ASSOCIATE-AC", "SCU", way="received")
    assert told["t"] - asked["t"] >= 190 * MILLISECOND


@pytest.mark.parametrize("result", [1, 2, 3, 4])
def test_refused_contexts(store: Callable[..., Wire], result: int) -> None:
    from pynetdicom.pdu import A_ASSOCIATE_AC  # noqa: PLC0415

    found = store("STORE", fault("refuse-contexts", abstract_syntax=CT_CLASS, result=result), images=(CT, MR))
    pdu = A_ASSOCIATE_AC()
    pdu.decode(found.pdus(forth=False)[0])
    results = [one.result for one in pdu.presentation_context]
    assert result in results
    assert 0 in results


def test_ignored_release(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("ignore-release"))
    assert 5 in found.types(forth=True)
    assert 6 not in found.types(forth=False)


def test_release_collision(store: Callable[..., Wire], records: Records) -> None:
    found = store("STORE", fault("release-collision"))
    assert found.types(forth=True)[-2:] == [5, 6]
    assert found.types(forth=False)[-2:] == [5, 6]
    assert records("A-RELEASE-RP", "SCU", way="received")


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_an_oversize_pdu(store: Callable[..., Wire], records: Records, at: str) -> None:
    event = "C-STORE-RQ" if at == "SCU" else "C-STORE-RSP"
    found = store(at, fault("oversize-pdu", event, way="sent"))
    lengths = [int.from_bytes(pdu[2:6], "big") for pdu in found.pdus(forth=at == "SCU")]
    assert max(lengths) > QUICK.maximum_length
    assert records("invalid-PDU", "STORE" if at == "SCU" else "SCU")


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_an_unknown_pdu(store: Callable[..., Wire], at: str) -> None:
    event = "C-STORE-RQ" if at == "SCU" else "C-STORE-RSP"
    found = store(at, fault("unknown-pdu", event, way="sent", type=0x4F))
    assert 0x4F in found.types(forth=at == "SCU")
    # unrecognised PDU: the receiver aborts as the service-provider
    assert 7 in found.types(forth=at != "SCU")


@pytest.mark.parametrize("off_by", [4, -4])
def test_a_wrong_length(store: Callable[..., Wire], off_by: int) -> None:
    sane = store("STORE").back
    right = int.from_bytes(sane[2:6], "big")
    found = store("STORE", fault("wrong-length", "A-ASSOCIATE-AC", way="sent", off_by=off_by))
    assert int.from_bytes(found.back[2:6], "big") == right + off_by
    # the PDU itself is as long as it was
    assert found.back[6 : 6 + right] == sane[6 : 6 + right]


def test_a_wrong_context(store: Callable[..., Wire]) -> None:
    found = store("SCU", fault("wrong-context", "C-STORE-RQ", way="sent", id=251))
    assert [one.context_id for one in found.messages(forth=True)] == [251]
    assert found.statuses() == []


def test_interleaved_fragments(store: Callable[..., Wire]) -> None:
    found = store("SCU", fault("interleave", "C-STORE-RQ", way="sent"))
    controls = [pdu[11] for pdu in found.pdus(forth=True) if pdu[0] == 4]
    assert controls[-1] == 3
    assert controls[0] in (0, 2)


@pytest.mark.parametrize("at", ["SCU", "STORE"])
def test_garbage(store: Callable[..., Wire], at: str) -> None:
    event = "C-STORE-RQ" if at == "SCU" else "C-STORE-RSP"
    found = store(at, fault("garbage", event, way="sent", size=50))
    data, first = (found.forth, found.pdus(forth=True)[0]) if at == "SCU" else (found.back, found.pdus(forth=False)[0])
    assert data[len(first)] == 0xFF
    assert found.statuses() == []


# DIMSE


def test_another_status_on_the_line(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("status", "C-STORE-RSP", way="sent", code=0xA700, comment="no room"))
    assert found.statuses() == [0xA700]
    assert found.messages(forth=False)[0].command.values[0x0902] == b"no room "


def test_another_status_where_it_comes_in(store: Callable[..., Wire], records: Records) -> None:
    found = store("SCU", fault("status", "C-STORE-RSP", way="received", code=0xC123))
    assert found.statuses() == [0]
    assert [one["status"] for one in records("C-STORE-RSP", "SCU", way="received")] == [0xC123]


def test_no_response_on_the_line(store: Callable[..., Wire], records: Records) -> None:
    found = store("STORE", fault("no-response", "C-STORE-RSP", way="sent"))
    assert found.statuses() == []
    assert records("DIMSE-timeout", "SCU")


def test_late_response_on_the_line(store: Callable[..., Wire], records: Records) -> None:
    store("STORE", fault("late-response", "C-STORE-RSP", way="sent", delay=200 * MILLISECOND))
    (asked,), (told,) = records("C-STORE-RQ", "SCU", way="sent"), records("C-STORE-RSP", "SCU", way="received")
    assert told["t"] - asked["t"] >= 190 * MILLISECOND


def test_a_wrong_message_id(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("wrong-message-id", "C-STORE-RSP", way="sent", id=4711))
    assert [one.command.number(0x0120) for one in found.messages(forth=False)] == [4711]


def test_a_duplicate_response(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("duplicate-response", "C-STORE-RSP", way="sent"))
    numbers = [one.command.number(0x0120) for one in found.messages(forth=False)]
    assert numbers == [numbers[0]] * 2


def test_pending_for_ever(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("pending-for-ever", "C-STORE-RSP", way="sent", interval=50 * MILLISECOND))
    assert set(found.statuses()) == {0xFF00}


def test_a_response_after_the_final_one(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("response-after-final", "C-STORE-RSP", way="sent"))
    assert found.statuses() == [0, 0xFF00]


def test_wrong_counters(bench_clock: Bench, act: Callable[..., Any], records: Records) -> None:
    bench_clock.add("storage", "STORE", settings=QUICK)
    bench_clock.add("archive", "ARCHIVE")
    bench_clock.add("archive", "CLINIC", settings=ArchivePersonality(dimse_timeout=SECOND))
    act("ARCHIVE", "load", Load(files=(CT, MR)))
    bench_clock.arm("ARCHIVE", [fault("wrong-counters", "C-MOVE-RSP", way="sent", completed=77, failed=3)])
    with contextlib.suppress(PlayFailure):
        act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="PATIENT", keys={"PatientID": "1CT1"}))
    found = records("C-MOVE-RSP", "CLINIC", way="received")
    assert found
    assert {(one.get("completed"), one.get("failed")) for one in found} == {(77, 3)}


def test_wrong_uids(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("wrong-uids", "C-STORE-RSP", way="sent", affected_class="1.2.3"))
    assert [one.command.uid((0x0002,)) for one in found.messages(forth=False)] == ["1.2.3"]
    again = store("STORE", fault("wrong-uids", "C-STORE-RSP", way="sent"))
    sent = again.messages(forth=True)[0].command.uid((0x1000,))
    assert again.messages(forth=False)[0].command.uid((0x1000,)) not in ("", sent)


def test_a_wrong_group_length(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("wrong-group-length", "C-STORE-RSP", way="sent", off_by=6))
    pdu = next(pdu for pdu in found.pdus(forth=False) if pdu[0] == 4)
    command = pdu[12:]
    assert int.from_bytes(command[8:12], "little") == len(command) - 12 + 6


# data set


@pytest.mark.parametrize(
    ("do", "parameters", "check"),
    [
        ("missing-attribute", {"attribute": "StudyInstanceUID"}, lambda ds: "StudyInstanceUID" not in ds),
        ("wrong-value", {"attribute": "PatientID", "value": "SOMEBODY"}, lambda ds: ds.PatientID == "SOMEBODY"),
        ("wrong-value", {"attribute": "Rows", "value": 7}, lambda ds: ds.Rows == 7),
        ("wrong-vr", {"attribute": "PatientID", "vr": "LT"}, lambda ds: ds["PatientID"].VR == "LT"),
        ("wrong-vr", {"attribute": "Rows", "vr": "SH"}, lambda ds: ds.get_item(0x00280010).VR == "SH"),
        ("wrong-reference", {}, lambda ds: ds.FrameOfReferenceUID.startswith("2.25.")),
        ("truncated-pixels", {"keep": 100}, lambda ds: len(ds.PixelData) == 100),
        ("truncated-pixels", {}, lambda ds: len(ds.PixelData) < 128 * 128),
        ("wrong-charset", {"charset": "ISO_IR 144"}, lambda ds: ds.SpecificCharacterSet == "ISO_IR 144"),
    ],
)
def test_data_sets(
    store: Callable[..., Wire], do: str, parameters: dict[str, Any], check: Callable[[Dataset], bool]
) -> None:
    armed = fault(do, "C-STORE-RQ", way="sent", **parameters)
    (dataset,) = store("SCU", armed).datasets()
    assert armed.fired == 1
    assert check(dataset)
    assert "Modality" in dataset


def test_another_transfer_syntax_than_was_agreed(store: Callable[..., Wire]) -> None:
    found = store("SCU", fault("wrong-transfer-syntax", "C-STORE-RQ", way="sent"))
    (dataset,) = found.datasets(implicit=True)
    assert dataset.Modality == "CT"


def test_the_same_instance_twice(store: Callable[..., Wire]) -> None:
    found = store("SCU", fault("duplicate-instance", way="sent"), images=(CT, MR))
    uids = [one.command.uid((0x1000,)) for one in found.messages(forth=True)]
    assert len(uids) == 2
    assert len({*uids, *(str(dataset.SOPInstanceUID) for dataset in found.datasets())}) == 1


# reach


@pytest.mark.parametrize("do", ["refuse", "black-hole"])
def test_nobody_is_let_in_for_a_while(bench: Bench, act: Callable[..., Any], records: Records, do: str) -> None:
    quick = StoragePersonality(connection_timeout=milliseconds(400))
    bench.add("storage", "CALLER", settings=quick)
    armed = fault(do, during=SECOND)
    bench.arm("STORE", [armed])
    with pytest.raises(PlayFailure, match="refused" if do == "refuse" else "timed out"):
        act("CALLER", "store", Store(to="STORE", images=(CT,)))
    assert armed.fired == 1
    bench.play(bench.kernel.sleep, 1100 * MILLISECOND)
    act("CALLER", "store", Store(to="STORE", images=(CT,)))
    assert len(records("object-stored", "STORE")) == 1


@pytest.mark.parametrize(
    ("do", "words"), [("refuse", "refused"), ("black-hole", "timed out"), ("unresolvable", "not known")]
)
def test_a_call_that_reaches_nobody(bench: Bench, act: Callable[..., Any], do: str, words: str) -> None:
    bench.add("storage", "CALLER", settings=StoragePersonality(connection_timeout=milliseconds(400)))
    bench.arm("CALLER", [fault(do, way="sent", when=Occurrence(When.FIRST, 1))])
    with pytest.raises(PlayFailure, match=words):
        act("CALLER", "store", Store(to="STORE", images=(CT,)))
    act("CALLER", "store", Store(to="STORE", images=(CT,)))


def test_refused_after_an_event_of_the_log(bench: Bench, act: Callable[..., Any], records: Records) -> None:
    bench.arm("STORE", [fault("refuse", "object-stored", when=Occurrence(When.NTH, 1))])
    act("SCU", "store", Store(to="STORE", images=(CT,)))
    with pytest.raises(PlayFailure, match="refused"):
        act("SCU", "store", Store(to="STORE", images=(CT,)))
    assert records("fault-fired", "STORE", fault="refuse", on="object-stored")


def test_an_event_of_the_log_breaks_what_is_open(store: Callable[..., Wire]) -> None:
    found = store("STORE", fault("abort", "object-stored", way="sent"))
    assert found.types(forth=False)[-1] == 7


def test_a_query_is_one_chance_on_the_line_too(bench_clock: Bench, act: Callable[..., Any], records: Records) -> None:
    bench_clock.add("archive", "ARCHIVE")
    bench_clock.add("archive", "CLINIC")
    act("ARCHIVE", "load", Load(files=(CT, MR)))
    bench_clock.arm("ARCHIVE", [fault("status", "C-FIND-RSP", way="sent", code=0xC001)])
    with pytest.raises(PlayFailure, match="0xC001"):
        act("CLINIC", "query", Query(to="ARCHIVE", level="STUDY", keys={"StudyInstanceUID": ""}))
    assert [one["status"] for one in records("C-FIND-RSP", "CLINIC", way="received")] == [0xFF00, 0xFF00, 0xC001]
