"""C-MOVE of the archive on both clocks: what arrives, and every counter, as it is on the wire."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt

from linacsim.bench import DICOM_PORT, Bench
from linacsim.devices.archive.personality import (
    ArchivePersonality,
    DatabaseDown,
    DatabaseSettings,
    Destination,
    Forget,
    Load,
)
from linacsim.devices.queryretrieve import Counters, StudyRootMove, move
from linacsim.devices.storage.personality import DiskSettings, StoragePersonality, Store
from linacsim.errors import PlayFailure
from linacsim.faults import Occurrence, When, fault
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import Asker, build_archive, everything, identifier, instance, write

Records = Callable[..., list[Record]]
FOUR = ("1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.2.1")
SERIES: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}


@pytest.fixture
def asker(bench_clock: Bench, tmp_path: Path) -> Asker:
    return build_archive(bench_clock, tmp_path / "in", everything())


@pytest.fixture
def responses(records: Records) -> Callable[[], list[tuple[Any, ...]]]:
    """Return status, Remaining, Completed, Failed, Warning of every C-MOVE response that has arrived."""

    def read() -> list[tuple[Any, ...]]:
        return [
            tuple(record.get(key) for key in ("status", "remaining", "completed", "failed", "warning"))
            for record in records("C-MOVE-RSP", "ASKER", way="received")
        ]

    return read


class PlainSCP:
    """A destination written with nothing but pynetdicom; it answers with the statuses that it is given."""

    def __init__(self, bench: Bench, statuses: list[int] | None = None, syntaxes: list[str] | None = None) -> None:
        self.requests: list[Any] = []
        self.objects: list[Dataset] = []
        self._bench = bench
        self._statuses = list(statuses or [])
        place = bench.kernel.place("PLAIN")

        def serve() -> None:
            ae = AE("PLAIN")
            for context in AllStoragePresentationContexts:
                ae.add_supported_context(context.abstract_syntax or "", syntaxes or ALL_TRANSFER_SYNTAXES)
            port = DICOM_PORT if bench.clock == "virtual" else 0
            server = ae.start_server((place.host, port), block=False, evt_handlers=[(evt.EVT_C_STORE, self._take)])
            assert server is not None
            place.address = (place.host, server.server_address[1])

        bench.play(serve, place=place)

    def _take(self, event: evt.Event) -> int:
        ds = event.dataset
        ds.file_meta = event.file_meta
        self.requests.append(event.request)
        self.objects.append(ds)
        return self._statuses.pop(0) if self._statuses else 0


@pytest.mark.parametrize(
    ("root", "level", "keys", "expected"),
    [
        ("patient", "PATIENT", {"PatientID": "A1"}, [*FOUR, "1.2.1.1"]),
        ("patient", "STUDY", {"PatientID": "A1", "StudyInstanceUID": "1.1"}, FOUR),
        ("patient", "STUDY", {"PatientID": "A1", "StudyInstanceUID": ["1.1", "1.2"]}, [*FOUR, "1.2.1.1"]),
        ("patient", "SERIES", {"PatientID": "A1", **SERIES}, FOUR[:3]),
        ("patient", "IMAGE", {"PatientID": "A1", **SERIES, "SOPInstanceUID": "1.1.1.2"}, ["1.1.1.2"]),
        ("study", "STUDY", {"StudyInstanceUID": ["2.1", "1.2"]}, ["1.2.1.1", "2.1.1.1"]),
        ("study", "SERIES", {"StudyInstanceUID": "1.1", "SeriesInstanceUID": ["1.1.2", "1.1.1"]}, FOUR),
        ("study", "IMAGE", {**SERIES, "SOPInstanceUID": ["1.1.1.3", "1.1.1.1"]}, ["1.1.1.3", "1.1.1.1"]),
    ],
)
def test_what_is_asked_for_arrives_whole(
    bench_clock: Bench, asker: Asker, root: str, level: str, keys: dict[str, Any], expected: list[str]
) -> None:
    moved = asker.move(level, root=root, **keys)
    assert (moved.status.Status, moved.counters) == (0, Counters(None, len(expected), 0, 0))
    arrived = [dcmread(BytesIO(bench_clock.shelf.read(name))) for name in bench_clock.shelf.names("objects/DEST")]
    assert sorted(ds.SOPInstanceUID for ds in arrived) == sorted(expected)
    sent = {ds.SOPInstanceUID: ds for ds in everything()}
    for ds in arrived:
        assert ds == sent[ds.SOPInstanceUID]
        assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


def test_every_counter_of_a_move_that_goes_well(
    asker: Asker, records: Records, responses: Callable[[], list[tuple[Any, ...]]]
) -> None:
    asker.move("STUDY", StudyInstanceUID="1.1")
    assert responses() == [
        (0xFF00, 3, 1, 0, 0),
        (0xFF00, 2, 2, 0, 0),
        (0xFF00, 1, 3, 0, 0),
        (0x0000, None, 4, 0, 0),
    ]
    # one association for the sub-operations, released before the final response
    (called,) = records("A-ASSOCIATE-RQ", "DEST", way="received")
    assert (called["calling"], called["called"]) == ("ARCHIVE", "DEST")
    (released,) = records("A-RELEASE-RP", "ARCHIVE", way="received")
    assert released["n"] < records("C-MOVE-RSP", "ARCHIVE", status=0)[0]["n"]


def test_sub_operations_name_who_asked(bench_clock: Bench, asker: Asker) -> None:
    plain = PlainSCP(bench_clock)
    assert asker.move("STUDY", to="PLAIN", StudyInstanceUID="1.1").status.Status == 0
    assert [request.MessageID for request in plain.requests] == [1, 2, 3, 4]
    originators = {
        (request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID) for request in plain.requests
    }
    assert originators == {("ASKER", 7)}


@pytest.mark.parametrize("times", [1, 3])
def test_an_unknown_destination_is_a801_and_the_association_lives_on(
    asker: Asker, records: Records, times: int
) -> None:
    def several(ae: Any, assoc: Any) -> list[Any]:
        wanted = identifier("STUDY", StudyInstanceUID="1.1")
        moved = [move(asker.device, ae, assoc, StudyRootMove, wanted, "NOBODY") for _ in range(times)]
        return [*moved, move(asker.device, ae, assoc, StudyRootMove, wanted, "DEST")]

    *unknown, known = asker.ask(several)
    for moved in unknown:
        assert (moved.status.Status, moved.counters) == (0xA801, Counters(None, None, None, None))
        assert moved.status.ErrorComment == "NOBODY is no known destination"
    assert (known.status.Status, known.counters.completed) == (0, 4)
    # one response to each, and nothing of what pynetdicom would have added
    assert [record["status"] for record in records("C-MOVE-RSP", "ASKER")] == [0xA801] * times + [0xFF00] * 3 + [0]


def test_no_match_is_success_without_a_sub_association(asker: Asker, records: Records) -> None:
    moved = asker.move("STUDY", StudyInstanceUID="9.9")
    assert (moved.status.Status, moved.counters) == (0, Counters(None, 0, 0, 0))
    assert records("A-ASSOCIATE-RQ", "DEST") == []


@pytest.mark.parametrize(
    ("root", "level", "keys", "comment"),
    [
        ("study", "STUDY", {}, "Study Instance UID is missing"),
        ("study", "STUDY", {"StudyInstanceUID": ""}, "Study Instance UID is missing"),
        ("study", "SERIES", {"SeriesInstanceUID": "1.1.1"}, "Study Instance UID is missing"),
        ("study", "IMAGE", {"SOPInstanceUID": "1.1.1.1"}, "Study Instance UID is missing"),
        ("study", "PATIENT", {"PatientID": "A1"}, "the model has no level PATIENT"),
        ("study", "STUDY", {"StudyInstanceUID": "1.1", "StudyDate": ""}, "Study Date is no unique key"),
        (
            "study",
            "STUDY",
            {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"},
            "Series Instance UID is below the level STUDY",
        ),
        ("patient", "PATIENT", {"PatientID": "*"}, "a unique key has a wild card"),
        ("patient", "STUDY", {"StudyInstanceUID": "1.1"}, "Patient ID is missing"),
    ],
)
def test_a_bad_identifier_is_refused_without_a_sub_association(
    asker: Asker, records: Records, root: str, level: str, keys: dict[str, Any], comment: str
) -> None:
    moved = asker.move(level, root=root, **keys)
    assert (moved.status.Status, moved.status.ErrorComment) == (0xA900, comment)
    assert moved.counters == Counters(None, None, None, None)
    assert records("A-ASSOCIATE-RQ", "DEST") == []


def test_some_failed_is_b000_with_their_list(
    bench_clock: Bench, asker: Asker, responses: Callable[[], list[tuple[Any, ...]]]
) -> None:
    PlainSCP(bench_clock, [0, 0xA700, 0xB007, 0xC000])
    moved = asker.move("STUDY", to="PLAIN", StudyInstanceUID="1.1")
    assert moved.status.Status == 0xB000
    assert moved.counters == Counters(None, 1, 2, 1, ("1.1.1.2", "1.1.2.1"))
    assert responses() == [
        (0xFF00, 3, 1, 0, 0),
        (0xFF00, 2, 1, 1, 0),
        (0xFF00, 1, 1, 1, 1),
        (0xB000, None, 1, 2, 1),
    ]


def test_warnings_alone_are_b000_with_an_empty_list(bench_clock: Bench, asker: Asker) -> None:
    PlainSCP(bench_clock, [0xB000, 0, 0])
    moved = asker.move("SERIES", to="PLAIN", **SERIES)
    assert (moved.status.Status, moved.counters) == (0xB000, Counters(None, 2, 0, 1, ()))


def test_all_failed_is_a702(bench_clock: Bench, asker: Asker) -> None:
    PlainSCP(bench_clock, [0xA700, 0xC123, 0x0110])
    moved = asker.move("SERIES", to="PLAIN", **SERIES)
    assert (moved.status.Status, moved.counters) == (0xA702, Counters(None, 0, 3, 0, FOUR[:3]))


def test_a_destination_that_rejects_is_a702(bench_clock: Bench, asker: Asker) -> None:
    bench_clock.arm("DEST", [fault("reject", result=2, source=3, reason=2)])
    moved = asker.move("SERIES", **SERIES)
    assert (moved.status.Status, moved.counters) == (0xA702, Counters(None, 0, 3, 0, FOUR[:3]))
    assert "no association with DEST: rejected" in moved.status.ErrorComment


def test_a_destination_where_nobody_listens_is_a702(bench_clock: Bench, tmp_path: Path) -> None:
    nowhere = ArchivePersonality(destinations={"DEST": Destination(host="127.0.0.1", port=9)})
    asker = build_archive(bench_clock, tmp_path / "in", everything(), nowhere)
    moved = asker.move("SERIES", **SERIES)
    assert (moved.status.Status, moved.counters.failed) == (0xA702, 3)


def test_a_table_of_destinations(bench_clock: Bench, tmp_path: Path) -> None:
    bench_clock.add("storage", "OTHER")
    host, port = bench_clock.address_of("OTHER")
    table = ArchivePersonality(destinations={"ALIAS": Destination(host=host, port=port)}, knows_peers=False)
    asker = build_archive(bench_clock, tmp_path / "in", everything(), table)
    assert asker.move("SERIES", to="ALIAS", **SERIES).status.Status == 0
    assert len(bench_clock.shelf.names("objects/OTHER")) == 3
    assert asker.move("SERIES", to="DEST", **SERIES).status.Status == 0xA801


def test_a_destination_that_aborts_in_the_middle_fails_the_rest(
    bench_clock: Bench, asker: Asker, responses: Callable[[], list[tuple[Any, ...]]]
) -> None:
    bench_clock.arm("DEST", [fault("abort", on="C-STORE-RQ", when=Occurrence(When.NTH, 2))])
    moved = asker.move("STUDY", StudyInstanceUID="1.1")
    assert (moved.status.Status, moved.counters) == (0xB000, Counters(None, 1, 3, 0, FOUR[1:]))
    assert responses() == [(0xFF00, 3, 1, 0, 0), (0xFF00, 2, 1, 1, 0), (0xB000, None, 1, 3, 0)]


def test_a_destination_that_falls_silent_fails_the_rest(bench_clock: Bench, tmp_path: Path) -> None:
    impatient = ArchivePersonality(dimse_timeout=300 * MILLISECOND)
    asker = build_archive(bench_clock, tmp_path / "in", everything(), impatient)
    bench_clock.arm("DEST", [fault("no-response", on="C-STORE-RQ", when=Occurrence(When.NTH, 3))])
    moved = asker.move("STUDY", StudyInstanceUID="1.1")
    assert (moved.status.Status, moved.counters) == (0xB000, Counters(None, 2, 2, 0, FOUR[2:]))


def test_a_cancelled_move_ends_with_fe00_and_what_remains(bench_clock: Bench, tmp_path: Path) -> None:
    many = [instance("A1", "1.1", "1.1.1", f"1.1.1.{number}") for number in range(1, 31)]
    asker = build_archive(bench_clock, tmp_path / "in", many)
    bench_clock.add("storage", "SLOW", settings=StoragePersonality(disk=DiskSettings(write_time=20 * MILLISECOND)))
    moved = asker.move("SERIES", to="SLOW", cancel_after=2, **SERIES)
    assert moved.status.Status == 0xFE00
    remaining, completed, failed, warning, listed = moved.counters
    assert remaining is not None
    assert completed is not None
    assert (remaining + completed, failed, warning, listed) == (30, 0, 0, ())
    assert 2 <= completed < 30
    bench_clock.settle()
    assert len(bench_clock.shelf.names("objects/SLOW")) == completed
    assert not bench_clock.devices["SLOW"].place.associations


def test_whoever_asked_and_went_away_ends_the_sub_operations(
    bench_clock: Bench, tmp_path: Path, records: Records
) -> None:
    many = [instance("A1", "1.1", "1.1.1", f"1.1.1.{number}") for number in range(1, 31)]
    asker = build_archive(bench_clock, tmp_path / "in", many)
    slow = StoragePersonality(disk=DiskSettings(write_time=50 * MILLISECOND))
    bench_clock.add("storage", "SLOW", settings=slow)

    def go_away(_ae: Any, assoc: Any) -> None:
        pending = assoc.send_c_move(identifier("SERIES", **SERIES), "SLOW", StudyRootMove, msg_id=7)
        next(pending)
        assoc.abort()

    asker.ask(go_away)
    bench_clock.settle()
    assert len(bench_clock.shelf.names("objects/SLOW")) < 30
    assert records("A-RELEASE-RP", "ARCHIVE", way="received")
    assert not bench_clock.devices["ARCHIVE"].place.associations


def test_a_destination_that_knows_implicit_only_gets_that(bench_clock: Bench, asker: Asker, tmp_path: Path) -> None:
    big = instance("A1", "1.3", "1.3.1", "1.3.1.1", syntax=ExplicitVRBigEndian)
    archive = bench_clock.devices["ARCHIVE"]
    big.PixelData = np.arange(4, dtype=">u2").tobytes()
    more = Load(files=(str(write(tmp_path / "big", [big])), "pydicom:rtplan.dcm", "pydicom:MR_small_bigendian.dcm"))
    bench_clock.play(archive.act, "load", more, place=archive.place)
    plain = PlainSCP(bench_clock, syntaxes=[ImplicitVRLittleEndian])
    moved = asker.move("STUDY", to="PLAIN", StudyInstanceUID=["1.1", "1.3"])
    assert (moved.status.Status, moved.counters.completed) == (0, 5)
    sent = {ds.SOPInstanceUID: ds for ds in everything()}
    *little, turned = plain.objects
    assert [ds == sent[ds.SOPInstanceUID] for ds in little] == [True] * 4
    assert turned.PixelData == np.arange(4, dtype="<u2").tobytes()
    assert turned.Rows == 2
    # a data set with sequences, and one whose pixels a decoder has to agree on
    plan = dcmread(str(get_testdata_file("rtplan.dcm")))
    image = dcmread(str(get_testdata_file("MR_small_bigendian.dcm")))
    plain.objects.clear()
    asker.move("STUDY", to="PLAIN", StudyInstanceUID=[plan.StudyInstanceUID, image.StudyInstanceUID])
    by_class = {str(ds.SOPClassUID): ds for ds in plain.objects}
    assert by_class[plan.SOPClassUID] == plan
    assert np.array_equal(by_class[image.SOPClassUID].pixel_array, image.pixel_array)


@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "JPEG2000.dcm", "image_dfl.dcm"])
def test_an_object_is_sent_in_the_transfer_syntax_that_it_is_kept_in(
    bench_clock: Bench, asker: Asker, name: str
) -> None:
    archive = bench_clock.devices["ARCHIVE"]
    bench_clock.play(archive.act, "load", Load(files=(f"pydicom:{name}",)), place=archive.place)
    plain = PlainSCP(bench_clock)
    source = dcmread(str(get_testdata_file(name)))
    moved = asker.move("STUDY", to="PLAIN", StudyInstanceUID=source.StudyInstanceUID)
    assert (moved.status.Status, moved.counters.completed) == (0, 1)
    (arrived,) = plain.objects
    assert arrived.file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID
    assert arrived == source


def test_a_compressed_object_is_not_converted(bench_clock: Bench, asker: Asker) -> None:
    archive = bench_clock.devices["ARCHIVE"]
    bench_clock.play(archive.act, "load", Load(files=("pydicom:MR_small_RLE.dcm",)), place=archive.place)
    source = dcmread(str(get_testdata_file("MR_small_RLE.dcm")))
    PlainSCP(bench_clock, syntaxes=[ImplicitVRLittleEndian, ExplicitVRLittleEndian])
    moved = asker.move("STUDY", to="PLAIN", StudyInstanceUID=[source.StudyInstanceUID, "1.2"])
    assert (moved.status.Status, moved.counters) == (0xB000, Counters(None, 1, 1, 0, (source.SOPInstanceUID,)))


def test_more_contexts_than_an_association_has_room_for(bench_clock: Bench, tmp_path: Path, records: Records) -> None:
    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts][:70]
    objects = []
    for number, sop_class in enumerate(classes):
        ds = instance("A1", "1.1", "1.1.1", f"1.1.1.{number + 1}")
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(sop_class)
        objects.append(ds)
    asker = build_archive(bench_clock, tmp_path / "in", objects)
    moved = asker.move("SERIES", **SERIES)
    assert (moved.status.Status, moved.counters) == (0, Counters(None, 70, 0, 0))
    assert len(records("A-ASSOCIATE-RQ", "DEST", way="received")) == 2


def test_a_lost_object_fails_until_it_is_stored_again(
    bench_clock: Bench, asker: Asker, tmp_path: Path, records: Records
) -> None:
    archive = bench_clock.devices["ARCHIVE"]
    bench_clock.play(archive.act, "forget", Forget(sop_instance="1.1.1.2"), place=archive.place)
    assert len(asker.find("IMAGE", **SERIES, SOPInstanceUID="").identifiers) == 3
    moved = asker.move("SERIES", **SERIES)
    assert (moved.status.Status, moved.counters) == (0xB000, Counters(None, 2, 1, 0, ("1.1.1.2",)))
    assert [record["complaint"] for record in records("not-sent", "ARCHIVE")] == ["gone from the disk"]
    again = write(tmp_path / "again", [instance("A1", "1.1", "1.1.1", "1.1.1.2")]) / "1.1.1.2.dcm"
    what = Store(to="ARCHIVE", images=(str(again),))
    bench_clock.play(asker.device.act, "store", what, place=asker.device.place)
    moved = asker.move("SERIES", **SERIES)
    assert (moved.status.Status, moved.counters) == (0, Counters(None, 3, 0, 0))


@pytest.mark.parametrize(("answer", "status"), [("out-of-resources", 0xA701), ("unable-to-process", 0xC001)])
def test_a_database_that_is_down(bench_clock: Bench, asker: Asker, answer: Any, status: int) -> None:
    bench_clock.play(bench_clock.devices["ARCHIVE"].strike, "database-down", DatabaseDown(answer=answer))
    moved = asker.move("SERIES", **SERIES)
    assert (moved.status.Status, moved.counters) == (status, Counters(None, None, None, None))


def test_a_move_longer_than_the_idle_limit_does_not_end_the_association(bench_clock: Bench, tmp_path: Path) -> None:
    slow = ArchivePersonality(
        database=DatabaseSettings(query_time=600 * MILLISECOND), network_timeout=400 * MILLISECOND
    )
    asker = build_archive(bench_clock, tmp_path / "in", everything(), slow)

    def twice(ae: Any, assoc: Any) -> list[int]:
        wanted = identifier("STUDY", StudyInstanceUID="1.1")
        moved = [move(asker.device, ae, assoc, StudyRootMove, wanted, "DEST") for _ in range(2)]
        return [one.counters.completed or 0 for one in moved]

    assert asker.ask(twice) == [4, 4]


def test_a_move_that_is_never_answered_is_told_in_words(bench_clock: Bench, asker: Asker) -> None:
    asker.device.personality = asker.device.personality.model_copy(update={"dimse_timeout": 300 * MILLISECOND})
    bench_clock.arm("ARCHIVE", [fault("no-response", on="C-MOVE-RQ")])
    with pytest.raises(PlayFailure, match=r"^C-MOVE to ARCHIVE: DIMSE timeout: no response within 0.3 s"):
        asker.move("SERIES", **SERIES)


def test_two_moves_at_the_same_time(bench_clock: Bench, asker: Asker) -> None:
    second = Asker(bench_clock, bench_clock.add("storage", "SECOND"))
    done: dict[str, Counters] = {}

    def together() -> None:
        kernel = bench_clock.kernel
        tasks = []
        for one, study in ((asker, "1.1"), (second, "1.2")):
            wanted = identifier("STUDY", StudyInstanceUID=study)
            tasks.append(kernel.spawn(_move_with, one, wanted, done, name=study, place=one.device.place))
        for task in tasks:
            assert kernel.join(task, 10 * SECOND)

    bench_clock.play(together)
    assert {name: counters.completed for name, counters in done.items()} == {"ASKER": 4, "SECOND": 1}


def _move_with(asker: Asker, wanted: Dataset, done: dict[str, Counters]) -> None:
    done[asker.device.name] = asker.question(
        lambda ae, assoc: move(asker.device, ae, assoc, StudyRootMove, wanted, "DEST")
    ).counters


def test_an_archive_may_be_its_own_destination(bench_clock: Bench, asker: Asker) -> None:
    moved = asker.move("STUDY", to="ARCHIVE", StudyInstanceUID="1.1")
    assert (moved.status.Status, moved.counters) == (0, Counters(None, 4, 0, 0))
    assert len(bench_clock.shelf.names("objects/ARCHIVE")) >= 1
    assert asker.move("STUDY", to="ASKER", StudyInstanceUID="1.1").status.Status == 0


def test_the_class_of_the_context_and_of_the_message_must_agree(asker: Asker) -> None:
    def cross(_ae: Any, assoc: Any) -> int:
        context = next(one for one in assoc.accepted_contexts if one.abstract_syntax == StudyRootMove)
        wanted = identifier("PATIENT", PatientID="A1")
        send = assoc.dimse.send_msg

        def swap(primitive: Any, _context_id: int) -> None:
            send(primitive, context.context_id)

        assoc.dimse.send_msg = swap
        final = list(assoc.send_c_move(wanted, "DEST", "1.2.840.10008.5.1.4.1.2.1.2"))[-1][0]
        return int(final.Status)

    assert asker.ask(cross) == 0x0122
