"""Nucletron Oncentra 4.3: every activity, step by step against its table, read from the wire.

The steps of the two print activities are unrolled in `test_oncentra_steps`.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from linacsim.bench import Bench
from linacsim.conformance.kinds import KINDS
from linacsim.devices.archive.personality import Forget, Load
from linacsim.devices.planning.activities import Export, Serve, Verify
from linacsim.devices.planning.oncentra import CmQuery, CmRetrieve, FileCase, RestoreCase, WinSCP32Personality
from linacsim.devices.planning.personality import Print
from linacsim.devices.planning.transcode import transcoded
from linacsim.devices.storage.personality import FillDisk, Store
from linacsim.devices.verification.personality import Echo
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import SECOND
from tests.contract.archived import everything, write
from tests.contract.planned import (
    EXPLICIT,
    FINDS,
    MOVES,
    RELEASED,
    SMALL,
    STORAGE_ONLY,
    VERIFICATION,
    check_accept,
    check_request,
    entity_of,
    fast_printer,
    files,
    listed,
    only,
    plays,
    to,
    told,
)
from tests.contract.wire import Conversation, Message

Act = Callable[..., Any]
Records = Callable[..., list[Record]]
STORE, PRINT, QUERY, FR, WIN, FRSCP = (
    entity_of("oncentra", one)
    for one in ("cm-storage-scu", "cm-print-scu", "cm-query-retrieve-scu", "fr-scu", "winscp32-scp", "fr-scp")
)
CT, MR, PLAN, STRUCT = "CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "rtstruct.dcm"
CONTEXTS = listed(STORE, but=STORAGE_ONLY)


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    return bench_clock


@pytest.fixture
def archive(bench: Bench, tmp_path: Path) -> Any:
    """An archive with the tree of `archived`."""
    device = bench.add("archive", "ARCHIVE")
    load = Load(files=(str(write(tmp_path / "archive", everything())),))
    bench.play(device.act, "load", load, place=device.place)
    return device


# storing


@plays("oncentra", "cm-storage-scu", "store-to-remote-ae")
def test_the_whole_selection_on_one_association(bench: Bench, act: Act) -> None:
    bench.add("oncentra-cm-storage-scu", "OTP_SCU")
    names, objects = files(PLAN, CT, MR, STRUCT)
    act("OTP_SCU", "store-to-remote-ae", Export(to="STORE", files=names))
    said = only(bench, "STORE")
    check_request(said, STORE, CONTEXTS, calling="OTP_SCU", called="STORE")
    assert said.stored == objects, "in the order of the selection"
    # synchronous: no request before the response to the one before
    pairs = ["> C-STORE-RQ", "< C-STORE-RSP"] * len(objects)
    assert said.order == ["> A-ASSOCIATE-RQ", "< A-ASSOCIATE-AC", *pairs, *RELEASED]


def test_an_oncentra_case_is_built_as_its_tables_say(bench: Bench, act: Act) -> None:
    bench.add("oncentra-cm-storage-scu", "OTP_SCU")
    act("OTP_SCU", "store-to-remote-ae", Export(to="STORE", case=SMALL, what=("ct", "rtstruct", "rtplan")))
    kinds = [KINDS[one] for one, _ in only(bench, "STORE").stored]
    assert kinds == ["ct"] * SMALL.slices + ["rtstruct", "rtplan"]


def test_verification_is_an_association_of_its_own(bench: Bench, act: Act) -> None:
    bench.add("oncentra-cm-storage-scu", "OTP_SCU")
    act("OTP_SCU", "verify", Verify(to="STORE"))
    said = only(bench, "STORE")
    check_request(said, STORE, listed(STORE, only_of=(VERIFICATION,)), calling="OTP_SCU", called="STORE")
    assert [one.name for one in said.requests] == ["C-ECHO-RQ"]


# printing


@plays("oncentra", "cm-print-scu", "print-collated", "print-uncollated")
@pytest.mark.parametrize("activity", ["print-collated", "print-uncollated"])
def test_both_ways_of_printing_are_actions(bench: Bench, act: Act, activity: str) -> None:
    fast_printer(bench, "PRINTER")
    bench.add("oncentra-cm-print-scu", "OTP_SCU")
    act("OTP_SCU", activity, Print(to="PRINTER", images=(f"pydicom:{CT}",)))
    said = only(bench, "PRINTER")
    check_request(said, PRINT, listed(PRINT), calling="OTP_SCU", called="PRINTER")
    steps = [step.op for step in PRINT.activity(activity).steps if step.op != "RELEASE"]
    assert [one.name.removesuffix("-RQ") for one in said.requests] == steps
    assert said.end == RELEASED


# querying and retrieving


def keys(message: Message) -> dict[str, str]:
    ds = message.dataset()
    return {element.keyword: str(element.value or "") for element in ds if element.keyword != "QueryRetrieveLevel"}


def level(message: Message) -> str:
    return str(message.dataset().QueryRetrieveLevel)


def check_queries(said: Conversation, root: str) -> None:
    """Hold the C-FINDs of the query form against the table: levels in order, the keys of each, values of those above."""
    levels = ["STUDY", "SERIES", "IMAGE"] if root == "study" else ["PATIENT", "STUDY", "SERIES", "IMAGE"]
    assert [level(one) for one in said.requests] == levels
    for message in said.requests:
        assert message.sop_class == FINDS[root == "study"]
        here = level(message)
        wanted = {
            key.keyword
            for key in QUERY.query_keys
            if here in key.level.split("|") and not (root == "patient" and here == "STUDY" and "PATIENT" in key.level)
        }
        assert wanted <= set(keys(message))
        uniques = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}
        for above in [uniques[one] for one in levels[: levels.index(here)]]:
            assert keys(message)[above], f"{above} at level {here}"


@plays("oncentra", "cm-query-retrieve-scu", "query-remote-ae", "retrieve-from-remote-ae")
@pytest.mark.parametrize("root", ["study", "patient"])
@pytest.mark.usefixtures("archive")
def test_the_query_form_and_its_second_association(bench: Bench, act: Act, root: Any) -> None:
    bench.add("oncentra-cm-query-retrieve-scu", "OTP_SCU")
    bench.add("oncentra-winscp32-scp", "OTP_INCOMING")
    with pytest.raises(PlayFailure, match="only after a query"):
        act("OTP_SCU", "retrieve-from-remote-ae", CmRetrieve(destination="OTP_INCOMING"))
    act("OTP_SCU", "query-remote-ae", CmQuery(to="ARCHIVE", root=root, patient_id="A1"))
    act("OTP_SCU", "retrieve-from-remote-ae", CmRetrieve(destination="OTP_INCOMING"))
    asked, moved = to(bench, "ARCHIVE")
    check_request(asked, QUERY, listed(QUERY, only_of=FINDS), calling="OTP_SCU", called="ARCHIVE")
    check_queries(asked, root)
    assert asked.end == RELEASED
    check_request(moved, QUERY, listed(QUERY, only_of=MOVES), calling="OTP_SCU", called="ARCHIVE")
    (request,) = moved.requests
    assert (request.name, request.sop_class) == ("C-MOVE-RQ", MOVES[root == "study"])
    assert request.command.MoveDestination == "OTP_INCOMING"
    assert (level(request), keys(request)["SeriesInstanceUID"]) == ("SERIES", "1.1.1")
    assert moved.end == RELEASED
    # over yet another association
    assert [uid for _, uid in only(bench, "OTP_INCOMING").stored] == ["1.1.1.1", "1.1.1.2", "1.1.1.3"]


@pytest.mark.usefixtures("archive")
def test_single_images_are_retrieved_one_by_one(bench: Bench, act: Act) -> None:
    bench.add("oncentra-cm-query-retrieve-scu", "OTP_SCU")
    act("OTP_SCU", "query-remote-ae", CmQuery(to="ARCHIVE", patient_id="A1"))
    act("OTP_SCU", "retrieve-from-remote-ae", CmRetrieve(destination="STORE", images=(2, "1.1.1.3")))
    moved = to(bench, "ARCHIVE")[1]
    assert [keys(one)["SOPInstanceUID"] for one in moved.requests] == ["1.1.1.2", "1.1.1.3"]
    assert {level(one) for one in moved.requests} == {"IMAGE"}
    with pytest.raises(PlayFailure, match="number 9 is asked for"):
        act("OTP_SCU", "retrieve-from-remote-ae", CmRetrieve(destination="STORE", images=(9,)))


@pytest.mark.usefixtures("archive")
def test_without_filters_every_study_is_asked_for(bench: Bench, act: Act, records: Records) -> None:
    bench.add("oncentra-cm-query-retrieve-scu", "OTP_SCU")
    act("OTP_SCU", "query-remote-ae", CmQuery(to="ARCHIVE", study="2.1"))
    first = only(bench, "ARCHIVE").requests[0]
    assert not any(keys(first).values()), "universal matching of every key"
    assert records("query-done", "OTP_SCU", level="STUDY", matches=3)
    with pytest.raises(PlayFailure, match=r"no match at level STUDY is 9\.9"):
        act("OTP_SCU", "query-remote-ae", CmQuery(to="ARCHIVE", study="9.9"))


# file and restore


@pytest.fixture
def filing(bench: Bench, archive: Any) -> tuple[Any, tuple[str, ...]]:
    assert archive.name == "ARCHIVE"
    device = bench.add("oncentra-fr-scu", "OTP_FR")
    return device, (f"pydicom:{CT}", f"pydicom:{PLAN}")


@plays("oncentra", "fr-scu", "file-patient-case", "restore-patient-case")
def test_a_case_is_filed_and_restored(
    bench: Bench, act: Act, filing: tuple[Any, tuple[str, ...]], records: Records
) -> None:
    device, names = filing
    with pytest.raises(PlayFailure, match="the case DOE is not Filed here"):
        act("OTP_FR", "restore-patient-case", RestoreCase(name="DOE"))
    act("OTP_FR", "file-patient-case", FileCase(name="DOE", to="ARCHIVE", files=names))
    assert device.cases["DOE"].status == "Filed"
    filed = only(bench, "ARCHIVE")
    check_request(filed, FR, listed(FR, but=STORAGE_ONLY), calling="OTP_FR", called="ARCHIVE")
    assert len(filed.stored) == 2
    assert filed.end == RELEASED
    act("OTP_FR", "restore-patient-case", RestoreCase(name="DOE"))
    assert device.cases["DOE"].status == "Restored"
    moved = to(bench, "ARCHIVE")[1]
    check_request(moved, FR, listed(FR, only_of=MOVES), calling="OTP_FR", called="ARCHIVE")
    assert [one.name for one in moved.requests] == ["C-MOVE-RQ"] * 2, "one for each series"
    assert {one.command.MoveDestination for one in moved.requests} == {"OTP_FR"}
    assert moved.end == RELEASED
    assert set(device.receiver.database) == set(device.cases["DOE"].objects)
    # it listens while a restore runs, and only then
    assert [len(records(event, "OTP_FR")) for event in ("listening", "listening-ended")] == [1, 1]
    assert device.place.address is None
    with pytest.raises(PlayFailure, match="the case DOE is not Filed here"):
        act("OTP_FR", "restore-patient-case", RestoreCase(name="DOE"))


def test_a_series_of_several_objects_is_one_retrieval(bench: Bench, act: Act, filing: Any) -> None:
    act("OTP_FR", "file-patient-case", FileCase(to="ARCHIVE", case=SMALL, what=("ct", "rtplan")))
    act("OTP_FR", "restore-patient-case", RestoreCase())
    filed, moved = to(bench, "ARCHIVE")
    assert len(filed.stored) == SMALL.slices + 1
    assert len(moved.requests) == 2
    assert len(filing[0].receiver.database) == SMALL.slices + 1


def test_a_filed_case_is_not_there_to_be_filed_again(act: Act, filing: Any) -> None:
    act("OTP_FR", "file-patient-case", FileCase(to="ARCHIVE", files=filing[1]))
    with pytest.raises(PlayFailure, match="is Filed: its objects are not here any more"):
        act("OTP_FR", "file-patient-case", FileCase(to="ARCHIVE", files=filing[1]))


@pytest.mark.parametrize("still_listed", [True, False])
@pytest.mark.usefixtures("archive")
def test_an_object_that_the_archive_has_lost_fails_the_restore_and_a_retry_succeeds(
    bench: Bench, act: Act, filing: Any, records: Records, still_listed: bool
) -> None:
    device, names = filing
    act("OTP_FR", "file-patient-case", FileCase(name="DOE", to="ARCHIVE", files=names))
    act("ARCHIVE", "forget", Forget(nth="last", still_listed=still_listed))
    with pytest.raises(PlayFailure, match="the queue handler tells that DOE has failed, retry or abort"):
        act("OTP_FR", "restore-patient-case", RestoreCase(name="DOE"))
    assert device.cases["DOE"].status == "Filed"
    assert records("case-failed", "OTP_FR", case="DOE")
    assert "queue handler" in told(records, "OTP_FR")[-1]
    bench.add("storage", "BACKUP")
    act("BACKUP", "store", Store(to="ARCHIVE", images=names))
    act("OTP_FR", "restore-patient-case", RestoreCase(name="DOE"))
    assert device.cases["DOE"].status == "Restored"


def test_a_case_that_could_not_be_filed_may_be_filed_again(bench: Bench, act: Act, filing: Any) -> None:
    device, names = filing
    archive: Any = bench.devices["ARCHIVE"]
    archive.strike("fill-disk", FillDisk())
    with pytest.raises(PlayFailure, match=r"the queue handler tells that DOE has failed, retry or abort: .*0xA700"):
        act("OTP_FR", "file-patient-case", FileCase(name="DOE", to="ARCHIVE", files=names))
    assert device.cases["DOE"].status == ""
    archive.disk.blocked = False
    act("OTP_FR", "file-patient-case", FileCase(name="DOE", to="ARCHIVE", files=names))
    assert device.cases["DOE"].status == "Filed"


def test_a_case_is_restored_to_an_fr_scp_that_is_another_peer(bench: Bench, act: Act, filing: Any) -> None:
    bench.add("oncentra-fr-scp", "FR_SCP")
    act("OTP_FR", "file-patient-case", FileCase(name="DOE", to="ARCHIVE", files=filing[1]))
    act("OTP_FR", "restore-patient-case", RestoreCase(name="DOE", root="patient", destination="FR_SCP"))
    act("FR_SCP", "storage-scp", Serve(objects=2, within=SECOND))
    for said in to(bench, "FR_SCP"):
        check_accept(said, FRSCP)
        assert said.end == RELEASED


# the two listeners


@plays("oncentra", "winscp32-scp", "verification-scp")
@plays("oncentra", "fr-scp", "verification-scp")
@pytest.mark.parametrize(("kind", "entity"), [("oncentra-winscp32-scp", WIN), ("oncentra-fr-scp", FRSCP)])
def test_an_echo_is_answered(bench: Bench, act: Act, kind: str, entity: Any) -> None:
    bench.add(kind, "OTP_INCOMING")
    bench.add("verification", "ECHO")
    act("ECHO", "echo", Echo(to="OTP_INCOMING"))
    act("OTP_INCOMING", "verification-scp", Serve(within=SECOND))
    said = only(bench, "OTP_INCOMING")
    check_accept(said, entity)
    assert [one.name for one in said.requests] == ["C-ECHO-RQ"]


def written(bench: Bench) -> dict[str, Dataset]:
    where = bench.shelf.names("inbox/OTP_INCOMING")
    return {name.rpartition("/")[2]: dcmread(BytesIO(bench.shelf.read(name))) for name in where}


@plays("oncentra", "winscp32-scp", "storage-scp")
@plays("oncentra", "fr-scp", "storage-scp")
@pytest.mark.parametrize("kind", ["oncentra-winscp32-scp", "oncentra-fr-scp"])
def test_objects_are_taken(bench: Bench, act: Act, kind: str, records: Records) -> None:
    bench.add(kind, "OTP_INCOMING")
    bench.add("oncentra-cm-storage-scu", "OTP_SCU")
    names, objects = files(CT, MR, PLAN)
    act("OTP_SCU", "store-to-remote-ae", Export(to="OTP_INCOMING", files=names))
    act("OTP_INCOMING", "storage-scp", Serve(objects=3, within=SECOND))
    said = only(bench, "OTP_INCOMING")
    check_accept(said, WIN if "winscp" in kind else FRSCP)
    assert said.stored == objects
    assert [one.command.Status for one in said.answers] == [0] * 3
    kept = [record["object"] for record in records("object-stored", "OTP_INCOMING")]
    prefix = ("CT", "MR", "RP")
    if "winscp" in kind:
        assert kept == [f"inbox/OTP_INCOMING/{code}-{uid}.dcm" for code, (_, uid) in zip(prefix, objects, strict=True)]
    else:
        assert kept == [f"database:{uid}" for _, uid in objects]
        assert bench.shelf.names("inbox/OTP_INCOMING") == []


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_what_was_not_compressed_is_explicit_little_endian_on_disk(
    bench: Bench, act: Act, tmp_path: Path, syntax: str
) -> None:
    bench.add("oncentra-winscp32-scp", "OTP_INCOMING")
    bench.add("storage", "SENDER")
    original = dcmread(str(get_testdata_file(CT)))
    path = tmp_path / "ct.dcm"
    transcoded(original, syntax).save_as(path, enforce_file_format=True)
    act("SENDER", "store", Store(to="OTP_INCOMING", images=(str(path),)))
    assert only(bench, "OTP_INCOMING").answered()[str(original.SOPClassUID)] == (0, str(syntax))
    ((name, ds),) = written(bench).items()
    assert name == f"CT-{original.SOPInstanceUID}.dcm"
    assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(ds.pixel_array, original.pixel_array)
    assert ds.PixelSpacing == original.PixelSpacing


def test_what_was_compressed_stays_as_it_was_negotiated(bench: Bench, act: Act) -> None:
    bench.add("oncentra-winscp32-scp", "OTP_INCOMING")
    bench.add("storage", "SENDER")
    image = "pydicom:MR_small_RLE.dcm"
    act("SENDER", "store", Store(to="OTP_INCOMING", images=(image,)))
    ((name, ds),) = written(bench).items()
    assert name.startswith("MR-")
    assert str(ds.file_meta.TransferSyntaxUID) == "1.2.840.10008.1.2.5"


def test_compressed_syntaxes_can_be_switched_off(bench: Bench, act: Act) -> None:
    bench.add("oncentra-winscp32-scp", "OTP_INCOMING", settings=WinSCP32Personality(compressed=False))
    bench.add("storage", "SENDER")
    with pytest.raises(PlayFailure, match="none of the presentation contexts was accepted"):
        act("SENDER", "store", Store(to="OTP_INCOMING", images=("pydicom:MR_small_RLE.dcm",)))
    assert {result for result, _ in only(bench, "OTP_INCOMING").answered().values()} == {4}


def test_the_order_of_preference_decides(bench: Bench, client: Callable[..., Any]) -> None:
    bench.add("oncentra-winscp32-scp", "OTP_INCOMING")
    ct = "1.2.840.10008.5.1.4.1.1.2"
    proposed = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", EXPLICIT, "1.2.840.10008.1.2.5"]
    client("OTP_INCOMING", [ct, VERIFICATION], lambda _assoc: None, transfer_syntaxes=proposed)
    said = only(bench, "OTP_INCOMING")
    check_accept(said, WIN)
    assert said.answered()[ct] == (0, "1.2.840.10008.1.2.5")


def test_ten_associations_at_a_time(bench: Bench, act: Act) -> None:
    bench.add("oncentra-winscp32-scp", "OTP_INCOMING")
    bench.add("verification", "ECHO")
    for _ in range(10):
        act("ECHO", "echo", Echo(to="OTP_INCOMING", ends="never"))
    with pytest.raises(PlayFailure, match="Local limit exceeded"):
        act("ECHO", "echo", Echo(to="OTP_INCOMING"))
