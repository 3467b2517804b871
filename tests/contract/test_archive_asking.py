"""An archive as client of another one, on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.archive.personality import Forget, Query, Retrieve
from linacsim.errors import InputError, PlayFailure
from linacsim.faults import fault
from linacsim.kernel.log import Record
from tests.contract.archived import build_archive, everything

Records = Callable[..., list[Record]]


@pytest.fixture
def bench(bench_clock: Bench, tmp_path: Path) -> Bench:
    build_archive(bench_clock, tmp_path / "in", everything())
    bench_clock.add("archive", "CLINIC")
    return bench_clock


@pytest.mark.parametrize(
    ("root", "level", "keys", "matches"),
    [
        ("study", "STUDY", {"PatientName": "doe*"}, 2),
        ("study", "STUDY", {"StudyInstanceUID": ("1.1", "2.1"), "StudyDate": "20240101-20240201"}, 1),
        ("patient", "PATIENT", {"PatientID": ""}, 2),
        ("study", "STUDY", {"PatientID": "none"}, 0),
    ],
)
def test_a_query(
    bench: Bench, act: Callable[..., Any], records: Records, root: Any, level: Any, keys: Any, matches: int
) -> None:
    assert bench.devices
    act("CLINIC", "query", Query(to="ARCHIVE", root=root, level=level, keys=keys, matches=matches))
    assert [record["matches"] for record in records("matches-found", "CLINIC")] == [matches]


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize(
    ("what", "text"),
    [
        (
            Query(to="ARCHIVE", level="SERIES", keys={"SeriesInstanceUID": ""}),
            "C-FIND to ARCHIVE: status 0xA900 (Study Instance UID is missing)",
        ),
        (
            Query(to="ARCHIVE", level="STUDY", keys={"PatientID": "A1"}, matches=3),
            "C-FIND to ARCHIVE: 2 matches instead of 3",
        ),
        (Query(to="NOBODY", level="STUDY", keys={"PatientID": "A1"}), "CLINIC knows no address of NOBODY"),
    ],
)
def test_a_query_that_comes_to_nothing_is_told_in_words(act: Callable[..., Any], what: Query, text: str) -> None:
    with pytest.raises(PlayFailure) as failed:
        act("CLINIC", "query", what)
    assert str(failed.value) == text


@pytest.mark.usefixtures("bench")
def test_a_keyword_that_is_none_is_an_input_error(act: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match=r"'PatientsName' is no keyword; did you mean 'PatientName'\?"):
        act("CLINIC", "query", Query(to="ARCHIVE", level="STUDY", keys={"PatientsName": ""}))


def test_a_retrieval(bench: Bench, act: Callable[..., Any]) -> None:
    act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="STUDY", keys={"StudyInstanceUID": ("1.1", "2.1")}))
    assert len(bench.shelf.names("objects/CLINIC")) == 5
    what = Retrieve(to="ARCHIVE", level="PATIENT", root="patient", keys={"PatientID": "A1"}, destination="DEST")
    act("CLINIC", "retrieve", what)
    assert len(bench.shelf.names("objects/DEST")) == 5


def test_a_retrieval_that_comes_to_nothing_is_told_with_its_counters(bench: Bench, act: Callable[..., Any]) -> None:
    act("ARCHIVE", "forget", Forget(nth=1))
    with pytest.raises(PlayFailure) as failed:
        act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="STUDY", keys={"StudyInstanceUID": "1.1"}))
    assert str(failed.value) == "C-MOVE to ARCHIVE: status 0xB000, 3 completed, 1 failed"
    bench.arm("ARCHIVE", [fault("abort", on="C-MOVE-RQ")])
    with pytest.raises(
        PlayFailure, match=r"^C-MOVE to ARCHIVE: association aborted by the peer( \(service-provider, [\w-]+\))?$"
    ):
        act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="STUDY", keys={"StudyInstanceUID": "1.1"}))
