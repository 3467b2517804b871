"""An archive as client on both clocks: C-GET of every model, and requests that are wrong in themselves, to an archive and to others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.archive.misasking import AskWrongly
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseSettings, Query, Retrieve
from linacsim.devices.storage.personality import StoragePersonality
from linacsim.errors import InputError, PlayFailure
from linacsim.faults import fault
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import build_archive, everything

Records = Callable[..., list[Record]]
SERIES: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}


@pytest.fixture
def bench(bench_clock: Bench, tmp_path: Path) -> Bench:
    slow = ArchivePersonality(database=DatabaseSettings(query_time=50 * MILLISECOND, match_time=200 * MILLISECOND))
    build_archive(bench_clock, tmp_path / "in", everything(), slow)
    bench_clock.add("archive", "CLINIC", settings=ArchivePersonality(dimse_timeout=2 * SECOND))
    return bench_clock


@pytest.mark.parametrize(
    ("root", "level", "keys", "arrive"),
    [
        ("study", "SERIES", SERIES, 3),
        ("patient", "PATIENT", {"PatientID": "A1"}, 5),
        ("patient-study-only", "PATIENT", {"PatientID": "B2"}, 1),
        ("composite", "IMAGE", {"SOPInstanceUID": ("1.1.1.1", "2.1.1.1")}, 2),
        ("without-bulk-data", "IMAGE", {"SOPInstanceUID": "1.1.1.1"}, 1),
    ],
)
def test_objects_come_by_c_get(
    bench: Bench, act: Callable[..., Any], records: Records, root: Any, level: Any, keys: Any, arrive: int
) -> None:
    act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", by="get", root=root, level=level, keys=keys))
    assert len(records("object-stored", "CLINIC")) == arrive
    assert len(bench.shelf.names("objects/CLINIC")) >= 1
    assert records("A-ASSOCIATE-RQ", "CLINIC", way="received") == []


@pytest.mark.usefixtures("bench")
def test_a_c_get_takes_what_it_has_contexts_for(act: Callable[..., Any], records: Records) -> None:
    keys: Any = {"StudyInstanceUID": "1.1"}
    what = Retrieve(to="ARCHIVE", by="get", level="STUDY", keys=keys, kinds=("rtplan",), status=0xB000)
    act("CLINIC", "retrieve", what)
    assert len(records("object-stored", "CLINIC")) == 1


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ({"root": "without-bulk-data", "level": "IMAGE", "keys": {}}, "there is no C-MOVE of 'without-bulk-data'"),
        ({"by": "get", "level": "STUDY", "keys": {}, "kinds": ("plan",)}, "unknown kind of object 'plan'"),
        ({"root": "composite", "level": "FRAME", "keys": {"SimpleFrameList": "one"}}, "'one' is no number"),
    ],
)
def test_what_cannot_be_asked_is_told(act: Callable[..., Any], what: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", **what))


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("service", ["move", "get"])
@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("another-class", 0x0122),
        ("another-operation", 0x0211),
        ("no-class", 0x0212),
        ("no-identifier", 0xA900),
        ("message-id-twice", 0x0210),
    ],
)
def test_wrong_requests_are_answered_and_the_next_one_too(
    act: Callable[..., Any], records: Records, service: Any, how: Any, status: int
) -> None:
    act("CLINIC", "ask-wrongly", AskWrongly(to="ARCHIVE", service=service, how=how, study="1.1", status=status))
    act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="SERIES", keys=SERIES))
    assert records("A-ABORT") == []


@pytest.mark.usefixtures("bench")
def test_another_answer_than_the_wanted_one_fails(act: Callable[..., Any]) -> None:
    what = AskWrongly(to="ARCHIVE", how="no-destination", status=0x0122)
    with pytest.raises(PlayFailure, match=r"^C-MOVE to ARCHIVE, no-destination: 0xA801 instead of 0x0122$"):
        act("CLINIC", "ask-wrongly", what)


def test_a_peer_that_aborts_or_stays_silent_is_told(bench: Bench, act: Callable[..., Any]) -> None:
    bench.arm("ARCHIVE", [fault("no-response", on="C-MOVE-RQ")])
    what = AskWrongly(to="ARCHIVE", how="another-class", status=0x0122)
    with pytest.raises(PlayFailure, match=r"no response within 2 s instead of 0x0122"):
        act("CLINIC", "ask-wrongly", what)
    bench.arm("ARCHIVE", [fault("abort", on="C-GET-RQ")])
    with pytest.raises(PlayFailure, match=r"it has ended instead of 0x0122"):
        act("CLINIC", "ask-wrongly", what.model_copy(update={"service": "get"}))


def test_who_does_not_query_has_not_accepted_it(bench: Bench, act: Callable[..., Any]) -> None:
    bench.add("storage", "STORE", settings=StoragePersonality())
    with pytest.raises(PlayFailure, match="none of the presentation contexts was accepted"):
        act("CLINIC", "ask-wrongly", AskWrongly(to="STORE", how="another-class", status=0x0122))


@pytest.mark.usefixtures("bench")
def test_a_query_that_is_cancelled(act: Callable[..., Any], records: Records) -> None:
    what = Query(to="ARCHIVE", root="patient", level="PATIENT", keys={"PatientID": ""}, cancel_after=1, status=0xFE00)
    act("CLINIC", "query", what)
    assert len(records("C-CANCEL-RQ", "ARCHIVE", way="received")) == 1
