"""Every status of C-MOVE and C-GET (PS3.4 C.4.2.1.5, C.4.3.1.4, Y, PS3.7 C), each by its cause, as it is on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from linacsim.bench import Bench
from linacsim.devices.archive.hardware import Database
from linacsim.devices.archive.limits import RetrievalSettings
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, DatabaseSettings, Forget, Load
from linacsim.devices.archive.tape import Busy, SlowTape, TapeJam, TapeSettings
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import as_read, build_archive, everything, identifier, instance
from tests.contract.retrieved import COMPOSITE, PATIENT, PATIENT_STUDY, STUDY, WITHOUT_BULK_DATA, Client, Told

SERIES: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}
CINE = "1.1.3.1"
MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.7.2"
SERVICES = ("move", "get")
Setup = Callable[[Bench], Any]


def cine(*, times: bool = True, bits: int = 8) -> Dataset:
    """Return a multi-frame object: five frames of 4 x 4, each full of its number; frame time 100 ms."""
    ds = instance("A1", "1.1", "1.1.3", CINE)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(MULTI_FRAME)
    ds.Modality, ds.NumberOfFrames, ds.Rows, ds.Columns = "OT", 5, 4, 4
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    if times:
        ds.FrameTime = "100"
    ds.PixelData = b"".join(bytes([number]) * (16 * bits // 8) for number in range(1, 6))
    ds["PixelData"].VR = "OB"
    return as_read(ds)


def build(
    bench: Bench, folder: Path, settings: ArchivePersonality | None = None, image: Dataset | None = None
) -> Client:
    """Put an archive with the tree and the multi-frame object on the bench."""
    build_archive(bench, folder / "in", [*everything(), image or cine()], settings)
    return Client(bench, classes=(*Client(bench).classes, MULTI_FRAME))


@pytest.fixture
def client(bench_clock: Bench, tmp_path: Path) -> Client:
    return build(bench_clock, tmp_path)


def strike(bench: Bench, breakage: str, what: Any) -> None:
    bench.play(bench.devices["ARCHIVE"].strike, breakage, what, place=bench.devices["ARCHIVE"].place)


@pytest.mark.parametrize("service", SERVICES)
def test_0000_and_ff00_all_is_well(client: Client, service: str) -> None:
    assert [one.numbers for one in client.ask(service, "SERIES", **SERIES)] == [
        (0xFF00, 2, 1, 0, 0),
        (0xFF00, 1, 2, 0, 0),
        (0x0000, None, 3, 0, 0),
    ]
    assert [one.listed for one in client.told] == [None, None, None]


@pytest.mark.parametrize("service", SERVICES)
def test_b000_an_object_is_lost(bench_clock: Bench, client: Client, service: str) -> None:
    strike(bench_clock, "forget", Forget(sop_instance="1.1.1.2"))
    final = client.ask(service, "SERIES", **SERIES)[-1]
    assert (final.numbers, final.listed) == ((0xB000, None, 2, 1, 0), ("1.1.1.2",))


@pytest.mark.parametrize("service", SERVICES)
def test_a702_the_tape_is_jammed_and_mended(bench_clock: Bench, client: Client, service: str) -> None:
    strike(bench_clock, "tape-jam", TapeJam())
    final = client.ask(service, "SERIES", **SERIES)[-1]
    assert (final.numbers, final.listed) == ((0xA702, None, 0, 3, 0), ("1.1.1.1", "1.1.1.2", "1.1.1.3"))
    bench_clock.devices["ARCHIVE"].tape.recover()  # type: ignore[attr-defined]
    assert client.ask(service, "SERIES", **SERIES)[-1].numbers == (0, None, 3, 0, 0)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("answer", "status"), [("out-of-resources", 0xA701), ("unable-to-process", 0xC001)])
def test_a701_and_c001_the_database_is_down(
    bench_clock: Bench, client: Client, service: str, answer: Any, status: int
) -> None:
    strike(bench_clock, "database-down", DatabaseDown(answer=answer))
    (only,) = client.ask(service, "SERIES", **SERIES)
    assert (only.numbers, only.listed) == ((status, None, None, None, None), None)
    assert only.comment == "the database is down"


@pytest.mark.parametrize("service", SERVICES)
def test_a701_more_than_the_counters_can_tell(
    bench_clock: Bench, client: Client, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 65,536 objects are not stored for this: the archive counts each of its six so often
    index: Any = bench_clock.devices["ARCHIVE"].index  # type: ignore[attr-defined]
    whole = index.instances_of
    monkeypatch.setattr(index, "instances_of", lambda entry: [*whole(entry)] * 20000)
    (only,) = client.ask(service, "STUDY", StudyInstanceUID="1.1")
    assert (only.status, only.completed) == (0xA701, None)
    assert "more than can be counted" in only.comment


@pytest.mark.parametrize("service", SERVICES)
def test_a702_more_than_one_retrieval_may_have(bench_clock: Bench, tmp_path: Path, service: str) -> None:
    client = build(bench_clock, tmp_path, ArchivePersonality(retrieval=RetrievalSettings(most=2)))
    assert client.ask(service, "SERIES", **SERIES)[-1].status == 0xA702
    two = client.ask(service, "IMAGE", **SERIES, SOPInstanceUID=["1.1.1.1", "1.1.1.3"])
    assert two[-1].numbers == (0, None, 2, 0, 0)


def test_a801_nobody_knows_the_destination(client: Client) -> None:
    (only,) = client.ask("move", "SERIES", to="NOBODY", **SERIES)
    assert (only.numbers, only.listed) == ((0xA801, None, None, None, None), None)


def test_a801_no_destination_is_named(client: Client) -> None:
    (only,) = client.converse(lambda: client.send("move", identifier("SERIES", **SERIES), to=None))
    assert only.status == 0xA801


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("level", "keys"),
    [("SERIES", {"SeriesInstanceUID": "1.1.1"}), ("IMAGE", {}), ("STUDY", {"StudyInstanceUID": "*"}), ("", SERIES)],
)
def test_a900_a_bad_identifier(client: Client, service: str, level: str, keys: Any) -> None:
    (only,) = client.ask(service, level, **keys)
    assert only.numbers == (0xA900, None, None, None, None)


@pytest.mark.parametrize("service", SERVICES)
def test_a900_no_identifier_at_all(client: Client, service: str) -> None:
    (only,) = client.converse(lambda: client.send(service, None))
    assert only.status == 0xA900


@pytest.mark.parametrize("service", SERVICES)
def test_0122_the_class_of_the_message_is_not_that_of_its_context(client: Client, service: str) -> None:
    number = {"move": "2", "get": "3"}[service]
    wanted = identifier("PATIENT", PatientID="A1")
    (only,) = client.converse(lambda: client.send(service, wanted, model=STUDY + number, sop_class=PATIENT + number))
    assert only.status == 0x0122


@pytest.mark.parametrize("service", SERVICES)
def test_0124_not_everybody_may_retrieve(bench_clock: Bench, tmp_path: Path, service: str) -> None:
    client = build(bench_clock, tmp_path, ArchivePersonality(retrieval=RetrievalSettings(may=("FRIEND",))))
    (only,) = client.ask(service, "SERIES", **SERIES)
    assert (only.status, only.comment) == (0x0124, "CLIENT may not retrieve")
    client.title = "FRIEND"
    assert client.ask(service, "SERIES", **SERIES)[-1].status == 0


@pytest.mark.parametrize("service", SERVICES)
def test_0210_a_message_id_that_is_in_use(bench_clock: Bench, tmp_path: Path, service: str) -> None:
    slow = ArchivePersonality(database=DatabaseSettings(query_time=100 * MILLISECOND))
    client = build(bench_clock, tmp_path, slow)

    def twice() -> int:
        for _ in range(2):
            client.send(service, identifier("SERIES", **SERIES))
        return 2

    statuses = [one.status for one in client.converse(twice)]
    assert sorted(statuses) == [0x0000, 0x0210, 0xFF00, 0xFF00]
    assert statuses[-1] == 0


@pytest.mark.parametrize(
    ("service", "other"), [("move", "1"), ("get", "1"), ("move", "3"), ("get", "2"), ("find", "2")]
)
def test_0211_an_operation_that_the_context_does_not_have(client: Client, service: str, other: str) -> None:
    (only,) = client.converse(lambda: client.send(service, identifier("SERIES", **SERIES), model=STUDY + other))
    assert only.status == 0x0211


@pytest.mark.parametrize("service", SERVICES)
def test_0212_a_request_that_does_not_name_its_class(client: Client, service: str) -> None:
    (only,) = client.converse(lambda: client.send(service, identifier("SERIES", **SERIES), sop_class=None))
    assert (only.status, only.comment) == (0x0212, "a mandatory element of the command is missing")


@pytest.mark.parametrize("service", SERVICES)
def test_fe00_somebody_cancels_while_a_tape_is_fetched(bench_clock: Bench, client: Client, service: str) -> None:
    strike(
        bench_clock, "slow-tape", SlowTape(mount_time=300 * SECOND if bench_clock.clock == "virtual" else 3 * SECOND)
    )
    began = bench_clock.now

    def cancel() -> None:
        client.send(service, identifier("SERIES", **SERIES))
        bench_clock.kernel.sleep(500 * MILLISECOND)
        client.cancel(service)

    (only,) = client.converse(cancel)
    assert (only.numbers, only.listed) == ((0xFE00, 3, 0, 0, 0), ())
    assert bench_clock.now - began < 3 * SECOND


FRAME_STATUSES = [
    pytest.param({"SimpleFrameList": [9, 12]}, {}, 0xAA00, id="AA00 it has no such frames"),
    pytest.param({"SimpleFrameList": [1]}, {"made": False}, 0xAA01, id="AA01 the archive makes no objects"),
    pytest.param({"SimpleFrameList": [1], "SOPInstanceUID": "1.1.2.1"}, {}, 0xAA00, id="AA00 a plan, frame 1 of 1"),
    pytest.param({"SimpleFrameList": [1]}, {"bits": 1}, 0xAA02, id="AA02 one bit a pixel"),
    pytest.param({"SimpleFrameList": [1]}, {"lost": True}, 0xAA02, id="AA02 the file is lost"),
    pytest.param({"TimeRange": [0.0, 1.0]}, {"times": False}, 0xAA03, id="AA03 frames without times"),
    pytest.param({"SimpleFrameList": [1], "TimeRange": [0.0, 1.0]}, {}, 0xAA04, id="AA04 two keys"),
    pytest.param({}, {}, 0xAA04, id="AA04 no key"),
    pytest.param({"CalculatedFrameList": [3, 1, 1]}, {}, 0xAA04, id="AA04 a range that ends before it begins"),
]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("keys", "how", "status"), FRAME_STATUSES)
def test_aa00_to_aa04_frames_that_cannot_be_had(
    bench_clock: Bench, tmp_path: Path, service: str, keys: dict[str, Any], how: dict[str, Any], status: int
) -> None:
    image = cine(times=how.get("times", True))
    if "bits" in how:
        image.BitsAllocated = image.BitsStored = 1
        image.HighBit = 0
    settings = ArchivePersonality(retrieval=RetrievalSettings(extracts_frames=how.get("made", True)))
    client = build(bench_clock, tmp_path, settings, image)
    if how.get("lost"):
        strike(bench_clock, "forget", Forget(sop_instance=CINE))
    if keys.get("SOPInstanceUID") == "1.1.2.1":
        status = 0xAA01
    (only,) = client.ask(service, "FRAME", COMPOSITE, **{"SOPInstanceUID": CINE, **keys})
    assert (only.numbers, only.listed) == ((status, None, None, None, None), None)


@pytest.mark.parametrize(
    ("keys", "frames"),
    [
        ({"SimpleFrameList": [2]}, [2]),
        ({"SimpleFrameList": [5, 1, 9]}, [5, 1]),
        ({"CalculatedFrameList": [1, 5, 2]}, [1, 3, 5]),
        ({"CalculatedFrameList": [1, 2, 1, 4, 99, 1]}, [1, 2, 4, 5]),
        ({"TimeRange": [0.1, 0.25]}, [2, 3]),
    ],
)
def test_frames_become_an_object_of_their_own(client: Client, keys: dict[str, Any], frames: list[int]) -> None:
    assert client.ask("get", "FRAME", COMPOSITE, SOPInstanceUID=CINE, **keys)[-1].numbers == (0, None, 1, 0, 0)
    (made,) = client.objects
    assert made.SOPClassUID == MULTI_FRAME
    assert made.SOPInstanceUID != CINE
    assert [int(frame[0, 0]) for frame in np.atleast_3d(made.pixel_array).reshape(-1, 4, 4)] == frames
    assert int(made.NumberOfFrames) == len(frames)
    (source,) = made.FrameExtractionSequence
    (key,) = keys
    assert source.MultiFrameSourceSOPInstanceUID == CINE
    assert list(np.atleast_1d(source[key].value)) == keys[key]


def test_frames_of_a_move_go_to_the_destination(bench_clock: Bench, client: Client) -> None:
    final = client.ask("move", "FRAME", COMPOSITE, SOPInstanceUID=CINE, SimpleFrameList=[3])[-1]
    assert final.numbers == (0, None, 1, 0, 0)
    assert len(bench_clock.shelf.names("objects/DEST")) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_composite_instances_by_their_uids_alone(client: Client, service: str) -> None:
    final = client.ask(service, "IMAGE", COMPOSITE, SOPInstanceUID=["1.1.1.2", "2.1.1.1", "9.9"])[-1]
    assert final.numbers == (0, None, 2, 0, 0)
    assert client.ask(service, "STUDY", COMPOSITE, SOPInstanceUID="1.1.1.2")[-1].status == 0xA900
    assert client.ask(service, "IMAGE", COMPOSITE, SOPInstanceUID="1.1.1.2", PatientID="A1")[-1].status == 0xA900
    assert client.ask(service, "IMAGE", COMPOSITE)[-1].status == 0xA900


def test_objects_without_bulk_data(client: Client) -> None:
    final = client.ask("get", "IMAGE", WITHOUT_BULK_DATA, SOPInstanceUID=["1.1.1.2", "1.1.2.1", CINE])[-1]
    assert final.numbers == (0, None, 3, 0, 0)
    assert [("PixelData" in ds, ds.SOPInstanceUID) for ds in client.objects] == [
        (False, "1.1.1.2"),
        (False, "1.1.2.1"),
        (False, CINE),
    ]
    whole = {ds.SOPInstanceUID: ds for ds in [*everything(), cine()]}
    for ds in client.objects:
        kept = whole[ds.SOPInstanceUID]
        assert {element.tag for element in kept} - {element.tag for element in ds} <= {0x7FE00010}
        assert all(ds[element.tag].value == kept[element.tag].value for element in ds)
    assert client.ask("get", "FRAME", WITHOUT_BULK_DATA, SOPInstanceUID=CINE, SimpleFrameList=[1])[-1].status == 0xA900


def test_a_compressed_object_without_its_pixels_is_for_everybody(bench_clock: Bench, client: Client) -> None:
    archive = bench_clock.devices["ARCHIVE"]
    bench_clock.play(archive.act, "load", Load(files=("pydicom:MR_small_RLE.dcm",)), place=archive.place)
    client.classes, client.syntaxes = ("1.2.840.10008.5.1.4.1.1.4",), [ExplicitVRLittleEndian]
    uid = next(kept for kept in _uids(archive) if kept.startswith("1.3.6"))
    assert client.ask("get", "IMAGE", COMPOSITE, SOPInstanceUID=uid)[-1].numbers == (0xA702, None, 0, 1, 0)
    assert client.ask("get", "IMAGE", WITHOUT_BULK_DATA, SOPInstanceUID=uid)[-1].numbers == (0, None, 1, 0, 0)


def _uids(archive: Any) -> Iterator[str]:
    for ordinal in range(1, 20):
        kept = archive.index.nth(ordinal)
        if kept is not None:
            yield kept.sop_instance


@pytest.mark.parametrize("service", SERVICES)
def test_patient_and_study_only(client: Client, service: str) -> None:
    assert client.ask(service, "PATIENT", PATIENT_STUDY, PatientID="A1")[-1].numbers == (0, None, 6, 0, 0)
    two = client.ask(service, "STUDY", PATIENT_STUDY, PatientID="A1", StudyInstanceUID="1.2")
    assert two[-1].numbers == (0, None, 1, 0, 0)
    assert client.ask(service, "SERIES", PATIENT_STUDY, PatientID="A1", **SERIES)[-1].status == 0xA900


def test_a_busy_archive_rejects_as_local_limit_exceeded(
    bench_clock: Bench, client: Client, records: Callable[..., list[Any]]
) -> None:
    strike(bench_clock, "busy", Busy(cleared_after=2 * SECOND))
    with pytest.raises(AssertionError):
        client.ask("move", "SERIES", **SERIES)
    (rejected,) = records("A-ASSOCIATE-RJ", "ARCHIVE", way="sent")
    assert (rejected["result"], rejected["source"], rejected["reason"]) == (2, 3, 2)
    bench_clock.play(lambda: bench_clock.kernel.sleep(2 * SECOND))
    assert client.ask("move", "SERIES", **SERIES)[-1].status == 0


def test_a_tape_of_the_personality_takes_its_time(bench_clock: Bench, tmp_path: Path) -> None:
    tape = TapeSettings(mount_time=400 * MILLISECOND, read_time=100 * MILLISECOND)
    client = build(bench_clock, tmp_path, ArchivePersonality(tape=tape))
    began = bench_clock.now
    assert client.ask("move", "SERIES", **SERIES)[-1].status == 0
    assert bench_clock.now - began >= 700 * MILLISECOND


def test_a_failing_query_in_the_middle_is_answered(bench_clock: Bench, client: Client) -> None:
    database: Database = bench_clock.devices["ARCHIVE"].database  # type: ignore[attr-defined]
    database.down = True
    assert client.ask("get", "IMAGE", COMPOSITE, SOPInstanceUID=CINE)[-1].status == 0xA701


def test_every_status_is_told_once(client: Client) -> None:
    told: list[Told] = client.ask("move", "STUDY", StudyInstanceUID="1.1")
    assert [one.message_id for one in told] == [7] * 5
